package notify

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/live"
)

// The server's own channels: of all events, of a category, of a stream. It notifies on them of what is appended, and nobody else does.
const (
	allChannel     = "events"
	categoryPrefix = "category:"
	streamPrefix   = "stream:"
)

// Followed is what a channel of the server's own tells of; ok is false for any other.
func Followed(channel string) (key live.Key, ok bool) {
	if channel == allChannel {
		return key, true
	}
	if name, found := strings.CutPrefix(channel, categoryPrefix); found {
		return live.Key{Kind: live.OfCategory, Text: name}, true
	}
	name, found := strings.CutPrefix(channel, streamPrefix)
	if found {
		key = live.Key{Kind: live.OfStream, Stream: engine.StreamID(name)}
	}
	return key, found
}

// feedSize is what a channel of the server's own takes beside channelSize, in bytes.
const feedSize = 400

// Shown tells whether the session sees an event.
type Shown func(*engine.RecordedEvent) (bool, error)

// feed is a channel of the server's own that a session listens to. Nothing waits in it: what is new is looked for when the session can be told of it.
type feed struct {
	channel string
	key     live.Key
	waiter  live.Waiter
	next    int64       // the session knows of what is below, or is not shown it
	woken   atomic.Bool // it is among those that are due
	began   bool        // its transaction has committed
	closed  bool
}

// follow begins a feed of what is appended from now on. Ready has it go on.
func (l *Listener) follow(channel string, key live.Key) *feed {
	d := l.registry.Events
	if len(l.feeds) == 0 {
		d.Join()
	}
	if l.feeds == nil {
		l.feeds = map[string]*feed{}
	}
	f := &feed{channel: channel, key: key, next: l.registry.Next()}
	f.waiter.Key = key
	f.waiter.Woken = func() { l.wake(f) }
	l.feeds[channel] = f
	return f
}

// wake has what is new of a feed be looked for. Any goroutine may call it.
func (l *Listener) wake(f *feed) {
	l.mu.Lock()
	if !f.woken.Swap(true) {
		l.due = append(l.due, f)
	}
	l.mu.Unlock()
	l.conn.Wake()
}

// ready has a feed be woken from now on; changes is what the dispatcher had told of what the session sees when it was looked at.
func (l *Listener) ready(f *feed, changes int64) {
	if !l.registry.Events.Arm(&f.waiter, f.next, changes) {
		l.wake(f) // there is something already: it is looked for when what was found has been sent
	}
}

// unfollow ends a feed.
func (l *Listener) unfollow(channel string) {
	f := l.feeds[channel]
	if f == nil {
		return
	}
	f.closed = true
	delete(l.feeds, channel)
	l.registry.Events.Disarm(&f.waiter)
	if len(l.feeds) == 0 {
		l.registry.Events.Leave()
	}
}

// tell tells of what is new in the feeds that were woken: of each the newest position that the session is shown. sight says what that is.
func (l *Listener) tell(ctx context.Context, sight func() (Shown, error)) error {
	l.mu.Lock()
	due := l.due
	l.due = nil
	for _, f := range due {
		f.woken.Store(false)
	}
	l.mu.Unlock()
	if len(due) == 0 {
		return nil
	}
	d := l.registry.Events
	changes, before := d.Changes(), d.Head() // what comes behind is looked at the next time, when it is known what is shown of that
	shown, err := sight()
	if err != nil {
		return l.blind(err)
	}
	for _, f := range due {
		if f.closed {
			continue
		}
		from, head := d.Disarm(&f.waiter)
		head = min(head, before)
		newest, err := d.Newest(ctx, f.key, max(from, f.next), head, shown, func() error { return l.conn.Pace(ctx) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			l.conn.Notice(&pgerror.Error{Severity: "WARNING", Code: pgerror.IOError, Message: "events cannot be read: " + err.Error()})
		} else if newest >= 0 {
			if err := l.conn.Notification(0, f.channel, strconv.FormatInt(newest, 10)); err != nil {
				return err
			}
			l.registry.sent.Add(1)
		}
		f.next = max(f.next, head)
		l.ready(f, changes)
	}
	return nil
}

// blind ends all feeds of a session that may not read events any more, and tells it so.
func (l *Listener) blind(why error) error {
	e, ok := why.(*pgerror.Error)
	if !ok || e.Code != pgerror.InsufficientPrivilege {
		return why
	}
	for channel := range l.feeds {
		l.unlisten(channel)
		l.unfollow(channel)
	}
	l.conn.Listens(len(l.names) > 0)
	warning := *e
	warning.Severity, warning.Detail = "WARNING", "The session does not listen to the channels of events any more."
	l.conn.Notice(&warning)
	return nil
}
