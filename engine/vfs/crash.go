package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Clone returns a copy that shares nothing with m that can change: the same
// files, directories and unsynced changes, without open files, locks and
// Inject, its operations counted from 1. It costs a few allocations a file,
// whatever the files hold.
func (m *Mem) Clone() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	copies := map[*node]*node{}
	c := NewMem()
	c.root = m.root.clone(copies)
	c.clock = m.clock
	for _, mv := range m.moves {
		entries := make([]entry, len(mv.entries))
		for i, e := range mv.entries {
			entries[i] = entry{place{e.dir.clone(copies), e.name}, e.node.clone(copies)}
		}
		c.moves = append(c.moves, move{mv.stamp, entries, mv.emptied.clone(copies)})
	}
	return c
}

// clone returns n's counterpart, made where copies has none yet.
func (n *node) clone(copies map[*node]*node) *node {
	if n == nil || copies[n] != nil {
		return copies[n]
	}
	c := &node{file: n.file}
	copies[n] = c
	if !n.isDir() {
		// Clipped, so that appending copies: the spare room is n's.
		c.log = slices.Clip(n.log)
		return c
	}
	c.entries = make(map[string]*node, len(n.entries))
	for name, e := range n.entries {
		c.entries[name] = e.clone(copies)
	}
	c.durable = make(map[string]*node, len(n.durable))
	for name, e := range n.durable {
		c.durable[name] = e.clone(copies)
	}
	return c
}

// CrashKeepAll returns the file system after a kill −9: everything written is
// there, and what was not synced can still be lost to a power cut. Locks are
// released, and m goes on unaffected.
func (m *Mem) CrashKeepAll() *Mem { return m.Clone() }

// CrashDropAll returns the file system after the power cut that leaves least:
// what was synced and nothing else. Locks are released, and m goes on
// unaffected.
func (m *Mem) CrashDropAll() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reboot(
		func(dir *node) map[string]*node { return dir.durable },
		func(f *file) content { return f.disk },
	)
}

// Crash returns the file system after a power cut: what was synced, and of the
// rest what chance leaves, within what the comment of [Mem] takes for possible.
// Everything in it is durable. The same random numbers give the same result.
// Locks are released, and m goes on unaffected: to stop whoever uses it, Halt it.
func (m *Mem) Crash(rng *rand.Rand) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	dirs := m.surviveDirs(rng)
	return m.reboot(
		func(dir *node) map[string]*node {
			if entries, ok := dirs[dir]; ok {
				return entries
			}
			return dir.durable
		},
		func(f *file) content { return f.survive(rng) },
	)
}

// reboot returns a file system in which everything is durable, made of what is
// left of directories and files. It asks in the order of names, not of maps,
// for a seed to give the same state again.
func (m *Mem) reboot(entries func(*node) map[string]*node, data func(*file) content) *Mem {
	var left func(n *node) *node
	left = func(n *node) *node {
		if !n.isDir() {
			c := data(&n.file)
			return &node{file: file{live: c, disk: c}}
		}
		dir, from := newDir(), entries(n)
		for _, name := range slices.Sorted(maps.Keys(from)) {
			dir.entries[name] = left(from[name])
		}
		dir.durable = maps.Clone(dir.entries)
		return dir
	}
	after := NewMem()
	after.root = left(m.root)
	return after
}

// survival is which of the pending changes a crash leaves. The first three are
// there because, with many changes, independent choices would hardly ever make
// the extremes and the clean cut that real crashes mostly are.
type survival int

const (
	surviveNone survival = iota
	surviveAll
	survivePrefix // those before some moment
	surviveAny    // each by itself
	survivals
)

// anySurvival chooses one, and the prefix of n changes that goes with it.
func anySurvival(rng *rand.Rand, n int) (survival, int) {
	switch how := survival(rng.IntN(int(survivals))); how {
	case surviveNone:
		return how, 0
	case survivePrefix:
		return how, rng.IntN(n + 1)
	default:
		return how, n
	}
}

// surviveDirs returns the entries of the directories that moves have touched,
// after some of the moves. A move survives only if those before it in the same
// places do.
func (m *Mem) surviveDirs(rng *rand.Rand) map[*node]map[string]*node {
	left := map[*node]map[string]*node{}
	stuck, stuckDirs := map[place]bool{}, map[*node]bool{}
	how, prefix := anySurvival(rng, len(m.moves))
	for i, mv := range m.moves {
		ok := i < prefix && (how != surviveAny || rng.IntN(2) == 0)
		for _, e := range mv.entries {
			ok = ok && !stuck[e.place]
		}
		ok = ok && !stuckDirs[mv.emptied]
		for _, e := range mv.entries {
			if !ok {
				stuck[e.place], stuckDirs[e.dir] = true, true
				continue
			}
			if left[e.dir] == nil {
				left[e.dir] = maps.Clone(e.dir.durable)
			}
			set(left[e.dir], e)
		}
	}
	return left
}

// survive returns what a power cut leaves of the file.
func (f *file) survive(rng *rand.Rand) content {
	if len(f.log) == 0 {
		return f.disk
	}
	t := tearing{file: f, rng: rng}
	_, t.sized = anySurvival(rng, len(f.log))
	t.how, t.prefix = anySurvival(rng, len(f.log))
	t.lost = survival(rng.IntN(int(survivals)))

	c, size := f.disk, f.disk.size
	for _, ch := range f.log[:t.sized] {
		if ch.cut {
			c = c.resize(min(c.size, ch.size))
		}
		if ch.size != keepSize {
			size = ch.size
		}
	}
	for _, at := range f.dirty() {
		var pg page
		c.readAt(pg[:], at)
		changes := f.changesIn(at)
		for in := int64(0); in < pageSize; in += SectorSize {
			t.sector(pg[in:in+SectorSize], at+in, changes)
		}
		c = c.write(pg[:], at)
	}
	return c.resize(size)
}

// dirty returns the offsets of the pages that were written since the last sync,
// ascending.
func (f *file) dirty() []int64 {
	seen := map[int64]bool{}
	for _, ch := range f.log {
		end := ch.off + int64(len(ch.data))
		for at := ch.off / pageSize * pageSize; at < end; at += pageSize {
			seen[at] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// changesIn returns the indices of the changes that concern the page at an
// offset.
func (f *file) changesIn(at int64) []int {
	var in []int
	for i, ch := range f.log {
		if ch.cut || ch.touches(at, pageSize) {
			in = append(in, i)
		}
	}
	return in
}

func (ch change) touches(off, n int64) bool {
	return ch.off < off+n && off < ch.off+int64(len(ch.data))
}

// tearing is what one crash makes of one file's changes.
type tearing struct {
	*file
	rng    *rand.Rand
	sized  int // changes before this index survive as to the size
	how    survival
	prefix int
	lost   survival // of the bytes that a failed sync marked clean
}

// sector turns what the disk held at off, the start of a sector, into what it
// holds after the changes before some index.
func (t *tearing) sector(p []byte, off int64, changes []int) {
	limit := t.limit(off, changes)
	lost := t.lost == surviveAll || t.lost >= survivePrefix && t.rng.IntN(2) == 0
	for _, i := range changes {
		ch := t.log[i]
		switch {
		case ch.cut && (i < t.sized && ch.size <= off || i < limit && ch.ends(off)):
			clear(p[max(0, ch.size-off):])
		case ch.cut && ch.size <= off:
			// The blocks it freed are still the file's, and what was written
			// after it is in others that are not.
			return
		case !ch.cut && i < limit && (lost || !ch.lost) && ch.touches(off, SectorSize):
			if at := ch.off - off; at >= 0 {
				copy(p[at:], ch.data)
			} else {
				copy(p, ch.data[-at:])
			}
		}
	}
}

// limit chooses the index before which the changes of a sector's bytes survive.
func (t *tearing) limit(off int64, changes []int) int {
	limit := t.prefix
	if t.how == surviveAny {
		limits := []int{0}
		for _, i := range changes {
			if ch := t.log[i]; ch.touches(off, SectorSize) || ch.ends(off) {
				limits = append(limits, i+1)
			}
		}
		limit = limits[t.rng.IntN(len(limits))]
	}
	for _, i := range changes {
		// The zeros after a new end within a sector are bytes to be written, and
		// file systems write them before the new size.
		if i < t.sized && t.log[i].ends(off) {
			limit = max(limit, i+1)
		}
	}
	return limit
}

// ends reports whether the change put the file's end inside the sector at off.
func (ch change) ends(off int64) bool {
	return ch.cut && off < ch.size && ch.size < off+SectorSize
}
