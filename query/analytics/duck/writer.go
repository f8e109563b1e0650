//go:build cgo

package duck

import (
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Writer fills a vector, row by row in any order.
type Writer struct {
	Vector
	elements int // of a list vector, so far
	child    *Writer
}

func writerOf(raw bindings.Vector, t *Type) Writer {
	return Writer{Vector: Vector{raw: raw, typ: t, data: bindings.VectorGetData(raw)}}
}

// SetNull makes a row null.
func (w *Writer) SetNull(i int) {
	if w.validity == nil {
		bindings.VectorEnsureValidityWritable(w.raw)
		w.validity = bindings.VectorGetValidity(w.raw)
	}
	word := (*uint64)(unsafe.Add(w.validity, i/64*8))
	*word &^= 1 << (i % 64)
}

// Setters of a row's value, by kind.
func (w *Writer) SetBool(i int, x bool)       { *at[bool](&w.Vector, i) = x }
func (w *Writer) SetInt16(i int, x int16)     { *at[int16](&w.Vector, i) = x }
func (w *Writer) SetInt32(i int, x int32)     { *at[int32](&w.Vector, i) = x }
func (w *Writer) SetInt64(i int, x int64)     { *at[int64](&w.Vector, i) = x }
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
	bindings.UnsafeVectorAssignStringElementLen(w.raw, bindings.IdxT(i), x)
}

// BeginList begins a row's list of n elements and returns the writer of elements and
// the place of the first. Rows are to be written in order.
func (w *Writer) BeginList(i, n int) (elements *Writer, from int) {
	from = w.elements
	w.elements += n
	bindings.ListVectorReserve(w.raw, bindings.IdxT(w.elements))
	bindings.ListVectorSetSize(w.raw, bindings.IdxT(w.elements))
	*at[[2]uint64](&w.Vector, i) = [2]uint64{uint64(from), uint64(n)}
	if w.child == nil {
		w.child = &Writer{}
	}
	child := writerOf(bindings.ListVectorGetChild(w.raw), w.typ.Child) // it may have moved
	child.validity = nil
	if w.child.validity != nil {
		child.validity = bindings.VectorGetValidity(child.raw)
	}
	*w.child = child
	return w.child, from
}

// Appender adds rows to a table, a chunk at a time.
type Appender struct {
	raw     bindings.Appender
	chunk   bindings.DataChunk
	types   []*Type
	writers []Writer
}

// ChunkRows is how many rows a chunk takes.
const ChunkRows = 2048

// Appender opens an appender to a table of the database's main schema, whose columns
// have these types.
func (c *Conn) Appender(catalog, schema, table string, types []*Type) (*Appender, error) {
	a := &Appender{types: types, writers: make([]Writer, len(types))}
	if bindings.AppenderCreateExt(c.raw, catalog, schema, table, &a.raw) == bindings.StateError {
		err := newError(bindings.AppenderError(a.raw))
		bindings.AppenderDestroy(&a.raw)
		return nil, err
	}
	logical := make([]bindings.LogicalType, len(types))
	for i, t := range types {
		logical[i] = t.logical()
	}
	a.chunk = bindings.CreateDataChunk(logical)
	for i := range logical {
		bindings.DestroyLogicalType(&logical[i])
	}
	return a, nil
}

// Chunk returns the writers of an empty chunk, one a column.
func (a *Appender) Chunk() []Writer {
	bindings.DataChunkReset(a.chunk)
	for i, t := range a.types {
		a.writers[i] = writerOf(bindings.DataChunkGetVector(a.chunk, bindings.IdxT(i)), t)
	}
	return a.writers
}

// Append adds the chunk's first n rows to the table.
func (a *Appender) Append(n int) error {
	bindings.DataChunkSetSize(a.chunk, bindings.IdxT(n))
	if bindings.AppendDataChunk(a.raw, a.chunk) == bindings.StateError {
		return newError(bindings.AppenderError(a.raw))
	}
	return nil
}

// Close flushes and frees the appender.
func (a *Appender) Close() error {
	var err error
	if bindings.AppenderClose(a.raw) == bindings.StateError {
		err = newError(bindings.AppenderError(a.raw))
	}
	bindings.DestroyDataChunk(&a.chunk)
	bindings.AppenderDestroy(&a.raw)
	return err
}
