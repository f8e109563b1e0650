package pgwire

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// gate bounds how many statements compute for long at the same time, so that a processor is left
// for the short ones: Go lets what computes have a processor for 10 ms at a time, and with a few of
// them every hop of a short request, its read, the writer, its answer, waits that long.
type gate struct {
	mu      sync.Mutex
	free    int
	waiting []chan struct{} // the first that came is the next
}

const (
	// longAfter is how long a statement computes before it needs a place: far more than an append or a read
	// of a page takes.
	longAfter = 500 * time.Microsecond
	// longTurn is for how long it has it where others wait.
	longTurn = 5 * time.Millisecond
	// longBytes is how long a message is that needs a place from the start.
	longBytes = 256 << 10
)

func newGate() *gate { return &gate{free: max(1, runtime.GOMAXPROCS(0)-1)} }

// enter waits for a place.
func (g *gate) enter(ctx context.Context) error {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	i := slices.Index(g.waiting, turn)
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 {
		g.leave() // it was given all the same
	}
	return ctx.Err()
}

// leave gives the place to who has waited longest.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.free++
		return
	}
	close(g.waiting[0])
	g.waiting[0] = nil
	g.waiting = g.waiting[1:]
}

// wanted tells whether somebody waits for a place.
func (g *gate) wanted() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting) > 0
}

// pace is how a connection takes part: its goroutine alone uses it.
type pace struct {
	gate  *gate         // nil: none
	mark  time.Time     // computing since then, as far as it is not in spent; zero: since before the next Pace, so that what is short reads no clock
	spent time.Duration // by the statement, without what it waited
	holds bool
	turn  time.Time // when it got its place
}

// begin is the begin of a statement that came in a message of so many bytes.
func (p *pace) begin(bytes int) {
	p.mark, p.spent = time.Time{}, 0
	if bytes >= longBytes {
		p.spent = longAfter
	}
}

// Pace is called by what computes for long, every 100 µs or so and at least every millisecond. It returns
// the context's error, and after a while makes the caller wait while others compute as long.
func (c *Conn) Pace(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &c.pace
	if p.gate == nil {
		return nil
	}
	now := time.Now()
	if !p.mark.IsZero() {
		p.spent += now.Sub(p.mark)
	}
	p.mark = now
	switch {
	case p.holds && now.Sub(p.turn) < longTurn, !p.holds && p.spent < longAfter:
		return nil
	case p.holds && !p.gate.wanted():
		// Nobody computes as long. With one processor short statements wait nevertheless.
		p.turn = now
		if turns := c.server.turns; turns != nil && runtime.GOMAXPROCS(0) == 1 {
			turns.pass(make(chan struct{}, 1))
			p.mark = time.Now()
		}
		return nil
	}
	c.pause()
	if err := p.gate.enter(ctx); err != nil {
		return err
	}
	p.holds, p.turn = true, time.Now()
	p.mark = p.turn
	return nil
}

// pause gives the place away, before the connection waits for something else than a place.
func (c *Conn) pause() {
	if p := &c.pace; p.holds {
		p.holds = false
		p.gate.leave()
	}
}

// resume is the end of a pause: what was waited does not count.
func (c *Conn) resume() { c.pace.mark = time.Time{} }

// Waiting runs f, which waits for something else than a processor: the disk, another process, the client.
func (c *Conn) Waiting(f func() error) error {
	if c.pace.gate == nil {
		return f()
	}
	if p := &c.pace; p.holds {
		p.spent += time.Since(p.mark)
		c.pause()
	}
	err := f()
	c.resume()
	return err
}
