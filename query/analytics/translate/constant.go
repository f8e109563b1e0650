//go:build cgo

package translate

import (
	"math"
	"strconv"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// DuckDB takes constants that compare equal for one another: it computes an expression once
// for two that differ in such a constant alone, be it in a select list, an aggregate or a
// window. Intervals of a month and of 30 days compare equal, and so do zero and minus zero. A
// statement that holds two such has them written so that they are no constants to DuckDB, and
// each otherwise than the others.

// worth is what a constant is, as far as others can compare equal to it.
type worth struct {
	interval bool
	// computed is a constant that DuckDB computes, so that it is not known here.
	computed bool
	value    pgfn.Interval
	zero     bool // a float that is zero
	minus    bool // with its sign
}

// worthOf is that of a value of a type, and of an array's elements.
func worthOf(oid uint32, v *pgvalue.Value) []worth {
	switch {
	case v.Kind == pgvalue.Null:
	case v.Kind == pgvalue.KindArray:
		var out []worth
		for i := range v.Array {
			out = append(out, worthOf(elements[oid], &v.Array[i])...)
		}
		return out
	case v.Kind == pgvalue.KindFloat && v.Float == 0:
		return []worth{{zero: true, minus: math.Signbit(v.Float)}}
	case oid == pgvalue.OIDInterval:
		if iv, err := pgfn.ParseInterval(v.Text); err == nil {
			return []worth{{interval: true, value: iv}}
		}
	}
	return nil
}

// constant is what stands in a constant's place.
type constant struct {
	sql   string // of a literal
	worth []worth
}

// constantRef refers to a constant that others may compare equal to.
func (c *compiler) constantRef(sql string, w []worth) string {
	if len(w) == 0 {
		return sql
	}
	return refBegin + "=" + strconv.Itoa(c.constantAt(sql, w)) + refEnd
}

func (c *compiler) constantAt(sql string, w []worth) int {
	n, ok := c.constantOf[sql]
	if !ok {
		n = len(c.constants)
		if c.constantOf == nil {
			c.constantOf = map[string]int{}
		}
		c.constantOf[sql] = n
		c.constants = append(c.constants, &constant{sql, w})
	}
	return n
}

// computed makes a constant that DuckDB computes of others be one that is told apart.
func (c *compiler) computed(e *ex) *ex {
	interval := e.oid == pgvalue.OIDInterval || elements[e.oid] == pgvalue.OIDInterval
	if !e.constant || !interval && !isFloat(e.oid) {
		return e
	}
	n := strconv.Itoa(c.constantAt(e.sql, []worth{{interval: interval, computed: true}}))
	e.sql = refBegin + "(" + n + refEnd + e.sql + refBegin + ")" + n + refEnd
	return e
}

// equalConstants tells whether among constants there are two that compare equal and are not
// the same, or may be.
func equalConstants(all map[string][]worth) (intervals, floats bool) {
	byKey := map[[2]int64]pgfn.Interval{}
	computedIntervals, known, computedFloats := 0, 0, 0
	zeros := map[bool]bool{}
	for _, list := range all {
		for _, w := range list {
			switch {
			case w.interval && w.computed:
				computedIntervals++
			case w.interval:
				known++
				key := intervalKey(w.value)
				if other, ok := byKey[key]; ok && other != w.value {
					intervals = true
				}
				byKey[key] = w.value
			case w.computed:
				computedFloats++
			default:
				zeros[w.minus] = true
			}
		}
	}
	intervals = intervals || computedIntervals > 0 && computedIntervals+known > 1
	return intervals, len(zeros) > 1 || len(zeros) > 0 && computedFloats > 0
}

// intervalKey is equal for intervals that compare equal: days, and what is left of one.
func intervalKey(iv pgfn.Interval) [2]int64 {
	const day = 86_400_000_000
	days, rest := iv.Micros/day, iv.Micros%day
	if rest < 0 {
		days, rest = days-1, rest+day
	}
	return [2]int64{int64(iv.Months)*30 + int64(iv.Days) + days, rest}
}

// guards write constants so that DuckDB tells them apart.
type guards struct {
	intervals, floats bool
	number            map[string]int
}

// guards looks at all of a statement's constants.
func (s *Statement) guards(b *Bindings) *guards {
	all := map[string][]worth{}
	for _, g := range s.segments {
		if g.part {
			continue
		}
		switch g.kind {
		case constantSegment, beginSegment:
			all[g.text] = g.of.worth
		case paramSegment:
			v := &b.Parameters[g.n-1]
			if w := worthOf(s.Parameters[g.n-1], v); w != nil {
				all["$"+strconv.Itoa(g.n)] = w
			}
		}
	}
	if len(all) < 2 {
		return nil
	}
	out := &guards{number: map[string]int{}}
	if out.intervals, out.floats = equalConstants(all); !out.intervals && !out.floats {
		return nil
	}
	return out
}

// begin and end stand around a constant. What is random is no constant, and no two of them
// are the same expression.
func (g *guards) begin(text string, w []worth) string {
	if !g.guarded(w) {
		return ""
	}
	n, ok := g.number[text]
	if !ok {
		n = len(g.number)
		g.number[text] = n
	}
	return "(CASE WHEN random() < " + strconv.Itoa(n+2) + " THEN "
}

func (g *guards) end(w []worth) string {
	if !g.guarded(w) {
		return ""
	}
	return " END)"
}

func (g *guards) guarded(w []worth) bool {
	return g != nil && len(w) > 0 && (w[0].interval && g.intervals || !w[0].interval && g.floats)
}
