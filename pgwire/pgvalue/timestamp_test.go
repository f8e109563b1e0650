package pgvalue

import (
	"fmt"
	"testing"
	"time"
)

func zone(t *testing.T, name string) *Zone {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skip(err) // no time zone database here
	}
	return &Zone{Name: name, Location: loc}
}

// TestTimes: the answers are PostgreSQL 15's.
func TestTimes(t *testing.T) {
	amsterdam, newYork, kathmandu := zone(t, "Europe/Amsterdam"), zone(t, "America/New_York"), zone(t, "Asia/Kathmandu")
	for _, c := range []struct {
		oid      uint32
		zone     *Zone
		in, want string
	}{
		// Forms.
		{OIDTimestamptz, UTC, "2026-11-23", "2026-11-23 00:00:00+00"},
		{OIDTimestamptz, UTC, " 2026-11-23T18:00:01Z ", "2026-11-23 18:00:01+00"},
		{OIDTimestamptz, UTC, "2026-1-2 3:04", "2026-01-02 03:04:00+00"},
		{OIDTimestamptz, UTC, "2026-11-23 18:00:01.5 UTC", "2026-11-23 18:00:01.5+00"},
		{OIDTimestamptz, UTC, "2026-11-23 24:00:00", "2026-11-24 00:00:00+00"},
		{OIDTimestamptz, UTC, "2026-11-23 23:59:60", "2026-11-24 00:00:00+00"},
		{OIDTimestamptz, UTC, "epoch", "1970-01-01 00:00:00+00"},
		{OIDTimestamp, UTC, "2026-11-23 18:00:01+05", "2026-11-23 18:00:01"},
		{OIDDate, UTC, "2026-11-23 18:00:01", "2026-11-23"},
		{OIDDate, UTC, "2024-02-29", "2024-02-29"},

		// Fractions are of µs, rounded.
		{OIDTimestamp, UTC, "2026-01-01 10:00:00.1", "2026-01-01 10:00:00.1"},
		{OIDTimestamp, UTC, "2026-01-01 10:00:00.000001", "2026-01-01 10:00:00.000001"},
		{OIDTimestamp, UTC, "2026-01-01 10:00:00.1234567", "2026-01-01 10:00:00.123457"},
		{OIDTimestamp, UTC, "2026-01-01 10:00:00.9999999", "2026-01-01 10:00:01"},
		{OIDTimestamp, UTC, "1969-12-31 23:59:59.25", "1969-12-31 23:59:59.25"},
		{OIDTimestamp, UTC, "2026-01-01 10:00:00.", "2026-01-01 10:00:00"},

		// Far away.
		{OIDTimestamp, UTC, "infinity", "infinity"},
		{OIDTimestamptz, newYork, " -Infinity", "-infinity"},
		{OIDDate, UTC, "infinity", "infinity"},
		{OIDDate, UTC, "0044-03-15 BC", "0044-03-15 BC"},
		{OIDTimestamp, UTC, "0044-03-15 10:00:00.5 BC", "0044-03-15 10:00:00.5 BC"},
		{OIDDate, UTC, "0001-01-01 BC", "0001-01-01 BC"},
		{OIDDate, UTC, "0001-01-01", "0001-01-01"},
		{OIDDate, UTC, "4713-01-01 BC", "4713-01-01 BC"},
		{OIDTimestamptz, UTC, "294246-12-31 23:59:59+00", "294246-12-31 23:59:59+00"},
		{OIDTimestamptz, UTC, "294277-01-01", `!22008 timestamp out of range: "294277-01-01"`},
		{OIDTimestamptz, UTC, "4714-01-01 BC", `!22008 timestamp out of range: "4714-01-01 BC"`},
		{OIDDate, UTC, "12345-01-01", "12345-01-01"},

		// Zones.
		{OIDTimestamptz, amsterdam, "2026-07-01 12:00", "2026-07-01 12:00:00+02"},
		{OIDTimestamptz, amsterdam, "2026-07-01 12:00+00", "2026-07-01 14:00:00+02"},
		{OIDTimestamptz, amsterdam, "2026-01-01 12:00Z", "2026-01-01 13:00:00+01"},
		{OIDTimestamptz, UTC, "2026-07-01 12:00 America/New_York", "2026-07-01 16:00:00+00"},
		{OIDTimestamptz, UTC, "2026-07-01 12:00-03:30", "2026-07-01 15:30:00+00"},
		{OIDTimestamptz, UTC, "2026-07-01 12:00+0530", "2026-07-01 06:30:00+00"},
		{OIDTimestamptz, kathmandu, "2026-07-01 12:00Z", "2026-07-01 17:45:00+05:45"},
		{OIDTimestamptz, amsterdam, "1900-01-01 00:00Z", zoneText1900},
		{OIDTimestamptz, UTC, "2026-07-01 12:00+16", `!22009 time zone displacement out of range: "2026-07-01 12:00+16"`},
		{OIDTimestamptz, UTC, "2026-07-01 12:00 Nosuch/Zone", ""},

		// A time that the clocks skip is read with the offset from before, one that they
		// show twice with the offset from after.
		{OIDTimestamptz, amsterdam, "2026-03-29 01:59:59", "2026-03-29 01:59:59+01"},
		{OIDTimestamptz, amsterdam, "2026-03-29 02:30", "2026-03-29 03:30:00+02"},
		{OIDTimestamptz, amsterdam, "2026-10-25 02:30", "2026-10-25 02:30:00+01"},
		{OIDTimestamptz, amsterdam, "2026-10-25 02:30+02", "2026-10-25 02:30:00+02"},
		{OIDTimestamptz, newYork, "2026-03-08 02:30", "2026-03-08 03:30:00-04"},
		{OIDTimestamptz, newYork, "2026-11-01 01:30", "2026-11-01 01:30:00-05"},

		// Errors.
		{OIDTimestamptz, UTC, "", `!22007 invalid input syntax for type timestamp with time zone: ""`},
		{OIDTimestamp, UTC, "yesterdayish", `!22007 invalid input syntax for type timestamp: "yesterdayish"`},
		{OIDDate, UTC, "2026-02-29", `!22008 date/time field value out of range: "2026-02-29"`},
		{OIDDate, UTC, "2026-13-01", `!22008 date/time field value out of range: "2026-13-01"`},
		{OIDTimestamp, UTC, "2026-01-01 25:00", `!22008 date/time field value out of range: "2026-01-01 25:00"`},
		{OIDTimestamp, UTC, "2026-01-01 24:00:01", `!22008 date/time field value out of range: "2026-01-01 24:00:01"`},
		{OIDTimestamp, UTC, "2026-01-01 10:60", `!22008 date/time field value out of range: "2026-01-01 10:60"`},
	} {
		got := textOf(c.oid, c.in, c.zone)
		if c.want == "" { // PostgreSQL's words depend on its list of zones
			if got[0] != '!' {
				t.Errorf("%s %q: got %s, want an error", TypeName(c.oid), c.in, got)
			}
		} else if got != c.want {
			t.Errorf("%s %q in %s: got %s, want %s", TypeName(c.oid), c.in, c.zone.Name, got, c.want)
		}
	}
}

// zoneText1900 has seconds in its offset in some time zone databases, so it is computed.
var zoneText1900 = func() string {
	loc, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		return ""
	}
	local := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).In(loc)
	layout := "2006-01-02 15:04:05-07"
	if _, offset := local.Zone(); offset%60 != 0 {
		layout = "2006-01-02 15:04:05-07:00:00"
	} else if offset%3600 != 0 {
		layout = "2006-01-02 15:04:05-07:00"
	}
	return local.Format(layout)
}()

// TestOffsetSeconds: offsets from before standard time have seconds.
func TestOffsetSeconds(t *testing.T) {
	z := &Zone{Name: "LMT", Location: time.FixedZone("LMT", -(4*3600 + 56*60 + 2))}
	v := TimeValue(0)
	if got := string(AppendText(nil, OIDTimestamptz, &v, z)); got != "1969-12-31 19:03:58-04:56:02" {
		t.Errorf("got %s", got)
	}
	if got := textOf(OIDTimestamptz, "1969-12-31 19:03:58-04:56:02", UTC); got != "1970-01-01 00:00:00+00" {
		t.Errorf("got %s", got)
	}
}

// TestDays: today, tomorrow and yesterday are days of the session's zone.
func TestDays(t *testing.T) {
	z := &Zone{Name: "X", Location: time.FixedZone("X", 13*3600)}
	for {
		before := time.Now().In(z.Location).Format(time.DateOnly)
		got := textOf(OIDTimestamptz, "today", z)
		if before != time.Now().In(z.Location).Format(time.DateOnly) {
			continue // midnight came in between
		}
		if want := before + " 00:00:00+13"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return
	}
}

func TestPadded(t *testing.T) {
	for width := range 11 {
		for power := 1; power <= 10_000_000_000; power *= 10 {
			for _, v := range []int{power - 1, power, power + 7, power / 3} {
				if got, want := string(AppendPadded([]byte("x"), v, width)), fmt.Sprintf("x%0*d", width, v); got != want {
					t.Fatalf("%d, %d wide: %s, not %s", v, width, got, want)
				}
			}
		}
	}
}
