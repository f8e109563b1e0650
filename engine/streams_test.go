package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestStreamTable: streams that are entered one by one or many at once, in any order, are found under
// their numbers, others are not.
func TestStreamTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	id := func() (id uuid.UUID) {
		be.PutUint64(id[:], rng.Uint64())
		be.PutUint64(id[8:], rng.Uint64())
		return id
	}
	table := newStreamTable(newIDHash(id()))
	numbers := map[uuid.UUID]uint32{}
	for len(numbers) < 50_000 {
		n := rng.IntN(3000)
		if n%2 == 0 {
			s := id()
			numbers[s] = table.insert(streamEntry{id: s, count: uint32(len(numbers))})
			continue
		}
		first := table.extend(n, int64(rng.IntN(200_000)))
		for _, i := range rng.Perm(n) {
			s := id()
			numbers[s] = first + uint32(i)
			table.put(first+uint32(i), s).count = 1
		}
	}
	if table.len() != len(numbers) {
		t.Errorf("%d streams of %d", table.len(), len(numbers))
	}
	for s, want := range numbers {
		if got, ok := table.find(s); !ok || got != want || table.at(got).id != s {
			t.Fatalf("stream %s is found at %d (%v), not at %d", s, got, ok, want)
		}
	}
	for range 1000 {
		s := id()
		if _, ok := table.find(s); ok {
			t.Fatalf("stream %s is found", s)
		}
	}
}

// TestVersions asks for the versions of all streams as of every position, in pages, of a store with several
// segments and of the same store opened again: they are what the log says.
func TestVersions(t *testing.T) {
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 1500}
	s := openTest(t, "/db", o)
	rng := rand.New(rand.NewPCG(5, 6))
	const events = 150
	for range events {
		mustAppend(t, s, NewEvent(fmt.Sprint("s", rng.IntN(1+rng.IntN(40))), "T", []byte(`"some payload that fills the segments"`)))
	}
	check := func() {
		t.Helper()
		log := collect(t, s.Index().ReadAll(Forward(0)))
		below := map[uuid.UUID]int64{}
		for before := int64(0); before <= events; before++ {
			if before > 0 {
				below[log[before-1].StreamID] = log[before-1].Version
			}
			var got []StreamVersion
			for at := int64(0); at < s.Index().StreamCount(); at += 7 {
				var err error
				if got, err = s.Index().Versions(ctx, got, at, 7, before); err != nil {
					t.Fatal(err)
				}
			}
			if n := s.Index().StreamCount(); int64(len(got)) != n {
				t.Fatalf("below %d: %d streams of %d", before, len(got), n)
			}
			for _, v := range got {
				want, ok := below[v.StreamID]
				if !ok {
					want = -1
				}
				if v.Version != want {
					t.Fatalf("below %d: stream %s has version %d, not %d", before, v.StreamID, v.Version, want)
				}
			}
		}
	}
	s.settle()
	if n := len(s.log.segments); n < 4 {
		t.Fatalf("%d segments", n)
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "/db", o)
	defer s.Close()
	check()
}
