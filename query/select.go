package query

import (
	"context"
	"errors"
	"slices"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/asof"
	"github.com/eventgres/eventgres/query/explain"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/failpoint"
	"github.com/eventgres/eventgres/query/live"
	"github.com/eventgres/eventgres/query/messagedb"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/reading"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/setting"
	"github.com/eventgres/eventgres/query/syntax"
)

// selectPlan is a prepared SELECT that the native path answers.
type selectPlan struct {
	read.Plan
	origin
	params  []uint32
	noted   noted
	json    bool              // it takes payloads apart
	filters bool              // by what is in them, too
	writes  bool              // one message, and that is all it does
	asked   *syntax.QueryText // nil: no statement of its own
	instead *analyticPlan     // by which the worker answers it; see byWorker
}

func (p *selectPlan) ParameterOIDs() []uint32 { return p.params }

func (p *selectPlan) Columns() []pgvalue.Column { return p.Out }

func (s *Session) prepareSelect(c *expr.Compiler, st *syntax.SelectStmt) (plan, error) {
	p := &selectPlan{noted: noted{where: st.Where, src: c.Src, zone: c.Zone()}}
	c.Selecting = s.worker() != nil
	if st.From != nil {
		var rel *relation.Relation
		var err error
		if err := c.Usable(st.From.Schema, st.From.Pos); err != nil {
			return nil, err
		}
		if st.From.Called && !relation.Returns(st.From.Table) {
			if err = p.FromValue(c, st.From); err != nil {
				return nil, err
			}
			rel = p.Rel
		} else if rel, err = relation.FindRead(st.From, c.Src, s.path); err == nil {
			err = p.From(c, rel, st.From)
		}
		if err == nil && rel.Served && !st.From.Called && s.server.schema.Current().View(rel.Name) != nil {
			return nil, c.Unsupported("a view", st.From.Pos) // of an older store, which was there first
		}
		if err == nil && rel == relation.Consumed {
			err = read.StandsAlone(c, st)
		}
		if err != nil {
			return nil, err
		}
	}
	if st.Unsupported != nil {
		return nil, syntax.UnsupportedError(c.Src, st.Unsupported)
	}
	if st.Locking != nil {
		return nil, c.At(analytics.LockingError(st.Locking.What), st.Locking.Pos)
	}
	if st.WithTies {
		return nil, c.Unsupported("WITH TIES", 0)
	}
	if err := p.Compile(c, st); err != nil {
		return nil, err
	}
	if p.json = c.JSON; p.json && c.Selecting && s.effective.route != setting.RouteNative && !p.servesJSON() {
		return nil, c.Unsupported("an operator of jsonb, beside so much that is read,", 0)
	}
	if p.json && p.Rel == relation.Events {
		p.filters = slices.ContainsFunc(expr.AppendMentioned(nil, p.Rel, st.Where), func(i int) bool { return i == relation.EventPayload || i == relation.EventMetadata })
	}
	if c.Effects && st.Offset != nil {
		// PostgreSQL calls it for the rows that are passed over, too.
		return nil, c.Unsupported("a function that does something to the session, beside OFFSET,", st.Offset.Position())
	}
	if p.ByStream && s.may().Secured { // it goes by how many events a stream has, and not by those that are seen
		return nil, c.Unsupported("GROUP BY of rows that not everybody sees", st.GroupBy.Position())
	}
	var err error
	p.params, err = c.FinishParams()
	p.noted.alias = c.Alias
	p.writes = c.Effects && messagedb.WritesOne(st)
	return p, err
}

func (p *selectPlan) readsRows() {}

func (p *selectPlan) consumes() bool { return p.Rel == relation.Consumed }

func (p *selectPlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	src, err := s.source(p.Rel)
	if err != nil {
		return nil, err
	}
	out := &selectPortal{Reader: read.Reader{Plan: &p.Plan, Src: src, E: expr.Env{Host: s}}, s: s, of: p, held: s.conn.NewShare()}
	if a := p.byWorker(s, src, params, &out.Known); a != nil {
		return a.bind(s, params)
	}
	out.E.Params, _ = keepValues(nil, nil, params)
	return out, nil
}

// selectPortal runs a selectPlan, a part at a time if it is asked to.
type selectPortal struct {
	read.Reader
	s      *Session
	of     *selectPlan
	noted  bool         // what it reads is noted, or will be
	first  func() error // by this, at its first row
	began  bool
	before int64        // the snapshot, kept for a cursor that goes back
	staged int          // events the transaction had staged by then
	held   pgwire.Share // of what is sorted
}

func (p *selectPortal) Columns() []pgvalue.Column { return p.Plan.Out }

func (p *selectPortal) Close() { _ = p.held.Set(0) }

func (p *selectPortal) Current() []pgvalue.Value { return p.Values }

// Open prepares the rows as of now, or of an earlier opening.
func (p *selectPortal) Open(ctx context.Context) error {
	if p.Plan.UsesExpected {
		// It can be prepared, since clients learn the types for COPY that way.
		return relation.ErrInsertOnly
	}
	if p.Plan.Rel == relation.Consumed {
		if p.s.effective.past {
			return asof.NoFollowing("consume()")
		}
		p.began = true // it finds out itself how far it sees
	}
	if !p.began {
		p.before, p.staged, p.began = p.s.before(), len(p.s.tx.Staged), true
	}
	_ = p.held.Set(0)
	if p.Plan.Sort != nil {
		p.Hold = p.held.Set
	}
	p.notes()
	return p.Reader.Open(ctx, p.before, min(p.staged, len(p.s.tx.Staged)))
}

// Next moves to the next row.
func (p *selectPortal) Next(ctx context.Context) (bool, error) {
	if p.first != nil {
		if err := p.first(); err != nil {
			return false, err
		}
	}
	return p.Reader.Next(ctx)
}

func (p *selectPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "SELECT"}
	if !p.Opened {
		if err := p.Open(ctx); err != nil {
			return tag, false, err
		}
	}
	p.E.Spent = 0 // of a run before
	if p.of.writes {
		p.s.soleWrite = last
		defer func() { p.s.soleWrite = nil }()
	}
	for !p.Ended {
		if limit > 0 && tag.Rows == limit {
			return tag, false, nil
		}
		ok, err := p.Next(ctx)
		if err != nil {
			return tag, false, err
		}
		if !ok {
			break
		}
		if err := out.Row(ctx, p.Values); err != nil {
			return tag, false, err
		}
		tag.Rows++
	}
	return tag, true, nil
}

// servesJSON tells of a plan that reads few payloads, as far as can be said before it has parameters: the worker has their parts in columns, and reads many
// sooner.
func (p *selectPlan) servesJSON() bool {
	return p.Rel != relation.Events || p.Access.Kind != read.AccessLog || p.Residual == nil && p.Sort == nil && p.Limit != nil
}

// readsWholeLog tells of a plan that reads the whole log, or all streams, to keep or to sort
// them: the worker's columns serve that better. secured: not all rows are seen. Streams of which memory knows what is asked for are not read.
func (p *selectPlan) readsWholeLog(secured bool) bool {
	if p.Rel != nil && p.Rel.Roles {
		return !p.UsesSecret && p.Rel != relation.Auth
	}
	if p.Rel == nil || p.Rel == relation.Health || p.Rel.Served || p.Access.Kind != read.AccessLog || len(p.Access.Bound) > 0 || p.UsesExpected {
		return false
	}
	if secured && p.Limit == nil {
		return true // nothing follows from what memory knows
	}
	if p.KeysOnly {
		return p.Sort != nil && !p.SmallSort
	}
	return p.Sort != nil || p.Residual != nil && p.Limit == nil
}

// How many events with its keys a statement may have that is answered natively: beyond them the worker's columns are quicker, or
// the sort is. A LIMIT without a sort stops by itself.
const (
	countedNatively = 20_000
	sortedNatively  = 2_000 // if few are kept; of others so many that they have room, whatever they hold
	keptNatively    = 30
	rowsNatively    = 200_000
	takenApart      = 5_000 // payloads, of which the worker has the parts
)

// byWorker is the plan by which the worker answers the statement where its keys are of many events; nil where it is answered natively. known, which may be
// nil, remembers what is looked up to know.
func (p *selectPlan) byWorker(s *Session, src *read.Source, params []pgvalue.Value, known *engine.Lookups) *analyticPlan {
	if p.Access.Kind != read.AccessKeys && !(p.json && p.Access.Kind != read.AccessLog && p.Access.Kind != read.AccessEvents) || p.asked == nil || s.worker() == nil || s.effective.route == setting.RouteNative || len(s.tx.Staged) > 0 {
		return nil
	}
	most := int64(rowsNatively)
	switch {
	case p.filters, p.json && p.Limit == nil && !p.Edges():
		most = takenApart
	case p.Sort != nil && p.SmallSort:
		most = sortedNatively
	case p.Sort != nil:
		most = keptNatively
	case p.Edges():
		return nil
	case len(p.Aggregates) > 0:
		most = countedNatively
	case p.Limit != nil:
		return nil
	}
	// An error is told when it runs.
	if n, err := p.Found(s.ctx, src, &expr.Env{Host: s, Params: params}, known); err != nil || n >= 0 && n <= most {
		return nil
	}
	if p.instead == nil {
		a, err := s.prepareAnalytic(p.asked.Src, p.asked.Pos, p.asked.End, analytics.Preparation{Parameters: p.params})
		if err != nil || !slices.Equal(a.params, p.params) || !slices.Equal(a.out, p.Out) {
			return nil
		}
		p.instead = a
	}
	return p.instead
}

func (p *selectPlan) describe(ctx context.Context, s *Session, body *syntax.Parsed, params []pgvalue.Value) (*explain.Node, error) {
	st, _ := body.Statement.(*syntax.SelectStmt)
	src, err := s.source(p.Rel)
	if err != nil {
		return nil, err
	}
	if src.Seen == nil { // else the path would tell of events that are not seen
		if a := p.byWorker(s, src, params, nil); a != nil {
			return a.describe(ctx, s, body, params)
		}
	}
	n, err := s.server.estimator.Read(ctx, &p.Plan, src, &expr.Env{Host: s, Params: params}, st)
	if err == nil && s.serializes() && p.readsEvents() {
		n.Serializable = []string{p.conditionOf(s).Describe(p.Condition)}
	}
	return n, err
}

// serializes tells whether what the session reads is what its transaction's append will rest on.
func (s *Session) serializes() bool {
	t := &s.tx
	return t.isolation == setting.Serializable && t.state != txNone && (!t.readOnly || len(t.savepoints) > 0)
}

// reading makes one of the statement that runs and has seen what is below a position. seen are as whom it reads; nil: as who sees all.
func (s *Session) reading(c *read.Condition, params []pgvalue.Value, seen *policy.Seen, text string, from int64) (*reading.Reading, error) {
	own, err := s.seen(0)
	return reading.New(&reading.Terms{Host: s, Source: &s.reads, Condition: c, Params: params, Seen: seen, Own: own, Statement: text, From: from}), err
}

// keep has the transaction keep a reading.
func (s *Session) keep(set *reading.Set, r *reading.Reading) error {
	if err := s.reserve(r.Bytes()); err != nil {
		return err
	}
	set.Add(r)
	return s.account()
}

// Source implements [guard.Host].
func (s *Session) Source(rel *relation.Relation) (*read.Source, error) { return s.source(rel) }

// noted is what a native SELECT's reading is made of.
type noted struct {
	where      syntax.Expr
	src, alias string
	zone       *pgvalue.Zone   // by which literals were read
	condition  *read.Condition // once it was needed
}

// conditionOf is what a SELECT asks of single events.
func (p *selectPlan) conditionOf(s *Session) *read.Condition {
	n := &p.noted
	if n.condition == nil && n.zone != s.conn.Zone {
		return read.EveryEvent() // literals would be read as something else now
	}
	if n.condition == nil {
		n.condition = read.CompileCondition(expr.Knowing(n.src, s, n.alias, p.params), p.Rel, read.Parts(n.where))
	}
	return n.condition
}

// readsEvents tells whether the plan reads events, or streams, which are made of them.
func (p *selectPlan) readsEvents() bool { return p.Rel == relation.Events || p.Rel == relation.Streams }

// notes makes the portal note what it reads, where that is what an append will rest on: at its first row, or, where it reads forwards and new events come
// behind, when it has met the end of what is committed.
func (p *selectPortal) notes() {
	if p.noted || !p.s.serializes() || !p.of.readsEvents() {
		return
	}
	p.noted = true
	if failpoint.On(failpoint.StreamsUnread) && p.Plan.Rel == relation.Streams || failpoint.On(failpoint.NothingRead) && !p.Plan.Forwards() ||
		failpoint.On(failpoint.NeverAtEnd) && p.Plan.Forwards() {
		return
	}
	if p.Plan.Forwards() {
		p.AtEnd = p.note
	} else {
		p.first = p.note
	}
}

func (p *selectPortal) note() error {
	p.first, p.AtEnd = nil, nil
	text := p.of.text()
	if text == "" {
		text = p.of.noted.src
	}
	r, err := p.s.reading(p.of.conditionOf(p.s), p.E.Params, p.Src.Seen, text, p.before)
	if err != nil {
		return err
	}
	return p.s.keep(&p.s.tx.readings, r)
}

// mentioned is what a statement asks of single events where it names them once.
func (s *Session) mentioned(m *analytics.Mention, p *analyticPlan) *read.Condition {
	if p.prep.Zone != s.conn.Zone.Key() {
		return read.EveryEvent() // likewise
	}
	parts, src := read.ParseParts(m.Conditions)
	rel := relation.Events
	if m.Relation == relation.Streams.Name {
		rel = relation.Streams
	}
	return read.CompileCondition(expr.Knowing(src, s, rel.Name, p.params), rel, parts)
}

// messagesPlan is a prepared INSERT INTO messages.
type messagesPlan struct {
	messagedb.InsertPlan
	origin
	params []uint32
}

func (*messagesPlan) kind() activity.Kind { return activity.Insert }

func (p *messagesPlan) ParameterOIDs() []uint32 { return p.params }

func (p *messagesPlan) Columns() []pgvalue.Column { return p.InsertPlan.Columns }

func (s *Session) prepareMessages(c *expr.Compiler, st *syntax.InsertStmt) (plan, error) {
	p := &messagesPlan{}
	err := p.Compile(c, st)
	if err == nil {
		p.params, err = c.FinishParams()
	}
	return p, err
}

func (p *messagesPlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	kept, _ := keepValues(nil, nil, params)
	return p.Open(s, kept)
}

func (*messagesPlan) describe(context.Context, *Session, *syntax.Parsed, []pgvalue.Value) (*explain.Node, error) {
	return explain.Utility(), nil
}

// subscribePlan is a prepared SUBSCRIBE.
type subscribePlan struct {
	live.Plan
	origin
	params []uint32
}

func (p *subscribePlan) ParameterOIDs() []uint32 { return p.params }

func (p *subscribePlan) Columns() []pgvalue.Column { return p.Plan.Columns }

func (p *subscribePlan) readsRows() {}

func (s *Session) prepareSubscribe(c *expr.Compiler, st *syntax.SubscribeStmt) (*subscribePlan, error) {
	p := &subscribePlan{}
	err := p.Compile(c, st, s.path)
	if e := new(pgerror.Error); errors.As(err, &e) && e.Code == pgerror.UndefinedTable && s.namesView(st) {
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "a view cannot be followed").WithHint("SUBSCRIBE reads events alone.").At(e.Position)
	}
	if err != nil {
		return nil, err
	}
	p.params, err = c.FinishParams()
	return p, err
}

// namesView tells whether there is a view of the name that a SUBSCRIBE has not found.
func (s *Session) namesView(st *syntax.SubscribeStmt) bool {
	q, ok := st.Query.(*syntax.SelectStmt)
	return ok && q.From != nil && slices.ContainsFunc(s.server.schema.Current().Views, func(v analytics.View) bool { return v.Name == q.From.Table })
}

func (p *subscribePlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	if _, err := s.Sees(); err != nil {
		return nil, err
	}
	kept, _ := keepValues(nil, nil, params)
	return s.server.live.Open(&p.Plan, s, kept)
}

func (p *subscribePlan) describe(ctx context.Context, s *Session, _ *syntax.Parsed, params []pgvalue.Value) (*explain.Node, error) {
	return explain.Utility(), nil
}

// Await implements [live.Host].
func (s *Session) Await(f func() error) error {
	s.activity.Blocked("Activity", "EventsFollow")
	defer s.activity.Blocked("", "")
	return s.conn.Waiting(f)
}

// WhilePeer implements [live.Host].
func (s *Session) WhilePeer(ctx context.Context) (context.Context, func()) {
	return s.conn.WhilePeer(ctx)
}
