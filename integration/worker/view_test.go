//go:build linux

package worker

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestPreparedStatementsFollowViews: a named statement means the views of the transaction that
// runs it.
func TestPreparedStatementsFollowViews(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 10)
	exec(t, c, `CREATE VIEW v AS SELECT 1 AS n FROM events`)
	sum := func(want int64) {
		t.Helper()
		var n int64
		if err := c.QueryRow(t.Context(), "sum").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != want {
			t.Fatalf("the sum is %d instead of %d", n, want)
		}
	}
	prepare := func(name, sql string) {
		t.Helper()
		if _, err := c.Prepare(t.Context(), name, sql); err != nil {
			t.Fatal(err)
		}
	}
	execute := func(name string) error {
		_, err := c.Exec(t.Context(), name)
		return err
	}
	prepare("sum", `SELECT sum(n) FROM v`)
	sum(10)
	exec(t, c, `BEGIN`)
	exec(t, c, `CREATE OR REPLACE VIEW v AS SELECT 2 AS n FROM events`)
	sum(20)
	exec(t, c, `CREATE OR REPLACE VIEW v AS SELECT 3 AS n FROM events`)
	sum(30)
	exec(t, c, `ROLLBACK`)
	sum(10)
	exec(t, c, `BEGIN`)
	exec(t, c, `DROP VIEW v`)
	wantCode(t, "of a view that the transaction dropped", execute("sum"), "42P01")
	exec(t, c, `ROLLBACK`)
	sum(10)

	// Prepared within the transaction, and run after it.
	exec(t, c, `BEGIN`)
	exec(t, c, `CREATE VIEW w AS SELECT 1 AS n FROM events`)
	prepare("w", `SELECT * FROM w`)
	if err := execute("w"); err != nil {
		t.Fatal(err)
	}
	exec(t, c, `ROLLBACK`)
	wantCode(t, "of a view that was never committed", execute("w"), "42P01")
	exec(t, c, `CREATE VIEW w AS SELECT 'a'::text AS n FROM events`)
	wantCode(t, "of a view with other columns", execute("w"), "0A000")
}

// TestManyDefinitions: each change of the views makes the catalog anew; what it was before
// does not stay in memory.
func TestManyDefinitions(t *testing.T) {
	s := harness.Eventgres(t, harness.WithArgs("--worker-memory", "134217728"))
	c := connect(t, s)
	for range 60 {
		for _, sql := range []string{
			`BEGIN`, `CREATE OR REPLACE VIEW v AS SELECT type FROM events`,
			`SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_proc p ON p.oid <> 0 JOIN pg_type t ON t.oid = 23
				JOIN pg_operator o ON o.oid = 96 WHERE c.relname = 'v'`,
			`COMMIT`,
		} {
			exec(t, c, sql)
		}
	}
}

// TestLargeRow: a row is held as a whole, so that it has a bound.
func TestLargeRow(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	for name, sql := range map[string]string{
		"text":   `SELECT string_agg(repeat('x', 1000000), '') FROM generate_series(1, 80)`,
		"array":  `SELECT array_agg(g) FROM generate_series(1, 10000000) g`,
		"array2": `SELECT array_agg(repeat('"', 1000000)) FROM generate_series(1, 40)`,
		"row":    `SELECT repeat('x', 30000000), repeat('x', 30000000), repeat('x', 30000000)`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeDescribeExec} {
				_, err := c.Exec(t.Context(), sql, mode)
				wantCode(t, mode.String(), err, "54000")
			}
		})
	}
	var n int
	if err := c.QueryRow(t.Context(), `SELECT length(string_agg(repeat('x', 1000000), '')) FROM generate_series(1, 60)`).Scan(&n); err != nil || n != 60_000_000 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
