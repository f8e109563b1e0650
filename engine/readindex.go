package engine

import (
	"context"
	"errors"
	"sort"

	"github.com/google/uuid"
)

// ReadIndex is the shared read-only view of what is committed: durable, and never to
// change. All methods may be called concurrently, and with appends.
type ReadIndex struct{ log *EventLog }

// GlobalPosition returns the position of the newest committed event, -1 if there is
// none.
func (r *ReadIndex) GlobalPosition() int64 { return r.log.committed.Load() - 1 }

// StreamVersion returns the version of a stream's newest event, -1 if there is no
// such stream.
func (r *ReadIndex) StreamVersion(stream uuid.UUID) int64 {
	e, _ := r.log.stream(stream)
	return int64(e.count) - 1
}

// VersionBelow returns the version of a stream's newest event below a position, -1 if there is none.
func (r *ReadIndex) VersionBelow(stream uuid.UUID, position int64) (int64, error) {
	e, ok := r.log.stream(stream)
	if !ok || position <= 0 {
		return -1, nil
	}
	return r.log.versionBelow(e, position)
}

// StreamName returns a stream's name, empty if it has none; ok is false if there is no such stream.
func (r *ReadIndex) StreamName(id uuid.UUID) (name string, ok bool, err error) {
	if _, ok = r.log.stream(id); ok {
		name, err = r.log.streamName(id)
	}
	return name, ok, err
}

// ReadStream returns the events of a stream in the order of their versions.
func (r *ReadIndex) ReadStream(stream uuid.UUID, o ReadOptions) *Cursor {
	return r.log.readStream(stream, o)
}

// Behind tells what a node lacks that has the events below a position: how many bytes of the log, and when the first of them was recorded, µs since the Unix
// epoch; zeros if it lacks nothing.
func (r *ReadIndex) Behind(position int64) (bytes, recordedAt int64, err error) {
	l := r.log
	last := l.committed.Load() - 1
	if position > last {
		return 0, 0, nil
	}
	var e RecordedEvent
	if err := l.headerAt(position, &e); err != nil {
		return 0, 0, err
	}
	from, err := l.placeAt(position)
	if err != nil {
		return 0, 0, err
	}
	to, err := l.placeAt(last)
	if err != nil {
		return 0, 0, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	bytes = int64(to.offset) - int64(from.offset)
	for n := from.seg.number; n < to.seg.number; n++ {
		bytes += l.segments[n-1].end
	}
	return bytes, e.RecordedAt, nil
}

// ReadAll returns the events of the log in the order of their positions.
func (r *ReadIndex) ReadAll(o ReadOptions) *Cursor { return r.log.readAll(o) }

// FindEvent returns the position of the event with the given id, -1 if there is none.
func (r *ReadIndex) FindEvent(ctx context.Context, id uuid.UUID) (int64, error) {
	if err := ctx.Err(); err != nil {
		return -1, err
	}
	return r.log.findEvent(id, 0)
}

// NewestTime is when the newest event was recorded, µs since the Unix epoch; without one, before every time.
func (r *ReadIndex) NewestTime() int64 {
	if r.log.committed.Load() == 0 {
		return noTime
	}
	return r.log.recordedAt.Load()
}

// PositionAt returns the first position whose event was recorded at or after a time
// (µs since the Unix epoch), or the position after the newest event if none was.
// Recorded times never decrease along the log, so this is a binary search.
func (r *ReadIndex) PositionAt(ctx context.Context, micros int64) (int64, error) {
	lo, hi := int64(0), r.log.committed.Load()
	var e RecordedEvent
	for lo < hi {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		mid := lo + (hi-lo)/2
		if err := r.log.headerAt(mid, &e); err != nil {
			return 0, err
		}
		if e.RecordedAt < micros {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, nil
}

// StreamInfo describes a stream as of a moment.
type StreamInfo struct {
	StreamID      uuid.UUID
	Stream        string // name, empty if unnamed
	Version       int64  // current
	FirstPosition int64
	LastPosition  int64
	CreatedAt     int64 // recorded_at of the first event, µs since the Unix epoch
	UpdatedAt     int64 // of the newest
}

// Stream describes a stream by its events below a position; ok is false if it has
// none.
func (r *ReadIndex) Stream(ctx context.Context, id uuid.UUID, before int64) (info StreamInfo, ok bool, err error) {
	newest := Backward(maxInt64)
	newest.Before = before
	c := r.oneEvent(id, newest)
	if !c.Next(ctx) {
		return info, false, c.Err()
	}
	e := c.Event()
	info = StreamInfo{
		StreamID: id, Stream: e.Stream, Version: e.Version,
		FirstPosition: e.Position, LastPosition: e.Position, CreatedAt: e.RecordedAt, UpdatedAt: e.RecordedAt,
	}
	if e.Version == 0 {
		return info, true, nil
	}
	if c = r.oneEvent(id, Forward(0)); !c.Next(ctx) {
		return info, false, c.Err()
	}
	info.FirstPosition, info.CreatedAt = c.Event().Position, c.Event().RecordedAt
	return info, true, nil
}

// oneEvent returns a cursor over the first event of a stream that the options are for, without what may
// be packed.
func (r *ReadIndex) oneEvent(id uuid.UUID, o ReadOptions) *Cursor {
	o.Limit = 1
	c := r.log.readStream(id, o)
	c.headerOnly = true
	return c
}

// StreamCount returns the number of streams.
func (r *ReadIndex) StreamCount() int64 {
	n, _ := r.streamCount()
	return n
}

func (r *ReadIndex) streamCount() (n, committed int64) {
	r.log.mu.RLock()
	defer r.log.mu.RUnlock()
	return int64(r.log.streams.len()), r.log.committed.Load()
}

// StreamsBelow returns the number of streams that have an event below a position.
func (r *ReadIndex) StreamsBelow(ctx context.Context, before int64) (int64, error) {
	n, committed := r.streamCount()
	if before >= committed {
		return n, nil
	}
	var failed error
	// They are in the order in which they began.
	below := sort.Search(int(n), func(i int) bool {
		c := r.oneEvent(r.Streams(nil, int64(i), 1)[0], Forward(0))
		if failed != nil || !c.Next(ctx) {
			failed = errors.Join(failed, c.Err())
			return true
		}
		return c.Event().Position >= before
	})
	return int64(below), failed
}

// StreamVersion is the version of a stream as of a moment, -1 before its first event.
type StreamVersion struct {
	StreamID uuid.UUID
	Version  int64
}

// Versions appends to out up to n streams with their versions below a position, in the order in which they
// began, from the i-th on. Memory knows the newest version of each; the index is asked for those alone
// that have newer ones.
func (r *ReadIndex) Versions(ctx context.Context, out []StreamVersion, i int64, n int, before int64) ([]StreamVersion, error) {
	start := len(out)
	var newer map[int]streamEntry // those, by their places in out
	r.log.mu.RLock()
	for end := min(i+int64(n), int64(r.log.streams.len())); i < end; i++ {
		e := r.log.streams.at(uint32(i))
		if !r.log.endsBelow(e, before) {
			if newer == nil {
				newer = map[int]streamEntry{}
			}
			newer[len(out)] = *e
		}
		out = append(out, StreamVersion{e.id, int64(e.count) - 1})
	}
	r.log.mu.RUnlock()
	for at, e := range newer {
		if err := ctx.Err(); err != nil {
			return out[:start], err
		}
		var err error
		if out[at].Version, err = r.log.versionBelow(e, before); err != nil {
			return out[:start], err
		}
	}
	return out, ctx.Err()
}

// Streams appends to ids those of up to n streams, in the order in which they began,
// from the i-th on.
func (r *ReadIndex) Streams(ids []uuid.UUID, i int64, n int) []uuid.UUID {
	r.log.mu.RLock()
	defer r.log.mu.RUnlock()
	for ; n > 0 && i < int64(r.log.streams.len()); i, n = i+1, n-1 {
		ids = append(ids, r.log.streams.at(uint32(i)).id)
	}
	return ids
}
