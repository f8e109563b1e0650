package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// What a node copies of another when it joins: the store's identity, sealed segments, and the header of the one with which the cluster began.

// NewIdentity is the text of the file STORE of a store that is founded now.
func NewIdentity() string {
	id := identity{UUID: uuid.New(), format: storeFormat, createdAt: time.Now().UnixMicro(), secret: uuid.New()}
	return id.String()
}

// Identity is the text of the file STORE: the secret is in it.
func Identity(fsys vfs.FS, dir string) (string, error) {
	if fsys == nil {
		fsys = vfs.OS
	}
	return readChecked(fsys, filepath.Join(dir, "STORE"))
}

// HasStore tells whether a directory holds a store, or parts of one.
func HasStore(fsys vfs.FS, dir string) (bool, error) {
	if fsys == nil {
		fsys = vfs.OS
	}
	if _, err := fsys.Stat(filepath.Join(dir, "STORE")); err == nil {
		return true, nil
	}
	names, err := fsys.List(filepath.Join(dir, "log"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(names) > 0, err
}

// SetIdentity makes a directory one of the store with this text in its file STORE. It must have none, or that.
func SetIdentity(fsys vfs.FS, dir, text string) error {
	if fsys == nil {
		fsys = vfs.OS
	}
	if _, err := parseIdentity(text); err != nil {
		return err
	}
	if err := makePrivate(fsys, dir); err != nil {
		return err
	}
	for _, d := range []string{filepath.Join(dir, "log"), filepath.Join(dir, "index")} {
		if err := fsys.MkdirAll(d); err != nil {
			return err
		}
	}
	switch now, err := Identity(fsys, dir); {
	case err == nil && now != text:
		return fmt.Errorf("%s belongs to another store", dir)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := writeChecked(fsys, filepath.Join(dir, "STORE"), text); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(filepath.Clean(dir)))
}

// Sealed is the number of the newest segment that is sealed, 0 if none is; it and those before it never change.
func (s *Store) Sealed() uint32 {
	s.log.mu.RLock()
	defer s.log.mu.RUnlock()
	return s.log.segments[len(s.log.segments)-1].number - 1
}

// SyncP99 is how long one of a hundred syncs takes at least; 0 where that is not measured.
func (s *Store) SyncP99() time.Duration {
	times := s.w.counters.syncTimes.Snapshot()
	return time.Duration(times.Quantile(0.99) * float64(time.Second))
}

// ReadSegment opens a sealed segment's file, or with header only what it begins with. The caller closes it.
func (s *Store) ReadSegment(number uint32, header bool) (io.ReadCloser, int64, error) {
	if number == 0 || number > s.Sealed() && !(header && number == s.Sealed()+1) {
		return nil, 0, fmt.Errorf("segment %d is not sealed", number)
	}
	f, err := s.opts.FS.Open(segmentName(s.dir, number))
	if err != nil {
		return nil, 0, err
	}
	size := int64(segmentHeaderSize)
	if !header {
		if size, err = f.Size(); err != nil {
			return nil, 0, errors.Join(err, f.Close())
		}
	}
	return &fileReader{f, io.NewSectionReader(f, 0, size)}, size, nil
}

type fileReader struct {
	file vfs.File
	*io.SectionReader
}

func (r *fileReader) Close() error { return r.file.Close() }

// HasSegment tells whether a directory has a segment under its name: it was copied whole.
func HasSegment(fsys vfs.FS, dir string, number uint32) bool {
	if fsys == nil {
		fsys = vfs.OS
	}
	_, err := fsys.Stat(segmentName(dir, number))
	return err == nil
}

// Replaceable is the number of the newest segment of a member's directory, if it is not sealed and the one before is: then another node's copy, which is sealed,
// can take its place at once. Else it is 0: a group that is durable here, and perhaps acknowledged by it, lies in a segment of its own.
func Replaceable(fsys vfs.FS, dir string) (uint32, error) {
	if fsys == nil {
		fsys = vfs.OS
	}
	id, err := readIdentity(fsys, dir)
	if err != nil {
		return 0, err
	}
	numbers, err := listSegments(fsys, dir)
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	last := uint32(len(numbers))
	for n := max(last-1, 1); n <= last; n++ {
		seg := &segment{number: n, name: segmentName(dir, n), key: id.key()}
		if seg.file, err = fsys.Open(seg.name); err != nil {
			return 0, err
		}
		err = seg.readHeader(id.UUID)
		if err == nil {
			err = seg.readSeal()
		}
		if err = errors.Join(err, seg.file.Close()); err != nil || seg.sealed != (n < last) {
			return 0, err
		}
	}
	return last, nil
}

// CopySegment writes a segment that another node sends, verifies it, and makes it durable. It goes on where the one before it ends. With header it has
// nothing but that: entries come to it. copy writes it.
func CopySegment(fsys vfs.FS, dir string, number uint32, header bool, copy func(io.Writer) error) error {
	if fsys == nil {
		fsys = vfs.OS
	}
	id, err := readIdentity(fsys, dir)
	if err != nil {
		return err
	}
	name := segmentName(dir, number)
	tmp := name + ".tmp"
	if err := removeIfExists(fsys, tmp); err != nil {
		return err
	}
	f, err := fsys.Create(tmp)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := copy(&fileWriter{file: f}); err != nil {
		return err
	}
	if err := f.SyncData(); err != nil {
		return err
	}
	seg := &segment{number: number, name: tmp, key: id.key(), file: f}
	if err := seg.readHeader(id.UUID); err != nil {
		return err
	}
	if err := checkCopy(fsys, dir, id, seg, header); err != nil {
		return err
	}
	if err := fsys.Rename(tmp, name); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(name))
}

// checkCopy verifies each frame of a segment, and that it continues the one before.
func checkCopy(fsys vfs.FS, dir string, id identity, seg *segment, header bool) error {
	size, err := seg.file.Size()
	if err != nil {
		return err
	}
	if header && size != segmentHeaderSize {
		return seg.corrupt(segmentHeaderSize, "more than a header")
	}
	if !header {
		if err := seg.readSeal(); err != nil {
			return err
		}
		s := newFrameScanner(seg, size)
		for {
			offset := s.offset
			h, _, bad, err := s.scan()
			switch {
			case err != nil:
				return err
			case bad != "":
				return seg.corrupt(offset, bad)
			}
			if h.kind == kindSeal {
				if !seg.sealed || offset != seg.end || s.chain != seg.chain || s.next != seg.first+seg.count {
					return seg.corrupt(offset, "the seal does not say what the segment holds")
				}
				break
			}
		}
	}
	if seg.number == 1 {
		return nil
	}
	prev := &segment{number: seg.number - 1, name: segmentName(dir, seg.number-1), key: id.key()}
	if prev.file, err = fsys.Open(prev.name); err != nil {
		return err
	}
	defer prev.file.Close()
	if err := prev.readHeader(id.UUID); err != nil {
		return err
	}
	if err := prev.readSeal(); err != nil {
		return err
	}
	if !prev.sealed {
		return prev.corrupt(0, "the segment is not sealed")
	}
	return seg.mustContinue(prev)
}

// fileWriter writes a file from its beginning.
type fileWriter struct {
	file vfs.File
	at   int64
}

func (w *fileWriter) Write(b []byte) (int, error) {
	n, err := w.file.WriteAt(b, w.at)
	w.at += int64(n)
	return n, err
}
