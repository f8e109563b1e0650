//go:build linux

package worker

import (
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestUpgradeKeepsViews serves stores of older versions, whose views answer as they did there, and can be
// changed, dropped and made anew; so they can after a restart.
func TestUpgradeKeepsViews(t *testing.T) {
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	versions := []string{"0.2.0", "0.5.0"}
	if harness.Long() {
		versions = []string{"0.2.0", "0.3.0", "0.4.0", "0.5.0"}
	}
	for _, version := range versions {
		for _, kind := range []string{"closed", "killed"} {
			t.Run(version+" "+kind, func(t *testing.T) {
				dir := t.TempDir()
				archive := filepath.Join(root, "engine", "testdata", "stores", version+".tar.gz")
				if out, err := osexec.CommandContext(t.Context(), "tar", "-xzf", archive, "-C", dir).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				data := filepath.Join(dir, kind, "store")
				if err := os.Chmod(data, 0o700); err != nil {
					t.Fatal(err)
				}
				s := harness.Eventgres(t, harness.WithData(data))
				s.AwaitLog("upgrading the store")
				c := connect(t, s)
				for _, answer := range []struct{ file, sql string }{
					{"orders", `SELECT concat_ws('|', coalesce(stream, ''), n, last) FROM orders ORDER BY stream, n, last`},
					{"large", `SELECT concat_ws('|', coalesce(name, ''), n) FROM "Large ones" ORDER BY name, n`},
				} {
					want, err := os.ReadFile(filepath.Join(dir, answer.file))
					if err != nil {
						t.Fatal(err)
					}
					if got := column(t, c, answer.sql); got != string(want) {
						t.Errorf("%s answers\n%s, and did\n%s", answer.file, got, want)
					}
				}
				const comments = `SELECT concat(obj_description('orders'::regclass), ', ', col_description('orders'::regclass, 2), ', ', obj_description('events'::regclass))`
				if got := column(t, c, comments); got != "one row a stream, how many, all of them\n" {
					t.Errorf("comments %q", got)
				}
				oid := number(t, c, `SELECT 'orders'::regclass::oid::bigint`)
				exec(t, c, `CREATE OR REPLACE VIEW orders AS SELECT stream, count(*) AS n, max(position) AS last, 1 AS more FROM events GROUP BY stream`)
				exec(t, c, `CREATE VIEW another AS SELECT 1 AS one`)
				exec(t, c, `DROP VIEW "Large ones"`)
				s.Kill()
				s.Restart()
				c = connect(t, s)
				if got := column(t, c, `SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM information_schema.views WHERE table_schema = 'public'`); got != "another orders streams\n" {
					t.Errorf("after a restart there are %q", got)
				}
				if n := number(t, c, `SELECT max(more)::bigint FROM orders`); n != 1 {
					t.Error(n)
				}
				if got := column(t, c, comments); got != "one row a stream, how many, all of them\n" {
					t.Errorf("comments %q after a restart", got)
				}
				if now := number(t, c, `SELECT 'orders'::regclass::oid::bigint`); now != oid {
					t.Errorf("its oid is %d instead of %d", now, oid)
				}
			})
		}
	}
}

// column is a result of one column, a line a row.
func column(t *testing.T, c *pgx.Conn, sql string) string {
	t.Helper()
	rows, err := c.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintln(strings.Join(list, "\n"))
}
