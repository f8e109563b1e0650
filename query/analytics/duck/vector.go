//go:build cgo

package duck

/*
#include "shim.h"
*/
import "C"

import (
	"math/big"
	"unsafe"
)

// Vector is a column of a chunk, in DuckDB's own memory. What it returns of that is
// valid as long as the chunk.
type Vector struct {
	raw      unsafe.Pointer
	data     unsafe.Pointer
	validity unsafe.Pointer // nil: all rows are valid
	typ      *Type
}

// Type is the vector's type.
func (v *Vector) Type() *Type { return v.typ }

// Null tells whether a row has no value.
func (v *Vector) Null(i int) bool {
	if v.validity == nil {
		return false
	}
	word := *(*uint64)(unsafe.Add(v.validity, i/64*8))
	return word&(1<<(i%64)) == 0
}

func at[T any](v *Vector, i int) *T {
	var zero T
	return (*T)(unsafe.Add(v.data, uintptr(i)*unsafe.Sizeof(zero)))
}

// Values of a row, by kind.
func (v *Vector) Bool(i int) bool     { return *at[bool](v, i) }
func (v *Vector) Int16(i int) int16   { return *at[int16](v, i) }
func (v *Vector) Int32(i int) int32   { return *at[int32](v, i) }
func (v *Vector) Int64(i int) int64   { return *at[int64](v, i) }
func (v *Vector) Uint64(i int) uint64 { return *at[uint64](v, i) }
func (v *Vector) Float(i int) float32 { return *at[float32](v, i) }
func (v *Vector) Double(i int) float64 {
	return *at[float64](v, i)
}

// Huge is a 128-bit integer; of a UUID its bits with the topmost flipped.
type Huge struct {
	Lower uint64
	Upper int64
}

// Big returns the number.
func (h Huge) Big() *big.Int {
	b := big.NewInt(h.Upper)
	b.Lsh(b, 64)
	return b.Add(b, new(big.Int).SetUint64(h.Lower))
}

// Int64 returns the number if it fits.
func (h Huge) Int64() (int64, bool) {
	v := int64(h.Lower)
	return v, h.Upper == v>>63
}

// Huge returns a HUGEINT.
func (v *Vector) Huge(i int) Huge { return *at[Huge](v, i) }

// Decimal returns a decimal's unscaled value, whatever its width.
func (v *Vector) Decimal(i int) Huge {
	n := int64(0)
	switch v.typ.internal {
	case Int16:
		n = int64(v.Int16(i))
	case Int32:
		n = int64(v.Int32(i))
	case Int64:
		n = v.Int64(i)
	default:
		return v.Huge(i)
	}
	return Huge{Lower: uint64(n), Upper: n >> 63}
}

// UUID returns a UUID's bytes.
func (v *Vector) UUID(i int) (out [16]byte) {
	h := v.Huge(i)
	upper := uint64(h.Upper) ^ 1<<63
	for b := range 8 {
		out[b] = byte(upper >> (56 - 8*b))
		out[8+b] = byte(h.Lower >> (56 - 8*b))
	}
	return out
}

// Span is an INTERVAL.
type Span struct {
	Months, Days int32
	Micros       int64
}

// Interval returns an interval.
func (v *Vector) Interval(i int) Span { return *at[Span](v, i) }

// inlined is how many bytes of a string stand in the vector itself.
const inlined = 12

// str is DuckDB's string: a length, and the bytes or a prefix and a pointer to them.
type str struct {
	length uint32
	bytes  [inlined]byte
}

// Bytes returns a VARCHAR's or a BLOB's bytes.
func (v *Vector) Bytes(i int) []byte {
	s := at[str](v, i)
	if s.length <= inlined {
		return unsafe.Slice(&s.bytes[0], s.length)
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&s.bytes[4])), s.length)
}

// Text is Bytes as a string that shares the memory.
func (v *Vector) Text(i int) string {
	b := v.Bytes(i)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// List returns where a row's elements lie in Child.
func (v *Vector) List(i int) (from, to int) {
	e := at[[2]uint64](v, i)
	return int(e[0]), int(e[0] + e[1])
}

// Child has the elements of all of a list vector's rows.
func (v *Vector) Child() Vector {
	var child C.evg_vector
	var text *C.char
	must(C.evg_child(v.raw, &child, &text), text)
	return part(&child, v.typ.Child)
}

// Field is a field of a struct vector.
func (v *Vector) Field(i int) Vector {
	var field C.evg_vector
	var text *C.char
	must(C.evg_field(v.raw, C.evg_idx(i), &field, &text), text)
	return part(&field, v.typ.Fields[i])
}

// Held is about how many bytes a vector's first n rows take.
func (v *Vector) Held(n int) int64 {
	const fixed = 16
	total := int64(n) * fixed
	switch v.typ.Kind {
	case Varchar, Blob:
		for i := range n {
			if !v.Null(i) {
				if l := at[str](v, i).length; l > inlined {
					total += int64(l)
				}
			}
		}
	case List:
		last := 0
		for i := range n {
			if !v.Null(i) {
				_, to := v.List(i)
				last = max(last, to)
			}
		}
		child := v.Child()
		total += child.Held(last)
	case Struct:
		for k := range v.typ.Fields {
			field := v.Field(k)
			total += field.Held(n)
		}
	}
	return total
}
