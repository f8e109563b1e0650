package engine

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// history is what clients did and were told, in the order of a logical clock. It is the
// model of the store: what a log may hold after a crash follows from it.
type history struct {
	mu    sync.Mutex
	clock int64
	ops   []*operation
}

// operation is one request.
type operation struct {
	sent, done int64 // moments; done 0: there is no answer
	events     []ProposedEvent
	expected   map[uuid.UUID]ExpectedVersion
	retries    *operation      // it sends the events of another once more
	tries      []*operation    // that sent its events once more
	stored     *operation      // the one of them that was acknowledged
	changes    []ControlChange // of the control state; with their versions, if it was acknowledged

	err      error
	position int64 // of its first event, if it was acknowledged
}

// moment runs f at a moment of its own.
func (h *history) moment(f func(now int64)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	f(h.clock)
}

func (h *history) begin(op *operation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	op.sent = h.clock
	h.ops = append(h.ops, op)
}

func (h *history) end(op *operation, position int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	op.done, op.position, op.err = h.clock, position, err
}

// answered tells whether the client had its answer before a moment.
func (op *operation) answered(before int64) bool { return op.done != 0 && op.done < before }

// unknown tells of errors after which an append may or may not be found.
func unknown(err error) bool { return errors.Is(err, ErrPoisoned) }

// judge tells what is wrong with a store that was recovered from a crash at a moment: nil if
// nothing is. The operations of the history must no longer change.
func (h *history) judge(s *Store, crash int64) error {
	events, err := scan(s)
	if err != nil {
		return err
	}
	byID := make(map[uuid.UUID]int, len(events))
	counts := map[uuid.UUID]int64{}
	for i := range events {
		e := &events[i]
		if _, twice := byID[e.EventID]; twice {
			return fmt.Errorf("I3: event %s is there twice", e.EventID)
		}
		byID[e.EventID] = i
		counts[e.StreamID]++
	}
	owners := make([]*operation, len(events)) // whose events are found
	for _, op := range h.ops {
		if len(op.events) == 0 || !op.counts(crash) {
			continue
		}
		if err := op.judge(events, byID, owners, crash); err != nil {
			return err
		}
	}
	for i, owner := range owners {
		if owner == nil {
			return fmt.Errorf("position %d: nobody sent event %s", i, events[i].EventID)
		}
	}
	if err := judgeOrder(owners, crash); err != nil {
		return err
	}
	for _, op := range h.ops {
		if op.answered(crash) && op.err != nil {
			if err := op.judgeRefusal(counts, byID); err != nil {
				return err
			}
		}
	}
	return h.judgeControl(s, byID, crash)
}

// scan reads the whole log and checks that positions, versions and times follow each other,
// and that the index says the same (I3, I6).
func scan(s *Store) ([]RecordedEvent, error) {
	ix := s.Index()
	var events []RecordedEvent
	streams := map[uuid.UUID][]int{}
	var at int64
	for c := ix.ReadAll(Forward(0)); ; {
		if !c.Next(ctx) {
			if c.Err() != nil {
				return nil, fmt.Errorf("I4: %w", c.Err())
			}
			break
		}
		e := c.Event().Clone()
		if e.Position != int64(len(events)) {
			return nil, fmt.Errorf("I3: position %d at place %d", e.Position, len(events))
		}
		if e.Version != int64(len(streams[e.StreamID])) {
			return nil, fmt.Errorf("I3: position %d has version %d of its stream instead of %d", e.Position, e.Version, len(streams[e.StreamID]))
		}
		if e.RecordedAt < at {
			return nil, fmt.Errorf("I3: position %d was recorded before the one before it", e.Position)
		}
		at = e.RecordedAt
		streams[e.StreamID] = append(streams[e.StreamID], len(events))
		events = append(events, e)
	}
	if ix.GlobalPosition() != int64(len(events))-1 || ix.StreamCount() != int64(len(streams)) {
		return nil, fmt.Errorf("I6: global position %d with %d events, %d streams instead of %d", ix.GlobalPosition(), len(events), ix.StreamCount(), len(streams))
	}
	for id, places := range streams {
		c := ix.ReadStream(id, Forward(0))
		for _, i := range places {
			if !c.Next(ctx) || c.Event().Position != int64(i) {
				return nil, fmt.Errorf("I6: stream %s does not have position %d where it should: %w", id, i, errors.Join(c.Err()))
			}
		}
		if c.Next(ctx) {
			return nil, fmt.Errorf("I6: stream %s goes on beyond its end", id)
		}
		if p, err := ix.FindEvent(ctx, events[places[len(places)-1]].EventID); err != nil || p != int64(places[len(places)-1]) {
			return nil, fmt.Errorf("I6: event at %d is found at %d: %w", places[len(places)-1], p, errors.Join(err))
		}
	}
	return events, scanKeys(ix, events)
}

// scanKeys checks that the events of each category, type and tag are found (I6).
func scanKeys(ix *ReadIndex, events []RecordedEvent) error {
	have := map[term][]int64{}
	for i := range events {
		e := &events[i]
		terms := []term{{TypeKey, e.Type}}
		if e.Stream != "" {
			terms = append(terms, term{CategoryKey, Category(e.Stream)})
		}
		for _, tag := range e.Tags {
			if tag != NullTag {
				terms = append(terms, term{TagKey, tag})
			}
		}
		for _, x := range terms {
			have[x] = append(have[x], e.Position)
		}
	}
	for x, want := range have {
		want = slices.Compact(want)
		var got []int64
		for c := ix.Find(Query{{{ix.Key(x.kind, x.text)}}}, Forward(0), nil); ; {
			if !c.Next(ctx) {
				if c.Err() != nil {
					return fmt.Errorf("I4: %w", c.Err())
				}
				break
			}
			if x.met(c.Event()) {
				got = append(got, c.Event().Position)
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("I6: %v is found at %v, and is at %v", x, got, want)
		}
	}
	return nil
}

// judge checks what is found of an append (I1, I2, I3).
func (op *operation) judge(events []RecordedEvent, byID map[uuid.UUID]int, owners []*operation, crash int64) error {
	at, found := byID[op.events[0].EventID]
	answered := op.answered(crash)
	switch {
	case answered && op.err == nil && !found:
		return fmt.Errorf("I1: the append acknowledged at position %d is gone", op.position)
	case answered && op.err == nil && int64(at) != op.position:
		return fmt.Errorf("I1: the append acknowledged at position %d is at %d", op.position, at)
	case found && op.triedAgain(crash):
		answered = false // it may be the retry that is found
	case answered && op.err != nil && !unknown(op.err) && found:
		return fmt.Errorf("I2: an append that was refused (%w) is at position %d", op.err, at)
	case op.sent > crash && found:
		return fmt.Errorf("an append that was not sent yet is at position %d", at)
	case !found:
		for i := range op.events {
			if p, ok := byID[op.events[i].EventID]; ok {
				return fmt.Errorf("I2: event %d of an append is at position %d, the first is not there", i, p)
			}
		}
		return nil
	}
	seen := map[uuid.UUID]bool{}
	for i := range op.events {
		if at+i >= len(events) || events[at+i].EventID != op.events[i].EventID {
			return fmt.Errorf("I2: of the append at position %d event %d is missing", at, i)
		}
		e, sent := &events[at+i], &op.events[i]
		owners[at+i] = op
		if e.Type != sent.Type || !bytes.Equal(e.Payload, sent.Payload) || (e.Payload == nil) != (sent.Payload == nil) ||
			!bytes.Equal(e.Metadata, sent.Metadata) || !slices.Equal(e.Tags, sent.Tags) || sent.Stream != "" && e.Stream != sent.Stream {
			return fmt.Errorf("I1: the event at position %d is not what was sent", at+i)
		}
		if expected, ok := op.expected[e.StreamID]; ok && !op.triedAgain(crash) && !seen[e.StreamID] && e.Version != int64(expected)+1 {
			return fmt.Errorf("I3: position %d has version %d where %d was expected before it", at+i, e.Version, expected)
		}
		seen[e.StreamID] = true
	}
	return nil
}

// counts tells whether an append is the one of its tries that a crash at that moment is judged by: the
// retry that was acknowledged from when it was sent, the first one until then. An append that is
// refused for a failed write may be found for as long as nobody has heard of the refusal.
func (op *operation) counts(crash int64) bool {
	if op.retries != nil {
		return op.retries.stored == op && op.sent < crash
	}
	return op.stored == nil || op.stored.sent > crash
}

// triedAgain tells whether a retry of an append that was refused may have been stored.
func (op *operation) triedAgain(crash int64) bool {
	if op.err == nil {
		return false
	}
	return slices.ContainsFunc(op.tries, func(t *operation) bool {
		return t.sent < crash && (!t.answered(crash) || unknown(t.err))
	})
}

// judgeOrder: who was sent after another's acknowledgement stands behind it (I8).
func judgeOrder(owners []*operation, crash int64) error {
	latest := int64(0) // sending of those so far
	for i, op := range owners {
		if op.answered(crash) && op.err == nil && op.done < latest {
			return fmt.Errorf("I8: the append at position %d was acknowledged before one in front of it was sent", i)
		}
		latest = max(latest, op.sent)
	}
	return nil
}

// judgeRefusal: what a refusal rests on was durable before anybody heard of it.
func (op *operation) judgeRefusal(counts map[uuid.UUID]int64, byID map[uuid.UUID]int) error {
	var conflict *VersionConflictError
	var duplicate *DuplicateEventError
	switch {
	case errors.As(op.err, &conflict):
		if counts[conflict.StreamID] < conflict.Actual+1 {
			return fmt.Errorf("I1: a client was told of version %d of stream %s, which has %d events", conflict.Actual, conflict.Stream, counts[conflict.StreamID])
		}
		if conflict.Actual == int64(conflict.Expected) {
			return fmt.Errorf("I3: refused at the version that was expected, %d", conflict.Actual)
		}
	case errors.As(op.err, &duplicate):
		if _, ok := byID[duplicate.EventID]; !ok {
			return fmt.Errorf("I1: a client was told of event %s, which is gone", duplicate.EventID)
		}
	}
	return nil
}
