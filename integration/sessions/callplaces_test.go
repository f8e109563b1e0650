package sessions

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// callPlaces are where a call can stand: F is the function, X its argument, which is a column of FROM where there is one.
var callPlaces = []string{
	"select F(1)", "select F(x) from generate_series(1, 3) x", "select x, F(x) from generate_series(1, 3) x order by x desc limit 2",
	"select F(x) as a from generate_series(1, 3) x limit 0", "select F(x) from generate_series(1, 3) x where x > 1", "select F(x), F(x + 1) from generate_series(1, 2) x",
	"select F(x) from generate_series(1, 3) x offset 1", "select F(x) from generate_series(1, 3) x order by x desc offset 1 limit 1", "select F(x) from generate_series(1, 3) x offset 0",
	"select F(1) offset 1", "select F(1) limit 0", "select F(1) where false", "select F(1) where F(1) is not null",
	"select F(x) from generate_series(1, 3) x order by 1", "select F(x) as a from generate_series(1, 3) x order by a, x", "select x from generate_series(1, 3) x order by F(x)",
	"select distinct F(x) from generate_series(1, 3) x", "select F(x) from generate_series(1, 3) x group by x", "select F(max(x)) from generate_series(1, 3) x", "select count(F(x)) from generate_series(1, 3) x",
	"select F(x), row_number() over () from generate_series(1, 3) x", "select F(x) filter (where true) from generate_series(1, 3) x",
	"select 1 from generate_series(1, 3) x where F(x) is not null", "select 1 where F(1) is not null", "select 1 from generate_series(1, 3) x group by x having F(x) is not null",
	"select case when x > 1 then F(x) end from generate_series(1, 3) x", "select case when true then F(1) end", "select coalesce(F(1), F(2))", "select F(1) is null", "select F(1)::text", "select array[F(1)]", "select row(F(1))",
	"select (select F(1))", "select (select F(x)) from generate_series(1, 3) x", "select a from (select F(x) as a from generate_series(1, 3) x) s", "select exists (select F(1))", "select 1 where exists (select F(1))",
	"with q as (select F(1) as a) select a from q", "with q as (select F(1) as a) select 1", "with q as materialized (select F(x) as a from generate_series(1, 3) x) select count(*) from q",
	"select * from F(1)", "select * from generate_series(1, 2) x, F(x)", "select F(1) union all select F(2)", "values (F(1))", "values (F(1)), (F(2))", "select F(1) from events where false",
	"select F(1), F(1)", "select F(null)", "select F(x) from (values (1), (null), (2)) v(x)", "table events", "copy (select F(1)) to stdout", "copy (select F(x) from generate_series(1, 2) x) to stdout",
	"explain (costs off, format json) select F(1) limit 0", "prepare p as select F($1); execute p(1)", "prepare p as select F($1) from generate_series(1, 2); execute p(1)",
	"begin; declare c cursor for select F(x) from generate_series(1, 3) x; fetch 2 from c; commit", "begin; declare c cursor for select F(1); commit",
}

// TestCallPlaces: a function that does something to its session, anywhere in a statement, does what PostgreSQL's does, or is
// refused with a reason and a place; what locks are left and what is answered are both compared.
func TestCallPlaces(t *testing.T) {
	ours, theirs := open(t, harness.Eventgres(t).URL()), open(t, harness.Postgres(t).Database(t))
	refused, asked := 0, 0
	for _, f := range []string{"pg_try_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_xact_lock"} {
		for _, place := range callPlaces {
			sql := strings.ReplaceAll(place, "F(", f+"(")
			asked++
			after := "; select mode, objid, count(*) from pg_locks where locktype = 'advisory' group by 1, 2 order by 1, 2"
			if !strings.HasPrefix(place, "begin") {
				sql = "begin; " + sql + "; select 'held'" + after + "; commit"
			} else {
				sql += after
			}
			got, want := answer(t, ours, sql), answer(t, theirs, sql)
			for _, c := range []string{"rollback", "select pg_advisory_unlock_all()", "deallocate all"} {
				answer(t, ours, c)
				answer(t, theirs, c)
			}
			g, w := strings.Join(mask(got), "\n"), strings.Join(mask(want), "\n")
			if strings.HasPrefix(place, "explain") { // the plans are not the same
				g, w = g[strings.Index(g, "held"):], w[strings.Index(w, "held"):]
			}
			if strings.Contains(g, "ERROR 0A000") && strings.Contains(g, " at ") && !strings.Contains(g, `detail "", hint ""`) {
				refused++
			} else if g != w {
				t.Errorf("%s\n got %s\nwant %s", sql, g, w)
			}
		}
	}
	t.Logf("%d statements, %d refused with a reason", asked, refused)
}
