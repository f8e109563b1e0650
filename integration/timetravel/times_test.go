package timetravel

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestEdges: the positions that there are, and those just beyond.
func TestEdges(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, server.URL(), "")
	check := func(value, shown, count string) {
		t.Helper()
		if got := said(t, conn, "SET eventgres.as_of = "+value); shown == "" {
			if !strings.HasPrefix(got, "22023 ") {
				t.Errorf("%s: %s", value, got)
			}
			return
		} else if got != "SET" {
			t.Errorf("%s: %s", value, got)
		}
		for _, sql := range []string{"SELECT count(*) FROM events", "SELECT count(*) FROM (SELECT length(type) FROM events) q"} {
			if got := one(t, conn, "SHOW eventgres.as_of") + " " + one(t, conn, sql); got != shown+" "+count {
				t.Errorf("%s: %s: %s", value, sql, got)
			}
		}
		must(t, conn, "RESET eventgres.as_of")
	}
	check("-1", "-1", "0")
	check("'-1'", "-1", "0")
	check("''", "now", "0")
	check("'NOW'", "now", "0")
	check("DEFAULT", "now", "0")
	check("0", "", "")
	check("'2001-01-01'", "", "") // what will be recorded may be as old, if it is brought from elsewhere
	must(t, conn, "INSERT INTO events (stream, type) VALUES ('s', 'A'), ('s', 'B')")
	check("-1", "-1", "0")
	check("0", "0", "1")
	check("' 1 '", "1", "2")
	check("'0001'", "1", "2")
	check("2", "", "")
	check("'-infinity'", "-1", "0")
	check("'2001-01-01'", "-1", "0")
	check("'epoch'", "-1", "0")
	check("'now'", "now", "2")
	if got := one(t, conn, "SELECT setting, boot_val FROM pg_settings WHERE name = 'eventgres.as_of'"); got != "now | now" {
		t.Errorf("pg_settings: %s", got)
	}
}

// TestTimes: a time is the last event that was recorded by then, in whichever zone and form it is said.
func TestTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	server := harness.Eventgres(t)
	conn := connect(t, server.URL(), "")
	var at []time.Time
	for len(at) < 20 {
		n := 1 + r.IntN(3) // one append has one time
		must(t, conn, "INSERT INTO events (stream, type) VALUES "+strings.Repeat("('s', 'A'), ", n-1)+"('s', 'B')")
		var recorded time.Time
		if err := conn.QueryRow(t.Context(), "SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1").Scan(&recorded); err != nil {
			t.Fatal(err)
		}
		for range n {
			at = append(at, recorded)
		}
	}
	newest := at[len(at)-1]
	last := func(when time.Time) int { // the position of the last event by then
		p := -1
		for i := range at {
			if !at[i].After(when) {
				p = i
			}
		}
		return p
	}
	for range 60 {
		when := at[r.IntN(len(at))].Add(time.Duration(r.IntN(3)-1) * time.Microsecond)
		zone := [...]string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"}[r.IntN(4)]
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		text := when.In(location).Format("2006-01-02 15:04:05.000000")
		if r.IntN(2) == 0 {
			zone, text = "Asia/Tokyo", when.In(location).Format("2006-01-02T15:04:05.000000-07:00")
		}
		must(t, conn, "SET TIME ZONE '"+zone+"'")
		got := said(t, conn, "SET eventgres.as_of = '"+text+"'")
		if when.After(newest) {
			if !strings.HasPrefix(got, "22023 ") {
				t.Errorf("%s in %s, later than all events: %s", text, zone, got)
			}
			continue
		}
		if got = one(t, conn, "SHOW eventgres.as_of"); got != fmt.Sprint(last(when)) {
			t.Errorf("%s in %s is %s, want %d", text, zone, got, last(when))
		}
		must(t, conn, "SET TIME ZONE 'Pacific/Auckland'") // it is resolved by now
		if got := one(t, conn, "SELECT count(*) FROM events"); got != fmt.Sprint(last(when)+1) {
			t.Errorf("%s in %s: %s events, want %d", text, zone, got, last(when)+1)
		}
	}
}

// TestOptions: what a BI tool says in its address holds for all that it asks, in the zone that it says beside, whichever comes first.
func TestOptions(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, server.URL(), "")
	must(t, conn, "INSERT INTO events (stream, type) VALUES ('s', 'A'), ('s', 'B')")
	local := one(t, conn, "SELECT to_char(max(recorded_at) AT TIME ZONE 'Asia/Kathmandu', 'YYYY-MM-DD HH24:MI:SS.US') FROM events")
	must(t, conn, "INSERT INTO events (stream, type) VALUES ('t', 'A')")
	escaped := strings.ReplaceAll(local, " ", `\ `)
	for _, options := range []string{
		"-c eventgres.as_of=1", "--eventgres.as-of=1", "-c eventgres.as_of=0 -c eventgres.as_of=1",
		"-c TimeZone=Asia/Kathmandu -c eventgres.as_of=" + escaped, "-c eventgres.as_of=" + escaped + " -c TimeZone=Asia/Kathmandu",
	} {
		tool := connect(t, server.URL(), options)
		for _, sql := range []string{"", "DISCARD ALL", "RESET ALL", "RESET eventgres.as_of", "BEGIN; SET LOCAL eventgres.as_of = now; COMMIT", "SET eventgres.as_of = DEFAULT"} {
			if sql != "" {
				must(t, tool, sql)
			}
			if got := one(t, tool, "SHOW eventgres.as_of") + " " + one(t, tool, "SELECT count(*) FROM streams"); got != "1 1" {
				t.Errorf("%s, then %q: %s", options, sql, got)
			}
		}
		must(t, tool, "SET eventgres.as_of = now")
		if got := one(t, tool, "SELECT count(*) FROM streams"); got != "2" {
			t.Errorf("%s, and back: %s", options, got)
		}
	}
	for options, code := range map[string]string{"-c eventgres.as_of=7": "22023", "-c eventgres.as_of=then": "22023"} {
		if _, err := open(t, server.URL(), options); err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v", options, err)
		}
	}
	// A role's, which whoever gives it says in his zone.
	admin := connect(t, chief(server), "-c TimeZone=Asia/Kathmandu")
	must(t, admin, "CREATE ROLE analyst LOGIN", "GRANT SELECT ON events, streams TO analyst", "ALTER ROLE analyst SET eventgres.as_of = '"+local+"'")
	analyst := strings.Replace(server.URL(), "user=test", "user=analyst", 1)
	tool := connect(t, analyst, "")
	must(t, tool, "SET TIME ZONE 'UTC'")
	if got := one(t, tool, "SHOW eventgres.as_of") + " " + one(t, tool, "SELECT count(*) FROM events"); got != "1 2" {
		t.Errorf("the role's: %s", got)
	}
	if got := one(t, connect(t, analyst, "-c eventgres.as_of=0"), "SHOW eventgres.as_of"); got != "0" {
		t.Errorf("the session's own over the role's: %s", got)
	}
	must(t, admin, "ALTER ROLE analyst RESET eventgres.as_of")
	if got := one(t, connect(t, analyst, ""), "SHOW eventgres.as_of"); got != "now" {
		t.Errorf("reset: %s", got)
	}
	if got := said(t, admin, "ALTER ROLE analyst SET eventgres.as_of = 'infinity'"); !strings.HasPrefix(got, "22023 ") {
		t.Errorf("a role's that is no position: %s", got)
	}
}

// TestPolicies: they are today's, over old events; so are views.
func TestPolicies(t *testing.T) {
	server := harness.Eventgres(t)
	admin := connect(t, chief(server), "")
	must(t, admin, "INSERT INTO events (stream, type) VALUES ('s', 'A'), ('s', 'B'), ('t', 'A'), ('u', 'B')",
		"CREATE VIEW kinds AS SELECT type FROM events", "CREATE ROLE r LOGIN", "GRANT SELECT ON events, streams, kinds TO r",
		"CREATE POLICY p ON events FOR SELECT TO r USING (type = 'A')", "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
		"INSERT INTO events (stream, type) VALUES ('s', 'A'), ('v', 'A')")
	conn := connect(t, strings.Replace(server.URL(), "user=test", "user=r", 1), "-c eventgres.as_of=3")
	check := func(want map[string]string) {
		t.Helper()
		for sql, answer := range want {
			for _, route := range []string{"auto", "analytics"} {
				must(t, conn, "SET eventgres.route = "+route)
				if got := strings.ReplaceAll(one(t, conn, sql), "\n", ", "); got != answer {
					t.Errorf("%s, %s: %s, want %s", sql, route, got, answer)
				}
			}
		}
	}
	check(map[string]string{
		"SELECT position FROM events ORDER BY position":                              "0, 2",
		"SELECT count(*) FROM events":                                                "2",
		"SELECT stream, version, last_position FROM streams ORDER BY first_position": "s | 1 | 0, t | 0 | 2",
		"SELECT count(*) FROM streams":                                               "2",
	})
	must(t, admin, "DROP POLICY p ON events", "CREATE POLICY p ON events FOR SELECT TO r USING (type = 'B')", "CREATE OR REPLACE VIEW kinds AS SELECT lower(type) AS type FROM events")
	check(map[string]string{
		"SELECT position FROM events ORDER BY position": "1, 3",
		"SELECT type FROM kinds ORDER BY type":          "a, a, b, b",
	})
}
