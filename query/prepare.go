package query

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/asof"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/replication"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/syntax"
)

// parse parses a text, and gives way while it does.
func (s *Session) parse(sql string) ([]*syntax.Parsed, error) {
	m := &s.meter
	if m.Pace == nil {
		m.Pace = func(tokens int) error {
			if more := tokens - m.Charged; more > 0 {
				if err := s.conn.Use(int64(more) * syntax.TokenBytes); err != nil {
					return err
				}
				m.Charged = tokens
			}
			return s.Pace()
		}
	}
	m.Steps, m.Tokens, m.Charged = 0, 0, 0
	return syntax.ParseMetered(sql, m)
}

// Parse splits a text into statements.
func (s *Session) Parse(ctx context.Context, sql string) ([]pgwire.Query, error) {
	s.ctx = ctx
	if s.conn.Replication() && replication.IsCommand(sql) {
		s.several = false
		return parseReplication(sql)
	}
	list := s.cache.find(sql)
	if list == nil {
		parsed, err := s.parse(sql)
		if err != nil {
			return nil, err
		}
		list = make([]pgwire.Query, len(parsed))
		queries := make([]query, len(parsed))
		for i, p := range parsed {
			queries[i].Parsed = p
			list[i] = &queries[i]
		}
		s.cache.put(sql, list)
	}
	if s.several = len(list) > 1; s.several {
		for _, q := range list {
			if err := s.checkSyntax(q.(*query).Parsed, false); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// Prepare analyses a statement.
func (s *Session) Prepare(ctx context.Context, q pgwire.Query, oids []uint32) (pgwire.Statement, error) {
	p := q.(*query)
	s.ctx = ctx
	s.statementTime = time.Now().UnixMicro()
	s.running(p.Shown())
	if err := s.present(); err != nil {
		return nil, err
	}
	if err := s.checkFailed(p.Parsed); err != nil {
		return nil, err
	}
	if oids == nil && p.Params > 0 {
		if err := s.checkSyntax(p.Parsed, true); err != nil {
			return nil, err // which comes before what a name or a parameter means
		}
		return nil, pgerror.Errorf(pgerror.UndefinedParameter, "there is no parameter %s", paramAt(p.Parsed)).At(syntax.CharPosition(p.Src, p.FirstParam))
	}
	st, err := s.prepare(p, oids)
	if err != nil {
		return nil, s.refused(p, s.said(err))
	}
	taken := len(st.ParameterOIDs())
	if oids == nil && taken > 0 {
		return nil, pgerror.Errorf(pgerror.UndefinedParameter, "there is no parameter $1") // that only the worker has seen
	}
	return st, determined(oids, taken)
}

// determined checks that parameters have a type, from the one behind the first so many on, which have one by now.
func determined(oids []uint32, taken int) error {
	for i := taken; i < len(oids); i++ {
		if oids[i] == 0 {
			return pgerror.Errorf(pgerror.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	return nil
}

// paramAt is the statement's first parameter as it is written.
func paramAt(p *syntax.Parsed) string {
	t, err := (&syntax.Lexer{Src: p.Src, I: p.FirstParam}).Next()
	if err != nil {
		return ""
	}
	return p.Src[t.Pos:t.End]
}

func (s *Session) checkFailed(p *syntax.Parsed) error {
	if s.tx.failed && !runsWhenFailed(p) {
		return pgwire.ErrAborted
	}
	return nil
}

// prepare analyses a statement, or finds its plan in the cache.
func (s *Session) prepare(q *query, oids []uint32) (plan, error) {
	// Literals are read in the session's zone; the route and the views decide the rest.
	key := planKey{zone: s.conn.Zone.Key(), route: s.effective.route, path: s.path, schema: s.server.schema.Current().Version, secured: s.may().Secured}
	defining := s.tx.defined != nil // views that nobody else has, and that may change again
	if q.plan != nil && len(oids) == 0 && q.key == key && !defining {
		return q.plan, nil
	}
	s.volatile = false
	c := &expr.Compiler{Src: q.Src, Host: s, Params: append([]uint32(nil), oids...), Declared: oids}
	made, err := s.analyse(c, q.Parsed, oids)
	q.beside = c.Beside
	if err == nil && s.effective.unsecured {
		err = s.unaffected(made)
	}
	if err != nil {
		return nil, err
	}
	if p, ok := made.(interface{ keep(*query) }); ok {
		p.keep(q)
	}
	if o := made.madeOf(); o != nil {
		*o = origin{query: q, oids: oids, path: s.path, secured: key.secured}
	}
	if q.keep && len(oids) == 0 && !s.volatile && !defining && made.cacheable() {
		q.plan, q.key = made, key
	}
	return made, nil
}

// unaffected fails with a statement of which policies would hide rows where row_security is off: when it is prepared, as in PostgreSQL.
func (s *Session) unaffected(made plan) error {
	var err error
	switch p := made.(type) {
	case *selectPlan:
		if p.Rel == relation.Events || p.Rel == relation.Streams {
			_, err = s.seen(0)
		}
	case *insertPlan:
		_, _, _, err = s.policies(0, privilege.PolicyInsert)
	}
	return err
}

func (s *Session) analyse(c *expr.Compiler, p *syntax.Parsed, oids []uint32) (plan, error) {
	for _, oid := range oids {
		if oid != 0 && !pgvalue.KnownType(oid) {
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "parameters of the type with OID %d are not supported", oid)
		}
	}
	switch st := p.Statement.(type) {
	case *syntax.InsertStmt:
		if relation.IsMessages(&st.Relation, s.path) {
			return s.prepareMessages(c, st)
		}
		return s.prepareInsert(c, st)
	case *syntax.SelectStmt:
		return s.prepareQuery(c, st, &syntax.QueryText{Src: p.Src, Pos: p.Pos, End: p.End}, oids)
	case *syntax.SubscribeStmt:
		return s.prepareSubscribe(c, st)
	case *syntax.CopyStmt:
		return s.prepareCopy(c, st, s.prepareQuery)
	case *syntax.ExplainStmt:
		begin := time.Now()
		inner, err := s.prepare(&query{Parsed: st.Body}, oids)
		if err != nil {
			return nil, err
		}
		return prepareExplain(st, inner, time.Since(begin)), nil
	case *syntax.ExecuteStmt:
		return s.prepareNamed(c, st)
	case *syntax.FetchStmt:
		return s.prepareFetch(st)
	case *syntax.ShowStmt:
		return s.prepareShow(st)
	case *replication.Command:
		return &replicationPlan{command: st}, nil
	case *syntax.RefusedStmt:
		err := s.refuse(c, st)
		if p.Params == 0 || err.(*pgerror.Error).Code != pgerror.FeatureNotSupported {
			return nil, err
		}
		return &refusedPlan{params: textParams(p.Params, oids), err: err}, nil
	case *syntax.UnsupportedStmt:
		if st.Query {
			return s.prepareQuery(c, nil, &syntax.QueryText{Src: p.Src, Pos: p.Pos, End: p.End, Unsupported: st}, oids)
		}
		return nil, syntax.UnsupportedError(p.Src, &st.Unsupported)
	}
	if d, ok := p.Statement.(*syntax.DeclareStmt); ok {
		return s.prepareCursor(d, oids)
	}
	if p.Params > 0 {
		return nil, c.At(pgerror.Errorf(pgerror.UndefinedParameter, "there is no parameter $%d", p.Params), p.FirstParam)
	}
	if err := determined(oids, 0); err != nil {
		return nil, err // which no command takes
	}
	command := commandPlan{parsed: p, params: oids}
	if st, ok := p.Statement.(*syntax.PrepareStmt); ok {
		return &preparePlan{command, st}, nil
	}
	return &command, nil
}

// refusedPlan is a statement that can be described and never runs.
type refusedPlan struct {
	plain
	params []uint32
	err    error
}

func textParams(n int, oids []uint32) []uint32 {
	params := make([]uint32, n)
	for i := range params {
		params[i] = pgvalue.OIDText
		if i < len(oids) && oids[i] != 0 {
			params[i] = oids[i]
		}
	}
	return params
}

func (p *refusedPlan) ParameterOIDs() []uint32 { return p.params }

func (p *refusedPlan) Columns() []pgvalue.Column { return nil }

func (p *refusedPlan) bind(*Session, []pgvalue.Value) (pgwire.Portal, error) { return nil, p.err }

func (s *Session) refuse(c *expr.Compiler, st *syntax.RefusedStmt) error {
	if st.Relation != nil && relation.IsMessages(st.Relation, s.path) {
		return s.may().ChangesMessages(st.What)
	}
	if st.Relation != nil {
		if _, err := relation.Find(st.Relation, c.Src, s.path); err != nil {
			if e := new(pgerror.Error); st.What == "TRUNCATE" && errors.As(err, &e) {
				e.Position = 0
			}
			return err
		}
		return pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not possible: events are immutable", st.What).
			WithHint("Append an event that corrects or supersedes the earlier one.")
	}
	if strings.HasPrefix(st.What, "ALTER ") || strings.HasPrefix(st.What, "DROP ") {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not possible: the schema is fixed and events are immutable", st.What).
			WithHint("The relations are events and streams.")
	}
	return pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not supported", st.What)
}

// Bind makes a portal.
func (s *Session) Bind(ctx context.Context, st pgwire.Statement, params []pgvalue.Value) (pgwire.Portal, error) {
	s.ctx = ctx
	if err := s.present(); err != nil {
		return nil, err
	}
	if s.tx.failed && !st.(plan).runsWhenFailed() {
		return nil, pgwire.ErrAborted
	}
	for i, oid := range st.ParameterOIDs() {
		if err := expr.CheckJSON(oid, params[i].Bytes); err != nil {
			return nil, err
		}
	}
	p, err := s.current(st.(plan))
	if err != nil {
		return nil, s.said(err)
	}
	portal, err := p.bind(s, params)
	if err != nil {
		return nil, s.said(err)
	}
	g := s.spareWatched
	if g == nil {
		g = new(watched)
	}
	s.spareWatched = nil
	*g = watched{Portal: portal, s: s, runsWhenFailed: p.runsWhenFailed(), logged: activity.Logged{Kind: p.kind(), Text: p.text()}}
	if s.effective.counts {
		g.counts = p.counts()
	}
	if s.audit != nil {
		g.of = p.counts()
	}
	if l := &s.effective.log; l.On() {
		c, isCopy := p.(*copyPlan)
		g.logged.Out = isCopy && !c.from
		g.logged.Parameters = l.TextParameters(params, st.ParameterOIDs(), s.conn.Zone)
	}
	return g, nil
}

// current is a plan, or what it is by now where names mean something else, or other rows are seen.
func (s *Session) current(p plan) (plan, error) {
	o := p.madeOf()
	if o == nil || o.query == nil || o.path == s.path && o.secured == s.may().Secured {
		return p, nil
	}
	made, err := s.prepare(o.query, o.oids)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(made.Columns(), p.Columns()) || !slices.Equal(made.ParameterOIDs(), p.ParameterOIDs()) {
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "cached plan must not change result type")
	}
	return made, nil
}

// prepareQuery decides which path answers a query. st is nil if the server's parser does
// not take it. Everything the native path can answer well it answers; the rest, and what is
// wrong, is for the worker, which knows all of PostgreSQL's grammar, functions and errors.
func (s *Session) prepareQuery(c *expr.Compiler, st *syntax.SelectStmt, q *syntax.QueryText, oids []uint32) (plan, error) {
	route := s.effective.route
	var native *selectPlan
	var err error
	switch {
	case st != nil && st.Locking != nil:
		return nil, c.At(analytics.LockingError(st.Locking.What), st.Locking.Pos)
	case st == nil && q.Unsupported.Err != nil:
		err = q.Unsupported.Err
	case st == nil:
		err = syntax.UnsupportedError(c.Src, &q.Unsupported.Unsupported)
	case route != setting.RouteAnalytics || s.worker() == nil || st.Consumes():
		var p plan
		if p, err = s.prepareSelect(c, st); err == nil {
			native = p.(*selectPlan)
			native.asked = q
		}
	}
	if native != nil && (st.Consumes() || route == setting.RouteNative || s.worker() == nil || !native.readsWholeLog(s.may().Secured)) {
		return native, nil
	}
	if route == setting.RouteNative || syntax.IsLimit(err) || st.Consumes() || err != nil && c.Own {
		return nil, err
	}
	a, missing := s.prepareAnalytic(q.Src, q.Pos, q.End, analytics.Preparation{Parameters: oids})
	if missing == nil {
		return a, nil
	}
	var e *pgerror.Error
	unavailable := errors.Is(missing, errNoWorker) || errors.As(missing, &e) && e.Code == pgerror.CannotConnectNow
	switch {
	case !unavailable:
		return nil, missing
	case native != nil:
		return native, nil
	case st != nil && listsChannels(st):
		return newChannelsPlan(st), nil
	case errors.Is(missing, errNoWorker):
		return nil, err
	}
	return nil, missing
}

// checkSyntax has the worker look at a statement's query if the server's parser does not take it: a syntax error
// anywhere keeps all statements of a text from running. all: also if it knows the query's form.
func (s *Session) checkSyntax(p *syntax.Parsed, all bool) error {
	p = innermost(p)
	if i, ok := p.Statement.(*syntax.InsertStmt); ok && (i.Values.Err != nil || i.Returned.Err != nil) {
		return s.checkInsert(p, i)
	}
	var own error // what the server's parser has against it
	switch b := p.Statement.(type) {
	case *syntax.UnsupportedStmt:
		if own = b.Err; !b.Query || own == nil && !all {
			return nil
		}
	case *syntax.SelectStmt:
		if b.Unsupported == nil || !all {
			return nil
		}
	default:
		return nil
	}
	_, err := s.prepareAnalytic(p.Src, p.Pos, p.End, analytics.Preparation{})
	var e *pgerror.Error
	if errors.As(err, &e) && e.Code == pgerror.SyntaxError {
		return err
	}
	if errors.Is(err, errNoWorker) && own != nil {
		return own
	}
	return nil
}

// innermost is the statement that another one is about.
func innermost(p *syntax.Parsed) *syntax.Parsed {
	for {
		switch s := p.Statement.(type) {
		case *syntax.DeclareStmt:
			p = s.Body
		case *syntax.ExplainStmt:
			p = s.Body
		case *syntax.PrepareStmt:
			p = s.Body
		case *syntax.CreateViewStmt:
			if s.Query.Unsupported == nil {
				return p
			}
			return &syntax.Parsed{Statement: s.Query.Unsupported, Src: s.Query.Src, Pos: s.Query.Pos, End: s.Query.End}
		default:
			return p
		}
	}
}

// checkInsert looks for a syntax error in what the server's parser did not take of an INSERT.
func (s *Session) checkInsert(p *syntax.Parsed, st *syntax.InsertStmt) error {
	if s.worker() == nil {
		return cmp.Or(st.Values.Err, st.Returned.Err)
	}
	_, err := s.prepareInsert(&expr.Compiler{Src: p.Src, Host: s}, st)
	var e *pgerror.Error
	if errors.As(err, &e) && e.Code == pgerror.SyntaxError {
		return err
	}
	return nil
}

// prepareCursor makes DECLARE's plan.
func (s *Session) prepareCursor(st *syntax.DeclareStmt, oids []uint32) (plan, error) {
	if err := checkDeclare(st); err != nil {
		return nil, err
	}
	body := &query{Parsed: st.Body}
	inner, err := s.prepare(body, oids)
	if err != nil {
		return nil, err
	}
	return prepareDeclare(st, inner, body.Size())
}

// prepareNamed makes EXECUTE's plan.
func (s *Session) prepareNamed(c *expr.Compiler, st *syntax.ExecuteStmt) (plan, error) {
	named, err := s.conn.Statement(st.Name)
	if err != nil {
		return nil, err
	}
	c.Beside += s.conn.StatementSize(st.Name)
	inner, ok := named.(plan)
	if !ok {
		return &emptyPlan{}, nil
	}
	if inner, err = s.current(inner); err != nil {
		return nil, err
	}
	return s.prepareExecute(c, st, inner)
}

// preparePlan is PREPARE.
type preparePlan struct {
	commandPlan
	st *syntax.PrepareStmt
}

func (p *preparePlan) bind(s *Session, _ []pgvalue.Value) (pgwire.Portal, error) {
	return &preparePortal{commandPortal{&p.commandPlan, s}, p.st}, nil
}

type preparePortal struct {
	commandPortal
	st *syntax.PrepareStmt
}

func (p *preparePortal) Execute(context.Context, *pgwire.Output, int64, pgwire.Lookahead) (pgwire.Tag, bool, error) {
	return pgwire.Tag{Command: "PREPARE", Rows: -1}, true, p.s.name(p.st)
}

// name analyses a statement and gives it a name.
func (s *Session) name(st *syntax.PrepareStmt) error {
	var oids []uint32
	for _, t := range st.Types {
		if t.OID == 0 {
			var err error
			if t.OID, err = s.typeOID(st.Body.Src, t); err != nil {
				return err
			}
		}
		oids = append(oids, t.OID)
	}
	if _, ok := st.Body.Statement.(*syntax.ExecuteStmt); ok {
		return pgerror.Errorf(pgerror.SyntaxError, "syntax error at or near \"EXECUTE\"").At(syntax.CharPosition(st.Body.Src, st.Body.Pos))
	}
	body := &query{Parsed: st.Body}
	plan, err := s.prepare(body, oids)
	if err != nil {
		return err
	}
	return s.conn.AddStatement(st.Name, plan, body.Src, body.Size())
}

// typeOID asks the worker for a type that is written in src.
func (s *Session) typeOID(src string, t syntax.TypeName) (uint32, error) {
	if s.worker() == nil {
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "type %s is not supported", t.Name).
			WithDetail("It needs the analytics worker, which this server does not have.").At(syntax.CharPosition(src, t.Pos))
	}
	const asked = "SELECT CAST(NULL AS "
	p, err := s.prepareText("", 0, asked+t.Name+")", analytics.Preparation{})
	var e *pgerror.Error
	switch {
	case errors.As(err, &e) && e.Position > len(asked):
		return 0, e.At(e.Position - len(asked) + syntax.CharPosition(src, t.Pos) - 1)
	case err != nil:
		return 0, err
	}
	s.analytic.forget(p)
	return p.out[0].OID, nil
}

// parseReplication reads a command of the replication protocol, which stands alone in its text.
func parseReplication(sql string) ([]pgwire.Query, error) {
	c, err := replication.Parse(sql)
	if err != nil {
		return nil, err
	}
	return []pgwire.Query{&query{Parsed: &syntax.Parsed{Statement: c, Src: sql, End: len(sql)}}}, nil
}

// replicationPlan is a command of the replication protocol.
type replicationPlan struct {
	plain
	command *replication.Command
}

func (p *replicationPlan) counts() *query { return nil }

func (p *replicationPlan) ParameterOIDs() []uint32 { return nil }

func (p *replicationPlan) Columns() []pgvalue.Column { return p.command.Columns() }

func (p *replicationPlan) bind(s *Session, _ []pgvalue.Value) (pgwire.Portal, error) {
	return &replicationPortal{p, s}, nil
}

type replicationPortal struct {
	*replicationPlan
	s *Session
}

func (p *replicationPortal) Close() {}

func (p *replicationPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	s := p.s
	tag := pgwire.Tag{Command: p.command.Verb, Rows: -1}
	if p.command.Verb == replication.StartCommand {
		if err := s.mustBeAlone(tag.Command); err != nil {
			return tag, false, err
		}
		if s.effective.past {
			return tag, false, asof.NoFollowing(tag.Command)
		}
	}
	return tag, true, s.Replication().Run(ctx, out, p.command, s)
}

// Replication is the session as the replication protocol sees it.
func (s *Session) Replication() *replication.Session {
	return &replication.Session{
		Host: s, PID: s.conn.PID(), Store: s.server.store, Slots: s.server.slots, Database: s.database,
		Sees: s.follows, Schema: s.server.schema.Current, Waiting: s.conn.Waiting, Timeout: s.effective.senderTimeout,
		May: s.Replicates, Decodes: s.server.member.Decodes,
	}
}

// InBlock implements [replication.Block].
func (s *Session) InBlock() bool { return s.tx.state == txExplicit }

// UseSnapshot implements [replication.Block].
func (s *Session) UseSnapshot(position int64) error {
	refuse := func(what string) error {
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "CREATE_REPLICATION_SLOT ... (SNAPSHOT 'use') must %s", what)
	}
	switch {
	case s.tx.isolation != setting.RepeatableRead:
		return refuse("be called in REPEATABLE READ isolation mode transaction")
	case s.tx.began || s.effective.past:
		return refuse("be called before any query")
	case len(s.tx.savepoints) > 0:
		return refuse("not be called in a subtransaction")
	}
	s.tx.snapshot, s.tx.began = position, true
	return nil
}

// refused tells the audit log of a statement that failed before it ran.
func (s *Session) refused(q *query, err error) error {
	if s.audit != nil {
		kind := activity.Other
		switch st := q.Statement.(type) {
		case *syntax.InsertStmt:
			kind = activity.Insert
		case *syntax.SelectStmt:
			kind = activity.Select
		case *syntax.UnsupportedStmt:
			if st.Query {
				kind = activity.Select
			}
		case *syntax.CopyStmt:
			kind = activity.Copy
		case *syntax.ExplainStmt:
			kind = activity.Explain
		default:
			kind = (&commandPlan{parsed: q.Parsed}).kind()
		}
		s.audited(kind, q, &pgwire.Tag{}, err)
	}
	return err
}
