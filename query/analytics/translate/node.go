//go:build cgo

package translate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// expr analyses an expression.
func (c *compiler) expr(n *pg.Node) *ex {
	c.enter()
	defer c.leave()
	if n == nil || n.Node == nil {
		c.unsupported(-1, "this expression")
	}
	if e := c.groupedNode(n); e != nil {
		return e
	}
	switch x := n.Node.(type) {
	case *pg.Node_AConst:
		return c.constant(x.AConst)
	case *pg.Node_ColumnRef:
		return c.columnRef(x.ColumnRef)
	case *pg.Node_ParamRef:
		return c.parameter(x.ParamRef)
	case *pg.Node_AExpr:
		return c.operation(x.AExpr)
	case *pg.Node_BoolExpr:
		return c.boolExpr(x.BoolExpr)
	case *pg.Node_NullTest:
		return c.nullTest(x.NullTest)
	case *pg.Node_BooleanTest:
		return c.booleanTest(x.BooleanTest)
	case *pg.Node_TypeCast:
		return c.typeCast(x.TypeCast)
	case *pg.Node_CaseExpr:
		return c.caseExpr(x.CaseExpr)
	case *pg.Node_CoalesceExpr:
		return c.coalesce(c.exprs(x.CoalesceExpr.Args), "COALESCE", x.CoalesceExpr.Location).named("coalesce")
	case *pg.Node_MinMaxExpr:
		return c.minMax(x.MinMaxExpr)
	case *pg.Node_FuncCall:
		e := c.funcCall(x.FuncCall)
		if o := &c.options; e.set && o.List != "" && !o.Sets && c.clause == o.List {
			c.failAt(x.FuncCall.Location, pgerror.FeatureNotSupported, "set-returning functions are not allowed in %s", o.List)
		}
		return e
	case *pg.Node_SqlvalueFunction:
		return c.valueFunction(x.SqlvalueFunction)
	case *pg.Node_SubLink:
		return c.subLink(x.SubLink)
	case *pg.Node_AArrayExpr:
		return c.arrayExpr(x.AArrayExpr, 0)
	case *pg.Node_RowExpr:
		return c.rowExpr(x.RowExpr)
	case *pg.Node_AIndirection:
		return c.indirection(x.AIndirection)
	case *pg.Node_CollateClause:
		return c.collate(x.CollateClause)
	case *pg.Node_GroupingFunc:
		return c.grouping(x.GroupingFunc)
	case *pg.Node_List:
		row := &pg.RowExpr{Args: x.List.Items, Location: -1}
		return c.rowExpr(row)
	}
	c.unsupported(locate(n), "this expression")
	return nil
}

func (c *compiler) exprs(list []*pg.Node) []*ex {
	out := make([]*ex, len(list))
	for i, n := range list {
		out[i] = c.expr(n)
	}
	return out
}

// locate is the position of an expression, as PostgreSQL's exprLocation has it: its
// leftmost part.
func locate(n *pg.Node) int32 {
	least := func(a, b int32) int32 {
		if a < 0 || b >= 0 && b < a {
			return b
		}
		return a
	}
	if n == nil {
		return -1
	}
	switch x := n.Node.(type) {
	case *pg.Node_AConst:
		return x.AConst.Location
	case *pg.Node_ColumnRef:
		return x.ColumnRef.Location
	case *pg.Node_ParamRef:
		return x.ParamRef.Location
	case *pg.Node_AExpr:
		return least(x.AExpr.Location, locate(x.AExpr.Lexpr))
	case *pg.Node_BoolExpr:
		if len(x.BoolExpr.Args) > 0 {
			return least(x.BoolExpr.Location, locate(x.BoolExpr.Args[0]))
		}
		return x.BoolExpr.Location
	case *pg.Node_NullTest:
		return least(x.NullTest.Location, locate(x.NullTest.Arg))
	case *pg.Node_TypeCast:
		return least(x.TypeCast.Location, locate(x.TypeCast.Arg))
	case *pg.Node_CaseExpr:
		return x.CaseExpr.Location
	case *pg.Node_FuncCall:
		return x.FuncCall.Location
	case *pg.Node_SubLink:
		return least(x.SubLink.Location, locate(x.SubLink.Testexpr))
	case *pg.Node_CoalesceExpr:
		return x.CoalesceExpr.Location
	case *pg.Node_MinMaxExpr:
		return x.MinMaxExpr.Location
	case *pg.Node_AArrayExpr:
		return x.AArrayExpr.Location
	case *pg.Node_RowExpr:
		return x.RowExpr.Location
	case *pg.Node_AIndirection:
		return locate(x.AIndirection.Arg)
	case *pg.Node_SqlvalueFunction:
		return x.SqlvalueFunction.Location
	}
	return -1
}

func (c *compiler) constant(k *pg.A_Const) *ex {
	e := &ex{mod: -1, rep: textScale, pos: k.Location, constant: true}
	if k.Isnull {
		e.sql, e.oid, e.null, e.literal = "NULL", pgvalue.OIDUnknown, true, true
		return e
	}
	switch v := k.Val.(type) {
	case *pg.A_Const_Ival:
		n := int64(v.Ival.GetIval())
		e.sql, e.oid = strconv.FormatInt(n, 10), pgvalue.OIDInt4
	case *pg.A_Const_Fval:
		text := v.Fval.GetFval()
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			if e.sql, e.oid = cast(quote(strconv.FormatInt(n, 10)), "BIGINT"), pgvalue.OIDInt8; n == math.MinInt32 {
				e.sql, e.oid = cast(quote(strconv.FormatInt(n, 10)), "INTEGER"), pgvalue.OIDInt4
			}
			return e
		}
		e := c.parseLiteral(text, pgvalue.OIDNumeric, -1, k.Location)
		e.literal = false
		return e
	case *pg.A_Const_Boolval:
		e.sql, e.oid = strings.ToUpper(strconv.FormatBool(v.Boolval.GetBoolval())), pgvalue.OIDBool
	case *pg.A_Const_Sval:
		e.text, e.literal = v.Sval.GetSval(), true
		e.sql, e.oid = c.held(e.text), pgvalue.OIDUnknown
	case *pg.A_Const_Bsval:
		e := c.parseLiteral(v.Bsval.GetBsval(), pgvalue.OIDBit, -1, k.Location)
		e.literal = false
		return e
	default:
		c.unsupported(k.Location, "this constant")
	}
	return e
}

func (c *compiler) columnRef(r *pg.ColumnRef) *ex {
	names := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		if f.GetAStar() != nil {
			// Where no list can be, t.* is t, the row.
			schema, table := "", ""
			if i > 0 {
				table = names[i-1]
			}
			if i > 1 {
				schema = names[i-2]
			}
			return c.wholeTable(schema, table, r.Location)
		}
		names[i] = stringOf(f)
	}
	switch len(names) {
	case 1:
		return c.column("", "", names[0], r.Location)
	case 2:
		return c.column("", names[0], names[1], r.Location)
	case 3:
		return c.column(names[0], names[1], names[2], r.Location)
	}
	c.failAt(r.Location, pgerror.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(names, "."))
	return nil
}

func (c *compiler) parameter(p *pg.ParamRef) *ex {
	n := int(p.Number)
	if n < 1 || n > 65535 {
		c.failAt(p.Location, pgerror.UndefinedParameter, "there is no parameter $%d", n)
	}
	for len(c.params) < n {
		c.params = append(c.params, 0)
	}
	for len(c.seen) < n {
		c.seen = append(c.seen, false)
	}
	c.seen[n-1] = true
	e := &ex{sql: paramRef(n), mod: -1, rep: textScale, pos: p.Location, oid: c.params[n-1], constant: true}
	if e.oid == 0 || e.oid == pgvalue.OIDUnknown {
		c.params[n-1] = 0
		e.oid, e.param = pgvalue.OIDUnknown, n
	}
	return e
}

func (c *compiler) setParam(n int, oid uint32) {
	if old := c.params[n-1]; old != 0 && old != oid {
		c.fail(pgerror.Errorf(pgerror.AmbiguousParameter, "inconsistent types deduced for parameter $%d", n).
			WithDetail("%s versus %s", typeName(old), typeName(oid)))
	}
	c.params[n-1] = oid
}

// condition analyses a boolean expression of a clause. Where a part of an AND could
// fail for rows that an earlier part excludes, it is evaluated for the others alone:
// DuckDB orders conditions as it likes.
func (c *compiler) condition(n *pg.Node, clause, what string) *ex {
	saved := c.clause
	if clause != "" {
		c.clause = clause
	}
	defer func() { c.clause = saved }()
	parts := conjuncts(nil, n)
	var before, all []string
	var made []*ex
	for _, p := range parts {
		word := what
		if len(parts) > 1 {
			word = "AND"
		}
		if link := p.GetSubLink(); link != nil {
			c.onlyTrue = link
		}
		e := c.toBool(c.expr(p), word)
		sql := e.sql
		if e.fallible && len(before) > 0 {
			sql = "CASE WHEN " + strings.Join(before, " AND ") + " THEN " + e.sql + " ELSE FALSE END"
		}
		before = append(before, e.sql)
		all = append(all, "("+sql+")")
		made = append(made, e)
	}
	return c.boolean(strings.Join(all, " AND "), made...)
}

func conjuncts(out []*pg.Node, n *pg.Node) []*pg.Node {
	if b := n.GetBoolExpr(); b != nil && b.Boolop == pg.BoolExprType_AND_EXPR {
		for _, a := range b.Args {
			out = conjuncts(out, a)
		}
		return out
	}
	return append(out, n)
}

// toBool requires a boolean.
func (c *compiler) toBool(e *ex, what string) *ex {
	if e.param > 0 || e.oid == pgvalue.OIDUnknown {
		return c.coerce(e, pgvalue.OIDBool, -1, implicit)
	}
	if e.oid != pgvalue.OIDBool {
		c.failAt(e.pos, pgerror.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, typeName(e.oid))
	}
	return e
}

func (c *compiler) boolExpr(b *pg.BoolExpr) *ex {
	word := map[pg.BoolExprType]string{pg.BoolExprType_AND_EXPR: "AND", pg.BoolExprType_OR_EXPR: "OR", pg.BoolExprType_NOT_EXPR: "NOT"}[b.Boolop]
	var parts []*ex
	queries := map[*ex]bool{} // the parts that have any
	for _, a := range b.Args {
		links := c.sublinks
		e := c.toBool(c.expr(a), word)
		parts, queries[e] = append(parts, e), c.sublinks > links
	}
	if word == "NOT" {
		return c.boolean("(NOT "+parts[0].sql+")", parts...).at(b.Location)
	}
	out := c.boolean(inTurn(word, parts, queries), parts...)
	out.pos = locate(b.Args[0])
	return out
}

// maxGuard bounds what is written twice so that a part of AND or OR is reached in its turn.
const maxGuard = 4 << 10

// inTurn writes AND or OR. DuckDB computes all of its parts for all rows; PostgreSQL no further than to
// the first that decides, so that a part behind it which would fail does not. What has queries, or is not
// the same twice, is written once.
func inTurn(word string, parts []*ex, queries map[*ex]bool) string {
	decides := map[string]string{"AND": "FALSE", "OR": "TRUE"}[word]
	sql, fallible := "", false
	for i := len(parts) - 1; i >= 0; i-- {
		e := parts[i]
		switch {
		case sql == "":
			sql = e.sql
		case fallible && len(e.sql) <= maxGuard && !e.volatile && !queries[e]:
			sql = e.sql + " " + word + " CASE WHEN (" + e.sql + ") IS NOT " + decides + " THEN (" + sql + ") END"
		default:
			sql = e.sql + " " + word + " " + sql
		}
		fallible = fallible || e.fallible
	}
	return "(" + sql + ")"
}

func (c *compiler) nullTest(t *pg.NullTest) *ex {
	e := c.expr(t.Arg)
	if e.param > 0 {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	not := t.Nulltesttype == pg.NullTestType_IS_NOT_NULL
	word, join := " IS NULL", " AND "
	if not {
		word = " IS NOT NULL"
	}
	if len(e.fields) > 0 {
		// A row is null if all of its fields are, and not null if none is.
		var list []string
		for _, f := range e.fields {
			list = append(list, "("+f.sql+word+")")
		}
		return c.boolean("("+strings.Join(list, join)+")", e).at(e.pos)
	}
	return c.boolean("("+e.sql+word+")", e).at(e.pos)
}

func (c *compiler) booleanTest(t *pg.BooleanTest) *ex {
	form := map[pg.BoolTestType][2]string{
		pg.BoolTestType_IS_TRUE: {"IS TRUE", "coalesce(%s, FALSE)"}, pg.BoolTestType_IS_NOT_TRUE: {"IS NOT TRUE", "NOT coalesce(%s, FALSE)"},
		pg.BoolTestType_IS_FALSE: {"IS FALSE", "NOT coalesce(%s, TRUE)"}, pg.BoolTestType_IS_NOT_FALSE: {"IS NOT FALSE", "coalesce(%s, TRUE)"},
		pg.BoolTestType_IS_UNKNOWN: {"IS UNKNOWN", "%s IS NULL"}, pg.BoolTestType_IS_NOT_UNKNOWN: {"IS NOT UNKNOWN", "%s IS NOT NULL"},
	}[t.Booltesttype]
	e := c.toBool(c.expr(t.Arg), form[0])
	return c.boolean("("+fmt.Sprintf(form[1], e.sql)+")", e).at(e.pos)
}

func (c *compiler) caseExpr(x *pg.CaseExpr) *ex {
	var subject *ex
	if x.Arg != nil {
		subject = c.expr(x.Arg)
		if subject.oid == pgvalue.OIDUnknown {
			subject = c.coerce(subject, pgvalue.OIDText, -1, implicit)
		}
	}
	var when, then []*ex
	for _, n := range x.Args {
		w := n.GetCaseWhen()
		cond := c.expr(w.Expr)
		if subject != nil {
			cond = c.operator("=", subject, cond, w.Location)
		}
		when = append(when, c.toBool(cond, "CASE/WHEN"))
		then = append(then, c.expr(w.Result))
	}
	other := &ex{sql: "NULL", oid: pgvalue.OIDUnknown, null: true, literal: true, mod: -1, rep: textScale, pos: -1}
	if x.Defresult != nil {
		other = c.expr(x.Defresult)
	}
	// PostgreSQL looks at ELSE first.
	all := c.unify(append([]*ex{other}, then...), "CASE")
	var s strings.Builder
	s.WriteString("(CASE")
	for i, w := range when {
		s.WriteString(" WHEN " + w.sql + " THEN " + all[i+1].sql)
	}
	s.WriteString(" ELSE " + all[0].sql + " END)")
	e := c.make(s.String(), all[0].oid, append(append([]*ex{}, when...), all...)...)
	e.rep, e.pos, e.mod = all[0].rep, x.Location, commonMod(all)
	// A column is named for ELSE, if that has a name.
	e.name = "case"
	if x.Defresult != nil && other.name != "" && (x.Defresult.GetColumnRef() != nil || x.Defresult.GetFuncCall() != nil) {
		e.name = other.name
	}
	return e
}

// coalesce compiles COALESCE.
func (c *compiler) coalesce(list []*ex, what string, pos int32) *ex {
	list = c.unify(list, what)
	var parts []string
	for _, e := range list {
		parts = append(parts, e.sql)
	}
	e := c.make("coalesce("+strings.Join(parts, ", ")+")", list[0].oid, list...)
	e.rep, e.mod = list[0].rep, commonMod(list)
	return e.at(pos)
}

func (c *compiler) minMax(x *pg.MinMaxExpr) *ex {
	word, name := "greatest", "GREATEST"
	if x.Op == pg.MinMaxOp_IS_LEAST {
		word, name = "least", "LEAST"
	}
	list := c.unify(c.exprs(x.Args), name)
	for i := range list {
		list[i] = c.sortableArg(list[i])
	}
	var parts []string
	for _, e := range list {
		parts = append(parts, e.sql)
	}
	sql := word + "(" + strings.Join(parts, ", ") + ")"
	if list[0].oid == pgvalue.OIDNumeric && list[0].rep < 0 {
		sql = call("pg_num_"+word, parts...)
	}
	if needsKey(list[0]) && list[0].oid != pgvalue.OIDNumeric {
		// By what is compared, not by what is shown.
		keys := make([]string, len(list))
		for i, e := range list {
			keys[i] = c.key(e)
		}
		all := "[" + strings.Join(keys, ", ") + "]"
		sql = fmt.Sprintf("list_extract([%s], list_position(%s, list_%s(%s)))", strings.Join(parts, ", "), all,
			map[string]string{"greatest": "max", "least": "min"}[word], all)
	}
	e := c.make(sql, list[0].oid, list...)
	e.rep, e.mod = list[0].rep, commonMod(list)
	return e.at(x.Location).named(word)
}

func (c *compiler) sortableArg(e *ex) *ex {
	if e.oid == pgvalue.OIDUnknown {
		return c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	c.sortable(e)
	return e
}

func (c *compiler) valueFunction(v *pg.SQLValueFunction) *ex {
	out := func(sql string, oid uint32, name string) *ex {
		e := c.make(sql, oid).at(v.Location).named(name)
		e.constant = true
		return e
	}
	now := placeholder("now")
	switch v.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
		return out(cast(c.toLocal(now), "DATE"), pgvalue.OIDDate, "current_date")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
		return out(now, pgvalue.OIDTimestamptz, "current_timestamp")
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		return out(c.toLocal(now), pgvalue.OIDTimestamp, "localtimestamp")
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:
		return out(cast(c.toLocal(now), "TIME"), pgvalue.OIDTime, "localtime")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:
		return out(placeholder("user"), pgvalue.OIDName, "current_role")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_USER:
		return out(placeholder("user"), pgvalue.OIDName, "current_user")
	case pg.SQLValueFunctionOp_SVFOP_USER:
		return out(placeholder("user"), pgvalue.OIDName, "user")
	case pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		return out(placeholder("session"), pgvalue.OIDName, "session_user")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
		return out(placeholder("database"), pgvalue.OIDName, "current_catalog")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		return out("list_extract("+call("pg_schemas", "FALSE", placeholder("path"))+", 1)", pgvalue.OIDName, "current_schema")
	}
	c.unsupported(v.Location, "CURRENT_TIME, whose type is time with time zone,")
	return nil
}

func (c *compiler) collate(x *pg.CollateClause) *ex {
	e := c.expr(x.Arg)
	name := stringOf(x.Collname[len(x.Collname)-1])
	if e.oid == pgvalue.OIDUnknown {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	if !isText(e.oid) {
		c.failAt(x.Location, pgerror.DatatypeMismatch, "collations are not supported by type %s", typeName(e.oid))
	}
	switch name {
	case "default", "C", "POSIX", "ucs_basic", "C.UTF-8", "C.utf8":
		return e
	}
	c.failAt(x.Location, pgerror.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
	return nil
}

func (c *compiler) grouping(x *pg.GroupingFunc) *ex {
	var list []string
	inAggregate := c.inAggregate
	for _, n := range x.Args {
		c.inAggregate++ // as it is written
		e := c.expr(n)
		c.inAggregate = inAggregate
		if _, ok := c.query.groups[e.sql]; !ok {
			c.failAt(e.pos, pgerror.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
		}
		list = append(list, c.key(e))
	}
	// Of no rows DuckDB shows null in the row of the empty set, in some correlated queries.
	e := c.make(cast(fmt.Sprintf("coalesce(GROUPING(%s), %d)", strings.Join(list, ", "), 1<<len(list)-1), "INTEGER"), pgvalue.OIDInt4)
	e.agg = true
	c.query.agg = true
	return e.at(x.Location).named("grouping")
}

func (c *compiler) subLink(x *pg.SubLink) *ex {
	q := x.Subselect.GetSelectStmt()
	if q == nil {
		c.unsupported(x.Location, "this subquery")
	}
	captured := 0
	if c.query != nil {
		captured = len(c.query.captured)
	}
	var test *ex
	if x.Testexpr != nil {
		test = c.operandOf(x.Testexpr)
	}
	c.sublinks++
	var s *selected
	refers := c.within(c.scope.depth, true, func() { s = c.subquery(q) })
	if refers.outer && refers.volatile && x.SubLinkType == pg.SubLinkType_EXPR_SUBLINK && bare(q) {
		c.query.captured = c.query.captured[:captured]
		return c.expr(q.TargetList[0].GetResTarget().Val)
	}
	c.refuseVolatile(refers, x.Location)
	for _, col := range s.cols {
		if x.SubLinkType != pg.SubLinkType_EXISTS_SUBLINK {
			c.resolveOutput(col)
		}
	}
	out := c.subLinkOf(x, s, test)
	if c.query != nil {
		out.vars = append(out.vars, c.query.captured[captured:]...)
		c.query.captured = c.query.captured[:captured]
		c.grouped(out)
	}
	return out.at(x.Location)
}

// bare tells whether a query is SELECT with one expression, which is the same without it.
func bare(q *pg.SelectStmt) bool {
	return len(q.TargetList) == 1 && len(q.FromClause) == 0 && q.WhereClause == nil && len(q.GroupClause) == 0 && q.HavingClause == nil &&
		q.LimitCount == nil && q.LimitOffset == nil && q.WithClause == nil && q.Larg == nil && len(q.DistinctClause) == 0 && len(q.ValuesLists) == 0
}

func (c *compiler) subLinkOf(x *pg.SubLink, s *selected, test *ex) *ex {
	one := func() *ex {
		if len(s.cols) != 1 {
			c.failAt(x.Location, pgerror.SyntaxError, "subquery must return only one column")
		}
		return s.cols[0].e
	}
	switch x.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		return c.boolean("EXISTS (" + s.sql + ")").named("exists")
	case pg.SubLinkType_EXPR_SUBLINK:
		e := one()
		if len(e.fields) > 0 {
			return c.rowOfSubquery(s, e).named(s.cols[0].name)
		}
		out := c.make("("+s.sql+")", e.oid)
		out.mod, out.rep, out.dims = e.mod, e.rep, e.dims
		return out.named(s.cols[0].name)
	case pg.SubLinkType_ARRAY_SUBLINK:
		e := one()
		oid := arrays[e.oid]
		if oid == 0 {
			c.unsupported(x.Location, "an array of %s", typeName(e.oid))
		}
		item := s.cols[0].sql
		if e.oid == pgvalue.OIDNumeric && e.rep >= 0 {
			item = cast(item, "VARCHAR")
		}
		out := c.make("ARRAY(SELECT "+item+" FROM ("+s.sql+"))", oid)
		out.mod = e.mod
		return out.named("array")
	case pg.SubLinkType_ANY_SUBLINK, pg.SubLinkType_ALL_SUBLINK:
		return c.quantified(x, s, test)
	case pg.SubLinkType_ROWCOMPARE_SUBLINK:
		c.unsupported(x.Location, "comparing a row with a subquery")
	}
	c.unsupported(x.Location, "this subquery")
	return nil
}
