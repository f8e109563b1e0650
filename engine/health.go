package engine

import (
	"fmt"
	"time"
)

// State is whether a store takes appends, and if not why.
type State string

// The states.
const (
	StateOK State = "ok"
	// StateDiskFull: the last append found no room. Reads go on; appends are tried, and succeed
	// once there is room.
	StateDiskFull State = "disk full"
	// StateReadOnly: the last append was not permitted to write. As StateDiskFull.
	StateReadOnly State = "read only"
	// StateFailing: the last append failed before it wrote anything. The next is tried.
	StateFailing State = "failing"
	// StateFailed: a write or sync failed, and what is on disk is not known. Reads go on; appends
	// are refused until the store is opened anew.
	StateFailed State = "failed"
)

// Health is a store's state since some time.
type Health struct {
	State  State
	Reason string // empty if it is well
	Since  time.Time
}

// Health returns the store's current state. It may be called concurrently.
func (s *Store) Health() Health { return *s.w.health.Load() }

// become notes the writer's state, and logs a change of it.
func (w *writer) become(state State, reason error) {
	was := w.health.Load()
	if was != nil && was.State == state {
		return
	}
	h := &Health{State: state, Since: time.Now()}
	if reason != nil {
		h.Reason = reason.Error()
	}
	w.health.Store(h)
	switch {
	case was == nil:
	case state == StateOK:
		w.opts.Logger.Info("appends go on", "was", was.State, "for", time.Since(was.Since).Round(time.Millisecond))
	default:
		w.opts.Logger.Error("the store takes no appends", "state", state, "error", reason, "remedy", state.remedy())
	}
}

func (s State) remedy() string {
	switch s {
	case StateDiskFull:
		return "make room; appends go on by themselves"
	case StateFailing:
		return "see to the error; appends are tried"
	case StateReadOnly:
		return "permit writing; appends go on by themselves"
	}
	return fmt.Sprintf("see to the disk and restart (%s)", s)
}
