//go:build cgo

package worker

import (
	"bytes"
	"math"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

func roundEven(x float64) int64 { return int64(math.RoundToEven(x)) }

// sameKey compares two keys of a list; nulls are one.
func sameKey(keys *vector, a, b int) bool {
	if keys.Null(a) || keys.Null(b) {
		return keys.Null(a) == keys.Null(b)
	}
	return bytes.Equal(keys.Bytes(a), keys.Bytes(b))
}

func arrayFunctions() []*duck.Function {
	join := func(in []vector, i int, out *writer) error {
		if in[0].Null(i) || in[1].Null(i) {
			out.SetNull(i)
			return nil
		}
		var null *string
		if len(in) > 2 && !in[2].Null(i) {
			s := in[2].Text(i)
			null = &s
		}
		var b []byte
		first := true
		for _, s := range texts(&in[0], i) {
			if s == nil {
				s = null
			}
			if s == nil {
				continue
			}
			if !first {
				b = append(b, in[1].Text(i)...)
			}
			first = false
			b = append(b, *s...)
		}
		out.SetBytes(i, b)
		return nil
	}
	return []*duck.Function{
		nullable(function("pg_join", tText, types(tTexts, tText), join)),
		nullable(function("pg_join_null", tText, types(tTexts, tText, tText), join)),
		// Of which thresholds a value is not below; the place is found as if they were in order.
		function("pg_bisect", tInt, types(tTexts), func(in []vector, i int, out *writer) error {
			reached := texts(&in[0], i)
			low, high := 0, len(reached)
			for low < high {
				if mid := (low + high) / 2; *reached[mid] == "t" {
					low = mid + 1
				} else {
					high = mid
				}
			}
			out.SetInt32(i, int32(low))
			return nil
		}),
		function("pg_array_text", tText, types(tTexts), func(in []vector, i int, out *writer) error {
			list := texts(&in[0], i)
			v := pgvalue.ArrayValue(make([]pgvalue.Value, len(list)))
			for k, s := range list {
				if s != nil {
					v.Array[k] = pgvalue.TextValue(*s)
				}
			}
			out.SetBytes(i, pgvalue.AppendText(nil, pgvalue.OIDTextArray, &v, pgvalue.UTC))
			return nil
		}),
		function("pg_unique_index", duck.ListOf(duck.TInt64), types(duck.ListOf(tBlob)), func(in []vector, i int, out *writer) error {
			from, to := in[0].List(i)
			keys := in[0].Child()
			var places []int64
			for k := from; k < to; k++ {
				if k == from || !sameKey(&keys, k-1, k) {
					places = append(places, int64(k-from+1))
				}
			}
			items, at := out.BeginList(i, len(places))
			for k, place := range places {
				items.SetInt64(at+k, place)
			}
			return nil
		}),
		function("pg_mode_index", tBig, types(duck.ListOf(tBlob)), func(in []vector, i int, out *writer) error {
			from, to := in[0].List(i)
			keys := in[0].Child()
			best, most, first := from, 0, from
			for k := from; k < to; k++ {
				if k > from && !sameKey(&keys, k-1, k) {
					first = k
				}
				if n := k - first + 1; n > most {
					best, most = first, n
				}
			}
			out.SetInt64(i, int64(best-from+1))
			return nil
		}),
		nullable(function("pg_string_to_array", tTexts, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			if in[0].Null(i) {
				out.BeginList(i, 0)
				out.SetNull(i)
				return nil
			}
			optional := func(v *vector) *string {
				if v.Null(i) {
					return nil
				}
				s := v.Text(i)
				return &s
			}
			setTexts(out, i, pgfn.StringToArrayWith(out.Work, in[0].Text(i), optional(&in[1]), optional(&in[2])))
			return nil
		})),
		bigFunction("pg_trim_count", types(tInt, tBig), func(in []vector, i int) (int64, error) {
			n, length := int64(in[0].Int32(i)), in[1].Int64(i)
			if n < 0 || n > length {
				return 0, pgerror.Errorf(pgerror.ArraySubscriptError, "number of elements to trim must be between 0 and %d", length)
			}
			return n, nil
		}),
		bigFunction("pg_fill_count", types(duck.ListOf(tInt)), fillCount),
		function("pg_bytes_agg", tBlob, types(duck.ListOf(duck.ListOf(tBlob))), func(in []vector, i int, out *writer) error {
			from, to := in[0].List(i)
			pairs := in[0].Child()
			var b []byte
			any := false
			for k := from; k < to; k++ {
				if pairs.Null(k) {
					continue
				}
				at, _ := pairs.List(k)
				items := pairs.Child()
				if any {
					b = append(b, items.Bytes(at)...)
				}
				any = true
				b = append(b, items.Bytes(at+1)...)
			}
			if !any {
				out.SetNull(i)
				return nil
			}
			out.SetBytes(i, b)
			return nil
		}),
		function("pg_string_agg", tText, types(duck.ListOf(tTexts)), func(in []vector, i int, out *writer) error {
			from, to := in[0].List(i)
			pairs := in[0].Child()
			var b []byte
			any := false
			for k := from; k < to; k++ {
				if pairs.Null(k) {
					continue
				}
				pair := texts(&pairs, k)
				if any {
					b = append(b, *pair[0]...)
				}
				any = true
				b = append(b, *pair[1]...)
			}
			if !any {
				out.SetNull(i)
				return nil
			}
			out.SetBytes(i, b)
			return nil
		}),
		function("pg_percentile", tDouble, types(duck.ListOf(tDouble), tDouble), func(in []vector, i int, out *writer) error {
			from, to := in[0].List(i)
			values := in[0].Child()
			lo, hi, part, ok, err := between(to-from, in[1].Double(i))
			if err != nil || !ok {
				out.SetNull(i)
				return err
			}
			a, b := values.Double(from+lo), values.Double(from+hi)
			if lo != hi { // infinity less itself is none
				a += (b - a) * part
			}
			out.SetDouble(i, a)
			return nil
		}),
		function("pg_percentile_interval", tInterval, types(duck.ListOf(tInterval), tDouble), func(in []vector, i int, out *writer) error {
			from, to := in[0].List(i)
			values := in[0].Child()
			lo, hi, part, ok, err := between(to-from, in[1].Double(i))
			if err != nil || !ok {
				out.SetNull(i)
				return err
			}
			a, b := intervalOf(&values, from+lo), intervalOf(&values, from+hi)
			d, err := b.Sub(a)
			if err == nil {
				d, err = d.MulFloat(part)
			}
			if err == nil {
				d, err = a.Add(d)
			}
			setInterval(out, i, d)
			return err
		}),
		function("pg_float_fold", tDouble, types(tText, duck.ListOf(tDouble)), floatFold),
		nullable(function("pg_percentile_index", duck.TInt64, types(duck.TInt64, tDouble), func(in []vector, i int, out *writer) error {
			if in[0].Null(i) || in[1].Null(i) {
				out.SetNull(i)
				return nil
			}
			f := in[1].Double(i)
			if err := checkFraction(f); err != nil {
				return err
			}
			out.SetInt64(i, max(int64(math.Ceil(f*float64(in[0].Int64(i)))), 1))
			return nil
		})),
	}
}

// fillCount is how many elements array_fill makes of its dimensions, of which there may be one.
func fillCount(in []vector, i int) (int64, error) {
	from, to := in[0].List(i)
	child := in[0].Child()
	switch {
	case from == to:
		return 0, nil
	case to-from > 1:
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "multidimensional arrays are not supported")
	case child.Null(from):
		return 0, pgerror.Errorf(pgerror.NullValueNotAllowed, "dimension values cannot be null")
	}
	switch n := child.Int32(from); {
	case n < 0, n > maxSeries:
		return 0, pgerror.Errorf(pgerror.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxSeries)
	default:
		return int64(n), nil
	}
}

func checkFraction(f float64) error {
	if f < 0 || f > 1 || f != f {
		return pgerror.Errorf(pgerror.NumericValueOutOfRange, "percentile value %g is not between 0 and 1", f)
	}
	return nil
}

// between finds which two of n sorted values a fraction lies between, and how far along.
func between(n int, f float64) (lo, hi int, part float64, ok bool, err error) {
	if err := checkFraction(f); err != nil || n == 0 {
		return 0, 0, 0, false, err
	}
	at := f * float64(n-1)
	lo, hi = int(math.Floor(at)), int(math.Ceil(at))
	return lo, hi, at - float64(lo), true, nil
}
