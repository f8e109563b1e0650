//go:build cgo

package translate

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
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
