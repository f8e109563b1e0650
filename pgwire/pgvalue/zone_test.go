package pgvalue

import (
	"testing"
	"time"
)

// TestLoadZone: POSIX specifications mean what PostgreSQL takes them for, and a zone's name makes it again.
func TestLoadZone(t *testing.T) {
	summer, winter := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC), time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text, name     string
		summer, winter int
	}{
		{"UTC", "UTC", 0, 0},
		{"gmt", "GMT", 0, 0},
		{"europe/berlin", "Europe/Berlin", 7200, 3600},
		{":Europe/Berlin", "Europe/Berlin", 7200, 3600},
		{"utc+3", "UTC+3", -10800, -10800},
		{"GMT-5:30", "GMT-5:30", 19800, 19800},
		{"+08:00:30", "+08:00:30", -28830, -28830},
		{"=3", "=3", -10800, -10800},
		{"FOO3BAR", "FOO3BAR", -7200, -10800},
		{"<+03>-3<+04>,J60,300/1", "<+03>-3<+04>,J60,300/1", 14400, 10800},
		{"a3b1,M3.2.0/-1:30:15;M11.1.0", "A3B1,M3.2.0/-1:30:15;M11.1.0", -3600, -10800},
	} {
		loc, err := LoadZone(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if loc.String() != c.name {
			t.Errorf("%s is named %s, want %s", c.text, loc, c.name)
		}
		if _, got := summer.In(loc).Zone(); got != c.summer {
			t.Errorf("%s in summer: %d seconds east, want %d", c.text, got, c.summer)
		}
		if _, got := winter.In(loc).Zone(); got != c.winter {
			t.Errorf("%s in winter: %d seconds east, want %d", c.text, got, c.winter)
		}
	}
	for _, text := range []string{"", "A", "local", "Local", "UTC+", "UTC3:", "UTC3:70", "A168", "<a>b", "<a", ":x3", "EST5EDT,J0,J1", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0,M11.1.0x", "right/UTC", "../UTC", "/etc/localtime"} {
		if loc, err := LoadZone(text); err == nil {
			t.Errorf("%q is the zone %s", text, loc)
		}
	}
}

// TestOffsetZone: the zones of numbers and intervals are named as PostgreSQL names them.
func TestOffsetZone(t *testing.T) {
	for seconds, want := range map[float64]string{0: "<+00>-00", -28800: "<-08>+08", 29700: "<+08:15>-08:15", 3.6: "<+00:00:03>-00:00:03", 28830: "<+08:00:30>-08:00:30"} {
		loc, ok := OffsetZone(seconds)
		if !ok || loc.String() != want {
			t.Errorf("%v: %v, want %s", seconds, loc, want)
		}
		if again, err := LoadZone(want); err != nil {
			t.Errorf("%s: %v", want, err)
		} else if _, got := time.Unix(0, 0).In(again).Zone(); got != int(seconds) {
			t.Errorf("%s is %d seconds east", want, got)
		}
	}
	if _, ok := OffsetZone(168 * 3600); ok {
		t.Error("168 hours are an offset")
	}
}

// TestZoneKey: a key makes the zone again, with its style.
func TestZoneKey(t *testing.T) {
	for date := DateISO; date <= DateGerman; date++ {
		for digits := int8(-16); digits <= 0; digits += 4 {
			z := NewZone("UTC+3", time.UTC, Style{Date: date, Order: DMY, Interval: IntervalSQL, FloatDigits: digits, ByteaEscape: digits < -8})
			again, err := ZoneOfKey(z.Key())
			if err != nil || again.Name != z.Name || again.Style != z.Style {
				t.Errorf("%+v: %+v, %v", z, again, err)
			}
		}
	}
	if z, err := ZoneOfKey(UTC.Key()); z != UTC || err != nil {
		t.Errorf("UTC: %v, %v", z, err)
	}
}
