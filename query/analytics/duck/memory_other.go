//go:build cgo && !linux

package duck

// BoundMemory does nothing where DuckDB allocates with the system's own allocator: its memory_limit
// is all that bounds it there.
func BoundMemory(int64) {}

// UsedMemory is not known there.
func UsedMemory() int64 { return 0 }
