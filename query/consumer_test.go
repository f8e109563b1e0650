package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/engine"
)

// consumerTest is a server with a client, for what consumers do.
type consumerTest struct {
	*testing.T
	addr string
	conn *pgx.Conn
}

func newConsumerTest(t *testing.T) *consumerTest {
	t.Helper()
	c := &consumerTest{T: t, addr: serve(t, NewServer(openStore(t, engine.Options{}), nil))}
	c.conn = c.connect()
	return c
}

func (c *consumerTest) connect() *pgx.Conn {
	c.Helper()
	conn, err := connect(c.Context(), c.addr, pgx.QueryExecModeCacheStatement)
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// append appends n events, of so many streams in turn.
func (c *consumerTest) append(n, streams int) {
	c.Helper()
	for i := range n {
		c.exec("INSERT INTO events (stream, type, payload) VALUES ($1, $2, $3)", fmt.Sprintf("s-%d", i%streams), "T", fmt.Sprintf(`{"n": %d}`, i))
	}
}

func (c *consumerTest) exec(sql string, args ...any) {
	c.Helper()
	if _, err := c.conn.Exec(c.Context(), sql, args...); err != nil {
		c.Fatalf("%s: %v", sql, err)
	}
}

// positions are the first column of a query, of bigints, in one line.
func positions(t testing.TB, conn *pgx.Conn, sql string, args ...any) string {
	t.Helper()
	rows, _ := conn.Query(t.Context(), sql, args...)
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Trim(fmt.Sprint(list), "[]")
}

// want checks the positions that a query returns.
func (c *consumerTest) want(conn *pgx.Conn, want, sql string, args ...any) {
	c.Helper()
	if got := positions(c, conn, sql, args...); got != want {
		c.Fatalf("%s: %s, expected %s", sql, got, want)
	}
}

// fails checks that a statement fails.
func fails(t testing.TB, conn *pgx.Conn, want, sql string, args ...any) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql, args...)
	var e *pgconn.PgError
	if !errors.As(err, &e) || !strings.HasPrefix(e.Code+" "+e.Message, want) {
		t.Fatalf("%s: %v, expected %s", sql, err, want)
	}
}

const next = "SELECT position FROM consume('c', 3, '0')"

// TestConsume: what was consumed comes again until it is acknowledged.
func TestConsume(t *testing.T) {
	c := newConsumerTest(t)
	c.append(10, 4)
	c.exec("SELECT create_consumer('c')")
	c.want(c.conn, "0 1 2", next)
	c.want(c.conn, "0 1 2", next)
	c.exec("SELECT ack('c', 1)")
	c.want(c.conn, "2 3 4", next)
	c.exec("BEGIN")
	c.exec("SELECT ack('c', 3)")
	c.exec("ROLLBACK")
	c.want(c.conn, "2 3 4", next)
	c.exec("SELECT ack('c', 3)")
	c.exec("SELECT ack('c', 4)")
	c.want(c.conn, "5 6 7 8 9", "SELECT position FROM consume('c', batch => 100, wait => '0 seconds')")
	c.exec("SELECT ack(upto => 9, name => 'c')")
	c.want(c.conn, "", next)
	c.append(1, 1)
	c.want(c.conn, "10", next)
	c.exec("SELECT leave('c')")
	fails(t, c.conn, "40001", "SELECT ack('c', 10)")
	other := c.connect()
	c.want(other, "10", next)
	c.exec("SELECT drop_consumer('c')")
	fails(t, other, "42704", next)
	c.exec("SELECT create_consumer('c', after => 8)")
	fails(t, other, "40001", "SELECT ack('c', 10)")
	c.want(other, "9 10", next)
}

// TestConsumeColumns: consume has the columns of events and two more.
func TestConsumeColumns(t *testing.T) {
	c := newConsumerTest(t)
	c.append(2, 2)
	c.exec("SELECT create_consumer('c', partitions => 1)")
	var line string
	sql := "SELECT position || ' ' || stream || ' ' || version || ' ' || type || ' ' || category || ' ' || partition || ' ' || attempt AS line FROM consume('c', $1, $2, $3) AS e"
	if err := c.conn.QueryRow(t.Context(), sql, 1, time.Duration(0), "m").Scan(&line); err != nil {
		t.Fatal(err)
	}
	if line != "0 s-0 0 T s 0 1" {
		t.Error(line)
	}
	rows, err := c.conn.Query(t.Context(), "SELECT * FROM consume('c', 5, '0', 'm')")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range rows.FieldDescriptions() {
		names = append(names, f.Name)
	}
	rows.Close()
	if got := strings.Join(names, " "); got != "position stream_id stream version event_id type payload metadata tags recorded_at partition attempt" {
		t.Error(got)
	}
}

// TestConsumerRefusals: what is refused, and how.
func TestConsumerRefusals(t *testing.T) {
	c := newConsumerTest(t)
	c.append(3, 1)
	c.exec("SELECT create_consumer('c', lease => '1 minute')")
	for _, pair := range [][2]string{
		{"SELECT create_consumer('c')", "42710"},
		{"SELECT create_consumer('')", "22023"},
		{"SELECT create_consumer(NULL)", "22004"},
		{"SELECT create_consumer('d', partitions => 0)", "22023"},
		{"SELECT create_consumer('d', partitions => NULL)", "22004"},
		{"SELECT create_consumer('d', lease => '1 ms')", "22023"},
		{"SELECT create_consumer('d', lease => 'soon')", "22007"},
		{"SELECT create_consumer('d', on_park => 'stop')", "22023"},
		{"SELECT create_consumer('d', after => 3)", "22023"},
		{"SELECT create_consumer('d', filter => 'now() > recorded_at')", "42P17"},
		{"SELECT create_consumer('d', filter => 'recorded_at > ''now''')", "22008"},
		{"SELECT create_consumer('d', filter => 'expected_version = 1')", "0A000"},
		{"SELECT create_consumer('d', filter => 'count(*) > 1')", "42"},
		{"SELECT create_consumer('d', filter => 'type')", "42804"},
		{"SELECT create_consumer('d', filter => 'nothing = 1')", "42703"},
		{"SELECT create_consumer('d', filter => 'true) LIMIT (1')", "42601"},
		{"SELECT create_consumer('d', filter => 'true; SELECT 1')", "42601"},
		{"SELECT create_consumer('d', sooner => 1)", "42883"},
		{"SELECT create_consumer('d', 'true', filter => 'true')", "42883"},
		{"SELECT create_consumer(name => 'd', 'true')", "42601"},
		{"SELECT create_consumer()", "42883"},
		{"SELECT drop_consumer('d')", "42704"},
		{"SELECT alter_consumer('c', partitions => 5)", "55000"},
		{"SELECT ack('c', 1)", "40001"},
		{"SELECT nack('c', 1, 'why')", "40001"},
		{"SELECT * FROM consume('c', 0, '0')", "22023"},
		{"SELECT * FROM consume('c', NULL, '0')", "22004"},
		{"SELECT * FROM consume('c', 1)", "42883"},
		{"SELECT * FROM consume('c', 1, '-1 s')", "22023"},
		{"SELECT * FROM consume('c', 1, '0') WHERE position > 1", "0A000 WHERE is not supported with consume()"},
		{"SELECT * FROM consume('c', 1, '0') ORDER BY position", "0A000 ORDER BY"},
		{"SELECT * FROM consume('c', 1, '0') LIMIT 1", "0A000 LIMIT"},
		{"SELECT count(*) FROM consume('c', 1, '0')", "0A000 an aggregate"},
		{"SELECT * FROM consume('c', 1, '0') FOR UPDATE", "0A000"},
		{"SELECT * FROM consume('c', 1, '0'), events", "0A000 a join"},
		{"SELECT * FROM consume('c', 1, '0') GROUP BY position", "0A000 GROUP BY"},
		{"DECLARE x CURSOR WITH HOLD FOR SELECT * FROM consume('c', 1, '0')", "0A000 consume() is not supported in a cursor"},
		{"COPY (SELECT * FROM consume('c', 1, '0')) TO STDOUT", "0A000 consume() is not supported in COPY"},
		{"SELECT expected_version FROM consume('c', 1, '0')", "42703"},
		{"SELECT consume('c', 1, '0')", "42883"},
		{"SELECT unpark('c', 1)", "42704"},
		{"SELECT reset_consumer('c', 7)", "22023"},
	} {
		fails(t, c.conn, pair[1], pair[0])
	}
	c.want(c.conn, "0 1 2", next)
	fails(t, c.conn, "22023", "SELECT ack('c', 3)")
	fails(t, c.conn, "22023", "SELECT nack('c', 3, 'why')")
	c.exec("SELECT ack('c', -1)")
	c.exec("BEGIN READ ONLY")
	c.want(c.conn, "0 1 2", next)
	fails(t, c.conn, "25006 cannot execute ack() in a read-only transaction", "SELECT ack('c', 0)")
	c.exec("ROLLBACK")
	c.exec("BEGIN")
	c.exec("INSERT INTO events (stream, type) VALUES ('x', 'X')")
	fails(t, c.conn, "25001", "SELECT nack('c', 0, 'why')")
	c.exec("ROLLBACK")
}

// TestConsumerTransactional: consumers are made, altered and dropped with their transaction.
func TestConsumerTransactional(t *testing.T) {
	c := newConsumerTest(t)
	c.append(3, 1)
	c.exec("BEGIN")
	c.exec("SELECT create_consumer('c')")
	c.exec("SAVEPOINT s")
	c.exec("SELECT create_consumer('d')")
	c.exec("ROLLBACK TO s")
	c.exec("SELECT create_consumer('e', partitions => 2)")
	c.exec("COMMIT")
	fails(t, c.conn, "42704", "SELECT drop_consumer('d')")
	c.exec("BEGIN")
	c.exec("SELECT drop_consumer('e')")
	c.exec("ROLLBACK")
	c.want(c.conn, "0 1 2", "SELECT position FROM consume('e', 3, '0')")
	c.exec("BEGIN")
	c.exec("SELECT alter_consumer('e', filter => 'position = 2')")
	c.exec("COMMIT")
	c.want(c.conn, "2", "SELECT position FROM consume('e', 3, '0')")
	c.exec("SELECT ack('e', 2)")
	c.want(c.conn, "", "SELECT position FROM consume('e', 3, '0')")
	c.exec("SELECT alter_consumer('e', filter => '')")
	c.exec("SELECT reset_consumer('e', 0)")
	fails(t, c.conn, "22023", "SELECT ack('e', 2)")
	c.want(c.conn, "1 2", "SELECT position FROM consume('e', 3, '0')")
}

// TestRelay: what is made of events is appended together with the acknowledgement, or neither is.
func TestRelay(t *testing.T) {
	c := newConsumerTest(t)
	c.append(5, 3)
	c.exec("SELECT create_consumer('c', filter => 'category = ''s''')")
	relay := func(conn *pgx.Conn, member string) error {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		rows, _ := tx.Query(t.Context(), "SELECT position FROM consume('c', 2, '0', $1)", member)
		list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(list) == 0 {
			return cmpErr(err, pgx.ErrNoRows)
		}
		for _, position := range list {
			if _, err := tx.Exec(t.Context(), "INSERT INTO events (stream, type, payload) VALUES ('out', 'R', $1)", fmt.Sprint(position)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(t.Context(), "SELECT ack('c', $1, $2)", slices.Max(list), member); err != nil {
			return err
		}
		return tx.Commit(t.Context())
	}
	for relay(c.conn, "m") == nil {
	}
	c.want(c.conn, "0 1 2 3 4", "SELECT payload::text::bigint FROM events WHERE stream = 'out' ORDER BY version")

	// Two that speak for one member: what has been acknowledged meanwhile cannot be once more.
	c.append(1, 1)
	other := c.connect()
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.want(other, "10", "SELECT position FROM consume('c', 2, '0', 'm')")
	if _, err := tx.Exec(t.Context(), "INSERT INTO events (stream, type) VALUES ('out', 'R')"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT ack('c', 10, 'm')"); err != nil {
		t.Fatal(err)
	}
	c.exec("SELECT ack('c', 10, 'm')")
	err = tx.Commit(t.Context())
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "40001" {
		t.Fatal(err)
	}
	c.want(c.conn, "5", "SELECT count(*) FROM events WHERE stream = 'out'")
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// TestConsumeRestart: checkpoints are there after a restart.
func TestConsumeRestart(t *testing.T) {
	dir := t.TempDir()
	for i, want := range []string{"0 1 2", "3 4 5", "6 7"} {
		store, err := engine.Open(dir, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := &consumerTest{T: t, addr: serve(t, NewServer(store, nil))}
		conn, err := connect(t.Context(), c.addr, pgx.QueryExecModeCacheStatement)
		if err != nil {
			t.Fatal(err)
		}
		c.conn = conn
		if i == 0 {
			c.append(8, 5)
			c.exec("SELECT create_consumer('c')")
		}
		c.want(conn, want, next)
		if i < 2 {
			c.exec(fmt.Sprintf("SELECT ack('c', %d)", 3*i+2))
		}
		_ = conn.Close(t.Context())
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
