//go:build cgo

// Package duck is the little of DuckDB's C interface that the analytics worker needs:
// databases, connections, results a chunk at a time, bulk appends, and functions written
// in Go that work on whole vectors. It reads and writes vectors in place, without a
// value boxed on the way.
//
// It links DuckDB, through cgo, and is imported by the worker alone.
package duck
