package pgwire

import (
	"io"
	"os"
	"sync"
	"time"
)

// fairness lets connections that are ready have their turn. Go's scheduler looks at sockets when it has no
// goroutine to run, or else every 10 ms: two sessions whose clients answer at once keep two processors that
// long, while other clients' requests wait. (runtime.Gosched does not help: a goroutine that gives way is one
// that can run.) To pass the fairness is to wait for a byte through a pipe, so that the scheduler looks.
type fairness struct {
	w *os.File

	mu      sync.Mutex
	waiting []chan<- struct{}
	closed  bool
}

// A connection passes after turnEvery in which no read waited. pgbench's 16 clients that read streams of 20 see a
// p99 of 3.5 ms so, where it was 5 to 18, and a longest wait of 10 instead of 100, at the same rate; 500 µs give a p99
// of 5 ms, 1 ms one of 8. To count reads instead costs clients that do not starve each other 5 to 15 %.
const (
	turnEvery = 250 * time.Microsecond
	waited    = 20 * time.Microsecond // a read of a few bytes that takes as long has waited
	slice     = 10 * time.Millisecond // how long Go lets a goroutine compute that others wait for
)

// newFairness returns nil where the process may open no more files: there is no fairness then.
func newFairness() *fairness {
	r, w, err := os.Pipe()
	if err != nil {
		return nil
	}
	t := &fairness{w: w}
	go t.run(r)
	return t
}

// run lets through who waits, until the fairness is closed.
func (t *fairness) run(r *os.File) {
	defer r.Close()
	var bytes [64]byte
	var list []chan<- struct{} // let through, and then filled again
	for {
		_, err := r.Read(bytes[:])
		t.mu.Lock()
		list, t.waiting = t.waiting, list[:0]
		t.closed = err != nil
		t.mu.Unlock()
		for _, through := range list {
			through <- struct{}{} // there is room for it
		}
		if err != nil {
			return
		}
	}
}

// pass returns when the scheduler has looked at the sockets. The channel is the caller's own, with room for
// one.
func (t *fairness) pass(through chan struct{}) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return
	}
	t.waiting = append(t.waiting, through)
	first := len(t.waiting) == 1
	t.mu.Unlock()
	if first { // one byte is for all who come before it is read
		_, _ = t.w.Write([]byte{0}) // an error: it is closed, and run lets everybody through
	}
	<-through
}

// close lets everybody through from now on.
func (t *fairness) close() { _ = t.w.Close() }

// turnReader reads from a connection, and passes the fairness where its reads do not wait: the request that
// was read waits for those of others.
type turnReader struct {
	conn    io.Reader
	turns   *fairness // nil: none
	through chan struct{}
	since   time.Time // the last read that waited, or the last turn
}

func newTurnReader(conn io.Reader, turns *fairness) *turnReader {
	return &turnReader{conn: conn, turns: turns, through: make(chan struct{}, 1), since: time.Now()}
}

func (r *turnReader) Read(b []byte) (int, error) {
	start := time.Now()
	n, err := r.conn.Read(b)
	end := time.Now()
	switch {
	case err != nil || r.turns == nil:
	case end.Sub(start) >= waited+time.Duration(n): // to copy a byte takes less than a nanosecond
		r.since = end
	case end.Sub(r.since) >= turnEvery:
		r.turns.pass(r.through)
		r.since = time.Now()
		if r.since.Sub(end) >= slice {
			// All processors compute: the scheduler had no reason to look. The next turn is as far
			// away as it would be from what computes.
			r.since = r.since.Add(slice)
		}
	}
	return n, err
}
