package engine

import (
	"errors"
	"fmt"
	"slices"
)

// Take collects a commit group of the requests that wait, the first of which was taken off [Replica.Queue].
func (r *Replica) Take(first *AppendRequest) {
	w := r.w
	r.pending = r.pending[:0]
	size := 0
	limit := min(maxGroupBytes, int(w.opts.SegmentBytes))
	take := func(q *AppendRequest) {
		if q.state.v.CompareAndSwap(requestWaiting, requestTaken) {
			r.pending = append(r.pending, q)
			size += q.stored
		} else {
			q.failed = true
		}
	}
	take(first)
	for len(r.pending) < maxGroupRequests && size < limit {
		select {
		case q, ok := <-w.queue:
			if !ok {
				return
			}
			take(q)
		default:
			return
		}
	}
}

// Queue has the appends that wait.
func (r *Replica) Queue() <-chan *AppendRequest { return r.w.queue }

// Waiting tells whether a group has no outcome yet.
func (r *Replica) Waiting() bool { return len(r.pending) > 0 }

// Evaluate applies the group that was taken to what is published, all of which is committed, and returns the data of the entry that says so. It is
// nil if there is nothing to append: the answers then rest on what was read, and are told once this node is known to have led meanwhile. members
// go into an entry that begins a segment.
func (r *Replica) Evaluate(members []byte) []byte {
	w, g := r.w, r.w.group
	size := int64(0)
	for _, q := range r.pending {
		size += int64(q.stored)
	}
	tag, at := EntryGroup, uint32(r.applied.end)
	seg, carry, fresh := w.active(), w.carry, w.fresh
	r.planned = nil
	unnoted := r.log.newestKeys.Load() == nil
	if r.closed || !w.fresh && !w.hasRoom(size+entryFrame+groupLead) {
		tag, at = EntrySegment, segmentHeaderSize
		seg, carry, fresh = r.plan(), true, true
		old := w.active()
		w.learn(old, seg, r.applied.end, r.log.committed.Load()-old.first)
		r.planned = seg
	}
	if tag == EntryGroup || failpoint(bugMembersNotWritten) {
		members = nil
	}
	g.reset(seg, at, carry)
	g.fresh = fresh
	// The protocol keeps the data until every node has it: the buffer is the entry's.
	g.lead = entryLead + groupDataSize(members)
	g.buf = make([]byte, entryLead, g.lead+int(size)+frameHeaderSize)
	g.buf = appendGroupLead(g.buf, tag, r.applied.term, members)
	w.evaluate(r.pending)
	buf := g.buf
	lead := g.lead
	g.buf, g.lead = nil, 0
	if len(buf) == lead {
		return nil
	}
	r.own = ownGroup{buf: buf, held: true, unnoted: unnoted}
	return buf[entryLead:]
}

// Proposed says which entry carries the group that was evaluated.
func (r *Replica) Proposed(index, term uint64) { r.own.index, r.own.term = index, term }

// Answer tells the callers of the group what became of it; err nil: what its evaluation says.
func (r *Replica) Answer(err error) {
	if len(r.pending) == 0 {
		return
	}
	r.w.tell(r.pending, err)
	clear(r.pending)
	r.pending, r.own = r.pending[:0], ownGroup{}
}

// Refuse answers a request that was taken off the queue.
func (r *Replica) Refuse(q *AppendRequest, err error) {
	if q.state.v.CompareAndSwap(requestWaiting, requestTaken) {
		r.w.counters.failures.Add(1)
		r.w.answer(q, err)
	} else {
		q.failed = true
	}
}

// Apply publishes the entry behind those that are applied, which is committed, and answers its callers.
func (r *Replica) Apply() error {
	index := r.applied.index + 1
	ref, err := r.ref(index)
	if err != nil {
		return err
	}
	w := r.w
	w.committing.Lock()
	defer w.committing.Unlock()
	own := r.own.held && r.own.index == index && r.own.term == ref.term
	if ref.tag == EntrySegment {
		if err := r.enterSegment(index); err != nil {
			return err
		}
	}
	at := logEnd{index, ref.term, int64(ref.offset) + int64(ref.size), r.end.chain}
	if index < r.end.index {
		at.chain = r.refs[index+1-r.from].chain
	}
	switch {
	case ref.tag < EntryGroup:
	case own:
		w.uncounted += w.group.carried
		w.fresh, w.carry = false, false
		r.noteKeys()
		w.log.publish(w.group)
	default:
		if err := r.publishTail(index, &ref); err != nil {
			return err
		}
	}
	if r.tailAt == index {
		r.tail, r.tailAt = nil, 0
	}
	r.applied = at
	w.end, w.allocated, w.chain = at.end, at.end, at.chain
	if ref.tag >= EntryGroup {
		r.hub.publish(r.log.committed.Load())
	}
	switch {
	case r.own.index != index:
	case r.own.term == ref.term:
		r.Answer(nil)
	case failpoint(bugReplacedIsMade):
		r.Answer(nil)
	default:
		r.Answer(ErrNotAppended)
	}
	return nil
}

// noteKeys notes which keys the events of the own group have, if keys are noted since it was evaluated.
func (r *Replica) noteKeys() {
	l := r.log
	newest := l.newestKeys.Load()
	if newest == nil || !r.own.unnoted || failpoint(bugKeysTooLate) {
		return
	}
	position := l.committed.Load()
	for i := range r.w.group.events {
		e := &r.w.group.events[i]
		newest.noteEvent(l.hash.streamKey(e.stream.id), e.keys, position+int64(i))
	}
}

// enterSegment seals the active segment and has the one behind it come to the log: the group that began it is committed.
func (r *Replica) enterSegment(index uint64) error {
	w := r.w
	old, next := w.active(), r.next
	if next == nil {
		return fmt.Errorf("entry %d begins no segment", index)
	}
	w.building.Wait() // at most one segment beside the active one is indexed in memory
	if !r.closed {
		if err := old.seal(r.applied.end, next.first, r.applied.chain); err != nil {
			return w.ioError(err, true)
		}
	}
	next.indexInMemory(w.log.hash)
	_, members, _ := decodeGroup(r.tail[entryLead:])
	r.spans = append(r.spans, span{index, r.applied.term, slices.Clone(members)})
	// Entries of the segment before are still asked for, those of earlier ones seldom.
	if n := len(r.spans); n > 2 {
		from := r.spans[n-2].first
		if from > r.from {
			r.refs = slices.Clone(r.refs[from-r.from:])
			r.from = from
		}
	}
	if r.closed {
		w.goOnWith(next)
	} else {
		w.goOn(old, next)
	}
	r.next, r.closed = nil, false
	return nil
}

// publishTail publishes the group of an entry that another node has evaluated.
func (r *Replica) publishTail(index uint64, ref *entryRef) error {
	raw := r.tail
	if r.tailAt != index {
		var err error
		if raw, err = r.raw(ref); err != nil {
			return err
		}
	}
	p := publication{r: r, seg: r.w.active(), at: int64(ref.offset), fresh: r.w.fresh}
	if err := r.log.key.eachFrame(raw, p.frame); err != nil {
		if errors.Is(err, errBadEntry) {
			err = p.seg.corrupt(p.at, "checksum of an entry")
		}
		return err
	}
	return p.publish()
}

// publication is a group as it is read from its frames.
type publication struct {
	r       *Replica
	seg     *segment
	at      int64 // offset of the entry
	fresh   bool  // the segment has no append before it, and none of the frames so far is one
	learnt  bool  // a dictionary was among them
	d       decoder
	events  []replayed
	records []*ControlRecord
	changes int64
	carried int64
}

func (p *publication) frame(at int, h frameHeader, frame []byte) error {
	offset := p.at + int64(at)
	l := p.r.log
	switch h.kind {
	case kindDictionary:
		d := newPackingDictionary(slices.Clone(frame[frameHeaderSize : len(frame)-1]))
		if d == nil {
			return p.seg.corrupt(offset, "size of the segment's dictionary")
		}
		p.seg.dict.Store(d)
		p.learnt = true
		return nil
	case kindCarried:
		if err := p.carry(offset, &h, frame); err != nil {
			return err
		}
	case kindControl:
		part, _, ok := decodeControl(frame)
		if !ok {
			return p.seg.corrupt(offset, "control records")
		}
		p.changes = part.changes
		part.each(func(r *ControlRecord) string {
			p.records = append(p.records, r)
			return ""
		})
	}
	if p.fresh && (h.kind == kindAppend || h.kind == kindControl) {
		// What the leader has learnt counts, and not what was learnt here.
		if p.fresh = false; !p.learnt && !failpoint(bugKeepLearnt) {
			p.seg.dict.Store(nil)
		}
	}
	return p.seg.eachEvent(&p.d, h, frame, offset, func(at int64, e *RecordedEvent) error {
		keys := l.hash.appendKeys(nil, e.Stream, e.Type, e.Tags)
		p.events = append(p.events, replayed{
			streamID: e.StreamID, eventID: e.EventID, version: e.Version, recordedAt: e.RecordedAt,
			offset: uint32(at), named: e.Stream != "", keys: keys[1:],
		})
		return nil
	})
}

func (p *publication) carry(offset int64, h *frameHeader, frame []byte) error {
	part, rest, ok := decodeControl(frame)
	if !ok || len(rest) != 0 {
		return p.seg.corrupt(offset, "control records")
	}
	state, bad := part.load()
	if bad != "" {
		return p.seg.corrupt(offset, bad)
	}
	if !state.equal(p.r.log.control) {
		return p.seg.corrupt(offset, "the carried control state is not what the log before made")
	}
	p.carried = int64(h.length)
	return nil
}

// publish makes the group visible, if it is what may come next.
func (p *publication) publish() error {
	r, l := p.r, p.r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, record := range p.records {
		if bad := l.control.enter(record); bad != "" {
			return p.seg.corrupt(p.at, bad)
		}
	}
	if len(p.records) > 0 {
		l.control.changes = p.changes
		l.noticeControl(p.records)
	}
	mem, newest := p.seg.mem.Load(), l.newestKeys.Load()
	position := l.committed.Load()
	for i := range p.events {
		e := &p.events[i]
		before := l.recordedAt.Load()
		if err := l.enter(p.seg, mem, e); err != nil {
			return err
		}
		if failpoint(bugForgetTime) {
			l.recordedAt.Store(before)
		}
		if newest != nil && !failpoint(bugKeysNotNoted) {
			newest.noteEvent(l.hash.streamKey(e.streamID), e.keys, position+int64(i))
		}
	}
	l.committed.Add(int64(len(p.events)))
	r.w.uncounted += p.carried
	r.w.fresh, r.w.carry = false, false
	return nil
}
