//go:build cgo

package duck

/*
#include "shim.h"
*/
import "C"

import (
	"unsafe"

	"github.com/eventgres/eventgres/query/analytics/limit"
)

// Writer fills a vector, row by row in any order. What it cannot allocate it panics with; Guard
// makes an error of that.
type Writer struct {
	Vector
	Work     *limit.Work // what the call that writes may do
	elements int         // of a list vector, so far
	child    *Writer
}

func writerOf(v *C.evg_vector, t *Type) Writer {
	return Writer{Vector: Vector{raw: v.raw, typ: t, data: v.data}}
}

// SetNull makes a row null.
func (w *Writer) SetNull(i int) {
	if w.validity == nil {
		var text *C.char
		must(C.evg_writable(w.raw, &w.validity, &text), text)
	}
	word := (*uint64)(unsafe.Add(w.validity, i/64*8))
	*word &^= 1 << (i % 64)
}

// Setters of a row's value, by kind.
func (w *Writer) SetBool(i int, x bool)       { *at[bool](&w.Vector, i) = x }
func (w *Writer) SetInt16(i int, x int16)     { *at[int16](&w.Vector, i) = x }
func (w *Writer) SetInt32(i int, x int32)     { *at[int32](&w.Vector, i) = x }
func (w *Writer) SetInt64(i int, x int64)     { *at[int64](&w.Vector, i) = x }
func (w *Writer) SetUint64(i int, x uint64)   { *at[uint64](&w.Vector, i) = x }
func (w *Writer) SetFloat(i int, x float32)   { *at[float32](&w.Vector, i) = x }
func (w *Writer) SetDouble(i int, x float64)  { *at[float64](&w.Vector, i) = x }
func (w *Writer) SetHuge(i int, x Huge)       { *at[Huge](&w.Vector, i) = x }
func (w *Writer) SetInterval(i int, x Span)   { *at[Span](&w.Vector, i) = x }
func (w *Writer) SetText(i int, x string)     { w.SetBytes(i, unsafe.Slice(unsafe.StringData(x), len(x))) }
func (w *Writer) SetUUID(i int, id *[16]byte) { w.SetHuge(i, hugeOf(id)) }

func hugeOf(id *[16]byte) Huge {
	var upper, lower uint64
	for b := range 8 {
		upper = upper<<8 | uint64(id[b])
		lower = lower<<8 | uint64(id[8+b])
	}
	return Huge{Lower: lower, Upper: int64(upper ^ 1<<63)}
}

// SetBytes sets a VARCHAR, which must be valid UTF-8, or a BLOB.
func (w *Writer) SetBytes(i int, x []byte) {
	if len(x) <= inlined {
		s := at[str](&w.Vector, i)
		*s = str{length: uint32(len(x))}
		copy(s.bytes[:], x)
		return
	}
	bytes, n := text(x)
	var failure *C.char
	must(C.evg_set_text(w.raw, C.evg_idx(i), bytes, n, &failure), failure)
}

// BeginList begins a row's list of n elements and returns the writer of elements and
// the place of the first. Rows are to be written in order.
func (w *Writer) BeginList(i, n int) (elements *Writer, from int) {
	from = w.elements
	w.elements += n
	var raw C.evg_vector
	var text *C.char
	must(C.evg_list(w.raw, C.evg_idx(w.elements), &raw, &text), text)
	*at[[2]uint64](&w.Vector, i) = [2]uint64{uint64(from), uint64(n)}
	if w.child == nil {
		w.child = &Writer{}
	}
	child := writerOf(&raw, w.typ.Child) // it may have moved
	child.Work = w.Work
	child.elements, child.child = w.child.elements, w.child.child // of lists in lists
	if w.child.validity != nil {
		child.validity = raw.validity
	}
	*w.child = child
	return w.child, from
}
