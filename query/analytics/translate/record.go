//go:build cgo

package translate

import (
	"cmp"
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// recordComparison compares records as values, which are not written out as rows: null is
// equal to null there, and greater than anything. Columns are compared one after the other, and
// whether they can be only where those before them are equal.
func (c *compiler) recordComparison(op string, l, r *ex, pos int32) *ex {
	n := min(len(l.fields), len(r.fields))
	var equal []string
	less := "FALSE"
	wrong := ""
	if len(l.fields) != len(r.fields) {
		wrong = marker(pgerror.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	for i := range n {
		a, b := l.fields[i], r.fields[i]
		if a.oid != b.oid && (a.param == 0 && b.param == 0) {
			wrong = marker(pgerror.DatatypeMismatch, fmt.Sprintf("cannot compare dissimilar column types %s and %s at record column %d", typeName(a.oid), typeName(b.oid), i+1))
			n = i
			break
		}
		if why := incomparable(op, c.resolved(a).oid); why != "" {
			wrong = marker(pgerror.UndefinedFunction, why)
			n = i
			break
		}
	}
	for i := n - 1; i >= 0; i-- {
		a, b := c.compared(l.fields[i], r.fields[i], "=", pos) // a parameter is of the other's type
		ka, kb := c.key(a), c.key(b)
		same := "(" + ka + " IS NOT DISTINCT FROM " + kb + ")"
		equal = append(equal, same)
		less = fmt.Sprintf("(coalesce(%[1]s < %[2]s, %[1]s IS NOT NULL AND %[2]s IS NULL) OR %[3]s AND %[4]s)", ka, kb, same, less)
	}
	same := strings.Join(append(equal, "TRUE"), " AND ")
	sql := map[string]string{
		"=": same, "<>": "NOT (" + same + ")",
		"<": less, ">=": "NOT " + less, "<=": less + " OR " + same,
		">": "NOT (" + less + " OR " + same + ")",
	}[op]
	if wrong != "" {
		sql = "CASE WHEN " + same + " THEN " + cast("error('"+strings.ReplaceAll(wrong, "'", "''")+"')", "BOOLEAN") + " ELSE " + sql + " END"
	}
	for _, e := range [...]*ex{l, r} {
		if e.absent != "" {
			sql = "CASE WHEN " + e.absent + " THEN NULL ELSE " + sql + " END"
		}
	}
	out := c.boolean("("+sql+")", l, r).at(pos)
	out.fallible = out.fallible || wrong != ""
	return out
}

// incomparable tells why columns of a type cannot be compared in a record; empty if they can.
func incomparable(op string, oid uint32) string {
	switch {
	case op == "=" || op == "<>":
		if unequatable(oid) {
			return "could not identify an equality operator for type " + typeName(oid)
		}
	case unordered(oid):
		return "could not identify a comparison function for type " + typeName(oid)
	}
	return ""
}

// isDistinct compiles IS [NOT] DISTINCT FROM. Two rows that are written out are compared field by
// field. Every other row is one value, which is null as a whole where an outer join found none for it,
// and then differs from a row of nulls. Beside the constant NULL that is all that is asked.
func (c *compiler) isDistinct(x *pg.A_Expr) *ex {
	var same *ex
	switch {
	case x.Rexpr.GetAConst().GetIsnull():
		same = c.isAbsent(c.expr(x.Lexpr))
	case x.Lexpr.GetAConst().GetIsnull():
		same = c.isAbsent(c.expr(x.Rexpr))
	case x.Lexpr.GetRowExpr() != nil && x.Rexpr.GetRowExpr() != nil:
		same = c.sameFields(c.operandOf(x.Lexpr), c.operandOf(x.Rexpr), x.Location)
	default:
		same = c.sameValue(c.expr(x.Lexpr), c.expr(x.Rexpr), x.Location)
	}
	if x.Kind == pg.A_Expr_Kind_AEXPR_DISTINCT {
		same = c.boolean("(NOT "+same.sql+")", same)
	}
	return same.at(x.Location)
}

// isAbsent tells whether a value is null; a row, as a whole.
func (c *compiler) isAbsent(e *ex) *ex {
	if e.param > 0 {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	if len(e.fields) > 0 {
		return c.boolean(cmp.Or(e.absent, "FALSE"), e)
	}
	return c.boolean("("+e.sql+" IS NULL)", e)
}

// sameFields tells whether rows that are written out have the same fields.
func (c *compiler) sameFields(l, r *ex, pos int32) *ex {
	if len(l.fields) != len(r.fields) {
		c.failAt(pos, pgerror.SyntaxError, "unequal number of entries in row expressions")
	}
	list := make([]string, len(l.fields))
	parts := make([]*ex, len(l.fields))
	for i := range l.fields {
		parts[i] = c.sameValue(l.fields[i], r.fields[i], pos)
		list[i] = parts[i].sql
	}
	return c.boolean("("+strings.Join(append(list, "TRUE"), " AND ")+")", parts...)
}

// sameValue tells whether two values are equal, or both null.
func (c *compiler) sameValue(l, r *ex, pos int32) *ex {
	equal := c.operator("=", l, r, pos)
	if len(l.fields) > 0 && len(r.fields) > 0 {
		both := "FALSE"
		if l.absent != "" && r.absent != "" {
			both = "(" + l.absent + " AND " + r.absent + ")"
		}
		return c.boolean("coalesce("+equal.sql+", "+both+")", equal)
	}
	a, b := c.compared(l, r, "=", pos)
	return c.boolean("("+c.key(a)+" IS NOT DISTINCT FROM "+c.key(b)+")", a, b)
}
