package engine

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

const memDir = "/data/db"

// smallSegments holds four or five of the events that pad makes.
const smallSegments = 1200

func memOptions(m *vfs.Mem) Options { return Options{FS: m, SegmentBytes: smallSegments} }

func pad(stream string, i int) ProposedEvent {
	return NewEvent(stream, "T", fmt.Appendf(nil, `{"i": %d, "pad": %q}`, i, strings.Repeat("y", 150)))
}

// killBefore returns what a kill -9 leaves just before the first operation that matches,
// and stops the process there. Set it up before the store is used.
func killBefore(m *vfs.Mem, matches func(vfs.Op) bool) (left func() *vfs.Mem) {
	var image atomic.Pointer[vfs.Mem]
	m.Inject = func(op vfs.Op) error {
		if image.Load() == nil && matches(op) && image.CompareAndSwap(nil, m.CrashKeepAll()) {
			m.Halt()
		}
		return nil
	}
	return image.Load
}

// appendUntilFailure appends one event at a time and returns how many were acknowledged.
func appendUntilFailure(t testing.TB, s *Store) (acked int) {
	t.Helper()
	for s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{pad("s", acked), pad("t", acked)}}) == nil {
		if acked += 2; acked > 100 {
			t.Fatal("the fault never came")
		}
	}
	return acked
}

func mustVerify(t testing.TB, m *vfs.Mem) {
	t.Helper()
	report, err := Verify(memDir, Options{FS: m})
	if err != nil || len(report.Damage) > 0 {
		t.Fatalf("verify: %v, damage %v", err, report.Damage)
	}
}

// TestKillBeforeSegmentEntrySynced: a segment that was renamed into place by a process
// that was killed before it synced the directory must be synced by the next process
// before anything in it is acknowledged.
func TestKillBeforeSegmentEntrySynced(t *testing.T) {
	for _, segment := range []int{1, 2} {
		t.Run(fmt.Sprint(segment), func(t *testing.T) {
			m := vfs.NewMem()
			renamed := false
			left := killBefore(m, func(op vfs.Op) bool {
				renamed = renamed || op.Kind == vfs.OpRename && op.NewName == segmentName(memDir, uint32(segment))
				return renamed && op.Kind == vfs.OpSyncDir
			})
			acked := 0
			if s, err := Open(memDir, memOptions(m)); err == nil {
				acked = appendUntilFailure(t, s)
				s.Close()
			}
			m = left()
			s := openTest(t, memDir, memOptions(m))
			before := checkInvariants(t, s)
			if len(before) < acked {
				t.Fatalf("%d events of %d after the kill", len(before), acked)
			}
			mustAppend(t, s, pad("s", 1000))
			want := checkInvariants(t, s)

			// The power fails while the store is open.
			after, err := Open(memDir, memOptions(m.CrashDropAll()))
			if err != nil {
				t.Fatalf("acknowledged events are lost: %v", err)
			}
			sameEvents(t, checkInvariants(t, after), want)
		})
	}
}

// TestFailedSyncThenRestart: the sync of an append fails, as on ext4 where the pages are
// clean from then on but not on disk. The restarted process reads them from memory; if
// it builds on them, it must write them again.
func TestFailedSyncThenRestart(t *testing.T) {
	m := vfs.NewMem()
	fail := false
	m.Inject = func(op vfs.Op) error {
		if fail && op.Kind == vfs.OpSyncData {
			fail = false
			return syscall.EIO
		}
		return nil
	}
	s := openTest(t, memDir, Options{FS: m})
	mustAppend(t, s, pad("s", 0), pad("t", 0))
	fail = true
	big := pad("s", 1)
	big.Payload, big.Opaque = []byte(strings.Repeat("z", 3000)), true
	if err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{big}}); !errors.Is(err, ErrPoisoned) {
		t.Fatalf("append with a failed sync: %v", err)
	}
	s.Close()

	// A restart of the process, not of the machine.
	s = openTest(t, memDir, Options{FS: m})
	mustAppend(t, s, pad("s", 2))
	want := checkInvariants(t, s)

	after, err := Open(memDir, Options{FS: m.CrashDropAll()})
	if err != nil {
		t.Fatalf("acknowledged events are lost: %v", err)
	}
	sameEvents(t, checkInvariants(t, after), want)
}

// TestKillBeforeSealSynced: the seal was written, not synced, and the process killed. The
// next one finds the seal in memory and must make it durable before it says, in the
// checkpoint, that the log goes beyond it.
func TestKillBeforeSealSynced(t *testing.T) {
	for _, failed := range []bool{false, true} {
		t.Run(fmt.Sprintf("failed sync %v", failed), func(t *testing.T) {
			m := vfs.NewMem()
			var cut atomic.Bool
			var left func() *vfs.Mem
			isSeal := func(op vfs.Op) bool {
				if op.Name != segmentName(memDir, 1)+".tmp" { // as it was created
					return false
				}
				// The only truncation while the store runs is that behind the seal.
				if op.Kind == vfs.OpTruncate {
					cut.Store(true)
				}
				return cut.Load() && op.Kind == vfs.OpSyncData
			}
			if failed {
				done := false
				m.Inject = func(op vfs.Op) error {
					if !done && isSeal(op) {
						done = true
						return syscall.EIO
					}
					return nil
				}
			} else {
				left = killBefore(m, isSeal)
			}
			s := openTest(t, memDir, memOptions(m))
			appendUntilFailure(t, s)
			s.Close()
			if !failed {
				m = left()
			}
			s = openTest(t, memDir, memOptions(m))
			mustAppend(t, s, pad("s", 1000))
			want := checkInvariants(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			after, err := Open(memDir, memOptions(m.CrashDropAll()))
			if err != nil {
				t.Fatalf("the store does not open after a kill and a power cut: %v", err)
			}
			sameEvents(t, checkInvariants(t, after), want)
		})
	}
}

// TestReadAcrossIndexNotBuilt: a segment whose index could not be written stays in memory
// while later ones have theirs.
func TestReadAcrossIndexNotBuilt(t *testing.T) {
	m := vfs.NewMem()
	m.Inject = func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate && op.Name == indexName(memDir, 2)+".tmp" {
			return syscall.ENOSPC
		}
		return nil
	}
	s := openTest(t, memDir, memOptions(m))
	defer s.Close()
	for i := range 40 {
		mustAppend(t, s, pad(fmt.Sprintf("s-%d", i%3), i))
	}
	s.settle()
	for i := range 3 {
		id := StreamID(fmt.Sprintf("s-%d", i))
		c := s.Index().ReadStream(id, Forward(0))
		n := 0
		for ; c.Next(ctx); n++ {
		}
		if c.Err() != nil {
			t.Errorf("stream %d ends after %d events: %v", i, n, c.Err())
		}
	}
	if !t.Failed() {
		checkInvariants(t, s)
	}
}

// TestDamageBeforeNextSegment: the crash came between the making of a segment and the
// seal of the one before it, and a sector of that one was lost afterwards. The next
// segment proves that it was durable: the open must refuse, and change nothing.
func TestDamageBeforeNextSegment(t *testing.T) {
	m := vfs.NewMem()
	renamed := false
	left := killBefore(m, func(op vfs.Op) bool {
		renamed = renamed || op.Kind == vfs.OpRename && op.NewName == segmentName(memDir, 2)
		return renamed && op.Kind == vfs.OpWrite // the seal
	})
	s := openTest(t, memDir, Options{FS: m, SegmentBytes: 8 << 10})
	var acked error
	for i := 0; acked == nil && i < 100; i++ {
		e := pad("s", i)
		e.Payload, e.Opaque = []byte(strings.Repeat("z", 1500)), true
		acked = s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{e, pad("s", i)}})
	}
	end := s.w.end // the last frame is of four sectors or five
	s.Close()
	m = left()
	f, err := m.OpenReadWrite(segmentName(memDir, 1))
	if err != nil {
		t.Fatal(err)
	}
	sector := (end/sectorSize - 2) * sectorSize
	if _, err := f.WriteAt(make([]byte, sectorSize), sector); err != nil {
		t.Fatal(err)
	}
	before := contents(t, f)
	var corrupt *CorruptionError
	if _, err := Open(memDir, Options{FS: m, SegmentBytes: 8 << 10}); !errors.As(err, &corrupt) {
		t.Fatalf("open: %v", err)
	}
	if string(contents(t, f)) != string(before) {
		t.Fatal("an open that refused changed the log: acknowledged records that were intact are gone")
	}
}

func contents(t testing.TB, f vfs.File) []byte {
	t.Helper()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && size > 0 {
		t.Fatal(err)
	}
	return b
}

// TestForgedSeal: an opaque payload that ends like a seal is the last of the file when
// the store is closed. Its end is completed by the frame's end byte.
func TestForgedSeal(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, Options{FS: m})
	mustAppend(t, s, pad("s", 0))
	e := NewEvent("s", "T", make([]byte, 36))
	e.Opaque = true
	// How long the frame will be is known to whoever knows the format.
	probe := e
	if err := probe.Validate(Limits{}); err != nil {
		t.Fatal(err)
	}
	at := s.log.recordedAt.Load() + 5
	record := appendRecord(nil, &probe, placement{position: 1, version: 1, recordedAt: at, baseTime: s.w.active().baseTime})
	seal := s.w.end + int64(frameHeaderSize+len(record)+1) - sealSize
	e.Payload = frameKey(0).endFrame(le.AppendUint32(beginFrame(nil), 7), 0, kindSeal, 5, 0, uint32(seal))[:sealSize-1]
	r := &AppendRequest{Events: []ProposedEvent{e}, ProposedAt: at}
	if err := s.Writer().Append(ctx, r); err != nil {
		t.Fatal(err)
	}
	want := checkInvariants(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(memDir, Options{FS: m})
	if err != nil {
		t.Fatalf("a payload keeps the store from opening: %v", err)
	}
	sameEvents(t, checkInvariants(t, s), want)
}

// TestForgedWitness: a torn frame's payload holds what looks like a frame that was
// written later. It was never durable, so it proves nothing.
func TestForgedWitness(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, Options{FS: m})
	mustAppend(t, s, pad("s", 0))
	want := checkInvariants(t, s)
	end := s.w.end
	e := NewEvent("s", "T", nil)
	e.Opaque = true
	for range 40 {
		e.Payload = append(e.Payload, frameKey(0).endFrame(beginFrame(nil), 0, kindAppend, 1<<40, 1, uint32(end+1))...)
	}
	// The power fails during the sync: the first sector is lost, the rest is there.
	left := killBefore(m, func(op vfs.Op) bool { return op.Kind == vfs.OpSyncData })
	if err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{e}}); err == nil {
		t.Fatal("not killed")
	}
	s.Close()
	m = left()
	f, err := m.OpenReadWrite(segmentName(memDir, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, sectorSize-end%sectorSize), end); err != nil {
		t.Fatal(err)
	}
	s, err = Open(memDir, Options{FS: m})
	if err != nil {
		t.Fatalf("a payload keeps the store from opening after a power cut: %v", err)
	}
	sameEvents(t, checkInvariants(t, s), want)
}

// TestRequestUsedAgain: a request may be used again; its events must not be stored twice
// under the same ids.
func TestRequestUsedAgain(t *testing.T) {
	s := openTest(t, memDir, Options{FS: vfs.NewMem()})
	defer s.Close()
	r := mustAppend(t, s, pad("s", 0))
	err := s.Writer().Append(ctx, r)
	var duplicate *DuplicateEventError
	if err != nil && !errors.As(err, &duplicate) {
		t.Fatal(err)
	}
	seen := map[uuid.UUID]bool{}
	for _, e := range collect(t, s.Index().ReadAll(Forward(0))) {
		if seen[e.EventID] {
			t.Fatalf("event id %s is twice in the log", e.EventID)
		}
		seen[e.EventID] = true
	}
}

// TestEventChangedAfterValidation: an event of an earlier request is taken as a template
// for another. Whatever Append makes of it, the log must stay sound.
func TestEventChangedAfterValidation(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, Options{FS: m})
	r := mustAppend(t, s, pad("a", 0), pad("a", 1))
	e := r.Events[0]
	e.Stream, e.EventID = "b", uuid.New()
	err := s.Writer().Append(ctx, &AppendRequest{Events: []ProposedEvent{e}})
	t.Logf("append: %v", err)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	m2 := m.CrashKeepAll()
	s, err = Open(memDir, Options{FS: m2})
	if err != nil {
		t.Fatalf("the store wrote what it cannot read: %v", err)
	}
	checkInvariants(t, s)
}

// TestRequestNumberWraps: requests are numbered in 32 bits; the one numbered 0 again must
// be like any other.
func TestRequestNumberWraps(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, Options{FS: m})
	mustAppend(t, s, pad("a", 0))
	s.w.group.request--
	s.w.group.request-- // 2^32 - 1; the next request is numbered 0
	err := s.Writer().Append(ctx, &AppendRequest{
		Events:     []ProposedEvent{pad("a", 1)},
		Conditions: []Condition{{StreamID: StreamID("a"), Stream: "a", Version: 0}},
	})
	if err != nil {
		t.Errorf("request 0: a condition that holds is refused: %v", err)
	}
	err = s.Writer().Append(ctx, &AppendRequest{
		Events:     []ProposedEvent{pad("a", 2)},
		Conditions: []Condition{{StreamID: StreamID("a"), Stream: "a", Version: 1}},
	})
	if err != nil {
		t.Errorf("request 1: a condition that holds is refused: %v", err)
	}
}

// TestInheritedNameIsCounted: an event appended by id takes its stream's name, which must
// count towards what the group needs.
func TestInheritedNameIsCounted(t *testing.T) {
	const segment = 64 << 10
	s := openTest(t, memDir, Options{FS: vfs.NewMem(), SegmentBytes: segment})
	defer s.Close()
	name := strings.Repeat("n", 512)
	mustAppend(t, s, NewEvent(name, "T", nil))
	var events []ProposedEvent
	for range 600 {
		e := NewEvent("", "T", nil)
		e.StreamID = StreamID(name)
		events = append(events, e)
	}
	mustAppend(t, s, events...)
	if s.w.end > segment && len(s.log.segments) == 1 {
		t.Fatalf("the segment has %d bytes, more than its %d; near 4 GiB offsets would wrap", s.w.end, segment)
	}
}

// TestExtremeBounds: bounds come from SQL literals.
func TestExtremeBounds(t *testing.T) {
	s := openTest(t, memDir, Options{FS: vfs.NewMem()})
	defer s.Close()
	for i := range 5 {
		mustAppend(t, s, pad("s", i))
	}
	values := []int64{-maxInt64 - 1, -maxInt64, -1, 0, 2, 5, maxInt64 - 1, maxInt64}
	for _, from := range values {
		for _, to := range values {
			for _, backward := range []bool{false, true} {
				for _, stream := range []bool{false, true} {
					o := ReadOptions{From: from, To: to, Backward: backward, Limit: maxInt64, Before: maxInt64}
					func() {
						what := fmt.Sprintf("from %d to %d backward %v stream %v", from, to, backward, stream)
						defer func() {
							if p := recover(); p != nil {
								t.Errorf("%s: panic: %v", what, p)
							}
						}()
						c := s.Index().ReadAll(o)
						if stream {
							c = s.Index().ReadStream(StreamID("s"), o)
						}
						n, want := int64(0), max(0, min(to, 4)-max(from, 0)+1)
						if to < from || to < 0 || from > 4 {
							want = 0
						}
						for c.Next(ctx) {
							n++
						}
						if c.Err() != nil || n != want {
							t.Errorf("%s: %d events, want %d; %v", what, n, want, c.Err())
						}
					}()
				}
			}
		}
	}
}

// TestDamagedLength: a record's length is read before its checksum can be; a damaged one
// must not be believed as to how much memory it takes.
func TestDamagedLength(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, Options{FS: m})
	defer s.Close()
	mustAppend(t, s, pad("s", 0))
	f, err := m.OpenReadWrite(segmentName(memDir, 1))
	if err != nil {
		t.Fatal(err)
	}
	at := int64(segmentHeaderSize + frameHeaderSize + 4)
	if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff, 0x7f}, at); err != nil { // 256 MiB
		t.Fatal(err)
	}
	bytes := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range min(b.N, 1) {
			c := s.Index().ReadAll(Forward(0))
			if c.Next(ctx) || c.Err() == nil {
				b.Error("a damaged record was served")
			}
		}
	}).MemBytes
	if bytes > 16<<20 {
		t.Fatalf("%d MiB allocated for a record whose length is damaged", bytes>>20)
	}
}

// TestVerifyAfterCrashedRoll: a crash between the making of a segment and the seal of the
// one before it is ordinary; verify must not call it damage, since the open does not.
func TestVerifyAfterCrashedRoll(t *testing.T) {
	m := vfs.NewMem()
	renamed := false
	left := killBefore(m, func(op vfs.Op) bool {
		renamed = renamed || op.Kind == vfs.OpRename && op.NewName == segmentName(memDir, 2)
		return renamed && op.Kind == vfs.OpWrite
	})
	s := openTest(t, memDir, memOptions(m))
	appendUntilFailure(t, s)
	s.Close()
	mustVerify(t, left())
	openTest(t, memDir, memOptions(left())).Close()
}

// TestOpenWithDiskFull: without room for an index file the store opens and can be read.
func TestOpenWithDiskFull(t *testing.T) {
	m := vfs.NewMem()
	s := openTest(t, memDir, memOptions(m))
	for i := range 20 {
		mustAppend(t, s, pad(fmt.Sprintf("s-%d", i%3), i))
	}
	want := checkInvariants(t, s)
	s.Close()
	if err := m.Remove(indexName(memDir, 2)); err != nil {
		t.Fatal(err)
	}
	m.Inject = func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite || op.Kind == vfs.OpAllocate {
			return syscall.ENOSPC
		}
		return nil
	}
	s, err := Open(memDir, memOptions(m))
	if err != nil {
		t.Fatalf("the store cannot even be read while the disk is full: %v", err)
	}
	sameEvents(t, checkInvariants(t, s), want)
}

// TestTails is a table of what a crash or damage may leave at the log's end. The store
// has four appends, each in a group of its own; the last is three sectors long.
func TestTails(t *testing.T) {
	type image struct {
		b     []byte
		frame [4]int64 // where each begins
		end   int64
	}
	sectors := func(im *image, frame int, which ...int64) {
		first := im.frame[frame] / sectorSize
		end := im.end
		if frame < 3 {
			end = im.frame[frame+1]
		}
		for _, k := range which {
			from := max((first+k)*sectorSize, im.frame[frame])
			clear(im.b[from:min((first+k+1)*sectorSize, end)])
		}
	}
	const refuse = -1
	for _, tc := range []struct {
		name       string
		change     func(im *image)
		checkpoint bool // keep it: the close said all is durable
		want       int  // events, or refuse
	}{
		{"untouched", func(*image) {}, true, 4},
		{"zeros behind the end", func(im *image) { im.b = append(im.b, make([]byte, 9000)...) }, true, 4},
		{"last frame's header sector lost", func(im *image) { sectors(im, 3, 0) }, false, 3},
		{"last frame's second sector lost", func(im *image) { sectors(im, 3, 1) }, false, 3},
		{"last frame's last sector lost", func(im *image) { sectors(im, 3, 3) }, false, 3},
		{"last frame wholly lost", func(im *image) { clear(im.b[im.frame[3]:]) }, false, 3},
		{"last frame wholly lost, size too", func(im *image) { im.b = im.b[:im.frame[3]] }, false, 3},
		{"one byte of the last frame", func(im *image) { im.b = im.b[:im.frame[3]+1] }, false, 3},
		{"all but the last byte", func(im *image) { im.b = im.b[:im.end-1] }, false, 3},
		{"the last byte zero", func(im *image) { im.b[im.end-1] = 0 }, false, 3},
		{"the last byte zero, behind the checkpoint", func(im *image) { im.b[im.end-1] = 0 }, true, refuse},
		{"last frame lost, behind the checkpoint", func(im *image) { im.b = im.b[:im.frame[3]] }, true, refuse},
		{"a bit of the last frame's payload", func(im *image) { im.b[im.end-200] ^= 4 }, false, refuse},
		{"a bit of the last frame's end byte", func(im *image) { im.b[im.end-1] ^= 1 }, false, refuse},
		{"a bit of the last frame's length", func(im *image) { im.b[im.frame[3]+5] ^= 1 }, false, refuse},
		{"a bit of the last frame's magic", func(im *image) { im.b[im.frame[3]+31] ^= 1 }, false, refuse},
		{"sector lost within the third frame", func(im *image) { sectors(im, 2, 0) }, false, refuse},
		{"third frame lost, the fourth there", func(im *image) { clear(im.b[im.frame[2]:im.frame[3]]) }, false, refuse},
		{"second frame lost, third torn", func(im *image) { clear(im.b[im.frame[1]:im.frame[2]]); im.b[im.frame[3]-1] = 0 }, false, refuse},
		{"a bit of the first frame", func(im *image) { im.b[im.frame[0]+40] ^= 1 }, false, refuse},
		{"all frames lost", func(im *image) { clear(im.b[segmentHeaderSize:]) }, false, 0},
		{"all frames lost, behind the checkpoint", func(im *image) { clear(im.b[segmentHeaderSize:]) }, true, refuse},
		{"no segment header", func(im *image) { im.b = im.b[:0] }, false, refuse},
		{"half a segment header", func(im *image) { im.b = im.b[:40] }, false, refuse},
		{"garbage behind the end", func(im *image) { im.b = append(im.b, strings.Repeat("x", 40)...) }, false, refuse},
		{"the last frame once more", func(im *image) { im.b = append(im.b, im.b[im.frame[3]:im.end]...) }, false, refuse},
		{"frames three and four swapped", func(im *image) {
			third, fourth := string(im.b[im.frame[2]:im.frame[3]]), string(im.b[im.frame[3]:im.end])
			copy(im.b[im.frame[2]:], fourth+third)
		}, false, refuse},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := vfs.NewMem()
			s := openTest(t, memDir, Options{FS: m})
			im := &image{}
			for i := range im.frame {
				im.frame[i] = s.w.end
				e := pad("s", i)
				if i == 3 {
					e.Payload, e.Opaque = []byte(strings.Repeat("z", 1300)), true
				}
				mustAppend(t, s, e)
			}
			im.end = s.w.end
			want := checkInvariants(t, s)
			s.Close()
			f, err := m.OpenReadWrite(segmentName(memDir, 1))
			if err != nil {
				t.Fatal(err)
			}
			im.b = contents(t, f)
			tc.change(im)
			if err := f.Truncate(0); err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteAt(im.b, 0); err != nil {
				t.Fatal(err)
			}
			if !tc.checkpoint {
				if err := m.Remove(memDir + "/CHECKPOINT"); err != nil {
					t.Fatal(err)
				}
			}
			for again := range 2 { // recovery is idempotent
				s, err = Open(memDir, Options{FS: m})
				if tc.want == refuse {
					var corrupt *CorruptionError
					if !errors.As(err, &corrupt) {
						t.Fatalf("open: %v, want a CorruptionError", err)
					}
					if string(contents(t, f)) != string(im.b) {
						t.Fatal("an open that refused changed the log")
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				sameEvents(t, checkInvariants(t, s), want[:tc.want])
				s.w.close()
				s.closeFiles()
				s.lock.Close()
				if again == 0 {
					m = m.CrashDropAll() // what recovery did is durable
				}
			}
		})
	}
}
