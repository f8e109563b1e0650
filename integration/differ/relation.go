package differ

import "fmt"

// from makes a FROM list and says which columns it has.
func (g *grammar) from(s scope) (*Node, []column) {
	n, own := g.item(s)
	if g.chance(40) {
		return n, own
	}
	for range 1 + g.r.IntN(2) {
		n, own = g.join(n, own, s)
	}
	return n, own
}

// item makes one item of FROM: a table, a function, or a query.
func (g *grammar) item(s scope) (*Node, []column) {
	a := g.alias()
	switch n := g.r.IntN(100); {
	case n < 16 && g.depth < maxDepth:
		g.depth++
		defer func() { g.depth-- }()
		types := g.signature()
		return node("from", "(", g.query(types, scope{s.columns, 0}), ") "+a), named(a, types)
	case n < 22:
		return g.function(a, s)
	case n < 36:
		return node("from", "events "+a), g.relation(a, eventColumns, "recorded_at")
	case n < 42:
		return node("from", "streams "+a), g.relation(a, streamColumns, "created_at", "updated_at")
	}
	t := pick(g.r, g.ctes)
	return node("from", t.name+" "+a), qualified(a, t.columns)
}

// relation are a relation's columns; without those that differ in a staged event, if
// there is one.
func (g *grammar) relation(alias string, columns []column, times ...string) []column {
	var own []column
	for _, c := range qualified(alias, columns) {
		keep := true
		for _, t := range times {
			keep = keep && !(g.stable && c.ref == alias+"."+t)
		}
		if keep {
			own = append(own, c)
		}
	}
	return own
}

// function makes a set-returning function.
func (g *grammar) function(a string, s scope) (*Node, []column) {
	outer := scope{s.columns, 0}
	switch g.r.IntN(13) {
	case 6:
		return node("from", "json_each(", g.expr("json", scope{}, 0), ") "+a+"(k, v)"), []column{{a + ".k", "text", a}}
	case 7:
		return node("from", "json_array_elements_text('[1, \"x\", null, {\"a\":  1}]') "+a+"(e)"), []column{{a + ".e", "text", a}}
	case 8:
		return node("from", "jsonb_path_query(jsonb_build_array(", g.expr("int4", outer, 1), ", ", g.expr("numeric", outer, 1), "), '$[*]') "+a+"(e)"), []column{{a + ".e", "jsonb", a}}
	case 9:
		return node("from", "generate_series(timestamp '2024-01-31', timestamp '2024-05-01', interval '"+pick(g.r, []string{"1 mon", "30 days"})+"') "+a+"(ts)"), []column{{a + ".ts", "timestamp", a}}
	case 10:
		return node("from", "unnest(", g.expr("_int4", outer, 1), ", ", g.expr("_text", outer, 1), ") "+a+"(i, t)"), []column{{a + ".i", "int4", a}, {a + ".t", "text", a}}
	case 11:
		return node("from", "jsonb_to_recordset(jsonb_build_array(jsonb_build_object('x', ", g.expr("int4", outer, 1), ", 'y', ", g.expr("text", outer, 1), "), '{\"x\": 5}'::jsonb)) "+a+"(x int4, y text)"), []column{{a + ".x", "int4", a}, {a + ".y", "text", a}}
	case 12:
		return node("from", "rows from (generate_series(1, ", pick(g.r, []string{"2", "3"}), "), unnest(", g.expr("_text", outer, 1), ")) "+a+"(i, t)"), []column{{a + ".i", "int4", a}, {a + ".t", "text", a}}
	case 0:
		return node("from", fmt.Sprintf("generate_series(%d, %d) %s(n)", g.r.IntN(3), 1+g.r.IntN(4), a)), []column{{a + ".n", "int4", a}}
	case 1:
		return node("from", "unnest(", g.expr("_text", outer, 1), ") "+a+"(e)"), []column{{a + ".e", "text", a}}
	case 2:
		return node("from", "unnest(", g.expr("_int4", outer, 1), ") with ordinality "+a+"(e, n)"), []column{{a + ".e", "int4", a}, {a + ".n", "int8", a}}
	case 3:
		return node("from", "jsonb_array_elements(jsonb_build_array(", g.expr("int4", outer, 1), ", ", g.expr("text", outer, 1), ")) "+a+"(e)"), []column{{a + ".e", "jsonb", a}}
	case 4:
		return node("from", "jsonb_each_text(jsonb_build_object('k', ", g.expr("int4", outer, 1), ", 'l', ", g.expr("jsonb", outer, 1), ")) "+a+"(k, v)"), []column{{a + ".k", "text", a}, {a + ".v", "text", a}}
	default:
		return node("from", "regexp_split_to_table(", g.expr("text", outer, 1), ", '[, -]') "+a+"(e)"), []column{{a + ".e", "text", a}}
	}
}

// join joins another item to what stands there.
func (g *grammar) join(left *Node, own []column, s scope) (*Node, []column) {
	kind := pick(g.r, []string{"join", "join", "left join", "left join", "right join", "full join", "cross join", "join lateral", "left join lateral", "cross join lateral", ",", "using", "natural left join"})
	switch kind {
	case "cross join", ",":
		right, more := g.item(s)
		return node("from", left, map[string]string{",": ", ", "cross join": " cross join "}[kind], right), append(own, more...)
	case "join lateral", "left join lateral", "cross join lateral":
		if g.depth >= maxDepth {
			return left, own
		}
		g.depth++
		types := g.signature()
		a := g.alias()
		query := g.query(types, scope{append(own[:len(own):len(own)], s.columns...), 0})
		g.depth--
		own = append(own[:len(own):len(own)], named(a, types)...)
		if kind == "cross join lateral" {
			return node("from", left, " "+kind+" (", query, ") "+a), own
		}
		return node("from", left, " "+kind+" (", query, ") "+a+" on ", g.on(own, s)), own
	case "full join":
		return g.fullJoin(left, own, s)
	case "using", "natural left join":
		// Both sides are made anew, for the names they must share.
		a, b := g.alias(), g.alias()
		columns := g.ctes[0].columns
		join := map[string]string{"using": "t " + a + pick(g.r, []string{" join", " left join", " full join"}) + " u " + b + " using (a)", "natural left join": "t " + a + " natural left join u " + b}[kind]
		return node("from", join), append(qualified(a, columns), qualified(b, columns)...)
	}
	right, more := g.item(s)
	own = append(own[:len(own):len(own)], more...)
	return node("from", left, " "+kind+" ", right, " on ", g.on(own, s)), own
}

// fullJoin joins on equality, since PostgreSQL can merge or hash nothing else.
func (g *grammar) fullJoin(left *Node, own []column, s scope) (*Node, []column) {
	right, more := g.item(s)
	for _, l := range own {
		for _, r := range more {
			if l.typ == r.typ {
				return node("from", left, " full join ", right, " on ", node("bool", l.ref+" = "+r.ref)), append(own[:len(own):len(own)], more...)
			}
		}
	}
	return left, own
}

// on makes a join's condition, in which the sides' columns are of one level.
func (g *grammar) on(own []column, s scope) *Node {
	if g.chance(15) {
		return node("bool", "true")
	}
	return g.expr("bool", s.within(own), 2)
}
