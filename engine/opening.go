package engine

import (
	"errors"
	"fmt"
	"time"
)

// opening brings a store's log up from what is on disk.
type opening struct {
	store    *Store
	created  bool
	baseTime int64 // of the first segment

	durableSegment uint32 // from the checkpoint
	durableOffset  int64
	progress       progress
	ahead          readAhead
	newest         uint32   // number of the last segment
	streams        int64    // that are expected, 0 if nothing is known
	last           bool     // the segment being opened is the last
	next           *segment // the header of the one after it, if there is one

	control *controlState // that the segments so far have left, nil if they were not read
	replica *Replica      // nil if the log is not a replicated one
}

func (o *opening) run() error {
	s := o.store
	var err error
	if o.durableSegment, o.durableOffset, err = readCheckpoint(s.opts.FS, s.dir); err != nil {
		return err
	}
	numbers, err := listSegments(s.opts.FS, s.dir)
	if err != nil {
		return err
	}
	if len(numbers) < int(o.durableSegment) {
		return &CorruptionError{File: segmentName(s.dir, o.durableSegment), Reason: "the segment is missing"}
	}
	if len(numbers) == 0 {
		return o.begin()
	}
	if o.replica = s.opts.replica; o.replica != nil {
		numbers = numbers[:o.replica.seg.number]
	}
	o.progress = progress{logger: s.opts.Logger, what: "opening the log", unit: "segments", total: int64(len(numbers))}
	defer o.ahead.drop()
	o.newest = numbers[len(numbers)-1]
	o.streams = knownStreams(s.opts.FS, s.dir, s.log.store, o.newest-1)
	for _, n := range numbers {
		if err := o.openSegment(n, n == o.newest); err != nil {
			return err
		}
		o.progress.at(int64(n))
	}
	if err := o.loadControl(); err != nil {
		return err
	}
	return o.dictionary()
}

// loadControl takes the control state from the newest segment, or where that has none yet from the one
// before.
func (o *opening) loadControl() error {
	l := o.store.log
	i := len(l.segments) - 1
	if !l.segments[i].sealed {
		i--
	}
	for ; o.control == nil; i-- {
		seg := l.segments[i]
		size, err := seg.file.Size()
		if err != nil {
			return fmt.Errorf("read %s: %w", seg.name, err)
		}
		if o.control, err = readControl(seg, size); err != nil {
			return err
		}
	}
	l.control = o.control
	return nil
}

// readControl returns the control state that a segment leaves, nil if that is known only to the one
// before.
func readControl(seg *segment, size int64) (*controlState, error) {
	s := newFrameScanner(seg, size)
	s.keepControl(nil)
	for seg.version >= controlVersion {
		offset := s.offset
		h, _, bad, err := s.scan()
		switch {
		case err != nil:
			return nil, err
		case bad == "" && h.kind == kindSeal, bad == "end" && !seg.sealed:
			return s.left(), nil
		case bad != "":
			return nil, seg.corrupt(offset, bad)
		}
	}
	return s.left(), nil
}

// dictionary makes the newest segment's dictionary ready to pack. A segment that is still empty gets
// one, as when it was made.
func (o *opening) dictionary() error {
	w, segments := o.store.w, o.store.log.segments
	seg := w.active()
	if seg.version < dictionaryVersion || seg.sealed {
		return nil
	}
	if w.end == segmentHeaderSize && len(segments) > 1 {
		prev := segments[len(segments)-2]
		w.learn(prev, seg, prev.end, prev.count)
		return nil
	}
	b, err := seg.readDictionary()
	if b != nil {
		seg.dict.Store(newPackingDictionary(b))
	}
	return err
}

// begin makes the first segment of a new store.
func (o *opening) begin() error {
	s := o.store
	seg := &segment{number: 1, baseTime: o.baseTime, key: s.log.key}
	if err := createSegment(s.opts.FS, s.dir, s.log.store, seg); err != nil {
		return err
	}
	s.log.segments = append(s.log.segments, seg)
	seg.indexInMemory(s.log.hash)
	s.log.recordedAt.Store(o.baseTime)
	s.log.control = newControlState()
	s.w.begin(seg)
	return nil
}

func (o *opening) openSegment(number uint32, last bool) error {
	s, l := o.store, o.store.log
	seg := &segment{number: number, name: segmentName(s.dir, number), key: l.key}
	var err error
	if seg.file, err = s.opts.FS.OpenReadWrite(seg.name); err != nil {
		return err
	}
	l.segments = append(l.segments, seg)
	o.last = last
	if err := seg.readHeader(l.store); err != nil {
		return err
	}
	if number > 1 {
		if err := o.follow(l.segments[number-2], seg); err != nil {
			return err
		}
	}
	if err := seg.readSeal(); err != nil {
		return err
	}
	switch {
	case last && o.replica != nil && o.replica.closed && seg.sealed:
		if err := o.loadSealed(seg); err != nil {
			return err
		}
		s.w.end, s.w.allocated, s.w.chain = seg.end, seg.end+sealSize, seg.chain
		return nil
	case last:
		seg.sealed = false // what ends the file may be payload; the scan will tell
	case seg.sealed:
		return o.loadSealed(seg)
	}
	// The last segment, or the one before it if the crash came before its seal.
	if o.next = nil; !last {
		if err := o.peekNext(number + 1); err != nil {
			return err
		}
	}
	return o.replay(seg)
}

// head opens a segment that is not opened yet, and reads its header. The caller closes its file.
func (o *opening) head(number uint32) (*segment, error) {
	seg := &segment{number: number, name: segmentName(o.store.dir, number), key: o.store.log.key}
	var err error
	if seg.file, err = o.store.opts.FS.Open(seg.name); err != nil {
		return nil, err
	}
	if err := seg.readHeader(o.store.log.store); err != nil {
		seg.file.Close()
		return nil, err
	}
	return seg, nil
}

// peekNext reads the header of a segment: it says where the one before it ends.
func (o *opening) peekNext(number uint32) (err error) {
	if o.next, err = o.head(number); err == nil {
		o.next.file.Close()
	}
	return err
}

// follow checks that seg continues the log where prev ends, and seals prev if a crash
// prevented that.
func (o *opening) follow(prev, seg *segment) error {
	l := o.store.log
	if prev.sealed {
		if err := seg.mustContinue(prev); err != nil {
			return err
		}
		if o.last && o.durableSegment < seg.number {
			return prev.seal(prev.end, seg.first, prev.chain) // it may never have been synced
		}
		return nil
	}
	w := o.store.w
	if seg.first != l.committed.Load() || seg.chainStart != w.chain {
		return prev.corrupt(w.end, fmt.Sprintf("the log ends here, but segment %d begins at position %d", seg.number, seg.first))
	}
	if err := prev.seal(w.end, seg.first, w.chain); err != nil {
		return err
	}
	o.index(prev)
	return nil
}

// index gives a sealed segment that is in memory its index file. If it cannot be written
// the segment stays indexed in memory: reads go on.
func (o *opening) index(seg *segment) {
	l := o.store.log
	err := l.buildIndex(seg, seg.mem.Load())
	if err == nil {
		err = l.buildKeys(seg, seg.postings.Load())
	}
	if err != nil {
		o.store.opts.Logger.Error("index not written; the segment stays indexed in memory", "segment", seg.name, "error", err)
	}
}

// openKeys opens a sealed segment's key file; without one that fits it is built once the log is open.
func (o *opening) openKeys(seg *segment) error {
	l := o.store.log
	f, err := openKeys(l.fs, l.dir, l.store, seg, l.cache)
	if err == nil {
		seg.keys.Store(f)
	} else if errors.Is(err, errNoIndex) {
		return nil
	}
	return err
}

// loadSealed enters a sealed segment's streams into the table, from its index file,
// which is built from the log if there is none that fits.
func (o *opening) loadSealed(seg *segment) error {
	s, l := o.store, o.store.log
	var err error
	list := o.ahead.take(seg)
	if list == nil {
		list, err = o.readIndex(seg)
	}
	if err == nil {
		o.ahead.begin(o, seg.number+1)
		if err = o.enterStreams(seg, list); err == nil {
			seg.idx.Store(list.idx)
			l.committed.Store(seg.first + seg.count)
			o.store.w.chain, o.control = seg.chain, nil
			if err := o.openKeys(seg); err != nil {
				return err
			}
			return o.loadRecordedAt(seg)
		}
		list.idx.file.Close()
	}
	var corrupt *CorruptionError
	if !errors.Is(err, errNoIndex) && !errors.As(err, &corrupt) {
		return err
	}
	s.opts.Logger.Warn("building the index of a segment anew", "segment", seg.name, "reason", err)
	if err := o.replay(seg); err != nil {
		return err
	}
	o.index(seg)
	return nil
}

// enterStreams enters the streams of a sealed segment into the table: all of them, or none.
func (o *opening) enterStreams(seg *segment, list *segmentStreams) error {
	l := o.store.log
	numbers := make([]uint32, len(list.grown))
	for i := range list.grown {
		s := &list.grown[i]
		n, ok := l.streams.find(s.id)
		if !ok || l.streams.at(n).count != s.firstVersion {
			return fmt.Errorf("%w: %s does not continue the segments before it", errNoIndex, list.idx.name)
		}
		numbers[i] = n
	}
	for i, n := range numbers {
		e := l.streams.at(n)
		e.count += list.grown[i].count
		e.last = e.last&namedBit | seg.number
	}
	// The table is in the order in which the streams began.
	first := l.streams.extend(len(list.begun), o.streams)
	for i := range list.begun {
		s := &list.begun[i]
		// Field by field: a whole entry, copied, takes three times as long.
		e := l.streams.put(first+list.rank[i], s.id)
		e.count, e.last = s.count, seg.number
		if s.named {
			e.last |= namedBit
		}
	}
	return nil
}

// loadRecordedAt takes the recorded time from a sealed segment's last event.
func (o *opening) loadRecordedAt(seg *segment) error {
	if seg.count == 0 {
		return nil
	}
	var e RecordedEvent
	if err := o.store.log.headerAt(seg.first+seg.count-1, &e); err != nil {
		return err
	}
	o.store.log.recordedAt.Store(e.RecordedAt)
	return nil
}

// replay scans a segment, verifying every frame and record, and indexes it in memory.
// Where it is the last of the log, a torn tail is cut.
func (o *opening) replay(seg *segment) error {
	l, w := o.store.log, o.store.w
	size, err := seg.file.Size()
	if err != nil {
		return err
	}
	if l.recordedAt.Load() < seg.baseTime {
		l.recordedAt.Store(seg.baseTime)
	}
	mem := seg.indexInMemory(l.hash)
	scanner := newFrameScanner(seg, size)
	scanner.keepControl(o.control)
	p := progress{logger: o.store.opts.Logger, what: "replaying " + seg.name, unit: "bytes", total: size}
	if seg.sealed {
		scanner.limit = seg.end + sealSize
	} else if o.replica != nil && o.last {
		scanner.limit = o.replica.applied.end
	}
	t, err := o.replayFrames(seg, mem, scanner, &p)
	if err != nil {
		return err
	}
	if seg.sealed {
		if t.reason != "seal" || t.offset != seg.end || scanner.chain != seg.chain || scanner.next != seg.first+seg.count {
			return seg.corrupt(t.offset, t.reason+"; the segment is sealed")
		}
	} else if o.replica != nil && o.last {
		if err := o.replica.reached(seg, scanner, t); err != nil {
			return err
		}
	} else if err := o.cutTail(seg, scanner, t); err != nil {
		return err
	}
	l.committed.Store(scanner.next)
	w.end, w.allocated, w.chain = t.offset, t.offset, scanner.chain
	w.uncounted, w.fresh, w.carry = scanner.carry, !scanner.begun, seg.carries() && scanner.carry == 0
	o.control = scanner.left()
	return nil
}

// cutTail cuts what a crash left behind the intact frames of the last segment, and
// makes those durable: they may have been read off memory that no sync has reached.
func (o *opening) cutTail(seg *segment, scanner *frameScanner, t tail) error {
	durable := int64(0)
	if o.durableSegment == seg.number {
		durable = o.durableOffset
	}
	if t.reason == "seal" && o.last {
		return &CorruptionError{File: segmentName(o.store.dir, seg.number+1), Reason: "the segment is missing: the one before it is sealed"}
	}
	if t.reason == "seal" {
		// A seal that is not at the end of the file: the crash came before the file was
		// cut to its size. It is written again once the next segment has been seen.
		t.reason = "end"
	} else if o.durableSegment > seg.number {
		return seg.corrupt(t.offset, t.reason+"; the log was durable beyond this segment")
	}
	if n := o.next; n != nil && (n.first != scanner.next || n.chainStart != scanner.chain) {
		return seg.corrupt(t.offset, fmt.Sprintf("%s; the next segment shows that the log went on to position %d", t.reason, n.first))
	}
	if err := checkTail(seg, scanner, t, durable); err != nil && !failpoint(bugCutDamage) {
		return err
	}
	size, err := seg.file.Size()
	if err != nil {
		return err
	}
	if t.reason != "end" {
		o.store.opts.Logger.Warn("cut a torn tail: appends that were never acknowledged",
			"segment", seg.name, "offset", t.offset, "bytes", size-t.offset, "reason", t.reason)
	}
	if size > t.offset && !failpoint(bugKeepTornTail) {
		if err := seg.file.Truncate(t.offset); err != nil {
			return err
		}
	}
	if err := seg.rewrite(max(scanner.synced, durable), t.offset); err != nil {
		return err
	}
	return seg.file.SyncData()
}

// progress logs how far long work has come, every few seconds.
type progress struct {
	logger interface {
		Info(msg string, args ...any)
	}
	what, unit string
	total      int64
	last       time.Time
}

const progressInterval = 2 * time.Second

func (p *progress) at(done int64) {
	now := time.Now()
	if p.last.IsZero() {
		p.last = now
	}
	if now.Sub(p.last) < progressInterval {
		return
	}
	p.last = now
	p.logger.Info(p.what, "done", done, "of", p.total, "unit", p.unit)
}
