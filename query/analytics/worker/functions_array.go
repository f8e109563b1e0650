//go:build cgo

package worker

import (
	"bytes"
	"math"

	"github.com/eventgres/eventgres/pgwire"
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
		function("pg_array_text", tText, types(tTexts), func(in []vector, i int, out *writer) error {
			list := texts(&in[0], i)
			v := pgwire.ArrayValue(make([]pgwire.Value, len(list)))
			for k, s := range list {
				if s != nil {
					v.Array[k] = pgwire.TextValue(*s)
				}
			}
			out.SetBytes(i, pgwire.AppendText(nil, pgwire.OIDTextArray, &v, pgwire.UTC))
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
			setTexts(out, i, pgfn.StringToArray(in[0].Text(i), optional(&in[1]), optional(&in[2])))
			return nil
		})),
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
			out.SetDouble(i, a+(b-a)*part)
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

func checkFraction(f float64) error {
	if f < 0 || f > 1 || f != f {
		return pgwire.Errorf("22003", "percentile value %g is not between 0 and 1", f)
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
