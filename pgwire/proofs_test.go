package pgwire

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// TestProofTurns: however many proofs wait from some addresses, the one from another is checked when each has had one.
func TestProofTurns(t *testing.T) {
	q := newProofQueue(2)
	for range 2 {
		if q.ask("a") != nil {
			t.Fatal("a free place is not given")
		}
	}
	var others []chan struct{}
	for range 300 {
		others = append(others, q.ask("a"), q.ask("b"))
	}
	honest := q.ask("c")
	later := q.ask("a")
	given := func(turn chan struct{}) bool {
		select {
		case <-turn:
			return true
		default:
			return false
		}
	}
	for range 2 {
		q.leave()
	}
	if !given(others[0]) || !given(others[1]) || given(honest) {
		t.Error("the first two are not the first of both addresses")
	}
	q.leave()
	if !given(honest) {
		t.Error("who comes from elsewhere waits for more than one of each address")
	}
	for range 598 {
		q.leave()
	}
	if given(later) {
		t.Error("of one address the last is before others")
	}
	for range 3 {
		q.leave()
	}
	if !given(later) || q.free != 2 || len(q.turns) != 0 || len(q.waiting) != 0 {
		t.Errorf("in the end %d places are free, %v and %v wait", q.free, q.turns, q.waiting)
	}
}

// TestProofsAtOnce: no more are checked at a time than may be; who has gone is forgotten, and none is left out, even where one panics.
func TestProofsAtOnce(t *testing.T) {
	q := newProofQueue(3)
	random := rand.New(rand.NewPCG(1, 2))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	var now, most, checked atomic.Int64
	for range 2000 {
		origin, ctx, panics := string(rune('a'+random.IntN(5))), t.Context(), random.IntN(10) == 0
		if random.IntN(4) == 0 {
			ctx = gone
		}
		wg.Go(func() {
			defer func() { _ = recover() }()
			err := q.check(ctx, origin, func() {
				defer now.Add(-1)
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				checked.Add(1)
				if panics {
					panic("in a proof")
				}
			})
			if err != nil && (ctx != gone || !errors.Is(err, errDisconnected)) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 || checked.Load() < 1000 || q.free != 3 || len(q.turns) != 0 || len(q.waiting) != 0 {
		t.Errorf("%d at once, %d checked, %d places free, %v and %v wait", most.Load(), checked.Load(), q.free, q.turns, q.waiting)
	}
}
