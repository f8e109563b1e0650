package engine

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// VerifyReport is what Verify found.
type VerifyReport struct {
	StoreID  uuid.UUID
	Segments int
	Events   int64 // intact
	Streams  int64
	Changes  int64 // appends that changed the control state; -1 if damage keeps it from being known
	Keys     int64 // of the control state, that have a value
	Bytes    int64
	Damage   []DamagedRange
	// Indexes are damaged parts of index files, which are derived: Repair takes the files out,
	// and the next start builds them anew.
	Indexes []DamagedRange
	// TornTail is the length of what a crash left behind the log's end, bytes.
	// The next open cuts it; it is no damage.
	TornTail int64
}

// DamagedRange is a part of a file that is not what was written.
type DamagedRange struct {
	File     string
	From, To int64 // offsets, To exclusive; -1 if the rest of the log cannot be told
	Reason   string
}

func (d DamagedRange) String() string {
	if d.To < 0 {
		return fmt.Sprintf("%s: from offset %d: %s", d.File, d.From, d.Reason)
	}
	return fmt.Sprintf("%s: offsets %d to %d: %s", d.File, d.From, d.To, d.Reason)
}

// Verify reads the whole log of a store that nobody has open, changes nothing, and
// reports what is damaged. The error is for what kept it from looking, such as
// ErrLocked; damage is in the report.
func Verify(dir string, options Options) (VerifyReport, error) {
	opts := options.withDefaults()
	lock, err := lockStore(opts.FS, dir)
	if err != nil {
		return VerifyReport{}, err
	}
	defer lock.Close()
	return verify(dir, opts, Extent{everything, everything})
}

// VerifyBelow is Verify of a store that a server may have open, up to an extent that it has committed. It
// takes no lock.
func VerifyBelow(dir string, before Extent, options Options) (VerifyReport, error) {
	opts := options.withDefaults()
	if err := checkDataDir(opts.FS, dir); err != nil {
		return VerifyReport{}, err
	}
	return verify(dir, opts, before)
}

// everything is a position that no event has.
const everything = math.MaxInt64

func verify(dir string, opts *Options, before Extent) (VerifyReport, error) {
	v := verifier{dir: dir, fs: opts.FS, logger: opts.Logger, versions: map[uuid.UUID]int64{}, recordedAt: noTime, before: before}
	err := v.run()
	v.report.Streams = int64(len(v.versions))
	v.report.Changes = -1
	if v.control != nil {
		v.report.Changes = v.control.changes
		v.control.ascend("", func(r *ControlRecord) bool {
			if !r.Deleted {
				v.report.Keys++
			}
			return true
		})
	}
	return v.report, err
}

type verifier struct {
	dir      string
	fs       vfs.FS
	logger   *slog.Logger
	report   VerifyReport
	key      frameKey
	versions map[uuid.UUID]int64 // next version by stream
	prev     *segment
	before   Extent        // what is beyond is not looked at
	done     bool          // it was reached
	control  *controlState // that the segments so far have left, nil if that is not known
	// durableSegment is the checkpoint's: all segments before it are whole and sealed.
	durableSegment uint32
	// lost: something before was damaged, so that versions and positions may jump.
	lost       bool
	recordedAt int64
	hash       idHash
	postings   *memPostings // of the segment being read
	scratch    []Key
	hashes     []uint32 // of its events' ids
}

func (v *verifier) damage(file string, from, to int64, reason string) {
	v.lost = true
	v.report.Damage = append(v.report.Damage, DamagedRange{file, from, to, reason})
}

// note records a CorruptionError as damage; other errors it returns.
func (v *verifier) note(err error) error {
	var c *CorruptionError
	if err == nil || !errors.As(err, &c) {
		return err
	}
	v.damage(c.File, c.Offset, -1, c.Reason)
	return nil
}

func (v *verifier) run() error {
	identity, err := readIdentity(v.fs, v.dir)
	if err != nil {
		return v.note(err)
	}
	v.report.StoreID, v.key = identity.UUID, identity.key()
	v.hash = newIDHash(identity.secret)
	if err := v.log(); err != nil {
		return err
	}
	if v.control != nil && v.control.changes > 0 {
		return nil // whatever DEFINITIONS is, nobody reads it
	}
	_, err = readDefinitions(v.fs, v.dir)
	return v.note(err)
}

// log reads the segments.
func (v *verifier) log() error {
	var durableOffset int64
	var err error
	v.durableSegment, durableOffset, err = readCheckpoint(v.fs, v.dir)
	if err := v.note(err); err != nil {
		return err
	}
	numbers, err := listSegments(v.fs, v.dir)
	if err != nil {
		return v.note(err)
	}
	if len(numbers) < int(v.durableSegment) {
		v.damage(segmentName(v.dir, v.durableSegment), 0, -1, "the segment is missing")
	}
	v.report.Segments = len(numbers)
	for _, n := range numbers {
		durable := int64(0)
		if n == v.durableSegment {
			durable = durableOffset
		}
		if err := v.segment(n, n == uint32(len(numbers)), durable); err != nil {
			return err
		}
		if v.done {
			return v.indexes(numbers)
		}
	}
	if v.before.Events != everything && !v.lost {
		last := numbers[len(numbers)-1]
		v.damage(segmentName(v.dir, last), v.report.Bytes, -1, fmt.Sprintf("the log ends before position %d and change %d of the control state", v.before.Events, v.before.Changes))
	}
	return v.indexes(numbers)
}

// indexes checks the blocks of the index files. They are derived: what is damaged there is no loss.
func (v *verifier) indexes(numbers []uint32) error {
	for _, n := range numbers {
		for _, name := range []string{indexName(v.dir, n), keyFileName(v.dir, n)} {
			if err := v.index(name); err != nil {
				return err
			}
		}
	}
	return v.filters(func(f *blockFile) error { return v.blocks(f) })
}

// index checks the blocks of an index file.
func (v *verifier) index(name string) error {
	f := &blockFile{name: name}
	var err error
	if f.file, err = v.fs.Open(f.name); errors.Is(err, fs.ErrNotExist) {
		return nil // it is being built, or will be
	} else if err != nil {
		return err
	}
	defer f.file.Close()
	return v.blocks(f)
}

// filters calls fn with the filters of event ids that there are.
func (v *verifier) filters(fn func(*blockFile) error) error {
	names, err := v.fs.List(filepath.Join(v.dir, "index"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".ids") {
			continue
		}
		f := &blockFile{name: filepath.Join(v.dir, "index", name), key: indexFileKeys.Add(1)}
		if f.file, err = v.fs.Open(f.name); errors.Is(err, fs.ErrNotExist) {
			continue // another has taken its place
		} else if err != nil {
			return err
		}
		err = fn(f)
		f.file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// ids checks that the filters do not deny the ids of a segment's events.
func (v *verifier) ids(seg *segment) error {
	slices.Sort(v.hashes)
	return v.filters(func(file *blockFile) error {
		f := &idFilter{blockFile: *file, cache: newBlockCache(keysCacheBlocks)}
		var b block
		if err := f.read(0, &b); err != nil || f.decode(&b, v.report.StoreID) != nil || seg.number < f.from || seg.number >= f.from+f.count {
			return nil // whose blocks are checked at the end
		}
		for _, hash := range v.hashes {
			bits, err := f.maybe(hash)
			if errors.As(err, new(*CorruptionError)) {
				return nil
			} else if err != nil {
				return err
			}
			if bits>>(seg.number-f.from)&1 == 0 {
				size, err := f.file.Size()
				v.report.Indexes = append(v.report.Indexes, DamagedRange{f.name, 0, size, "it denies an event of " + seg.name})
				return err
			}
		}
		return nil
	})
}

// keys compares a sealed segment's key file with what its events have been found to have.
func (v *verifier) keys(seg *segment) error {
	f, err := openKeys(v.fs, v.dir, v.report.StoreID, seg, newBlockCache(keysCacheBlocks))
	if errors.Is(err, errNoIndex) {
		return nil // it is being built, or will be
	} else if err != nil {
		return err
	}
	defer f.file.Close()
	if same, err := f.agrees(v.postings); errors.As(err, new(*CorruptionError)) {
		return nil // the check of its blocks tells where
	} else if err != nil || same {
		return err
	}
	size, err := f.file.Size()
	v.report.Indexes = append(v.report.Indexes, DamagedRange{f.name, 0, size, "it does not say of the events' categories, types and tags what the segment does"})
	return err
}

// keysCacheBlocks is for reading one key file from its beginning to its end.
const keysCacheBlocks = 64

func (v *verifier) blocks(f *blockFile) error {
	size, err := f.file.Size()
	if err != nil {
		return err
	}
	if size%blockSize != 0 || size == 0 {
		v.report.Indexes = append(v.report.Indexes, DamagedRange{f.name, size / blockSize * blockSize, size, "the file ends within a block"})
	}
	var b block
	for n := int64(0); n < size/blockSize; n++ {
		err := f.read(uint32(n), &b)
		var corrupt *CorruptionError
		switch {
		case errors.As(err, &corrupt):
			v.report.Indexes = append(v.report.Indexes, DamagedRange{f.name, n * blockSize, (n + 1) * blockSize, "index block checksum"})
		case err != nil:
			return err
		}
	}
	return nil
}

func (v *verifier) segment(number uint32, last bool, durable int64) error {
	seg := &segment{number: number, name: segmentName(v.dir, number), key: v.key}
	var err error
	if seg.file, err = v.fs.Open(seg.name); err != nil {
		return err
	}
	defer seg.file.Close()
	if err := seg.readHeader(v.report.StoreID); err != nil {
		v.prev, v.control = nil, nil
		return v.note(err)
	}
	if err := seg.readSeal(); err != nil {
		return err
	}
	if p := v.prev; p != nil && p.sealed && !seg.continues(p) {
		v.damage(seg.name, 24, segmentHeaderSize, "the segment does not continue "+p.name)
	}
	if last && seg.sealed && v.before.Events == everything {
		v.damage(segmentName(v.dir, number+1), 0, -1, "the segment is missing: the one before it is sealed")
	}
	size, err := seg.file.Size()
	if err != nil {
		return err
	}
	v.prev = seg
	v.report.Bytes += size
	v.postings, v.hashes = new(memPostings), v.hashes[:0]
	if err := v.frames(seg, size, last, durable); err != nil || v.lost || v.done || !seg.sealed {
		return err
	}
	if err := v.ids(seg); err != nil {
		return err
	}
	return v.keys(seg)
}

func (v *verifier) frames(seg *segment, size int64, last bool, durable int64) error {
	s := newFrameScanner(seg, size)
	s.keepControl(v.control)
	defer func() { v.control = s.left() }()
	p := progress{logger: v.logger, what: "verifying " + seg.name, unit: "bytes", total: size}
	var d decoder
	if _, err := seg.dictionary(); errors.As(err, new(*CorruptionError)) {
		d.headerOnly = true // the scan of its frame tells that it is damaged
	} else if err != nil {
		return err
	}
	for {
		// Behind damage it is not known how often the control state was changed.
		if v.done = s.reached(v.before) || v.lost && s.next >= v.before.Events; v.done {
			return nil
		}
		p.at(s.offset)
		offset := s.offset
		h, frame, bad, err := s.scan()
		if err != nil {
			return err
		}
		if bad == "" && h.kind == kindSeal {
			if offset+sealSize != size {
				v.damage(seg.name, offset+sealSize, size, "bytes behind the seal")
			} else if seg.sealed && (s.chain != seg.chain || s.next != seg.first+seg.count) && !v.lost {
				v.damage(seg.name, offset, size, "the seal does not match the segment")
			}
			return nil
		}
		if bad == "" {
			if err := v.records(seg, &d, h, frame, offset); err != nil {
				return err
			}
			continue
		}
		if !last && !seg.sealed && v.durableSegment <= seg.number && v.continued(seg, s) {
			return nil // the crash came between the making of the next segment and the seal
		}
		if last && !seg.sealed {
			if err := checkTail(seg, s, tail{offset, bad}, durable); err == nil {
				if bad != "end" {
					v.report.TornTail = size - offset
				}
				return nil
			} else if !errors.As(err, new(*CorruptionError)) {
				return err
			}
		}
		next, err := nextFrame(s, offset)
		if err != nil {
			return err
		}
		s.lost()
		if bad == "end" {
			bad = "zeros where a frame should be"
		}
		if next < 0 {
			v.damage(seg.name, offset, size, bad)
			return nil
		}
		v.damage(seg.name, offset, next, bad)
		s.offset = next
	}
}

// continued tells whether the segment after seg is the last, and begins where the scan
// has come to.
func (v *verifier) continued(seg *segment, s *frameScanner) bool {
	if int(seg.number)+1 != v.report.Segments {
		return false
	}
	next := &segment{number: seg.number + 1, name: segmentName(v.dir, seg.number+1), key: v.key}
	var err error
	if next.file, err = v.fs.Open(next.name); err != nil {
		return false
	}
	defer next.file.Close()
	return next.readHeader(v.report.StoreID) == nil && next.first == s.next && next.chainStart == s.chain
}

func (v *verifier) records(seg *segment, d *decoder, h frameHeader, frame []byte, offset int64) error {
	err := seg.eachEvent(d, h, frame, offset, func(at int64, e *RecordedEvent) error {
		if !d.leftOut {
			v.report.Events++
			v.scratch = v.hash.appendKeys(v.scratch[:0], e.Stream, e.Type, e.Tags)
			v.postings.addEvent(v.scratch[1:], uint32(e.Position-seg.first))
			v.hashes = append(v.hashes, uint32(v.hash.sum(e.EventID)>>32))
		}
		next, known := v.versions[e.StreamID]
		if e.Version != next && (known || e.Version != 0) && !v.lost {
			return seg.corrupt(at, fmt.Sprintf("version %d of stream %s where %d is next", e.Version, e.StreamID, next))
		}
		v.versions[e.StreamID] = e.Version + 1
		if e.RecordedAt < v.recordedAt {
			return seg.corrupt(at, "recorded earlier than the event before it")
		}
		v.recordedAt = e.RecordedAt
		return nil
	})
	return v.note(err)
}

// nextFrame looks for the next intact frame behind a damaged one, and sets the scanner
// up to go on there; -1 if there is none.
func nextFrame(s *frameScanner, offset int64) (int64, error) {
	const step = 64 << 10
	for at := offset + 1; at < s.limit; at += step {
		b, err := s.load(at, step+frameHeaderSize)
		if err != nil {
			return -1, err
		}
		for i := 0; i+frameHeaderSize <= len(b) && i < step; i++ {
			h, ok := s.seg.key.decodeHeader(b[i:])
			if !ok || h.first < s.next {
				continue
			}
			frame, err := s.load(at+int64(i), int(h.length))
			if err != nil {
				return -1, err
			}
			if len(frame) == int(h.length) && crc32.Checksum(frame[frameHeaderSize:], castagnoli) == h.bodyCRC {
				s.next = h.first
				return at + int64(i), nil
			}
			if b, err = s.load(at, step+frameHeaderSize); err != nil {
				return -1, err
			}
		}
	}
	return -1, nil
}
