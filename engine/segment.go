package engine

import (
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

const (
	segmentHeaderSize = 64
	segmentMagic      = "EVGSEG\x00\x03" // the last byte is the format version that a single node writes
	dictionaryVersion = 2                // from which on segments may have a dictionary
	controlVersion    = 3                // and control records
	entryVersion      = 4                // and entries of a replicated log, whose members alone write it
	sealBodySize      = 4
	sealSize          = frameHeaderSize + sealBodySize + 1
	// maxSegmentSize keeps offsets in 32 bits, with the control state that does not count.
	maxSegmentSize = 1<<32 - 2*maxControlState
)

// segment is one file of the log. What is here does not change once it is sealed,
// except that mem gives way to idx.
type segment struct {
	number     uint32 // 1, 2, 3 …
	first      int64  // position of its first event
	baseTime   int64  // µs since the Unix epoch; records count from it
	chainStart uint32 // chain of all before it

	name    string
	file    vfs.File
	key     frameKey
	version byte // of its format

	// Of a sealed segment.
	sealed bool
	count  int64  // events
	end    int64  // offset of the seal: where records end
	chain  uint32 // chain up to the seal

	dict atomic.Pointer[dictionary] // once it was asked for

	mem atomic.Pointer[memIndex]  // while it has no index file
	idx atomic.Pointer[indexFile] // once it has

	postings atomic.Pointer[memPostings] // while it has no key file, and was written or replayed by this process
	keys     atomic.Pointer[keyFile]     // once it has; with neither its events are looked at one by one
}

func segmentName(dir string, number uint32) string {
	return filepath.Join(dir, "log", fmt.Sprintf("%08d.seg", number))
}

func encodeSegmentHeader(s *segment, store uuid.UUID) []byte {
	b := make([]byte, segmentHeaderSize)
	copy(b, segmentMagic)
	b[7] = s.version
	copy(b[8:], store[:])
	le.PutUint64(b[24:], uint64(s.first))
	le.PutUint64(b[32:], uint64(s.number))
	le.PutUint64(b[40:], uint64(s.baseTime))
	le.PutUint32(b[48:], s.chainStart)
	le.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}

// readHeader reads and verifies the segment's header against its number and store.
func (s *segment) readHeader(store uuid.UUID) error {
	b := make([]byte, segmentHeaderSize)
	if _, err := s.file.ReadAt(b, 0); err == io.EOF || err == io.ErrUnexpectedEOF {
		return s.corrupt(0, "the segment header is cut short")
	} else if err != nil {
		return fmt.Errorf("read %s: %w", s.name, err)
	}
	switch {
	case le.Uint32(b[60:]) != crc32.Checksum(b[:60], castagnoli):
		return s.corrupt(0, "segment header checksum")
	case string(b[:7]) != segmentMagic[:7]:
		return s.corrupt(0, "not a segment")
	case b[7] == 0 || b[7] > entryVersion:
		return fmt.Errorf("%s has format version %d; this program reads versions 1 to %d", s.name, b[7], entryVersion)
	case uuid.UUID(b[8:24]) != store:
		return s.corrupt(8, fmt.Sprintf("the segment belongs to another store, %s", uuid.UUID(b[8:24])))
	case le.Uint64(b[32:]) != uint64(s.number):
		return s.corrupt(32, fmt.Sprintf("this is segment %d under another's name", le.Uint64(b[32:])))
	}
	s.version = b[7]
	s.first = int64(le.Uint64(b[24:]))
	s.baseTime = int64(le.Uint64(b[40:]))
	s.chainStart = le.Uint32(b[48:])
	return nil
}

// continues tells whether the segment goes on where one that is whole ends.
func (s *segment) continues(prev *segment) bool {
	return s.first == prev.first+prev.count && s.chainStart == prev.chain
}

// mustContinue is the error of a segment that does not; nil where there is none before it.
func (s *segment) mustContinue(prev *segment) error {
	if prev == nil || s.continues(prev) {
		return nil
	}
	return s.corrupt(24, "the segment does not continue "+prev.name)
}

func (s *segment) corrupt(offset int64, reason string) error {
	return &CorruptionError{File: s.name, Offset: offset, Reason: reason}
}

// createSegment makes a segment durable, header and name. It appears under its name
// only when its header is whole.
func createSegment(fs vfs.FS, dir string, store uuid.UUID, s *segment) error {
	s.name = segmentName(dir, s.number)
	if s.version == 0 {
		s.version = segmentMagic[7]
	}
	tmp := s.name + ".tmp"
	if err := removeIfExists(fs, tmp); err != nil {
		return err
	}
	file, err := fs.Create(tmp)
	if err != nil {
		return err
	}
	err = writeAndSync(file, encodeSegmentHeader(s, store))
	if err == nil {
		err = fs.Rename(tmp, s.name)
	}
	if err == nil && !failpoint(bugSkipDirSync) {
		err = fs.SyncDir(filepath.Dir(s.name))
	}
	if err != nil {
		file.Close()
		return err
	}
	s.file = file
	return nil
}

func writeAndSync(f vfs.File, b []byte) error {
	if _, err := f.WriteAt(b, 0); err != nil {
		return err
	}
	return f.SyncData()
}

// seal marks the segment, whose records end at end, as complete and durable.
func (s *segment) seal(end, next int64, chain uint32) error {
	b := beginFrame(make([]byte, 0, sealSize))
	b = le.AppendUint32(b, chain)
	b = s.key.endFrame(b, 0, kindSeal, next, 0, uint32(end))
	if _, err := s.file.WriteAt(b, end); err != nil {
		return err
	}
	if err := s.file.Truncate(end + sealSize); err != nil {
		return err
	}
	if err := s.file.SyncData(); err != nil {
		return &indeterminateError{err} // also for lack of space: what it held may be lost
	}
	s.sealed, s.end, s.chain, s.count = true, end, chain, next-s.first
	return nil
}

// readSeal looks for the seal at the end of the file; it leaves sealed false if
// there is none that verifies.
func (s *segment) readSeal() error {
	size, err := s.file.Size()
	if err != nil {
		return err
	}
	if size < segmentHeaderSize+sealSize {
		return nil
	}
	b := make([]byte, sealSize)
	if _, err := s.file.ReadAt(b, size-sealSize); err == io.EOF {
		return nil // it has become shorter: it is being sealed
	} else if err != nil {
		return fmt.Errorf("read %s: %w", s.name, err)
	}
	h, ok := s.key.decodeHeader(b)
	if !ok || h.kind != kindSeal || int64(h.synced) != size-sealSize || h.first < s.first ||
		h.bodyCRC != crc32.Checksum(b[frameHeaderSize:], castagnoli) {
		return nil
	}
	s.sealed = true
	s.end = size - sealSize
	s.count = h.first - s.first
	s.chain = le.Uint32(b[frameHeaderSize:])
	return nil
}

// mayHold tells whether segments of this format have a kind of frame.
func (s *segment) mayHold(kind uint16) bool {
	switch kind {
	case kindAppend, kindSeal, kindDictionary:
		return true
	case kindControl, kindCarried:
		return s.version >= controlVersion
	case kindEntry:
		return s.version >= entryVersion
	}
	return false
}

// frameScanner reads a segment frame by frame, verifying each.
type frameScanner struct {
	seg    *segment
	offset int64 // of the next frame
	limit  int64 // end of the file
	next   int64 // position the next frame must begin at
	chain  uint32
	synced int64  // all below was durable when the last intact frame was written
	buf    []byte // file content from bufAt
	bufAt  int64
	ahead  int // how much is read at once the next time, twice as much each time; 0: scanReadSize

	lead       int           // what the segment may begin with
	dictionary bool          // it was met
	changes    int64         // of the control state so far, -1 if that is not known
	before     int64         // likewise, what the log before has left
	carry      int64         // length of the frame that carries it over, 0 if there is none
	state      *controlState // nil unless it is kept
	begun      bool          // an append was met
}

func newFrameScanner(seg *segment, limit int64) *frameScanner {
	s := &frameScanner{
		seg: seg, offset: segmentHeaderSize, limit: limit, next: seg.first,
		chain: seg.chainStart, synced: segmentHeaderSize, lead: leadAhead, before: -1,
	}
	if seg.carries() {
		s.changes = -1
	}
	return s
}

// carries tells whether the segment's first group follows the control state that the log before has left.
func (s *segment) carries() bool { return s.number > 1 && s.version >= controlVersion }

const (
	scanReadSize = 1 << 20
	// tailReadSize is what is read at first by who follows the log: at its end an append or a few are new.
	tailReadSize = 16 << 10
)

// readSize is how much is read at once.
func (s *frameScanner) readSize() int {
	if s.ahead == 0 {
		return scanReadSize
	}
	n := s.ahead
	s.ahead = min(2*n, scanReadSize)
	return n
}

// load makes n bytes at offset available; fewer come where the file ends.
func (s *frameScanner) load(offset int64, n int) ([]byte, error) {
	n = int(min(int64(n), s.limit-offset))
	if n <= 0 {
		return nil, nil
	}
	if offset < s.bufAt || offset+int64(n) > s.bufAt+int64(len(s.buf)) {
		want := int(min(int64(max(n, s.readSize())), s.limit-offset))
		if cap(s.buf) < want {
			s.buf = make([]byte, want)
		}
		s.buf = s.buf[:want]
		s.bufAt = offset
		read, err := s.seg.file.ReadAt(s.buf, offset)
		if err == io.EOF {
			// The file has become shorter: a server gave back what it had reserved.
			s.buf, s.limit = s.buf[:read], offset+int64(read)
			return s.buf[:min(n, read)], nil
		}
		if err != nil {
			s.buf = s.buf[:0]
			return nil, fmt.Errorf("read %s at offset %d: %w", s.seg.name, offset, err)
		}
	}
	at := int(offset - s.bufAt)
	return s.buf[at : at+n], nil
}

// scan returns the next frame. bad says why there is none at this offset: "" with
// a nil frame never happens; "end" is space that was never written.
func (s *frameScanner) scan() (h frameHeader, frame []byte, bad string, err error) {
	b, err := s.load(s.offset, frameHeaderSize)
	if err != nil {
		return h, nil, "", err
	}
	if len(b) < frameHeaderSize {
		if allZero(b) {
			return h, nil, "end", nil
		}
		return h, nil, "the file ends within a frame header", nil
	}
	h, ok := s.seg.key.decodeHeader(b)
	if !ok {
		if allZero(b) {
			return h, nil, "end", nil
		}
		return h, nil, "frame header checksum", nil
	}
	header := [frameHeaderSize]byte(b)
	frame, err = s.load(s.offset, int(h.length))
	switch {
	case err != nil:
		return h, nil, "", err
	case len(frame) < int(h.length):
		return h, nil, "the file ends within a frame", nil
	case failpoint(bugSkipFrameCRC):
	case crc32.Checksum(frame[frameHeaderSize:], castagnoli) != h.bodyCRC || frame[len(frame)-1] != frameEnd:
		return h, nil, "frame checksum", nil
	case h.first != s.next:
		return h, nil, fmt.Sprintf("the frame begins at position %d instead of %d", h.first, s.next), nil
	case int64(h.synced) > s.offset:
		return h, nil, "the frame claims to have been written after itself", nil
	case h.kind == kindDictionary && (s.lead != leadAhead || s.dictionary || s.carry > 0 || h.count != 0):
		return h, nil, "a dictionary that is not the first frame of its segment", nil
	case h.kind == kindEntry && (h.count != 0 || h.length < entryFrame):
		return h, nil, "an entry that is none", nil
	case !s.seg.mayHold(h.kind):
		return h, nil, fmt.Sprintf("unknown kind of frame, %d", h.kind), nil
	case h.kind != kindDictionary && h.kind != kindCarried && h.kind != kindEntry && s.lead == leadAhead && s.carry == 0 && s.seg.carries():
		return h, nil, "the segment does not begin with the control state of the log before", nil
	}
	if h.kind == kindControl || h.kind == kindCarried {
		if bad := s.control(&h, frame); bad != "" {
			return h, nil, bad, nil
		}
	}
	if h.kind != kindSeal {
		switch h.kind {
		case kindDictionary:
			s.dictionary = true
		case kindEntry: // before what a segment begins with, too
		default:
			s.lead = leadPassed
			s.begun = s.begun || h.kind != kindCarried
		}
		s.chain = chainCRC(s.chain, header[:])
		s.next += int64(h.count)
		s.synced = max(s.synced, int64(h.synced))
		s.offset += int64(h.length)
	}
	return h, frame, "", nil
}

// eachRecord calls f with the offset in the segment and the bytes of each record of
// a frame that begins at frameOffset.
func (s *segment) eachRecord(h frameHeader, frame []byte, frameOffset int64, f func(offset int64, record []byte) error) error {
	at := frameHeaderSize
	switch h.kind {
	case kindDictionary, kindCarried, kindEntry:
		return nil
	case kindControl:
		_, events, ok := decodeControl(frame)
		if !ok {
			return s.corrupt(frameOffset, "control records")
		}
		at = len(frame) - 1 - len(events)
	}
	for range h.count {
		n := recordSize(frame[at : len(frame)-1])
		if n <= 0 || at+n > len(frame)-1 {
			return s.corrupt(frameOffset+int64(at), "record length")
		}
		if err := f(frameOffset+int64(at), frame[at:at+n]); err != nil {
			return err
		}
		at += n
	}
	if at != len(frame)-1 {
		return s.corrupt(frameOffset+int64(at), "bytes after the last record of a frame")
	}
	return nil
}

// eachEvent verifies every record of a frame that begins at frameOffset, and calls f, if it is not
// nil, with the offset in the segment and the event of each. The event is valid during the call.
func (s *segment) eachEvent(d *decoder, h frameHeader, frame []byte, frameOffset int64, f func(offset int64, e *RecordedEvent) error) error {
	position := h.first
	return s.eachRecord(h, frame, frameOffset, func(at int64, record []byte) error {
		if err := d.decode(&d.event, record, position, s, at); err != nil {
			return err
		}
		position++
		if f == nil {
			return nil
		}
		return f(at, &d.event)
	})
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// rewrite writes from..to once more: after a failed sync the kernel holds bytes as clean
// that never reached the disk, and no later sync writes them.
func (s *segment) rewrite(from, to int64) error {
	if failpoint(bugTrustMemory) {
		return nil
	}
	b := make([]byte, min(to-from, scanReadSize))
	for ; from < to; from += int64(len(b)) {
		b = b[:min(to-from, int64(len(b)))]
		if _, err := s.file.ReadAt(b, from); err != nil {
			return err
		}
		if _, err := s.file.WriteAt(b, from); err != nil {
			return err
		}
	}
	return nil
}
