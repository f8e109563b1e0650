//go:build cgo

package duck

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Appender adds rows to a table, a chunk at a time.
type Appender struct {
	raw     unsafe.Pointer
	chunk   unsafe.Pointer
	types   []*Type
	vectors []C.evg_vector
	writers []Writer
}

// ChunkRows is how many rows a chunk takes.
const ChunkRows = 2048

// Appender opens an appender to a table of the database's main schema, whose columns
// have these types.
func (c *Conn) Appender(catalog, schema, table string, types []*Type) (*Appender, error) {
	a := &Appender{types: types, vectors: make([]C.evg_vector, len(types)), writers: make([]Writer, len(types))}
	names := [3]*C.char{C.CString(catalog), C.CString(schema), C.CString(table)}
	for _, name := range names {
		defer C.free(unsafe.Pointer(name))
	}
	var text *C.char
	err := failed(C.evg_appender(c.raw, names[0], names[1], names[2], &a.raw, &text), text)
	if err == nil {
		logical := make([]unsafe.Pointer, len(types))
		for i, t := range types {
			l := t.logical()
			defer bindings.DestroyLogicalType(&l)
			logical[i] = l.Ptr
		}
		err = failed(C.evg_appender_chunk(unsafe.SliceData(logical), C.evg_idx(len(logical)), &a.chunk, &text), text)
	}
	if err != nil {
		_ = a.Close() // the error that matters is the first
		return nil, err
	}
	return a, nil
}

// Chunk returns the writers of an empty chunk, one a column. It and what writes to them run
// within Guard.
func (a *Appender) Chunk() []Writer {
	var text *C.char
	must(C.evg_reset_chunk(a.chunk, &text), text)
	must(C.evg_chunk_vectors(a.chunk, unsafe.SliceData(a.vectors), C.evg_idx(len(a.vectors)), &text), text)
	for i, t := range a.types {
		a.writers[i] = writerOf(&a.vectors[i], t)
	}
	return a.writers
}

// Append adds the chunk's first n rows to the table.
func (a *Appender) Append(n int) error {
	var text *C.char
	return failed(C.evg_append(a.raw, a.chunk, C.evg_idx(n), &text), text)
}

// Close flushes and frees the appender.
func (a *Appender) Close() error {
	var text *C.char
	var err error
	if a.raw != nil {
		err = failed(C.evg_close_appender(a.raw, &text), text)
	}
	if a.chunk != nil {
		_ = failed(C.evg_destroy_chunk(a.chunk, &text), text)
	}
	a.raw, a.chunk = nil, nil
	return err
}
