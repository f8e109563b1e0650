//go:build linux

package worker

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// resident is a process's memory in MB, as the kernel sees it: the most it ever had (VmHWM).
func resident(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// maxResident is what the worker may have with its default bounds: the engine's memory, what it does not
// count (vectors), Go's memory, the program.
const maxResident = 1024 + 384 + 512 + 512

// TestMemory: what takes more memory than there is ends with an error in its own session, again and
// again; the worker is the same process afterwards and never had more than it may.
func TestMemory(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 2000)
	number(t, c, `SELECT count(DISTINCT type) FROM events`)
	pid := workerPID(t, s)
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid)); err != nil || strings.TrimSpace(string(b)) != "1000" {
		t.Errorf("the kernel is told %q of the worker: %v", b, err)
	}
	for _, sql := range []string{
		`SELECT length(array_agg(repeat(e.type,10000))::text) FROM events e, events f`,
		`SELECT length(string_agg(repeat(e.type,10000), '')) FROM events e, events f`,
		`SELECT array_agg(x) FROM (SELECT generate_series(1, 1000000000) x) x`,
		`SELECT jsonb_agg(repeat(e.type,10000)) FROM events e, events f`,
		`SELECT regexp_split_to_array(repeat('a,', 15000000), ',')`,
		`SELECT string_to_array(repeat('a,', 50000000), ',')`,
		`SELECT jsonb_path_query_array(('[' || repeat('1,', 8000000) || '1]')::jsonb, '$[*] ? (@ > 0)')`,
		`SELECT repeat('x', 100000000) || repeat('y', 100000000) || g FROM (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10),(11),(12),(13),(14),(15),(16)) v(g)`,
	} {
		if err := run(t.Context(), c, `SET statement_timeout = '5s'; `+sql); err != nil {
			wantCode(t, sql, err, "53200", "54000", "57014")
		}
		if now := workerPID(t, s); now != pid {
			t.Fatalf("%s: the worker was %d and is %d", sql, pid, now)
		}
		t.Logf("at most %d MB after %s", resident(t, pid), sql)
	}
	t.Logf("at most %d MB", resident(t, pid))
	if most := resident(t, pid); most > maxResident {
		t.Errorf("the worker had %d MB, more than %d", most, maxResident)
	}
}

// TestCursors: a session's open cursors are bounded in number and in what waits in them, and other
// sessions have room beside them.
func TestCursors(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 2000)
	number(t, c, `SELECT count(DISTINCT type) FROM events`)
	pid := workerPID(t, s)
	for name, of := range map[string]struct {
		column string
		code   string
		least  int
	}{
		"wide":   {`a.payload::text || repeat('x', 20000)`, "53200", 2},
		"narrow": {`a.type`, "54000", 100},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, s)
			exec(t, c, `BEGIN`)
			opened := 0
			var err error
			for ; err == nil && opened < 300; opened++ {
				sql := fmt.Sprintf(`DECLARE c%d CURSOR FOR SELECT %s FROM events a, events b; FETCH 1 FROM c%d`, opened, of.column, opened)
				err = run(t.Context(), c, sql)
			}
			if opened--; opened < of.least {
				t.Errorf("only %d cursors are open", opened)
			}
			wantCode(t, "one more", err, of.code)
			other := connect(t, s)
			if n := number(t, other, `SELECT count(*) FROM (SELECT payload::text || repeat('x', 1000) FROM events GROUP BY 1) x`); n != 2000 {
				t.Errorf("another session sees %d", n)
			}
			exec(t, c, `ROLLBACK`)
			if n := number(t, c, `SELECT count(DISTINCT type) FROM events`); n != 2 {
				t.Errorf("afterwards: %d types", n)
			}
		})
	}
	if now := workerPID(t, s); now != pid {
		t.Errorf("the worker was %d and is %d", pid, now)
	}
	if most := resident(t, pid); most > maxResident {
		t.Errorf("the worker had %d MB, more than %d", most, maxResident)
	}
}

// TestLinear: a set that comes from one big value takes memory that is linear in its size, and a series none.
func TestLinear(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 10)
	number(t, c, `SELECT count(DISTINCT type) FROM events`)
	pid := workerPID(t, s)
	for sql, want := range map[string]int64{
		`SELECT count(*) FROM generate_series(1, 1000000000)`:                                                                                                  1_000_000_000,
		`SELECT count(o) FROM generate_series(1, 20000000) WITH ORDINALITY AS t(g, o) WHERE g = o`:                                                             20_000_000,
		`SELECT count(*) FROM (SELECT jsonb_object_agg('k'||g, g) j FROM generate_series(1,20000) g) x, jsonb_each(x.j)`:                                       20_000,
		`SELECT count(*) FROM (SELECT jsonb_object_agg('k'||g, g) j FROM generate_series(1,20000) g) x, jsonb_each_text(x.j) e WHERE e.value <> ''`:            20_000,
		`SELECT count(*) FROM (SELECT jsonb_object_agg('k'||g, g) j FROM generate_series(1,20000) g) x, jsonb_object_keys(x.j)`:                                20_000,
		`SELECT count(*) FROM (SELECT jsonb_agg(g) j FROM generate_series(1,30000) g) x, jsonb_array_elements(x.j)`:                                            30_000,
		`SELECT max(o) FROM (SELECT jsonb_agg(g) j FROM generate_series(1,30000) g) x, jsonb_array_elements(x.j) WITH ORDINALITY AS e(v, o)`:                   30_000,
		`SELECT count(*) FROM (SELECT string_agg(g::text, ',') j FROM generate_series(1,30000) g) x, regexp_split_to_table(x.j, ',')`:                          30_000,
		`SELECT count(*) FROM (SELECT string_agg(g::text, ',') j FROM generate_series(1,30000) g) x, string_to_table(x.j, ',')`:                                30_000,
		`SELECT count(*) FROM (SELECT string_agg(g::text, ',') j FROM generate_series(1,30000) g) x, regexp_matches(x.j, '\d+', 'g')`:                          30_000,
		`SELECT count(*) FROM (SELECT jsonb_agg(g) j FROM generate_series(1,30000) g) x, jsonb_path_query(x.j, '$[*]')`:                                        30_000,
		`SELECT count(*) FROM (SELECT array_agg('x' || g) a FROM generate_series(1,30000) g) x, unnest(x.a) u`:                                                 30_000,
		`SELECT (SELECT count(*) FROM jsonb_array_elements(x.j)) FROM (SELECT jsonb_agg(g) j FROM generate_series(1,30000) g) x`:                               30_000,
		`SELECT count(*) FROM (SELECT jsonb_agg(g) j FROM generate_series(1,3000) g) x, jsonb_array_elements(x.j) a, generate_series(1, (a.value)::int % 3) s`: 3000,
	} {
		if n := number(t, c, sql); n != want {
			t.Errorf("%s: %d, not %d", sql, n, want)
		}
	}
	const maxLinear = 600
	if most := resident(t, pid); most > maxLinear {
		t.Errorf("the worker had %d MB, more than %d", most, maxLinear)
	}
}
