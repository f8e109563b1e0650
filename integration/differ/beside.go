package differ

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// recentKept is how many statements of a pair are told of beside a lost one: the worker is
// everybody's, and who loses it has mostly asked something harmless. A statement that the worker
// does not end is given up after 40 s, in which its pair asks nothing else.
const recentKept = 6

// recent is what a pair asked Eventgres last.
type recent struct {
	mu    sync.Mutex
	asked []askedOf
}

type askedOf struct {
	*Statement
	began time.Time
	took  time.Duration // 0: it is still being asked
	code  string        // what it was answered
}

func (r *recent) begin(s *Statement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.asked) == recentKept {
		r.asked = append(r.asked[:0:0], r.asked[1:]...)
	}
	r.asked = append(r.asked, askedOf{Statement: s, began: time.Now()})
}

func (r *recent) end(code string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := &r.asked[len(r.asked)-1]
	last.took, last.code = time.Since(last.began), code
	return last.took
}

func (r *recent) show(b *strings.Builder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.asked {
		state := "since " + time.Since(a.began).Round(time.Millisecond).String()
		if a.took > 0 {
			state = "for " + a.took.Round(time.Millisecond).String() + ", " + time.Since(a.began.Add(a.took)).Round(time.Millisecond).String() + " ago"
			if a.code != "" {
				state += ", " + a.code
			}
		}
		fmt.Fprintf(b, "(%s, statement %d, %s)\n%s\n", a.Generator, a.Number, state, a.Show())
	}
}

// slowestKept is how many statements that took long are told of, slowLeast how long that is.
const (
	slowestKept = 8
	slowLeast   = 2 * time.Second
)

// slow is a statement that Eventgres took long over: what ends a worker is among those mostly, and where
// PostgreSQL gives up too it is no finding.
type slow struct {
	*Statement
	took time.Duration
}

// took keeps the statements that took longest.
func (r *Run) took(s *Statement, took time.Duration) {
	if took < slowLeast {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slowest = append(r.slowest, slow{s, took})
	slices.SortFunc(r.slowest, func(a, b slow) int { return int(b.took - a.took) })
	r.slowest = r.slowest[:min(len(r.slowest), slowestKept)]
}

// Slowest shows the statements that took longest, if any took long.
func (r *Run) Slowest() string {
	var b strings.Builder
	for _, s := range r.slowest {
		fmt.Fprintf(&b, "%v (%s, statement %d)\n%s\n", s.took.Round(time.Millisecond), s.Generator, s.Number, s.Show())
	}
	return b.String()
}

// beside is what all pairs asked lately, and what the server logged of its worker.
func (r *Run) beside() string {
	var b strings.Builder
	for i, p := range r.Pairs {
		fmt.Fprintf(&b, "asked by pair %d:\n", i+1)
		p.recent.show(&b)
	}
	if r.Log != nil {
		b.WriteString(strings.Join(endsOf(r.Log()), "\n"))
	}
	return b.String()
}

// ended is what the server logs of a worker that ended.
const ended = "the analytics worker ended"

// endsOf are the lines of a log that tell of a worker that ended, and why.
func endsOf(log string) []string {
	var told []string
	lines := strings.Split(log, "\n")
	for i, line := range lines {
		switch {
		case strings.Contains(line, ended):
			told = append(told, lines[max(0, i-1):i+1]...)
		case strings.HasPrefix(line, "panic:"), strings.HasPrefix(line, "fatal error:"), strings.HasPrefix(line, "SIG"), strings.HasPrefix(line, "terminate called"):
			told = append(told, line)
		}
	}
	return told
}
