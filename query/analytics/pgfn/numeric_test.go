package pgfn

import (
	"bytes"
	"math/big"
	"strconv"
	"testing"
)

func numericCase(f func(v []Numeric, a caseArgs) (Numeric, error), count int) caseFunc {
	return func(a caseArgs) (*string, error) {
		v := make([]Numeric, count)
		for i := range v {
			var err error
			if v[i], err = ParseNumeric(a.s(i)); err != nil {
				return nil, err
			}
		}
		n, err := f(v, a)
		if err != nil {
			return nil, err
		}
		return text(n.String()), nil
	}
}

func unaryCase(f func(Numeric) (Numeric, error)) caseFunc {
	return numericCase(func(v []Numeric, _ caseArgs) (Numeric, error) { return f(v[0]) }, 1)
}

func plainCase(f func(Numeric) Numeric) caseFunc {
	return numericCase(func(v []Numeric, _ caseArgs) (Numeric, error) { return f(v[0]), nil }, 1)
}

func binaryCase(f func(a, b Numeric) (Numeric, error)) caseFunc {
	return numericCase(func(v []Numeric, _ caseArgs) (Numeric, error) { return f(v[0], v[1]) }, 2)
}

func integerCase[T int16 | int32 | int64](f func(Numeric) (T, error)) caseFunc {
	return unaryCase(func(n Numeric) (Numeric, error) {
		v, err := f(n)
		return NumericFromInt(int64(v)), err
	})
}

func aggregateCase(f func(*NumericSum, *NumericMoments) (Numeric, bool, error)) caseFunc {
	return func(a caseArgs) (*string, error) {
		var whole, half [2]NumericSum
		var moments, half2 NumericMoments
		for i := range a {
			n, err := ParseNumeric(a.s(i))
			if err != nil {
				return nil, err
			}
			whole[0].Add(n)
			half[i%2].Add(n)
			if i%2 == 0 {
				moments.Add(n)
			} else {
				half2.Add(n)
			}
		}
		moments.Merge(&half2)
		half[0].Merge(&half[1])
		n, ok, err := f(&whole[0], &moments)
		m, _, _ := f(&half[0], &moments)
		if n.String() != m.String() {
			return text("merged " + m.String() + ", not " + n.String()), nil
		}
		if !ok || err != nil {
			return nil, err
		}
		return text(n.String()), nil
	}
}

func deviationCase(f func(int64, Numeric, Numeric) (Numeric, bool, error)) caseFunc {
	return aggregateCase(func(_ *NumericSum, m *NumericMoments) (Numeric, bool, error) {
		n, x, x2, err := m.Values()
		if err != nil {
			return Numeric{}, false, err
		}
		return f(n, x, x2)
	})
}

var _ = register(map[string]caseFunc{
	"num":            plainCase(func(n Numeric) Numeric { return n }),
	"num_add":        binaryCase(Numeric.Add),
	"num_sub":        binaryCase(Numeric.Sub),
	"num_mul":        binaryCase(Numeric.Mul),
	"num_div":        binaryCase(Numeric.Div),
	"num_mod":        binaryCase(Numeric.Mod),
	"num_intdiv":     binaryCase(Numeric.IntDiv),
	"num_gcd":        binaryCase(GCD),
	"num_lcm":        binaryCase(LCM),
	"num_power":      binaryCase(Numeric.Power),
	"num_logbase":    binaryCase(LogBase),
	"num_cmp":        binaryCase(func(a, b Numeric) (Numeric, error) { return NumericFromInt(int64(Cmp(a, b))), nil }),
	"num_sqrt":       unaryCase(Numeric.Sqrt),
	"num_exp":        unaryCase(Numeric.Exp),
	"num_ln":         unaryCase(Numeric.Ln),
	"num_log":        unaryCase(Numeric.Log),
	"num_ceil":       plainCase(Numeric.Ceil),
	"num_floor":      plainCase(Numeric.Floor),
	"num_sign":       plainCase(Numeric.Sign),
	"num_abs":        plainCase(Numeric.Abs),
	"num_neg":        plainCase(Numeric.Neg),
	"num_trim_scale": plainCase(Numeric.TrimScale),
	"num_min_scale": func(a caseArgs) (*string, error) {
		n, err := ParseNumeric(a.s(0))
		if err != nil {
			return nil, err
		}
		scale, ok := n.MinScale()
		if !ok {
			return nil, nil
		}
		return text(strconv.Itoa(scale)), nil
	},
	"num_int8": integerCase(Numeric.Int64),
	"num_int4": integerCase(Numeric.Int32),
	"num_int2": integerCase(Numeric.Int16),
	"num_float": func(a caseArgs) (*string, error) {
		n, err := ParseNumeric(a.s(0))
		if err != nil {
			return nil, err
		}
		f, err := n.Float64()
		v := pgwireFloat(f)
		return &v, err
	},
	"num_fromfloat": func(a caseArgs) (*string, error) {
		f, err := strconv.ParseFloat(a.s(0), 64)
		return text(NumericFromFloat(f).String()), err
	},
	"num_fromfloat4": func(a caseArgs) (*string, error) {
		f, err := strconv.ParseFloat(a.s(0), 32)
		return text(NumericFromFloat4(float32(f)).String()), err
	},
	"num_round": numericCase(func(v []Numeric, a caseArgs) (Numeric, error) { return v[0].Round(a.int(1)), nil }, 1),
	"num_trunc": numericCase(func(v []Numeric, a caseArgs) (Numeric, error) { return v[0].Trunc(a.int(1)), nil }, 1),
	"num_fit":   numericCase(func(v []Numeric, a caseArgs) (Numeric, error) { return v[0].Fit(a.int(1), a.int(2)) }, 1),
	"num_bucket": numericCase(func(v []Numeric, a caseArgs) (Numeric, error) {
		b, err := WidthBucket(v[0], v[1], v[2], int32(a.int(3)))
		return NumericFromInt(int64(b)), err
	}, 3),
	"num_factorial": func(a caseArgs) (*string, error) {
		n, err := Factorial(int64(a.int(0)))
		return text(n.String()), err
	},
	"num_agg_sum":         aggregateCase(func(s *NumericSum, _ *NumericMoments) (Numeric, bool, error) { return s.Sum() }),
	"num_agg_avg":         aggregateCase(func(s *NumericSum, _ *NumericMoments) (Numeric, bool, error) { return s.Avg() }),
	"num_agg_var_samp":    deviationCase(VarSamp),
	"num_agg_var_pop":     deviationCase(VarPop),
	"num_agg_stddev_samp": deviationCase(StddevSamp),
	"num_agg_stddev_pop":  deviationCase(StddevPop),
})

func FuzzNumeric(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1e30", "NaN", "-Infinity", "0.0001", "9223372036854775808", "1e-30", " 12 "} {
		f.Add(s, "1.5")
	}
	f.Fuzz(func(t *testing.T, x, y string) {
		a, err := ParseNumeric(x)
		if err != nil {
			return
		}
		again, err := ParseNumeric(a.String())
		if err != nil || again.String() != a.String() {
			t.Fatalf("%q: %s, then %s, %v", x, a, again, err)
		}
		b, err := ParseNumeric(y)
		if err != nil {
			return
		}
		if c, k := Cmp(a, b), bytes.Compare(a.SortKey(nil), b.SortKey(nil)); c != k {
			t.Fatalf("%s, %s: compare %d, keys %d", a, b, c, k)
		}
		if len(x)+len(y) > 40 {
			return
		}
		if d, err := a.Sub(b); err == nil && !d.IsNaN() && !a.IsInf() && d.Signum() != Cmp(a, b) {
			t.Fatalf("%s - %s = %s", a, b, d)
		}
		if a.kind != finite || b.kind != finite || b.Signum() == 0 {
			return
		}
		q, err1 := a.IntDiv(b)
		r, err2 := a.Mod(b)
		if err1 != nil || err2 != nil {
			return
		}
		p, err1 := q.Mul(b)
		s, err2 := p.Add(r)
		if err1 == nil && err2 == nil && Cmp(s, a) != 0 {
			t.Fatalf("%s / %s = %s, rest %s", a, b, q, r)
		}
		a.Div(b)
		a.Fit(10, 2)
	})
}

func TestNumericConstructors(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{NumericFromInt(-5).String(), "-5"},
		{NumericFromBigInt(new(big.Int).Lsh(big.NewInt(1), 70)).String(), "1180591620717411303424"},
		{NumericFromUnscaled(big.NewInt(-1), 3).String(), "-0.001"},
		{NumericFromUnscaled(big.NewInt(12), -3).String(), "12000"},
		{Numeric{}.String(), "0"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}

func BenchmarkParseNumeric(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseNumeric("12345.678")
	}
}

func BenchmarkNumericSum(b *testing.B) {
	b.ReportAllocs()
	n, _ := ParseNumeric("12345.678")
	var s NumericSum
	for b.Loop() {
		s.Add(n)
	}
}
