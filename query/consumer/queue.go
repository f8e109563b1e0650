package consumer

import (
	"context"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/live"
)

// One reader feeds all members of a consumer: whoever needs more reads on in the log, and what is found is queued for the partition that it
// belongs to. A queue is bounded, and one that is full is passed over, so that a partition that lags holds up no other. It is read anew, from
// where it was passed over, once it has room and somebody wants it; that costs a scan of what lies between, of as much as fills its queue, together
// with others that lag. So a consumer whose partitions are all read costs one pass of the log, and one that lags by n events, one pass of those
// for each queue that n events of it fill.
const (
	// queuedEvents bounds the entries of all queues of a consumer, of 32 bytes each: members are seldom that far from each other, and while they are not
	// one reads for all. Where all consumers have as many as allQueuedEvents, each has room for manyQueued.
	queuedEvents    = 1 << 18
	allQueuedEvents = 1 << 21
	manyQueued      = 1 << 14
	// fewQueued is what each partition may have nevertheless.
	fewQueued = 16
	// queuedBytes bounds the events of a consumer that are kept beside them, and allQueuedBytes those of all; what is not kept is read once more
	// when it is delivered.
	queuedBytes    = 4 << 20
	allQueuedBytes = 64 << 20
	// passEvents is how many events are looked at in one go, in which no other member can go on.
	passEvents = 256
)

// queue is what is known of a partition behind its checkpoint: its events in (from, next) that the filter lets pass.
type queue struct {
	from, next int64
	entries    []entry
	bytes      int64 // of their events
}

// entry is an event that is to be delivered; nil: it is to be read.
type entry struct {
	position int64
	event    *engine.RecordedEvent
}

// restart forgets what is queued: the partition is read from a position on.
func (c *Consumer) restart(s *part, from int64) {
	c.forget(s, len(s.entries))
	s.from, s.next = from, from+1
}

// advance forgets what is queued at a position or before it.
func (c *Consumer) advance(s *part, upto int64) {
	n := 0
	for n < len(s.entries) && s.entries[n].position <= upto {
		n++
	}
	c.forget(s, n)
	s.from, s.next = max(s.from, upto), max(s.next, upto+1)
}

// forget forgets the first n entries.
func (c *Consumer) forget(s *part, n int) {
	for i := range s.entries[:n] {
		c.empty(s, &s.entries[i])
	}
	c.registry.entries.Add(-int64(n))
	if s.entries = s.entries[n:]; len(s.entries) == 0 {
		s.entries = nil
	}
}

// empty lets go of an entry's event, if it is kept.
func (c *Consumer) empty(s *part, e *entry) {
	if e.event == nil {
		return
	}
	size := live.SizeOf(e.event)
	s.bytes -= size
	c.bytes -= size
	c.registry.bytes.Add(-size)
	e.event = nil
}

// lighten lets go of all that is queued, where nobody reads: it is read anew for who comes next.
func (c *Consumer) lighten() {
	for i := range c.parts {
		s := &c.parts[i]
		if len(s.entries) > 0 {
			s.next = s.entries[0].position
			c.forget(s, len(s.entries))
		}
	}
}

// keep queues an event.
func (c *Consumer) keep(s *part, e *engine.RecordedEvent) {
	n := entry{position: e.Position}
	if size := live.SizeOf(e); c.bytes+size <= queuedBytes && c.registry.bytes.Load()+size <= allQueuedBytes {
		copied := e.Clone()
		n.event = &copied
		s.bytes += size
		c.bytes += size
		c.registry.bytes.Add(size)
	}
	s.entries = append(s.entries, n)
	c.registry.entries.Add(1)
}

// room is how many entries a queue may have.
func (c *Consumer) room() int {
	n := queuedEvents
	if c.registry.entries.Load() >= allQueuedEvents {
		n = manyQueued
	}
	return max(fewQueued, n/len(c.parts))
}

// pass reads on in the log from a position, a bit, below another one, and queues what it finds. It returns where it has ended; also after an
// error what was queued is not read again.
func (c *Consumer) pass(ctx context.Context, from, before int64) (end int64, err error) {
	o := engine.Forward(from)
	o.Limit, o.Before = passEvents, before
	cursor := c.registry.index.ReadAll(o)
	room := c.room()
	stalled := make([]bool, len(c.parts))
	for i := range c.parts {
		s := &c.parts[i]
		if stalled[i] = !s.read || s.next < from; stalled[i] {
			s.look()
		}
	}
	end = from
	defer func() {
		for i := range c.parts {
			if s := &c.parts[i]; !stalled[i] {
				s.next = max(s.next, end)
			}
		}
	}()
	for ; cursor.Next(ctx); end++ {
		e := cursor.Event()
		p := partitionOf(e.StreamID, len(c.parts))
		s := &c.parts[p]
		if stalled[p] || e.Position < s.next {
			continue
		}
		if len(s.entries) >= room {
			c.stall(p, e.Position, stalled)
			continue
		}
		ok, err := c.what.wants(e)
		if err != nil {
			return end, err
		}
		if !ok {
			continue
		}
		c.keep(s, e)
		s.look()
	}
	return end, cursor.Err()
}

// stall passes over a partition whose queue is full from a position on, up to which all have been read, and with it those of the same member: they
// are delivered together, in the order of the log, and would each have the log read anew.
func (c *Consumer) stall(p int, at int64, stalled []bool) {
	parts := []int{p}
	if m := c.parts[p].owner; m != nil {
		parts = m.partsOf
	}
	for _, q := range parts {
		if !stalled[q] {
			stalled[q], c.parts[q].next = true, max(c.parts[q].next, at)
		}
	}
}

// look has the partition's member look, if it waits.
func (s *part) look() {
	if s.owner != nil && s.owner.wait != nil {
		s.owner.wait.wake()
	}
}
