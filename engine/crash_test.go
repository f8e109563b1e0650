package engine

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestCrash cuts the power at a random operation of a random load, lets recovery run, and
// perhaps cuts it there again. What was acknowledged must be at its place unchanged, what
// was not must be there whole or not at all (I1, I2, I3, I5, I6).
func TestCrash(t *testing.T) {
	rounds := 400
	if os.Getenv("EVENTGRES_LONG") != "" {
		rounds = 20_000
	}
	seed := rand.Uint64()
	if s := os.Getenv("EVENTGRES_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
		rounds = 1
	}
	for i := range rounds {
		crashRound(t, seed+uint64(i))
		if t.Failed() {
			t.Fatalf("EVENTGRES_SEED=%d", seed+uint64(i))
		}
	}
}

// crashLoad is a load and what came of it.
type crashLoad struct {
	mu    sync.Mutex
	acked map[string]int64 // first position by append
	sizes map[string]int   // events of every append that was tried
}

type crashPayload struct {
	Append string `json:"append"`
	Event  int    `json:"event"`
	Pad    string `json:"pad"`
}

func crashRound(t *testing.T, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	m := vfs.NewMem()
	options := func(m *vfs.Mem) Options {
		return Options{FS: m, SegmentBytes: 2048 + int64(seed%4)*4096, CacheBlocks: 16}
	}
	s, err := Open("/db", options(m))
	if err != nil {
		t.Fatal(err)
	}
	after := crashAt(m, rng, rng.Uint64N(160)+1)
	load := crashLoad{acked: map[string]int64{}, sizes: map[string]int{}}
	var wg sync.WaitGroup
	for client := range 3 {
		own := rand.New(rand.NewPCG(seed, uint64(client)+2))
		wg.Add(1)
		go func() {
			defer wg.Done()
			load.run(s, client, own)
		}()
	}
	wg.Wait()
	s.w.close()
	state := *after
	if state == nil {
		state = m.Crash(rng) // the load ended before its operation came
	}
	if rng.IntN(2) == 0 {
		// Once more, during recovery.
		again := crashAt(state, rng, rng.Uint64N(12)+1)
		if s, err := Open("/db", options(state)); err == nil {
			s.w.close()
		}
		if *again != nil {
			state = *again
		} else {
			state = state.Crash(rng)
		}
	}
	state.Inject = nil
	s, err = Open("/db", options(state))
	if err != nil {
		t.Errorf("does not open: %v", err)
		return
	}
	load.check(t, checkInvariants(t, s))
	mustAppend(t, s, NewEvent("after", "T", nil))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// crashAt arranges for the power to be cut at an operation, counted from now; the state
// it leaves appears in what is returned.
func crashAt(m *vfs.Mem, rng *rand.Rand, operation uint64) **vfs.Mem {
	state := new(*vfs.Mem)
	count := uint64(0)
	var mu sync.Mutex
	m.Inject = func(vfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if count++; count == operation {
			*state = m.Crash(rng)
			m.Halt()
		}
		if count >= operation {
			return vfs.ErrCrashed
		}
		return nil
	}
	return state
}

func (l *crashLoad) run(s *Store, client int, rng *rand.Rand) {
	for i := range 30 {
		name := fmt.Sprintf("%d-%d", client, i)
		r := &AppendRequest{}
		for k := range 1 + rng.IntN(3) {
			body, _ := json.Marshal(crashPayload{name, k, fmt.Sprintf("%*d", rng.IntN(900), k)})
			r.Events = append(r.Events, NewEvent(fmt.Sprintf("s-%d", rng.IntN(5)), "T", body))
		}
		l.mu.Lock()
		l.sizes[name] = len(r.Events)
		l.mu.Unlock()
		if err := s.Writer().Append(ctx, r); err != nil {
			return
		}
		l.mu.Lock()
		l.acked[name] = r.Results[0].Position
		l.mu.Unlock()
	}
}

func (l *crashLoad) check(t *testing.T, events []RecordedEvent) {
	t.Helper()
	found := map[string]int{}
	first := map[string]int64{}
	for i := range events {
		var p crashPayload
		if err := json.Unmarshal(events[i].Payload, &p); err != nil {
			t.Errorf("position %d: %v", i, err)
			continue
		}
		if found[p.Append] != p.Event {
			t.Errorf("position %d: event %d of append %s, want %d", i, p.Event, p.Append, found[p.Append])
		}
		if p.Event == 0 {
			first[p.Append] = events[i].Position
		}
		found[p.Append]++
	}
	for name, n := range found {
		if n != l.sizes[name] {
			t.Errorf("append %s: %d events of %d", name, n, l.sizes[name])
		}
	}
	for name, position := range l.acked {
		if at, ok := first[name]; !ok || at != position {
			t.Errorf("append %s was acknowledged at position %d; it is at %d (found: %v)", name, position, at, ok)
		}
	}
}

// TestErrors fails one operation of a load, each in turn, with each kind of error. Nothing
// that was acknowledged may be missing, then or after a crash, and nothing that was refused
// may be there unless the writer was poisoned.
func TestErrors(t *testing.T) {
	for operation := uint64(1); operation < 120; operation++ {
		for kind := range 3 {
			errorRound(t, operation, kind)
			if t.Failed() {
				t.Fatalf("operation %d, error %d", operation, kind)
			}
		}
	}
}

func errorRound(t *testing.T, operation uint64, kind int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(operation, uint64(kind)))
	m := vfs.NewMem()
	s, err := Open("/db", Options{FS: m, SegmentBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	count := uint64(0)
	var mu sync.Mutex
	m.Inject = func(op vfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if count++; count != operation {
			return nil
		}
		return injectedError(op, kind)
	}
	load := crashLoad{acked: map[string]int64{}, sizes: map[string]int{}}
	load.run(s, 0, rng)
	load.run(s, 1, rng) // goes on after an error, if it may
	poisoned := s.Poisoned()
	s.w.close()
	state := m.Crash(rng)
	m.Halt()
	s, err = Open("/db", Options{FS: state, SegmentBytes: 4096})
	if err != nil {
		t.Errorf("does not open: %v", err)
		return
	}
	events := checkInvariants(t, s)
	load.check(t, events)
	if !poisoned {
		total := 0
		for name := range load.acked {
			total += load.sizes[name]
		}
		if total != len(events) {
			t.Errorf("%d events were acknowledged, %d are there, and the writer was sound", total, len(events))
		}
	}
	s.Close()
}
