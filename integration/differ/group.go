package differ

import (
	"fmt"
	"strings"
)

// aggregate makes an aggregate of the type.
func (g *grammar) aggregate(typ string, s scope) *Node {
	from := aggregates[typ]
	if len(from) == 0 {
		return node(typ, "max(", g.expr("int4", s, 1), ")::text::"+sqlName(typ))
	}
	// Subqueries in an aggregate's argument are the worst of both; one in three may.
	level := 1
	text := pick(g.r, from)
	if s.inner > 0 && g.chance(85) {
		s = scope{s.columns[:s.inner], s.inner} // of outer columns alone it would be the outer query's
	}
	n := g.template(typ, text, s, level)
	if n == nil {
		return g.constant(typ)
	}
	if g.chance(15) && strings.HasSuffix(text, ")") && strings.Count(text, "(") == 1 {
		n.Parts = append(n.Parts, optional(" filter (where ", g.expr("bool", s, 1), ")"))
	}
	return n
}

// grouped makes a query with GROUP BY, or aggregates over everything.
func (g *grammar) grouped(types []string, s scope) *Node {
	f, own := g.from(s)
	inner := s.within(own)
	keys := map[int]*Node{}
	for i, t := range types {
		if g.chance(45) {
			keys[i] = g.key(t, inner)
		}
	}
	items := node("")
	var group []*Node
	for i, t := range types {
		if i > 0 {
			items.Parts = append(items.Parts, ", ")
		}
		key := keys[i]
		if key != nil {
			group = append(group, key)
			items.Parts = append(items.Parts, key)
		} else {
			items.Parts = append(items.Parts, g.aggregate(t, inner))
		}
		items.Parts = append(items.Parts, fmt.Sprintf(" as c%d", i+1))
	}
	parts := []any{"select ", items, " from ", f, g.where(inner)}
	if len(group) > 0 {
		by := list(", ", 1, group)
		switch g.r.IntN(10) {
		case 0:
			parts = append(parts, " group by rollup (", by, ")")
		case 1:
			parts = append(parts, " group by cube (", by, ")")
		case 2:
			parts = append(parts, " group by grouping sets ((", by, "), ())")
		case 3:
			first := group[0]
			parts = append(parts, " group by grouping sets ((", by, "), (", first, "), rollup (", first, "))")
		default:
			parts = append(parts, " group by ", by)
		}
	}
	if g.chance(20) {
		parts = append(parts, optional(" having ", g.aggregate("bool", inner)))
	}
	return node(querySort(types), parts...)
}

// key is what a query groups by: not a constant, which PostgreSQL takes for an ordinal.
func (g *grammar) key(typ string, s scope) *Node {
	for range 3 {
		if n := g.column(typ, scope{s.columns[:s.inner], s.inner}); n != nil && g.chance(60) {
			return n
		}
		if from := templates[typ]; len(from) > 0 {
			if n := g.template(typ, pick(g.r, from), s, 1); n != nil && !strings.HasPrefix(n.String(), "'") && n.String() != "null" {
				return n
			}
		}
	}
	return nil
}

// windowed makes a query with a window function. With two, equal rows could be in another
// order in each, which nothing promises.
func (g *grammar) windowed(types []string, s scope) *Node {
	f, own := g.from(s)
	inner := s.within(own)
	done := false
	items := g.items(types, func(t string) *Node {
		if from := windows[t]; len(from) > 0 && !done && g.chance(60) {
			text := pick(g.r, from)
			done = true
			if strings.HasPrefix(text, "sum(sum") {
				text = "sum({int4}) {frame}"
			}
			if n := g.template(t, text, inner, 1); n != nil {
				return n
			}
		}
		return g.expr(t, inner, 1)
	})
	return node(querySort(types), "select ", items, " from ", f, g.where(inner))
}

// window is what stands in OVER's parentheses: an order by all columns, so that only equal
// rows are left open.
func (g *grammar) window(s scope, framed bool) *Node {
	n := node("")
	own := scope{s.columns[:s.inner], s.inner}
	if g.chance(45) {
		n.Parts = append(n.Parts, optional("partition by ", g.expr(g.anyType(), own, 1), " "))
	}
	n.Parts = append(n.Parts, "order by ")
	var keys []*Node
	if g.chance(40) {
		keys = append(keys, node("", g.key0(own), pick(g.r, []string{"", " desc", " nulls first", " desc nulls last"})))
	}
	for _, c := range own.columns {
		if c.typ != "json" {
			keys = append(keys, node("", c.ref, pick(g.r, []string{"", "", " desc", " nulls first"})))
		}
	}
	if len(keys) == 0 {
		keys = append(keys, node("", "1"))
	}
	n.Parts = append(n.Parts, list(", ", len(keys), keys)) // an order of fewer is not a total one
	if framed && g.chance(60) {
		n.Parts = append(n.Parts, optional(pick(g.r, frames)))
	}
	return n
}

// rangeWindow is a window whose frame is a distance: its order is of one key, so that it serves
// functions to which the order of equals is nothing.
func (g *grammar) rangeWindow(kind string, s scope) *Node {
	own := scope{s.columns[:s.inner], s.inner}
	n := node("", "over (")
	if g.chance(30) {
		n.Parts = append(n.Parts, optional("partition by ", g.expr(g.anyType(), own, 1), " "))
	}
	key, from, to := "int4", pick(g.r, []string{"1", "0", "2"}), pick(g.r, []string{"current row", "1 following", "unbounded following"})
	if kind == "spanrange" {
		key = pick(g.r, []string{"timestamp", "timestamptz", "date"})
		from, to = "interval '"+pick(g.r, words["eqspan"])+"'", pick(g.r, []string{"current row", "interval '" + pick(g.r, words["eqspan"]) + "' following"})
	} else if g.chance(30) {
		key, from = "numeric", "1.5"
	}
	n.Parts = append(n.Parts, "order by ", g.expr(key, own, 1), pick(g.r, []string{"", " desc", " nulls first"}), " range between "+from+" preceding and "+to+pick(g.r, []string{"", "", " exclude current row", " exclude ties"}), ")")
	return n
}

func (g *grammar) key0(s scope) *Node {
	if n := g.key(g.anyType(), s); n != nil {
		return n
	}
	return node("", "1")
}

var frames = []string{
	" rows between unbounded preceding and current row", " rows between 1 preceding and 1 following", " rows between current row and unbounded following", " range between unbounded preceding and current row",
	" groups between 1 preceding and current row", " rows between 2 preceding and 1 preceding", " rows between unbounded preceding and unbounded following exclude current row",
	" groups between unbounded preceding and 1 following exclude ties", " rows 1 preceding", " range between current row and unbounded following", " rows between 1 following and 3 following exclude group",
}
