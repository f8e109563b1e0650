package live

import (
	"context"

	"github.com/eventgres/eventgres/engine"
)

// Events yields events of the log; engine.Cursor is one.
type Events interface {
	Next(ctx context.Context) bool
	Event() *engine.RecordedEvent
	Err() error
}

// Follower yields the events of the log that have a key, and others, from a position on: each once, in the order of positions, and never one that is
// not durable. It belongs to one goroutine. Close it.
type Follower struct {
	d       *Dispatcher
	open    func(ctx context.Context, from, before int64) (Events, error)
	waiter  Waiter
	next    int64 // all below was yielded, or is not wanted
	head    int64 // up to here there is something to look at
	changes int64
	behind  Events // in the log's files; nil: none is read
	bound   int64  // where behind ends
	closed  bool
}

// Follow returns a follower of events with a key, from a position on. open reads the log where the dispatcher does not have it any more: the
// events between two positions that have the key, and perhaps others.
func (d *Dispatcher) Follow(key Key, from int64, open func(ctx context.Context, from, before int64) (Events, error)) *Follower {
	d.Join()
	return &Follower{d: d, open: open, waiter: Waiter{Key: key}, next: from, head: from}
}

// Close ends it; it may be called more than once.
func (f *Follower) Close() {
	if !f.closed {
		f.closed, f.behind = true, nil
		f.d.Leave()
	}
}

// Position is the one below which everything was yielded that was there.
func (f *Follower) Position() int64 { return f.next }

// Back goes back to a position that Position has told.
func (f *Follower) Back(position int64) { f.next, f.behind = position, nil }

// Look has what follows be all that there is by now. It must come before the owner looks at what he may see, so that
// what he is shown is not older than that.
func (f *Follower) Look() {
	f.d.mu.Lock()
	f.head, f.changes = max(f.head, f.d.next), f.d.changes
	f.d.mu.Unlock()
}

// Reach has what follows be all that there is below a position, which is committed. As Look it comes before the owner looks at what he may see.
func (f *Follower) Reach(position int64) { f.head = max(f.head, position) }

// Next returns the next event, nil if there is none before where Look was last. The event holds until the next call.
func (f *Follower) Next(ctx context.Context) (*engine.RecordedEvent, error) {
	for {
		if f.behind != nil {
			if f.behind.Next(ctx) {
				e := f.behind.Event()
				f.next = e.Position + 1
				return e, nil
			}
			err := f.behind.Err()
			f.behind = nil
			if err != nil {
				return nil, err
			}
			f.next = max(f.next, f.bound)
		}
		if f.next >= f.head {
			return nil, nil
		}
		if e := f.d.event(f.next); e != nil {
			f.next++
			if f.waiter.Key.Matches(e) {
				return e, nil
			}
			continue
		}
		var err error
		f.bound = f.head
		if f.behind, err = f.open(ctx, f.next, f.bound); err != nil {
			return nil, err
		}
	}
}

// Wait waits until there may be something new, or the owner has to look anew at what he may see. It is called when Next has returned
// nothing; after an error, which is the context's, the follower can go on.
func (f *Follower) Wait(ctx context.Context) error {
	from, head, err := f.d.Wait(ctx, &f.waiter, f.next, f.changes)
	f.next, f.head = max(f.next, from), max(f.head, head)
	return err
}
