//go:build cgo

package translate

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
)

// operation compiles an operator with its operands.
func (c *compiler) operation(x *pg.A_Expr) *ex {
	op := ""
	if len(x.Name) > 0 {
		op = stringOf(x.Name[len(x.Name)-1])
	}
	if op == "!=" {
		op = "<>"
	}
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_OP:
		if x.Lexpr == nil {
			return c.prefix(op, c.expr(x.Rexpr), x.Location)
		}
		if l, r := x.Lexpr.GetRowExpr(), x.Rexpr.GetRowExpr(); l != nil && r != nil {
			return c.rowComparison(op, c.expr(x.Lexpr), c.expr(x.Rexpr), x.Location)
		}
		if l, r := x.Lexpr.GetRowExpr(), x.Rexpr.GetSubLink(); l != nil && r != nil && r.SubLinkType == pg.SubLinkType_EXPR_SUBLINK {
			return c.rowSubquery(op, c.expr(x.Lexpr), r, x.Location)
		}
		return c.operator(op, c.expr(x.Lexpr), c.expr(x.Rexpr), x.Location)
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return c.isDistinct(x)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		l, r := c.expr(x.Lexpr), c.expr(x.Rexpr)
		if l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDUnknown {
			l = c.coerce(l, pgwire.OIDText, -1, implicit)
		}
		eq := c.operator("=", l, r, x.Location)
		if a, _ := c.comparable(l, r, "=", x.Location); a != nil {
			l = a // the result has the type in which they are compared
		}
		out := c.make(fmt.Sprintf("(CASE WHEN %s THEN NULL ELSE %s END)", eq.sql, l.sql), l.oid, l, eq)
		out.rep = l.rep
		return out.at(x.Location).named("nullif")
	case pg.A_Expr_Kind_AEXPR_IN:
		return c.in(x, op)
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		return c.anyArray(x, op)
	case pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE, pg.A_Expr_Kind_AEXPR_SIMILAR:
		return c.operator(op, c.expr(x.Lexpr), c.expr(x.Rexpr), x.Location)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN, pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return c.between(x)
	}
	c.unsupported(x.Location, "this operator")
	return nil
}

func (c *compiler) isDistinct(x *pg.A_Expr) *ex {
	l, r := c.expr(x.Lexpr), c.expr(x.Rexpr)
	word := " IS DISTINCT FROM "
	if x.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT {
		word = " IS NOT DISTINCT FROM "
	}
	if len(l.fields) > 0 && len(l.fields) == len(r.fields) {
		var list []string
		for i := range l.fields {
			a, b := c.comparable(l.fields[i], r.fields[i], "=", x.Location)
			list = append(list, "("+c.key(a)+" IS NOT DISTINCT FROM "+c.key(b)+")")
		}
		sql := "(" + strings.Join(list, " AND ") + ")"
		if word == " IS DISTINCT FROM " {
			sql = "(NOT " + sql + ")"
		}
		return c.boolean(sql, l, r).at(x.Location)
	}
	c.operator("=", l, r, x.Location)
	a, b := c.comparable(l, r, "=", x.Location)
	return c.boolean("("+c.key(a)+word+c.key(b)+")", a, b).at(x.Location)
}

func (c *compiler) between(x *pg.A_Expr) *ex {
	list := x.Rexpr.GetList().Items
	test, lo, hi := c.expr(x.Lexpr), c.expr(list[0]), c.expr(list[1])
	one := func(lo, hi *ex) string {
		return "(" + c.operator(">=", test, lo, x.Location).sql + " AND " + c.operator("<=", test, hi, x.Location).sql + ")"
	}
	sql := one(lo, hi)
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		sql = "(" + sql + " OR " + one(hi, lo) + ")"
	}
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_NOT_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		sql = "(NOT " + sql + ")"
	}
	return c.boolean(sql, test, lo, hi).at(locate(x.Lexpr))
}

// in compiles x IN (list).
func (c *compiler) in(x *pg.A_Expr, op string) *ex {
	test := c.expr(x.Lexpr)
	items := x.Rexpr.GetList().Items
	list := c.exprs(items)
	if len(test.fields) > 0 {
		var any []string
		parts := []*ex{test}
		for _, e := range list {
			eq := c.rowComparison("=", test, e, x.Location)
			any = append(any, eq.sql)
			parts = append(parts, eq)
		}
		sql := "(" + strings.Join(any, " OR ") + ")"
		if op == "<>" {
			sql = "(NOT " + sql + ")"
		}
		return c.boolean(sql, parts...).at(test.pos)
	}
	// All are compared as one type, as PostgreSQL does where it can.
	all := append([]*ex{test}, list...)
	for _, e := range list {
		c.operator("=", test, e, x.Location) // for its errors
	}
	for i := range all {
		if all[i].oid == pgwire.OIDUnknown {
			continue
		}
	}
	unified := c.unifyComparison(all, x.Location)
	var keys []string
	for _, e := range unified[1:] {
		keys = append(keys, c.key(e))
	}
	word := " IN "
	if op == "<>" {
		word = " NOT IN "
	}
	return c.boolean("("+c.key(unified[0])+word+"("+strings.Join(keys, ", ")+"))", unified...).at(test.pos)
}

// unifyComparison gives expressions that are compared with the first a type.
func (c *compiler) unifyComparison(list []*ex, pos int32) []*ex {
	oid := uint32(pgwire.OIDUnknown)
	for _, e := range list {
		switch {
		case e.oid == pgwire.OIDUnknown:
		case oid == pgwire.OIDUnknown || c.widens(oid, e.oid) && !c.widens(e.oid, oid):
			oid = e.oid
		}
	}
	if oid == pgwire.OIDUnknown {
		oid = pgwire.OIDText
	}
	out := make([]*ex, len(list))
	for i, e := range list {
		if out[i] = c.tryCoerce(e, oid, implicit); out[i] == nil {
			c.failAt(pos, "42883", "operator does not exist: %s = %s", typeName(list[0].oid), typeName(e.oid))
		}
	}
	if oid == pgwire.OIDNumeric {
		for i := range out {
			if out[i].rep < 0 {
				for j := range out {
					out[j] = c.asText(out[j])
				}
				break
			}
		}
	}
	return out
}

// anyArray compiles x op ANY (array) and x op ALL (array).
func (c *compiler) anyArray(x *pg.A_Expr, op string) *ex {
	test := c.expr(x.Lexpr)
	all := x.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL
	if a := x.Rexpr.GetAArrayExpr(); a != nil && len(a.Elements) > 0 {
		var list []string
		var parts []*ex
		for _, n := range a.Elements {
			e := c.operator(op, test, c.expr(n), x.Location)
			list = append(list, e.sql)
			parts = append(parts, e)
		}
		word := " OR "
		if all {
			word = " AND "
		}
		return c.boolean("("+strings.Join(list, word)+")", parts...).at(x.Location)
	}
	array := c.expr(x.Rexpr)
	if array.oid == pgwire.OIDUnknown {
		oid := arrays[test.oid]
		if test.oid == pgwire.OIDUnknown || oid == 0 {
			oid = arrays[pgwire.OIDText]
		}
		if isText(test.oid) && test.oid != pgwire.OIDName {
			oid = arrays[pgwire.OIDText]
		}
		array = c.coerce(array, oid, -1, implicit)
	}
	element := elements[array.oid]
	if element == 0 {
		c.failAt(x.Location, "42809", "op ANY/ALL (array) requires array on right side")
	}
	item := &ex{sql: "x", oid: element, mod: -1, rep: textScale, pos: array.pos}
	if test.oid == pgwire.OIDUnknown {
		test = c.coerce(test, element, -1, implicit)
	}
	match := c.operator(op, test, item, x.Location)
	if (op == "=" && !all || op == "<>" && all) && !needsKey(item) {
		// DuckDB's lambdas see no columns of queries around theirs.
		if a, b := c.comparable(test, item, "=", x.Location); a != nil && b.sql == "x" {
			sql := fmt.Sprintf("(CASE WHEN list_contains(%[1]s, %[2]s) THEN TRUE WHEN len(%[1]s) = 0 THEN FALSE WHEN %[2]s IS NULL OR list_count(%[1]s) < len(%[1]s) THEN NULL WHEN %[1]s IS NOT NULL THEN FALSE END)", array.sql, a.sql)
			if all {
				sql = "(NOT " + sql + ")"
			}
			return c.boolean(sql, test, array).at(x.Location)
		}
	}
	// The matches of the elements: true if any is, else null if any is.
	results := "list_transform(" + array.sql + ", lambda x: " + match.sql + ")"
	sql := fmt.Sprintf("(CASE WHEN list_contains(%[1]s, TRUE) THEN TRUE WHEN list_count(%[1]s) < len(%[1]s) THEN NULL WHEN %[2]s IS NOT NULL THEN FALSE END)", results, array.sql)
	if all {
		sql = fmt.Sprintf("(CASE WHEN list_contains(%[1]s, FALSE) THEN FALSE WHEN list_count(%[1]s) < len(%[1]s) THEN NULL WHEN %[2]s IS NOT NULL THEN TRUE END)", results, array.sql)
	}
	return c.boolean(sql, test, array).at(x.Location)
}

// rowComparison compares rows field by field.
func (c *compiler) rowComparison(op string, l, r *ex, pos int32) *ex {
	if len(l.fields) != len(r.fields) {
		c.failAt(pos, "42601", "unequal number of entries in row expressions")
	}
	n := len(l.fields)
	var parts []*ex
	pair := func(op string, i int) string {
		e := c.operator(op, l.fields[i], r.fields[i], pos)
		parts = append(parts, e)
		return e.sql
	}
	var sql string
	switch op {
	case "=", "<>":
		var list []string
		for i := range n {
			list = append(list, pair(op, i))
		}
		sql = "(" + strings.Join(list, map[string]string{"=": " AND ", "<>": " OR "}[op]) + ")"
	case "<", "<=", ">", ">=":
		sql = pair(op, n-1)
		for i := n - 2; i >= 0; i-- {
			sql = "(" + pair(strings.TrimSuffix(op, "="), i) + " OR (" + pair("=", i) + " AND " + sql + "))"
		}
	default:
		c.unsupported(pos, "row comparison with %s", op)
	}
	return c.boolean(sql, parts...).at(pos)
}

// rowSubquery compares a row with the only row of a subquery.
func (c *compiler) rowSubquery(op string, l *ex, x *pg.SubLink, pos int32) *ex {
	captured := 0
	if c.query != nil {
		captured = len(c.query.captured)
	}
	s := c.subquery(x.Subselect.GetSelectStmt())
	t := c.fresh("t")
	r := &ex{oid: oidRecord, mod: -1, rep: textScale, pos: x.Location}
	for _, col := range s.cols {
		c.settleOutput(col)
		r.fields = append(r.fields, &ex{sql: t + "." + col.sql, oid: col.e.oid, mod: -1, rep: col.e.rep, pos: col.e.pos})
	}
	if len(r.fields) != len(l.fields) {
		word := "too many"
		if len(r.fields) < len(l.fields) {
			word = "too few"
		}
		c.failAt(x.Location, "42601", "subquery has %s columns", word)
	}
	match := c.rowComparison(op, l, r, pos)
	out := c.boolean("(SELECT "+match.sql+" FROM ("+s.sql+") AS "+t+")", l)
	if c.query != nil {
		out.vars = append(out.vars, c.query.captured[captured:]...)
		c.query.captured = c.query.captured[:captured]
	}
	return out.at(pos)
}

// prefix compiles an operator with one operand.
func (c *compiler) prefix(op string, e *ex, pos int32) *ex {
	if e.oid == pgwire.OIDUnknown && (op == "-" || op == "+") {
		c.fail(c.at(pgwire.Errorf("42725", "operator is not unique: %s unknown", op).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts."), pos))
	}
	switch {
	case op == "+" && isNumber(e.oid):
		return e
	case op == "-" && isNumber(e.oid):
		sql := "(- " + e.sql + ")"
		if e.oid == pgwire.OIDNumeric && e.rep < 0 {
			sql = call("pg_num_neg", e.sql)
		}
		out := c.make(sql, e.oid, e)
		out.rep = e.rep
		return out.at(pos)
	case op == "-" && e.oid == pgwire.OIDInterval:
		return c.make("(- "+e.sql+")", e.oid, e).at(pos)
	case op == "~" && isInteger(e.oid):
		return c.make("(~ "+e.sql+")", e.oid, e).at(pos)
	case op == "@" && isNumber(e.oid):
		return c.callNamed("abs", []*ex{e}, pos)
	case op == "|/" || op == "||/":
		e = c.coerce(e, pgwire.OIDFloat8, -1, implicit)
		name := map[string]string{"|/": "sqrt", "||/": "cbrt"}[op]
		return c.callNamed(name, []*ex{e}, pos)
	case op == "!!":
		c.unsupported(pos, "operator !!")
	}
	c.noOperator(fmt.Sprintf("%s %s", op, typeName(e.oid)), pos)
	return nil
}

func (c *compiler) noOperator(what string, pos int32) {
	c.fail(c.at(pgwire.Errorf("42883", "operator does not exist: %s", what).
		WithHint("No operator matches the given name and argument types. You might need to add explicit type casts."), pos))
}

var comparisons = map[string]bool{"=": true, "<>": true, "<": true, "<=": true, ">": true, ">=": true}

// operator compiles an operator with two operands.
func (c *compiler) operator(op string, l, r *ex, pos int32) *ex {
	out := c.operatorOf(op, l, r, pos)
	if out == nil {
		c.noOperator(fmt.Sprintf("%s %s %s", typeName(l.oid), op, typeName(r.oid)), pos)
	}
	return out.at(pos).named("")
}

func (c *compiler) operatorOf(op string, l, r *ex, pos int32) *ex {
	if len(l.fields) > 0 && len(r.fields) > 0 && comparisons[op] {
		return c.rowComparison(op, l, r, pos)
	}
	if comparisons[op] {
		a, b := c.comparable(l, r, op, pos)
		if a == nil {
			return nil
		}
		if op != "=" && op != "<>" {
			c.orderable(a, op, l, r, pos)
		}
		if a.oid == pgwire.OIDJSON {
			return nil
		}
		return c.boolean("("+c.key(a)+" "+op+" "+c.key(b)+")", a, b)
	}
	switch op {
	case "+", "-", "*", "/", "%", "^":
		return c.arithmetic(op, l, r, pos)
	case "||":
		return c.concatenate(l, r)
	case "~~", "!~~", "~~*", "!~~*":
		return c.like(op, l, r)
	case "~", "!~", "~*", "!~*":
		return c.regexp(op, l, r)
	case "&", "|", "#", "<<", ">>":
		if isInteger(l.oid) || isInteger(r.oid) || l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDUnknown {
			return c.bits(op, l, r)
		}
	}
	if x := c.jsonOperator(op, l, r); x != nil {
		return x
	}
	if op == "^@" && (isText(l.oid) || l.oid == pgwire.OIDUnknown) && (isText(r.oid) || r.oid == pgwire.OIDUnknown) {
		a, b := c.text(l), c.text(r)
		return c.boolean(call("starts_with", a.sql, b.sql), a, b)
	}
	return c.arrayOperator(op, l, r)
}

func (c *compiler) orderable(a *ex, op string, l, r *ex, pos int32) {
	switch a.oid {
	case pgwire.OIDXid, pgwire.OIDJSON, oidACLItem:
		c.noOperator(fmt.Sprintf("%s %s %s", typeName(l.oid), op, typeName(r.oid)), pos)
	}
}

// comparable converts two operands to the type they are compared in; nil if there is
// none.
func (c *compiler) comparable(l, r *ex, op string, pos int32) (a, b *ex) {
	switch {
	case l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDUnknown:
		return c.coerce(l, pgwire.OIDText, -1, implicit), c.coerce(r, pgwire.OIDText, -1, implicit)
	case l.oid == pgwire.OIDUnknown:
		return c.coerce(l, c.comparedAs(r), -1, implicit), r
	case r.oid == pgwire.OIDUnknown:
		return l, c.coerce(r, c.comparedAs(l), -1, implicit)
	case l.oid == r.oid:
	case isNumber(l.oid) && isNumber(r.oid) && (l.oid == pgwire.OIDFloat4 || r.oid == pgwire.OIDFloat4):
		// No operator takes float4 and another.
		return c.convert(l, pgwire.OIDFloat8, explicit), c.convert(r, pgwire.OIDFloat8, explicit)
	case isText(l.oid) && isText(r.oid):
		return l, r
	case c.widens(l.oid, r.oid):
		l = c.convert(l, r.oid, implicit)
	case c.widens(r.oid, l.oid):
		r = c.convert(r, l.oid, implicit)
	case category(l.oid) == catNumber && category(r.oid) == catNumber && !isFloat(l.oid) && !isFloat(r.oid) && l.oid != pgwire.OIDNumeric && r.oid != pgwire.OIDNumeric:
		// oid and its kin with one another, and with integers
		return c.make(cast(l.sql, "BIGINT"), pgwire.OIDOid, l), c.make(cast(r.sql, "BIGINT"), pgwire.OIDOid, r)
	case l.oid == pgwire.OIDXid && isInteger(r.oid):
		return l, c.make(cast(r.sql, "BIGINT"), pgwire.OIDXid, r)
	case elements[l.oid] != 0 && elements[r.oid] != 0 && isText(elements[l.oid]) && isText(elements[r.oid]):
		return l, r
	default:
		return nil, nil
	}
	if l.oid == pgwire.OIDNumeric && (l.rep < 0) != (r.rep < 0) {
		l, r = c.asText(l), c.asText(r)
	}
	return l, r
}

// comparedAs is the type that an untyped literal takes beside an operand.
func (c *compiler) comparedAs(e *ex) uint32 {
	if e.oid == pgwire.OIDVarchar {
		return pgwire.OIDText
	}
	return e.oid
}
