//go:build cgo

package worker

import (
	"unsafe"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

func setNumeric(out *writer, i int, n pgfn.Numeric) {
	var buf [64]byte
	out.SetBytes(i, n.AppendTo(buf[:0]))
}

func numericOf(v *vector, i int) (pgfn.Numeric, error) { return pgfn.ParseNumeric(v.Text(i)) }

func numeric1(name string, f func(pgfn.Numeric) (pgfn.Numeric, error)) *duck.Function {
	return function(name, tText, types(tText), func(in []vector, i int, out *writer) error {
		n, err := numericOf(&in[0], i)
		if err == nil {
			n, err = f(n)
		}
		if err == nil {
			setNumeric(out, i, n)
		}
		return err
	})
}

func simply(f func(pgfn.Numeric) pgfn.Numeric) func(pgfn.Numeric) (pgfn.Numeric, error) {
	return func(n pgfn.Numeric) (pgfn.Numeric, error) { return f(n), nil }
}

func numeric2(name string, f func(a, b pgfn.Numeric) (pgfn.Numeric, error)) *duck.Function {
	return function(name, tText, types(tText, tText), func(in []vector, i int, out *writer) error {
		a, err := numericOf(&in[0], i)
		if err != nil {
			return err
		}
		b, err := numericOf(&in[1], i)
		if err != nil {
			return err
		}
		n, err := f(a, b)
		if err == nil {
			setNumeric(out, i, n)
		}
		return err
	})
}

func numericDigits(name string, f func(n pgfn.Numeric, digits int) pgfn.Numeric) *duck.Function {
	return function(name, tText, types(tText, tInt), func(in []vector, i int, out *writer) error {
		n, err := numericOf(&in[0], i)
		if err == nil {
			setNumeric(out, i, f(n, int(in[1].Int32(i))))
		}
		return err
	})
}

// numericPick is greatest and least: nulls are passed over.
func numericPick(name string, sign int) *duck.Function {
	f := function(name, tText, nil, func(in []vector, i int, out *writer) error {
		var best pgfn.Numeric
		at := -1
		for k := range in {
			if in[k].Null(i) {
				continue
			}
			n, err := numericOf(&in[k], i)
			if err != nil {
				return err
			}
			if at < 0 || pgfn.Cmp(n, best)*sign > 0 {
				best, at = n, k
			}
		}
		if at < 0 {
			out.SetNull(i)
			return nil
		}
		out.SetBytes(i, in[at].Bytes(i))
		return nil
	})
	f.Variadic = tText
	return nullable(f)
}

func double1(name string, f func(float64) (float64, error)) *duck.Function {
	return function(name, tDouble, types(tDouble), func(in []vector, i int, out *writer) error {
		x, err := f(in[0].Double(i))
		out.SetDouble(i, x)
		return err
	})
}

func numberFunctions() []*duck.Function {
	list := []*duck.Function{
		numeric1("pg_num", func(n pgfn.Numeric) (pgfn.Numeric, error) { return n, nil }),
		numeric2("pg_num_add", pgfn.Numeric.Add), numeric2("pg_num_sub", pgfn.Numeric.Sub),
		numeric2("pg_num_mul", pgfn.Numeric.Mul), numeric2("pg_num_div", pgfn.Numeric.Div),
		numeric2("pg_num_mod", pgfn.Numeric.Mod), numeric2("pg_num_idiv", pgfn.Numeric.IntDiv),
		numeric2("pg_num_power", pgfn.Numeric.Power), numeric2("pg_num_log_base", pgfn.LogBase),
		numeric2("pg_num_gcd", pgfn.GCD), numeric2("pg_num_lcm", pgfn.LCM),
		numeric1("pg_num_neg", simply(pgfn.Numeric.Neg)), numeric1("pg_num_abs", simply(pgfn.Numeric.Abs)),
		numeric1("pg_num_sign", simply(pgfn.Numeric.Sign)), numeric1("pg_num_ceil", simply(pgfn.Numeric.Ceil)),
		numeric1("pg_num_floor", simply(pgfn.Numeric.Floor)), numeric1("pg_num_trim", simply(pgfn.Numeric.TrimScale)),
		numeric1("pg_num_sqrt", pgfn.Numeric.Sqrt), numeric1("pg_num_exp", pgfn.Numeric.Exp),
		numeric1("pg_num_ln", pgfn.Numeric.Ln), numeric1("pg_num_log", pgfn.Numeric.Log),
		numericDigits("pg_num_round", pgfn.Numeric.Round), numericDigits("pg_num_trunc", pgfn.Numeric.Trunc),
		numericPick("pg_num_greatest", 1), numericPick("pg_num_least", -1),
		function("pg_num_exactly", tText, types(tText, tInt), func(in []vector, i int, out *writer) error {
			n, err := numericOf(&in[0], i)
			if err != nil {
				return err
			}
			scale := int(in[1].Int32(i))
			least, finite := n.MinScale()
			if _, err := n.Fit(38, scale); err != nil || !finite || least > scale {
				return pgerror.Errorf(pgerror.FeatureNotSupported, "RANGE with an offset is not supported for the numeric %s", n).
					WithDetail("There it may have %d digits in front of the point and %d behind it.", 38-scale, scale)
			}
			setNumeric(out, i, n)
			return nil
		}),
		function("pg_num_fit", tText, types(tText, tInt, tInt), func(in []vector, i int, out *writer) error {
			n, err := numericOf(&in[0], i)
			if err == nil {
				n, err = n.Fit(int(in[1].Int32(i)), int(in[2].Int32(i)))
			}
			if err == nil {
				setNumeric(out, i, n)
			}
			return err
		}),
		function("pg_num_float", tText, types(tDouble, tBool), func(in []vector, i int, out *writer) error {
			if in[1].Bool(i) {
				setNumeric(out, i, pgfn.NumericFromFloat4(float32(in[0].Double(i))))
				return nil
			}
			setNumeric(out, i, pgfn.NumericFromFloat(in[0].Double(i)))
			return nil
		}),
		function("pg_num_key", tBlob, types(tText), func(in []vector, i int, out *writer) error {
			n, err := numericOf(&in[0], i)
			if err == nil {
				var buf [64]byte
				out.SetBytes(i, n.SortKey(buf[:0]))
			}
			return err
		}),
		function("pg_num_avg", tText, types(tText, tBig), func(in []vector, i int, out *writer) error {
			if in[1].Int64(i) == 0 {
				out.SetNull(i)
				return nil
			}
			n, err := numericOf(&in[0], i)
			if err == nil {
				n, err = n.Div(pgfn.NumericFromInt(in[1].Int64(i)))
			}
			if err == nil {
				setNumeric(out, i, n)
			}
			return err
		}),
		function("pg_num_factorial", tText, types(tBig), func(in []vector, i int, out *writer) error {
			n, err := pgfn.Factorial(in[0].Int64(i))
			if err == nil {
				setNumeric(out, i, n)
			}
			return err
		}),
		function("pg_num_spread", tText, types(tTexts, tText), numericSpread),
		function("pg_num_series", tTexts, types(tText, tText, tText), numericSeries),
		function("pg_width_bucket", tInt, types(tDouble, tDouble, tDouble, tInt), func(in []vector, i int, out *writer) error {
			b, err := pgfn.WidthBucketFloat(in[0].Double(i), in[1].Double(i), in[2].Double(i), in[3].Int32(i))
			out.SetInt32(i, b)
			return err
		}),
		function("pg_num_width_bucket", tInt, types(tText, tText, tText, tInt), func(in []vector, i int, out *writer) error {
			var n [3]pgfn.Numeric
			for k := range n {
				var err error
				if n[k], err = numericOf(&in[k], i); err != nil {
					return err
				}
			}
			b, err := pgfn.WidthBucket(n[0], n[1], n[2], in[3].Int32(i))
			out.SetInt32(i, b)
			return err
		}),
		function("pg_num_scale", tInt, types(tText), scaleOf(pgfn.Numeric.Scale)),
		function("pg_num_min_scale", tInt, types(tText), scaleOf(pgfn.Numeric.MinScale)),
		function("pg_float_text", tText, types(tDouble, tBool), func(in []vector, i int, out *writer) error {
			oid := uint32(pgvalue.OIDFloat8)
			if in[1].Bool(i) {
				oid = pgvalue.OIDFloat4
			}
			v := pgvalue.FloatValue(in[0].Double(i))
			var buf [32]byte
			out.SetBytes(i, pgvalue.AppendText(buf[:0], oid, &v, pgvalue.UTC))
			return nil
		}),
		function("pg_shift", tBig, types(tBig, tBig, tInt, tText), func(in []vector, i int, out *writer) error {
			x, by, bits := in[0].Int64(i), uint(in[1].Int64(i)), uint(in[2].Int32(i))*8
			by %= max(bits, 32) // a smallint is shifted as an integer, and cut
			if in[3].Text(i) == ">>" {
				out.SetInt64(i, x>>by)
				return nil
			}
			out.SetInt64(i, x<<by<<(64-bits)>>(64-bits))
			return nil
		}),
		// Of a series from null or to null there is nothing, whatever its step.
		function("pg_step", tBig, types(tBig, tBig, tBig), func(in []vector, i int, out *writer) error {
			if in[0].Int64(i) == 0 {
				return pgerror.Errorf(pgerror.InvalidParameterValue, "step size cannot equal zero")
			}
			out.SetInt64(i, in[0].Int64(i))
			return nil
		}),
		function("pg_count", tBig, types(tBig, tText, tText), func(in []vector, i int, out *writer) error {
			if in[0].Int64(i) < 0 {
				return pgerror.Errorf(in[1].Text(i), "%s must not be negative", in[2].Text(i))
			}
			out.SetInt64(i, in[0].Int64(i))
			return nil
		}),
	}
	list = append(list, mathFunctions()...)
	return append(list, conversionFunctions()...)
}

func scaleOf(f func(pgfn.Numeric) (int, bool)) func(in []vector, i int, out *writer) error {
	return func(in []vector, i int, out *writer) error {
		n, err := numericOf(&in[0], i)
		if err != nil {
			return err
		}
		scale, ok := f(n)
		if !ok {
			out.SetNull(i)
			return nil
		}
		out.SetInt32(i, int32(scale))
		return nil
	}
}

func numericSpread(in []vector, i int, out *writer) error {
	var m pgfn.NumericMoments
	for _, s := range texts(&in[0], i) {
		if s == nil {
			continue
		}
		n, err := pgfn.ParseNumeric(*s)
		if err != nil {
			return err
		}
		m.Add(n)
		out.Work.Steps(2 * len(*s)) // a square is some nanoseconds a digit
	}
	n, x, x2, err := m.Values()
	if err != nil {
		return err
	}
	f := map[string]func(int64, pgfn.Numeric, pgfn.Numeric) (pgfn.Numeric, bool, error){
		"var_samp": pgfn.VarSamp, "var_pop": pgfn.VarPop, "stddev_samp": pgfn.StddevSamp, "stddev_pop": pgfn.StddevPop,
	}[in[1].Text(i)]
	r, ok, err := f(n, x, x2)
	if err != nil || !ok {
		out.SetNull(i)
		return err
	}
	setNumeric(out, i, r)
	return nil
}

// maxSeries bounds a list that a function makes of a few arguments.
const maxSeries = 10_000_000

func numericSeries(in []vector, i int, out *writer) error {
	var n [3]pgfn.Numeric
	for k := range n {
		var err error
		if n[k], err = numericOf(&in[k], i); err != nil {
			return err
		}
	}
	for k, what := range [...]string{"start value", "stop value", "step size"} {
		switch {
		case n[k].IsNaN():
			return pgerror.Errorf(pgerror.InvalidParameterValue, "%s cannot be NaN", what)
		case n[k].IsInf():
			return pgerror.Errorf(pgerror.InvalidParameterValue, "%s cannot be infinity", what)
		}
	}
	sign := n[2].Signum()
	if sign == 0 {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "step size cannot equal zero")
	}
	var list []string
	for x := n[0]; pgfn.Cmp(x, n[1])*sign <= 0; {
		if len(list) == maxSeries {
			return pgerror.Errorf(pgerror.ProgramLimitExceeded, "generate_series may return %d numerics at most", maxSeries)
		}
		text := x.String()
		out.Work.Take(40 + len(text)) // with what a list has beside it
		list = append(list, text)
		var err error
		if x, err = x.Add(n[2]); err != nil {
			return err
		}
	}
	setTexts(out, i, pointers(list))
	return nil
}

func aggregateFunctions() []*duck.Aggregate {
	return []*duck.Aggregate{
		{
			Name: "pg_sum", Args: types(tText), Result: tText, StateBytes: int(unsafe.Sizeof(sumState{})),
			Update: func(in []vector, row int, state unsafe.Pointer) error {
				n, err := numericOf(&in[0], row)
				if err == nil {
					err = (*sumState)(state).add(n)
				}
				return err
			},
			Combine: func(source, target unsafe.Pointer) { (*sumState)(target).merge((*sumState)(source)) },
			Destroy: func(state unsafe.Pointer) { (*sumState)(state).forget() },
			Finalize: func(state unsafe.Pointer, out *writer, i int) error {
				s := (*sumState)(state)
				if s.count == 0 {
					out.SetNull(i)
					return nil
				}
				n, err := s.sum()
				if err == nil {
					setNumeric(out, i, n)
				}
				return err
			},
		},
		{
			Name: "pg_interval_sum", Args: types(tInterval), Result: tInterval, StateBytes: 32,
			Update: func(in []vector, row int, state unsafe.Pointer) error {
				s, v := (*[4]int64)(state), in[0].Interval(row)
				s[0] += int64(v.Months)
				s[1] += int64(v.Days)
				s[2] += v.Micros
				s[3]++
				return nil
			},
			Combine: func(source, target unsafe.Pointer) {
				s, t := (*[4]int64)(source), (*[4]int64)(target)
				for k := range s {
					t[k] += s[k]
				}
			},
			Finalize: func(state unsafe.Pointer, out *writer, i int) error {
				s := (*[4]int64)(state)
				if s[3] == 0 {
					out.SetNull(i)
					return nil
				}
				if int64(int32(s[0])) != s[0] || int64(int32(s[1])) != s[1] {
					return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "interval out of range")
				}
				out.SetInterval(i, duck.Span{Months: int32(s[0]), Days: int32(s[1]), Micros: s[2]})
				return nil
			},
		},
	}
}
