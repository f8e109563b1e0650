package engine

import (
	"errors"
	"fmt"
)

// indexInMemory begins the indexes in memory of a segment that is empty, or is about to be replayed.
func (s *segment) indexInMemory(hash idHash) *memIndex {
	mem := newMemIndex(s.number, s.first, hash)
	s.mem.Store(mem)
	s.postings.Store(new(memPostings))
	return mem
}

// buildKeys writes and opens a sealed segment's key file of what memory has, and lets go of that.
func (l *EventLog) buildKeys(seg *segment, p *memPostings) error {
	if p.full {
		seg.postings.Store(nil)
		return fmt.Errorf("%s has too many different tags for an index", seg.name)
	}
	if err := buildKeys(l.fs, l.dir, l.store, seg, p); err != nil {
		return err
	}
	f, err := openKeys(l.fs, l.dir, l.store, seg, l.cache)
	if err != nil {
		return err
	}
	seg.keys.Store(f)
	seg.postings.Store(nil)
	return nil
}

// dropKeys forgets a segment's key file, which is damaged, and has it built anew. Its file stays open: others may be reading it.
func (l *EventLog) dropKeys(seg *segment, f *keyFile, cause error) {
	if !seg.keys.CompareAndSwap(f, nil) {
		return // somebody else has
	}
	l.mu.Lock()
	l.dropped = append(l.dropped, f.file)
	l.mu.Unlock()
	l.derive(cause)
}

// derive builds, in the background, what is missing of the derived files that appends and reads can do
// without. It goes on until nothing was asked for since it began.
func (w *writer) derive(cause error) {
	if cause != nil {
		w.opts.Logger.Warn("building an index anew", "reason", cause)
	}
	w.sendMu.RLock()
	defer w.sendMu.RUnlock()
	if w.closed || w.wanted.Add(1) > 1 {
		return
	}
	if w.opts.Synchronous {
		w.deriveWanted()
		return
	}
	w.deriving.Add(1)
	go func() {
		defer w.deriving.Done()
		w.deriveWanted()
	}()
}

func (w *writer) deriveWanted() {
	for {
		n := w.wanted.Load()
		if err := w.deriveMissing(); err != nil && !errors.Is(err, errClosing) {
			w.opts.Logger.Error("an index was not built; what it is for takes longer", "error", err)
		}
		if w.wanted.Add(-n) == 0 {
			return
		}
	}
}

var errClosing = errors.New("the store is being closed")

// deriveMissing gives sealed segments their key files, and the filters of ids.
func (w *writer) deriveMissing() error {
	l := w.log
	l.mu.RLock()
	segments := l.segments[:len(l.segments)-1]
	l.mu.RUnlock()
	p := progress{logger: w.opts.Logger, what: "indexing categories, types and tags", unit: "segments", total: int64(len(segments))}
	failed := l.filterIDs(w.stopping, false)
	if errors.Is(failed, errClosing) {
		return failed
	}
	for i, seg := range segments {
		p.at(int64(i))
		if f, mem := seg.postingsNow(); f != nil || mem != nil {
			continue // what is in memory is being written
		}
		mem, err := l.scanKeys(seg, w.stopping)
		if err == nil {
			err = l.buildKeys(seg, mem)
		}
		if errors.Is(err, errClosing) {
			return err
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// scanKeys reads which keys the events of a sealed segment have.
func (l *EventLog) scanKeys(seg *segment, stop <-chan struct{}) (*memPostings, error) {
	p := new(memPostings)
	s := newFrameScanner(seg, seg.end+sealSize)
	var d decoder
	var keys []Key
	ordinal := uint32(0)
	for {
		select {
		case <-stop:
			return nil, errClosing
		default:
		}
		offset := s.offset
		h, frame, bad, err := s.scan()
		switch {
		case err != nil:
			return nil, err
		case bad != "":
			return nil, seg.corrupt(offset, bad)
		case h.kind == kindSeal:
			return p, nil
		}
		err = seg.eachEvent(&d, h, frame, offset, func(_ int64, e *RecordedEvent) error {
			keys = l.hash.appendKeys(keys[:0], e.Stream, e.Type, e.Tags)
			p.addEvent(keys[1:], ordinal)
			ordinal++
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
}
