package pgwire

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// CopyBoth is COPY data in both directions at once, as replication has it. What the client sends is read by a goroutine of its
// own, so that a client that takes nothing is heard nevertheless; what it is sent goes through the connection's buffer, and waits
// for the client alone. Its methods are for the connection's goroutine.
type CopyBoth struct {
	c     *Conn
	ended chan struct{} // closed when nothing more comes
	err   error         // why, once that is closed; nil: the client has ended its side
	stall time.Duration // as it was
}

// BeginCopyBoth announces it. take is called with each piece that the client sends, which is valid during the call, on another
// goroutine; its error ends the reading. stall is how long a write may wait for the client, 0: as long as any. End must be called.
func (o *Output) BeginCopyBoth(stall time.Duration, take func(data []byte) error) (*CopyBoth, error) {
	c := o.c
	b := &CopyBoth{c: c, ended: make(chan struct{}), stall: c.stall}
	c.out = append(c.out, 'W', 0, 0, 0, 7, 0, 0, 0)
	if err := c.flush(); err != nil {
		close(b.ended)
		return b, err
	}
	c.stopTimeout() // it goes on for as long as the client wants
	c.mu.Lock()
	c.copying, c.both, c.halted = true, true, false
	c.mu.Unlock()
	if stall > 0 {
		c.stall = stall
	}
	go func() {
		defer close(b.ended)
		b.err = errDisconnected
		c.guarded("the reading of a connection", nil, func() { b.err = b.receive(take) })
	}()
	return b, nil
}

// receive reads until the client ends its side.
func (b *CopyBoth) receive(take func(data []byte) error) error {
	c := b.c
	for {
		typ, err := c.next()
		if err != nil {
			return err
		}
		switch typ {
		case 'd':
			if err := take(c.body); err != nil {
				return err
			}
			c.dropBody()
		case 'c':
			return nil
		case 'f':
			m := c.received()
			return pgerror.Errorf(pgerror.QueryCanceled, "COPY from stdin failed: %s", m.string())
		case 'X':
			return errDisconnected
		case 'H', 'S':
		default:
			return fatalProtocol("unexpected message type 0x%02X during COPY BOTH", typ)
		}
	}
}

// Ended is closed when nothing more comes from the client.
func (b *CopyBoth) Ended() <-chan struct{} { return b.ended }

// Err is why, once Ended is closed: nil if the client has ended its side.
func (b *CopyBoth) Err() error { return b.err }

// Send sends a message, which write appends to dst; size is about how long it becomes.
func (b *CopyBoth) Send(ctx context.Context, size int, write func(dst []byte) ([]byte, error)) error {
	c := b.c
	if size > flushBytes {
		if err := (&Output{c: c}).room(int64(size)); err != nil {
			return err
		}
	}
	start := len(c.out)
	c.out = append(c.out, 'd', 0, 0, 0, 0)
	out, err := write(c.out)
	if c.out = out; err != nil {
		c.out = out[:start]
		return err
	}
	pgvalue.Be.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
	return (&Output{c: c}).full(ctx)
}

// Text appends text to dst as the client wants it: in its encoding.
func (b *CopyBoth) Text(ctx context.Context, dst, text []byte) ([]byte, error) {
	if b.c.encoding == nil {
		return append(dst, text...), nil
	}
	return encodeText(ctx, b.c, b.c.encoding, dst, text)
}

// Encoded tells whether the client's texts are in another encoding than UTF-8.
func (b *CopyBoth) Encoded() bool { return b.c.encoding != nil }

// Flush sends what waits.
func (b *CopyBoth) Flush() error { return b.c.flush() }

// End ends the server's side, and waits for the client to end its own unless something failed: then what it still sends is passed
// over later. A command tag of its own tells of the copy's end, before that of its statement, as PostgreSQL's does.
func (b *CopyBoth) End(failed error) error {
	c := b.c
	defer func() {
		c.stall = b.stall
		c.mu.Lock()
		defer c.mu.Unlock()
		c.copying, c.both, c.halted = false, false, false
		if !c.stopping {
			_ = c.raw.SetReadDeadline(time.Time{})
		}
	}()
	if failed == nil {
		c.out = append(c.out, 'c', 0, 0, 0, 4)
		if failed = c.flush(); failed == nil {
			<-b.ended
			if failed = b.err; failed == nil {
				c.complete(Tag{Command: "COPY"})
				return nil
			}
			return failed
		}
	}
	c.mu.Lock()
	c.halted = true
	_ = c.raw.SetReadDeadline(longAgo)
	c.mu.Unlock()
	<-b.ended
	if errors.Is(b.err, errDisconnected) || errors.Is(b.err, io.EOF) {
		return errDisconnected // there is nobody to tell
	}
	return failed
}
