package engine

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

func orderPayload(n int) []byte {
	return fmt.Appendf(nil, `{"order": %d, "amount": %d.99, "currency": "EUR", "customer": "c-%d"}`, n*7919, n%1000, n%50)
}

// noise is what nothing packs.
func noise(n int) []byte {
	random := rand.New(rand.NewPCG(uint64(n), 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// orders appends count events that are alike, in small appends, and returns what reading gives.
func orders(t testing.TB, s *Store, count int) []RecordedEvent {
	t.Helper()
	for n := range count {
		e := NewEvent(fmt.Sprintf("order-%d", n%7), "OrderPlaced", orderPayload(n))
		e.Metadata, e.Tags = []byte(`{"user": "somebody"}`), []string{"shop", NullTag}
		mustAppend(t, s, e)
	}
	return checkInvariants(t, s)
}

// TestPack: what was packed unpacks to the same, of every size and kind, and JSON of one kind gets small.
func TestPack(t *testing.T) {
	var sample []byte
	for n := range 100 {
		sample = append(sample, orderPayload(n)...)
	}
	d := newPackingDictionary(sample)
	random := rand.New(rand.NewPCG(1, 2))
	var mixed []byte
	for len(mixed) < 2*maxPacked {
		mixed = append(append(mixed, orderPayload(random.IntN(1e6))...), noise(random.IntN(400))...)
	}
	at := []int{0, 1, 7, 8, 9, 59, 60, 61, 62, 255, 256, 257, 258, 1000, maxQuick - 1, maxQuick, maxQuick + 1, maxPacked, maxPacked + 1}
	for range 2000 {
		at = append(at, random.IntN(maxQuick*2))
	}
	var buf []byte
	packed, plain := 0, 0
	for _, n := range at {
		from := random.IntN(len(mixed) - n)
		for _, b := range [][]byte{mixed[from : from+n], sample[:min(n, len(sample))], noise(n), bytes.Repeat([]byte("a"), n)} {
			p := d.pack([]byte("before"), b)
			if string(p[:6]) != "before" {
				t.Fatalf("%q", p)
			}
			if p = p[6:]; len(p) == 0 {
				continue
			}
			if len(p) >= len(b) || len(b) > maxPacked {
				t.Fatalf("%d bytes packed into %d", len(b), len(p))
			}
			packed, plain = packed+1, plain+len(b)
			var err error
			if buf, err = d.unpack(buf, p); err != nil || !bytes.Equal(buf, b) {
				t.Fatalf("%q unpacks to %q, %v", b, buf, err)
			}
		}
	}
	if packed < len(at) || plain == 0 {
		t.Errorf("only %d of %d were packed", packed, len(at))
	}
	if p := newDictionary(sample).pack(nil, orderPayload(1)); len(p) > 0 {
		t.Error("packed with what only unpacks")
	}
	b := orderPayload(4711)
	if p := d.pack(nil, b); len(p) == 0 || len(p) > len(b)/2 {
		t.Errorf("%d bytes of JSON that the dictionary knows packed into %d", len(b), len(p))
	}
}

// TestDictionaryOfASegment: the first segment ends early, the next has a dictionary, and its events are
// the same from a cursor, after a restart, to a follower and to verify; it is smaller by what they share.
func TestDictionaryOfASegment(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, Options{FS: m, SegmentBytes: 32 << 10})
	want := orders(t, s, 1000)
	if n := len(s.log.segments); n < 3 || n > 7 {
		t.Errorf("%d segments of 32 KiB for 1,000 events: not packed", n)
	}
	for _, seg := range s.log.segments[1:] {
		if d, err := seg.dictionary(); d == nil || err != nil {
			t.Errorf("%s has no dictionary: %v", seg.name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, memDir, Options{FS: m, SegmentBytes: 32 << 10})
	sameEvents(t, checkInvariants(t, s), want)
	end := s.w.end
	mustAppend(t, s, NewEvent("order-1", "OrderPlaced", orderPayload(1)))
	if grown := s.w.end - end; grown > 130 {
		t.Errorf("after a restart an event takes %d bytes: not packed", grown)
	}
	want = checkInvariants(t, s)
	f, err := OpenFollower(memDir, Options{FS: m})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var followed []RecordedEvent
	err = f.Read(ctx, s.Index().GlobalPosition()+1, func(e *RecordedEvent) error {
		one := e.Clone()
		one.AppendFirst, one.AppendLast = 0, 0 // which the others, of a cursor, do not tell
		followed = append(followed, one)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sameEvents(t, followed, want)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := Verify(memDir, Options{FS: m})
	if err != nil || len(report.Damage) > 0 || report.Events != int64(len(want)) {
		t.Errorf("verify: %+v, %v", report, err)
	}
}

// TestDamagedDictionary: its segment's packed events are refused, naming the file and the place, and
// verify reports it once; the other segments are read as before.
func TestDamagedDictionary(t *testing.T) {
	m := vfs.NewMem()
	options := Options{FS: m, SegmentBytes: 32 << 10}
	s := openTest(t, memDir, options)
	want := orders(t, s, 1000)
	seg := s.log.segments[1]
	if !seg.sealed {
		t.Fatal("the second segment is the last")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	flip(t, m, seg.name, 8*(segmentHeaderSize+frameHeaderSize+100))
	s = openTest(t, memDir, options)
	mustAppend(t, s, NewEvent("order-1", "OrderPlaced", orderPayload(1)))
	for n := range 7 { // what is not packed of an event is enough to describe a stream, and to append to it
		info, ok, err := s.Index().Stream(ctx, StreamID(fmt.Sprintf("order-%d", n)), everything)
		if err != nil || !ok || info.Stream == "" {
			t.Errorf("stream %d: %+v, %v", n, info, err)
		}
	}
	want = append(want, RecordedEvent{Payload: orderPayload(1)})
	for position := range int64(len(want)) {
		c := s.Index().ReadAll(Forward(position))
		read, err := c.Next(ctx), c.Err()
		damaged := position >= seg.first && position < seg.first+seg.count
		var corrupt *CorruptionError
		switch {
		case damaged && (!errors.As(err, &corrupt) || corrupt.File != seg.name || corrupt.Offset != segmentHeaderSize):
			t.Fatalf("position %d: %v", position, err)
		case !damaged && (!read || !bytes.Equal(c.Event().Payload, want[position].Payload)):
			t.Fatalf("position %d: %v", position, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cut := Repair{CutAt: seg.first}
	if _, err := cut.Run(memDir, Options{FS: m.Clone()}); err != nil {
		t.Errorf("cut before the damage: %v", err)
	}
	report, err := Verify(memDir, options)
	if err != nil || len(report.Damage) != 1 || report.Damage[0].From != segmentHeaderSize {
		t.Errorf("verify: %+v, %v", report, err)
	}
	if intact := int64(len(want)) - seg.count; report.Events != intact {
		t.Errorf("verify counts %d intact events instead of %d", report.Events, intact)
	}
}

// TestDictionaryIsTorn: a crash during a segment's first group may leave its dictionary, or not; the
// store goes on either way.
func TestDictionaryIsTorn(t *testing.T) {
	for i, cut := range []int64{segmentHeaderSize, segmentHeaderSize + 10, segmentHeaderSize + frameHeaderSize + 200, -1, -1} {
		large := i == 4
		m := vfs.NewMem()
		options := Options{FS: m, SegmentBytes: 32 << 10}
		s := openTest(t, memDir, options)
		for s.w.active().number < 3 {
			mustAppend(t, s, NewEvent("order-1", "OrderPlaced", orderPayload(int(s.log.committed.Load()))))
		}
		seg := s.w.active()
		want := checkInvariants(t, s)
		want = want[:seg.first]
		if d := seg.dict.Load(); cut < 0 {
			cut = segmentHeaderSize + int64(len(d.frame(nil, seg.key, seg.first))) // the dictionary is whole
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := m.OpenReadWrite(seg.name)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(cut); err != nil {
			t.Fatal(err)
		}
		if err := m.Remove(filepath.Join(memDir, "CHECKPOINT")); err != nil { // it would tell of the loss
			t.Fatal(err)
		}
		s = openTest(t, memDir, options)
		sameEvents(t, checkInvariants(t, s), want)
		if large { // that does not fit behind the dictionary goes there all the same
			e := NewEvent("order-1", "Attached", noise(40<<10))
			e.Opaque = true
			mustAppend(t, s, e)
		}
		mustAppend(t, s, NewEvent("order-1", "OrderPlaced", orderPayload(1)))
		for _, seg := range s.log.segments {
			if seg.sealed && seg.count == 0 {
				t.Errorf("cut at %d: %s was sealed without events", cut, seg.name)
			}
		}
		if d, err := s.w.active().dictionary(); d == nil || err != nil {
			t.Errorf("cut at %d: no dictionary: %v", cut, err)
		}
		want = checkInvariants(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openTest(t, memDir, options)
		sameEvents(t, checkInvariants(t, s), want)
	}
}

// TestPackedAhead: what a Packer packed is what is stored, unless the event was changed since, or the
// segment is another.
func TestPackedAhead(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, Options{FS: m, SegmentBytes: 32 << 10})
	want := orders(t, s, 300)
	packer := s.Writer().Packer()
	add := func(e ProposedEvent) {
		t.Helper()
		want = append(want, RecordedEvent{Type: e.Type, Payload: e.Payload, Metadata: e.Metadata, Tags: e.Tags})
		mustAppend(t, s, e)
	}
	base := NewEvent("order-1", "OrderPlaced", orderPayload(9))
	base.Metadata, base.Tags = []byte(`{"user": "somebody"}`), []string{"shop"}
	packer.Pack(&base)
	if len(base.packed) == 0 || len(base.packed) > 60 {
		t.Fatalf("packed into %d bytes", len(base.packed))
	}
	for _, change := range []func(e *ProposedEvent){
		func(*ProposedEvent) {},
		func(e *ProposedEvent) { e.Type = "OrderPaid" },
		func(e *ProposedEvent) { e.Payload = orderPayload(10) },
		func(e *ProposedEvent) { e.Payload = nil },
		func(e *ProposedEvent) { e.Metadata = nil },
		func(e *ProposedEvent) { e.Metadata = []byte(`{}`) },
		func(e *ProposedEvent) { e.Tags = nil },
		func(e *ProposedEvent) { e.Tags = []string{} },
		func(e *ProposedEvent) { e.Tags = []string{"shop", "more"} },
	} {
		e := base
		change(&e)
		add(e)
	}
	// The same request again, whose bytes are others.
	e := NewEvent("order-1", "OrderPlaced", orderPayload(100))
	packer.Pack(&e)
	r := &AppendRequest{Events: []ProposedEvent{e}}
	for n := range 2 {
		if n == 1 {
			copy(r.Events[0].Payload, orderPayload(200))
			r.Events[0].EventID = uuid.UUID{}
		}
		want = append(want, RecordedEvent{Type: "OrderPlaced", Payload: bytes.Clone(r.Events[0].Payload)})
		if err := s.Writer().Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	for number := s.w.active().number; s.w.active().number == number; {
		add(NewEvent("order-2", "OrderPlaced", orderPayload(int(s.log.committed.Load()))))
	}
	add(base)
	got := checkInvariants(t, s)
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range got {
		g, w := got[i], want[i]
		if g.Type != w.Type || !bytes.Equal(g.Payload, w.Payload) || (g.Payload == nil) != (w.Payload == nil) ||
			!bytes.Equal(g.Metadata, w.Metadata) || (g.Metadata == nil) != (w.Metadata == nil) ||
			!slices.Equal(g.Tags, w.Tags) || (g.Tags == nil) != (w.Tags == nil) {
			t.Errorf("position %d: %v, want %v", i, g, w)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	var sample []byte
	for n := range 200 {
		sample = append(sample, orderPayload(n*31)...)
	}
	d := newPackingDictionary(sample[:dictionaryBytes])
	content := appendContent(nil, "OrderPlaced", orderPayload(4711), []byte(`{"user": "u17"}`), nil)
	packed := d.pack(nil, content)
	b.Run("pack", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = d.pack(buf[:0], content)
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf, _ = d.unpack(buf, packed)
		}
	})
}

// TestPackWhileRolling: events are packed ahead by many while segments are full and others read them.
func TestPackWhileRolling(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{SegmentBytes: 8 << 10})
	var done sync.WaitGroup
	for n := range 4 {
		done.Go(func() {
			for i := range 300 {
				e := NewEvent(fmt.Sprintf("order-%d", n), "OrderPlaced", orderPayload(i))
				s.Writer().Packer().Pack(&e)
				if err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{e}}); err != nil {
					t.Error(err)
				}
				c := s.Index().ReadStream(e.StreamID, Forward(max(0, int64(i-40))))
				for c.Next(ctx) {
					if got := c.Event(); !bytes.Equal(got.Payload, orderPayload(int(got.Version))) {
						t.Errorf("version %d: %s", got.Version, got.Payload)
					}
				}
				if c.Err() != nil {
					t.Error(c.Err())
				}
			}
		})
	}
	done.Wait()
	checkInvariants(t, s)
	if err := s.Close(); err != nil { // which waits for the index files that are still being written
		t.Error(err)
	}
}
