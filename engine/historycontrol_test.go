package engine

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// mayBeThere tells whether what an operation did may be found after a crash.
func (op *operation) mayBeThere(crash int64) bool {
	return op.sent < crash && (!op.answered(crash) || op.err == nil || unknown(op.err))
}

// judgeControl tells what is wrong with the control state after a crash: nothing that was acknowledged is
// gone, nothing is there that was refused or never sent, and what was changed together with events is
// there exactly if they are (I1, I2).
func (h *history) judgeControl(s *Store, byID map[uuid.UUID]int, crash int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	writers := map[string]*operation{} // by value, which each writes once
	least, most := int64(0), int64(0)  // appends that changed something
	for _, op := range h.ops {
		if len(op.changes) == 0 {
			continue
		}
		acknowledged := op.answered(crash) && op.err == nil
		if err := op.judgeChanges(s, byID, acknowledged); err != nil {
			return err
		}
		if op.mayBeThere(crash) {
			most++
		}
		if acknowledged && op.changedControl() {
			least++
		}
		for _, c := range op.changes {
			writers[string(c.Value)] = op
		}
		var conflict *ControlConflictError
		if op.answered(crash) && errors.As(op.err, &conflict) {
			if got := s.Control().Get(conflict.Key).Version; got < conflict.Actual {
				return fmt.Errorf("I1: a client was told of version %d of key %q, which is at %d", conflict.Actual, conflict.Key, got)
			}
			if conflict.Actual == conflict.Expected {
				return fmt.Errorf("I3: refused at the version that was expected, %d of key %q", conflict.Actual, conflict.Key)
			}
		}
	}
	list, extent := s.Control().List("")
	if extent.Changes < least || extent.Changes > most {
		return fmt.Errorf("I1: %d changes of the control state, of at least %d and at most %d", extent.Changes, least, most)
	}
	for _, r := range list {
		op := writers[string(r.Value)]
		if op == nil || !op.mayBeThere(crash) {
			return fmt.Errorf("I2: nobody wrote key %q, version %d, as it is found, or it was refused", r.Key, r.Version)
		}
		if len(op.events) > 0 {
			if _, found := byID[op.events[0].EventID]; !found {
				return fmt.Errorf("I2: key %q has what was written together with an event that is not there", r.Key)
			}
		}
		for _, c := range op.changes {
			if string(c.Value) != string(r.Value) {
				continue
			}
			if c.Key != r.Key || c.IfVersion != AnyControlVersion && r.Version != c.IfVersion+1 {
				return fmt.Errorf("I3: key %q is at version %d with what was written to %q at %d", r.Key, r.Version, c.Key, c.IfVersion)
			}
		}
	}
	return nil
}

// changedControl tells whether an append that was acknowledged changed anything: to delete what is not
// there does not.
func (op *operation) changedControl() bool {
	for _, c := range op.changes {
		if !c.Delete {
			return true
		}
	}
	return false
}

// judgeChanges looks for what an append has made of its keys, if it is known to be there.
func (op *operation) judgeChanges(s *Store, byID map[uuid.UUID]int, acknowledged bool) error {
	found := acknowledged
	if len(op.events) > 0 {
		_, found = byID[op.events[0].EventID]
	}
	if !found {
		return nil
	}
	for _, c := range op.changes {
		version := c.Version
		if !acknowledged {
			if version = c.IfVersion + 1; c.IfVersion == AnyControlVersion || c.Delete {
				continue
			}
		}
		got := s.Control().Get(c.Key)
		switch {
		case got.Version < version:
			return fmt.Errorf("I1: version %d of key %q was acknowledged or is due to events that are there; it is at %d", version, c.Key, got.Version)
		case got.Version > version:
		case got.Deleted != c.Delete && version > 0, !c.Delete && string(got.Value) != string(c.Value):
			return fmt.Errorf("I1: version %d of key %q is not what was written", version, c.Key)
		}
	}
	return nil
}
