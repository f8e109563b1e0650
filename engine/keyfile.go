package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"sort"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// keyFile has, for each key, the ordinals of a sealed segment's events that have it, in sections of blocks:
//
//	header     1 block
//	lists      of keys with more than a few: per block the ordinal before its first (u32), how many of that list come
//	           before (u32), and where it ends (u32), for the list that goes on in it; then the steps from ordinal to ordinal
//	directory  by the upper 40 bits of the key: per block where it ends (u32); then, for each key, the step from the key
//	           before, how many ordinals, and these, in steps, or where they are: block, place in it, number of blocks
//	dirs       the first key of each block of the directory (u64)
//
// Numbers without a size are uvarints. Like an index file it is written once, and derived. All methods may be
// called concurrently.
type keyFile struct {
	blockFile
	cache *blockCache
	h     keyHeader
}

type keyHeader struct {
	count, keys                      uint32 // events; keys
	listsAt, dirAt, dirsAt, dirCount uint32 // first blocks of the sections; blocks of the directory
}

const (
	keyMagic      = "EVGKEY\x00\x01"
	keyHeaderSize = 40 + 6*4
	keyShift      = 24 // what of a key is above it is in the file
	listHeader    = 12
	dirHeader     = 4
	// inlineOrdinals is how many are in the directory at most.
	inlineOrdinals = 16
)

func keyFileName(dir string, number uint32) string {
	return filepath.Join(dir, "index", fmt.Sprintf("%08d.key", number))
}

// buildKeys writes the key file of a sealed segment.
func buildKeys(fsys vfs.FS, dir string, store uuid.UUID, seg *segment, p *memPostings) error {
	return writeDerived(fsys, keyFileName(dir, seg.number), func(file vfs.File) error {
		return writeKeys(file, store, seg, p)
	})
}

// keyWriter writes the lists, and keeps the directory until they are written.
type keyWriter struct {
	w       *blockWriter
	listsAt uint32
	dir     []byte // payloads of blocks
	last    uint64 // key
	firsts  []uint64
	scratch []byte
}

func writeKeys(file vfs.File, store uuid.UUID, seg *segment, p *memPostings) error {
	k := &keyWriter{w: &blockWriter{file: file}}
	k.w.align() // header, filled in below
	k.listsAt = k.w.align()
	k.w.entry(listHeader)
	header := keyHeader{count: uint32(seg.count), listsAt: k.listsAt}
	for key, ordinals := range p.sorted() {
		if failpoint(bugPostingLost) && len(ordinals) > 1 {
			ordinals = ordinals[1:]
		}
		k.add(key, ordinals)
		header.keys++
	}
	k.endList()
	header.dirAt = k.w.align()
	for at := 0; at < len(k.dir); at += blockPayload {
		copy(k.w.entry(blockPayload), k.dir[at:at+blockPayload])
		header.dirCount++
	}
	header.dirsAt = k.w.align()
	for _, first := range k.firsts {
		le.PutUint64(k.w.entry(8), first)
	}
	if err := k.w.finish(); err != nil {
		return err
	}
	// The header last: a file without one is no index.
	h := &blockWriter{file: file}
	h.align()
	header.encode(h.entry(keyHeaderSize), store, seg)
	return h.finish()
}

// sorted yields what a file has of keys and their ordinals, in the order of keys.
func (p *memPostings) sorted() iter.Seq2[uint64, []uint32] {
	return func(yield func(uint64, []uint32) bool) {
		// Key in the upper bits, number of the entry in the lower: sorts by key.
		order := make([]uint64, 0, p.n)
		for i := range p.n {
			order = append(order, uint64(p.at(i).key)>>keyShift<<keyShift|uint64(i))
		}
		slices.Sort(order)
		var ordinals []uint32
		for i := 0; i < len(order); {
			key := order[i] >> keyShift
			ordinals = p.appendAll(ordinals[:0], p.at(uint32(order[i])&(maxMemKeys-1)))
			for i++; i < len(order) && order[i]>>keyShift == key; i++ { // the same as far as the file knows
				ordinals = p.appendAll(ordinals, p.at(uint32(order[i])&(maxMemKeys-1)))
				slices.Sort(ordinals)
				ordinals = slices.Compact(ordinals)
			}
			if !yield(key, ordinals) {
				return
			}
		}
	}
}

// agrees tells whether the file says what p does.
func (f *keyFile) agrees(p *memPostings) (bool, error) {
	next, stop := iter.Pull2(p.sorted())
	defer stop()
	errDiffers := errors.New("it differs")
	err := f.each(func(key uint64, ordinals []uint32) error {
		if want, of, ok := next(); !ok || want != key || !slices.Equal(of, ordinals) {
			return errDiffers
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDiffers) {
		return false, err
	}
	_, _, more := next()
	return err == nil && !more, nil
}

func (h *keyHeader) fields() []*uint32 {
	return []*uint32{&h.count, &h.keys, &h.listsAt, &h.dirAt, &h.dirsAt, &h.dirCount}
}

func (h *keyHeader) encode(b []byte, store uuid.UUID, seg *segment) {
	copy(b, keyMagic)
	copy(b[8:], store[:])
	le.PutUint32(b[24:], seg.number)
	le.PutUint32(b[28:], seg.chain)
	le.PutUint64(b[32:], uint64(seg.first))
	for i, v := range h.fields() {
		le.PutUint32(b[40+4*i:], *v)
	}
}

// add writes a key with its ordinals.
func (k *keyWriter) add(key uint64, ordinals []uint32) {
	e := binary.AppendUvarint(k.scratch[:0], uint64(len(ordinals)))
	if len(ordinals) <= inlineOrdinals {
		before := uint32(1<<32 - 1)
		for _, o := range ordinals {
			e = binary.AppendUvarint(e, uint64(o-before))
			before = o
		}
	} else {
		block, at, blocks := k.list(ordinals)
		e = binary.AppendUvarint(e, uint64(block))
		e = binary.AppendUvarint(e, uint64(at))
		e = binary.AppendUvarint(e, uint64(blocks))
	}
	k.scratch = e
	var step [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(step[:], key-k.last)
	used := 0
	if len(k.dir) > 0 {
		used = int(le.Uint32(k.dir[len(k.dir)-blockPayload:]))
	}
	if len(k.dir) == 0 || used+n+len(e) > blockPayload {
		k.dir = append(k.dir, make([]byte, blockPayload)...)
		k.firsts = append(k.firsts, key)
		used = dirHeader
		n = binary.PutUvarint(step[:], key)
	}
	b := k.dir[len(k.dir)-blockPayload:]
	copy(b[used:], step[:n])
	copy(b[used+n:], e)
	le.PutUint32(b, uint32(used+n+len(e)))
	k.last = key
}

// list writes ordinals and returns where they are.
func (k *keyWriter) list(ordinals []uint32) (block uint32, at int, blocks uint32) {
	w := k.w
	var step [binary.MaxVarintLen32]byte
	before := uint32(1<<32 - 1)
	for i, o := range ordinals {
		n := binary.PutUvarint(step[:], uint64(o-before))
		if w.fill+n > blockPayload {
			k.endList()
			h := w.entry(listHeader)
			le.PutUint32(h, before)
			le.PutUint32(h[4:], uint32(i))
		}
		if i == 0 {
			block, at = w.blocks-1-k.listsAt, w.fill
		}
		copy(w.entry(n), step[:n])
		before = o
	}
	return block, at, w.blocks - k.listsAt - block
}

// endList says in a block of lists where it ends, and begins the next if there is more.
func (k *keyWriter) endList() {
	w := k.w
	le.PutUint32(w.buf[len(w.buf)-blockSize+8:], uint32(w.fill))
	w.begin()
}

// openKeys opens the key file of a sealed segment; errNoIndex (wrapped, with the reason) if it must be built.
func openKeys(fsys vfs.FS, dir string, store uuid.UUID, seg *segment, cache *blockCache) (*keyFile, error) {
	name := keyFileName(dir, seg.number)
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", errNoIndex, name)
	}
	if err != nil {
		return nil, err
	}
	f := &keyFile{blockFile: blockFile{file: file, name: name, key: indexFileKeys.Add(1)}, cache: cache}
	if err := f.load(store, seg); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w: %w", errNoIndex, err)
	}
	return f, nil
}

func (f *keyFile) load(store uuid.UUID, seg *segment) error {
	var b block
	if err := f.read(0, &b); err != nil {
		return err
	}
	if string(b[:8]) != keyMagic || uuid.UUID(b[8:24]) != store || le.Uint32(b[24:]) != seg.number ||
		le.Uint32(b[28:]) != seg.chain || le.Uint64(b[32:]) != uint64(seg.first) || int64(le.Uint32(b[40:])) != seg.count {
		return fmt.Errorf("%s belongs to another segment", f.name)
	}
	for i, v := range f.h.fields() {
		*v = le.Uint32(b[40+4*i:])
	}
	return nil
}

// keyEntry is what the directory has of a key.
type keyEntry struct {
	key               uint64
	n                 uint32
	block, at, blocks uint32                 // if it has a list
	inline            [inlineOrdinals]uint32 // if it has none
}

// decode decodes the entry at the start of b, given the key of the one before it, and returns its size.
func (e *keyEntry) decode(b []byte) int {
	used := 0
	next := func() uint64 {
		v, n := binary.Uvarint(b[used:])
		used += max(n, 1)
		return v
	}
	e.key += next()
	e.n = uint32(next())
	if e.n > inlineOrdinals {
		e.block, e.at, e.blocks = uint32(next()), uint32(next()), uint32(next())
		return used
	}
	before := uint32(1<<32 - 1)
	for i := range e.n {
		before += uint32(next())
		e.inline[i] = before
	}
	return used
}

// find looks a key up. number and at are the block and the place in it where its entry is.
func (f *keyFile) find(key Key, e *keyEntry) (number uint32, at int, ok bool, err error) {
	want := uint64(key) >> keyShift
	i := sort.Search(int(f.h.dirCount), func(i int) bool {
		if err != nil {
			return true
		}
		var b *block
		if b, err = f.cache.get(&f.blockFile, f.h.dirsAt+uint32(i)/u64PerBlock); err != nil {
			return true
		}
		return le.Uint64(b[i%u64PerBlock*8:]) > want
	})
	if err != nil || i == 0 {
		return 0, 0, false, err
	}
	number = f.h.dirAt + uint32(i) - 1
	b, err := f.cache.get(&f.blockFile, number)
	if err != nil {
		return 0, 0, false, err
	}
	before, end := uint64(0), min(int(le.Uint32(b[:])), blockPayload)
	for at = dirHeader; at < end; {
		step, n := binary.Uvarint(b[at:end])
		if before+step >= want {
			e.key = before
			e.decode(b[at:blockPayload])
			return number, at, e.key == want, nil
		}
		before, at = before+step, skipEntry(b[:end], at+max(n, 1))
	}
	return 0, 0, false, nil
}

// skipEntry returns where the entry ends whose key ends at a place.
func skipEntry(b []byte, at int) int {
	n, size := binary.Uvarint(b[at:])
	if n > inlineOrdinals {
		n = 3
	}
	for at += max(size, 1); n > 0 && at < len(b); at++ {
		if b[at] < 0x80 { // the last byte of a number
			n--
		}
	}
	return at
}

// Lookups remembers where keys are in segments' files: what plans a read looks them up, and then the read does. It belongs to one goroutine. The zero value
// is empty.
type Lookups struct{ list []lookup }

type lookup struct {
	f      *keyFile
	key    Key
	number uint32 // of the block
	at     int    // 0: it is not there
}

// maxLookups bounds it: what is beyond is looked up once more, and is little beside the reading of so much.
const maxLookups = 64

// find looks a key up, if it was not before. l may be nil.
func (l *Lookups) find(f *keyFile, key Key, e *keyEntry) (bool, error) {
	if l != nil {
		for i := range l.list {
			if x := &l.list[i]; x.key == key && x.f == f {
				if x.at == 0 {
					return false, nil
				}
				b, err := f.cache.get(&f.blockFile, x.number)
				if err == nil {
					e.decode(b[x.at:blockPayload])
					e.key = uint64(key) >> keyShift
				}
				return err == nil, err
			}
		}
	}
	number, at, ok, err := f.find(key, e)
	if l != nil && err == nil && len(l.list) < maxLookups {
		if !ok {
			at = 0
		}
		l.list = append(l.list, lookup{f, key, number, at})
	}
	return ok, err
}

// each calls fn with all keys and their ordinals, in the order of keys, past the cache.
func (f *keyFile) each(fn func(key uint64, ordinals []uint32) error) error {
	var dir block
	var ordinals []uint32
	for n := range f.h.dirCount {
		if err := f.read(f.h.dirAt+n, &dir); err != nil {
			return err
		}
		e := keyEntry{}
		for at, end := dirHeader, int(le.Uint32(dir[:])); at < end; {
			at += e.decode(dir[at:blockPayload])
			if ordinals = append(ordinals[:0], e.inline[:min(e.n, inlineOrdinals)]...); e.n > inlineOrdinals {
				l := fileList{f: f, e: e}
				ordinals = ordinals[:0]
				for i := range e.blocks {
					if err := l.show(i); err != nil {
						return err
					}
					ordinals = append(ordinals, l.page...)
				}
			}
			if err := fn(e.key, ordinals); err != nil {
				return err
			}
		}
	}
	return nil
}

// fileList goes through a key's ordinals, in either direction.
type fileList struct {
	f        *keyFile
	e        keyEntry
	backward bool
	shown    bool
	block    uint32 // of the list's, which page is
	page     []uint32
}

// before returns the ordinal before the first of a block of the list.
func (l *fileList) before(i uint32) (uint32, error) {
	b, err := l.f.cache.get(&l.f.blockFile, l.f.h.listsAt+l.e.block+i)
	if err != nil {
		return 0, err
	}
	return le.Uint32(b[:]), nil
}

// show has page be a block of the list.
func (l *fileList) show(i uint32) error {
	if l.e.n <= inlineOrdinals {
		l.page, l.shown = l.e.inline[:l.e.n], true
		return nil
	}
	b, err := l.f.cache.get(&l.f.blockFile, l.f.h.listsAt+l.e.block+i)
	if err != nil {
		return err
	}
	at, before, n := l.e.at, uint32(1<<32-1), uint32(0)
	if i > 0 {
		at, before, n = listHeader, le.Uint32(b[:]), le.Uint32(b[4:])
	}
	end := min(le.Uint32(b[8:]), blockPayload)
	l.page, l.block, l.shown = l.page[:0], i, true
	for ; at < end && n < l.e.n; n++ {
		step, size := binary.Uvarint(b[at:end])
		if size <= 0 {
			break
		}
		at += uint32(size)
		before += uint32(step)
		l.page = append(l.page, before)
	}
	if len(l.page) == 0 {
		return &CorruptionError{File: l.f.name, Offset: int64(l.f.h.listsAt+l.e.block+i) * blockSize, Reason: "an empty block of a list; delete the file to have it rebuilt"}
	}
	return nil
}

// holding shows the last block that begins below an ordinal, of those from lo up to hi, which is left out.
func (l *fileList) holding(ordinal, lo, hi uint32) error {
	var failed error
	n := sort.Search(int(hi-lo-1), func(i int) bool {
		before, err := l.before(lo + 1 + uint32(i))
		if err != nil {
			failed = err
		}
		return failed != nil || before >= ordinal
	})
	if failed != nil {
		return failed
	}
	return l.show(lo + uint32(n))
}

func (l *fileList) seek(ordinal uint32) (uint32, bool, error) {
	blocks := l.e.blocks
	if l.e.n <= inlineOrdinals {
		blocks = 1
	}
	if !l.shown {
		if err := l.holding(ordinal, 0, blocks); err != nil {
			return 0, false, err
		}
	}
	if l.backward {
		if l.page[0] > ordinal && l.block > 0 {
			if err := l.holding(ordinal, 0, l.block); err != nil {
				return 0, false, err
			}
			if l.page[0] > ordinal && l.block > 0 {
				if err := l.show(l.block - 1); err != nil {
					return 0, false, err
				}
			}
		}
		if l.page[0] > ordinal {
			return 0, false, nil
		}
		return lastUpTo(l.page, ordinal), true, nil
	}
	if l.page[len(l.page)-1] < ordinal && l.block+1 < blocks {
		next := l.block + 1
		if err := l.show(next); err != nil { // most often it is there
			return 0, false, err
		}
		if l.page[len(l.page)-1] < ordinal && next+1 < blocks {
			if err := l.holding(ordinal, next, blocks); err != nil {
				return 0, false, err
			}
			if l.page[len(l.page)-1] < ordinal && l.block+1 < blocks {
				if err := l.show(l.block + 1); err != nil {
					return 0, false, err
				}
			}
		}
	}
	if l.page[len(l.page)-1] < ordinal {
		return 0, false, nil
	}
	return firstFrom(l.page, ordinal), true, nil
}
