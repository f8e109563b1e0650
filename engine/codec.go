package engine

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/google/uuid"
)

var (
	le         = binary.LittleEndian
	be         = binary.BigEndian // of UUIDs
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

const (
	frameHeaderSize = 32
	// frameEnd is the last byte of every frame. Space that was never written reads
	// as zeros, so a frame whose last byte is zero was not written to its end; four
	// bits set keep a flipped bit from looking like that.
	frameEnd   = 0xA5
	frameMagic = 0xE7F5

	kindAppend     = 1
	kindSeal       = 2
	kindDictionary = 3
	kindControl    = 4 // an append that changes the control state
	kindEntry      = 5 // begins an entry of a replicated log; the frames of its group follow
	kindCarried    = 6 // the control state

	// maxRecordOverhead bounds what a record holds beside the caller's bytes: CRC 4,
	// length 5, flags 1, stream id or name length 16, version 10, event id 16, time 10,
	// three more lengths 15, tag count 5.
	maxRecordOverhead = 4 + 5 + 1 + 16 + 10 + 16 + 10 + 15 + 5

	flagNamed    = 1 << 0
	flagPayload  = 1 << 1
	flagOpaque   = 1 << 2
	flagMetadata = 1 << 3
	flagTags     = 1 << 4
	flagPacked   = 1 << 5
	flagsKnown   = flagNamed | flagPayload | flagOpaque | flagMetadata | flagTags | flagPacked
)

// frameHeader is the decoded header of a frame.
type frameHeader struct {
	length   uint32 // of the whole frame, bytes
	first    int64  // position of its first event
	count    uint32 // events
	synced   uint32 // offset below which all was durable when it was written
	bodyCRC  uint32
	kind     uint16
	checksum uint32
}

// beginFrame appends room for a frame header to dst.
func beginFrame(dst []byte) []byte {
	var header [frameHeaderSize]byte
	return append(dst, header[:]...)
}

// frameKey is the store's secret that frame checksums start from, so that nobody can put
// bytes into a payload that a scan would take for a frame.
type frameKey uint32

// endFrame completes the frame that starts at dst[start:] and returns dst with the
// end byte appended.
func (key frameKey) endFrame(dst []byte, start int, kind uint16, first int64, count, synced uint32) []byte {
	dst = append(dst, frameEnd)
	frame := dst[start:]
	le.PutUint32(frame[4:], uint32(len(frame)))
	le.PutUint64(frame[8:], uint64(first))
	le.PutUint32(frame[16:], count)
	le.PutUint32(frame[20:], synced)
	le.PutUint32(frame[24:], crc32.Checksum(frame[frameHeaderSize:], castagnoli))
	le.PutUint16(frame[28:], kind)
	le.PutUint16(frame[30:], frameMagic)
	le.PutUint32(frame[0:], crc32.Update(uint32(key), castagnoli, frame[4:frameHeaderSize]))
	return dst
}

// decodeHeader verifies and decodes a header; b holds at least
// frameHeaderSize bytes.
func (key frameKey) decodeHeader(b []byte) (h frameHeader, ok bool) {
	b = b[:frameHeaderSize]
	h = frameHeader{
		checksum: le.Uint32(b),
		length:   le.Uint32(b[4:]),
		first:    int64(le.Uint64(b[8:])),
		count:    le.Uint32(b[16:]),
		synced:   le.Uint32(b[20:]),
		bodyCRC:  le.Uint32(b[24:]),
		kind:     le.Uint16(b[28:]),
	}
	ok = le.Uint16(b[30:]) == frameMagic &&
		h.checksum == crc32.Update(uint32(key), castagnoli, b[4:]) &&
		h.length > frameHeaderSize
	return h, ok
}

// chainCRC extends the chain by a frame, given its header's bytes.
func chainCRC(chain uint32, header []byte) uint32 {
	return crc32.Update(chain, castagnoli, header[:frameHeaderSize])
}

func recordCRC(position int64, rest []byte) uint32 {
	var seed [8]byte
	le.PutUint64(seed[:], uint64(position))
	return crc32.Update(crc32.Checksum(seed[:], castagnoli), castagnoli, rest)
}

// placement is what the log decides of an event.
type placement struct {
	position   int64
	version    int64
	recordedAt int64       // µs since the Unix epoch
	baseTime   int64       // of the segment
	dictionary *dictionary // of the segment, or nil
}

// appendRecord appends the event's record to dst.
func appendRecord(dst []byte, e *ProposedEvent, p placement) []byte {
	start := len(dst)
	// The length comes before what it measures; four bytes hold any size a limit
	// allows, and are closed up below where fewer do.
	const room = 4 + 4
	var zero [room]byte
	dst = append(dst, zero[:]...)
	dst = appendRecordBody(dst, e, p)

	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(len(dst)-start-room))
	if n < 4 {
		copy(dst[start+4+n:], dst[start+room:])
		dst = dst[:len(dst)-(4-n)]
	}
	copy(dst[start+4:], length[:n])
	le.PutUint32(dst[start:], recordCRC(p.position, dst[start+4:]))
	return dst
}

func appendRecordBody(dst []byte, e *ProposedEvent, p placement) []byte {
	var flags byte
	if e.Stream != "" {
		flags |= flagNamed
	}
	if e.Payload != nil {
		flags |= flagPayload
		if e.Opaque {
			flags |= flagOpaque
		}
	}
	if e.Metadata != nil {
		flags |= flagMetadata
	}
	if e.Tags != nil {
		flags |= flagTags
	}
	flagsAt := len(dst)
	dst = append(dst, flags)
	if e.Stream != "" {
		dst = appendString(dst, e.Stream)
	} else {
		dst = append(dst, e.StreamID[:]...)
	}
	dst = binary.AppendUvarint(dst, uint64(p.version))
	dst = append(dst, e.EventID[:]...)
	dst = binary.AppendUvarint(dst, uint64(p.recordedAt-p.baseTime))
	content := len(dst)
	var packed []byte
	known := p.dictionary != nil && e.packedOf.by == p.dictionary && e.packedOf == contentOf(e, p.dictionary)
	if known {
		packed = e.packed
	}
	if len(packed) == 0 {
		dst = appendContent(dst, e.Type, e.Payload, e.Metadata, e.Tags)
	}
	if !known && p.dictionary != nil {
		// Behind its place, where there will be room the next time too.
		end := len(dst)
		dst = p.dictionary.pack(dst, dst[content:end])
		dst, packed = dst[:end], dst[end:]
	}
	if len(packed) > 0 {
		dst = appendString(dst[:content], packed)
		dst[flagsAt] |= flagPacked
	}
	return dst
}

// appendContent appends the fields that may be packed; what is nil is left out, as the flags say.
func appendContent(dst []byte, eventType string, payload, metadata []byte, tags []string) []byte {
	dst = appendString(dst, eventType)
	if payload != nil {
		dst = appendString(dst, payload)
	}
	if metadata != nil {
		dst = appendString(dst, metadata)
	}
	if tags != nil {
		dst = binary.AppendUvarint(dst, uint64(len(tags)))
		for _, tag := range tags {
			dst = appendString(dst, tag)
		}
	}
	return dst
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// recordSize returns the size in bytes of the record at the start of b, 0 if b is
// too short to tell, and -1 if it is not a record.
func recordSize(b []byte) int {
	if len(b) < 5 {
		return 0
	}
	n, w := binary.Uvarint(b[4:])
	switch {
	case w == 0:
		return 0
	case w < 0 || n > 1<<31:
		return -1
	}
	return 4 + w + int(n)
}

// decoder decodes records. It keeps the last stream name and the types it has seen,
// since events of one stream and of one type come in runs.
type decoder struct {
	event    RecordedEvent // for whoever looks at one after the other
	lastName string
	lastID   uuid.UUID
	types    map[string]string
	tags     []string
	content  []byte // of the last event that was packed
	// headerOnly leaves out what is packed, for whoever needs to know only which event it is.
	headerOnly bool
	// namesOnly leaves out the ids of streams that have a name.
	namesOnly bool
	// leftOut: it did, of the last one.
	leftOut bool
}

// maxInternedTypes bounds a decoder's memory; a store has few types, and one that
// has many pays an allocation an event.
const maxInternedTypes = 1024

// decode verifies and decodes the record b at an offset in the segment, all of it, into e. The byte
// slices of e alias b, or memory of the decoder until the next call.
func (d *decoder) decode(e *RecordedEvent, b []byte, position int64, seg *segment, offset int64) error {
	size := recordSize(b)
	if size <= 0 || size > len(b) {
		return seg.corrupt(offset, "record length")
	}
	b = b[:size]
	if le.Uint32(b) != recordCRC(position, b[4:]) && !failpoint(bugSkipRecordCRC) {
		return seg.corrupt(offset, "record checksum")
	}
	_, w := binary.Uvarint(b[4:])
	r := reader{b: b[4+w:]}
	flags := r.byte()
	if flags&^flagsKnown != 0 {
		return seg.corrupt(offset, "record flags")
	}
	*e = RecordedEvent{Position: position}
	if flags&flagNamed != 0 {
		switch name := r.string(); {
		case d.namesOnly:
			e.Stream = string(name)
		case string(name) != d.lastName || d.lastName == "":
			d.lastName = string(name)
			d.lastID = StreamID(d.lastName)
			fallthrough
		default:
			e.Stream, e.StreamID = d.lastName, d.lastID
		}
	} else {
		copy(e.StreamID[:], r.take(16))
	}
	e.Version = int64(r.uvarint())
	copy(e.EventID[:], r.take(16))
	e.RecordedAt = seg.baseTime + int64(r.uvarint())
	d.leftOut = flags&flagPacked != 0 && d.headerOnly && !r.bad
	if d.leftOut {
		return nil
	}
	if flags&flagPacked != 0 {
		if err := d.unpack(&r, seg); err != nil {
			return err
		}
	}
	e.Type = d.intern(r.string())
	if flags&flagPayload != 0 {
		e.Payload = r.string()
		e.Opaque = flags&flagOpaque != 0
	}
	if flags&flagMetadata != 0 {
		e.Metadata = r.string()
	}
	if flags&flagTags != 0 {
		e.Tags = d.decodeTags(&r)
	}
	if r.bad || len(r.b) != 0 {
		return seg.corrupt(offset, "record fields")
	}
	return nil
}

// unpack has the reader go on in what the rest of the record is when unpacked. What is no packed
// string makes it bad; an error is of the segment's dictionary.
func (d *decoder) unpack(r *reader, seg *segment) error {
	packed := r.string()
	dictionary, err := seg.dictionary()
	if err != nil {
		return err
	}
	if r.bad || len(r.b) != 0 || dictionary == nil {
		r.bad = true
		return nil
	}
	d.content, err = dictionary.unpack(d.content, packed)
	r.b, r.bad = d.content, err != nil
	return nil
}

func (d *decoder) decodeTags(r *reader) []string {
	n := r.uvarint()
	if n > uint64(len(r.b)) { // a tag takes a byte at least
		r.bad = true
		return nil
	}
	d.tags = d.tags[:0]
	for range n {
		d.tags = append(d.tags, string(r.string()))
	}
	if d.tags == nil {
		d.tags = []string{}
	}
	return d.tags
}

func (d *decoder) intern(b []byte) string {
	if s, ok := d.types[string(b)]; ok {
		return s
	}
	s := string(b)
	if d.types == nil {
		d.types = make(map[string]string)
	}
	if len(d.types) < maxInternedTypes {
		d.types[s] = s
	}
	return s
}

// reader takes fields off a byte slice; after a field that is not there it is bad
// and yields zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	n, w := binary.Uvarint(r.b)
	if w <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[w:]
	return n
}

func (r *reader) string() []byte { return r.take(r.uvarint()) }
