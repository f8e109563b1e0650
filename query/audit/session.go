package audit

import (
	"slices"
	"strings"
	"sync"

	"github.com/eventgres/eventgres/engine"
)

// Bounds on what a session keeps until its lines are written.
const (
	maxGroups        = 32 // beyond them all are written
	maxCategories    = 16
	maxCategoryBytes = 128
)

// Session is what a session has done since its last lines. Its own goroutine uses it, and the log.
type Session struct {
	log *Log

	mu     sync.Mutex
	who    Who
	groups []Line // in the order in which they began
	now    appended
}

// appended is what the statement that runs has appended.
type appended struct {
	any         bool
	first, last int64
	categories  []string
	more        bool
}

// Enter begins a session. A nil log has none.
func (l *Log) Enter(who Who) *Session {
	if l == nil {
		return nil
	}
	s := &Session{log: l, who: who}
	l.sessions.Store(s, struct{}{})
	return s
}

// Leave ends it.
func (s *Session) Leave() {
	if s == nil {
		return
	}
	s.log.sessions.Delete(s)
	s.Flush()
}

// Ready is the log's.
func (s *Session) Ready() error {
	if s == nil {
		return nil
	}
	return s.log.Ready()
}

// Appended notes events that were appended, for the statement that runs.
func (s *Session) Appended(r *engine.AppendRequest) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range r.Results {
		position := r.Results[i].Position
		if position < 0 || i >= len(r.Events) {
			continue // it was there already
		}
		if !s.now.any {
			s.now.any, s.now.first, s.now.last = true, position, position
		}
		s.now.first, s.now.last = min(s.now.first, position), max(s.now.last, position)
		category(&s.now.categories, &s.now.more, engine.Category(r.Events[i].Stream), false)
	}
}

// category adds one to a list; keep: the list outlives what the name is a part of.
func category(list *[]string, more *bool, name string, keep bool) {
	if len(name) > maxCategoryBytes {
		name = strings.ToValidUTF8(name[:maxCategoryBytes], "")
	}
	switch {
	case name == "" || slices.Contains(*list, name):
	case len(*list) == maxCategories:
		*more = true
	case keep:
		*list = append(*list, strings.Clone(name))
	default:
		*list = append(*list, name)
	}
}

// Ended counts a statement that has ended, with what it has appended.
func (s *Session) Ended(class, application, outcome string, rows int64) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who.Application = application
	g := s.group(class, outcome)
	g.Count++
	g.Rows += rows
	s.take(g)
}

// Change writes a line of its own.
func (s *Session) Change(line Line, application string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who.Application = application
	line.Who, line.Event = s.who, "change"
	s.take(&line)
	s.log.Write(&line)
}

// Committed has what was appended, and no statement has told of, told of by a class: what a pipeline commits at its end.
func (s *Session) Committed(class string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.now.any {
		return
	}
	s.take(s.group(class, "ok"))
}

// take has a line tell of what was appended.
func (s *Session) take(g *Line) {
	if !s.now.any {
		return
	}
	if g.Appended == nil {
		g.Appended = &Range{s.now.first, s.now.last}
	}
	g.Appended.First, g.Appended.Last = min(g.Appended.First, s.now.first), max(g.Appended.Last, s.now.last)
	for _, name := range s.now.categories {
		category(&g.Categories, &g.More, name, true)
	}
	g.More = g.More || s.now.more
	clear(s.now.categories)
	s.now = appended{categories: s.now.categories[:0]}
}

// group finds the line of a class and an outcome, or begins it; where there are too many all are written first.
func (s *Session) group(class, outcome string) *Line {
	for i := range s.groups {
		if g := &s.groups[i]; g.Class == class && g.Outcome == outcome {
			return g
		}
	}
	if len(s.groups) == maxGroups {
		s.write()
	}
	s.groups = append(s.groups, Line{Event: "statements", Class: class, Outcome: outcome})
	return &s.groups[len(s.groups)-1]
}

// Flush writes what the session has done.
func (s *Session) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write()
}

func (s *Session) write() {
	for i := range s.groups {
		s.groups[i].Who = s.who
		s.log.Write(&s.groups[i])
	}
	s.groups = s.groups[:0]
}
