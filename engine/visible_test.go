package engine

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestNothingIsSeenBeforeItIsDurable looks at the store in the middle of each sync of the log.
func TestNothingIsSeenBeforeItIsDurable(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, "/db", Options{FS: m, SegmentBytes: 1500})
	acknowledged := int64(-1)
	syncs := 0
	m.Inject = func(op vfs.Op) error {
		if op.Kind != vfs.OpSyncData || !strings.Contains(op.Name, ".seg") {
			return nil
		}
		syncs++
		if p := s.Index().GlobalPosition(); p != acknowledged {
			return errors.New("seen too early")
		}
		return nil
	}
	for range 20 {
		r := mustAppend(t, s, NewEvent("s", "T", []byte(`"some payload that fills the segments"`)), NewEvent("u", "T", nil))
		acknowledged = r.Results[1].Position
	}
	if syncs < 20 {
		t.Errorf("%d syncs for 20 appends", syncs)
	}
	s.settle()
	m.Inject = nil
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// groupOfTwo appends an event, and while that is synced two more, which make a group. It returns
// what became of the three.
func groupOfTwo(t *testing.T, m *vfs.Mem, s *Store, event ProposedEvent, then func(op vfs.Op) error) [3]error {
	t.Helper()
	var results [3]error
	var clients sync.WaitGroup
	send := func(i int) {
		clients.Add(1)
		go func() {
			defer clients.Done()
			results[i] = s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{event}})
		}()
	}
	grouped := false // the writer alone comes here
	m.Inject = func(op vfs.Op) error {
		switch {
		case !strings.Contains(op.Name, ".seg"):
			return nil
		case grouped:
			return then(op)
		case op.Kind != vfs.OpSyncData:
			return nil
		}
		grouped = true
		for i := 1; i <= 2; i++ {
			send(i)
			for len(s.w.queue) < i {
				runtime.Gosched()
			}
		}
		return nil
	}
	send(0)
	clients.Wait()
	m.Inject = nil
	return results
}

// TestRefusedGroup: of a group whose write fails in the middle nothing is left, not even appends
// that were written whole.
func TestRefusedGroup(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, "/db", Options{FS: m})
	results := groupOfTwo(t, m, s, NewEvent("s", "T", []byte(`{}`)), func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite {
			return &vfs.ShortWrite{N: int(op.Length) - 10, Err: syscall.ENOSPC}
		}
		return nil
	})
	if results[0] != nil || !errors.Is(results[1], ErrDiskFull) || !errors.Is(results[2], ErrDiskFull) {
		t.Fatal(results)
	}
	if h := s.Health(); h.State != StateDiskFull || h.Reason == "" {
		t.Errorf("health: %+v", h)
	}
	for i, state := range []*vfs.Mem{m.CrashKeepAll(), m.CrashDropAll()} {
		after := openTest(t, "/db", Options{FS: state})
		if p := after.Index().GlobalPosition(); p != 0 {
			t.Errorf("state %d: the newest position is %d", i, p)
		}
		after.abandon()
	}
	mustAppend(t, s, NewEvent("s", "T", nil))
	if h := s.Health(); h.State != StateOK {
		t.Errorf("health once there is room: %+v", h)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestStaleFrame: of a group's two frames the second reached the disk and the first did not. Once
// recovery has cut them, an append that is as long as the first must not bring the second back.
func TestStaleFrame(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, "/db", Options{FS: m})
	event := NewEvent("s", "T", []byte(`"`+strings.Repeat("x", 1200)+`"`))
	if results := groupOfTwo(t, m, s, event, func(vfs.Op) error { return nil }); results != [3]error{} {
		t.Fatal(results)
	}
	var at [3]uint32
	for i := range at {
		var err error
		if at[i], err = s.log.segments[0].offset(uint32(i)); err != nil {
			t.Fatal(err)
		}
	}
	state := m.CrashKeepAll()
	f, err := state.OpenReadWrite(segmentName("/db", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, at[2]-at[1]), int64(at[1])-frameHeaderSize); err != nil {
		t.Fatal(err)
	}
	f.Close()
	s = openTest(t, "/db", Options{FS: state})
	if p := s.Index().GlobalPosition(); p != 0 {
		t.Fatalf("after the crash the newest position is %d", p)
	}
	mustAppend(t, s, event)
	s.abandon()
	s = openTest(t, "/db", Options{FS: state.CrashKeepAll()})
	defer s.abandon()
	if p := s.Index().GlobalPosition(); p != 1 {
		t.Errorf("after one more append the newest position is %d", p)
	}
}

// TestRefusalInGroup: a request that is refused leaves the others of its group as if it had not been there,
// its streams, its ids and its changes of the control state.
func TestRefusalInGroup(t *testing.T) {
	s := openTest(t, "/db", Options{FS: vfs.NewMem()})
	defer s.Close()
	mustAppend(t, s, pad("s", 0))
	first := pad("s", 1)
	first.EventID = StreamID("an id of its own")
	event := func() []ProposedEvent { return []ProposedEvent{first, pad("new", 1)} }
	change := []ControlChange{{Key: "k", Value: []byte("v")}}
	requests := []*AppendRequest{
		{Events: event(), Control: change, Conditions: []Condition{{StreamID: StreamID("s"), Version: 7}}}, // refused
		{Events: event(), Control: []ControlChange{{Key: "k", IfVersion: 1}}},                              // too
		{Events: event(), Control: change, Conditions: []Condition{{StreamID: StreamID("s"), Version: 0}, {StreamID: StreamID("new"), Version: NoStream}}},
		{Events: event(), Control: change}, // too: the id is taken
		{Events: []ProposedEvent{pad("s", 2)}, Control: []ControlChange{{Key: "k", Value: []byte("w"), IfVersion: 1}}},
	}
	s.w.committing.Lock() // they queue, and make one group
	for _, r := range requests {
		if err := s.Writer().Start(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	s.w.committing.Unlock()
	for i, r := range requests {
		if err := s.Writer().Wait(ctx, r); (err != nil) != (i == 0 || i == 1 || i == 3) {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if all := checkInvariants(t, s); len(all) != 4 || all[3].Version != 2 {
		t.Errorf("%+v", all)
	}
	if got := s.Control().Get("k"); got.Version != 2 || string(got.Value) != "w" {
		t.Errorf("%+v", got)
	}
}
