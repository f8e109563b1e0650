//go:build cgo

package duck

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/eventgres/eventgres/query/analytics/limit"
)

// Conn is a connection. One goroutine at a time uses it; Interrupt may be called by
// any.
type Conn struct {
	mu   sync.Mutex // guards raw between Interrupt and Close
	raw  unsafe.Pointer
	cell *C.evg_cell
	tree unsafe.Pointer // prepared, once it is needed
}

// Connect opens a connection.
func (d *DB) Connect() (*Conn, error) {
	c := &Conn{}
	var text *C.char
	if err := failed(C.evg_connect(d.raw.Ptr, &c.raw, &c.cell, &text), text); err != nil {
		return nil, err
	}
	return c, nil
}

// Close closes the connection.
func (c *Conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var text *C.char
	if c.tree != nil {
		_ = failed(C.evg_destroy_statement(c.tree, &text), text)
		c.tree = nil
	}
	_ = failed(C.evg_disconnect(c.raw, c.cell, &text), text)
	c.raw, c.cell = nil, nil
}

// Interrupt ends the statement that is running, if one is, and the functions that run for it.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.raw != nil {
		c.end(limit.Cancelled)
		var text *C.char
		_ = failed(C.evg_interrupt(c.raw, &text), text)
	}
}

func (c *Conn) end(why int32) { atomic.StoreInt32((*int32)(&c.cell.ended), why) }

// Exec runs statements and drops what they return.
func (c *Conn) Exec(sql string) error {
	c.end(0)
	s := C.CString(sql)
	defer C.free(unsafe.Pointer(s))
	var text *C.char
	return failed(C.evg_query(c.raw, s, &text), text)
}
