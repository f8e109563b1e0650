package query

import (
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
	"github.com/eventgres/eventgres/query/relation"
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
	view := &analytics.Staged{First: first, Count: int64(n), RecordedAt: t.StartedAt}
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
		stage.Events = append(stage.Events, stagedEvent(&t.Staged[i], s.tx.Version(i)))
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

func stagedEvent(e *engine.ProposedEvent, version int64) analytics.StagedEvent {
	out := analytics.StagedEvent{
		StreamID: e.StreamID, Stream: e.Stream, Version: version, EventID: e.EventID, Type: e.Type, Payload: e.Payload,
		Opaque: e.Opaque, Metadata: e.Metadata,
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
	text, at := selectText(c.Src, st.Returned.Pos, c.Src[st.Returned.Pos:st.Returned.End])
	text += " FROM " + analytics.InsertedSchema + "." + analytics.InsertedName + " AS " + `"` + strings.ReplaceAll(alias, `"`, `""`) + `"`
	text, at = behindWith(st.With, c.Src, text, at)
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
	r.Events = slices.Clone(r.Events)
	err := s.append(ctx, r)
	s.end()
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
	first, time int64
	versions    []int64
	uses        analytics.Uses
}

// holds tells whether what was shown is what became of the events, as far as that was asked for.
func (v *insertedView) holds(r *engine.AppendRequest) bool {
	for i, result := range r.Results {
		if result.Position < 0 || v.uses.Version && result.Version != v.versions[i] {
			return false
		}
	}
	return !(v.uses.Position && r.Results[0].Position != v.first) && !(v.uses.Time && r.RecordedAt != v.time)
}

// shown has a statement of the first n staged events see those that were inserted behind them.
func (v *insertedView) shown(s *Session, n int, view *analytics.Staged, uses analytics.Uses) {
	view.Inserted = int64(v.n)
	v.first, v.time, v.uses, v.versions = view.First+int64(n), view.RecordedAt, uses, nil
	for i := n; i < n+v.n; i++ {
		v.versions = append(v.versions, s.tx.Version(i))
	}
}

// tellAppended tells the worker events as they are in the log, for it need not have come so far.
func (v *insertedView) tellAppended(ctx context.Context, c *analyticConn) (*analytics.Staged, error) {
	r := v.appended
	view := &analytics.Staged{First: -1, Inserted: int64(v.n), RecordedAt: r.RecordedAt}
	stage := analytics.Stage{}
	for i := range r.Events {
		if result := r.Results[i]; result.Position >= 0 {
			if view.First < 0 {
				view.First = result.Position
			}
			stage.Events = append(stage.Events, stagedEvent(&r.Events[i], result.Version))
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
