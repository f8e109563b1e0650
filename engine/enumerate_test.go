package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestEnumerateCrashes records every operation of the standard workloads, and before each and
// after the last cuts the power in many ways: every distinct state is recovered and judged by the
// history up to then, and most are cut again within their recovery (I1, I2, I3, I5, I6, I8).
//
//	EVENTGRES_CRASH_STATES=10000000   how many distinct states; 60,000 without
//	EVENTGRES_SEED=…                  of the first workload
func TestEnumerateCrashes(t *testing.T) {
	want := int64(60_000)
	if testing.Short() {
		want = 6_000
	}
	if text := os.Getenv("EVENTGRES_CRASH_STATES"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		want = n
	}
	seed := testSeed(t)
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // each state is garbage at once
	e := &enumerator{seen: map[uint64]struct{}{}}
	began := time.Now()
	jobs := make(chan uint64)
	var workers sync.WaitGroup
	for range 8 * runtime.GOMAXPROCS(0) { // a recovery mostly waits for threads to wake up
		workers.Add(1)
		go func() {
			defer workers.Done()
			for n := range jobs {
				w := &workloads[n%uint64(len(workloads))]
				if err := e.workload(w, n); err != nil {
					e.failed.CompareAndSwap(nil, &err)
				}
			}
		}()
	}
	last := began
	for n := seed; e.states.Load() < want && e.failed.Load() == nil; n++ {
		jobs <- n
		if time.Since(last) > 30*time.Second {
			last = time.Now()
			t.Logf("%d of %d states, %d a second", e.states.Load(), want, int64(float64(e.states.Load())/time.Since(began).Seconds()))
		}
	}
	close(jobs)
	workers.Wait()
	if err := e.failed.Load(); err != nil {
		t.Fatal(*err)
	}
	took := time.Since(began)
	t.Logf("%d distinct states, %d of them within a recovery, of %d workloads with %d operations; %d drawn twice; %d a second; seed %d",
		e.states.Load(), e.within.Load(), e.runs.Load(), e.operations.Load(), e.twice.Load(), int64(float64(e.states.Load())/took.Seconds()), seed)
}

// testSeed is what the run begins with; a failure says with which to begin again.
func testSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("EVENTGRES_SEED")
	if text == "" {
		return rand.Uint64() >> 16
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// enumerator counts the states that it has judged.
type enumerator struct {
	mu   sync.Mutex
	seen map[uint64]struct{} // their fingerprints

	states, within, twice, runs, operations atomic.Int64
	failed                                  atomic.Pointer[error]
}

// fresh tells whether a state is one that was not judged before. The same bytes under another
// history are another state.
func (e *enumerator) fresh(state *vfs.Mem, run uint64, moment int64) bool {
	key := state.Fingerprint() ^ (run*0x9E3779B97F4A7C15 + uint64(moment)*0xD6E8FEB86659FD93)
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.seen[key]; ok {
		e.twice.Add(1)
		return false
	}
	e.seen[key] = struct{}{}
	return true
}

// cut is where the power can be cut: what there was before an operation, and when.
type cut struct {
	state  *vfs.Mem
	moment int64
	op     vfs.Op
}

// draw is the n-th state that a crash there leaves: nothing of what was not synced, all of it, and then what is drawn.
func (c cut) draw(n int, rng *rand.Rand) *vfs.Mem {
	drawn := c.state.Crash(rng)
	switch n {
	case 0:
		return c.state.CrashDropAll()
	case 1:
		return c.state.CrashKeepAll()
	}
	return drawn
}

const (
	// statesPerCut bounds what is drawn at one place: rare states of one workload are worth
	// less than another workload.
	statesPerCut = 48
	// drawnInVain ends a place where there are only few states.
	drawnInVain = 6
)

func (e *enumerator) workload(w *workload, seed uint64) error {
	m := vfs.NewMem()
	var cuts []cut
	h := &history{}
	m.Inject = func(op vfs.Op) error {
		// Nobody sends or is answered while the state is taken.
		h.moment(func(now int64) { cuts = append(cuts, cut{m.Clone(), now, op}) })
		return nil
	}
	w.run(m, seed, h)
	h.moment(func(now int64) { cuts = append(cuts, cut{m.Clone(), now, vfs.Op{}}) })
	e.runs.Add(1)
	e.operations.Add(int64(len(cuts)))
	rng := rand.New(rand.NewPCG(seed, 77))
	for _, c := range cuts {
		vain := 0
		for n := 0; n < statesPerCut && vain < drawnInVain && e.failed.Load() == nil; n++ {
			state := c.draw(n, rng)
			if !e.fresh(state, seed, c.moment) {
				vain++
				continue
			}
			if err := e.judge(w, h, state, c.moment, rng); err != nil {
				return fmt.Errorf("workload %s, EVENTGRES_SEED=%d, power cut before operation %s: %w", w.name, seed, c.op, err)
			}
		}
	}
	return nil
}

// judge recovers a state, and states that cutting the recovery leaves.
func (e *enumerator) judge(w *workload, h *history, state *vfs.Mem, moment int64, rng *rand.Rand) error {
	e.states.Add(1)
	recovering := state.Clone()
	var within []*vfs.Mem
	var mu sync.Mutex // an index file is written beside
	recovering.Inject = func(vfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		within = append(within, recovering.Clone())
		return nil
	}
	s, err := Open("/db", w.options(recovering))
	if err != nil {
		return fmt.Errorf("I5: it does not open: %w", err)
	}
	s.settle()
	recovering.Inject = nil
	err = h.judge(s, moment)
	s.abandon()
	if err != nil {
		return err
	}
	// What recovery left is found again as it was (I5), and so is what a cut within it leaves.
	within = append(within, recovering)
	again := within[rng.IntN(len(within))].Crash(rng)
	if rng.IntN(4) == 0 {
		again = recovering.CrashKeepAll()
	}
	if !e.fresh(again, 0, moment) {
		return nil
	}
	e.states.Add(1)
	e.within.Add(1)
	if s, err = Open("/db", w.options(again)); err != nil {
		return fmt.Errorf("I5: after a cut within its recovery it does not open: %w", err)
	}
	defer s.abandon()
	if err := h.judge(s, moment); err != nil {
		return fmt.Errorf("after a cut within its recovery: %w", err)
	}
	return nil
}

// abandon ends a store's goroutines without writing anything.
func (s *Store) abandon() {
	s.w.close()
	s.closeFiles()
	s.lock.Close()
}
