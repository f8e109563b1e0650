package engine

import (
	"math/bits"

	"github.com/google/uuid"
)

// streamEntry is what memory holds of a stream: 28 bytes, and 5 to 10 in the hash
// table that finds it.
type streamEntry struct {
	id    uuid.UUID
	count uint32 // events, so the current version is count-1
	// last is the number of the newest segment with an event of the stream, and
	// namedBit.
	last    uint32
	ordinal uint32 // of its newest event, if that segment is in memory
}

const (
	namedBit         = 1 << 31
	maxStreamEvents  = 1<<32 - 1
	streamsChunkSize = 4096
)

func (e *streamEntry) named() bool         { return e.last&namedBit != 0 }
func (e *streamEntry) lastSegment() uint32 { return e.last &^ namedBit }

// streamTable maps stream ids to their entries, in order of creation. Its owner
// guards it with a lock.
type streamTable struct {
	hash   idHash
	chunks []*[streamsChunkSize]streamEntry
	n      uint32
	slots  []uint32 // entry number + 1, 0 if free; a power of two
	shift  uint     // what of a hash is above it is the slot: index files are in that order
}

func newStreamTable(hash idHash) *streamTable {
	t := &streamTable{hash: hash}
	t.resize(1024)
	return t
}

func (t *streamTable) resize(slots int) {
	t.slots, t.shift = make([]uint32, slots), uint(64-bits.TrailingZeros(uint(slots)))
}

func (t *streamTable) len() int { return int(t.n) }

func (t *streamTable) at(i uint32) *streamEntry {
	return &t.chunks[i/streamsChunkSize][i%streamsChunkSize]
}

// find returns the number of the stream's entry.
func (t *streamTable) find(id uuid.UUID) (uint32, bool) {
	mask := uint64(len(t.slots) - 1)
	for i := t.home(id); ; i = (i + 1) & mask {
		slot := t.slots[i]
		if slot == 0 {
			return 0, false
		}
		if t.at(slot-1).id == id {
			return slot - 1, true
		}
	}
}

// insert adds an entry for a stream that has none and returns its number.
func (t *streamTable) insert(e streamEntry) uint32 {
	first := t.extend(1, 0)
	*t.put(first, e.id) = e
	return first
}

// extend makes room for n entries and returns the number of the first. Each must be put. Where the
// slots must grow they do for as many streams as are expected in all: all are entered anew each time.
func (t *streamTable) extend(n int, expected int64) (first uint32) {
	first = t.n
	need := int64(t.n) + int64(n)
	slots := len(t.slots)
	for need > int64(slots/5*4) {
		slots *= 2
	}
	if slots > len(t.slots) {
		for expected > int64(slots/5*4) {
			slots *= 2
		}
		t.grow(slots)
	}
	t.n += uint32(n)
	for len(t.chunks)*streamsChunkSize < int(t.n) {
		t.chunks = append(t.chunks, new([streamsChunkSize]streamEntry))
	}
	return first
}

// put enters a stream under a number that extend has given, and returns its entry to be filled in. In
// the order of their hashes streams are entered many times as fast: the slots next to each other are in
// the processor's cache.
func (t *streamTable) put(number uint32, id uuid.UUID) *streamEntry {
	e := t.at(number)
	e.id = id
	t.place(number, t.home(id))
	return e
}

// home is the slot that an id's entry is in, or after.
func (t *streamTable) home(id uuid.UUID) uint64 { return t.hash.sum(id) >> t.shift }

func (t *streamTable) place(number uint32, home uint64) {
	mask := uint64(len(t.slots) - 1)
	at := home
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = number + 1
}

func (t *streamTable) grow(slots int) {
	t.resize(slots)
	for i := range t.n {
		t.place(i, t.home(t.at(i).id))
	}
}

// idHash hashes ids. It is keyed by the store's id, so that nobody can choose ids
// that collide without having seen the store, and it is the order of the index files.
type idHash struct{ k0, k1 uint64 }

func newIDHash(store uuid.UUID) idHash {
	return idHash{
		k0: le.Uint64(store[:]) | 1<<63 | 1,
		k1: le.Uint64(store[8:]) | 1<<62 | 1,
	}
}

func (h idHash) sum(id uuid.UUID) uint64 {
	a, b := bits.Mul64(le.Uint64(id[:])^h.k0, 0x9E3779B97F4A7C15)
	c, d := bits.Mul64(le.Uint64(id[8:])^h.k1^a, 0xD6E8FEB86659FD93)
	x := b ^ c ^ d
	x ^= x >> 32
	x *= 0xD6E8FEB86659FD93
	return x ^ x>>29
}
