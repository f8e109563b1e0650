package engine

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// lastID is the time of the newest event id made in this process: milliseconds since the Unix
// epoch and, in the lowest twelve bits, the time within the millisecond.
var lastID atomic.Int64

// reserveIDs returns a time from which n ids can be counted on, each later than any made before.
func reserveIDs(n int, now time.Time) int64 {
	const perMilli = 1 << 12
	at := now.UnixMilli()*perMilli + int64(now.Nanosecond())%int64(time.Millisecond)*perMilli/int64(time.Millisecond)
	for {
		last := lastID.Load()
		first := max(at, last+1)
		if lastID.CompareAndSwap(last, first+int64(n)-1) {
			return first
		}
	}
}

// eventID returns the UUIDv7 of a time that reserveIDs gave. The rest of it is random: Go's
// generator of the runtime, ChaCha8 seeded by the system.
func eventID(at int64) uuid.UUID {
	var id uuid.UUID
	random := rand.Uint64()
	be.PutUint64(id[:], uint64(at)>>12<<16|7<<12|uint64(at)&0xFFF)
	be.PutUint64(id[8:], random&^(3<<62)|2<<62)
	return id
}
