package live

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/eventgres/eventgres/engine"
)

// TestNewestGivesWay: who looks for what is rare gives way to others, and ends when it is told to; in memory and in the log's files.
func TestNewestGivesWay(t *testing.T) {
	store := openStore(t)
	d := NewDispatcher(store, slog.New(slog.DiscardHandler))
	add := func(n int, stream string) {
		t.Helper()
		var events []engine.ProposedEvent
		for range n {
			events = append(events, engine.NewEvent(stream, "T", nil))
		}
		if err := store.Writer().Append(t.Context(), &engine.AppendRequest{Events: events}); err != nil {
			t.Fatal(err)
		}
	}
	add(1, "rare-1")
	add(1000, "often-1")
	d.Join()
	defer d.Leave()
	rare := Key{Kind: OfCategory, Text: "rare"}
	all := func(*engine.RecordedEvent) (bool, error) { return true, nil }
	look := func(before int64, within int) {
		t.Helper()
		paces := 0
		at, err := d.Newest(t.Context(), rare, 0, before, all, func() error { paces++; return nil })
		if at != 0 || err != nil {
			t.Errorf("the newest before %d is at %d: %v", before, at, err)
		}
		if least := int(before) / 20; paces < least {
			t.Errorf("of %d events it gave way %d times", before, paces)
		}
		enough := errors.New("enough")
		paces = 0
		_, err = d.Newest(t.Context(), rare, 0, before, all, func() error {
			if paces++; paces == within {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || paces != within {
			t.Errorf("it went on: %d, %v", paces, err)
		}
	}
	look(1001, 3) // in the files
	add(1000, "often-2")
	if err := store.Hub().Wait(t.Context(), 2000); err != nil {
		t.Fatal(err)
	}
	f := follow(d, Key{}, 2000)
	defer f.Close()
	for f.Look(); d.Head() < 2001; f.Look() { // until the dispatcher has the last
		if err := f.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	look(2001, 70) // in memory first, and in the files then
}
