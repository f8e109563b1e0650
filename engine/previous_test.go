package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestPreviousLinks plants every number into the links from a stream's entries to the segment before,
// under checksums that are right: a read ends, with what was written or with a CorruptionError. A link
// that does not fall would be followed for ever.
func TestPreviousLinks(t *testing.T) {
	options := func(m *vfs.Mem) Options { return Options{FS: m, SegmentBytes: 1200, CacheBlocks: 2} }
	m := vfs.NewMem()
	s := openTest(t, "/db", options(m))
	for i := range 20 {
		mustAppend(t, s, NewEvent("s", "T", fmt.Appendf(nil, `{"i": %d, "pad": %q}`, i, strings.Repeat("y", 300))))
		s.settle()
	}
	segments := uint32(len(s.log.segments))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if segments < 5 {
		t.Fatalf("%d segments", segments)
	}
	refused := 0
	for number := uint32(2); number < segments; number++ { // the first has what the stream begins with
		for _, previous := range []uint32{0, 1, 2, number - 1, number, number + 1, segments, segments + 1, 1 << 30, 1<<32 - 1} {
			c := m.Clone()
			plantPrevious(t, c, number, previous)
			s, err := Open("/db", options(c))
			if err != nil {
				t.Fatalf("segment %d, previous %d: %v", number, previous, err)
			}
			done := make(chan error, 1)
			go func() { done <- readWholeStream(s) }()
			select {
			case err = <-done:
			case <-time.After(time.Minute):
				t.Fatalf("segment %d, previous %d: the read does not end", number, previous)
			}
			right := previous == number-1
			if right != (err == nil) {
				t.Errorf("segment %d, previous %d: %v", number, previous, err)
			}
			if previous >= number && !errors.As(err, new(*CorruptionError)) {
				t.Errorf("segment %d, previous %d: %v is no CorruptionError", number, previous, err)
			}
			if err != nil {
				refused++
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d segments, %d links refused", segments, refused)
}

// readWholeStream reads the stream from its first event on; the links lead there.
func readWholeStream(s *Store) error {
	n := 0
	c := s.Index().ReadStream(StreamID("s"), Forward(0))
	for c.Next(context.Background()) {
		if c.Event().Version != int64(n) {
			return fmt.Errorf("version %d instead of %d", c.Event().Version, n)
		}
		n++
	}
	if c.Err() == nil && n != 20 {
		return fmt.Errorf("%d events", n)
	}
	return c.Err()
}

func plantPrevious(t *testing.T, m *vfs.Mem, number, previous uint32) {
	t.Helper()
	name := indexName("/db", number)
	data, err := m.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	id := StreamID("s")
	at := bytes.Index(data, id[:])
	if at < 0 {
		t.Fatalf("%s has no entry of the stream", name)
	}
	le.PutUint32(data[at+28:], previous)
	block := at / blockSize
	b := data[block*blockSize:][:blockSize]
	le.PutUint32(b[blockPayload:], blockCRC(uint32(block), b[:blockPayload]))
	if err := m.WriteFile(name, data); err != nil {
		t.Fatal(err)
	}
}
