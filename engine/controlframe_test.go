package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// controlMoment is a store's content after one of its appends.
type controlMoment struct {
	extent  Extent
	control string
	end     int64 // offset in its segment
	segment uint32
}

// controlStore makes a store of several segments of events, changes, and both, and returns what it held
// after each append.
func controlStore(t *testing.T, o Options, appends int) (moments []controlMoment, events []RecordedEvent) {
	t.Helper()
	s := openTest(t, memDir, o)
	note := func() {
		moments = append(moments, controlMoment{s.Control().Extent(), allControl(s), s.w.end, s.w.active().number})
	}
	note()
	for i := range appends {
		r := &AppendRequest{}
		if i%3 != 1 {
			r.Events = []ProposedEvent{pad(fmt.Sprint("s-", i%2), i), NewEvent("t", "T", nil)}
		}
		if i%3 != 0 {
			r.Control = []ControlChange{
				{Key: fmt.Sprint("k/", i%5), Value: fmt.Append(nil, i, strings.Repeat("v", i%4*40)), IfVersion: AnyControlVersion},
				{Key: fmt.Sprint("k/", (i+1)%5), Delete: true, IfVersion: AnyControlVersion},
			}
		}
		if err := s.Writer().Append(ctx, r); err != nil {
			t.Fatal(err)
		}
		s.settle()
		note()
	}
	events = checkInvariants(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return moments, events
}

// TestControlTruncation cuts the newest segment at every length, through the state that it carries: what is
// left are the appends that are whole, events and changes alike, and the store goes on.
func TestControlTruncation(t *testing.T) {
	m := vfs.NewMem()
	moments, events := controlStore(t, memOptions(m), 30)
	last := moments[len(moments)-1]
	if err := m.Remove(filepath.Join(memDir, "CHECKPOINT")); err != nil { // it would tell of the loss
		t.Fatal(err)
	}
	name := segmentName(memDir, last.segment)
	for n := int64(segmentHeaderSize); n <= last.end; n++ {
		c := m.Clone()
		f, err := c.OpenReadWrite(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(n); err != nil {
			t.Fatal(err)
		}
		want := moments[0]
		for _, moment := range moments {
			if moment.segment < last.segment || moment.end <= n {
				want = moment
			}
		}
		mustVerify(t, c)
		s := openTest(t, memDir, memOptions(c))
		if got := allControl(s); s.Control().Extent() != want.extent || got != want.control {
			t.Fatalf("cut at %d: %+v instead of %+v\n%s", n, s.Control().Extent(), want.extent, got)
		}
		sameEvents(t, checkInvariants(t, s), events[:want.extent.Events])
		if n%7 == 0 {
			mustPut(t, s, "k/1", "after")
			mustAppend(t, s, pad("after", 0))
			after := allControl(s)
			if s = reopen(t, s); allControl(s) != after {
				t.Fatalf("cut at %d, then:\n%s, after a restart\n%s", n, after, allControl(s))
			}
		}
		s.abandon()
	}
}

// TestControlFrames is a table of what damage may do to frames with changes and without events, which positions
// do not tell apart. The store has five of them, and one with an event in the middle.
func TestControlFrames(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(frames [][]byte) [][]byte
		want   int // changes left, or -1: refused
	}{
		{"untouched", func(f [][]byte) [][]byte { return f }, 6},
		{"the last lost", func(f [][]byte) [][]byte { return f[:5] }, 5},
		{"the last torn", func(f [][]byte) [][]byte { return append(f[:5:5], f[5][:len(f[5])-3]) }, 5},
		{"one lost in the middle", func(f [][]byte) [][]byte { return slices.Delete(f, 1, 2) }, -1},
		{"one lost before the last", func(f [][]byte) [][]byte { return slices.Delete(f, 4, 5) }, -1},
		{"two swapped", func(f [][]byte) [][]byte { f[0], f[1] = f[1], f[0]; return f }, -1},
		{"the last two swapped", func(f [][]byte) [][]byte { f[4], f[5] = f[5], f[4]; return f }, -1},
		{"the last once more", func(f [][]byte) [][]byte { return append(f, f[5]) }, -1},
		{"the first once more", func(f [][]byte) [][]byte { return append(f, f[0]) }, -1},
		{"a bit of the last", func(f [][]byte) [][]byte { f[5][frameHeaderSize+3] ^= 1; return f }, -1},
		{"a bit of the first", func(f [][]byte) [][]byte { f[0][frameHeaderSize+3] ^= 1; return f }, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := vfs.NewMem()
			s := openTest(t, memDir, Options{FS: m})
			var offsets []int64
			var states []string
			for i := range 6 {
				states = append(states, allControl(s))
				offsets = append(offsets, s.w.end)
				r := &AppendRequest{Control: []ControlChange{{Key: fmt.Sprint("k/", i%2), Value: fmt.Append(nil, "value ", i), IfVersion: AnyControlVersion}}}
				if i == 3 {
					r.Events = []ProposedEvent{pad("s", 0)}
				}
				if err := s.Writer().Append(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			states, offsets = append(states, allControl(s)), append(offsets, s.w.end)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			name := segmentName(memDir, 1)
			b, err := m.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var frames [][]byte
			for i := range 6 {
				frames = append(frames, slices.Clone(b[offsets[i]:offsets[i+1]]))
			}
			b = append(b[:offsets[0]:offsets[0]], bytes.Join(tc.change(frames), nil)...)
			if err := m.WriteFile(name, b); err != nil {
				t.Fatal(err)
			}
			if err := m.Remove(memDir + "/CHECKPOINT"); err != nil {
				t.Fatal(err)
			}
			s, err = Open(memDir, Options{FS: m})
			switch {
			case tc.want < 0 && !errors.As(err, new(*CorruptionError)):
				t.Fatalf("%v is no CorruptionError", err)
			case tc.want < 0:
			case err != nil:
				t.Fatal(err)
			default:
				defer s.abandon()
				if got := allControl(s); got != states[tc.want] {
					t.Errorf("%s", got)
				}
			}
		})
	}
}

// TestBackupExtents backs a store up to each of its moments, and verifies it up to there: the copy has its events
// and its control state, and neither more.
func TestBackupExtents(t *testing.T) {
	m := vfs.NewMem()
	moments, events := controlStore(t, memOptions(m), 40)
	for i, moment := range moments {
		c := m.Clone()
		o := memOptions(c)
		if report, err := VerifyBelow(memDir, moment.extent, o); err != nil || len(report.Damage) > 0 {
			t.Fatalf("moment %d, %+v: %+v, %v", i, moment.extent, report, err)
		}
		for _, before := range []int{i / 2, i} { // once more into a directory that has an earlier one
			report, err := Backup(ctx, memDir, "/b", moments[before].extent, o)
			if err != nil {
				t.Fatalf("moment %d, %+v: %v", before, moments[before].extent, err)
			}
			// Sealed segments are taken whole.
			if report.Position != moments[before].extent.Events || report.Changes < moments[before].extent.Changes {
				t.Fatalf("moment %d, %+v: %+v", before, moments[before].extent, report)
			}
		}
		if _, err := Restore(ctx, "/b", "/r", o); err != nil {
			t.Fatalf("moment %d: %v", i, err)
		}
		s := openTest(t, "/r", o)
		sameEvents(t, checkInvariants(t, s), events[:moment.extent.Events])
		got := s.Control().Extent()
		at := slices.IndexFunc(moments, func(m controlMoment) bool { return m.extent == got })
		if at < i || allControl(s) != moments[at].control {
			t.Errorf("moment %d, %+v: %+v\n%s", i, moment.extent, got, allControl(s))
		}
		s.abandon()
	}
	// A backup of less is not put in the place of one of more.
	if _, err := Backup(ctx, memDir, "/b", Whole, memOptions(m)); err != nil {
		t.Fatal(err)
	}
	less := moments[len(moments)-1].extent
	less.Changes--
	if _, err := Backup(ctx, memDir, "/b", less, memOptions(m)); err == nil {
		t.Error("a backup of fewer changes took the place of one of more")
	}
}

// TestCutControl cuts a log at every position: changes before it are kept, those after it are not. Where a
// change in between is damaged, so are those behind it.
func TestCutControl(t *testing.T) {
	m := vfs.NewMem()
	moments, events := controlStore(t, memOptions(m), 40)
	for at := int64(0); at <= int64(len(events)); at += 2 {
		var want controlMoment // the last before the event at the position
		for _, moment := range moments {
			if moment.extent.Events <= at {
				want = moment
			}
		}
		c := m.Clone()
		if _, err := (Repair{CutAt: at}).Run(memDir, memOptions(c)); err != nil {
			t.Fatalf("cut at %d: %v", at, err)
		}
		mustVerify(t, c)
		s := openTest(t, memDir, memOptions(c))
		if got := allControl(s); got != want.control {
			t.Errorf("cut at %d:\n%swant\n%s", at, got, want.control)
		}
		sameEvents(t, checkInvariants(t, s), events[:at])
		mustPut(t, s, "k/0", "after")
		mustAppend(t, s, pad("s-0", 0))
		after := allControl(s)
		if s = reopen(t, s); allControl(s) != after {
			t.Errorf("cut at %d, and a restart after a change:\n%s", at, allControl(s))
		}
		s.abandon()
	}
	for i, moment := range moments[1:] {
		before := moments[i]
		if moment.extent.Events != before.extent.Events || moment.segment != before.segment {
			continue
		}
		// A change without events.
		c := m.Clone()
		flip(t, c, segmentName(memDir, moment.segment), 8*(before.end+frameHeaderSize+2))
		if _, err := (Repair{CutAt: moment.extent.Events}).Run(memDir, memOptions(c)); err != nil {
			t.Fatalf("change %d is damaged: %v", moment.extent.Changes, err)
		}
		s := openTest(t, memDir, memOptions(c))
		if got := allControl(s); got != before.control {
			t.Errorf("change %d is damaged:\n%swant\n%s", moment.extent.Changes, got, before.control)
		}
		s.abandon()
	}
}

// TestControlConcurrent: readers, watchers and writers at once; each reader sees keys that are changed
// together at one version.
func TestControlConcurrent(t *testing.T) {
	s := openTest(t, memDir, Options{FS: vfs.NewMem(), SegmentBytes: 32 << 10})
	const rounds = 300
	writing, done := context.WithCancel(ctx)
	var writers, readers sync.WaitGroup
	for i := range 3 {
		writers.Go(func() {
			for n := range rounds {
				r := &AppendRequest{Control: []ControlChange{
					{Key: fmt.Sprint("pair/a", i), Value: fmt.Append(nil, n), IfVersion: int64(n)},
					{Key: fmt.Sprint("pair/b", i), Value: fmt.Append(nil, n), IfVersion: int64(n)},
				}, Events: []ProposedEvent{pad(fmt.Sprint(i), n)}}
				if err := s.Writer().Append(ctx, r); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	watch := s.Control().Watch("pair/")
	defer watch.Close()
	for range 2 {
		readers.Go(func() {
			for {
				seen := watch.Version()
				list, extent := s.Control().List("pair/")
				changes := int64(0)
				for _, r := range list {
					changes += r.Version
				}
				if changes != 2*extent.Changes || extent.Changes != extent.Events {
					t.Errorf("%d versions after %+v", changes, extent)
					return
				}
				if watch.Wait(writing, seen) != nil {
					return
				}
			}
		})
	}
	writers.Wait()
	done()
	readers.Wait()
	if got := s.Control().Extent(); got != (Extent{3 * rounds, 3 * rounds}) {
		t.Errorf("%+v", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzDecodeControl: any bytes decode without a panic, and only to what encodes again.
func FuzzDecodeControl(f *testing.F) {
	state := newControlState()
	for i := range 4 {
		state.set(&ControlRecord{Key: fmt.Sprint("k/", i), Version: int64(i + 1), Deleted: i == 2, Value: bytes.Repeat([]byte{'v'}, 100*(i&1))})
	}
	carried := state.carryFrame(nil, 0, 7, 64)
	f.Add(carried[frameHeaderSize : len(carried)-1])
	f.Add([]byte{1, 2, 0, 1, 'k', 1, 1, 'v', 1, 1, 'l', 9})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, body []byte) {
		frame := append(make([]byte, frameHeaderSize), body...)
		frame = append(frame, frameEnd)
		p, rest, ok := decodeControl(frame)
		if !ok {
			return
		}
		again := appendControl(nil, p.changes, p.n)
		p.each(func(r *ControlRecord) string {
			again = appendControlRecord(again, r)
			return ""
		})
		again = append(append(again, rest...), frameEnd)
		q, rest2, ok := decodeControl(append(make([]byte, frameHeaderSize), again...))
		if !ok || q.n != p.n || q.changes != p.changes || !bytes.Equal(rest, rest2) {
			t.Fatalf("%d records of %d bytes, again %d of %d", p.n, len(p.records), q.n, len(q.records))
		}
		seg := &segment{number: 2, name: "log/2.seg", version: controlVersion}
		for _, kind := range []uint16{kindControl, kindCarried} {
			s := newFrameScanner(seg, 1<<20)
			s.keepControl(nil)
			s.control(&frameHeader{kind: kind}, frame)
		}
	})
}
