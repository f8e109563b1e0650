package engine

import (
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestFirstEventFromBefore: a log may begin with an event that was recorded before the store was made, on the node that evaluates its append and on one that takes
// it from there.
func TestFirstEventFromBefore(t *testing.T) {
	founder := vfs.NewMem()
	base := ReplicaBase{Segment: 1, Index: 1, Term: 1}
	if _, err := BeginReplica("/db", Options{FS: founder}); err != nil {
		t.Fatal(err)
	}
	open := func() *Replica {
		r, err := OpenReplica("/db", Options{FS: founder.Clone()}, base)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	leads, follows := open(), open()
	defer leads.Close()
	defer follows.Close()
	event := NewEvent("s-1", "T", nil)
	event.Timed, event.GivenAt = true, 1_000_000
	r := &AppendRequest{Events: []ProposedEvent{event}}
	if err := leads.Writer().Start(ctx, r); err != nil {
		t.Fatal(err)
	}
	leads.Take(<-leads.Queue())
	entry := Entry{Term: 1, Index: 2, Data: leads.Evaluate(nil)}
	leads.Proposed(entry.Index, entry.Term)
	for _, node := range []*Replica{follows, leads} { // of the one that leads the data are its own
		if err := node.Append(entry); err != nil {
			t.Fatal(err)
		}
		if err := node.Apply(); err != nil {
			t.Fatal(err)
		}
		events := collect(t, node.Index().ReadAll(Forward(0)))
		if len(events) != 1 || events[0].RecordedAt != event.GivenAt {
			t.Errorf("%+v", events)
		}
	}
	if done, err := leads.Writer().Poll(r); !done || err != nil {
		t.Error(done, err)
	}
}
