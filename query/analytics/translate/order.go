//go:build cgo

package translate

import (
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
)

// sortKey is an item of ORDER BY.
type sortKey struct {
	e          *ex
	output     *outcol // the column of the result that it names
	desc       bool
	nullsFirst bool
}

// direction says everything: DuckDB's defaults are its own.
func (k *sortKey) direction() string {
	out := " ASC"
	if k.desc {
		out = " DESC"
	}
	if k.nullsFirst {
		return out + " NULLS FIRST"
	}
	return out + " NULLS LAST"
}

// sortKey compiles an ORDER BY that is not a query's: of an aggregate's input, or a window.
func (c *compiler) sortKey(n *pg.Node) *sortKey {
	s := n.GetSortBy()
	k := c.sortDirection(s)
	k.e = c.expr(s.Node)
	if k.e.oid == pgwire.OIDUnknown {
		k.e = c.coerce(k.e, pgwire.OIDText, -1, implicit)
	}
	c.sortable(k.e)
	return k
}

func (c *compiler) sortDirection(s *pg.SortBy) *sortKey {
	k := &sortKey{}
	switch s.SortbyDir {
	case pg.SortByDir_SORTBY_DESC:
		k.desc = true
	case pg.SortByDir_SORTBY_USING:
		switch op := stringOf(s.UseOp[len(s.UseOp)-1]); op {
		case "<":
		case ">":
			k.desc = true
		default:
			c.failAt(s.Location, "42809", "operator %s is not a valid ordering operator", op)
		}
	}
	k.nullsFirst = k.desc
	switch s.SortbyNulls {
	case pg.SortByNulls_SORTBY_NULLS_FIRST:
		k.nullsFirst = true
	case pg.SortByNulls_SORTBY_NULLS_LAST:
		k.nullsFirst = false
	}
	return k
}

func (c *compiler) orderBy(b *body, list []*pg.Node) {
	for _, n := range list {
		s := n.GetSortBy()
		k := c.sortDirection(s)
		k.e = c.sortExpr(b, s.Node, "ORDER BY")
		for _, col := range b.cols {
			if col.e == k.e {
				k.output = col
			}
		}
		c.sortable(k.e)
		b.sort = append(b.sort, k)
	}
}

// sortable refuses types that have no order.
func (c *compiler) sortable(e *ex) {
	switch e.oid {
	case pgwire.OIDJSON, pgwire.OIDXid, oidACLItem, oidNodeTree:
		if e.oid == oidNodeTree {
			return
		}
		c.fail(c.at(pgwire.Errorf("42883", "could not identify an ordering operator for type %s", typeName(e.oid)).
			WithHint("Use an explicit ordering operator or modify the query."), e.pos))
	}
}

// sortExpr finds what an item of ORDER BY, GROUP BY or DISTINCT ON stands for: a column
// of the result by number or name, or an expression.
func (c *compiler) sortExpr(b *body, n *pg.Node, clause string) *ex {
	if k := n.GetAConst(); k != nil {
		v, ok := k.Val.(*pg.A_Const_Ival)
		if !ok {
			c.failAt(k.Location, "42601", "non-integer constant in %s", clause)
		}
		i := int(v.Ival.GetIval())
		if i < 1 || i > len(b.cols) {
			c.failAt(k.Location, "42P10", "%s position %d is not in select list", clause, i)
		}
		return b.cols[i-1].e
	}
	if ref := n.GetColumnRef(); ref != nil && len(ref.Fields) == 1 {
		name := stringOf(ref.Fields[0])
		var found *outcol
		for _, col := range b.cols {
			if col.name == name && name != "" {
				if found != nil && found.e.sql != col.e.sql {
					c.failAt(ref.Location, "42702", "%s \"%s\" is ambiguous", clause, name)
				}
				if found == nil {
					found = col
				}
			}
		}
		if found != nil {
			return found.e
		}
	}
	e := c.expr(n)
	if e.param > 0 || e.oid == pgwire.OIDUnknown {
		e = c.coerce(e, pgwire.OIDText, -1, implicit)
	}
	if e.set {
		b.set = true
	}
	return e
}

// orderBySet is ORDER BY of a set operation: columns of the result alone.
func (c *compiler) orderBySet(b *body, list []*pg.Node) {
	for _, n := range list {
		s := n.GetSortBy()
		k := c.sortDirection(s)
		switch x := s.Node.Node.(type) {
		case *pg.Node_AConst:
			k.e = c.sortExpr(b, s.Node, "ORDER BY")
		case *pg.Node_ColumnRef:
			name := stringOf(x.ColumnRef.Fields[0])
			for _, col := range b.cols {
				if len(x.ColumnRef.Fields) == 1 && col.name == name {
					if k.e != nil {
						c.failAt(x.ColumnRef.Location, "42702", "ORDER BY \"%s\" is ambiguous", name)
					}
					k.e = col.e
				}
			}
			if k.e == nil {
				c.failAt(x.ColumnRef.Location, "42703", "column \"%s\" does not exist", name)
			}
		default:
			c.fail(c.at(pgwire.Errorf("0A000", "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
				WithDetail("Only result column names can be used, not expressions or functions.").
				WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause."), locate(s.Node)))
		}
		c.sortable(k.e)
		b.sort = append(b.sort, k)
	}
}

// limited is LIMIT and OFFSET.
type limited struct {
	sql  string
	ties string // of WITH TIES: how many rows, ties apart
}

func (c *compiler) limits(x *pg.SelectStmt, b *body) limited {
	var out limited
	count := c.count(x.LimitCount, "LIMIT", "2201W")
	offset := c.count(x.LimitOffset, "OFFSET", "2201X")
	if x.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES && count != "" {
		if len(b.sort) == 0 {
			c.fail(pgwire.Errorf("42601", "WITH TIES cannot be specified without ORDER BY clause"))
		}
		out.ties = count
		if offset != "" {
			out.ties = "(" + count + " + " + offset + ")"
		}
		count = ""
	}
	if count != "" {
		out.sql += " LIMIT " + count
	}
	if offset != "" {
		out.sql += " OFFSET " + offset
	}
	return out
}

// count compiles LIMIT or OFFSET.
func (c *compiler) count(n *pg.Node, what, code string) string {
	if n == nil || n.GetAConst() != nil && n.GetAConst().Isnull {
		return ""
	}
	clause := c.clause
	c.clause = what
	e := c.expr(n)
	c.clause = clause
	if len(e.vars) > 0 {
		c.failAt(e.pos, "42P10", "argument of %s must not contain variables", what)
	}
	if e.param == 0 && e.oid != pgwire.OIDUnknown && !isNumber(e.oid) {
		c.failAt(e.pos, "42804", "argument of %s must be type bigint, not type %s", what, typeName(e.oid))
	}
	e = c.coerce(e, pgwire.OIDInt8, -1, assignment)
	if k := n.GetAConst(); k != nil && k.GetIval() != nil && k.GetIval().GetIval() < 0 {
		c.fail(pgwire.Errorf(code, "%s must not be negative", what))
	}
	if e.literal && strings.HasPrefix(e.text, "-") {
		c.fail(pgwire.Errorf(code, "%s must not be negative", what))
	}
	if k := n.GetAConst(); k != nil {
		if v, ok := k.Val.(*pg.A_Const_Ival); ok {
			return strconv.Itoa(int(v.Ival.GetIval()))
		}
	}
	return "(SELECT pg_count(" + e.sql + ", " + quote(code) + ", " + quote(what) + "))"
}

// groupBy compiles GROUP BY and tells the query what may be used ungrouped.
func (c *compiler) groupBy(x *pg.SelectStmt, items []*target) string {
	q := c.query
	groups, keyed := map[string]string{}, map[*rte]bool{}
	var list []string
	clause := c.clause
	c.clause = "GROUP BY"
	sets := c.sets
	c.sets = slices.ContainsFunc(x.GroupClause, func(n *pg.Node) bool { return n.GetGroupingSet() != nil })
	defer func() { c.sets = sets }()
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
	e := c.groupExpr(n, items)
	if e.agg {
		c.failAt(e.pos, "42803", "aggregate functions are not allowed in GROUP BY")
	}
	if e.window {
		c.failAt(e.pos, "42P20", "window functions are not allowed in GROUP BY")
	}
	if e.oid == pgwire.OIDJSON {
		c.fail(c.at(pgwire.Errorf("42883", "could not identify an equality operator for type json"), e.pos))
	}
	if e.column != nil && e.column.of != nil && e.column.of.key == e.column {
		keyed[e.column.of] = true
	}
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
			c.failAt(k.Location, "42601", "non-integer constant in GROUP BY")
		}
		i := int(v.Ival.GetIval())
		if i < 1 || i > len(items) {
			c.failAt(k.Location, "42P10", "GROUP BY position %d is not in select list", i)
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
						c.failAt(ref.Location, "42702", "GROUP BY \"%s\" is ambiguous", name)
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
	if e.param > 0 || e.oid == pgwire.OIDUnknown {
		e = c.coerce(e, pgwire.OIDText, -1, implicit)
	}
	return e
}

func (c *compiler) targetExpr(t *target) *ex {
	if t.e != nil {
		return t.e
	}
	e := c.expr(t.node)
	if e.oid == pgwire.OIDUnknown && e.param == 0 {
		e = c.coerce(e, pgwire.OIDText, -1, implicit)
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
