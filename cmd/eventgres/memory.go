package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// heapHeadroom is what the heap may hold beside what is in use when the garbage is collected.
	heapHeadroom   = 96 << 20
	memoryInterval = 5 * time.Second
)

// keepHeapClose holds the garbage to heapHeadroom, or to a quarter of a very large heap, until ctx
// ends. Go's own rule allows as much of it as there is in use, which for the table of ten million
// streams is 300 MiB; that table has no pointers, so that collecting more often costs little.
func keepHeapClose(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return // somebody knows better
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(memoryInterval)
	defer tick.Stop()
	for percent := 100; ; {
		metrics.Read(live)
		if p := gcPercent(live[0].Value.Uint64()); p != percent {
			debug.SetGCPercent(p)
			percent = p
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// gcPercent is the percentage of garbage for so many bytes in use.
func gcPercent(live uint64) int {
	return max(25, min(100, int(heapHeadroom*100/max(live, 1))))
}
