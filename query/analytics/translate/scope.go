//go:build cgo

package translate

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// rte is a table, subquery, function or join that FROM gives a name.
type rte struct {
	alias  string // as the query names it
	scalar bool   // a function that returns one value, which the name alone stands for
	schema string // of a table
	cols   []*rtcol
	key    *rtcol // the primary key
	mark   *mark  // null where an outer join has no row of it
	oid    uint32
	// mention is set of events and streams, where somebody wants to know of them.
	mention *mention
}

// rtcol is a column of one.
type rtcol struct {
	name   string
	base   string // in the relation that it is of
	sql    string
	oid    uint32
	mod    int32
	rep    int
	digits int    // of a numeric held as a decimal, as in ex
	dims   int    // of an array, as in ex
	table  uint32 // and where it comes from
	attr   int16
	hidden bool
	of     *rte
	fields []*rtcol
	note   string // as the relation's column has it
}

// fromItem is one item of FROM: the tables in it by name, and the columns that can be
// named alone, which USING merges.
type fromItem struct {
	sql  string
	rels []*rte
	cols []*rtcol

	expansion *expansion // of a function that refers to what stands left of it
}

// scope is what names can refer to in a query.
type scope struct {
	parent *scope
	depth  int
	query  *queryState
	items  []*fromItem
	ctes   map[string]*cte
	hidden []*fromItem // to the left of a subquery that is not LATERAL
}

// queryState is what is known of the query being compiled.
type queryState struct {
	groups   map[string]string // by SQL: what to write for what GROUP BY names
	computed []groupedNode     // the expressions among them
	keyed    map[*rte]bool     // grouped by their primary key
	captured []*varRef         // columns that subqueries refer to
	outer    bool              // it, or what is in it, refers to columns of queries around
	far      bool              // it does to one that is not directly around it
	reads    bool              // it has FROM
	takes    bool              // FROM has events, or streams, one by one
	filters  bool              // a query in FROM filters, as selected has it
	recurs   bool              // FROM has a reference to the WITH query that it is a part of
	source   bool              // it stands in FROM or WITH
	operand  bool              // it is an operand of a set operation
	windows  map[string]*window
	agg      bool
	imported []imported
	sets     map[string]string // by SQL: the columns that hold the sets GROUP BY names
	lifted   map[*pg.Node]*ex  // and those that hold what else was put into FROM for it
	shown    map[*target]*ex   // by the items of the select list that are it
}

// cte is a WITH query.
type cte struct {
	name  string
	sql   string // its name in the translation
	cols  []*rtcol
	self  bool // it is being defined: a reference is recursive
	takes bool // as queryState has it
	// filters is as selected has it.
	filters bool
	used    bool

	key   cteKey
	links int    // subqueries around it
	body  string // of one that is inlined
}

// cteKey tells WITH queries of a statement and its views apart.
type cteKey struct {
	src string
	at  int32
}

// inline makes a WITH query's text stand wherever it is used. DuckDB is wrong about WITH
// queries that refer to the query around them, and about some uses in subqueries of subqueries.
func (c *compiler) inline(t *cte) {
	if !c.inlined[t.key] {
		c.inlined[t.key], c.again = true, true
	}
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
			c.failAt(pos, pgerror.UndefinedColumn, "column %s.%s does not exist", table, name)
		}
	}
	if table == "" {
		if e := c.wholeRow(name, pos); e != nil {
			return e
		}
		c.failAt(pos, pgerror.UndefinedColumn, "column \"%s\" does not exist", name)
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
	e := pgerror.Errorf(pgerror.UndefinedTable, "missing FROM-clause entry for table \"%s\"", full)
	for s := c.scope; s != nil; s = s.parent {
		for _, item := range s.hidden {
			for _, r := range item.rels {
				if r.alias == table {
					e = pgerror.Errorf(pgerror.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", table).
						WithDetail("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", table)
				}
			}
		}
		for _, item := range s.items {
			for _, r := range item.rels {
				if r.alias != table && r.oid != 0 && c.tableName(r) == table {
					e = pgerror.Errorf(pgerror.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", table).
						WithHint("Perhaps you meant to reference the table alias \"" + r.alias + "\".")
				}
			}
		}
	}
	c.fail(c.at(e, pos))
}

func (c *compiler) tableName(r *rte) string {
	for _, name := range [...]string{"events", "streams"} {
		if rel, ok := c.options.Catalog.Relation("public", name); ok && rel.OID == r.oid {
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
				c.failAt(pos, pgerror.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
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
					c.failAt(pos, pgerror.AmbiguousAlias, "table reference \"%s\" is ambiguous", table)
				}
				found = r
			}
		}
	}
	return found
}

// reference makes an expression of a column of a scope.
func (c *compiler) reference(col *rtcol, s *scope, pos int32) *ex {
	c.note(col)
	e := &ex{sql: col.sql, oid: col.oid, mod: col.mod, rep: col.rep, digits: col.digits, dims: col.dims, pos: pos, name: col.name, column: col}
	for _, f := range col.fields {
		e.fields = append(e.fields, c.reference(f, s, pos))
		e.names = append(e.names, f.name)
	}
	if s.query == nil {
		return e
	}
	c.noteScope(s)
	e.outer = s.query != c.query
	for inner := c.scope; inner != nil && inner != s; inner = inner.parent {
		inner.query.outer = true
		inner.query.far = inner.query.far || inner.parent != s
	}
	if col.oid == pgvalue.OIDRecord {
		e.absent = "(" + col.sql + " IS NULL)"
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
		if c.imports > 0 && len(col.fields) == 0 {
			return c.takeIn(e)
		}
	}
	return e
}

// wholeTable is t.* where it means the row.
func (c *compiler) wholeTable(schema, table string, pos int32) *ex {
	if table == "" {
		c.failAt(pos, pgerror.SyntaxError, "row expansion via \"*\" is not supported here")
	}
	for s := c.scope; s != nil; s = s.parent {
		if r := c.findTable(s, schema, table, pos); r != nil {
			return c.rowOf(r, s, pos)
		}
	}
	c.missingFrom(table, table, pos)
	return nil
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
	row := &ex{oid: pgvalue.OIDRecord, mod: -1, rep: textScale, pos: pos, name: r.alias, whole: r}
	for _, k := range r.cols {
		if k.hidden {
			continue
		}
		f := c.reference(k, s, pos)
		row.fields = append(row.fields, f)
		row.names = append(row.names, k.name)
		row.vars = append(row.vars, f.vars...)
		row.outer = row.outer || f.outer
	}
	row.sql = c.rowText(row)
	if r.mark != nil {
		r.mark.wanted = true
		m := c.reference(&rtcol{name: r.mark.name, sql: r.mark.sql, oid: pgvalue.OIDBool, mod: -1, of: r}, s, pos)
		row.vars = append(row.vars, m.vars...)
		row.absent = "(" + m.sql + " IS NULL)"
		row.sql = "(CASE WHEN " + row.absent + " THEN NULL ELSE " + row.sql + " END)"
	}
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
		c.failAt(pos, pgerror.SyntaxError, "SELECT * with no tables specified is not valid")
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
