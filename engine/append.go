package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// AppendRequest is one atomic append: all of its events, or none.
//
// With the log before it, it determines its outcome: ids and the time are in it, and
// applying it reads no clock and no random number. That is the seam between ordering
// (today a channel) and applying, at which a replicated log can be put in.
type AppendRequest struct {
	// Events in order, possibly of several streams.
	Events []ProposedEvent
	// Control are changes of the control state, each of another key. They are made together with the
	// events, also where those are left out as duplicates; there may be no events.
	Control []ControlChange
	// Conditions must all hold in the log just before the append. One on a stream
	// all of whose events in the request are left out as duplicates is not checked:
	// a retry of an append that was made is no conflict.
	Conditions []Condition
	// After, if set, is a request that was started before, whose failure this one shares: it fails
	// with ErrAfterFailed then. So appends can follow each other without waiting.
	After *AppendRequest
	// NewSince, if set, says that none of the events' ids is in the log below this position: they were made when it
	// was the next one, or looked for. They are not searched for below it again.
	NewSince int64
	// ProposedAt becomes the events' recorded time, raised where needed so that it
	// never decreases along the log. µs since the Unix epoch; zero: now.
	ProposedAt int64
	// Then, if set, is called once the append has succeeded, before Append returns, and in the order of appends. The writer
	// calls it, and waits for it: all it may do is to put something into a queue.
	Then func()

	// Results has, once the append has succeeded, one entry an event.
	Results []EventResult
	// RecordedAt is the recorded time of the last event, once the append has succeeded; that of all, unless one is Timed.
	RecordedAt int64

	timed     bool           // some of the events are
	times     []int64        // by event, its recorded time, if some are timed
	raised    map[int][]byte // by event, its metadata, where its time was raised
	known     []int64        // by event: its position if its id was in the log, else -1
	checkedTo int64          // the log below this position was searched for ids
	keys      []Key          // of the events, as appendKeys has them
	someKeys  [8]Key         // room for those of an append of one event
	stored    int            // upper bound of its frame's size, bytes
	// Of its premises: rounds in which the caller has looked; what the writer has in this one.
	rounds, lookedAt, lookedBytes int
	panicked                      any // what a premise has panicked with
	done                          chan error
	state                         requestState
	began                         time.Time // when it was called
	failed                        bool      // the writer's: it was refused, or not written
}

// EventResult is what became of a proposed event.
type EventResult struct {
	Position int64 // -1 if it was left out as a duplicate
	Version  int64
}

// Condition is a statement about the log. The kinds are few so far, but a condition
// may speak of anything the log before the append determines.
type Condition struct {
	Kind     ConditionKind
	StreamID uuid.UUID       // StreamAt
	Stream   string          // StreamAt: its name, for messages
	Version  ExpectedVersion // StreamAt
	Position int64           // LogAt; PremiseHolds: of the first event that it is shown
	Premise  Premise         // PremiseHolds

	seen int64 // PremiseHolds: it was shown the events below this position
}

// ConditionKind says what a Condition speaks of.
type ConditionKind uint8

const (
	// StreamAt: the stream's current version is Version (NoStream: it does not
	// exist). Otherwise the append fails with a *VersionConflictError.
	StreamAt ConditionKind = iota
	// LogAt: the next position is Position, nothing was appended at it or after.
	// Otherwise the append fails with a *PositionMovedError.
	LogAt
	// PremiseHolds: Premise holds, having been shown all events from Position on. Otherwise the append fails with a *PremiseError.
	PremiseHolds
)

// group is a commit group being prepared: the appends that will share one write and
// one sync, checked against the log and against each other.
type group struct {
	log  *EventLog
	seg  *segment
	base uint32      // offset in the segment where the group begins: all below is durable
	dict *dictionary // of the segment, or nil
	// carry: the segment has no control state of the log before yet.
	carry bool
	fresh bool // it has no append yet
	lead  int  // bytes in front of the frames that are left for an entry of a replicated log

	buf        []byte // frames behind the lead; no longer than it if there is nothing to write
	carried    int64  // bytes of them that carry the control state over
	events     []pendingEvent
	next       int64 // position
	recordedAt int64
	streams    map[uuid.UUID]*pendingStream
	ids        map[uuid.UUID]struct{} // given by clients, in this group
	control    groupControl

	spare   []*pendingStream
	request uint64 // number of the request being applied
	touched []*pendingStream
	owners  []*pendingStream // the streams of its events, one an event
	newIDs  []uuid.UUID

	// What premises are shown.
	looking     decoder
	looked      RecordedEvent
	lookedBytes []byte
}

// pendingStream is a stream as it will be after the group's appends so far.
type pendingStream struct {
	id      uuid.UUID
	name    string // known if an event of the group gave it
	named   bool
	stored  bool   // it is in the stream table
	entry   uint32 // there
	count   uint32
	request uint64 // the last request that touched it
	before  uint32 // count before that request
	offered uint32 // events of that request for it, duplicates included
}

func newGroup(log *EventLog) *group {
	return &group{log: log, streams: map[uuid.UUID]*pendingStream{}, ids: map[uuid.UUID]struct{}{}}
}

// reset begins a group in the given segment, whose end is at offset base.
func (g *group) reset(seg *segment, base uint32, carry bool) {
	g.seg, g.base, g.dict, g.carry, g.fresh = seg, base, seg.dict.Load(), carry, base == segmentHeaderSize
	if g.carried > keptCarry {
		g.buf = nil
	}
	g.buf, g.carried, g.events = g.buf[:0], 0, g.events[:0]
	g.next = g.log.committed.Load()
	g.recordedAt = g.log.recordedAt.Load()
	g.control.reset(g.log.control)
	// To walk a map and to clear it takes as long as for the most that it ever held: after a large
	// group all that follow would pay for it.
	if len(g.streams) > keptStreams {
		g.streams, g.spare = map[uuid.UUID]*pendingStream{}, nil
	}
	for _, s := range g.streams {
		g.spare = append(g.spare, s)
	}
	clear(g.streams)
	if len(g.ids) > keptStreams {
		g.ids = map[uuid.UUID]struct{}{}
	}
	clear(g.ids)
}

// keptStreams is how many streams a group may have for its maps to be used again: more than one of
// single events has.
const keptStreams = 128

// keptCarry is how much carried control state a group's buffer may have had to be used again: that much
// comes once a segment.
const keptCarry = 1 << 20

// begin adds what a segment begins with, before the first frame of the first group.
func (g *group) begin() {
	if g.dict != nil && g.fresh && !failpoint(bugLostDictionary) {
		g.buf = g.dict.frame(g.buf, g.seg.key, g.next)
	}
	if g.carry && !failpoint(bugLostControl) {
		start := len(g.buf)
		g.buf = g.log.control.carryFrame(g.buf, g.seg.key, g.next, g.base)
		g.carried = int64(len(g.buf) - start)
	}
}

// apply checks a request and adds its frame to the group. On an error the group is
// as it was.
func (g *group) apply(r *AppendRequest) error {
	g.request++
	g.touched, g.owners, g.newIDs = g.touched[:0], g.owners[:0], g.newIDs[:0]
	appended, err := g.check(r)
	if err == nil {
		err = g.checkConditions(r)
	}
	if err == nil && len(r.Control) > 0 {
		err = g.checkControl(r)
	}
	if err != nil {
		for _, s := range g.touched {
			if !failpoint(bugPartialRefusal) {
				s.count = s.before
			}
		}
		for _, id := range g.newIDs {
			delete(g.ids, id)
		}
		return err
	}
	var records []*ControlRecord
	if len(r.Control) > 0 {
		records = g.changeControl(r)
	}
	if appended > 0 || len(records) > 0 {
		g.encode(r, appended, records)
	}
	return nil
}

// check decides for each event whether it is left out and which version it gets.
func (g *group) check(r *AppendRequest) (appended int, err error) {
	if cap(r.Results) < len(r.Events) {
		r.Results = make([]EventResult, len(r.Events))
	}
	r.Results = r.Results[:len(r.Events)]
	left := r.keys
	for i := range r.Events {
		e := &r.Events[i]
		s, err := g.stream(e)
		if err != nil {
			return 0, err
		}
		var keys []Key
		if keys, left = takeKeys(left); keys[0] == 0 && e.Stream != "" {
			keys[0] = g.log.hash.key(CategoryKey, Category(e.Stream)) // of a name that it takes from its stream
		}
		s.offered++
		g.owners = append(g.owners, s)
		duplicate, err := g.isDuplicate(r, i)
		if err != nil {
			return 0, err
		}
		if duplicate && e.SkipDuplicate || e.SkipTaken && e.Version != AnyVersion && int64(e.Version) < int64(s.count) {
			r.Results[i] = EventResult{Position: -1, Version: -1}
			continue
		}
		if err := g.checkVersion(s, e); err != nil {
			return 0, err
		}
		if duplicate {
			return 0, &DuplicateEventError{EventID: e.EventID, Event: i}
		}
		if !e.generatedID {
			g.ids[e.EventID] = struct{}{}
			g.newIDs = append(g.newIDs, e.EventID)
		}
		r.Results[i] = EventResult{Version: int64(s.count)}
		s.count++
		appended++
	}
	return appended, nil
}

func (g *group) checkVersion(s *pendingStream, e *ProposedEvent) error {
	switch {
	case s.count == maxStreamEvents:
		return &TooLargeError{What: "stream (events)", Size: int64(s.count), Limit: maxStreamEvents}
	case e.Version == AnyVersion, int64(e.Version) == int64(s.count):
		return nil
	case int64(e.Version) < int64(s.count):
		return &VersionTakenError{StreamID: s.id, Stream: e.Stream, Version: int64(e.Version)}
	}
	return &VersionConflictError{StreamID: s.id, Stream: e.Stream, Expected: e.Version - 1, Actual: int64(s.count) - 1}
}

// stream returns the event's stream as the group has it so far, and settles the
// event's stream name.
func (g *group) stream(e *ProposedEvent) (*pendingStream, error) {
	s := g.pending(e.StreamID)
	if s.count == 0 {
		// Begun here, perhaps once more after a request that failed.
		s.name, s.named = e.Stream, e.Stream != ""
		return s, nil
	}
	switch {
	case s.named == (e.Stream != ""):
		return s, nil
	case !s.named:
		return nil, &UnnamedStreamError{StreamID: s.id, Stream: e.Stream}
	}
	if s.name == "" {
		name, err := g.log.streamName(s.id)
		if err != nil {
			return nil, err
		}
		s.name = name
	}
	e.Stream = strings.Clone(s.name) // it may be in memory of another request's caller
	return s, nil
}

func (g *group) pending(id uuid.UUID) *pendingStream {
	s, ok := g.streams[id]
	if !ok {
		if n := len(g.spare); n > 0 {
			s, g.spare = g.spare[n-1], g.spare[:n-1]
		} else {
			s = new(pendingStream)
		}
		*s = pendingStream{id: id, request: g.request - 1} // not touched by this one yet
		// The writer is the only one who changes the table, so it needs no lock.
		if i, ok := g.log.streams.find(id); ok {
			entry := g.log.streams.at(i)
			s.stored, s.entry, s.count, s.named = true, i, entry.count, entry.named()
		}
		g.streams[id] = s
	}
	if s.request != g.request {
		s.request, s.before, s.offered = g.request, s.count, 0
		g.touched = append(g.touched, s)
	}
	return s
}

func (g *group) isDuplicate(r *AppendRequest, i int) (bool, error) {
	e := &r.Events[i]
	if e.generatedID {
		return false, nil
	}
	if _, ok := g.ids[e.EventID]; ok {
		return true, nil
	}
	if r.known != nil && r.known[i] >= 0 {
		return true, nil
	}
	// The caller searched the history; what came since is recent, and in memory.
	position, err := g.log.findEvent(e.EventID, r.checkedTo)
	return position >= 0, err
}

func (g *group) checkConditions(r *AppendRequest) error {
	for i := range r.Conditions {
		c := &r.Conditions[i]
		switch c.Kind {
		case StreamAt:
			s := g.pending(c.StreamID)
			if s.offered > 0 && s.count == s.before {
				continue // all left out as duplicates
			}
			if failpoint(bugVersionOffByOne) && int64(s.before) == int64(c.Version) {
				continue
			}
			if c.Version != AnyVersion && int64(s.before)-1 != int64(c.Version) {
				return &VersionConflictError{StreamID: s.id, Stream: c.Stream, Expected: c.Version, Actual: int64(s.before) - 1}
			}
		case LogAt:
			if g.next != c.Position {
				return &PositionMovedError{Expected: c.Position, Actual: g.next}
			}
		case PremiseHolds:
			if err := g.checkPremise(r, c); err != nil {
				return err
			}
		default:
			return fmt.Errorf("unknown kind of condition %d", c.Kind)
		}
	}
	return nil
}

// encode adds the request's frame.
func (g *group) encode(r *AppendRequest, appended int, records []*ControlRecord) {
	switch {
	case appended == 0: // a time that no event has would not be found again
	case r.timed:
		r.times, r.raised = append(r.times[:0], make([]int64, len(r.Events))...), nil
	default:
		g.recordedAt = max(g.recordedAt, r.ProposedAt)
		if failpoint(bugClockBackwards) {
			g.recordedAt = r.ProposedAt
		}
	}
	if len(g.buf) == g.lead {
		g.begin()
	}
	start := len(g.buf)
	first := g.next
	g.buf = beginFrame(g.buf)
	kind := uint16(kindAppend)
	if len(records) > 0 {
		kind = kindControl
		g.buf = appendControl(g.buf, g.control.changes, len(records))
		for _, record := range records {
			g.buf = appendControlRecord(g.buf, record)
		}
	}
	left, newest := r.keys, g.log.newestKeys.Load()
	for i := range r.Events {
		var keys []Key
		keys, left = takeKeys(left)
		res := &r.Results[i]
		if res.Version < 0 {
			continue
		}
		e := &r.Events[i]
		if r.timed {
			e = g.time(r, i)
		}
		res.Position = g.next
		g.events = append(g.events, pendingEvent{
			stream: g.owners[i], eventID: e.EventID, offset: g.base + uint32(len(g.buf)), keys: keys,
		})
		if newest != nil {
			newest.noteEvent(g.log.hash.streamKey(e.StreamID), keys, g.next)
		}
		g.buf = appendRecord(g.buf, e, placement{
			position: g.next, version: res.Version, recordedAt: g.recordedAt, baseTime: g.seg.baseTime,
			dictionary: g.dict,
		})
		if e.packedOf.by != nil {
			e.packed, e.packedOf = nil, packedContent{} // the caller's bytes may be others the next time
		}
		g.next++
	}
	r.RecordedAt = g.recordedAt
	g.buf = g.seg.key.endFrame(g.buf, start, kind, first, uint32(appended), g.base)
}

// streamName reads the name of a named stream off its newest event.
func (l *EventLog) streamName(id uuid.UUID) (string, error) {
	entry, ok := l.stream(id)
	if !ok || !entry.named() {
		return "", nil
	}
	places, err := l.locate(nil, entry, entry.count-1, entry.count-1)
	if err != nil {
		return "", err
	}
	d := decoder{headerOnly: true}
	var e RecordedEvent
	_, err = d.readRecord(places[0], nil, &e)
	return e.Stream, err
}
