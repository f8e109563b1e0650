package notify

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/integration/harness"
)

const appendOne = "INSERT INTO events (stream, type) VALUES ('s', 'T')"

// blocked waits until a session's statement waits for a position.
func (s *session) blocked(of *session) {
	s.t.Helper()
	for range 100_000 {
		if got := s.must(fmt.Sprintf("SELECT wait_event FROM pg_stat_activity WHERE pid = %d", of.conn.PID)); got[1] == "row position" {
			return
		}
	}
	s.t.Fatal("nothing waits")
}

// TestWait: wait_for_position returns once the event is there, and not before; false where it is not.
func TestWait(t *testing.T) {
	server := harness.Eventgres(t)
	w := connect(t, server.URL(), "A", "B")
	a, b := w["A"], w["B"]
	for sql, want := range map[string]string{
		"SELECT wait_for_position(-1)":                                   "row t",
		"SELECT wait_for_position(0, '0')":                               "row f",
		"SELECT public.wait_for_position(0, interval '10 ms')":           "row f",
		"SELECT wait_for_position(0, timeout => '1 ms')":                 "row f",
		"SELECT wait_for_position(pos => -5)":                            "row t",
		"SELECT wait_for_position(NULL)":                                 "row ",
		"SELECT wait_for_position(0, NULL)":                              "row ",
		"SELECT wait_for_position(0, '-1 s')":                            "ERROR 22023",
		"SELECT wait_for_position(0, 'x')":                               "ERROR 22007",
		"SELECT wait_for_position()":                                     "ERROR 42883",
		"SELECT pg_catalog.wait_for_position(0)":                         "ERROR 42883",
		"SELECT pg_get_function_arguments('wait_for_position'::regproc)": "row pos bigint, timeout interval DEFAULT '00:00:30'::interval",
		"SELECT count(*) FROM events WHERE wait_for_position(0)":         "ERROR ",
	} {
		if got := a.query(sql); !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s: %v", sql, got)
		}
	}
	for i, sql := range []string{"SELECT wait_for_position(0)", "SELECT wait_for_position(1) AS there, 7"} {
		a.send(&pgproto3.Query{String: sql})
		b.blocked(a)
		b.must(appendOne)
		if got := a.all(); !strings.HasPrefix(got[1], "row t") {
			t.Errorf("%d: %v", i, got)
		}
	}
	// Cancelled, and timed out.
	a.send(&pgproto3.Query{String: "SELECT wait_for_position(99, '1 day')"})
	b.blocked(a)
	b.must(fmt.Sprintf("SELECT pg_cancel_backend(%d)", a.conn.PID))
	if got := a.all(); !strings.HasPrefix(got[len(got)-2], "ERROR 57014") {
		t.Errorf("cancelled: %v", got)
	}
	if got := a.query("SET statement_timeout = '20 ms'; SELECT wait_for_position(99)"); !strings.HasPrefix(got[len(got)-2], "ERROR 57014") {
		t.Errorf("timed out: %v", got)
	}
}

// TestWaitSnapshot: the snapshot of a transaction that begins with waiting is taken behind it; one that has a snapshot keeps it.
func TestWaitSnapshot(t *testing.T) {
	server := harness.Eventgres(t)
	w := connect(t, server.URL(), "A", "B")
	a, b := w["A"], w["B"]
	const count = "SELECT count(*) FROM events"
	for _, isolation := range []string{"REPEATABLE READ", "READ COMMITTED"} {
		had := len(b.must("SELECT 1 FROM events")) - 3
		a.must("BEGIN ISOLATION LEVEL " + isolation)
		a.send(&pgproto3.Query{String: fmt.Sprintf("SELECT wait_for_position(%d)", had)})
		b.blocked(a)
		b.must(appendOne)
		if got := a.all(); got[1] != "row t" {
			t.Fatal(got)
		}
		if got := a.must(count); got[1] != fmt.Sprintf("row %d", had+1) {
			t.Errorf("%s: behind the wait: %v", isolation, got)
		}
		b.must(appendOne)
		want := had + 1
		if isolation == "READ COMMITTED" {
			want++
		}
		if got := a.must(fmt.Sprintf("SELECT wait_for_position(%d)", had+1)); got[1] != "row t" {
			t.Error(got)
		}
		if got := a.must(count + "; COMMIT"); got[1] != fmt.Sprintf("row %d", want) {
			t.Errorf("%s: behind another: %v", isolation, got)
		}
	}
}

// TestReadAfter: with eventgres.read_after statements that read wait, and others do not.
func TestReadAfter(t *testing.T) {
	server := harness.Eventgres(t)
	w := connect(t, server.URL(), "A", "B")
	a, b := w["A"], w["B"]
	a.must("SET eventgres.read_after = 0; SET eventgres.read_after_timeout = '1ms'")
	for _, sql := range []string{
		"SHOW eventgres.read_after", "BEGIN", "SAVEPOINT x", "SET application_name = 'x'", "RESET application_name", "COMMIT", "LISTEN x", "NOTIFY y", "PREPARE p AS SELECT 1",
		"DEALLOCATE p", "CREATE VIEW v AS SELECT 1 AS one",
	} {
		a.must(sql)
	}
	for _, sql := range []string{
		"SELECT count(*) FROM events", "SELECT type, count(*) FROM events GROUP BY type", "COPY events TO STDOUT", "EXPLAIN ANALYZE SELECT 1 FROM events",
		"INSERT INTO events (stream, type) SELECT 'a', 'b' FROM events", "SELECT 1",
	} {
		if got := a.query(sql); !strings.Contains(strings.Join(got, "\n"), "ERROR 57014 canceling statement due to eventgres.read_after_timeout") {
			t.Errorf("%s: %v", sql, got)
		}
	}
	a.must("SET eventgres.read_after_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ")
	a.send(&pgproto3.Query{String: "SELECT count(*) FROM events"})
	b.blocked(a)
	b.must(appendOne)
	if got := a.all(); got[1] != "row 1" {
		t.Error(got)
	}
	a.must("COMMIT; RESET eventgres.read_after; SELECT 1")
	for _, sql := range []string{"SET eventgres.read_after = 'x'", "SET eventgres.read_after = -2", "SET eventgres.read_after_timeout = '-1'"} {
		if got := a.query(sql); !strings.HasPrefix(got[0], "ERROR 22023") {
			t.Errorf("%s: %v", sql, got)
		}
	}
}

// TestReadAfterAppend: what a session has appended another one reads, whatever path it reads by.
func TestReadAfterAppend(t *testing.T) {
	server := harness.Eventgres(t)
	ctx := t.Context()
	writer, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	reader, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		var position int64
		if err := writer.QueryRow(ctx, appendOne+" RETURNING position").Scan(&position); err != nil {
			t.Fatal(err)
		}
		if _, err := reader.Exec(ctx, fmt.Sprintf("SET eventgres.read_after = %d", position)); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{"SELECT max(position) FROM events", "SELECT max(position) FROM (SELECT position, length(type) FROM events) e"} {
			var got int64
			if err := reader.QueryRow(ctx, sql).Scan(&got); err != nil || got != position {
				t.Errorf("%d: %s: %d, %v", i, sql, got, err)
			}
		}
	}
}
