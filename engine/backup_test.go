package engine

import (
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestBackupUnderLoad backs a store up while it is written to, again and again into one directory,
// and restores each: the events below the position, byte for byte, and nothing else.
func TestBackupUnderLoad(t *testing.T) {
	dir, dest := filepath.Join(t.TempDir(), "db"), filepath.Join(t.TempDir(), "backup")
	options := Options{SegmentBytes: 16 << 10}
	s := openTest(t, dir, options)
	const perRound = 150
	tickets := make(chan struct{}, perRound) // an append each: the load keeps to the rounds
	var load sync.WaitGroup
	for i := range 3 {
		load.Add(1)
		go func() {
			defer load.Done()
			rng := rand.New(rand.NewSource(int64(i)))
			for range tickets {
				var events []ProposedEvent
				for range 1 + rng.Intn(3) {
					events = append(events, NewEvent(fmt.Sprintf("s-%d", rng.Intn(9)), "T", fmt.Appendf(nil, `"%s"`, strings.Repeat("x", rng.Intn(400)))))
				}
				if err := s.Writer().Append(ctx, &AppendRequest{Events: events}); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	segments := 0
	for round := range 12 {
		for range perRound {
			tickets <- struct{}{}
		}
		mustPut(t, s, "views", fmt.Sprint("views ", round))
		extent := s.Control().Extent()
		before := extent.Events
		report, err := Backup(ctx, dir, dest, extent, options)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if report.Position != before || report.Changes != extent.Changes || report.Copied != report.Segments-segments {
			t.Errorf("round %d: %+v of position %d, with %d segments before", round, report, before, segments)
		}
		segments = report.Segments
		o := Forward(0)
		o.Before = before
		want := collect(t, s.Index().ReadAll(o))
		if report, err := VerifyBelow(dir, extent, options); err != nil || len(report.Damage) > 0 || report.Events != before || report.Changes != extent.Changes {
			t.Errorf("verified while it is written: %+v, %v", report, err)
		}
		restored := filepath.Join(t.TempDir(), "restored")
		if _, err := Restore(ctx, dest, restored, options); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		r := openTest(t, restored, options)
		sameEvents(t, checkInvariants(t, r), want)
		if got := r.Control().Get("views"); string(got.Value) != fmt.Sprint("views ", round) || got.Version != int64(round)+1 {
			t.Errorf("round %d: %q, version %d", round, got.Value, got.Version)
		}
		mustAppend(t, r, NewEvent("after", "T", nil)) // and goes on, without touching the backup
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(tickets)
	load.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if segments < 5 {
		t.Errorf("%d sealed segments", segments)
	}
	// Of a store that nobody has open: everything.
	report, err := Backup(ctx, dir, dest, Whole, options)
	if err != nil || report.Position != s.Index().GlobalPosition()+1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// TestRestoreRefuses: a backup that is truncated, altered, incomplete or interrupted.
func TestRestoreRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	options := Options{SegmentBytes: 4 << 10}
	s := openTest(t, dir, options)
	fillRandom(t, s, rand.New(rand.NewSource(3)), 60)
	mustPut(t, s, "views", "views")
	if _, err := Backup(ctx, dir, filepath.Join(t.TempDir(), "b"), Whole, options); !errors.Is(err, ErrLocked) {
		t.Errorf("of a store that is open, without a position: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var files []string
	whole := filepath.Join(t.TempDir(), "b")
	if _, err := Backup(ctx, dir, whole, Whole, options); err != nil {
		t.Fatal(err)
	}
	if err := filepath.Walk(whole, func(name string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && info.Name() != "LOCK" {
			files = append(files, strings.TrimPrefix(name, whole))
		}
		return err
	}); err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	harms := map[string]func(name string) error{
		"removed":   os.Remove,
		"truncated": func(name string) error { info, _ := os.Stat(name); return os.Truncate(name, info.Size()-1) },
		"longer": func(name string) error {
			f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("x")
				err = errors.Join(err, f.Close())
			}
			return err
		},
		"altered": func(name string) error {
			b, err := os.ReadFile(name)
			if err == nil {
				b[len(b)/2] ^= 1
				err = os.WriteFile(name, b, 0o600)
			}
			return err
		},
	}
	for what, harm := range harms {
		for _, file := range files {
			copied := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(copied, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			if err := harm(copied + file); err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(t.TempDir(), "restored")
			if _, err := Restore(ctx, copied, to, options); err == nil {
				t.Errorf("%s %s: restored all the same", file, what)
			}
			if _, err := os.Stat(filepath.Join(to, "STORE")); err == nil {
				t.Errorf("%s %s: there is a store now", file, what)
			}
		}
	}
	if _, err := Restore(ctx, whole, dir, options); err == nil {
		t.Error("restored over a store")
	}
}

// TestBackupRefusesDamage: a log that is damaged is not backed up as far as it goes.
func TestBackupRefusesDamage(t *testing.T) {
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 1000}
	want := repairStore(t, o)
	for _, name := range []string{"/db/log/00000001.seg", "/db/log/00000003.seg", segmentName("/db", lastSegment(t, m))} {
		info, err := m.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		for bit := int64(0); bit < info.Size()*8; bit += 101 {
			c := m.Clone()
			flip(t, c, name, bit)
			o := Options{FS: c, SegmentBytes: 1000}
			var corrupt *CorruptionError
			if _, err := Backup(ctx, "/db", "/b", Whole, o); !errors.As(err, &corrupt) && (err == nil || !strings.Contains(err.Error(), "format")) {
				t.Fatalf("%s, byte %d: %v", name, bit/8, err)
			}
			if _, err := c.Stat("/b/BACKUP"); err == nil {
				t.Fatalf("%s, byte %d: there is a backup", name, bit/8)
			}
		}
	}
	if report, err := Backup(ctx, "/db", "/b", Whole, o); err != nil || report.Position != int64(len(want)) {
		t.Errorf("%+v, %v", report, err)
	}
}

func lastSegment(t *testing.T, m *vfs.Mem) uint32 {
	t.Helper()
	numbers, err := listSegments(m, "/db")
	if err != nil || len(numbers) < 4 {
		t.Fatal(numbers, err)
	}
	return numbers[len(numbers)-1]
}

// TestBackupIsCrashSafe cuts the power during a second backup: what is there then is a backup, the
// first or the second.
func TestBackupIsCrashSafe(t *testing.T) {
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 2000}
	s := openTest(t, "/db", o)
	fill := func(n int) {
		for i := range n {
			mustAppend(t, s, NewEvent(fmt.Sprintf("s-%d", i%3), "T", fmt.Appendf(nil, `"%s"`, strings.Repeat("x", 300))))
		}
	}
	position := func() Extent { return s.Control().Extent() }
	fill(12)
	first := position()
	if _, err := Backup(ctx, "/db", "/b", first, o); err != nil {
		t.Fatal(err)
	}
	fill(9)
	second := position()
	s.settle()
	var states []*vfs.Mem
	m.Inject = func(vfs.Op) error { states = append(states, m.CrashKeepAll(), m.CrashDropAll()); return nil }
	if _, err := Backup(ctx, "/db", "/b", second, o); err != nil {
		t.Fatal(err)
	}
	m.Inject = nil
	states = append(states, m.CrashDropAll())
	seen := map[int64]int{}
	for i, state := range states {
		at := Options{FS: state, SegmentBytes: 2000}
		report, err := Restore(ctx, "/b", "/restored", at)
		if err != nil || len(report.Damage) > 0 || report.Events != first.Events && report.Events != second.Events {
			t.Fatalf("state %d of %d: %+v, %v", i, len(states), report, err)
		}
		seen[report.Events]++
	}
	if seen[first.Events] == 0 || seen[second.Events] == 0 {
		t.Errorf("restored: %v", seen)
	}
}

// TestBackupKeepsTheNewer: a store that was cut or restored has another history than an earlier
// backup, which is not given up for it.
func TestBackupKeepsTheNewer(t *testing.T) {
	m := vfs.NewMem()
	o := Options{FS: m, SegmentBytes: 1500}
	want := repairStore(t, o)
	if _, err := Backup(ctx, "/db", "/b", Whole, o); err != nil {
		t.Fatal(err)
	}
	if _, err := (Repair{CutAt: 4}).Run("/db", o); err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(ctx, "/db", "/b", Whole, o); err == nil {
		t.Fatal("an older state took the place of a newer one")
	}
	s := openTest(t, "/db", o)
	for i := range 20 { // of the same sizes, and not the same
		mustAppend(t, s,
			NewEvent(fmt.Sprintf("s-%d", i%3), "T", fmt.Appendf(nil, `"%d %s"`, i, strings.Repeat("y", 200))),
			NewEvent("other", "T", []byte(`{}`)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(ctx, "/db", "/b", Whole, o); err == nil || !strings.Contains(err.Error(), "use another directory") {
		t.Fatalf("another history: %v", err)
	}
	report, err := Restore(ctx, "/b", "/restored", o)
	if err != nil || report.Events != int64(len(want)) {
		t.Errorf("%+v, %v", report, err)
	}
}
