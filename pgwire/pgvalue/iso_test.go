package pgvalue

import (
	"fmt"
	"testing"
	"time"
)

// generalTime is parseTime without the short cut.
func generalTime(oid uint32, s string, loc *Zone) (int64, error) {
	return parseDateText(oid, s, loc)
}

func isoAgrees(t *testing.T, s string) (taken bool) {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, oid := range []uint32{OIDTimestamptz, OIDTimestamp, OIDDate} {
		for _, loc := range []*Zone{UTC, {Name: "Europe/Berlin", Location: berlin}} {
			micros, ok := isoTime(s, oid, loc)
			if !ok {
				continue
			}
			taken = true
			want, err := generalTime(oid, s, loc)
			if err != nil || want != micros {
				t.Errorf("%q as %d in %s: %d, the general parser has %d, %v", s, oid, loc.Name, micros, want, err)
			}
		}
	}
	return taken
}

// TestISOTime: the short cut takes what programs write, and reads it as the general parser does.
func TestISOTime(t *testing.T) {
	for _, s := range []string{
		"2026-11-24T18:00:01Z", "2026-11-24 18:00:01.5+02", "2026-11-24T18:00:01.123456-05:30", "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999Z", "2024-02-29 00:00:00", "1969-12-31T23:59:59.999Z", "2026-03-29 02:30:00+01:00", "2026-11-24T18:00:01.Z",
	} {
		if !isoAgrees(t, s) {
			t.Errorf("the short cut does not take %q", s)
		}
	}
	for _, s := range []string{
		"", "2026-11-24", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T18:00:60Z",
		"2026-11-24T18:00:01.1234567Z", "2026-11-24T18:00:01+15", "0000-01-01T00:00:00Z", "2026-11-24T18:00:01z", "2026-11-24T18:00:01 UTC",
		"2026-1a-24T18:00:01Z", "2026-11-24T18:00:01Z ", "2026-11-24T18:00:01+2", "2026-11-24T18:00:01+02:3", "-026-11-24T18:00:01Z", "2026-11-24T18:00:01.5.5Z",
	} {
		if _, ok := isoTime(s, OIDTimestamptz, UTC); ok {
			t.Errorf("the short cut takes %q", s)
		}
	}
	for year := 1; year < 10000; year += 7 {
		for month := 1; month <= 12; month++ {
			if s := fmt.Sprintf("%04d-%02d-%02d 12:34:56", year, month, 1+(year*month)%28); !isoAgrees(t, s) {
				t.Fatalf("the short cut does not take %q", s)
			}
		}
	}
}

func FuzzISOTime(f *testing.F) {
	for _, s := range []string{"2026-11-24T18:00:01.123456-05:30", "2024-02-29 00:00:00Z", "0001-01-01T00:00:00+14:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { isoAgrees(t, s) })
}

func BenchmarkTimestamp(b *testing.B) {
	const s = "2026-11-24T18:00:01.123Z"
	b.Run("iso", func(b *testing.B) {
		for b.Loop() {
			if _, err := parseTime(OIDTimestamptz, s, UTC); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("general", func(b *testing.B) {
		for b.Loop() {
			if _, err := generalTime(OIDTimestamptz, s, UTC); err != nil {
				b.Fatal(err)
			}
		}
	})
}
