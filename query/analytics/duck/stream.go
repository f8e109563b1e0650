//go:build cgo

package duck

/*
#include <stdint.h>
#include <stdlib.h>
#include "shim.h"

void evgStreamBind(void *info);
void evgStreamInit(void *info);
void evgStreamScan(void *info, void *output);
void evgStreamFree(void *data);
void evgStreamEnd(void *data);
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Stream is a table function that yields the rows of another query, as that makes them. Nothing of the statement around it is known to that
// query but which columns it wants: its conditions are met above, so that they see those rows and no others.
type Stream struct {
	Name string
	// Open finds the rows by the function's argument. It is called for each place in a statement that names them.
	Open func(number int64) (Source, error)
	// Mark makes an error survive the statement around it.
	Mark func(err error) error
}

// Source is what a place in a statement reads. It may be read several times, and concurrently.
type Source interface {
	// Columns are their names and types.
	Columns() ([]string, []*Type)
	// Query begins a reading of some of the columns, by their places, on a connection of its own, which end gives back.
	Query(columns []int) (rows *Rows, end func(), err error)
}

var (
	streams = map[int64]*Stream{} // by the number that DuckDB keeps as extra info; guarded by registryMu
	// sources are of the places that are bound, and reads of those that are read, by the numbers that are their data.
	streamsMu sync.Mutex
	sources   = map[int64]boundStream{}
	reads     = map[int64]*streamRead{}
	lastRead  int64
)

type boundStream struct {
	of     *Stream
	source Source
}

type streamRead struct {
	of   *Stream
	rows *Rows
	end  func()
}

// RegisterStream makes a stream known to the database that the connection is of.
func (c *Conn) RegisterStream(s *Stream) error {
	registryMu.Lock()
	n := int64(len(streams))
	streams[n] = s
	registryMu.Unlock()
	raw := bindings.CreateTableFunction()
	defer bindings.DestroyTableFunction(&raw)
	bindings.TableFunctionSetName(raw, s.Name)
	withLogical([]*Type{TInt64}, func(l bindings.LogicalType) { bindings.TableFunctionAddParameter(raw, l) })
	bindings.TableFunctionSetExtraInfo(raw, number(int(n)), C.free)
	bindings.TableFunctionSetBind(raw, C.evgStreamBind)
	bindings.TableFunctionSetInit(raw, C.evgStreamInit)
	bindings.TableFunctionSetFunction(raw, C.evgStreamScan)
	bindings.TableFunctionSupportsProjectionPushdown(raw, true)
	if bindings.RegisterTableFunction(bindings.Connection{Ptr: c.raw}, raw) == bindings.StateError {
		return fmt.Errorf("duckdb: cannot register table function %s", s.Name)
	}
	return nil
}

//export evgStreamBind
func evgStreamBind(info unsafe.Pointer) {
	b := bindings.BindInfo{Ptr: info}
	err := Guard(func() error {
		registryMu.RLock()
		s := streams[*(*int64)(bindings.BindGetExtraInfo(b))]
		registryMu.RUnlock()
		argument := bindings.BindGetParameter(b, 0)
		source, err := s.Open(bindings.GetInt64(argument))
		bindings.DestroyValue(&argument)
		if err != nil {
			return err
		}
		names, types := source.Columns()
		for i, name := range names {
			withLogical(types[i:i+1], func(l bindings.LogicalType) { bindings.BindAddResultColumn(b, name, l) })
		}
		streamsMu.Lock()
		lastRead++
		n := lastRead
		sources[n] = boundStream{s, source}
		streamsMu.Unlock()
		bindings.BindSetBindData(b, number(int(n)), C.evgStreamFree)
		return nil
	})
	if err != nil {
		bindings.BindSetError(b, err.Error())
	}
}

//export evgStreamFree
func evgStreamFree(data unsafe.Pointer) {
	streamsMu.Lock()
	delete(sources, *(*int64)(data))
	streamsMu.Unlock()
	C.free(data)
}

// evgStreamInit begins a reading. One thread does it all.
//
//export evgStreamInit
func evgStreamInit(info unsafe.Pointer) {
	f := bindings.InitInfo{Ptr: info}
	streamsMu.Lock()
	bound := sources[*(*int64)(bindings.InitGetBindData(f))]
	streamsMu.Unlock()
	err := Guard(func() error {
		names, types := bound.source.Columns()
		columns := make([]int, bindings.InitGetColumnCount(f))
		for i := range columns {
			if at := bindings.InitGetColumnIndex(f, bindings.IdxT(i)); at < bindings.IdxT(len(names)) {
				columns[i] = int(at) // else it is none of the columns: rows alone are asked for
			}
		}
		rows, end, err := bound.source.Query(columns)
		if err != nil {
			return err
		}
		for i, at := range columns {
			if rows.types[i].Kind != types[at].Kind {
				end()
				return fmt.Errorf("column %s of the rows is of another type", names[at])
			}
		}
		streamsMu.Lock()
		lastRead++
		n := lastRead
		reads[n] = &streamRead{bound.of, rows, end}
		streamsMu.Unlock()
		bindings.InitSetInitData(f, number(int(n)), C.evgStreamEnd)
		return nil
	})
	if err != nil {
		bindings.InitSetError(f, bound.of.Mark(err).Error())
	}
}

//export evgStreamEnd
func evgStreamEnd(data unsafe.Pointer) {
	n := *(*int64)(data)
	streamsMu.Lock()
	read := reads[n]
	delete(reads, n)
	streamsMu.Unlock()
	C.free(data)
	_ = Guard(func() error {
		read.end()
		return nil
	})
}

//export evgStreamScan
func evgStreamScan(info, output unsafe.Pointer) {
	f := bindings.FunctionInfo{Ptr: info}
	streamsMu.Lock()
	read := reads[*(*int64)(bindings.FunctionGetInitData(f))]
	streamsMu.Unlock()
	err := Guard(func() error {
		_, n, err := read.rows.Next()
		if err != nil || n == 0 {
			bindings.DataChunkSetSize(bindings.DataChunk{Ptr: output}, 0)
			return err
		}
		var text *C.char
		return failed(C.evg_pass(read.rows.chunk, output, C.evg_idx(len(read.rows.types)), &text), text)
	})
	if err != nil {
		bindings.FunctionSetError(f, read.of.Mark(err).Error())
	}
}
