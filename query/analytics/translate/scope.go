//go:build cgo

package translate

import (
	"github.com/eventgres/eventgres/pgwire"
)

// rte is a table, subquery, function or join that FROM gives a name.
type rte struct {
	alias  string // as the query names it
	scalar bool   // a function that returns one value, which the name alone stands for
	schema string // of a table
	cols   []*rtcol
	key    *rtcol // the primary key
	oid    uint32
}

// rtcol is a column of one.
type rtcol struct {
	name   string
	sql    string
	oid    uint32
	mod    int32
	rep    int
	table  uint32 // and where it comes from
	attr   int16
	hidden bool
	of     *rte
	fields []*rtcol
}

// fromItem is one item of FROM: the tables in it by name, and the columns that can be
// named alone, which USING merges.
type fromItem struct {
	sql  string
	rels []*rte
	cols []*rtcol
}

// scope is what names can refer to in a query.
type scope struct {
	parent *scope
	query  *queryState
	items  []*fromItem
	ctes   map[string]*cte
	hidden []*fromItem // to the left of a subquery that is not LATERAL
}

// queryState is what is known of the query being compiled.
type queryState struct {
	groups   map[string]string // by SQL: what to write for what GROUP BY names
	keyed    map[*rte]bool     // grouped by their primary key
	captured []*varRef         // columns that subqueries refer to
	windows  map[string]*window
	agg      bool
}

// cte is a WITH query.
type cte struct {
	name string
	sql  string // its name in the translation
	cols []*rtcol
	self bool // it is being defined: a reference is recursive
	used bool
}

func (c *compiler) findCTE(name string) *cte {
	for s := c.scope; s != nil; s = s.parent {
		if t, ok := s.ctes[name]; ok {
			return t
		}
	}
	return nil
}

// column resolves a column's name, with its table's if that is given.
func (c *compiler) column(schema, table, name string, pos int32) *ex {
	for s := c.scope; s != nil; s = s.parent {
		col, known := c.lookup(s, schema, table, name, pos)
		if col != nil {
			return c.reference(col, s, pos)
		}
		if known {
			c.failAt(pos, "42703", "column %s.%s does not exist", table, name)
		}
	}
	if table == "" {
		if e := c.wholeRow(name, pos); e != nil {
			return e
		}
		c.failAt(pos, "42703", "column \"%s\" does not exist", name)
	}
	full := table
	if schema != "" {
		full = schema + "." + table
	}
	c.missingFrom(full, table, pos)
	return nil
}

// missingFrom: no table of that name is in FROM, or it cannot be seen from here.
func (c *compiler) missingFrom(full, table string, pos int32) {
	e := pgwire.Errorf("42P01", "missing FROM-clause entry for table \"%s\"", full)
	for s := c.scope; s != nil; s = s.parent {
		for _, item := range s.hidden {
			for _, r := range item.rels {
				if r.alias == table {
					e = pgwire.Errorf("42P01", "invalid reference to FROM-clause entry for table \"%s\"", table).
						WithDetail("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", table)
				}
			}
		}
		for _, item := range s.items {
			for _, r := range item.rels {
				if r.alias != table && r.oid != 0 && c.tableName(r) == table {
					e = pgwire.Errorf("42P01", "invalid reference to FROM-clause entry for table \"%s\"", table).
						WithHint("Perhaps you meant to reference the table alias \"" + r.alias + "\".")
				}
			}
		}
	}
	c.fail(c.at(e, pos))
}

func (c *compiler) tableName(r *rte) string {
	for _, name := range [...]string{"events", "streams"} {
		if rel, ok := c.options.Catalog.Relation("", name); ok && rel.OID == r.oid {
			return name
		}
	}
	return ""
}

// lookup finds a column in one scope. known: the table is there and the column is not.
func (c *compiler) lookup(s *scope, schema, table, name string, pos int32) (col *rtcol, known bool) {
	if table != "" {
		r := c.findTable(s, schema, table, pos)
		if r == nil {
			return nil, false
		}
		return c.columnIn(r.cols, name, nil, pos), true
	}
	for _, item := range s.items {
		col = c.columnIn(item.cols, name, col, pos)
	}
	return col, false
}

// columnIn finds a column by its name; found is one that was found before.
func (c *compiler) columnIn(cols []*rtcol, name string, found *rtcol, pos int32) *rtcol {
	for _, k := range cols {
		if k.name == name {
			if found != nil {
				c.failAt(pos, "42702", "column reference \"%s\" is ambiguous", name)
			}
			found = k
		}
	}
	return found
}

func (c *compiler) findTable(s *scope, schema, table string, pos int32) *rte {
	var found *rte
	for _, item := range s.items {
		for _, r := range item.rels {
			if r.alias == table && (schema == "" || r.schema == schema) {
				if found != nil {
					c.failAt(pos, "42P09", "table reference \"%s\" is ambiguous", table)
				}
				found = r
			}
		}
	}
	return found
}

// reference makes an expression of a column of a scope.
func (c *compiler) reference(col *rtcol, s *scope, pos int32) *ex {
	e := &ex{sql: col.sql, oid: col.oid, mod: col.mod, rep: col.rep, pos: pos, name: col.name, column: col}
	for _, f := range col.fields {
		e.fields = append(e.fields, c.reference(f, s, pos))
		e.names = append(e.names, f.name)
	}
	if s.query == nil {
		return e
	}
	v := &varRef{column: col.name, source: col, pos: pos}
	if col.of != nil {
		v.table = col.of.alias
	}
	if instead, ok := s.query.groups[col.sql]; ok && (s.query != c.query || c.inAggregate == 0) {
		e.sql = instead
		return e
	}
	if s.query.keyed[col.of] && col.of != nil && (s.query != c.query || c.inAggregate == 0) {
		e.sql = call("any_value", col.sql)
		return e
	}
	if s.query == c.query {
		e.vars = []*varRef{v}
	} else {
		v.outer = true
		s.query.captured = append(s.query.captured, v)
	}
	return e
}

// wholeRow makes a row of a table's columns.
func (c *compiler) wholeRow(name string, pos int32) *ex {
	for s := c.scope; s != nil; s = s.parent {
		if r := c.findTable(s, "", name, pos); r != nil {
			return c.rowOf(r, s, pos)
		}
	}
	return nil
}

func (c *compiler) rowOf(r *rte, s *scope, pos int32) *ex {
	if r.scalar {
		return c.reference(r.cols[0], s, pos).named(r.alias)
	}
	row := &ex{oid: oidRecord, mod: -1, rep: textScale, pos: pos, name: r.alias, whole: r}
	for _, k := range r.cols {
		if k.hidden {
			continue
		}
		f := c.reference(k, s, pos)
		row.fields = append(row.fields, f)
		row.names = append(row.names, k.name)
		row.vars = append(row.vars, f.vars...)
	}
	row.sql = c.rowText(row)
	return row
}

// star expands * or t.*.
func (c *compiler) star(schema, table string, pos int32) []*ex {
	var out []*ex
	if table != "" {
		for s := c.scope; s != nil; s = s.parent {
			if r := c.findTable(s, schema, table, pos); r != nil {
				for _, k := range r.cols {
					if !k.hidden {
						out = append(out, c.reference(k, s, pos))
					}
				}
				return out
			}
		}
		c.missingFrom(table, table, pos)
	}
	if len(c.scope.items) == 0 {
		c.failAt(pos, "42601", "SELECT * with no tables specified is not valid")
	}
	for _, item := range c.scope.items {
		for _, k := range item.cols {
			if !k.hidden {
				out = append(out, c.reference(k, c.scope, pos))
			}
		}
	}
	return out
}
