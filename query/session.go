package query

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
)

// ServerVersion is the PostgreSQL version whose behaviour clients are told to expect.
const ServerVersion = "15.8"

// Version is Eventgres's own; the build sets it.
var Version = "dev"

var versionText = "PostgreSQL " + ServerVersion + " (Eventgres " + Version + ")"

// Server makes sessions on a store. It is a pgwire.Handler.
type Server struct {
	store   *engine.Store
	index   *engine.ReadIndex
	writer  *engine.WriterHandle
	logger  *slog.Logger
	started time.Time
	worker  *analytics.Supervisor // nil: no analytical SELECT
	schema  atomic.Pointer[definitions]
	// defining is held while definitions are replaced, so that those in memory follow those
	// in the store.
	defining   sync.Mutex
	unreadable error    // why the store's definitions cannot be read
	sessions   sync.Map // *Session to nothing
}

// NewServer returns a Server. logger may be nil.
func NewServer(store *engine.Store, logger *slog.Logger) *Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{store: store, index: store.Index(), writer: store.Writer(), logger: logger, started: time.Now()}
	s.loadDefinitions()
	return s
}

// UseWorker sends what the native path does not answer to an analytics worker. It is called
// before the server serves.
func (s *Server) UseWorker(w *analytics.Supervisor) { s.worker = w }

// Session is one connection's state. Its goroutine alone uses it.
type Session struct {
	server   *Server
	conn     *pgwire.Conn
	user     string
	database string
	settings settings
	tx       transaction

	ctx           context.Context       // of the call being served
	statementTime int64                 // µs since the Unix epoch
	request       *engine.AppendRequest // used again while no cancelled append may hold it
	cache         statementCache
	volatile      bool // a literal such as 'now' was read: the plan is for once
	several       bool // the text being run has more than one statement
	analytic      *analyticConn
	activity      activity
	// What an append needs is used again by the next.
	spareGuard  *guard
	spareInsert *insertPortal
	events      []engine.ProposedEvent
}

// Connect begins a session.
func (s *Server) Connect(ctx context.Context, c *pgwire.Conn) (pgwire.Session, error) {
	params := c.StartupParameters()
	session := &Session{server: s, conn: c, ctx: ctx, user: params["user"], database: params["database"]}
	session.statementTime = time.Now().UnixMicro()
	session.settings = newSettings(session)
	if err := session.applyStartup(params); err != nil {
		return nil, err
	}
	session.settings.report(c)
	s.enter(session)
	return session, nil
}

// Parse splits a text into statements.
func (s *Session) Parse(sql string) ([]pgwire.Query, error) {
	list := s.cache.texts[sql]
	if list == nil {
		var err error
		if list, err = parse(sql); err != nil {
			return nil, err
		}
		s.cache.put(sql, list)
	}
	if s.several = len(list) > 1; s.several {
		if err := s.checkSyntax(list); err != nil {
			return nil, err
		}
	}
	out := make([]pgwire.Query, len(list))
	for i, p := range list {
		out[i] = p
	}
	return out, nil
}

// plan is a prepared statement of any kind.
type plan interface {
	pgwire.Statement
	// bind makes a portal; params are of the types the plan declared.
	bind(s *Session, params []pgwire.Value) (pgwire.Portal, error)
}

// Prepare analyses a statement.
func (s *Session) Prepare(ctx context.Context, q pgwire.Query, oids []uint32) (pgwire.Statement, error) {
	p := q.(*parsed)
	s.ctx = ctx
	s.statementTime = time.Now().UnixMicro()
	s.running(p.src)
	if err := s.checkFailed(p); err != nil {
		return nil, err
	}
	if oids == nil && p.params > 0 {
		return nil, pgwire.Errorf("42P02", "there is no parameter %s", paramAt(p)).At(charPosition(p.src, p.firstParam))
	}
	st, err := s.prepare(p, oids)
	if err != nil {
		return nil, engineError(err)
	}
	taken := len(st.ParameterOIDs())
	if _, ok := st.(*commandPlan); ok {
		taken = 0
	}
	for i := taken; i < len(oids); i++ {
		if oids[i] == 0 {
			return nil, pgwire.Errorf("42P18", "could not determine data type of parameter $%d", i+1)
		}
	}
	return st, nil
}

// paramAt is the statement's first parameter as it is written.
func paramAt(p *parsed) string {
	t, err := (&lexer{src: p.src, i: p.firstParam}).next()
	if err != nil {
		return ""
	}
	return p.src[t.pos:t.end]
}

func (s *Session) checkFailed(p *parsed) error {
	if !s.tx.failed {
		return nil
	}
	if t, ok := p.statement.(*transactionStmt); ok {
		switch t.verb {
		case "COMMIT", "ROLLBACK", "ROLLBACK TO":
			return nil
		}
	}
	return errFailedTransaction
}

var errFailedTransaction = pgwire.Errorf("25P02", "current transaction is aborted, commands ignored until end of transaction block")

// prepare analyses a statement, or finds its plan in the cache.
func (s *Session) prepare(p *parsed, oids []uint32) (plan, error) {
	// Literals are read in the session's zone; the route and the views decide the rest.
	key := planKey{zone: s.conn.Zone.Name, route: s.settings.value(routeSetting), schema: s.server.schema.Load().Version, staged: len(s.tx.staged) > 0 || s.tx.defined != nil}
	defining := s.tx.defined != nil // views that nobody else has, and that may change again
	if p.plan != nil && len(oids) == 0 && p.planKey == key && !defining {
		return p.plan, nil
	}
	s.volatile = false
	made, err := s.analyse(p, oids)
	switch made := made.(type) {
	case *insertPlan:
		made.src = p.src
	case *selectPlan:
		made.src = p.src
	}
	if err == nil && p.keep && len(oids) == 0 && !s.volatile && !defining {
		switch made.(type) {
		case *insertPlan, *selectPlan, *commandPlan, *analyticPlan:
			p.plan, p.planKey = made, key
		}
	}
	return made, err
}

// planKey is what a plan that is kept depends on, beside its text.
type planKey struct {
	zone, route string
	schema      int64
	staged      bool
}

func (s *Session) analyse(p *parsed, oids []uint32) (plan, error) {
	c := &compiler{src: p.src, session: s, params: append([]uint32(nil), oids...), declared: oids}
	for _, oid := range oids {
		if oid != 0 && !pgwire.KnownType(oid) {
			return nil, pgwire.Errorf("0A000", "parameters of the type with OID %d are not supported", oid)
		}
	}
	switch st := p.statement.(type) {
	case *insertStmt:
		return s.prepareInsert(c, st)
	case *selectStmt:
		return s.prepareQuery(c, st, &queryText{src: p.src, pos: p.pos, end: p.end}, oids)
	case *copyStmt:
		return s.prepareCopy(c, st)
	case *explainStmt:
		return s.prepareExplain(st, oids)
	case *executeStmt:
		return s.prepareExecute(c, st)
	case *fetchStmt:
		return s.prepareFetch(st)
	case *showStmt:
		return s.prepareShow(st)
	case *refusedStmt:
		if err := s.refuse(c, st); p.params == 0 || err.(*pgwire.Error).Code != "0A000" {
			return nil, err
		}
		return &refusedPlan{params: textParams(p.params, oids), err: s.refuse(c, st)}, nil
	case *beyondStmt:
		if st.query {
			return s.prepareQuery(c, nil, &queryText{src: p.src, pos: p.pos, end: p.end, beyond: st}, oids)
		}
		return nil, beyondError(p.src, &st.beyond)
	}
	if d, ok := p.statement.(*declareStmt); ok {
		return s.prepareDeclare(p, d, oids)
	}
	if p.params > 0 {
		return nil, c.at(pgwire.Errorf("42P02", "there is no parameter $%d", p.params), p.firstParam)
	}
	return &commandPlan{parsed: p, params: oids}, nil
}

// refusedPlan is a statement that can be described and never runs.
type refusedPlan struct {
	params []uint32
	err    error
}

func textParams(n int, oids []uint32) []uint32 {
	params := make([]uint32, n)
	for i := range params {
		params[i] = pgwire.OIDText
		if i < len(oids) && oids[i] != 0 {
			params[i] = oids[i]
		}
	}
	return params
}

func (p *refusedPlan) ParameterOIDs() []uint32                              { return p.params }
func (p *refusedPlan) Columns() []pgwire.Column                             { return nil }
func (p *refusedPlan) bind(*Session, []pgwire.Value) (pgwire.Portal, error) { return nil, p.err }

func (s *Session) refuse(c *compiler, st *refusedStmt) error {
	if st.relation != nil {
		if _, err := findRelation(st.relation, c.src); err != nil {
			return err
		}
		return pgwire.Errorf("0A000", "%s is not possible: events are immutable", st.what).
			WithHint("Append an event that corrects or supersedes the earlier one.")
	}
	if strings.HasPrefix(st.what, "ALTER ") || strings.HasPrefix(st.what, "DROP ") {
		return pgwire.Errorf("0A000", "%s is not possible: the schema is fixed and events are immutable", st.what).
			WithHint("The relations are events and streams.")
	}
	return pgwire.Errorf("0A000", "%s is not supported", st.what)
}

// Bind makes a portal.
func (s *Session) Bind(ctx context.Context, st pgwire.Statement, params []pgwire.Value) (pgwire.Portal, error) {
	s.ctx = ctx
	if s.tx.failed {
		if c, ok := st.(*commandPlan); !ok || s.checkFailed(c.parsed) != nil {
			return nil, errFailedTransaction
		}
	}
	for i, oid := range st.ParameterOIDs() {
		if err := checkJSON(oid, params[i].Bytes); err != nil {
			return nil, err
		}
	}
	portal, err := st.(plan).bind(s, params)
	if err != nil {
		return nil, engineError(err)
	}
	g := s.spareGuard
	if g == nil {
		g = new(guard)
	}
	s.spareGuard = nil
	*g = guard{Portal: portal, s: s, text: textOf(st)}
	return g, nil
}

// Close closes the portal, whose guard can be used again: the connection has let go of it.
func (g *guard) Close() {
	g.Portal.Close()
	g.Portal, g.text = nil, "" // not to keep what they keep
	g.s.spareGuard = g
}

// guard is what every portal has in common: the failed-transaction check, the times,
// and errors with SQLSTATEs.
type guard struct {
	pgwire.Portal
	s    *Session
	text string // of the statement, as far as it is known
}

func (g *guard) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	s := g.s
	s.ctx = ctx
	if s.tx.failed {
		if c, ok := g.Portal.(*commandPortal); !ok || s.checkFailed(c.plan.parsed) != nil {
			return pgwire.Tag{}, false, errFailedTransaction
		}
	}
	s.statementTime = time.Now().UnixMicro()
	s.tx.enter(s)
	s.running(g.text)
	tag, done, err := g.Portal.Execute(ctx, out, limit, last)
	if err == nil && done && s.tx.state == txImplicit && (len(s.tx.staged) > 0 || s.tx.defined != nil) {
		var over bool
		if over, err = last(); over && err == nil {
			err = s.commit(ctx)
		}
	}
	return tag, done, engineError(err)
}

// Sync ends the implicit transaction.
func (s *Session) Sync(ctx context.Context) error {
	s.ctx = ctx
	defer s.waiting()
	if s.tx.state != txImplicit {
		return nil
	}
	return engineError(s.commit(ctx))
}

// Fail aborts the transaction after an error.
func (s *Session) Fail() {
	defer s.waiting()
	if s.tx.state == txExplicit {
		s.tx.failed = true
		return
	}
	s.rollback()
}

// Status is the transaction status.
func (s *Session) Status() byte {
	switch {
	case s.tx.state != txExplicit:
		return 'I'
	case s.tx.failed:
		return 'E'
	}
	return 'T'
}

// Close ends the session; what was staged is gone.
func (s *Session) Close() {
	s.server.sessions.Delete(s)
	s.rollback()
	if s.analytic != nil {
		s.analytic.Close()
	}
}

func (s *Session) transactionTime() int64 {
	if s.tx.state != txNone {
		return s.tx.startedAt
	}
	return s.statementTime
}
