package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand"
	"strconv"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

func mustPut(t testing.TB, s *Store, key, value string) {
	t.Helper()
	if _, err := s.Writer().Put(ctx, key, []byte(value), AnyControlVersion); err != nil {
		t.Fatal(err)
	}
}

func mustDelete(t testing.TB, s *Store, key string) {
	t.Helper()
	if _, err := s.Writer().Delete(ctx, key, AnyControlVersion); err != nil {
		t.Fatal(err)
	}
}

// allControl is the whole control state as a text, deletions too.
func allControl(s *Store) string {
	var out strings.Builder
	s.log.mu.RLock()
	defer s.log.mu.RUnlock()
	fmt.Fprintf(&out, "%d changes\n", s.log.control.changes)
	s.log.control.ascend("", func(r *ControlRecord) bool {
		value := strconv.Quote(string(r.Value[:min(len(r.Value), 1000)]))
		if len(r.Value) > 1000 { // quoted, 64 MiB take seconds
			value = fmt.Sprintf("%d bytes, %x", len(r.Value), sha256.Sum256(r.Value))
		}
		fmt.Fprintf(&out, "%q %d %v %s\n", r.Key, r.Version, r.Deleted, value)
		return true
	})
	return out.String()
}

// writeDefinitions writes the file that older stores had.
func writeDefinitions(fsys vfs.FS, dir, text string) error {
	return writeChecked(fsys, definitionsName(dir), fmt.Sprintf(definitionsHead, 1, 0)+text+"\n")
}

// TestControlVersions: a key counts its versions through deletions; whoever expects another is told which.
func TestControlVersions(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, memOptions(m))
	w := s.Writer()
	for i, step := range []struct {
		key, value string
		delete     bool
		ifVersion  int64
		version    int64 // or -1: refused, at actual
		actual     int64
	}{
		{key: "a", value: "1", version: 1},
		{key: "a", value: "2", version: -1, actual: 1},
		{key: "a", value: "2", ifVersion: 1, version: 2},
		{key: "a", value: "3", ifVersion: 1, version: -1, actual: 2},
		{key: "a", value: "3", ifVersion: 3, version: -1, actual: 2},
		{key: "a", delete: true, ifVersion: 1, version: -1, actual: 2},
		{key: "a", delete: true, ifVersion: 2, version: 3},
		{key: "a", delete: true, ifVersion: 3, version: 3}, // it is deleted
		{key: "a", delete: true, ifVersion: AnyControlVersion, version: 3},
		{key: "a", value: "4", version: -1, actual: 3}, // it was written before
		{key: "a", value: "4", ifVersion: 3, version: 4},
		{key: "a", value: "", ifVersion: AnyControlVersion, version: 5},
		{key: "b", delete: true, version: 0}, // it never was
		{key: "b", delete: true, ifVersion: 1, version: -1},
		{key: "b", value: "x", ifVersion: 1, version: -1},
		{key: "b", value: "x", ifVersion: AnyControlVersion, version: 1},
	} {
		var version int64
		var err error
		if step.delete {
			version, err = w.Delete(ctx, step.key, step.ifVersion)
		} else {
			version, err = w.Put(ctx, step.key, []byte(step.value), step.ifVersion)
		}
		var conflict *ControlConflictError
		switch {
		case step.version >= 0 && (err != nil || version != step.version):
			t.Errorf("step %d: version %d, %v", i, version, err)
		case step.version < 0 && (!errors.As(err, &conflict) || *conflict != ControlConflictError{step.key, step.ifVersion, step.actual}):
			t.Errorf("step %d: %v is no conflict with %d", i, err, step.actual)
		}
	}
	want := allControl(s)
	if got := s.Control().Get("a"); got.Version != 5 || !got.Exists() || len(got.Value) != 0 || s.Control().Get("c").Exists() {
		t.Errorf("%+v", got)
	}
	if s.Index().GlobalPosition() != -1 {
		t.Error("events")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, memDir, memOptions(m))
	defer s.Close()
	if got := allControl(s); got != want {
		t.Errorf("after a restart:\n%s, before:\n%s", got, want)
	}
}

// TestControlWithEvents: events and changes are there together or not, whichever of them is refused.
func TestControlWithEvents(t *testing.T) {
	s := openTest(t, memDir, memOptions(vfs.NewMem()))
	defer s.Close()
	put := func(key, value string, ifVersion int64) ControlChange {
		return ControlChange{Key: key, Value: []byte(value), IfVersion: ifVersion}
	}
	r := &AppendRequest{Events: []ProposedEvent{pad("s", 0), pad("s", 1)}, Control: []ControlChange{put("a", "1", 0), put("b", "1", 0)}}
	if err := s.Writer().Append(ctx, r); err != nil || r.Results[1].Position != 1 || r.Control[1].Version != 1 {
		t.Fatal(r.Results, r.Control, err)
	}
	want := allControl(s)
	for what, refused := range map[string]*AppendRequest{
		"a change":    {Events: []ProposedEvent{pad("s", 2)}, Control: []ControlChange{put("c", "1", 0), put("a", "2", 0)}},
		"a condition": {Events: []ProposedEvent{pad("s", 2)}, Control: []ControlChange{put("a", "2", 1)}, Conditions: []Condition{{StreamID: StreamID("s"), Version: 7}}},
		"a version":   {Events: []ProposedEvent{{Stream: "s", Type: "T", Version: 9}}, Control: []ControlChange{put("a", "2", 1)}},
		"a key twice": {Control: []ControlChange{put("a", "2", 1), put("a", "3", 2)}},
		"no key":      {Control: []ControlChange{put("", "2", 0)}},
		"no text":     {Control: []ControlChange{put("\xff", "2", 0)}},
		"a deletion":  {Control: []ControlChange{{Key: "a", Value: []byte{}, Delete: true, IfVersion: 1}}},
		"no version":  {Control: []ControlChange{put("a", "2", -2)}},
	} {
		if err := s.Writer().Append(ctx, refused); err == nil {
			t.Errorf("%s is not refused", what)
		}
		if got := allControl(s); got != want || s.Index().GlobalPosition() != 1 {
			t.Errorf("%s is refused, and left %s", what, got)
		}
	}
	// Events that are left out as duplicates are no reason not to make the changes.
	again := r.Events[0]
	again.SkipDuplicate = true
	if err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{again}, Control: []ControlChange{put("a", "2", 1)}}); err != nil {
		t.Error(err)
	}
	if got := s.Control().Get("a"); got.Version != 2 || s.Index().GlobalPosition() != 1 {
		t.Errorf("%+v", got)
	}
	checkInvariants(t, s)
}

// TestControlGroup: requests of one commit group see what those before them change.
func TestControlGroup(t *testing.T) {
	s := openTest(t, memDir, Options{FS: vfs.NewMem()})
	defer s.Close()
	var requests []*AppendRequest
	s.w.committing.Lock() // they queue, and make one group
	for i := range 6 {
		r := &AppendRequest{Control: []ControlChange{{Key: "a", Value: fmt.Append(nil, i), IfVersion: int64(i)}}}
		if i == 3 {
			r.Control[0].IfVersion = 1 // refused
		}
		if i == 4 {
			r.Control[0].IfVersion = 3
		}
		if i == 5 {
			r.Control[0] = ControlChange{Key: "a", Delete: true, IfVersion: 4}
		}
		if err := s.Writer().Start(ctx, r); err != nil {
			t.Fatal(err)
		}
		requests = append(requests, r)
	}
	s.w.committing.Unlock()
	for i, r := range requests {
		if err := s.Writer().Wait(ctx, r); (err != nil) != (i == 3) {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if got := s.Control().Get("a"); got.Version != 5 || !got.Deleted || s.Control().Extent() != (Extent{0, 5}) {
		t.Errorf("%+v, %+v", got, s.Control().Extent())
	}
}

// TestControlList lists by prefix: in order, as of one moment, without what is deleted.
func TestControlList(t *testing.T) {
	s := openTest(t, memDir, Options{FS: vfs.NewMem(), SegmentBytes: 64 << 10})
	rng := rand.New(rand.NewSource(1))
	model := map[string]string{}
	for range 400 {
		r := &AppendRequest{}
		for _, n := range rng.Perm(1500)[:1+rng.Intn(40)] {
			key := fmt.Sprintf("%c/%d", 'a'+n%3, n)
			if rng.Intn(4) == 0 {
				r.Control = append(r.Control, ControlChange{Key: key, Delete: true, IfVersion: AnyControlVersion})
				delete(model, key)
				continue
			}
			model[key] = fmt.Sprint(rng.Int())
			r.Control = append(r.Control, ControlChange{Key: key, Value: []byte(model[key]), IfVersion: AnyControlVersion})
		}
		if err := s.Writer().Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	check := func(s *Store) {
		t.Helper()
		for _, prefix := range []string{"", "a", "a/", "b/1", "c/77", "c/1499", "d", "\x00", "~"} {
			list, _ := s.Control().List(prefix)
			n := 0
			for key := range model {
				if strings.HasPrefix(key, prefix) {
					n++
				}
			}
			for i, r := range list {
				if i > 0 && list[i-1].Key >= r.Key || string(r.Value) != model[r.Key] || s.Control().Get(r.Key).Version != r.Version {
					t.Fatalf("%q: %+v", prefix, r)
				}
			}
			if len(list) != n {
				t.Errorf("%q: %d keys of %d", prefix, len(list), n)
			}
		}
	}
	check(s)
	if s.log.control.len() <= maxControlRun || len(s.log.segments) < 3 {
		t.Fatal(s.log.control.len(), len(s.log.segments))
	}
	size := int64(0)
	s.log.control.ascend("", func(r *ControlRecord) bool { size += r.cost(); return true })
	if size != s.log.control.size {
		t.Errorf("%d bytes are counted of %d", s.log.control.size, size)
	}
	want := allControl(s)
	s = reopen(t, s)
	defer s.Close()
	check(s)
	if got := allControl(s); got != want {
		t.Error("another state after a restart")
	}
}

func reopen(t testing.TB, s *Store) *Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return openTest(t, s.dir, *s.opts)
}

// TestControlBounds: keys, values and the whole state have bounds; what makes it smaller is always taken.
func TestControlBounds(t *testing.T) {
	s := openTest(t, memDir, Options{FS: vfs.NewMem(), SegmentBytes: 1 << 20})
	defer s.Close()
	w := s.Writer()
	var large *TooLargeError
	if _, err := w.Put(ctx, strings.Repeat("k", maxControlKey+1), nil, 0); !errors.As(err, &large) {
		t.Error(err)
	}
	if _, err := w.Put(ctx, "k", make([]byte, maxControlValue+1), 0); !errors.As(err, &large) {
		t.Error(err)
	}
	if err := w.Append(ctx, &AppendRequest{Control: make([]ControlChange, maxControlChanges+1)}); !errors.As(err, &large) {
		t.Error(err)
	}
	if _, err := w.Put(ctx, strings.Repeat("k", maxControlKey), nil, 0); err != nil {
		t.Error(err)
	}
	n := 0
	for ; ; n++ {
		_, err := w.Put(ctx, fmt.Sprint("large/", n), make([]byte, maxControlValue), 0)
		if errors.As(err, &large) && large.Limit == maxControlState {
			break
		}
		if err != nil || n > 10 {
			t.Fatal(n, err)
		}
	}
	if n != maxControlState/maxControlValue-1 {
		t.Errorf("%d values of %d", n, maxControlValue)
	}
	mustAppend(t, s, pad("s", 0)) // the state does not count towards the segment's size
	mustAppend(t, s, pad("s", 1))
	segments := len(s.log.segments)
	for i := range 100 {
		mustAppend(t, s, pad("s", 2+i))
	}
	if len(s.log.segments) != segments {
		t.Errorf("%d segments of %d for 100 small events", len(s.log.segments)-segments, len(s.log.segments))
	}
	mustDelete(t, s, "large/0")
	if _, err := w.Put(ctx, "large/0", make([]byte, maxControlValue/2), AnyControlVersion); err != nil {
		t.Error(err)
	}
	want := allControl(s)
	if s = reopen(t, s); allControl(s) != want {
		t.Error("another state after a restart")
	}
	checkInvariants(t, s)
}

// TestControlSegments: the state and the versions of what was deleted outlast the segments they were written in,
// also where a segment has no events, and where a start finds an empty one.
func TestControlSegments(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, memOptions(m))
	mustPut(t, s, "kept", "x")
	mustPut(t, s, "gone", "x")
	mustDelete(t, s, "gone")
	for i := range 200 { // without events
		mustPut(t, s, fmt.Sprint("k/", i%7), strings.Repeat("v", 50)+fmt.Sprint(i))
	}
	if n := len(s.log.segments); n < 5 {
		t.Fatalf("%d segments", n)
	}
	for i := range 40 {
		mustAppend(t, s, pad(fmt.Sprint("s-", i%3), i))
	}
	s.settle()
	if _, err := s.Writer().Put(ctx, "gone", nil, 0); !errors.As(err, new(*ControlConflictError)) {
		t.Errorf("a deleted key can be written as if it had never been: %v", err)
	}
	want := allControl(s)
	mustVerify(t, m.CrashKeepAll())
	s = reopen(t, s)
	if got := allControl(s); got != want {
		t.Errorf("after a restart:\n%s, before:\n%s", got, want)
	}
	// A crash before the first group of a segment.
	s.w.committing.Lock()
	if err := s.w.roll(); err != nil {
		t.Fatal(err)
	}
	s.settle()
	s.w.committing.Unlock()
	left := m.CrashDropAll()
	mustVerify(t, left)
	s.abandon()
	for range 2 {
		s = openTest(t, memDir, memOptions(left))
		if got := allControl(s); got != want || !s.w.fresh || !s.w.carry {
			t.Errorf("with an empty segment:\n%s, before:\n%s", got, want)
		}
		s.abandon()
	}
	s = openTest(t, memDir, memOptions(left))
	mustPut(t, s, "kept", "y")
	mustAppend(t, s, pad("s-0", 100))
	want = allControl(s)
	s = reopen(t, s)
	defer s.Close()
	if got := allControl(s); got != want {
		t.Errorf("then:\n%s, before:\n%s", got, want)
	}
	checkInvariants(t, s)
}

// TestControlWatch: who waits for a prefix is woken by its changes and by no others, once they are durable
// and before the append is answered.
func TestControlWatch(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, Options{FS: m})
	defer s.Close()
	views, all := s.Control().Watch("view/"), s.Control().Watch("")
	m.Inject = func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData && (s.Control().Get("view/a").Version > 0 || views.Version() > 0) {
			return errors.New("seen too early")
		}
		return nil
	}
	mustAppend(t, s, pad("s", 0))
	mustPut(t, s, "role/a", "x")
	if views.Version() != 0 || all.Version() != 1 {
		t.Errorf("%d, %d", views.Version(), all.Version())
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := views.Wait(cancelled, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	woken := make(chan ControlRecord)
	go func() {
		_ = views.Wait(ctx, 0)
		woken <- s.Control().Get("view/a")
	}()
	mustPut(t, s, "view/a", "x")
	if got := <-woken; string(got.Value) != "x" {
		t.Errorf("%+v", got)
	}
	if views.Version() != 1 || all.Version() != 2 {
		t.Errorf("%d, %d", views.Version(), all.Version())
	}
	views.Close()
	m.Inject = nil
	mustDelete(t, s, "view/a")
	if views.Version() != 1 || all.Version() != 3 {
		t.Errorf("%d, %d after a watch was closed", views.Version(), all.Version())
	}
}

// TestControlMemory: what a request holds is the caller's again once it is answered.
func TestControlMemory(t *testing.T) {
	s := openTest(t, memDir, Options{FS: vfs.NewMem()})
	defer s.Close()
	value := []byte("value")
	if _, err := s.Writer().Put(ctx, "k", value, 0); err != nil {
		t.Fatal(err)
	}
	copy(value, "other")
	if got := s.Control().Get("k"); string(got.Value) != "value" {
		t.Errorf("%q", got.Value)
	}
}

// TestControlFollower: a follower and cursors see events alone, gapless, through frames of all kinds.
func TestControlFollower(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, memOptions(m))
	defer s.Close()
	f, err := OpenFollower(memDir, Options{FS: m})
	if err != nil {
		t.Fatal(err)
	}
	var got []RecordedEvent
	for i := range 60 {
		mustPut(t, s, fmt.Sprint("k/", i%5), fmt.Sprint(i))
		r := &AppendRequest{Events: []ProposedEvent{pad("s", i), pad("t", i)}}
		if i%2 == 0 {
			r.Control = []ControlChange{{Key: "k/1", Value: []byte("with events"), IfVersion: AnyControlVersion}}
		}
		if err := s.Writer().Append(ctx, r); err != nil {
			t.Fatal(err)
		}
		mustDelete(t, s, "k/1")
		if i%3 == 0 {
			continue
		}
		if i%4 == 0 { // as after a restart
			f.Seek(f.Place())
		}
		if err := f.Read(ctx, s.Index().GlobalPosition()+1, func(e *RecordedEvent) error {
			e.AppendFirst, e.AppendLast = 0, 0 // which cursors do not tell
			got = append(got, e.Clone())
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	sameEvents(t, got, checkInvariants(t, s))
	f.Close()
}
