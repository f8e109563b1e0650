package analytics

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// What the server's log says of a worker that ended: what it was asked then. Who loses a worker
// asked something harmless mostly; another session's statement is why.
const (
	// toldStatements bounds the statements that are told, those that have run longest: the one that
	// ends a worker is among the first, and a log is read by people.
	toldStatements = 8
	// toldBytes bounds what is told of each: enough to find it, in a line that can be read.
	toldBytes = 400
	// toldFor is how long after its connection broke a statement may be told: the server sees that a
	// process has ended a little before or after its sessions do.
	toldFor = 10 * time.Second
)

// asking is a statement that a connection waits for.
type asking struct {
	sql   string
	since time.Time
}

// fallen is a statement whose connection broke.
type fallen struct {
	asking
	pid int // of the worker
	at  time.Time
}

// brief is the beginning of a statement, whose bytes it shares.
func brief(sql string) string {
	if len(sql) <= toldBytes {
		return sql
	}
	n := toldBytes
	for n > 0 && !utf8.RuneStart(sql[n]) {
		n--
	}
	return sql[:n]
}

// join has the supervisor know of a connection.
func (s *Supervisor) join(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = map[*Conn]struct{}{}
	}
	s.conns[c] = struct{}{}
}

// leave has it forget one; fell: the worker ended it, and not the session.
func (s *Supervisor) leave(c *Conn, fell bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conns[c]; !ok {
		return
	}
	delete(s.conns, c)
	a := c.asking.Load()
	if !fell || a == nil {
		return
	}
	if len(s.fallen) == toldStatements {
		s.fallen = s.fallen[1:]
	}
	s.fallen = append(s.fallen, fallen{asking{strings.Clone(a.sql), a.since}, c.pid, time.Now()})
}

// running is what a worker's process was asked when it ended.
func (s *Supervisor) running(pid int) []string {
	s.mu.Lock()
	var all []asking
	for c := range s.conns {
		if a := c.asking.Load(); a != nil && c.pid == pid {
			all = append(all, *a)
		}
	}
	for _, f := range s.fallen {
		if f.pid == pid && time.Since(f.at) < toldFor {
			all = append(all, f.asking)
		}
	}
	s.fallen = nil
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b asking) int { return a.since.Compare(b.since) })
	var told []string
	for _, a := range all[:min(len(all), toldStatements)] {
		told = append(told, time.Since(a.since).Round(time.Millisecond).String()+": "+a.sql)
	}
	return told
}
