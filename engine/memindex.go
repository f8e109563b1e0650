package engine

import (
	"sync/atomic"

	"github.com/google/uuid"
)

// memIndex is the index of a segment that is being written, or has no index file
// yet: about 32 bytes an event, bounded by the segment's size.
//
// Events are known by their ordinal, the place in the segment. The events of a
// stream form a list from the newest backwards, with jump pointers (Myers, "An
// applicative random-access stack", 1983) that find any version in O(log n) steps.
//
// The writer adds; readers may look at any ordinal below a count they learned after
// it was published (under the log's lock), since what is there never changes.
type memIndex struct {
	number uint32 // of the segment
	first  int64  // position of ordinal 0
	chunks [maxMemChunks]atomic.Pointer[memChunk]
	n      uint32
	hash   idHash

	ids []uint32 // open addressing: ordinal + 1 of each event id; guarded by the log's lock
}

type memEvent struct {
	offset  uint32 // of the record in the segment
	prev    uint32 // ordinal of the stream's event before it, or memRoot|segment
	jump    uint32 // an ordinal further back; of a root, the one in the segment before
	version uint32
	stream  uint32 // entry in the stream table
	id      uint32 // upper half of the event id's hash
}

const (
	memChunkSize = 1 << 13
	// maxMemChunks × memChunkSize events of the smallest record, 60 bytes and its
	// frame, are more than a segment of 4 GiB holds.
	maxMemChunks = 1 << 13
	memRoot      = 1 << 31
)

type memChunk [memChunkSize]memEvent

func newMemIndex(number uint32, first int64, hash idHash) *memIndex {
	return &memIndex{number: number, first: first, hash: hash, ids: make([]uint32, 1024)}
}

func (m *memIndex) at(ordinal uint32) *memEvent {
	return &m.chunks[ordinal/memChunkSize].Load()[ordinal%memChunkSize]
}

// add indexes the next event of the segment, given its stream's entry as it was
// before the event, and returns its ordinal.
func (m *memIndex) add(offset uint32, entry *streamEntry, stream uint32, eventID uuid.UUID) uint32 {
	ordinal := m.n
	if ordinal%memChunkSize == 0 {
		m.chunks[ordinal/memChunkSize].Store(new(memChunk))
	}
	sum := m.hash.sum(eventID)
	e := memEvent{offset: offset, version: entry.count, stream: stream, id: uint32(sum >> 32)}
	if entry.count == 0 || entry.lastSegment() != m.number {
		e.prev = memRoot
		if entry.count > 0 {
			e.prev |= entry.lastSegment()
		}
		e.jump = entry.ordinal
	} else {
		e.prev = entry.ordinal
		e.jump = m.jumpFrom(e.prev)
	}
	*m.at(ordinal) = e
	m.n++
	m.addID(ordinal, sum)
	return ordinal
}

// jumpFrom chooses the jump pointer of an event whose predecessor is prev.
func (m *memIndex) jumpFrom(prev uint32) uint32 {
	p := m.at(prev)
	if p.prev&memRoot != 0 {
		return prev
	}
	j := m.at(p.jump)
	if j.prev&memRoot != 0 {
		return prev
	}
	if p.version-j.version == j.version-m.at(j.jump).version {
		return j.jump
	}
	return prev
}

func (m *memIndex) addID(ordinal uint32, sum uint64) {
	if int(ordinal)+1 > len(m.ids)/4*3 {
		m.ids = make([]uint32, 2*len(m.ids))
		for o := range ordinal {
			// The slot follows from the upper half, the only part that is kept.
			m.placeID(o, m.at(o).id)
		}
	}
	m.placeID(ordinal, uint32(sum>>32))
}

func (m *memIndex) placeID(ordinal, id uint32) {
	mask := uint32(len(m.ids) - 1)
	i := id & mask
	for m.ids[i] != 0 {
		i = (i + 1) & mask
	}
	m.ids[i] = ordinal + 1
}

// candidates calls f with the ordinal of each event whose id may be the given one,
// newest last, until f returns false.
func (m *memIndex) candidates(eventID uuid.UUID, f func(ordinal uint32) bool) {
	id := uint32(m.hash.sum(eventID) >> 32)
	mask := uint32(len(m.ids) - 1)
	for i := id & mask; m.ids[i] != 0; i = (i + 1) & mask {
		ordinal := m.ids[i] - 1
		if m.at(ordinal).id == id && !f(ordinal) {
			return
		}
	}
}

// find returns the ordinal of the given version, starting from a later event of the
// same stream; ok is false if the version lies before this segment, and then ordinal
// is the stream's first event here.
func (m *memIndex) find(from, version uint32) (ordinal uint32, ok bool) {
	at := from
	for {
		e := m.at(at)
		switch {
		case e.version == version:
			return at, true
		case e.version < version, e.prev&memRoot != 0:
			return at, false
		case m.at(e.jump).version >= version:
			at = e.jump
		default:
			at = e.prev
		}
	}
}

// previousSegment returns the number of the segment that the stream's events before
// this one are in; 0 if there are none.
func (e *memEvent) previousSegment() uint32 { return e.prev &^ memRoot }
