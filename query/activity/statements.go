package activity

import (
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/engine/measure"
)

// Kind is what a statement does, as it is counted.
type Kind uint8

// The kinds.
const (
	Other       Kind = iota
	Select           // SELECT, VALUES, TABLE
	Insert           // INSERT
	Copy             // COPY, in either direction
	Cursor           // DECLARE, FETCH, MOVE, CLOSE
	Transaction      // BEGIN, COMMIT, SAVEPOINT and their like
	Set              // SET, RESET, SHOW, DISCARD
	Prepare          // PREPARE, DEALLOCATE
	Define           // CREATE VIEW, DROP VIEW, COMMENT
	Explain          // EXPLAIN
	kinds
)

var kindNames = [kinds]string{"other", "select", "insert", "copy", "cursor", "transaction", "set", "prepare", "define", "explain"}

func (k Kind) String() string { return kindNames[k] }

// Reads tells of the kinds of which some read the log.
func (k Kind) Reads() bool {
	return k == Insert || k == Select || k == Copy || k == Explain || k == Cursor
}

// Path is who has answered a statement.
type Path uint8

// The paths.
const (
	Native    Path = iota // the server alone
	Analytics             // the worker had a part in it
	paths
)

func (p Path) String() string { return [paths]string{"native", "analytics"}[p] }

// statements counts those that were run to their end, or failed while they ran.
type statements [kinds][paths]atomic.Int64

// durations are how long they took. Sessions share some, so that few processors wait for each other and thousands of sessions
// do not each have their own.
type durations [8][kinds][paths]atomic.Pointer[measure.Histogram]

func (d *durations) observe(pid int32, kind Kind, path Path, took time.Duration) {
	at := &d[uint32(pid)%uint32(len(d))][kind][path]
	h := at.Load()
	if h == nil {
		at.CompareAndSwap(nil, new(measure.Histogram))
		h = at.Load()
	}
	h.ObserveDuration(took)
}

// Ended counts a statement that has ended, or failed while it ran. Where times are not measured it does not look at the clock,
// which is not free.
func (s *Sessions) Ended(e *Entry, kind Kind, path Path, began time.Time) {
	e.statements[kind][path].Add(1)
	if s.Measure {
		s.durations.observe(e.Conn.PID(), kind, path, time.Since(began))
	}
}

// Statements are those of a kind on a path.
type Statements struct {
	Kind  Kind
	Path  Path
	Count int64
	Times measure.Snapshot // nothing unless times are measured
}

// Stats is what the sessions have done since the server's start, and what they do now.
type Stats struct {
	States                map[string]int // sessions, by their state as pg_stat_activity has it
	Committed, RolledBack int64          // transactions
	Statements            []Statements   // of kinds that there were
}

// Stats returns the sessions'. It may be called concurrently.
func (s *Sessions) Stats() Stats {
	totals := s.Totals()
	stats := Stats{States: map[string]int{}, Committed: totals.Committed, RolledBack: totals.RolledBack}
	for _, a := range s.List() {
		stats.States[a.State]++
	}
	var counts [kinds][paths]int64
	s.ended.mu.Lock()
	add := func(c *Counters) {
		for kind := range counts {
			for path := range counts[kind] {
				counts[kind][path] += c.statements[kind][path].Load()
			}
		}
	}
	add(&s.ended.Counters)
	s.entries.Range(func(key, _ any) bool {
		add(&key.(*Entry).Counters)
		return true
	})
	s.ended.mu.Unlock()
	for kind := range counts {
		for path, count := range counts[kind] {
			if count == 0 {
				continue
			}
			of := Statements{Kind: Kind(kind), Path: Path(path), Count: count, Times: measure.Snapshot{Buckets: map[int]uint64{}}}
			for stripe := range s.durations {
				if h := s.durations[stripe][kind][path].Load(); h != nil {
					of.Times.Add(h)
				}
			}
			stats.Statements = append(stats.Statements, of)
		}
	}
	return stats
}
