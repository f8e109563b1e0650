package engine

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// EventLog is the log as readers and the writer share it: the segments, what of
// them is committed, and where each stream's events are.
//
// The writer alone changes it. It publishes a commit group under mu, after the group
// is durable; readers look up under mu and read files without it.
type EventLog struct {
	fs    vfs.FS
	dir   string
	store uuid.UUID
	hash  idHash
	key   frameKey
	cache *blockCache

	mu       sync.RWMutex
	segments []*segment // in order; the last is written to
	streams  *streamTable
	control  *controlState
	watches  []*Watch
	dropped  []io.Closer // files that are no longer used, and may still be read

	filters idFilters
	derive  func(cause error) // has missing index files built, because of damage or of nothing in particular

	newestKeys atomic.Pointer[newestKeys] // nil until an append has a premise

	committed  atomic.Int64 // events; the position the next one gets
	recordedAt atomic.Int64 // of the newest event, µs
}

// place is where an event's record lies.
type place struct {
	seg     *segment
	ordinal uint32
	offset  uint32
}

func (p place) position() int64 { return p.seg.first + int64(p.ordinal) }

// segmentAt returns the segment that holds a committed position, and how many of its
// events are committed.
func (l *EventLog) segmentAt(position int64) (seg *segment, count int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].first > position }) - 1
	end := l.committed.Load()
	if i+1 < len(l.segments) {
		end = min(end, l.segments[i+1].first)
	}
	return l.segments[i], end - l.segments[i].first
}

// newest returns the segment that is written to.
func (l *EventLog) newest() *segment {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.segments[len(l.segments)-1]
}

func (l *EventLog) segmentNumber(number uint32) *segment {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.segments[number-1]
}

// offset returns where a committed event's record begins.
func (s *segment) offset(ordinal uint32) (uint32, error) {
	if mem := s.mem.Load(); mem != nil {
		return mem.at(ordinal).offset, nil
	}
	return s.idx.Load().offset(ordinal)
}

// stream returns a copy of a stream's entry.
func (l *EventLog) stream(id uuid.UUID) (streamEntry, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	i, ok := l.streams.find(id)
	if !ok {
		return streamEntry{}, false
	}
	return *l.streams.at(i), true
}

// endsBelow tells whether all events of a stream are surely below a position. mu is held.
func (l *EventLog) endsBelow(e *streamEntry, before int64) bool {
	number := int(e.lastSegment())
	if number < len(l.segments) {
		return l.segments[number].first <= before // where the next one begins
	}
	return l.segments[number-1].first+int64(e.ordinal) < before
}

// versionBelow returns the version of a stream's newest event below a position, -1 if there is none.
func (l *EventLog) versionBelow(entry streamEntry, before int64) (int64, error) {
	var places []place
	var err error
	n := sort.Search(int(entry.count), func(version int) bool {
		if err == nil {
			places, err = l.locate(places[:0], entry, uint32(version), uint32(version))
		}
		return err != nil || places[0].position() >= before
	})
	return int64(n) - 1, err
}

// locate appends to places those of the versions from..to (inclusive, to at most the
// entry's current version) of a stream, in ascending order.
func (l *EventLog) locate(places []place, entry streamEntry, from, to uint32) ([]place, error) {
	start := len(places)
	number, ordinal := entry.lastSegment(), entry.ordinal
	version := to // the next one wanted; places are found from the newest back
	for number != 0 {
		seg := l.segmentNumber(number)
		var err error
		var done bool
		above := number
		if mem := seg.mem.Load(); mem != nil {
			// The segment before may be in memory too, while its index file is built:
			// a root knows the ordinal to go on from.
			places, number, ordinal, version, done = locateInMemory(places, seg, mem, ordinal, from, version)
		} else {
			places, number, version, done, err = l.locateInIndex(places, seg, entry.id, from, version)
			if err == nil && !done && number != 0 && number < above {
				if mem := l.segmentNumber(number).mem.Load(); mem != nil {
					ordinal = l.newestIn(mem, entry.id)
				}
			}
		}
		if err != nil || done {
			reversePlaces(places[start:])
			return places, err
		}
		if number >= above { // it would be followed round and round
			return places, &CorruptionError{
				File: indexName(l.dir, above), Reason: fmt.Sprintf("of stream %s the index goes on in segment %d, which is not before it; delete the file to have it rebuilt", entry.id, number),
			}
		}
	}
	return places, fmt.Errorf("stream %s: version %d is not in the index", entry.id, version)
}

func locateInMemory(places []place, seg *segment, mem *memIndex, newest, from, version uint32) (_ []place, number, ordinal, next uint32, done bool) {
	at, ok := mem.find(newest, version)
	if !ok {
		root := mem.at(at)
		return places, root.previousSegment(), root.jump, version, false
	}
	for {
		e := mem.at(at)
		places = append(places, place{seg: seg, ordinal: at, offset: e.offset})
		if e.version == from {
			return places, 0, 0, from, true
		}
		if e.prev&memRoot != 0 {
			return places, e.previousSegment(), e.jump, e.version - 1, false
		}
		at = e.prev
	}
}

func (l *EventLog) locateInIndex(places []place, seg *segment, id uuid.UUID, from, version uint32) ([]place, uint32, uint32, bool, error) {
	idx := seg.idx.Load()
	s, ok, err := idx.stream(id)
	if err != nil {
		return places, 0, 0, false, err
	}
	if !ok || s.firstVersion+s.count <= version && s.firstVersion <= version {
		return places, 0, 0, false, &CorruptionError{
			File: idx.name, Reason: fmt.Sprintf("stream %s has no version %d in the index; delete the file to have it rebuilt", id, version),
		}
	}
	if version < s.firstVersion {
		return places, s.previous, version, false, nil
	}
	first := max(from, s.firstVersion)
	places, err = idx.appendList(places, s.list+first-s.firstVersion, s.list+version-s.firstVersion)
	if err != nil || first == from {
		return places, 0, from, true, err
	}
	return places, s.previous, first - 1, false, nil
}

func reversePlaces(p []place) {
	for i, j := 0, len(p)-1; i < j; i, j = i+1, j-1 {
		p[i], p[j] = p[j], p[i]
	}
}

// recordGuess is read for a record whose size is not known: most fit.
const recordGuess = 512

// readAvailable reads into b what the file has at offset; a short read at its end is
// no error.
func (s *segment) readAvailable(b []byte, offset int64) ([]byte, error) {
	n, err := s.file.ReadAt(b, offset)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("read %s at offset %d: %w", s.name, offset, err)
	}
	return b[:n], nil
}

// holds tells whether size bytes at offset lie within the file: a length that does not
// is damaged, and no memory is taken for it.
func (s *segment) holds(offset int64, size int) (bool, error) {
	end, err := s.file.Size()
	if err != nil && !failpoint(bugReadErrorIsEnd) {
		return false, fmt.Errorf("read %s: %w", s.name, err)
	}
	return offset+int64(size) <= end, nil
}

// readRecord reads the one record at p into buf, growing it, and decodes it.
func (d *decoder) readRecord(p place, buf []byte, e *RecordedEvent) ([]byte, error) {
	if cap(buf) < recordGuess {
		buf = make([]byte, recordGuess)
	}
	b, err := p.seg.readAvailable(buf[:cap(buf)], int64(p.offset))
	if err != nil {
		return buf, err
	}
	if size := recordSize(b); size > len(b) {
		fits, err := p.seg.holds(int64(p.offset), size)
		if err == nil && fits {
			buf = make([]byte, size)
			b, err = p.seg.readAvailable(buf, int64(p.offset))
		}
		if err != nil {
			return buf, err
		}
	}
	return buf, d.decode(e, b, p.position(), p.seg, int64(p.offset))
}

// headerAt reads the event at a committed position, without what may be packed: type, payload,
// metadata and tags.
func (l *EventLog) headerAt(position int64, e *RecordedEvent) error {
	p, err := l.placeAt(position)
	if err != nil {
		return err
	}
	d := decoder{headerOnly: true}
	_, err = d.readRecord(p, nil, e)
	return err
}

// placeAt is where the event at a committed position lies.
func (l *EventLog) placeAt(position int64) (place, error) {
	seg, _ := l.segmentAt(position)
	ordinal := uint32(position - seg.first)
	offset, err := seg.offset(ordinal)
	return place{seg, ordinal, offset}, err
}

// findEvent returns the position of the event with the given id among those at or
// after a position; -1 if there is none.
func (l *EventLog) findEvent(id uuid.UUID, from int64) (int64, error) {
	l.mu.RLock()
	segments := l.segments
	committed := l.committed.Load()
	l.mu.RUnlock()
	hash := uint32(l.hash.sum(id) >> 32)
	for i := len(segments) - 1; i >= 0; i-- {
		end := committed
		if i+1 < len(segments) {
			end = segments[i+1].first
		}
		if end <= from {
			break
		}
		if failpoint(bugForgetHistory) && i < len(segments)-1 {
			break
		}
		if segments[i].mem.Load() == nil {
			n, err := l.skipSegments(hash, segments[i].number)
			if err != nil {
				return -1, err
			}
			if n > 0 {
				i -= n - 1
				continue
			}
		}
		position, err := l.findEventIn(segments[i], id)
		if err != nil || position >= 0 {
			return position, err
		}
	}
	return -1, nil
}

// skipSegments returns how many segments, from one backwards, surely have no event of an id.
func (l *EventLog) skipSegments(hash, number uint32) (int, error) {
	for {
		n, ok, err := l.filters.skip(hash, number)
		var failed *filterError
		if !errors.As(err, &failed) || !errors.As(err, new(*CorruptionError)) {
			if !ok {
				n = 0
			}
			return int(n), err
		}
		// Its file goes first: what is damaged may be behind what is read when a filter is opened, and it would be found, and used, again.
		if l.filters.drop(failed.filter) && removeIfExists(l.fs, failed.filter.name) == nil {
			l.derive(err)
		}
	}
}

func (l *EventLog) findEventIn(seg *segment, id uuid.UUID) (int64, error) {
	if mem := seg.mem.Load(); mem != nil {
		var ordinals []uint32
		l.mu.RLock()
		mem.candidates(id, func(o uint32) bool {
			ordinals = append(ordinals, o)
			return true
		})
		l.mu.RUnlock()
		for _, o := range ordinals {
			if ok, err := isEvent(seg, o, mem.at(o).offset, id); err != nil || ok {
				return seg.first + int64(o), err
			}
		}
		return -1, nil
	}
	idx := seg.idx.Load()
	position := int64(-1)
	err := idx.candidates(id, func(o uint32) (bool, error) {
		offset, err := idx.offset(o)
		if err != nil {
			return false, err
		}
		ok, err := isEvent(seg, o, offset, id)
		if ok {
			position = seg.first + int64(o)
		}
		return !ok, err
	})
	return position, err
}

func isEvent(seg *segment, ordinal, offset uint32, id uuid.UUID) (bool, error) {
	d := decoder{headerOnly: true}
	var e RecordedEvent
	_, err := d.readRecord(place{seg, ordinal, offset}, nil, &e)
	return err == nil && e.EventID == id, err
}

// publish makes a durable group visible: all of its events, in order.
func (l *EventLog) publish(g *group) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(g.control.records) > 0 {
		l.publishControl(&g.control)
	}
	events := g.events
	seg := l.segments[len(l.segments)-1]
	mem := seg.mem.Load()
	for i := range events {
		e := &events[i]
		if !e.stream.stored {
			e.stream.entry, e.stream.stored = l.newStream(e.stream.id, e.stream.named), true
		}
		l.index(seg, mem, e.stream.entry, e.offset, e.eventID, e.keys)
		e.keys = nil // not to keep the request
	}
	l.recordedAt.Store(g.recordedAt)
	l.committed.Add(int64(len(events)))
}

// newStream enters a stream that has no events yet.
func (l *EventLog) newStream(id uuid.UUID, named bool) (stream uint32) {
	entry := streamEntry{id: id}
	if named {
		entry.last = namedBit
	}
	return l.streams.insert(entry)
}

// index enters an event that is next in its segment and its stream.
func (l *EventLog) index(seg *segment, mem *memIndex, stream, offset uint32, eventID uuid.UUID, keys []Key) {
	entry := l.streams.at(stream)
	ordinal := mem.add(offset, entry, stream, eventID)
	seg.postings.Load().addEvent(keys, ordinal)
	entry.ordinal = ordinal
	entry.last = entry.last&namedBit | seg.number
	entry.count++
}

// pendingEvent is what the index needs of an event.
type pendingEvent struct {
	stream  *pendingStream
	eventID uuid.UUID
	offset  uint32
	keys    []Key // of its category, 0 if it has none, its type and its tags; the request's until it is answered
}

// newestIn finds a stream's newest event in a sealed segment that has no index file.
func (l *EventLog) newestIn(mem *memIndex, id uuid.UUID) uint32 {
	l.mu.RLock()
	stream, _ := l.streams.find(id)
	l.mu.RUnlock()
	o := mem.n - 1
	for o > 0 && mem.at(o).stream != stream {
		o--
	}
	return o
}
