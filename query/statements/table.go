package statements

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/eventgres/eventgres/query/analytics"
)

// Bounds on a table. PostgreSQL keeps 5,000 statements unless it is told otherwise, and their texts in a file.
const (
	MaxEntries = 5000
	maxBytes   = 8 << 20
	entryBytes = 400 // an entry and its place in the map, beside its texts
)

// As in PostgreSQL, a twentieth makes room at a time, and what was used long ago counts for less.
const (
	evictedPercent = 5
	usageDecay     = 0.99
)

// Key is what is counted apart.
type Key struct {
	User, Database string
	Role           uint32 // the user's OID, so that who is called so later is another; 0: it was nobody's, or everybody's
	ID             int64  // syntax.Fingerprint
}

// Entry is what is counted of a statement. It may be used concurrently.
type Entry struct {
	key Key

	mu                      sync.Mutex
	text                    string
	gone                    bool // it is in the table no more
	calls, rows             int64
	total, least, most      float64 // ms
	mean, deviation, usages float64 // deviation is the sum of squared differences from the mean
}

// Add counts a run that took so long, and returned or changed so many rows. It returns false where the entry has made room for
// others: then another is to be found.
func (e *Entry) Add(took time.Duration, rows int64) bool {
	ms := float64(took.Nanoseconds()) / 1e6
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return false
	}
	e.calls++
	e.rows += rows
	e.usages++
	e.total += ms
	if e.calls == 1 {
		e.least, e.most, e.mean = ms, ms, ms
		return true
	}
	e.least, e.most = min(e.least, ms), max(e.most, ms)
	before := e.mean // Welford's method, as in PostgreSQL
	e.mean += (ms - before) / float64(e.calls)
	e.deviation += (ms - before) * (ms - e.mean)
	return true
}

func (e *Entry) size() int64 {
	return entryBytes + int64(len(e.key.User)+len(e.key.Database)+len(e.text))
}

// shown is the entry as the view has it; false: nothing was counted.
func (e *Entry) shown() (analytics.CountedStatement, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := analytics.CountedStatement{
		User: e.key.User, UserID: e.key.Role, Database: e.key.Database, ID: e.key.ID, Text: e.text, Calls: e.calls, Rows: e.rows,
		Total: e.total, Min: e.least, Max: e.most, Mean: e.mean,
	}
	if e.calls > 1 {
		s.Deviation = math.Sqrt(e.deviation / float64(e.calls))
	}
	return s, e.calls > 0
}

// remove has those who know the entry look for another. It lets go of the text, which they would keep.
func (e *Entry) remove() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gone, e.text = true, ""
}

// Table is all that is counted. It may be used concurrently.
type Table struct {
	mu      sync.RWMutex
	entries map[Key]*Entry
	bytes   int64
	evicted int64 // how often entries have made room
	since   time.Time
}

// NewTable returns a table in which nothing is counted yet.
func NewTable() *Table { return &Table{entries: map[Key]*Entry{}, since: time.Now()} }

// Count counts a run as [Entry.Add] does, and returns the entry, which counts the next ones for less; text is called if there is none yet.
func (t *Table) Count(k Key, took time.Duration, rows int64, text func() string) *Entry {
	for {
		if e := t.find(k, text); e.Add(took, rows) {
			return e
		}
	}
}

func (t *Table) find(k Key, text func() string) *Entry {
	t.mu.RLock()
	e := t.entries[k]
	t.mu.RUnlock()
	if e != nil {
		return e
	}
	e = &Entry{key: k, text: text()}
	t.mu.Lock()
	defer t.mu.Unlock()
	if there := t.entries[k]; there != nil {
		return there
	}
	for len(t.entries) > 0 && (len(t.entries) >= MaxEntries || t.bytes+e.size() > maxBytes) {
		t.evict()
	}
	t.entries[k] = e
	t.bytes += e.size()
	return e
}

// evict makes room by the least used.
func (t *Table) evict() {
	type used struct {
		e      *Entry
		usages float64
	}
	list := make([]used, 0, len(t.entries))
	for _, e := range t.entries {
		e.mu.Lock()
		e.usages *= usageDecay
		list = append(list, used{e, e.usages})
		e.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b used) int { return cmp.Compare(a.usages, b.usages) })
	for _, u := range list[:max(1, len(list)*evictedPercent/100)] {
		t.drop(u.e)
	}
	t.evicted++
}

func (t *Table) drop(e *Entry) {
	delete(t.entries, e.key)
	t.bytes -= e.size()
	e.remove()
}

// Reset forgets the statements that are to be forgotten; nil: all of them, and how often others made room.
func (t *Table) Reset(of func(k *Key) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, e := range t.entries {
		if of == nil || of(&k) {
			t.drop(e)
		}
	}
	if of == nil {
		t.evicted, t.since = 0, time.Now()
	}
}

// Shown is what the views show, in no order.
func (t *Table) Shown() *analytics.Counted {
	t.mu.RLock()
	defer t.mu.RUnlock()
	c := &analytics.Counted{Evicted: t.evicted, Since: t.since.UnixMicro()}
	for _, e := range t.entries {
		if s, ok := e.shown(); ok {
			c.Statements = append(c.Statements, s)
		}
	}
	return c
}
