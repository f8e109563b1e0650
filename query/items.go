package query

import (
	"github.com/eventgres/eventgres/pgwire"
)

// compileItems compiles a select list or RETURNING.
func compileItems(c *compiler, items []selectItem) ([]*scalar, []pgwire.Column, error) {
	scalars := []*scalar{}
	columns := []pgwire.Column{}
	for _, item := range items {
		if ref, ok := item.expr.(*columnExpr); ok && ref.column == "*" {
			if err := c.checkStar(ref); err != nil {
				return nil, nil, err
			}
			for i := range c.rel.visible {
				if err := c.checkGrouped(i, ref.pos); err != nil {
					return nil, nil, err
				}
				scalars = append(scalars, columnScalar(c.rel, i, ref.pos))
				columns = append(columns, tableColumn(c.rel, i, c.rel.columns[i].name))
			}
			continue
		}
		s, err := c.compile(item.expr)
		if err == nil {
			s, err = c.settle(s, orText(s))
		}
		if err != nil {
			return nil, nil, err
		}
		label := item.alias
		if label == "" {
			label = itemName(item.expr)
		}
		column := pgwire.Column{Name: label, OID: s.oid}
		if s.column >= 0 {
			column = tableColumn(c.rel, s.column, label)
		}
		scalars = append(scalars, s)
		columns = append(columns, column)
	}
	return scalars, columns, nil
}

func (c *compiler) checkStar(ref *columnExpr) error {
	switch {
	case c.rel == nil && ref.table == "":
		return c.at(pgwire.Errorf("42601", "SELECT * with no tables specified is not valid"), ref.pos)
	case ref.table != "" && (c.rel == nil || ref.table != c.alias):
		return c.at(pgwire.Errorf("42P01", "missing FROM-clause entry for table \"%s\"", ref.table), ref.pos)
	}
	return nil
}

func tableColumn(rel *relation, i int, label string) pgwire.Column {
	attr := int16(i + 1)
	if i >= rel.visible { // like PostgreSQL's system columns
		attr = int16(rel.visible - i - 1)
	}
	return pgwire.Column{Name: label, OID: rel.columns[i].oid, TableOID: rel.oid, Attr: attr}
}

// itemName names a column as PostgreSQL does where no alias is given.
func itemName(x expr) string {
	if n := figureName(x); n != "" {
		return n
	}
	return "?column?"
}

func figureName(x expr) string {
	switch x := x.(type) {
	case *columnExpr:
		return x.column
	case *callExpr:
		return x.name
	case *castExpr:
		if n := figureName(x.x); n != "" {
			return n
		}
		return internalTypeName(x.typ.oid)
	case *arrayExpr:
		return "array"
	case *caseExpr:
		return "case"
	}
	return ""
}

// internalTypeName is pg_type's name, which a cast of a literal is labelled with.
func internalTypeName(oid uint32) string {
	switch oid {
	case pgwire.OIDInt8:
		return "int8"
	case pgwire.OIDInt4:
		return "int4"
	case pgwire.OIDInt2:
		return "int2"
	case pgwire.OIDBool:
		return "bool"
	case pgwire.OIDFloat8:
		return "float8"
	case pgwire.OIDFloat4:
		return "float4"
	case pgwire.OIDTimestamptz:
		return "timestamptz"
	case pgwire.OIDTimestamp:
		return "timestamp"
	case pgwire.OIDVarchar:
		return "varchar"
	case pgwire.OIDBpchar:
		return "bpchar"
	case pgwire.OIDChar:
		return "char"
	}
	if element := pgwire.ElementType(oid); element != 0 {
		return internalTypeName(element)
	}
	return pgwire.TypeName(oid)
}

// mentioned returns the columns that a list of items names, anywhere in them.
func mentioned(c *compiler, scalars []*scalar, items []selectItem) []int {
	var out []int
	for _, s := range scalars {
		if s.column >= 0 {
			out = append(out, s.column)
		}
	}
	for _, item := range items {
		out = appendMentioned(out, c.rel, item.expr)
	}
	return out
}

func appendMentioned(out []int, rel *relation, x expr) []int {
	walk(x, func(x expr) {
		if ref, ok := x.(*columnExpr); ok && rel != nil {
			if i, ok := rel.byName[ref.column]; ok {
				out = append(out, i)
			}
		}
	})
	return out
}

// walk calls f with an expression and everything in it.
func walk(x expr, f func(expr)) {
	if x == nil {
		return
	}
	f(x)
	switch x := x.(type) {
	case *castExpr:
		walk(x.x, f)
	case *unaryExpr:
		walk(x.x, f)
	case *binaryExpr:
		walk(x.l, f)
		walk(x.r, f)
	case *inExpr:
		walk(x.x, f)
		for _, y := range x.list {
			walk(y, f)
		}
	case *callExpr:
		for _, y := range x.args {
			walk(y, f)
		}
	case *arrayExpr:
		for _, y := range x.items {
			walk(y, f)
		}
	}
}
