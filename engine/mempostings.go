package engine

import (
	"math/bits"
	"sync/atomic"
)

// memPostings has, for each key, the ordinals of a segment's events that have it, ascending, while the segment
// has no file of them: 32 bytes and a slot a key, and some 5 bytes an event of each key. See maxPostingBytes.
//
// A key's first ordinal is in its entry, what follows in blocks of the arena: of 2, 4, 8 … 512 and then always of
// 1,022 ordinals, behind the references of the next and the previous block. So a key of one event takes no block, and
// a common one is read from either end. The writer adds; readers copy a key's entry under the log's lock and then
// read without it, since what an entry tells of does not change.
type memPostings struct {
	shards [256]postingShard // by the upper bits of the key: each grows alone, so that no append waits for long
	keys   [][]memKey
	n      uint32 // keys
	arena  [maxArenaChunks]atomic.Pointer[arenaChunk]
	used   uint32 // words of the arena
	full   bool   // there was no room for some: it tells nothing
}

type postingShard struct {
	slots []uint32 // open addressing: number of the key + 1; a power of two
	n     int
}

// memKey is what a key has.
type memKey struct {
	key         Key
	first, last uint32 // ordinals
	n           uint32
	head, tail  uint32 // the first and the last block
}

const (
	arenaChunkSize = 1 << 14 // words
	// maxArenaChunks bounds what one append, of a segment's size and more, may add.
	maxArenaChunks = 1 << 12
	memKeyChunk    = 1 << 10
	// maxMemKeys: a number of one takes 24 bits, where they are sorted.
	maxMemKeys  = 1 << 24
	blockHeader = 2 // words: the next block and the one before
	lastSmall   = 9 // blocks that double
	maxPerBlock = 1022
	// maxPostingBytes seals a segment early whose events have that many keys of their own: a segment's lists stay in memory until its
	// file is written, beside those of the next.
	maxPostingBytes = 64 << 20
	memKeyBytes     = 40 // an entry, and what it takes of the slots
)

type arenaChunk [arenaChunkSize]uint32

// blockOf returns the number of the block that has a key's posting i, the place in it, and the block's size. The first
// posting, which is in the entry, does not count.
func blockOf(i uint32) (block, at, size uint32) {
	if i < maxPerBlock {
		j := uint32(bits.Len32(i/2+1)) - 1
		return j, i - 2*(1<<j-1), 2 << j
	}
	return lastSmall + (i-maxPerBlock)/maxPerBlock, i % maxPerBlock, maxPerBlock
}

func blockSizeOf(block uint32) uint32 {
	if block < lastSmall {
		return 2 << block
	}
	return maxPerBlock
}

func (p *memPostings) words(at uint32) []uint32 {
	return p.arena[at/arenaChunkSize].Load()[at%arenaChunkSize:]
}

func (p *memPostings) at(number uint32) *memKey {
	return &p.keys[number/memKeyChunk][number%memKeyChunk]
}

// find returns a key's entry, nil if there is none.
func (p *memPostings) find(key Key) *memKey {
	s := &p.shards[key>>56]
	if s.n == 0 {
		return nil
	}
	for i := slotOf(key); ; i++ {
		slot := s.slots[i&uint32(len(s.slots)-1)]
		if slot == 0 {
			return nil
		}
		if k := p.at(slot - 1); k.key == key {
			return k
		}
	}
}

func slotOf(key Key) uint32 { return uint32(key >> 20) }

// add says that an event has a key. Ordinals come ascending.
func (p *memPostings) add(key Key, ordinal uint32) {
	k := p.find(key)
	switch {
	case k == nil:
		p.insert(key, ordinal)
		return
	case k.last == ordinal:
		return // a tag that it has twice
	}
	_, at, size := blockOf(k.n - 1)
	if at == 0 && !p.extend(k, size) {
		return
	}
	p.words(k.tail)[blockHeader+at] = ordinal
	k.last = ordinal
	k.n++
}

// extend gives a key one more block.
func (p *memPostings) extend(k *memKey, size uint32) bool {
	size += blockHeader
	if left := arenaChunkSize - p.used%arenaChunkSize; left < size {
		p.used += left
	}
	if p.used/arenaChunkSize >= maxArenaChunks {
		p.full = true
		return false
	}
	block := p.used
	if block%arenaChunkSize == 0 {
		p.arena[block/arenaChunkSize].Store(new(arenaChunk))
	}
	p.used += size
	if k.n == 1 {
		k.head = block
	} else {
		p.words(block)[1] = k.tail
		p.words(k.tail)[0] = block
	}
	k.tail = block
	return true
}

func (p *memPostings) insert(key Key, ordinal uint32) {
	if p.n == maxMemKeys {
		p.full = true
		return
	}
	s := &p.shards[key>>56]
	if s.n >= len(s.slots)/4*3 {
		old := s.slots
		s.slots = make([]uint32, max(8, 2*len(old)))
		for _, slot := range old {
			if slot != 0 {
				s.place(p.at(slot-1).key, slot)
			}
		}
	}
	if p.n%memKeyChunk == 0 {
		p.keys = append(p.keys, make([]memKey, memKeyChunk))
	}
	*p.at(p.n) = memKey{key: key, first: ordinal, last: ordinal, n: 1}
	p.n++
	s.n++
	s.place(key, p.n)
}

func (s *postingShard) place(key Key, slot uint32) {
	mask := uint32(len(s.slots) - 1)
	i := slotOf(key) & mask
	for s.slots[i] != 0 {
		i = (i + 1) & mask
	}
	s.slots[i] = slot
}

// bytes is about what it takes.
func (p *memPostings) bytes() int64 { return int64(p.n)*memKeyBytes + int64(p.used)*4 }

// addEvent adds an event's keys, 0 where it has none.
func (p *memPostings) addEvent(keys []Key, ordinal uint32) {
	for _, key := range keys {
		if key != 0 {
			p.add(key, ordinal)
		}
	}
}

// appendAll appends all ordinals of a key.
func (p *memPostings) appendAll(out []uint32, k *memKey) []uint32 {
	out = append(out, k.first)
	left := k.n - 1
	for block, at := uint32(0), k.head; left > 0; block++ {
		n := min(left, blockSizeOf(block))
		words := p.words(at)
		out = append(out, words[blockHeader:blockHeader+n]...)
		left -= n
		at = words[0]
	}
	return out
}

// memList goes through a key's ordinals, in either direction.
type memList struct {
	p        *memPostings
	k        memKey
	backward bool
	block    uint32   // number of the block that page is, the entry's first ordinal being block 0
	ref      uint32   // where it is in the arena
	page     []uint32 // nil: nothing is read yet
}

// show has page be a block.
func (l *memList) show(block, ref uint32) {
	l.block, l.ref = block, ref
	if block == 0 {
		l.page = []uint32{l.k.first}
		return
	}
	last, at, _ := blockOf(l.k.n - 2)
	n := blockSizeOf(block - 1)
	if block-1 == last {
		n = at + 1
	}
	l.page = l.p.words(ref)[blockHeader : blockHeader+n]
}

func (l *memList) seek(ordinal uint32) (uint32, bool, error) {
	if l.page == nil {
		switch {
		case !l.backward || l.k.n == 1:
			l.show(0, 0)
		default:
			last, _, _ := blockOf(l.k.n - 2)
			l.show(last+1, l.k.tail)
		}
	}
	if l.backward {
		for l.page[0] > ordinal {
			if l.block == 0 {
				return 0, false, nil
			}
			l.show(l.block-1, l.p.words(l.ref)[1])
		}
		return lastUpTo(l.page, ordinal), true, nil
	}
	for l.page[len(l.page)-1] < ordinal {
		switch {
		case l.page[len(l.page)-1] == l.k.last:
			return 0, false, nil
		case l.block == 0:
			l.show(1, l.k.head)
		default:
			l.show(l.block+1, l.p.words(l.ref)[0])
		}
	}
	return firstFrom(l.page, ordinal), true, nil
}
