package notify

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/live"
)

// Conn is a listener's connection.
type Conn interface {
	// PID is the process number that others see.
	PID() int32
	// Wake has the connection's goroutine call Listener.Drain, soon. Any goroutine may call it.
	Wake()
	// End ends the connection. Any goroutine may call it.
	End(why *pgerror.Error)
	// Listens says whether Wake may be called from now on.
	Listens(may bool)
	// Notification sends a notification.
	Notification(pid int32, channel, payload string) error
	// Pace gives way to others where there is much to look at.
	Pace(ctx context.Context) error
	// Notice sends a notice.
	Notice(*pgerror.Error)
}

// Notification is one message.
type Notification struct {
	PID              int32 // of the session that has made it
	Channel, Payload string
}

// overhead is what a notification in a queue takes beside its texts, in bytes.
const overhead = 64

func (n *Notification) size() int { return overhead + len(n.Channel) + len(n.Payload) }

// Registry is who listens to what. It may be used concurrently.
type Registry struct {
	// Events tells of what is appended, and Next is the position after the newest event. They are set before anybody listens.
	Events *live.Dispatcher
	Next   func() int64

	sessions atomic.Int64 // that listen to something
	sent     atomic.Int64 // notifications

	mu       sync.RWMutex
	channels map[string]map[*Listener]struct{}

	// committed are the notifications of transactions that have committed, in that order, until somebody delivers them: those that made them
	// do so before their sessions go on, so that there are no more than what sessions have pending.
	committed [][]Notification
	order     sync.Mutex // guards committed; the log's writer waits for it

	delivering sync.Mutex // held while notifications are put into queues, which keeps their order
}

// enqueue takes what a transaction that has just committed notifies of.
func (r *Registry) enqueue(list []Notification) {
	r.order.Lock()
	r.committed = append(r.committed, list)
	r.order.Unlock()
}

// deliver puts all that was enqueued into the queues of those who listen. When it returns it is there, whoever has done it.
func (r *Registry) deliver() {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	r.order.Lock()
	committed := r.committed
	r.committed = nil
	r.order.Unlock()
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, list := range committed {
		for i := range list {
			n := &list[i]
			for l := range r.channels[n.Channel] {
				l.put(n)
			}
		}
	}
}

// add has a listener listen to a channel.
func (r *Registry) add(l *Listener, channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.channels[channel]
	if of == nil {
		if r.channels == nil {
			r.channels = map[string]map[*Listener]struct{}{}
		}
		of = map[*Listener]struct{}{}
		r.channels[channel] = of
	}
	of[l] = struct{}{}
}

// remove is the opposite of add.
func (r *Registry) remove(l *Listener, channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.channels[channel]
	delete(of, l)
	if len(of) == 0 {
		delete(r.channels, channel)
	}
}

// Stats is who listens, and what they were sent since the server's start.
type Stats struct {
	Listeners int64 // sessions
	Sent      int64 // notifications
	Usage     float64
}

// Stats returns it.
func (r *Registry) Stats() Stats {
	return Stats{Listeners: r.sessions.Load(), Sent: r.sent.Load(), Usage: r.Usage()}
}

// Usage is how full the fullest queue is, from 0 to 1.
func (r *Registry) Usage() float64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	most := 0
	for _, of := range r.channels {
		for l := range of {
			most = max(most, l.waiting())
		}
	}
	return float64(most) / maxQueue
}
