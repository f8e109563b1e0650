//go:build cgo

package translate

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

func (c *compiler) arrayExpr(x *pg.A_ArrayExpr, want uint32) *ex {
	var list []*ex
	nested := false
	for _, n := range x.Elements {
		if inner := n.GetAArrayExpr(); inner != nil {
			list = append(list, c.arrayExpr(inner, want))
			nested = true
			continue
		}
		e := c.expr(n)
		nested = nested || elements[e.oid] != 0 && e.oid != pgvalue.OIDInt2Vector && e.oid != pgvalue.OIDOidVector
		list = append(list, e)
	}
	if len(list) == 0 {
		if want == 0 {
			c.fail(c.at(pgerror.Errorf(pgerror.IndeterminateDatatype, "cannot determine type of empty array").
				WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."), x.Location))
		}
		return c.make(cast("[]", Physical(want, 0)), want).at(x.Location).named("array")
	}
	if nested {
		return c.nestedArray(list, x.Location)
	}
	if want != 0 {
		for i := range list {
			list[i] = c.coerce(list[i], elements[want], -1, explicit)
		}
	} else {
		list = c.unify(list, "ARRAY")
	}
	mod := commonMod(list)
	for i, e := range list {
		if e.oid == pgvalue.OIDUnknown {
			list[i] = c.coerce(e, pgvalue.OIDText, -1, implicit)
		}
		list[i] = c.asText(list[i])
	}
	oid := arrays[list[0].oid]
	if oid == 0 {
		c.unsupported(x.Location, "an array of %s", typeName(list[0].oid))
	}
	var parts []string
	for _, e := range list {
		parts = append(parts, e.sql)
	}
	out := c.make(cast("["+strings.Join(parts, ", ")+"]", Physical(oid, 0)), oid, list...)
	out.mod = mod
	return out.at(x.Location).named("array")
}

// nestedArray is an array of arrays, which becomes one of a dimension more.
func (c *compiler) nestedArray(list []*ex, pos int32) *ex {
	const mismatch = "multidimensional arrays must have array expressions with matching dimensions"
	dims := max(list[0].dims, 1)
	flat := make([]*ex, len(list))
	for i, e := range list {
		if e.oid == pgvalue.OIDUnknown && (e.literal || e.null) {
			e = c.coerce(e, list[0].oid, -1, implicit)
		}
		if elements[e.oid] == 0 {
			c.failAt(e.pos, pgerror.DatatypeMismatch, "ARRAY types %s and %s cannot be matched", typeName(list[0].oid), typeName(e.oid))
		}
		if max(e.dims, 1) != dims {
			c.failAt(pos, pgerror.ArraySubscriptError, mismatch)
		}
		flat[i] = e.flat()
	}
	flat = c.unify(flat, "ARRAY")
	var parts, sizes []string
	for _, e := range flat {
		parts, sizes = append(parts, e.sql), append(sizes, "coalesce(len("+e.sql+"), 0)")
	}
	// Of empty arrays an array is empty, and has no dimensions.
	array := fmt.Sprintf("(CASE WHEN greatest(%s, 0) = 0 THEN [] ELSE [%s] END)", strings.Join(sizes, ", "), strings.Join(parts, ", "))
	if len(sizes) > 1 {
		array = fmt.Sprintf("(CASE WHEN least(%[1]s) <> greatest(%[1]s) THEN error('%[2]s') ELSE %[3]s END)", strings.Join(sizes, ", "), marker(pgerror.ArraySubscriptError, mismatch), array)
	}
	out := c.make(array, flat[0].oid, flat...).at(pos).named("array")
	out.dims, out.fallible, out.mod = dims+1, true, commonMod(flat)
	return out
}

// flat is an array as if it had one dimension, for what knows that it has more.
func (e *ex) flat() *ex {
	out := *e
	out.dims = 0
	return &out
}

// nestedText writes an array of several dimensions as text.
func (c *compiler) nestedText(e *ex) *ex {
	inner := *e.flat()
	inner.sql, inner.dims = "x", e.dims-1
	item := c.text(&inner).sql
	sql := "('{' || array_to_string(list_transform(" + e.sql + ", lambda x: " + item + "), ',') || '}')"
	return c.make(sql, pgvalue.OIDText, e.flat())
}

func (c *compiler) rowExpr(x *pg.RowExpr) *ex {
	row := c.rowFields(x)
	row.sql = c.rowText(row)
	return row
}

// rowFields is a row without its text, for what looks at its fields alone.
func (c *compiler) rowFields(x *pg.RowExpr) *ex {
	var fields []*ex
	var names []string
	for _, n := range x.Args {
		list := c.starOf(n)
		if list == nil {
			list = []*ex{c.expr(n)}
		}
		for _, f := range list {
			fields = append(fields, f)
			names = append(names, fmt.Sprintf("f%d", len(fields)))
		}
	}
	out := c.make("", pgvalue.OIDRecord, fields...)
	out.fields, out.names, out.pos, out.name = fields, names, x.Location, "row"
	return out
}

// starOf expands t.* where a row is written out; nil if the node is something else.
func (c *compiler) starOf(n *pg.Node) []*ex {
	ref := n.GetColumnRef()
	if ref == nil || ref.Fields[len(ref.Fields)-1].GetAStar() == nil {
		return nil
	}
	schema, table := "", ""
	switch len(ref.Fields) {
	case 2:
		table = stringOf(ref.Fields[0])
	case 3:
		schema, table = stringOf(ref.Fields[0]), stringOf(ref.Fields[1])
	}
	return c.star(schema, table, ref.Location)
}

// rowText writes a row in the form that PostgreSQL prints records in.
func (c *compiler) rowText(row *ex) string {
	var parts []string
	for _, f := range row.fields {
		if f.param > 0 || f.oid == pgvalue.OIDUnknown {
			f = c.coerce(f, pgvalue.OIDText, -1, implicit)
		}
		parts = append(parts, c.output(f).sql)
	}
	return "pg_row([" + strings.Join(parts, ", ") + "]::VARCHAR[])"
}

func (c *compiler) indirection(x *pg.A_Indirection) *ex {
	e := c.expr(x.Arg)
	skip := 0
	for k, n := range x.Indirection {
		if skip > 0 {
			skip--
			continue
		}
		switch i := n.Node.(type) {
		case *pg.Node_String_:
			e = c.field(e, i.String_.Sval, locate(x.Arg))
		case *pg.Node_AIndices:
			list := []*pg.A_Indices{i.AIndices}
			for elements[e.oid] != 0 && k+len(list) < len(x.Indirection) && x.Indirection[k+len(list)].GetAIndices() != nil {
				list = append(list, x.Indirection[k+len(list)].GetAIndices())
			}
			if skip = len(list) - 1; skip > 0 || e.dims > 1 {
				e = c.subscripts(e, list)
				continue
			}
			e = c.subscript(e, i.AIndices)
		default:
			c.unsupported(locate(x.Arg), "this indirection")
		}
	}
	return e
}

func (c *compiler) field(e *ex, name string, pos int32) *ex {
	for i, n := range e.names {
		if n == name {
			return e.fields[i].named(name)
		}
	}
	if e.oid != pgvalue.OIDRecord {
		c.failAt(pos, pgerror.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, typeName(e.oid))
	}
	c.failAt(pos, pgerror.UndefinedColumn, "could not identify column \"%s\" in record data type", name)
	return nil
}

func (c *compiler) subscript(e *ex, x *pg.A_Indices) *ex {
	name := e.name
	bound := func(n *pg.Node) *ex {
		if n == nil {
			return nil
		}
		i := c.expr(n)
		if e.oid == pgvalue.OIDJSONB {
			return i
		}
		return c.coerce(i, pgvalue.OIDInt4, -1, assignment)
	}
	if e.oid == pgvalue.OIDJSONB && !x.IsSlice {
		i := bound(x.Uidx)
		if isInteger(i.oid) {
			return c.operator("->", e, i, e.pos).named(name)
		}
		return c.operator("->", e, c.coerce(i, pgvalue.OIDText, -1, implicit), e.pos).named(name)
	}
	if e.oid == pgvalue.OIDName && !x.IsSlice { // a name is an array of "char", which begins at 0
		i := bound(x.Uidx)
		sql := fmt.Sprintf("(CASE WHEN %[1]s BETWEEN 0 AND 63 THEN substr(%[2]s, %[1]s + 1, 1) END)", i.sql, e.sql)
		return c.make(sql, pgvalue.OIDChar, e, i).at(e.pos).named(name)
	}
	element := elements[e.oid]
	if element == 0 {
		c.failAt(e.pos, pgerror.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", typeName(e.oid))
	}
	zero := ""
	if e.oid == pgvalue.OIDInt2Vector || e.oid == pgvalue.OIDOidVector {
		zero = " + 1" // these begin at 0
	}
	if x.IsSlice {
		lo, hi := "1", "len("+e.sql+")"
		parts := []*ex{e}
		if l := bound(x.Lidx); l != nil {
			lo = l.sql
			parts = append(parts, l)
		}
		if u := bound(x.Uidx); u != nil {
			hi = u.sql
			parts = append(parts, u)
		}
		out := c.make(fmt.Sprintf("list_slice(%s, greatest(%s%s, 1), greatest(%s%s, 0))", e.sql, lo, zero, hi, zero), e.oid, parts...)
		out.mod = e.mod
		return out.at(e.pos).named(name)
	}
	i := bound(x.Uidx)
	sql := fmt.Sprintf("(CASE WHEN %s%s > 0 THEN list_extract(%s, %s%s) END)", i.sql, zero, e.sql, i.sql, zero)
	out := c.make(sql, element, e, i)
	out.mod = e.mod
	return out.at(e.pos).named(name)
}
