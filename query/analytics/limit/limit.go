// Package limit bounds what one call of a function may take: it can be told to end, and it may
// hold so much memory. Functions are called from within the engine's threads, where nothing else
// reaches them: each of their loops that a client can make long looks here.
package limit

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Why a call is to end, as the word that Work looks at has it.
const (
	Cancelled int32 = 1 // by the client, or by a timeout
	Memory    int32 = 2 // the process has too little for what runs
)

// Stop is what a call panics with that ends early; Catch makes an error of it.
type Stop struct{ Err error }

// MaxBytes bounds what one call of a function may hold in Go's memory, its result included. It is
// the size of the largest message that a client may send, several times over.
const MaxBytes = 256 << 20

// TotalBytes bounds what all calls that run at the same time may hold.
const TotalBytes = 512 << 20

// total is what they hold. A call takes its part in pieces, so that short ones never touch it.
var total atomic.Int64

const piece = 1 << 20

// Work is what a call may still do. A nil Work is bounded by nothing.
type Work struct {
	ended *int32
	bytes int
	taken int // of the total
	steps int
}

// New returns a Work that ends when the word is no longer 0; nil: it never is told to.
func New(ended *int32) Work { return Work{ended: ended} }

// At returns a Work that looks at a word in memory that is not Go's.
func At(word unsafe.Pointer) Work { return Work{ended: (*int32)(word)} }

// Begin begins another call: what the one before it held is given back.
func (w *Work) Begin() {
	w.End()
	w.Check()
}

// End gives back what the call held.
func (w *Work) End() {
	if w.taken > 0 {
		total.Add(int64(-w.taken))
	}
	w.bytes, w.taken = 0, 0
}

// stride is how many steps are taken between looks, each of them about a nanosecond to ten.
const stride = 4096

// Step counts a step of a loop, and looks at times whether the call is to end.
func (w *Work) Step() {
	if w == nil {
		return
	}
	if w.steps++; w.steps&(stride-1) == 0 {
		w.Check()
	}
}

// Steps counts many steps at once.
func (w *Work) Steps(n int) {
	if w == nil {
		return
	}
	before := w.steps
	if w.steps += n; before/stride != w.steps/stride {
		w.Check()
	}
}

// Check ends the call if it is to end.
func (w *Work) Check() {
	if w == nil || w.ended == nil {
		return
	}
	if why := atomic.LoadInt32(w.ended); why != 0 {
		panic(Stop{reason(why)})
	}
}

// Take counts memory that the call is about to hold.
func (w *Work) Take(n int) {
	if w == nil {
		return
	}
	if w.bytes += n; w.bytes > MaxBytes {
		panic(Stop{outOfMemory("One call of a function may hold %d MB.", MaxBytes>>20)})
	}
	if more := w.bytes - w.taken; more >= piece {
		w.taken = w.bytes
		if total.Add(int64(more)) > TotalBytes {
			panic(Stop{reason(Memory)})
		}
	}
	w.Steps(n / 64)
}

// Held is what is held beyond calls: the states of aggregates. The zero Held is nothing.
type Held struct{ bytes int }

// Set makes n bytes of it. An error, of SQLSTATE 53200, says that all together hold too much; they are counted until Set is
// told that they are gone.
func (h *Held) Set(n int) error {
	more := n - h.bytes
	h.bytes = n
	if total.Add(int64(more)) > TotalBytes && more > 0 {
		return reason(Memory)
	}
	return nil
}

func reason(why int32) error {
	if why == Memory {
		return outOfMemory("The functions that run at the same time hold more than the analytics worker may.")
	}
	return context.Canceled
}

func outOfMemory(format string, args ...any) error {
	return pgerror.Errorf(pgerror.OutOfMemory, "out of memory").WithDetail(format, args...)
}

// Catch turns a Stop into an error; other panics go on.
func Catch(err *error) {
	switch p := recover().(type) {
	case nil:
	case Stop:
		*err = p.Err
	default:
		panic(p)
	}
}
