package expr

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// CompileItems compiles a select list or RETURNING.
func CompileItems(c *Compiler, items []syntax.SelectItem) ([]*Scalar, []pgvalue.Column, error) {
	scalars := []*Scalar{}
	columns := []pgvalue.Column{}
	for _, item := range items {
		if ref, ok := item.Expr.(*syntax.ColumnExpr); ok && ref.Column == "*" {
			if err := c.checkStar(ref); err != nil {
				return nil, nil, err
			}
			for i := range c.Rel.Visible {
				if err := c.checkGrouped(i, ref.Pos); err != nil {
					return nil, nil, err
				}
				scalars = append(scalars, columnScalar(c.Rel, i, ref.Pos))
				columns = append(columns, TableColumn(c.Rel, i, c.Rel.Columns[i].Name))
			}
			continue
		}
		s, err := c.Compile(item.Expr)
		if err == nil {
			s, err = c.Resolve(s, OrText(s))
		}
		if err != nil {
			return nil, nil, err
		}
		label := item.Alias
		if label == "" {
			label = itemName(item.Expr)
		}
		column := pgvalue.Column{Name: label, OID: s.OID}
		if s.Column >= 0 {
			column = TableColumn(c.Rel, s.Column, label)
		}
		scalars = append(scalars, s)
		columns = append(columns, column)
	}
	return scalars, columns, nil
}

func (c *Compiler) checkStar(ref *syntax.ColumnExpr) error {
	switch {
	case c.Rel == nil && ref.Table == "":
		return c.At(pgerror.Errorf(pgerror.SyntaxError, "SELECT * with no tables specified is not valid"), ref.Pos)
	case ref.Table != "" && (c.Rel == nil || ref.Table != c.Alias):
		return c.At(pgerror.Errorf(pgerror.UndefinedTable, "missing FROM-clause entry for table \"%s\"", ref.Table), ref.Pos)
	}
	return nil
}

func TableColumn(rel *relation.Relation, i int, label string) pgvalue.Column {
	attr := int16(i + 1)
	if i >= rel.Visible { // like PostgreSQL's system columns
		attr = int16(rel.Visible - i - 1)
	}
	return pgvalue.Column{Name: label, OID: rel.Columns[i].OID, TableOID: rel.OID, Attr: attr}
}

// itemName names a column as PostgreSQL does where no alias is given.
func itemName(x syntax.Expr) string {
	if n := figureName(x); n != "" {
		return n
	}
	return "?column?"
}

func figureName(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.ColumnExpr:
		return x.Column
	case *syntax.CallExpr:
		return x.Name
	case *syntax.CastExpr:
		if n := figureName(x.X); n != "" {
			return n
		}
		return internalTypeName(x.Typ.OID)
	case *syntax.ArrayExpr:
		return "array"
	case *syntax.CaseExpr:
		return caseName(x)
	}
	return ""
}

// internalTypeName is pg_type's name, which a cast of a literal is labelled with.
func internalTypeName(oid uint32) string {
	switch oid {
	case pgvalue.OIDInt8:
		return "int8"
	case pgvalue.OIDInt4:
		return "int4"
	case pgvalue.OIDInt2:
		return "int2"
	case pgvalue.OIDBool:
		return "bool"
	case pgvalue.OIDFloat8:
		return "float8"
	case pgvalue.OIDFloat4:
		return "float4"
	case pgvalue.OIDTimestamptz:
		return "timestamptz"
	case pgvalue.OIDTimestamp:
		return "timestamp"
	case pgvalue.OIDVarchar:
		return "varchar"
	case pgvalue.OIDBpchar:
		return "bpchar"
	case pgvalue.OIDChar:
		return "char"
	}
	if element := pgvalue.ElementType(oid); element != 0 {
		return internalTypeName(element)
	}
	return pgvalue.TypeName(oid)
}

// Mentioned returns the columns that a list of items names, anywhere in them.
func Mentioned(c *Compiler, scalars []*Scalar, items []syntax.SelectItem) []int {
	var out []int
	for _, s := range scalars {
		if s.Column >= 0 {
			out = append(out, s.Column)
		}
	}
	for _, item := range items {
		out = AppendMentioned(out, c.Rel, item.Expr)
	}
	return out
}

func AppendMentioned(out []int, rel *relation.Relation, x syntax.Expr) []int {
	Walk(x, func(x syntax.Expr) {
		if ref, ok := x.(*syntax.ColumnExpr); ok && rel != nil {
			if i, ok := rel.ByName[ref.Column]; ok {
				out = append(out, i)
			}
		}
	})
	return out
}

// Walk calls f with an expression and everything in it.
func Walk(x syntax.Expr, f func(syntax.Expr)) {
	if x == nil {
		return
	}
	f(x)
	switch x := x.(type) {
	case *syntax.CastExpr:
		Walk(x.X, f)
	case *syntax.UnaryExpr:
		Walk(x.X, f)
	case *syntax.BinaryExpr:
		Walk(x.L, f)
		Walk(x.R, f)
	case *syntax.InExpr:
		Walk(x.X, f)
		for _, y := range x.List {
			Walk(y, f)
		}
	case *syntax.CallExpr:
		for _, y := range x.Args {
			Walk(y, f)
		}
	case *syntax.CaseExpr:
		Walk(x.Subject, f)
		for _, w := range x.Whens {
			Walk(w[0], f)
			Walk(w[1], f)
		}
		Walk(x.Other, f)
	case *syntax.ArrayExpr:
		for _, y := range x.Items {
			Walk(y, f)
		}
	}
}
