package query

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// eventSource yields committed events; engine.Cursor is one.
type eventSource interface {
	Next(ctx context.Context) bool
	Event() *engine.RecordedEvent
	Err() error
}

// maxMerge bounds the streams that are read side by side, each with a buffer; a longer
// list is answered by scanning the log.
const maxMerge = 256

// openRows opens the rows that WHERE keeps, as of a snapshot, and with what the
// transaction has staged.
func (p *selectPlan) openRows(ctx context.Context, s *Session, e *env, before int64) (rowSource, error) {
	if p.rel == healthRelation {
		return &healthRows{health: s.server.health(), filter: p.where, e: e}, nil
	}
	if p.rel == streamsRelation {
		return p.openStreams(ctx, s, e, before)
	}
	if p.byStream {
		return p.openGroups(ctx, s, e, before)
	}
	committed, filter, err := p.openEvents(ctx, s, e, before)
	if err != nil {
		return nil, err
	}
	rows := &eventRows{source: committed, filter: filter, e: e}
	if e.staged == 0 {
		return rows, nil
	}
	staged, err := p.stagedRows(s, e)
	if err != nil {
		return nil, err
	}
	tail := &stagedSource{events: staged}
	if p.desc {
		slices.Reverse(tail.events)
		return &chain{tail, rows}, nil
	}
	return &chain{rows, tail}, nil
}

// openEvents opens the committed events by the plan's access path, and returns what is
// left to be checked of each.
func (p *selectPlan) openEvents(ctx context.Context, s *Session, e *env, before int64) (eventSource, *scalar, error) {
	none := &engine.Cursor{}
	options := engine.Forward(0)
	options.Backward, options.Before = p.desc, before
	index := s.server.index
	if p.access.kind == accessLog || p.access.kind == accessStream {
		r, empty, err := p.access.bounds(ctx, s, e)
		if err != nil || empty {
			return none, nil, err
		}
		options.From, options.To = r.lo, r.hi
		if p.access.kind == accessLog {
			return index.ReadAll(options), p.residual, nil
		}
	}
	ids, names, err := p.access.keys(e)
	if err != nil || len(ids) == 0 {
		return none, nil, err
	}
	switch {
	case p.access.kind == accessStream:
		return namedOnly(index.ReadStream(ids[0], options), names), p.residual, nil
	case p.access.kind == accessEvents:
		source, err := eventsByID(ctx, index, ids, options)
		return source, p.residual, err
	case len(ids) > maxMerge:
		return index.ReadAll(options), p.where, nil
	}
	m := &mergeSource{backward: p.desc}
	for _, id := range ids {
		m.sources = append(m.sources, namedOnly(index.ReadStream(id, options), names))
	}
	return m, p.residual, nil
}

// namedOnly: a stream that was begun without a name is not found by one.
func namedOnly(c *engine.Cursor, names map[uuid.UUID]string) eventSource {
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
func eventsByID(ctx context.Context, index *engine.ReadIndex, ids []uuid.UUID, o engine.ReadOptions) (eventSource, error) {
	var positions []int64
	for _, id := range ids {
		position, err := index.FindEvent(ctx, id)
		if err != nil {
			return nil, err
		}
		if position >= 0 && position < o.Before {
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
	sources  []eventSource
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
	m.sources = slices.DeleteFunc(m.sources, func(s eventSource) bool { return s == nil })
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
	source eventSource
	filter *scalar
	e      *env
}

func (r *eventRows) next(ctx context.Context, out *row) (bool, error) {
	for r.source.Next(ctx) {
		out.event = r.source.Event()
		if ok, err := r.e.meets(r.filter); ok || err != nil {
			return ok, err
		}
	}
	return false, r.source.Err()
}

// meets tells whether the current row meets a condition; nil is none.
func (e *env) meets(condition *scalar) (bool, error) {
	if condition == nil {
		return true, nil
	}
	v := &e.met
	err := condition.eval(e, v)
	return err == nil && v.Kind == pgwire.KindBool && v.Bool(), err
}

// chain yields one source's rows after the other's.
type chain struct{ first, second rowSource }

func (c *chain) next(ctx context.Context, out *row) (bool, error) {
	if c.first != nil {
		ok, err := c.first.next(ctx, out)
		if ok || err != nil {
			return ok, err
		}
		c.first = nil
	}
	return c.second.next(ctx, out)
}

// stagedSource yields events that the transaction has staged.
type stagedSource struct {
	events []engine.RecordedEvent
	at     int
}

func (s *stagedSource) next(_ context.Context, out *row) (bool, error) {
	if s.at == len(s.events) {
		return false, nil
	}
	out.event = &s.events[s.at]
	s.at++
	return true, nil
}

// stagedRows returns the transaction's own events that WHERE keeps, and pins what the
// statement tells of them.
func (p *selectPlan) stagedRows(s *Session, e *env) ([]engine.RecordedEvent, error) {
	t := &s.tx
	first := s.server.index.GlobalPosition() + 1
	if err := t.checkPin(first); err != nil {
		return nil, err
	}
	var out []engine.RecordedEvent
	var v pgwire.Value
	if p.filtersTime {
		return nil, errStagedTime
	}
	for i := range e.staged {
		ev := recorded(&t.staged[i], first+int64(i), s.stagedVersion(i), 0)
		keep := true
		if p.where != nil {
			e.row.event = &ev
			if err := p.where.eval(e, &v); err != nil {
				return nil, err
			}
			keep = v.Kind == pgwire.KindBool && v.Bool()
		}
		if !keep {
			continue
		}
		if p.usesTime {
			return nil, errStagedTime
		}
		if p.usesVersion {
			t.streams[ev.StreamID].pinned = true
		}
		out = append(out, ev)
	}
	if p.usesPosition && len(out) > 0 {
		t.position = first
	}
	return out, nil
}
