package advisory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
)

// Bounds of what the table holds, about 200 bytes a lock: those of a session, and all. PostgreSQL's
// table has room for some 6,400 with its own defaults.
const (
	maxOwnerLocks = 6400
	maxLocks      = 25600
)

// Key is what is locked: one number, in two halves, or two numbers.
type Key struct {
	High, Low uint32
	Two       bool
}

// Mode is how it is locked.
type Mode uint8

const (
	Shared Mode = iota
	Exclusive
)

func (m Mode) String() string {
	if m == Shared {
		return "ShareLock"
	}
	return "ExclusiveLock"
}

func (m Mode) conflicts(o Mode) bool { return m == Exclusive || o == Exclusive }

// holding is how often a session holds a lock, by mode.
type holding struct {
	session, tx [2]int64
}

func (h *holding) holds(m Mode) bool { return h.session[m]+h.tx[m] > 0 }

func (h *holding) conflicts(m Mode) bool {
	return h.holds(Exclusive) || m == Exclusive && h.holds(Shared)
}

// Owner is who holds locks or waits for one, a session; it is told apart by identity.
type Owner interface {
	// PID is the process number that others see.
	PID() int32
}

// lock is a lock that somebody holds.
type lock struct {
	holders map[Owner]*holding
	queue   []*Wait
}

// Wait is an owner that waits for a lock.
type Wait struct {
	owner Owner
	key   Key
	mode  Mode
	tx    bool
	since int64         // µs since the Unix epoch
	done  chan struct{} // closed once it is granted
}

// Done is closed once the lock is granted.
func (w *Wait) Done() <-chan struct{} { return w.done }

// Table is the locks of all. It may be used concurrently.
type Table struct {
	mu    sync.Mutex
	locks map[Key]*lock
	held  map[Owner]map[Key]*holding
	waits map[Owner]*Wait
	count int // of holdings
}

// NewTable returns a table without locks.
func NewTable() *Table {
	return &Table{
		locks: map[Key]*lock{}, held: map[Owner]map[Key]*holding{}, waits: map[Owner]*Wait{},
	}
}

// HoldsInTransaction tells whether the owner's transaction has a lock already.
func (t *Table) HoldsInTransaction(o Owner, key Key, mode Mode) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.held[o][key]
	return h != nil && h.tx[mode] > 0
}

// Taken tells whether others hold a lock in a way that excludes a mode.
func (t *Table) Taken(o Owner, key Key, mode Mode) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.locks[key]
	return l != nil && l.taken(o, mode)
}

// Lock takes a lock for an owner: for its transaction, if tx, or for itself. Where others are in the way it
// queues for it if wait, and returns the Wait; else it returns false. It fails with 53200 where the table is full, and with
// 40P01 where the wait would complete a deadlock.
func (t *Table) Lock(o Owner, key Key, mode Mode, tx, wait bool) (*Wait, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.acquire(o, key, mode, tx, wait)
}

// Cancel ends a wait; true where the lock was granted in the meantime, and is held.
func (t *Table) Cancel(w *Wait) (granted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-w.done:
		return true
	default:
	}
	t.forget(w)
	return false
}

// Unlock gives a lock back, once: that of the owner's transaction, if tx, or its own. It returns false if the owner does not hold it so.
func (t *Table) Unlock(o Owner, key Key, mode Mode, tx bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.release(o, key, mode, tx)
}

// UnlockAll gives back all that the owner took for itself.
func (t *Table) UnlockAll(o Owner) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, h := range t.held[o] {
		for mode := Shared; mode <= Exclusive; mode++ {
			for h.session[mode] > 0 {
				t.release(o, key, mode, false)
			}
		}
	}
}

func (t *Table) acquire(o Owner, key Key, mode Mode, tx, wait bool) (*Wait, bool, error) {
	l := t.locks[key]
	if l == nil {
		l = &lock{holders: map[Owner]*holding{}}
	}
	h := l.holders[o]
	if h == nil && (len(t.held[o]) >= maxOwnerLocks || t.count+len(t.waits) >= maxLocks) {
		return nil, false, pgerror.Errorf(pgerror.OutOfMemory, "out of shared memory").
			WithHint(fmt.Sprintf("A session may hold %d advisory locks, and all together %d.", maxOwnerLocks, maxLocks))
	}
	queued := func() bool {
		return h == nil && slices.ContainsFunc(l.queue, func(w *Wait) bool { return w.mode.conflicts(mode) })
	}
	if h != nil && h.holds(mode) || !l.taken(o, mode) && !queued() {
		t.locks[key] = l
		t.grant(o, key, mode, tx)
		return nil, true, nil
	}
	if !wait {
		return nil, false, nil
	}
	w := &Wait{owner: o, key: key, mode: mode, tx: tx, since: time.Now().UnixMicro(), done: make(chan struct{})}
	if h != nil { // those who wait wait for it too
		l.queue = slices.Insert(l.queue, 0, w)
	} else {
		l.queue = append(l.queue, w)
	}
	t.waits[o] = w
	if err := t.resolve(w); err != nil {
		t.forget(w)
		return nil, false, err
	}
	return w, false, nil
}

// taken tells whether others hold a lock in a way that excludes a mode.
func (l *lock) taken(o Owner, mode Mode) bool {
	for other, h := range l.holders {
		if other != o && h.conflicts(mode) {
			return true
		}
	}
	return false
}

func (t *Table) grant(o Owner, key Key, mode Mode, tx bool) {
	l := t.locks[key]
	h := l.holders[o]
	if h == nil {
		h = &holding{}
		l.holders[o] = h
		if t.held[o] == nil {
			t.held[o] = map[Key]*holding{}
		}
		t.held[o][key] = h
		t.count++
	}
	if tx {
		h.tx[mode]++
	} else {
		h.session[mode]++
	}
}

// wake grants a lock to those who wait, in their order.
func (t *Table) wake(key Key) {
	l := t.locks[key]
	if l == nil {
		return
	}
	var left []*Wait
	for _, w := range l.queue {
		ahead := slices.ContainsFunc(left, func(o *Wait) bool { return o.mode.conflicts(w.mode) })
		if ahead || l.taken(w.owner, w.mode) {
			left = append(left, w)
			continue
		}
		t.grant(w.owner, key, w.mode, w.tx)
		delete(t.waits, w.owner)
		close(w.done)
	}
	l.queue = left
	if len(l.holders) == 0 && len(l.queue) == 0 {
		delete(t.locks, key)
	}
}

// forget takes a waiting session out of the queue.
func (t *Table) forget(w *Wait) {
	if l := t.locks[w.key]; l != nil {
		l.queue = slices.DeleteFunc(l.queue, func(o *Wait) bool { return o == w })
	}
	delete(t.waits, w.owner)
	t.wake(w.key)
}

// release gives a lock back, once; false if the session does not hold it so.
func (t *Table) release(o Owner, key Key, mode Mode, tx bool) bool {
	h := t.held[o][key]
	if h == nil {
		return false
	}
	n := &h.session[mode]
	if tx {
		n = &h.tx[mode]
	}
	if *n == 0 {
		return false
	}
	*n--
	if *h == (holding{}) {
		delete(t.held[o], key)
		if len(t.held[o]) == 0 {
			delete(t.held, o)
		}
		delete(t.locks[key].holders, o)
		t.count--
	}
	t.wake(key)
	return true
}

// Snapshot is all locks, for pg_locks.
func (t *Table) Snapshot() []analytics.Lock {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []analytics.Lock
	add := func(o Owner, key Key, mode Mode, granted bool, since int64) {
		l := analytics.Lock{PID: o.PID(), Class: key.High, Object: key.Low, Sub: 1, Mode: mode.String(), Granted: granted, Since: since}
		if key.Two {
			l.Sub = 2
		}
		out = append(out, l)
	}
	for o, held := range t.held {
		for key, h := range held {
			for mode := Shared; mode <= Exclusive; mode++ {
				if h.holds(mode) {
					add(o, key, mode, true, 0)
				}
			}
		}
	}
	for o, w := range t.waits {
		add(o, w.key, w.mode, false, w.since)
	}
	slices.SortFunc(out, func(a, b analytics.Lock) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Object, b.Object), strings.Compare(a.Mode, b.Mode))
	})
	return out
}
