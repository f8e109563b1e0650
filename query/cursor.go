package query

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/cursor"
	"github.com/eventgres/eventgres/query/failure"
	"github.com/eventgres/eventgres/query/live"
	"github.com/eventgres/eventgres/query/syntax"
)

// declarePlan is DECLARE.
type declarePlan struct {
	plain
	st    *syntax.DeclareStmt
	inner plan
	size  int64
}

func (*declarePlan) kind() activity.Kind { return activity.Cursor }

// checkDeclare checks what DECLARE says before its query is looked at.
func checkDeclare(st *syntax.DeclareStmt) error {
	if st.Scroll && st.NoScroll {
		return pgerror.Errorf(pgerror.InvalidCursorDefinition, "cannot specify both SCROLL and NO SCROLL")
	}
	if _, ok := st.Body.Statement.(*syntax.InsertStmt); ok {
		return pgerror.Errorf(pgerror.SyntaxError, "syntax error at or near \"INSERT\"").At(syntax.CharPosition(st.Body.Src, st.Body.Pos))
	}
	return nil
}

// prepareDeclare makes DECLARE's plan; its query takes so many bytes.
func prepareDeclare(st *syntax.DeclareStmt, inner plan, size int64) (plan, error) {
	if err := refuseConsume(inner, "a cursor"); err != nil {
		return nil, err
	}
	if _, ok := inner.(rowsPlan); !ok {
		return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "a cursor of this statement is not supported")
	}
	return &declarePlan{st: st, inner: inner, size: size}, nil
}

func (p *declarePlan) ParameterOIDs() []uint32 { return p.inner.ParameterOIDs() }

func (p *declarePlan) Columns() []pgvalue.Column { return nil }

func (p *declarePlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	portal, err := p.inner.bind(s, params)
	if err != nil {
		return nil, err
	}
	d := &declarePortal{plan: p, s: s, query: portal.(rowReader), size: p.size}
	for i := range params {
		d.size += params[i].Size()
	}
	return d, nil
}

type declarePortal struct {
	plan  *declarePlan
	s     *Session
	query rowReader
	size  int64 // of the statement and its parameters
	taken bool  // the query is the cursor's
}

func (p *declarePortal) Columns() []pgvalue.Column { return nil }

func (p *declarePortal) Close() {
	if !p.taken {
		p.query.Close()
	}
}

func (p *declarePortal) Execute(ctx context.Context, _ *pgwire.Output, _ int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	p.taken = true
	return pgwire.Tag{Command: "DECLARE CURSOR", Rows: -1}, true, p.s.declare(ctx, p.plan.st, p.query, p.size)
}

func (s *Session) declare(ctx context.Context, st *syntax.DeclareStmt, query rowReader, size int64) error {
	if s.tx.state != txExplicit && !s.several && !st.Hold {
		query.Close()
		return pgerror.Errorf(pgerror.NoActiveSQLTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	_, follows := query.(*live.Portal)
	if follows {
		if err := s.mayFollow(st); err != nil {
			query.Close()
			return err
		}
	}
	// The cursor sees the log as it is now.
	err := query.Open(ctx)
	if err == nil && st.Hold && !follows && len(s.tx.Staged) > 0 {
		var kept *cursor.Kept
		if kept, err = cursor.Keep(ctx, query, s.conn.NewShare()); err == nil {
			query = kept
		}
	}
	if err != nil {
		query.Close()
		if !isDataError(err) {
			return err
		}
		query = cursor.Failed{Rows: query, Err: err}
	}
	if st.Hold {
		s.tx.holds = true
	}
	if err := s.conn.AddPortal(st.Name, cursor.New(st, query, follows), st.Hold, size); err != nil {
		query.Close()
		return err
	}
	return nil
}

// maxFollowing bounds the cursors WITH HOLD of a session that follow: nobody but its client knows when they are over.
const maxFollowing = 16

// mayFollow tells whether a cursor may be one that follows.
func (s *Session) mayFollow(st *syntax.DeclareStmt) error {
	if st.Scroll {
		return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "a cursor that follows can only scan forward")
	}
	if !st.Hold {
		return nil // it ends with its transaction
	}
	n := 0
	for _, p := range s.conn.NamedPortals() {
		if c, ok := p.Portal.(*cursor.Cursor); ok && c.Follows() && c.Holds() {
			n++
		}
	}
	if n >= maxFollowing {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a session may have %d cursors WITH HOLD that follow", maxFollowing).WithHint("CLOSE those that are not needed.")
	}
	return nil
}

// isDataError tells of an error that follows from the rows.
func isDataError(err error) bool {
	var e *pgerror.Error
	return errors.As(failure.Of(err), &e) && (strings.HasPrefix(e.Code, "22") || strings.HasPrefix(e.Code, "21"))
}

// keepHeld has the cursors that the transaction leaves open keep their rows, and the transaction fail with what their queries fail with.
func (s *Session) keepHeld(ctx context.Context) error {
	for _, p := range s.conn.NamedPortals() {
		if c, ok := p.Portal.(*cursor.Cursor); ok {
			if err := c.Keep(ctx, s.conn.NewShare); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetchPlan is FETCH or MOVE.
type fetchPlan struct {
	plain
	st  *syntax.FetchStmt
	out []pgvalue.Column
}

func (s *Session) prepareFetch(st *syntax.FetchStmt) (plan, error) {
	p := &fetchPlan{st: st}
	portal, ok := s.conn.Portal(st.Cursor)
	if !ok {
		return nil, cursor.Missing(st.Cursor)
	}
	if !st.Move {
		p.out = portal.Columns()
	}
	return p, nil
}

func (*fetchPlan) kind() activity.Kind { return activity.Cursor }

func (p *fetchPlan) ParameterOIDs() []uint32 { return nil }

func (p *fetchPlan) Columns() []pgvalue.Column { return p.out }

func (p *fetchPlan) bind(s *Session, _ []pgvalue.Value) (pgwire.Portal, error) {
	return &cursor.Utility{Portal: &fetchPortal{plan: p, s: s}}, nil
}

type fetchPortal struct {
	plan *fetchPlan
	s    *Session
}

func (p *fetchPortal) Columns() []pgvalue.Column { return p.plan.out }

func (p *fetchPortal) Close() {}

func (p *fetchPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	st := p.plan.st
	tag := pgwire.Tag{Command: "FETCH"}
	portal, ok := p.s.conn.Portal(st.Cursor)
	if !ok {
		return tag, false, cursor.Missing(st.Cursor)
	}
	if st.Move {
		tag.Command, out = "MOVE", nil
	} else if !slices.Equal(portal.Columns(), p.plan.out) {
		return tag, false, pgerror.Errorf(pgerror.FeatureNotSupported, "cached plan must not change result type")
	}
	var err error
	if f := following(portal); f != nil {
		tag.Rows, err = p.follow(ctx, out, f)
		return tag, true, err
	}
	if st.Timeout != nil {
		return tag, false, pgerror.Errorf(pgerror.WrongObjectType, "cursor \"%s\" does not follow, and waits for no row", st.Cursor)
	}
	switch c := portal.(type) {
	case *cursor.Cursor:
		if tag.Rows, err = c.Fetch(ctx, out, st); err != nil {
			return tag, true, err
		}
	case *watched: // a portal of the extended protocol
		query, ok := c.Portal.(rowReader)
		if !ok {
			return tag, false, cursor.CannotRun(st.Cursor)
		}
		if st.How != "FORWARD" || st.Count < 0 || out == nil {
			return tag, false, cursor.ErrNoScroll
		}
		if st.Count == 0 && !st.All {
			return tag, true, nil
		}
		var inner pgwire.Tag
		limit := st.Count
		if st.All {
			limit = 0
		}
		inner, _, err = query.Execute(ctx, out, limit, func() (bool, error) { return false, nil })
		tag.Rows = inner.Rows
	default:
		err = cursor.Missing(st.Cursor)
	}
	return tag, true, err
}

// following is the query of a portal that has no end; nil if it has one.
func following(portal pgwire.Portal) *live.Portal {
	switch c := portal.(type) {
	case *cursor.Cursor:
		portal = c.Query()
	case *watched:
		portal = c.Portal
	}
	f, _ := portal.(*live.Portal)
	return f
}

// follow does what FETCH says of a cursor that follows.
func (p *fetchPortal) follow(ctx context.Context, out *pgwire.Output, f *live.Portal) (int64, error) {
	return f.Fetch(ctx, p.plan.st, p.s.fetchWait, func(row []pgvalue.Value) error {
		if out == nil {
			return nil // MOVE
		}
		return out.Row(ctx, row)
	})
}
