package engine

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

func TestEventID(t *testing.T) {
	before := time.Now().UnixMilli()
	first := reserveIDs(3, time.Now())
	ids := []uuid.UUID{eventID(first), eventID(first + 1), eventID(first + 2)}
	for range 10_000 { // faster than the clock
		ids = append(ids, eventID(reserveIDs(1, time.Now())))
	}
	for i, id := range ids {
		if id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Fatalf("%s is version %d, variant %s", id, id.Version(), id.Variant())
		}
		if i > 0 && bytes.Compare(ids[i-1][:], id[:]) >= 0 {
			t.Fatalf("%s was made after %s", id, ids[i-1])
		}
	}
	sec, nsec := ids[0].Time().UnixTime()
	if at := time.Unix(sec, nsec).UnixMilli(); at < before || at > time.Now().UnixMilli() {
		t.Errorf("the time of %s is %d, not after %d", ids[0], at, before)
	}
	// A clock that is set back takes no time that was given.
	if late := reserveIDs(1, time.Now().Add(-time.Hour)); late <= first {
		t.Errorf("%d was given again", late)
	}
}

func TestEventIDsOfMany(t *testing.T) {
	const each, many = 1000, 4
	var all [many][]uuid.UUID
	var done sync.WaitGroup
	for i := range many {
		done.Go(func() {
			for range each {
				all[i] = append(all[i], eventID(reserveIDs(1, time.Now())))
			}
		})
	}
	done.Wait()
	seen := map[uuid.UUID]bool{}
	for _, ids := range all {
		for _, id := range ids {
			seen[id] = true
		}
	}
	if len(seen) != each*many {
		t.Errorf("%d ids of %d are different", len(seen), each*many)
	}
}

// TestNewSince: an id that was made is new below that position alone. Who was told it may append an event
// with it, in this segment or another, before its maker does.
func TestNewSince(t *testing.T) {
	s := openTest(t, "/db", Options{FS: vfs.NewMem(), SegmentBytes: 1500})
	defer s.Close()
	fill := func() {
		for range 20 {
			mustAppend(t, s, NewEvent("other", "T", []byte(`"some payload that fills the segments"`)))
		}
	}
	fill()
	since := s.Index().GlobalPosition() + 1
	told := NewEvent("mine", "T", nil)
	if !told.GiveID() || told.GiveID() {
		t.Error("an id is made once")
	}
	appendIt := func() error {
		return s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{told}, NewSince: since})
	}
	if err := appendIt(); err != nil {
		t.Fatalf("a new id was refused: %v", err)
	}
	if err := appendIt(); !errors.As(err, new(*DuplicateEventError)) {
		t.Errorf("in the same segment: %v", err)
	}
	fill()
	if err := appendIt(); !errors.As(err, new(*DuplicateEventError)) {
		t.Errorf("some segments later: %v", err)
	}
	if v := s.Index().StreamVersion(StreamID("mine")); v != 0 {
		t.Errorf("the stream has version %d", v)
	}
}
