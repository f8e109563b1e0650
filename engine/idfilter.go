package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// idFilter tells which of up to 64 sealed segments may have an event of some id: Bloom filters of the segments side by side, so
// that one block answers for all. A block is a number of rows of a bit a segment; an id's block follows from its hash,
// and so do idRows rows in it. Where all of these have a segment's bit, the segment is asked.
//
// Segments are filtered in groups of 64. The newest group has two files: of its first 8, 16, 24 … segments, which is
// written anew with each eighth, and of those behind them, written anew with each. So an id that is new costs two blocks, and one for every
// 64 segments before, whatever the history, and of a segment's size about a twentieth is written once more.
//
// It is made of the ids in the index files, which are in the order of their hashes, as the blocks are. All
// methods may be called concurrently.
type idFilter struct {
	blockFile
	cache       *blockCache
	from, count uint32 // number of the first segment; segments
	width       uint32 // bits of a row
	blocks      uint32 // behind the header
	dropped     bool   // it was damaged; under the lock of those in use
}

const (
	filterMagic      = "EVGFLT\x00\x01"
	filterHeaderSize = 56
	idRows           = 5
	// rowsPerID makes one in 200 ids that a segment does not have look as if it did.
	rowsPerID   = 12
	filterGroup = 64
	filterStep  = 8
)

// filterName names a filter by its segments.
func filterName(dir string, from, count uint32) string {
	return filepath.Join(dir, "index", fmt.Sprintf("%08d-%08d.ids", from, from+count-1))
}

// rowWidth is how many bits a row has for so many segments.
func rowWidth(count uint32) uint32 {
	switch {
	case count <= 2:
		return count
	case count <= 4:
		return 4
	}
	return (count + 7) / 8 * 8
}

func rowsPerBlock(width uint32) uint32 { return blockPayload * 8 / width }

// rowOf returns an id's row i in its block, of so many.
func rowOf(hash uint32, i int, rows uint32) uint32 {
	x := (uint64(hash) + uint64(i)*0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93
	x = (x ^ x>>32) * 0xD6E8FEB86659FD93
	return uint32(x >> 32 * uint64(rows) >> 32)
}

func blockOfID(hash, blocks uint32) uint32 { return uint32(uint64(hash) * uint64(blocks) >> 32) }

// row returns the bits of a row, those of segments from the lowest on.
func row(b []byte, row, width uint32) uint64 {
	if width < 8 {
		return uint64(b[row*width/8]>>(row*width%8)) & (1<<width - 1)
	}
	bits := uint64(0)
	for i, v := range b[row*width/8:][:width/8] {
		bits |= uint64(v) << (8 * i)
	}
	return bits
}

// maybe returns a bit for each segment that may have an event of an id.
func (f *idFilter) maybe(hash uint32) (uint64, error) {
	b, err := f.cache.get(&f.blockFile, 1+blockOfID(hash, f.blocks))
	if err != nil {
		return 0, err
	}
	rows := rowsPerBlock(f.width)
	bits := ^uint64(0)
	for i := range idRows {
		bits &= row(b[:blockPayload], rowOf(hash, i, rows), f.width)
	}
	return bits, nil
}

// wantedFilters are the filters that so many sealed segments should have: first segment and number of segments.
func wantedFilters(sealed uint32) (list [][2]uint32) {
	from := uint32(1)
	for ; sealed-from+1 >= filterGroup; from += filterGroup {
		list = append(list, [2]uint32{from, filterGroup})
	}
	if steps := (sealed - from + 1) / filterStep * filterStep; steps > 0 {
		list = append(list, [2]uint32{from, steps})
		from += steps
	}
	if from <= sealed {
		list = append(list, [2]uint32{from, sealed - from + 1})
	}
	return list
}

// buildFilter writes the filter of segments that all have an index file.
func (l *EventLog) buildFilter(segments []*segment, stop <-chan struct{}) error {
	name := filterName(l.dir, segments[0].number, uint32(len(segments)))
	return writeDerived(l.fs, name, func(file vfs.File) error { return l.writeFilter(file, segments, stop) })
}

func (l *EventLog) writeFilter(file vfs.File, segments []*segment, stop <-chan struct{}) error {
	f := &idFilter{from: segments[0].number, count: uint32(len(segments)), width: rowWidth(uint32(len(segments)))}
	ids := make([]idReader, len(segments))
	most := int64(0)
	for i, seg := range segments {
		ids[i].f = seg.idx.Load()
		most = max(most, seg.count)
	}
	rows := rowsPerBlock(f.width)
	f.blocks = max(1, uint32((most*rowsPerID+int64(rows)-1)/int64(rows)))
	w := &blockWriter{file: file}
	w.align() // header, filled in below
	for n := range f.blocks {
		select {
		case <-stop:
			return errClosing
		default:
		}
		w.align()
		b := w.entry(blockPayload)
		for i := range ids {
			for {
				hash, ok, err := ids[i].peek()
				if err != nil {
					return err
				}
				if !ok || blockOfID(hash, f.blocks) != n {
					break
				}
				ids[i].at++
				for k := range idRows {
					bit := rowOf(hash, k, rows)*f.width + uint32(i)
					b[bit/8] |= 1 << (bit % 8)
				}
			}
		}
	}
	if err := w.finish(); err != nil {
		return err
	}
	h := &blockWriter{file: file}
	h.align()
	f.encode(h.entry(filterHeaderSize), l.store, segments)
	return h.finish()
}

func (f *idFilter) encode(b []byte, store uuid.UUID, segments []*segment) {
	last := segments[len(segments)-1]
	copy(b, filterMagic)
	copy(b[8:], store[:])
	le.PutUint64(b[24:], uint64(last.first+last.count))
	le.PutUint32(b[32:], last.chain) // which all that was before has made
	for i, v := range []uint32{f.from, f.count, f.width, f.blocks} {
		le.PutUint32(b[36+4*i:], v)
	}
}

// idReader reads the hashes of an index file's ids, in their order, past the cache.
type idReader struct {
	f      *indexFile
	at     uint32
	loaded uint32 // block that b is + 1
	b      block
}

func (r *idReader) peek() (hash uint32, ok bool, err error) {
	if r.at >= r.f.h.count {
		return 0, false, nil
	}
	if n := r.at/idsPerBlock + 1; n != r.loaded {
		if err := r.f.read(r.f.h.idsAt+n-1, &r.b); err != nil {
			return 0, false, err
		}
		r.loaded = n
	}
	return le.Uint32(r.b[r.at%idsPerBlock*8:]), true, nil
}

// openFilter opens the filter of segments; errNoIndex (wrapped, with the reason) if it must be built.
func (l *EventLog) openFilter(segments []*segment) (*idFilter, error) {
	from, count := segments[0].number, uint32(len(segments))
	name := filterName(l.dir, from, count)
	file, err := l.fs.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", errNoIndex, name)
	}
	if err != nil {
		return nil, err
	}
	f := &idFilter{blockFile: blockFile{file: file, name: name, key: indexFileKeys.Add(1)}, cache: l.cache}
	last := segments[count-1]
	var b block
	if err = f.read(0, &b); err == nil {
		err = f.decode(&b, l.store)
	}
	if err == nil && (le.Uint64(b[24:]) != uint64(last.first+last.count) || le.Uint32(b[32:]) != last.chain || f.from != from || f.count != count) {
		err = fmt.Errorf("%s belongs to other segments", name)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%w: %w", errNoIndex, err)
	}
	return f, nil
}

func (f *idFilter) decode(b *block, store uuid.UUID) error {
	if string(b[:8]) != filterMagic || uuid.UUID(b[8:24]) != store {
		return fmt.Errorf("%s is no filter of this store", f.name)
	}
	f.from, f.count, f.width, f.blocks = le.Uint32(b[36:]), le.Uint32(b[40:]), le.Uint32(b[44:]), le.Uint32(b[48:])
	return nil
}

// idFilters are those in use. They are replaced while the log grows.
type idFilters struct {
	building sync.Mutex // held while some are built

	mu   sync.RWMutex // held while they are read, and while one is replaced
	list []*idFilter  // by segments, ascending
}

// skip returns the number of the segments, of those up to one with that number, which need not be asked for an id: all the
// filter has behind the last that may have it. ok is false where there is no filter of that segment.
func (s *idFilters) skip(hash uint32, number uint32) (skipped uint32, ok bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := len(s.list) - 1; i >= 0; i-- {
		f := s.list[i]
		if number < f.from || number >= f.from+f.count {
			continue
		}
		bits, err := f.maybe(hash)
		if err != nil {
			return 0, false, &filterError{f, err}
		}
		n := number - f.from // the segment's bit
		for skipped = 0; bits>>n&1 == 0; n-- {
			skipped++
			if n == 0 {
				break
			}
		}
		return skipped, true, nil
	}
	return 0, false, nil
}

// filterError is what kept a filter from being read.
type filterError struct {
	filter *idFilter
	cause  error
}

func (e *filterError) Error() string { return e.cause.Error() }
func (e *filterError) Unwrap() error { return e.cause }

// drop forgets a filter that is damaged.
func (s *idFilters) drop(f *idFilter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.list {
		if s.list[i] == f {
			s.list = append(s.list[:i:i], s.list[i+1:]...)
			f.dropped = true
			f.file.Close()
			return true
		}
	}
	return false
}

// replace has others in use from now on, but those of them that were dropped since they were looked up: they are built anew.
func (s *idFilters) replace(list []*idFilter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list = slices.DeleteFunc(list, func(f *idFilter) bool { return f.dropped })
	for _, f := range s.list {
		kept := false
		for _, g := range list {
			kept = kept || f == g
		}
		if !kept {
			f.file.Close()
		}
	}
	s.list = list
}

func (s *idFilters) close() { s.replace(nil) }

// filterIDs gives the sealed segments up to the first that has no index file the filters that they should have, and takes away
// what these make superfluous. open: only what is there is opened.
func (l *EventLog) filterIDs(stop <-chan struct{}, open bool) error {
	s := &l.filters
	s.building.Lock()
	defer s.building.Unlock()
	l.mu.RLock()
	segments := l.segments[:len(l.segments)-1]
	l.mu.RUnlock()
	sealed := 0
	for sealed < len(segments) && segments[sealed].idx.Load() != nil {
		sealed++
	}
	have := map[[2]uint32]*idFilter{}
	s.mu.RLock()
	for _, f := range s.list {
		have[[2]uint32{f.from, f.count}] = f
	}
	s.mu.RUnlock()
	var list []*idFilter
	names := map[string]bool{}
	for _, w := range wantedFilters(uint32(sealed)) {
		of := segments[w[0]-1 : w[0]-1+w[1]]
		f := have[w]
		var err error
		if f == nil {
			f, err = l.openFilter(of)
		}
		if errors.Is(err, errNoIndex) && !open {
			if err = l.buildFilter(of, stop); err == nil {
				f, err = l.openFilter(of)
			}
		}
		if err != nil && !(open && errors.Is(err, errNoIndex)) {
			return err
		}
		if f != nil {
			list = append(list, f)
			names[filepath.Base(f.name)] = true
		}
	}
	s.replace(list)
	if open {
		return nil
	}
	return l.removeFilters(names)
}

// removeFilters removes the filters that are not among those.
func (l *EventLog) removeFilters(keep map[string]bool) error {
	dir := filepath.Join(l.dir, "index")
	names, err := l.fs.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if (strings.HasSuffix(name, ".ids") || strings.HasSuffix(name, ".ids.tmp")) && !keep[name] {
			if err := removeIfExists(l.fs, filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
