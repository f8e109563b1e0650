package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// repairStore makes a store of several segments, appends of two events each.
func repairStore(t *testing.T, o Options) []RecordedEvent {
	t.Helper()
	s := openTest(t, "/db", o)
	for i := range 15 {
		mustAppend(t, s,
			NewEvent(fmt.Sprintf("s-%d", i%3), "T", fmt.Appendf(nil, `"%d %s"`, i, strings.Repeat("x", 200))),
			NewEvent("other", "T", []byte(`{}`)))
		s.settle()
	}
	want := checkInvariants(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return want
}

// TestCut cuts a log at every position: at the beginning of an append the log ends there, keeps
// what is before, and goes on; within one it is refused. What is cut is all kept.
func TestCut(t *testing.T) {
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 1500}
	want := repairStore(t, o)
	for at := int64(0); at <= int64(len(want)); at++ {
		c := m.Clone()
		o.FS = c
		report, err := Repair{CutAt: at}.Run("/db", o)
		if at%2 == 1 {
			if err == nil {
				t.Errorf("cut within an append, at %d", at)
			}
			o.FS = m
			continue
		}
		if err != nil || report.Events != at || report.Aside == "" {
			t.Fatalf("cut at %d: %+v, %v", at, report, err)
		}
		if report, err := Verify("/db", o); err != nil || len(report.Damage) > 0 {
			t.Fatalf("cut at %d: %+v, %v", at, report, err)
		}
		s := openTest(t, "/db", o)
		sameEvents(t, checkInvariants(t, s), want[:at])
		mustAppend(t, s, NewEvent("s-0", "After", nil))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openTest(t, "/db", o)
		if n := len(checkInvariants(t, s)); n != int(at)+1 {
			t.Fatalf("cut at %d: %d events after one was appended", at, n)
		}
		s.abandon()
	}
	o.FS = m
	if _, err := (Repair{CutAt: int64(len(want)) + 2}).Run("/db", o); err == nil {
		t.Error("cut beyond the end")
	}
}

// TestCutDamage: a damaged log does not open; cut before the damage, it does.
func TestCutDamage(t *testing.T) {
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 1500}
	want := repairStore(t, o)
	flip(t, m, "/db/log/00000003.seg", 8*600)
	report, err := Verify("/db", o)
	if err != nil || len(report.Damage) == 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	_, err = Repair{CutAt: int64(len(want))}.Run("/db", o)
	var corrupt *CorruptionError
	if !errors.As(err, &corrupt) {
		t.Fatalf("cut behind the damage: %v", err)
	}
	// The error says how far it is intact.
	var intact int64
	text := err.Error()
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, "position "):], "position %d", &intact); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if _, err := (Repair{CutAt: intact}).Run("/db", o); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, "/db", o)
	defer s.abandon()
	sameEvents(t, checkInvariants(t, s), want[:intact])
}

// TestCutIsCrashSafe cuts the power during a cut. The store then is as it was, cut, or does not
// open; repeated, the cut succeeds. Nothing is lost from before it.
func TestCutIsCrashSafe(t *testing.T) {
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 1500}
	want := repairStore(t, o)
	const at = 10
	var states []*vfs.Mem
	m.Inject = func(vfs.Op) error { states = append(states, m.CrashKeepAll(), m.CrashDropAll()); return nil }
	if _, err := (Repair{CutAt: at}).Run("/db", o); err != nil {
		t.Fatal(err)
	}
	m.Inject = nil
	for i, state := range states {
		o := Options{FS: state.Clone(), SegmentBytes: 1500}
		if s, err := Open("/db", o); err == nil {
			n := int64(len(checkInvariants(t, s)))
			s.abandon()
			if n != at && n != int64(len(want)) {
				t.Fatalf("state %d opens with %d events", i, n)
			}
		}
		o.FS = state
		if _, err := (Repair{CutAt: at}).Run("/db", o); err != nil {
			t.Fatalf("state %d: the cut repeated: %v", i, err)
		}
		s := openTest(t, "/db", o)
		sameEvents(t, checkInvariants(t, s), want[:at])
		s.abandon()
	}
}

// TestTakeOut: derived files are built anew, and kept aside.
func TestTakeOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	o := Options{SegmentBytes: 2000}
	s := openTest(t, dir, o)
	for i := range 20 {
		mustAppend(t, s, NewEvent("s", "T", fmt.Appendf(nil, `"%d %s"`, i, strings.Repeat("x", 300))))
	}
	want := checkInvariants(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(dir, "index", "00000001.idx")
	b, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	b[2*blockSize+100] ^= 1
	if err := os.WriteFile(index, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if report, err := Verify(dir, o); err != nil || len(report.Damage) > 0 || len(report.Indexes) != 1 || report.Indexes[0].File != index {
		t.Fatalf("%+v, %v", report, err)
	}
	report, err := Repair{CutAt: -1, Indexes: true, Checkpoint: true}.Run(dir, o)
	if err != nil || report.Files < 3 {
		t.Fatalf("%+v, %v", report, err)
	}
	if _, err := os.Stat(filepath.Join(report.Aside, "00000001.idx")); err != nil {
		t.Error(err)
	}
	s = openTest(t, dir, o)
	sameEvents(t, checkInvariants(t, s), want)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if report, err := Verify(dir, o); err != nil || len(report.Damage)+len(report.Indexes) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
