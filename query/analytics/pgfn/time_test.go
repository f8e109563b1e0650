package pgfn

import (
	"strconv"
	"testing"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

func timeText(oid uint32, micros int64) *string {
	v := pgvalue.TimeValue(micros)
	return text(string(pgvalue.AppendText(nil, oid, &v, pgvalue.UTC)))
}

func parseTimeArg(oid uint32, s string) (int64, error) {
	v, err := pgvalue.ParseText(oid, s, pgvalue.UTC)
	return v.Int, err
}

// timeCase parses as many times as there are OIDs, beginning with argument from.
func timeCase(out uint32, from int, oids []uint32, f func(v []int64, a caseArgs) (int64, error)) caseFunc {
	return func(a caseArgs) (*string, error) {
		v := make([]int64, len(oids))
		for i, oid := range oids {
			var err error
			if v[i], err = parseTimeArg(oid, a.s(from+i)); err != nil {
				return nil, err
			}
		}
		t, err := f(v, a)
		if err != nil {
			return nil, err
		}
		return timeText(out, t), nil
	}
}

func intervalCase(args int, f func(v []Interval, a caseArgs) (Interval, error)) caseFunc {
	return func(a caseArgs) (*string, error) {
		v := make([]Interval, args)
		for i := range v {
			var err error
			if v[i], err = ParseInterval(a.s(i)); err != nil {
				return nil, err
			}
		}
		iv, err := f(v, a)
		if err != nil {
			return nil, err
		}
		return text(iv.String()), nil
	}
}

func floatArg(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return f
}

func int32Args(a caseArgs, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(a.int(i))
	}
	return out
}

func justifyCase(f func(Interval) (Interval, error)) caseFunc {
	return intervalCase(1, func(v []Interval, _ caseArgs) (Interval, error) { return f(v[0]) })
}

func extractCase(oid uint32) caseFunc {
	return func(a caseArgs) (*string, error) {
		t, err := parseTimeArg(oid, a.s(1))
		if err != nil {
			return nil, err
		}
		n, ok, err := Extract(a.s(0), t, oid, time.UTC)
		if err != nil || !ok {
			return nil, err
		}
		return text(n.String()), nil
	}
}

const (
	oidTimestamp   = pgvalue.OIDTimestamp
	oidTimestamptz = pgvalue.OIDTimestamptz
)

var _ = register(map[string]caseFunc{
	"iv":                  justifyCase(func(iv Interval) (Interval, error) { return iv, nil }),
	"iv_neg":              justifyCase(Interval.Neg),
	"iv_justify_hours":    justifyCase(Interval.JustifyHours),
	"iv_justify_days":     justifyCase(Interval.JustifyDays),
	"iv_justify_interval": justifyCase(Interval.JustifyInterval),
	"iv_add":              intervalCase(2, func(v []Interval, _ caseArgs) (Interval, error) { return v[0].Add(v[1]) }),
	"iv_sub":              intervalCase(2, func(v []Interval, _ caseArgs) (Interval, error) { return v[0].Sub(v[1]) }),
	"iv_mul":              intervalCase(1, func(v []Interval, a caseArgs) (Interval, error) { return v[0].MulFloat(floatArg(a.s(1))) }),
	"iv_div":              intervalCase(1, func(v []Interval, a caseArgs) (Interval, error) { return v[0].DivFloat(floatArg(a.s(1))) }),
	"iv_cmp": func(a caseArgs) (*string, error) {
		x, err1 := ParseInterval(a.s(0))
		y, err2 := ParseInterval(a.s(1))
		c := x.Cmp(y)
		if k := compareKeys(x.SortKey(nil), y.SortKey(nil)); k != c || err1 != nil || err2 != nil {
			return text("keys " + strconv.Itoa(k)), nil
		}
		return text(strconv.Itoa(c)), nil
	},
	"iv_extract": func(a caseArgs) (*string, error) {
		iv, err := ParseInterval(a.s(1))
		if err != nil {
			return nil, err
		}
		n, err := ExtractInterval(a.s(0), iv)
		return text(n.String()), err
	},
	"iv_part": func(a caseArgs) (*string, error) {
		iv, err := ParseInterval(a.s(1))
		if err != nil {
			return nil, err
		}
		f, err := DatePartInterval(a.s(0), iv)
		return text(pgwireFloat(f)), err
	},
	"iv_trunc": func(a caseArgs) (*string, error) {
		iv, err := ParseInterval(a.s(1))
		if err == nil {
			iv, err = TruncInterval(a.s(0), iv)
		}
		return text(iv.String()), err
	},
	"iv_make": func(a caseArgs) (*string, error) {
		v := int32Args(a, 6)
		iv, err := MakeInterval(v[0], v[1], v[2], v[3], v[4], v[5], floatArg(a.s(6)))
		return text(iv.String()), err
	},
	"ts_age": func(a caseArgs) (*string, error) {
		x, _ := parseTimeArg(oidTimestamp, a.s(0))
		y, _ := parseTimeArg(oidTimestamp, a.s(1))
		iv, err := Age(x, y)
		return text(iv.String()), err
	},
	"ts_sub": func(a caseArgs) (*string, error) {
		x, _ := parseTimeArg(oidTimestamp, a.s(0))
		y, _ := parseTimeArg(oidTimestamp, a.s(1))
		iv, err := SubTimestamps(x, y)
		return text(iv.String()), err
	},
	"ts_add": timeCase(oidTimestamp, 0, []uint32{oidTimestamp}, func(v []int64, a caseArgs) (int64, error) {
		iv, err := ParseInterval(a.s(1))
		if err != nil {
			return 0, err
		}
		return AddToTimestamp(v[0], iv)
	}),
	"ts_extract": extractCase(oidTimestamp),
	"tz_extract": extractCase(oidTimestamptz),
	"d_extract":  extractCase(pgvalue.OIDDate),
	"ts_part": func(a caseArgs) (*string, error) {
		t, err := parseTimeArg(oidTimestamp, a.s(1))
		if err != nil {
			return nil, err
		}
		f, ok, err := DatePart(a.s(0), t, oidTimestamp, time.UTC)
		if !ok || err != nil {
			return nil, err
		}
		return text(pgwireFloat(f)), nil
	},
	"ts_trunc": timeCase(oidTimestamp, 1, []uint32{oidTimestamp}, func(v []int64, a caseArgs) (int64, error) {
		return Trunc(a.s(0), v[0])
	}),
	"tz_trunc": timeCase(oidTimestamptz, 1, []uint32{oidTimestamptz}, func(v []int64, a caseArgs) (int64, error) {
		loc, err := ZoneOf(a.s(2))
		if err != nil {
			return 0, err
		}
		return TruncTz(a.s(0), v[0], loc)
	}),
	"tz_add": timeCase(oidTimestamptz, 0, []uint32{oidTimestamptz}, func(v []int64, a caseArgs) (int64, error) {
		loc, err := ZoneOf(a.s(2))
		if err != nil {
			return 0, err
		}
		iv, err := ParseInterval(a.s(1))
		if err != nil {
			return 0, err
		}
		return AddToTimestamptz(v[0], iv, loc)
	}),
	"tz_xzone": func(a caseArgs) (*string, error) {
		t, err := parseTimeArg(oidTimestamptz, a.s(1))
		if err != nil {
			return nil, err
		}
		loc, err := ZoneOf(a.s(2))
		if err != nil {
			return nil, err
		}
		n, _, err := Extract(a.s(0), t, oidTimestamptz, loc)
		return text(n.String()), err
	},
	"ts_bin": timeCase(oidTimestamp, 1, []uint32{oidTimestamp, oidTimestamp}, func(v []int64, a caseArgs) (int64, error) {
		iv, err := ParseInterval(a.s(0))
		if err != nil {
			return 0, err
		}
		return DateBin(iv, v[0], v[1])
	}),
	"ts_from": timeCase(oidTimestamptz, 0, []uint32{oidTimestamp}, func(v []int64, a caseArgs) (int64, error) {
		loc, err := ZoneOf(a.s(1))
		if err != nil {
			return 0, err
		}
		return FromLocal(v[0], loc), nil
	}),
	"ts_to": timeCase(oidTimestamp, 0, []uint32{oidTimestamptz}, func(v []int64, a caseArgs) (int64, error) {
		loc, err := ZoneOf(a.s(1))
		if err != nil {
			return 0, err
		}
		return ToLocal(v[0], loc), nil
	}),
	"ts_overlaps": func(a caseArgs) (*string, error) {
		var v [4]int64
		for i := range v {
			v[i], _ = parseTimeArg(oidTimestamp, a.s(i))
		}
		return text(strconv.FormatBool(OverlapsTime(v[0], v[1], v[2], v[3]))), nil
	},
	"make_date": func(a caseArgs) (*string, error) {
		v := int32Args(a, 3)
		t, err := MakeDate(v[0], v[1], v[2])
		return timeText(pgvalue.OIDDate, t), err
	},
	"make_ts": func(a caseArgs) (*string, error) {
		v := int32Args(a, 5)
		t, err := MakeTimestamp(v[0], v[1], v[2], v[3], v[4], floatArg(a.s(5)))
		return timeText(oidTimestamp, t), err
	},
	"make_tz": func(a caseArgs) (*string, error) {
		v := int32Args(a, 5)
		loc, err := ZoneOf(a.s(6))
		if err != nil {
			return nil, err
		}
		t, err := MakeTimestamptz(v[0], v[1], v[2], v[3], v[4], floatArg(a.s(5)), loc)
		return timeText(oidTimestamptz, t), err
	},
})

func FuzzInterval(f *testing.F) {
	for _, s := range []string{"1 day 02:03:04", "P1DT2H", "1-2", "@ 1.5 weeks ago", "-1 mon +2 days"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		iv, err := ParseInterval(s)
		if err != nil {
			return
		}
		again, err := ParseInterval(iv.String())
		if err != nil || again != iv {
			t.Fatalf("%q: %v, then %v, %v", s, iv, again, err)
		}
		iv.JustifyInterval()
		iv.MulFloat(1.1)
		AddToTimestamp(0, iv)
	})
}
