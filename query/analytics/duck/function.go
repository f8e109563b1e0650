//go:build cgo

package duck

/*
#include <stdint.h>
#include <stdlib.h>
#include "shim.h"

typedef uint64_t idx;

idx evgStateSize(void *info);
void evgStateInit(void *info, void *state);
void evgStateUpdate(void *info, void *input, void **states);
void evgStateCombine(void *info, void **source, void **target, idx count);
void evgStateFinalize(void *info, void **source, void *result, idx count, idx offset);
void evgStateDestroy(void **states, idx count);

// The bindings do not wrap aggregate functions; these are duckdb.h's, with its handles
// as what they are, pointers.
extern void *duckdb_create_aggregate_function(void);
extern void duckdb_destroy_aggregate_function(void **f);
extern void duckdb_aggregate_function_set_name(void *f, const char *name);
extern void duckdb_aggregate_function_add_parameter(void *f, void *type);
extern void duckdb_aggregate_function_set_return_type(void *f, void *type);
extern void duckdb_aggregate_function_set_functions(void *f, idx (*size)(void *), void (*init)(void *, void *),
	void (*update)(void *, void *, void **), void (*combine)(void *, void **, void **, idx),
	void (*finalize)(void *, void **, void *, idx, idx));
extern void duckdb_aggregate_function_set_destructor(void *f, void (*destroy)(void **, idx));
extern int duckdb_register_aggregate_function(void *connection, void *f);
extern void duckdb_aggregate_function_set_extra_info(void *f, void *extra, void (*destroy)(void *));
extern void *duckdb_aggregate_function_get_extra_info(void *info);

static void evg_set_destructor(void *f) { duckdb_aggregate_function_set_destructor(f, evgStateDestroy); }

static void evg_set_functions(void *f) {
	duckdb_aggregate_function_set_functions(f, evgStateSize, evgStateInit, evgStateUpdate, evgStateCombine, evgStateFinalize);
}
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"

	"github.com/eventgres/eventgres/query/analytics/limit"
)

// Function is a scalar function in Go. Row sets row i of out; it is called by many threads
// at once. Unless Nulls, a row with a null argument is null, and Row never sees it.
type Function struct {
	Name     string
	Args     []*Type
	Variadic *Type // of the arguments after Args, if any may follow
	Result   *Type
	Nulls    bool // Row handles nulls itself
	Volatile bool
	Row      func(in []Vector, i int, out *Writer) error
	Mark     func(error) error // makes of an error what DuckDB is told; nil: nothing
}

// Aggregate is an aggregate function in Go. Its states are plain memory of DuckDB's, of
// StateBytes, zeroed: nothing in them may point into Go's memory. Null arguments are
// passed over before Update sees them.
type Aggregate struct {
	Name       string
	Args       []*Type
	Result     *Type
	StateBytes int
	Update     func(in []Vector, row int, state unsafe.Pointer) error
	Combine    func(source, target unsafe.Pointer)
	// Destroy frees what a state refers to; nil if that is nothing. DuckDB does not tell of
	// which aggregate a state is, so all that have one share their form.
	Destroy func(state unsafe.Pointer)
	// Finalize sets row i of out.
	Finalize func(state unsafe.Pointer, out *Writer, i int) error
	Mark     func(error) error // as a Function's
}

// registered functions, by the number that DuckDB keeps for us as extra info. They are
// registered once a process and live as long.
var (
	registryMu sync.RWMutex
	scalars    []*Function
	aggregates []*Aggregate
)

// number is a C allocation holding n: DuckDB hands the pointer back.
func number(n int) unsafe.Pointer {
	p := C.malloc(8)
	*(*int64)(p) = int64(n)
	return p
}

// Register makes a scalar function known to the database that the connection is of.
func (c *Conn) Register(f *Function) error {
	registryMu.Lock()
	scalars = append(scalars, f)
	n := len(scalars) - 1
	registryMu.Unlock()
	raw := bindings.CreateScalarFunction()
	defer bindings.DestroyScalarFunction(&raw)
	bindings.ScalarFunctionSetName(raw, f.Name)
	withLogical(f.Args, func(l bindings.LogicalType) { bindings.ScalarFunctionAddParameter(raw, l) })
	if f.Variadic != nil {
		withLogical([]*Type{f.Variadic}, func(l bindings.LogicalType) { bindings.ScalarFunctionSetVarargs(raw, l) })
	}
	withLogical([]*Type{f.Result}, func(l bindings.LogicalType) { bindings.ScalarFunctionSetReturnType(raw, l) })
	if f.Nulls {
		bindings.ScalarFunctionSetSpecialHandling(raw)
	}
	if f.Volatile {
		bindings.ScalarFunctionSetVolatile(raw)
	}
	bindings.ScalarFunctionSetExtraInfo(raw, number(n), C.free)
	C.evg_set_scalar(raw.Ptr)
	if bindings.RegisterScalarFunction(bindings.Connection{Ptr: c.raw}, raw) == bindings.StateError {
		return fmt.Errorf("duckdb: cannot register function %s", f.Name)
	}
	return nil
}

func withLogical(types []*Type, f func(bindings.LogicalType)) {
	for _, t := range types {
		l := t.logical()
		f(l)
		bindings.DestroyLogicalType(&l)
	}
}

// RegisterAggregate makes an aggregate function known.
func (c *Conn) RegisterAggregate(a *Aggregate) error {
	registryMu.Lock()
	aggregates = append(aggregates, a)
	n := len(aggregates) - 1
	registryMu.Unlock()
	raw := C.duckdb_create_aggregate_function()
	defer C.duckdb_destroy_aggregate_function(&raw)
	name := C.CString(a.Name)
	defer C.free(unsafe.Pointer(name))
	C.duckdb_aggregate_function_set_name(raw, name)
	withLogical(a.Args, func(l bindings.LogicalType) { C.duckdb_aggregate_function_add_parameter(raw, l.Ptr) })
	withLogical([]*Type{a.Result}, func(l bindings.LogicalType) { C.duckdb_aggregate_function_set_return_type(raw, l.Ptr) })
	C.evg_set_functions(raw)
	if a.Destroy != nil {
		destroy = a.Destroy
		C.evg_set_destructor(raw)
	}
	C.duckdb_aggregate_function_set_extra_info(raw, number(n), (*[0]byte)(C.free))
	if C.duckdb_register_aggregate_function(c.raw, raw) != 0 {
		return fmt.Errorf("duckdb: cannot register aggregate %s", a.Name)
	}
	return nil
}

//export evgScalar
func evgScalar(number C.int64_t, cell *C.evg_cell, info, input, output unsafe.Pointer) {
	registryMu.RLock()
	f := scalars[number]
	registryMu.RUnlock()
	var work limit.Work
	if cell != nil {
		work = limit.At(unsafe.Pointer(&cell.ended))
	}
	defer work.End()
	defer calls.begin(cell)()
	err := Guard(func() error {
		in, n := chunkVectors(input, f.Args, f.Variadic)
		out := resultOf(output, f.Result)
		out.Work = &work
		return f.rows(in, n, &out)
	})
	if err != nil {
		t, n := told(err, f.Mark)
		C.evg_fail_scalar(info, t, n)
	}
}

func (f *Function) rows(in []Vector, n int, out *Writer) error {
	mayNull := false
	for v := range in {
		mayNull = mayNull || in[v].validity != nil
	}
	for i := range n {
		if !f.Nulls && mayNull && anyNull(in, i) {
			out.SetNull(i)
			continue
		}
		out.Work.Begin()
		if err := f.Row(in, i, out); err != nil {
			return err
		}
	}
	return nil
}

func anyNull(in []Vector, i int) bool {
	for v := range in {
		if in[v].Null(i) {
			return true
		}
	}
	return false
}

func resultOf(raw unsafe.Pointer, t *Type) Writer {
	var v C.evg_vector
	var text *C.char
	must(C.evg_vector_of(raw, &v, &text), text)
	return writerOf(&v, t)
}

// chunkVectors are a chunk's columns, and how many rows they have.
func chunkVectors(chunk unsafe.Pointer, args []*Type, variadic *Type) ([]Vector, int) {
	var columns, rows C.evg_idx
	var text *C.char
	must(C.evg_chunk_shape(chunk, &columns, &rows, &text), text)
	var few [8]C.evg_vector
	parts := few[:]
	if int(columns) > len(few) {
		parts = make([]C.evg_vector, columns)
	}
	must(C.evg_chunk_vectors(chunk, unsafe.SliceData(parts), columns, &text), text)
	in := make([]Vector, columns)
	for i := range in {
		t := variadic
		if i < len(args) {
			t = args[i]
		}
		in[i] = part(&parts[i], t)
	}
	return in, int(rows)
}

// destroy is the Destroy of the aggregates that have one.
var destroy func(state unsafe.Pointer)

//export evgStateDestroy
func evgStateDestroy(states *unsafe.Pointer, count C.idx) {
	_ = Guard(func() error {
		for _, state := range unsafe.Slice(states, count) {
			destroy(state)
		}
		return nil
	})
}

func aggregateOf(info unsafe.Pointer) *Aggregate {
	registryMu.RLock()
	defer registryMu.RUnlock()
	return aggregates[*(*int64)(C.duckdb_aggregate_function_get_extra_info(info))]
}

//export evgStateSize
func evgStateSize(info unsafe.Pointer) C.idx { return C.idx(aggregateOf(info).StateBytes) }

//export evgStateInit
func evgStateInit(info, state unsafe.Pointer) {
	clear(unsafe.Slice((*byte)(state), aggregateOf(info).StateBytes))
}

// told is what DuckDB is told of an error.
func told(err error, mark func(error) error) (*C.char, C.evg_idx) {
	if mark != nil {
		err = mark(err)
	}
	return text([]byte(err.Error()))
}

func failAggregate(info unsafe.Pointer, a *Aggregate, err error) {
	if err != nil {
		t, n := told(err, a.Mark)
		C.evg_fail_aggregate(info, t, n)
	}
}

//export evgStateUpdate
func evgStateUpdate(info, input unsafe.Pointer, states *unsafe.Pointer) {
	a := aggregateOf(info)
	failAggregate(info, a, Guard(func() error {
		in, n := chunkVectors(input, a.Args, nil)
		all := unsafe.Slice(states, n)
		for row := range n {
			if anyNull(in, row) {
				continue
			}
			if err := a.Update(in, row, all[row]); err != nil {
				return err
			}
		}
		return nil
	}))
}

//export evgStateCombine
func evgStateCombine(info unsafe.Pointer, source, target *unsafe.Pointer, count C.idx) {
	a := aggregateOf(info)
	from, to := unsafe.Slice(source, count), unsafe.Slice(target, count)
	failAggregate(info, a, Guard(func() error {
		for i := range from {
			a.Combine(from[i], to[i])
		}
		return nil
	}))
}

//export evgStateFinalize
func evgStateFinalize(info unsafe.Pointer, source *unsafe.Pointer, result unsafe.Pointer, count, offset C.idx) {
	a := aggregateOf(info)
	failAggregate(info, a, Guard(func() error {
		out := resultOf(result, a.Result)
		for i, state := range unsafe.Slice(source, count) {
			if err := a.Finalize(state, &out, int(offset)+i); err != nil {
				return err
			}
		}
		return nil
	}))
}
