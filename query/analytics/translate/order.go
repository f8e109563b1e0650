//go:build cgo

package translate

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
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
	if k.e.oid == pgvalue.OIDUnknown {
		k.e = c.coerce(k.e, pgvalue.OIDText, -1, implicit)
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
			c.failAt(s.Location, pgerror.WrongObjectType, "operator %s is not a valid ordering operator", op)
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
		if call := k.e.call; call != nil {
			if call.Result == pgvalue.OIDVoid {
				c.fail(c.at(pgerror.Errorf(pgerror.UndefinedFunction, "could not identify an ordering operator for type void").
					WithHint("Use an explicit ordering operator or modify the query."), locate(s.Node)))
			}
			c.fail(callElsewhere(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "ORDER BY %s is not supported", call.Name), locate(s.Node))))
		}
		c.sortableAt(k.e, locate(s.Node))
		b.sort = append(b.sort, k)
	}
}

// sortable refuses types that have no order.
func (c *compiler) sortable(e *ex) { c.sortableAt(e, e.pos) }

func (c *compiler) sortableAt(e *ex, pos int32) {
	if unordered(e.oid) {
		c.fail(c.at(pgerror.Errorf(pgerror.UndefinedFunction, "could not identify an ordering operator for type %s", typeName(e.oid)).
			WithHint("Use an explicit ordering operator or modify the query."), pos))
	}
}

// unordered tells of types that have no order.
func unordered(oid uint32) bool {
	return oid == pgvalue.OIDJSON || oid == pgvalue.OIDXid || oid == oidACLItem || isSnapshot(oid)
}

// unequatable tells of types whose values cannot be compared.
func unequatable(oid uint32) bool { return oid == pgvalue.OIDJSON || isSnapshot(oid) }

// equatable refuses types whose values cannot be compared.
func (c *compiler) equatable(e *ex) {
	if unequatable(e.oid) {
		c.failAt(e.pos, pgerror.UndefinedFunction, "could not identify an equality operator for type %s", typeName(e.oid))
	}
}

// sortExpr finds what an item of ORDER BY, GROUP BY or DISTINCT ON stands for: a column
// of the result by number or name, or an expression.
func (c *compiler) sortExpr(b *body, n *pg.Node, clause string) *ex {
	if k := n.GetAConst(); k != nil {
		v, ok := k.Val.(*pg.A_Const_Ival)
		if !ok {
			c.failAt(k.Location, pgerror.SyntaxError, "non-integer constant in %s", clause)
		}
		i := int(v.Ival.GetIval())
		if i < 1 || i > len(b.cols) {
			c.failAt(k.Location, pgerror.InvalidColumnReference, "%s position %d is not in select list", clause, i)
		}
		return b.cols[i-1].e
	}
	if ref := n.GetColumnRef(); ref != nil && len(ref.Fields) == 1 {
		name := stringOf(ref.Fields[0])
		var found *outcol
		for _, col := range b.cols {
			if col.name == name && name != "" {
				if found != nil && found.e.sql != col.e.sql {
					c.failAt(ref.Location, pgerror.AmbiguousColumn, "%s \"%s\" is ambiguous", clause, name)
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
	if e.param > 0 || e.oid == pgvalue.OIDUnknown {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
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
						c.failAt(x.ColumnRef.Location, pgerror.AmbiguousColumn, "ORDER BY \"%s\" is ambiguous", name)
					}
					k.e = col.e
				}
			}
			if k.e == nil {
				c.failAt(x.ColumnRef.Location, pgerror.UndefinedColumn, "column \"%s\" does not exist", name)
			}
		default:
			c.fail(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
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
	count := c.count(x.LimitCount, "LIMIT", pgerror.InvalidRowCountInLimitClause)
	offset := c.count(x.LimitOffset, "OFFSET", pgerror.InvalidRowCountInResultOffsetClause)
	if x.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES && count != "" {
		if len(b.sort) == 0 {
			c.fail(pgerror.Errorf(pgerror.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause"))
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
		c.failAt(e.pos, pgerror.InvalidColumnReference, "argument of %s must not contain variables", what)
	}
	if e.param == 0 && e.oid != pgvalue.OIDUnknown && !isNumber(e.oid) {
		c.failAt(e.pos, pgerror.DatatypeMismatch, "argument of %s must be type bigint, not type %s", what, typeName(e.oid))
	}
	e = c.coerce(e, pgvalue.OIDInt8, -1, assignment)
	if k := n.GetAConst(); k != nil && k.GetIval() != nil && k.GetIval().GetIval() < 0 {
		c.fail(pgerror.Errorf(code, "%s must not be negative", what))
	}
	if e.literal && strings.HasPrefix(e.text, "-") {
		c.fail(pgerror.Errorf(code, "%s must not be negative", what))
	}
	if k := n.GetAConst(); k != nil {
		if v, ok := k.Val.(*pg.A_Const_Ival); ok {
			return strconv.Itoa(int(v.Ival.GetIval()))
		}
	}
	return "(SELECT pg_count(" + e.sql + ", " + quote(code) + ", " + quote(what) + "))"
}
