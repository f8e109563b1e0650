package engine

import (
	"math/bits"
	"slices"

	"github.com/google/uuid"
)

// KeyKind is what events have in common that have a key in common.
type KeyKind uint8

const (
	// StreamKey is of the events of one stream, CategoryKey of those of the named streams of one
	// [Category], TypeKey of those of one type, and TagKey of those that have a tag.
	StreamKey KeyKind = iota + 1
	CategoryKey
	TypeKey
	TagKey
)

// Key stands for what events have in common: a hash of its kind and its text, keyed by the store's secret, so
// that nobody can choose texts that collide. It is the same for as long as the store lives. Two texts may have
// one key, so whoever finds events by it compares what the records say. It is never 0.
type Key uint64

// Key returns what events of this kind and text have in common. A stream's text is its name; see StreamKey.
func (r *ReadIndex) Key(kind KeyKind, text string) Key {
	if kind == StreamKey {
		return r.log.hash.streamKey(StreamID(text))
	}
	return r.log.hash.key(kind, text)
}

// StreamKey returns what the events of a stream have in common.
func (r *ReadIndex) StreamKey(id uuid.UUID) Key { return r.log.hash.streamKey(id) }

func (h idHash) streamKey(id uuid.UUID) Key { return Key(h.sum(id)^uint64(StreamKey)) | 1 }

// key hashes a text 16 bytes at a time, by multiplying (Wang Yi, "wyhash").
func (h idHash) key(kind KeyKind, text string) Key {
	x := h.k0 ^ uint64(kind)*0x9E3779B97F4A7C15
	n := uint64(len(text))
	for ; len(text) > 16; text = text[16:] {
		x = mix64(load64(text)^h.k1, load64(text[8:])^x)
	}
	var a, b uint64
	switch {
	case len(text) >= 8:
		a, b = load64(text), load64(text[len(text)-8:])
	case len(text) >= 4:
		a, b = load32(text), load32(text[len(text)-4:])
	case len(text) > 0:
		a = uint64(text[0])<<16 | uint64(text[len(text)/2])<<8 | uint64(text[len(text)-1])
	}
	x = mix64(a^h.k1, b^x)
	return Key(mix64(x^0xD6E8FEB86659FD93, n^h.k1)) | 1
}

func mix64(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// eventKeys is what appendKeys appends for an event without tags.
const eventKeys = 3

// appendKeys appends an event's keys to dst: how many there are, that of its category, 0 if it has none
// that is known, that of its type, and those of its tags.
func (h idHash) appendKeys(dst []Key, stream, eventType string, tags []string) []Key {
	at := len(dst)
	category := Key(0)
	if stream != "" {
		category = h.key(CategoryKey, Category(stream))
	}
	dst = append(dst, 0, category, h.key(TypeKey, eventType))
	for _, tag := range tags {
		if tag != NullTag {
			dst = append(dst, h.key(TagKey, tag))
		}
	}
	dst[at] = Key(len(dst) - at - 1)
	return dst
}

// takeKeys returns the first event's of what appendKeys has appended, and the rest.
func takeKeys(list []Key) (keys, rest []Key) {
	n := int(list[0]) + 1
	return list[1:n:n], list[n:]
}

// setKeys hashes what the request's events have in common with others, in its caller's goroutine.
func (r *AppendRequest) setKeys(h idHash) {
	if r.keys == nil {
		r.keys = r.someKeys[:0]
	}
	n := eventKeys * len(r.Events)
	for i := range r.Events {
		n += len(r.Events[i].Tags)
	}
	r.keys = slices.Grow(r.keys[:0], n)
	for i := range r.Events {
		e := &r.Events[i]
		r.keys = h.appendKeys(r.keys, e.Stream, e.Type, e.Tags)
	}
}
