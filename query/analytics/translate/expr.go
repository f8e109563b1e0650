//go:build cgo

package translate

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// ex is an expression that has been analysed: its DuckDB SQL and its PostgreSQL type.
type ex struct {
	sql  string
	oid  uint32
	mod  int32 // PostgreSQL's type modifier, -1 for none
	rep  int   // of a numeric: its scale, or textScale
	pos  int32 // byte offset in the source, -1 if unknown
	name string

	text    string // of a literal: as it was written
	unread  string // of a numeric that pg_num reads from a text: the text
	literal bool   // a constant that text holds
	null    bool   // the constant NULL
	param   int    // number of a parameter whose type is not known yet
	column  *rtcol // a plain reference to a column

	vars     []*varRef // columns of this query outside aggregates
	agg      bool      // holds an aggregate of this query
	window   bool      // holds a window function
	set      bool      // returns a set
	fallible bool      // may fail for some values
	volatile bool

	fields []*ex    // of a row
	names  []string // of its fields
	whole  *rte     // a reference to a whole row
}

// varRef is a reference to a column, for the check of GROUP BY.
type varRef struct {
	table, column string
	source        *rtcol
	pos           int32
	outer         bool // it stands in a subquery
}

// make makes an expression of parts.
func (c *compiler) make(sql string, oid uint32, parts ...*ex) *ex {
	e := &ex{sql: sql, oid: oid, mod: -1, rep: textScale, pos: -1}
	for _, p := range parts {
		if p == nil {
			continue
		}
		if e.pos < 0 {
			e.pos = p.pos
		}
		e.vars = append(e.vars, p.vars...)
		e.agg = e.agg || p.agg
		e.window = e.window || p.window
		e.set = e.set || p.set
		e.fallible = e.fallible || p.fallible
		e.volatile = e.volatile || p.volatile
	}
	if len(sql) > maxSQL {
		c.fail(pgwire.Errorf("54000", "the statement is too complex"))
	}
	c.grouped(e)
	return e
}

// maxSQL bounds the text of one expression, which grows as it is put together.
const maxSQL = 16 << 20

// grouped: what GROUP BY names may be used as it is.
func (c *compiler) grouped(e *ex) {
	q := c.query
	if q == nil || q.groups == nil || c.inAggregate > 0 || len(e.vars) == 0 {
		return
	}
	if instead, ok := q.groups[e.sql]; ok {
		e.sql, e.vars = instead, nil
	}
}

// cast writes a DuckDB cast.
func cast(sql, to string) string { return "CAST(" + sql + " AS " + to + ")" }

// call writes a call.
func call(name string, args ...string) string { return name + "(" + strings.Join(args, ", ") + ")" }

func (c *compiler) boolean(sql string, parts ...*ex) *ex {
	return c.make(sql, pgwire.OIDBool, parts...)
}

// decimal is a numeric of a known scale.
func (c *compiler) decimal(sql string, scale int, parts ...*ex) *ex {
	e := c.make(sql, pgwire.OIDNumeric, parts...)
	e.rep = scale
	return e
}

// numericText is a numeric's text form.
func numericText(e *ex) string {
	if e.rep >= 0 {
		return cast(e.sql, "VARCHAR")
	}
	return e.sql
}

// asNumeric makes a numeric of any number.
func (c *compiler) asNumeric(e *ex) *ex {
	switch {
	case e.oid == pgwire.OIDNumeric:
		return e
	case isInteger(e.oid):
		return c.decimal(cast(e.sql, "DECIMAL(38,0)"), 0, e)
	}
	return c.make(call("pg_num_float", cast(e.sql, "DOUBLE"), strconv.FormatBool(e.oid == pgwire.OIDFloat4)), pgwire.OIDNumeric, e)
}

// asText makes a numeric be held as text.
func (c *compiler) asText(e *ex) *ex {
	if e.oid != pgwire.OIDNumeric || e.rep < 0 {
		return e
	}
	return c.make(numericText(e), pgwire.OIDNumeric, e)
}

// key writes what an expression is compared, sorted and grouped by.
func (c *compiler) key(e *ex) string {
	switch {
	case e.oid == pgwire.OIDNumeric && e.rep < 0:
		return call("pg_num_key", e.sql)
	case e.oid == pgwire.OIDJSONB:
		return call("pg_jsonb_key", e.sql)
	case e.oid == pgwire.OIDInterval:
		return call("pg_interval_key", e.sql)
	case e.oid == pgwire.OIDBpchar:
		return call("rtrim", e.sql, "' '")
	}
	if item := itemOf(e); item != nil && needsKey(item) {
		return "list_transform(" + e.sql + ", lambda x: " + c.key(item) + ")"
	}
	return e.sql
}

// itemOf is an element of an array, in a lambda of x; nil of what is no array.
func itemOf(e *ex) *ex {
	if elements[e.oid] == 0 {
		return nil
	}
	return &ex{sql: "x", oid: elements[e.oid], mod: -1, rep: textScale, pos: e.pos}
}

// needsKey tells of types whose values can be equal and look different.
func needsKey(e *ex) bool {
	switch e.oid {
	case pgwire.OIDNumeric:
		return e.rep < 0
	case pgwire.OIDJSONB, pgwire.OIDInterval, pgwire.OIDBpchar:
		return true
	}
	item := itemOf(e)
	return item != nil && needsKey(item)
}

// at sets the position for errors.
func (e *ex) at(pos int32) *ex {
	e.pos = pos
	return e
}

// named sets the name that a column of this expression has.
func (e *ex) named(name string) *ex {
	e.name = name
	return e
}
