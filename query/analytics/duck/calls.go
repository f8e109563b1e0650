//go:build cgo

package duck

/*
#include "shim.h"
*/
import "C"

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/query/analytics/limit"
)

// running are the calls of functions that run now, with when they began.
type running struct {
	mu   sync.Mutex
	held map[*call]struct{}
}

type call struct {
	cell  *C.evg_cell
	began time.Time
}

var calls = running{held: map[*call]struct{}{}}

// begin notes a call, of a whole chunk; what it returns ends it.
func (r *running) begin(cell *C.evg_cell) func() {
	if cell == nil {
		return func() {}
	}
	c := &call{cell: cell, began: time.Now()}
	r.mu.Lock()
	r.held[c] = struct{}{}
	r.mu.Unlock()
	return func() {
		r.mu.Lock()
		delete(r.held, c)
		r.mu.Unlock()
	}
}

// EndLongest ends the statement whose call of a function has run longest, for want of memory. It tells
// whether there was one.
func EndLongest() bool {
	calls.mu.Lock()
	defer calls.mu.Unlock()
	var longest *call
	for c := range calls.held {
		if longest == nil || c.began.Before(longest.began) {
			longest = c
		}
	}
	if longest == nil {
		return false
	}
	// Its connection lives as long as it runs.
	return atomic.CompareAndSwapInt32((*int32)(&longest.cell.ended), 0, limit.Memory)
}
