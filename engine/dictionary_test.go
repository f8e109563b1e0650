package engine

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

func orderPayload(n int) []byte {
	return fmt.Appendf(nil, `{"order": %d, "amount": %d.99, "currency": "EUR", "customer": "c-%d"}`, n*7919, n%1000, n%50)
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
	d := newDictionary(sample)
	d.prepare()
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
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
		followed = append(followed, e.Clone())
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
	for _, cut := range []int64{segmentHeaderSize, segmentHeaderSize + 10, segmentHeaderSize + frameHeaderSize + 200, -1} {
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
		mustAppend(t, s, NewEvent("order-1", "OrderPlaced", orderPayload(1)))
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

func BenchmarkPack(b *testing.B) {
	var sample []byte
	for n := range 200 {
		sample = append(sample, orderPayload(n*31)...)
	}
	d := newDictionary(sample[:dictionaryBytes])
	d.prepare()
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
