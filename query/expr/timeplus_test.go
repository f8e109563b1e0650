package expr

import (
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// What PostgreSQL 15 says of these in the zone Europe/Berlin.
func TestPlusInterval(t *testing.T) {
	zone, err := pgvalue.ZoneOfKey("=Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, interval, want string }{
		{"2026-03-28 12:00:00+01", "1 day", "2026-03-29 12:00:00+02"},
		{"2026-03-28 12:00:00+01", "24 hours", "2026-03-29 13:00:00+02"},
		{"2026-01-31 08:00:00+01", "1 month", "2026-02-28 08:00:00+01"},
		{"2024-02-29 08:00:00+01", "1 year", "2025-02-28 08:00:00+01"},
		{"2026-03-31 00:30:00+02", "-1 month -1 day", "2026-02-27 00:30:00+01"},
		{"2026-10-24 02:30:00+02", "1 day", "2026-10-25 02:30:00+01"},
		{"2026-03-28 02:30:00+01", "1 day 1 microsecond", "2026-03-29 03:30:00.000001+02"},
		{"infinity", "1 day", "infinity"},
	} {
		v, err := pgvalue.ParseText(pgvalue.OIDTimestamptz, c.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		iv, err := pgfn.ParseInterval(c.interval)
		if err != nil {
			t.Fatal(err)
		}
		got, err := plusInterval(v, iv, pgvalue.OIDTimestamptz, zone)
		if err != nil {
			t.Errorf("%s + %s: %v", c.at, c.interval, err)
			continue
		}
		if text := string(pgvalue.AppendText(nil, pgvalue.OIDTimestamptz, &got, zone)); text != c.want {
			t.Errorf("%s + %s: %s, want %s", c.at, c.interval, text, c.want)
		}
	}
}
