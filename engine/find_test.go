package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// term is what a query is made of, as a scan understands it.
type term struct {
	kind KeyKind
	text string
}

func (x term) met(e *RecordedEvent) bool {
	switch x.kind {
	case CategoryKey:
		return e.Stream != "" && Category(e.Stream) == x.text
	case TypeKey:
		return e.Type == x.text
	}
	return slices.Contains(e.Tags, x.text)
}

// randomEvent has a type, a category and tags of which some are common, some rare and some are of one event.
func randomEvent(rng *rand.Rand, i int) ProposedEvent {
	e := NewEvent(fmt.Sprintf("c%d-%d", rng.IntN(4)*rng.IntN(4), rng.IntN(20)), fmt.Sprint("T", rng.IntN(5)*rng.IntN(5)), nil)
	switch rng.IntN(6) {
	case 0:
		e.Stream, e.StreamID = "", uuid.UUID{1, byte(rng.IntN(9))}
	case 1:
		e.StreamID, e.Stream = StreamID(e.Stream), "" // its name may be known
	}
	for range rng.IntN(4) {
		e.Tags = append(e.Tags, fmt.Sprint("t", rng.IntN(8)*rng.IntN(8)))
	}
	if rng.IntN(3) == 0 {
		e.Tags = append(e.Tags, fmt.Sprint("one", i), NullTag)
	}
	return e
}

func randomTerms(rng *rand.Rand, events int) [][][]term {
	var q [][][]term
	for range 1 + rng.IntN(3) {
		var item [][]term
		for range 1 + rng.IntN(3) {
			var list []term
			for range 1 + rng.IntN(2)*rng.IntN(4) {
				switch rng.IntN(5) {
				case 0:
					list = append(list, term{CategoryKey, fmt.Sprint("c", rng.IntN(10))})
				case 1:
					list = append(list, term{TypeKey, fmt.Sprint("T", rng.IntN(17))})
				case 2:
					list = append(list, term{TagKey, fmt.Sprint("one", rng.IntN(events))})
				default:
					list = append(list, term{TagKey, fmt.Sprint("t", rng.IntN(50))})
				}
			}
			item = append(item, list)
		}
		q = append(q, item)
	}
	return q
}

func queryOf(ix *ReadIndex, q [][][]term) (out Query) {
	for _, item := range q {
		var x QueryItem
		for _, list := range item {
			var keys []Key
			for _, t := range list {
				keys = append(keys, ix.Key(t.kind, t.text))
			}
			x = append(x, keys)
		}
		out = append(out, x)
	}
	return out
}

func meets(q [][][]term, e *RecordedEvent) bool {
	return slices.ContainsFunc(q, func(item [][]term) bool {
		return !slices.ContainsFunc(item, func(list []term) bool {
			return !slices.ContainsFunc(list, func(t term) bool { return t.met(e) })
		})
	})
}

// checkFind compares what queries find with what a scan does (I6); exact: nothing else may be found.
func checkFind(t *testing.T, s *Store, rng *rand.Rand, queries int, exact bool) {
	t.Helper()
	events, err := scan(s)
	if err != nil {
		t.Fatal(err)
	}
	ix := s.Index()
	var known Lookups
	for range queries {
		if rng.IntN(2) == 0 {
			known = Lookups{}
		}
		q := randomTerms(rng, len(events))
		o := Forward(int64(rng.IntN(len(events))) * int64(rng.IntN(2)))
		if rng.IntN(2) == 0 {
			o = Backward(maxInt64)
			o.From = int64(rng.IntN(len(events))) * int64(rng.IntN(2))
		}
		if rng.IntN(2) == 0 {
			o.To = int64(rng.IntN(len(events)))
		}
		if rng.IntN(2) == 0 {
			o.Before = int64(rng.IntN(len(events)))
		}
		var want []int64
		for i := range events {
			if p := events[i].Position; p >= o.From && p <= o.To && p < o.Before && meets(q, &events[i]) {
				want = append(want, p)
			}
		}
		if o.Backward {
			slices.Reverse(want)
		}
		var got []int64
		n := 0
		for c := ix.Find(queryOf(ix, q), o, &known); ; n++ {
			if !c.Next(ctx) {
				if c.Err() != nil {
					t.Fatal(c.Err())
				}
				break
			}
			if meets(q, c.Event()) {
				got = append(got, c.Event().Position)
			} else if exact {
				t.Fatalf("%v: position %d does not meet it", q, c.Event().Position)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, %+v: found %v, a scan %v", q, o, got, want)
		}
		estimate, err := ix.Estimate(ctx, queryOf(ix, q), 0, maxInt64, &known)
		all := 0
		for i := range events {
			if meets(q, &events[i]) {
				all++
			}
		}
		if err != nil || estimate < int64(all) || len(q) == 1 && len(q[0]) == 1 && len(q[0][0]) == 1 && exact && estimate != int64(all) {
			t.Fatalf("%v: %d are estimated of %d: %v", q, estimate, all, err)
		}
	}
}

// TestFind compares queries on random logs with a scan: over many segments and in one, while files are missing, damaged or not
// built, and after opening anew.
func TestFind(t *testing.T) {
	seed := testSeed(t)
	t.Logf("EVENTGRES_SEED=%d", seed)
	for _, segment := range []int64{1500, 40_000, 1 << 24} {
		t.Run(fmt.Sprint(segment), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, uint64(segment)))
			m := vfs.NewMem()
			o := Options{FS: m, SegmentBytes: segment, CacheBlocks: 16}
			s := openTest(t, "/db", o)
			n := 1500
			switch {
			case segment > 1<<20:
				n = 15_000 // so that lists span blocks
			case segment < 10_000:
				n = 500 // a hundred segments
			}
			for i := 0; i < n; {
				r := &AppendRequest{}
				for range min(1+rng.IntN(n/100), n-i) {
					r.Events = append(r.Events, randomEvent(rng, i))
					i++
				}
				for i := range r.Events { // what is known of a stream need not be said; a name that is not must
					if e := &r.Events[i]; e.Stream == "" && s.Index().StreamVersion(e.StreamID) < 0 {
						e.StreamID = uuid.UUID{1, byte(i)}
					}
				}
				if err := s.Writer().Append(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			checkFind(t, s, rng, 100, true)
			s.w.building.Wait()
			checkFind(t, s, rng, 100, true)
			s.abandon() // as a crash: the last segment is replayed
			damage(t, m, rng)
			s = openTest(t, "/db", o)
			checkFind(t, s, rng, 50, false)
			s.w.deriving.Wait()
			checkFind(t, s, rng, 100, true)
			for range 5 {
				damage(t, m, rng) // while it is read
				s.log.cache = newBlockCache(16)
				for _, seg := range s.log.segments {
					if f := seg.keys.Load(); f != nil {
						f.cache = s.log.cache
					}
				}
				checkFind(t, s, rng, 30, false)
				s.w.deriving.Wait()
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// damage flips bits of some key files, and takes some away.
func damage(t *testing.T, m *vfs.Mem, rng *rand.Rand) {
	t.Helper()
	names, err := m.List("/db/index")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		name = "/db/index/" + name
		info, err := m.Stat(name)
		if err != nil || !slices.Contains([]string{".key"}, name[len(name)-4:]) {
			continue
		}
		switch rng.IntN(4) {
		case 0:
			flip(t, m, name, rng.Int64N(info.Size()*8))
		case 1:
			if err := m.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestVerifyKeys: verify reports a key file that is intact and does not say what the events have.
func TestVerifyKeys(t *testing.T) {
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 1500}
	s := openTest(t, "/db", o)
	for i := range 100 {
		e := NewEvent(fmt.Sprint("s-", i), "T", nil)
		e.Tags = []string{fmt.Sprint("t", i%7)}
		mustAppend(t, s, e)
	}
	s.w.building.Wait()
	seg := s.log.segments[1]
	p, err := s.log.scanKeys(seg, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check := func(want int) {
		t.Helper()
		report, err := Verify("/db", o)
		if err != nil || len(report.Damage) > 0 || len(report.Indexes) != want {
			t.Fatalf("%+v, %v", report, err)
		}
	}
	check(0)
	p.add(s.log.hash.key(TagKey, "t3"), uint32(seg.count-1)) // which has another tag
	if err := buildKeys(m, "/db", s.log.store, seg, p); err != nil {
		t.Fatal(err)
	}
	check(1)
	if _, err := (&Repair{CutAt: -1, Indexes: true}).Run("/db", o); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, "/db", o)
	s.w.deriving.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(0)
}

// TestFindBesideAppends finds events while others are appended and segments are sealed: all that were committed when it began, and no others.
func TestFindBesideAppends(t *testing.T) {
	s := openTest(t, "/db", Options{FS: vfs.NewMem(), SegmentBytes: 20_000})
	defer s.Close()
	const types = 7
	n := 20_000
	if testing.Short() {
		n = 6_000
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for k := range 3 {
		readers.Go(func() {
			for more := true; more; {
				select {
				case <-done:
					more = false
				default:
				}
				o := Forward(0)
				if o.Before = s.Index().GlobalPosition() + 1; k == 1 {
					o.Backward = true
				}
				var got []int64
				for c := s.Index().Find(Query{{{s.Index().Key(TypeKey, fmt.Sprint("T", k))}, {s.Index().Key(CategoryKey, "c")}}}, o, nil); ; {
					if !c.Next(ctx) {
						if c.Err() != nil {
							t.Error(c.Err())
						}
						break
					}
					got = append(got, c.Event().Position)
				}
				if k == 1 {
					slices.Reverse(got)
				}
				for i, p := range got {
					if p != int64(i*types+k) {
						t.Errorf("of type %d position %d is found at place %d", k, p, i)
						return
					}
				}
				if want := (o.Before + types - 1 - int64(k)) / types; int64(len(got)) != want {
					t.Errorf("of type %d below position %d are %d, not %d", k, o.Before, len(got), want)
					return
				}
			}
		})
	}
	for i := 0; i < n; {
		r := &AppendRequest{}
		for range min(1+i%50, n-i) {
			r.Events = append(r.Events, NewEvent(fmt.Sprint("c-", i%100), fmt.Sprint("T", i%types), nil))
			i++
		}
		if err := s.Writer().Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	readers.Wait()
}

// TestReadPositions reads random positions of a log of several segments.
func TestReadPositions(t *testing.T) {
	rng := rand.New(rand.NewPCG(testSeed(t), 1))
	s := openTest(t, t.TempDir(), Options{SegmentBytes: 8 << 10})
	defer s.Close()
	for i := range 600 {
		mustAppend(t, s, NewEvent(fmt.Sprint("s-", rng.IntN(20)), "T", []byte(fmt.Sprint(i))))
	}
	s.settle()
	all := collect(t, s.Index().ReadAll(Forward(0)))
	if n := len(s.log.segments); n < 5 {
		t.Fatalf("%d segments", n)
	}
	for range 200 {
		var positions []int64
		var want []RecordedEvent
		step := 1 + rng.IntN(200)
		for at := rng.IntN(step); at < len(all); at += 1 + rng.IntN(step) {
			positions, want = append(positions, int64(at)), append(want, all[at])
		}
		kept := slices.Clone(positions)
		sameEvents(t, collect(t, s.Index().ReadPositions(positions)), want)
		if !slices.Equal(positions, kept) {
			t.Fatal("the caller's list was changed")
		}
	}
	sameEvents(t, collect(t, s.Index().ReadPositions([]int64{int64(len(all)) - 1, int64(len(all)), int64(len(all)) + 5})), all[len(all)-1:])
}
