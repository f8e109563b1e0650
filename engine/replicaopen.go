package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/eventgres/eventgres/engine/vfs"
)

// foundEntries are the whole entries of a segment.
type foundEntries struct {
	refs    []entryRef
	end     logEnd // behind the last of them
	scanner *frameScanner
	tail    tail // what comes behind the last intact frame
}

// scanEntries reads which entries a segment has, each frame verified.
func scanEntries(seg *segment, size int64) (*foundEntries, error) {
	f := &foundEntries{scanner: newFrameScanner(seg, size)}
	s := f.scanner
	f.end = logEnd{end: segmentHeaderSize, chain: seg.chainStart}
	var open entryHead
	left := int64(0) // bytes of the open entry that are still to come
	for {
		offset, chain := s.offset, s.chain
		h, frame, bad, err := s.scan()
		switch {
		case err != nil:
			return nil, err
		case bad != "":
			if left > 0 && failpoint(bugAcceptTornEntry) {
				f.refs, f.end = append(f.refs, open.entryRef), logEnd{open.index, open.term, offset, chain}
			}
			f.tail = tail{offset, bad}
			return f, nil
		case h.kind == kindSeal:
			if left != 0 {
				return nil, seg.corrupt(offset, "the segment is sealed within an entry")
			}
			f.tail = tail{offset, "seal"}
			return f, nil
		case (h.kind == kindEntry) != (left == 0):
			return nil, seg.corrupt(offset, fmt.Sprintf("a frame of kind %d where %d bytes of an entry are to come", h.kind, left))
		case h.kind == kindEntry:
			var ok bool
			if open, ok = decodeEntry(frame); !ok {
				return nil, seg.corrupt(offset, "an entry that cannot be read")
			}
			open.segment, open.offset, open.chain = seg.number, uint32(offset), chain
			left = int64(open.size)
		}
		if left -= int64(h.length); left < 0 {
			return nil, seg.corrupt(offset, "a frame that goes beyond its entry")
		}
		if left == 0 {
			if n := len(f.refs); n > 0 && open.index != f.end.index+1 {
				return nil, seg.corrupt(int64(open.offset), fmt.Sprintf("entry %d behind entry %d", open.index, f.end.index))
			}
			f.refs = append(f.refs, open.entryRef)
			f.end = logEnd{open.index, open.term, s.offset, s.chain}
		}
	}
}

// replicated surveys a replicated log before it is opened: which of its entries are known to be committed. A directory of a member is
// opened as such only, and no other as if it were one's.
func (s *Store) replicated(id identity) error {
	r := s.opts.replica
	if r == nil {
		return refuseMember(s.opts.FS, s.dir, s.opts.begins)
	}
	numbers, err := listSegments(s.opts.FS, s.dir)
	if err != nil {
		return err
	}
	if len(numbers) < int(r.base.Segment) {
		return &CorruptionError{File: segmentName(s.dir, r.base.Segment), Reason: "the segment is missing: the cluster's log begins in it"}
	}
	u := survey{r: r, fs: s.opts.FS, dir: s.dir, id: id}
	if u.durableSegment, u.durable, err = readCheckpoint(u.fs, u.dir); err != nil {
		return err
	}
	defer u.close()
	return u.run(uint32(len(numbers)))
}

// refuseMember returns ErrMember for a directory of a member.
func refuseMember(fsys vfs.FS, dir string, begins bool) error {
	b, err := ReadBallot(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) && !begins {
		_, err = fsys.Stat(filepath.Join(dir, RaftFile+OldRaft)) // it was to go on alone, and does not yet
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && b.Name != "" && b.Base.Segment == 0: // it is none yet
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%s: %w", dir, ErrMember)
}

// survey reads the entries of a replicated log.
type survey struct {
	r    *Replica
	fs   vfs.FS
	dir  string
	id   identity
	open []*segment

	durableSegment uint32
	durable        int64
}

func (u *survey) close() {
	for _, seg := range u.open {
		if seg != u.r.next {
			seg.file.Close()
		}
	}
}

func (u *survey) segment(number uint32) (*segment, error) {
	seg := &segment{number: number, name: segmentName(u.dir, number), key: u.id.key()}
	var err error
	if seg.file, err = u.fs.OpenReadWrite(seg.name); err != nil {
		return nil, err
	}
	u.open = append(u.open, seg)
	if err := seg.readHeader(u.id.UUID); err != nil {
		return nil, err
	}
	return seg, seg.readSeal()
}

// run finds where the log ends, which entries are surely applied, and cuts a torn tail.
func (u *survey) run(last uint32) error {
	r := u.r
	if err := u.readSpans(last); err != nil {
		return err
	}
	newest, err := u.segment(last)
	if err != nil {
		return err
	}
	found, err := u.entries(newest)
	if err != nil {
		return err
	}
	if last == r.base.Segment {
		return u.accept(newest, found, nil)
	}
	before, err := u.segment(last - 1)
	if err != nil {
		return err
	}
	switch {
	case before.sealed && len(found.refs) > 0:
		return u.accept(newest, found, nil)
	case before.sealed && !r.base.copied(before.number):
		return newest.corrupt(segmentHeaderSize, "the entry that begins the segment is missing: the one before is sealed, so it was applied")
	}
	// It was begun by a group that is not applied: the segment before it would be sealed.
	earlier, err := u.entries(before)
	if err != nil {
		return err
	}
	if len(found.refs) == 0 { // it was made, and the group did not come into it
		if err := u.cut(newest, found, false); err != nil {
			return err
		}
		if err := u.fs.Remove(newest.name); err != nil {
			return err
		}
		if err := u.fs.SyncDir(filepath.Dir(newest.name)); err != nil {
			return err
		}
		r.spans = r.spans[:len(r.spans)-1]
		return u.accept(before, earlier, nil)
	}
	if newest.first != earlier.scanner.next || newest.chainStart != earlier.end.chain {
		return newest.corrupt(24, "the segment does not continue "+before.name)
	}
	r.next = newest
	r.spans = r.spans[:len(r.spans)-1] // until that is applied
	return u.accept(before, earlier, found)
}

// readSpans reads with which entry each segment begins.
func (u *survey) readSpans(last uint32) error {
	r := u.r
	r.spans = []span{{first: r.base.Index + 1, previous: r.base.Term}}
	for n := r.base.Segment + 1; n <= last; n++ {
		seg, err := u.segment(n)
		if err != nil {
			return err
		}
		s := newFrameScanner(seg, min(segmentHeaderSize+entryFrame+groupLead+maxEntryMembers+1, 1<<20))
		s.ahead = tailReadSize
		size, err := seg.file.Size()
		if err != nil {
			return err
		}
		s.limit = min(s.limit, size)
		h, frame, bad, err := s.scan()
		if err != nil {
			return err
		}
		if n == last && bad != "" {
			r.spans = append(r.spans, span{}) // torn, or empty; run will see
			break
		}
		if bad != "" || h.kind != kindEntry {
			return seg.corrupt(segmentHeaderSize, "the segment does not begin with an entry; "+bad)
		}
		e, ok := decodeEntry(frame)
		if !ok || e.tag != EntrySegment {
			return seg.corrupt(segmentHeaderSize, "the segment begins with an entry that begins none")
		}
		r.spans = append(r.spans, span{e.index, e.previous, append([]byte(nil), e.members...)})
		seg.file.Close()
		u.open = u.open[:len(u.open)-1]
	}
	return nil
}

// entries reads the entries of one of the last segments.
func (u *survey) entries(seg *segment) (*foundEntries, error) {
	size, err := seg.file.Size()
	if err != nil {
		return nil, err
	}
	found, err := scanEntries(seg, size)
	if err != nil {
		return nil, err
	}
	s := u.r.spans[seg.number-u.r.base.Segment]
	switch n := uint64(len(found.refs)); {
	case n == 0:
		found.end.index, found.end.term = s.first-1, s.previous
	case found.end.index-n+1 != s.first:
		return nil, seg.corrupt(segmentHeaderSize, fmt.Sprintf("entry %d where %d is next", found.end.index-n+1, s.first))
	}
	return found, nil
}

// accept takes over what was found: the entries of the active segment, and those of one that is begun behind it.
func (u *survey) accept(active *segment, found, next *foundEntries) error {
	r := u.r
	r.from = r.spans[active.number-r.base.Segment].first
	r.refs, r.end = found.refs, found.end
	r.seg = active
	switch {
	case next != nil:
		r.applied = found.end
		r.refs, r.end = append(r.refs, next.refs...), next.end
		if err := u.cut(active, found, true); err != nil {
			return err
		}
		if err := u.cut(r.next, next, false); err != nil {
			return err
		}
		r.seg = active // the last that is opened
		group := &next.refs[0]
		raw, err := readRaw(r.next, group)
		if err != nil {
			return err
		}
		r.tail, r.tailAt = raw, r.applied.index+1
		return nil
	case found.tail.reason == "seal" && active.sealed && found.tail.offset == active.end && !r.base.copied(active.number):
		return &CorruptionError{File: segmentName(u.dir, active.number+1), Reason: "the segment is missing: the one before it is sealed"}
	case found.tail.reason == "seal" && active.sealed && found.tail.offset == active.end:
		r.closed, r.applied = true, found.end
		return nil
	}
	// Before the newest group all is applied. It is too, if it begins the segment, since the one before is sealed.
	r.applied = logEnd{r.from - 1, r.spans[active.number-r.base.Segment].previous, segmentHeaderSize, active.chainStart}
	for i := len(r.refs) - 1; i >= 0; i-- {
		ref := &r.refs[i]
		if ref.tag < EntryGroup {
			continue
		}
		r.applied.index, r.applied.end, r.applied.chain = r.from+uint64(i)-1, int64(ref.offset), ref.chain
		if i > 0 {
			r.applied.term = r.refs[i-1].term
		}
		if ref.tag == EntrySegment {
			r.applied = u.behind(i)
			break
		}
		if failpoint(bugNewestCommitted) {
			r.applied = u.behind(i)
			break
		}
		raw, err := readRaw(active, ref)
		if err != nil {
			return err
		}
		r.tail, r.tailAt = raw, r.from+uint64(i)
		break
	}
	if i := committedMembers(r.refs); i >= 0 && r.from+uint64(i) > r.applied.index && !failpoint(bugForgetMembers) {
		r.applied = u.behind(i)
		if r.tailAt <= r.applied.index {
			r.tail, r.tailAt = nil, 0
		}
	}
	return u.cut(active, found, false)
}

// committedMembers returns which of the entries is the change of the members before the newest, -1 if there are no two. A leader proposes one when the one
// before is applied, and says so with it; a node that forgot would ask the members of long ago for votes, and two leaders could each have most of theirs.
func committedMembers(refs []entryRef) int {
	newest := true
	for i := len(refs) - 1; i >= 0; i-- {
		switch {
		case refs[i].tag != EntryMembers:
		case newest:
			newest = false
		default:
			return i
		}
	}
	return -1
}

// behind is the place behind an entry of the active segment.
func (u *survey) behind(i int) logEnd {
	r := u.r
	at := logEnd{r.from + uint64(i), r.refs[i].term, int64(r.refs[i].offset) + int64(r.refs[i].size), r.end.chain}
	if i+1 < len(r.refs) {
		at.chain = r.refs[i+1].chain
	}
	return at
}

// readRaw reads the bytes of an entry, as they are.
func readRaw(seg *segment, ref *entryRef) ([]byte, error) {
	raw := make([]byte, ref.size)
	if _, err := seg.file.ReadAt(raw, int64(ref.offset)); err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, seg.corrupt(int64(ref.offset), "the file ends within an entry")
	} else if err != nil {
		return nil, fmt.Errorf("read %s at offset %d: %w", seg.name, ref.offset, err)
	}
	return raw, nil
}

// cut removes what lies behind the whole entries of one of the last segments, if it is what a crash leaves, and makes those durable: they may
// have been read off memory that no sync has reached.
func (u *survey) cut(seg *segment, found *foundEntries, followed bool) error {
	durable := int64(0)
	switch {
	case u.durableSegment == seg.number:
		durable = u.durable
	case u.durableSegment > seg.number && !followed:
		return seg.corrupt(found.tail.offset, found.tail.reason+"; the log was durable beyond this segment")
	}
	t := found.tail
	if t.reason == "seal" {
		t.reason = "end" // not at the end of the file, so it is none
	}
	if found.end.end < durable {
		return seg.corrupt(t.offset, t.reason+"; the log was durable up to offset "+fmt.Sprint(durable))
	}
	if err := checkTail(seg, found.scanner, t, 0); err != nil {
		return err
	}
	if err := seg.file.Truncate(found.end.end); err != nil {
		return err
	}
	from := int64(segmentHeaderSize)
	if n := len(found.refs); n > 0 {
		from = int64(found.refs[n-1].offset)
	}
	if err := seg.rewrite(from, found.end.end); err != nil {
		return err
	}
	return seg.file.SyncData()
}

// reached checks that the replay of the active segment has come to where the applied entries end.
func (r *Replica) reached(seg *segment, s *frameScanner, t tail) error {
	if t.reason != "end" || t.offset != r.applied.end || s.chain != r.applied.chain {
		return seg.corrupt(t.offset, t.reason+"; an entry ends at offset "+fmt.Sprint(r.applied.end))
	}
	return nil
}

// BeginReplica has the log of a directory that a single node had go on in a segment of its own, with which the entries of a cluster begin, and returns its
// number. The store is not open.
func BeginReplica(dir string, o Options) (segment uint32, err error) {
	o.begins = true
	s, err := Open(dir, o)
	if err != nil {
		return 0, err
	}
	s.w.committing.Lock()
	w := s.w
	switch w.version = entryVersion; {
	case !w.fresh:
		err = w.roll()
	case w.active().version < entryVersion:
		err = w.renew()
	}
	segment = w.active().number
	s.w.committing.Unlock()
	return segment, errors.Join(err, s.Close())
}
