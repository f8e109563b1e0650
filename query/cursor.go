package query

import (
	"context"
	"slices"

	"github.com/eventgres/eventgres/pgwire"
)

// cursorPortal is a cursor that DECLARE made. The log does not change below a
// snapshot, so going back means reading anew up to the place.
type cursorPortal struct {
	query    rowReader
	noScroll bool
	// place: 0 before the first row, n on row n, count+1 after the last, once known.
	place int64
	count int64 // rows in all; -1 until the end has been met
	read  int64 // rows taken from query since it was opened
	hold  bool
}

func (p *cursorPortal) Columns() []pgwire.Column { return p.query.Columns() }
func (p *cursorPortal) Close()                   { p.query.Close() }

// rowReader is a portal whose rows can be taken one by one, and from the start again.
type rowReader interface {
	pgwire.Portal
	// open goes to the first row, as of the snapshot of the first opening.
	open(ctx context.Context) error
	next(ctx context.Context) (bool, error)
	// current is the row that next went to, until it goes on.
	current() []pgwire.Value
}

// declarePlan is DECLARE.
type declarePlan struct {
	st    *declareStmt
	inner plan
}

func (s *Session) prepareDeclare(p *parsed, st *declareStmt, oids []uint32) (plan, error) {
	if st.scroll && st.noScroll {
		return nil, pgwire.Errorf("42P11", "cannot specify both SCROLL and NO SCROLL")
	}
	if _, ok := st.body.statement.(*insertStmt); ok {
		return nil, pgwire.Errorf("42601", "syntax error at or near \"INSERT\"").At(charPosition(st.body.src, st.body.pos))
	}
	inner, err := s.prepare(st.body, oids)
	if err != nil {
		return nil, err
	}
	switch inner.(type) {
	case *selectPlan, *analyticPlan:
		return &declarePlan{st: st, inner: inner}, nil
	}
	return nil, pgwire.Errorf("0A000", "a cursor of this statement is not supported")
}

func (p *declarePlan) ParameterOIDs() []uint32  { return p.inner.ParameterOIDs() }
func (p *declarePlan) Columns() []pgwire.Column { return nil }

func (p *declarePlan) bind(s *Session, params []pgwire.Value) (pgwire.Portal, error) {
	portal, err := p.inner.bind(s, params)
	if err != nil {
		return nil, err
	}
	return &declarePortal{plan: p, s: s, query: portal.(rowReader)}, nil
}

type declarePortal struct {
	plan  *declarePlan
	s     *Session
	query rowReader
}

func (p *declarePortal) Columns() []pgwire.Column { return nil }
func (p *declarePortal) Close()                   {}

func (p *declarePortal) Execute(ctx context.Context, _ *pgwire.Output, _ int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	return pgwire.Tag{Command: "DECLARE CURSOR", Rows: -1}, true, p.s.declare(ctx, p.plan.st, p.query)
}

func (s *Session) declare(ctx context.Context, st *declareStmt, query rowReader) error {
	if s.tx.state != txExplicit && !st.hold {
		return pgwire.Errorf("25P01", "DECLARE CURSOR can only be used in transaction blocks")
	}
	c := &cursorPortal{query: query, noScroll: st.noScroll, count: -1, hold: st.hold}
	if st.hold && len(s.tx.staged) > 0 {
		return pgwire.Errorf("0A000", "a cursor WITH HOLD cannot show appends that are not committed").
			WithHint("Commit first.")
	}
	// The cursor sees the log as it is now.
	if err := c.query.open(ctx); err != nil {
		return err
	}
	return s.conn.AddPortal(st.name, c, st.hold)
}

// Execute lets the protocol's Execute read from a cursor.
func (p *cursorPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	n, err := p.forward(ctx, out, limit, limit == 0)
	return pgwire.Tag{Command: "SELECT", Rows: n}, limit == 0 || n < limit, err
}

// step moves to the next row; false at the end.
func (p *cursorPortal) step(ctx context.Context) (bool, error) {
	if p.count >= 0 && p.place >= p.count {
		p.place = p.count + 1
		return false, nil
	}
	ok, err := p.query.next(ctx)
	if err != nil {
		return false, err
	}
	p.place++
	if !ok {
		p.count = p.place - 1
		return false, nil
	}
	p.read++
	return true, nil
}

func (p *cursorPortal) forward(ctx context.Context, out *pgwire.Output, count int64, all bool) (n int64, err error) {
	for all || n < count {
		ok, err := p.step(ctx)
		if err != nil || !ok {
			return n, err
		}
		n++
		if out != nil {
			if err := out.Row(ctx, p.query.current()); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// seek goes to a place, reading anew if it lies behind; on tells whether a row is there.
func (p *cursorPortal) seek(ctx context.Context, place int64) (on bool, err error) {
	if place <= p.place && !(place == p.place && p.read == place && place > 0 && p.onRow()) {
		if p.noScroll {
			return false, errNoScroll
		}
		if err := p.rewind(ctx); err != nil {
			return false, err
		}
	}
	for p.place < place {
		ok, err := p.step(ctx)
		if err != nil || !ok {
			return false, err
		}
	}
	return p.onRow(), nil
}

func (p *cursorPortal) onRow() bool { return p.place > 0 && (p.count < 0 || p.place <= p.count) }

var errNoScroll = pgwire.Errorf("55000", "cursor can only scan forward").
	WithHint("Declare it with SCROLL option to enable backward scan.")

func (p *cursorPortal) rewind(ctx context.Context) error {
	p.place, p.read = 0, 0
	return p.query.open(ctx)
}

// last finds the number of rows.
func (p *cursorPortal) last(ctx context.Context) (int64, error) {
	for p.count < 0 {
		if _, err := p.step(ctx); err != nil {
			return 0, err
		}
	}
	return p.count, nil
}

// fetchPlan is FETCH or MOVE.
type fetchPlan struct {
	st  *fetchStmt
	out []pgwire.Column
}

func (s *Session) prepareFetch(st *fetchStmt) (plan, error) {
	p := &fetchPlan{st: st}
	portal, ok := s.conn.Portal(st.cursor)
	if !ok {
		return nil, noCursor(st.cursor)
	}
	if !st.move {
		p.out = portal.Columns()
	}
	return p, nil
}

func (p *fetchPlan) ParameterOIDs() []uint32  { return nil }
func (p *fetchPlan) Columns() []pgwire.Column { return p.out }

func (p *fetchPlan) bind(s *Session, _ []pgwire.Value) (pgwire.Portal, error) {
	return &fetchPortal{plan: p, s: s}, nil
}

type fetchPortal struct {
	plan *fetchPlan
	s    *Session
}

func (p *fetchPortal) Columns() []pgwire.Column { return p.plan.out }
func (p *fetchPortal) Close()                   {}

func (p *fetchPortal) Execute(ctx context.Context, out *pgwire.Output, _ int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	st := p.plan.st
	tag := pgwire.Tag{Command: "FETCH"}
	portal, ok := p.s.conn.Portal(st.cursor)
	if !ok {
		return tag, false, noCursor(st.cursor)
	}
	if st.move {
		tag.Command, out = "MOVE", nil
	} else if !slices.Equal(portal.Columns(), p.plan.out) {
		return tag, false, pgwire.Errorf("0A000", "cached plan must not change result type")
	}
	var err error
	switch c := portal.(type) {
	case *cursorPortal:
		tag.Rows, err = c.fetch(ctx, out, st)
	case *guard: // a portal of the extended protocol
		query, ok := c.Portal.(rowReader)
		if !ok {
			return tag, false, pgwire.Errorf("55000", "portal \"%s\" cannot be run", st.cursor)
		}
		if st.how != "FORWARD" || st.count < 0 || out == nil {
			return tag, false, errNoScroll
		}
		if st.count == 0 && !st.all {
			return tag, true, nil
		}
		var inner pgwire.Tag
		limit := st.count
		if st.all {
			limit = 0
		}
		inner, _, err = query.Execute(ctx, out, limit, func() (bool, error) { return false, nil })
		tag.Rows = inner.Rows
	default:
		err = noCursor(st.cursor)
	}
	return tag, true, err
}

// fetch does what FETCH says; out is nil for MOVE. It returns the number of rows that
// were, or would have been, returned.
func (p *cursorPortal) fetch(ctx context.Context, out *pgwire.Output, st *fetchStmt) (int64, error) {
	count, how := st.count, st.how
	if count < 0 && (how == "FORWARD" || how == "BACKWARD") {
		how = map[string]string{"FORWARD": "BACKWARD", "BACKWARD": "FORWARD"}[how]
		count = -count
	}
	switch how {
	case "ABSOLUTE":
		if count < 0 {
			total, err := p.last(ctx)
			if err != nil {
				return 0, err
			}
			count = max(total+1+count, 0)
		}
		return p.one(ctx, out, count)
	case "RELATIVE":
		return p.one(ctx, out, max(p.place+count, 0))
	case "BACKWARD":
		return p.backward(ctx, out, count, st.all)
	}
	if count == 0 && !st.all {
		if !p.onRow() {
			return 0, nil
		}
		return p.one(ctx, out, p.place)
	}
	return p.forward(ctx, out, count, st.all)
}

// one goes to a place and returns the row there, if any.
func (p *cursorPortal) one(ctx context.Context, out *pgwire.Output, place int64) (int64, error) {
	on, err := p.seek(ctx, place)
	if err != nil || !on || place == 0 {
		return 0, err
	}
	if out != nil {
		err = out.Row(ctx, p.query.current())
	}
	return 1, err
}

// backward returns rows before the place, the nearest first. Each is read anew from the
// start; cursors that go far back are rare.
func (p *cursorPortal) backward(ctx context.Context, out *pgwire.Output, count int64, all bool) (n int64, err error) {
	for all || n < count {
		place := p.place - 1
		if place <= 0 {
			if p.noScroll {
				return n, errNoScroll
			}
			return n, p.rewind(ctx)
		}
		rows, err := p.one(ctx, out, place)
		if err != nil {
			return n, err
		}
		n += rows
	}
	return n, nil
}
