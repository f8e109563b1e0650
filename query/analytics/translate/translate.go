//go:build cgo

package translate

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/eventgres/eventgres/pgwire"
)

// Catalog is what a translation needs to know of the schema.
type Catalog interface {
	// Relation resolves a table's name; schema is empty where none is given.
	Relation(schema, name string) (*Relation, bool)
	// RegIn reads the name of a catalog object, as an input function of regclass and
	// its kin does.
	RegIn(oid uint32, text string) (uint32, error)
	// Schema tells whether there is a schema of this name.
	Schema(name string) bool
}

// Relation is a table, or a view.
type Relation struct {
	Schema, Name string
	OID          uint32
	Columns      []RelationColumn
	SQL          string // what stands in FROM; empty for a view
	View         string // a view's query
	Key          string // the name of the primary key's only column, if there is one
}

// RelationColumn is a column of a relation.
type RelationColumn struct {
	Name   string
	OID    uint32
	Mod    int32
	Attr   int16
	Hidden bool
	// SQL is the column's value where it is not the column of that name; %s stands for
	// the relation.
	SQL string
}

// Options are what a translation depends on.
type Options struct {
	Catalog    Catalog
	Zone       *pgwire.Zone
	Parameters []uint32 // OIDs as the client declared them, 0 where it did not
	// Want are the types that the columns are assigned to, for INSERT … SELECT.
	Want []uint32
}

// Column is a column of a statement's result.
type Column struct {
	pgwire.Column
	Mod int32
	// Fields are those of a row: their types, and the columns behind the result's own that
	// hold them. A row has none where they are not known apart.
	Fields []Field
}

// Field is a field of a row.
type Field struct {
	OID    uint32
	Column int
}

// Statement is a translated SELECT.
type Statement struct {
	Columns    []Column
	Parameters []uint32
	template   string
	// Analysed text depends on the session's time zone.
	Zoned bool
}

// Translate translates a text, which must be one SELECT. Errors are *pgwire.Error with
// positions in characters of the text.
func Translate(sql string, o Options) (st *Statement, err error) {
	c := &compiler{src: sql, options: o, params: append([]uint32(nil), o.Parameters...)}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			st, err = nil, f.err
		}
	}()
	query := c.parse(sql)
	s := c.selectStmt(query, nil)
	for _, col := range s.cols {
		c.settleOutput(col)
	}
	if o.Want != nil {
		c.assign(s, o.Want)
	}
	out := &Statement{Zoned: c.zoned, Parameters: c.params}
	var fields [][]Field
	out.template, fields = c.outermost(s)
	for i, oid := range out.Parameters {
		if oid == 0 {
			if i >= len(c.seen) || !c.seen[i] {
				return nil, pgwire.Errorf("42P18", "could not determine data type of parameter $%d", i+1)
			}
			out.Parameters[i] = pgwire.OIDText
		}
	}
	for i, col := range s.cols {
		out.Columns = append(out.Columns, Column{Mod: col.e.mod, Column: col.describe(), Fields: fields[i]})
	}
	if len(out.Columns) > maxColumns {
		return nil, pgwire.Errorf("54011", "target lists can have at most %d entries", maxColumns)
	}
	return out, nil
}

// maxColumns is PostgreSQL's.
const maxColumns = 1664

// failure carries an error up through the walk; it never leaves Translate.
type failure struct{ err error }

func (c *compiler) fail(err error) { panic(failure{err}) }

// failAt fails with an error at a place in the source.
func (c *compiler) failAt(pos int32, code, format string, args ...any) {
	c.fail(c.at(pgwire.Errorf(code, format, args...), pos))
}

// at gives an error the position of a byte offset.
func (c *compiler) at(e *pgwire.Error, pos int32) *pgwire.Error {
	if pos >= 0 && int(pos) <= len(c.src) && c.inView == 0 {
		e.Position = utf8.RuneCountInString(c.src[:pos]) + 1
	}
	return e
}

// compiler is one translation.
type compiler struct {
	src       string
	options   Options
	params    []uint32
	seen      []bool
	names     int // given so far, to tables and columns of the translation
	depth     int
	called    string // the function whose call is compiled, as it is written
	inView    int    // views being expanded, where positions mean nothing
	sets      bool   // GROUP BY has grouping sets
	relations int    // with those of views
	queries   int    // likewise
	zoned     bool

	scope       *scope
	query       *queryState
	inAggregate int
	inWindow    int
	clause      string // in which no aggregates are allowed; empty: they are
}

func (c *compiler) zone() *pgwire.Zone {
	if c.options.Zone == nil {
		return pgwire.UTC
	}
	return c.options.Zone
}

// fresh makes a name that is used nowhere else.
func (c *compiler) fresh(prefix string) string {
	c.names++
	return fmt.Sprintf("%s%d", prefix, c.names)
}

// maxDepth bounds the nesting of what is walked; the front has refused what is nested
// deeper before it came here.
const maxDepth = 2500

func (c *compiler) enter() {
	if c.depth++; c.depth > maxDepth {
		c.fail(pgwire.Errorf("54001", "stack depth limit exceeded"))
	}
}

func (c *compiler) leave() { c.depth-- }

func (c *compiler) parse(sql string) *pg.SelectStmt {
	tree, err := pg.Parse(sql)
	if err != nil {
		c.fail(c.parseError(err))
	}
	if len(tree.Stmts) != 1 {
		c.fail(pgwire.Errorf("42601", "cannot insert multiple commands into a prepared statement"))
	}
	s, ok := tree.Stmts[0].Stmt.Node.(*pg.Node_SelectStmt)
	if !ok {
		c.fail(pgwire.Errorf("0A000", "only SELECT can be answered by the analytics worker"))
	}
	return s.SelectStmt
}

func (c *compiler) parseError(err error) error {
	var e *parser.Error
	if !errors.As(err, &e) {
		return pgwire.Errorf("42601", "%s", err.Error())
	}
	out := pgwire.Errorf("42601", "%s", e.Message)
	switch {
	case strings.Contains(e.Message, "stack depth"):
		out.Code = "54001"
	case strings.Contains(e.Message, "not implemented") || strings.Contains(e.Message, "not supported"):
		out.Code = "0A000"
	}
	if e.Cursorpos > 0 && c.inView == 0 {
		out.Position = e.Cursorpos
	}
	return out
}

// unsupported refuses what PostgreSQL would do and the worker does not.
func (c *compiler) unsupported(pos int32, format string, args ...any) {
	c.fail(c.at(pgwire.Errorf("0A000", format+" is not supported", args...), pos))
}
