//go:build cgo

package translate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
)

// ex is an expression that has been analysed: its DuckDB SQL and its PostgreSQL type.
type ex struct {
	sql string
	oid uint32
	mod int32 // PostgreSQL's type modifier, -1 for none
	rep int   // of a numeric: its scale, or textScale
	// digits is how many a numeric held as a decimal has at most, 0 if that is not known
	digits int
	dims   int   // of an array, if it has more than one dimension: it is held as a list of lists
	pos    int32 // byte offset in the source, -1 if unknown
	name   string

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
	series   bool      // of a set: its list is a call of generate_series
	fallible bool      // may fail for some values
	volatile bool
	outer    bool   // refers to columns of queries around
	taken    bool   // holds such columns that the query took into its FROM
	list     string // of a set: the list that it is made of
	constant bool   // the same in every row, and known before the statement runs

	escaped []string // of a pattern with ESCAPE: the pattern, the escape character

	fields []*ex    // of a row
	names  []string // of its fields
	absent string   // whether a row is null as a whole; empty if it never is
	whole  *rte     // a reference to a whole row

	call *analytics.Call // that the server calls with what this holds
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
		if p.dims > 1 {
			c.unsupported(p.pos, "this operation on an array of several dimensions")
		}
		e.vars = append(e.vars, p.vars...)
		e.agg = e.agg || p.agg
		e.window = e.window || p.window
		e.set = e.set || p.set
		e.fallible = e.fallible || p.fallible
		e.volatile = e.volatile || p.volatile
		e.outer, e.taken = e.outer || p.outer, e.taken || p.taken
	}
	e.constant = len(parts) > 0 && !e.agg && !e.window && !e.set && !e.volatile
	for _, p := range parts {
		if p != nil {
			e.constant = e.constant && p.constant
		}
	}
	if len(sql) > maxSQL {
		c.fail(pgerror.Errorf(pgerror.ProgramLimitExceeded, "the statement is too complex"))
	}
	if e.oid == pgvalue.OIDInterval {
		c.computed(e)
	}
	c.grouped(e)
	return e
}

// maxSQL bounds the text of one expression, which grows as it is put together.
const maxSQL = 16 << 20

// grouped: what GROUP BY names may be used as it is.
func (c *compiler) grouped(e *ex) {
	q := c.query
	if e.set {
		c.groupedSet(e)
		return
	}
	if q == nil || q.groups == nil || c.inAggregate > 0 || len(e.vars) == 0 {
		return
	}
	if instead, ok := q.groups[e.sql]; ok {
		e.sql, e.vars = instead, nil
	}
}

// asSet says that an expression returns a set.
func (c *compiler) asSet(e *ex) *ex {
	e.set, e.constant = true, false
	c.groupedSet(e)
	return e
}

// groupedSet: of a set that GROUP BY names there is a column.
func (c *compiler) groupedSet(e *ex) {
	if c.query == nil || c.inAggregate > 0 {
		return
	}
	if column, ok := c.query.sets[e.sql]; ok {
		e.sql, e.set, e.vars = column, false, nil
		if instead, ok := c.query.groups[column]; ok {
			e.sql = instead
		}
	}
}

// cast writes a DuckDB cast.
func cast(sql, to string) string { return "CAST(" + sql + " AS " + to + ")" }

// call writes a call.
func call(name string, args ...string) string { return name + "(" + strings.Join(args, ", ") + ")" }

func (c *compiler) boolean(sql string, parts ...*ex) *ex {
	return c.make(sql, pgvalue.OIDBool, parts...)
}

// decimal is a numeric of a known scale.
func (c *compiler) decimal(sql string, scale int, parts ...*ex) *ex {
	e := c.make(sql, pgvalue.OIDNumeric, parts...)
	e.rep = scale
	return e
}

// sized is a numeric of a known scale, and of digits at most.
func (c *compiler) sized(sql string, scale, digits int, parts ...*ex) *ex {
	e := c.decimal(sql, scale, parts...)
	e.digits = digits
	return e
}

// maxDigits is what DuckDB's decimals hold.
const maxDigits = 38

// most is how many digits a decimal may have.
func (e *ex) most() int {
	if e.digits == 0 {
		return maxDigits
	}
	return e.digits
}

// rescales tells whether decimals can be brought to a scale without running over.
func rescales(scale int, list ...*ex) bool {
	for _, e := range list {
		if e.rep < 0 || e.rep != scale && e.most()-e.rep+scale > maxDigits {
			return false
		}
	}
	return true
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
	case e.oid == pgvalue.OIDNumeric:
		return e
	case isInteger(e.oid):
		digits := map[uint32]int{pgvalue.OIDInt2: 5, pgvalue.OIDInt4: 10, pgvalue.OIDInt8: 19}[e.oid]
		return c.sized(cast(e.sql, "DECIMAL(38,0)"), 0, digits, e)
	}
	return c.make(call("pg_num_float", cast(e.sql, "DOUBLE"), strconv.FormatBool(e.oid == pgvalue.OIDFloat4)), pgvalue.OIDNumeric, e)
}

// asText makes a numeric be held as text.
func (c *compiler) asText(e *ex) *ex {
	if e.oid != pgvalue.OIDNumeric || e.rep < 0 {
		return e
	}
	return c.make(numericText(e), pgvalue.OIDNumeric, e)
}

// key writes what an expression is compared, sorted and grouped by.
func (c *compiler) key(e *ex) string {
	switch {
	case e.oid == pgvalue.OIDNumeric && e.rep < 0:
		return call("pg_num_key", e.sql)
	case e.oid == pgvalue.OIDJSONB:
		return call("pg_jsonb_key", e.sql)
	case e.oid == pgvalue.OIDInterval:
		return call("pg_interval_key", e.sql)
	case e.oid == pgvalue.OIDBpchar:
		return call("rtrim", e.sql, "' '")
	}
	if e.oid == pgvalue.OIDRecord && needsKey(e) {
		return c.rowKey(e)
	}
	if item := itemOf(e); item != nil && needsKey(item) {
		return "list_transform(" + e.sql + ", lambda x: " + c.key(item) + ")"
	}
	return e.sql
}

// sortBy writes what an expression is sorted by. A row is sorted by its fields, one after the
// other; apart: by a column that it went through, as which it is text.
func (c *compiler) sortBy(e *ex, apart bool) string {
	if e.oid != pgvalue.OIDRecord {
		return c.key(e)
	}
	if len(e.fields) == 0 || apart {
		c.unsupported(e.pos, "an order of rows in this place")
	}
	keys := make([]string, len(e.fields))
	for i, f := range e.fields {
		f = c.resolved(f)
		c.sortableAt(f, e.pos)
		keys[i] = c.sortBy(f, false)
	}
	row := "row(" + strings.Join(keys, ", ") + ")"
	if e.absent != "" {
		row = "(CASE WHEN NOT " + e.absent + " THEN " + row + " END)"
	}
	return row
}

// rowKey writes the keys of a row's fields as one value.
func (c *compiler) rowKey(e *ex) string {
	keys := make([]string, len(e.fields))
	for i, f := range e.fields {
		keys[i] = c.key(c.resolved(f))
	}
	row := "row(" + strings.Join(keys, ", ") + ")"
	if e.absent != "" {
		row = "(CASE WHEN NOT " + e.absent + " THEN " + row + " END)"
	}
	return row
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
	case pgvalue.OIDNumeric:
		return e.rep < 0
	case pgvalue.OIDJSONB, pgvalue.OIDInterval, pgvalue.OIDBpchar:
		return true
	case pgvalue.OIDRecord: // of an element of a list, which is text, the fields are not there
		return e.sql != "x" && slices.ContainsFunc(e.fields, looksDifferent)
	}
	item := itemOf(e)
	return item != nil && needsKey(item)
}

// looksDifferent tells of a row's fields whose values can be equal and look different in its text: floats,
// whose 0 and -0 the engine takes for one, too.
func looksDifferent(f *ex) bool {
	item := itemOf(f)
	return needsKey(f) || isFloat(f.oid) || item != nil && isFloat(item.oid)
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
