package engine

import (
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/engine/measure"
)

// Stats is what a store has done since it was opened, and what it is now.
type Stats struct {
	Appends int64 // that are durable; one may be of no event, where all are duplicates
	Events  int64 // of them
	Bytes   int64 // written to the log for them
	Groups  int64 // writes of one or more appends, each with its sync

	Refused  map[Refusal]int64 // appends that were not made for what is in the log, or in the request
	Failures int64             // appends that were not made since the disk, or what is on it, did not allow it

	Queue    int   // appends that wait for the writer
	Segments int   // of the log
	LogBytes int64 // of their files

	// How long appends took, from their call to their answer, and syncs: nothing unless [Options.Measure] is set.
	AppendTimes, SyncTimes measure.Snapshot
	GroupAppends           measure.Snapshot // appends by group
	GroupBytes             measure.Snapshot
}

// Refusal is why an append was refused.
type Refusal string

// The reasons.
const (
	RefusedVersion   Refusal = "version"   // [VersionConflictError]
	RefusedTaken     Refusal = "taken"     // [VersionTakenError]
	RefusedPosition  Refusal = "position"  // [PositionMovedError]
	RefusedControl   Refusal = "control"   // [ControlConflictError]
	RefusedPremise   Refusal = "premise"   // [PremiseError]
	RefusedDuplicate Refusal = "duplicate" // [DuplicateEventError]
	RefusedOther     Refusal = "other"
)

// counters are the writer's. Who commits changes them, one at a time, so no processor waits for another's.
type counters struct {
	appends, events, bytes, failures                                atomic.Int64
	version, taken, position, control, premise, duplicate, rejected atomic.Int64

	appendTimes, syncTimes, groupAppends, groupBytes measure.Histogram
}

// committed counts a group that was written, or of which nothing was to be.
func (c *counters) committed(g *group, appends int) {
	c.appends.Add(int64(appends))
	if len(g.buf) == 0 {
		return
	}
	c.events.Add(int64(len(g.events)))
	c.bytes.Add(int64(len(g.buf)))
	c.groupAppends.Observe(int64(appends))
	c.groupBytes.Observe(int64(len(g.buf)))
}

// refused counts a refusal of apply's.
func (c *counters) refused(err error) {
	if err == ErrAfterFailed || err == errLookAgain {
		return // it shares what was counted; it comes again
	}
	switch err.(type) {
	case *VersionConflictError:
		c.version.Add(1)
	case *VersionTakenError:
		c.taken.Add(1)
	case *PositionMovedError:
		c.position.Add(1)
	case *ControlConflictError:
		c.control.Add(1)
	case *PremiseError:
		c.premise.Add(1)
	case *DuplicateEventError:
		c.duplicate.Add(1)
	default:
		c.rejected.Add(1)
	}
}

// took notes how long appends took that are about to be answered.
func (c *counters) took(requests []*AppendRequest) {
	now := time.Now()
	for _, r := range requests {
		c.appendTimes.ObserveDuration(now.Sub(r.began))
	}
}

// Stats returns the store's. It may be called concurrently, and costs a system call for each segment.
func (s *Store) Stats() Stats {
	c := &s.w.counters
	stats := Stats{
		Appends: c.appends.Load(), Events: c.events.Load(), Bytes: c.bytes.Load(), Failures: c.failures.Load(), Queue: len(s.w.queue),
		Refused: map[Refusal]int64{
			RefusedVersion: c.version.Load(), RefusedTaken: c.taken.Load(), RefusedPosition: c.position.Load(),
			RefusedControl: c.control.Load(), RefusedPremise: c.premise.Load(), RefusedDuplicate: c.duplicate.Load(), RefusedOther: c.rejected.Load(),
		},
		AppendTimes: c.appendTimes.Snapshot(), SyncTimes: c.syncTimes.Snapshot(),
		GroupAppends: c.groupAppends.Snapshot(), GroupBytes: c.groupBytes.Snapshot(),
	}
	stats.Groups = int64(stats.GroupAppends.Count)
	s.log.mu.RLock()
	segments := s.log.segments
	s.log.mu.RUnlock()
	stats.Segments = len(segments)
	for _, seg := range segments {
		if size, err := seg.file.Size(); err == nil {
			stats.LogBytes += size
		}
	}
	return stats
}
