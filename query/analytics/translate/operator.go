//go:build cgo

package translate

import (
	"fmt"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
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
			return c.rowComparison(op, c.operandOf(x.Lexpr), c.operandOf(x.Rexpr), x.Location)
		}
		if l, r := x.Lexpr.GetRowExpr(), x.Rexpr.GetSubLink(); l != nil && r != nil && r.SubLinkType == pg.SubLinkType_EXPR_SUBLINK {
			return c.rowSubquery(op, c.operandOf(x.Lexpr), r, x.Location)
		}
		return c.operator(op, c.expr(x.Lexpr), c.expr(x.Rexpr), x.Location)
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return c.isDistinct(x)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		l, r := c.expr(x.Lexpr), c.expr(x.Rexpr)
		if l.oid == pgvalue.OIDUnknown && r.oid == pgvalue.OIDUnknown {
			l = c.coerce(l, pgvalue.OIDText, -1, implicit)
		}
		eq, mod := c.operator("=", l, r, x.Location), l.mod
		if a, _ := c.comparable(l, r, "=", x.Location); a != nil {
			if a.oid != l.oid {
				mod = -1
			}
			l = a // the result has the type in which they are compared
		}
		out := c.make(fmt.Sprintf("(CASE WHEN %s THEN NULL ELSE %s END)", eq.sql, l.sql), l.oid, l, eq)
		out.rep, out.mod = l.rep, mod
		if l.oid == pgvalue.OIDVarchar { // which is compared as text
			out.oid, out.mod = pgvalue.OIDText, -1
		}
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

// operandOf compiles an operand. A row is taken apart by what compares it, so that its fields
// that have no type yet get theirs there.
func (c *compiler) operandOf(n *pg.Node) *ex {
	if row := n.GetRowExpr(); row != nil {
		return c.rowFields(row)
	}
	return c.expr(n)
}

func (c *compiler) between(x *pg.A_Expr) *ex {
	list := x.Rexpr.GetList().Items
	test, lo, hi := c.operandOf(x.Lexpr), c.operandOf(list[0]), c.operandOf(list[1])
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
	test := c.operandOf(x.Lexpr)
	var list []*ex
	for _, n := range x.Rexpr.GetList().Items {
		list = append(list, c.operandOf(n))
	}
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
		if all[i].oid == pgvalue.OIDUnknown {
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
	oid := uint32(pgvalue.OIDUnknown)
	for _, e := range list {
		switch {
		case e.oid == pgvalue.OIDUnknown:
		case oid == pgvalue.OIDUnknown || c.widens(oid, e.oid) && !c.widens(e.oid, oid):
			oid = e.oid
		}
	}
	if oid == pgvalue.OIDUnknown {
		oid = pgvalue.OIDText
	}
	out := make([]*ex, len(list))
	for i, e := range list {
		if out[i] = c.tryCoerce(e, oid, implicit); out[i] == nil {
			c.failAt(pos, pgerror.UndefinedFunction, "operator does not exist: %s = %s", typeName(list[0].oid), typeName(e.oid))
		}
	}
	if oid == pgvalue.OIDNumeric {
		scale := 0
		for _, e := range out {
			scale = max(scale, e.rep)
		}
		if !rescales(scale, out...) {
			for i := range out {
				out[i] = c.asText(out[i])
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
		for _, n := range scalars(nil, a) {
			var e *ex
			if item := c.expr(n); elements[item.oid] != 0 {
				e = c.anyOf(test, item, op, all, x.Location) // an array of arrays has their elements
			} else {
				e = c.operator(op, test, item, x.Location)
			}
			list = append(list, e.sql)
			parts = append(parts, e)
		}
		word := " OR "
		if all {
			word = " AND "
		}
		return c.boolean("("+strings.Join(list, word)+")", parts...).at(x.Location)
	}
	return c.anyOf(test, c.expr(x.Rexpr), op, all, x.Location)
}

// scalars are the elements of an array that is written out, those of the arrays in it included.
func scalars(out []*pg.Node, a *pg.A_ArrayExpr) []*pg.Node {
	for _, n := range a.Elements {
		if inner := n.GetAArrayExpr(); inner != nil {
			out = scalars(out, inner)
			continue
		}
		out = append(out, n)
	}
	return out
}

// anyOf compiles test op ANY (array), or ALL.
func (c *compiler) anyOf(test, array *ex, op string, all bool, pos int32) *ex {
	if array.oid == pgvalue.OIDUnknown {
		oid := arrays[test.oid]
		if test.oid == pgvalue.OIDUnknown || oid == 0 {
			oid = arrays[pgvalue.OIDText]
		}
		if isText(test.oid) && test.oid != pgvalue.OIDName {
			oid = arrays[pgvalue.OIDText]
		}
		array = c.coerce(array, oid, -1, implicit)
	}
	if array.dims > 1 {
		array = array.elements()
	}
	element := elements[array.oid]
	if element == 0 {
		c.failAt(pos, pgerror.WrongObjectType, "op ANY/ALL (array) requires array on right side")
	}
	item := &ex{sql: "x", oid: element, mod: -1, rep: textScale, pos: array.pos}
	if test.oid == pgvalue.OIDUnknown {
		test = c.coerce(test, element, -1, implicit)
	}
	match := c.operator(op, test, item, pos)
	if (op == "=" && !all || op == "<>" && all) && !needsKey(item) {
		// DuckDB's lambdas see no columns of queries around theirs.
		if a, b := c.comparable(test, item, "=", pos); a != nil && b.sql == "x" {
			sql := fmt.Sprintf("(CASE WHEN list_contains(%[1]s, %[2]s) THEN TRUE WHEN len(%[1]s) = 0 THEN FALSE WHEN %[2]s IS NULL OR list_count(%[1]s) < len(%[1]s) THEN NULL WHEN %[1]s IS NOT NULL THEN FALSE END)", array.sql, a.sql)
			if all {
				sql = "(NOT " + sql + ")"
			}
			return c.boolean(sql, test, array).at(pos)
		}
	}
	over, value := array.sql, test
	if test.outer || array.outer {
		// DuckDB's lambdas see the columns of one query alone: each element brings along what it
		// is compared with.
		over = fmt.Sprintf("list_zip(%[1]s, list_resize([%[2]s], len(%[1]s), %[2]s))", array.sql, test.sql)
		beside := *test
		beside.sql, beside.column = "x[2]", nil
		item.sql, test = "x[1]", &beside
	}
	if over != array.sql {
		match = c.operator(op, test, item, pos)
	}
	// The matches of the elements: true if any is, else null if any is.
	results := "list_transform(" + over + ", lambda x: " + match.sql + ")"
	sql := fmt.Sprintf("(CASE WHEN list_contains(%[1]s, TRUE) THEN TRUE WHEN list_count(%[1]s) < len(%[1]s) THEN NULL WHEN %[2]s IS NOT NULL THEN FALSE END)", results, array.sql)
	if all {
		sql = fmt.Sprintf("(CASE WHEN list_contains(%[1]s, FALSE) THEN FALSE WHEN list_count(%[1]s) < len(%[1]s) THEN NULL WHEN %[2]s IS NOT NULL THEN TRUE END)", results, array.sql)
	}
	return c.boolean(sql, value, array).at(pos)
}

// rowComparison compares rows field by field.
func (c *compiler) rowComparison(op string, l, r *ex, pos int32) *ex {
	if len(l.fields) != len(r.fields) {
		c.failAt(pos, pgerror.SyntaxError, "unequal number of entries in row expressions")
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
	c.sublinks++
	var s *selected
	c.refuseVolatile(c.within(c.scope.depth, true, func() { s = c.subquery(x.Subselect.GetSelectStmt()) }), x.Location)
	t := c.fresh("t")
	r := &ex{oid: pgvalue.OIDRecord, mod: -1, rep: textScale, pos: x.Location}
	for _, col := range s.cols {
		c.resolveOutput(col)
		r.fields = append(r.fields, &ex{sql: t + "." + col.sql, oid: col.e.oid, mod: -1, rep: col.e.rep, pos: col.e.pos})
	}
	if len(r.fields) != len(l.fields) {
		word := "too many"
		if len(r.fields) < len(l.fields) {
			word = "too few"
		}
		c.failAt(x.Location, pgerror.SyntaxError, "subquery has %s columns", word)
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
	if e.oid == pgvalue.OIDUnknown {
		switch op {
		case "-", "~":
			c.ambiguous(op+" unknown", pos)
		case "+", "@":
			e = c.coerce(e, pgvalue.OIDFloat8, -1, implicit)
		}
	}
	switch {
	case op == "+" && isNumber(e.oid):
		return e
	case op == "-" && isNumber(e.oid):
		sql := "(- " + e.sql + ")"
		_, bounded := map[uint32]bool{pgvalue.OIDInt2: true, pgvalue.OIDInt4: true, pgvalue.OIDInt8: true}[e.oid]
		switch _, err := strconv.Atoi(e.sql); {
		case e.oid == pgvalue.OIDNumeric && e.rep < 0:
			sql = call("pg_num_neg", e.sql)
		case isInteger(e.oid) && err != nil:
			sql = "(" + cast("0", Physical(e.oid, 0)) + " - " + e.sql + ")" // its overflow names the type
		}
		out := c.make(sql, e.oid, e)
		out.fallible = out.fallible || bounded
		out.rep, out.digits = e.rep, e.digits
		return c.computed(out).at(pos)
	case op == "-" && e.oid == pgvalue.OIDInterval:
		return c.make("(- "+e.sql+")", e.oid, e).at(pos)
	case op == "~" && isInteger(e.oid):
		return c.make("(~ "+e.sql+")", e.oid, e).at(pos)
	case op == "~" && isBits(e.oid):
		return c.make(call("pg_bits_not", e.sql), pgvalue.OIDBit, e).at(pos)
	case op == "@" && isNumber(e.oid):
		return c.callNamed("abs", []*ex{e}, pos)
	case op == "|/" || op == "||/":
		e = c.coerce(e, pgvalue.OIDFloat8, -1, implicit)
		name := map[string]string{"|/": "sqrt", "||/": "cbrt"}[op]
		return c.callNamed(name, []*ex{e}, pos)
	case op == "!!":
		c.unsupported(pos, "operator !!")
	}
	c.noOperator(fmt.Sprintf("%s %s", op, typeName(e.oid)), pos)
	return nil
}

// ambiguous: several operators fit, and none best.
func (c *compiler) ambiguous(what string, pos int32) {
	c.fail(c.at(pgerror.Errorf(pgerror.AmbiguousFunction, "operator is not unique: %s", what).
		WithHint("Could not choose a best candidate operator. You might need to add explicit type casts."), pos))
}

func (c *compiler) noOperator(what string, pos int32) {
	c.fail(c.at(pgerror.Errorf(pgerror.UndefinedFunction, "operator does not exist: %s", what).
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
		return c.recordComparison(op, l, r, pos)
	}
	if comparisons[op] {
		a, b := c.comparable(l, r, op, pos)
		if a == nil {
			return nil
		}
		if op != "=" && op != "<>" {
			c.orderable(a, op, l, r, pos)
		}
		if a.oid == pgvalue.OIDJSON || isSnapshot(a.oid) {
			return nil
		}
		return c.boolean("("+c.comparedColumn(a, c.key(a))+" "+op+" "+c.comparedColumn(b, c.key(b))+")", a, b)
	}
	if isBits(l.oid) || isBits(r.oid) {
		return c.bitOperator(op, l, r)
	}
	if l.oid == pgvalue.OIDUnknown && r.oid == pgvalue.OIDUnknown {
		switch op {
		case "&", "|", "#", "<<", ">>", "->", "->>", "#>", "#>>", "@>", "<@", "&&", "?|":
			c.ambiguous("unknown "+op+" unknown", pos)
		case "?", "@?", "?&", "#-":
			l = c.coerce(l, pgvalue.OIDJSONB, -1, implicit)
		}
	}
	switch op {
	case "~<~", "~<=~", "~>~", "~>=~":
		return c.byteOrder(strings.Trim(op, "~"), l, r)
	case "+", "-", "*", "/", "%", "^":
		return c.arithmetic(op, l, r, pos)
	case "||":
		return c.concatenate(l, r)
	case "~~", "!~~", "~~*", "!~~*":
		return c.like(op, l, r)
	case "~", "!~", "~*", "!~*":
		return c.regexp(op, l, r)
	case "&", "|", "#", "<<", ">>":
		if isInteger(l.oid) || isInteger(r.oid) || l.oid == pgvalue.OIDUnknown && r.oid == pgvalue.OIDUnknown {
			return c.bits(op, l, r)
		}
	}
	if x := c.jsonOperator(op, l, r); x != nil {
		return x
	}
	if op == "^@" && (isText(l.oid) || l.oid == pgvalue.OIDUnknown) && (isText(r.oid) || r.oid == pgvalue.OIDUnknown) {
		a, b := c.text(l), c.text(r)
		return c.boolean(call("starts_with", a.sql, b.sql), a, b)
	}
	return c.arrayOperator(op, l, r)
}

func (c *compiler) orderable(a *ex, op string, l, r *ex, pos int32) {
	switch a.oid {
	case pgvalue.OIDXid, pgvalue.OIDJSON, oidACLItem, pgvalue.OIDPgSnapshot, pgvalue.OIDTxidSnapshot:
		c.noOperator(fmt.Sprintf("%s %s %s", typeName(l.oid), op, typeName(r.oid)), pos)
	}
}

// comparable converts two operands to the type they are compared in; nil if there is
// none.
func (c *compiler) comparable(l, r *ex, op string, pos int32) (a, b *ex) {
	switch {
	case l.oid == pgvalue.OIDUnknown && r.oid == pgvalue.OIDUnknown:
		return c.coerce(l, pgvalue.OIDText, -1, implicit), c.coerce(r, pgvalue.OIDText, -1, implicit)
	case l.oid == pgvalue.OIDUnknown:
		l = c.coerce(l, c.comparedAs(r), -1, implicit)
	case r.oid == pgvalue.OIDUnknown:
		r = c.coerce(r, c.comparedAs(l), -1, implicit)
	case l.oid == r.oid:
	case isNumber(l.oid) && isNumber(r.oid) && (l.oid == pgvalue.OIDFloat4 || r.oid == pgvalue.OIDFloat4):
		// No operator takes float4 and another.
		return c.convert(l, pgvalue.OIDFloat8, explicit), c.convert(r, pgvalue.OIDFloat8, explicit)
	case isText(l.oid) && isText(r.oid):
		return l, r
	case c.widens(l.oid, r.oid):
		l = c.convert(l, r.oid, implicit)
	case c.widens(r.oid, l.oid):
		r = c.convert(r, l.oid, implicit)
	case category(l.oid) == catNumber && category(r.oid) == catNumber && !isFloat(l.oid) && !isFloat(r.oid) && l.oid != pgvalue.OIDNumeric && r.oid != pgvalue.OIDNumeric:
		// oid and its kin with one another, and with integers
		return c.make(cast(l.sql, "BIGINT"), pgvalue.OIDOid, l), c.make(cast(r.sql, "BIGINT"), pgvalue.OIDOid, r)
	case l.oid == pgvalue.OIDXid && isInteger(r.oid):
		return l, c.make(cast(r.sql, "BIGINT"), pgvalue.OIDXid, r)
	case elements[l.oid] != 0 && elements[r.oid] != 0 && isText(elements[l.oid]) && isText(elements[r.oid]):
		return l, r
	default:
		return nil, nil
	}
	if l.oid == pgvalue.OIDNumeric && r.oid == l.oid && !rescales(max(l.rep, r.rep), l, r) {
		l, r = c.asText(l), c.asText(r)
	}
	return l, r
}

// compared is comparable for who has no other way: where there is none, it fails.
func (c *compiler) compared(l, r *ex, op string, pos int32) (a, b *ex) {
	a, b = c.comparable(l, r, op, pos)
	if a == nil || b == nil {
		c.noOperator(typeName(l.oid)+" "+op+" "+typeName(r.oid), pos)
	}
	return a, b
}

// comparedAs is the type that an untyped literal takes beside an operand.
func (c *compiler) comparedAs(e *ex) uint32 {
	if e.oid == pgvalue.OIDVarchar {
		return pgvalue.OIDText
	}
	return e.oid
}
