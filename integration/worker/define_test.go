//go:build linux

package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// views are the names of the views that a session sees, in order.
func views(t *testing.T, c *pgx.Conn) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), `SELECT viewname::text FROM pg_views WHERE schemaname = 'public' AND viewname LIKE 'v%' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestConcurrentDefinitions: sessions that define, replace and drop views of their own at the same time, together with events, do
// not hear of one another.
func TestConcurrentDefinitions(t *testing.T) {
	s := harness.Eventgres(t)
	const sessions, rounds = 6, 8
	var wg sync.WaitGroup
	for i := range sessions {
		c := connect(t, s)
		wg.Go(func() {
			for n := range rounds {
				for _, sql := range []string{
					fmt.Sprintf(`CREATE VIEW v%d_%d AS SELECT %d AS n`, i, n, n),
					fmt.Sprintf(`BEGIN; INSERT INTO events (stream, type) VALUES ('s%d', 't'); CREATE VIEW w%d_%d AS SELECT n FROM v%d_%d; COMMENT ON VIEW v%d_%d IS 'c'; COMMIT`, i, i, n, i, n, i, n),
					fmt.Sprintf(`DROP VIEW w%d_%d`, i, n),
					fmt.Sprintf(`CREATE OR REPLACE VIEW v%d_%d AS SELECT %d AS n, 2 AS m`, i, n, n),
				} {
					if _, err := c.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
						t.Errorf("%s: %v", sql, err)
					}
				}
			}
		})
	}
	wg.Wait()
	var want []string
	for i := range sessions {
		for n := range rounds {
			want = append(want, fmt.Sprintf("v%d_%d", i, n))
		}
	}
	slices.Sort(want)
	check := func() {
		t.Helper()
		c := connect(t, s)
		if got := views(t, c); !slices.Equal(got, want) {
			t.Errorf("there are %v", got)
		}
		var oids, events, comments int
		err := c.QueryRow(t.Context(), `SELECT count(DISTINCT c.oid), (SELECT count(*) FROM events), count(*) FILTER (WHERE obj_description(c.oid, 'pg_class') = 'c')
			FROM pg_class c WHERE relkind = 'v' AND relname LIKE 'v%' AND relnamespace = 'public'::regnamespace`).Scan(&oids, &events, &comments)
		if err != nil || oids != len(want) || events != len(want) || comments != len(want) {
			t.Errorf("%d OIDs, %d events, %d comments, %v", oids, events, comments, err)
		}
	}
	check()
	s.Kill()
	s.Restart()
	check()
}

// TestDefinitionsConflict: what two transactions have defined goes together, or one of them fails; a view never refers to what is not
// there, or is another by now.
func TestDefinitionsConflict(t *testing.T) {
	s := harness.Eventgres(t)
	a, b := connect(t, s), connect(t, s)
	for _, c := range []struct{ name, one, other, code string }{
		{"different names", `CREATE VIEW v1 AS SELECT 1 AS n`, `CREATE VIEW v2 AS SELECT 2 AS n`, ""},
		{"the same name", `CREATE VIEW v1 AS SELECT 1 AS n`, `CREATE VIEW v1 AS SELECT 2 AS n`, "40001"},
		{"replaced by both", `CREATE OR REPLACE VIEW v AS SELECT 1 AS n, 3 AS m`, `CREATE OR REPLACE VIEW v AS SELECT 2 AS n, 4 AS k`, "40001"},
		{"dropped and used", `DROP VIEW v`, `CREATE VIEW v2 AS SELECT n FROM v`, "40001"},
		{"used and dropped", `CREATE VIEW v2 AS SELECT n FROM V`, `DROP VIEW v`, "40001"},
		{"replaced and used", `CREATE OR REPLACE VIEW v AS SELECT 1 AS n, 2 AS m`, `CREATE VIEW v2 AS SELECT * FROM v`, "40001"},
		{"used by a quoted name", `DROP VIEW v`, `CREATE VIEW v2 AS SELECT n FROM public."v"`, "40001"},
		{"commented and used", `COMMENT ON VIEW v IS 'x'`, `CREATE VIEW v2 AS SELECT n FROM v`, ""},
		{"commented and replaced", `COMMENT ON VIEW v IS 'x'`, `CREATE OR REPLACE VIEW v AS SELECT 1 AS n, 3 AS m`, "40001"},
		{"commented, both", `COMMENT ON TABLE events IS 'x'`, `COMMENT ON COLUMN events.type IS 'y'`, ""},
		{"dropped, and another", `DROP VIEW v`, `CREATE VIEW q AS SELECT 1 AS n`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			exec(t, a, `DROP VIEW IF EXISTS v1, v2, q, v CASCADE`)
			exec(t, a, `CREATE VIEW v AS SELECT 1 AS n`)
			exec(t, a, `BEGIN`)
			exec(t, b, `BEGIN`)
			exec(t, a, c.one)
			exec(t, b, c.other)
			exec(t, b, `INSERT INTO events (stream, type) VALUES ('s', 't')`)
			before := views(t, a)
			exec(t, a, `COMMIT`)
			_, err := b.Exec(t.Context(), `COMMIT`)
			if c.code != "" {
				wantCode(t, "COMMIT", err, c.code)
				if got := views(t, a); !slices.Equal(got, before) {
					t.Errorf("there are %v, there were %v", got, before)
				}
			} else if err != nil {
				t.Error(err)
			}
			for _, name := range views(t, a) {
				exec(t, a, `SELECT * FROM `+name)
			}
		})
	}
}

// TestViewBeforeBlock: what comes before BEGIN in one text is the block's, as in PostgreSQL.
func TestViewBeforeBlock(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	run := func(sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(sql, err)
		}
	}
	run(`CREATE VIEW v1 AS SELECT 1 AS n; BEGIN; SELECT * FROM v1; COMMIT`)
	run(`CREATE VIEW v2 AS SELECT 1 AS n; BEGIN; ROLLBACK`)
	run(`SET statement_timeout = '7s'; BEGIN; ROLLBACK`)
	if got := views(t, c); !slices.Equal(got, []string{"v1"}) {
		t.Errorf("there are %v", got)
	}
	var timeout string
	if err := c.QueryRow(t.Context(), `SHOW statement_timeout`).Scan(&timeout); err != nil || timeout != "0" {
		t.Errorf("the timeout is %s, %v", timeout, err)
	}
}

// TestDefinitionsCount: what savepoints keep of views and comments is the session's to pay for.
func TestDefinitionsCount(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	exec(t, c, `BEGIN`)
	text := strings.Repeat("x", 4<<20)
	var err error
	n := 0
	for ; err == nil && n < 200; n++ {
		if _, err = c.Exec(t.Context(), fmt.Sprintf(`COMMENT ON TABLE events IS '%s%d'`, text, n), pgx.QueryExecModeSimpleProtocol); err == nil {
			_, err = c.Exec(t.Context(), fmt.Sprintf(`SAVEPOINT s%d`, n))
		}
	}
	wantCode(t, "savepoints with comments of 4 MiB", err, "53200")
	if n < 10 {
		t.Errorf("only %d savepoints were had", n)
	}
	exec(t, c, `ROLLBACK`)
	exec(t, c, `BEGIN`)
	exec(t, c, fmt.Sprintf(`COMMENT ON TABLE events IS '%s'`, text))
	for i := range 200 {
		exec(t, c, fmt.Sprintf(`SAVEPOINT s%d`, i)) // they keep the same
	}
	exec(t, c, `COMMIT`)
}
