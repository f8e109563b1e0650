package translate

import (
	"fmt"
	"strconv"
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

// arithmetic compiles + - * / % ^.
func (c *compiler) arithmetic(op string, l, r *ex, pos int32) *ex {
	switch {
	case l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDUnknown:
		c.fail(c.at(pgwire.Errorf("42725", "operator is not unique: unknown %s unknown", op).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts."), pos))
	case l.oid == pgwire.OIDUnknown && isNumber(r.oid):
		l = c.coerce(l, r.oid, -1, implicit)
	case r.oid == pgwire.OIDUnknown && isNumber(l.oid):
		r = c.coerce(r, l.oid, -1, implicit)
	}
	if isNumber(l.oid) && isNumber(r.oid) {
		return c.numbers(op, l, r)
	}
	if x := c.timeArithmetic(op, l, r); x != nil {
		return x
	}
	if op == "-" {
		return c.jsonOperator(op, l, r)
	}
	return nil
}

func (c *compiler) numbers(op string, l, r *ex) *ex {
	oid := l.oid
	if rank(r.oid) > rank(l.oid) {
		oid = r.oid
	}
	if oid == pgwire.OIDFloat4 && l.oid != r.oid {
		oid = pgwire.OIDFloat8 // no operator takes float4 and another
	}
	if op == "^" && oid != pgwire.OIDNumeric {
		oid = pgwire.OIDFloat8
	}
	if op == "%" && isFloat(oid) {
		return nil
	}
	if oid == pgwire.OIDNumeric {
		return c.numerics(op, c.asNumeric(l), c.asNumeric(r))
	}
	a, b := c.convert(l, oid, implicit), c.convert(r, oid, implicit)
	sql := fmt.Sprintf("(%s %s %s)", a.sql, op, b.sql)
	fallible := false
	switch {
	case op == "/" && isFloat(oid):
		sql, fallible = divided(finite("("+a.sql+" / "+b.sql+")", a.sql, b.sql), b.sql), true
	case isFloat(oid) && op != "^":
		sql, fallible = finite(sql, a.sql, b.sql), true
	case op == "/":
		sql, fallible = divided("("+a.sql+" // "+b.sql+")", b.sql), true
	case op == "%":
		sql, fallible = divided(sql, b.sql), true
	case op == "^":
		sql = call("pg_power", a.sql, b.sql)
	}
	out := c.make(sql, oid, a, b)
	out.fallible = out.fallible || fallible
	return out
}

// finite guards a float's arithmetic: PostgreSQL takes an infinity that comes of finite
// numbers for an error.
func finite(sql, a, b string) string {
	return "(CASE WHEN isinf(" + sql + ") AND NOT isinf(" + a + ") AND NOT isinf(" + b + ") THEN error('" +
		marker("22003", "value out of range: overflow") + "') ELSE " + sql + " END)"
}

// divided guards a division: DuckDB's yields null.
func divided(sql, by string) string {
	if n, err := strconv.Atoi(by); err == nil && n != 0 {
		return sql
	}
	return "(CASE WHEN " + by + " = 0 THEN error('" + marker("22012", "division by zero") + "') ELSE " + sql + " END)"
}

// marker writes an error of ours so that it is found in DuckDB's.
func marker(code, message string) string { return "EVG" + code + ":" + message }

func (c *compiler) numerics(op string, l, r *ex) *ex {
	if l.rep >= 0 && r.rep >= 0 {
		scale := max(l.rep, r.rep)
		switch op {
		case "+", "-":
			to := Physical(pgwire.OIDNumeric, scale)
			return c.decimal(fmt.Sprintf("(%s %s %s)", cast(l.sql, to), op, cast(r.sql, to)), scale, l, r)
		case "*":
			if l.rep+r.rep <= maxScale {
				return c.decimal(fmt.Sprintf("(%s * %s)", l.sql, r.sql), l.rep+r.rep, l, r)
			}
		}
	}
	name := map[string]string{"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "^": "power"}[op]
	out := c.make(call("pg_num_"+name, numericText(l), numericText(r)), pgwire.OIDNumeric, l, r)
	out.fallible = true
	return out
}

func (c *compiler) bits(op string, l, r *ex) *ex {
	if l.oid == pgwire.OIDUnknown {
		l = c.coerce(l, r.oid, -1, implicit)
	}
	if r.oid == pgwire.OIDUnknown {
		r = c.coerce(r, l.oid, -1, implicit)
	}
	if !isInteger(l.oid) || !isInteger(r.oid) {
		return nil
	}
	if op == "<<" || op == ">>" {
		return c.make(fmt.Sprintf("CAST(pg_shift(%s, %s, %d, '%s') AS %s)", cast(l.sql, "BIGINT"), cast(r.sql, "BIGINT"), pgwire.TypeSize(l.oid), op, Physical(l.oid, 0)), l.oid, l, r)
	}
	oid := l.oid
	if rank(r.oid) > rank(oid) {
		oid = r.oid
	}
	a, b := c.convert(l, oid, implicit), c.convert(r, oid, implicit)
	if op == "#" {
		return c.make(call("xor", a.sql, b.sql), oid, a, b)
	}
	return c.make(fmt.Sprintf("(%s %s %s)", a.sql, op, b.sql), oid, a, b)
}

// timeArithmetic compiles + - * / of dates, times and intervals.
func (c *compiler) timeArithmetic(op string, l, r *ex) *ex {
	// An untyped literal beside a time is an interval, or of the same type where that is subtracted.
	if l.oid == pgwire.OIDUnknown && category(r.oid) == catTime {
		l = c.coerce(l, map[string]uint32{"+": pgwire.OIDInterval, "-": r.oid}[op], -1, implicit)
	}
	if r.oid == pgwire.OIDUnknown {
		switch {
		case category(l.oid) == catTime && op == "+":
			r = c.coerce(r, pgwire.OIDInterval, -1, implicit)
		case category(l.oid) == catTime && op == "-":
			want := l.oid
			if r.literal && !looksLikeTime(r.text) {
				want = pgwire.OIDInterval
			}
			if r.param > 0 {
				want = l.oid
			}
			r = c.coerce(r, want, -1, implicit)
		case l.oid == pgwire.OIDInterval && (op == "+" || op == "-"):
			r = c.coerce(r, pgwire.OIDInterval, -1, implicit)
		case l.oid == pgwire.OIDInterval:
			r = c.coerce(r, pgwire.OIDFloat8, -1, implicit)
		}
	}
	if l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDInterval {
		if op == "*" {
			l = c.coerce(l, pgwire.OIDFloat8, -1, implicit)
		} else {
			l = c.coerce(l, pgwire.OIDInterval, -1, implicit)
		}
	}
	make := func(sql string, oid uint32) *ex { return c.make(sql, oid, l, r) }
	if op == "+" && (category(r.oid) == catTime && category(l.oid) != catTime || r.oid == pgwire.OIDDate && l.oid == oidTime) {
		l, r = r, l // a sum is the same either way
	}
	infix := fmt.Sprintf("(%s %s %s)", l.sql, op, r.sql)
	switch {
	case l.oid == pgwire.OIDDate && r.oid == pgwire.OIDDate && op == "-":
		return make(cast(fmt.Sprintf("date_diff('day', %s, %s)", r.sql, l.sql), "INTEGER"), pgwire.OIDInt4)
	case l.oid == pgwire.OIDDate && (r.oid == pgwire.OIDInt4 || r.oid == pgwire.OIDInt2) && (op == "+" || op == "-"):
		return make(fmt.Sprintf("(%s %s %s)", l.sql, op, cast(r.sql, "INTEGER")), pgwire.OIDDate)
	case l.oid == pgwire.OIDDate && r.oid == oidTime && op == "+":
		return make(fmt.Sprintf("(%s + %s)", l.sql, r.sql), pgwire.OIDTimestamp)
	case r.oid == pgwire.OIDInterval && (op == "+" || op == "-") && (l.oid == pgwire.OIDDate || l.oid == pgwire.OIDTimestamp):
		return make(fmt.Sprintf("(%s %s %s)", cast(l.sql, "TIMESTAMP"), op, r.sql), pgwire.OIDTimestamp)
	case r.oid == pgwire.OIDInterval && (op == "+" || op == "-") && l.oid == pgwire.OIDTimestamptz:
		// Days and months are added in local time.
		return make(call("pg_tz_add", l.sql, map[string]string{"+": r.sql, "-": "(- " + r.sql + ")"}[op], placeholder("zone")), pgwire.OIDTimestamptz)
	case r.oid == pgwire.OIDInterval && (op == "+" || op == "-") && l.oid == oidTime:
		return make(call("pg_time_add", l.sql, map[string]string{"+": r.sql, "-": "(- " + r.sql + ")"}[op]), oidTime)
	case l.oid == oidTime && r.oid == oidTime && op == "-":
		return make(fmt.Sprintf("to_microseconds(pg_time_micros(%s) - pg_time_micros(%s))", l.sql, r.sql), pgwire.OIDInterval)
	case category(l.oid) == catTime && category(r.oid) == catTime && op == "-" && l.oid != oidTime && r.oid != oidTime:
		oid := uint32(pgwire.OIDTimestamp)
		if l.oid == pgwire.OIDTimestamptz || r.oid == pgwire.OIDTimestamptz {
			oid = pgwire.OIDTimestamptz
		}
		a, b := c.convert(l, oid, implicit), c.convert(r, oid, implicit)
		return make(call("pg_time_sub", a.sql, b.sql), pgwire.OIDInterval)
	case l.oid == pgwire.OIDInterval && r.oid == pgwire.OIDInterval && (op == "+" || op == "-"):
		return make(infix, pgwire.OIDInterval)
	case l.oid == pgwire.OIDInterval && isNumber(r.oid) && (op == "*" || op == "/"):
		f := c.convert(r, pgwire.OIDFloat8, implicit)
		out := make(call(map[string]string{"*": "pg_interval_mul", "/": "pg_interval_div"}[op], l.sql, f.sql), pgwire.OIDInterval)
		out.fallible = op == "/"
		return out
	case isNumber(l.oid) && r.oid == pgwire.OIDInterval && op == "*":
		return make(call("pg_interval_mul", r.sql, c.convert(l, pgwire.OIDFloat8, implicit).sql), pgwire.OIDInterval)
	}
	return nil
}

// looksLikeTime tells a timestamp's text from an interval's.
func looksLikeTime(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) >= 8 && (s[4] == '-' || strings.Count(s, "-") >= 2) || s == "now" || s == "today" || s == "yesterday" || s == "tomorrow" || s == "epoch"
}

// concatenate compiles ||.
func (c *compiler) concatenate(l, r *ex) *ex {
	switch {
	case elements[l.oid] != 0 || elements[r.oid] != 0:
		return c.concatenateArrays(l, r)
	case l.oid == pgwire.OIDJSONB && (r.oid == pgwire.OIDJSONB || r.oid == pgwire.OIDUnknown), r.oid == pgwire.OIDJSONB && l.oid == pgwire.OIDUnknown:
		l, r = c.coerce(l, pgwire.OIDJSONB, -1, implicit), c.coerce(r, pgwire.OIDJSONB, -1, implicit)
		return c.make(call("pg_jsonb_concat", l.sql, r.sql), pgwire.OIDJSONB, l, r)
	case l.oid == pgwire.OIDBytea && (r.oid == pgwire.OIDBytea || r.oid == pgwire.OIDUnknown):
		r = c.coerce(r, pgwire.OIDBytea, -1, implicit)
		return c.make("("+l.sql+" || "+r.sql+")", pgwire.OIDBytea, l, r)
	case isText(l.oid) || isText(r.oid) || l.oid == pgwire.OIDUnknown || r.oid == pgwire.OIDUnknown:
		if !isText(l.oid) && l.oid != pgwire.OIDUnknown && !isText(r.oid) && r.oid != pgwire.OIDUnknown {
			return nil
		}
		a, b := c.text(l), c.text(r)
		return c.make("("+a.sql+" || "+b.sql+")", pgwire.OIDText, a, b)
	}
	return nil
}

func (c *compiler) concatenateArrays(l, r *ex) *ex {
	oid := l.oid
	if elements[oid] == 0 {
		oid = r.oid
	}
	part := func(e *ex) string {
		if elements[e.oid] != 0 {
			return e.sql
		}
		if e.oid == pgwire.OIDUnknown && e.literal {
			return c.coerce(e, oid, -1, implicit).sql
		}
		x := c.tryCoerce(e, elements[oid], implicit)
		if x == nil {
			return ""
		}
		return "[" + c.asText(x).sql + "]"
	}
	a, b := part(l), part(r)
	if a == "" || b == "" {
		return nil
	}
	// null || array is the array.
	sql := fmt.Sprintf("(CASE WHEN %[1]s IS NULL THEN %[2]s WHEN %[2]s IS NULL THEN %[1]s ELSE list_concat(%[1]s, %[2]s) END)", a, b)
	return c.make(sql, oid, l, r)
}

func (c *compiler) like(op string, l, r *ex) *ex {
	if l.oid == pgwire.OIDBytea {
		c.unsupported(l.pos, "LIKE of bytea")
	}
	if !isText(l.oid) && l.oid != pgwire.OIDUnknown || !isText(r.oid) && r.oid != pgwire.OIDUnknown {
		return nil
	}
	a, b := c.text(l), c.text(r)
	escape := ""
	if i := strings.Index(b.sql, "pg_like_escape("); i == 0 {
		inner := strings.TrimSuffix(strings.TrimPrefix(b.sql, "pg_like_escape("), ")")
		escape = ", " + inner[strings.LastIndex(inner, ", ")+2:]
		inner = inner[:strings.LastIndex(inner, ", ")]
		return c.likeCall(op, a, b, inner, escape)
	}
	return c.likeCall(op, a, b, b.sql, ", '\\'")
}

func (c *compiler) likeCall(op string, a, b *ex, pattern, escape string) *ex {
	name := "pg_like"
	if strings.HasSuffix(op, "*") {
		name = "pg_ilike"
	}
	sql := name + "(" + a.sql + ", " + pattern + escape + ")"
	if strings.HasPrefix(op, "!") {
		sql = "(NOT " + sql + ")"
	}
	out := c.boolean(sql, a, b)
	out.fallible = !b.literal
	return out
}

func (c *compiler) regexp(op string, l, r *ex) *ex {
	if !isText(l.oid) && l.oid != pgwire.OIDUnknown || !isText(r.oid) && r.oid != pgwire.OIDUnknown {
		return nil
	}
	a, b := c.text(l), c.text(r)
	flags := "''"
	if strings.HasSuffix(op, "*") {
		flags = "'i'"
	}
	sql := call("pg_regexp", a.sql, b.sql, flags)
	if strings.HasPrefix(op, "!") {
		sql = "(NOT " + sql + ")"
	}
	out := c.boolean(sql, a, b)
	out.fallible = !b.literal
	return out
}

// jsonOperator compiles the operators of json and jsonb.
func (c *compiler) jsonOperator(op string, l, r *ex) *ex {
	isJSON := func(e *ex) bool { return e.oid == pgwire.OIDJSONB || e.oid == pgwire.OIDJSON }
	if !isJSON(l) {
		if !(l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDJSONB && (op == "@>" || op == "<@")) {
			return nil
		}
		l = c.coerce(l, pgwire.OIDJSONB, -1, implicit)
	}
	make := func(oid uint32, name string, parts ...*ex) *ex {
		args := []string{l.sql}
		for _, p := range parts {
			args = append(args, p.sql)
		}
		return c.make(call(name, args...), oid, append([]*ex{l}, parts...)...)
	}
	asText := func() *ex {
		if r.oid == pgwire.OIDUnknown {
			return c.coerce(r, pgwire.OIDText, -1, implicit)
		}
		return r
	}
	asPath := func() *ex {
		if r.oid == pgwire.OIDUnknown {
			return c.coerce(r, arrays[pgwire.OIDText], -1, implicit)
		}
		return r
	}
	// A json value's parts come as they were written.
	raw := ""
	if l.oid == pgwire.OIDJSON {
		raw = "_raw"
	}
	switch op {
	case "->", "->>":
		k := asText()
		oid, name := l.oid, "pg_json_get"+raw
		if op == "->>" {
			oid, name = pgwire.OIDText, "pg_json_get_text"+raw
		}
		switch {
		case isText(k.oid):
			return make(oid, name, k)
		case k.oid == pgwire.OIDInt4 || k.oid == pgwire.OIDInt2:
			return make(oid, strings.Replace(name, "get", "index", 1), c.convert(k, pgwire.OIDInt4, implicit))
		}
		return nil
	case "#>", "#>>":
		p := asPath()
		if elements[p.oid] != pgwire.OIDText {
			return nil
		}
		if op == "#>>" {
			return make(pgwire.OIDText, "pg_json_path_text"+raw, p)
		}
		return make(l.oid, "pg_json_path"+raw, p)
	}
	if l.oid != pgwire.OIDJSONB {
		return nil
	}
	switch op {
	case "@>", "<@":
		if r.oid == pgwire.OIDUnknown {
			r = c.coerce(r, pgwire.OIDJSONB, -1, implicit)
		}
		if r.oid != pgwire.OIDJSONB {
			return nil
		}
		a, b := l, r
		if op == "<@" {
			a, b = r, l
		}
		return c.boolean(call("pg_jsonb_contains", a.sql, b.sql), l, r)
	case "?":
		k := asText()
		if !isText(k.oid) {
			return nil
		}
		return make(pgwire.OIDBool, "pg_jsonb_exists", k)
	case "?|", "?&":
		p := asPath()
		if elements[p.oid] != pgwire.OIDText {
			return nil
		}
		return make(pgwire.OIDBool, map[string]string{"?|": "pg_jsonb_exists_any", "?&": "pg_jsonb_exists_all"}[op], p)
	case "-":
		switch {
		case r.oid == pgwire.OIDUnknown || isText(r.oid):
			return make(pgwire.OIDJSONB, "pg_jsonb_delete", asText())
		case r.oid == pgwire.OIDInt4 || r.oid == pgwire.OIDInt2:
			out := make(pgwire.OIDJSONB, "pg_jsonb_delete_index", c.convert(r, pgwire.OIDInt4, implicit))
			out.fallible = true
			return out
		case elements[r.oid] == pgwire.OIDText:
			return make(pgwire.OIDJSONB, "pg_jsonb_delete_keys", r)
		}
	case "#-":
		return make(pgwire.OIDJSONB, "pg_jsonb_delete_path", asPath())
	case "@?":
		r = c.coerce(r, oidJSONPath, -1, explicit)
		return make(pgwire.OIDBool, "pg_jsonb_path_exists", r, c.make("'{}'", pgwire.OIDJSONB), c.make("TRUE", pgwire.OIDBool))
	case "@@":
		r = c.coerce(r, oidJSONPath, -1, explicit)
		return make(pgwire.OIDBool, "pg_jsonb_path_match", r, c.make("'{}'", pgwire.OIDJSONB), c.make("TRUE", pgwire.OIDBool))
	}
	return nil
}

// arrayOperator compiles @> <@ &&.
func (c *compiler) arrayOperator(op string, l, r *ex) *ex {
	if op != "@>" && op != "<@" && op != "&&" {
		return nil
	}
	switch {
	case elements[l.oid] != 0 && r.oid == pgwire.OIDUnknown:
		r = c.coerce(r, l.oid, -1, implicit)
	case elements[r.oid] != 0 && l.oid == pgwire.OIDUnknown:
		l = c.coerce(l, r.oid, -1, implicit)
	}
	if elements[l.oid] == 0 || elements[r.oid] == 0 {
		return nil
	}
	if l.oid != r.oid {
		if x := c.tryCoerce(l, r.oid, implicit); x != nil {
			l = x
		} else if x := c.tryCoerce(r, l.oid, implicit); x != nil {
			r = x
		} else {
			return nil
		}
	}
	a, b := c.key(l), c.key(r)
	// Nulls match nothing.
	some := func(list string) string { return "list_filter(" + list + ", lambda x: x IS NOT NULL)" }
	switch op {
	case "&&":
		return c.boolean("list_has_any("+some(a)+", "+some(b)+")", l, r)
	case "<@":
		a, b = b, a
	}
	return c.boolean(fmt.Sprintf("(list_count(%[2]s) = len(%[2]s) AND list_has_all(%[1]s, %[2]s))", a, b), l, r)
}
