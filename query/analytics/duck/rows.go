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

// Rows is a result that is produced as it is read. It belongs to its connection, which
// runs nothing else until it is closed.
type Rows struct {
	conn     *Conn
	prepared unsafe.Pointer
	result   unsafe.Pointer
	chunk    unsafe.Pointer
	types    []*Type
	raw      []C.evg_vector
	vectors  []Vector
}

// Query runs one SELECT and returns its rows, none of which need be there yet. Until
// they are closed the statement's transaction is open.
func (c *Conn) Query(sql string) (*Rows, error) { return c.query(sql, 1) }

// Read runs one statement to its end and returns its rows, all of which are in memory.
func (c *Conn) Read(sql string) (*Rows, error) { return c.query(sql, 0) }

func (c *Conn) query(sql string, streaming C.int) (*Rows, error) {
	c.end(0)
	r := &Rows{conn: c}
	err := r.prepare(sql)
	if err == nil && C.evg_statement_type(r.prepared) != selectStatement {
		err = &Error{Kind: "Permission", Message: "only a SELECT can be read"}
	}
	if err == nil {
		err = r.execute(streaming)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// selectStatement is duckdb.h's number of statements that read.
const selectStatement = 1

// treeSQL makes JSON of a statement as DuckDB has parsed it.
const treeSQL = "SELECT json_serialize_sql(CAST($1 AS VARCHAR))"

// Tree parses a statement and hands on its tree, in JSON, which is valid while see runs. What is no
// SELECT has none: the JSON says so.
func (c *Conn) Tree(sql string, see func(tree []byte) error) error {
	r := &Rows{conn: c, prepared: c.tree}
	if c.tree == nil {
		if err := r.prepare(treeSQL); err != nil {
			r.Close()
			return err
		}
		c.tree = r.prepared
	}
	defer func() {
		r.prepared = nil // the connection keeps it
		r.Close()
	}()
	t, n := text([]byte(sql))
	var message *C.char
	if err := failed(C.evg_bind_text(c.tree, t, n, &message), message); err != nil {
		return err
	}
	if err := r.execute(0); err != nil {
		return err
	}
	v, rows, err := r.Next()
	if err != nil {
		return err
	}
	if rows != 1 || v[0].Null(0) {
		return &Error{Message: "a statement has no tree"}
	}
	return Guard(func() error { return see(v[0].Bytes(0)) })
}

func (r *Rows) prepare(sql string) error {
	s := C.CString(sql)
	defer C.free(unsafe.Pointer(s))
	var text *C.char
	return failed(C.evg_prepare(r.conn.raw, s, &r.prepared, &text), text)
}

// execute runs the statement, up to its first rows or to its end.
func (r *Rows) execute(streaming C.int) error {
	var text *C.char
	if err := failed(C.evg_execute(r.prepared, streaming, &r.result, &text), text); err != nil {
		return err
	}
	var n C.evg_idx
	if err := failed(C.evg_columns(r.result, &n, &text), text); err != nil {
		return err
	}
	for i := range n {
		var logical bindings.LogicalType
		if err := failed(C.evg_column_type(r.result, i, &logical.Ptr, &text), text); err != nil {
			return err
		}
		r.types = append(r.types, readType(logical))
		bindings.DestroyLogicalType(&logical)
	}
	r.raw, r.vectors = make([]C.evg_vector, n), make([]Vector, n)
	return nil
}

// Types are those of the columns.
func (r *Rows) Types() []*Type { return r.types }

// Next returns the next vectors, one a column, and how many rows they have; 0 at the
// end. They are valid until the next call.
func (r *Rows) Next() ([]Vector, int, error) {
	r.release()
	var text *C.char
	var n C.evg_idx
	if err := failed(C.evg_fetch(r.result, &r.chunk, &n, unsafe.SliceData(r.raw), C.evg_idx(len(r.raw)), &text), text); err != nil {
		return nil, 0, err
	}
	if r.chunk == nil {
		return nil, 0, nil
	}
	for i := range r.vectors {
		r.vectors[i] = part(&r.raw[i], r.types[i])
	}
	return r.vectors, int(n), nil
}

func (r *Rows) release() {
	if r.chunk != nil {
		var text *C.char
		_ = failed(C.evg_destroy_chunk(r.chunk, &text), text)
		r.chunk = nil
	}
}

// Close frees the result; what still runs is ended.
func (r *Rows) Close() {
	r.release()
	var text *C.char
	if r.result != nil {
		_ = failed(C.evg_destroy_result(r.result, &text), text)
		r.result = nil
	}
	if r.prepared != nil {
		_ = failed(C.evg_destroy_statement(r.prepared, &text), text)
		r.prepared = nil
	}
}
