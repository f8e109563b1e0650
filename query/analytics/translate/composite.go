//go:build cgo

package translate

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
)

func (c *compiler) arrayExpr(x *pg.A_ArrayExpr, want uint32) *ex {
	var list []*ex
	nested := false
	for _, n := range x.Elements {
		if inner := n.GetAArrayExpr(); inner != nil {
			list = append(list, c.arrayExpr(inner, 0))
			nested = true
			continue
		}
		list = append(list, c.expr(n))
	}
	if len(list) == 0 {
		if want == 0 {
			c.fail(c.at(pgwire.Errorf("42P18", "cannot determine type of empty array").
				WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."), x.Location))
		}
		return c.make(cast("[]", Physical(want, 0)), want).at(x.Location).named("array")
	}
	if nested {
		c.unsupported(x.Location, "a multidimensional array")
	}
	if want != 0 {
		for i := range list {
			list[i] = c.coerce(list[i], elements[want], -1, explicit)
		}
	} else {
		list = c.unify(list, "ARRAY")
	}
	for i, e := range list {
		if e.oid == pgwire.OIDUnknown {
			list[i] = c.coerce(e, pgwire.OIDText, -1, implicit)
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
	return c.make(cast("["+strings.Join(parts, ", ")+"]", Physical(oid, 0)), oid, list...).at(x.Location).named("array")
}

func (c *compiler) rowExpr(x *pg.RowExpr) *ex {
	row := &ex{oid: oidRecord, mod: -1, rep: textScale, pos: x.Location, name: "row"}
	for i, n := range x.Args {
		f := c.expr(n)
		row.fields = append(row.fields, f)
		row.names = append(row.names, fmt.Sprintf("f%d", i+1))
	}
	out := c.make("", oidRecord, row.fields...)
	out.fields, out.names, out.pos, out.name = row.fields, row.names, x.Location, "row"
	out.sql = c.rowText(out)
	return out
}

// rowText writes a row in the form that PostgreSQL prints records in.
func (c *compiler) rowText(row *ex) string {
	var parts []string
	for _, f := range row.fields {
		if f.param > 0 || f.oid == pgwire.OIDUnknown {
			f = c.coerce(f, pgwire.OIDText, -1, implicit)
		}
		if f.oid == pgwire.OIDBool { // its output, which is not what a cast to text says
			parts = append(parts, "(CASE WHEN "+f.sql+" THEN 't' WHEN NOT "+f.sql+" THEN 'f' END)")
			continue
		}
		parts = append(parts, c.text(f).sql)
	}
	return "pg_row([" + strings.Join(parts, ", ") + "]::VARCHAR[])"
}

func (c *compiler) indirection(x *pg.A_Indirection) *ex {
	e := c.expr(x.Arg)
	for _, n := range x.Indirection {
		switch i := n.Node.(type) {
		case *pg.Node_String_:
			e = c.field(e, i.String_.Sval, locate(x.Arg))
		case *pg.Node_AIndices:
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
	if e.oid != oidRecord {
		c.failAt(pos, "42809", "column notation .%s applied to type %s, which is not a composite type", name, typeName(e.oid))
	}
	c.failAt(pos, "42703", "could not identify column \"%s\" in record data type", name)
	return nil
}

func (c *compiler) subscript(e *ex, x *pg.A_Indices) *ex {
	name := e.name
	bound := func(n *pg.Node) *ex {
		if n == nil {
			return nil
		}
		i := c.expr(n)
		if e.oid == pgwire.OIDJSONB {
			return i
		}
		return c.coerce(i, pgwire.OIDInt4, -1, assignment)
	}
	if e.oid == pgwire.OIDJSONB && !x.IsSlice {
		i := bound(x.Uidx)
		if isInteger(i.oid) {
			return c.operator("->", e, i, e.pos).named(name)
		}
		return c.operator("->", e, c.coerce(i, pgwire.OIDText, -1, implicit), e.pos).named(name)
	}
	if e.oid == pgwire.OIDName && !x.IsSlice { // a name is an array of "char", which begins at 0
		i := bound(x.Uidx)
		sql := fmt.Sprintf("(CASE WHEN %[1]s BETWEEN 0 AND 63 THEN substr(%[2]s, %[1]s + 1, 1) END)", i.sql, e.sql)
		return c.make(sql, pgwire.OIDChar, e, i).at(e.pos).named(name)
	}
	element := elements[e.oid]
	if element == 0 {
		c.failAt(e.pos, "42804", "cannot subscript type %s because it does not support subscripting", typeName(e.oid))
	}
	zero := ""
	if e.oid == oidInt2Vector || e.oid == oidOidVector {
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
		return c.make(fmt.Sprintf("list_slice(%s, greatest(%s%s, 1), greatest(%s%s, 0))", e.sql, lo, zero, hi, zero), e.oid, parts...).at(e.pos).named(name)
	}
	i := bound(x.Uidx)
	sql := fmt.Sprintf("(CASE WHEN %s%s > 0 THEN list_extract(%s, %s%s) END)", i.sql, zero, e.sql, i.sql, zero)
	return c.make(sql, element, e, i).at(e.pos).named(name)
}
