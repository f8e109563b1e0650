package engine

import (
	"fmt"
	"math/bits"
)

// segmentStreams are the streams of a sealed segment, as its index file has them.
type segmentStreams struct {
	idx   *indexFile
	begun []indexedStream // that began in it
	rank  []uint32        // of each of begun, how many of them began before it
	grown []indexedStream // that began before it
}

// readIndex opens the index file of a sealed segment and reads its streams, all of them, so that
// nothing is entered that is not intact.
func (o *opening) readIndex(seg *segment) (*segmentStreams, error) {
	s, l := o.store, o.store.log
	idx, err := openIndex(s.opts.FS, s.dir, l.store, seg, l.cache, l.hash)
	if err != nil {
		return nil, err
	}
	list := &segmentStreams{idx: idx, begun: make([]indexedStream, 0, idx.h.streams)}
	// Where the last event is will be asked when the streams are entered.
	if seg.count > 0 {
		_, err = idx.offset(uint32(seg.count - 1))
	}
	if err == nil {
		err = idx.eachStream(func(s indexedStream) error {
			if s.firstVersion == 0 {
				list.begun = append(list.begun, s)
			} else {
				list.grown = append(list.grown, s)
			}
			return nil
		})
	}
	if err == nil {
		err = list.order()
	}
	if err != nil {
		idx.file.Close()
		return nil, err
	}
	return list, nil
}

// order fills rank. Two streams cannot begin with the same event, so a bit an event says how many
// began before.
func (list *segmentStreams) order() error {
	begins := make([]uint64, (list.idx.h.count+63)/64)
	for i := range list.begun {
		o := list.begun[i].firstOrdinal
		if int64(o) >= int64(list.idx.h.count) || begins[o/64]&(1<<(o%64)) != 0 {
			return fmt.Errorf("%w: %s has two streams that begin at one place", errNoIndex, list.idx.name)
		}
		begins[o/64] |= 1 << (o % 64)
	}
	before := make([]uint32, len(begins)) // each word
	for i := 1; i < len(begins); i++ {
		before[i] = before[i-1] + uint32(bits.OnesCount64(begins[i-1]))
	}
	list.rank = make([]uint32, len(list.begun))
	for i := range list.begun {
		o := list.begun[i].firstOrdinal
		list.rank[i] = before[o/64] + uint32(bits.OnesCount64(begins[o/64]&(1<<(o%64)-1)))
	}
	return nil
}

// readAhead reads the index file of the next segment while the streams of one are entered: half of
// what opening a long log takes. What it cannot read is read again, where errors are told.
type readAhead struct{ pending chan aheadOf }

type aheadOf struct {
	seg  *segment // with its header and seal
	list *segmentStreams
}

// begin reads segment n, unless it is the last, which has no index.
func (a *readAhead) begin(o *opening, n uint32) {
	if a.pending != nil || n >= o.newest {
		return
	}
	pending := make(chan aheadOf, 1)
	a.pending = pending
	go func() { pending <- o.peek(n) }()
}

// peek reads a segment's header, seal and index on its own; the result is empty if it cannot.
func (o *opening) peek(n uint32) aheadOf {
	seg, err := o.head(n)
	if err != nil {
		return aheadOf{}
	}
	defer seg.file.Close()
	if seg.readSeal() != nil || !seg.sealed {
		return aheadOf{}
	}
	list, err := o.readIndex(seg)
	if err != nil {
		return aheadOf{}
	}
	return aheadOf{seg, list}
}

// take returns what was read ahead of a segment, nil if nothing was.
func (a *readAhead) take(seg *segment) *segmentStreams {
	if a.pending == nil {
		return nil
	}
	read := <-a.pending
	a.pending = nil
	if read.list == nil {
		return nil
	}
	if p := read.seg; p.number != seg.number || p.first != seg.first || p.count != seg.count || p.chain != seg.chain {
		read.list.idx.file.Close()
		return nil
	}
	read.list.idx.seg = seg
	return read.list
}

// drop lets go of what was read and not taken.
func (a *readAhead) drop() {
	if a.pending == nil {
		return
	}
	if read := <-a.pending; read.list != nil {
		read.list.idx.file.Close()
	}
	a.pending = nil
}
