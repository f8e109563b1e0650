package query

import (
	"context"
	"errors"
	"slices"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/explain"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/live"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// selectPlan is a prepared SELECT that the native path answers.
type selectPlan struct {
	read.Plan
	origin
	params []uint32
}

func (p *selectPlan) ParameterOIDs() []uint32 { return p.params }

func (p *selectPlan) Columns() []pgvalue.Column { return p.Out }

func (s *Session) prepareSelect(c *expr.Compiler, st *syntax.SelectStmt) (plan, error) {
	p := &selectPlan{}
	c.Selecting = s.worker() != nil
	if st.From != nil {
		rel, err := relation.FindRead(st.From, c.Src, s.path)
		if err == nil {
			err = p.From(c, rel, st.From)
		}
		if err == nil && rel.Served && !st.From.Called && s.server.schema.Current().View(rel.Name) != nil {
			return nil, c.Unsupported("a view", st.From.Pos) // of an older store, which was there first
		}
		if err == nil && rel == relation.Consumed {
			err = c.StandsAlone(st)
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
	if c.Effects && st.Offset != nil {
		// PostgreSQL calls it for the rows that are passed over, too.
		return nil, c.Unsupported("a function that does something to the session, beside OFFSET,", st.Offset.Position())
	}
	if p.ByStream && s.may().Secured { // it goes by how many events a stream has, and not by those that are seen
		return nil, c.Unsupported("GROUP BY of rows that not everybody sees", st.GroupBy.Position())
	}
	var err error
	p.params, err = c.FinishParams()
	return p, err
}

func (p *selectPlan) readsRows() {}

func (p *selectPlan) consumes() bool { return p.Rel == relation.Consumed }

func (p *selectPlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	src, err := s.source(p.Rel)
	if err != nil {
		return nil, err
	}
	kept, _ := keepValues(nil, nil, params)
	return &selectPortal{Reader: read.Reader{Plan: &p.Plan, Src: src, E: expr.Env{Host: s, Params: kept}}, s: s, held: s.conn.NewShare()}, nil
}

// selectPortal runs a selectPlan, a part at a time if it is asked to.
type selectPortal struct {
	read.Reader
	s      *Session
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
		p.began = true // it finds out itself how far it sees
	}
	if !p.began {
		p.before, p.staged, p.began = p.s.before(), len(p.s.tx.Staged), true
	}
	_ = p.held.Set(0)
	if p.Plan.Sort != nil {
		p.Hold = p.held.Set
	}
	return p.Reader.Open(ctx, p.before, min(p.staged, len(p.s.tx.Staged)))
}

func (p *selectPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "SELECT"}
	if !p.Opened {
		if err := p.Open(ctx); err != nil {
			return tag, false, err
		}
	}
	p.E.Spent = 0 // of a run before
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

func (p *selectPlan) describe(ctx context.Context, s *Session, body *syntax.Parsed, params []pgvalue.Value) (*explain.Node, error) {
	st, _ := body.Statement.(*syntax.SelectStmt)
	src, err := s.source(p.Rel)
	if err != nil {
		return nil, err
	}
	return s.server.estimator.Read(ctx, &p.Plan, src, &expr.Env{Host: s, Params: params}, st)
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
