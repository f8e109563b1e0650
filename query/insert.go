package query

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/activity"
	"github.com/eventgres/eventgres/query/explain"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/failpoint"
	"github.com/eventgres/eventgres/query/guard"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/proposal"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/reading"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/staging"
	"github.com/eventgres/eventgres/query/syntax"
)

// insertPlan is a prepared INSERT INTO events.
type insertPlan struct {
	origin
	columns   []int // of events, by place in a row
	rows      [][]*expr.Scalar
	query     *analyticPlan // INSERT … SELECT: rows has one, which takes its row
	guard     *guard.Plan   // INSERT … SELECT of constants: what decides about the one of rows
	parts     []valuesPart  // VALUES that the worker evaluates, instead of rows
	returned  *analyticPlan // RETURNING that the worker makes, instead of returning
	skip      bool          // ON CONFLICT DO NOTHING, of event_id or in general
	skipTaken bool          // likewise, of the version
	returning []*expr.Scalar
	fallible  bool // RETURNING has more than columns, which may fail
	out       []pgvalue.Column
	params    []uint32
	// What RETURNING names.
	returnsPosition, returnsVersion bool
	reads                           bool // events that there are, or those that it appends
	timed                           bool // it gives times
}

func (*insertPlan) kind() activity.Kind { return activity.Insert }

func (p *insertPlan) ParameterOIDs() []uint32 { return p.params }

func (p *insertPlan) Columns() []pgvalue.Column { return p.out }

func (s *Session) prepareInsert(c *expr.Compiler, st *syntax.InsertStmt) (plan, error) {
	rel, err := relation.Find(&st.Relation, c.Src, s.path)
	if err != nil {
		return nil, err
	}
	if rel != relation.Events {
		e := pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "cannot insert into view \"%s\"", rel.Name).WithHint("Insert into events.")
		if rel == relation.Streams {
			e = e.WithDetail("A stream begins with its first event.")
		}
		return nil, e
	}
	p := &insertPlan{}
	if p.columns, err = proposal.Columns(c, rel, st.Columns); err != nil {
		return nil, err
	}
	if st.Query != nil {
		return nil, syntax.UnsupportedError(c.Src, st.Query)
	}
	if st.From != nil {
		err = p.compileSelect(c, s, st)
	} else {
		err = p.compileRowsAnyhow(c, s, st)
	}
	if err != nil {
		return nil, err
	}
	if err := p.compileConflict(c, st.Conflict); err != nil {
		return nil, err
	}
	if err := p.compileReturningAnyhow(c, s, st); err != nil {
		return nil, err
	}
	p.timed = p.givesTimes()
	p.params, err = c.FinishParams()
	return p, err
}

// givesTimes tells whether a row has a time that is not DEFAULT.
func (p *insertPlan) givesTimes() bool {
	i := slices.Index(p.columns, relation.EventRecordedAt)
	gives := func(row []*expr.Scalar) bool { return row[i] != nil }
	return i >= 0 && (slices.ContainsFunc(p.rows, gives) || slices.ContainsFunc(p.parts, func(v valuesPart) bool { return slices.ContainsFunc(v.rows, gives) }))
}

// compileRowsAnyhow has the worker evaluate rows that the server cannot.
func (p *insertPlan) compileRowsAnyhow(c *expr.Compiler, s *Session, st *syntax.InsertStmt) error {
	err := st.Values.Err
	if err == nil {
		if st.With == nil || st.Rows == nil {
			err = p.compileRows(c, s, st)
		} else {
			err = c.Unsupported("WITH", st.With.Pos)
		}
	}
	if err == nil || s.worker() == nil || !needsWorker(err) {
		return err
	}
	p.rows, c.Params, c.Mentioned = nil, append([]uint32(nil), c.Declared...), nil
	return whereItEnds(p.compileValues(c, s, st), st.Values.Err)
}

func (p *insertPlan) compileReturningAnyhow(c *expr.Compiler, s *Session, st *syntax.InsertStmt) error {
	err := st.Returned.Err
	if err == nil {
		err = p.compileReturning(c, st)
	}
	if err == nil || s.worker() == nil || !needsWorker(err) {
		return err
	}
	return whereItEnds(p.compileReturned(c, s, st), st.Returned.Err)
}

// whereItEnds: what the worker sees of a statement may end where the statement goes on.
func whereItEnds(err, own error) error {
	var e *pgerror.Error
	if own != nil && errors.As(err, &e) && e.Code == pgerror.SyntaxError && strings.HasSuffix(e.Message, "at end of input") {
		return own
	}
	return err
}

// checkWidth compares the columns with the values of a row, which lie where at says.
func (p *insertPlan) checkWidth(c *expr.Compiler, st *syntax.InsertStmt, width int, at func(i int) int) error {
	if width > len(p.columns) {
		e := pgerror.Errorf(pgerror.SyntaxError, "INSERT has more expressions than target columns")
		if pos := at(len(p.columns)); pos >= 0 {
			return c.At(e, pos)
		}
		return e
	}
	if width < len(p.columns) {
		if st.Columns != nil {
			return c.At(pgerror.Errorf(pgerror.SyntaxError, "INSERT has more target columns than expressions"), st.Columns[width].Pos)
		}
		p.columns = p.columns[:width]
	}
	return nil
}

func (p *insertPlan) compileRows(c *expr.Compiler, s *Session, st *syntax.InsertStmt) error {
	if st.Rows == nil { // DEFAULT VALUES
		p.columns = nil
		p.rows = [][]*expr.Scalar{{}}
		return nil
	}
	width := len(st.Rows[0])
	if err := p.checkWidth(c, st, width, func(i int) int { return st.Rows[0][i].Position() }); err != nil {
		return err
	}
	for _, row := range st.Rows {
		if len(row) != width {
			return c.At(pgerror.Errorf(pgerror.SyntaxError, "VALUES lists must all be the same length"), row[0].Position())
		}
		out := make([]*expr.Scalar, len(row))
		for i, x := range row {
			s, err := proposal.Value(c, x, relation.Events, p.columns[i], s.effective.imports)
			if err != nil {
				return err
			}
			out[i] = s
		}
		p.rows = append(p.rows, out)
	}
	return nil
}

func (p *insertPlan) compileConflict(c *expr.Compiler, cl *syntax.ConflictClause) error {
	if cl == nil {
		return nil
	}
	if cl.Unsupported != nil {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "ON CONFLICT DO UPDATE is not possible: events are immutable").
			At(syntax.CharPosition(c.Src, cl.Unsupported.Pos))
	}
	for _, n := range cl.Target {
		if _, ok := relation.Events.ByName[n.Text]; !ok && n.Text != "stream_id, version" {
			return c.At(pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" does not exist", n.Text), cl.TargetPos)
		}
	}
	p.reads = len(cl.Target) > 0
	switch {
	case len(cl.Target) == 0:
		p.skip, p.skipTaken = true, true
		return nil
	case len(cl.Target) == 1 && cl.Target[0].Text == "event_id":
		p.skip = true
		return nil
	case len(cl.Target) == 1 && cl.Target[0].Text == "position": // which is never taken
		return nil
	case len(cl.Target) == 1 && cl.Target[0].Text == "stream_id, version",
		len(cl.Target) == 2 && cl.Target[0].Text != cl.Target[1].Text && isVersionKey(cl.Target[0].Text) && isVersionKey(cl.Target[1].Text):
		p.skipTaken = true
		return nil
	}
	return pgerror.Errorf(pgerror.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
}

func isVersionKey(column string) bool { return column == "stream_id" || column == "version" }

func (p *insertPlan) compileReturning(c *expr.Compiler, st *syntax.InsertStmt) error {
	if st.Returning == nil {
		return nil
	}
	c.Rel, c.Alias = relation.Events, relation.Events.Name
	if st.Alias != "" {
		c.Alias = st.Alias
	}
	var err error
	p.returning, p.out, err = expr.CompileItems(c, st.Returning)
	if err != nil {
		return err
	}
	for _, item := range p.returning {
		p.fallible = p.fallible || item.Column < 0
	}
	for _, i := range expr.Mentioned(c, p.returning, st.Returning) {
		p.reads = true
		if i == relation.EventExpectedVersion {
			return relation.ErrInsertOnly
		}
		p.returnsPosition = p.returnsPosition || i == relation.EventPosition
		p.returnsVersion = p.returnsVersion || i == relation.EventVersion
	}
	return nil
}

// mayInsert checks that the session may append events, and, if the statement reads what it finds or appends, may read them.
func (s *Session) mayInsert(reads bool) error {
	want := privilege.Insert
	if reads {
		want |= privilege.Select
	}
	return s.may().Relation(relation.Events.Name, want, 0)
}

// maxKept bounds the bytes that a session keeps for the parameters of its next INSERT.
const maxKept = 64 << 10

func (p *insertPlan) bind(s *Session, params []pgvalue.Value) (pgwire.Portal, error) {
	if p.out != nil { // before the client is told of rows
		if err := s.mayInsert(p.reads || p.returned != nil); err != nil {
			return nil, err
		}
	}
	portal, ok := s.spareInsert.(*insertPortal)
	if !ok {
		portal = new(insertPortal)
	}
	s.spareInsert = nil
	values, bytes := keepValues(portal.params, portal.bytes, params)
	*portal = insertPortal{plan: p, s: s, params: values, bytes: bytes, held: s.conn.NewShare()}
	return portal, nil
}

type insertPortal struct {
	plan   *insertPlan
	s      *Session
	params []pgvalue.Value
	bytes  []byte // of the parameters
	// Rows of RETURNING that a row limit has left for later.
	pending []engine.RecordedEvent
	// Or those that the worker has made.
	collected [][]pgvalue.Value
	at        int
	ran       bool
	lost      bool // its append failed
	durable   bool // its events are appended, and not staged
	count     int64
	held      pgwire.Share // of pending
	// What decides about the rows, where that is said of the append as well: in a plan's guard, or in what the worker read for its query.
	readings []*reading.Reading
	attempts int
}

func (p *insertPortal) Columns() []pgvalue.Column { return p.plan.out }

// Close leaves the portal to the session's next INSERT, unless its append may still be in the
// queue, with the parameters' bytes in it.
func (p *insertPortal) Close() {
	_ = p.held.Set(0)
	if !p.lost && cap(p.bytes) <= maxKept && len(p.params) <= 1000 {
		clear(p.params)
		p.plan, p.pending, p.collected = nil, nil, nil
		p.s.spareInsert = p
	}
}

func (p *insertPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "INSERT 0"}
	if !p.ran {
		p.ran = true
		if err := p.append(ctx, last); err != nil {
			return tag, false, err
		}
	}
	if p.durable { // to cancel it is too late: an error would say that nothing was appended
		ctx = context.WithoutCancel(ctx)
		p.s.ctx = ctx
	}
	if p.plan.returned != nil {
		return p.sendCollected(ctx, out, limit)
	}
	if p.plan.returning == nil {
		tag.Rows = p.count
		return tag, true, nil
	}
	if limit > 0 { // rows may wait; what cannot be counted any more, since it was appended, is told all the same
		_ = p.held.Set(returnsBytes * int64(len(p.pending)))
	}
	e := expr.Env{Host: p.s, Params: p.params}
	values := make([]pgvalue.Value, len(p.plan.returning))
	for ; p.at < len(p.pending); p.at++ {
		if limit > 0 && tag.Rows == limit {
			return tag, false, nil
		}
		e.Row.Event = &p.pending[p.at]
		for i, s := range p.plan.returning {
			if err := s.Eval(&e, &values[i]); err != nil {
				return tag, false, err
			}
		}
		if err := out.Row(ctx, values); err != nil {
			return tag, false, err
		}
		tag.Rows++
	}
	return tag, limit == 0 || tag.Rows < limit, nil
}

// appendRows appends and sends nothing, for EXPLAIN ANALYZE.
func (p *insertPortal) appendRows(ctx context.Context, last pgwire.Lookahead) (int64, error) {
	err := p.append(ctx, last)
	return p.count, err
}

// append builds the events and appends them: at once if nothing else belongs to the
// transaction, else by staging them.
func (p *insertPortal) append(ctx context.Context, last pgwire.Lookahead) error {
	s := p.s
	if err := s.mayAppend("INSERT"); err != nil {
		return err
	}
	if p.plan.query != nil {
		if err := s.mayRun(ctx, p.plan.query); err != nil {
			return err
		}
	}
	if err := s.mayInsert(p.plan.reads || p.plan.returned != nil); err != nil {
		return err
	}
	if p.plan.timed && !s.effective.imports { // it was when the statement was prepared
		return proposal.Assigned(relation.EventRecordedAt)
	}
	for {
		err := p.appendOnce(ctx, last)
		if !p.decidesAgain(err) {
			return err
		}
	}
}

// appendOnce does so with what the log answers now.
func (p *insertPortal) appendOnce(ctx context.Context, last pgwire.Lookahead) error {
	s := p.s
	b := proposal.Builder{Columns: p.plan.columns, Skip: p.plan.skip, SkipTaken: p.plan.skipTaken}
	if p.plan.timed {
		b.Latest = proposal.Latest()
	}
	var events []engine.ProposedEvent
	var err error
	switch {
	case p.plan.guard != nil:
		var open bool
		if open, err = p.ask(ctx); err == nil && open {
			events, err = p.rowEvents(&b)
		}
	case p.plan.query != nil:
		events, err = p.selected(ctx, &b, p.plan.query, p.plan.rows[0])
	case p.plan.parts != nil:
		events, err = p.valueEvents(ctx, &b)
	default:
		events, err = p.rowEvents(&b)
	}
	if err == nil && len(events) == 0 {
		err = p.leave(false)
	}
	if err != nil || len(events) == 0 {
		return err
	}
	if b.Expected, _, err = s.mayAdd(events, b.Expected, p.plan.reads || p.plan.returned != nil); err != nil {
		return err
	}
	now, err := s.appendsNow(last)
	if err == nil && !now {
		err = p.leave(true)
	}
	switch {
	case err != nil:
		return err
	case p.plan.returned != nil:
		return p.appendReturning(ctx, events, b.Expected, now)
	case now:
		return p.appendNow(ctx, events, b.Expected)
	}
	return p.appendStaged(events, b.Expected)
}

// compileSelect compiles INSERT … SELECT: natively, where it selects constants and WHERE asks for events.
func (p *insertPlan) compileSelect(c *expr.Compiler, s *Session, st *syntax.InsertStmt) error {
	err := p.compileGuard(c, s, st)
	if err == nil || s.worker() == nil && p.guard != nil {
		return err
	}
	p.rows, p.guard, c.Params, c.Mentioned = nil, nil, append([]uint32(nil), c.Declared...), nil
	return p.compileQuery(c, s, st, c.Declared)
}

func (p *insertPlan) compileGuard(c *expr.Compiler, s *Session, st *syntax.InsertStmt) error {
	q, err := guard.Parse(c, st)
	if err != nil {
		return err
	}
	if err := p.checkWidth(c, st, len(q.Items), func(i int) int { return q.Items[i].Expr.Position() }); err != nil {
		return err
	}
	row := make([]*expr.Scalar, len(q.Items))
	for i, item := range q.Items {
		if row[i], err = proposal.Value(c, item.Expr, relation.Events, p.columns[i], s.effective.imports); err != nil {
			return err
		}
	}
	p.rows = [][]*expr.Scalar{row}
	p.guard, err = guard.Compile(c, q, s.path)
	return err
}

// ask asks the guard as of now.
func (p *insertPortal) ask(ctx context.Context) (open bool, err error) {
	s, g := p.s, p.plan.guard
	t := guard.Terms{Host: s, Params: p.params, Types: p.plan.params, Before: s.before(), Staged: len(s.tx.Staged)}
	return g.Ask(ctx, &t)
}

// restsOn appends what an append at once rests on.
func (p *insertPortal) restsOn(out []engine.Condition) []engine.Condition {
	if g := p.plan.guard; g != nil {
		return append(out, engine.Condition{Kind: engine.PremiseHolds, Position: g.Before(), Premise: g})
	}
	for _, r := range p.readings {
		if !failpoint.On(failpoint.GuardUnread) {
			out = r.Condition(out)
		}
	}
	return out
}

// leave has the transaction keep what has decided about rows that are staged, or that there are none. Where the transaction is not SERIALIZABLE, that goes with
// what is staged.
func (p *insertPortal) leave(staged bool) error {
	t := &p.s.tx
	set := &t.guards
	if p.s.serializes() {
		set = &t.readings
	} else if !staged {
		return nil
	}
	if g := p.plan.guard; g != nil {
		own, err := p.s.seen(0)
		if err != nil {
			return err
		}
		p.readings = g.Readings(own)
	}
	for _, r := range p.readings {
		if err := p.s.keep(set, r); err != nil {
			return err
		}
	}
	return nil
}

// maxAttempts bounds how often it is asked again whether a row is to be appended, where the answer cannot be carried on.
const maxAttempts = 5

// decidesAgain tells whether an append at once has failed because what decides about it has to be asked again. Nobody is told of that.
func (p *insertPortal) decidesAgain(err error) bool {
	if err == nil {
		return false
	}
	p.attempts++
	conflict := p.plan.guard == nil && p.readings != nil && errors.As(err, new(*reading.Conflict))
	if p.attempts >= maxAttempts || !conflict && !errors.Is(err, guard.ErrStale) {
		return false
	}
	if t := &p.s.tx; t.looked == t.statements { // what was set before stays
		t.snapshot = -1
	}
	p.s.tx.enter(p.s)
	p.readings = nil
	p.pending, p.collected, p.count = nil, nil, 0
	return true
}

// rowEvents builds the events of VALUES.
func (p *insertPortal) rowEvents(b *proposal.Builder) ([]engine.ProposedEvent, error) {
	s := p.s
	e := expr.Env{Host: s, Params: p.params}
	events := s.newEvents(len(p.plan.rows))
	// What is too large is told by the append; expressions that make it do not go on for long.
	made, limit := 0, 4*s.server.store.Limits().AppendBytes
	for i, row := range p.plan.rows {
		if i%read.RowsPace == read.RowsPace-1 {
			if err := s.Pace(); err != nil {
				return nil, err
			}
		}
		if err := b.Event(&e, row, &events[i]); err != nil {
			return nil, err
		}
		if made += len(events[i].Payload) + len(events[i].Metadata) + len(events[i].Stream) + len(events[i].Type); made > limit {
			return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "the INSERT is too large: more than %d bytes", limit/4).
				WithHint("One statement is one atomic append. Insert fewer rows at a time, or use COPY.")
		}
	}
	return events, nil
}

// sendCollected sends the rows of RETURNING that the worker has made.
func (p *insertPortal) sendCollected(ctx context.Context, out *pgwire.Output, limit int64) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "INSERT 0"}
	for ; p.at < len(p.collected); p.at++ {
		if limit > 0 && tag.Rows == limit {
			return tag, false, nil
		}
		if err := out.Row(ctx, p.collected[p.at]); err != nil {
			return tag, false, err
		}
		tag.Rows++
	}
	return tag, limit == 0 || tag.Rows < limit, nil
}

func (p *insertPortal) appendNow(ctx context.Context, events []engine.ProposedEvent, expected []staging.Expectation) error {
	s := p.s
	if p.plan.fallible {
		if err := p.rehearse(events); err != nil {
			return err
		}
	}
	if s.request == nil {
		s.request = new(engine.AppendRequest)
	}
	s.request.Events, s.request.ProposedAt = events, 0
	s.request.Conditions = p.restsOn(staging.Conditions(s.request.Conditions[:0], expected))
	r := s.request
	if err := s.append(ctx, r); err != nil {
		s.request, s.events, p.lost = nil, nil, true // a cancelled one may be in the queue yet
		if errors.Is(err, guard.ErrUntrue) {
			return nil // by now
		}
		return err
	}
	p.durable = true
	for i := range r.Results {
		if r.Results[i].Position < 0 {
			continue
		}
		p.count++
		if p.plan.returning != nil {
			p.pending = append(p.pending, r.Recorded(i))
		}
	}
	r.Events = nil
	clear(events) // not to keep what is large
	return nil
}

// rehearse evaluates RETURNING as if the events were appended now: what fails in it must keep them from being so.
func (p *insertPortal) rehearse(events []engine.ProposedEvent) error {
	s := p.s
	e := expr.Env{Host: s, Params: p.params}
	counts := map[uuid.UUID]int64{}
	next := s.server.index.GlobalPosition() + 1
	var v pgvalue.Value
	for i := range events {
		id := events[i].StreamID
		counts[id]++
		event := staging.Recorded(&events[i], next+int64(i), s.server.index.StreamVersion(id)+counts[id], s.statementTime)
		if events[i].Timed {
			event.RecordedAt = events[i].GivenAt
		}
		e.Row.Event = &event
		for _, item := range p.plan.returning {
			if err := item.Eval(&e, &v); err != nil {
				return err
			}
		}
	}
	return nil
}

// newEvents returns so many zero events, which are the statement's alone.
func (s *Session) newEvents(n int) []engine.ProposedEvent {
	if n > 128 {
		return make([]engine.ProposedEvent, n)
	}
	if cap(s.events) < n {
		s.events = make([]engine.ProposedEvent, n)
	}
	s.events = s.events[:n]
	clear(s.events)
	return s.events
}

// appendStaged adds the events to what the transaction has staged.
func (p *insertPortal) appendStaged(events []engine.ProposedEvent, expected []staging.Expectation) error {
	s := p.s
	if err := s.tx.CheckPin(); err != nil {
		return err
	}
	results, err := s.stage(events, expected)
	if err != nil {
		return err
	}
	first := int64(0)
	if p.plan.returnsPosition {
		if first, err = s.tx.PinPosition(); err != nil {
			return err
		}
	}
	for i := range events {
		if results[i].Position < 0 {
			continue
		}
		p.count++
		if p.plan.returning == nil {
			continue
		}
		if p.plan.returnsVersion {
			s.tx.Streams[events[i].StreamID].Pinned = true
		}
		p.pending = append(p.pending, s.tx.Recorded(int(results[i].Position), first+results[i].Position, results[i].Version))
	}
	return nil
}

func (p *insertPlan) describe(ctx context.Context, s *Session, _ *syntax.Parsed, _ []pgvalue.Value) (*explain.Node, error) {
	if err := s.mayInsert(p.reads || p.returned != nil); err != nil {
		return nil, err
	}
	if p.query != nil {
		if err := s.mayRun(ctx, p.query); err != nil {
			return nil, err
		}
	}
	n := explain.Append(len(p.rows))
	if p.guard != nil {
		n.Guard = "(" + p.guard.Text + ")"
	}
	if p.query == nil {
		return n, nil
	}
	return n, s.retryLost(func() error {
		d, err := s.describeAnalytic(ctx, p.query)
		if err == nil && d.Uses.Guarded {
			n.Guard = "asked of the worker"
		}
		return err
	})
}
