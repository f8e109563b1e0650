package query

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/guard"
	"github.com/eventgres/eventgres/query/proposal"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/staging"
	"github.com/eventgres/eventgres/query/syntax"
)

// toldEvents is what the worker has been told of the transaction's staged events, on one connection. It
// is told each once, when the first statement that may see it runs.
type toldEvents struct {
	events int
	bases  map[uuid.UUID]int64 // versions before the transaction's events, as they were told
}

// stagedView tells the worker what it does not know yet of the first n staged events, and says what a
// statement sees of them; nil: nothing. What the statement may tell the client of where they will lie is
// pinned: its rows may have been counted, sorted or compared by it, so it is not known of which events.
func (s *Session) stagedView(ctx context.Context, c *analyticConn, uses analytics.Uses, n int, in *insertedView) (*analytics.Staged, error) {
	t, told := &s.tx, uses
	if n == 0 && in == nil || !uses.Events {
		return nil, nil
	}
	if in != nil && in.appended != nil {
		return in.tellAppended(ctx, c)
	}
	first := s.server.index.GlobalPosition() + 1
	if err := t.CheckPin(); err != nil {
		return nil, err
	}
	if in != nil && in.unbound {
		uses.Position, uses.Version = false, false
	}
	if uses.Position {
		t.Position = first
	}
	for id, st := range t.Streams {
		if st.Count == 0 || !uses.Version {
			continue
		}
		if err := s.tx.PinVersion(id); err != nil {
			return nil, err
		}
	}
	if err := s.tellStaged(ctx, c); err != nil {
		return nil, err
	}
	view := &analytics.Staged{First: first, Count: int64(n)}
	if in != nil {
		in.shown(s, n, view, told)
	}
	return view, nil
}

// tellStaged tells the worker the staged events that it does not know, or whose versions are others by now.
func (s *Session) tellStaged(ctx context.Context, c *analyticConn) error {
	t := &s.tx
	for id, st := range t.Streams {
		if st.Count == 0 {
			continue
		}
		s.tx.Stream(staging.StreamRef{ID: id, Name: st.Name})
		if base, ok := c.told.bases[id]; ok && base != st.Base {
			c.told = toldEvents{}
			break
		}
	}
	stage := analytics.Stage{Keep: c.told.events}
	for i := c.told.events; i < len(t.Staged); i++ {
		e := t.Recorded(i, 0, t.Version(i))
		stage.Events = append(stage.Events, stagedEvent(&e))
	}
	if len(stage.Events) == 0 {
		return nil // what it knows beyond them no statement asks for
	}
	if err := c.Stage(ctx, &stage); err != nil {
		return err
	}
	if c.told.bases == nil {
		c.told.bases = map[uuid.UUID]int64{}
	}
	for i := range stage.Events {
		id := stage.Events[i].StreamID
		c.told.bases[id] = t.Streams[id].Base
	}
	c.told.events = len(t.Staged)
	return nil
}

func stagedEvent(e *engine.RecordedEvent) analytics.StagedEvent {
	out := analytics.StagedEvent{
		StreamID: e.StreamID, Stream: e.Stream, Version: e.Version, EventID: e.EventID, Type: e.Type, Payload: e.Payload,
		Opaque: e.Opaque, Metadata: e.Metadata, RecordedAt: e.RecordedAt,
	}
	if e.Tags != nil {
		out.Tags = make([]*string, len(e.Tags))
	}
	for i := range e.Tags {
		if e.Tags[i] != engine.NullTag {
			out.Tags[i] = &e.Tags[i]
		}
	}
	return out
}

// untell forgets staged events behind the first n, of which the worker may have been told.
func (s *Session) untell(n int) {
	c := s.analytic
	if c == nil || c.told.events <= n {
		return
	}
	c.told.events = n
	if n == 0 {
		c.told = toldEvents{}
		c.Unstage()
	}
}

// maxReturned bounds the bytes of the rows of RETURNING that the worker made: the append waits for all of them.
const maxReturned = 64 << 20

// compileReturned prepares a RETURNING whose expressions the server does not know.
func (p *insertPlan) compileReturned(c *expr.Compiler, s *Session, st *syntax.InsertStmt) error {
	oids := append([]uint32(nil), c.Params...)
	for i := range oids {
		if oids[i] == 0 && c.Mentioned[i+1] {
			oids[i] = pgvalue.OIDText // as where nothing else tells
		}
	}
	alias := st.Alias
	if alias == "" {
		alias = relation.Events.Name
	}
	text, at := syntax.SelectText(c.Src, st.Returned.Pos, c.Src[st.Returned.Pos:st.Returned.End])
	text += " FROM " + analytics.InsertedSchema + "." + analytics.InsertedName + " AS " + `"` + strings.ReplaceAll(alias, `"`, `""`) + `"`
	text, at = syntax.BehindWith(st.With, c.Src, text, at)
	q, err := s.prepareText(c.Src, at, text, analytics.Preparation{Parameters: oids, Inserted: true, List: "RETURNING"})
	if err != nil {
		return err
	}
	p.returning, p.returned, p.out = nil, q, q.out
	c.Know(q.params)
	return nil
}

// appendReturning appends events and has the worker make the rows of RETURNING. It makes them before the append, since
// what goes wrong there undoes the statement; a statement that is alone is not bound to the places that it saw then:
// if the events have come elsewhere, the rows are made once more.
func (p *insertPortal) appendReturning(ctx context.Context, events []engine.ProposedEvent, expected []staging.Expectation, alone bool) error {
	s := p.s
	t := &s.tx
	before, count := s.before(), len(t.Staged)
	if err := p.appendStaged(events, expected); err != nil {
		return err
	}
	in := &insertedView{n: len(t.Staged) - count, unbound: alone}
	if in.n == 0 {
		return nil
	}
	if err := p.collect(ctx, &analyticPortal{plan: p.plan.returned, s: s, params: p.params, before: before, staged: count, opened: true, inserted: in}); err != nil || !alone {
		return err
	}
	for i := range t.Staged {
		t.Staged[i].SkipDuplicate, t.Staged[i].SkipTaken = p.plan.skip, p.plan.skipTaken // nothing has been told yet
	}
	r := s.tx.Request()
	r.Events, r.Conditions = slices.Clone(r.Events), t.readings.Conditions(p.restsOn(r.Conditions))
	err := s.append(ctx, r)
	s.end()
	if errors.Is(err, guard.ErrUntrue) {
		p.collected, p.count, err = nil, 0, nil
		return nil
	}
	if err != nil {
		return err
	}
	p.durable = true
	if in.holds(r) {
		return nil
	}
	in = &insertedView{appended: r}
	for i := range r.Results {
		if r.Results[i].Position >= 0 {
			in.n++
		}
	}
	p.collected, p.count = nil, int64(in.n)
	if in.n == 0 {
		return nil
	}
	err = p.collect(ctx, &analyticPortal{plan: p.plan.returned, s: s, params: p.params, before: before, opened: true, inserted: in})
	s.untell(0)
	return appendedAll(err)
}

// insertedView is what RETURNING sees of the events that its statement has appended.
type insertedView struct {
	n       int  // so many, behind the staged events that the statement's subqueries see
	unbound bool // what it tells is not pinned
	// appended is set once they are in the log.
	appended *engine.AppendRequest

	// What it was shown.
	first           int64
	times, versions []int64
	uses            analytics.Uses
}

// holds tells whether what was shown is what became of the events, as far as that was asked for.
func (v *insertedView) holds(r *engine.AppendRequest) bool {
	for i, result := range r.Results {
		if result.Position < 0 || v.uses.Version && result.Version != v.versions[i] {
			return false
		}
		// The metadata of an event with a time of its own depend on it.
		if (v.uses.Time || r.Events[i].Timed) && r.Time(i) != v.times[i] {
			return false
		}
	}
	return !(v.uses.Position && r.Results[0].Position != v.first)
}

// shown has a statement of the first n staged events see those that were inserted behind them.
func (v *insertedView) shown(s *Session, n int, view *analytics.Staged, uses analytics.Uses) {
	view.Inserted = int64(v.n)
	v.first, v.uses, v.times, v.versions = view.First+int64(n), uses, nil, nil
	for i := n; i < n+v.n; i++ {
		v.times, v.versions = append(v.times, s.tx.Time(i)), append(v.versions, s.tx.Version(i))
	}
}

// tellAppended tells the worker events as they are in the log, for it need not have come so far.
func (v *insertedView) tellAppended(ctx context.Context, c *analyticConn) (*analytics.Staged, error) {
	r := v.appended
	view := &analytics.Staged{First: -1, Inserted: int64(v.n)}
	stage := analytics.Stage{}
	for i := range r.Events {
		if result := r.Results[i]; result.Position >= 0 {
			if view.First < 0 {
				view.First = result.Position
			}
			e := r.Recorded(i)
			stage.Events = append(stage.Events, stagedEvent(&e))
		}
	}
	c.told = toldEvents{events: len(stage.Events)}
	return view, c.Stage(ctx, &stage)
}

// appendedAll says of an error that comes too late that the append is not undone.
func appendedAll(err error) error {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Detail = strings.TrimSpace(out.Detail + " The events are appended; what failed is RETURNING alone.")
	return &out
}

// collect keeps the rows of RETURNING.
func (p *insertPortal) collect(ctx context.Context, rows *analyticPortal) error {
	defer rows.Close()
	if err := rows.Open(ctx); err != nil {
		return err
	}
	size := 0
	for {
		ok, err := rows.Next(ctx)
		if err != nil || !ok {
			return err
		}
		row := rows.Current()
		for i := range row {
			size += 64 + len(row[i].Text) + len(row[i].Bytes) + 64*len(row[i].Array)
		}
		if size > maxReturned {
			return pgerror.Errorf(pgerror.ProgramLimitExceeded, "the rows of RETURNING have more than %d bytes", maxReturned).
				WithHint("Insert fewer rows at a time, or return less of them.")
		}
		if p.collected = append(p.collected, row); len(p.collected) > rows.inserted.n {
			return pgerror.Errorf(pgerror.FeatureNotSupported, "set-returning functions are not allowed in RETURNING")
		}
	}
}

// What the server's expressions do not know in INSERT … VALUES, RETURNING and EXECUTE is for the worker: it gets
// the lists as they are written, as those of a SELECT.

// needsWorker tells of an error that may be the server's alone: that it does not know what PostgreSQL does.
func needsWorker(err error) bool {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case pgerror.FeatureNotSupported, pgerror.SyntaxError, pgerror.UndefinedFunction, pgerror.CannotCoerce, pgerror.UndefinedObject:
		return true
	}
	return false
}

const (
	// maxValues bounds the values of a SELECT that rows are made of, below PostgreSQL's bound on a select list.
	maxValues = 1600
	// maxValueParts bounds how many there may be.
	maxValueParts = 64
)

// valuesPart is a SELECT of the values of some rows.
type valuesPart struct {
	query *analyticPlan
	rows  [][]*expr.Scalar
	only  bool // of the only row, which functions that return sets make several of
}

// compileValues prepares rows whose expressions the server does not know.
func (p *insertPlan) compileValues(c *expr.Compiler, s *Session, st *syntax.InsertStmt) error {
	rows, err := syntax.ScanRows(c.Src, st.Values.Pos, st.Values.End)
	if err != nil {
		return err
	}
	width := len(rows[0].Items)
	if err := p.checkWidth(c, st, width, func(i int) int { return rows[0].Items[i].Pos }); err != nil {
		return cmp.Or(s.syntaxOf(c, st, &rows[0]), err)
	}
	for i := range rows {
		if len(rows[i].Items) != width {
			return c.At(pgerror.Errorf(pgerror.SyntaxError, "VALUES lists must all be the same length"), rows[i].Pos)
		}
		for k, item := range rows[i].Items {
			if column := p.columns[k]; !item.Default && proposal.Assigns(column, s.effective.imports) {
				return c.At(proposal.Assigned(column), item.Pos)
			}
		}
	}
	oids := append([]uint32(nil), c.Declared...)
	per := max(maxValues/max(width, 1), 1)
	if len(rows) > per*maxValueParts {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "an INSERT with such expressions may have %d rows at most", per*maxValueParts).
			WithHint("Write INSERT … SELECT … FROM (VALUES …), or use COPY.")
	}
	for len(rows) > 0 {
		n := min(per, len(rows))
		part, err := p.compilePart(c, s, st, rows[:n], oids, len(p.parts) == 0 && len(rows) == 1)
		if err != nil {
			return err
		}
		p.parts = append(p.parts, part)
		oids = append(oids[:0], part.query.params...)
		rows = rows[n:]
	}
	c.Know(oids)
	return nil
}

// syntaxOf returns what is wrong with a row's syntax, nil if nothing is: that comes before
// how many values it has.
func (s *Session) syntaxOf(c *expr.Compiler, st *syntax.InsertStmt, row *syntax.ValueRow) error {
	if slices.ContainsFunc(row.Items, func(item syntax.ValueItem) bool { return item.Default }) {
		return nil // not a word of SELECT
	}
	text, from := syntax.SelectText(c.Src, row.Pos, c.Src[row.Pos:row.End])
	text, from = syntax.BehindWith(st.With, c.Src, text, from)
	_, err := s.prepareText(c.Src, from, text, analytics.Preparation{Parameters: append([]uint32(nil), c.Declared...), List: "VALUES"})
	var e *pgerror.Error
	if errors.As(err, &e) && e.Code == pgerror.SyntaxError {
		return err
	}
	return nil
}

func (p *insertPlan) compilePart(c *expr.Compiler, s *Session, st *syntax.InsertStmt, rows []syntax.ValueRow, oids []uint32, only bool) (valuesPart, error) {
	var list strings.Builder
	var want []uint32
	at := rows[0].Pos
	for i, row := range rows {
		if i > 0 {
			list.WriteString("," + syntax.Blank(c.Src[at:row.Pos])[1:]) // in place of what is between the parentheses
		}
		at = row.Pos
		for k, item := range row.Items {
			want = append(want, relation.Events.Columns[p.columns[k]].OID)
			if item.Default {
				list.WriteString(c.Src[at:item.Pos] + "NULL   ")
				at = item.Pos + len("DEFAULT")
			}
		}
		list.WriteString(c.Src[at:row.End])
		at = row.End
	}
	text, from := syntax.SelectText(c.Src, rows[0].Pos, list.String())
	text, from = syntax.BehindWith(st.With, c.Src, text, from)
	q, err := s.prepareText(c.Src, from, text, analytics.Preparation{Parameters: oids, Want: want, List: "VALUES", Sets: only})
	if err != nil {
		return valuesPart{}, err
	}
	part := valuesPart{query: q, only: only}
	k := 0
	for _, row := range rows {
		out := make([]*expr.Scalar, len(row.Items))
		for i, item := range row.Items {
			if !item.Default {
				if out[i], err = selectedFor(c, q, k, p.columns[i], item.Pos); err != nil {
					return part, err
				}
			}
			k++
		}
		part.rows = append(part.rows, out)
	}
	return part, nil
}

// selectedFor is the i-th value that a query has selected, as a column takes it.
func selectedFor(c *expr.Compiler, q *analyticPlan, i, column, pos int) (*expr.Scalar, error) {
	target := relation.Events.Columns[column]
	out, ok := expr.Assign(selectedScalar(q, i), target.OID, c.Zone)
	if !ok {
		return nil, c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s",
			target.Name, pgvalue.TypeName(target.OID), pgvalue.TypeName(q.out[i].OID)).
			WithHint("You will need to rewrite or cast the expression."), pos)
	}
	return out, nil
}

func selectedScalar(q *analyticPlan, i int) *expr.Scalar {
	return &expr.Scalar{OID: q.out[i].OID, Column: -1, Eval: func(e *expr.Env, v *pgvalue.Value) error {
		*v = e.Selected[i]
		return nil
	}}
}

// selectedRow runs a query that has one row, and returns that.
func (s *Session) selectedRow(ctx context.Context, q *analyticPlan, params []pgvalue.Value) ([]pgvalue.Value, error) {
	rows := &analyticPortal{plan: q, s: s, params: params}
	defer rows.Close()
	if err := rows.Open(ctx); err != nil {
		return nil, err
	}
	ok, err := rows.Next(ctx)
	if err == nil && !ok {
		err = pgerror.Errorf(pgerror.InternalError, "the values have no row")
	}
	if err != nil {
		return nil, err
	}
	row := slices.Clone(rows.Current())
	if ok, err = rows.Next(ctx); err == nil && ok {
		err = pgerror.Errorf(pgerror.FeatureNotSupported, "set-returning functions are not allowed in %s", q.prep.List)
	}
	return row, err
}

// valueEvents builds the events of rows whose expressions the worker evaluates.
func (p *insertPortal) valueEvents(ctx context.Context, b *proposal.Builder) ([]engine.ProposedEvent, error) {
	e := expr.Env{Host: p.s, Params: p.params}
	var events []engine.ProposedEvent
	for _, part := range p.plan.parts {
		if part.only {
			return p.selected(ctx, b, part.query, part.rows[0])
		}
		var err error
		if e.Selected, err = p.s.selectedRow(ctx, part.query, p.params); err != nil {
			return nil, err
		}
		for _, row := range part.rows {
			var event engine.ProposedEvent
			if err := b.Event(&e, row, &event); err != nil {
				return nil, err
			}
			events = append(events, event)
		}
	}
	return events, nil
}

// compileQuery prepares the query of INSERT … SELECT, which the worker answers, and the
// conversions of its columns to those of events.
func (p *insertPlan) compileQuery(c *expr.Compiler, s *Session, st *syntax.InsertStmt, oids []uint32) error {
	var want []uint32
	for _, i := range p.columns {
		want = append(want, relation.Events.Columns[i].OID)
	}
	var q *analyticPlan
	var err error
	if st.With == nil {
		q, err = s.prepareAnalytic(st.From.Src, st.From.Pos, st.From.End, analytics.Preparation{Parameters: oids, Want: want, Mentions: true})
	} else {
		before, query, after := "", c.Src[st.From.Pos:st.From.End], ""
		if t, err := (&syntax.Lexer{Src: query}).Next(); err == nil && t.Kind == syntax.TokIdent && t.Text == "with" {
			before, after = "SELECT * FROM (", ") AS q" // a query has one WITH alone
		}
		text, at := syntax.BehindWith(st.With, c.Src, before+query+after, syntax.BackBy(c.Src, st.From.Pos, len(before)))
		q, err = s.prepareText(c.Src, at, text, analytics.Preparation{Parameters: oids, Want: want, Mentions: true})
	}
	if errors.Is(err, errNoWorker) {
		return syntax.UnsupportedError(c.Src, &syntax.Unsupported{What: "INSERT … SELECT", Pos: st.From.Pos})
	}
	if err != nil {
		return err
	}
	width := len(q.out)
	if err := p.checkWidth(c, st, width, func(int) int { return -1 }); err != nil {
		return err
	}
	row := make([]*expr.Scalar, width)
	for i, column := range p.columns {
		if proposal.Assigns(column, s.effective.imports) {
			return proposal.Assigned(column).WithHint("Leave the column out; a SELECT has no DEFAULT.")
		}
		if row[i], err = selectedFor(c, q, i, column, -1); err != nil {
			return err
		}
	}
	p.query, p.rows = q, [][]*expr.Scalar{row}
	c.Know(q.params)
	return nil
}

// selected builds the events of a query's rows: of all, since they are one append.
func (p *insertPortal) selected(ctx context.Context, b *proposal.Builder, query *analyticPlan, row []*expr.Scalar) ([]engine.ProposedEvent, error) {
	rows := &analyticPortal{plan: query, s: p.s, params: p.params, held: p.s.conn.NewShare()}
	defer rows.Close()
	if err := rows.Open(ctx); err != nil {
		return nil, err
	}
	if rows.uses.Guarded { // what it reads is held against the append itself
		rows.noted = true
		var err error
		if p.readings, err = rows.readings(); err != nil {
			return nil, err
		}
	}
	limits := p.s.server.store.Limits()
	e := expr.Env{Host: p.s, Params: p.params}
	var events []engine.ProposedEvent
	size := 0
	for {
		ok, err := rows.Next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			return events, nil
		}
		e.Selected = rows.Current()
		var event engine.ProposedEvent
		if err := b.Event(&e, row, &event); err != nil {
			return nil, err
		}
		if size += event.StoredSize(); size > limits.AppendBytes || len(events) == syntax.MaxRows {
			return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "the INSERT is too large: more than %d events or %d bytes", syntax.MaxRows, limits.AppendBytes).
				WithHint("One statement is one atomic append. Insert fewer rows at a time, or use COPY.")
		}
		events = append(events, event)
	}
}

// Select implements [messagedb.Host]: it has the worker answer a query.
func (s *Session) Select(query string, oids []uint32, params []pgvalue.Value) (func() ([]pgvalue.Value, error), error) {
	if s.worker() == nil {
		return nil, syntax.UnsupportedError(query, &syntax.Unsupported{What: "this condition"})
	}
	if err := syntax.CheckComplexity(query, 0, len(query), s.Pace); err != nil {
		return nil, err
	}
	path := s.path
	s.path = searchpath.WithMessageStore(path)
	defer func() { s.path = path }()
	p, err := s.prepareWith(query, 0, query, analytics.Preparation{Parameters: oids})
	if err != nil {
		return nil, err
	}
	portal, err := p.bind(s, params)
	if err != nil {
		return nil, err
	}
	a := portal.(*analyticPortal)
	if err := a.Open(s.ctx); err != nil {
		a.Close()
		return nil, err
	}
	return func() ([]pgvalue.Value, error) {
		more, err := a.Next(s.ctx)
		if err != nil || !more {
			a.Close()
			s.analytic.forget(p)
			return nil, err
		}
		return a.Current(), nil
	}, nil
}
