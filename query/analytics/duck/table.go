//go:build cgo

package duck

/*
#include <stdint.h>
#include <stdlib.h>
#include "shim.h"

void evgTableBind(void *info);
void evgTableInit(void *info);
void evgTableScan(void *info, void *output);
void evgTableFree(void *data);
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Table is a table function in Go. Its argument is a number that stands for rows in Go's
// memory: nothing is copied before a statement reads it.
type Table struct {
	Name  string
	Names []string // of the columns
	Types []*Type
	// Open finds the rows. It is called for each place in a statement that names them.
	Open func(number int64) (TableRows, error)
}

// TableRows are rows that do not change while a statement has them.
type TableRows interface {
	Len() int
	// Set puts a row into the place i of the columns.
	Set(columns []Writer, i, row int)
}

var (
	tables []*Table // by the number that DuckDB keeps as extra info; guarded by registryMu
	// scans are the rows of the places that are bound, by the number that is their bind data.
	scansMu  sync.Mutex
	scans    = map[int64]*boundTable{}
	lastScan int64
)

type boundTable struct {
	table *Table
	rows  TableRows
}

// RegisterTable makes a table function known to the database that the connection is of.
func (c *Conn) RegisterTable(t *Table) error {
	registryMu.Lock()
	tables = append(tables, t)
	n := len(tables) - 1
	registryMu.Unlock()
	raw := bindings.CreateTableFunction()
	defer bindings.DestroyTableFunction(&raw)
	bindings.TableFunctionSetName(raw, t.Name)
	withLogical([]*Type{TInt64}, func(l bindings.LogicalType) { bindings.TableFunctionAddParameter(raw, l) })
	bindings.TableFunctionSetExtraInfo(raw, number(n), C.free)
	bindings.TableFunctionSetBind(raw, C.evgTableBind)
	bindings.TableFunctionSetInit(raw, C.evgTableInit)
	bindings.TableFunctionSetFunction(raw, C.evgTableScan)
	if bindings.RegisterTableFunction(bindings.Connection{Ptr: c.raw}, raw) == bindings.StateError {
		return fmt.Errorf("duckdb: cannot register table function %s", t.Name)
	}
	return nil
}

//export evgTableBind
func evgTableBind(info unsafe.Pointer) {
	b := bindings.BindInfo{Ptr: info}
	err := Guard(func() error {
		registryMu.RLock()
		t := tables[*(*int64)(bindings.BindGetExtraInfo(b))]
		registryMu.RUnlock()
		argument := bindings.BindGetParameter(b, 0)
		rows, err := t.Open(bindings.GetInt64(argument))
		bindings.DestroyValue(&argument)
		if err != nil {
			return err
		}
		for i, name := range t.Names {
			withLogical(t.Types[i:i+1], func(l bindings.LogicalType) { bindings.BindAddResultColumn(b, name, l) })
		}
		bindings.BindSetCardinality(b, bindings.IdxT(rows.Len()), true)
		scansMu.Lock()
		lastScan++
		n := lastScan
		scans[n] = &boundTable{t, rows}
		scansMu.Unlock()
		bindings.BindSetBindData(b, number(int(n)), C.evgTableFree)
		return nil
	})
	if err != nil {
		bindings.BindSetError(b, err.Error())
	}
}

//export evgTableFree
func evgTableFree(data unsafe.Pointer) {
	scansMu.Lock()
	delete(scans, *(*int64)(data))
	scansMu.Unlock()
	C.free(data)
}

// evgTableInit begins a scan: its data is the next row. One thread does it all, so that the rows come in
// their order.
//
//export evgTableInit
func evgTableInit(info unsafe.Pointer) {
	bindings.InitSetInitData(bindings.InitInfo{Ptr: info}, number(0), C.free)
}

//export evgTableScan
func evgTableScan(info, output unsafe.Pointer) {
	f := bindings.FunctionInfo{Ptr: info}
	err := Guard(func() error {
		scansMu.Lock()
		b := scans[*(*int64)(bindings.FunctionGetBindData(f))]
		scansMu.Unlock()
		next := (*int64)(bindings.FunctionGetInitData(f))
		n := min(b.rows.Len()-int(*next), ChunkRows)
		columns := make([]Writer, len(b.table.Types))
		parts := make([]C.evg_vector, len(columns))
		var text *C.char
		must(C.evg_chunk_vectors(output, unsafe.SliceData(parts), C.evg_idx(len(parts)), &text), text)
		for i, t := range b.table.Types {
			columns[i] = writerOf(&parts[i], t)
		}
		for i := range n {
			b.rows.Set(columns, i, int(*next)+i)
		}
		*next += int64(n)
		bindings.DataChunkSetSize(bindings.DataChunk{Ptr: output}, bindings.IdxT(n))
		return nil
	})
	if err != nil {
		bindings.FunctionSetError(f, err.Error())
	}
}
