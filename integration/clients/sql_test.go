package clients

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"
)

// The drivers of database/sql, and lib/pq's two ways with parameters.
var sqlDrivers = []struct{ name, driver, options string }{
	{"pgx", "pgx", ""},
	{"lib-pq", "postgres", ""},
	{"lib-pq-binary", "postgres", "&binary_parameters=yes"},
}

func TestDatabaseSQL(t *testing.T) {
	to := newTarget(t)
	steps := []struct {
		name string
		run  func(context.Context, *testing.T, sqlClient)
	}{
		{"append", sqlAppend},
		{"conflicts", sqlConflicts},
		{"all columns", sqlAllColumns},
		{"nulls", sqlNulls},
		{"opaque", sqlOpaque},
		{"prepared", sqlPrepared},
		{"transactions", sqlTransactions},
		{"failed block", sqlFailedBlock},
		{"repeatable read", sqlRepeatableRead},
		{"read only", sqlReadOnly},
		{"large", sqlLarge},
	}
	for _, d := range sqlDrivers {
		t.Run(d.name, func(t *testing.T) {
			db, err := sql.Open(d.driver, to.url+d.options)
			must(t, err)
			defer db.Close()
			must(t, db.PingContext(testContext(t)))
			client := sqlClient{db, d.name}
			loadLarge(t, to, client.stream("large"), 20_000)
			for _, step := range steps {
				t.Run(step.name, func(t *testing.T) { step.run(testContext(t), t, client) })
			}
		})
	}
}

type sqlClient struct {
	*sql.DB
	prefix string
}

func (c sqlClient) stream(name string) string { return c.prefix + "-" + name }

// sqlQuerier is a database, a connection or a transaction.
type sqlQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func sqlAppendOne(ctx context.Context, q sqlQuerier, stream, kind string, expected any) (position, version int64, err error) {
	err = q.QueryRowContext(ctx, appendSQL, stream, kind, `{"a": 1}`, expected).Scan(&position, &version)
	return position, version, err
}

func sqlCount(ctx context.Context, t *testing.T, q sqlQuerier, stream string) (n int64) {
	t.Helper()
	must(t, q.QueryRowContext(ctx, "SELECT count(*) FROM events WHERE stream = $1", stream).Scan(&n))
	return n
}

func sqlHistory(ctx context.Context, t *testing.T, q sqlQuerier, stream string) string {
	t.Helper()
	rows, err := q.QueryContext(ctx, readSQL, stream)
	must(t, err)
	defer rows.Close()
	var events []string
	for rows.Next() {
		var version int64
		var kind string
		must(t, rows.Scan(&version, &kind))
		events = append(events, fmt.Sprint(version, kind))
	}
	must(t, rows.Err())
	return fmt.Sprint(events)
}

func sqlAppend(ctx context.Context, t *testing.T, c sqlClient) {
	first, version, err := sqlAppendOne(ctx, c, c.stream("order"), "Placed", -1)
	must(t, err)
	expect(t, "version", version, 0)
	const many = `INSERT INTO events (stream, type, payload, expected_version)
VALUES ($1, 'Paid', '{}', 0), ($1, 'Sent', '{}', 0) RETURNING position, version`
	rows, err := c.QueryContext(ctx, many, c.stream("order"))
	must(t, err)
	defer rows.Close()
	for i := int64(1); rows.Next(); i++ {
		var position, version int64
		must(t, rows.Scan(&position, &version))
		expect(t, "place", []int64{position, version}, []int64{first + i, i})
	}
	must(t, rows.Err())
	result, err := c.ExecContext(ctx, "INSERT INTO events (stream, type) VALUES ($1, 'A'), ($1, 'B')", c.stream("two"))
	must(t, err)
	n, err := result.RowsAffected()
	must(t, err)
	expect(t, "rows affected", n, 2)
	expect(t, "history", sqlHistory(ctx, t, c, c.stream("order")), "[0Placed 1Paid 2Sent]")
}

func sqlConflicts(ctx context.Context, t *testing.T, c sqlClient) {
	name, id := c.stream("order"), uuid.New()
	for _, expected := range []int{0, -1, 7} {
		_, _, err := sqlAppendOne(ctx, c, name, "Late", expected)
		expectState(t, fmt.Sprint("expecting ", expected), err, "40001")
	}
	_, err := c.ExecContext(ctx, "INSERT INTO events (stream, type, version) VALUES ($1, 'Late', $2)", name, 2)
	expectState(t, "version 2", err, "23505 events_stream_id_version_key")
	const withID = "INSERT INTO events (event_id, stream, type) VALUES ($1, $2, 'Once')"
	_, err = c.ExecContext(ctx, withID, id, c.stream("ids"))
	must(t, err)
	_, err = c.ExecContext(ctx, withID, id, c.stream("ids"))
	expectState(t, "the id again", err, "23505 events_event_id_key")
	_, _, err = sqlAppendOne(ctx, c, name, "Bad", "not a number")
	expectState(t, "expecting no number", err, "22P02")
	expect(t, "history", sqlHistory(ctx, t, c, name), "[0Placed 1Paid 2Sent]")
}

func sqlAllColumns(ctx context.Context, t *testing.T, c sqlClient) {
	name, id := c.stream("größe-⚙😀"), uuid.New()
	_, err := c.ExecContext(ctx, `INSERT INTO events (event_id, stream, type, payload, metadata, tags)
VALUES ($1, $2, $3, $4, $5, $6)`, id, name, "Ünï", payload, metadata, pq.Array(tags))
	must(t, err)
	var e recorded
	read := "SELECT " + columns + " FROM events WHERE "
	must(t, c.QueryRowContext(ctx, read+"stream = $1", name).Scan(e.fields((*pq.StringArray)(&e.tags))...))
	e.check(t, name, id)
	var again recorded
	where := "stream_id = $1 AND position >= $2 AND version = $3 AND recorded_at <= $4"
	row := c.QueryRowContext(ctx, read+where, e.streamID, e.position, e.version, e.at)
	must(t, row.Scan(again.fields((*pq.StringArray)(&again.tags))...))
	again.check(t, name, id)
}

func sqlNulls(ctx context.Context, t *testing.T, c sqlClient) {
	id := uuid.New()
	_, err := c.ExecContext(ctx, `INSERT INTO events (stream_id, type, payload, metadata, tags)
VALUES ($1, 'Bare', '[]', $2, $3)`, id, sql.NullString{}, nil)
	must(t, err)
	var e recorded
	row := c.QueryRowContext(ctx, "SELECT "+columns+" FROM events WHERE stream_id = $1", id)
	must(t, row.Scan(e.fields((*pq.StringArray)(&e.tags))...))
	e.checkNulls(t)
	expect(t, "stream_id", e.streamID, id)
}

func sqlOpaque(ctx context.Context, t *testing.T, c sqlClient) {
	body := []byte("\x00\xff\\x not JSON \x80")
	name := c.stream("opaque")
	_, err := c.ExecContext(ctx, "INSERT INTO events (stream, type, payload_bytes) VALUES ($1, 'Blob', $2)", name, body)
	must(t, err)
	var payload sql.NullString
	var stored []byte
	must(t, c.QueryRowContext(ctx, "SELECT payload, payload_bytes FROM events WHERE stream = $1", name).Scan(&payload, &stored))
	expect(t, "payload", payload, sql.NullString{})
	expect(t, "payload_bytes", stored, body)
}

func sqlPrepared(ctx context.Context, t *testing.T, c sqlClient) {
	insert, err := c.PrepareContext(ctx, appendSQL)
	must(t, err)
	defer insert.Close()
	read, err := c.PrepareContext(ctx, "SELECT type FROM events WHERE stream = $1 AND version = $2")
	must(t, err)
	defer read.Close()
	name := c.stream("prepared")
	for i := range int64(10) {
		var position, version int64
		must(t, insert.QueryRowContext(ctx, name, "Tick", "{}", i-1).Scan(&position, &version))
		expect(t, "version", version, i)
		var kind string
		must(t, read.QueryRowContext(ctx, name, i).Scan(&kind))
		expect(t, "type", kind, "Tick")
	}
	_, err = c.PrepareContext(ctx, "SELECT colour FROM events")
	expectState(t, "preparing nonsense", err, "42703")
}

func sqlTransactions(ctx context.Context, t *testing.T, c sqlClient) {
	name := c.stream("tx")
	tx, err := c.BeginTx(ctx, nil)
	must(t, err)
	_, _, err = sqlAppendOne(ctx, tx, name, "A", nil)
	must(t, err)
	expect(t, "inside", sqlCount(ctx, t, tx, name), 1)
	must(t, tx.Rollback())
	expect(t, "after", sqlCount(ctx, t, c, name), 0)

	tx, err = c.BeginTx(ctx, nil)
	must(t, err)
	_, _, err = sqlAppendOne(ctx, tx, name, "A", nil)
	must(t, err)
	_, err = tx.ExecContext(ctx, "SAVEPOINT s")
	must(t, err)
	_, _, err = sqlAppendOne(ctx, tx, name, "B", 7)
	expectState(t, "in the savepoint", err, "40001")
	_, err = tx.ExecContext(ctx, "ROLLBACK TO s")
	must(t, err)
	_, version, err := sqlAppendOne(ctx, tx, name, "C", 0)
	must(t, err)
	expect(t, "version", version, 1)
	must(t, tx.Commit())
	expect(t, "history", sqlHistory(ctx, t, c, name), "[0A 1C]")
}

func sqlFailedBlock(ctx context.Context, t *testing.T, c sqlClient) {
	name := c.stream("failed")
	tx, err := c.BeginTx(ctx, nil)
	must(t, err)
	_, _, err = sqlAppendOne(ctx, tx, name, "A", nil)
	must(t, err)
	_, _, err = sqlAppendOne(ctx, tx, name, "B", 7)
	expectState(t, "conflict", err, "40001")
	_, _, err = sqlAppendOne(ctx, tx, name, "C", nil)
	expectState(t, "after the conflict", err, "25P02")
	if err := tx.Commit(); err == nil {
		t.Error("a failed transaction was committed")
	}
	expect(t, "stored", sqlCount(ctx, t, c, name), 0)
}

func sqlRepeatableRead(ctx context.Context, t *testing.T, c sqlClient) {
	name := c.stream("isolation")
	for level, during := range map[sql.IsolationLevel]int64{
		sql.LevelReadCommitted: 1, sql.LevelRepeatableRead: 0,
	} {
		name := name + level.String()
		tx, err := c.BeginTx(ctx, &sql.TxOptions{Isolation: level})
		must(t, err)
		expect(t, level.String()+" before", sqlCount(ctx, t, tx, name), 0)
		_, _, err = sqlAppendOne(ctx, c, name, "A", -1) // on another connection
		must(t, err)
		expect(t, level.String()+" during", sqlCount(ctx, t, tx, name), during)
		must(t, tx.Commit())
		expect(t, level.String()+" after", sqlCount(ctx, t, c, name), 1)
	}
}

func sqlReadOnly(ctx context.Context, t *testing.T, c sqlClient) {
	tx, err := c.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	must(t, err)
	_, _, err = sqlAppendOne(ctx, tx, c.stream("read-only"), "A", nil)
	expectState(t, "append", err, "25006")
	must(t, tx.Rollback())
}

func sqlLarge(ctx context.Context, t *testing.T, c sqlClient) {
	rows, err := c.QueryContext(ctx, "SELECT version, payload FROM events WHERE stream = $1 ORDER BY version", c.stream("large"))
	must(t, err)
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var version int
		var body string
		must(t, rows.Scan(&version, &body))
		if version != n || body != fmt.Sprintf(`{"i": %d}`, n) {
			t.Fatalf("row %d: version %d, payload %s", n, version, body)
		}
	}
	must(t, rows.Err())
	expect(t, "rows", n, 20_000)
}

// lib/pq sends a bulk load as text, always inside a transaction.
func TestLibPQCopyIn(t *testing.T) {
	to := newTarget(t)
	ctx := testContext(t)
	db, err := sql.Open("postgres", to.url)
	must(t, err)
	defer db.Close()
	client := sqlClient{db, "copy"}
	const rows = 5000
	must(t, copyIn(ctx, client, "copied", rows, false))
	expect(t, "copied", sqlCount(ctx, t, client, "copied"), rows)
	var body, tag string
	row := db.QueryRowContext(ctx, "SELECT payload, tags FROM events WHERE stream = 'copied' AND version = 4321")
	must(t, row.Scan(&body, &tag))
	expect(t, "row 4321", []string{body, tag}, []string{`"tab\t, back\\slash 4321"`, `{"a b",ü}`})
	expectState(t, "bad rows", copyIn(ctx, client, "refused", 10, true), "22P02")
	expect(t, "refused", sqlCount(ctx, t, client, "refused"), 0)
}

func copyIn(ctx context.Context, c sqlClient, stream string, rows int, bad bool) error {
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing left to roll back
	//lint:ignore SA1019 deprecated, and what programs with lib/pq are full of
	stmt, err := tx.PrepareContext(ctx, pq.CopyIn("events", "stream", "type", "payload", "tags"))
	if err != nil {
		return err
	}
	for i := range rows {
		body := fmt.Sprintf(`"tab\t, back\\slash %d"`, i)
		if bad && i == rows-1 {
			body = `{"a":`
		}
		if _, err := stmt.ExecContext(ctx, stream, "Copied", body, pq.Array([]string{"a b", "ü"})); err != nil {
			return err
		}
	}
	if _, err := stmt.ExecContext(ctx); err != nil {
		return err
	}
	if err := stmt.Close(); err != nil {
		return err
	}
	return tx.Commit()
}
