//go:build cgo

package duck

import (
	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Rows is a result that is produced as it is read. It belongs to its connection, which
// runs nothing else until it is closed.
type Rows struct {
	conn     *Conn
	prepared bindings.PreparedStatement
	result   bindings.Result
	chunk    bindings.DataChunk
	types    []*Type
	vectors  []Vector
}

// Query runs one statement and returns its rows, none of which need be there yet. Until
// they are closed the statement's transaction is open.
func (c *Conn) Query(sql string) (*Rows, error) { return c.query(sql, true) }

// Read runs one statement to its end and returns its rows, all of which are in memory.
func (c *Conn) Read(sql string) (*Rows, error) { return c.query(sql, false) }

func (c *Conn) query(sql string, streaming bool) (*Rows, error) {
	r := &Rows{conn: c}
	if bindings.Prepare(c.raw, sql, &r.prepared) == bindings.StateError {
		err := newError(bindings.PrepareError(r.prepared))
		bindings.DestroyPrepare(&r.prepared)
		return nil, err
	}
	if err := r.execute(streaming); err != nil {
		r.Close()
		return nil, err
	}
	n := bindings.ColumnCount(&r.result)
	for i := range n {
		logical := bindings.ColumnLogicalType(&r.result, i)
		r.types = append(r.types, readType(logical))
		bindings.DestroyLogicalType(&logical)
	}
	r.vectors = make([]Vector, n)
	return r, nil
}

// execute runs the statement, up to its first rows or to its end.
func (r *Rows) execute(streaming bool) error {
	var pending bindings.PendingResult
	begin := bindings.PendingPrepared
	if streaming {
		begin = bindings.PendingPreparedStreaming
	}
	if begin(r.prepared, &pending) == bindings.StateError {
		err := newError(bindings.PendingError(pending))
		bindings.DestroyPending(&pending)
		return err
	}
	defer bindings.DestroyPending(&pending)
	if bindings.ExecutePending(pending, &r.result) == bindings.StateError {
		return newError(bindings.ResultError(&r.result))
	}
	return nil
}

// Types are those of the columns.
func (r *Rows) Types() []*Type { return r.types }

// Next returns the next vectors, one a column, and how many rows they have; 0 at the
// end. They are valid until the next call.
func (r *Rows) Next() ([]Vector, int, error) {
	r.release()
	r.chunk = bindings.FetchChunk(r.result)
	if r.chunk.Ptr == nil {
		if message := bindings.ResultError(&r.result); message != "" {
			return nil, 0, newError(message)
		}
		return nil, 0, nil
	}
	n := int(bindings.DataChunkGetSize(r.chunk))
	for i := range r.vectors {
		r.vectors[i] = vectorOf(bindings.DataChunkGetVector(r.chunk, bindings.IdxT(i)), r.types[i])
	}
	return r.vectors, n, nil
}

func (r *Rows) release() {
	if r.chunk.Ptr != nil {
		bindings.DestroyDataChunk(&r.chunk)
	}
}

// Close frees the result; what still runs is ended.
func (r *Rows) Close() {
	r.release()
	bindings.DestroyResult(&r.result)
	bindings.DestroyPrepare(&r.prepared)
}
