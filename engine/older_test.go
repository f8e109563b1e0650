package engine

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// olderStore is a store that an older version has made: testdata/stores says how.
type olderStore struct {
	version, kind string // "0.5.0", "killed"
	files         map[string][]byte
	events        []string // as JSON, in order
	definitions   *string
	backup        map[string][]byte // of it, by that version; empty if there is none
}

// olderStores reads the archives: a store each of every version and kind.
func olderStores(t *testing.T) (stores []*olderStore) {
	t.Helper()
	archives, err := filepath.Glob("testdata/stores/*.tar.gz")
	if err != nil || len(archives) < 5 {
		t.Fatal(archives, err)
	}
	for _, archive := range archives {
		version := strings.TrimSuffix(filepath.Base(archive), ".tar.gz")
		kinds, backup := map[string]*olderStore{}, map[string][]byte{}
		for name, b := range untar(t, archive) {
			kind, rest, _ := strings.Cut(name, "/")
			if kind == "backup" {
				backup[rest] = b
				continue
			}
			if rest == "" {
				continue // what views answered
			}
			o := kinds[kind]
			if o == nil {
				o = &olderStore{version: version, kind: kind, files: map[string][]byte{}}
				kinds[kind] = o
				stores = append(stores, o)
			}
			if file, ok := strings.CutPrefix(rest, "store/"); ok {
				o.files[file] = b
			} else if rest == "events" {
				o.events = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
			}
		}
		kinds["closed"].backup = backup
	}
	for _, o := range stores {
		if len(o.events) == 1 && o.events[0] == "" {
			o.events = nil
		}
		text, err := readDefinitions(o.fs(t), "/db")
		if err != nil || (text == nil) != (o.version == "0.1.0") {
			t.Fatal(o.version, o.kind, text, err)
		}
		o.definitions = text
	}
	return stores
}

func untar(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if files[path.Clean(h.Name)], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// fs returns a file system with the store in /db, all of it durable.
func (o *olderStore) fs(t *testing.T) *vfs.Mem {
	t.Helper()
	return filesystem(t, "/db", o.files)
}

func filesystem(t *testing.T, dir string, files map[string][]byte) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	for name, b := range files {
		name = path.Join(dir, name)
		if err := m.MkdirAll(path.Dir(name)); err != nil {
			t.Fatal(err)
		}
		if err := m.WriteFile(name, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.MkdirAll(path.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	return m
}

func (o *olderStore) options(m *vfs.Mem) Options { return Options{FS: m, SegmentBytes: 3000} }

// check compares a store with what the older version has written.
func (o *olderStore) check(s *Store) error {
	events, err := scan(s)
	if err != nil {
		return err
	}
	if len(events) != len(o.events) {
		return fmt.Errorf("%d events of %d", len(events), len(o.events))
	}
	for i := range events {
		if b, err := json.Marshal(&events[i]); err != nil || string(b) != o.events[i] {
			return fmt.Errorf("event %d is %s, and was %s; %w", i, b, o.events[i], errors.Join(err))
		}
	}
	list, extent := s.Control().List("")
	switch {
	case o.definitions == nil && len(list) == 0 && extent.Changes == 0:
		return nil
	case o.definitions != nil && len(list) == 1 && extent.Changes == 1 && list[0].Key == DefinitionsKey && list[0].Version == 1 && string(list[0].Value) == *o.definitions:
		return nil
	}
	return fmt.Errorf("the control state is %+v after %d changes", list, extent.Changes)
}

// TestOlderStores opens stores of every version that was released. Nothing but opening changes them;
// opened, they have all that they had, go on, and are of this format.
func TestOlderStores(t *testing.T) {
	for _, o := range olderStores(t) {
		t.Run(o.version+" "+o.kind, func(t *testing.T) {
			m := o.fs(t)
			options := o.options(m)
			// What only reads changes nothing.
			report, err := Verify("/db", options)
			if err != nil || len(report.Damage) > 0 || report.Events != int64(len(o.events)) || report.Changes != 0 {
				t.Fatalf("%+v, %v", report, err)
			}
			if _, err := Backup(ctx, "/db", "/b", Whole, options); err != nil {
				t.Fatal(err)
			}
			for name, b := range o.files {
				if now, err := m.ReadFile("/db/" + name); err != nil || string(now) != string(b) {
					t.Fatalf("%s was changed: %v", name, err)
				}
			}
			sealed := map[string]bool{}
			for round := range 3 {
				s, err := Open("/db", options)
				if err != nil {
					t.Fatal(err)
				}
				if err := o.check(s); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				for _, seg := range s.log.segments[:len(s.log.segments)-1] {
					sealed[seg.name] = true
				}
				if seg := s.w.active(); seg.version != segmentMagic[7] {
					t.Fatalf("appends go to a segment of version %d", seg.version)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if text, err := readChecked(m, "/db/STORE"); err != nil || !strings.HasPrefix(text, "eventgres store, format 2\n") {
				t.Errorf("%q, %v", text, err)
			}
			for name, was := range o.files {
				if now, err := m.ReadFile("/db/" + name); sealed["/db/"+name] && (err != nil || !strings.HasPrefix(string(now), strings.TrimRight(string(was), "\x00"))) {
					t.Errorf("%s was written anew: %v", name, err)
				}
			}
			kept, err := m.ReadFile("/db/DEFINITIONS.old")
			if string(kept) != string(o.files["DEFINITIONS"]) || (err == nil) != (o.definitions != nil) {
				t.Errorf("%q, %v", kept, err)
			}
			if _, err := m.Stat("/db/DEFINITIONS"); err == nil {
				t.Error("DEFINITIONS is still there")
			}
			goesOn(t, m, options, len(o.events))
			// The backup of before is restored to a store of before, which is upgraded in its turn.
			o.restored(t, m, "/b")
		})
	}
}

// goesOn appends to a store.
func goesOn(t *testing.T, m *vfs.Mem, options Options, events int) {
	t.Helper()
	s := openTest(t, "/db", options)
	for i := range 30 {
		mustAppend(t, s, pad(fmt.Sprint("new-", i%2), i))
		mustPut(t, s, "k", fmt.Sprint(i))
	}
	want := allControl(s)
	s = reopen(t, s)
	if all := checkInvariants(t, s); len(all) != events+30 || allControl(s) != want {
		t.Errorf("%d events\n%s", len(all), allControl(s))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if report, err := Verify("/db", options); err != nil || len(report.Damage)+len(report.Indexes) > 0 || report.Keys == 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := Backup(ctx, "/db", "/b2", Whole, options); err != nil {
		t.Error(err)
	}
}

func (o *olderStore) restored(t *testing.T, m *vfs.Mem, from string) {
	t.Helper()
	options := o.options(m)
	report, err := Restore(ctx, from, "/r", options)
	if err != nil || len(report.Damage) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	s := openTest(t, "/r", options)
	defer s.abandon()
	if err := o.check(s); err != nil {
		t.Error(err)
	}
}

// TestOlderBackups restores backups that older versions have made, and brings one up to date.
func TestOlderBackups(t *testing.T) {
	n := 0
	for _, o := range olderStores(t) {
		if len(o.backup) == 0 {
			continue
		}
		n++
		m := filesystem(t, "/old", o.backup)
		if _, err := Restore(ctx, "/old", "/db", o.options(m)); err != nil {
			t.Fatal(o.version, err)
		}
		o.restored(t, m, "/old")
		goesOn(t, m, o.options(m), len(o.events))
		report, err := Backup(ctx, "/db", "/old", Whole, o.options(m))
		if err != nil || report.Copied == report.Segments {
			t.Fatalf("%s: %+v, %v", o.version, report, err)
		}
		if report, err := Restore(ctx, "/old", "/again", o.options(m)); err != nil || len(report.Damage) > 0 || report.Events != int64(len(o.events))+30 || report.Keys != 2 {
			t.Errorf("%s: %+v, %v", o.version, report, err)
		}
	}
	if n < 3 {
		t.Errorf("%d backups", n)
	}
}

// tried tells whether the long tests are of this store. In the shorter form they are of those that the last version with
// segments of version 1 and the last with version 2 have made.
func (o *olderStore) tried() bool {
	switch {
	case os.Getenv("EVENTGRES_LONG") != "":
		return true
	case testing.Short():
		return o.version == "0.5.0"
	}
	return o.version == "0.5.0" || o.version == "0.4.0" && o.kind != "rolled"
}

// TestUpgradeIsCrashSafe cuts the power before each operation of the upgrade of every older store, in many ways,
// and again within the recovery: the store then has all that it had, its definitions once.
func TestUpgradeIsCrashSafe(t *testing.T) {
	seed := testSeed(t)
	draws := 3
	if os.Getenv("EVENTGRES_LONG") != "" {
		draws = 200
	}
	var states, operations atomic.Int64
	var workers sync.WaitGroup
	for number, o := range olderStores(t) {
		if !o.tried() {
			continue
		}
		m := o.fs(t)
		var cuts []cut
		var mu sync.Mutex // an index file is written beside
		m.Inject = func(op vfs.Op) error {
			mu.Lock()
			defer mu.Unlock()
			cuts = append(cuts, cut{m.Clone(), 0, op})
			return nil
		}
		s := openTest(t, "/db", o.options(m))
		s.settle()
		m.Inject = nil
		cuts = append(cuts, cut{m.Clone(), 0, vfs.Op{}})
		s.abandon()
		operations.Add(int64(len(cuts) - 1))
		rng := rand.New(rand.NewPCG(seed, uint64(number)))
		workers.Go(func() { // a recovery mostly waits for threads to wake up
			for i, c := range cuts {
				n, err := o.cut(c, draws, rng)
				states.Add(n)
				if err != nil {
					t.Errorf("%s %s, EVENTGRES_SEED=%d, cut before operation %d of %d, %s: %v", o.version, o.kind, seed, i, len(cuts), c.op, err)
					return
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d states at %d operations, half of them of recoveries", states.Load(), operations.Load())
}

// cut cuts the power at one place in many ways, and again within the recovery.
func (o *olderStore) cut(c cut, draws int, rng *rand.Rand) (states int64, err error) {
	for n := range draws {
		state := c.draw(n, rng)
		states++
		again, err := o.recover(state)
		if err != nil {
			return states, fmt.Errorf("state %d: %w", n, err)
		}
		if len(again) == 0 {
			continue
		}
		states++
		if _, err := o.recover(again[rng.IntN(len(again))].Crash(rng)); err != nil {
			return states, fmt.Errorf("state %d, and within the recovery: %w", n, err)
		}
	}
	return states, nil
}

// recover opens a store that a crash has left, and returns what there was before each operation of that.
func (o *olderStore) recover(state *vfs.Mem) (before []*vfs.Mem, err error) {
	if report, err := Verify("/db", o.options(state)); err != nil || len(report.Damage) > 0 {
		return nil, fmt.Errorf("verify: %v, %w", report.Damage, errors.Join(err))
	}
	var mu sync.Mutex // an index file is written beside
	state.Inject = func(vfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		before = append(before, state.Clone())
		return nil
	}
	s, err := Open("/db", o.options(state))
	if err != nil {
		return nil, err
	}
	defer s.abandon()
	s.settle()
	state.Inject = nil
	return before, o.check(s)
}

// TestUpgradeErrors fails each operation of the upgrade of every older store in every way: the next start does what
// is left. If the process goes on, nothing is lost by that either.
func TestUpgradeErrors(t *testing.T) {
	calls := 0
	for _, o := range olderStores(t) {
		if !o.tried() {
			continue
		}
		for kind := range errorKinds {
			for n := uint64(1); ; n++ {
				m := o.fs(t)
				start := m.Ops()
				m.Inject = func(op vfs.Op) error {
					if op.Seq != start+n || errors.As(errorKinds[kind].of(op), new(*vfs.ShortWrite)) && op.Kind != vfs.OpWrite {
						return nil
					}
					return errorKinds[kind].of(op)
				}
				s, err := Open("/db", o.options(m))
				if err == nil {
					s.settle()
					if err := o.check(s); err != nil {
						t.Fatalf("%s %s, call %d fails with %s: %v", o.version, o.kind, n, errorKinds[kind].name, err)
					}
					s.abandon()
				}
				met := m.Ops() >= start+n
				for _, left := range []*vfs.Mem{m.CrashKeepAll(), m.CrashDropAll()} {
					if _, err := o.recover(left); err != nil {
						t.Fatalf("%s %s, call %d fails with %s, the next start: %v", o.version, o.kind, n, errorKinds[kind].name, err)
					}
				}
				if !met {
					break
				}
				calls++
			}
		}
	}
	t.Logf("%d failed calls", calls)
}

// TestUpgradeRefusesDamage: definitions that are damaged, or an older log that is, are left as they are.
func TestUpgradeRefusesDamage(t *testing.T) {
	for _, o := range olderStores(t) {
		if o.kind != "closed" || o.definitions == nil {
			continue
		}
		for _, name := range []string{"/db/DEFINITIONS", "/db/log/00000003.seg", "/db/STORE"} {
			m := o.fs(t)
			if strings.HasSuffix(name, ".seg") { // read by a start
				if err := m.Remove("/db/index/00000003.idx"); err != nil {
					t.Fatal(err)
				}
			}
			flip(t, m, name, 8*80)
			before := map[string]string{}
			for _, n := range m.Names() {
				b, err := m.ReadFile(n)
				if err != nil {
					t.Fatal(err)
				}
				before[n] = string(b)
			}
			if s, err := Open("/db", o.options(m)); err == nil {
				s.abandon()
				t.Fatalf("%s: %s is damaged, and it opens", o.version, name)
			} else if !errors.As(err, new(*CorruptionError)) {
				t.Errorf("%s: %s is damaged: %v", o.version, name, err)
			}
			for n, was := range before {
				// Indexes are made anew.
				if b, err := m.ReadFile(n); !strings.HasSuffix(n, ".idx") && (err != nil || string(b) != was) {
					t.Errorf("%s: %s is damaged, and %s was changed: %v", o.version, name, n, err)
				}
			}
			if name != "/db/DEFINITIONS" {
				continue
			}
			// The operator gives the views up.
			if _, err := (Repair{CutAt: -1, Definitions: true}).Run("/db", o.options(m)); err != nil {
				t.Fatal(err)
			}
			s := openTest(t, "/db", o.options(m))
			if list, _ := s.Control().List(""); len(list) > 0 {
				t.Errorf("%+v", list)
			}
			s.abandon()
		}
	}
}

// TestLeftoverDefinitions: where there are control records, nobody reads DEFINITIONS.
func TestLeftoverDefinitions(t *testing.T) {
	for _, damaged := range []bool{false, true} {
		m := vfs.NewMem()
		s := openTest(t, "/db", Options{FS: m})
		mustPut(t, s, DefinitionsKey, "newer")
		mustDelete(t, s, DefinitionsKey)
		want := allControl(s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := writeDefinitions(m, "/db", "older"); err != nil {
			t.Fatal(err)
		}
		if damaged {
			flip(t, m, "/db/DEFINITIONS", 100)
		}
		if report, err := Verify("/db", Options{FS: m}); err != nil || len(report.Damage) > 0 {
			t.Errorf("%+v, %v", report, err)
		}
		s = openTest(t, "/db", Options{FS: m})
		if got := allControl(s); got != want {
			t.Errorf("%s", got)
		}
		s.abandon()
	}
}

// TestCutBeforeUpgrade: a log that is cut back into older segments has the views again that it had, and goes on.
func TestCutBeforeUpgrade(t *testing.T) {
	for _, o := range olderStores(t) {
		if o.kind != "closed" {
			continue
		}
		m := o.fs(t)
		options := o.options(m)
		s := openTest(t, "/db", options)
		for i := range 10 {
			mustAppend(t, s, pad("s", i))
		}
		if o.definitions != nil {
			mustDelete(t, s, DefinitionsKey)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		at := int64(len(o.events))
		for _, cutAt := range []int64{at, 12} {
			if _, err := (Repair{CutAt: cutAt}).Run("/db", options); err != nil {
				t.Fatal(err)
			}
			cut := *o
			cut.events = o.events[:cutAt]
			s = openTest(t, "/db", options)
			if cutAt == 12 {
				if err := cut.check(s); err != nil {
					t.Errorf("%s: cut at %d: %v", o.version, cutAt, err)
				}
			} else if all := checkInvariants(t, s); int64(len(all)) != cutAt {
				t.Errorf("%s: cut at %d: %d events", o.version, cutAt, len(all))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestUpgradeEveryBit flips bits of an older store. It is refused, naming the file, or it is upgraded with all that
// it had; nothing altered is ever taken over.
func TestUpgradeEveryBit(t *testing.T) {
	outcomes := map[string]int{}
	for _, o := range olderStores(t) {
		if o.kind != "closed" || !o.tried() {
			continue
		}
		numbers, err := listSegments(o.fs(t), "/db")
		if err != nil {
			t.Fatal(err)
		}
		last := filepath.Base(segmentName("", uint32(len(numbers))))
		for _, name := range []string{"STORE", "CHECKPOINT", "DEFINITIONS", "log/" + last, "log/00000001.seg"} {
			stride := int64(5) // coprime to 8: every bit of a byte has its turn
			if testing.Short() {
				stride = 61
			}
			if os.Getenv("EVENTGRES_LONG") != "" {
				stride = 1
			}
			for bit := int64(0); bit < int64(len(o.files[name])*8); bit += stride {
				m := o.fs(t)
				flip(t, m, "/db/"+name, bit)
				s, err := Open("/db", o.options(m))
				if err != nil {
					if err := namesDamage(err, "/db/"+name, bit/8); err != nil {
						t.Fatalf("%s: %s, bit %d of byte %d: %v", o.version, name, bit%8, bit/8, err)
					}
					outcomes["refused"]++
					continue
				}
				err = o.check(s)
				s.settle()
				s.abandon()
				var corrupt *CorruptionError
				switch {
				case err == nil:
					outcomes["made good"]++
				case !errors.As(err, &corrupt) || corrupt.File != "/db/"+name:
					t.Fatalf("%s: %s, bit %d of byte %d: %v", o.version, name, bit%8, bit/8, err)
				default:
					outcomes["reported by a read"]++
				}
			}
		}
	}
	t.Logf("bits flipped, by outcome: %v", outcomes)
}
