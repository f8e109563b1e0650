//go:build cgo

package worker

import (
	"math"
	"unsafe"

	"github.com/eventgres/eventgres/query/analytics/duck"
)

// moments are the sums that PostgreSQL's means, deviations and regressions of float8 are made
// of. They are kept as it keeps them, so that what rounding leaves, and what is an overflow, is
// the same: of values that are equal the deviation may be some 1e-17. Products are rounded on
// their own: an architecture that multiplies and adds at once would leave another rest.
type moments struct {
	n        float64
	sx, sxx  float64
	sy, syy  float64
	sxy      float64
	overflow bool
}

func isInf(f float64) bool { return math.IsInf(f, 0) }

// add takes a value in.
func (m *moments) add(x float64) error {
	before, sum := m.n, m.sx
	m.n++
	m.sx += x
	if before == 0 {
		if isInf(x) || math.IsNaN(x) {
			m.sxx = math.NaN()
		}
		return nil
	}
	off := float64(x*m.n) - m.sx
	m.sxx += float64(off*off) / float64(m.n*before)
	if isInf(m.sx) || isInf(m.sxx) {
		if !isInf(sum) && !isInf(x) {
			return errFloatHigh()
		}
		m.sxx = math.NaN()
	}
	return nil
}

// addPair takes a pair in.
func (m *moments) addPair(y, x float64) error {
	before, sumX, sumY := m.n, m.sx, m.sy
	m.n++
	m.sx += x
	m.sy += y
	if before == 0 {
		oddX, oddY := isInf(x) || math.IsNaN(x), isInf(y) || math.IsNaN(y)
		if oddX {
			m.sxx = math.NaN()
		}
		if oddY {
			m.syy = math.NaN()
		}
		if oddX || oddY {
			m.sxy = math.NaN()
		}
		return nil
	}
	offX, offY := float64(x*m.n)-m.sx, float64(y*m.n)-m.sy
	scale := 1 / float64(m.n*before)
	m.sxx += float64(float64(offX*offX) * scale)
	m.syy += float64(float64(offY*offY) * scale)
	m.sxy += float64(float64(offX*offY) * scale)
	if !isInf(m.sx) && !isInf(m.sxx) && !isInf(m.sy) && !isInf(m.syy) && !isInf(m.sxy) {
		return nil
	}
	finiteX, finiteY := !isInf(sumX) && !isInf(x), !isInf(sumY) && !isInf(y)
	if (isInf(m.sx) || isInf(m.sxx)) && finiteX || (isInf(m.sy) || isInf(m.syy)) && finiteY || isInf(m.sxy) && finiteX && finiteY {
		return errFloatHigh()
	}
	for _, sum := range [...]*float64{&m.sxx, &m.syy, &m.sxy} {
		if isInf(*sum) {
			*sum = math.NaN()
		}
	}
	return nil
}

// merge takes in what another state has. An overflow is told when the state is asked.
func (m *moments) merge(o *moments) {
	switch {
	case o.n == 0:
		return
	case m.n == 0:
		*m = *o
		return
	}
	n := m.n + o.n
	offX, offY := m.sx/m.n-o.sx/o.n, m.sy/m.n-o.sy/o.n
	join := func(a, b, x, y float64) float64 {
		sum := a + b + float64(float64(float64(m.n*o.n)*x)*y)/n
		m.overflow = m.overflow || isInf(sum) && !isInf(a) && !isInf(b)
		return sum
	}
	total := func(a, b float64) float64 {
		m.overflow = m.overflow || isInf(a+b) && !isInf(a) && !isInf(b)
		return a + b
	}
	m.overflow = m.overflow || o.overflow
	m.sxx, m.syy, m.sxy = join(m.sxx, o.sxx, offX, offX), join(m.syy, o.syy, offY, offY), join(m.sxy, o.sxy, offX, offY)
	m.n, m.sx, m.sy = n, total(m.sx, o.sx), total(m.sy, o.sy)
}

// results are what is made of the moments; false stands for null.
var results = map[string]func(m *moments) (float64, bool){
	"pg_avg":            func(m *moments) (float64, bool) { return m.sx / m.n, true },
	"pg_var_pop":        func(m *moments) (float64, bool) { return m.sxx / m.n, true },
	"pg_var_samp":       func(m *moments) (float64, bool) { return m.sxx / (m.n - 1), m.n > 1 },
	"pg_stddev_pop":     func(m *moments) (float64, bool) { return math.Sqrt(m.sxx / m.n), true },
	"pg_stddev_samp":    func(m *moments) (float64, bool) { return math.Sqrt(m.sxx / (m.n - 1)), m.n > 1 },
	"pg_regr_avgx":      func(m *moments) (float64, bool) { return m.sx / m.n, true },
	"pg_regr_avgy":      func(m *moments) (float64, bool) { return m.sy / m.n, true },
	"pg_regr_sxx":       func(m *moments) (float64, bool) { return m.sxx, true },
	"pg_regr_syy":       func(m *moments) (float64, bool) { return m.syy, true },
	"pg_regr_sxy":       func(m *moments) (float64, bool) { return m.sxy, true },
	"pg_covar_pop":      func(m *moments) (float64, bool) { return m.sxy / m.n, true },
	"pg_covar_samp":     func(m *moments) (float64, bool) { return m.sxy / (m.n - 1), m.n > 1 },
	"pg_regr_slope":     func(m *moments) (float64, bool) { return m.sxy / m.sxx, m.sxx != 0 },
	"pg_regr_intercept": func(m *moments) (float64, bool) { return (m.sy - float64(m.sx*m.sxy)/m.sxx) / m.n, m.sxx != 0 },
	"pg_corr": func(m *moments) (float64, bool) {
		return m.sxy / math.Sqrt(m.sxx*m.syy), m.sxx != 0 && m.syy != 0
	},
	"pg_regr_r2": func(m *moments) (float64, bool) {
		if m.syy == 0 {
			return 1, m.sxx != 0
		}
		return float64(m.sxy*m.sxy) / float64(m.sxx*m.syy), m.sxx != 0
	},
}

// ofOne are those of single values; all others are of pairs.
var ofOne = map[string]bool{"pg_avg": true, "pg_var_pop": true, "pg_var_samp": true, "pg_stddev_pop": true, "pg_stddev_samp": true}

// floatFold is an aggregate of float8s over a list, in its order.
func floatFold(in []vector, i int, out *writer) error {
	name := in[0].Text(i)
	from, to := in[1].List(i)
	values := in[1].Child()
	var m moments
	for k := from; k < to; k++ {
		if values.Null(k) {
			continue
		}
		out.Work.Step()
		var err error
		if reals, sums := ofReals[name]; sums {
			err = m.sum(values.Double(k), reals)
		} else {
			err = m.add(values.Double(k))
		}
		if err != nil {
			return err
		}
	}
	v, ok := m.sx, true
	if result := results[name]; result != nil && m.n > 0 {
		v, ok = result(&m)
	}
	if m.n == 0 || !ok {
		out.SetNull(i)
		return nil
	}
	out.SetDouble(i, v)
	return nil
}

func momentFunctions() []*duck.Aggregate {
	list := []*duck.Aggregate{floatSum("pg_float_sum"), floatSum("pg_real_sum")}
	for name, result := range results {
		a := &duck.Aggregate{
			Name: name, Args: types(tDouble, tDouble), Result: tDouble, StateBytes: int(unsafe.Sizeof(moments{})),
			Update: func(in []vector, row int, state unsafe.Pointer) error {
				return (*moments)(state).addPair(in[0].Double(row), in[1].Double(row))
			},
			Combine: func(source, target unsafe.Pointer) { (*moments)(target).merge((*moments)(source)) },
			Finalize: func(state unsafe.Pointer, out *writer, i int) error {
				m := (*moments)(state)
				if m.overflow {
					return errFloatHigh()
				}
				if m.n > 0 {
					if v, ok := result(m); ok {
						out.SetDouble(i, v)
						return nil
					}
				}
				out.SetNull(i)
				return nil
			},
		}
		if ofOne[name] {
			a.Args = types(tDouble)
			a.Update = func(in []vector, row int, state unsafe.Pointer) error {
				return (*moments)(state).add(in[0].Double(row))
			}
		}
		list = append(list, a)
	}
	return list
}

// ofReals tells of the sums of float8s whether each is rounded to a real.
var ofReals = map[string]bool{"pg_float_sum": false, "pg_real_sum": true}

// sum adds a value to a sum, which begins with its first, -0 included.
func (m *moments) sum(v float64, reals bool) error {
	if m.n++; m.n == 1 {
		m.sx = v
		return nil
	}
	sum := m.sx + v
	if reals {
		sum = float64(float32(m.sx) + float32(v))
	}
	if isInf(sum) && !isInf(m.sx) && !isInf(v) {
		return errFloatHigh()
	}
	m.sx = sum
	return nil
}

func floatSum(name string) *duck.Aggregate {
	add := func(m *moments, v float64) error { return m.sum(v, ofReals[name]) }
	return &duck.Aggregate{
		Name: name, Args: types(tDouble), Result: tDouble, StateBytes: int(unsafe.Sizeof(moments{})),
		Update: func(in []vector, row int, state unsafe.Pointer) error {
			return add((*moments)(state), in[0].Double(row))
		},
		Combine: func(source, target unsafe.Pointer) {
			s, t := (*moments)(source), (*moments)(target)
			if s.n > 0 {
				n := t.n + s.n
				t.overflow = t.overflow || s.overflow || add(t, s.sx) != nil
				t.n = n
			}
		},
		Finalize: func(state unsafe.Pointer, out *writer, i int) error {
			m := (*moments)(state)
			switch {
			case m.overflow:
				return errFloatHigh()
			case m.n == 0:
				out.SetNull(i)
			default:
				out.SetDouble(i, m.sx)
			}
			return nil
		},
	}
}
