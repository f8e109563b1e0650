package staging

import (
	"context"
	"errors"
	"maps"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
)

// Batch is what a transaction has staged, and what its client has been told of it. All of it is committed as one append. A
// version or position that was told is pinned: it becomes a condition of that append.
type Batch struct {
	index     *engine.ReadIndex
	StartedAt int64 // µs since the Unix epoch: the time that its events get
	Staged    []engine.ProposedEvent
	Places    []int64 // of staged events among those of their stream
	skips     []skips // of staged events
	times     []int64 // of staged events, once one of them was given a time; before, all are StartedAt
	Size      int     // bytes that the events take in the log
	Streams   map[uuid.UUID]*Stream
	IDs       map[uuid.UUID]bool // of staged events
	newSince  int64              // none of these is in the log below this position
	Position  int64              // pinned: of the first staged event; -1 if not
	Xact      int64              // the transaction's id where it was told, 0 if not
}

// Again is an empty batch with the buffers of one that is over.
func (b *Batch) Again(index *engine.ReadIndex, startedAt int64) Batch {
	return Batch{index: index, StartedAt: startedAt, Staged: b.Staged[:0], Places: b.Places[:0], skips: b.skips[:0], times: b.times[:0], Position: -1}
}

// skips is what of an event ON CONFLICT DO NOTHING would have found.
type skips struct{ duplicate, taken bool }

// StreamRef is a stream as a statement names it.
type StreamRef struct {
	ID   uuid.UUID
	Name string
}

// Stream is a stream that the transaction has appended to, or relies on.
type Stream struct {
	Name   string
	Base   int64 // version before the transaction's events
	Count  int64 // events staged
	Pinned bool  // base is a condition of the commit
	named  bool  // its events have the name; known where nameKnown
	// nameKnown: whether it has a name is known, from the log or from the first event staged.
	nameKnown bool
}

// Next is the position that the next event of the log gets.
func (b *Batch) Next() int64 { return b.index.GlobalPosition() + 1 }

// CheckPin fails a transaction that relied on a position that somebody took.
func (b *Batch) CheckPin() error {
	next := b.Next()
	if b.Position >= 0 && b.Position != next {
		return &engine.PositionMovedError{Expected: b.Position, Actual: next}
	}
	return nil
}

// firstXact is the id of the transaction that appends the log's first event: those below PostgreSQL keeps for itself.
const firstXact = 3

// XactID gives the transaction an id, that of an append which begins at the next position. It is told, so the
// transaction can only append there: no other has the id, and ids are in the order of commits.
func (b *Batch) XactID() {
	if b.Xact == 0 {
		b.Xact = b.Next() + firstXact
	}
}

// PinPosition makes the position of the staged events part of what was told.
func (b *Batch) PinPosition() (first int64, err error) {
	if err := b.CheckPin(); err != nil {
		return 0, err
	}
	b.Position = b.Next()
	return b.Position, nil
}

// PinVersion makes a stream's version part of what was told. It fails where it was told before and has moved: the
// transaction cannot commit any more, and beside the newer events of the stream its own would be told wrong.
func (b *Batch) PinVersion(id uuid.UUID) error {
	st := b.Streams[id]
	if st.Pinned {
		if now := b.index.StreamVersion(id); now != st.Base {
			return Conflict(StreamRef{id, st.Name}, st.Base, now)
		}
		return nil
	}
	b.Stream(StreamRef{id, st.Name}) // as it is now
	st.Pinned = true
	return nil
}

// Stream returns the transaction's view of a stream, refreshed unless it is pinned.
func (b *Batch) Stream(ref StreamRef) *Stream {
	if b.Streams == nil {
		b.Streams = map[uuid.UUID]*Stream{}
	}
	st := b.Streams[ref.ID]
	if st == nil {
		st = &Stream{Name: ref.Name}
		b.Streams[ref.ID] = st
	}
	if !st.Pinned {
		st.Base = b.index.StreamVersion(ref.ID)
	}
	return st
}

// Check is checkPin where something is staged.
func (b *Batch) Check() error {
	if len(b.Staged) == 0 {
		return nil
	}
	return b.CheckPin()
}

// Stage adds one statement's events. The results of those that were left out as duplicates have Position -1; versions are known
// as far as the stream's are. It fails with errors of the engine.
func (b *Batch) Stage(ctx context.Context, limits engine.Limits, events []engine.ProposedEvent, expected []Expectation) (results []engine.EventResult, err error) {
	for i := range events {
		if err := events[i].Validate(limits); err != nil {
			return nil, err
		}
	}
	if len(b.Staged) == 0 {
		b.newSince = b.Next()
	}
	results = make([]engine.EventResult, len(events))
	if err := b.findDuplicates(ctx, events, results); err != nil {
		return nil, err
	}
	if err := b.checkExpectations(events, results, expected); err != nil {
		return nil, err
	}
	for i := range events {
		if results[i].Position < 0 {
			continue
		}
		if err := b.stageOne(&events[i], &results[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// findDuplicates gives ids to events without, and marks those whose id is known, or whose version is taken where that
// is to be skipped, Position -1, or fails.
func (b *Batch) findDuplicates(ctx context.Context, events []engine.ProposedEvent, results []engine.EventResult) error {
	var kept map[uuid.UUID]int64 // how many of the statement's events of a stream are, if that matters
	for i := range events {
		e := &events[i]
		if e.SkipTaken {
			if e.Version >= 0 && int64(e.Version) <= b.currentVersion(e.StreamID)+kept[e.StreamID] {
				results[i] = engine.EventResult{Position: -1, Version: -1}
				continue
			}
			if kept == nil {
				kept = map[uuid.UUID]int64{}
			}
		}
		made := e.GiveID()
		known := !made && b.IDs[e.EventID]
		if !made && !known {
			position, err := b.index.FindEvent(ctx, e.EventID)
			if err != nil {
				return err
			}
			known = position >= 0
		}
		switch {
		case !known:
			if b.IDs == nil {
				b.IDs = map[uuid.UUID]bool{}
			}
			b.IDs[e.EventID] = true
		case e.SkipDuplicate:
			results[i] = engine.EventResult{Position: -1, Version: -1}
		default:
			if e.Version >= 0 && int64(e.Version) <= b.currentVersion(e.StreamID) {
				return &engine.VersionTakenError{StreamID: e.StreamID, Stream: e.Stream, Version: int64(e.Version)}
			}
			return &engine.DuplicateEventError{EventID: e.EventID, Event: i}
		}
		if kept != nil && !known {
			kept[e.StreamID]++
		}
	}
	return nil
}

// currentVersion is a stream's version with what the transaction has staged.
func (b *Batch) currentVersion(id uuid.UUID) int64 {
	st := b.Stream(StreamRef{ID: id})
	return st.Base + st.Count
}

// Expect makes a stream's version, with what is staged of it, a condition of the commit. It fails where that is not so now.
func (b *Batch) Expect(stream StreamRef, version int64) error {
	st := b.Stream(stream)
	now := b.index.StreamVersion(stream.ID)
	if st.Base+st.Count != version || now != st.Base {
		return Conflict(stream, version, now+st.Count)
	}
	st.Pinned = true
	return nil
}

func (b *Batch) checkExpectations(events []engine.ProposedEvent, results []engine.EventResult, expected []Expectation) error {
	if len(expected) == 0 {
		return nil
	}
	kept := make(map[uuid.UUID]bool, len(expected)) // by stream, whether one of its events is appended
	for i := range events {
		kept[events[i].StreamID] = kept[events[i].StreamID] || results[i].Position >= 0
	}
	for _, x := range expected {
		if k, offered := kept[x.Stream.ID]; offered && !k {
			continue // all were there already
		}
		st := b.Stream(x.Stream)
		if st.Base+st.Count != x.Version {
			return Conflict(x.Stream, x.Version, st.Base+st.Count)
		}
		st.Pinned = true
	}
	return nil
}

func (b *Batch) stageOne(e *engine.ProposedEvent, result *engine.EventResult) error {
	st := b.Stream(StreamRef{e.StreamID, e.Stream})
	if err := b.nameStream(st, e); err != nil {
		return err
	}
	next := st.Base + st.Count + 1
	switch v := int64(e.Version); {
	case e.Version == engine.AnyVersion || v == next:
	case v < next:
		return &engine.VersionTakenError{StreamID: e.StreamID, Stream: e.Stream, Version: v}
	default:
		return Conflict(StreamRef{e.StreamID, e.Stream}, v-1, next-1)
	}
	result.Version = next
	result.Position = int64(len(b.Staged)) // relative, until it is pinned
	st.Count++
	// The bytes are the client's buffer, which the next message overwrites.
	b.time(e)
	staged := e.Clone()
	staged.SkipDuplicate, staged.SkipTaken = false, false // its count was told; a duplicate by then is a conflict
	b.Staged = append(b.Staged, staged)
	b.Places = append(b.Places, st.Count-1)
	b.skips = append(b.skips, skips{e.SkipDuplicate, e.SkipTaken})
	b.Size += e.StoredSize()
	return nil
}

// nameStream gives an event the name of its stream, as the writer will.
func (b *Batch) nameStream(st *Stream, e *engine.ProposedEvent) error {
	switch {
	case st.nameKnown:
	case st.Base >= 0:
		name, _, err := b.index.StreamName(e.StreamID)
		if err != nil {
			return err
		}
		st.Name, st.named, st.nameKnown = name, name != "", true
	default:
		st.Name, st.named, st.nameKnown = e.Stream, e.Stream != "", true
	}
	if e.Stream != "" && !st.named {
		return &engine.UnnamedStreamError{StreamID: e.StreamID, Stream: e.Stream}
	}
	e.Stream = st.Name
	return nil
}

// Expectation is an expected_version of a statement.
type Expectation struct {
	Stream  StreamRef
	Version int64
}

// Version is the version that a staged event will have, unless somebody else
// appends to its stream before.
func (b *Batch) Version(i int) int64 {
	e := &b.Staged[i]
	return b.Stream(StreamRef{e.StreamID, e.Stream}).Base + 1 + b.Places[i]
}

// Request is the append of all that is staged.
func (b *Batch) Request() *engine.AppendRequest {
	// What the client may have been told is the time that the events get, unless the log has a later one.
	r := &engine.AppendRequest{Events: b.Staged, NewSince: b.newSince, ProposedAt: b.StartedAt}
	for id, st := range b.Streams {
		if st.Pinned {
			r.Conditions = append(r.Conditions, engine.Condition{
				Kind: engine.StreamAt, StreamID: id, Stream: st.Name, Version: engine.ExpectedVersion(st.Base),
			})
		}
	}
	if b.Xact > 0 && b.Xact-firstXact != b.Position {
		r.Conditions = append(r.Conditions, engine.Condition{Kind: engine.LogAt, Position: b.Xact - firstXact})
	}
	if b.Position >= 0 {
		r.Conditions = append(r.Conditions, engine.Condition{Kind: engine.LogAt, Position: b.Position})
	}
	return r
}

// Skipped tells of an error of the batch's append that is about an event which ON CONFLICT DO NOTHING would leave out by now. Its
// transaction was told that it is there, so that is a conflict and no violation.
func (b *Batch) Skipped(err error) bool {
	var duplicate *engine.DuplicateEventError
	if errors.As(err, &duplicate) {
		return b.skips[duplicate.Event].duplicate
	}
	var taken *engine.VersionTakenError
	if !errors.As(err, &taken) {
		return false
	}
	for i := range b.Staged {
		if e := &b.Staged[i]; e.StreamID == taken.StreamID && int64(e.Version) == taken.Version {
			return b.skips[i].taken
		}
	}
	return false
}

// Range is which of the staged events that a statement sees are the first and the last of a stream.
type Range struct{ First, Last int }

// Ranges are those of the first n staged events.
func (b *Batch) Ranges(n int) map[uuid.UUID]Range {
	if n == 0 {
		return nil
	}
	out := map[uuid.UUID]Range{}
	for i := range b.Staged[:n] {
		id := b.Staged[i].StreamID
		r, ok := out[id]
		if r.Last = i; !ok {
			r.First = i
		}
		out[id] = r
	}
	return out
}

// time notes when the next event that is staged will have been recorded, unless somebody else appends before.
func (b *Batch) time(e *engine.ProposedEvent) {
	if !e.Timed && len(b.times) == 0 {
		return
	}
	for len(b.times) < len(b.Staged) {
		b.times = append(b.times, b.StartedAt)
	}
	at := b.StartedAt
	if e.Timed {
		at = max(e.GivenAt, b.index.NewestTime())
	}
	if n := len(b.times); n > 0 {
		at = max(at, b.times[n-1])
	}
	b.times = append(b.times, at)
}

// Time is the time that a staged event will have, unless the log has a later one by then, µs since the Unix epoch.
func (b *Batch) Time(i int) int64 {
	if i < len(b.times) {
		return b.times[i]
	}
	return b.StartedAt
}

// Metadata are those that a staged event will have, as far as that depends on its time.
func (b *Batch) Metadata(i int) []byte {
	if e := &b.Staged[i]; e.Timed && b.Time(i) > e.GivenAt {
		return engine.RaisedMetadata(e.Metadata, e.GivenAt)
	}
	return b.Staged[i].Metadata
}

// Recorded is a staged event as it will be in the log, as far as that is known.
func (b *Batch) Recorded(i int, position, version int64) engine.RecordedEvent {
	out := Recorded(&b.Staged[i], position, version, b.Time(i))
	out.Metadata = b.Metadata(i)
	return out
}

// Recorded is an event as it would be in the log at a place and a time.
func Recorded(e *engine.ProposedEvent, position, version, recordedAt int64) engine.RecordedEvent {
	return engine.RecordedEvent{
		Position: position, StreamID: e.StreamID, Stream: e.Stream, Version: version, EventID: e.EventID,
		Type: e.Type, Payload: e.Payload, Opaque: e.Opaque, Metadata: e.Metadata, Tags: e.Tags, RecordedAt: recordedAt,
	}
}

// Mark is where a batch was.
type Mark struct {
	Staged   int
	size     int
	Streams  map[uuid.UUID]Stream
	IDs      map[uuid.UUID]bool
	position int64
}

// Mark returns where the batch is: a copy of what is known of ids and streams.
func (b *Batch) Mark() Mark {
	m := Mark{Staged: len(b.Staged), size: b.Size, position: b.Position, IDs: maps.Clone(b.IDs), Streams: map[uuid.UUID]Stream{}}
	for id, st := range b.Streams {
		m.Streams[id] = *st
	}
	return m
}

// Rollback goes back to where the batch was. What has been told since of events that stay staged has been told.
func (b *Batch) Rollback(m *Mark) {
	clear(b.Staged[m.Staged:])
	b.Staged, b.Places, b.skips, b.Size = b.Staged[:m.Staged], b.Places[:m.Staged], b.skips[:m.Staged], m.size
	b.times = b.times[:min(len(b.times), m.Staged)]
	if b.Position < 0 || m.Staged == 0 {
		b.Position = m.position
	}
	b.IDs = maps.Clone(m.IDs)
	now := b.Streams
	b.Streams = map[uuid.UUID]*Stream{}
	for id, st := range m.Streams {
		if told := now[id]; told != nil && told.Pinned && st.Count > 0 {
			st.Pinned, st.Base = true, told.Base
		}
		b.Streams[id] = &st
	}
}

func Conflict(stream StreamRef, expected, actual int64) error {
	return &engine.VersionConflictError{StreamID: stream.ID, Stream: stream.Name, Expected: engine.ExpectedVersion(expected), Actual: actual}
}

// Conditions appends what an append expects of streams.
func Conditions(conditions []engine.Condition, expected []Expectation) []engine.Condition {
	for _, x := range expected {
		conditions = append(conditions, engine.Condition{
			Kind: engine.StreamAt, StreamID: x.Stream.ID, Stream: x.Stream.Name, Version: engine.ExpectedVersion(x.Version),
		})
	}
	return conditions
}
