package advisory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// edge is a owner that waits for another: because that holds the lock, or only because it is ahead in
// the queue.
type edge struct {
	wait  *Wait
	on    Owner
	ahead *Wait // nil where it holds the lock
}

// blockers are the owners that one waits for.
func (t *Table) blockers(w *Wait) []edge {
	l := t.locks[w.key]
	var out []edge
	for other, h := range l.holders {
		if other != w.owner && h.conflicts(w.mode) {
			out = append(out, edge{wait: w, on: other})
		}
	}
	for _, o := range l.queue {
		if o == w {
			break
		}
		if o.mode.conflicts(w.mode) {
			out = append(out, edge{wait: w, on: o.owner, ahead: o})
		}
	}
	return out
}

// cycle is a circle of waiting owners that a owner is part of; nil if there is none.
func (t *Table) cycle(from Owner) []edge {
	seen := map[Owner]bool{}
	var path []edge
	var visit func(s Owner) bool
	visit = func(s Owner) bool {
		w := t.waits[s]
		if w == nil || seen[s] {
			return false
		}
		seen[s] = true
		for _, e := range t.blockers(w) {
			path = append(path, e)
			if e.on == from || visit(e.on) {
				return true
			}
			path = path[:len(path)-1]
		}
		return false
	}
	if visit(from) {
		return path
	}
	return nil
}

// resolve looks for a deadlock that a owner's wait completes. Where somebody only waits because
// another is ahead in the queue, they change places; else it is an error.
func (t *Table) resolve(w *Wait) error {
	for range len(t.waits) + 1 {
		if t.waits[w.owner] != w {
			return nil // it was granted
		}
		path := t.cycle(w.owner)
		if path == nil {
			return nil
		}
		i := slices.IndexFunc(path, func(e edge) bool { return e.ahead != nil })
		if i < 0 {
			return deadlock(path)
		}
		e := path[i]
		l := t.locks[e.wait.key]
		l.queue = slices.DeleteFunc(l.queue, func(o *Wait) bool { return o == e.wait })
		l.queue = slices.Insert(l.queue, slices.Index(l.queue, e.ahead), e.wait)
		t.wake(e.wait.key)
	}
	return deadlock(t.cycle(w.owner))
}

func deadlock(path []edge) error {
	var lines []string
	for _, e := range path {
		sub := 1
		if e.wait.key.Two {
			sub = 2
		}
		lines = append(lines, fmt.Sprintf("Process %d waits for %s on advisory lock [%d,%d,%d,%d]; blocked by process %d.",
			e.wait.owner.PID(), e.wait.mode, databaseOID, e.wait.key.High, e.wait.key.Low, sub, e.on.PID()))
	}
	return pgerror.Errorf(pgerror.DeadlockDetected, "deadlock detected").WithDetail("%s", strings.Join(lines, "\n")).
		WithHint("See server log for query details.")
}

// databaseOID is the database's, as the catalog has it.
const databaseOID = 16386
