package serializable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// script runs statements over two sessions, each line "a: statement = what comes of it": rows as text, or a SQLSTATE.
func script(t *testing.T, server *harness.Server, text string) {
	t.Helper()
	sessions := map[string]*pgx.Conn{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, rest, _ := strings.Cut(line, ": ")
		statement, want, told := rest, "", false
		if i := strings.LastIndex(rest, " => "); i >= 0 { // the others name arguments
			statement, want, told = rest[:i], rest[i+len(" => "):], true
		}
		c := sessions[name]
		if c == nil {
			var err error
			if c, err = pgx.Connect(t.Context(), server.URL()); err != nil {
				t.Fatal(err)
			}
			defer c.Close(context.WithoutCancel(t.Context()))
			sessions[name] = c
		}
		if got := run(t.Context(), c, statement); told && got != want || !told && strings.HasPrefix(got, "!") {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func run(ctx context.Context, c *pgx.Conn, statement string) string {
	results, err := c.PgConn().Exec(ctx, statement).ReadAll()
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return "!" + e.Code
	}
	if err != nil {
		return "!" + err.Error()
	}
	r := results[len(results)-1]
	if len(r.FieldDescriptions) == 0 {
		return r.CommandTag.String()
	}
	var rows []string
	for _, row := range r.Rows {
		var fields []string
		for _, f := range row {
			fields = append(fields, string(f))
		}
		rows = append(rows, strings.Join(fields, ","))
	}
	return strings.Join(rows, "; ")
}

// hasWorker tells whether the server answers analytical statements.
func hasWorker(ctx context.Context, c *pgx.Conn) bool {
	return run(ctx, c, "SELECT count(*) FROM (SELECT 1) AS q GROUP BY 1 + 1") != "!0A000"
}

// TestExpectVersion: a stream that is read and not written is a condition of what is appended, and of nothing else.
func TestExpectVersion(t *testing.T) {
	server := harness.Eventgres(t)
	script(t, server, `
		s: INSERT INTO events (stream, type) VALUES ('c-1', 'A'), ('c-1', 'B')
		a: SELECT expect_version('c-1', 1), expect_version(stream_id('none'), -1), expect_version('c-1', NULL) => 1,-1,
		a: SELECT expect_version(n => 1, stream => 'c-1'), expect_version('c-1', n => 1), expect_version(stream_id => stream_id('c-1'), n => 1) => 1,1,1
		a: SELECT expect_version(n => 1, streams => 'c-1') => !0A000
		a: SELECT expect_version('c-1', 0) => !40001
		a: SELECT expect_version('c-1', -1) => !40001
		a: SELECT expect_version('none', 0) => !40001
		a: BEGIN
		a: SELECT expect_version('c-1', 1) => 1
		b: INSERT INTO events (stream, type) VALUES ('c-1', 'C')
		a: COMMIT => COMMIT
		a: BEGIN
		a: SELECT expect_version('c-1', 2) => 2
		a: INSERT INTO events (stream, type) VALUES ('d-1', 'A')
		b: INSERT INTO events (stream, type) VALUES ('c-1', 'D')
		a: SELECT expect_version('c-1', 2) => !40001
		a: ROLLBACK
		a: BEGIN
		a: SELECT expect_version('c-1', 3) => 3
		a: INSERT INTO events (stream, type) VALUES ('d-1', 'A')
		b: INSERT INTO events (stream, type) VALUES ('c-1', 'E')
		a: COMMIT => !40001
		a: BEGIN
		a: INSERT INTO events (stream, type) VALUES ('c-1', 'F')
		a: SELECT expect_version('c-1', 5) => 5
		a: COMMIT => COMMIT
		a: BEGIN
		a: INSERT INTO events (stream, type) VALUES ('d-1', 'A')
		a: SAVEPOINT p
		a: SELECT expect_version('c-1', 5) => 5
		a: ROLLBACK TO p
		b: INSERT INTO events (stream, type) VALUES ('c-1', 'G')
		a: COMMIT => COMMIT
		a: INSERT INTO events (stream, type) SELECT 'e-1', 'A' WHERE expect_version('c-1', 6) = 6 AND NOT EXISTS (SELECT 1 FROM events WHERE stream = 'e-1') => INSERT 0 1
		a: INSERT INTO events (stream, type) SELECT 'e-2', 'A' WHERE expect_version('c-1', 5) = 5 AND NOT EXISTS (SELECT 1 FROM events WHERE stream = 'e-2') => !40001
		a: INSERT INTO events (stream, type) VALUES ('f-1', 'at ' || expect_version('c-1', 6)) RETURNING type => at 6
	`)
}

// TestExplained: EXPLAIN says what a commit will rest on, and what decides about a guarded INSERT.
func TestExplained(t *testing.T) {
	server := harness.Eventgres(t)
	c, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	for _, x := range []struct {
		level, statement, want string
		worker                 bool // it is needed
	}{
		{"SERIALIZABLE", "SELECT count(*) FROM events WHERE tags @> '{a}' AND type = 'B'", "Serializable: tags @> '{a}' AND type = 'B'", false},
		{"SERIALIZABLE", "SELECT count(*) FROM events WHERE type = 'B' AND random() < 2", "Serializable: type = 'B'", true},
		{"SERIALIZABLE", "SELECT type, count(*) FROM events GROUP BY type", "Serializable: every event", true},
		{"SERIALIZABLE", "SELECT 1 FROM events a JOIN events b USING (stream) WHERE a.type = 'A' AND b.type = 'B'", "Serializable: type = 'A'", true},
		{"SERIALIZABLE", "SELECT count(*) FROM streams WHERE category = 'c' AND version > 3", "Serializable: category = 'c'", false},
		{"REPEATABLE READ", "SELECT count(*) FROM events WHERE type = 'B'", "", false},
		{"READ COMMITTED", "INSERT INTO events (stream, type) SELECT 's', 'A' WHERE NOT EXISTS (SELECT 1 FROM events WHERE type = 'B')", "Guard: (NOT EXISTS (SELECT 1 FROM events WHERE type = 'B'))", false},
		{"READ COMMITTED", "INSERT INTO events (stream, type) SELECT 's', 'A' FROM generate_series(1, 2) WHERE NOT EXISTS (SELECT 1 FROM events)", "Guard: asked of the worker", true},
		{"READ COMMITTED", "INSERT INTO events (stream, type) SELECT 's', type FROM events WHERE NOT EXISTS (SELECT 1 FROM streams)", "", true},
	} {
		if x.worker && !hasWorker(t.Context(), c) {
			continue
		}
		run(t.Context(), c, "BEGIN ISOLATION LEVEL "+x.level)
		got := run(t.Context(), c, "EXPLAIN (COSTS OFF) "+x.statement)
		run(t.Context(), c, "ROLLBACK")
		if x.want == "" && (strings.Contains(got, "Serializable:") || strings.Contains(got, "Guard:")) || !strings.Contains(got, x.want) {
			t.Errorf("%s\n got %s\nwant %s", x.statement, got, x.want)
		}
	}
}

// TestParameters: what a guard, and an INSERT … SELECT, have asked for with parameters is asked for until COMMIT, whatever becomes of their portals.
func TestParameters(t *testing.T) {
	server := harness.Eventgres(t)
	ctx := t.Context()
	var a, b *pgx.Conn
	for _, c := range []**pgx.Conn{&a, &b} {
		var err error
		if *c, err = pgx.Connect(ctx, server.URL()); err != nil {
			t.Fatal(err)
		}
		defer (*c).Close(context.WithoutCancel(ctx))
	}
	for i, x := range []struct{ level, statement string }{
		{"READ COMMITTED", "INSERT INTO events (stream, type) SELECT $1, 'A' WHERE NOT EXISTS (SELECT 1 FROM events WHERE type = $2)"},
		{"SERIALIZABLE", "INSERT INTO events (stream, type) SELECT $1, 'A' WHERE NOT EXISTS (SELECT 1 FROM events WHERE type = $2)"},
		{"READ COMMITTED", "INSERT INTO events (stream, type) SELECT $1, 'A' FROM generate_series(1, 1) WHERE NOT EXISTS (SELECT 1 FROM events WHERE type = $2)"},
		{"SERIALIZABLE", "INSERT INTO events (stream, type) VALUES ($1, 'n' || (SELECT count(*) FROM events WHERE type = $2))"},
	} {
		kind := fmt.Sprint("P", i)
		if i >= 2 && !hasWorker(ctx, a) {
			continue
		}
		if _, err := a.Exec(ctx, "BEGIN ISOLATION LEVEL "+x.level); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Exec(ctx, x.statement, "p-1", kind); err != nil {
			t.Fatalf("%s: %v", x.statement, err)
		}
		for n := range 3 { // they use again what the first has left
			if _, err := a.Exec(ctx, "INSERT INTO events (stream, type) VALUES ($1, $2)", "q-1", fmt.Sprint("other", n)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Exec(ctx, "INSERT INTO events (stream, type) VALUES ('r-1', $1)", kind); err != nil {
			t.Fatal(err)
		}
		if got := run(ctx, a, "COMMIT"); got != "!40001" {
			t.Errorf("%s, %s: COMMIT gives %s", x.level, x.statement, got)
			run(ctx, a, "ROLLBACK")
		}
	}
}

// TestOddGuards: guards whose queries are never asked, or asked in an order; and conditions that mean more than their text.
func TestOddGuards(t *testing.T) {
	server := harness.Eventgres(t)
	script(t, server, `
		s: INSERT INTO events (stream, type, payload) VALUES ('g-1', 'A', '{"price": 4.6, "ttl": "10 days"}'), ('g-1', 'A', '{}')
		a: BEGIN ISOLATION LEVEL SERIALIZABLE
		a: INSERT INTO events (stream, type) SELECT 'a', 'b' WHERE false AND NOT EXISTS (SELECT 1 FROM events WHERE type = 'x') => INSERT 0 0
		a: COMMIT
		a: INSERT INTO events (stream, type) SELECT 'a', 'b' WHERE NOT EXISTS (SELECT 1 FROM events WHERE type = 'A' ORDER BY type DESC, version LIMIT 1) => INSERT 0 0
		a: INSERT INTO events (stream, type) SELECT 'a', 'b' WHERE (SELECT count(*) FROM events WHERE type = 'A') = 2 AND EXISTS (SELECT 1 FROM streams WHERE stream = 'g-1' LIMIT 3) => INSERT 0 1
		a: INSERT INTO events (stream, type) SELECT 'a', 'b' WHERE NOT EXISTS (SELECT 1 FROM events WHERE type = 'Abc'::varchar(1)) => INSERT 0 0
		a: INSERT INTO events (stream, type) SELECT 'a', 'b' WHERE NOT EXISTS (SELECT 1 FROM events WHERE (payload->>'price')::numeric(10,0) = 5) => INSERT 0 0
		a: INSERT INTO events (stream, type) SELECT 'a', 'b' WHERE NOT EXISTS (SELECT 1 FROM events WHERE (payload->>'ttl')::interval > '9 days') => INSERT 0 0
		a: BEGIN ISOLATION LEVEL SERIALIZABLE
		a: SELECT count(*) FROM events WHERE type = 'B' AND (payload->>'ttl')::interval >= '1 day' => 0
		b: INSERT INTO events (stream, type, payload) VALUES ('g-2', 'B', '{"ttl": "10 days"}')
		a: INSERT INTO events (stream, type) VALUES ('a', 'c')
		a: COMMIT => !40001
		a: BEGIN ISOLATION LEVEL SERIALIZABLE
		a: DECLARE c CURSOR FOR SELECT type FROM events WHERE type = 'Z' AND recorded_at < '2100-01-01 00:00'
		a: SET TimeZone = 'Asia/Tokyo'
		a: FETCH ALL FROM c
		b: INSERT INTO events (stream, type) VALUES ('g-3', 'Z')
		a: INSERT INTO events (stream, type) VALUES ('a', 'c')
		a: COMMIT => !40001
	`)
}

// TestGuardAmongOthers: guards whose answers change while their appends are on their way, with ids, RETURNING by the worker, and parameters.
func TestGuardAmongOthers(t *testing.T) {
	server := harness.Eventgres(t)
	const clients, rounds, seats = 8, 12, 3
	done := make(chan error, clients)
	for n := range clients {
		go func() { done <- book(t.Context(), server.URL(), n, rounds, seats) }()
	}
	for range clients {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	c, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	for k := range rounds {
		if got := run(t.Context(), c, fmt.Sprintf("SELECT count(*) FROM events WHERE tags @> '{seat:%d}'", k)); got != fmt.Sprint(seats) {
			t.Errorf("round %d: %s seats taken, of %d", k, got, seats)
		}
	}
}

// book takes a seat of each of some rounds, while there are some.
func book(ctx context.Context, url string, n, rounds, seats int) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	for k := range rounds {
		tag := fmt.Sprint("seat:", k)
		rows, err := c.Query(ctx, "INSERT INTO events (stream, type, tags) SELECT $1, 'Booked', ARRAY[$2] WHERE (SELECT count(*) FROM events WHERE tags @> ARRAY[$2]) < $3 "+
			"RETURNING 'seat ' || version", fmt.Sprintf("r%d-%d", k, n), tag, seats)
		if err != nil {
			return err
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return fmt.Errorf("round %d: %w", k, err)
		}
	}
	return nil
}

// TestPaths: what EXPLAIN says that a condition is for, and who takes payloads apart: the worker only where many are read.
func TestPaths(t *testing.T) {
	server := harness.Eventgres(t)
	c, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	if run(t.Context(), c, `INSERT INTO events (stream, type, tags, payload) VALUES ('a-1', 'A', '{a}', '{"k": "x"}')`) != "INSERT 0 1" {
		t.Fatal("the event is not appended")
	}
	many := "Analytics"
	if !hasWorker(t.Context(), c) {
		many = "" // whoever is there does it
	}
	for _, x := range []struct{ where, want string }{
		{"type = 'A' AND payload ? 'k' AND position BETWEEN 0 AND 9", "Index Scan on events|Index Cond: (type = 'A' AND position BETWEEN 0 AND 9)|Filter: (payload ? 'k')"},
		{"(tags @> '{a}' OR type = 'B') AND version < 3", "Index Scan on events|Index Cond: ((tags @> '{a}' OR type = 'B'))|Filter: (version < 3)"},
		{"type = 'A' OR type = 'B' AND version > 1", "Index Scan on events|Index Cond: (type = 'A' OR type = 'B' AND version > 1)|Filter: (type = 'A' OR type = 'B' AND version > 1)"},
		{"type = 'A' OR type = 'B' AND tags @> '{a}'", "Index Scan on events|Index Cond: (type = 'A' OR type = 'B' AND tags @> '{a}')"},
		{"stream = 'a-1' AND version >= 0 AND type = 'A'", "Stream Scan on events|Index Cond: (stream = 'a-1' AND version >= 0)|Filter: (type = 'A')"},
		{"position >= 0 LIMIT 10", "Log Scan on events|Index Cond: (position >= 0)"},
		{"'a'::varchar = ANY(tags) AND type = ANY('{A}'::varchar[])", "Index Scan on events|Index Cond: ('a'::varchar = ANY(tags) AND type = ANY('{A}'::varchar[]))"},
		{"position >= 0", many},
		{"payload ? 'k' LIMIT 10", many},
	} {
		query := "SELECT payload->>'k' FROM events WHERE " + x.where
		if got := strings.ReplaceAll(run(t.Context(), c, "EXPLAIN (COSTS OFF) "+query), ";   ", "|"); x.want != "" && got != x.want {
			t.Errorf("%s\n got %s\nwant %s", query, got, x.want)
		}
		if got := run(t.Context(), c, query); got != "x" {
			t.Errorf("%s: %s", query, got)
		}
	}
}
