//go:build cgo

package worker

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// session is a connection of the front's.
type session struct{ w *Worker }

// Connect begins a session.
func (w *Worker) Connect(_ context.Context, c *pgwire.Conn) (pgwire.Session, error) {
	c.SetParameter("client_encoding", "UTF8")
	return &session{w: w}, nil
}

// Parse takes a text as it is: it is one statement, with what precedes it.
func (s *session) Parse(text string) ([]pgwire.Query, error) { return []pgwire.Query{text}, nil }

func (s *session) Sync(context.Context) error { return nil }
func (s *session) Fail()                      {}
func (s *session) Close()                     {}

// Status says that a transaction is open, always: portals live until they are closed.
func (s *session) Status() byte { return 'T' }

// statement is a prepared statement.
type statement struct {
	w    *Worker
	prep analytics.Preparation
	sql  string
	*analysis
}

func (s *statement) ParameterOIDs() []uint32  { return s.params }
func (s *statement) Columns() []pgwire.Column { return s.columns }

// analysis is a statement's translation with one schema. It is immutable.
type analysis struct {
	schema  *schema
	tables  []*catalog.Table // of the system, that it reads
	st      *translate.Statement
	columns []pgwire.Column
	params  []uint32
}

// defined is the command that tells the worker the schema.
type defined struct{}

func (defined) ParameterOIDs() []uint32  { return nil }
func (defined) Columns() []pgwire.Column { return nil }
func (defined) Close()                   {}
func (defined) Execute(context.Context, *pgwire.Output, int64, pgwire.Lookahead) (pgwire.Tag, bool, error) {
	return pgwire.Tag{Command: "SCHEMA", Rows: -1}, true, nil
}

// Prepare translates a statement.
func (s *session) Prepare(_ context.Context, q pgwire.Query, _ []uint32) (pgwire.Statement, error) {
	text := q.(string)
	if schema, ok, err := analytics.ReadSchemaCommand(text); ok {
		if err != nil {
			return nil, pgwire.Errorf("08P01", "bad schema: %s", err)
		}
		s.w.define(schema)
		return defined{}, nil
	}
	prep, sql, err := analytics.SplitPreparation(text)
	if err != nil {
		return nil, pgwire.Errorf("08P01", "bad preparation: %s", err)
	}
	st := &statement{w: s.w, prep: prep, sql: sql}
	if st.analysis, err = st.analyse(); err != nil {
		return nil, err
	}
	return st, nil
}

func (s *statement) analyse() (*analysis, error) {
	base := s.w.schema.Load()
	if s.prep.Views != nil {
		base = s.w.newSchema(&analytics.Schema{Version: transient.Add(-1), Views: s.prep.Views})
	}
	scoped := *base
	a := &analysis{schema: &scoped}
	scoped.used = func(t *catalog.Table) { a.tables = append(a.tables, t) }
	zone := pgwire.UTC
	if z, err := zones.get(s.prep.Zone); err == nil && s.prep.Zone != "" {
		zone = z
	}
	var err error
	a.st, err = translate.Translate(s.sql, translate.Options{Catalog: &scoped, Zone: zone, Parameters: s.prep.Parameters, Want: s.prep.Want})
	if err != nil {
		return nil, err
	}
	run := analytics.Plain
	if a.st.Uses("settings") || a.st.Uses("activity") {
		run = analytics.SessionAware
	}
	a.params = append([]uint32{run}, a.st.Parameters...)
	a.columns = make([]pgwire.Column, len(a.st.Columns))
	for i, c := range a.st.Columns {
		a.columns[i] = c.Column
		a.columns[i].Mod = c.Mod + 1
	}
	return a, nil
}

// transient numbers the schemas of transactions, below all versions.
var transient atomic.Int64

func init() { transient.Store(-1) }

// Bind makes a portal; the first parameter is what the run depends on.
func (s *session) Bind(_ context.Context, st pgwire.Statement, parameters []pgwire.Value) (pgwire.Portal, error) {
	if d, ok := st.(defined); ok {
		return d, nil
	}
	stmt := st.(*statement)
	if stmt.prep.Views == nil && stmt.schema.version != s.w.schema.Load().version {
		// A view may have changed since.
		a, err := stmt.analyse()
		if err != nil {
			return nil, err
		}
		if !sameColumns(stmt.columns, a.columns) {
			return nil, pgwire.Errorf("0A000", "cached plan must not change result type")
		}
		stmt.analysis = a
	}
	p := &portal{w: s.w, sql: stmt.sql, analysis: stmt.analysis}
	if err := json.Unmarshal(runText(&parameters[0]), &p.run); err != nil {
		return nil, pgwire.Errorf("08P01", "bad run: %s", err)
	}
	for i := range parameters[1:] {
		v := parameters[1+i]
		if oid := p.st.Parameters[i]; isReg(oid) && v.Kind == pgwire.KindText {
			n, err := p.schema.RegIn(oid, v.Text)
			if err != nil {
				return nil, err
			}
			v = pgwire.IntValue(int64(n))
		}
		v.Bytes = append([]byte(nil), v.Bytes...)
		p.parameters = append(p.parameters, v)
	}
	p.schema.copies.hold()
	return p, nil
}

// runText is a run's text, whose parameter is a text or JSON.
func runText(v *pgwire.Value) []byte {
	if v.Kind == pgwire.KindText {
		return []byte(v.Text)
	}
	return v.Bytes
}

func sameColumns(a, b []pgwire.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].OID != b[i].OID || a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}
