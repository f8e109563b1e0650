package query

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/explain"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/failpoint"
	"github.com/eventgres/eventgres/query/reading"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/syntax"
)

// analyticPlan is a prepared SELECT that the analytics worker answers.
type analyticPlan struct {
	origin
	sql    string // the statement's own text
	pos    int    // where it begins in what the client sent, for positions in errors
	src    string
	prep   analytics.Preparation
	params []uint32
	out    []pgvalue.Column
	calls  []analytics.ColumnCall // columns whose functions are called here
	// described: params and out are known, and stay as they are.
	described bool
}

func (p *analyticPlan) ParameterOIDs() []uint32 { return p.params }

func (p *analyticPlan) Columns() []pgvalue.Column { return p.out }

// prepareAnalytic has the worker analyse src[pos:end].
func (s *Session) prepareAnalytic(src string, pos, end int, prep analytics.Preparation) (*analyticPlan, error) {
	if s.worker() == nil {
		return nil, errNoWorker
	}
	// The semicolon is part of what is wrong where something is missing before it.
	if rest := strings.TrimLeft(src[end:], " \t\r\n"); strings.HasPrefix(rest, ";") {
		end = len(src) - len(rest) + 1
	}
	if err := syntax.CheckComplexity(src, pos, end, s.Pace); err != nil {
		return nil, err
	}
	return s.prepareWith(src, pos, src[pos:end], prep)
}

// prepareText has the worker analyse a text that was made of a statement: what stands in it begins at pos there.
func (s *Session) prepareText(src string, pos int, text string, prep analytics.Preparation) (*analyticPlan, error) {
	if s.worker() == nil {
		return nil, errNoWorker
	}
	if err := syntax.CheckComplexity(text, 0, len(text), s.Pace); err != nil {
		return nil, err
	}
	return s.prepareWith(src, pos, text, prep)
}

func (s *Session) prepareWith(src string, pos int, text string, prep analytics.Preparation) (*analyticPlan, error) {
	prep.Zone, prep.Path = s.conn.Zone.Key(), s.path
	p := &analyticPlan{sql: text, pos: pos, src: src, prep: prep}
	return p, s.retryLost(func() error {
		d, err := s.describeAnalytic(s.ctx, p)
		if err == nil {
			p.params, p.out, p.calls, p.described = d.Parameters, d.Columns, d.Uses.Calls, true
		}
		if err == nil && s.effective.unsecured {
			_, _, err = s.seenBy(d.Uses.Reads)
		}
		return err
	})
}

var errNoWorker = errors.New("no analytics worker")

// analyticConn is the session's connection to the worker, and what is prepared on it.
type analyticConn struct {
	*analytics.Conn
	prepared map[*analyticPlan]analyticStatement
	order    []*analyticPlan // the oldest first
	told     toldEvents
	held     pgwire.Share // of the texts
}

// analyticStatement is a plan that is prepared on a connection.
type analyticStatement struct {
	*analytics.Description
	defined *schema.Schema // the transaction's own, with which it was analysed
	schema  int64          // the version of everybody's
	style   pgvalue.Style  // how it writes values as text
	tells   bool           // where it reads events
}

// forget closes a plan's statement.
func (c *analyticConn) forget(p *analyticPlan) {
	d, ok := c.prepared[p]
	if !ok {
		return
	}
	c.CloseStatement(d.Name)
	delete(c.prepared, p)
	_ = c.held.Add(-p.size())
	c.order = slices.DeleteFunc(c.order, func(other *analyticPlan) bool { return other == p })
}

// maxAnalytic bounds the statements that are prepared on one connection to the worker; the
// oldest make room, and are prepared again when they are needed.
const (
	maxAnalytic      = 200
	maxAnalyticTexts = 8 << 20 // bytes; nobody else may keep the texts any more
)

func (p *analyticPlan) size() int64 {
	return syntax.StatementBytes + int64(len(p.src)) + expr.ValueBytes*int64(len(p.params)+len(p.out))
}

// room forgets statements until there is room for another.
func (c *analyticConn) room(p *analyticPlan) error {
	for len(c.order) > 0 && (len(c.order) >= maxAnalytic || c.held.Held()+p.size() > maxAnalyticTexts) {
		c.forget(c.order[0])
	}
	err := c.held.Add(p.size())
	for ; err != nil && len(c.order) > 0; err = c.held.Add(p.size()) {
		c.forget(c.order[0])
	}
	return err
}

// workerConn returns the session's connection to the worker, a new one if it has none that
// works, and makes sure that the worker knows the schema.
func (s *Session) workerConn(ctx context.Context) (*analyticConn, error) {
	if s.analytic == nil || s.analytic.Broken() {
		c, err := s.worker().Dial(ctx)
		if err != nil {
			return nil, err
		}
		c.SchemaVersion = -1
		if s.analytic != nil {
			_ = s.analytic.held.Set(0) // what was prepared has gone with the connection
		}
		s.analytic = &analyticConn{Conn: c, prepared: map[*analyticPlan]analyticStatement{}, held: s.conn.NewShare()}
	}
	if schema := s.server.told(); s.analytic.SchemaVersion != schema.Version {
		if err := s.analytic.Define(ctx, schema); err != nil {
			return nil, err
		}
	}
	return s.analytic, nil
}

// describeAnalytic prepares a plan on the session's connection, where it is not yet, or not
// with the views that the transaction has now.
func (s *Session) describeAnalytic(ctx context.Context, p *analyticPlan) (*analytics.Description, error) {
	c, err := s.workerConn(ctx)
	if err != nil {
		return nil, err
	}
	if d, ok := c.prepared[p]; ok {
		// What it uses depends on the views, and matters where something is staged, or somebody may not use everything.
		if d.defined == s.tx.defined && (d.tells || !s.serializes()) && d.style == s.conn.Zone.Style && (len(s.tx.Staged) == 0 && s.may().Alone && !d.tells || d.schema == c.SchemaVersion) {
			return d.Description, nil
		}
		c.forget(p)
	}
	prep := p.prep
	prep.Style = s.conn.Zone.Style
	prep.Mentions = prep.Mentions || s.serializes()
	if s.tx.defined != nil {
		prep.Views = s.tx.defined.List()
	}
	d, err := c.Prepare(ctx, prep, p.sql)
	if err != nil {
		return nil, p.placed(err)
	}
	if p.described && !slices.EqualFunc(d.Columns, p.out, sameColumn) {
		c.CloseStatement(d.Name)
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "cached plan must not change result type")
	}
	if err := c.room(p); err != nil {
		c.CloseStatement(d.Name)
		return nil, err
	}
	c.prepared[p] = analyticStatement{Description: d, defined: s.tx.defined, schema: c.SchemaVersion, style: prep.Style, tells: prep.Mentions}
	c.order = append(c.order, p)
	return d, nil
}

func sameColumn(a, b pgvalue.Column) bool {
	return a.Name == b.Name && a.OID == b.OID && a.Mod == b.Mod
}

// placed moves an error's position from the statement to the text it came in.
func (p *analyticPlan) placed(err error) error {
	var e *pgerror.Error
	if !errors.As(err, &e) || e.Position == 0 {
		return err
	}
	out := *e
	out.Position += utf8.RuneCountInString(p.src[:p.pos])
	return &out
}

func (p *analyticPlan) readsRows() {}

func (p *analyticPlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	if err := s.mayRun(s.ctx, p); err != nil {
		return nil, err
	}
	kept, _ := keepValues(nil, nil, params)
	return &analyticPortal{plan: p, s: s, params: kept, held: s.conn.NewShare()}, nil
}

// analyticPortal runs an analyticPlan.
type analyticPortal struct {
	plan   *analyticPlan
	s      *Session
	params []pgvalue.Value
	conn   *analyticConn
	name   string // of the worker's portal; empty before it is opened
	before int64
	staged int // events the transaction had staged when it was opened
	// inserted is set where it makes the rows of RETURNING.
	inserted *insertedView
	opened   bool
	allowed  bool             // it may read
	reads    []analytics.Read // these
	seen     map[uint32]analytics.RowFilter
	settings bool            // what it sees depends on settings
	uses     *analytics.Uses // of it as it is prepared
	noted    bool            // what it reads
	as       openedAs
	done     bool

	// For those who take a row at a time: rows that came, and the current one.
	rows  [][]byte
	row   []pgvalue.Value
	batch int // how many are asked for next
	plain bool
	held  pgwire.Share // of rows
}

// openedAs is what a run depends on that is as it was when the portal was first opened, however often a cursor goes back.
type openedAs struct {
	now, statement int64
	zone           string
	path           searchpath.Path
}

func (p *analyticPortal) Columns() []pgvalue.Column { return p.plan.out }

func (p *analyticPortal) Close() {
	if p.name != "" && p.conn != nil {
		p.conn.ClosePortal(p.name)
		p.name = ""
	}
	p.rows = nil
	_ = p.held.Set(0)
}

// start opens the worker's portal.
func (p *analyticPortal) start(ctx context.Context, formats []int16) error {
	return p.described(ctx, func(d *analytics.Description, run analytics.Run) (err error) {
		p.name, err = p.conn.Open(ctx, d, run, p.params, formats)
		if err != nil {
			p.name = ""
		}
		return err
	})
}

// described runs f with the statement as it is prepared on the session's connection.
func (p *analyticPortal) described(ctx context.Context, f func(*analytics.Description, analytics.Run) error) error {
	s := p.s
	s.reached = true
	if !p.opened {
		p.before, p.staged, p.opened = s.before(), len(s.tx.Staged), true
	}
	if p.as.now == 0 {
		p.as = openedAs{now: s.transactionTime(), statement: s.statementTime, zone: s.conn.Zone.Key(), path: s.path}
	}
	return s.retryLost(func() error {
		d, err := s.describeAnalytic(ctx, p.plan)
		if err != nil {
			return err
		}
		// A cursor that goes back may read what it could, and nothing that a view has come to read meanwhile.
		if !p.allowed || !slices.Equal(d.Uses.Reads, p.reads) {
			if err := s.may().Reads(d.Uses.Reads); err != nil {
				return err
			}
			if p.seen, p.settings, err = s.seenBy(d.Uses.Reads); err != nil {
				return err
			}
			p.allowed, p.reads = true, d.Uses.Reads
		}
		p.uses = &d.Uses
		p.conn = s.analytic
		run := s.run(p.before, d.SessionAware || p.settings)
		run.Rows, run.Secured = p.seen, s.may().Secured
		run.Now, run.Statement, run.Zone, run.Path = p.as.now, p.as.statement, p.as.zone, p.as.path
		if d.Uses.Xact || d.Uses.Assigned && len(s.tx.Staged) > 0 {
			s.tx.XactID()
		}
		run.Xact = s.tx.Xact
		if run.Staged, err = s.stagedView(ctx, p.conn, d.Uses, min(p.staged, len(s.tx.Staged)), p.inserted); err != nil {
			return err
		}
		run.Plain = p.plain
		if d.Uses.Named {
			if err := s.named(&run); err != nil {
				return err
			}
		}
		if d.Uses.Door && s.server.door != nil {
			if run.Door, err = s.server.door(); err != nil {
				return err
			}
		}
		if d.Uses.Counted {
			run.Counted = s.counted()
		}
		if d.Uses.Slots {
			run.Slots, run.Nodes = s.server.slots.List(), s.server.followers(s.may().Stats())
		}
		return f(d, run)
	})
}

// notes notes what an analytical statement reads.
func (p *analyticPortal) notes() error {
	if p.noted || !p.s.serializes() {
		return nil
	}
	p.noted = true
	if failpoint.On(failpoint.WorkerUnread) {
		return nil
	}
	readings, err := p.readings()
	for _, r := range readings {
		if err == nil {
			err = p.s.keep(&p.s.tx.readings, r)
		}
	}
	return err
}

// readings are what it reads, one for each place where it names events.
func (p *analyticPortal) readings() (out []*reading.Reading, err error) {
	for i := range p.uses.Mentions {
		m := &p.uses.Mentions[i]
		seen, err := p.s.seen(m.As)
		if err != nil {
			return nil, err
		}
		r, err := p.s.reading(p.s.mentioned(m, p.plan), p.params, seen, p.plan.sql, p.before)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// seenBy tells which rows of the log are seen by those as whom a statement reads. settings: that depends on the session's.
func (s *Session) seenBy(reads []analytics.Read) (rows map[uint32]analytics.RowFilter, settings bool, err error) {
	for i := range reads {
		r := &reads[i]
		if _, done := rows[r.As]; done || r.Catalog || r.Relation != relation.Events.Name && r.Relation != relation.Streams.Name {
			continue
		}
		filter := analytics.RowFilter{All: true}
		seen, err := s.seen(r.As)
		if err != nil {
			return nil, false, err
		}
		if seen != nil {
			filter, settings = analytics.RowFilter{Where: seen.Where}, settings || seen.Settings
		}
		if rows == nil {
			rows = map[uint32]analytics.RowFilter{}
		}
		rows[r.As] = filter
	}
	return rows, settings, nil
}

// retryLost does once more what failed because the worker went while the session had
// nothing running on it.
func (s *Session) retryLost(f func() error) error {
	had := s.analytic
	var err error
	_ = s.conn.Waiting(func() error { // mostly for the worker
		err = f()
		return nil
	})
	if err != nil && had != nil && had == s.analytic && had.Unsent() && s.ctx.Err() == nil {
		return f()
	}
	return err
}

// run describes the session to the worker.
func (s *Session) run(before int64, aware bool) analytics.Run {
	run := analytics.Run{
		Before: before, Now: s.transactionTime(), Statement: s.statementTime, Zone: s.conn.Zone.Key(), User: s.user, SessionUser: s.sessionUser(),
		Database: s.database, PID: s.conn.PID(), Version: versionText, Path: s.path, Next: s.server.index.GlobalPosition() + 1,
		Loaded: s.server.loaded.Load(),
	}
	if !aware {
		return run
	}
	settings := s.settings.All()
	for name, k := range setting.Known {
		if k.Show != nil {
			settings[name] = k.Show(s)
		}
	}
	origins := s.settings.Origins()
	maps.DeleteFunc(settings, func(name, _ string) bool { return !s.may().Shows(name) })
	maps.DeleteFunc(origins, func(of, _ string) bool {
		_, name, _ := strings.Cut(of, ":")
		return !s.may().Shows(name)
	})
	run.Settings, run.Origins, run.Activity, run.Locks = settings, origins, s.server.sessions.List(), s.server.advisory.Snapshot()
	if !s.may().Stats() {
		s.hideOthers(run.Activity)
	}
	run.Counters = s.server.sessions.Totals()
	run.Counters.Inserted = s.server.index.GlobalPosition() + 1 - s.server.began
	return run
}

// Execute passes the worker's rows on as they come.
func (p *analyticPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "SELECT"}
	if p.done {
		return tag, true, nil
	}
	if len(p.plan.calls) > 0 {
		return p.executeCalls(ctx, out, limit)
	}
	watched, stop := p.s.conn.WhilePeer(ctx)
	defer stop()
	splice := func(body []byte) error { return out.Splice(ctx, body) }
	if p.name == "" && limit == 0 {
		err := p.described(watched, func(d *analytics.Description, run analytics.Run) (err error) {
			if err := p.notes(); err != nil {
				return err
			}
			tag.Rows, err = p.conn.Run(watched, d, run, p.params, out.Formats(), splice)
			return err
		})
		p.done = true
		return tag, true, p.plan.placed(err)
	}
	if p.name == "" {
		if err := p.start(ctx, out.Formats()); err != nil {
			return tag, false, err
		}
	}
	p.s.reached = true
	if err := p.notes(); err != nil {
		return tag, false, err
	}
	n, done, err := p.conn.Fetch(watched, p.name, uint32(min(limit, 1<<31-1)), splice)
	tag.Rows, p.done = n, done
	if err != nil || done {
		p.Close()
	}
	return tag, done && (limit == 0 || n < limit), p.plan.placed(err)
}

// How many rows are asked for at a time where they are taken one by one: as many as make
// about fetchBytes, by the size of those before them.
const (
	fetchRows  = 64
	fetchBytes = 1 << 20
)

// Open prepares the rows as of now, or of an earlier opening.
func (p *analyticPortal) Open(ctx context.Context) error {
	p.Close()
	p.rows, p.done, p.batch, p.plain = nil, false, 0, true
	return p.start(ctx, nil)
}

func (p *analyticPortal) Current() []pgvalue.Value { return p.row }

// Next moves to the next row.
func (p *analyticPortal) Next(ctx context.Context) (bool, error) {
	if len(p.rows) == 0 && !p.done {
		watched, stop := p.s.conn.WhilePeer(ctx)
		defer stop()
		p.s.reached = true
		if err := p.notes(); err != nil {
			return false, err
		}
		bytes := 0
		_, done, err := p.conn.Fetch(watched, p.name, uint32(max(p.batch, 1)), func(body []byte) error {
			bytes += len(body)
			if err := p.held.Set(int64(bytes)); err != nil {
				return err
			}
			p.rows = append(p.rows, append([]byte(nil), body...))
			return nil
		})
		if err != nil {
			return false, p.plan.placed(err)
		}
		p.done = done
		if p.batch = min(8*max(p.batch, 1), fetchRows); bytes > fetchBytes {
			p.batch = 1
		}
	}
	if len(p.rows) == 0 {
		p.Close()
		return false, nil
	}
	var err error
	p.row, err = readRow(p.rows[0], p.plan.out, p.plan.calls, p.s.conn.Zone.Plain())
	p.rows = p.rows[1:]
	if err == nil && len(p.plan.calls) > 0 {
		err = p.s.callColumns(p.row, p.plan.calls)
	}
	return err == nil, err
}

// readRow reads a row's message, in text formats.
func readRow(body []byte, columns []pgvalue.Column, calls []analytics.ColumnCall, zone *pgvalue.Zone) ([]pgvalue.Value, error) {
	fields, err := pgwire.ReadRow(body)
	if err != nil {
		return nil, err
	}
	out := make([]pgvalue.Value, len(columns))
	for i := range calls {
		at := calls[i].Column
		if out[at], err = pgvalue.ParseText(pgvalue.OIDTextArray, string(fields[at]), zone); err != nil {
			return nil, err
		}
		fields[at] = nil
	}
	for i, f := range fields {
		if f == nil {
			continue
		}
		if oid := columns[i].OID; oid == pgvalue.OIDJSON || oid == pgvalue.OIDJSONB {
			out[i] = pgvalue.BytesValue(f)
			continue
		}
		if out[i], err = pgvalue.ParseText(columns[i].OID, string(f), zone); err != nil {
			out[i], err = pgvalue.TextValue(string(f)), nil // a type that has no other form here
		}
	}
	return out, nil
}

// maxNamedText bounds the texts that pg_prepared_statements and pg_cursors show at once. The
// worker holds them several times while it reads them, and they can be as long as all that a
// session may prepare.
const maxNamedText = 1 << 20

// named tells of the session's prepared statements and its cursors.
func (s *Session) named(run *analytics.Run) error {
	left := maxNamedText
	for _, st := range s.conn.NamedStatements() {
		left -= len(st.Text) + 4*len(st.Parameters)
		run.Statements = append(run.Statements, analytics.NamedStatement{Name: st.Name, Text: st.Text, Made: st.Made.UnixMicro(), SQL: st.SQL, Parameters: st.Parameters})
	}
	for _, p := range s.conn.NamedPortals() {
		c := analytics.Cursor{Name: p.Name, Text: p.Text, Made: p.Made.UnixMicro(), Hold: p.Hold}
		if p.Made.IsZero() {
			c.Made = s.statementTime // the one that is executed
		}
		if declared, ok := p.Portal.(interface{ Describe(*analytics.Cursor) }); ok {
			declared.Describe(&c)
		}
		left -= len(c.Text)
		run.Cursors = append(run.Cursors, c)
	}
	for _, channel := range s.listener.Channels() {
		left -= len(channel)
	}
	run.Channels, run.Queue = s.listener.Channels(), s.server.listeners.Usage()
	if left < 0 {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "the texts of prepared statements, cursors and channels are too long to be shown")
	}
	return nil
}

// callColumns calls the functions that stand in a row of the worker's: it sent their arguments.
func (s *Session) callColumns(row []pgvalue.Value, calls []analytics.ColumnCall) error {
	for i := range calls {
		c := &calls[i]
		v := &row[c.Column]
		args := make([]pgvalue.Value, len(v.Array))
		for k := range v.Array {
			if v.Array[k].Kind == pgvalue.Null {
				continue
			}
			var err error
			if args[k], err = pgvalue.ParseText(c.Args[k], v.Array[k].Text, pgvalue.UTC); err != nil {
				return err
			}
		}
		if err := s.callFunction(&c.Call, args, v); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) callFunction(c *analytics.Call, args []pgvalue.Value, v *pgvalue.Value) error {
	if c.Name == analytics.Verifier.Name {
		return s.verifier(&args[0], v)
	}
	f := expr.FindFunction(c.Schema, c.Name, c.Args)
	if f == nil {
		return pgerror.Errorf(pgerror.UndefinedFunction, "function %s does not exist", c.Name)
	}
	if f.Strict && slices.ContainsFunc(args, func(a pgvalue.Value) bool { return a.Kind == pgvalue.Null }) {
		*v = pgvalue.Value{}
		return nil
	}
	return f.Call(s, args, v)
}

// executeCalls runs a statement with such functions: each row passes through here.
func (p *analyticPortal) executeCalls(ctx context.Context, out *pgwire.Output, limit int64) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "SELECT"}
	if !p.plain {
		if err := p.Open(ctx); err != nil {
			return tag, false, err
		}
	}
	for limit <= 0 || tag.Rows < limit {
		more, err := p.Next(ctx)
		if err != nil {
			return tag, false, err
		}
		if !more {
			return tag, true, nil
		}
		tag.Rows++
		if err := out.Row(ctx, p.row); err != nil {
			return tag, false, err
		}
	}
	return tag, false, nil
}

// mayRun checks that the session may read all that a plan does, without running it.
func (s *Session) mayRun(ctx context.Context, p *analyticPlan) error {
	if s.may().Alone {
		return nil
	}
	return s.retryLost(func() error {
		d, err := s.describeAnalytic(ctx, p)
		if err != nil {
			return err
		}
		return s.may().Reads(d.Uses.Reads)
	})
}

func (p *analyticPlan) describe(ctx context.Context, s *Session, body *syntax.Parsed, params []pgvalue.Value) (*explain.Node, error) {
	e := s.server.estimator
	e.Blind = s.may().Secured
	n := e.Analytic(ctx, p.out, body, params)
	if !s.serializes() {
		return n, nil
	}
	return n, s.retryLost(func() error {
		d, err := s.describeAnalytic(ctx, p)
		if err == nil {
			n.Serializable = nil
			for i := range d.Uses.Mentions {
				m := &d.Uses.Mentions[i]
				n.Serializable = append(n.Serializable, s.mentioned(m, p).Describe(strings.Join(m.Conditions, " AND ")))
			}
		}
		return err
	})
}
