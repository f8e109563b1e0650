package query

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// streamRows yields streams.
type streamRows struct {
	s      *Session
	e      *env
	before int64
	ids    []uuid.UUID // to be yielded next
	list   bool        // ids are all there are
	at     int64       // place in the store's list
	total  int64
	desc   bool
	filter *scalar
	named  bool // only streams with a name
	info   engine.StreamInfo
	plan   *selectPlan
	begun  []uuid.UUID // staged, and not in the store yet
}

const streamPage = 256

// checkStaged is the error of a transaction that was told of staged events what no longer holds.
func (s *Session) checkStaged() error {
	if len(s.tx.staged) == 0 {
		return nil
	}
	return s.tx.checkPin(s.server.index.GlobalPosition() + 1)
}

func (p *selectPlan) openStreams(ctx context.Context, s *Session, e *env, before int64) (rowSource, error) {
	r := &streamRows{s: s, e: e, before: before, desc: p.desc, filter: p.residual, plan: p}
	if err := s.checkStaged(); err != nil {
		return nil, err
	}
	if p.access.kind != accessLog {
		ids, names, err := p.access.keys(e)
		if err != nil {
			return nil, err
		}
		r.ids, r.list, r.named = ids, true, names != nil
		return r, nil
	}
	if p.narrow && len(s.tx.staged) == 0 {
		return openVersions(ctx, s, e, before, p.residual)
	}
	r.total = s.server.index.StreamCount()
	seen := map[uuid.UUID]bool{}
	for i := range s.tx.staged {
		id := s.tx.staged[i].StreamID
		if !seen[id] && s.server.index.StreamVersion(id) < 0 {
			r.begun = append(r.begun, id)
		}
		seen[id] = true
	}
	if p.desc {
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
		r.ids = r.s.server.index.Streams(r.ids[:0], r.at, int(n))
		slices.Reverse(r.ids)
	case !r.desc && r.at < r.total:
		r.ids = r.s.server.index.Streams(nil, r.at, int(min(streamPage, r.total-r.at)))
		r.at += int64(len(r.ids))
	case len(r.begun) > 0:
		r.ids, r.begun = r.begun, nil
	default:
		return false
	}
	return true
}

func (r *streamRows) next(ctx context.Context, out *row) (bool, error) {
	for {
		if len(r.ids) == 0 && !r.page() {
			return false, nil
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
		out.stream = &r.info
		if ok, err := r.e.meets(r.filter); ok || err != nil {
			return ok, err
		}
	}
}

// describe puts a stream into info, with what the transaction has staged.
func (r *streamRows) describe(ctx context.Context, id uuid.UUID) (bool, error) {
	info, ok, err := r.s.server.index.Stream(ctx, id, r.before)
	if err != nil {
		return false, err
	}
	r.info = info
	t := &r.s.tx
	st := t.streams[id]
	if st == nil || st.count == 0 {
		return ok, nil
	}
	first := r.s.server.index.GlobalPosition() + 1
	for i := range t.staged {
		if t.staged[i].StreamID != id {
			continue
		}
		if !ok {
			r.info = engine.StreamInfo{StreamID: id, Stream: t.staged[i].Stream, FirstPosition: first + int64(i)}
			ok = true
		}
		r.info.LastPosition = first + int64(i)
		r.info.Version = r.s.stagedVersion(i)
	}
	switch {
	case r.plan.usesTime:
		return false, pgwire.Errorf("0A000", "created_at and updated_at are not known before the transaction commits").
			WithHint("Leave them out, or run the statement outside a transaction block.")
	case r.plan.usesPosition:
		t.position = first
	}
	if r.plan.usesVersion {
		st.pinned = true
	}
	return true, nil
}

// versionRows yields all streams with no more than their ids and versions: memory knows them.
type versionRows struct {
	s      *Session
	e      *env
	before int64
	page   []engine.StreamVersion
	left   []engine.StreamVersion // of page
	at     int64                  // place in the store's list
	total  int64
	filter *scalar
	info   engine.StreamInfo
}

func openVersions(ctx context.Context, s *Session, e *env, before int64, filter *scalar) (rowSource, error) {
	total, err := s.server.index.StreamsBelow(ctx, before)
	if err != nil {
		return nil, err
	}
	return &versionRows{s: s, e: e, before: before, total: total, filter: filter}, nil
}

func (r *versionRows) next(ctx context.Context, out *row) (bool, error) {
	out.stream = &r.info
	for {
		if len(r.left) == 0 {
			if r.at == r.total {
				return false, nil
			}
			n := min(streamPage, r.total-r.at)
			var err error
			if r.page, err = r.s.server.index.Versions(ctx, r.page[:0], r.at, int(n), r.before); err != nil {
				return false, err
			}
			r.at += n
			r.left = r.page
		}
		v := &r.left[0]
		r.left = r.left[1:]
		if v.Version < 0 {
			continue // it began later
		}
		r.info.StreamID, r.info.Version = v.StreamID, v.Version
		if ok, err := r.e.meets(r.filter); ok || err != nil {
			return ok, err
		}
	}
}
