package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestWantedFilters: each segment has one filter, and there are no more than one for 64 segments and two.
func TestWantedFilters(t *testing.T) {
	for n := range uint32(1000) {
		next := uint32(1)
		list := wantedFilters(n)
		for _, f := range list {
			if f[0] != next || f[1] == 0 || f[1] > filterGroup {
				t.Fatalf("%d segments: %v", n, list)
			}
			next += f[1]
		}
		if next != n+1 || len(list) > int(n/filterGroup)+2 {
			t.Fatalf("%d segments: %v", n, list)
		}
	}
}

// TestFilterRows: a row has the bits that were set in it, whatever its width.
func TestFilterRows(t *testing.T) {
	for count := uint32(1); count <= filterGroup; count++ {
		width := rowWidth(count)
		if width < count {
			t.Fatalf("%d segments in a row of %d", count, width)
		}
		rows := rowsPerBlock(width)
		b := make([]byte, blockPayload)
		at := rand.Uint32N(rows)
		bit := at*width + count - 1
		b[bit/8] |= 1 << (bit % 8)
		for i := range rows {
			want := uint64(0)
			if i == at {
				want = 1 << (count - 1)
			}
			if got := row(b, i, width); got != want {
				t.Fatalf("%d segments: row %d is %x, not %x", count, i, got, want)
			}
		}
	}
}

// TestFindManySegments looks for ids, old and new, in a log of many segments: all that are there are found, while filters are
// missing or damaged too, and hardly a segment is asked for one that is not.
func TestFindManySegments(t *testing.T) {
	seed := testSeed(t)
	t.Logf("EVENTGRES_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 2000, CacheBlocks: 4096}
	s := openTest(t, "/db", o)
	var ids []uuid.UUID
	random := func() (id uuid.UUID) {
		for i := range id {
			id[i] = byte(rng.Uint32())
		}
		return id
	}
	check := func() {
		t.Helper()
		for i, id := range ids {
			if p, err := s.Index().FindEvent(ctx, id); err != nil || p != int64(i) {
				t.Fatalf("event %d of %d in %d segments is found at %d: %v", i, len(ids), len(s.log.segments), p, err)
			}
		}
		for range 100 {
			if p, err := s.Index().FindEvent(ctx, random()); err != nil || p >= 0 {
				t.Fatalf("an event that is not there is found at %d: %v", p, err)
			}
		}
	}
	for _, segments := range []int{2, 9, 40, 66, 75, 140} {
		for len(s.log.segments) < segments {
			r := &AppendRequest{}
			for range 10 {
				e := NewEvent(fmt.Sprint("s-", rng.IntN(5)), "T", nil)
				e.EventID = random()
				ids = append(ids, e.EventID)
				r.Events = append(r.Events, e)
			}
			if err := s.Writer().Append(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		s.w.building.Wait()
		check()
		if report, err := VerifyBelow("/db", s.Control().Extent(), Options{FS: m}); err != nil || len(report.Damage)+len(report.Indexes) > 0 {
			t.Fatalf("%+v, %v", report, err)
		}
		skipped := 0
		for range 200 {
			sealed := len(s.log.segments) - 1
			for i := sealed; i > 0; {
				n, err := s.log.skipSegments(rng.Uint32(), uint32(i))
				if err != nil {
					t.Fatal(err)
				}
				skipped += n
				i -= max(n, 1)
			}
		}
		if share := float64(skipped) / 200 / float64(len(s.log.segments)-1); share < 0.95 {
			t.Errorf("%d segments: of a new id %.3f are not asked", segments, share)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		harm(t, m, rng)
		s = openTest(t, "/db", o)
		check()
		s.w.deriving.Wait()
		check()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// harm damages a filter, or takes one away.
func harm(t *testing.T, m *vfs.Mem, rng *rand.Rand) {
	t.Helper()
	names, err := m.List("/db/index")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".ids") {
			continue
		}
		name = "/db/index/" + name
		info, err := m.Stat(name)
		switch {
		case err != nil:
			t.Fatal(err)
		case rng.IntN(3) == 0:
			err = m.Remove(name)
		case rng.IntN(2) == 0:
			for range 5 {
				flip(t, m, name, rng.Int64N(info.Size()*8))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkNewID looks for ids that are not there in a log of many events.
func BenchmarkNewID(b *testing.B) {
	s := openTest(b, b.TempDir(), Options{SegmentBytes: 2 << 20})
	defer s.Close()
	for range 100 {
		r := &AppendRequest{}
		for i := range 10_000 {
			r.Events = append(r.Events, NewEvent(fmt.Sprint("s-", i%100), "T", nil))
		}
		if err := s.Writer().Append(ctx, r); err != nil {
			b.Fatal(err)
		}
	}
	s.w.building.Wait()
	b.Logf("%d segments", len(s.log.segments))
	for b.Loop() {
		if p, err := s.Index().FindEvent(ctx, uuid.New()); err != nil || p >= 0 {
			b.Fatal(p, err)
		}
	}
}
