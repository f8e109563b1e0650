//go:build linux

package worker

import (
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// deaf is what no statement may take that is to end after 300 ms.
const deaf = 4 * time.Second

// TestTimeout: no function is deaf to statement_timeout, in whatever of a statement it stands, and the worker
// need not be ended for it.
func TestTimeout(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 2000)
	number(t, c, `SELECT count(DISTINCT type) FROM events`)
	pid := workerPID(t, s)
	exec(t, c, `SET statement_timeout = '300ms'`)
	for _, sql := range []string{
		`SELECT regexp_count(repeat('a', 20000), 'a|a.*z') FROM events GROUP BY 1`,
		`SELECT count(regexp_replace(repeat('a', 20000) || position, '(a|b)|(a.*z)', 'x', 'g')) FROM events`,
		`SELECT count(regexp_match(repeat('a b', 20000) || position, '\y(a|a.*z)\y.*\y(b|c)+')) FROM events`,
		`SELECT regexp_count(repeat('a b ', 20000), '\y(a|a.*z)\y') FROM events GROUP BY 1`,
		`SELECT count(*) FROM events WHERE repeat('a', 20000) || position ~ '(a|aa|aaa)*(b|ab)*z'`,
		`SELECT count(*) FROM events WHERE repeat('a', 50000) || position ILIKE '%' || repeat('a_', 5000) || 'b%' AND position < 20`,
		`SELECT count(regexp_split_to_array(repeat('a,', 500000) || position, ',')) FROM events WHERE position < 10`,
		`SELECT count(to_char(position, repeat('9', 100000))) FROM events`,
		`SELECT count(('[' || repeat(repeat('7', 100000) || ',', 100) || '1]')::jsonb) FROM events e, events f`,
		`SELECT count(jsonb_path_query_array(('[' || repeat('1,', 20000) || position || ']')::jsonb, '$[*] ? (exists ($[*] ? (@ == 2)))')) FROM events`,
		`SELECT count(('[' || repeat('[1,2],', 20000) || position || ']')::jsonb @> ('[' || repeat('[1,2],', 20000) || '[7]]')::jsonb) FROM events WHERE position < 20`,
		`SELECT sum(ln((repeat('7', 20000) || position)::numeric)) FROM events`,
		`SELECT sum(power((repeat('7', 200) || position)::numeric, 300)) FROM events`,
	} {
		began, before := time.Now(), computed(t, pid)
		err := run(t.Context(), c, sql)
		took := time.Since(began)
		if err != nil { // it may be done in time
			wantCode(t, sql, err, "57014", "53200", "54000", "22003", "54001")
		}
		// A machine that does other things has a share of the bound, and may leave the worker, which has the lowest priority,
		// hardly a processor: only what it computes tells that it is deaf.
		if busy := computed(t, pid) - before; took > deaf && busy > deaf {
			t.Errorf("%s: it took %v, and %v of a processor", sql, took, busy)
		}
		t.Logf("%v: %s", took, sql)
	}
	if now := workerPID(t, s); now != pid {
		t.Errorf("the worker was %d and is %d", pid, now)
	}
}
