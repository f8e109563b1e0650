//go:build cgo

package translate

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/searchpath"
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
	// Operations are the operators that a function of PostgreSQL's computes.
	Operations(function string) []catalog.Operation
	// In is the catalog with another search path, that of a view's author.
	In(path searchpath.Path) Catalog
	// Searches tells whether a schema is on the search path.
	Searches(schema string) bool
	// HasFunction tells whether PostgreSQL has a function of a name and number of arguments.
	HasFunction(name string, arguments int) bool
}

// Relation is a table, or a view.
type Relation struct {
	Schema, Name string
	OID          uint32
	Columns      []RelationColumn
	SQL          string // what stands in FROM; empty for a view
	ByRole       bool   // what stands there depends on who reads it: see [RowsPlace]
	View         string // a view's query
	ViewZone     string // and the key of the zone by which its literals are read
	ViewPath     searchpath.Path
	Key          string // the name of the primary key's only column, if there is one
	// Guarded: not everybody may read it. Of a view, Owner is as whom its relations are read; 0: as whoever reads it.
	Guarded bool
	Owner   uint32
}

// Read is a guarded relation that a statement reads, and as whom: 0 is whoever runs it.
type Read struct {
	Schema, Name string
	As           uint32
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
	// Note is what a statement that names the column is noted for; see [Statement.Noted].
	Note string
}

// Options are what a translation depends on.
type Options struct {
	Catalog    Catalog
	Zone       *pgvalue.Zone // by which literals are read
	Style      pgvalue.Style // how values are cast to text
	Parameters []uint32      // OIDs as the client declared them, 0 where it did not
	// Want are the types that the columns are assigned to, for INSERT … SELECT.
	Want []uint32
	// List says that the text is SELECT with a list of another statement's expressions; see analytics.Preparation.
	List string
	// Sets: a list may have functions that return sets, and then makes a row of each of their elements.
	Sets bool
	// Mentions: who asks wants to know where events are read, and under which conditions.
	Mentions bool
	// Rows: the text is a condition on events, and the statement yields the rows that meet it, with the columns that their place has.
	Rows bool
}

// Column is a column of a statement's result.
type Column struct {
	pgvalue.Column
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
	Calls      []analytics.ColumnCall // the columns that the server makes of their arguments
	segments   []segment
	// Noted are the notes of the columns that it names, its views and subqueries included.
	Noted map[string]bool
	// Reads are the guarded relations that it reads, those of its views included.
	Reads []Read
	// Mentions are where it reads events and streams, if the options ask for them. Guarded: the statement's own WHERE decides about rows that are not made of
	// events one by one.
	Mentions []analytics.Mention
	Guarded  bool
	// Analysed text depends on the session's time zone.
	Zoned bool
}

// Translate translates a text, which must be one SELECT. Errors are *pgerror.Error with
// positions in characters of the text.
func Translate(sql string, o Options) (st *Statement, err error) {
	if o.Rows {
		sql = "SELECT FROM public.events WHERE (" + sql + "\n)"
	}
	c := newCompiler(sql, o)
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
	if o.List != "" {
		c.listOnly(query)
	}
	c.whole = c.rowsInFrom(query)
	s := c.selectStmt(query, nil)
	for c.again {
		inlined := c.inlined
		c = newCompiler(sql, o)
		c.inlined, c.whole = inlined, query
		s = c.selectStmt(query, nil)
	}
	for i, col := range s.cols {
		if n := col.e.param; n > 0 && i < len(o.Want) && o.Want[i] != 0 {
			c.setParam(n, o.Want[i]) // what it is assigned to
			col.e.oid, col.e.param = c.params[n-1], 0
		}
		c.resolveOutput(col)
	}
	if o.Want != nil {
		c.assign(s, o.Want)
	}
	c.checkSecrets()
	out := &Statement{Zoned: c.zoned, Parameters: c.params, Noted: c.noted, Reads: c.reads}
	for _, m := range c.mentions {
		out.Mentions = append(out.Mentions, m.Mention)
	}
	out.Guarded = s.filters && !s.takes && len(c.mentions) > 0
	var fields [][]Field
	var text string
	if text = s.sql; !o.Rows {
		text, fields = c.outermost(s)
	}
	out.segments = c.segments(text)
	for i, oid := range out.Parameters {
		if element := cmp.Or(elements[oid], oid); element == oidTimetz || element == oidACLItem || element == oidNodeTree {
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "a parameter of type %s is not supported", typeName(oid))
		}
		if oid == 0 {
			if i >= len(c.seen) || !c.seen[i] {
				return nil, pgerror.Errorf(pgerror.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
			}
			out.Parameters[i] = pgvalue.OIDText
		}
	}
	for i, col := range s.cols {
		if col.e.call != nil {
			out.Calls = append(out.Calls, analytics.ColumnCall{Column: i, Call: *col.e.call})
		}
		out.Columns = append(out.Columns, Column{Mod: col.e.mod, Column: col.describe(), Fields: fields[i]})
	}
	if len(out.Columns) > maxColumns {
		return nil, pgerror.Errorf(pgerror.TooManyColumns, "target lists can have at most %d entries", maxColumns)
	}
	return out, nil
}

func newCompiler(sql string, o Options) *compiler {
	return &compiler{src: sql, options: o, params: append([]uint32(nil), o.Parameters...), inlined: map[cteKey]bool{}}
}

// maxColumns is PostgreSQL's.
const maxColumns = 1664

// failure carries an error up through the walk; it never leaves Translate.
type failure struct{ err error }

func (c *compiler) fail(err error) { panic(failure{err}) }

// failAt fails with an error at a place in the source.
func (c *compiler) failAt(pos int32, code, format string, args ...any) {
	c.fail(c.at(pgerror.Errorf(code, format, args...), pos))
}

// at gives an error the position of a byte offset.
func (c *compiler) at(e *pgerror.Error, pos int32) *pgerror.Error {
	if pos >= 0 && int(pos) <= len(c.src) && c.inView == 0 {
		e.Position = utf8.RuneCountInString(c.src[:pos]) + 1
	}
	return e
}

// compiler is one translation.
type compiler struct {
	src        string
	whole      *pg.SelectStmt // the statement's own
	inEffect   bool           // what is compiled is an argument of a call that writes messages
	options    Options
	params     []uint32
	seen       []bool
	names      int // given so far, to tables and columns of the translation
	depth      int
	called     string // the function whose call is compiled, as it is written
	inView     int    // views being expanded, where positions mean nothing
	sets       bool   // GROUP BY has grouping sets
	frames     []*frame
	inlined    map[cteKey]bool // WITH queries whose text stands where they are used
	again      bool            // more of them turned up
	inBody     int             // of one of them
	level      int             // of scopes
	imports    int             // of what is compiled, where it must not refer to queries around
	operands   int             // set operations around
	setQueries int             // so far, with GROUPING SETS and the like
	emptyTwice int             // queries so far that group by several empty sets
	isSource   bool            // stands in FROM or WITH
	isOperand  bool            // the query that is compiled next is an operand of a set operation
	sublinks   int             // so far
	optionals  []optional
	constants  []*constant
	constantOf map[string]int
	onlyTrue   *pg.SubLink // a condition of its own, where null is as good as false
	relations  int         // with those of views
	reads      []Read
	mentions   []*mention
	version    int32  // of the grammar, which a tree names
	foreign    int    // views being expanded in which literals mean something else than in the statement
	as         uint32 // the owner of the view that is being translated; 0: whoever runs the statement
	queries    int    // likewise
	zoned      bool
	holds      []string // the texts that references of held refer to
	heldAt     map[string]int
	noted      map[string]bool
	secrets    int // verifiers that are named

	scope       *scope
	query       *queryState
	inAggregate int
	inWindow    int
	clause      string // in which no aggregates are allowed; empty: they are
}

func (c *compiler) zone() *pgvalue.Zone {
	if c.options.Zone == nil {
		return pgvalue.UTC
	}
	return c.options.Zone
}

// note keeps the note of a column that is named.
func (c *compiler) note(col *rtcol) {
	if col.note == "" {
		return
	}
	if c.noted == nil {
		c.noted = map[string]bool{}
	}
	c.noted[col.note] = true
	if col.note == Secret {
		c.secrets++
	}
}

// fresh makes a name that is used nowhere else.
func (c *compiler) fresh(prefix string) string {
	c.names++
	return fmt.Sprintf("%s%d", prefix, c.names)
}

// maxDepth bounds the nesting of what is walked; the server has refused what is nested
// deeper before it came here.
const maxDepth = 2500

func (c *compiler) enter() {
	if c.depth++; c.depth > maxDepth {
		c.fail(pgerror.Errorf(pgerror.StatementTooComplex, "stack depth limit exceeded"))
	}
}

func (c *compiler) leave() { c.depth-- }

func (c *compiler) parse(sql string) *pg.SelectStmt {
	tree, err := pg.Parse(sql)
	if err != nil {
		c.fail(c.parseError(err))
	}
	c.version = tree.Version
	if len(tree.Stmts) != 1 {
		c.fail(pgerror.Errorf(pgerror.SyntaxError, "cannot insert multiple commands into a prepared statement"))
	}
	s, ok := tree.Stmts[0].Stmt.Node.(*pg.Node_SelectStmt)
	if !ok {
		c.fail(pgerror.Errorf(pgerror.FeatureNotSupported, "only SELECT can be answered by the analytics worker"))
	}
	c.refuseLocking(sql, s.SelectStmt)
	return s.SelectStmt
}

func (c *compiler) parseError(err error) error {
	var e *parser.Error
	if !errors.As(err, &e) {
		return pgerror.Errorf(pgerror.SyntaxError, "%s", err.Error())
	}
	out := pgerror.Errorf(pgerror.SyntaxError, "%s", e.Message)
	switch {
	case strings.Contains(e.Message, "stack depth"):
		out.Code = pgerror.StatementTooComplex
	case strings.Contains(e.Message, "not implemented") || strings.Contains(e.Message, "not supported"):
		out.Code = pgerror.FeatureNotSupported
	}
	if e.Cursorpos > 0 && c.inView == 0 {
		out.Position = e.Cursorpos
	}
	return out
}

// unsupported refuses what PostgreSQL would do and the worker does not.
func (c *compiler) unsupported(pos int32, format string, args ...any) {
	c.fail(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, format+" is not supported", args...), pos))
}
