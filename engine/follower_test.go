package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// followed is what a follower has read: events, each with its append.
type followed struct {
	position, first, last int64
	event                 string
}

func readOn(t *testing.T, f *Follower, before int64) (out []followed) {
	t.Helper()
	if err := f.Read(ctx, before, func(e *RecordedEvent) error {
		out = append(out, followed{e.Position, e.AppendFirst, e.AppendLast, e.EventID.String()})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// randomLog appends at random: appends of a few events or many, with control records or without, and control records alone.
func randomLog(t *testing.T, s *Store, r *rand.Rand, appends int, each func()) (log []followed) {
	t.Helper()
	for range appends {
		var request AppendRequest
		if r.IntN(3) == 0 {
			for i := range 1 + r.IntN(3) {
				request.Control = append(request.Control, ControlChange{Key: fmt.Sprint("key", i), Value: make([]byte, r.IntN(200)), IfVersion: AnyControlVersion})
			}
		}
		events := r.IntN(6)
		if r.IntN(15) == 0 {
			events = 40
		}
		if len(request.Control) == 0 {
			events = max(events, 1)
		}
		for range events {
			// A payload that ends like a frame, and begins as the next one would.
			payload := append(make([]byte, r.IntN(60)), frameEnd, 0, 0, 0, 0, 33, 0, 0, 0)
			e := NewEvent(fmt.Sprint("s", r.IntN(5)), "T", payload)
			e.Opaque = true
			request.Events = append(request.Events, e)
		}
		if err := s.Writer().Append(ctx, &request); err != nil {
			t.Fatal(err)
		}
		if n := int64(len(request.Results)); n > 0 {
			first := request.Results[0].Position
			for i, e := range request.Results {
				log = append(log, followed{e.Position, first, first + n - 1, request.Events[i].EventID.String()})
			}
		}
		each()
	}
	return log
}

// TestFollow follows random logs from every position, while they grow and afterwards, packed and not, and when they were opened again.
func TestFollow(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 17))
		options := Options{FS: vfs.NewMem(), SegmentBytes: 2000, Unpacked: seed%2 == 0}
		s := openTest(t, "/db", options)
		live, err := s.Follow(0)
		if err != nil {
			t.Fatal(err)
		}
		var seen []followed
		log := randomLog(t, s, r, 150, func() {
			if r.IntN(4) == 0 {
				seen = append(seen, readOn(t, live, s.Index().GlobalPosition()+1)...)
			}
		})
		seen = append(seen, readOn(t, live, s.Index().GlobalPosition()+1)...)
		if fmt.Sprint(seen) != fmt.Sprint(log) {
			t.Fatalf("seed %d: the follower has read\n%v\nof\n%v", seed, seen, log)
		}
		live.Close()
		if live, err = s.Follow(int64(len(log)) + 5); err != nil { // where nothing is yet
			t.Fatal(err)
		}
		followEverywhere(t, s, log)
		s = reopen(t, s)
		followEverywhere(t, s, log)
		live.Close()
		if live, err = s.Follow(int64(len(log))); err != nil {
			t.Fatal(err)
		}
		more := randomLog(t, s, r, 20, func() {})
		if got := readOn(t, live, s.Index().GlobalPosition()+1); fmt.Sprint(got) != fmt.Sprint(more) {
			t.Fatalf("seed %d: from the end on the follower has read\n%v\nof\n%v", seed, got, more)
		}
		live.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// followEverywhere reads from each position on: the whole append that holds it, and what follows.
func followEverywhere(t *testing.T, s *Store, log []followed) {
	t.Helper()
	for p := int64(0); p <= int64(len(log)); p++ {
		f, err := s.Follow(p)
		if err != nil {
			t.Fatal(err)
		}
		var want []followed
		if p < int64(len(log)) {
			want = log[log[p].first:min(log[p].last+20, int64(len(log)))]
		}
		var got []followed
		enough := errors.New("enough")
		err = f.Read(ctx, int64(len(log)), func(e *RecordedEvent) error {
			if len(got) == len(want) {
				return enough
			}
			got = append(got, followed{e.Position, e.AppendFirst, e.AppendLast, e.EventID.String()})
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			t.Fatalf("position %d: %v", p, err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("position %d: read\n%v\nof\n%v", p, got, want)
		}
		f.Close()
	}
}
