package pgwire

import (
	"sync"
	"sync/atomic"
)

// Stats is what a server has done since it serves, and what it has now.
type Stats struct {
	Accepted int64            // connections
	Refused  int64            // of them, for want of room, or since the server shut down
	Errors   map[string]int64 // that clients were sent, by SQLSTATE

	Starting, Sessions, Encrypted, Limit int   // connections; Limit is of sessions
	Memory, MemoryLimit                  int64 // bytes that connections hold beyond what each may anyway
}

// Stats returns the server's. It may be called concurrently.
func (s *Server) Stats() Stats {
	stats := Stats{Accepted: s.accepted.Load(), Refused: s.refused.Load(), Errors: s.failed.snapshot(), Memory: s.memory.used.Load()}
	s.mu.Lock()
	defer s.mu.Unlock()
	stats.Sessions, stats.Limit, stats.MemoryLimit = s.sessions, s.MaxConnections, s.TotalMemory
	if s.lobby != nil {
		stats.Starting = s.lobby.n
	}
	for _, c := range s.conns {
		c.mu.Lock()
		if c.encrypted {
			stats.Encrypted++
		}
		c.mu.Unlock()
	}
	return stats
}

// errorCounts counts errors by SQLSTATE.
type errorCounts struct {
	codes sync.Map // of the code, *atomic.Int64
	kinds atomic.Int64
}

// maxErrorKinds bounds them: about a hundred are sent from here, and the worker may know others.
const (
	maxErrorKinds = 400
	// OtherErrors stands for the SQLSTATEs beyond them.
	OtherErrors = "other"
)

func (e *errorCounts) count(code string) {
	n, ok := e.codes.Load(code)
	if !ok {
		if e.kinds.Load() >= maxErrorKinds {
			code = OtherErrors
		}
		var had bool
		if n, had = e.codes.LoadOrStore(code, new(atomic.Int64)); !had {
			e.kinds.Add(1)
		}
	}
	n.(*atomic.Int64).Add(1)
}

func (e *errorCounts) snapshot() map[string]int64 {
	out := map[string]int64{}
	e.codes.Range(func(code, n any) bool {
		out[code.(string)] = n.(*atomic.Int64).Load()
		return true
	})
	return out
}
