package messagedb

import (
	"crypto/md5"
	"encoding/binary"
	"strings"

	"github.com/eventgres/eventgres/engine"
)

// Version is that of Message DB whose interface this is.
const Version = "1.3.0"

// IsCategory tells whether a name is a category's.
func IsCategory(name string) bool { return strings.IndexByte(name, '-') < 0 }

// ID is what identifies a stream in its category; ok is false if its name is the category's.
func ID(name string) (id string, ok bool) {
	_, id, ok = strings.Cut(name, "-")
	return id, ok
}

// CardinalID is the first part of a compound id.
func CardinalID(name string) (id string, ok bool) {
	id, ok = ID(name)
	id, _, _ = strings.Cut(id, "+")
	return id, ok
}

// Hash64 is a number made of a text: the first half of its MD5.
func Hash64(text string) int64 {
	sum := md5.Sum([]byte(text))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// LockOf is the number of the lock that guards the positions in the streams of a category.
func LockOf(stream string) int64 { return Hash64(engine.Category(stream)) }

// InGroup tells whether the member of a group of consumers reads a stream. Nobody reads those whose names have no id.
func InGroup(stream string, member, size int64) bool {
	id, ok := CardinalID(stream)
	if !ok {
		return false
	}
	hash := Hash64(id)
	if hash < 0 {
		hash = -hash
	}
	return hash%size == member
}
