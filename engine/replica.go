package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// A Replica is a store whose log is a replicated one: a consensus protocol orders its entries, and this is where they are kept. There is one log,
// which is the protocol's and the store's: byte for byte the same on every node.
//
// What is applied is committed and visible. Behind it, durable and not known to be committed, there is one commit group at most, and entries that
// append nothing; these may be taken back. A group that begins a segment lies in a file of its own, and the segment before it is sealed when the
// group is applied: a sealed segment holds nothing that may be taken back.
//
// A Replica belongs to one goroutine; its Store to all.
type Replica struct {
	*Store
	base ReplicaBase

	applied logEnd   // of what is applied
	seg     *segment // that entries are appended to: the active one, or next
	next    *segment // begun by a group that is not applied; nil otherwise
	closed  bool     // the active segment is sealed: a group that begins one must come
	end     logEnd   // of the log, in seg
	size    int64    // of seg's file
	spans   []span   // of the segments from the base on
	refs    []entryRef
	from    uint64 // index of refs[0]; of older entries, they are read from the segments
	older   olderRefs

	pending []*AppendRequest // of the group that is evaluated
	planned *segment         // that it begins
	own     ownGroup
	tail    []byte // of the group that is appended and not applied, if it is another's
	tailAt  uint64
}

// ReplicaBase is where the entries of a replicated log begin.
type ReplicaBase struct {
	Segment     uint32 // the first that holds entries; what is before was the log of a single node
	Index, Term uint64 // that stand for what is before
	Joined      uint32 // the last segment that this node has copied from another, sealed, when it joined; 0 if it has none
}

// copied tells of a segment that is the newest that was copied. The base tells of a copy before it is begun: if that was not finished, the segment before
// is the newest.
func (b ReplicaBase) copied(number uint32) bool {
	return b.Joined != 0 && (number == b.Joined || number+1 == b.Joined)
}

// logEnd is a place in a replicated log, behind an entry.
type logEnd struct {
	index uint64
	term  uint64 // of that entry
	end   int64  // offset in its segment
	chain uint32
}

// span is the entries of one segment.
type span struct {
	first    uint64 // index of its first
	previous uint64 // term of the entry before that
	members  []byte // before it
}

// ownGroup is the entry that carries the group that this node has evaluated.
type ownGroup struct {
	index, term uint64 // 0 before it is proposed
	buf         []byte // its frames, with room for the entry's
	held        bool   // the writer's group is its evaluation
	unnoted     bool   // it was evaluated before keys were noted
}

// olderRefs are the entries of one segment that is sealed.
type olderRefs struct {
	from uint64
	refs []entryRef
}

// OpenReplica opens the store of a node. base is what the cluster began with.
func OpenReplica(dir string, o Options, base ReplicaBase) (*Replica, error) {
	o.WriterThread = true // nobody commits in the place of the protocol
	r := &Replica{base: base}
	o.replica = r
	var err error
	if r.Store, err = Open(dir, o); err != nil {
		return nil, err
	}
	if r.seg = r.next; r.next == nil {
		r.seg = r.w.active()
	}
	if r.size, err = r.seg.file.Size(); err != nil {
		return nil, errors.Join(err, r.Store.Close())
	}
	return r, nil
}

// Gate has appends ask, before they do anything, whether this node takes any. Call it before the first.
func (r *Replica) Gate(gate func(ctx context.Context) error) { r.w.gate = gate }

// Base is where the entries begin.
func (r *Replica) Base() ReplicaBase { return r.base }

// First is the index of the first entry that there is.
func (r *Replica) First() uint64 { return r.base.Index + 1 }

// Last is the index of the newest entry, which is durable.
func (r *Replica) Last() uint64 { return r.end.index }

// LastTerm is its term.
func (r *Replica) LastTerm() uint64 { return r.end.term }

// Applied is the index of the newest entry that is applied.
func (r *Replica) Applied() uint64 { return r.applied.index }

// Chain tells two logs apart, or that they are the same up to the newest entry that is applied.
func (r *Replica) Chain() (index uint64, chain uint32) { return r.applied.index, r.applied.chain }

// Members is what was given as the members when the segment began that the newest entries are in, with the index of the entry that began it; nil
// if that is the first.
func (r *Replica) Members() (from uint64, members []byte) {
	s := r.spans[len(r.spans)-1]
	return s.first, s.members
}

// Term returns the term of an entry, or of the base.
func (r *Replica) Term(index uint64) (uint64, error) {
	switch {
	case index == r.base.Index:
		return r.base.Term, nil
	case index == r.end.index:
		return r.end.term, nil
	}
	ref, err := r.ref(index)
	return ref.term, err
}

// Tag says what an entry does.
func (r *Replica) Tag(index uint64) (EntryTag, error) {
	ref, err := r.ref(index)
	return ref.tag, err
}

// ErrNoEntry is of an index that the log has no entry at.
var ErrNoEntry = errors.New("no entry has this index")

// ref finds an entry.
func (r *Replica) ref(index uint64) (entryRef, error) {
	if index < r.First() || index > r.Last() {
		return entryRef{}, ErrNoEntry
	}
	if index >= r.from {
		return r.refs[index-r.from], nil
	}
	if o := &r.older; index < o.from || index-o.from >= uint64(len(o.refs)) {
		if err := r.loadOlder(index); err != nil {
			return entryRef{}, err
		}
	}
	return r.older.refs[index-r.older.from], nil
}

// loadOlder reads where the entries of a sealed segment are.
func (r *Replica) loadOlder(index uint64) error {
	n := len(r.spans) - 1
	for r.spans[n].first > index {
		n--
	}
	seg := r.log.segmentNumber(r.base.Segment + uint32(n))
	size, err := seg.file.Size()
	if err != nil {
		return fmt.Errorf("read %s: %w", seg.name, err)
	}
	found, err := scanEntries(seg, size)
	if err != nil {
		return err
	}
	if found.tail.reason != "seal" {
		return seg.corrupt(found.tail.offset, found.tail.reason)
	}
	r.older = olderRefs{r.spans[n].first, found.refs}
	if index-r.older.from >= uint64(len(found.refs)) {
		return seg.corrupt(segmentHeaderSize, fmt.Sprintf("entry %d is missing", index))
	}
	return nil
}

// Read returns an entry, each of its frames verified.
func (r *Replica) Read(index uint64) (Entry, error) {
	ref, err := r.ref(index)
	if err != nil {
		return Entry{}, err
	}
	raw, err := r.raw(&ref)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Term: ref.term, Index: index, Type: ref.kind}
	if data := entryData(raw, ref.tag); len(data) > 0 {
		e.Data = data
	}
	return e, nil
}

// raw reads an entry as it is on disk.
func (r *Replica) raw(ref *entryRef) ([]byte, error) {
	seg := r.next
	if seg == nil || seg.number != ref.segment {
		seg = r.log.segmentNumber(ref.segment)
	}
	raw, err := readRaw(seg, ref)
	if err != nil {
		return nil, err
	}
	err = r.log.key.eachFrame(raw, func(int, frameHeader, []byte) error { return nil })
	if err != nil && !failpoint(bugReadUnverified) {
		return nil, seg.corrupt(int64(ref.offset), "checksum of an entry")
	}
	return raw, nil
}

// Append makes an entry durable, in place of those from its index on. A group takes its place only where everything before it is applied.
func (r *Replica) Append(e Entry) error {
	w := r.w
	if w.poison != nil {
		return w.poison
	}
	if e.Index <= r.Last() {
		if err := r.takeBack(e.Index); err != nil {
			return err
		}
	}
	tag, err := DataTag(e.Type, e.Data)
	switch {
	case err != nil:
		return err
	case e.Index != r.Last()+1:
		return fmt.Errorf("entry %d comes behind entry %d", e.Index, r.Last())
	case tag >= EntryGroup && r.applied.index != e.Index-1 && !failpoint(bugGroupEarly):
		return fmt.Errorf("group %d comes while entry %d is the newest that is applied", e.Index, r.applied.index)
	case r.closed && tag != EntrySegment:
		return fmt.Errorf("entry %d begins no segment, and the one before it is sealed", e.Index)
	}
	own := r.own.held && e.Index == r.own.index && (e.Term == r.own.term || failpoint(bugOwnByIndex))
	if !own && e.Index <= r.own.index {
		r.own.held = false // its place is another's
	}
	if tag == EntrySegment {
		if err := r.beginSegment(own); err != nil {
			return err
		}
	}
	buf := r.own.buf
	if !own {
		buf = append(make([]byte, entryLead, entryLead+len(e.Data)+1), e.Data...)
	}
	if failpoint(bugLocalBytes) && tag == EntryEmpty {
		buf = le.AppendUint64(buf, r.applied.index)
	}
	// Of what is taken back nothing is counted: a group is appended where all is applied.
	first := w.log.committed.Load()
	if tag < EntryGroup && r.tailAt != 0 {
		first += tailEvents(r.tail)
	}
	buf = e.frame(buf, w.log.key, tag, first, uint32(r.end.end))
	if tag >= EntryGroup {
		if err := r.checkGroup(buf); err != nil {
			return err
		}
	}
	err = r.write(&e, tag, buf)
	if own && failpoint(bugAnswerOnAppend) {
		r.Answer(err)
	}
	return err
}

// tailEvents counts the events of an entry.
func tailEvents(raw []byte) (n int64) {
	for at := 0; at+frameHeaderSize <= len(raw); at += int(le.Uint32(raw[at+4:])) {
		n += int64(le.Uint32(raw[at+16:]))
	}
	return n
}

// checkGroup verifies what a leader has sent: whole frames, in their place, of this store.
func (r *Replica) checkGroup(raw []byte) error {
	next := r.log.committed.Load()
	return r.log.key.eachFrame(raw, func(at int, h frameHeader, _ []byte) error {
		switch {
		case at == 0:
		case h.first != next:
			return fmt.Errorf("a frame of a leader's entry begins at position %d instead of %d", h.first, next)
		case h.kind != kindDictionary && int64(h.synced) != r.end.end:
			return fmt.Errorf("a frame of a leader's entry belongs at offset %d and not at %d", h.synced, r.end.end)
		case h.kind == kindSeal || h.kind == kindEntry || !r.seg.mayHold(h.kind):
			return fmt.Errorf("a leader's entry holds a frame of kind %d", h.kind)
		}
		next += int64(h.count)
		return nil
	})
}

// write writes an entry's frames at the end of the log and makes them durable.
func (r *Replica) write(e *Entry, tag EntryTag, buf []byte) error {
	w, seg := r.w, r.seg
	need := r.end.end + int64(len(buf))
	if err := w.reserve(seg, &r.size, need); err != nil {
		return w.ioError(err, false)
	}
	if _, err := seg.file.WriteAt(buf, r.end.end); err != nil {
		return w.ioError(err, true)
	}
	if err := w.sync(seg); err != nil {
		return w.ioError(err, true)
	}
	r.refs = append(r.refs, entryRef{
		term: e.Term, segment: seg.number, offset: uint32(r.end.end), size: uint32(len(buf)), chain: r.end.chain, kind: e.Type, tag: tag,
	})
	for at := 0; at < len(buf); at += int(le.Uint32(buf[at+4:])) {
		r.end.chain = chainCRC(r.end.chain, buf[at:])
	}
	r.end.index, r.end.term, r.end.end = e.Index, e.Term, need
	if tag >= EntryGroup {
		r.tail, r.tailAt = buf, e.Index
	}
	w.become(StateOK, nil)
	return nil
}

// beginSegment makes the segment that a group begins, which comes to the log when that is applied.
func (r *Replica) beginSegment(own bool) error {
	next := r.planned
	if !own || next == nil {
		next = r.plan()
	}
	if err := createSegment(r.log.fs, r.log.dir, r.log.store, next); err != nil {
		return r.w.ioError(err, false)
	}
	if failpoint(bugSealOnAppend) && !r.closed {
		_ = r.w.active().seal(r.applied.end, next.first, r.applied.chain)
	}
	r.next, r.seg, r.planned = next, next, nil
	r.end.end, r.end.chain, r.size = segmentHeaderSize, next.chainStart, segmentHeaderSize
	return nil
}

// plan is the segment that comes next, where all is applied: the same on every node.
func (r *Replica) plan() *segment {
	return &segment{
		number: r.w.active().number + 1, name: segmentName(r.log.dir, r.w.active().number+1), first: r.log.committed.Load(), baseTime: r.log.recordedAt.Load(),
		chainStart: r.applied.chain, key: r.log.key, version: entryVersion,
	}
}

// takeBack removes the entries from an index on, durably. They were not committed.
func (r *Replica) takeBack(index uint64) error {
	ref, err := r.ref(index)
	switch {
	case err != nil:
		return err
	case index <= r.applied.index:
		return fmt.Errorf("entry %d is applied and cannot be taken back", index)
	}
	if r.next != nil && ref.offset == segmentHeaderSize && ref.segment == r.next.number {
		err = r.dropNext()
	} else {
		if !failpoint(bugTakeBackLess) {
			err = r.seg.file.Truncate(int64(ref.offset))
		}
		if err == nil && !failpoint(bugTakeBackUnsynced) {
			err = r.seg.file.SyncData()
		}
		r.end.end, r.end.chain, r.size = int64(ref.offset), ref.chain, int64(ref.offset)
	}
	if err != nil {
		return r.w.ioError(err, true)
	}
	r.refs = r.refs[:index-r.from]
	if r.end.index = index - 1; r.end.index == r.applied.index {
		r.end.term = r.applied.term
	} else {
		r.end.term = r.refs[len(r.refs)-1].term
	}
	if r.tailAt >= index {
		r.tail, r.tailAt = nil, 0
	}
	return nil
}

// dropNext removes the segment that was begun by a group that is taken back.
func (r *Replica) dropNext() error {
	r.next.file.Close()
	if !failpoint(bugKeepNext) {
		if err := r.log.fs.Remove(r.next.name); err != nil {
			return err
		}
	}
	if !failpoint(bugTakeBackUnsynced) {
		if err := r.log.fs.SyncDir(filepath.Dir(r.next.name)); err != nil {
			return err
		}
	}
	r.next, r.seg = nil, r.w.active()
	// A group is appended where all is applied.
	r.end.end, r.end.chain = r.applied.end, r.applied.chain
	var err error
	r.size, err = r.seg.file.Size()
	return err
}

// Close closes the store. What is appended stays.
func (r *Replica) Close() error {
	r.w.closeQueue()
	r.Answer(ErrOutcomeUnknown)
	for q := range r.w.queue {
		r.Refuse(q, ErrClosed)
	}
	r.w.building.Wait()
	r.w.deriving.Wait()
	var err error
	if r.w.poison == nil {
		if !r.closed {
			err = r.seg.file.Truncate(r.end.end)
			if err == nil {
				err = r.seg.file.SyncData()
			}
		}
		if err == nil {
			err = r.w.checkpoint(r.w.active().number, r.applied.end)
		}
	}
	if r.next != nil {
		r.next.file.Close()
	}
	r.closeFiles()
	return errors.Join(err, r.lock.Close())
}
