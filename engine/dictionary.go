package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/bits"
	"unsafe"

	"github.com/klauspost/compress/s2"
)

const (
	// dictionaryBytes is what a segment's dictionary has at most. Twice as much saves another
	// byte or two of fifty, and costs the cache of the processor twice as much.
	dictionaryBytes = 16 << 10
	// dictionaryShare: a dictionary is at most this part of the segment that it was made of.
	dictionaryShare = 16
	// dictionarySample is taken of an event at most, so that one large event is not all of it.
	dictionarySample = 1 << 10
	// maxPacked is the size of what is packed at most: of what is longer, the write would wait
	// for the packing, and a reader takes this much memory before it knows that a record is sound.
	maxPacked = 64 << 10
	// maxQuick is the size up to which pack does it itself. The library clears a table of 64 KiB
	// for each event: 2.2 µs for one of 160 bytes that takes 0.5 here.
	maxQuick = 4 << 10

	matchBits  = 13
	matchBytes = 6 // that are hashed to find a match
)

// dictionary is what a segment's events have in common, as those of the segment before showed: keys
// of their JSON, types, values that come again. A record's fields from the type on are packed against
// it, each record alone, so that any event can be read alone. The format is that of S2 blocks.
//
// It does not change.
type dictionary struct {
	s2    *s2.Dict
	bytes []byte                  // if it packs too
	match *[1 << matchBits]uint16 // by hash: where in bytes
}

// newDictionary returns a dictionary that unpacks; nil if the bytes are none.
func newDictionary(b []byte) *dictionary {
	if len(b) < s2.MinDictSize || len(b) > dictionaryBytes {
		return nil
	}
	// The first number is the library's, of a match that is likely first.
	lib := s2.NewDict(append([]byte{0}, b...))
	if lib == nil {
		return nil
	}
	return &dictionary{s2: lib}
}

// newPackingDictionary returns one that packs too.
func newPackingDictionary(b []byte) *dictionary {
	d := newDictionary(b)
	if d == nil {
		return nil
	}
	d.bytes, d.match = b, new([1 << matchBits]uint16)
	for at := 0; at+8 <= len(d.bytes); at++ {
		d.match[matchHash(le.Uint64(d.bytes[at:]))] = uint16(at)
	}
	return d
}

func matchHash(b uint64) uint32 {
	return uint32(b << (64 - 8*matchBytes) * 0x9E3779B185EBCA87 >> (64 - matchBits))
}

// pack appends b to dst, packed, or nothing if that would save nothing. So does one that only
// unpacks: a Packer may meet the newest segment just when it is no longer that.
func (d *dictionary) pack(dst, b []byte) []byte {
	start := len(dst)
	switch {
	case d.match == nil || len(b) < 8 || len(b) > maxPacked:
		return dst
	case len(b) <= maxQuick:
		dst = d.packQuickly(dst, b)
	default:
		dst = append(dst, d.s2.Encode(nil, b)...)
	}
	if len(dst)-start+3 > len(b) { // 3: of its length
		return dst[:start]
	}
	return dst
}

// packQuickly appends b as an S2 block all of whose copies are of the dictionary.
func (d *dictionary) packQuickly(dst, b []byte) []byte {
	const (
		copyTag     = 2 // with two bytes of offset
		longestCopy = 64
	)
	dict := d.bytes
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	literal := 0 // b from there on is not in dst yet
	for s := 0; s+8 <= len(b); {
		next := le.Uint64(b[s:])
		at := int(d.match[matchHash(next)])
		if le.Uint32(dict[at:]) != uint32(next) {
			// Every third place is enough to find what is six long or longer; faster and faster
			// through what the dictionary does not know.
			s += 3 + (s-literal)>>4
			continue
		}
		n := commonPrefix(dict[at:], b[s:])
		for s > literal && at > 0 && dict[at-1] == b[s-1] {
			s, at, n = s-1, at-1, n+1
		}
		dst = appendLiteral(dst, b[literal:s])
		offset := s + len(dict) - at
		s += n
		literal = s
		for ; n > longestCopy; n -= longestCopy {
			dst = append(dst, (longestCopy-1)<<2|copyTag, byte(offset), byte(offset>>8))
		}
		dst = append(dst, byte(n-1)<<2|copyTag, byte(offset), byte(offset>>8))
	}
	return appendLiteral(dst, b[literal:])
}

// appendLiteral appends bytes of which there are at most maxQuick, to be taken as they are.
func appendLiteral(dst, b []byte) []byte {
	switch n := len(b) - 1; {
	case n < 0:
		return dst
	case n < 60:
		dst = append(dst, byte(n)<<2)
	case n < 1<<8:
		dst = append(dst, 60<<2, byte(n))
	default:
		dst = append(dst, 61<<2, byte(n), byte(n>>8))
	}
	return append(dst, b...)
}

func commonPrefix(a, b []byte) int {
	limit := min(len(a), len(b))
	n := 0
	for ; n+8 <= limit; n += 8 {
		if differ := le.Uint64(a[n:]) ^ le.Uint64(b[n:]); differ != 0 {
			return n + bits.TrailingZeros64(differ)>>3
		}
	}
	for n < limit && a[n] == b[n] {
		n++
	}
	return n
}

// Packer packs events before they are appended, in the goroutine of whoever makes them, which saves
// the writer from it. It belongs to one goroutine.
type Packer struct {
	dictionary *dictionary
	content    []byte
	packed     []byte
}

// Packer returns a packer for events that are appended soon: those that the writer comes to after it
// has begun another segment it packs again.
func (h *WriterHandle) Packer() *Packer { return &Packer{dictionary: h.w.log.newest().dict.Load()} }

// Pack packs an event. If it is given another type, payload, metadata or tags before it is appended,
// the writer packs it again; the bytes of those it has must not be changed. A nil Packer does nothing.
func (p *Packer) Pack(e *ProposedEvent) {
	if p == nil || p.dictionary == nil {
		return
	}
	p.content = appendContent(p.content[:0], e.Type, e.Payload, e.Metadata, e.Tags)
	start := len(p.packed)
	p.packed = p.dictionary.pack(p.packed, p.content)
	e.packed, e.packedOf = p.packed[start:len(p.packed):len(p.packed)], contentOf(e, p.dictionary)
}

// packedContent remembers what was packed, and how: by where it is.
type packedContent struct {
	by                *dictionary
	eventType         string
	payload, metadata checkedBytes
	tags              *string
	tagCount          int
}

func contentOf(e *ProposedEvent, by *dictionary) packedContent {
	return packedContent{by, e.Type, identityOf(e.Payload), identityOf(e.Metadata), unsafe.SliceData(e.Tags), len(e.Tags)}
}

// unpack returns what was packed, in buf if it is large enough.
func (d *dictionary) unpack(buf, b []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(b); err != nil || n > maxPacked {
		return buf, errors.Join(err, errors.New("length"))
	}
	return d.s2.Decode(buf[:cap(buf)], b)
}

// frame appends the frame that holds the dictionary: the first of a segment.
func (d *dictionary) frame(dst []byte, key frameKey, first int64) []byte {
	start := len(dst)
	dst = append(beginFrame(dst), d.bytes...)
	return key.endFrame(dst, start, kindDictionary, first, 0, segmentHeaderSize)
}

// dictionary returns the segment's dictionary, nil if it has none. It is read when it is first asked for.
func (s *segment) dictionary() (*dictionary, error) {
	if d := s.dict.Load(); d != nil {
		return d, nil
	}
	b, err := s.readDictionary()
	if b == nil || err != nil {
		return nil, err
	}
	d := newDictionary(b)
	s.dict.CompareAndSwap(nil, d)
	return d, nil
}

// readDictionary reads and verifies the bytes of the segment's dictionary, nil if it has none.
func (s *segment) readDictionary() ([]byte, error) {
	b := make([]byte, frameHeaderSize+dictionaryBytes+1)
	for at := int64(segmentHeaderSize); ; {
		n, err := s.file.ReadAt(b[:cap(b)], at)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("read %s at offset %d: %w", s.name, at, err)
		}
		if b = b[:n]; n < frameHeaderSize {
			return nil, nil
		}
		h, ok := s.key.decodeHeader(b)
		switch {
		case ok && h.kind == kindEntry && s.mayHold(kindEntry):
			at += int64(h.length) // it stands behind what an entry begins with
			continue
		case !ok && at > segmentHeaderSize && allZero(b[:frameHeaderSize]):
			return nil, nil // entries without events, so far
		case !ok:
			return nil, s.corrupt(at, "frame header checksum, of the segment's dictionary")
		case h.kind != kindDictionary:
			return nil, nil
		case int(h.length) > len(b),
			crc32.Checksum(b[frameHeaderSize:h.length], castagnoli) != h.bodyCRC && !failpoint(bugSkipDictCRC):
			return nil, s.corrupt(at, "frame checksum, of the segment's dictionary")
		}
		b = b[frameHeaderSize : h.length-1 : h.length-1]
		if len(b) < s2.MinDictSize {
			return nil, s.corrupt(at, "size of the segment's dictionary")
		}
		return b, nil
	}
}

// learn makes a dictionary of a segment's events, of which there are count in so many bytes, for the next; nil if
// there is too little of them.
func (s *segment) learn(end, count int64) (*dictionary, error) {
	size := min(int(end/dictionaryShare), dictionaryBytes)
	if count == 0 || size < s2.MinDictSize {
		return nil, nil
	}
	var d decoder
	var e RecordedEvent
	var b, buf []byte
	for i := int64(0); i < count && len(b) < size; i++ {
		// Steps of the golden ratio are spread evenly, however many it takes.
		_, fraction := math.Modf(float64(i) * math.Phi)
		ordinal := uint32(min(int64(fraction*float64(count)), count-1))
		offset, err := s.offset(ordinal)
		if err != nil {
			return nil, err
		}
		if buf, err = d.readRecord(place{s, ordinal, offset}, buf, &e); err != nil {
			return nil, err
		}
		start := len(b)
		b = appendContent(b, e.Type, e.Payload, e.Metadata, e.Tags)
		b = b[:min(len(b), start+dictionarySample)]
	}
	return newPackingDictionary(b[:min(len(b), size)]), nil
}
