package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

var ctx = context.Background()

func openTest(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// settle waits for what is written in the background; until then the file system is used.
func (s *Store) settle() {
	s.w.building.Wait()
	s.w.deriving.Wait()
}

func mustAppend(t testing.TB, s *Store, events ...ProposedEvent) *AppendRequest {
	t.Helper()
	r := &AppendRequest{Events: events}
	if err := s.Writer().Append(ctx, r); err != nil {
		t.Fatal(err)
	}
	return r
}

func collect(t testing.TB, c *Cursor) []RecordedEvent {
	t.Helper()
	var out []RecordedEvent
	for c.Next(ctx) {
		out = append(out, c.Event().Clone())
	}
	if c.Err() != nil {
		t.Fatal(c.Err())
	}
	return out
}

// checkInvariants compares every way of reading with a full scan (I3, I6).
func checkInvariants(t testing.TB, s *Store) []RecordedEvent {
	t.Helper()
	ix := s.Index()
	all := collect(t, ix.ReadAll(Forward(0)))
	versions := map[uuid.UUID]int64{}
	perStream := map[uuid.UUID][]RecordedEvent{}
	var at int64
	for i, e := range all {
		if e.Position != int64(i) {
			t.Fatalf("event %d has position %d", i, e.Position)
		}
		if e.Version != versions[e.StreamID] {
			t.Fatalf("position %d: version %d of %s, want %d", i, e.Version, e.StreamID, versions[e.StreamID])
		}
		if e.RecordedAt < at {
			t.Fatalf("position %d: recorded_at decreases", i)
		}
		at = e.RecordedAt
		versions[e.StreamID]++
		perStream[e.StreamID] = append(perStream[e.StreamID], e)
	}
	if ix.GlobalPosition() != int64(len(all))-1 || ix.StreamCount() != int64(len(versions)) {
		t.Fatalf("global position %d, %d streams; the log has %d events, %d streams",
			ix.GlobalPosition(), ix.StreamCount(), len(all), len(versions))
	}
	back := collect(t, ix.ReadAll(Backward(maxInt64)))
	for i := range back {
		if back[i].EventID != all[len(all)-1-i].EventID {
			t.Fatalf("backward read differs at %d", i)
		}
	}
	o := Forward(0)
	o.NamesOnly = true
	for i, e := range collect(t, ix.ReadAll(o)) {
		want := all[i]
		if want.Stream != "" {
			want.StreamID = uuid.UUID{}
		}
		sameEvents(t, []RecordedEvent{e}, []RecordedEvent{want})
	}
	for id, want := range perStream { // by what the reads before have left to the next
		if v := ix.StreamVersion(id); v != int64(len(want))-1 {
			t.Fatalf("stream %s: version %d, want %d", id, v, len(want)-1)
		}
		sameEvents(t, collect(t, ix.ReadStream(id, Forward(0))), want)
		mid := int64(len(want) / 2)
		sameEvents(t, collect(t, ix.ReadStream(id, Forward(mid))), want[mid:])
		o := Backward(mid)
		o.Limit = 2
		got := collect(t, ix.ReadStream(id, o))
		if got[0].Version != mid {
			t.Fatalf("backward from %d begins at %d", mid, got[0].Version)
		}
	}
	for i := 0; i < len(all); i += 1 + len(all)/200 {
		p, err := ix.FindEvent(ctx, all[i].EventID)
		if err != nil || p != int64(i) {
			t.Fatalf("FindEvent: %d, %v; want %d", p, err, i)
		}
	}
	return all
}

func sameEvents(t testing.TB, got, want []RecordedEvent) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range got {
		if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
			t.Fatalf("event %d:\n%v\nwant\n%v", i, got[i], want[i])
		}
	}
}

func fillRandom(t testing.TB, s *Store, rng *rand.Rand, appends int) {
	t.Helper()
	for range appends {
		var events []ProposedEvent
		for range 1 + rng.Intn(4) {
			e := NewEvent(fmt.Sprintf("s-%d", rng.Intn(12)), fmt.Sprintf("T%d", rng.Intn(3)),
				fmt.Appendf(nil, `{"n": %d, "pad": %q}`, rng.Intn(1000), strings.Repeat("x", rng.Intn(300))))
			switch rng.Intn(6) {
			case 0:
				e.EventID = uuid.New()
			case 1:
				e.Payload, e.Opaque = []byte{0, 1, 2, byte(rng.Intn(256))}, true
			case 2:
				e.Payload, e.Metadata, e.Tags = nil, []byte(`{}`), []string{"a", ""}
			case 3:
				e.Stream, e.StreamID = "", uuid.UUID{9, byte(rng.Intn(3))}
			}
			events = append(events, e)
		}
		mustAppend(t, s, events...)
	}
}

func TestReopen(t *testing.T) {
	for _, segment := range []int64{4 << 10, 64 << 10, 0} {
		t.Run(fmt.Sprint(segment), func(t *testing.T) {
			dir := t.TempDir()
			rng := rand.New(rand.NewSource(1))
			var want []RecordedEvent
			for round := range 4 {
				s := openTest(t, dir, Options{SegmentBytes: segment})
				sameEvents(t, checkInvariants(t, s), want)
				fillRandom(t, s, rng, 100)
				want = checkInvariants(t, s)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if round == 2 { // derived files may go at any time
					if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestConditions(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	defer s.Close()
	id := uuid.New()
	first := NewEvent("a", "T", []byte(`1`))
	first.EventID = id
	mustAppend(t, s, first)

	at := func(v ExpectedVersion) []Condition {
		return []Condition{{Kind: StreamAt, StreamID: StreamID("a"), Stream: "a", Version: v}}
	}
	versioned := func(v ExpectedVersion) []ProposedEvent {
		e := NewEvent("a", "T", nil)
		e.Version = v
		return []ProposedEvent{e}
	}
	again := first
	skipped := first
	skipped.SkipDuplicate = true
	unnamed := NewEvent("", "T", nil)
	unnamed.StreamID = StreamID("late")
	mustAppend(t, s, unnamed)

	for _, tc := range []struct {
		name string
		req  *AppendRequest
		want any
	}{
		{"expected version held", &AppendRequest{Events: []ProposedEvent{NewEvent("a", "T", nil)}, Conditions: at(0)}, nil},
		{"expected version not held", &AppendRequest{Events: []ProposedEvent{NewEvent("a", "T", nil)}, Conditions: at(0)}, new(*VersionConflictError)},
		{"no stream expected", &AppendRequest{Events: []ProposedEvent{NewEvent("a", "T", nil)}, Conditions: at(NoStream)}, new(*VersionConflictError)},
		{"version taken", &AppendRequest{Events: versioned(1)}, new(*VersionTakenError)},
		{"version ahead", &AppendRequest{Events: versioned(7)}, new(*VersionConflictError)},
		{"version next", &AppendRequest{Events: versioned(2)}, nil},
		{"duplicate id", &AppendRequest{Events: []ProposedEvent{again}}, new(*DuplicateEventError)},
		{"duplicate id skipped, condition moot", &AppendRequest{Events: []ProposedEvent{skipped}, Conditions: at(NoStream)}, nil},
		{"position held", &AppendRequest{Events: []ProposedEvent{NewEvent("b", "T", nil)}, Conditions: []Condition{{Kind: LogAt, Position: 4}}}, nil},
		{"position moved", &AppendRequest{Events: []ProposedEvent{NewEvent("b", "T", nil)}, Conditions: []Condition{{Kind: LogAt, Position: 4}}}, new(*PositionMovedError)},
		{"name for an unnamed stream", &AppendRequest{Events: []ProposedEvent{NewEvent("late", "T", nil)}}, new(*UnnamedStreamError)},
		{"bad JSON", &AppendRequest{Events: []ProposedEvent{NewEvent("a", "T", []byte(`{`))}}, new(*InvalidEventError)},
		{"no stream", &AppendRequest{Events: []ProposedEvent{NewEvent("", "T", nil)}}, new(*InvalidEventError)},
		{"too large", &AppendRequest{Events: []ProposedEvent{NewEvent("a", strings.Repeat("t", 257), nil)}}, new(*TooLargeError)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := s.Index().GlobalPosition()
			err := s.Writer().Append(ctx, tc.req)
			if tc.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.As(err, tc.want) {
				t.Fatalf("error %v, want %T", err, tc.want)
			}
			if s.Index().GlobalPosition() != before {
				t.Fatal("a refused append changed the log")
			}
		})
	}
	// By id into a named stream: the name is inherited.
	e := NewEvent("", "T", nil)
	e.StreamID = StreamID("a")
	r := mustAppend(t, s, e)
	all := checkInvariants(t, s)
	if got := all[r.Results[0].Position]; got.Stream != "a" {
		t.Fatalf("stream name %q, want a", got.Stream)
	}
}

func TestConcurrentAppends(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{SegmentBytes: 32 << 10})
	defer s.Close()
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[string]int64{}
	for w := range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rng := rand.New(rand.NewSource(int64(w)))
			for range 100 {
				name := fmt.Sprintf("hot-%d", rng.Intn(5))
				expected := ExpectedVersion(s.Index().StreamVersion(StreamID(name)))
				err := s.Writer().Append(ctx, &AppendRequest{
					Events:     []ProposedEvent{NewEvent(name, "T", []byte(`{}`)), NewEvent(name, "U", nil)},
					Conditions: []Condition{{StreamID: StreamID(name), Stream: name, Version: expected}},
				})
				var conflict *VersionConflictError
				switch {
				case err == nil:
					mu.Lock()
					won[name] += 2
					mu.Unlock()
				case !errors.As(err, &conflict):
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	checkInvariants(t, s)
	for name, n := range won {
		if v := s.Index().StreamVersion(StreamID(name)); v != n-1 {
			t.Errorf("%s: version %d, want %d", name, v, n-1)
		}
	}
}

// TestEveryTruncation cuts the last segment of a killed store at every length: all
// whole frames before the cut must be there, and nothing else. A disk, which each start syncs
// several times, is tried with one length in 37.
func TestEveryTruncation(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		m := vfs.NewMem()
		truncations(t, memDir, Options{FS: m}, 1, m.ReadFile, m.WriteFile, m.Remove)
	})
	t.Run("disk", func(t *testing.T) {
		write := func(name string, data []byte) error { return os.WriteFile(name, data, 0o600) }
		truncations(t, t.TempDir(), Options{}, 37, os.ReadFile, write, os.Remove)
	})
}

func truncations(t *testing.T, dir string, o Options, step int64,
	read func(string) ([]byte, error), write func(string, []byte) error, remove func(string) error,
) {
	t.Helper()
	s := openTest(t, dir, o)
	rng := rand.New(rand.NewSource(2))
	fillRandom(t, s, rng, 12)
	want := checkInvariants(t, s)
	name, checkpoint := segmentName(dir, 1), filepath.Join(dir, "CHECKPOINT")
	whole, err := read(name)
	if err != nil {
		t.Fatal(err)
	}
	end := s.w.end
	s.Close()
	if err := remove(checkpoint); err != nil {
		t.Fatal(err)
	}
	for n := segmentHeaderSize + (end-segmentHeaderSize)%step; n <= end; n += step { // the last is no cut
		if err := write(name, whole[:n]); err != nil {
			t.Fatal(err)
		}
		s := openTest(t, dir, o)
		got := checkInvariants(t, s)
		sameEvents(t, got, want[:len(got)])
		if n == end && len(got) != len(want) {
			t.Fatalf("%d events of %d after no cut at all", len(got), len(want))
		}
		s.Close()
		if err := remove(checkpoint); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Fatalf("second open: %v", err)
	}
	s.Close()
	openTest(t, dir, Options{}).Close()
}

// A server that was killed while it started its worker leaves the lock with that process for a moment.
func TestLockLeftBehind(t *testing.T) {
	dir := t.TempDir()
	openTest(t, dir, Options{}).Close()
	left, err := vfs.OS.Lock(filepath.Join(dir, "LOCK"))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { left.Close() })
	openTest(t, dir, Options{}).Close()
}

func TestSnapshotReads(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	defer s.Close()
	for i := range 100 {
		mustAppend(t, s, NewEvent("s", "T", fmt.Appendf(nil, "%d", i)))
	}
	o := Forward(10)
	o.Before = 20
	if got := collect(t, s.Index().ReadStream(StreamID("s"), o)); len(got) != 10 {
		t.Fatalf("%d events before position 20 from version 10", len(got))
	}
	o = Backward(maxInt64)
	o.Before, o.Limit = 20, 3
	got := collect(t, s.Index().ReadStream(StreamID("s"), o))
	if len(got) != 3 || got[0].Version != 19 {
		t.Fatalf("backward from a snapshot: %v", got)
	}
	if p, err := s.Index().PositionAt(ctx, got[0].RecordedAt); err != nil || p > got[0].Position {
		t.Fatalf("PositionAt: %d, %v", p, err)
	}
}

// TestAfter: an append that follows one that fails does too, and so on; after one that succeeds
// it is judged by itself.
func TestAfter(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	defer s.Close()
	w := s.Writer()
	conflict := []Condition{{Kind: StreamAt, StreamID: StreamID("a"), Stream: "a", Version: 7}}
	requests := []*AppendRequest{
		{Events: []ProposedEvent{NewEvent("a", "T", nil)}},
		{Events: []ProposedEvent{NewEvent("a", "T", nil)}},
		{Events: []ProposedEvent{NewEvent("a", "T", nil)}, Conditions: conflict},
		{Events: []ProposedEvent{NewEvent("b", "T", nil)}},
		{Events: []ProposedEvent{NewEvent("c", "T", nil)}},
	}
	for i, r := range requests {
		if i > 0 {
			r.After = requests[i-1]
		}
		if err := w.Start(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range requests {
		err := w.Wait(ctx, r)
		switch {
		case i < 2 && (err != nil || r.Results[0].Position != int64(i)):
			t.Errorf("append %d: %v, %v", i, r.Results, err)
		case i == 2 && !errors.As(err, new(*VersionConflictError)):
			t.Errorf("append %d: %v, not a conflict", i, err)
		case i > 2 && !errors.Is(err, ErrAfterFailed):
			t.Errorf("append %d: %v, not %v", i, err, ErrAfterFailed)
		}
	}
	mustAppend(t, s, NewEvent("d", "T", nil))
	if all := checkInvariants(t, s); len(all) != 3 {
		t.Errorf("%d events are stored", len(all))
	}
}

// TestStreamsBelow compares the number of streams below each position with those that a scan meets.
func TestStreamsBelow(t *testing.T) {
	s := openTest(t, memDir, Options{FS: vfs.NewMem(), SegmentBytes: 4 << 10})
	for n := range 200 {
		mustAppend(t, s, pad(fmt.Sprintf("s-%d", n*n%60), 50), pad("other", 0))
	}
	met := map[uuid.UUID]bool{}
	for _, e := range checkInvariants(t, s) {
		if n, err := s.Index().StreamsBelow(ctx, e.Position); n != int64(len(met)) || err != nil {
			t.Fatalf("%d streams below %d, want %d; %v", n, e.Position, len(met), err)
		}
		met[e.StreamID] = true
	}
	for _, before := range []int64{s.Index().GlobalPosition() + 1, everything} {
		if n, err := s.Index().StreamsBelow(ctx, before); n != int64(len(met)) || err != nil {
			t.Errorf("%d streams below %d, want %d; %v", n, before, len(met), err)
		}
	}
}
