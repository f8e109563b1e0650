package consumer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/live"
)

const (
	// maxBatch bounds the events that one consume returns, and batchBytes what they take: one is given in any case.
	maxBatch   = 10_000
	batchBytes = 4 << 20
	// moveEvery is how often a partition of which nothing is wanted is moved, in a record.
	moveEvery = time.Second
	// maxSkipped bounds the events of parked streams that a batch passes over.
	maxSkipped = 1000
)

// Event is an event as it is delivered.
type Event struct {
	*engine.RecordedEvent
	Partition, Attempt int
}

// batch is what consume has given a member.
type batch struct {
	last   int64 // the position of its last event, -1 if it has none
	events int64 // how many they are, with those that are passed over
	parts  []batchPart
}

// batchPart is what a batch has of a partition that was read.
type batchPart struct {
	partition int
	checkpoint
	version   int64 // of the checkpoint's record: an ack rests on it
	next      int64 // everything before is in the batch, or not wanted
	positions []int64
	released  []parked // that are delivered once more
	skipped   []parked // that are not delivered, and to be parked: their stream is, or they have failed too often
	upto      int64    // what was acknowledged of it
}

// unacknowledged is the first event of a partition that was given and not acknowledged, -1 if there is none.
func (b *batch) unacknowledged(p int) int64 {
	if b == nil {
		return -1
	}
	for i := range b.parts {
		bp := &b.parts[i]
		if bp.partition != p {
			continue
		}
		for j := range bp.released {
			if bp.released[j].Position > bp.upto {
				return bp.released[j].Position
			}
		}
		for _, position := range bp.positions {
			if position > bp.upto {
				return position
			}
		}
	}
	return -1
}

// request is what a consume asks for.
type request struct {
	limit    int
	deadline time.Time // zero: it does not wait
	before   int64     // it sees what is below
}

// consume returns the next events of a member's partitions, and waits for some.
func (c *Consumer) consume(h Host, m *Member, r *request) (b *batch, list []Event, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.holds++
	m.calls++
	call := m.calls
	if m.wait != nil {
		m.wait.wake() // this one speaks for the member now
	}
	defer func() {
		m.holds--
		c.renew(m)
		c.handOn()
	}()
	for {
		now, changes := time.Now(), c.registry.live.Changes()
		next := min(c.registry.index.GlobalPosition()+1, r.before) // before it looks what the owner sees: none is judged by less than is known
		if err := c.ready(h, m); err != nil {
			return nil, nil, err
		}
		c.share(m)
		if changed, err := c.countLost(h, m); err != nil {
			return nil, nil, err
		} else if changed {
			continue
		}
		b, events, err := c.gather(h, m, r, next, now)
		if err != nil {
			return nil, nil, err
		}
		if b == nil {
			continue // it has given way to others
		}
		if len(events) == 0 {
			if moved, err := c.moveOn(h, m, b, now); err != nil {
				return nil, nil, err
			} else if moved {
				continue
			}
		}
		if m.calls != call {
			return nil, nil, nil // another consume speaks for the member by now
		}
		if len(events) > 0 || !now.Before(r.deadline) {
			m.give(b)
			c.registry.gave.Add(int64(len(events)))
			return b, events, nil
		}
		if err := c.await(h, m, until(r, m, now), next, changes); err != nil {
			return nil, nil, err
		}
	}
}

// errLeft ends a consume whose member somebody else has made leave.
var errLeft = errors.New("the member has left")

// ready checks that there is still what is to be read, and takes in what of the definition has changed.
func (c *Consumer) ready(h Host, m *Member) error {
	switch {
	case c.gone:
		return undefined(c.name)
	case c.def.Lost:
		return c.lost()
	case m.ended:
		return errLeft
	}
	if err := c.refilter(h); err != nil {
		return err
	}
	c.loadShelves()
	return nil
}

// until is when a consume is to look again, whatever happens: at its deadline, or when a partition delivers again.
func until(r *request, m *Member, now time.Time) time.Time {
	at := r.deadline
	for _, p := range m.partsOf {
		if s := &m.consumer.parts[p]; s.Until > now.UnixMicro() && time.UnixMicro(s.Until).Before(at) {
			at = time.UnixMicro(s.Until)
		}
	}
	return at
}

// await waits until there may be something for a consume, or until a time. One of those that wait does so for all: it is told of events, and
// whoever has queued some for a member wakes that.
func (c *Consumer) await(h Host, m *Member, at time.Time, next, changes int64) error {
	w := &wait{woken: make(chan struct{}, 1)}
	c.waits[w], m.wait = struct{}{}, w
	reads := c.reader == nil && c.reads(m, time.Now())
	switch {
	case c.reader == nil && !reads:
		c.handOn()
	case reads:
		c.reader = w
		w.live = live.Waiter{Key: c.what.key, Woken: w.wake}
	}
	c.mu.Unlock()
	d := c.registry.live
	var err error
	if !reads || d.Arm(&w.live, next, changes) {
		ctx, stop := h.WhilePeer(h.Asking())
		timer := time.NewTimer(time.Until(at))
		err = h.Await(func() error {
			select {
			case <-w.woken:
			case <-timer.C:
			case <-ctx.Done():
				return ctx.Err()
			}
			return nil
		})
		timer.Stop()
		stop()
	}
	if reads {
		d.Disarm(&w.live)
	}
	c.mu.Lock()
	delete(c.waits, w)
	if c.reader == w {
		c.reader = nil
	}
	if m.wait == w {
		m.wait = nil
	}
	return err
}

// handOn has another of those that wait be the one that waits for events, where nobody is: one that reads on when there are some.
func (c *Consumer) handOn() {
	if c.reader != nil {
		return
	}
	now := time.Now()
	for _, m := range c.members {
		if m.wait != nil && c.reads(m, now) {
			m.wait.wake()
			return
		}
	}
}

// reads tells whether a member reads a partition that delivers now.
func (c *Consumer) reads(m *Member, now time.Time) bool {
	return slices.ContainsFunc(m.partsOf, func(p int) bool { return c.eligible(&c.parts[p], now) })
}

// eligible tells whether a partition delivers now.
func (c *Consumer) eligible(s *part, now time.Time) bool {
	return s.Until <= now.UnixMicro() && !s.stuck
}

// gather finds the first events of a member's partitions, below a position. It reads on in the log as far as it must, a bit at a time; no
// batch: others had their turn in between, and everything may be different.
func (c *Consumer) gather(h Host, m *Member, r *request, next int64, now time.Time) (*batch, []Event, error) {
	var parts []int
	for _, p := range m.partsOf {
		if err := c.refresh(p, c.registry.index.GlobalPosition()+1); err != nil {
			return nil, nil, err
		}
		if c.eligible(&c.parts[p], now) {
			parts = append(parts, p)
		}
	}
	horizon, have := next, 0
	for _, p := range parts {
		horizon = min(horizon, c.parts[p].next)
	}
	full := false
	for _, p := range parts {
		s := &c.parts[p]
		full = full || s.next == horizon && len(s.entries) >= c.room()
		have += c.queuedBelow(s, horizon)
	}
	if have < r.limit && horizon < next && !full {
		if _, err := c.pass(h.Asking(), horizon, next); err != nil {
			return nil, nil, err
		}
		c.mu.Unlock()
		err := h.Pace()
		c.mu.Lock()
		return nil, nil, err
	}
	limit := r.limit
	if c.registry.given.Load() > allGiven {
		limit = 1
	}
	return c.assemble(h.Asking(), parts, limit, horizon)
}

// queuedBelow counts the entries of a queue below a position.
func (c *Consumer) queuedBelow(s *part, horizon int64) int {
	n, _ := slices.BinarySearchFunc(s.entries, horizon, func(e entry, position int64) int {
		switch {
		case e.position < position:
			return -1
		case e.position > position:
			return 1
		}
		return 0
	})
	return n
}

// assembly is a batch that is being made.
type assembly struct {
	*Consumer
	batch    *batch
	parts    []int
	released [][]parked // of each that are still to come
	at       []int      // likewise, in the queues
	cut      []bool     // nothing more comes from it
	streams  map[uuid.UUID]bool
	skipped  int
	room     int // for what is to be parked; -1: it is not known yet
	horizon  int64
	read     map[int64]*engine.RecordedEvent // what was read of queued events that are not kept, by position
}

// readAhead and readAheadBytes bound what is read at once of queued events that are not kept.
const (
	readAhead      = 256
	readAheadBytes = 1 << 20
)

// queued reads an event that is not kept, and with it those that the batch needs next.
func (a *assembly) queued(ctx context.Context, position int64) (*engine.RecordedEvent, error) {
	if e := a.read[position]; e != nil {
		return e, nil
	}
	a.read = map[int64]*engine.RecordedEvent{}
	cursor := a.registry.index.ReadPositions(a.unread())
	for size := int64(0); size < readAheadBytes && cursor.Next(ctx); {
		e := cursor.Event().Clone()
		a.read[e.Position] = &e
		size += live.SizeOf(&e)
	}
	if e := a.read[position]; e != nil {
		return e, nil
	}
	return nil, cmp.Or(cursor.Err(), ctx.Err(), errMissing)
}

// unread are the positions of the next events that are not kept, in the order in which they are taken.
func (a *assembly) unread() (list []int64) {
	at := slices.Clone(a.at)
	for range readAhead {
		first, position := -1, a.horizon
		for j, p := range a.parts {
			if q := a.Consumer.parts[p].entries; !a.cut[j] && at[j] < len(q) && q[at[j]].position < position {
				first, position = j, q[at[j]].position
			}
		}
		if first < 0 {
			break
		}
		if a.Consumer.parts[a.parts[first]].entries[at[first]].event == nil {
			list = append(list, position)
		}
		at[first]++
	}
	return list
}

// assemble makes a batch of what is queued below a position.
func (c *Consumer) assemble(ctx context.Context, parts []int, limit int, horizon int64) (*batch, []Event, error) {
	n := len(parts)
	a := assembly{Consumer: c, batch: &batch{last: -1, parts: make([]batchPart, n)}, parts: parts, released: make([][]parked, n), at: make([]int, n), cut: make([]bool, n), room: -1, horizon: horizon}
	for i, p := range parts {
		s := &c.parts[p]
		a.batch.parts[i] = batchPart{partition: p, checkpoint: s.checkpoint, version: s.version, next: min(s.next, horizon), upto: -1}
		a.released[i] = c.shelves[p].released
	}
	var events []Event
	size, reached := int64(0), int64(-1)
	for len(events) < limit && size < batchBytes && a.skipped < maxSkipped {
		i, again, position := a.first(horizon)
		if i < 0 {
			return a.batch, events, nil
		}
		reached = position
		a.batch.events++
		e, err := a.take(ctx, i, again, position)
		if err != nil {
			return nil, nil, err
		}
		if e.RecordedEvent != nil {
			size += live.SizeOf(e.RecordedEvent)
			events = append(events, e)
			a.batch.last = position
		}
	}
	for i := range a.batch.parts { // more may follow
		bp := &a.batch.parts[i]
		bp.next = min(bp.next, reached+1)
	}
	return a.batch, events, nil
}

// first is the partition whose next event is the first of all below a position; -1: there is none. again: it is delivered once more.
func (a *assembly) first(below int64) (i int, again bool, position int64) {
	i, position = -1, below
	for j, p := range a.parts {
		switch q := a.Consumer.parts[p].entries; {
		case a.cut[j]:
		case len(a.released[j]) > 0:
			if a.released[j][0].Position < position {
				i, again, position = j, true, a.released[j][0].Position
			}
		case a.at[j] < len(q) && q[a.at[j]].position < position:
			i, again, position = j, false, q[a.at[j]].position
		}
	}
	return i, again, position
}

// take takes a partition's next event; one without an event is passed over.
func (a *assembly) take(ctx context.Context, i int, again bool, position int64) (e Event, err error) {
	bp, s := &a.batch.parts[i], &a.Consumer.parts[a.parts[i]]
	e = Event{Partition: bp.partition, Attempt: 1}
	if again {
		one := a.released[i][0]
		bp.released, a.released[i] = append(bp.released, one), a.released[i][1:]
		e.Attempt += one.Attempts
		if e.RecordedEvent, err = a.event(ctx, position); err != nil {
			return e, err
		}
		if ok, err := a.what.wants(e.RecordedEvent); err != nil || !ok { // what it may see is less than when it was parked
			return Event{}, err
		}
		return e, nil
	}
	if e.RecordedEvent = s.entries[a.at[i]].event; e.RecordedEvent == nil {
		if e.RecordedEvent, err = a.queued(ctx, position); err != nil {
			return e, err
		}
	}
	failed := s.attemptsAt(position)
	worn := failed >= a.def.MaxAttempts
	if !worn && !a.shelves[bp.partition].streams[e.StreamID] && !a.streams[e.StreamID] {
		e.Attempt += failed
		bp.positions = append(bp.positions, position)
		a.at[i]++
		return e, nil
	}
	if a.room < 0 {
		a.room = a.parkingRoom()
	}
	if a.skipped >= a.room {
		s.stuck, a.cut[i] = true, true
		bp.next = min(bp.next, position)
		return Event{}, nil
	}
	one := parked{Position: position, Stream: e.StreamID, Attempts: failed, Reason: "an event of its stream before it is parked"}
	if worn {
		one.Reason = "members ended while they had the event"
		if a.def.OnPark == parkStream {
			if a.streams == nil {
				a.streams = map[uuid.UUID]bool{}
			}
			a.streams[e.StreamID] = true
		}
	}
	bp.skipped = append(bp.skipped, one)
	a.skipped++
	a.at[i]++
	return Event{}, nil
}

func (c *Consumer) event(ctx context.Context, position int64) (*engine.RecordedEvent, error) {
	return c.registry.event(ctx, position)
}

// event reads an event.
func (r *Registry) event(ctx context.Context, position int64) (*engine.RecordedEvent, error) {
	o := engine.Forward(position)
	o.Limit = 1
	cursor := r.index.ReadAll(o)
	if !cursor.Next(ctx) {
		return nil, cmp.Or(cursor.Err(), ctx.Err(), errMissing)
	}
	e := cursor.Event().Clone()
	return &e, nil
}

var errMissing = errors.New("an event is missing")

// moveOn moves the partitions of a batch without events behind what is not wanted, and parks what is to be parked; it tells whether it has done
// so, for which it has given way.
func (c *Consumer) moveOn(h Host, m *Member, b *batch, now time.Time) (bool, error) {
	var changes []engine.ControlChange
	for i := range b.parts {
		bp := &b.parts[i]
		s := &c.parts[bp.partition]
		if upto := c.idle(bp, s, now); upto > bp.Position {
			changes = append(changes, c.ackPart(bp, upto, now)...)
			s.moved = now.UnixMicro()
		}
	}
	if changes == nil {
		return false, nil
	}
	return true, c.put(h, changes)
}

// idle is the position behind which a partition of a batch without events may be moved: all that it is not about; its own where there is none, or
// where that was done just now.
func (c *Consumer) idle(bp *batchPart, s *part, now time.Time) int64 {
	if len(bp.positions) > 0 || len(bp.released) > 0 || len(bp.skipped) == 0 && now.UnixMicro()-s.moved < moveEvery.Microseconds() {
		return bp.Position
	}
	upto := bp.next - 1
	if len(bp.skipped) > 0 {
		upto = min(upto, bp.skipped[len(bp.skipped)-1].Position)
	}
	return upto
}

// put makes changes at once, while others have their turn. Where somebody else has moved a partition, that is as well.
func (c *Consumer) put(h Host, changes []engine.ControlChange) error {
	c.mu.Unlock()
	defer c.mu.Lock()
	var conflict *engine.ControlConflictError
	if err := h.AppendNow(h.Asking(), &engine.AppendRequest{Control: changes}); err != nil && !errors.As(err, &conflict) {
		return err
	}
	return nil
}
