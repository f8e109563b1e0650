package isolation

import (
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// productions are lists and chains of the grammar, the analytics worker's too: head, then n times item with
// separators between, then tail.
var productions = []struct{ head, item, separator, tail string }{
	{"select ", "1", ",", ""},
	{"select ", "1 as a", ",", " from events"},
	{"select 1 from ", "events", ",", " limit 1"},
	{"select 1 from events ", "cross join events", " ", " limit 1"},
	{"select array[", "1", ",", "]"},
	{"select array[", "'a'", ",", "]::text[]"},
	{"select '{", "1", ",", "}'::int[]"},
	{"select 1 in (", "1", ",", ")"},
	{"select 1 not in (", "2", ",", ")"},
	{"select 1 where 1 = any (array[", "1", ",", "])"},
	{"select coalesce(", "null", ",", ")"},
	{"select greatest(", "1", ",", ")"},
	{"select least(", "1", ",", ")"},
	{"select concat(", "'a'", ",", ")"},
	{"select jsonb_build_array(", "1", ",", ")"},
	{"select (", "1", ",", ") = (1, 2)"},
	{"select row(", "1", ",", ")"},
	{"select case ", "when false then 1", " ", " end"},
	{"select ", "true", " and ", ""},
	{"select ", "false", " or ", ""},
	{"select ", "not", " ", " true"},
	{"select ", "'a'", " || ", ""},
	{"select ", "1", " + ", ""},
	{"select ", "(", "", "1"},
	{"select ", "- ", "", "1"},
	{"select 1 ", "+", "", "1"},
	{"select 1", "::int", "", ""},
	{"select 1::int", "[]", "", ""},
	{"select 1 from events order by ", "position", ",", " limit 1"},
	{"select 1 from events group by ", "type", ",", " limit 1"},
	{"select 1 from events group by grouping sets (", "(type)", ",", ")"},
	{"select count(*) over (partition by ", "type", ",", ") from events"},
	{"select string_agg(type, ',' order by ", "type", ",", ") from events"},
	{"", "select 1", " union ", ""},
	{"", "select 1", " union all ", ""},
	{"values ", "(1)", ",", ""},
	{"values (", "1", ",", ")"},
	{"select * from (values ", "(1)", ",", ") v"},
	{"with ", "a as (select 1)", ",", " select 1"},
	{"select ", "(select 1)", ",", ""},
	{"select ", "exists (select 1)", " and ", ""},
	{"select 1 from events where ", "stream like '%a'", " or ", ""},
	{"select 1 from events where ", "position = 1", " and ", ""},
	{"begin; insert into events (stream, type) values ", "('swept', 'A')", ",", "; rollback"},
	{"insert into events (", "stream", ",", ") values (1)"},
	{"insert into events values (", "1", ",", ")"},
	{"insert into events (stream, type) values ('swept', 'A') on conflict (", "event_id", ",", ") do nothing"},
	{"insert into events (stream, type) values ('swept', 'A') returning ", "position", ",", ", 1/0"},
	{"execute p(", "1", ",", ")"},
	{"prepare p(", "int", ",", ") as select 1"},
	{"copy events (", "stream", ",", ") from stdin"},
	{"copy events from stdin (", "format text", ",", ")"},
	{"set search_path to ", "public", ",", ""},
	{"begin ", "read only", ",", ""},
	{"drop view if exists ", "a", ",", ""},
	{"create view v (", "a", ",", ") as select 1"},
	{"explain (", "costs off", ",", ") select 1"},
	{"", "select 1", ";", ""},
	{"", "set app.a = 1", ";", ""},
	{"", ";", "", ""},
	{"select 1 ", "/* a */", "", ""},
	{"select ", "'a'", "\n", ""},
	{"select E'", "\\\\", "", "'"},
	{"select '", "''", "", "'"},
	{"select \"", "\"\"", "", "\""},
	{"vacuum ", "a", ",", ""},
	{"grant ", "select", ",", " on events to public"},
	{"update events set ", "type = 'a'", ",", ""},
	{"delete from events where ", "true", " and ", ""},
	{"lock ", "events", ",", ""},
}

// TestSweep: each production with ever more elements is answered or refused in bounded time and memory, and the
// session goes on.
func TestSweep(t *testing.T) {
	sizes := []int{1_000, 100_000}
	if harness.Long() {
		sizes = []int{1_000, 10_000, 100_000, 1_000_000}
	}
	server := harness.Eventgres(t)
	c, err := dial(server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.nc.Close()
	before, _, err := memory(server.PID)
	if err != nil {
		t.Fatal(err)
	}
	const soon = 10 * time.Second
	for _, p := range productions {
		for _, n := range sizes {
			began, computing := time.Now(), computed(t, server.PID)
			codes, err := c.query(repeated(p.head, p.item, p.separator, p.tail, n))
			if err != nil {
				t.Fatalf("%s%s …, %d times: the connection is lost: %v", p.head, p.item, n, err)
			}
			if took, busy := time.Since(began), computed(t, server.PID)-computing; took > soon && busy > soon {
				t.Errorf("%s%s …, %d times: %v took %v, %v of a processor", p.head, p.item, n, codes, took, busy)
			}
			for _, code := range codes {
				switch code[:2] {
				case "42", "54", "0A", "22", "26", "53", "25":
				default:
					t.Errorf("%s%s …, %d times: SQLSTATE %s", p.head, p.item, n, code)
				}
			}
			if _, err := c.query("rollback"); err != nil {
				t.Fatalf("%s%s …, %d times: the connection is lost: %v", p.head, p.item, n, err)
			}
		}
	}
	_, peak, err := memory(server.PID)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB at most, %d MiB before", peak>>20, before>>20)
	if peak > before+768<<20 {
		t.Errorf("the server took %d MiB, %d before", peak>>20, before>>20)
	}
}
