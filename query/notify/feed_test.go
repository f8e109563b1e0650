package notify

import (
	"log/slog"
	"testing"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/live"
)

// TestFeedSight: what is appended while it is looked at what a session sees is held against what that is later, and not told of before.
func TestFeedSight(t *testing.T) {
	store, err := engine.Open(t.TempDir(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	d := live.NewDispatcher(store, slog.New(slog.DiscardHandler))
	r := &Registry{Events: d, Next: func() int64 { return store.Index().GlobalPosition() + 1 }}
	add := func(kind string) {
		t.Helper()
		if err := store.Writer().Append(t.Context(), &engine.AppendRequest{Events: []engine.ProposedEvent{engine.NewEvent("s-1", kind, nil)}}); err != nil {
			t.Fatal(err)
		}
		w := live.Waiter{}
		next := store.Index().GlobalPosition()
		for d.Head() <= next { // until the dispatcher has it
			if _, _, err := d.Wait(t.Context(), &w, next, d.Changes()); err != nil {
				t.Fatal(err)
			}
		}
	}
	m := join(r, 1)
	m.listen(t, "events")
	defer m.l.Close()
	drain := func(sight func() (Shown, error)) string {
		t.Helper()
		m.got = nil
		if err := m.l.Drain(t.Context(), sight); err != nil {
			t.Fatal(err)
		}
		if len(m.got) == 0 {
			return ""
		}
		return m.got[0]
	}
	add("plain")
	got := drain(func() (Shown, error) {
		add("secret") // with a policy that hides it, of which what is returned does not know
		return func(*engine.RecordedEvent) (bool, error) { return true, nil }, nil
	})
	if got != "0:events:0" {
		t.Errorf("told %q, expected that of position 0", got)
	}
	hides := func() (Shown, error) {
		return func(e *engine.RecordedEvent) (bool, error) { return e.Type != "secret", nil }, nil
	}
	if got := drain(hides); got != "" {
		t.Errorf("told %q of what is hidden", got)
	}
	add("plain")
	if got := drain(hides); got != "0:events:2" {
		t.Errorf("told %q, expected that of position 2", got)
	}
}
