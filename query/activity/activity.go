package activity

import (
	"cmp"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
)

// Entry is what is shown of one session. Its goroutine writes it, any may read.
type Entry struct {
	Conn *pgwire.Conn
	Gone chan struct{} // closed when the session has ended
	Role atomic.Uint32 // the OID of the role that it has come in as
	// Guest: its name is no role's; it came in when anybody could, by any name.
	Guest atomic.Bool
	Counters

	mu  sync.Mutex
	now analytics.Activity
}

// maxQuery is how much of a statement is shown, as track_activity_query_size says.
const maxQuery = 1024

// Running notes that the session runs a statement; an empty text is more of the one before. Times are in µs since the Unix epoch.
func (e *Entry) Running(text, application string, statement, transaction int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := &e.now
	if text != "" && len(text) < maxQuery {
		a.Query = text
	} else if text != "" {
		// A copy: the whole may be long, and is not to be kept.
		a.Query = strings.ToValidUTF8(strings.Clone(text[:maxQuery-1]), "")
	}
	a.State, a.Changed, a.Started = "active", statement, statement
	a.Transaction, a.Application = transaction, application
}

// Blocked notes what the running statement waits for; empty: nothing any more.
func (e *Entry) Blocked(kind, event string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now.WaitType, e.now.WaitEvent = kind, event
}

// Waiting notes that the session waits for its client, in a transaction of this status of the protocol.
func (e *Entry) Waiting(status byte) {
	now := time.Now().UnixMicro()
	e.mu.Lock()
	defer e.mu.Unlock()
	a := &e.now
	a.Changed = now
	switch status {
	case 'T':
		a.State = "idle in transaction"
	case 'E':
		a.State = "idle in transaction (aborted)"
	default:
		a.State, a.Transaction = "idle", 0
	}
}

// Age is how long the session has been there.
func (e *Entry) Age() time.Duration { return time.Since(time.UnixMicro(e.snapshot().Began)) }

func (e *Entry) snapshot() analytics.Activity {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

// Sessions are those that there are. It may be used concurrently; the zero value is ready.
type Sessions struct {
	// Measure has it note how long statements take. Set it before there are sessions.
	Measure bool

	entries   sync.Map // *Entry to nothing
	ended     ended
	durations durations
}

// Enter adds a session that begins now, µs since the Unix epoch, and returns its entry.
func (s *Sessions) Enter(c *pgwire.Conn, user, database, application string, now int64) *Entry {
	e := &Entry{Conn: c, Gone: make(chan struct{})}
	a := &e.now
	a.PID, a.User, a.Database, a.Application, a.Began = c.PID(), user, database, application, now
	a.State, a.Changed, a.Port, a.Replication = "idle", now, -1, c.Replication()
	if addr, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		a.Address, a.Port = addr.IP.String(), addr.Port
	}
	if state := c.TLS(); state != nil {
		a.TLS = encryption(state.Version, state.CipherSuite)
	}
	s.entries.Store(e, struct{}{})
	return e
}

// User is the name by which the session has come in.
func (e *Entry) User() string { return e.snapshot().User }

// Each calls f with every session.
func (s *Sessions) Each(f func(*Entry)) {
	s.entries.Range(func(key, _ any) bool {
		f(key.(*Entry))
		return true
	})
}

// CountRole is how many sessions a role has.
func (s *Sessions) CountRole(oid uint32) (n int) {
	s.Each(func(e *Entry) {
		if e.Role.Load() == oid {
			n++
		}
	})
	return n
}

// Find returns the session with a process number, nil if there is none.
func (s *Sessions) Find(pid int64) *Entry {
	var found *Entry
	s.entries.Range(func(key, _ any) bool {
		if e := key.(*Entry); int64(e.Conn.PID()) == pid {
			found = e
		}
		return found == nil
	})
	return found
}

// List is what all sessions do, in order of their process numbers.
func (s *Sessions) List() []analytics.Activity {
	var out []analytics.Activity
	s.entries.Range(func(key, _ any) bool {
		e := key.(*Entry)
		a := e.snapshot()
		a.Role = e.Role.Load()
		out = append(out, a)
		return true
	})
	slices.SortFunc(out, func(a, b analytics.Activity) int { return cmp.Compare(a.PID, b.PID) })
	return out
}
