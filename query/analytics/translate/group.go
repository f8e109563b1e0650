//go:build cgo

package translate

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// groupBy compiles GROUP BY and tells the query what may be used ungrouped.
func (c *compiler) groupBy(b *body, items []*target) string {
	x := b.x
	q := c.query
	groups, keyed := map[string]string{}, map[*rte]bool{}
	var list []string
	clause := c.clause
	c.clause = "GROUP BY"
	sets := c.sets
	c.sets = slices.ContainsFunc(x.GroupClause, func(n *pg.Node) bool { return n.GetGroupingSet() != nil })
	defer func() { c.sets = sets }()
	if c.sets {
		c.setQueries++
	}
	c.groupSets(b, items)
	for _, n := range x.GroupClause {
		list = append(list, c.groupItem(n, items, groups, keyed))
	}
	c.clause = clause
	q.groups, q.keyed, q.agg = groups, keyed, true
	if x.GroupDistinct {
		c.unsupported(-1, "GROUP BY DISTINCT")
	}
	return strings.Join(list, ", ")
}

// groupSets puts the sets that GROUP BY names into FROM, as columns: there they are expanded
// before anything is grouped. So are the constants and subqueries of grouping sets, which are
// null in a row of a set without them.
func (c *compiler) groupSets(b *body, items []*target) {
	var lifted []lift
	var list []string
	var walk func(n *pg.Node)
	walk = func(n *pg.Node) {
		if set := n.GetGroupingSet(); set != nil {
			for _, item := range set.Content {
				walk(item)
			}
			return
		}
		if row := n.GetRowExpr(); row != nil && row.RowFormat == pg.CoercionForm_COERCE_IMPLICIT_CAST {
			for _, item := range row.Args {
				walk(item)
			}
			return
		}
		links := c.sublinks
		e := c.groupExpr(n, items)
		l := lift{node: n, e: e}
		if c.sets && len(e.vars) == 0 || c.sublinks > links {
			l.shown = c.groupTarget(n, e, items)
		}
		if e.set || c.sets && len(e.vars) == 0 || c.sublinks > links && l.shown != nil {
			for _, other := range lifted {
				if other.e.sql == e.sql || l.shown != nil && other.shown == l.shown {
					l.name = other.name // in another grouping set
				}
			}
			if l.name != "" {
				lifted = append(lifted, l)
				return
			}
			l.name = c.fresh("c")
			lifted, list = append(lifted, l), append(list, cast(e.sql, Physical(e.oid, e.rep))+" AS "+l.name)
		}
	}
	for _, n := range b.x.GroupClause {
		walk(n)
	}
	if len(lifted) == 0 {
		return
	}
	t := c.fresh("t")
	r := c.rename(columnsOf(c.scope.items...))
	from := "SELECT " + r.selectList(c, list...)
	if b.from != "" {
		from += " FROM " + b.from
	}
	if b.where != "" {
		from += " WHERE " + b.where
	}
	b.from, b.where = "("+from+") AS "+t, ""
	r.seen(t)
	sets, columns := map[string]string{}, map[*pg.Node]*ex{}
	shown := map[*target]*ex{}
	for _, l := range lifted {
		column := t + "." + l.name
		if l.e.set {
			sets[c.groupExpr(l.node, items).sql] = column
			continue
		}
		e := &ex{sql: column, oid: l.e.oid, mod: l.e.mod, rep: l.e.rep, pos: l.e.pos, name: l.e.name}
		columns[l.node] = e
		if l.shown != nil {
			shown[l.shown] = e
		}
	}
	c.query.sets, c.query.lifted, c.query.shown = sets, columns, shown
}

// groupedNode is an expression of GROUP BY as it is written.
type groupedNode struct {
	node *pg.Node
	e    *ex
}

// groupedBy is the expression that an item of GROUP BY stands for.
func (c *compiler) groupedBy(n *pg.Node, items []*target) *pg.Node {
	switch x := n.Node.(type) {
	case *pg.Node_AConst:
		return items[x.AConst.GetIval().GetIval()-1].node
	case *pg.Node_ColumnRef:
		for _, t := range items {
			if len(x.ColumnRef.Fields) == 1 && t.name == stringOf(x.ColumnRef.Fields[0]) {
				return t.node
			}
		}
		return nil
	}
	return n
}

// groupedNode is what GROUP BY makes of an expression that it names, whole: the columns in it may
// be grouped by, too, and be null where it is not. nil where it names no such expression.
func (c *compiler) groupedNode(n *pg.Node) *ex {
	q := c.query
	if q == nil || len(q.computed) == 0 || c.inAggregate > 0 {
		return nil
	}
	same := &sameness{columns: c.sameColumn}
	for _, g := range q.computed {
		if !same.nodes(g.node.ProtoReflect(), n.ProtoReflect()) {
			continue
		}
		instead, ok := q.groups[g.e.sql]
		if !ok {
			continue
		}
		e := *g.e
		e.sql, e.vars, e.pos = instead, nil, locate(n)
		return &e
	}
	return nil
}

// sameColumn tells whether two references mean one column, however they are written.
func (c *compiler) sameColumn(a, b *pg.ColumnRef) bool {
	of := func(r *pg.ColumnRef) *rtcol {
		var col *rtcol
		switch len(r.Fields) {
		case 1:
			if r.Fields[0].GetString_() != nil {
				col, _ = c.lookup(c.scope, "", "", stringOf(r.Fields[0]), r.Location)
			}
		case 2:
			if r.Fields[1].GetString_() != nil {
				col, _ = c.lookup(c.scope, "", stringOf(r.Fields[0]), stringOf(r.Fields[1]), r.Location)
			}
		}
		return col
	}
	x := of(a)
	return x != nil && x == of(b)
}

// sameness compares parts of a statement; columns, where it is set, compares references that are
// not written alike.
type sameness struct {
	columns func(a, b *pg.ColumnRef) bool
}

// sameNode compares two parts of a statement, wherever they stand.
func sameNode(a, b protoreflect.Message) bool { return (&sameness{}).nodes(a, b) }

func (s *sameness) nodes(a, b protoreflect.Message) bool {
	if s.columns != nil {
		x, isColumn := a.Interface().(*pg.ColumnRef)
		y, same := b.Interface().(*pg.ColumnRef)
		if isColumn && same && s.columns(x, y) {
			return true
		}
	}
	same, n := true, 0
	a.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Name() == "location" {
			return true
		}
		n++
		same = b.Has(f) && s.values(f, v, b.Get(f))
		return same
	})
	b.Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if f.Name() != "location" {
			n--
		}
		return true
	})
	return same && n == 0
}

func (s *sameness) values(f protoreflect.FieldDescriptor, a, b protoreflect.Value) bool {
	switch {
	case f.IsList():
		if a.List().Len() != b.List().Len() {
			return false
		}
		for i := range a.List().Len() {
			if f.Message() == nil && !a.List().Get(i).Equal(b.List().Get(i)) ||
				f.Message() != nil && !s.nodes(a.List().Get(i).Message(), b.List().Get(i).Message()) {
				return false
			}
		}
		return true
	case f.Message() != nil:
		return s.nodes(a.Message(), b.Message())
	}
	return a.Equal(b)
}

// lift is an expression of GROUP BY that becomes a column of FROM.
type lift struct {
	node  *pg.Node
	name  string
	e     *ex
	shown *target // which shows it
}

// folds tells of an expression that PostgreSQL's planner may make a constant of although it names
// columns, since a part of it that is one decides.
func (c *compiler) folds(n *pg.Node) bool {
	if n == nil {
		return false
	}
	settled := func(list []*pg.Node) bool {
		return slices.ContainsFunc(list, func(n *pg.Node) bool { e := c.expr(n); return e.constant || e.literal })
	}
	switch x := n.Node.(type) {
	case *pg.Node_CoalesceExpr:
		return settled(x.CoalesceExpr.Args)
	case *pg.Node_BoolExpr:
		return settled(x.BoolExpr.Args)
	case *pg.Node_CaseExpr:
		return x.CaseExpr.Arg == nil && slices.ContainsFunc(x.CaseExpr.Args, func(w *pg.Node) bool { return settled([]*pg.Node{w.GetCaseWhen().Expr}) })
	case *pg.Node_TypeCast:
		return c.folds(x.TypeCast.Arg)
	}
	return false
}

// groupTarget is the item of the select list that an item of GROUP BY is; nil if it is none.
func (c *compiler) groupTarget(n *pg.Node, e *ex, items []*target) *target {
	if k := n.GetAConst(); k != nil && k.GetIval() != nil {
		return items[k.GetIval().GetIval()-1]
	}
	if ref := n.GetColumnRef(); ref != nil && e.column == nil && len(ref.Fields) == 1 {
		for _, t := range items {
			if name := stringOf(ref.Fields[0]); t.name == name || t.name == "" && t.node != nil && nameOf(t.node) == name {
				return t
			}
		}
	}
	for _, t := range items {
		if t.node != nil && sameNode(t.node.ProtoReflect(), n.ProtoReflect()) {
			return t
		}
	}
	return nil
}

func (c *compiler) groupItem(n *pg.Node, items []*target, groups map[string]string, keyed map[*rte]bool) string {
	if set := n.GetGroupingSet(); set != nil {
		var inner []string
		for _, item := range set.Content {
			inner = append(inner, c.groupItem(item, items, groups, keyed))
		}
		list := "(" + strings.Join(inner, ", ") + ")"
		switch set.Kind {
		case pg.GroupingSetKind_GROUPING_SET_EMPTY:
			return "()"
		case pg.GroupingSetKind_GROUPING_SET_ROLLUP:
			return "ROLLUP " + list
		case pg.GroupingSetKind_GROUPING_SET_CUBE:
			return "CUBE " + list
		case pg.GroupingSetKind_GROUPING_SET_SETS:
			return "GROUPING SETS " + list
		}
		return list
	}
	if row := n.GetRowExpr(); row != nil && row.RowFormat == pg.CoercionForm_COERCE_IMPLICIT_CAST {
		var inner []string
		for _, item := range row.Args {
			inner = append(inner, c.groupItem(item, items, groups, keyed))
		}
		return "(" + strings.Join(inner, ", ") + ")"
	}
	e := c.query.lifted[n]
	if e == nil {
		e = c.groupExpr(n, items)
	}
	if c.sets && c.query.operand && len(e.vars) > 0 && c.folds(c.groupedBy(n, items)) {
		c.unsupported(e.pos, "what is always the same in GROUPING SETS of an operand of a set operation")
	}
	if e.agg {
		c.failAt(e.pos, pgerror.GroupingError, "aggregate functions are not allowed in GROUP BY")
	}
	if e.window {
		c.failAt(e.pos, pgerror.WindowingError, "window functions are not allowed in GROUP BY")
	}
	c.equatable(e)
	if e.column != nil && e.column.of != nil && e.column.of.key == e.column {
		keyed[e.column.of] = true
	}
	if e.constant && !c.sets {
		// It makes one group, and DuckDB takes a number for a column's place.
		groups[e.sql] = e.sql
		return "(" + e.sql + " IS NULL)"
	}
	defer func() {
		if node := c.groupedBy(n, items); node != nil && e.column == nil && len(e.vars) > 0 {
			c.query.computed = append(c.query.computed, groupedNode{node, e})
		}
	}()
	if needsKey(e) {
		groups[e.sql] = call("any_value", e.sql)
		if c.sets {
			// In a row of a set without it, it is null.
			groups[e.sql] = "(CASE WHEN GROUPING(" + c.key(e) + ") = 0 THEN any_value(" + e.sql + ") END)"
		}
		return c.key(e)
	}
	groups[e.sql] = e.sql
	// DuckDB takes a bare number for a column's place.
	if e.literal {
		return "(" + e.sql + " || '')"
	}
	return e.sql
}

// groupExpr: a name is an input column first, and a column of the result second.
func (c *compiler) groupExpr(n *pg.Node, items []*target) *ex {
	if k := n.GetAConst(); k != nil {
		v, ok := k.Val.(*pg.A_Const_Ival)
		if !ok {
			c.failAt(k.Location, pgerror.SyntaxError, "non-integer constant in GROUP BY")
		}
		i := int(v.Ival.GetIval())
		if i < 1 || i > len(items) {
			c.failAt(k.Location, pgerror.InvalidColumnReference, "GROUP BY position %d is not in select list", i)
		}
		return c.targetExpr(items[i-1])
	}
	if ref := n.GetColumnRef(); ref != nil && len(ref.Fields) == 1 {
		name := stringOf(ref.Fields[0])
		if col, _ := c.lookup(c.scope, "", "", name, ref.Location); col == nil {
			var found *target
			for _, t := range items {
				if t.name == name || t.name == "" && t.node != nil && nameOf(t.node) == name {
					if found != nil {
						c.failAt(ref.Location, pgerror.AmbiguousColumn, "GROUP BY \"%s\" is ambiguous", name)
					}
					found = t
				}
			}
			if found != nil {
				return c.targetExpr(found)
			}
		}
	}
	e := c.expr(n)
	if e.param > 0 || e.oid == pgvalue.OIDUnknown {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	return e
}

func (c *compiler) targetExpr(t *target) *ex {
	if t.e != nil {
		return t.e
	}
	e := c.expr(t.node)
	if e.oid == pgvalue.OIDUnknown && e.param == 0 {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	return e
}

// nameOf is the name that a column gets from a simple expression.
func nameOf(n *pg.Node) string {
	switch x := n.Node.(type) {
	case *pg.Node_FuncCall:
		return stringOf(x.FuncCall.Funcname[len(x.FuncCall.Funcname)-1])
	case *pg.Node_ColumnRef:
		return stringOf(x.ColumnRef.Fields[len(x.ColumnRef.Fields)-1])
	}
	return ""
}

// countEmptySets is how many empty sets a query groups by: of no rows, each makes one. Of several,
// DuckDB makes one row alone where the query is correlated.
func (c *compiler) countEmptySets(x *pg.SelectStmt) int {
	n := 0
	if len(x.GroupClause) > 0 {
		n = 1
	}
	for _, item := range x.GroupClause {
		n = min(n*emptySets(item), 2)
	}
	if n > 1 {
		c.emptyTwice++
		if c.query.outer {
			c.unsupported(locateFirst(x), "more than one empty grouping set in a query that refers to the one around it")
		}
	}
	return n
}

// emptySets is how many of an item of GROUP BY's sets are empty.
func emptySets(n *pg.Node) int {
	set := n.GetGroupingSet()
	switch {
	case set == nil:
		return 0
	case set.Kind != pg.GroupingSetKind_GROUPING_SET_SETS:
		return 1
	}
	sum := 0
	for _, item := range set.Content {
		sum += emptySets(item)
	}
	return sum
}
