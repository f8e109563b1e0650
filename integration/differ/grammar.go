package differ

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A column is what an expression may name.
type column struct {
	ref, typ string
	relation string // the alias it belongs to
}

// A scope is what can be named at a place: the columns of the FROM list first, those of
// the queries around it behind.
type scope struct {
	columns []column
	inner   int // how many are of this query's own FROM
}

func (s scope) within(columns []column) scope {
	return scope{append(slices.Clone(columns), s.columns...), len(columns)}
}

// A grammar makes random statements. One is made for each.
type grammar struct {
	r       *rand.Rand
	aliases int
	depth   int  // of the queries that enclose the place
	stable  bool // nothing that a staged event has of its own
	ctes    []table
	kept    []map[string]*Node // what {int4#1} stands for, a level a template
}

// A table is a relation that FROM can name.
type table struct {
	name    string
	columns []column
}

const (
	maxDepth = 3    // of queries in queries
	maxText  = 2500 // bytes of a statement; what is longer is not asked
)

func (g *grammar) chance(percent int) bool { return g.r.IntN(100) < percent }

func (g *grammar) alias() string {
	g.aliases++
	return fmt.Sprintf("q%d", g.aliases)
}

// expr makes an expression of the type. level bounds how deep it may go.
func (g *grammar) expr(typ string, s scope, level int) *Node {
	if level > 0 && g.chance(45) {
		if from := templates[typ]; len(from) > 0 {
			if n := g.template(typ, pick(g.r, from), s, level-1); n != nil {
				return n
			}
		}
	}
	if n := g.column(typ, s); n != nil && g.chance(85) {
		return n
	}
	if typ == "int4" && g.chance(70) {
		return node(typ, fmt.Sprint(g.r.IntN(6)))
	}
	if typ == "text" && g.chance(60) {
		return node(typ, quoted(pick(g.r, []string{"x", "y", "a", "", "Opened", "order-1"})))
	}
	return g.constant(typ)
}

// constant is seldom one of the odd ones.
func (g *grammar) constant(typ string) *Node {
	if g.chance(10) {
		return literal(g.r, typ)
	}
	return plain(g.r, typ)
}

// column picks one of the type in scope, of the query's own rather than of those around.
func (g *grammar) column(typ string, s scope) *Node {
	var own, outer []string
	for i, c := range s.columns {
		switch {
		case c.typ != typ:
		case i < s.inner:
			own = append(own, c.ref)
		default:
			outer = append(outer, c.ref)
		}
	}
	switch {
	case len(own) > 0 && (len(outer) == 0 || g.chance(75)):
		return node(typ, pick(g.r, own))
	case len(outer) > 0:
		return node(typ, pick(g.r, outer))
	}
	return nil
}

// template fills in a template; nil if a part of it cannot be made here.
func (g *grammar) template(sort, text string, s scope, level int) *Node {
	g.kept = append(g.kept, map[string]*Node{})
	defer func() { g.kept = g.kept[:len(g.kept)-1] }()
	n := node(sort)
	for text != "" {
		before, rest, open := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !open || !closed || !placeholder(name) {
			if open {
				before += "{"
			}
			n.Parts = append(n.Parts, before)
			text = rest
			continue
		}
		made := g.make(name, s, level)
		if made == nil {
			return nil
		}
		n.Parts = append(n.Parts, before, made)
		text = after
	}
	return n
}

// placeholder tells {int4} from the braces of JSON and arrays.
func placeholder(name string) bool {
	name, _, _ = strings.Cut(strings.TrimSuffix(name, "!"), "#")
	if kind, _, ok := strings.Cut(name, ":"); ok {
		return kind == "sub" || kind == "query"
	}
	_, word := words[name]
	_, typ := pool[name]
	return word || typ || slices.Contains([]string{"any", "cmp", "exists", "in", "rowin", "quantified", "over", "frame", "range", "spanrange", "whole"}, name)
}

// make makes what a placeholder stands for.
func (g *grammar) make(name string, s scope, level int) *Node {
	if _, _, once := strings.Cut(name, "#"); once {
		kept := g.kept[len(g.kept)-1]
		if kept[name] == nil {
			base, _, _ := strings.Cut(name, "#")
			kept[name] = g.make(base, s, level)
		}
		return kept[name]
	}
	if typ, ok := strings.CutSuffix(name, "!"); ok {
		return g.constant(typ)
	}
	if choices, ok := words[name]; ok {
		return node("word:"+name, pick(g.r, choices))
	}
	kind, typ, _ := strings.Cut(name, ":")
	switch kind {
	case "any":
		return g.expr(g.anyType(), s, level)
	case "cmp":
		pair := pick(g.r, comparables)
		op := pick(g.r, []string{"=", "=", "<>", "<", ">", "<=", ">=", "is distinct from", "is not distinct from"})
		return node("bool", "(", g.expr(pair[0], s, level), " "+op+" ", g.expr(pair[1], s, level), ")")
	case "sub", "query", "exists", "in", "rowin", "quantified":
		if g.depth >= maxDepth {
			return nil
		}
		return g.subquery(kind, typ, s)
	case "over":
		return node("", "over (", g.window(s, false), ")")
	case "frame":
		return node("", "over (", g.window(s, true), ")")
	case "range", "spanrange":
		return g.rangeWindow(kind, s)
	case "whole":
		if s.inner == 0 {
			return nil
		}
		return node("whole", s.columns[g.r.IntN(s.inner)].relation)
	}
	return g.expr(name, s, level)
}

// expressionTypes are the types that templates know.
var expressionTypes = func() []string {
	names := make([]string, 0, len(templates))
	for name := range templates {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

// anyType is a type, the common ones more often.
func (g *grammar) anyType() string {
	if g.chance(55) {
		return pick(g.r, []string{"int4", "int4", "text", "numeric", "bool"})
	}
	return pick(g.r, expressionTypes)
}

// subquery makes what stands in an expression and asks a query of its own.
func (g *grammar) subquery(kind, typ string, s scope) *Node {
	g.depth++
	defer func() { g.depth-- }()
	switch kind {
	case "sub":
		return node(typ, "(", g.single(typ, s), ")")
	case "query":
		return g.ordered([]string{typ}, s)
	case "exists":
		return node("bool", "exists (", g.query([]string{pick(g.r, []string{"int4", "text"})}, s), ")")
	case "in":
		t := pick(g.r, []string{"int4", "int4", "text", "numeric", "date"})
		return node("bool", "(", g.expr(t, s, 1), pick(g.r, []string{" in (", " not in ("}), g.query([]string{t}, s), "))")
	case "rowin":
		t, u := pick(g.r, []string{"int4", "text"}), pick(g.r, []string{"int4", "text", "int8"})
		return node("bool", "((", g.expr(t, s, 1), ", ", g.expr(u, s, 1), ")", pick(g.r, []string{" in (", " not in (", " = any (", " <> all ("}), g.query([]string{t, u}, s), "))")
	default:
		t := pick(g.r, []string{"int4", "int4", "text", "numeric", "timestamptz"})
		return node("bool", "(", g.expr(t, s, 1), " "+pick(g.r, words["op"])+" "+pick(g.r, []string{"any", "all"})+" (", g.query([]string{t}, s), "))")
	}
}

// single is a query of one row at most: an aggregate without groups, or the first row.
func (g *grammar) single(typ string, s scope) *Node {
	from := aggregates[typ]
	if len(from) == 0 || g.chance(25) {
		q := g.ordered([]string{typ}, s)
		q.Parts = append(q.Parts, " limit 1")
		return q
	}
	f, own := g.from(s)
	a := g.aggregate(typ, s.within(own))
	return node("query:"+typ, "select ", a, " as c1 from ", f, g.where(s.within(own)))
}

// ordered is a query whose rows are in the order of all its columns.
func (g *grammar) ordered(types []string, s scope) *Node {
	return node(querySort(types), "select * from (", g.query(types, s), ") ", g.alias(), " order by ", ordinals(g.r, len(types)))
}

func ordinals(r *rand.Rand, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprint(i+1) + pick(r, []string{"", "", "", " desc", " nulls first", " desc nulls last"})
	}
	return strings.Join(parts, ", ")
}

func querySort(types []string) string { return "query:" + strings.Join(types, ",") }
