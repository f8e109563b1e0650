//go:build cgo

package worker

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/translate"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
)

// session is a connection of the server's.
type session struct {
	w      *Worker
	conn   *pgwire.Conn
	staged staged
	open   openPortals
}

// Connect begins a session.
func (w *Worker) Connect(_ context.Context, c *pgwire.Conn) (pgwire.Session, error) {
	c.SetParameter("client_encoding", "UTF8")
	return &session{w: w, conn: c}, nil
}

// Parse takes a text as it is: it is one statement, with what precedes it.
// queryText is a statement as it came; what is made of it takes about ten times as much.
type queryText string

func (q queryText) Size() int64 { return 10 * int64(len(q)) }

func (s *session) Parse(_ context.Context, text string) ([]pgwire.Query, error) {
	return []pgwire.Query{queryText(text)}, nil
}

func (s *session) Sync(context.Context) error { return nil }
func (s *session) Fail()                      {}

// Close ends the session; what its transaction had staged is of no use any more.
func (s *session) Close() { _ = s.w.stage(&s.staged, 0, nil) } // which only ever frees

// Status says that a transaction is open, always: portals live until they are closed.
func (s *session) Status() byte { return 'T' }

// statement is a prepared statement.
type statement struct {
	w    *Worker
	prep analytics.Preparation
	sql  string
	*analysis
}

func (s *statement) ParameterOIDs() []uint32   { return s.params }
func (s *statement) Columns() []pgvalue.Column { return s.columns }

// analysis is a statement's translation with one schema. It is immutable.
type analysis struct {
	schema  *schema
	tables  []*catalog.Table // of the system, that it reads
	st      *translate.Statement
	columns []pgvalue.Column
	params  []uint32
	uses    analytics.Uses
}

// defined is the command that tells the worker the schema.
type defined struct{}

func (defined) ParameterOIDs() []uint32   { return nil }
func (defined) Columns() []pgvalue.Column { return nil }
func (defined) Close()                    {}
func (defined) Execute(context.Context, *pgwire.Output, int64, pgwire.Lookahead) (pgwire.Tag, bool, error) {
	return pgwire.Tag{Command: "SCHEMA", Rows: -1}, true, nil
}

// Prepare translates a statement.
func (s *session) Prepare(_ context.Context, q pgwire.Query, _ []uint32) (pgwire.Statement, error) {
	text := string(q.(queryText))
	if schema, ok, err := analytics.ReadSchemaCommand(text); ok {
		if err != nil {
			return nil, pgerror.Errorf(pgerror.ProtocolViolation, "bad schema: %s", err)
		}
		s.w.define(schema)
		return defined{}, nil
	}
	if stage, ok, err := analytics.ReadStageCommand(text); ok {
		if err == nil {
			err = s.w.stage(&s.staged, stage.Keep, stage.Events)
		}
		return defined{}, err
	}
	prep, sql, err := analytics.SplitPreparation(text)
	if err != nil {
		return nil, pgerror.Errorf(pgerror.ProtocolViolation, "bad preparation: %s", err)
	}
	st := &statement{w: s.w, prep: prep, sql: sql}
	if st.analysis, err = st.analyse(); err != nil {
		return nil, err
	}
	if !st.uses.None() {
		b, err := json.Marshal(st.uses)
		if err != nil {
			return nil, err
		}
		s.conn.Notice(&pgerror.Error{Severity: "NOTICE", Code: analytics.UsesNotice, Message: string(b)})
	}
	return st, nil
}

func (s *statement) analyse() (*analysis, error) {
	base := s.w.schema.Load()
	if s.prep.Views != nil {
		own := *base.told // the transaction's views, and all else as it is for everybody
		own.Version, own.Views = transient.Add(-1), s.prep.Views
		base = s.w.newSchema(&own)
	}
	scoped := *base.in(s.prep.Path)
	scoped.inserted = s.prep.Inserted
	a := &analysis{schema: &scoped}
	scoped.used = func(t *catalog.Table) { a.tables = append(a.tables, t) }
	zone := pgvalue.UTC
	if z, err := pgvalue.ZoneOfKey(s.prep.Zone); err == nil {
		zone = z
	}
	var err error
	a.st, err = translate.Translate(s.sql, translate.Options{Catalog: &scoped, Zone: zone, Style: s.prep.Style, Parameters: s.prep.Parameters, Want: s.prep.Want, List: s.prep.List, Sets: s.prep.Sets, Mentions: s.prep.Mentions})
	if err != nil {
		return nil, err
	}
	run := analytics.Plain
	if a.st.Uses("settings") || a.st.Uses("origins") || a.st.Uses("activity") || a.st.Uses("locks") || a.st.Uses("senders") || usesCounters(a.st) {
		run = analytics.SessionAware
	}
	a.uses = analytics.Uses{
		Events: a.st.Uses("inserted") || slices.ContainsFunc(a.st.Reads, ownRows), Position: a.st.Noted["position"], Version: a.st.Noted["version"], Time: a.st.Noted["time"],
		Named: slices.ContainsFunc([]string{"statements", "cursors", "channels", "queue"}, a.st.Uses), Door: a.st.Uses("rules") || a.st.Uses("mappings"),
		Counted: a.st.Uses("counted") || a.st.Uses("counting"),
		Slots:   a.st.Uses("slots") || a.st.Uses("senders"),
		Xact:    a.st.Uses("xact"), Assigned: a.st.Uses("assigned"), Calls: a.st.Calls,
		Mentions: a.st.Mentions, Guarded: a.st.Guarded,
	}
	for _, r := range a.st.Reads {
		own := r.Schema == searchpath.MessageStore
		a.uses.Reads = append(a.uses.Reads, analytics.Read{Relation: r.Name, As: r.As, MessageStore: own, Catalog: r.Schema != "public" && !own})
	}
	a.params = append([]uint32{run}, a.st.Parameters...)
	a.columns = make([]pgvalue.Column, len(a.st.Columns))
	for i, c := range a.st.Columns {
		a.columns[i] = c.Column
		a.columns[i].Mod = c.Mod + 1
	}
	return a, nil
}

// ownRows tells whether what is read are rows of the log.
func ownRows(r translate.Read) bool {
	return r.Schema == "public" && (r.Name == relation.Events.Name || r.Name == relation.Streams.Name)
}

// transient numbers the schemas of transactions, below all versions.
var transient atomic.Int64

func init() { transient.Store(-1) }

// Bind makes a portal; the first parameter is what the run depends on.
func (s *session) Bind(_ context.Context, st pgwire.Statement, parameters []pgvalue.Value) (pgwire.Portal, error) {
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
		if !sameColumns(stmt.columns, a.columns) || !a.uses.Equal(&stmt.uses) {
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "cached plan must not change result type")
		}
		stmt.analysis = a
	}
	p := &portal{w: s.w, open: &s.open, sql: stmt.sql, analysis: stmt.analysis, staged: s.staged.events}
	if err := json.Unmarshal(runText(&parameters[0]), &p.run); err != nil {
		return nil, pgerror.Errorf(pgerror.ProtocolViolation, "bad run: %s", err)
	}
	zone, err := zones.get(p.run.Zone)
	if err != nil {
		return nil, err
	}
	for i := range parameters[1:] {
		v := parameters[1+i]
		if err := p.regParameter(p.st.Parameters[i], &v); err != nil {
			return nil, err
		}
		if v, err = parameter(p.st.Parameters[i], &v, zone); err != nil {
			return nil, err
		}
		p.parameters = append(p.parameters, v)
	}
	p.schema.copies.hold()
	return p, nil
}

// regParameter reads the names of catalog objects.
func (p *portal) regParameter(oid uint32, v *pgvalue.Value) error {
	if v.Kind == pgvalue.KindArray {
		v.Array = slices.Clone(v.Array)
		for i := range v.Array {
			if err := p.regParameter(pgvalue.ElementType(oid), &v.Array[i]); err != nil {
				return err
			}
		}
	}
	if !isReg(oid) || v.Kind != pgvalue.KindText {
		return nil
	}
	n, err := p.schema.RegIn(oid, v.Text)
	*v = pgvalue.IntValue(int64(n))
	return err
}

// runText is a run's text, whose parameter is a text or JSON.
func runText(v *pgvalue.Value) []byte {
	if v.Kind == pgvalue.KindText {
		return []byte(v.Text)
	}
	return v.Bytes
}

func sameColumns(a, b []pgvalue.Column) bool {
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
