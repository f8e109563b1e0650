package pgwire

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// next reads a message into c.body and returns its type. The body is valid until the
// next call.
func (c *Conn) next() (byte, error) {
	if c.unread > 0 {
		if err := c.skipUnread(); err != nil {
			return 0, err
		}
	}
	if c.r.Buffered() == 0 {
		c.armIdle()
		if c.listens && c.between {
			if err := c.awaitSilent(); err != nil {
				return 0, err
			}
		}
	}
	c.between = false
	header, err := c.r.Peek(5)
	if err != nil {
		return 0, c.readError(err)
	}
	typ, length := header[0], int64(int32(pgvalue.Be.Uint32(header[1:])))-4
	if err := c.checkHeader(typ, length); err != nil {
		return 0, err
	}
	_, _ = c.r.Discard(5)
	if length > int64(c.server.MaxMessageBytes) {
		// The answer does not wait for the body, which is skipped so that the session
		// lives on.
		c.unread = length
		if typ == 'd' && !c.copying {
			c.body = c.body[:0]
			return typ, nil // left over from a COPY that failed
		}
		return typ, pgerror.Errorf(pgerror.ProgramLimitExceeded, "message of type \"%c\" is too long: %d bytes, the limit is %d", typ, length, c.server.MaxMessageBytes)
	}
	if int64(c.r.Buffered()) < length {
		// Bytes must keep coming: a second for 64 KiB, and a minute to begin with.
		c.setDeadline(time.Minute + time.Duration(length/(64<<10))*time.Second)
	}
	return typ, c.readBody(int(length))
}

// smallMessageBytes is PostgreSQL's PQ_SMALL_MESSAGE_LIMIT, for messages that carry no
// data of the client's.
const smallMessageBytes = 10000

// checkHeader refuses what cannot be a message, before its body is read.
func (c *Conn) checkHeader(typ byte, length int64) error {
	limit := int64(smallMessageBytes)
	switch typ {
	case 'd':
		if !c.both { // whose messages are short: what is read there is nobody's share
			limit = maxFrameBytes
		}
	case 'Q', 'P', 'B', 'F':
		limit = maxFrameBytes
	case 'C', 'D', 'E', 'S', 'H', 'X', 'c', 'f', 'p':
	default:
		return fatalProtocol("invalid frontend message type %d", typ)
	}
	if length < 0 || length > limit && limit == smallMessageBytes {
		return fatalProtocol("invalid message length")
	}
	if length > limit {
		return &pgerror.Error{Severity: "FATAL", Code: pgerror.ProgramLimitExceeded, Message: "message is too long"}
	}
	return nil
}

// skipUnread passes over the body of a message that was refused.
func (c *Conn) skipUnread() error {
	c.setDeadline(time.Minute + time.Duration(c.unread/(64<<10))*time.Second)
	n, err := io.CopyN(io.Discard, c.r, c.unread)
	c.unread -= n
	if err != nil {
		return c.readError(err)
	}
	return nil
}

// readPiece is how much of a long message is read at a time.
const readPiece = 64 << 10

// readBody takes memory as bytes arrive, so that a claim alone costs nothing.
func (c *Conn) readBody(length int) error {
	const step = 1 << 20
	c.body = c.body[:0]
	for len(c.body) < length {
		n := min(length-len(c.body), max(step, len(c.body)))
		if cap(c.body)-len(c.body) < n {
			if err := c.growBody(n); err != nil {
				c.unread = int64(length - len(c.body))
				c.dropBody()
				return err
			}
		}
		for n > 0 { // the fairness is passed between reads, so none is long
			start, piece := len(c.body), min(n, readPiece)
			c.body = c.body[:start+piece]
			if read, err := io.ReadFull(c.r, c.body[start:]); err != nil {
				c.unread = int64(length - start - read) // if the session goes on, behind the message
				return c.readError(err)
			}
			n -= piece
		}
	}
	return nil
}

// growBody makes room for n more bytes.
func (c *Conn) growBody(n int) error {
	size := len(c.body) + n
	if size > keepBytes {
		if err := c.message.Set(int64(cap(c.body) + size)); err != nil { // both are there while one is copied
			return err
		}
	}
	if size > longBytes && c.pace.gate != nil {
		// To take and fill so much memory is work as well, which one does at a time.
		if err := c.pace.gate.enter(context.Background()); err != nil {
			return err
		}
		defer c.pace.gate.leave()
	}
	c.body, _ = pgvalue.Grown(c.body, size, nil)
	if size > keepBytes {
		return c.message.Set(int64(size))
	}
	return nil
}

// dropBody lets go of a long message.
func (c *Conn) dropBody() {
	if cap(c.body) > keepBytes {
		c.body = nil
		_ = c.message.Set(0)
	}
}

// armIdle sets the deadline that applies while the connection waits for a message.
func (c *Conn) armIdle() {
	if c.copying {
		c.armCopy()
		return
	}
	timeout := c.IdleTimeout
	if c.session.Status() != 'I' {
		timeout = c.IdleInTransactionTimeout
	}
	c.idleUntil = time.Time{}
	if timeout > 0 {
		c.idleUntil = time.Now().Add(timeout)
		c.setDeadlineAt(c.idleUntil)
	} else if c.deadline {
		c.mu.Lock()
		if !c.stopping {
			_ = c.raw.SetReadDeadline(time.Time{})
		}
		c.mu.Unlock()
		c.deadline = false
	}
}

// armCopy waits without limit, unless the statement has been interrupted already.
func (c *Conn) armCopy() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping && !c.halted && c.ctx.Err() == nil {
		_ = c.raw.SetReadDeadline(time.Time{})
	}
	c.deadline = true
}

func (c *Conn) setDeadline(d time.Duration) { c.setDeadlineAt(time.Now().Add(d)) }

func (c *Conn) setDeadlineAt(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping && !c.halted {
		_ = c.raw.SetReadDeadline(t)
	}
	c.deadline = true
}

func (c *Conn) readError(err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return errDisconnected
	}
	switch {
	case c.isStopping():
		return c.why
	case c.copying && c.ctx.Err() != nil:
		return c.ctx.Err() // run knows the cause
	case c.session.Status() != 'I' && c.IdleInTransactionTimeout > 0:
		return &pgerror.Error{Severity: "FATAL", Code: pgerror.IdleInTransactionSessionTimeout, Message: "terminating connection due to idle-in-transaction timeout"}
	case c.IdleTimeout > 0:
		return &pgerror.Error{Severity: "FATAL", Code: pgerror.IdleSessionTimeout, Message: "terminating connection due to idle-session timeout"}
	}
	return fatalProtocol("the message did not arrive in time")
}
