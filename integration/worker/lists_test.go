//go:build linux

package worker

import (
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestLists: a list of expressions that the worker evaluates for another statement is a list and nothing more, and an
// INSERT that is refused has appended nothing.
func TestLists(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	exec(t, c, `PREPARE two(text, bigint) AS SELECT $1, $2`)
	for sql, code := range map[string]string{
		`INSERT INTO events (stream, type) VALUES (lower('A'), 'x' FROM events)`:                      "42601",
		`INSERT INTO events (stream, type) VALUES (lower('A'), 'x' ORDER BY 1)`:                       "42601",
		`INSERT INTO events (stream, type) VALUES (DISTINCT lower('A'), 'x')`:                         "42601",
		`INSERT INTO events (stream, type) VALUES (lower('A') AS a, 'x')`:                             "42601",
		`INSERT INTO events (stream, type) VALUES (count(*)::text, 'x')`:                              "42803",
		`INSERT INTO events (stream, type) VALUES (lower('A'), 'x' WHERE false)`:                      "42601",
		`INSERT INTO events (stream, type) VALUES (lower('A'), 'x' LIMIT 0)`:                          "42601",
		`INSERT INTO events (stream, type, payload) VALUES (lower('A'), 'x', DEFAULT || '1')`:         "42601",
		`INSERT INTO events (stream, type) VALUES (lower('A'), 'x'`:                                   "42601",
		`INSERT INTO events (stream, type) VALUES ('a', 'x') RETURNING chr(65) UNION ALL SELECT type`: "42601",
		`INSERT INTO events (stream, type) VALUES ('a', 'x') RETURNING generate_series(1, 3)`:         "0A000",
		`INSERT INTO events (stream, type) VALUES ('a', 'x'), ('b', 'x') RETURNING count(*)`:          "42803",
		`INSERT INTO events (stream, type) VALUES ('a', 'x') RETURNING sum(version) OVER ()`:          "42P20",
		`INSERT INTO events (stream, type) VALUES ('a', 'x') RETURNING upper(type) FROM events --`:    "42601",
		`EXECUTE two(lower('A'), 1 FROM events LIMIT 1)`:                                              "42601",
		`EXECUTE two(lower('A') AS x, 3 UNION SELECT 'b', 5)`:                                         "42601",
		`EXECUTE two(lower('A'), count(*))`:                                                           "42803",
		`EXECUTE two(lower('A'), generate_series(1, 3))`:                                              "0A000",
	} {
		wantCode(t, sql, run(t.Context(), c, sql), code)
	}
	if n := number(t, c, `SELECT count(*) FROM events`); n != 0 {
		t.Errorf("%d events were appended", n)
	}
	// A null in a row of its own is one for any column.
	exec(t, c, `INSERT INTO events (stream, type, payload, tags) (VALUES ('a', 'x', NULL, NULL))`)
	exec(t, c, `INSERT INTO events (stream, type, payload) (VALUES (lower('A'), 'x', NULL::jsonb))`)
	if n := number(t, c, `SELECT count(*) FROM events WHERE stream = 'a' AND payload IS NULL`); n != 2 {
		t.Errorf("%d events have no payload", n)
	}
}

// TestExplainExecute: each path is told with the arguments of EXECUTE.
func TestExplainExecute(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 10)
	for i, of := range []string{
		`(bigint) AS SELECT * FROM events WHERE position = $1`, `(text) AS SELECT * FROM events WHERE stream = $1`, `(text) AS SELECT * FROM streams WHERE stream = $1`,
		`(uuid) AS SELECT * FROM events WHERE event_id = $1`, `(text) AS SELECT type FROM events WHERE stream IN ($1, 'x')`,
		`(text) AS SELECT type, count(*) FROM events WHERE type = $1 GROUP BY 1`, `(text) AS INSERT INTO events (stream, type) VALUES ($1, 'A')`,
	} {
		name := "p" + string(rune('0'+i))
		exec(t, c, "PREPARE "+name+of)
		for _, explain := range []string{"EXPLAIN EXECUTE ", "EXPLAIN ANALYZE EXECUTE ", "EXPLAIN (FORMAT JSON) EXECUTE "} {
			for _, argument := range []string{"NULL", "'1'", "lower('1')"} {
				err := run(t.Context(), c, explain+name+"("+argument+")")
				if c.IsClosed() {
					t.Fatalf("%s%s(%s) ended the connection: %v", explain, of, argument, err)
				}
			}
		}
	}
}

// TestToldBeforeSavepoint: what was told of events that a ROLLBACK TO leaves staged binds the commit.
func TestToldBeforeSavepoint(t *testing.T) {
	s := harness.Eventgres(t)
	c, other := connect(t, s), connect(t, s)
	for _, asks := range []string{`SELECT version FROM events WHERE stream = 't'`, `SELECT position FROM events WHERE stream = 't'`, `SELECT stream, max(version) FROM events GROUP BY stream`} {
		exec(t, c, `BEGIN; INSERT INTO events (stream, type) VALUES ('t', 'Mine'); SAVEPOINT a`)
		exec(t, c, asks)
		exec(t, c, `ROLLBACK TO a`)
		exec(t, other, `INSERT INTO events (stream, type) VALUES ('t', 'Other')`)
		wantCode(t, asks, run(t.Context(), c, `COMMIT`), "40001")
		exec(t, c, `ROLLBACK`)
	}
}
