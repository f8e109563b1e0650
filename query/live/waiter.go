package live

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
)

// KeyKind says what all events have in common that a follower wants.
type KeyKind uint8

// The kinds of keys.
const (
	AllEvents  KeyKind = iota // nothing
	OfStream                  // the stream
	OfCategory                // the category
	OfType                    // the type
	WithTag                   // a tag
)

// Key is what all events have in common that a follower wants. An event costs those alone whose key it has.
type Key struct {
	Kind   KeyKind
	Stream uuid.UUID // of OfStream
	Text   string    // of the others
}

// Matches tells whether an event has the key.
func (k *Key) Matches(e *engine.RecordedEvent) bool {
	switch k.Kind {
	case OfStream:
		return e.StreamID == k.Stream
	case OfCategory:
		return e.Stream != "" && engine.Category(e.Stream) == k.Text
	case OfType:
		return e.Type == k.Text
	case WithTag:
		return slices.Contains(e.Tags, k.Text)
	}
	return true
}

// Waiter is who waits for events with a key. It belongs to one goroutine, and can be used again.
type Waiter struct {
	Key Key
	// Woken, if it is set, is called when there may be something, in place of what Wait waits for. It must not wait for anything, nor
	// call the dispatcher.
	Woken func()

	wake       chan struct{}
	list       *waiterList // that it waits in; nil: it does not
	prev, next *Waiter
	from       int64 // where there may be something
}

type waiterList struct{ first *Waiter }

// waiters are all that wait, by their keys.
type waiters struct {
	all  waiterList
	keys map[Key]*waiterList
	// How many wait by each kind of key: an event is looked up by those that there are.
	kinds [WithTag + 1]int
	n     int
}

func (ws *waiters) add(w *Waiter) {
	list := &ws.all
	if w.Key.Kind != AllEvents {
		if list = ws.keys[w.Key]; list == nil {
			if ws.keys == nil {
				ws.keys = map[Key]*waiterList{}
			}
			list = new(waiterList)
			ws.keys[w.Key] = list
		}
	}
	if w.list, w.next = list, list.first; w.next != nil {
		w.next.prev = w
	}
	list.first = w
	ws.kinds[w.Key.Kind]++
	ws.n++
}

func (ws *waiters) remove(w *Waiter) {
	list := w.list
	if w.next != nil {
		w.next.prev = w.prev
	}
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		list.first = w.next
	}
	if list.first == nil && list != &ws.all {
		delete(ws.keys, w.Key)
	}
	w.list, w.prev, w.next = nil, nil, nil
	ws.kinds[w.Key.Kind]--
	ws.n--
}

// wakeList wakes all of a list: there may be something for them from a position on.
func (ws *waiters) wakeList(list *waiterList, from int64) (n int) {
	for list != nil && list.first != nil {
		w := list.first
		ws.remove(w)
		w.from = max(w.from, from)
		n++
		if w.Woken != nil {
			w.Woken()
			continue
		}
		w.wake <- struct{}{}
	}
	return n
}

// match wakes those who may want an event, and tells how many.
func (ws *waiters) match(e *engine.RecordedEvent) (n int) {
	if ws.n == 0 {
		return 0
	}
	n = ws.wakeList(&ws.all, e.Position)
	if ws.kinds[OfStream] > 0 {
		n += ws.wakeList(ws.keys[Key{Kind: OfStream, Stream: e.StreamID}], e.Position)
	}
	if ws.kinds[OfCategory] > 0 && e.Stream != "" {
		n += ws.wakeList(ws.keys[Key{Kind: OfCategory, Text: engine.Category(e.Stream)}], e.Position)
	}
	if ws.kinds[OfType] > 0 {
		n += ws.wakeList(ws.keys[Key{Kind: OfType, Text: e.Type}], e.Position)
	}
	if ws.kinds[WithTag] > 0 {
		for _, t := range e.Tags {
			n += ws.wakeList(ws.keys[Key{Kind: WithTag, Text: t}], e.Position)
		}
	}
	return n
}

// wakeAll wakes everybody: there may be something from a position on.
func (ws *waiters) wakeAll(from int64) {
	ws.wakeList(&ws.all, from)
	for _, list := range ws.keys {
		ws.wakeList(list, from)
	}
}

// Arm has a waiter woken when there is something for it at a position or behind it. It tells whether it did: not if there is
// something to look at already, or if what the dispatcher watches has changed since the owner has looked (Changes).
func (d *Dispatcher) Arm(w *Waiter, next, changes int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.next > next || d.changes != changes {
		return false
	}
	w.from = next
	d.waiting.add(w)
	return true
}

// Disarm ends the waiting, whether the waiter was woken or not. There is nothing for it below from, which may be head; what there is ends at head.
func (d *Dispatcher) Disarm(w *Waiter) (from, head int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.list != nil {
		d.waiting.remove(w)
		w.from = max(w.from, d.next)
	}
	return w.from, d.next
}

// Wait waits until there may be something for the waiter at a position or behind it, or until what the dispatcher watches is not
// as it was; after an error, which is the context's, from and head hold too.
func (d *Dispatcher) Wait(ctx context.Context, w *Waiter, next, changes int64) (from, head int64, err error) {
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	if !d.Arm(w, next, changes) {
		return next, d.Head(), nil
	}
	select {
	case <-w.wake:
	case <-ctx.Done():
		err = ctx.Err()
	}
	from, head = d.Disarm(w)
	select {
	case <-w.wake: // it was woken meanwhile
	default:
	}
	return from, head, err
}
