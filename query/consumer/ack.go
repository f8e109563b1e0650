package consumer

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// taken is the error of who acknowledges what is not his any more.
func taken(name string) error {
	return pgerror.Errorf(pgerror.SerializationFailure, "could not acknowledge events of consumer \"%s\": they are not this member's any more", name).
		WithHint("Consume again.")
}

// ack are the changes by which a member's batch is handled up to a position. given is what the transaction was given for the member: if another
// has consumed for it meanwhile, there may be events in the batch that this one does not know of.
func (c *Consumer) ack(m *Member, given *batch, upto int64) (b *batch, changes []engine.ControlChange, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, err = c.given(m); err != nil {
		return nil, nil, err
	}
	if given != nil && given != b {
		return nil, nil, taken(c.name)
	}
	if upto > b.last {
		return nil, nil, pgerror.Errorf(pgerror.InvalidParameterValue, "position %d is beyond the batch that was consumed, which ends at %d", upto, b.last)
	}
	c.loadShelves()
	now := time.Now()
	for i := range b.parts {
		bp := &b.parts[i]
		s := &c.parts[bp.partition]
		switch {
		case bp.has(upto):
			if s.owner != m {
				return nil, nil, taken(c.name)
			}
			changes = append(changes, c.ackPart(bp, upto, now)...)
		case s.owner == m && c.idle(bp, s, now) > bp.Position: // in passing
			changes = append(changes, c.ackPart(bp, c.idle(bp, s, now), now)...)
			s.moved = now.UnixMicro()
		}
	}
	return b, changes, nil
}

// given is the batch that a member was given last.
func (c *Consumer) given(m *Member) (*batch, error) {
	switch {
	case c.gone:
		return nil, undefined(c.name)
	case m == nil || m.ended || m.batch == nil:
		return nil, taken(c.name)
	}
	return m.batch, nil
}

// has tells whether there is something to be acknowledged up to a position.
func (bp *batchPart) has(upto int64) bool {
	within := func(position int64) bool { return position > bp.upto && position <= upto }
	return slices.ContainsFunc(bp.positions, within) || slices.ContainsFunc(bp.released, func(p parked) bool { return within(p.Position) }) ||
		slices.ContainsFunc(bp.skipped, func(p parked) bool { return within(p.Position) })
}

// reach is how far the partition is handled where a batch is up to a position: not beyond what the batch has of it, since it may have been cut before.
func (bp *batchPart) reach(upto int64) int64 {
	if bp.next > 0 {
		return min(upto, bp.next-1)
	}
	return upto
}

// ackPart are the changes by which a partition is handled up to a position; the first is that of the checkpoint. more is parked beside what the
// batch passes over.
func (c *Consumer) ackPart(bp *batchPart, upto int64, now time.Time, more ...parked) []engine.ControlChange {
	changes := []engine.ControlChange{c.checkpointChange(bp.partition, bp.moved(bp.reach(upto)), bp.version)}
	for i := range bp.released {
		if one := &bp.released[i]; one.Position > bp.upto && one.Position <= upto {
			changes = append(changes, c.unshelve(bp.partition, one))
		}
	}
	var events []parked
	for _, s := range bp.skipped {
		if s.Position <= upto {
			s.Time = now.UnixMicro()
			events = append(events, s)
		}
	}
	return append(changes, c.shelve(bp.partition, append(events, more...))...)
}

// committed tells that what was acknowledged of a batch is durable.
func (c *Consumer) committed(b *batch, upto int64, changes []engine.ControlChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range b.parts {
		bp := &b.parts[i]
		s := &c.parts[bp.partition]
		at := slices.IndexFunc(changes, func(x engine.ControlChange) bool { return x.Key == s.key })
		if at < 0 {
			continue
		}
		bp.version, bp.checkpoint, bp.upto = changes[at].Version, bp.moved(bp.reach(upto)), max(bp.upto, upto)
		if s.read && bp.version > s.version && bytes.Equal(changes[at].Value, bp.record()) { // and nothing else was made of it: it need not be read
			c.learned(s, bp.checkpoint, bp.version)
		}
		bp.released = slices.DeleteFunc(bp.released, func(p parked) bool { return p.Position <= upto })
		bp.skipped = slices.DeleteFunc(bp.skipped, func(p parked) bool { return p.Position <= upto })
	}
}

// nack says that an event of the member's batch has failed. What precedes it in the batch is acknowledged; its partition delivers nothing until
// it is to be tried again. It tells whether the event was parked.
func (c *Consumer) nack(h Host, m *Member, at int64, reason string, after time.Duration, given bool) (gaveUp bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.given(m)
	if err != nil {
		return false, err
	}
	c.loadShelves()
	now := time.Now()
	var changes []engine.ControlChange
	var failed *batchPart
	for i := range b.parts {
		bp := &b.parts[i]
		if bp.delivered(at) {
			failed = bp
		}
		if c.parts[bp.partition].owner != m {
			return false, taken(c.name)
		}
		if bp.has(at-1) && !bp.delivered(at) {
			changes = append(changes, c.ackPart(bp, at-1, now)...)
		}
	}
	if failed == nil {
		return false, pgerror.Errorf(pgerror.InvalidParameterValue, "position %d is not an event of the batch that was consumed", at)
	}
	e, err := c.event(h.Asking(), at)
	if err != nil {
		return false, err
	}
	more, gaveUp := c.fail(failed, at, e.StreamID, reason, func(attempts int) int64 {
		if !given {
			after = retryAfter(attempts)
		}
		return now.Add(after).UnixMicro()
	}, now)
	changes = append(changes, more...)
	m.holds++
	c.mu.Unlock()
	err = h.AppendNow(h.Asking(), &engine.AppendRequest{Control: changes})
	c.mu.Lock()
	m.holds--
	c.renew(m)
	if err != nil {
		return false, err
	}
	c.registry.failed.Add(1)
	c.mu.Unlock()
	c.committed(b, at-1, changes)
	c.mu.Lock()
	b.parts = slices.DeleteFunc(b.parts, func(bp batchPart) bool { return bp.partition == failed.partition })
	c.wake()
	return gaveUp, nil
}

// delivered tells whether an event is in the batch, and not acknowledged.
func (bp *batchPart) delivered(at int64) bool {
	return at > bp.upto && (slices.Contains(bp.positions, at) || slices.ContainsFunc(bp.released, func(p parked) bool { return p.Position == at }))
}

const (
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// retryAfter is how long an event waits that has failed so many times.
func retryAfter(attempts int) time.Duration {
	d := firstRetry
	for ; attempts > 1 && d < lastRetry; attempts-- {
		d *= 2
	}
	return min(d, lastRetry)
}

// fail are the changes that count an attempt at an event, and park it if it was the last; what precedes it in its partition is handled.
func (c *Consumer) fail(bp *batchPart, at int64, stream uuid.UUID, reason string, until func(attempts int) int64, now time.Time) (changes []engine.ControlChange, gaveUp bool) {
	reason = clip(reason, maxReason)
	if i := slices.IndexFunc(bp.released, func(p parked) bool { return p.Position == at }); i >= 0 {
		return c.failReleased(bp, i, reason, until, now)
	}
	attempts := 1 + bp.attemptsAt(at)
	if attempts >= c.def.MaxAttempts && c.parkingRoom() > 0 {
		return c.ackPart(bp, at, now, parked{Position: at, Stream: stream, Attempts: attempts, Reason: reason, Time: now.UnixMicro()}), true
	}
	changes = c.ackPart(bp, at-1, now)
	next := bp.moved(at - 1)
	next.At, next.Attempts, next.Until = at, min(attempts, c.def.MaxAttempts), until(attempts)
	changes[0] = c.checkpointChange(bp.partition, next, bp.version)
	return changes, false
}

// failReleased is fail for an event that was parked before and is tried once more.
func (c *Consumer) failReleased(bp *batchPart, i int, reason string, until func(attempts int) int64, now time.Time) (changes []engine.ControlChange, gaveUp bool) {
	p, one := bp.partition, bp.released[i]
	one.Attempts++
	one.Reason, one.Time = cmp.Or(reason, one.Reason), now.UnixMicro()
	changes = c.ackPart(bp, one.Position-1, now)
	next := bp.checkpoint
	if gaveUp = one.Attempts >= c.def.MaxAttempts; gaveUp {
		one.Released = false
		if c.def.OnPark == parkStream { // those of its stream behind it wait for it
			for _, later := range c.shelves[p].released {
				if later.Stream == one.Stream && later.Position > one.Position {
					later.Released = false
					changes = append(changes, c.putBack(p, later))
				}
			}
		}
	} else {
		next.Until = until(one.Attempts)
	}
	changes[0] = c.checkpointChange(p, next, bp.version)
	return append(changes, c.putBack(p, one)), gaveUp
}

func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xC0 == 0x80 {
		n--
	}
	return text[:n]
}

// countLost counts the attempts of members whose membership has ended without a word, for the partitions that a member has taken over. It tells
// whether it has changed something, for which it has given way. What has failed too often is parked when it comes up again.
func (c *Consumer) countLost(h Host, m *Member) (bool, error) {
	var changes []engine.ControlChange
	now := time.Now()
	for _, p := range m.partsOf {
		s := &c.parts[p]
		at := s.failed
		if s.failed = -1; at < 0 {
			continue
		}
		bp := batchPart{partition: p, upto: -1}
		bp.checkpoint, bp.version = c.checkpointOf(p)
		for _, one := range c.shelves[p].released {
			if one.Position == at {
				bp.released = []parked{one}
				more, _ := c.failReleased(&bp, 0, "", func(int) int64 { return 0 }, now)
				changes = append(changes, more...)
			}
		}
		if bp.released == nil && at > bp.Position { // it was not acknowledged meanwhile
			next := bp.checkpoint
			next.At, next.Attempts = at, min(1+bp.attemptsAt(at), c.def.MaxAttempts)
			changes = append(changes, c.checkpointChange(p, next, bp.version))
		}
	}
	if changes == nil {
		return false, nil
	}
	return true, c.put(h, changes)
}

// attemptsAt is how often an event has failed.
func (c *checkpoint) attemptsAt(at int64) int {
	if c.At == at {
		return c.Attempts
	}
	return 0
}

// unpark has a parked event delivered once more; where its stream is parked with it, all of that. It returns how many.
func (c *Consumer) unpark(at int64) (n int64, changes []engine.ControlChange, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loadShelves()
	for p := range c.shelves {
		s := &c.shelves[p]
		i := slices.IndexFunc(s.list, func(x parked) bool { return x.Position == at })
		if i < 0 {
			continue
		}
		stream := s.list[i].Stream
		for _, one := range s.list {
			if one.Position != at && (c.def.OnPark != parkStream || one.Stream != stream) || one.Released {
				continue
			}
			one.Released, one.Attempts = true, 0
			changes = append(changes, c.putBack(p, one))
			n++
		}
		if n > 0 { // what was consumed before does not know of it
			now, version := readCheckpoint(c.registry.control, c.slot, p)
			changes = append(changes, c.checkpointChange(p, now, version))
		}
		return n, changes, nil
	}
	return 0, nil, pgerror.Errorf(pgerror.UndefinedObject, "consumer \"%s\" has parked no event at position %d", c.name, at)
}
