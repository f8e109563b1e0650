package pgwire

import (
	"cmp"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Notice sends a notice. It reaches the client with what follows; where too much waits already, it is left out.
func (c *Conn) Notice(e *pgerror.Error) {
	if len(c.out) < maxNotices {
		c.appendError(e, true)
	}
}

// maxNotices bounds what may wait to be sent when a notice joins it, in bytes: a statement can give one a row, and
// send no row.
const maxNotices = 1 << 20

func (c *Conn) send(m pgproto3.BackendMessage) {
	out, err := m.Encode(c.out)
	if err != nil { // only a message over 1 GiB
		panic(err)
	}
	c.out = out
}

// A client that takes nothing for writeStall is cut off: its session holds a place and memory. A
// write of a chunk ends when the system has taken it, so a slow client is not a stalled one.
const (
	writeStall = 5 * time.Minute
	writeChunk = 64 << 10
)

func (c *Conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	c.pause() // who takes nothing holds up nobody
	var err error
	for b := c.out; len(b) > 0 && err == nil; {
		n := min(len(b), writeChunk)
		c.armWrite()
		_, err = c.net.Write(b[:n])
		b = b[n:]
	}
	if cap(c.out) > 2*keepBytes {
		c.out = nil
		_ = c.output.Set(0)
	}
	c.out = c.out[:0]
	if err != nil {
		return errDisconnected
	}
	return nil
}

// armWrite gives a write its time, and a little more: setting a deadline is not free, so one that is
// still far enough away stays.
func (c *Conn) armWrite() {
	now := time.Now()
	stall := cmp.Or(c.stall, writeStall)
	if left := c.writeBy.Sub(now); left >= stall && left <= stall+stall/8 {
		return
	}
	c.writeBy = now.Add(stall + stall/8)
	_ = c.raw.SetWriteDeadline(c.writeBy) // an error shows in the write
	if stall > endStall && c.isStopping() && c.why != ErrShutdown {
		_ = c.raw.SetWriteDeadline(now.Add(endStall))
	}
}
