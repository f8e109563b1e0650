package query

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/live"
	"github.com/eventgres/eventgres/query/syntax"
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
	kept  bool // it has outlived its transaction
	// failed: FETCH or MOVE has ended in an error, so that where it stands is not known.
	failed bool
	// follows: the query has no end. It knows itself where it is.
	follows bool
	st      *syntax.DeclareStmt
}

func (p *cursorPortal) Columns() []pgvalue.Column { return p.query.Columns() }

func (p *cursorPortal) Close() { p.query.Close() }

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
	c := &cursorPortal{query: query, noScroll: st.NoScroll, count: -1, hold: st.Hold, st: st}
	_, c.follows = query.(*live.Portal)
	if c.follows {
		c.noScroll = true
		if err := s.mayFollow(st); err != nil {
			c.query.Close()
			return err
		}
	}
	// The cursor sees the log as it is now.
	err := c.query.Open(ctx)
	if err == nil && st.Hold && !c.follows && len(s.tx.Staged) > 0 {
		var kept *keptRows
		if kept, err = s.keepRows(ctx, c.query); err == nil {
			c.query = kept
		}
	}
	if err != nil {
		c.query.Close()
		if !isDataError(err) {
			return err
		}
		c.query = failedRows{c.query, err}
	}
	if st.Hold {
		s.tx.holds = true
	}
	if err := s.conn.AddPortal(st.Name, c, st.Hold, size); err != nil {
		c.query.Close()
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
		if c, ok := p.Portal.(*cursorPortal); ok && c.follows && c.hold {
			n++
		}
	}
	if n >= maxFollowing {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a session may have %d cursors WITH HOLD that follow", maxFollowing).WithHint("CLOSE those that are not needed.")
	}
	return nil
}

// failedRows are of a query that has failed already: DECLARE reads no row, so the first FETCH tells.
type failedRows struct {
	rowReader // closed
	err       error
}

func (r failedRows) Open(context.Context) error { return r.err }

func (r failedRows) Next(context.Context) (bool, error) { return false, r.err }

func (r failedRows) Close() {}

// isDataError tells of an error that follows from the rows.
func isDataError(err error) bool {
	var e *pgerror.Error
	return errors.As(engineError(err), &e) && (strings.HasPrefix(e.Code, "22") || strings.HasPrefix(e.Code, "21"))
}

// keepHeld has the cursors that the transaction leaves open keep their rows, and the transaction fail with what their queries fail
// with. PostgreSQL reads all rows here; of long results the rest is read later, as it would have been.
func (s *Session) keepHeld(ctx context.Context) error {
	for _, p := range s.conn.NamedPortals() {
		c, ok := p.Portal.(*cursorPortal)
		if !ok || !c.hold || c.kept || c.follows {
			continue
		}
		if err := c.keep(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *cursorPortal) keep(ctx context.Context, s *Session) error {
	p.kept = true
	if _, ok := p.query.(*keptRows); ok {
		return nil
	}
	if p.read > 0 || p.count >= 0 {
		if err := p.query.Open(ctx); err != nil {
			return err
		}
	}
	kept, err := s.keepFirst(ctx, p.query, maxHeldRows)
	if err != nil {
		return err
	}
	p.query = kept
	for kept.at < p.read {
		if ok, err := kept.Next(ctx); err != nil || !ok {
			return err
		}
	}
	return nil
}

// describe says what pg_cursors shows beyond what every portal has.
func (p *cursorPortal) describe(c *analytics.Cursor) {
	c.Text, c.Binary, c.Scroll = p.st.Body.Src, p.st.Binary, !p.noScroll
}

// Execute lets the protocol's Execute read from a cursor.
func (p *cursorPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	if p.follows {
		return p.query.Execute(ctx, out, limit, last)
	}
	n, err := p.forward(ctx, out, limit, limit == 0)
	return pgwire.Tag{Command: "SELECT", Rows: n}, limit == 0 || n < limit, err
}

// step moves to the next row; false at the end.
func (p *cursorPortal) step(ctx context.Context) (bool, error) {
	if p.count >= 0 && p.place >= p.count {
		p.place = p.count + 1
		return false, nil
	}
	ok, err := p.query.Next(ctx)
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
			if err := out.Row(ctx, p.query.Current()); err != nil {
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

var errNoScroll = pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "cursor can only scan forward").
	WithHint("Declare it with SCROLL option to enable backward scan.")

func (p *cursorPortal) rewind(ctx context.Context) error {
	p.place, p.read = 0, 0
	return p.query.Open(ctx)
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
	plain
	st  *syntax.FetchStmt
	out []pgvalue.Column
}

func (s *Session) prepareFetch(st *syntax.FetchStmt) (plan, error) {
	p := &fetchPlan{st: st}
	portal, ok := s.conn.Portal(st.Cursor)
	if !ok {
		return nil, noCursor(st.Cursor)
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
	return &utilityPortal{Portal: &fetchPortal{plan: p, s: s}}, nil
}

// utilityPortal runs a command that returns rows to its end, as FETCH moves the cursor by all that it says, however few rows
// an Execute takes. Those it leaves are for the next.
type utilityPortal struct {
	pgwire.Portal
	ran  bool
	tag  pgwire.Tag
	held pgwire.Held
}

// Close frees what is held.
func (p *utilityPortal) Close() {
	p.held.Drop()
	p.Portal.Close()
}

func (p *utilityPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	var sent int64
	var err error
	if p.ran {
		sent, err = p.held.Send(ctx, out, limit)
	} else {
		p.ran = true
		if limit > 0 {
			out.Hold(&p.held, limit)
		}
		p.tag, _, err = p.Portal.Execute(ctx, out, 0, last)
		sent = p.held.Sent(limit)
		if limit == 0 {
			return p.tag, true, err
		}
	}
	tag := p.tag
	if tag.Rows >= 0 {
		tag.Rows = sent // as of a query
	}
	return tag, limit == 0 || sent < limit, err
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
		return tag, false, noCursor(st.Cursor)
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
	case *cursorPortal:
		if c.failed {
			return tag, false, pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", st.Cursor)
		}
		tag.Rows, err = c.fetch(ctx, out, st)
		c.failed = err != nil
	case *guard: // a portal of the extended protocol
		query, ok := c.Portal.(rowReader)
		if !ok {
			return tag, false, pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", st.Cursor)
		}
		if st.How != "FORWARD" || st.Count < 0 || out == nil {
			return tag, false, errNoScroll
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
		err = noCursor(st.Cursor)
	}
	return tag, true, err
}

// following is the query of a portal that has no end; nil if it has one.
func following(portal pgwire.Portal) *live.Portal {
	switch c := portal.(type) {
	case *cursorPortal:
		portal = c.query
	case *guard:
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

// fetch does what FETCH says; out is nil for MOVE. It returns the number of rows that
// were, or would have been, returned.
func (p *cursorPortal) fetch(ctx context.Context, out *pgwire.Output, st *syntax.FetchStmt) (int64, error) {
	count, how := st.Count, st.How
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
		if count > 0 || st.All {
			return p.backward(ctx, out, count, st.All)
		}
	}
	if count == 0 && !st.All {
		if !p.onRow() {
			return 0, nil
		}
		return p.one(ctx, out, p.place)
	}
	return p.forward(ctx, out, count, st.All)
}

// one goes to a place and returns the row there, if any.
func (p *cursorPortal) one(ctx context.Context, out *pgwire.Output, place int64) (int64, error) {
	on, err := p.seek(ctx, place)
	if err != nil || !on || place == 0 {
		return 0, err
	}
	if out != nil {
		err = out.Row(ctx, p.query.Current())
	}
	return 1, err
}

// How many rows are read at a time, and how many bytes of them are kept, where a cursor goes back.
const (
	backwardRows  = 1000
	backwardBytes = 256 << 10
)

// backward returns rows before the place, the nearest first. They are read anew from the start, many at a time.
func (p *cursorPortal) backward(ctx context.Context, out *pgwire.Output, count int64, all bool) (n int64, err error) {
	for all || n < count {
		last := p.place - 1
		if last <= 0 {
			if p.noScroll {
				return n, errNoScroll
			}
			return n, p.rewind(ctx)
		}
		first := int64(1)
		if !all {
			first = max(first, last-(count-n)+1)
		}
		if out == nil { // MOVE
			_, err = p.seek(ctx, first)
			n += last - first + 1
		} else {
			var rows int64
			rows, err = p.backwardFrom(ctx, out, max(first, last-backwardRows+1), last)
			if n += rows; rows == 0 && err == nil {
				return n, nil // the query has other rows each time
			}
		}
		if err != nil {
			return n, err
		}
	}
	if p.read != p.place {
		_, err = p.seek(ctx, p.place) // where the next row is read from
	}
	return n, err
}

// backwardFrom returns the rows from last down to first, or those of them that are kept, and is at the one that it returned last.
func (p *cursorPortal) backwardFrom(ctx context.Context, out *pgwire.Output, first, last int64) (n int64, err error) {
	if _, err := p.seek(ctx, first-1); err != nil {
		return 0, err
	}
	var kept [][]pgvalue.Value
	size := int64(0)
	for p.place < last {
		if ok, err := p.step(ctx); err != nil || !ok {
			return 0, err
		}
		row := p.query.Current()
		for i := range row {
			size += expr.ValueBytes + valueSize(&row[i])
		}
		if size > backwardBytes || p.place == last {
			if size > backwardBytes {
				kept, size = nil, 0 // the rows behind are the first that are returned
			}
			continue
		}
		kept = append(kept, cloneValues(row))
	}
	for err = out.Row(ctx, p.query.Current()); err == nil; err = out.Row(ctx, kept[len(kept)-1]) {
		if n++; n > 1 {
			kept = kept[:len(kept)-1]
			p.place--
		}
		if len(kept) == 0 {
			return n, nil
		}
	}
	return n, err
}

// keptRows are a cursor's rows in memory, or the first of them: those of one WITH HOLD when its transaction commits. What that has
// staged is gone then, its time is over, and what is volatile would be something else the next time. They count in the connection's budget.
type keptRows struct {
	rowReader // what they came from; it is closed if they are all
	rows      [][]pgvalue.Value
	whole     bool  // there are no others
	at        int64 // the row that Next went to last
	taken     int64 // rows of rowReader since it was opened
	held      pgwire.Share
}

// maxHeldRows is how much of a cursor is kept where the rest can be read later; PostgreSQL keeps all, in a file if need be.
const maxHeldRows = 4 << 20

// keepRows reads all rows. What they tell of staged events is pinned thereby, and holds once COMMIT succeeds.
func (s *Session) keepRows(ctx context.Context, from rowReader) (*keptRows, error) {
	return s.keepFirst(ctx, from, -1)
}

// keepFirst reads rows until they have limit bytes, negative: all.
func (s *Session) keepFirst(ctx context.Context, from rowReader, limit int64) (*keptRows, error) {
	k := &keptRows{rowReader: from, held: s.conn.NewShare()}
	for size := int64(0); limit < 0 || size < limit; {
		ok, err := from.Next(ctx)
		if err == nil && !ok {
			from.Close()
			k.whole = true
			return k, nil
		}
		if err == nil {
			k.taken++
			row := from.Current()
			for i := range row {
				size += expr.ValueBytes + valueSize(&row[i])
			}
			if err = k.held.Set(size); err == nil {
				k.rows = append(k.rows, cloneValues(row))
				continue
			}
			if limit >= 0 {
				return k, nil // that row is read again
			}
		}
		k.Close()
		return nil, err
	}
	return k, nil
}

func cloneValues(row []pgvalue.Value) []pgvalue.Value {
	out := append([]pgvalue.Value(nil), row...)
	for i := range out {
		out[i].Text, out[i].Bytes = strings.Clone(out[i].Text), bytes.Clone(out[i].Bytes)
		if out[i].Array != nil {
			out[i].Array = cloneValues(out[i].Array)
		}
	}
	return out
}

func valueSize(v *pgvalue.Value) int64 {
	n := int64(len(v.Text) + len(v.Bytes))
	for i := range v.Array {
		n += expr.ValueBytes + valueSize(&v.Array[i])
	}
	return n
}

func (k *keptRows) Open(context.Context) error {
	k.at = 0
	return nil
}

func (k *keptRows) Next(ctx context.Context) (bool, error) {
	kept := int64(len(k.rows))
	if k.at < kept {
		k.at++
		return true, nil
	}
	if k.whole {
		return false, nil
	}
	if k.taken != k.at { // it was read beyond, and the cursor has gone back
		if err := k.rowReader.Open(ctx); err != nil {
			return false, err
		}
		for k.taken = 0; k.taken < k.at; k.taken++ {
			if ok, err := k.rowReader.Next(ctx); err != nil || !ok {
				return false, err
			}
		}
	}
	ok, err := k.rowReader.Next(ctx)
	if ok && err == nil {
		k.taken++
		k.at++
	}
	return ok, err
}

func (k *keptRows) Current() []pgvalue.Value {
	if k.at > int64(len(k.rows)) {
		return k.rowReader.Current()
	}
	return k.rows[k.at-1]
}

func (k *keptRows) Close() {
	k.rowReader.Close()
	k.rows, k.at = nil, 0
	_ = k.held.Set(0)
}
