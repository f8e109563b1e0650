package read

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/staging"
)

// streamRows yields streams.
type streamRows struct {
	src    *Source
	e      *expr.Env
	before int64
	ids    []uuid.UUID // to be yielded next
	list   bool        // ids are all there are
	at     int64       // place in the store's list
	total  int64
	desc   bool
	filter *expr.Scalar
	named  bool // only streams with a name
	info   engine.StreamInfo
	n      int // streams that were looked at
	plan   *Plan
	begun  []uuid.UUID // staged, and not in the store yet
	staged map[uuid.UUID]staging.Range
}

const streamPage = 256

func (p *Plan) openStreams(ctx context.Context, src *Source, e *expr.Env, before int64) (rowSource, error) {
	r := &streamRows{src: src, e: e, before: before, desc: p.Desc, filter: p.Residual, plan: p}
	if err := src.Batch.Check(); err != nil {
		return nil, err
	}
	r.staged = src.Batch.Ranges(e.Staged)
	if p.Access.Kind != AccessLog {
		ids, names, err := p.Access.Keys(e)
		if err != nil {
			return nil, err
		}
		r.ids, r.list, r.named = ids, true, names != nil
		return r, nil
	}
	if p.KeysOnly && e.Staged == 0 && src.Seen == nil {
		return openVersions(ctx, src, e, before, p.Residual)
	}
	r.total = src.Index.StreamCount()
	for i := range e.Staged {
		id := src.Batch.Staged[i].StreamID
		if r.staged[id].First == i && src.Index.StreamVersion(id) < 0 {
			r.begun = append(r.begun, id)
		}
	}
	if p.Desc {
		slices.Reverse(r.begun)
		r.ids, r.begun = r.begun, nil
		r.at = r.total
	}
	return r, nil
}

// page fills ids with the next streams; false at the end.
func (r *streamRows) page() bool {
	switch {
	case r.list:
		return false
	case r.desc && r.at > 0:
		n := min(r.at, streamPage)
		r.at -= n
		r.ids = r.src.Index.Streams(r.ids[:0], r.at, int(n))
		slices.Reverse(r.ids)
	case !r.desc && r.at < r.total:
		r.ids = r.src.Index.Streams(nil, r.at, int(min(streamPage, r.total-r.at)))
		r.at += int64(len(r.ids))
	case len(r.begun) > 0:
		r.ids, r.begun = r.begun, nil
	default:
		return false
	}
	return true
}

func (r *streamRows) Next(ctx context.Context, out *relation.Row) (bool, error) {
	for {
		if len(r.ids) == 0 && !r.page() {
			return false, nil
		}
		if r.n++; r.n%RowsPace == 0 {
			if err := r.e.Look(); err != nil {
				return false, err
			}
		}
		id := r.ids[0]
		r.ids = r.ids[1:]
		ok, err := r.describe(ctx, id)
		if err != nil {
			return false, err
		}
		if !ok || r.named && r.info.Stream == "" {
			continue
		}
		out.Stream = &r.info
		if ok, err := r.e.Meets(r.filter); ok || err != nil {
			return ok, err
		}
	}
}

// describe puts a stream into info, with what the transaction has staged.
func (r *streamRows) describe(ctx context.Context, id uuid.UUID) (bool, error) {
	info, ok, err := r.src.Index.Stream(ctx, id, r.before)
	if err != nil {
		return false, err
	}
	r.info = info
	t := r.src.Batch
	own, staged := r.staged[id]
	if !staged {
		return r.seen(ctx, ok)
	}
	if r.plan.usesVersion {
		if err := r.src.Batch.PinVersion(id); err != nil {
			return false, err
		}
	}
	st := t.Streams[id]
	first := r.src.Index.GlobalPosition() + 1
	if !ok {
		r.info = engine.StreamInfo{StreamID: id, Stream: st.Name, FirstPosition: first + int64(own.First), CreatedAt: t.Time(own.First)}
	}
	r.info.LastPosition = first + int64(own.Last)
	r.info.Version = r.src.Batch.Version(own.Last)
	r.info.UpdatedAt = max(r.info.UpdatedAt, t.Time(own.Last))
	r.info.CreatedAt = min(r.info.CreatedAt, t.Time(own.First))
	if r.plan.usesPosition {
		t.Position = first
	}
	return r.seen(ctx, true)
}

// seen tells whether the reader sees the stream in info, if there is one: an event of it. Its positions and times become those of the events
// that he sees; its version stays.
func (r *streamRows) seen(ctx context.Context, ok bool) (bool, error) {
	s := r.src.Seen
	if !ok || s == nil {
		return ok, nil
	}
	defer func() { r.e.Row.Event = nil }() // the row is a stream
	if s.PerStream {
		return s.Sees(r.e, &engine.RecordedEvent{StreamID: r.info.StreamID, Stream: r.info.Stream})
	}
	found := false
	take := func(e *engine.RecordedEvent) {
		if !found || e.Position < r.info.FirstPosition {
			r.info.FirstPosition, r.info.CreatedAt = e.Position, e.RecordedAt
		}
		if !found || e.Position > r.info.LastPosition {
			r.info.LastPosition, r.info.UpdatedAt = e.Position, e.RecordedAt
		}
		found = true
	}
	for _, backward := range []bool{false, true} {
		o := engine.Forward(0)
		o.Backward, o.Before = backward, r.before
		rows := &eventRows{source: r.src.Index.ReadStream(r.info.StreamID, o), seen: s, e: r.e}
		var row relation.Row
		there, err := rows.Next(ctx, &row)
		if err != nil {
			return false, err
		}
		if there {
			take(row.Event)
		}
	}
	first := r.src.Index.GlobalPosition() + 1
	for i := range r.e.Staged {
		own := &r.src.Batch.Staged[i]
		if own.StreamID != r.info.StreamID {
			continue
		}
		e := r.src.Batch.Recorded(i, first+int64(i), 0)
		if there, err := s.Sees(r.e, &e); err != nil {
			return false, err
		} else if there {
			take(&e)
		}
	}
	return found, nil
}

// SeesStream tells whether the reader sees an event of a stream in the log.
func (src *Source) SeesStream(ctx context.Context, e *expr.Env, id uuid.UUID) (bool, error) {
	rows := &eventRows{source: src.Index.ReadStream(id, engine.Forward(0)), seen: src.Seen, e: e}
	return rows.Next(ctx, &e.Row)
}

// versionRows yields all streams with no more than their ids and versions: memory knows them.
type versionRows struct {
	src    *Source
	e      *expr.Env
	before int64
	page   []engine.StreamVersion
	left   []engine.StreamVersion // of page
	at     int64                  // place in the store's list
	total  int64
	filter *expr.Scalar
	info   engine.StreamInfo
}

func openVersions(ctx context.Context, src *Source, e *expr.Env, before int64, filter *expr.Scalar) (rowSource, error) {
	total, err := src.Index.StreamsBelow(ctx, before)
	if err != nil {
		return nil, err
	}
	return &versionRows{src: src, e: e, before: before, total: total, filter: filter}, nil
}

func (r *versionRows) Next(ctx context.Context, out *relation.Row) (bool, error) {
	out.Stream = &r.info
	for {
		if len(r.left) == 0 {
			if r.at == r.total {
				return false, nil
			}
			n := min(streamPage, r.total-r.at)
			var err error
			if r.page, err = r.src.Index.Versions(ctx, r.page[:0], r.at, int(n), r.before); err != nil {
				return false, err
			}
			r.at += n
			r.left = r.page
			if err := r.e.Look(); err != nil {
				return false, err
			}
		}
		v := &r.left[0]
		r.left = r.left[1:]
		if v.Version < 0 {
			continue // it began later
		}
		r.info.StreamID, r.info.Version = v.StreamID, v.Version
		if ok, err := r.e.Meets(r.filter); ok || err != nil {
			return ok, err
		}
	}
}
