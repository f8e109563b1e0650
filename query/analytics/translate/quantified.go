//go:build cgo

package translate

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// quantified compiles x IN (SELECT …), x op ANY (SELECT …) and x op ALL (SELECT …).
func (c *compiler) quantified(x *pg.SubLink, s *selected, test *ex) *ex {
	op := "="
	if len(x.OperName) > 0 {
		op = stringOf(x.OperName[len(x.OperName)-1])
	}
	if op == "!=" {
		op = "<>"
	}
	left := []*ex{test}
	if len(test.fields) > 0 {
		left = test.fields
	}
	if len(left) != len(s.cols) && len(s.cols) == 1 && s.cols[0].e.oid == pgvalue.OIDRecord {
		c.unsupported(x.Location, "a whole row beside a subquery of whole rows")
	}
	if len(left) != len(s.cols) {
		word := "too many"
		if len(s.cols) < len(left) {
			word = "too few"
		}
		c.failAt(x.Location, pgerror.SyntaxError, "subquery has %s columns", word)
	}
	t := c.fresh("t")
	right := make([]*ex, len(s.cols))
	var keys, columns []string
	for i, col := range s.cols {
		right[i] = &ex{sql: t + "." + col.sql, oid: col.e.oid, mod: -1, rep: col.e.rep, pos: col.e.pos}
		c.operator(op, left[i], right[i], x.Location) // for its errors
		if comparisons[op] {
			a, b := c.comparable(left[i], right[i], op, x.Location)
			if a.oid == pgvalue.OIDNumeric && a.rep != b.rep {
				// DuckDB compares decimals of a correlated query as if they had one scale.
				to := max(a.rep, b.rep)
				a, b = c.decimal(cast(a.sql, Physical(a.oid, to)), to, a), c.decimal(cast(b.sql, Physical(b.oid, to)), to, b)
			}
			keys, columns = append(keys, c.key(a)), append(columns, c.key(b))
		}
	}
	from := "(" + s.sql + ") AS " + t
	all := x.SubLinkType == pg.SubLinkType_ALL_SUBLINK
	switch {
	case comparisons[op] && len(left) == 1:
		inner := "SELECT " + columns[0] + " FROM " + from
		switch {
		case !all && op == "=":
			return c.boolean("("+keys[0]+" IN ("+inner+"))", left...)
		case all && op == "<>":
			return c.boolean("("+keys[0]+" NOT IN ("+inner+"))", left...)
		case all:
			return c.boolean("("+keys[0]+" "+op+" ALL ("+inner+"))", left...)
		}
		return c.boolean("("+keys[0]+" "+op+" ANY ("+inner+"))", left...)
	case !all && op == "=":
		return c.boolean(c.rowIn(keys, columns, from, x == c.onlyTrue), left...)
	case all && op == "<>":
		return c.boolean("(NOT "+c.rowIn(keys, columns, from, false)+")", left...)
	}
	match := c.operator(op, left[0], right[0], x.Location)
	if len(left) > 1 {
		match = c.rowComparison(op, &ex{fields: left}, &ex{fields: right}, x.Location)
	}
	return c.boolean(matches(match.sql, all, from), left...)
}

// rowIn writes (a, b) IN (SELECT …). DuckDB compares rows as values, in which null is null,
// where SQL does not know: so rows with nulls are left out of that comparison, and looked for
// apart. Where null is as good as false they need not be.
func (c *compiler) rowIn(keys, columns []string, from string, onlyTrue bool) string {
	var known, unknown, missing, same []string
	for i, column := range columns {
		known = append(known, column+" IS NOT NULL")
		unknown = append(unknown, column+" IS NULL")
		missing = append(missing, keys[i]+" IS NULL")
		same = append(same, "coalesce("+keys[i]+" = "+column+", TRUE)")
	}
	in := "((" + strings.Join(keys, ", ") + ") IN (SELECT (" + strings.Join(columns, ", ") + ") FROM " + from + " WHERE " + strings.Join(known, " AND ") + "))"
	if onlyTrue {
		return in
	}
	// Two searches, so that each has few rows on one side.
	maybe := func(which []string) string {
		return "EXISTS (SELECT 1 FROM " + from + " WHERE (" + strings.Join(which, " OR ") + ") AND " + strings.Join(same, " AND ") + ")"
	}
	return "(CASE WHEN " + in + " THEN TRUE WHEN " + maybe(unknown) + " OR " + maybe(missing) + " THEN NULL ELSE FALSE END)"
}

// matches writes whether any, or all, of a query's rows match: null if that hangs on one of
// which it is not known.
func matches(match string, all bool, from string) string {
	decided := "WHEN bool_or(m) THEN TRUE WHEN count(*) > count(m) THEN NULL ELSE FALSE"
	if all {
		decided = "WHEN NOT bool_and(m) THEN FALSE WHEN count(*) > count(m) THEN NULL ELSE TRUE"
	}
	return "(SELECT CASE " + decided + " END FROM (SELECT " + match + " AS m FROM " + from + "))"
}

// rowOfSubquery is the row that a subquery returns: its text, and its fields apart.
func (c *compiler) rowOfSubquery(s *selected, e *ex) *ex {
	t := c.fresh("t")
	one := func(column string) string {
		return "(SELECT " + t + "." + column + " FROM (" + s.sql + ") AS " + t + ")"
	}
	out := c.make(one(s.cols[0].sql), pgvalue.OIDRecord)
	out.mod, out.rep = e.mod, e.rep
	out.absent = "(" + out.sql + " IS NULL)"
	if s.distinct {
		return out
	}
	for i, f := range e.fields {
		field := c.make(one(s.cols[0].fieldName(i)), c.outputOID(f))
		field.mod, field.rep = f.mod, f.rep
		out.fields, out.names = append(out.fields, field), append(out.names, e.names[i])
	}
	return out
}
