package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
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
