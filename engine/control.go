package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// The control state is small and durable, in the order of the log: keys with values, such as the views,
// roles and checkpoints of an SQL server. It is changed by appends, alone or together with events, and is
// there with them or not at all.

// ControlRecord is a key of the control state, as of one of its versions.
type ControlRecord struct {
	Key string
	// Version counts the changes of the key: 1, 2, 3 …, deletions too, and it goes on from there if the
	// key is written again. 0: it was never written.
	Version int64
	Deleted bool
	Value   []byte // must not be changed
}

// Exists tells whether the key has a value.
func (r ControlRecord) Exists() bool { return r.Version > 0 && !r.Deleted }

// ControlChange is a change of a key that an append makes.
type ControlChange struct {
	Key    string
	Value  []byte
	Delete bool // without a value; where there is none the change does nothing
	// IfVersion is the version that the key must be at, otherwise the append fails with a
	// *[ControlConflictError]. Zero: it was never written.
	IfVersion int64
	// Version is the key's, once the append has succeeded.
	Version int64
}

// AnyControlVersion, as IfVersion, expects nothing.
const AnyControlVersion = -1

const (
	// maxControlKey holds the longest name of a stream or of anything in SQL, and what it is of.
	maxControlKey = 1 << 10
	// maxControlValue is what the file DEFINITIONS of older stores could hold.
	maxControlValue = 16 << 20
	// maxControlState bounds the whole state, as it is in memory and in each segment once more.
	maxControlState = 64 << 20
	// maxControlChanges bounds one append; a group is checked and applied as a whole.
	maxControlChanges = 1 << 16
	// controlOverhead is what a record takes beside key and value, in memory and in the log.
	controlOverhead = 96
)

// cost is what counts of a record towards maxControlState.
func (r *ControlRecord) cost() int64 {
	if r == nil || r.Version == 0 {
		return 0
	}
	return int64(controlOverhead + len(r.Key) + len(r.Value))
}

// Put sets a key of the control state, if it is at a version, and returns the version it then has. It
// is an append: it returns as [WriterHandle.Append] does.
func (h *WriterHandle) Put(ctx context.Context, key string, value []byte, ifVersion int64) (version int64, err error) {
	return h.change(ctx, ControlChange{Key: key, Value: value, IfVersion: ifVersion})
}

// Delete is Put of no value. The key keeps counting its versions.
func (h *WriterHandle) Delete(ctx context.Context, key string, ifVersion int64) (version int64, err error) {
	return h.change(ctx, ControlChange{Key: key, Delete: true, IfVersion: ifVersion})
}

func (h *WriterHandle) change(ctx context.Context, c ControlChange) (version int64, err error) {
	r := &AppendRequest{Control: []ControlChange{c}}
	err = h.Append(ctx, r)
	return r.Control[0].Version, err
}

// checkChanges checks what needs no order, and returns an upper bound of the bytes that the changes take
// in a frame.
func checkChanges(changes []ControlChange) (size int, err error) {
	if len(changes) > maxControlChanges {
		return 0, &TooLargeError{What: "append (control records)", Size: int64(len(changes)), Limit: maxControlChanges}
	}
	var keys map[string]struct{}
	if len(changes) > 1 {
		keys = make(map[string]struct{}, len(changes))
	}
	for i := range changes {
		c := &changes[i]
		switch {
		case len(c.Key) > maxControlKey:
			return 0, &TooLargeError{What: "control key", Size: int64(len(c.Key)), Limit: maxControlKey}
		case len(c.Value) > maxControlValue:
			return 0, &TooLargeError{What: "control value", Size: int64(len(c.Value)), Limit: maxControlValue}
		case c.Key == "" || !validText(c.Key):
			return 0, fmt.Errorf("control key %q is empty or not valid UTF-8 text", c.Key)
		case c.Delete && c.Value != nil:
			return 0, fmt.Errorf("control key %q: a deletion has no value", c.Key)
		case c.IfVersion < AnyControlVersion:
			return 0, fmt.Errorf("control key %q: there is no version %d", c.Key, c.IfVersion)
		}
		if keys != nil {
			if _, twice := keys[c.Key]; twice {
				return 0, fmt.Errorf("control key %q is changed twice", c.Key)
			}
			keys[c.Key] = struct{}{}
		}
		size += controlOverhead + len(c.Key) + len(c.Value)
	}
	if size > 2*maxControlState {
		return 0, &TooLargeError{What: "control state", Size: int64(size), Limit: maxControlState}
	}
	return size, nil
}

// Control is the read-only view of what is committed of the control state. All methods may be called
// concurrently, and with appends.
type Control struct{ log *EventLog }

// Control returns the store's control state.
func (s *Store) Control() *Control { return &Control{log: s.log} }

// Get returns what a key is at: also a deletion, whose version is the next change's IfVersion.
func (c *Control) Get(key string) ControlRecord {
	c.log.mu.RLock()
	defer c.log.mu.RUnlock()
	if r := c.log.control.find(key); r != nil {
		return *r
	}
	return ControlRecord{Key: key}
}

// List returns the keys that begin with a prefix and have a value, in byte order, all as of one moment, and
// which moment that was.
func (c *Control) List(prefix string) ([]ControlRecord, Extent) {
	c.log.mu.RLock()
	defer c.log.mu.RUnlock()
	var list []ControlRecord
	c.log.control.ascend(prefix, func(r *ControlRecord) bool {
		if !strings.HasPrefix(r.Key, prefix) {
			return false
		}
		if !r.Deleted {
			list = append(list, *r)
		}
		return true
	})
	return list, c.log.extent()
}

// Size returns how many keys begin with a prefix and have a value, and what they count towards the bound of the whole state, in bytes.
func (c *Control) Size(prefix string) (keys int, bytes int64) {
	c.log.mu.RLock()
	defer c.log.mu.RUnlock()
	c.log.control.ascend(prefix, func(r *ControlRecord) bool {
		if !strings.HasPrefix(r.Key, prefix) {
			return false
		}
		if !r.Deleted {
			keys++
			bytes += r.cost()
		}
		return true
	})
	return keys, bytes
}

// Extent is how far a log goes: how many events it has, and how many appends that changed the control
// state.
type Extent struct{ Events, Changes int64 }

// Whole is the extent of all that there is.
var Whole = Extent{-1, -1}

// Extent returns how far the log is committed.
func (c *Control) Extent() Extent {
	c.log.mu.RLock()
	defer c.log.mu.RUnlock()
	return c.log.extent()
}

// extent needs mu.
func (l *EventLog) extent() Extent { return Extent{l.committed.Load(), l.control.changes} }

// Watch tells of changes of the keys that begin with a prefix. It may be used concurrently.
type Watch struct {
	log    *EventLog
	prefix string

	version atomic.Int64
	mu      sync.Mutex
	moved   chan struct{} // closed when version moves; nil while nobody waits
}

// Watch begins to watch keys. Close it.
func (c *Control) Watch(prefix string) *Watch {
	w := &Watch{log: c.log, prefix: prefix}
	c.log.mu.Lock()
	c.log.watches = append(slices.Clip(c.log.watches), w)
	c.log.mu.Unlock()
	return w
}

// Close ends the watch; nobody may wait.
func (w *Watch) Close() {
	w.log.mu.Lock()
	w.log.watches = slices.DeleteFunc(slices.Clone(w.log.watches), func(x *Watch) bool { return x == w })
	w.log.mu.Unlock()
}

// Version is another after each commit that has changed a watched key. Whoever takes it before he reads
// the keys misses no change; it has moved before the append's caller has his answer.
func (w *Watch) Version() int64 { return w.version.Load() }

// Wait returns once Version is another than the one seen, or with the context's error.
func (w *Watch) Wait(ctx context.Context, seen int64) error {
	for {
		w.mu.Lock()
		if w.version.Load() != seen {
			w.mu.Unlock()
			return nil
		}
		if w.moved == nil {
			w.moved = make(chan struct{})
		}
		moved := w.moved
		w.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// notice moves the watch if one of the records is watched.
func (w *Watch) notice(records []*ControlRecord) {
	if !slices.ContainsFunc(records, func(r *ControlRecord) bool { return strings.HasPrefix(r.Key, w.prefix) }) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version.Add(1)
	if w.moved != nil {
		close(w.moved)
		w.moved = nil
	}
}

// groupControl is what a commit group changes of the control state.
type groupControl struct {
	records []*ControlRecord          // in the order of their appends
	newest  map[string]*ControlRecord // of them, by key; nil until there is one
	size    int64                     // of the state as it will be
	changes int64                     // likewise
}

func (c *groupControl) reset(s *controlState) {
	c.size, c.changes = s.size, s.changes
	if len(c.records) > 0 {
		clear(c.records) // not to keep values
		c.records = c.records[:0]
		c.newest = nil
	}
}

// controlRecord returns a key as the group has it so far. The writer alone changes the state, so that
// it needs no lock.
func (g *group) controlRecord(key string) *ControlRecord {
	if r := g.control.newest[key]; r != nil {
		return r
	}
	return g.log.control.find(key)
}

// checkControl gives a request's changes their versions, if they may be made.
func (g *group) checkControl(r *AppendRequest) error {
	size := g.control.size
	for i := range r.Control {
		c := &r.Control[i]
		now := g.controlRecord(c.Key)
		version := int64(0)
		if now != nil {
			version = now.Version
		}
		if c.IfVersion != AnyControlVersion && c.IfVersion != version && !(failpoint(bugControlOffByOne) && c.IfVersion == version-1) {
			return &ControlConflictError{Key: c.Key, Expected: c.IfVersion, Actual: version}
		}
		if c.Version = version; c.idle(now) {
			continue
		}
		c.Version++
		size -= now.cost()
		size += int64(controlOverhead + len(c.Key) + len(c.Value))
	}
	// What makes the state smaller may always be done.
	if size > maxControlState && size > g.control.size {
		return &TooLargeError{What: "control state", Size: size, Limit: maxControlState}
	}
	return nil
}

// idle tells whether a change does nothing, given what the key is at.
func (c *ControlChange) idle(now *ControlRecord) bool {
	return c.Delete && (now == nil || now.Deleted)
}

// changeControl makes the changes of a request that was checked, and returns what they come to.
func (g *group) changeControl(r *AppendRequest) (records []*ControlRecord) {
	start := len(g.control.records)
	for i := range r.Control {
		c := &r.Control[i]
		now := g.controlRecord(c.Key)
		if c.idle(now) {
			continue
		}
		next := &ControlRecord{Version: c.Version, Deleted: c.Delete, Value: slices.Clone(c.Value)}
		if now != nil {
			next.Key = now.Key
		} else {
			next.Key = strings.Clone(c.Key)
		}
		g.control.size += next.cost() - now.cost()
		if g.control.newest == nil {
			g.control.newest = map[string]*ControlRecord{}
		}
		g.control.newest[next.Key] = next
		g.control.records = append(g.control.records, next)
	}
	if records = g.control.records[start:]; len(records) > 0 {
		g.control.changes++
	}
	return records
}

// publishControl makes a durable group's changes visible. mu is held.
func (l *EventLog) publishControl(c *groupControl) {
	for _, r := range c.records {
		l.control.set(r)
	}
	l.control.changes = c.changes
	l.noticeControl(c.records)
}

// noticeControl wakes those who wait for one of the changes. mu is held.
func (l *EventLog) noticeControl(records []*ControlRecord) {
	for _, w := range l.watches {
		w.notice(records)
	}
}
