package vfs

import (
	"encoding/binary"
	"hash/maphash"
	"maps"
	"slices"
)

var fingerprintSeed = maphash.MakeSeed()

// Fingerprint is a hash of what the file system holds as processes see it: names, sizes and
// bytes. Within a process two states that are the same have the same.
func (m *Mem) Fingerprint() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	var h maphash.Hash
	h.SetSeed(fingerprintSeed)
	m.root.fingerprint(&h)
	return h.Sum64()
}

func (n *node) fingerprint(h *maphash.Hash) {
	number := func(v int64) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(v))
		_, _ = h.Write(b[:])
	}
	if !n.isDir() {
		number(n.live.size)
		for at := int64(0); at < n.live.size; at += pageSize {
			// A page that was never written is one of zeros that was.
			if pg := n.live.page(at / pageSize); pg != nil && *pg != (page{}) {
				number(at)
				_, _ = h.Write(pg[:])
			}
		}
		return
	}
	for _, name := range slices.Sorted(maps.Keys(n.entries)) {
		_, _ = h.WriteString(name)
		_ = h.WriteByte('/')
		n.entries[name].fingerprint(h)
	}
	number(-1)
}
