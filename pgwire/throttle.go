package pgwire

import (
	"container/list"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// throttle slows down those who guess passwords, and nobody else. It counts, for an address and a role, the proofs that were
// wrong. Each is told so later than the one before, on its own connection. Who does not wait for that but comes again on other
// connections runs out of what the limiter allows: from then on each proof from there, for that role, waits before it is checked,
// a right one too, but never longer than longestTurn. Nobody is locked out.
type throttle struct {
	mu    sync.Mutex
	by    map[attempt]*list.Element // of *guesses
	order *list.List                // the least lately used last

	longest time.Duration // longestDelay; tests have another
}

type attempt struct{ origin, role string }

// guesses are those from an address at a role's password.
type guesses struct {
	attempt
	failed  int
	last    time.Time
	allowed *rate.Limiter // of wrong proofs
}

const (
	firstDelay   = 100 * time.Millisecond // after the first wrong proof: a person has mistyped it
	longestDelay = 5 * time.Second
	longestTurn  = time.Second
	// forgetAfter is how long no proof may be wrong until the next one is as the first.
	forgetAfter = 10 * time.Minute
	// Wrong proofs that cost no turn, and how often there is another.
	freeGuesses = 10
	guessEvery  = time.Second
	// mostGuessers bounds the addresses and roles that are kept, some 300 bytes each. Who has more addresses than that is not slowed
	// down by what is kept of one, but by how many connections may be starting.
	mostGuessers = 20_000
)

func newThrottle() *throttle {
	return &throttle{by: map[attempt]*list.Element{}, order: list.New(), longest: longestDelay}
}

// turn waits before a proof is checked, where too many were wrong. The error is of a connection that has to end: its proof is
// not checked, or who opens more than may be starting would not have to wait.
func (t *throttle) turn(ctx context.Context, a attempt) error {
	pauseFor(ctx, t.wait(a, time.Now()))
	if ctx.Err() != nil {
		return errDisconnected
	}
	return nil
}

// wait is how long a proof has to wait before it is checked.
func (t *throttle) wait(a attempt, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.by[a]
	if e == nil {
		return 0
	}
	missing := 1 - e.Value.(*guesses).allowed.TokensAt(now)
	return min(time.Duration(max(missing, 0)*float64(guessEvery)), longestTurn)
}

// wrong counts a wrong proof, and waits for as long as its error is held back.
func (t *throttle) wrong(ctx context.Context, a attempt) { pauseFor(ctx, t.count(a, time.Now())) }

func (t *throttle) count(a attempt, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.by[a]
	if e == nil {
		if t.order.Len() >= mostGuessers {
			last := t.order.Back()
			t.order.Remove(last)
			delete(t.by, last.Value.(*guesses).attempt)
		}
		e = t.order.PushFront(&guesses{attempt: a, allowed: rate.NewLimiter(rate.Every(guessEvery), freeGuesses)})
		t.by[a] = e
	}
	t.order.MoveToFront(e)
	g := e.Value.(*guesses)
	if now.Sub(g.last) > forgetAfter {
		g.failed = 0
	}
	g.last = now
	g.allowed.AllowN(now, 1) // it does not go below none: what follows is not made to wait for all that were
	delay := t.longest
	if g.failed < 6 { // the next would be longer than longestDelay
		delay = firstDelay << g.failed
	}
	g.failed++
	return delay
}

// right forgets what was wrong before.
func (t *throttle) right(a attempt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.by[a]; e != nil {
		e.Value.(*guesses).failed = 0
	}
}

func pauseFor(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
