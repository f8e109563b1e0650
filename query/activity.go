package query

import (
	"cmp"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics"
)

// activity is what pg_stat_activity says of a session. Its goroutine writes it, any may read.
type activity struct {
	mu sync.Mutex
	analytics.Activity
}

// maxActivityQuery is how much of a statement is shown, as track_activity_query_size says.
const maxActivityQuery = 1024

// running notes that the session runs a statement.
func (s *Session) running(text string) {
	a := &s.activity
	a.mu.Lock()
	defer a.mu.Unlock()
	if text != "" && len(text) < maxActivityQuery {
		a.Query = text
	} else if text != "" {
		// A copy: the whole may be long, and is not to be kept.
		a.Query = strings.ToValidUTF8(strings.Clone(text[:maxActivityQuery-1]), "")
	}
	a.State, a.Changed, a.Started = "active", s.statementTime, s.statementTime
	a.Transaction = s.transactionTime()
	a.Application = s.settings.value("application_name")
}

// waiting notes that it waits for its client.
func (s *Session) waiting() {
	a := &s.activity
	now := time.Now().UnixMicro()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Changed = now
	switch s.Status() {
	case 'T':
		a.State = "idle in transaction"
	case 'E':
		a.State = "idle in transaction (aborted)"
	default:
		a.State, a.Transaction = "idle", 0
	}
}

// snapshot is the activity as of now.
func (a *activity) snapshot() analytics.Activity {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.Activity
}

// enter adds a session to those that pg_stat_activity shows.
func (s *Server) enter(session *Session) {
	a := &session.activity
	a.PID, a.User, a.Database, a.Began = session.conn.PID(), session.user, session.database, session.statementTime
	a.State, a.Changed, a.Port = "idle", session.statementTime, -1
	if addr, ok := session.conn.RemoteAddr().(*net.TCPAddr); ok {
		a.Address, a.Port = addr.IP.String(), addr.Port
	}
	a.Application = session.settings.value("application_name")
	s.sessions.Store(session, struct{}{})
}

// activities are those of all sessions, in order of their process numbers.
func (s *Server) activities() []analytics.Activity {
	var out []analytics.Activity
	s.sessions.Range(func(key, _ any) bool {
		out = append(out, key.(*Session).activity.snapshot())
		return true
	})
	slices.SortFunc(out, func(a, b analytics.Activity) int { return cmp.Compare(a.PID, b.PID) })
	return out
}

// textOf is a statement as the client sent it, where its plan knows.
func textOf(st pgwire.Statement) string {
	switch p := st.(type) {
	case *selectPlan:
		return p.src
	case *insertPlan:
		return p.src
	case *analyticPlan:
		return p.src
	case *commandPlan:
		return p.parsed.src
	}
	return ""
}
