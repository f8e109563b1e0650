package differ

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/integration/analytics"
)

// newQuery makes a random SELECT.
func newQuery(r *rand.Rand) *Statement { return makeQuery(r, false) }

// newTimeless makes one that does not ask when events were recorded.
func newTimeless(r *rand.Rand) *Statement { return makeQuery(r, true) }

func makeQuery(r *rand.Rand, timeless bool) *Statement {
	s := &Statement{Generator: "queries", Mode: pick(r, modes), Settings: settings(r)}
	switch r.IntN(24) {
	case 0, 1, 2:
		s.Way = Staged
	case 3:
		s.Way = View
	case 4:
		s.Way = Again
		s.Mode = analytics.Simple
	case 5, 6:
		s.Way = Cursor
		s.Mode = analytics.Simple
	case 7, 8:
		s.Way = Worker
	}
	g := &grammar{r: r, stable: timeless || s.Way == Staged}
	types := g.signature()
	var with []*Node
	with = append(with, g.values()...)
	body := g.query(types, scope{})
	parts := []any{"with ", list(", ", 0, with), " ", body}
	switch r.IntN(3) {
	case 0: // the rows in an order of their own, by every column, so that nothing is left open
		tail := " order by " + ordinals(r, len(types))
		if cuttable(types) && g.chance(50) {
			tail += fmt.Sprintf(" limit %d", r.IntN(6))
		}
		if cuttable(types) && g.chance(20) {
			tail += fmt.Sprintf(" offset %d", r.IntN(3))
		}
		parts = []any{"with ", list(", ", 0, with), " select * from (", body, ") z", optional(tail)}
		for i := range types {
			if cuttable(types[i : i+1]) { // of equals that look different any may be first
				s.Order = append(s.Order, i)
			}
		}
	}
	s.Tree = node("", parts...)
	if s.Way == View {
		s.Order = nil // a view's is its own affair
	}
	if g.chance(6) {
		s.Way = Native
		s.Tree = g.nativeQuery()
		s.Order = nil
	}
	return s
}

// signature is the types of a query's columns.
func (g *grammar) signature() []string {
	if g.chance(35) {
		return []string{"int4", "int4", "text"}
	}
	types := make([]string, 1+g.r.IntN(3))
	for i := range types {
		types[i] = g.anyType()
	}
	return types
}

// values makes the VALUES tables that a statement begins with, and makes them known.
func (g *grammar) values() []*Node {
	rows := func(texts ...string) *Node {
		var items []*Node
		for _, text := range texts {
			items = append(items, node("", text))
		}
		n := list(", ", 1, items)
		n.Rows = true
		return n
	}
	var made []*Node
	add := func(name string, columns []column, rows *Node) {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = c.ref
		}
		g.ctes = append(g.ctes, table{name, columns})
		made = append(made, optional(name+"("+strings.Join(names, ", ")+") as (values ", rows, ")"))
	}
	abc := []column{{ref: "a", typ: "int4"}, {ref: "b", typ: "int4"}, {ref: "c", typ: "text"}}
	add("t", abc, rows("(1,1,'x')", "(2,null,'y')", "(null,3,'x')", "(3,3,null)", "(2,2,'z')", "(2,2,'z')"))
	add("u", abc, rows("(1,2,'x')", "(null,2,'y')", "(3,null,'z')", "(4,4,null)", "(2,3,'y')"))
	if g.chance(70) {
		add("d", []column{
			{ref: "i", typ: "int4"},
			{ref: "n", typ: "numeric"},
			{ref: "f", typ: "float8"},
			{ref: "s", typ: "text"},
			{ref: "ts", typ: "timestamptz"},
			{ref: "tn", typ: "timestamp"},
			{ref: "dd", typ: "date"},
			{ref: "j", typ: "jsonb"},
			{ref: "iv", typ: "interval"},
			{ref: "ta", typ: "_text"},
			{ref: "ia", typ: "_int4"},
			{ref: "id", typ: "uuid"},
			{ref: "y", typ: "bytea"},
			{ref: "o", typ: "bool"},
		}, rows(
			`(1, 1.50::numeric, 0.5::float8, 'b'::text, timestamptz '2024-03-10 06:30+00', timestamp '2024-03-31 02:30', date '2024-02-29', '{"a":1,"b":[1,2]}'::jsonb, interval '1 day', array['a','b'], array[1,2], 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '\x0102'::bytea, true)`,
			`(2, null, -1.25, 'a', timestamptz '2024-03-10 07:30+00', '2024-01-31 00:00', date '2023-12-31', '{"a":"x"}', '1 mon', '{}', '{}', null, '\x', false)`,
			`(3, 10, null, null, null, null, null, null, null, null, null, '00000000-0000-0000-0000-000000000001', null, null)`,
			`(null, 2.25, 2, 'B', timestamptz '2024-11-03 05:30+00', '2024-10-27 02:30', date '2024-03-31', '[1,null]', '-2 days', '{a,NULL}', '{3,NULL}', null, '\xff', true)`,
			`(2, 1.50, 0.5, 'é', timestamptz '2024-11-03 06:30+00', '1969-12-31 23:59:59.5', date '2024-02-29', '{"a":null}', '24:00:00', '{"x y"}', '{1}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\x616263', false)`,
			`(5, -3.125, 1e10, 'a b', timestamptz '2023-12-31 23:59:59.999999+00', '2024-02-29 12:34:56.789', date '2024-01-01', '"s"', '1 year', '{b,a}', '{2,1}', null, null, null)`,
			`(1, 0.005, 0, '', timestamptz '2024-01-01 05:00+00', '2000-01-01 00:00', date '2024-12-30', '5', '30 days', '{NULL}', '{NULL}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '\x00', true)`))
	}
	return made
}

// eventColumns and streamColumns are what the two relations have; fixed ones alone are the
// same in a transaction's own event on either server.
var (
	eventColumns = []column{
		{ref: "position", typ: "int8"},
		{ref: "stream", typ: "text"},
		{ref: "version", typ: "int8"},
		{ref: "type", typ: "text"},
		{ref: "payload", typ: "jsonb"},
		{ref: "metadata", typ: "jsonb"},
		{ref: "tags", typ: "_text"},
		{ref: "event_id", typ: "uuid"},
		{ref: "stream_id", typ: "uuid"},
		{ref: "recorded_at", typ: "timestamptz"},
	}
	streamColumns = []column{
		{ref: "stream", typ: "text"},
		{ref: "category", typ: "text"},
		{ref: "version", typ: "int8"},
		{ref: "first_position", typ: "int8"},
		{ref: "last_position", typ: "int8"},
		{ref: "stream_id", typ: "uuid"},
		{ref: "created_at", typ: "timestamptz"},
		{ref: "updated_at", typ: "timestamptz"},
	}
)

// query makes a query with columns of these types, named c1, c2 ….
func (g *grammar) query(types []string, s scope) *Node {
	sort := querySort(types)
	if g.depth < maxDepth {
		g.depth++
		defer func() { g.depth-- }()
		switch n := g.r.IntN(100); {
		case n < 8:
			op := pick(g.r, []string{" union all ", " union ", " except ", " intersect ", " except all ", " intersect all "})
			return node(sort, "(", g.query(types, s), ")"+op+"(", g.query(g.narrower(types), s), ")")
		case n < 14:
			return g.with(types, s)
		case n < 17:
			return g.recursive(types, s)
		case n < 21:
			return g.distinctOn(types, s)
		case n < 24:
			q := g.ordered(types, s)
			if !cuttable(types) {
				return q
			}
			q.Parts = append(q.Parts, pick(g.r, cuts))
			return q
		}
	}
	switch n := g.r.IntN(100); {
	case n < 22:
		return g.grouped(types, s)
	case n < 36:
		return g.windowed(types, s)
	case n < 40:
		return node(sort, "values ", list(", ", 1, []*Node{g.tuple(types, s), g.tuple(types, s), g.tuple(types, s)}))
	}
	f, own := g.from(s)
	inner := s.within(own)
	distinct := ""
	if g.chance(10) {
		distinct = "distinct "
	}
	return node(sort, "select "+distinct, g.items(types, func(t string) *Node { return g.expr(t, inner, 2) }), " from ", f, g.where(inner))
}

// cuts leave out rows.
var cuts = []string{
	" limit 2", " limit 1 offset 1", " offset 1", " fetch first 3 rows only", " limit null", " limit all", " limit 1 + 1", " limit (select 2) offset (select 1)", " offset 1 rows fetch next row only",
	" fetch first 2 rows with ties", " limit '2'", " limit 2.4", " limit length('xx')",
}

// cuttable tells whether rows of these types that are equal are the same: if not, which of them
// a LIMIT leaves is open.
func cuttable(types []string) bool {
	return !slices.ContainsFunc(types, func(t string) bool {
		return slices.Contains([]string{"interval", "numeric", "jsonb", "float8", "bpchar"}, t)
	})
}

// narrower are types that become the given ones by themselves, here and there.
func (g *grammar) narrower(types []string) []string {
	if !g.chance(30) {
		return types
	}
	out := slices.Clone(types)
	for i, t := range out {
		from := map[string][]string{"int8": {"int4"}, "numeric": {"int4", "int8"}, "float8": {"int4", "numeric"}, "timestamptz": {"date", "timestamp"}, "timestamp": {"date"}}[t]
		if len(from) > 0 {
			out[i] = pick(g.r, from)
		}
	}
	return out
}

// tuple is a row of VALUES; its expressions are cast, so that all rows agree.
func (g *grammar) tuple(types []string, s scope) *Node {
	n := node("", "(")
	for i, t := range types {
		if i > 0 {
			n.Parts = append(n.Parts, ", ")
		}
		n.Parts = append(n.Parts, node(t, "(", g.expr(t, s, 1), ")::"+sqlName(t)))
	}
	n.Parts = append(n.Parts, ")")
	return n
}

// items is a select list.
func (g *grammar) items(types []string, make func(string) *Node) *Node {
	n := node("")
	for i, t := range types {
		if i > 0 {
			n.Parts = append(n.Parts, ", ")
		}
		n.Parts = append(n.Parts, make(t), fmt.Sprintf(" as c%d", i+1))
	}
	return n
}

func (g *grammar) where(s scope) *Node {
	if g.chance(45) {
		return node("")
	}
	return optional(" where ", g.expr("bool", s, 3))
}

// with puts a query into a CTE.
func (g *grammar) with(types []string, s scope) *Node {
	name := g.alias()
	materialized := pick(g.r, []string{"", "", "materialized ", "not materialized "})
	cte := g.query(types, s)
	own := named(name, types)
	g.ctes = append(g.ctes, table{name, columnsOf(types)})
	body := g.query(types, s)
	g.ctes = g.ctes[:len(g.ctes)-1]
	if g.chance(50) {
		inner := s.within(own)
		body = node(querySort(types), "select ", g.items(types, func(t string) *Node { return g.expr(t, inner, 1) }), " from "+name, g.where(inner))
	}
	return node(querySort(types), "with "+name+" as "+materialized+"(", cte, ") ", body)
}

// recursive counts to a bound, and joins what it counted.
func (g *grammar) recursive(types []string, s scope) *Node {
	name := g.alias()
	union := pick(g.r, []string{"union all", "union"})
	n := column{ref: name + ".n", typ: "int4", relation: name}
	inner := s.within([]column{n})
	start := node("int4", fmt.Sprint(g.r.IntN(3)))
	if len(s.columns) > 0 && g.chance(50) {
		start = node("int4", "coalesce(", g.expr("int4", s, 0), ", 0)")
	}
	return node(querySort(types), "with recursive "+name+"(n) as (select ", start, " "+union+" select n + 1 from "+name+fmt.Sprintf(" where n < %d", 2+g.r.IntN(4)),
		") select ", g.items(types, func(t string) *Node { return g.expr(t, inner, 2) }), " from "+name, g.where(inner))
}

func (g *grammar) distinctOn(types []string, s scope) *Node {
	a := g.alias()
	return node(querySort(types), "select distinct on (1) "+a+".* from (", g.query(types, s), ") "+a+" order by 1", pick(g.r, []string{"", " desc"}), ", ", ordinals(g.r, len(types)))
}

// columnsOf are the columns that a query of these types has.
func columnsOf(types []string) []column {
	columns := make([]column, len(types))
	for i, t := range types {
		columns[i] = column{ref: fmt.Sprintf("c%d", i+1), typ: t}
	}
	return columns
}

// named are the same behind an alias.
func named(alias string, types []string) []column { return qualified(alias, columnsOf(types)) }

func qualified(alias string, columns []column) []column {
	own := make([]column, len(columns))
	for i, c := range columns {
		own[i] = column{alias + "." + c.ref, c.typ, alias}
	}
	return own
}

// part takes a payload, or metadata, apart.
func (g *grammar) part() string {
	return pick(g.r, []string{"payload", "metadata"}) + pick(g.r, []string{
		"->'a'", "->>'a'", "->'b'->>0", "->>'k'", "->0", "->>-1", "->'nested'->'x'", "#>'{a,b}'", "#>>'{b,0}'", "#>>'{nested,x}'", "->null", "#>>'{}'", " ? 'a'", " @> '{}'", "->>'a' || 'x'", "->'a' || '1'", "->>length(type)",
	})
}

// nativeQuery is one that the native path takes: a filter the index can serve.
func (g *grammar) nativeQuery() *Node {
	e := scope{eventColumns[:9], 9}
	from := "events"
	if g.chance(30) {
		e, from = scope{streamColumns[:5], 5}, "streams"
	}
	items := []*Node{}
	for range 1 + g.r.IntN(4) {
		item := pick(g.r, e.columns).ref
		if from == "events" && g.chance(30) {
			item = g.part()
		}
		items = append(items, node("", item))
	}
	var where []any
	for i := range 1 + g.r.IntN(3) {
		word := " and "
		if i == 0 {
			word = " where "
		}
		c := pick(g.r, []string{
			"version " + pick(g.r, words["op"]) + fmt.Sprintf(" %d", g.r.IntN(4)-1), "stream = 'order-2'", "stream in ('order-1', 'plain', null)", "stream is null", "stream is not null", "version in (0, 2)",
			"position between 3 and 12", "position < 8", "type = 'Opened'", "type in ('Opened', 'Added')", "stream <> 'plain'", "version between 1 and 2", "position >= 2.5", "'3' < position",
			"stream = E'\\u00e9-1'", "type <> 'Opened'", "stream > 'order-1'", "stream_id = '00000000-0000-4000-8000-000000000001'",
		})
		if from == "events" && g.chance(25) {
			c = pick(g.r, []string{
				"tags @> '{a}'", "'a' = any (tags)", "tags && '{b,own}'::varchar[]::text[]", "type = any ('{Opened,Added}'::varchar[])", "(" + g.part() + ") is null",
				"payload @> '{\"a\": 1}'", "payload ? 'k'", "payload ?| '{a,x}'", "payload ?& array['a', 'b']", "payload <@ '{\"a\": 7, \"k\": \"own\"}'", "payload->>'a' > '1'", "(payload->>'k') like '%o%'",
			})
		}
		where = append(where, optional(word, c))
	}
	parts := []any{"select ", list(", ", 1, items), " from " + from, node("", where...)}
	if from == "events" {
		parts = append(parts, pick(g.r, []string{" order by position", " order by position desc", " order by position limit 3", " order by position desc limit 2 offset 1"}))
	}
	return node("", parts...)
}
