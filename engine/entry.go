package engine

import (
	"errors"
	"hash/crc32"
)

// A replicated log is one of entries, which a consensus protocol orders. Each is a frame of kind 5 and, if it appends something, the frames of
// its commit group behind it. The package comment draws it.

// EntryTag says what an entry does to the log.
type EntryTag uint8

const (
	// EntryEmpty does nothing: a leader's first.
	EntryEmpty EntryTag = iota
	// EntryMembers changes who is a member, which the log does not look into.
	EntryMembers
	// EntryGroup appends a commit group.
	EntryGroup
	// EntrySegment appends a commit group that begins a segment.
	EntrySegment
)

const (
	// entryLead is what an entry's frame begins with that is not of its data: header, term 8, index 8, type 1, tag 1, size of the entry 4.
	entryLead = frameHeaderSize + 8 + 8 + 1 + 1 + 4
	// groupLead is what the data of a group begins with: tag 1, term of the entry before 8, size of the members 4.
	groupLead = 1 + 8 + 4
	// entryFrame is the least that an entry's frame takes.
	entryFrame = entryLead + 1
	// maxEntryMembers bounds what a group says of the members: hundreds of them.
	maxEntryMembers = 64 << 10
)

// An Entry is one of a replicated log.
type Entry struct {
	Term, Index uint64
	Type        uint8  // the protocol's
	Data        []byte // as the protocol carries it
}

// entryRef is where an entry is.
type entryRef struct {
	term    uint64
	segment uint32
	offset  uint32
	size    uint32
	chain   uint32 // of all frames before it
	kind    uint8  // the protocol's type
	tag     EntryTag
}

// entryHead is what an entry's frame says.
type entryHead struct {
	entryRef
	index    uint64
	previous uint64 // of a group, the term of the entry before it
	members  []byte // of one that begins a segment, the members at that entry
}

var errBadEntry = errors.New("the entry cannot be read")

// decodeEntry reads an entry's frame, whose checksum is right.
func decodeEntry(frame []byte) (h entryHead, ok bool) {
	r := reader{b: frame[frameHeaderSize : len(frame)-1]}
	if lead := r.take(entryLead - frameHeaderSize); !r.bad {
		h.term, h.index, h.kind, h.tag, h.size = le.Uint64(lead), le.Uint64(lead[8:]), lead[16], EntryTag(lead[17]), le.Uint32(lead[18:])
	}
	if h.tag >= EntryGroup {
		h.previous, h.members, ok = decodeGroup(r.b)
		r.bad = r.bad || !ok
	}
	return h, !r.bad && h.tag <= EntrySegment && int64(h.size) >= int64(len(frame))
}

// decodeGroup reads what the data of a group begins with.
func decodeGroup(b []byte) (previous uint64, members []byte, ok bool) {
	r := reader{b: b}
	lead := r.take(groupLead)
	if r.bad {
		return 0, nil, false
	}
	n := le.Uint32(lead[9:])
	if n > maxEntryMembers {
		return 0, nil, false
	}
	members = r.take(uint64(n))
	return le.Uint64(lead[1:]), members, !r.bad && EntryTag(lead[0]) >= EntryGroup && EntryTag(lead[0]) <= EntrySegment
}

// DataTag says what an entry with this data does. typ is the protocol's type of it, of which 0 is that of what was proposed.
func DataTag(typ uint8, data []byte) (EntryTag, error) {
	switch {
	case typ != 0:
		return EntryMembers, nil
	case len(data) == 0:
		return EntryEmpty, nil
	}
	if _, _, ok := decodeGroup(data); !ok {
		return 0, errBadEntry
	}
	return EntryTag(data[0]), nil
}

// groupDataSize is the size of a group's data up to its frames: the end of the entry's frame is in it.
func groupDataSize(members []byte) int { return groupLead + len(members) + 1 }

// appendGroupLead appends what the data of a group begins with.
func appendGroupLead(dst []byte, tag EntryTag, previous uint64, members []byte) []byte {
	dst = append(dst, byte(tag))
	dst = le.AppendUint64(dst, previous)
	dst = le.AppendUint32(dst, uint32(len(members)))
	return append(append(dst, members...), frameEnd)
}

// frame completes the entry's frame in place: buf holds room for the lead, and the data behind it. What is not a group gets the frame's end
// behind its data, and the longer slice is returned.
func (e *Entry) frame(buf []byte, key frameKey, tag EntryTag, first int64, at uint32) []byte {
	end := len(buf)
	if tag >= EntryGroup {
		_, members, _ := decodeGroup(buf[entryLead:])
		end = entryLead + groupDataSize(members)
	} else {
		buf = append(buf, frameEnd)
		end++
	}
	lead := buf[frameHeaderSize:]
	le.PutUint64(lead, e.Term)
	le.PutUint64(lead[8:], e.Index)
	lead[16], lead[17] = e.Type, byte(tag)
	le.PutUint32(lead[18:], uint32(len(buf)))
	key.endFrame(buf[:end-1:end], 0, kindEntry, first, 0, at)
	return buf
}

// entryData returns what the protocol carries of an entry that is on disk, whole and verified.
func entryData(raw []byte, tag EntryTag) []byte {
	if tag >= EntryGroup {
		return raw[entryLead:]
	}
	return raw[entryLead : len(raw)-1]
}

// eachFrame calls f with the frames of an entry, each verified, at its offset among them, until it returns an error.
func (key frameKey) eachFrame(raw []byte, f func(at int, h frameHeader, frame []byte) error) error {
	for at := 0; at < len(raw); {
		if len(raw)-at < frameHeaderSize {
			return errBadEntry
		}
		h, ok := key.decodeHeader(raw[at:])
		if !ok || int64(h.length) > int64(len(raw)-at) {
			return errBadEntry
		}
		frame := raw[at : at+int(h.length)]
		if crc32.Checksum(frame[frameHeaderSize:], castagnoli) != h.bodyCRC || frame[len(frame)-1] != frameEnd {
			return errBadEntry
		}
		if err := f(at, h, frame); err != nil {
			return err
		}
		at += int(h.length)
	}
	return nil
}
