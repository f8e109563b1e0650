//go:build cgo

package duck

/*
#cgo LDFLAGS: -Wl,-wrap,duckdb_je_malloc -Wl,-wrap,duckdb_je_realloc -Wl,-wrap,duckdb_je_free
#include <stdint.h>
void evg_bound_memory(int64_t bytes);
int64_t evg_used_memory(void);
*/
import "C"

// BoundMemory bounds everything that DuckDB allocates in the process, of which its memory_limit
// counts but a part; 0: by nothing. A statement that it refuses memory fails.
func BoundMemory(bytes int64) { C.evg_bound_memory(C.int64_t(bytes)) }

// UsedMemory is how many bytes that is now.
func UsedMemory() int64 { return int64(C.evg_used_memory()) }
