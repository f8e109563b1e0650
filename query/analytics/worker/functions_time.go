//go:build cgo

package worker

import (
	"math"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

const microsPerHour = 3_600_000_000

// finite tells whether a timestamp is neither infinity.
func finite(v int64) bool { return v != pgvalue.Infinity && micros(v) != pgvalue.NegativeInfinity }

// zoned converts a timestamp by the zone that the second argument names.
func zoned(name string, f func(v int64, loc *time.Location) int64) *duck.Function {
	return function(name, tTime, types(tTime, tText), func(in []vector, i int, out *writer) error {
		v := in[0].Int64(i)
		if !finite(v) {
			out.SetInt64(i, v)
			return nil
		}
		if z := in[1].Text(i); z == "UTC" {
			out.SetInt64(i, v)
			return nil
		}
		loc, err := zoneOf(&in[1], i)
		if err == nil {
			out.SetInt64(i, f(v, loc))
		}
		return err
	})
}

func timeText(name string, result *duck.Type, oid uint32, of func(v *vector, i int) int64) *duck.Function {
	return function(name, tText, types(result), func(in []vector, i int, out *writer) error {
		v := pgvalue.TimeValue(of(&in[0], i))
		var buf [40]byte
		out.SetBytes(i, pgvalue.AppendText(buf[:0], oid, &v, pgvalue.UTC))
		return nil
	})
}

func interval1(name string, f func(pgfn.Interval) (pgfn.Interval, error)) *duck.Function {
	return function(name, tInterval, types(tInterval), func(in []vector, i int, out *writer) error {
		iv, err := f(intervalOf(&in[0], i))
		setInterval(out, i, iv)
		return err
	})
}

func interval2(name string, f func(a, b pgfn.Interval) (pgfn.Interval, error)) *duck.Function {
	return function(name, tInterval, types(tInterval, tInterval), func(in []vector, i int, out *writer) error {
		iv, err := f(intervalOf(&in[0], i), intervalOf(&in[1], i))
		setInterval(out, i, iv)
		return err
	})
}

func intervalTimes(name string, f func(pgfn.Interval, float64) (pgfn.Interval, error)) *duck.Function {
	return function(name, tInterval, types(tInterval, tDouble), func(in []vector, i int, out *writer) error {
		iv, err := f(intervalOf(&in[0], i), in[1].Double(i))
		setInterval(out, i, iv)
		return err
	})
}

func instantOf(v *vector, i int) int64 { return micros(v.Int64(i)) }

// dateMicros is a date as µs since the Unix epoch.
func dateMicros(v *vector, i int) int64 {
	switch d := v.Int32(i); d {
	case 1<<31 - 1:
		return pgvalue.Infinity
	case -(1<<31 - 1):
		return pgvalue.NegativeInfinity
	default:
		return int64(d) * microsPerDay
	}
}

// Days since the Unix epoch that a date may be: from 4714-11-24 BC to before 5874898-01-01.
const (
	minDate = -2440588
	endDate = 2145042541 // 2145031949 - 10957 from 2000
)

func timeFunctions() []*duck.Function {
	list := []*duck.Function{
		zoned("pg_to_local", pgfn.ToLocal), zoned("pg_from_local", pgfn.FromLocal),
		timeText("pg_timestamp_text", tTime, pgvalue.OIDTimestamp, instantOf),
		timeText("pg_date_text", duck.TDate, pgvalue.OIDDate, dateMicros),
		styled("pg_timestamptz_text", tTime, pgvalue.OIDTimestamptz, func(v *vector, i int) pgvalue.Value { return pgvalue.TimeValue(instantOf(v, i)) }),
		function("pg_time_text", tText, types(duck.TTime), func(in []vector, i int, out *writer) error {
			var buf [24]byte
			out.SetBytes(i, pgvalue.AppendTime(buf[:0], in[0].Int64(i)))
			return nil
		}),
		function("pg_interval_text", tText, types(tInterval), func(in []vector, i int, out *writer) error {
			var buf [64]byte
			out.SetBytes(i, pgfn.AppendInterval(buf[:0], intervalOf(&in[0], i), pgvalue.IntervalPostgres))
			return nil
		}),
		intervalTimes("pg_interval_mul", pgfn.Interval.MulFloat),
		intervalTimes("pg_interval_div", pgfn.Interval.DivFloat),
		interval1("pg_justify_days", pgfn.Interval.JustifyDays), interval1("pg_justify_hours", pgfn.Interval.JustifyHours),
		interval1("pg_justify_interval", pgfn.Interval.JustifyInterval),
		function("pg_interval_micros", duck.TInt64, types(tInterval), func(in []vector, i int, out *writer) error {
			iv := in[0].Interval(i)
			// Years are 365.25 days, and months that make no year are 30.
			whole := int64(iv.Months/12)*31_557_600_000_000 + int64(iv.Months%12)*30*microsPerDay + int64(iv.Days)*microsPerDay
			if span := math.Abs(float64(iv.Months/12)*31_557_600e6 + float64(iv.Days)*microsPerDay + float64(iv.Micros)); span > 9.2e18 {
				return pgerror.Errorf(pgerror.FeatureNotSupported, "the epoch of an interval of more than 290,000 years is not supported")
			}
			out.SetInt64(i, whole+iv.Micros)
			return nil
		}),
		function("pg_time_micros", duck.TInt64, types(duck.TTime), func(in []vector, i int, out *writer) error {
			out.SetInt64(i, in[0].Int64(i))
			return nil
		}),
		function("pg_interval_time", duck.TTime, types(tInterval), func(in []vector, i int, out *writer) error {
			m := in[0].Interval(i).Micros % microsPerDay
			if m < 0 {
				m += microsPerDay
			}
			out.SetInt64(i, m)
			return nil
		}),
		function("pg_time_add", duck.TTime, types(duck.TTime, tInterval), func(in []vector, i int, out *writer) error {
			m := (in[0].Int64(i) + in[1].Interval(i).Micros) % microsPerDay
			if m < 0 {
				m += microsPerDay
			}
			out.SetInt64(i, m)
			return nil
		}),
		function("pg_interval_turned", tInterval, types(tInterval), func(in []vector, i int, out *writer) error {
			setInterval(out, i, intervalOf(&in[0], i).Turned())
			return nil
		}),
		interval2("pg_interval_add", pgfn.Interval.Add), interval2("pg_interval_sub", pgfn.Interval.Sub),
		function("pg_time_sub", tInterval, types(tTime, tTime), func(in []vector, i int, out *writer) error {
			iv, err := pgfn.SubTimestamps(instantOf(&in[0], i), instantOf(&in[1], i))
			setInterval(out, i, iv)
			return err
		}),
		function("pg_tz_add", tTime, types(tTime, tInterval, tText), func(in []vector, i int, out *writer) error {
			loc, err := zoneOf(&in[2], i)
			if err != nil {
				return err
			}
			v, err := pgfn.AddToTimestamptz(instantOf(&in[0], i), intervalOf(&in[1], i), loc)
			out.SetInt64(i, instant(v))
			return err
		}),
		function("pg_age", tInterval, types(tTime, tTime), func(in []vector, i int, out *writer) error {
			a, b := instantOf(&in[0], i), instantOf(&in[1], i)
			for _, v := range [...]int64{a, b} {
				if v == pgvalue.Infinity || v == pgvalue.NegativeInfinity {
					// PostgreSQL 15 has no infinite interval, and answers what its arithmetic runs over to.
					return pgerror.Errorf(pgerror.FeatureNotSupported, "the age of an infinite timestamp is not supported")
				}
			}
			iv, err := pgfn.Age(a, b)
			setInterval(out, i, iv)
			return err
		}),
		function("pg_ts_add", tTime, types(tTime, tInterval), func(in []vector, i int, out *writer) error {
			v, err := pgfn.AddToTimestamp(instantOf(&in[0], i), intervalOf(&in[1], i))
			out.SetInt64(i, instant(v))
			return err
		}),
		function("pg_date_add", duck.TDate, types(duck.TDate, tBig), func(in []vector, i int, out *writer) error {
			d := in[0].Int32(i)
			if d == math.MaxInt32 || d == -math.MaxInt32 {
				out.SetInt32(i, d)
				return nil
			}
			sum := int64(d) + in[1].Int64(i)
			if sum < minDate || sum >= endDate {
				return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date out of range")
			}
			out.SetInt32(i, int32(sum))
			return nil
		}),
		intFunction("pg_date_sub", types(duck.TDate, duck.TDate), func(in []vector, i int) (int, error) {
			a, b := in[0].Int32(i), in[1].Int32(i)
			if a == math.MaxInt32 || a == -math.MaxInt32 || b == math.MaxInt32 || b == -math.MaxInt32 {
				return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "cannot subtract infinite dates")
			}
			return int(a) - int(b), nil
		}),
		bigFunction("pg_epoch_2000", types(tTime), func(in []vector, i int) (int64, error) {
			v := instantOf(&in[0], i)
			if finite(in[0].Int64(i)) {
				v -= microsTo2000
			}
			return v, nil
		}),
		function("pg_date_bin", tTime, types(tInterval, tTime, tTime), func(in []vector, i int, out *writer) error {
			v, err := pgfn.DateBin(intervalOf(&in[0], i), instantOf(&in[1], i), instantOf(&in[2], i))
			out.SetInt64(i, instant(v))
			return err
		}),
		function("pg_trunc", tTime, types(tText, tTime), func(in []vector, i int, out *writer) error {
			v, err := pgfn.Trunc(in[0].Text(i), instantOf(&in[1], i))
			out.SetInt64(i, instant(v))
			return err
		}),
		function("pg_trunc_tz", tTime, types(tText, tTime, tText), func(in []vector, i int, out *writer) error {
			if v := in[1].Int64(i); !finite(v) { // whatever the field and the zone are
				out.SetInt64(i, v)
				return nil
			}
			loc, err := zoneOf(&in[2], i)
			if err != nil {
				return err
			}
			if v := in[1].Int64(i); loc == time.UTC && finite(v) && in[0].Text(i) == "hour" {
				out.SetInt64(i, v-(v%microsPerHour+microsPerHour)%microsPerHour) // what most queries have
				return nil
			}
			v, err := pgfn.TruncTz(in[0].Text(i), instantOf(&in[1], i), loc)
			out.SetInt64(i, instant(v))
			return err
		}),
		function("pg_interval_key", tBlob, types(tInterval), func(in []vector, i int, out *writer) error {
			var buf [32]byte
			out.SetBytes(i, intervalOf(&in[0], i).SortKey(buf[:0]))
			return nil
		}),
		function("pg_fit_interval", tInterval, types(tInterval, tInt, tInt), func(in []vector, i int, out *writer) error {
			iv := pgfn.IntervalFields(in[1].Int32(i)).Restrict(intervalOf(&in[0], i))
			if precision := in[2].Int32(i); precision <= 6 {
				iv.Micros = rounded(iv.Micros, precision)
			}
			setInterval(out, i, iv)
			return nil
		}),
		function("pg_round_clock", duck.TTime, types(duck.TTime, tInt), func(in []vector, i int, out *writer) error {
			out.SetInt64(i, rounded(in[0].Int64(i), in[1].Int32(i)))
			return nil
		}),
		function("pg_trunc_interval", tInterval, types(tText, tInterval), func(in []vector, i int, out *writer) error {
			iv, err := pgfn.TruncInterval(in[0].Text(i), intervalOf(&in[1], i))
			setInterval(out, i, iv)
			return err
		}),
		function("pg_extract", tText, types(tText, tTime, tText, tText), extractOf),
		function("pg_extract_interval", tText, types(tText, tInterval), func(in []vector, i int, out *writer) error {
			n, err := pgfn.ExtractInterval(in[0].Text(i), intervalOf(&in[1], i))
			if err == nil {
				setNumeric(out, i, n)
			}
			return err
		}),
		function("pg_extract_time", tText, types(tText, duck.TTime), func(in []vector, i int, out *writer) error {
			n, ok, err := pgfn.ExtractTime(in[0].Text(i), in[1].Int64(i))
			if err != nil || !ok {
				out.SetNull(i)
				return err
			}
			setNumeric(out, i, n)
			return nil
		}),
		function("pg_round_time", tTime, types(tTime, tInt), func(in []vector, i int, out *writer) error {
			v := in[0].Int64(i)
			if finite(v) { // away from zero, which for PostgreSQL is the year 2000
				v = rounded(v-microsTo2000, in[1].Int32(i)) + microsTo2000
			}
			out.SetInt64(i, v)
			return nil
		}),
		function("pg_make_date", duck.TDate, types(tInt, tInt, tInt), func(in []vector, i int, out *writer) error {
			v, err := pgfn.MakeDate(in[0].Int32(i), in[1].Int32(i), in[2].Int32(i))
			out.SetInt32(i, days(v))
			return err
		}),
		function("pg_make_timestamp", tTime, types(tInt, tInt, tInt, tInt, tInt, tDouble), func(in []vector, i int, out *writer) error {
			v, err := pgfn.MakeTimestamp(in[0].Int32(i), in[1].Int32(i), in[2].Int32(i), in[3].Int32(i), in[4].Int32(i), in[5].Double(i))
			out.SetInt64(i, instant(v))
			return err
		}),
		function("pg_make_time", duck.TTime, types(tInt, tInt, tDouble), func(in []vector, i int, out *writer) error {
			v, err := pgfn.MakeTime(in[0].Int32(i), in[1].Int32(i), in[2].Double(i))
			out.SetInt64(i, v)
			return err
		}),
		function("pg_make_interval", tInterval, types(tInt, tInt, tInt, tInt, tInt, tInt, tDouble), func(in []vector, i int, out *writer) error {
			iv, err := pgfn.MakeInterval(in[0].Int32(i), in[1].Int32(i), in[2].Int32(i), in[3].Int32(i), in[4].Int32(i), in[5].Int32(i), in[6].Double(i))
			setInterval(out, i, iv)
			return err
		}),
		function("pg_epoch_timestamp", tTime, types(tDouble), func(in []vector, i int, out *writer) error {
			x := in[0].Double(i)
			if math.IsInf(x, 0) {
				out.SetInt64(i, math.MaxInt64)
				if x < 0 {
					out.SetInt64(i, -math.MaxInt64)
				}
				return nil
			}
			if x != x {
				return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "timestamp cannot be NaN")
			}
			if x >= 9223371244800 || x < -210866803200 {
				return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "timestamp out of range: \"%g\"", x)
			}
			out.SetInt64(i, roundEven(x*1e6))
			return nil
		}),
		function("pg_time_series", duck.ListOf(tTime), types(tTime, tTime, tInterval, tText), timeSeries),
	}
	clock := function("pg_clock", tTime, nil, func(_ []vector, i int, out *writer) error {
		out.SetInt64(i, time.Now().UnixMicro())
		return nil
	})
	clock.Volatile = true
	return append(list, clock)
}

// rounded rounds µs to a number of digits of a second, half of the last away from zero.
func rounded(v int64, digits int32) int64 {
	unit := int64(1)
	for range 6 - min(digits, 6) {
		unit *= 10
	}
	if v < 0 {
		return -((-v + unit/2) / unit * unit)
	}
	return (v + unit/2) / unit * unit
}

// microsTo2000 is from the Unix epoch to PostgreSQL's.
const microsTo2000 = 946_684_800_000_000

// timeKinds are the OIDs of types by the names that errors use.
var timeKinds = map[string]uint32{
	"timestamp without time zone": pgvalue.OIDTimestamp, "timestamp with time zone": pgvalue.OIDTimestamptz, "date": pgvalue.OIDDate,
}

func extractOf(in []vector, i int, out *writer) error {
	oid := timeKinds[in[3].Text(i)]
	loc, err := zoneOf(&in[2], i)
	if err != nil {
		return err
	}
	n, ok, err := pgfn.Extract(in[0].Text(i), instantOf(&in[1], i), oid, loc)
	if err != nil || !ok {
		out.SetNull(i)
		return err
	}
	setNumeric(out, i, n)
	return nil
}

func timeSeries(in []vector, i int, out *writer) error {
	from, to, step := instantOf(&in[0], i), instantOf(&in[1], i), intervalOf(&in[2], i)
	loc, err := zoneOf(&in[3], i)
	if err != nil {
		return err
	}
	sign := step.Cmp(pgfn.Interval{})
	if sign == 0 {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "step size cannot equal zero")
	}
	var list []int64
	for v := from; sign > 0 && v <= to || sign < 0 && v >= to; {
		if len(list) == maxSeries {
			return pgerror.Errorf(pgerror.ProgramLimitExceeded, "generate_series may return %d times at most", maxSeries)
		}
		out.Work.Take(16)
		list = append(list, v)
		if v, err = pgfn.AddToTimestamptz(v, step, loc); err != nil {
			return err
		}
	}
	items, at := out.BeginList(i, len(list))
	for k, v := range list {
		items.SetInt64(at+k, v)
	}
	return nil
}
