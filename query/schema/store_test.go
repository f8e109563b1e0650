package schema

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/analytics"
)

// define commits views as a transaction does, and returns the keys that it wrote.
func define(t *testing.T, w *engine.WriterHandle, s *Store, views []analytics.View) (keys []string) {
	t.Helper()
	now := s.Current()
	changes, err := s.Changes(now.With(views, now.Comments))
	if err != nil {
		t.Fatal(err)
	}
	r := &engine.AppendRequest{Control: changes}
	if err := w.Append(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		keys = append(keys, c.Key)
	}
	return keys
}

// TestViewKeys: a program that makes views of ever new names does not make ever new keys, which are kept for ever; and what is
// read back is what was written, also where keys are used again.
func TestViewKeys(t *testing.T) {
	store, err := engine.Open(t.TempDir(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	again := func() *Store { return NewStore(store.Control(), slog.New(slog.DiscardHandler), time.Now()) }
	s := again()
	written := map[string]bool{}
	var views []analytics.View
	oid := uint32(firstViewOID)
	for i := range 300 {
		views = append(views[:len(views):len(views)], analytics.View{OID: oid, Name: fmt.Sprintf("report_%d", i), Query: fmt.Sprintf("SELECT %d", i)})
		oid += 3
		if len(views) > 5 {
			at := i % 3
			views = append(views[:at:at], views[at+1:]...)
		}
		for _, key := range define(t, store.Writer(), s, views) {
			if strings.HasPrefix(key, viewPrefix) {
				written[key] = true
			}
		}
		d := again().Current().byName()
		if len(d) != len(views) {
			t.Fatalf("there are %d views, want %d", len(d), len(views))
		}
		for k := range views {
			if !sameView(&views[k], d[views[k].Name]) {
				t.Fatalf("%s is %v", views[k].Name, d[views[k].Name])
			}
		}
	}
	if len(written) > 8 {
		t.Errorf("%d keys were written for at most 6 views at a time", len(written))
	}
}

// TestOlderViewKeys: records whose keys are the views' names, as they were once, are read, replaced and dropped.
func TestOlderViewKeys(t *testing.T) {
	store, err := engine.Open(t.TempDir(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	put := func(key, value string) {
		t.Helper()
		if _, err := store.Writer().Put(t.Context(), key, []byte(value), engine.AnyControlVersion); err != nil {
			t.Fatal(err)
		}
	}
	put(Root, "")
	put(viewPrefix+"a", `{"oid":100000,"name":"a","query":"SELECT 1"}`)
	put(viewPrefix+"00000", `{"oid":100003,"name":"00000","query":"SELECT 2"}`)
	s := NewStore(store.Control(), slog.New(slog.DiscardHandler), time.Now())
	views := []analytics.View{{OID: 100000, Name: "a", Query: "SELECT 10"}, {OID: 100003, Name: "00000", Query: "SELECT 2"}, {OID: 100006, Name: "b", Query: "SELECT 3"}}
	define(t, store.Writer(), s, views)
	views[2].Query = "SELECT 4"
	define(t, store.Writer(), s, views[1:])
	d := NewStore(store.Control(), slog.New(slog.DiscardHandler), time.Now()).Current()
	if len(d.Views) != 2 || !sameView(&d.Views[0], &views[1]) || !sameView(&d.Views[1], &views[2]) {
		t.Errorf("the views are %v", d.Views)
	}
}
