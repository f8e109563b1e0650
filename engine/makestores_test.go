package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestMakeStores makes stores as this version does, for testdata/stores, where later versions find
// them: closed, killed, killed where a segment has no group yet, with a dictionary or without, and without
// events. README.md there says how the archives come about. It uses nothing that versions 0.1 to 0.5 do not
// have, so that it runs in their checkouts too.
func TestMakeStores(t *testing.T) {
	out := os.Getenv("EVENTGRES_MAKE_STORES")
	if out == "" {
		t.Skip("it makes files: EVENTGRES_MAKE_STORES=directory")
	}
	for _, kind := range []string{"closed", "killed", "rolled", "young", "dictionary"} {
		dir := filepath.Join(out, kind)
		live := filepath.Join(t.TempDir(), "live")
		s, err := Open(live, Options{SegmentBytes: 3000})
		if err != nil {
			t.Fatal(err)
		}
		n := 40
		if kind == "young" {
			n = 0
		}
		for i := range n {
			var events []ProposedEvent
			for k := range i%3 + 1 {
				e := NewEvent(fmt.Sprintf("order-%d", (i+k)%5), "OrderPlaced", fmt.Appendf(nil, `{"order": %d, "amount": 12.5, "note": %q}`, i, strings.Repeat("n", i*7%90)))
				switch (i + k) % 6 {
				case 1:
					e.Payload, e.Opaque = []byte{0, 1, 2, byte(i)}, true
				case 2:
					e.Metadata, e.Tags = []byte(`{"by": "x"}`), []string{"a", fmt.Sprint("b", i)}
				case 3:
					e.Payload = nil
				case 4:
					e.Stream, e.StreamID = "", uuid.NewSHA1(uuid.NameSpaceURL, []byte{byte(i % 3)})
				}
				events = append(events, e)
			}
			if err := s.Writer().Append(context.Background(), &AppendRequest{Events: events}); err != nil {
				t.Fatal(err)
			}
			if kind == "dictionary" && len(s.log.segments) == 4 && s.w.end > segmentHeaderSize {
				break // the first group of a segment
			}
			s.settle()
		}
		s.settle()
		if kind == "rolled" {
			if err := s.w.roll(); err != nil {
				t.Fatal(err)
			}
			s.settle()
		}
		last := s.log.segments[len(s.log.segments)-1]
		left := s.log.committed.Load()
		if kind == "dictionary" {
			left = last.first
		}
		var lines []string
		for c := s.Index().ReadAll(Forward(0)); c.Next(context.Background()); {
			if e := c.Event(); e.Position < left {
				b, _ := json.Marshal(e)
				lines = append(lines, string(b))
			}
		}
		if kind == "closed" || kind == "young" {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		for _, d := range []string{"", "log", "index"} {
			names, err := os.ReadDir(filepath.Join(live, d))
			if err != nil {
				t.Fatal(err)
			}
			_ = os.MkdirAll(filepath.Join(dir, "store", d), 0o700)
			for _, f := range names {
				if f.IsDir() || f.Name() == "LOCK" {
					continue
				}
				in, err := os.Open(filepath.Join(live, d, f.Name()))
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(in)
				if err != nil {
					t.Fatal(err)
				}
				if kind == "dictionary" && f.Name() == filepath.Base(last.name) {
					// The power went before the group had reached the disk, but not its dictionary.
					if h, ok := s.log.key.decodeHeader(b[segmentHeaderSize:]); ok && h.kind == 3 {
						b = b[:segmentHeaderSize+int(h.length)]
					} else {
						b = b[:segmentHeaderSize]
					}
				}
				if err := os.WriteFile(filepath.Join(dir, "store", d, f.Name()), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "events"), []byte(strings.Join(append(lines, ""), "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Log(kind, len(lines), "events", len(s.log.segments), "segments")
	}
}
