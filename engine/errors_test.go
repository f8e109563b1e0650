package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// errorKinds are the ways in which a call can fail.
var errorKinds = []struct {
	name string
	of   func(op vfs.Op) error
}{
	{"EIO", func(vfs.Op) error { return syscall.EIO }},
	{"ENOSPC", func(vfs.Op) error { return syscall.ENOSPC }},
	{"EROFS", func(vfs.Op) error { return syscall.EROFS }},
	{"half a write, then ENOSPC", func(op vfs.Op) error {
		return &vfs.ShortWrite{N: int(op.Length / 2), Err: syscall.ENOSPC}
	}},
	{"half a write, then EIO", func(op vfs.Op) error {
		return &vfs.ShortWrite{N: int(op.Length / 2), Err: syscall.EIO}
	}},
}

// TestEveryError fails every call of the standard workloads that changes a file, one at a time,
// with every kind of error. The load goes on as far as it may; then the process is killed or the
// power cut. Nothing that was acknowledged may be missing, and nothing that was refused be there.
func TestEveryError(t *testing.T) {
	seeds := uint64(1)
	if os.Getenv("EVENTGRES_LONG") != "" {
		seeds = 40
	}
	from := testSeed(t)
	calls := 0
	for seed := from; seed < from+seeds; seed++ {
		for i := range workloads {
			for kind := range errorKinds {
				if w := &workloads[i]; testing.Short() && !w.control && w.clients == 1 {
					continue
				}
				for n := uint64(1); ; n++ {
					met, err := errorRound(&workloads[i], seed, n, kind)
					if err != nil {
						t.Fatalf("workload %s, EVENTGRES_SEED=%d, call %d fails with %s: %v", workloads[i].name, seed, n, errorKinds[kind].name, err)
					}
					if !met {
						break
					}
					calls++
				}
			}
		}
	}
	t.Logf("%d failed calls", calls)
}

// errorRound fails the nth call; met is false if there was none.
func errorRound(w *workload, seed, n uint64, kind int) (met bool, err error) {
	m, h := vfs.NewMem(), &history{}
	var cuts []cut
	m.Inject = func(op vfs.Op) error {
		if op.Seq == n+1 {
			// What the failed call left, before anything else is written over it.
			h.moment(func(now int64) { cuts = append(cuts, cut{m.CrashKeepAll(), now, op}, cut{m.CrashDropAll(), now, op}) })
		}
		if w.clients > 1 && op.Kind == vfs.OpSyncData {
			for range 100 {
				runtime.Gosched() // the others queue, and make a group
			}
		}
		if op.Seq != n || errors.As(errorKinds[kind].of(op), new(*vfs.ShortWrite)) && op.Kind != vfs.OpWrite {
			return nil
		}
		return errorKinds[kind].of(op)
	}
	w.run(m, seed, h)
	met = m.Ops() >= n
	rng := rand.New(rand.NewPCG(seed, n))
	h.moment(func(now int64) {
		for _, state := range []*vfs.Mem{m.CrashKeepAll(), m.CrashDropAll(), m.Crash(rng), m.Crash(rng)} {
			cuts = append(cuts, cut{state, now, vfs.Op{}})
		}
	})
	for i, c := range cuts {
		s, err := Open("/db", w.options(c.state))
		if err != nil {
			return met, fmt.Errorf("state %d does not open: %w", i, err)
		}
		err = h.judge(s, c.moment)
		s.abandon()
		if err != nil {
			return met, fmt.Errorf("state %d: %w", i, err)
		}
	}
	return met, nil
}

// TestEveryReadError fails every call that reads, one at a time, while a store is opened and read.
// The error is reported as what it is, never taken for an end or for damage, and nothing is lost.
func TestEveryReadError(t *testing.T) {
	seed := testSeed(t)
	calls := 0
	for i := range workloads {
		w := &workloads[i]
		m, h := vfs.NewMem(), &history{}
		w.run(m, seed, h)
		var crash int64
		h.moment(func(now int64) { crash = now })
		left := m.CrashKeepAll()
		for n := 1; ; n++ {
			met, err := readErrorRound(w, h, left.Clone(), crash, n)
			if err != nil {
				t.Fatalf("workload %s, EVENTGRES_SEED=%d, read %d fails: %v", w.name, seed, n, err)
			}
			if !met {
				break
			}
			calls++
		}
	}
	t.Logf("%d failed reads", calls)
}

func readErrorRound(w *workload, h *history, state *vfs.Mem, crash int64, n int) (met bool, err error) {
	var calls atomic.Int64 // index files are read ahead, in another goroutine
	state.InjectRead = func(string) error {
		if calls.Add(1) == int64(n) {
			return syscall.EIO
		}
		return nil
	}
	s, err := Open("/db", w.options(state))
	if err == nil {
		_, err = scan(s)
		s.abandon()
	}
	met = calls.Load() >= int64(n)
	switch {
	case err == nil && met:
		// It was one that something else makes up for: an index that is built anew.
	case err != nil && !errors.Is(err, syscall.EIO):
		return met, fmt.Errorf("it is reported as %w", err)
	}
	state.InjectRead = nil
	s, err = Open("/db", w.options(state))
	if err != nil {
		return met, fmt.Errorf("the next start: %w", err)
	}
	defer s.abandon()
	return met, h.judge(s, crash)
}
