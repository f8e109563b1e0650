package query

import (
	"context"
	"errors"
	"math"
	"net"
	"strings"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/audit"
	"github.com/eventgres/eventgres/query/consumer"
	"github.com/eventgres/eventgres/query/notify"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/reading"
	"github.com/eventgres/eventgres/query/rights"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/schema"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/statements"
	"github.com/eventgres/eventgres/query/syntax"
)

// Session is one connection's state. Its goroutine alone uses it.
type Session struct {
	server   *Server
	conn     *pgwire.Conn
	user     string // current_user
	identity identity
	trusted  bool // what is set is what a role's sessions begin with, which somebody else was allowed to say
	database string
	settings setting.Values
	// What settings amount to.
	effective effective
	fetchWait time.Duration   // of cursors that follow
	path      searchpath.Path // of search_path
	tx        transaction
	reads     read.Source // what native reads read
	consuming consumer.Seat

	ctx           context.Context       // of the call being served
	statementTime int64                 // µs since the Unix epoch
	request       *engine.AppendRequest // used again while no cancelled append may hold it
	cache         statementCache
	meter         syntax.Meter
	held          pgwire.Share // what holds tells
	still         bool         // it keeps all appends waiting, and gives way to nobody
	steps         int          // while it did, for one append
	volatile      bool         // a literal such as 'now' was read: the plan is for once
	several       bool         // the text being run has more than one statement
	analytic      *analyticConn
	reached       bool             // the worker, by the statement that runs
	soleWrite     pgwire.Lookahead // of the statement that runs, if it writes one message and no more
	own           any              // the server's own settings that are effective
	activity      *activity.Entry
	audit         *audit.Session   // nil: nobody wants to know
	changes       bool             // the transaction has changes that the audit log tells of
	listener      *notify.Listener // nil: it has never listened to anything
	// What an append needs is used again by the next.
	spareWatched *watched
	spareInsert  pgwire.Portal
	events       []engine.ProposedEvent
}

// Connect begins a session.
func (s *Server) Connect(ctx context.Context, c *pgwire.Conn) (pgwire.Session, error) {
	params := c.StartupParameters()
	session := &Session{server: s, conn: c, ctx: ctx, user: params["user"], database: params["database"]}
	session.identity.login = session.user
	if err := session.enter(); err != nil {
		return nil, err
	}
	session.statementTime = time.Now().UnixMicro()
	session.settings = setting.New(session.user, &s.own, session)
	session.reads = read.Source{Index: s.index, Batch: &session.tx.Batch, Health: s.health, Roles: rights.RowsOf(session.roles), Served: served}
	session.held, session.cache.held = c.NewShare(), c.NewShare()
	session.applyRoleSettings()
	if err := session.applyStartup(params); err != nil {
		return nil, err
	}
	session.own = s.own.Seen()
	session.settings.Report()
	session.reportSuperuser()
	session.activity = s.sessions.Enter(c, session.identity.login, session.database, session.effective.application, session.statementTime)
	session.activity.Role.Store(session.identity.role)
	session.activity.Guest.Store(session.identity.guest)
	if err := session.checkLimit(); err != nil {
		s.sessions.Leave(session.activity)
		return nil, err
	}
	session.attend()
	session.audit = s.audit.Enter(session.who())
	session.logBegin()
	return session, nil
}

// Close closes the portal, which can be used again: the connection has let go of it.
func (g *watched) Close() {
	if g.spent > 0 {
		g.count() // if it was not run to its end
	}
	g.Portal.Close()
	g.Portal, g.logged, g.of, g.counts = nil, activity.Logged{}, nil, nil // not to keep what they keep
	g.s.spareWatched = g
}

// watched is what every portal has in common: the failed-transaction check, the times,
// and errors with SQLSTATEs.
type watched struct {
	pgwire.Portal
	s              *Session
	runsWhenFailed bool
	logged         activity.Logged // the statement
	of             *query          // the statement; nil: nobody wants to know, or nobody does
	counts         *query          // what it counts as; nil: it is not counted, or was
	spent          time.Duration   // on it so far
	rows           int64
}

// count counts the statement, by whoever runs it. One that has failed is not counted, as in PostgreSQL.
func (g *watched) count() {
	q, s := g.counts, g.s
	if g.counts = nil; q == nil || g.logged.Kind == activity.Prepare {
		return
	}
	key := statements.Key{User: s.user, Database: s.database}
	if r := s.server.roles; r != nil && !r.Current().Open() {
		key.Role = s.identity.user
	}
	if q.counted != nil && q.countedAs == key.Role && q.counted.Add(g.spent, g.rows) {
		return
	}
	if q.fingerprint == 0 {
		q.fingerprint = syntax.Fingerprint(q.Src, q.Pos, q.End)
	}
	key.ID, q.countedAs = q.fingerprint, key.Role
	q.counted = s.server.counted.Count(key, g.spent, g.rows, func() string {
		return syntax.Normalized(q.Src, q.Pos, q.End, q.Params)
	})
}

func (g *watched) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	s := g.s
	s.ctx = ctx
	if s.tx.failed && !g.runsWhenFailed {
		return pgwire.Tag{}, false, pgwire.ErrAborted
	}
	if err := s.present(); err != nil {
		return pgwire.Tag{}, false, err
	}
	began := time.Now()
	s.statementTime = began.UnixMicro()
	s.reached = false
	s.refresh()
	s.tx.enter(s)
	s.running(g.logged.Text)
	if s.effective.log.On() {
		s.effective.log.Begin(s.server.logger, s.activity, &g.logged)
	}
	var tag pgwire.Tag
	done, err := false, error(nil)
	if s.looksFirst() && g.logged.Kind.Reads() {
		err = s.mayRead(g.logged.Kind)
	}
	if err == nil {
		tag, done, err = g.Portal.Execute(ctx, out, limit, last)
	}
	if err == nil && done && s.tx.state == txImplicit && (len(s.tx.Staged) > 0 || s.consuming.Staged() != nil || s.tx.defining() || s.tx.holds || s.tx.told != nil) {
		var over bool
		if over, err = last(); over && err == nil {
			others := s.tx.statements > 1
			if err = s.commit(ctx); others {
				s.auditedEnd("COMMIT", s.engineError(err))
			}
		}
	}
	if g.counts != nil {
		g.spent += time.Since(began)
		g.rows += max(tag.Rows, 0)
		if err != nil {
			g.counts = nil
		} else if done {
			g.count()
		}
	}
	if done || err != nil {
		path := activity.Native
		if s.reached {
			path = activity.Analytics
		}
		s.server.sessions.Ended(s.activity, g.logged.Kind, path, began)
		if s.effective.log.On() {
			s.effective.log.End(s.server.logger, s.activity, &g.logged, time.Since(began))
		}
	}
	err = s.said(err)
	if s.audit != nil && (done || err != nil) {
		s.audited(g.logged.Kind, g.of, &tag, err)
	}
	return tag, done, err
}

// who is the session, for the audit log.
func (s *Session) who() audit.Who {
	began := time.UnixMicro(s.statementTime)
	address := "local"
	if tcp, ok := s.conn.RemoteAddr().(*net.TCPAddr); ok {
		address = tcp.IP.String()
	}
	return audit.Who{PID: s.conn.PID(), Began: &began, User: s.identity.login, Address: address, Database: s.database, Application: s.effective.application}
}

// audited tells the audit log of a statement that has ended: of one that changes what is defined, and of what becomes of its transaction, by a
// line of its own. of is the statement, nil where that is not known.
func (s *Session) audited(kind activity.Kind, of *query, tag *pgwire.Tag, err error) {
	outcome := "ok"
	if e := new(pgerror.Error); errors.As(err, &e) {
		outcome = e.Code
	} else if err != nil {
		outcome = pgerror.InternalError // cancelled, or disconnected, as the client is told
	}
	ends := kind == activity.Transaction && s.changes
	if kind != activity.Define && !ends {
		s.audit.Ended(kind.String(), s.effective.application, outcome, max(tag.Rows, 0))
		return
	}
	line := audit.Line{Class: kind.String(), Count: 1, Outcome: outcome, What: tag.Command}
	if !ends && of != nil {
		line.What = syntax.Normalized(of.Src, of.Pos, of.End, of.Params)
	}
	if ends || err == nil && s.tx.defining() {
		line.Open = s.tx.defining()
		s.changes = line.Open
	}
	s.audit.Change(line, s.effective.application)
}

// auditedEnd tells the audit log of the end of a transaction that no statement has ended.
func (s *Session) auditedEnd(what string, err error) {
	if s.changes {
		s.audited(activity.Transaction, nil, &pgwire.Tag{Command: what}, err)
	}
	s.audit.Committed(activity.Transaction.String())
}

// logBegin writes to the log that the session has begun, if log_connections says so.
func (s *Session) logBegin() {
	if s.settings.Value("log_connections") == "on" {
		s.server.logger.Info("connection authorized", "pid", s.conn.PID(), "user", s.identity.login, "database", s.database, "application", s.effective.application,
			"address", s.conn.RemoteAddr().String(), "encrypted", s.conn.TLS() != nil, "method", string(s.conn.Identity().Method))
	}
}

// logEnd writes that it has ended, if log_disconnections says so.
func (s *Session) logEnd() {
	if s.settings.Value("log_disconnections") == "on" {
		s.server.logger.Info("disconnection", "pid", s.conn.PID(), "user", s.identity.login, "database", s.database,
			"session", s.activity.Age().Round(time.Millisecond).String())
	}
}

// Sync ends the implicit transaction.
func (s *Session) Sync(ctx context.Context) error {
	s.ctx, s.several = ctx, false
	defer s.waiting()
	if s.tx.state != txImplicit {
		return nil
	}
	err := s.engineError(s.commit(ctx))
	s.auditedEnd("COMMIT", err)
	return err
}

// Fail aborts the transaction after an error.
func (s *Session) Fail() {
	s.several = false
	defer s.waiting()
	s.dropSlots()
	if s.tx.state == txExplicit {
		s.abort()
		return
	}
	if s.tx.state == txNone {
		s.activity.Count(false) // it failed before anything was executed
	}
	s.rollback()
	s.auditedEnd("ROLLBACK", nil)
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

// Close ends the session; what was staged is gone. Each part is done whatever becomes of those before it.
func (s *Session) Close() {
	defer func() {
		_ = s.cache.held.Set(0)
		_ = s.held.Set(0)
	}()
	defer func() {
		if s.analytic != nil {
			s.analytic.Close()
			_ = s.analytic.held.Set(0)
		}
	}()
	defer s.logEnd()
	defer s.leaveAudit()
	defer s.server.sessions.Leave(s.activity) // behind its locks: who waits for its end may rely on them
	defer s.server.advisory.UnlockAll(s.conn)
	defer s.listener.Close()
	defer s.dropSlots()
	defer s.unlockTransaction(0)
	defer s.consuming.Leave()
	s.rollback()
}

// leaveAudit writes what the session has done.
func (s *Session) leaveAudit() {
	s.auditedEnd("ROLLBACK", nil)
	s.audit.Leave()
}

// running notes that the session runs a statement.
func (s *Session) running(text string) {
	s.activity.Running(text, s.effective.application, s.statementTime, s.transactionTime())
}

// waiting notes that it waits for its client.
func (s *Session) waiting() { s.activity.Waiting(s.Status()) }

func (s *Session) transactionTime() int64 {
	if s.tx.state != txNone {
		return s.tx.StartedAt
	}
	return s.statementTime
}

// What the engine's and the session's own structures take, in bytes.
const (
	eventBytes   = 320 // an event that is staged, beside its texts
	entryBytes   = 96  // an id or stream in a map
	returnsBytes = 256 // a row of RETURNING that waits, beside its texts
)

// holds is the sum of it.
func (s *Session) holds() int64 {
	t := &s.tx
	size := s.settings.Size() + t.settings.Size() + t.kept
	size += int64(t.Size) + eventBytes*int64(len(t.Staged)) + entryBytes*int64(len(t.IDs)+len(t.Streams))
	return size + t.defined.Bytes() + t.roles.Bytes() + s.consuming.Bytes() + t.told.Bytes() + s.listener.Bytes() + t.readings.Bytes() + t.guards.Bytes()
}

// account makes the session's share what it holds. It fails only where that is more than before: then the
// caller has made sure with reserve that it is not.
func (s *Session) account() error { return s.held.Set(s.holds()) }

// reserve makes sure that the session may hold so many bytes more. account is called when it does.
func (s *Session) reserve(more int64) error { return s.held.Set(s.holds() + more) }

// Pace gives way to others where the session has computed for long, and tells of the statement's end.
func (s *Session) Pace() error {
	if s == nil || s.conn == nil {
		return nil // a test's
	}
	if s.still {
		if s.steps++; s.steps > reading.StillSteps {
			return reading.ErrTooLong
		}
		return nil
	}
	return s.conn.Pace(s.ctx)
}

// Still implements [reading.Host].
func (s *Session) Still(still bool) { s.still = still }

// Acting implements [reading.Host].
func (s *Session) Acting() string { return s.user }

// Use takes so many bytes of the statement's memory, or gives them back.
func (s *Session) Use(bytes int64) error {
	if s.conn == nil {
		return nil // a test's
	}
	return s.conn.Use(bytes)
}

func (s *Session) Zone() *pgvalue.Zone { return s.conn.Zone }

// Searches is host's.
func (s *Session) Searches(schema string) bool { return s.path.Has(schema) }

// OnlyOnce says that a plan holds for one execution.
func (s *Session) OnlyOnce() { s.volatile = true }

func (s *Session) warn(code, message string) {
	if setting.Sends(s.effective.least, "warning") {
		s.conn.Notice(&pgerror.Error{Severity: "WARNING", Code: code, Message: message})
	}
}

func (s *Session) notice(message string) { s.noticeOf(pgerror.SuccessfulCompletion, message) }

func (s *Session) noticeOf(code, message string) {
	if setting.Sends(s.effective.least, "notice") {
		s.conn.Notice(&pgerror.Error{Severity: "NOTICE", Code: code, Message: message})
	}
}

// said is an error as the client is told it.
func (s *Session) said(err error) error {
	if err == nil {
		return nil // before anything is taken to tell one
	}
	err = s.engineError(err)
	var e *pgerror.Error
	if s.worker() == nil || !errors.As(err, &e) || e.Detail != syntax.NoWorkerDetail {
		return err
	}
	out := *e
	out.Detail = ""
	return &out
}

// worker is the analytics worker, nil if there is none.
func (s *Session) worker() *analytics.Supervisor {
	if s == nil || s.server == nil {
		return nil // a statement is compiled for a test
	}
	return s.server.worker
}

// identity is who a session has come in as, and as whom it acts.
type identity struct {
	login string // the name by which it has come in
	role  uint32 // that name's
	// guest: the name is no role's. While there is one role alone, whoever has come in by another name acts as it.
	guest   bool
	session uint32 // what SET SESSION AUTHORIZATION has made of role
	user    uint32 // what SET ROLE has made of that
	rights  rights.Rights
	// What the rights were made of.
	roles   *role.Catalog
	schema  *schema.Schema
	present *role.Catalog // the committed one in which the session was last seen to be there still
	// filters are what policies let it see and append; they hold as long as rights do.
	filters policy.Filters
	// acting are the roles that SET ROLE and SET SESSION AUTHORIZATION have found by their names: whoever is called so later is somebody else.
	acting map[string]uint32
	// What the transaction's own schema is over that of everybody.
	merged       *schema.Schema
	mergedOf, at *schema.Schema
}

// everything are the rights where there are no roles at all.
var everything = rights.Rights{All: true, Alone: true, Session: privilege.BootstrapOID, User: privilege.BootstrapOID}

// roles are those that the session sees; nil: there are none at all.
func (s *Session) roles() *role.Catalog {
	if s.tx.roles != nil {
		return s.tx.roles
	}
	if s.server.roles == nil {
		return nil
	}
	return s.server.roles.Current()
}

// enter finds the role that the session has come in as: between the door and here it may have gone.
func (s *Session) enter() error {
	id := &s.identity
	id.role = privilege.BootstrapOID
	if c := s.roles(); c != nil {
		r := c.Role(id.login)
		switch {
		case r == nil && c.Open():
			id.guest = true
		case r == nil:
			return &pgerror.Error{Severity: "FATAL", Code: pgerror.InvalidAuthorizationSpecification, Message: "role \"" + id.login + "\" does not exist"}
		case !r.Login:
			return &pgerror.Error{Severity: "FATAL", Code: pgerror.InvalidAuthorizationSpecification, Message: "role \"" + id.login + "\" is not permitted to log in"}
		default:
			id.role = r.OID
		}
		id.present = c
	}
	id.session, id.user = id.role, id.role
	return nil
}

// applyRoleSettings has the session begin with what ALTER ROLE … SET says. What no longer can be set is left out.
func (s *Session) applyRoleSettings() {
	c := s.roles()
	if c == nil {
		return
	}
	s.trusted = true
	defer func() { s.trusted = false }()
	for _, v := range c.SettingsOf(s.identity.role, s.database) {
		name := strings.ToLower(v.Name)
		if err := s.set(name, []string{v.Value}, false); err != nil { // the client cannot be told anything yet
			s.server.logger.Warn("a setting of the role was left out", "user", s.identity.login, "setting", v.Name, "why", err)
			continue
		}
		s.settings.Begin(name)
	}
}

// checkLimit refuses a session that its role may not have beside those that there are.
func (s *Session) checkLimit() error {
	c := s.roles()
	if c == nil || s.identity.guest {
		return nil
	}
	r := c.Roles().ByOID(s.identity.role)
	if r == nil || r.Superuser || r.Limit == nil || s.server.sessions.CountRole(r.OID) <= int(*r.Limit) {
		return nil
	}
	return &pgerror.Error{Severity: "FATAL", Code: pgerror.TooManyConnections, Message: "too many connections for role \"" + r.Name + "\""}
}

// present ends a session whose role is no more. It costs a comparison while no role is changed.
func (s *Session) present() error {
	if s.server.roles == nil {
		return nil
	}
	c, id := s.server.roles.Current(), &s.identity
	if c == id.present {
		return nil
	}
	id.present = c
	if id.guest && !c.Alone() {
		r := c.Role(id.login)
		if r == nil {
			return s.gone()
		}
		id.role, id.guest = r.OID, false
		s.activity.Role.Store(r.OID)
		s.activity.Guest.Store(false)
		s.actAs()
	}
	if !id.guest && c.Roles().ByOID(id.role) == nil {
		return s.gone()
	}
	s.reportSuperuser()
	return nil
}

// gone ends the session, whose role is no more.
func (s *Session) gone() error {
	s.conn.Terminate()
	return pgwire.ErrShutdown
}

// may is what the session may do now.
func (s *Session) may() *rights.Rights {
	c := s.roles()
	if c == nil {
		return &everything
	}
	id := &s.identity
	d, err := s.standing()
	if err == nil && s.tx.roles != nil { // with what others have granted and revoked meanwhile
		if c, err = c.Over(s.server.roles.Current()); err == nil {
			s.tx.roles = c
		} else {
			c = s.tx.roles
		}
	}
	if c != id.roles {
		id.roles, id.schema = c, nil
		s.actAs()
	}
	if err != nil {
		id.schema = nil
		id.rights = rights.Rights{Err: err, Secured: true, Roles: c.Roles(), Session: id.session, User: id.user}
		return &id.rights
	}
	if d != id.schema {
		id.schema, id.rights, id.filters = d, rights.New(c, d, id.session, id.user), policy.Filters{}
	}
	return &id.rights
}

// actAs has the session act as what its settings session_authorization and role say.
func (s *Session) actAs() {
	c, id := s.roles(), &s.identity
	if c == nil {
		return
	}
	id.session, id.schema = id.role, nil
	if name := s.settings.Value("session_authorization"); name != id.login || id.acting[name] != 0 {
		id.session = id.as(c, name)
	}
	id.user = id.session
	s.user = s.nameOf(id.user)
	if name := s.settings.Value("role"); name != "none" && name != "" && (name != id.login || !id.guest) {
		if id.user, s.user = id.as(c, name), name; id.user != goneRole {
			s.user = s.nameOf(id.user)
		}
	}
	s.searches(s.settings.Value("search_path"))
	s.reportSuperuser()
}

// goneRole is the OID of a role that is no more. Who acts as one may do what everybody may: he has given up the rights of the role that he has come
// in as, and gets them back when he says so.
const goneRole = math.MaxUint32

// as is the role that was found by a name when the session was made to act as it.
func (id *identity) as(c *role.Catalog, name string) uint32 {
	if oid, found := id.acting[name]; found && c.Roles().ByOID(oid) != nil {
		return oid
	}
	return goneRole
}

// maxActing bounds the roles as which a session acts in turn.
const maxActing = 1000

// nameOf is a role's name, for who is told of the session's own.
func (s *Session) nameOf(oid uint32) string {
	if r := s.roles().Roles().ByOID(oid); r != nil && (oid != s.identity.role || !s.identity.guest) {
		return r.Name
	}
	return s.identity.login
}

// sessionUser is session_user.
func (s *Session) sessionUser() string {
	if s.roles() == nil {
		return s.identity.login
	}
	return s.nameOf(s.identity.session)
}

// reportSuperuser tells the client whether it acts as one. While everybody does, none is told so.
func (s *Session) reportSuperuser() { s.conn.SetParameter("is_superuser", s.isSuperuser()) }

// isSuperuser is the setting is_superuser.
func (s *Session) isSuperuser() string {
	c := s.roles()
	return onOff(c != nil && !c.Open() && c.Roles().Superuser(s.identity.user))
}

// MayAct implements [setting.Host].
func (s *Session) MayAct(as, name string) error {
	c, id := s.roles(), &s.identity
	if name == id.login && (c == nil || id.guest) {
		return nil
	}
	var r *privilege.Role
	if c != nil {
		r = c.Roles().Named(name)
	}
	switch {
	case r == nil:
		return pgerror.Errorf(pgerror.InvalidParameterValue, "role \"%s\" does not exist", name)
	case as == "session_authorization" && r.OID != id.role && !c.Roles().Superuser(id.role):
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied to set session authorization")
	case as == "role" && !c.Roles().Member(id.session, r.OID):
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied to set role \"%s\"", name)
	case id.acting[name] == 0 && len(id.acting) >= maxActing:
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a session may act as %d roles at most", maxActing)
	}
	if id.acting == nil {
		id.acting = map[string]uint32{}
	}
	id.acting[name] = r.OID
	return nil
}

// dropSlots drops the temporary slots of a session that ends, or that has met an error.
func (s *Session) dropSlots() {
	if s.conn.Replication() {
		s.server.slots.DropTemporary(s.conn.PID())
	}
}
