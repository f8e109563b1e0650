package activity

import (
	"sync"
	"sync/atomic"

	"github.com/eventgres/eventgres/query/analytics"
)

// Counters are how many transactions a session has committed and rolled back, for
// pg_stat_database, and how many statements it has run. Each session has its own, so that no processor waits for another's.
type Counters struct {
	committed, rolledBack atomic.Int64
	statements            statements
}

// Count counts a transaction that has ended.
func (c *Counters) Count(committed bool) {
	if committed {
		c.committed.Add(1)
	} else {
		c.rolledBack.Add(1)
	}
}

// ended are the counters of sessions that have ended.
type ended struct {
	mu sync.Mutex // held while a session is on its way from the entries to here
	Counters
}

// Leave removes a session that has ended.
func (s *Sessions) Leave(e *Entry) {
	s.ended.mu.Lock()
	defer s.ended.mu.Unlock()
	s.entries.Delete(e)
	s.ended.committed.Add(e.committed.Load())
	s.ended.rolledBack.Add(e.rolledBack.Load())
	for kind := range e.statements {
		for path := range e.statements[kind] {
			s.ended.statements[kind][path].Add(e.statements[kind][path].Load())
		}
	}
	close(e.Gone)
}

// Totals is what pg_stat_database says of sessions and their transactions.
func (s *Sessions) Totals() *analytics.DatabaseCounters {
	s.ended.mu.Lock()
	defer s.ended.mu.Unlock()
	d := &analytics.DatabaseCounters{Committed: s.ended.committed.Load(), RolledBack: s.ended.rolledBack.Load()}
	s.entries.Range(func(key, _ any) bool {
		c := &key.(*Entry).Counters
		d.Sessions++
		d.Committed += c.committed.Load()
		d.RolledBack += c.rolledBack.Load()
		return true
	})
	return d
}
