package read

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/staging"
)

// EventSource yields committed events; engine.Cursor is one.
type EventSource interface {
	Next(ctx context.Context) bool
	Event() *engine.RecordedEvent
	Err() error
}

// MaxMerge bounds the streams that are read side by side, each with a buffer; a longer
// list is answered by scanning the log.
const MaxMerge = 256

// openRows opens the rows that WHERE keeps, as of a snapshot, and with what the
// transaction has staged.
func (p *Plan) openRows(ctx context.Context, src *Source, e *expr.Env, before int64, known *engine.Lookups) (rowSource, error) {
	if p.Rel == relation.Health {
		return &healthRows{health: src.Health(), filter: p.where, e: e}, nil
	}
	if p.Rel.Roles {
		return p.openRoles(src, e)
	}
	if p.Rel.Served {
		return p.openServed(src, e)
	}
	if p.Rel == relation.Streams {
		return p.openStreams(ctx, src, e, before)
	}
	if p.ByStream {
		if src.Seen != nil { // how many a stream has is no answer then: who plans knows that
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "cached plan must not change result type")
		}
		return p.openGroups(ctx, src, e, before)
	}
	committed, filter, err := p.openEvents(ctx, src, e, before, known)
	if err != nil {
		return nil, err
	}
	rows := &eventRows{source: committed, seen: src.Seen, filter: filter, e: e}
	if e.Staged == 0 {
		return rows, nil
	}
	staged, err := p.stagedRows(src, e)
	if err != nil {
		return nil, err
	}
	tail := &stagedSource{events: staged}
	if p.Desc {
		slices.Reverse(tail.events)
		return &chain{tail, rows}, nil
	}
	return &chain{rows, tail}, nil
}

// openEvents opens the committed events by the plan's access path, and returns what is
// left to be checked of each. known may be nil.
func (p *Plan) openEvents(ctx context.Context, src *Source, e *expr.Env, before int64, known *engine.Lookups) (EventSource, *expr.Scalar, error) {
	none := &engine.Cursor{}
	options := engine.Forward(0)
	options.Backward, options.Before = p.Desc, before
	index := src.Index
	if p.Access.Kind == AccessLog || p.Access.Kind == AccessStream || p.Access.Kind == AccessKeys {
		r, empty, err := p.Access.Bounds(ctx, src, e)
		if err != nil || empty {
			return none, nil, err
		}
		options.From, options.To = r.Lo, r.Hi
		if p.Access.Kind == AccessLog {
			if q, ok := seenQuery(src, e); ok {
				return index.Find(q, options, known), p.Residual, nil
			}
			return index.ReadAll(options), p.Residual, nil
		}
	}
	if p.Access.Kind == AccessKeys {
		q, ok, err := p.Access.Query(index, e)
		if err != nil || !ok {
			return index.ReadAll(options), p.Residual, err
		}
		return index.Find(q, options, known), p.Residual, nil
	}
	ids, names, err := p.Access.Keys(e)
	if err != nil || len(ids) == 0 {
		return none, nil, err
	}
	switch {
	case p.Access.Kind == AccessStream:
		return namedOnly(index.ReadStream(ids[0], options), names), p.Residual, nil
	case p.Access.Kind == AccessEvents:
		source, err := eventsByID(ctx, e.Look, index, ids, options)
		return source, p.Residual, err
	case len(ids) > MaxMerge:
		return index.ReadAll(options), p.where, nil
	}
	m := &mergeSource{backward: p.Desc}
	for _, id := range ids {
		m.sources = append(m.sources, namedOnly(index.ReadStream(id, options), names))
	}
	return m, p.Residual, nil
}

// namedOnly: a stream that was begun without a name is not found by one.
func namedOnly(c *engine.Cursor, names map[uuid.UUID]string) EventSource {
	if names == nil {
		return c
	}
	return &namedSource{Cursor: c}
}

type namedSource struct{ *engine.Cursor }

func (n *namedSource) Next(ctx context.Context) bool {
	return n.Cursor.Next(ctx) && n.Event().Stream != ""
}

// eventsByID reads events by their ids, in the order of positions.
func eventsByID(ctx context.Context, pace func() error, index *engine.ReadIndex, ids []uuid.UUID, o engine.ReadOptions) (EventSource, error) {
	var positions []int64
	for i, id := range ids {
		if i%RowsPace == RowsPace-1 {
			if err := pace(); err != nil {
				return nil, err
			}
		}
		position, err := index.FindEvent(ctx, id)
		if err != nil {
			return nil, err
		}
		if position >= o.From && position < o.Before {
			positions = append(positions, position)
		}
	}
	slices.Sort(positions)
	if o.Backward {
		slices.Reverse(positions)
	}
	return &pointSource{index: index, positions: positions}, nil
}

// pointSource reads single positions.
type pointSource struct {
	index     *engine.ReadIndex
	positions []int64
	cursor    *engine.Cursor
}

func (p *pointSource) Next(ctx context.Context) bool {
	if len(p.positions) == 0 {
		return false
	}
	o := engine.Forward(p.positions[0])
	o.Limit = 1
	p.positions = p.positions[1:]
	p.cursor = p.index.ReadAll(o)
	return p.cursor.Next(ctx)
}

func (p *pointSource) Event() *engine.RecordedEvent { return p.cursor.Event() }
func (p *pointSource) Err() error {
	if p.cursor == nil {
		return nil
	}
	return p.cursor.Err()
}

// mergeSource reads several streams in the order of positions.
type mergeSource struct {
	sources  []EventSource
	backward bool
	began    bool
	current  int
	err      error
}

func (m *mergeSource) advance(ctx context.Context, i int) {
	if m.sources[i].Next(ctx) {
		return
	}
	if err := m.sources[i].Err(); err != nil {
		m.err = err
	}
	m.sources[i] = nil
}

func (m *mergeSource) Next(ctx context.Context) bool {
	if !m.began {
		m.began = true
		for i := range m.sources {
			m.advance(ctx, i)
		}
	} else {
		m.advance(ctx, m.current)
	}
	m.sources = slices.DeleteFunc(m.sources, func(s EventSource) bool { return s == nil })
	if m.err != nil || len(m.sources) == 0 {
		return false
	}
	m.current = 0
	for i, s := range m.sources {
		a, b := s.Event().Position, m.sources[m.current].Event().Position
		if a < b != m.backward && a != b {
			m.current = i
		}
	}
	return true
}

func (m *mergeSource) Event() *engine.RecordedEvent { return m.sources[m.current].Event() }
func (m *mergeSource) Err() error                   { return m.err }

// eventRows filters events.
type eventRows struct {
	source EventSource
	seen   *policy.Seen
	filter *expr.Scalar
	e      *expr.Env
	n      int // rows that were looked at
	atEnd  func() error
}

// watchEnd has rows call f when the end of the committed events is met.
func watchEnd(rows rowSource, f func() error) {
	switch r := rows.(type) {
	case *chain:
		watchEnd(r.first, f)
	case *eventRows:
		r.atEnd = f
	}
}

// RowsPace is how many rows are looked at in between.
const RowsPace = 16

func (r *eventRows) Next(ctx context.Context, out *relation.Row) (bool, error) {
	for r.source.Next(ctx) {
		if r.n++; r.n%RowsPace == 0 {
			if err := r.e.Look(); err != nil {
				return false, err
			}
		}
		out.Event = r.source.Event()
		if r.seen != nil {
			if ok, err := r.seen.Sees(r.e, out.Event); err != nil {
				return false, err
			} else if !ok {
				continue
			}
		}
		if ok, err := r.e.Meets(r.filter); ok || err != nil {
			return ok, err
		}
	}
	err := r.source.Err()
	if err == nil && r.atEnd != nil {
		err = r.atEnd()
	}
	return false, err
}

// chain yields one source's rows after the other's.
type chain struct{ first, second rowSource }

func (c *chain) Next(ctx context.Context, out *relation.Row) (bool, error) {
	if c.first != nil {
		ok, err := c.first.Next(ctx, out)
		if ok || err != nil {
			return ok, err
		}
		c.first = nil
	}
	return c.second.Next(ctx, out)
}

// stagedSource yields events that the transaction has staged.
type stagedSource struct {
	events []engine.RecordedEvent
	at     int
}

func (s *stagedSource) Next(_ context.Context, out *relation.Row) (bool, error) {
	if s.at == len(s.events) {
		return false, nil
	}
	out.Event = &s.events[s.at]
	s.at++
	return true, nil
}

// stagedRows returns the transaction's own events that WHERE keeps, and pins what the
// statement tells of them.
func (p *Plan) stagedRows(src *Source, e *expr.Env) ([]engine.RecordedEvent, error) {
	t := src.Batch
	first := src.Index.GlobalPosition() + 1
	if err := t.CheckPin(); err != nil {
		return nil, err
	}
	var out []engine.RecordedEvent
	var v pgvalue.Value
	for i := range e.Staged {
		ev := t.Recorded(i, first+int64(i), t.Version(i))
		keep := true
		if i%RowsPace == RowsPace-1 {
			if err := e.Look(); err != nil {
				return nil, err
			}
		}
		if src.Seen != nil {
			if keep, err := src.Seen.Sees(e, &ev); err != nil {
				return nil, err
			} else if !keep {
				continue
			}
		}
		if p.where != nil {
			e.Row.Event = &ev
			if err := p.where.Eval(e, &v); err != nil {
				return nil, err
			}
			keep = v.Kind == pgvalue.KindBool && v.Bool()
		}
		if !keep {
			continue
		}
		if p.usesVersion {
			if err := src.Batch.PinVersion(ev.StreamID); err != nil {
				return nil, err
			}
			if now := src.Batch.Version(i); now != ev.Version { // somebody appended while WHERE looked at it
				return nil, staging.Conflict(staging.StreamRef{ID: ev.StreamID, Name: ev.Stream}, ev.Version-t.Places[i]-1, now-t.Places[i]-1)
			}
		}
		out = append(out, ev)
	}
	if p.usesPosition && len(out) > 0 {
		t.Position = first
	}
	return out, nil
}

// healthRows yields the one row if the filter keeps it.
type healthRows struct {
	health *relation.HealthRow
	filter *expr.Scalar
	e      *expr.Env
}

func (r *healthRows) Next(_ context.Context, out *relation.Row) (bool, error) {
	if r.health == nil {
		return false, nil
	}
	out.HealthRow, r.health = r.health, nil
	if r.filter == nil {
		return true, nil
	}
	var v pgvalue.Value
	err := r.filter.Eval(r.e, &v)
	return err == nil && v.Kind == pgvalue.KindBool && v.Bool(), err
}
