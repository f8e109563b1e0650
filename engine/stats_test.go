package engine

import (
	"errors"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestStats: what was done is counted, by what became of it.
func TestStats(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{Measure: true})
	defer s.Close()
	append1 := func(r *AppendRequest, want any) {
		t.Helper()
		if err := s.Writer().Append(ctx, r); (want == nil) != (err == nil) || want != nil && !errors.As(err, want) {
			t.Fatalf("got %v", err)
		}
	}
	one := NewEvent("a", "T", []byte(`{"n": 1}`))
	one.EventID = uuid.New()
	append1(&AppendRequest{Events: []ProposedEvent{one, NewEvent("b", "T", nil)}}, nil)
	append1(&AppendRequest{Events: []ProposedEvent{one}}, new(*DuplicateEventError))
	skipped := one
	skipped.SkipDuplicate = true
	append1(&AppendRequest{Events: []ProposedEvent{skipped}}, nil)
	append1(&AppendRequest{Events: []ProposedEvent{NewEvent("a", "T", nil)}, Conditions: []Condition{{StreamID: StreamID("a"), Version: NoStream}}}, new(*VersionConflictError))
	append1(&AppendRequest{Events: []ProposedEvent{NewEvent("a", "T", nil)}, Conditions: []Condition{{Kind: LogAt, Position: 1}}}, new(*PositionMovedError))
	taken := NewEvent("a", "T", nil)
	taken.Version = 0
	append1(&AppendRequest{Events: []ProposedEvent{taken}}, new(*VersionTakenError))
	append1(&AppendRequest{Control: []ControlChange{{Key: "test/key", Value: []byte("v"), IfVersion: 7}}}, new(*ControlConflictError))
	everything := newNoneOf(s.Index(), predicate{})
	append1(&AppendRequest{Events: []ProposedEvent{NewEvent("a", "T", nil)}, Conditions: []Condition{{Kind: PremiseHolds, Premise: everything}}}, new(*PremiseError))

	got := s.Stats()
	if got.Appends != 2 || got.Events != 2 || got.Groups != 1 || got.Failures != 0 || got.Queue != 0 || got.Segments != 1 {
		t.Errorf("%+v", got)
	}
	for reason, n := range got.Refused {
		if want := int64(1); reason != RefusedOther && n != want || reason == RefusedOther && n != 0 {
			t.Errorf("%d refused for %s", n, reason)
		}
	}
	if got.Bytes <= 0 || got.LogBytes < got.Bytes || uint64(got.Bytes) != uint64(got.GroupBytes.Sum) {
		t.Errorf("%d bytes appended, %d in groups, %d in files", got.Bytes, got.GroupBytes.Sum, got.LogBytes)
	}
	if got.AppendTimes.Count != 7 || got.SyncTimes.Count != 1 || got.AppendTimes.Sum < got.SyncTimes.Sum {
		t.Errorf("%d appends took %d ns, %d syncs %d", got.AppendTimes.Count, got.AppendTimes.Sum, got.SyncTimes.Count, got.SyncTimes.Sum)
	}
}

// TestStatsUnmeasured: who does not ask for times does not pay for them.
func TestStatsUnmeasured(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	defer s.Close()
	mustAppend(t, s, NewEvent("a", "T", nil))
	if got := s.Stats(); got.Appends != 1 || got.AppendTimes.Count != 0 || got.SyncTimes.Count != 0 {
		t.Errorf("%+v", got)
	}
}

// TestStatsFull: appends that find no room are counted as failures.
func TestStatsFull(t *testing.T) {
	full := false
	m := vfs.NewMem()
	m.Inject = func(op vfs.Op) error {
		if full && op.Kind == vfs.OpWrite {
			return syscall.ENOSPC
		}
		return nil
	}
	s := openTest(t, "/db", Options{FS: m})
	defer s.Close()
	mustAppend(t, s, NewEvent("a", "T", nil))
	full = true
	if err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{NewEvent("a", "T", nil)}}); !errors.Is(err, ErrDiskFull) {
		t.Fatal(err)
	}
	full = false
	mustAppend(t, s, NewEvent("a", "T", nil))
	if got := s.Stats(); got.Failures != 1 || got.Appends != 2 {
		t.Errorf("%d failures, %d appends", got.Failures, got.Appends)
	}
}
