package notify

import (
	"context"
	"slices"
	"sync"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

const (
	// maxQueue bounds what waits for a listener that takes nothing, of what others have made, in bytes: a thousand of the longest notifications,
	// or a hundred thousand short ones. What it has made itself is bounded by what its session may have, and goes out before anything else.
	maxQueue = 8 << 20
	// maxChannels bounds what one session listens to: each costs a place in two maps, some 300 bytes beside its name.
	maxChannels = 10_000
	channelSize = 300
	// taken is how much is taken out of the queue at a time, in bytes: so much a client that does not read keeps beside it.
	taken = 64 << 10
	// keptPlaces is how many places an empty queue keeps.
	keptPlaces = 64
)

// Listener is a session that listens. But for its queue it is its session's goroutine's alone.
type Listener struct {
	registry *Registry
	conn     Conn
	channels map[string]struct{}
	names    []string // the channels in the order in which LISTEN named them
	bytes    int64    // of them
	batch    []Notification
	feeds    map[string]*feed // of the channels that are the server's own

	mu     sync.Mutex // guards the queue, and what is due
	queue  []Notification
	head   int  // what is before was taken
	others int  // bytes of what others have made
	own    int  // bytes of the rest
	over   bool // it was too much: the session ends
	due    []*feed
}

// Channels are those that the session listens to, in the order in which it began to.
func (l *Listener) Channels() []string {
	if l == nil {
		return nil
	}
	return l.names
}

// Bytes is what the session is to account for.
func (l *Listener) Bytes() int64 {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes + int64(l.own)
}

// put queues a notification; the deliverer calls it.
func (l *Listener) put(n *Notification) {
	l.mu.Lock()
	if l.over {
		l.mu.Unlock()
		return
	}
	*l.of(n) += n.size()
	if l.over = l.others > maxQueue; l.over {
		l.queue, l.head, l.others, l.own = nil, 0, 0, 0
		l.mu.Unlock()
		l.conn.End(&pgerror.Error{
			Severity: "FATAL", Code: pgerror.OutOfMemory, Message: "terminating connection because it takes no notifications",
			Detail: "More than 8 MiB of them have come up.", Hint: "Do not leave a transaction open while you listen.",
		})
		return
	}
	if l.head > keptPlaces && l.head > len(l.queue)/2 { // who takes always something, and never all, makes no room otherwise
		l.queue = slices.Delete(l.queue, 0, l.head)
		l.head = 0
	}
	l.queue = append(l.queue, *n)
	first := len(l.queue)-l.head == 1
	l.mu.Unlock()
	if first {
		l.conn.Wake()
	}
}

// of is the sum that a notification counts in.
func (l *Listener) of(n *Notification) *int {
	if n.PID == l.conn.PID() {
		return &l.own
	}
	return &l.others
}

// waiting is how much waits in the queue that others have made, in bytes.
func (l *Listener) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.others
}

// Drain sends what has come up. The connection's goroutine calls it, while no transaction is open. sight is asked what the session sees of events; where
// it may see none, of SQLSTATE 42501, the session is told so once and listens to them no more.
func (l *Listener) Drain(ctx context.Context, sight func() (Shown, error)) error {
	for l.take() {
		for i := range l.batch {
			n := &l.batch[i]
			if _, listens := l.channels[n.Channel]; !listens {
				continue // it did when this came up
			}
			if err := l.conn.Notification(n.PID, n.Channel, n.Payload); err != nil {
				return err
			}
			l.registry.sent.Add(1)
		}
	}
	return l.tell(ctx, sight)
}

// take takes some of the queue; false: there is nothing in it.
func (l *Listener) take() bool {
	clear(l.batch) // not to keep the texts
	l.batch = l.batch[:0]
	l.mu.Lock()
	defer l.mu.Unlock()
	for size := 0; size < taken && l.head < len(l.queue); l.head++ {
		n := &l.queue[l.head]
		size += n.size()
		*l.of(n) -= n.size()
		l.batch = append(l.batch, *n)
		*n = Notification{}
	}
	if l.head == len(l.queue) {
		l.queue, l.head = l.queue[:0], 0
		if cap(l.queue) > keptPlaces {
			l.queue = nil
		}
	}
	if len(l.batch) == 0 && cap(l.batch) > keptPlaces {
		l.batch = nil
	}
	return len(l.batch) > 0
}

// listen adds a channel to those that the session listens to. The registry has it already.
func (l *Listener) listen(channel string) {
	if _, listens := l.channels[channel]; listens {
		return
	}
	if l.channels[channel] = struct{}{}; len(l.names) == 0 {
		l.registry.sessions.Add(1)
	}
	l.names = append(l.names, channel)
	l.bytes += channelBytes(channel)
}

// channelBytes is what a channel takes.
func channelBytes(channel string) int64 {
	n := channelSize + int64(len(channel))
	if _, follows := Followed(channel); follows {
		n += feedSize
	}
	return n
}

// unlisten takes a channel out of them, and returns it; an empty one is all. The registry still has what is returned.
func (l *Listener) unlisten(channel string) (removed []string) {
	if channel == "" {
		if removed = l.names; len(removed) > 0 {
			l.registry.sessions.Add(-1)
		}
		clear(l.channels)
		l.names, l.bytes = nil, 0
		return removed
	}
	if _, listens := l.channels[channel]; !listens {
		return nil
	}
	delete(l.channels, channel)
	i := slices.Index(l.names, channel)
	if l.names = slices.Delete(l.names, i, i+1); len(l.names) == 0 {
		l.registry.sessions.Add(-1)
	}
	l.bytes -= channelBytes(channel)
	return []string{channel}
}

// leave has the registry and the log tell nothing of a channel any more.
func (l *Listener) leave(channel string) {
	if _, follows := Followed(channel); follows {
		l.unfollow(channel)
		return
	}
	l.registry.remove(l, channel)
}

// forget drops what is in the queue. Who listens to something again begins anew.
func (l *Listener) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue, l.head, l.others, l.own, l.due = nil, 0, 0, 0, nil
}

// Close ends all listening. What has not been sent by then is gone.
func (l *Listener) Close() {
	if l == nil {
		return
	}
	for _, channel := range l.unlisten("") {
		l.leave(channel)
	}
	l.forget()
}
