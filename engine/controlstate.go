package engine

import (
	"bytes"
	"slices"
	"sort"
)

// controlState is the control state in memory: records by key, deletions among them. Its owner guards it
// with a lock; records do not change once they are in it.
//
// The keys are in order, in runs that split as they grow, so that a new one among a hundred thousand moves
// a few hundred pointers and a listing is a walk.
type controlState struct {
	runs    [][]*ControlRecord
	size    int64 // what counts towards maxControlState
	changes int64 // appends that made it
}

// maxControlRun is the length at which a run splits.
const maxControlRun = 512

func newControlState() *controlState { return new(controlState) }

// place returns where a key is or belongs.
func (s *controlState) place(key string) (run, at int, found bool) {
	run = sort.Search(len(s.runs), func(i int) bool { return s.runs[i][0].Key > key }) - 1
	if run < 0 {
		return 0, 0, false
	}
	at, found = slices.BinarySearchFunc(s.runs[run], key, func(r *ControlRecord, key string) int {
		switch {
		case r.Key < key:
			return -1
		case r.Key > key:
			return 1
		}
		return 0
	})
	return run, at, found
}

// find returns a key's record, nil if it was never written.
func (s *controlState) find(key string) *ControlRecord {
	if run, at, found := s.place(key); found {
		return s.runs[run][at]
	}
	return nil
}

// set enters a record, in place of an older one of its key.
func (s *controlState) set(r *ControlRecord) {
	run, at, found := s.place(r.Key)
	s.size += r.cost()
	switch {
	case found:
		s.size -= s.runs[run][at].cost()
		s.runs[run][at] = r
		return
	case len(s.runs) == 0:
		s.runs = append(s.runs, nil)
	}
	list := slices.Insert(s.runs[run], at, r)
	s.runs[run] = list
	if len(list) > maxControlRun {
		// Keys that come in order, as when the state is read, leave full runs behind.
		half := len(list) / 2
		if at == len(list)-1 {
			half = at
		}
		s.runs[run] = list[:half:half]
		s.runs = slices.Insert(s.runs, run+1, append(make([]*ControlRecord, 0, maxControlRun+1), list[half:]...))
	}
}

// len is the number of records, deletions too.
func (s *controlState) len() (n int) {
	for _, run := range s.runs {
		n += len(run)
	}
	return n
}

// ascend calls f with the records from a key on, in order, until it returns false.
func (s *controlState) ascend(from string, f func(*ControlRecord) bool) {
	run, at, _ := s.place(from)
	for ; run < len(s.runs); run, at = run+1, 0 {
		for _, r := range s.runs[run][at:] {
			if !f(r) {
				return
			}
		}
	}
}

// equal tells whether two states are the same.
func (s *controlState) equal(other *controlState) bool {
	if s.changes != other.changes || s.size != other.size {
		return false
	}
	same, n := true, 0
	s.ascend("", func(r *ControlRecord) bool {
		n++
		o := other.find(r.Key)
		same = o != nil && o.Version == r.Version && o.Deleted == r.Deleted && bytes.Equal(o.Value, r.Value)
		return same
	})
	return same && n == other.len()
}
