package engine

import (
	"context"
	"errors"
	"math"
	"slices"
)

// Query is what events are found by: those that meet one of its items.
type Query []QueryItem

// QueryItem is met by an event that has, of each of these lists, one of the keys. They are of categories, types
// and tags; streams have an index of their own. An item without lists is met by all.
type QueryItem [][]Key

// Find returns the events, in the order of positions, that may meet the query, and perhaps some that do not:
// those of a text with the same key, and where a segment's key file is not built yet all of them. The caller compares
// what the records say. The options' limit is of events before that.
// known is what [ReadIndex.Estimate] has looked up; it may be nil.
func (r *ReadIndex) Find(q Query, o ReadOptions, known *Lookups) *Cursor {
	c := r.log.readAll(o)
	c.find = &finder{log: r.log, query: q, known: known, backward: o.Backward}
	return c
}

// ReadPositions returns the events at some positions, which ascend. Those that lie close together are read at once.
func (r *ReadIndex) ReadPositions(positions []int64) *Cursor {
	if len(positions) == 0 {
		return &Cursor{log: r.log}
	}
	o := Forward(positions[0])
	o.To = positions[len(positions)-1]
	c := r.log.readAll(o)
	c.find = &finder{log: r.log, positions: positions}
	return c
}

// listed seeks among the ordinals of positions.
type listed struct {
	first     int64    // position of ordinal 0
	positions *[]int64 // that are still to be found
}

func (l listed) seek(ordinal uint32) (uint32, bool, error) {
	at, _ := slices.BinarySearch(*l.positions, l.first+int64(ordinal))
	if *l.positions = (*l.positions)[at:]; len(*l.positions) == 0 {
		return 0, false, nil
	}
	next := (*l.positions)[0] - l.first
	return uint32(min(next, math.MaxUint32)), true, nil
}

// Estimate tells how many events of the positions from one up to another, which is left out, [ReadIndex.Find] would
// return, at most: of what is AND-ed the rarest counts, and the events of a segment that is partly
// within are taken to be spread evenly. known, which may be nil, remembers what it looks up.
func (r *ReadIndex) Estimate(ctx context.Context, q Query, from, before int64, known *Lookups) (int64, error) {
	l := r.log
	l.mu.RLock()
	segments := l.segments
	committed := l.committed.Load()
	l.mu.RUnlock()
	before = min(before, committed)
	total := int64(0)
	for i, seg := range segments {
		end := committed
		if i+1 < len(segments) {
			end = segments[i+1].first
		}
		lo, hi := max(from, seg.first), min(before, end)
		if lo >= hi {
			continue
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := l.estimateIn(seg, q, end-seg.first, known)
		if err != nil {
			return 0, err
		}
		if all := end - seg.first; n > 0 && hi-lo < all {
			n = max(1, int64(float64(n)*float64(hi-lo)/float64(all)))
		}
		total += n
	}
	return total, nil
}

func (l *EventLog) estimateIn(seg *segment, q Query, all int64, known *Lookups) (int64, error) {
	total := int64(0)
	for _, item := range q {
		least := all
		for _, keys := range item {
			sum := int64(0)
			for _, key := range keys {
				n, certain, err := l.countIn(seg, key, known)
				if err != nil {
					return 0, err
				}
				if !certain {
					n = all
				}
				sum += n
			}
			least = min(least, sum)
		}
		total += least
	}
	return min(total, all), nil
}

// countIn tells how many events of a segment have a key, if that is certain.
func (l *EventLog) countIn(seg *segment, key Key, known *Lookups) (n int64, certain bool, err error) {
	f, p := seg.postingsNow()
	switch {
	case f != nil:
		var e keyEntry
		ok, err := known.find(f, key, &e)
		switch {
		case errors.As(err, new(*CorruptionError)):
			l.dropKeys(seg, f, err)
			return 0, false, nil
		case err != nil || !ok:
			return 0, true, err
		}
		return int64(e.n), true, nil
	case p != nil:
		l.mu.RLock()
		defer l.mu.RUnlock()
		if k := p.find(key); k != nil {
			n = int64(k.n)
		}
		return n, !p.full, nil
	}
	return 0, false, nil
}

// postingsNow returns what tells which of the segment's events have a key: one of the two, or neither.
func (s *segment) postingsNow() (*keyFile, *memPostings) {
	if f := s.keys.Load(); f != nil {
		return f, nil
	}
	if p := s.postings.Load(); p != nil {
		return nil, p
	}
	return s.keys.Load(), nil // it may just have been built
}

// seekerOf returns a seeker of a segment's events that may meet the query.
func (l *EventLog) seekerOf(seg *segment, q Query, backward bool, known *Lookups) (seeker, error) {
	f, p := seg.postingsNow()
	if failpoint(bugStaleRoll) && l.sealedLast(seg) {
		return nothing{}, nil
	}
	if f == nil && p == nil {
		return allOrdinals{}, nil
	}
	any := &anyOf{backward: backward}
	for _, item := range q {
		all := &allOf{}
		for _, keys := range item {
			s, err := l.listsOf(f, p, keys, backward, known)
			if err != nil {
				if errors.As(err, new(*CorruptionError)) {
					l.dropKeys(seg, f, err)
					return allOrdinals{}, nil
				}
				return nil, err
			}
			if s == nil {
				all = nil
				break
			}
			all.list = append(all.list, s)
		}
		switch {
		case all == nil:
		case len(all.list) == 0:
			return allOrdinals{}, nil
		case len(all.list) == 1:
			any.list = append(any.list, all.list[0])
		default:
			any.list = append(any.list, all)
		}
	}
	switch len(any.list) {
	case 0:
		return nothing{}, nil
	case 1:
		return any.list[0], nil
	}
	return any, nil
}

// sealedLast tells whether a segment is the one before the active.
func (l *EventLog) sealedLast(seg *segment) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	n := len(l.segments)
	return n > 1 && l.segments[n-2] == seg
}

// listsOf returns a seeker of the events that have one of the keys, nil if there is none.
func (l *EventLog) listsOf(f *keyFile, p *memPostings, keys []Key, backward bool, known *Lookups) (seeker, error) {
	any := &anyOf{backward: backward}
	for _, key := range keys {
		if f != nil {
			list := &fileList{f: f, backward: backward}
			ok, err := known.find(f, key, &list.e)
			if err != nil {
				return nil, err
			}
			if ok {
				any.list = append(any.list, list)
			}
			continue
		}
		l.mu.RLock()
		k, full := p.find(key), p.full
		if k != nil {
			any.list = append(any.list, &memList{p: p, k: *k, backward: backward})
		}
		l.mu.RUnlock()
		if full {
			return allOrdinals{}, nil
		}
	}
	switch len(any.list) {
	case 0:
		return nil, nil
	case 1:
		return any.list[0], nil
	}
	return any, nil
}

// finder finds the events of a query, segment by segment.
type finder struct {
	log      *EventLog
	query    Query
	known    *Lookups
	backward bool
	// positions are those that are still to be found, in place of a query.
	positions []int64

	seg      *segment // nil: the next is to be opened
	src      seeker
	at, last uint32 // ordinals of it that are still to be looked at
}

// fillFound makes a page of up to n events that are found in next..last.
func (c *Cursor) fillFound(ctx context.Context, n int) bool {
	f := c.find
	c.page, c.at = c.page[:0], 0
	for len(c.page) < n {
		if f.seg == nil {
			if c.err = ctx.Err(); c.err != nil {
				return false
			}
			if !c.backward && c.next > c.last || c.backward && c.next < c.last {
				break
			}
			if c.err = f.open(c.next, c.last); c.err != nil {
				return false
			}
		}
		o, ok, err := f.seek()
		if err != nil {
			c.err = err
			return false
		}
		if !ok {
			if c.next = f.seg.first + int64(f.last) + 1; c.backward {
				c.next = f.seg.first + int64(f.last) - 1
			}
			f.seg = nil
			continue
		}
		offset, err := f.seg.offset(o)
		if err != nil {
			c.err = err
			return false
		}
		c.page = append(c.page, place{seg: f.seg, ordinal: o, offset: offset})
		f.pass(o)
	}
	return len(c.page) > 0
}

// open goes to the segment of a position.
func (f *finder) open(next, last int64) error {
	seg, count := f.log.segmentAt(next)
	f.at = uint32(next - seg.first)
	if f.backward {
		f.last = uint32(max(last-seg.first, 0))
	} else {
		f.last = uint32(min(last-seg.first, count-1))
	}
	f.seg = seg
	if f.positions != nil {
		f.src = listed{seg.first, &f.positions}
		return nil
	}
	var err error
	f.src, err = f.log.seekerOf(seg, f.query, f.backward, f.known)
	return err
}

// seek returns the next event of the segment that may meet the query.
func (f *finder) seek() (uint32, bool, error) {
	if f.at > f.last != f.backward && f.at != f.last {
		return 0, false, nil
	}
	o, ok, err := f.src.seek(f.at)
	if errors.As(err, new(*CorruptionError)) {
		// From here on each event is looked at: it costs time, and no answer.
		if file, _ := f.seg.postingsNow(); file != nil {
			f.log.dropKeys(f.seg, file, err)
		}
		f.src = allOrdinals{}
		return f.at, true, nil
	}
	if err != nil || !ok || o > f.last != f.backward && o != f.last {
		return 0, false, err
	}
	return o, true, nil
}

// pass goes on behind an ordinal.
func (f *finder) pass(o uint32) {
	switch {
	case !f.backward:
		f.at = o + 1
	case o > f.last:
		f.at = o - 1
	default: // it was the segment's last in this direction: perhaps ordinal 0
		f.at, f.src = f.last, nothing{}
	}
}
