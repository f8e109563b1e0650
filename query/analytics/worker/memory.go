//go:build cgo

package worker

import (
	"log/slog"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/limit"
)

// What the process may use beside what the engine counts itself, its buffers and hash tables.
const (
	// vectorBytes are the engine's vectors, lists and texts while they are worked on: enough for some
	// statements whose rows are as long as a message may be.
	vectorBytes = 384 << 20
	// goBytes are what functions in Go, and the rows on their way to sessions, hold.
	goBytes = limit.TotalBytes
	// memoryEvery is how often the process looks at goBytes.
	memoryEvery = 100 * time.Millisecond
)

// boundMemory bounds the memory of the process, and makes it the one that the kernel ends first where the
// machine has no more: the log's process does not depend on it.
func boundMemory(engineBytes int64, logger *slog.Logger) {
	engineMemory = engineBytes + vectorBytes
	duck.BoundMemory(engineMemory)
	debug.SetMemoryLimit(goBytes)
	if err := sacrifice(); err != nil {
		logger.Warn("the kernel does not know that the worker goes first where memory is short", "error", err)
	}
}

// watchMemory ends what a function does that holds too much of Go's memory, until stop is closed. It
// is the call that runs longest: what a short one holds is soon given back.
func watchMemory(stop <-chan struct{}, logger *slog.Logger) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-stop:
			return
		}
		metrics.Read(sample)
		if held := sample[0].Value.Uint64(); held > goBytes && duck.EndLongest() {
			logger.Warn("a function holds too much memory; its statement is ended", "bytes", held)
		}
	}
}

// sacrifice tells the kernel, where it is Linux, to end this process before any other.
func sacrifice() error {
	const file = "/proc/self/oom_score_adj"
	if _, err := os.Stat(file); err != nil {
		return nil //nolint:nilerr // another system
	}
	return os.WriteFile(file, []byte("1000"), 0o644)
}
