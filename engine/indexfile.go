package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// indexFile is the index of a sealed segment, in sections of blocks:
//
//	header   1 block
//	offsets  by ordinal: u32 offset of the record
//	ids      by hash of the event id: u32 upper half of the hash, u32 ordinal
//	streams  by hash of the stream id: indexedStream
//	lists    u32 ordinal and u32 offset of the streams' events, one stream after the other
//	dirs     the first hash of each block of ids (u32) and of streams (u64)
//
// It is written once, and derived: a file that is missing or does not belong to its
// segment is built anew from the log. All methods may be called concurrently.
type indexFile struct {
	blockFile
	cache     *blockCache
	hash      idHash
	seg       *segment
	h         indexHeader
	idDir     []uint32
	streamDir []uint64
}

type indexHeader struct {
	count   uint32 // events
	streams uint32
	known   uint32 // streams of the whole log when it was written, or a few more: a hint
	// First blocks of the sections.
	offsetsAt, idsAt, streamsAt, listsAt, idDirAt, streamDirAt, blocks uint32
}

// indexedStream is what an index holds of a stream with events in the segment.
type indexedStream struct {
	id           uuid.UUID
	firstVersion uint32 // of its first event here
	count        uint32 // of its events here
	list         uint32 // where its events begin in the lists
	previous     uint32 // number of the segment before this with events of it, 0 if none
	firstOrdinal uint32
	named        bool
}

const (
	indexMagic      = "EVGIDX\x00\x03"
	indexHeaderSize = 76
	u32PerBlock     = blockPayload / 4
	idsPerBlock     = blockPayload / 8
	listedPerBlock  = blockPayload / 8
	streamEntrySize = 40
	streamsPerBlock = blockPayload / streamEntrySize
	u64PerBlock     = blockPayload / 8
)

var indexFileKeys atomic.Uint64

func indexName(dir string, number uint32) string {
	return filepath.Join(dir, "index", fmt.Sprintf("%08d.idx", number))
}

// buildIndex writes the index file of a sealed segment from its index in memory.
// stream returns the id of the stream-table entry with a number, and whether it is
// named; it may be called while the table grows. known is how many entries it has.
func buildIndex(fsys vfs.FS, dir string, store uuid.UUID, seg *segment, mem *memIndex, known uint32, stream func(uint32) (uuid.UUID, bool)) error {
	return writeDerived(fsys, indexName(dir, seg.number), func(file vfs.File) error {
		return writeIndex(file, store, seg, mem, known, stream)
	})
}

// writeDerived has write make a file that is derived, and is there whole or not at all.
func writeDerived(fsys vfs.FS, name string, write func(vfs.File) error) error {
	tmp := name + ".tmp"
	if err := removeIfExists(fsys, tmp); err != nil {
		return err
	}
	file, err := fsys.Create(tmp)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := fsys.Rename(tmp, name); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(name))
}

func removeIfExists(fsys vfs.FS, name string) error {
	if err := fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func writeIndex(file vfs.File, store uuid.UUID, seg *segment, mem *memIndex, known uint32, stream func(uint32) (uuid.UUID, bool)) error {
	w := &blockWriter{file: file}
	w.align() // header, filled in below
	header := indexHeader{count: mem.n, known: known}

	header.offsetsAt = w.align()
	for o := range mem.n {
		le.PutUint32(w.entry(4), mem.at(o).offset)
	}
	idDir := writeIDs(w, mem, &header)
	streamDir := writeStreams(w, mem, &header, stream)

	header.idDirAt = w.align()
	for _, hash := range idDir {
		le.PutUint32(w.entry(4), hash)
	}
	header.streamDirAt = w.align()
	for _, hash := range streamDir {
		le.PutUint64(w.entry(8), hash)
	}
	header.blocks = w.blocks
	if err := w.finish(); err != nil {
		return err
	}
	// The header last: a file without one is no index.
	h := &blockWriter{file: file}
	h.align()
	header.encode(h.entry(indexHeaderSize), store, seg)
	return h.finish()
}

func (h *indexHeader) encode(b []byte, store uuid.UUID, seg *segment) {
	copy(b, indexMagic)
	copy(b[8:], store[:])
	le.PutUint32(b[24:], seg.number)
	le.PutUint32(b[28:], seg.chain)
	le.PutUint64(b[32:], uint64(seg.first))
	for i, v := range []uint32{h.count, h.streams, h.offsetsAt, h.idsAt, h.streamsAt, h.listsAt, h.idDirAt, h.streamDirAt, h.known} {
		le.PutUint32(b[40+4*i:], v)
	}
}

func writeIDs(w *blockWriter, mem *memIndex, header *indexHeader) (dir []uint32) {
	// Hash in the upper half, ordinal in the lower: sorts by hash.
	ids := make([]uint64, mem.n)
	for o := range mem.n {
		ids[o] = uint64(mem.at(o).id)<<32 | uint64(o)
	}
	slices.Sort(ids)
	header.idsAt = w.align()
	for i, id := range ids {
		e := w.entry(8)
		le.PutUint32(e, uint32(id>>32))
		le.PutUint32(e[4:], uint32(id))
		if i%idsPerBlock == 0 {
			dir = append(dir, uint32(id>>32))
		}
	}
	return dir
}

func writeStreams(w *blockWriter, mem *memIndex, header *indexHeader, stream func(uint32) (uuid.UUID, bool)) (dir []uint64) {
	type place struct {
		hash  uint64
		entry uint32
	}
	var entries []indexedStream
	var order []place
	of := make([]uint32, mem.n) // an event's entry, which is that of the event before it in its stream
	for o := range mem.n {
		e := mem.at(o)
		if e.prev&memRoot != 0 {
			of[o] = uint32(len(entries))
			id, named := stream(e.stream)
			order = append(order, place{mem.hash.sum(id), of[o]})
			entries = append(entries, indexedStream{
				id: id, named: named, firstVersion: e.version, previous: e.previousSegment(), firstOrdinal: o,
			})
		} else {
			of[o] = of[e.prev]
		}
		entries[of[o]].count++
	}
	next := make([]uint32, len(entries)) // where an entry's next ordinal goes in the lists
	var total uint32
	for i := range entries {
		entries[i].list, next[i] = total, total
		total += entries[i].count
	}
	lists := make([]uint32, total)
	for o, i := range of {
		at := next[i]
		lists[at] = uint32(o)
		if failpoint(bugListOffByOne) && at > entries[i].list {
			lists[at], lists[at-1] = lists[at-1], uint32(o)
		}
		next[i]++
	}
	slices.SortFunc(order, func(a, b place) int { return cmp.Compare(a.hash, b.hash) })

	header.streams = uint32(len(entries))
	header.streamsAt = w.align()
	for i, p := range order {
		entries[p.entry].encode(w.entry(streamEntrySize))
		if i%streamsPerBlock == 0 {
			dir = append(dir, p.hash)
		}
	}
	header.listsAt = w.align()
	for _, o := range lists {
		e := w.entry(8)
		le.PutUint32(e, o)
		le.PutUint32(e[4:], mem.at(o).offset)
	}
	return dir
}

func (s *indexedStream) encode(b []byte) {
	copy(b, s.id[:])
	for i, v := range []uint32{s.firstVersion, s.count, s.list, s.previous, s.firstOrdinal} {
		le.PutUint32(b[16+4*i:], v)
	}
	if s.named {
		b[36] = 1
	}
}

func decodeIndexedStream(b []byte) indexedStream {
	return indexedStream{
		id:           uuid.UUID(b[:16]),
		firstVersion: le.Uint32(b[16:]),
		count:        le.Uint32(b[20:]),
		list:         le.Uint32(b[24:]),
		previous:     le.Uint32(b[28:]),
		firstOrdinal: le.Uint32(b[32:]),
		named:        b[36] == 1,
	}
}

// errNoIndex says that there is no index file that belongs to the segment.
var errNoIndex = errors.New("no index")

// openIndex opens the index file of a sealed segment; errNoIndex (wrapped, with the
// reason) if it must be built.
func openIndex(fsys vfs.FS, dir string, store uuid.UUID, seg *segment, cache *blockCache, hash idHash) (*indexFile, error) {
	name := indexName(dir, seg.number)
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", errNoIndex, name)
	}
	if err != nil {
		return nil, err
	}
	f := &indexFile{
		blockFile: blockFile{file: file, name: name, key: indexFileKeys.Add(1)},
		cache:     cache, hash: hash, seg: seg,
	}
	if err := f.load(store); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w: %w", errNoIndex, err)
	}
	return f, nil
}

func (f *indexFile) load(store uuid.UUID) error {
	var b block
	if err := f.read(0, &b); err != nil {
		return err
	}
	if string(b[:8]) != indexMagic || uuid.UUID(b[8:24]) != store || le.Uint32(b[24:]) != f.seg.number ||
		le.Uint32(b[28:]) != f.seg.chain || le.Uint64(b[32:]) != uint64(f.seg.first) ||
		int64(le.Uint32(b[40:])) != f.seg.count {
		return fmt.Errorf("%s belongs to another segment", f.name)
	}
	for i, v := range []*uint32{&f.h.count, &f.h.streams, &f.h.offsetsAt, &f.h.idsAt, &f.h.streamsAt, &f.h.listsAt, &f.h.idDirAt, &f.h.streamDirAt, &f.h.known} {
		*v = le.Uint32(b[40+4*i:])
	}
	for i := range blocksFor(f.h.count, idsPerBlock) {
		v, err := f.u32(f.h.idDirAt, i)
		if err != nil {
			return err
		}
		f.idDir = append(f.idDir, v)
	}
	for i := range blocksFor(f.h.streams, streamsPerBlock) {
		b, err := f.cache.get(&f.blockFile, f.h.streamDirAt+i/u64PerBlock)
		if err != nil {
			return err
		}
		f.streamDir = append(f.streamDir, le.Uint64(b[i%u64PerBlock*8:]))
	}
	return nil
}

// knownStreams is what an index file says of how many streams there are; 0 if it cannot be read.
func knownStreams(fsys vfs.FS, dir string, store uuid.UUID, number uint32) int64 {
	f := blockFile{name: indexName(dir, number)}
	var err error
	if f.file, err = fsys.Open(f.name); err != nil {
		return 0
	}
	defer f.file.Close()
	var b block
	if err := f.read(0, &b); err != nil || string(b[:8]) != indexMagic || uuid.UUID(b[8:24]) != store {
		return 0
	}
	return int64(le.Uint32(b[72:]))
}

func blocksFor(entries uint32, perBlock uint32) uint32 { return (entries + perBlock - 1) / perBlock }

func (f *indexFile) u32(section, i uint32) (uint32, error) {
	b, err := f.cache.get(&f.blockFile, section+i/u32PerBlock)
	if err != nil {
		return 0, err
	}
	return le.Uint32(b[i%u32PerBlock*4:]), nil
}

// offset returns where the record of an ordinal begins in the segment.
func (f *indexFile) offset(ordinal uint32) (uint32, error) { return f.u32(f.h.offsetsAt, ordinal) }

// appendList appends to places the events at the places to..from of the lists, the last first.
func (f *indexFile) appendList(places []place, from, to uint32) ([]place, error) {
	var b *block
	loaded := uint32(0) // number of the block that b is
	for at := int64(to); at >= int64(from); at-- {
		number := f.h.listsAt + uint32(at)/listedPerBlock
		if b == nil || number != loaded {
			var err error
			if b, err = f.cache.get(&f.blockFile, number); err != nil {
				return places, err
			}
			loaded = number
		}
		e := b[uint32(at)%listedPerBlock*8:]
		places = append(places, place{seg: f.seg, ordinal: le.Uint32(e), offset: le.Uint32(e[4:])})
	}
	return places, nil
}

// candidates calls fn with the ordinal of each event whose id may be the given one.
func (f *indexFile) candidates(eventID uuid.UUID, fn func(ordinal uint32) (more bool, err error)) error {
	hash := uint32(f.hash.sum(eventID) >> 32)
	// The last block that begins below the hash may hold it, and those that begin with it.
	i := sort.Search(len(f.idDir), func(i int) bool { return f.idDir[i] >= hash })
	if i > 0 {
		i--
	}
	for ; i < len(f.idDir) && f.idDir[i] <= hash; i++ {
		b, err := f.cache.get(&f.blockFile, f.h.idsAt+uint32(i))
		if err != nil {
			return err
		}
		n := min(idsPerBlock, int(f.h.count)-i*idsPerBlock)
		k := sort.Search(n, func(k int) bool { return le.Uint32(b[8*k:]) >= hash })
		for ; k < n && le.Uint32(b[8*k:]) == hash; k++ {
			if more, err := fn(le.Uint32(b[8*k+4:])); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// stream finds a stream's entry.
func (f *indexFile) stream(id uuid.UUID) (s indexedStream, ok bool, err error) {
	hash := f.hash.sum(id)
	i := sort.Search(len(f.streamDir), func(i int) bool { return f.streamDir[i] >= hash })
	if i > 0 {
		i--
	}
	for ; i < len(f.streamDir) && f.streamDir[i] <= hash; i++ {
		b, err := f.cache.get(&f.blockFile, f.h.streamsAt+uint32(i))
		if err != nil {
			return s, false, err
		}
		n := min(streamsPerBlock, int(f.h.streams)-i*streamsPerBlock)
		k := sort.Search(n, func(k int) bool { return f.hash.sum(uuid.UUID(b[streamEntrySize*k:][:16])) >= hash })
		for ; k < n && f.hash.sum(uuid.UUID(b[streamEntrySize*k:][:16])) == hash; k++ {
			if s = decodeIndexedStream(b[streamEntrySize*k:]); s.id == id {
				return s, true, nil
			}
		}
	}
	return s, false, nil
}

// eachStream calls fn with every stream of the segment, in the order of hashes.
// It reads past the cache, since it is used once, at start-up.
func (f *indexFile) eachStream(fn func(indexedStream) error) error {
	var b block
	for i := range f.h.streams {
		if i%streamsPerBlock == 0 {
			if err := f.read(f.h.streamsAt+i/streamsPerBlock, &b); err != nil {
				return err
			}
		}
		if err := fn(decodeIndexedStream(b[i%streamsPerBlock*streamEntrySize:])); err != nil {
			return err
		}
	}
	return nil
}
