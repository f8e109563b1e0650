package live

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/eventgres/eventgres/engine"
)

const (
	// ringBytes bounds the newest events that are kept: a follower that is not further behind is served from memory.
	ringBytes = 4 << 20
	// eventBytes is what one takes beside its texts.
	eventBytes = 320
	// Events are handed on so many at a time, or when they have so many bytes: who waits for the first does not wait for all.
	batchEvents = 512
	batchBytes  = 256 << 10
	// Where more than manyAwake were woken at once, the next are woken coalesce later: each wake is a write to a client, and
	// events that come in between go with one.
	manyAwake = 16
	coalesce  = 5 * time.Millisecond
)

// Dispatcher reads what is appended once for all who follow the log, keeps the newest of it, and wakes those of them who may want
// it. While nobody follows, it does nothing. It may be used concurrently.
type Dispatcher struct {
	store  *engine.Store
	index  *engine.ReadIndex
	logger *slog.Logger
	watch  []string // control keys of which everybody is told that they have changed

	mu        sync.Mutex
	followers int
	stop      context.CancelFunc // ends the goroutines; nil: there are none
	next      int64              // the position after the newest event that was dispatched
	ring      ring
	waiting   waiters
	changes   int64
	stats     Stats
}

// Stats is what a dispatcher has done since the server's start, and what it has now.
type Stats struct {
	Followers int   // that there are
	Waiting   int   // of them, those that have seen all that there is
	RingBytes int64 // of events that are kept
	Events    int64 // dispatched
	Wakes     int64
}

// NewDispatcher returns one of a store. Followers are told, too, when control keys change that begin with one of the prefixes of
// watch: on them rests what they may see.
func NewDispatcher(store *engine.Store, logger *slog.Logger, watch ...string) *Dispatcher {
	return &Dispatcher{store: store, index: store.Index(), logger: logger, watch: watch}
}

// Stats returns them.
func (d *Dispatcher) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stats
	s.Followers, s.Waiting, s.RingBytes = d.followers, d.waiting.n, d.ring.bytes
	return s
}

// Join has the dispatcher read what is appended, until as many have left as joined.
func (d *Dispatcher) Join() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.followers++; d.followers > 1 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop, d.next = stop, d.index.GlobalPosition()+1
	d.ring.clear(d.next)
	go d.guarded(ctx, d.next)
	for _, prefix := range d.watch {
		w := d.store.Control().Watch(prefix)
		go d.tell(ctx, w, w.Version())
	}
}

// Leave is the end of what Join began.
func (d *Dispatcher) Leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.followers--; d.followers == 0 {
		d.stop()
		d.ring.clear(d.next)
	}
}

// Head is the position after the newest event that was dispatched: up to there followers look.
func (d *Dispatcher) Head() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next
}

// Changes is another number after each change of what the dispatcher watches beside events.
func (d *Dispatcher) Changes() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changes
}

// event is one that is kept, nil if that at the position is not.
func (d *Dispatcher) event(position int64) *engine.RecordedEvent {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ring.at(position)
}

// guarded runs the dispatcher until the last follower has left. What goes wrong with an event goes wrong where a follower reads
// it: the dispatcher passes over it, and goes on.
func (d *Dispatcher) guarded(ctx context.Context, next int64) {
	for d.run(ctx, &next) {
	}
}

func (d *Dispatcher) run(ctx context.Context, next *int64) (again bool) {
	defer func() {
		if p := recover(); p != nil {
			d.logger.Error("panic in the dispatcher of followers", "panic", p, "stack", string(debug.Stack()))
			*next, again = d.passOver(ctx), true
		}
	}()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for d.store.Hub().Wait(ctx, *next) == nil {
		woken, err := d.read(ctx, next)
		if err != nil && ctx.Err() == nil {
			d.logger.Error("followers are not told of events that cannot be read", "error", err)
			*next = d.passOver(ctx)
		}
		if woken > manyAwake {
			pause.Reset(coalesce)
			select {
			case <-pause.C:
			case <-ctx.Done():
			}
		}
	}
	return false
}

// read dispatches what there is from a position on, and moves it.
func (d *Dispatcher) read(ctx context.Context, next *int64) (woken int, err error) {
	c := d.index.ReadAll(engine.Forward(*next))
	var batch []*engine.RecordedEvent
	size := int64(0)
	flush := func() {
		*next += int64(len(batch))
		woken += d.dispatch(ctx, batch, *next)
		batch, size = nil, 0
	}
	for c.Next(ctx) {
		e := c.Event().Clone()
		batch = append(batch, &e)
		if size += SizeOf(&e); len(batch) == batchEvents || size > batchBytes {
			flush()
		}
	}
	flush()
	return woken, c.Err()
}

// dispatch hands events on, the last of which is before a position.
func (d *Dispatcher) dispatch(ctx context.Context, batch []*engine.RecordedEvent, next int64) (woken int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil {
		return 0 // the last follower has left; another may have come
	}
	before := d.stats.Wakes
	d.next = next
	for _, e := range batch {
		d.ring.add(e)
	}
	for _, e := range batch {
		d.stats.Wakes += int64(d.waiting.match(e))
	}
	d.stats.Events += int64(len(batch))
	return int(d.stats.Wakes - before)
}

// passOver leaves it to followers to read what there is, and tells from where it goes on.
func (d *Dispatcher) passOver(ctx context.Context) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := d.index.GlobalPosition() + 1
	if ctx.Err() != nil {
		return next
	}
	from := d.next
	d.next = next
	d.ring.clear(next)
	d.waiting.wakeAll(from)
	return next
}

// tell tells all who wait each time that a watched key has changed.
func (d *Dispatcher) tell(ctx context.Context, w *engine.Watch, seen int64) {
	defer w.Close()
	for w.Wait(ctx, seen) == nil {
		seen = w.Version()
		d.mu.Lock()
		if ctx.Err() == nil {
			d.changes++
			d.waiting.wakeAll(d.next)
		}
		d.mu.Unlock()
	}
}

// SizeOf is about what an event takes in memory, in bytes.
func SizeOf(e *engine.RecordedEvent) int64 {
	n := eventBytes + len(e.Stream) + len(e.Type) + len(e.Payload) + len(e.Metadata)
	for _, t := range e.Tags {
		n += 16 + len(t)
	}
	return int64(n)
}

// ring has the newest events, up to a number of bytes, in the order of positions, which have no gap.
type ring struct {
	events []*engine.RecordedEvent
	gone   int   // of events, in front
	first  int64 // the position of the first that is there
	bytes  int64
}

// clear empties it; the next event is at a position.
func (r *ring) clear(next int64) { *r = ring{first: next} }

func (r *ring) add(e *engine.RecordedEvent) {
	r.events = append(r.events, e)
	r.bytes += SizeOf(e)
	for r.bytes > ringBytes {
		r.bytes -= SizeOf(r.events[r.gone])
		r.events[r.gone] = nil
		r.gone++
		r.first++
	}
	if r.gone > 64 && r.gone > len(r.events)/2 {
		n := copy(r.events, r.events[r.gone:])
		clear(r.events[n:])
		r.events, r.gone = r.events[:n], 0
	}
}

func (r *ring) at(position int64) *engine.RecordedEvent {
	i := position - r.first
	if i < 0 || i >= int64(len(r.events)-r.gone) {
		return nil
	}
	return r.events[r.gone+int(i)]
}
