package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// benchEvents fills a store with events of ten types, the first of which alone are rare.
func benchEvents(b *testing.B, o Options, n int) *Store {
	b.Helper()
	s := openTest(b, b.TempDir(), o)
	b.Cleanup(func() { s.Close() })
	rng := rand.New(rand.NewPCG(1, 1))
	for first := 0; first < n; first += 10_000 {
		r := &AppendRequest{}
		for i := range 10_000 {
			e := NewEvent(fmt.Sprintf("c%d-%d", rng.IntN(20), rng.IntN(n/10)), fmt.Sprint("OrderType", rng.IntN(10)),
				fmt.Appendf(nil, `{"order": %d, "amount": %d.%02d, "currency": "EUR", "customer": "c-%d"}`, rng.IntN(1_000_000), rng.IntN(1000), rng.IntN(100), rng.IntN(5000)))
			e.Tags = []string{fmt.Sprint("course:", rng.IntN(1000)), fmt.Sprint("student:", rng.IntN(50_000))}
			if first == 0 && i%500 == 0 {
				e.Tags = append(e.Tags, "rare")
			}
			r.Events = append(r.Events, e)
		}
		if err := s.Writer().Append(ctx, r); err != nil {
			b.Fatal(err)
		}
	}
	s.w.building.Wait()
	return s
}

// BenchmarkFind reads pages of 1,000: in a row, of a type that one in ten has, and what is rare from the beginning.
func BenchmarkFind(b *testing.B) {
	for name, size := range map[string]int64{"sealed": 8 << 20, "memory": 1 << 30} {
		s := benchEvents(b, Options{SegmentBytes: size}, 400_000)
		ix := s.Index()
		read := func(c *Cursor, want int) func(*testing.B) {
			return func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c := *c
					if c.find != nil {
						c.find = &finder{log: s.log, query: c.find.query}
					}
					c.next += rand.Int64N(200_000) * int64(min(want/1000, 1))
					n := 0
					for n < want && c.Next(ctx) {
						n++
					}
					if n != want || c.Err() != nil {
						b.Fatal(n, c.Err())
					}
				}
			}
		}
		b.Run(name+"/row", read(ix.ReadAll(Forward(0)), 1000))
		b.Run(name+"/type", read(ix.Find(Query{{{ix.Key(TypeKey, "OrderType3")}}}, Forward(0), nil), 1000))
		b.Run(name+"/rare", read(ix.Find(Query{{{ix.Key(TagKey, "rare")}}}, Forward(0), nil), 20))
		b.Run(name+"/both", read(ix.Find(Query{{{ix.Key(TypeKey, "OrderType3")}, {ix.Key(TagKey, "course:17")}}}, Forward(0), nil), 20))
	}
}

// BenchmarkAppendKeys appends groups of events without a disk: with tags, without, and with ids that the caller gives.
func BenchmarkAppendKeys(b *testing.B) {
	for name, fill := range map[string]func(e *ProposedEvent, i int){
		"plain": func(*ProposedEvent, int) {},
		"tags": func(e *ProposedEvent, i int) {
			e.Tags = []string{fmt.Sprint("course:", i%1000), fmt.Sprint("student:", i%50_000), fmt.Sprint("order:", i)}
		},
		"given": func(e *ProposedEvent, _ int) { e.EventID = uuid.New() },
	} {
		b.Run(name, func(b *testing.B) {
			s := openTest(b, "/db", Options{FS: vfs.NewMem()})
			defer s.Close()
			for i := 0; b.Loop(); i++ {
				e := NewEvent(fmt.Sprint("c-", i), "OrderPlaced", []byte(`{"amount": 12.50, "currency": "EUR", "customer": "c-17"}`))
				fill(&e, i)
				r := AppendRequest{Events: []ProposedEvent{e}}
				if err := s.Writer().Append(ctx, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPostings enters the keys of events of a category and a type, and of a tag of their own.
func BenchmarkPostings(b *testing.B) {
	h := newIDHash(uuid.New())
	for name, tags := range map[string]int{"none": 0, "tag": 1} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			p := new(memPostings)
			keys := make([]Key, 2+tags)
			for i := uint32(0); b.Loop(); i++ {
				if i%(1<<20) == 0 {
					p = new(memPostings)
				}
				keys[0], keys[1] = h.key(CategoryKey, "c"+string(rune('a'+i%20))), h.key(TypeKey, "Order"+string(rune('a'+i%10)))
				if tags > 0 {
					keys[2] = Key(mix64(uint64(i)+1, 0x9E3779B97F4A7C15))
				}
				p.addEvent(keys, i%(1<<20))
			}
		})
	}
}
