package engine

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/engine/vfs"
)

// TestEveryBit flips every bit of every file of a store of three segments, one at a time. The store
// must refuse to open or a read must fail, naming the file and an offset at or before the bit's, or
// everything is as it was, by whatever way it is read: an index is built anew. Nothing altered is
// ever served (I4), and verify reports what is damaged in the log.
func TestEveryBit(t *testing.T) {
	options := func(m *vfs.Mem) Options { return Options{FS: m, SegmentBytes: 1200, CacheBlocks: 2} }
	m := vfs.NewMem()
	s := openTest(t, "/db", options(m))
	for i := range 12 {
		r := &AppendRequest{
			Events:  []ProposedEvent{NewEvent(fmt.Sprintf("s-%d", i%3), "T", fmt.Appendf(nil, `{"i": %d, "pad": %q}`, i, strings.Repeat("y", 150)))},
			Control: []ControlChange{{Key: fmt.Sprintf("k/%d", i%4), Value: fmt.Append(nil, "value ", i), IfVersion: AnyControlVersion}},
		}
		r.Events[0].Tags = []string{fmt.Sprint("t", i%2)}
		if i%5 == 3 {
			r.Events = nil
		}
		if i%5 == 4 {
			r.Control = nil
		}
		if err := s.Writer().Append(ctx, r); err != nil {
			t.Fatal(err)
		}
		s.settle()
	}
	mustDelete(t, s, "k/1")
	wantControl := allControl(s)
	want, err := scan(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]int{}
	for _, dir := range []string{"/db", "/db/log", "/db/index"} {
		names, err := m.List(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			name = path.Join(dir, name)
			if name == "/db/log" || name == "/db/index" || name == "/db/LOCK" {
				continue
			}
			flipFile(t, m, name, options, want, wantControl, outcomes)
		}
	}
	t.Logf("bits flipped, by outcome: %v", outcomes)
}

func flipFile(t *testing.T, m *vfs.Mem, name string, options func(*vfs.Mem) Options, want []RecordedEvent, control string, outcomes map[string]int) {
	t.Helper()
	info, err := m.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	// The blocks of an index are mostly padding under one checksum.
	stride := int64(1)
	if strings.HasPrefix(name, "/db/index/") {
		stride = 59 // coprime to 8: every bit of a byte has its turn
	}
	switch {
	case os.Getenv("EVENTGRES_LONG") != "":
		stride = 1
	case testing.Short():
		stride *= 7
	}
	for bit := int64(0); bit < info.Size()*8; bit += stride {
		c := m.Clone()
		flip(t, c, name, bit)
		outcome, err := damaged(c, options(c), name, bit/8, want, control)
		if err != nil {
			t.Fatalf("%s, bit %d of byte %d: %v", name, bit%8, bit/8, err)
		}
		outcomes[path.Ext(name)+" "+outcome]++
	}
}

func flip(t *testing.T, m *vfs.Mem, name string, bit int64) {
	t.Helper()
	f, err := m.OpenReadWrite(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], bit/8); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << (bit % 8)
	if _, err := f.WriteAt(b[:], bit/8); err != nil {
		t.Fatal(err)
	}
}

// damaged opens and reads a store with a damaged byte, and says what came of it.
func damaged(m *vfs.Mem, o Options, name string, at int64, want []RecordedEvent, control string) (outcome string, err error) {
	report, err := Verify("/db", o)
	if err != nil && !strings.Contains(err.Error(), "format") {
		return "", fmt.Errorf("verify: %w", err)
	}
	reported := len(report.Damage) > 0
	for _, d := range report.Damage {
		if d.File == name && d.From > at {
			return "", fmt.Errorf("verify reports offset %d", d.From)
		}
	}
	if strings.HasSuffix(name, ".seg") && !reported && err == nil {
		return "", errors.New("verify reports nothing")
	}
	s, err := Open("/db", o)
	if err != nil {
		return "refused", namesDamage(err, name, at)
	}
	defer s.abandon()
	got, err := scan(s)
	if err != nil {
		return "reported by a read", namesDamage(err, name, at)
	}
	if len(got) != len(want) {
		return "", fmt.Errorf("%d events instead of %d, and no error", len(got), len(want))
	}
	for i := range got {
		if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
			return "", fmt.Errorf("event %d is served altered", i)
		}
	}
	if allControl(s) != control {
		return "", errors.New("the control state is served altered")
	}
	return "made good", nil
}

// namesDamage checks that an error names the file and an offset that is not behind the damage.
func namesDamage(err error, name string, at int64) error {
	var corrupt *CorruptionError
	if !errors.As(err, &corrupt) {
		if strings.Contains(err.Error(), "format") {
			return nil // a flipped version number
		}
		return fmt.Errorf("not an error of damage: %w", err)
	}
	if corrupt.File != name || corrupt.Offset > at {
		return fmt.Errorf("another place is named: %w", err)
	}
	return nil
}
