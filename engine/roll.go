package engine

import (
	"errors"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// roll seals the active segment and begins the next. The next is made first: a sealed
// segment always has a successor, so that one that is missing is noticed.
func (w *writer) roll() error {
	w.building.Wait() // at most one segment beside the active one is indexed in memory
	old := w.active()
	next := &segment{
		number: old.number + 1, first: w.log.committed.Load(),
		baseTime: w.log.recordedAt.Load(), chainStart: w.chain, key: w.log.key, version: w.version,
	}
	// Until the old segment is sealed nothing more may be appended to it: the new
	// one's header says where it ends.
	w.rolling = true
	if failpoint(bugSealFirst) {
		_ = old.seal(w.end, next.first, w.chain)
	}
	if err := createSegment(w.log.fs, w.log.dir, w.log.store, next); err != nil {
		return w.ioError(err, false)
	}
	if err := old.seal(w.end, next.first, w.chain); err != nil {
		next.file.Close()
		return w.ioError(err, !vfs.IsFull(err) || errors.As(err, new(*indeterminateError)))
	}
	w.rolling = false
	next.indexInMemory(w.log.hash)
	w.learn(old, next, old.end, old.count)
	w.goOn(old, next)
	return nil
}

// goOn makes the segment that comes behind a sealed one the active one, and has that get its index files.
func (w *writer) goOn(old, next *segment) {
	mem, postings := old.mem.Load(), old.postings.Load()
	w.goOnWith(next)
	old.dict.Store(nil) // it will be read if it is asked for, without what it takes to pack
	if w.opts.Synchronous {
		w.buildIndex(old, mem, postings)
		return
	}
	w.building.Add(1)
	go func() {
		defer w.building.Done()
		w.buildIndex(old, mem, postings)
	}()
}

// goOnWith makes a segment the active one.
func (w *writer) goOnWith(next *segment) {
	w.log.mu.Lock()
	w.log.segments = append(w.log.segments[:len(w.log.segments):len(w.log.segments)], next)
	w.log.mu.Unlock()
	w.begin(next)
}

// begin sets the writer to the beginning of a segment that has only its header.
func (w *writer) begin(seg *segment) {
	w.end, w.allocated, w.chain = segmentHeaderSize, segmentHeaderSize, seg.chainStart
	w.uncounted, w.fresh, w.carry = 0, true, seg.carries()
}

// learn gives a segment that is empty the dictionary that the one before it suggests, which ends at an offset with so many
// events. It is written with the first group.
func (w *writer) learn(prev, seg *segment, end, count int64) {
	if w.opts.Unpacked {
		return
	}
	d, err := prev.learn(end, count)
	if err != nil {
		w.opts.Logger.Error("no dictionary; the segment's events are not packed", "segment", seg.name, "error", err)
	}
	seg.dict.Store(d)
}

// buildIndex writes the index files of a sealed segment and lets go of the indexes in
// memory. If it cannot, they stay in memory until the next start.
func (w *writer) buildIndex(seg *segment, mem *memIndex, postings *memPostings) {
	l := w.log
	err := l.buildIndex(seg, mem)
	if err == nil {
		err = w.checkpoint(seg.number+1, segmentHeaderSize)
	}
	if err == nil {
		err = l.buildKeys(seg, postings)
	}
	if err == nil {
		if err := l.filterIDs(w.stopping, false); err != nil && !errors.Is(err, errClosing) {
			w.opts.Logger.Error("the filter of event ids was not written; the segment is asked for each", "segment", seg.name, "error", err)
		}
	}
	if err != nil {
		w.opts.Logger.Error("index not written; the segment stays indexed in memory", "segment", seg.name, "error", err)
	}
}

// buildIndex writes and opens a sealed segment's index file.
func (l *EventLog) buildIndex(seg *segment, mem *memIndex) error {
	stream := func(i uint32) (uuid.UUID, bool) {
		l.mu.RLock()
		defer l.mu.RUnlock()
		e := l.streams.at(i)
		return e.id, e.named()
	}
	l.mu.RLock()
	known := l.streams.n
	l.mu.RUnlock()
	if err := buildIndex(l.fs, l.dir, l.store, seg, mem, known, stream); err != nil {
		return err
	}
	idx, err := openIndex(l.fs, l.dir, l.store, seg, l.cache, l.hash)
	if err != nil {
		return err
	}
	seg.idx.Store(idx)
	seg.mem.Store(nil)
	return nil
}
