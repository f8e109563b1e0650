//go:build cgo

package translate

import (
	"fmt"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
)

// expr analyses an expression.
func (c *compiler) expr(n *pg.Node) *ex {
	c.enter()
	defer c.leave()
	if n == nil || n.Node == nil {
		c.unsupported(-1, "this expression")
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
		return c.funcCall(x.FuncCall)
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
	e := &ex{mod: -1, rep: textScale, pos: k.Location}
	if k.Isnull {
		e.sql, e.oid, e.null, e.literal = "NULL", pgwire.OIDUnknown, true, true
		return e
	}
	switch v := k.Val.(type) {
	case *pg.A_Const_Ival:
		n := int64(v.Ival.GetIval())
		e.sql, e.oid = strconv.FormatInt(n, 10), pgwire.OIDInt4
	case *pg.A_Const_Fval:
		text := v.Fval.GetFval()
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			e.sql, e.oid = cast(quote(strconv.FormatInt(n, 10)), "BIGINT"), pgwire.OIDInt8
			return e
		}
		e := c.parseLiteral(text, pgwire.OIDNumeric, -1, k.Location)
		e.literal = false
		return e
	case *pg.A_Const_Boolval:
		e.sql, e.oid = strings.ToUpper(strconv.FormatBool(v.Boolval.GetBoolval())), pgwire.OIDBool
	case *pg.A_Const_Sval:
		e.text, e.literal = v.Sval.GetSval(), true
		e.sql, e.oid = quote(e.text), pgwire.OIDUnknown
	default:
		c.unsupported(k.Location, "a bit string")
	}
	return e
}

func (c *compiler) columnRef(r *pg.ColumnRef) *ex {
	names := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		if f.GetAStar() != nil {
			c.failAt(r.Location, "42601", "row expansion via \"*\" is not supported here")
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
	c.failAt(r.Location, "42601", "improper qualified name (too many dotted names): %s", strings.Join(names, "."))
	return nil
}

// Placeholders stand in a translation between two of this byte, which no text of
// PostgreSQL's can hold.
const mark = "\x01"

func placeholder(name string) string { return mark + name + mark }

func (c *compiler) parameter(p *pg.ParamRef) *ex {
	n := int(p.Number)
	if n < 1 || n > 65535 {
		c.failAt(p.Location, "42P02", "there is no parameter $%d", n)
	}
	for len(c.params) < n {
		c.params = append(c.params, 0)
	}
	for len(c.seen) < n {
		c.seen = append(c.seen, false)
	}
	c.seen[n-1] = true
	e := &ex{sql: placeholder("p" + strconv.Itoa(n)), mod: -1, rep: textScale, pos: p.Location, oid: c.params[n-1]}
	if e.oid == 0 || e.oid == pgwire.OIDUnknown {
		c.params[n-1] = 0
		e.oid, e.param = pgwire.OIDUnknown, n
	}
	return e
}

func (c *compiler) setParam(n int, oid uint32) {
	if old := c.params[n-1]; old != 0 && old != oid {
		c.fail(pgwire.Errorf("42P08", "inconsistent types deduced for parameter $%d", n).
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
	if e.param > 0 || e.oid == pgwire.OIDUnknown {
		return c.coerce(e, pgwire.OIDBool, -1, implicit)
	}
	if e.oid != pgwire.OIDBool {
		c.failAt(e.pos, "42804", "argument of %s must be type boolean, not type %s", what, typeName(e.oid))
	}
	return e
}

func (c *compiler) boolExpr(b *pg.BoolExpr) *ex {
	word := map[pg.BoolExprType]string{pg.BoolExprType_AND_EXPR: "AND", pg.BoolExprType_OR_EXPR: "OR", pg.BoolExprType_NOT_EXPR: "NOT"}[b.Boolop]
	var parts []*ex
	var list []string
	for _, a := range b.Args {
		e := c.toBool(c.expr(a), word)
		parts = append(parts, e)
		list = append(list, e.sql)
	}
	if word == "NOT" {
		return c.boolean("(NOT "+list[0]+")", parts...).at(b.Location)
	}
	out := c.boolean("("+strings.Join(list, " "+word+" ")+")", parts...)
	out.pos = locate(b.Args[0])
	return out
}

func (c *compiler) nullTest(t *pg.NullTest) *ex {
	e := c.expr(t.Arg)
	if e.param > 0 {
		e = c.coerce(e, pgwire.OIDText, -1, implicit)
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
		if subject.oid == pgwire.OIDUnknown {
			subject = c.coerce(subject, pgwire.OIDText, -1, implicit)
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
	other := &ex{sql: "NULL", oid: pgwire.OIDUnknown, null: true, literal: true, mod: -1, rep: textScale, pos: -1}
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
	e.rep, e.pos = all[0].rep, x.Location
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
	e.rep = list[0].rep
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
	if list[0].oid == pgwire.OIDNumeric && list[0].rep < 0 {
		sql = call("pg_num_"+word, parts...)
	}
	e := c.make(sql, list[0].oid, list...)
	e.rep = list[0].rep
	return e.at(x.Location).named(word)
}

func (c *compiler) sortableArg(e *ex) *ex {
	if e.oid == pgwire.OIDUnknown {
		return c.coerce(e, pgwire.OIDText, -1, implicit)
	}
	c.sortable(e)
	return e
}

func (c *compiler) valueFunction(v *pg.SQLValueFunction) *ex {
	out := func(sql string, oid uint32, name string) *ex {
		return c.make(sql, oid).at(v.Location).named(name)
	}
	now := placeholder("now")
	switch v.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
		return out(cast(c.toLocal(now), "DATE"), pgwire.OIDDate, "current_date")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
		return out(now, pgwire.OIDTimestamptz, "current_timestamp")
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		return out(c.toLocal(now), pgwire.OIDTimestamp, "localtimestamp")
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:
		return out(cast(c.toLocal(now), "TIME"), oidTime, "localtime")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:
		return out(placeholder("user"), pgwire.OIDName, "current_role")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_USER:
		return out(placeholder("user"), pgwire.OIDName, "current_user")
	case pg.SQLValueFunctionOp_SVFOP_USER:
		return out(placeholder("user"), pgwire.OIDName, "user")
	case pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		return out(placeholder("user"), pgwire.OIDName, "session_user")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
		return out(placeholder("database"), pgwire.OIDName, "current_catalog")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		return out("'public'", pgwire.OIDName, "current_schema")
	}
	c.unsupported(v.Location, "this function")
	return nil
}

func (c *compiler) collate(x *pg.CollateClause) *ex {
	e := c.expr(x.Arg)
	name := stringOf(x.Collname[len(x.Collname)-1])
	if e.oid == pgwire.OIDUnknown {
		e = c.coerce(e, pgwire.OIDText, -1, implicit)
	}
	if !isText(e.oid) {
		c.failAt(x.Location, "42804", "collations are not supported by type %s", typeName(e.oid))
	}
	switch name {
	case "default", "C", "POSIX", "ucs_basic", "C.UTF-8", "C.utf8":
		return e
	}
	c.failAt(x.Location, "42704", "collation \"%s\" for encoding \"UTF8\" does not exist", name)
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
			c.failAt(e.pos, "42803", "arguments to GROUPING must be grouping expressions of the associated query level")
		}
		list = append(list, c.key(e))
	}
	e := c.make(cast("GROUPING("+strings.Join(list, ", ")+")", "INTEGER"), pgwire.OIDInt4)
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
		test = c.expr(x.Testexpr)
	}
	s := c.subquery(q)
	for _, col := range s.cols {
		if x.SubLinkType != pg.SubLinkType_EXISTS_SUBLINK {
			c.settleOutput(col)
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

func (c *compiler) subLinkOf(x *pg.SubLink, s *selected, test *ex) *ex {
	one := func() *ex {
		if len(s.cols) != 1 {
			c.failAt(x.Location, "42601", "subquery must return only one column")
		}
		return s.cols[0].e
	}
	switch x.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		return c.boolean("EXISTS (" + s.sql + ")").named("exists")
	case pg.SubLinkType_EXPR_SUBLINK:
		e := one()
		out := c.make("("+s.sql+")", e.oid)
		out.mod, out.rep = e.mod, e.rep
		return out.named(s.cols[0].name)
	case pg.SubLinkType_ARRAY_SUBLINK:
		e := one()
		oid := arrays[e.oid]
		if oid == 0 {
			c.unsupported(x.Location, "an array of %s", typeName(e.oid))
		}
		item := s.cols[0].sql
		if e.oid == pgwire.OIDNumeric && e.rep >= 0 {
			item = cast(item, "VARCHAR")
		}
		return c.make("ARRAY(SELECT "+item+" FROM ("+s.sql+"))", oid).named("array")
	case pg.SubLinkType_ANY_SUBLINK, pg.SubLinkType_ALL_SUBLINK:
		return c.quantified(x, s, test)
	case pg.SubLinkType_ROWCOMPARE_SUBLINK:
		c.unsupported(x.Location, "comparing a row with a subquery")
	}
	c.unsupported(x.Location, "this subquery")
	return nil
}

// quantified compiles x IN (SELECT …), x op ANY (SELECT …) and x op ALL (SELECT …).
func (c *compiler) quantified(x *pg.SubLink, s *selected, test *ex) *ex {
	op := "="
	if len(x.OperName) > 0 {
		op = stringOf(x.OperName[len(x.OperName)-1])
	}
	left := []*ex{test}
	if len(test.fields) > 0 {
		left = test.fields
	}
	if len(left) != len(s.cols) {
		word := "too many"
		if len(s.cols) < len(left) {
			word = "too few"
		}
		c.failAt(x.Location, "42601", "subquery has %s columns", word)
	}
	t := c.fresh("t")
	var keys, columns []string
	for i, col := range s.cols {
		r := &ex{sql: t + "." + col.sql, oid: col.e.oid, mod: -1, rep: col.e.rep, pos: col.e.pos}
		c.operator(op, left[i], r, x.Location) // for its errors
		a, b := c.comparable(left[i], r, op, x.Location)
		keys, columns = append(keys, c.key(a)), append(columns, c.key(b))
	}
	l := keys[0]
	if len(keys) > 1 {
		l = "(" + strings.Join(keys, ", ") + ")"
		columns = []string{"(" + strings.Join(columns, ", ") + ")"}
	}
	inner := "SELECT " + strings.Join(columns, ", ") + " FROM (" + s.sql + ") AS " + t
	quantifier := "ANY"
	if x.SubLinkType == pg.SubLinkType_ALL_SUBLINK {
		quantifier = "ALL"
	}
	switch {
	case quantifier == "ANY" && op == "=":
		return c.boolean("("+l+" IN ("+inner+"))", left...)
	case quantifier == "ALL" && op == "<>":
		return c.boolean("("+l+" NOT IN ("+inner+"))", left...)
	case strings.Contains(" = <> < <= > >= ", " "+op+" "):
		return c.boolean("("+l+" "+op+" "+quantifier+" ("+inner+"))", left...)
	}
	c.unsupported(x.Location, "%s %s with a subquery", op, quantifier)
	return nil
}
