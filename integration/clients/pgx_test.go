package clients

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// pgxModes are pgx's ways of sending a query: they differ in what they
// prepare, what they describe, which formats they use and in the protocol.
var pgxModes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement,
	pgx.QueryExecModeCacheDescribe,
	pgx.QueryExecModeDescribeExec,
	pgx.QueryExecModeExec,
	pgx.QueryExecModeSimpleProtocol,
}

func (to target) connectMode(t *testing.T, mode pgx.QueryExecMode) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(to.url)
	must(t, err)
	config.DefaultQueryExecMode = mode
	conn, err := pgx.ConnectConfig(testContext(t), config)
	must(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestPgx(t *testing.T) {
	to := newTarget(t)
	for _, mode := range pgxModes {
		t.Run(mode.String(), func(t *testing.T) { runPgx(t, to, mode) })
	}
}

var pgxSteps = []struct {
	name string
	run  func(context.Context, *testing.T, pgxClient)
}{
	{"append", pgxAppend},
	{"conflicts", pgxConflicts},
	{"event ids", pgxEventIDs},
	{"bad input", pgxBadInput},
	{"all columns", pgxAllColumns},
	{"nulls", pgxNulls},
	{"opaque", pgxOpaque},
	{"repeated", pgxRepeated},
	{"rollback", pgxRollback},
	{"savepoints", pgxSavepoints},
	{"failed block", pgxFailedBlock},
	{"copy", pgxCopy},
	{"batch", pgxBatch},
	{"failed batch", pgxFailedBatch},
	{"large", pgxLarge},
}

// runPgx takes the steps on one connection; the later ones read what the first have left.
func runPgx(t *testing.T, to target, mode pgx.QueryExecMode) {
	client := pgxClient{to.connectMode(t, mode), mode.String()}
	loadLarge(t, to, client.stream("large"), 20_000)
	for _, step := range pgxSteps {
		t.Run(step.name, func(t *testing.T) { step.run(testContext(t), t, client) })
	}
}

type pgxClient struct {
	*pgx.Conn
	prefix string
}

func (c pgxClient) stream(name string) string { return c.prefix + "-" + name }

// querier is a connection or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func appendOne(ctx context.Context, q querier, stream, kind string, expected any) (position, version int64, err error) {
	err = q.QueryRow(ctx, appendSQL, stream, kind, `{"a": 1}`, expected).Scan(&position, &version)
	return position, version, err
}

// anyVersion is no expectation at all.
var anyVersion *int64

func count(ctx context.Context, t *testing.T, q querier, stream string) (n int64) {
	t.Helper()
	must(t, q.QueryRow(ctx, "SELECT count(*) FROM events WHERE stream = $1", stream).Scan(&n))
	return n
}

func pgxAppend(ctx context.Context, t *testing.T, c pgxClient) {
	first, version, err := appendOne(ctx, c, c.stream("order"), "Placed", int64(-1))
	must(t, err)
	expect(t, "version", version, 0)
	const many = `INSERT INTO events (stream, type, payload, expected_version)
VALUES ($1, 'Paid', '{}', 0), ($1, 'Sent', '{}', 0), ($2, 'Other', '{}', -1) RETURNING position, version`
	rows, err := c.Query(ctx, many, c.stream("order"), c.stream("other"))
	must(t, err)
	type place struct{ Position, Version int64 }
	got, err := pgx.CollectRows(rows, pgx.RowToStructByName[place])
	must(t, err)
	expect(t, "places", got, []place{{first + 1, 1}, {first + 2, 2}, {first + 3, 0}})
	expect(t, "history", history(ctx, t, c.Conn, c.stream("order")), "[0Placed 1Paid 2Sent]")
}

func pgxConflicts(ctx context.Context, t *testing.T, c pgxClient) {
	name := c.stream("order")
	for _, expected := range []int64{0, -1, 7} {
		_, _, err := appendOne(ctx, c, name, "Late", expected)
		expectState(t, fmt.Sprint("expecting ", expected), err, "40001")
	}
	_, err := c.Exec(ctx, "INSERT INTO events (stream, type, payload, version) VALUES ($1, 'Late', '{}', $2)", name, 2)
	expectState(t, "version 2", err, "23505 events_stream_id_version_key")
	_, err = c.Exec(ctx, "INSERT INTO events (stream, type, payload, version) VALUES ($1, 'Right', '{}', $2)", name, 3)
	must(t, err)
	expect(t, "history", history(ctx, t, c.Conn, name), "[0Placed 1Paid 2Sent 3Right]")
}

func pgxEventIDs(ctx context.Context, t *testing.T, c pgxClient) {
	const withID = "INSERT INTO events (event_id, stream, type, payload) VALUES ($1, $2, 'Once', '{}')"
	id, name := uuid.NewString(), c.stream("ids")
	_, err := c.Exec(ctx, withID, id, name)
	must(t, err)
	_, err = c.Exec(ctx, withID, id, name)
	expectState(t, "the id again", err, "23505 events_event_id_key")
	tag, err := c.Exec(ctx, withID+" ON CONFLICT (event_id) DO NOTHING", id, name)
	must(t, err)
	expect(t, "tag", tag.String(), "INSERT 0 0")
	var version int64
	must(t, c.QueryRow(ctx, "SELECT version FROM events WHERE event_id = $1", id).Scan(&version))
	expect(t, "version", version, 0)
}

func pgxBadInput(ctx context.Context, t *testing.T, c pgxClient) {
	name := c.stream("bad")
	_, err := c.Exec(ctx, appendSQL, name, "Bad", `{"a":`, anyVersion)
	expectState(t, "JSON", err, "22P02")
	_, err = c.Exec(ctx, appendSQL, name, nil, "{}", anyVersion)
	expectState(t, "no type", err, "23502")
	for sql, want := range map[string]string{
		"SELECT colour FROM events":  "42703",
		"SELECT * FROM event":        "42P01",
		"SELECT no_such_function(1)": "42883",
		"SELEC 1":                    "42601",
		"SELECT position FROM events WHERE position = 'x'":          "22P02",
		"INSERT INTO events (type, payload) VALUES ('A', '{}')":     "23502",
		"INSERT INTO events (stream_id, type) VALUES ('no-id','A')": "22P02",
		"UPDATE events SET type = 'B'":                              "0A000",
		"DELETE FROM events":                                        "0A000",
	} {
		_, err := c.Exec(ctx, sql)
		expectState(t, sql, err, want)
	}
	expect(t, "stored", count(ctx, t, c, name), 0)
}

func pgxAllColumns(ctx context.Context, t *testing.T, c pgxClient) {
	name, id := c.stream("größe-⚙😀"), uuid.New()
	_, err := c.Exec(ctx, `INSERT INTO events (event_id, stream, type, payload, metadata, tags)
VALUES ($1, $2, $3, $4, $5, $6)`, id.String(), name, "Ünï", payload, metadata, tags)
	must(t, err)
	var e recorded
	read := "SELECT " + columns + " FROM events WHERE "
	must(t, c.QueryRow(ctx, read+"stream = $1", name).Scan(e.fields(&e.tags)...))
	e.check(t, name, id)
	streamID := e.streamID.String()
	for _, where := range []struct {
		sql  string
		args []any
	}{
		{"stream_id = $1", []any{streamID}},
		{"event_id = $1", []any{id.String()}},
		{"position = $1", []any{e.position}},
		{"stream = $1 AND version = $2", []any{name, int64(0)}},
		{"stream = $1 AND type = $2", []any{name, "Ünï"}},
		{"stream = $1 AND recorded_at <= $2", []any{name, e.at}},
		{"stream = $1 AND recorded_at >= $2", []any{name, e.at}},
	} {
		var again recorded
		if err := c.QueryRow(ctx, read+where.sql, where.args...).Scan(again.fields(&again.tags)...); err != nil {
			t.Errorf("%s: %v", where.sql, err)
			continue
		}
		expect(t, where.sql, again, e)
	}
}

func pgxNulls(ctx context.Context, t *testing.T, c pgxClient) {
	id := uuid.New()
	_, err := c.Exec(ctx, `INSERT INTO events (stream_id, type, payload, metadata, tags)
VALUES ($1, 'Bare', '[]', $2, $3)`, id.String(), nil, nil)
	must(t, err)
	var e recorded
	must(t, c.QueryRow(ctx, "SELECT "+columns+" FROM events WHERE stream_id = $1", id.String()).Scan(e.fields(&e.tags)...))
	e.checkNulls(t)
	expect(t, "stream_id", e.streamID, id)
}

func pgxOpaque(ctx context.Context, t *testing.T, c pgxClient) {
	body := make([]byte, 256)
	for i := range body {
		body[i] = byte(i)
	}
	name := c.stream("opaque")
	_, err := c.Exec(ctx, "INSERT INTO events (stream, type, payload_bytes) VALUES ($1, 'Blob', $2)", name, body)
	must(t, err)
	var payload *string
	var stored []byte
	must(t, c.QueryRow(ctx, "SELECT payload, payload_bytes FROM events WHERE stream = $1", name).Scan(&payload, &stored))
	if payload != nil {
		t.Errorf("payload %q, want null", *payload)
	}
	expect(t, "payload_bytes", stored, body)
}

func pgxRepeated(ctx context.Context, t *testing.T, c pgxClient) {
	name := c.stream("repeated")
	for i := range int64(10) {
		_, version, err := appendOne(ctx, c, name, "Tick", i-1)
		must(t, err)
		expect(t, "version", version, i)
		var kind string
		must(t, c.QueryRow(ctx, "SELECT type FROM events WHERE stream = $1 AND version = $2", name, i).Scan(&kind))
		expect(t, "type", kind, "Tick")
	}
}

func pgxRollback(ctx context.Context, t *testing.T, c pgxClient) {
	name, other := c.stream("tx"), c.stream("tx-other")
	tx, err := c.Begin(ctx)
	must(t, err)
	_, _, err = appendOne(ctx, tx, name, "A", anyVersion)
	must(t, err)
	expect(t, "inside", count(ctx, t, tx, name), 1)
	must(t, tx.Rollback(ctx))
	expect(t, "after", count(ctx, t, c, name), 0)
	must(t, pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		for i, stream := range []string{name, other, name} {
			_, version, err := appendOne(ctx, tx, stream, "A", anyVersion)
			if err != nil {
				return err
			}
			expect(t, "version", version, int64(i/2))
		}
		return nil
	}))
	expect(t, "committed", []int64{count(ctx, t, c, name), count(ctx, t, c, other)}, []int64{2, 1})
}

func pgxSavepoints(ctx context.Context, t *testing.T, c pgxClient) {
	name := c.stream("savepoint")
	must(t, pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		_, _, err := appendOne(ctx, tx, name, "A", anyVersion)
		must(t, err)
		nested, err := tx.Begin(ctx) // a savepoint
		must(t, err)
		_, _, err = appendOne(ctx, nested, name, "B", anyVersion)
		must(t, err)
		_, _, err = appendOne(ctx, nested, name, "B", 7)
		expectState(t, "in the savepoint", err, "40001")
		must(t, nested.Rollback(ctx))
		return pgx.BeginFunc(ctx, tx, func(nested pgx.Tx) error {
			_, version, err := appendOne(ctx, nested, name, "C", int64(0))
			expect(t, "version", version, 1)
			return err
		})
	}))
	expect(t, "history", history(ctx, t, c.Conn, name), "[0A 1C]")
}

func pgxFailedBlock(ctx context.Context, t *testing.T, c pgxClient) {
	name := c.stream("failed")
	tx, err := c.Begin(ctx)
	must(t, err)
	_, _, err = appendOne(ctx, tx, name, "A", anyVersion)
	must(t, err)
	_, _, err = appendOne(ctx, tx, name, "B", 7)
	expectState(t, "conflict", err, "40001")
	_, _, err = appendOne(ctx, tx, name, "C", anyVersion)
	expectState(t, "after the conflict", err, "25P02")
	if err := tx.Commit(ctx); err == nil {
		t.Error("a failed transaction was committed")
	}
	expect(t, "status", c.PgConn().TxStatus(), 'I')
	expect(t, "stored", count(ctx, t, c, name), 0)
}

func pgxLarge(ctx context.Context, t *testing.T, c pgxClient) {
	rows, err := c.Query(ctx, "SELECT version, payload FROM events WHERE stream = $1 ORDER BY version", c.stream("large"))
	must(t, err)
	checkLarge(t, rows, 20_000)
}
