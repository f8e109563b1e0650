package engine

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

const benchPayload = `{"order": 4711, "amount": 129.95, "currency": "EUR", "items": 3}`

func BenchmarkAppend(b *testing.B) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s := openTest(b, b.TempDir(), Options{})
			defer s.Close()
			var n atomic.Int64
			b.ReportAllocs()
			b.SetParallelism((clients + 1) / 2)
			b.RunParallel(func(pb *testing.PB) {
				w := s.Writer()
				for pb.Next() {
					r := &AppendRequest{Events: []ProposedEvent{
						NewEvent(fmt.Sprintf("order-%d", n.Add(1)/20), "OrderPlaced", []byte(benchPayload)),
					}}
					if err := w.Append(ctx, r); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func loadBench(b *testing.B, s *Store, events int) {
	b.Helper()
	batch := make([]ProposedEvent, 0, 5000)
	for i := range events {
		batch = append(batch, NewEvent(fmt.Sprintf("order-%d", i/20), "OrderPlaced", []byte(benchPayload)))
		if len(batch) == cap(batch) || i == events-1 {
			mustAppend(b, s, batch...)
			batch = batch[:0]
		}
	}
}

func BenchmarkBulkAppend(b *testing.B) {
	s := openTest(b, b.TempDir(), Options{})
	defer s.Close()
	b.ReportAllocs()
	b.ResetTimer()
	loadBench(b, s, b.N)
}

func BenchmarkRead(b *testing.B) {
	const events = 200_000
	s := openTest(b, b.TempDir(), Options{SegmentBytes: 16 << 20})
	defer s.Close()
	loadBench(b, s, events)
	b.Run("stream of 20", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			c := s.Index().ReadStream(StreamID(fmt.Sprintf("order-%d", i*7919%(events/20))), Forward(0))
			n := 0
			for c.Next(ctx) {
				n++
			}
			if n != 20 || c.Err() != nil {
				b.Fatal(n, c.Err())
			}
		}
	})
	b.Run("one by position", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			o := Forward(int64(i) * 7919 % events)
			o.Limit = 1
			c := s.Index().ReadAll(o)
			if !c.Next(ctx) {
				b.Fatal(c.Err())
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for done := 0; done < b.N; {
			c := s.Index().ReadAll(Forward(0))
			for done < b.N && c.Next(ctx) {
				done++
			}
		}
	})
}

// BenchmarkIndexFile writes the index file of a segment of 200,000 events.
func BenchmarkIndexFile(b *testing.B) {
	const events = 200_000
	for _, each := range []uint32{1, 20} {
		b.Run(fmt.Sprintf("streams of %d", each), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			id := func() (id uuid.UUID) {
				be.PutUint64(id[:], rng.Uint64())
				be.PutUint64(id[8:], rng.Uint64())
				return id
			}
			mem := newMemIndex(1, 0, newIDHash(id()))
			streams := make([]streamEntry, events/each)
			for i := range streams {
				streams[i].id = id()
			}
			for o := range uint32(events) {
				i := o % uint32(len(streams))
				e := &streams[i]
				e.ordinal, e.last = mem.add(100*o, e, i, id()), mem.number
				e.count++
			}
			seg := &segment{number: 1, count: events}
			stream := func(i uint32) (uuid.UUID, bool) { return streams[i].id, false }
			m := vfs.NewMem()
			if err := m.MkdirAll("/db/index"); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := buildIndex(m, "/db", uuid.UUID{}, seg, mem, uint32(len(streams)), stream); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
