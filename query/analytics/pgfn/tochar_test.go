package pgfn

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

var _ = register(map[string]caseFunc{
	"c_ts": func(a caseArgs) (*string, error) {
		t, err := parseTimeArg(oidTimestamp, a.s(1))
		if err != nil {
			return nil, err
		}
		s, ok := ToCharTimestamp(a.s(0), t, "", 0)
		if !ok {
			return nil, nil
		}
		return &s, nil
	},
	"c_iv": func(a caseArgs) (*string, error) {
		iv, err := ParseInterval(a.s(1))
		if err != nil {
			return nil, err
		}
		s, ok, err := ToCharInterval(a.s(0), iv)
		if !ok {
			return nil, err
		}
		return &s, err
	},
	"c_num": func(a caseArgs) (*string, error) {
		n, err := ParseNumeric(a.s(1))
		if err != nil {
			return nil, err
		}
		s, err := ToCharNumeric(a.s(0), n)
		return &s, err
	},
	"c_int": textErrCase(func(a caseArgs) (string, error) { return ToCharInt(a.s(0), int64(a.int(1)), true) }),
	"c_float": textErrCase(func(a caseArgs) (string, error) {
		return ToCharFloat(a.s(0), floatArg(a.s(1)), 15)
	}),
	"c_date": func(a caseArgs) (*string, error) {
		t, err := ToDate(a.s(0), a.s(1))
		return timeText(pgvalue.OIDDate, t), err
	},
	"c_tots": func(a caseArgs) (*string, error) {
		t, err := ToTimestamp(a.s(0), a.s(1), time.UTC)
		return timeText(oidTimestamptz, t), err
	},
	"c_number": func(a caseArgs) (*string, error) {
		n, ok, err := ToNumber(a.s(0), a.s(1))
		if !ok {
			return nil, err
		}
		return text(n.String()), err
	},
})

func TestToCharZone(t *testing.T) {
	for _, c := range []struct {
		format, zone string
		offset       int
		want         string
	}{
		{"TZ tz TZH:TZM OF", "CET", 3600, "CET cet +01:00 +01"},
		{"TZ TZH:TZM OF", "IST", 19800, "IST +05:30 +05:30"},
		{"TZH TZM OF", "", -12600, "-03 30 -03:30"},
	} {
		if got, ok := ToCharTimestamp(c.format, 0, c.zone, c.offset); !ok || got != c.want {
			t.Errorf("%s: %q", c.format, got)
		}
	}
}

func FuzzTemplates(f *testing.F) {
	f.Add("YYYY-MM-DD HH24:MI:SS.US", "2024-02-29 13:14:15.6", int64(1709212455678901))
	f.Add("FM9G999D99S", "1,234.5-", int64(-1))
	f.Add(`RN "x\"y" EEEE`, "", int64(0))
	f.Fuzz(func(t *testing.T, format, s string, v int64) {
		if !utf8.ValidString(format) || !utf8.ValidString(s) {
			return
		}
		v %= 1 << 57
		out, _ := ToCharTimestamp(format, v, "CET", 3600)
		if !utf8.ValidString(out) {
			t.Fatalf("%q", out)
		}
		ToCharInterval(format, Interval{int32(v), int32(v >> 20), v})
		ToDate(s, format)
		ToTimestamp(s, format, time.UTC)
		ToNumber(s, format)
		if n, err := ParseNumeric(s); err == nil && len(s) < 50 {
			ToCharNumeric(format, n)
		}
		ToCharInt(format, v, true)
		ToCharFloat(format, float64(v)/1e6, 15)
	})
}
