//go:build cgo

package translate

import (
	"fmt"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// An array of several dimensions is a list of lists, as deep as it is known to be when the statement is analysed.

// elements are all elements of an array of several dimensions, in their order, as an array of one.
func (e *ex) elements() *ex {
	out := e.flat()
	out.column = nil
	for range e.dims - 1 {
		out.sql = call("flatten", out.sql)
	}
	return out
}

// size is the length of a dimension, null where the array is empty.
func (e *ex) size(dimension int) string {
	list := e.sql
	for range dimension - 1 {
		list = call("list_extract", list, "1")
	}
	return cast("nullif(len("+list+"), 0)", "INTEGER")
}

// evenDimensions refuses arrays of different dimensions as values of one column, but for nulls and empty ones.
func (c *compiler) evenDimensions(list []*ex) {
	dims := 0
	for _, e := range list {
		dims = max(dims, e.dims)
	}
	if dims < 2 {
		return
	}
	for i, e := range list {
		switch {
		case e.dims == dims:
		case e.null || e.literal && strings.TrimSpace(e.text) == "{}":
			out := *e
			out.dims = dims
			list[i] = &out
		default:
			c.unsupported(e.pos, "a column of arrays of different dimensions")
		}
	}
}

// dimensionsCall compiles the functions that know arrays of several dimensions; nil if this is none.
func (c *compiler) dimensionsCall(name string, args []*ex) *ex {
	a := args[0]
	switch {
	case name == "unnest" && len(args) == 1:
		return c.callNamed(name, []*ex{a.elements()}, a.pos)
	case name == "cardinality" && len(args) == 1:
		return c.make(cast(call("len", a.elements().sql), "INTEGER"), pgvalue.OIDInt4, a.flat())
	case name == "array_ndims" && len(args) == 1:
		return c.make(fmt.Sprintf("(CASE WHEN %s > 0 THEN %d END)", a.size(1), a.dims), pgvalue.OIDInt4, a.flat())
	case name == "array_dims" && len(args) == 1:
		var parts []string
		for d := 1; d <= a.dims; d++ {
			parts = append(parts, "'[1:' || "+a.size(d)+" || ']'")
		}
		return c.make("("+strings.Join(parts, " || ")+")", pgvalue.OIDText, a.flat())
	case (name == "array_length" || name == "array_upper" || name == "array_lower") && len(args) == 2:
		n := c.tryCoerce(args[1], pgvalue.OIDInt4, implicit)
		if n == nil {
			return nil
		}
		sql := "(CASE " + n.sql
		for d := 1; d <= a.dims; d++ {
			size := a.size(d)
			if name == "array_lower" {
				size = "CASE WHEN " + size + " > 0 THEN 1 END"
			}
			sql += " WHEN " + strconv.Itoa(d) + " THEN " + size
		}
		return c.make(sql+" END)", pgvalue.OIDInt4, a.flat(), n)
	}
	return nil
}

// subscripts compiles a[i][j] and a[i:j][k:l]: an element where there is a subscript for each dimension, null where
// there are fewer or more; a part of the array where any is a slice, which is empty where there are too many.
func (c *compiler) subscripts(e *ex, list []*pg.A_Indices) *ex {
	element, dims := elements[e.oid], max(e.dims, 1)
	slice := false
	parts := []*ex{e.flat()}
	bound := func(n *pg.Node, otherwise string) string {
		if n == nil {
			return otherwise
		}
		i := c.coerce(c.expr(n), pgvalue.OIDInt4, -1, assignment)
		parts = append(parts, i)
		return i.sql
	}
	var low, high []string
	for _, x := range list {
		slice = slice || x.IsSlice
	}
	for _, x := range list {
		lo := "1"
		if x.IsSlice {
			lo = bound(x.Lidx, "1")
		}
		low, high = append(low, lo), append(high, bound(x.Uidx, "2147483647"))
	}
	if !slice {
		sql := e.sql
		for _, i := range high {
			sql = fmt.Sprintf("(CASE WHEN %[1]s > 0 THEN list_extract(%[2]s, %[1]s) END)", i, sql)
		}
		if len(list) != dims {
			// No list has such an element, but what the array is of is read, and fails where it cannot be.
			sql = call("list_extract", e.elements().sql, "2147483647")
		}
		return c.make(sql, element, parts...).at(e.pos).named(e.name)
	}
	null := "(" + strings.Join(append([]string{e.sql}, append(low, high...)...), ") IS NULL OR (") + ") IS NULL"
	physical := Physical(e.oid, textScale) + strings.Repeat("[]", dims-1)
	if len(list) > dims {
		return c.make("(CASE WHEN "+null+" THEN NULL ELSE "+cast("[]", physical)+" END)", e.oid, parts...).at(e.pos).named(e.name)
	}
	for _, p := range parts[1:] {
		if !p.constant {
			// DuckDB's lambdas see the columns of one query alone.
			c.unsupported(p.pos, "a slice of an array of several dimensions between bounds that are not constants")
		}
	}
	// The slices from the innermost on: what is left is empty if any of them is.
	cut := func(list string, d int) string {
		return fmt.Sprintf("list_slice(%s, greatest(%s, 1), greatest(%s, 0))", list, low[d], high[d])
	}
	level := func(d int) string {
		if d == 0 {
			return e.sql
		}
		return "x" + strconv.Itoa(d)
	}
	inner := cut(level(len(list)-1), len(list)-1)
	for d := len(list) - 2; d >= 0; d-- {
		inner = "list_transform(" + cut(level(d), d) + ", lambda " + level(d+1) + ": " + inner + ")"
	}
	empty := "FALSE"
	for d := range list {
		empty += fmt.Sprintf(" OR greatest(%s, 1) > least(%s, coalesce(%s, 0))", low[d], high[d], e.size(d+1))
	}
	out := c.make("(CASE WHEN "+null+" THEN NULL WHEN "+empty+" THEN "+cast("[]", physical)+" ELSE "+inner+" END)", e.oid, parts...).at(e.pos).named(e.name)
	out.dims = e.dims
	return out
}
