package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestKeysDiffer: texts that differ in length, kind or one byte have different keys, and the same text has
// the same one, by whatever way.
func TestKeysDiffer(t *testing.T) {
	h := newIDHash(uuid.New())
	seen := map[Key]string{}
	add := func(kind KeyKind, text string) {
		t.Helper()
		key := h.key(kind, text)
		what := fmt.Sprint(kind, " ", text)
		if old, ok := seen[key]; ok && old != what {
			t.Fatalf("%q and %q have one key", old, what)
		}
		if seen[key] = what; key == 0 {
			t.Fatalf("%q has no key", what)
		}
		if h.key(kind, strings.Clone(text)) != key {
			t.Fatalf("%q has two keys", what)
		}
	}
	for kind := CategoryKey; kind <= TagKey; kind++ {
		for n := range 70 {
			text := strings.Repeat("a", n)
			add(kind, text)
			for i := range n {
				add(kind, text[:i]+"b"+text[i+1:])
				add(kind, text[:i]+"\x00"+text[i+1:])
			}
		}
		for i := range 100_000 {
			add(kind, fmt.Sprint("course:", i))
		}
	}
	if other := newIDHash(uuid.New()); other.key(TagKey, "a") == h.key(TagKey, "a") {
		t.Fatal("two stores have the same keys")
	}
}

// TestRequestKeys: the writer knows of each event of a request the keys of its category, also where the
// name is its stream's, of its type and its tags.
func TestRequestKeys(t *testing.T) {
	s := openTest(t, "/db", Options{FS: vfs.NewMem()})
	defer s.Close()
	h := s.log.hash
	mustAppend(t, s, NewEvent("order-1", "A", nil))
	unnamed := NewEvent("", "A", nil)
	unnamed.StreamID = uuid.New()
	inherits := NewEvent("", "B", nil)
	inherits.StreamID = StreamID("order-1")
	tagged := NewEvent("cart-1", "C", nil)
	tagged.Tags = []string{"x", NullTag, "y"}
	skipped := NewEvent("cart-1", "D", nil)
	skipped.EventID, skipped.SkipDuplicate = uuid.New(), true
	mustAppend(t, s, skipped)

	g := s.w.group
	r := &AppendRequest{Events: []ProposedEvent{unnamed, skipped, inherits, tagged}}
	if err := s.Writer().admit(ctx, r); err != nil {
		t.Fatal(err)
	}
	s.w.committing.Lock()
	defer s.w.committing.Unlock()
	g.reset(s.w.active(), uint32(s.w.end), s.w.carry)
	if err := g.apply(r); err != nil {
		t.Fatal(err)
	}
	want := [][]Key{
		{0, h.key(TypeKey, "A")},
		{h.key(CategoryKey, "order"), h.key(TypeKey, "B")},
		{h.key(CategoryKey, "cart"), h.key(TypeKey, "C"), h.key(TagKey, "x"), h.key(TagKey, "y")},
	}
	if len(g.events) != len(want) {
		t.Fatalf("%d events", len(g.events))
	}
	for i := range want {
		if !slices.Equal(g.events[i].keys, want[i]) {
			t.Errorf("event %d has keys %x, want %x", i, g.events[i].keys, want[i])
		}
	}
}

func BenchmarkKeys(b *testing.B) {
	h := newIDHash(uuid.New())
	r := &AppendRequest{Events: []ProposedEvent{NewEvent("order-123456", "OrderPlaced", nil)}}
	r.Events[0].Tags = []string{"course:c1", "student:s17", "tenant:0192837465"}
	b.ReportAllocs()
	for b.Loop() {
		r.setKeys(h)
	}
}
