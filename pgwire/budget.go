package pgwire

import (
	"sync/atomic"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Budgets bound the memory that clients make a server hold: messages that are being received, prepared
// statements, portals and their parameters, settings, appends of a transaction, cursors, rows on their way.
// Each connection has one, and what goes beyond an allowance comes out of one for all of them, so that many
// connections together are bounded too, while a client that holds little is never told that others hold much.
// What cannot be had is refused with 53200, and the session goes on.
//
// The sums are of what is large; the constants beside them stand for what Go's own structures take, and are what was measured.

const (
	// connectionMemory is Server.ConnectionMemory's default: four of the longest messages.
	connectionMemory = 256 << 20
	// totalMemory is Server.TotalMemory's default.
	totalMemory = 1 << 30
	// allowance is what a connection may hold without having it from the pool: far more than appends and reads
	// take. All connections together may hold so much of it that it is bounded by their number.
	allowance = 512 << 10
	// drawBytes is what is drawn from the pool at a time, so that connections seldom meet there.
	drawBytes = 256 << 10
)

// pool is what connections have in common.
type pool struct {
	limit int64
	used  atomic.Int64
}

func (p *pool) draw(n int64) bool {
	if p.used.Add(n) <= p.limit || n <= 0 {
		return true
	}
	p.used.Add(-n)
	return false
}

// budget is a connection's. Its goroutine alone uses it.
type budget struct {
	pool  *pool // nil: nothing is bounded, as in tests
	limit int64
	used  int64
	drawn int64 // of the pool
}

// take takes n bytes, or gives them back if n is negative, which cannot fail.
func (b *budget) take(n int64) error {
	if b.pool == nil {
		b.used += n
		return nil
	}
	used := b.used + n
	if n > 0 && used > b.limit {
		return pgerror.Errorf(pgerror.OutOfMemory, "out of memory").
			WithDetail("The connection would hold %d bytes, the limit is %d.", used, b.limit).
			WithHint("Close prepared statements, portals and cursors that are no longer needed, or send less at a time; COPY loads data of any size.")
	}
	want := (max(0, used-allowance) + drawBytes - 1) / drawBytes * drawBytes
	if more := want - b.drawn; more > 0 || more <= -2*drawBytes || want == 0 && more != 0 {
		if !b.pool.draw(more) {
			return pgerror.Errorf(pgerror.OutOfMemory, "out of memory").
				WithDetail("All connections together hold the %d bytes that they may.", b.pool.limit).
				WithHint("Try again, or send less at a time; COPY loads data of any size.")
		}
		b.drawn = want
	}
	b.used = used
	return nil
}

// Share is what one thing or kind of thing holds of its connection's budget. The zero Share counts nothing.
type Share struct {
	budget *budget
	held   int64
}

// NewShare returns a share of the connection's budget that holds nothing.
func (c *Conn) NewShare() Share { return Share{budget: &c.budget} }

// Set makes n bytes of what the share holds. An error, of SQLSTATE 53200, leaves it as it was; to hold less
// does not fail.
func (s *Share) Set(n int64) error {
	if s.budget == nil || n == s.held {
		return nil
	}
	if err := s.budget.take(n - s.held); err != nil {
		return err
	}
	s.held = n
	return nil
}

// Add is Set to n more, or less, than it holds.
func (s *Share) Add(n int64) error { return s.Set(s.held + n) }

// Held is what the share holds.
func (s *Share) Held() int64 { return s.held }

// Use takes n bytes that are needed until the message that is being handled has been.
func (c *Conn) Use(n int64) error { return c.working.Add(n) }

// MemoryUsed is what connections hold beyond their allowances, for tests and for those who watch the server.
func (s *Server) MemoryUsed() int64 { return s.memory.used.Load() }

// Held is what the connection holds of its budget.
func (c *Conn) Held() int64 { return c.budget.used }

// What Go's own structures take, beside what is in them, in bytes.
const (
	nameBytes = 256 // a statement or portal with its name
)

// valueSize is what a parameter takes, before it is made of the bytes that came.
func valueSize(oid uint32, format int16, raw []byte) int64 {
	size := pgvalue.ValueBytes + int64(len(raw))
	if pgvalue.ElementType(oid) == 0 || len(raw) == 0 {
		return size
	}
	elements := int64(0)
	switch {
	case format == 0:
		for _, c := range raw {
			if c == ',' {
				elements++
			}
		}
		elements++
	case len(raw) >= 16:
		elements = int64(pgvalue.Be.Uint32(raw[12:]))
	}
	return size + min(elements, pgvalue.MaxArrayElements)*pgvalue.ValueBytes*2 // a slice that grows is there twice
}
