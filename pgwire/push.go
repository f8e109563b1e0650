package pgwire

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Pusher is a [Session] that may have something for a client that has asked for nothing.
type Pusher interface {
	// Push sends what there is, with [Conn.Notification]. It is called after [Conn.Wake], on the connection's goroutine, while no
	// transaction is open: before ReadyForQuery, or while the client is silent. The client is told of parameters that it changes. An error ends
	// the connection.
	Push(ctx context.Context) error
}

// Listens says whether the session is a [Pusher] that may have something. Connections for which nobody ever says so have no more to do than
// if there were no Push.
func (c *Conn) Listens(may bool) {
	_, ok := c.session.(Pusher)
	c.listens = may && ok || c.attends
}

// Attend says that the session, which is a [Pusher], may have something as long as it lives, whatever Listens says. It may be called before
// there is a session.
func (c *Conn) Attend() { c.attends, c.listens = true, true }

// Wake has the session push what it has, as soon as the client may be told of it. Any goroutine may call it, for connections that do not
// listen any more too.
func (c *Conn) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushes = true
	if c.silent && !c.woken && !c.stopping {
		c.woken = true
		_ = c.raw.SetReadDeadline(longAgo)
	}
}

// longAgo is a deadline that wakes a read.
var longAgo = time.Unix(1, 0)

// Notification sends a notification that a session with a process number has made. What the client's encoding does not have is left out,
// and a warning in its place.
func (c *Conn) Notification(pid int32, channel, payload string) error {
	m := pgproto3.NotificationResponse{PID: uint32(pid)}
	var err error
	if m.Channel, err = c.toClient(channel); err == nil {
		m.Payload, err = c.toClient(payload)
	}
	if err != nil {
		e := *asError(err)
		e.Severity, e.Detail = "WARNING", "A notification is left out for it."
		c.Notice(&e)
	} else {
		c.send(&m)
	}
	if len(c.out) < flushBytes {
		return nil
	}
	return c.flush()
}

// push has the session push what it was woken for.
func (c *Conn) push() error {
	c.mu.Lock()
	pushes := c.pushes
	c.pushes = false
	if c.ctx.Err() != nil && !c.stopping {
		c.ctx, c.cancel = context.WithCancelCause(context.Background()) // the one before was of a statement that was cancelled
	}
	ctx := c.ctx
	c.mu.Unlock()
	if !pushes {
		return nil
	}
	c.pace.begin(0)
	err := c.session.(Pusher).Push(ctx)
	c.pause()
	if err == nil {
		c.reportChanges()
		return nil
	}
	if errors.Is(err, errDisconnected) {
		return err
	}
	if c.isStopping() {
		return c.why
	}
	e := asError(err)
	e.Severity = "FATAL"
	return e
}

// awaitSilent waits for the first byte of a message, and pushes what comes up meanwhile. Who waits for it within a message, or within a
// transaction, is not woken.
func (c *Conn) awaitSilent() error {
	for {
		if err := c.push(); err != nil {
			return err
		}
		if err := c.flush(); err != nil {
			return err
		}
		c.mu.Lock()
		c.silent = !c.pushes
		again := c.pushes
		c.mu.Unlock()
		if again {
			continue
		}
		_, err := c.r.Peek(1)
		c.mu.Lock()
		woken, stopping := c.woken, c.stopping
		c.silent, c.woken = false, false
		if woken && !stopping {
			_ = c.raw.SetReadDeadline(c.idleUntil) // as it was: what is pushed does not make the client any less idle
		}
		c.mu.Unlock()
		if err == nil {
			return nil
		}
		if !woken || stopping || !errors.Is(err, os.ErrDeadlineExceeded) {
			return c.readError(err)
		}
	}
}

// endStall is how long a write may go on that a client does not take, where its connection has to end at once.
const endStall = 5 * time.Second

// End ends the connection with an error of severity FATAL, otherwise as [Conn.Terminate] does, but that a client which takes nothing is not
// waited for.
func (c *Conn) End(why *pgerror.Error) {
	atOnce := why != errShutdown
	if atOnce {
		c.server.Logger.Warn("a connection is ended", "pid", c.pid, "why", why.Message)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping {
		c.stopping, c.why = true, why
	}
	c.cancel(c.why)
	_ = c.raw.SetReadDeadline(longAgo)
	if atOnce {
		_ = c.raw.SetWriteDeadline(time.Now().Add(endStall))
	}
}
