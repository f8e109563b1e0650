package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// A backup is a directory:
//
//	BACKUP                  the manifest: what belongs to the backup, with sizes and hashes
//	STORE                   as in the store
//	log/00000001.seg        sealed segments, which never change
//	at-POSITION-TIME/       of this backup alone:
//	  tail.seg              what the active segment had below the position
//	  DEFINITIONS           as of when it was made, of a store that was not upgraded yet
//
// The manifest is replaced last, so that a backup into a directory that holds an earlier one
// leaves the earlier one whole until it is done itself; sealed segments are taken over from it.

// BackupReport is what Backup did.
type BackupReport struct {
	StoreID  uuid.UUID
	Position int64 // the backup has the events below it
	Changes  int64 // and the control state after so many appends that changed it
	Segments int   // sealed ones
	Copied   int   // segments copied, linked or cloned now; the others were there
	Bytes    int64 // of the whole backup
	Shared   int64 // bytes of it that take no room of their own
}

// Backup copies a store up to an extent into a directory, which may hold an earlier backup
// of the store. With an extent a server may have the store open; it must have committed that
// much. With [Whole] nobody may, and the backup has everything. Sealed segments become reflinks or hard
// links where that is possible, unless Options.Copy is set: a hard link is the log's own file under a second
// name, so that its permissions and its owner are the log's too. Every frame and record that is copied is verified; segments that
// an earlier backup has are taken over by what their headers and seals say.
func Backup(ctx context.Context, dir, dest string, before Extent, options Options) (report BackupReport, err error) {
	o := options.withDefaults()
	if before == Whole {
		lock, err := lockStore(o.FS, dir)
		if err != nil {
			return report, err
		}
		defer lock.Close()
	} else if err := checkDataDir(o.FS, dir); err != nil {
		return report, err
	}
	b := &backup{ctx: ctx, dir: dir, dest: dest, opts: o, before: before, whole: before == Whole}
	for _, d := range []string{dest, filepath.Join(dest, "log")} {
		if err := o.FS.MkdirAll(d); err != nil {
			return report, err
		}
	}
	lock, err := o.FS.Lock(filepath.Join(dest, "LOCK"))
	if errors.Is(err, vfs.ErrLocked) {
		return report, fmt.Errorf("%s: another backup is being made there", dest)
	}
	if err != nil {
		return report, err
	}
	defer lock.Close()
	err = b.run()
	return b.report, err
}

func checkDataDir(fsys vfs.FS, dir string) error {
	if _, err := fsys.Stat(filepath.Join(dir, "log")); err != nil {
		return fmt.Errorf("%s is not a data directory: %w", dir, err)
	}
	return checkPrivate(fsys, dir)
}

// lockStore makes sure that no server has a store open.
func lockStore(fsys vfs.FS, dir string) (io.Closer, error) {
	if err := checkDataDir(fsys, dir); err != nil {
		return nil, err
	}
	return lockDir(fsys, dir, 0)
}

type backup struct {
	ctx       context.Context
	dir, dest string
	opts      *Options
	before    Extent
	whole     bool
	key       frameKey
	earlier   *manifest // nil: there is none
	made      manifest
	report    BackupReport
	progress  progress
}

func (b *backup) run() error {
	id, err := readIdentity(b.opts.FS, b.dir)
	if err != nil {
		return err
	}
	b.key, b.made.store, b.report.StoreID = id.key(), id.UUID, id.UUID
	b.made.taken = time.Now().UnixMicro()
	b.earlier, err = readManifest(b.opts.FS, b.dest)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && b.earlier.store != id.UUID:
		return fmt.Errorf("%s holds a backup of another store, %s", b.dest, b.earlier.store)
	case err == nil && !b.whole && (b.earlier.position > b.before.Events || b.earlier.changes > b.before.Changes):
		return fmt.Errorf("%s holds a backup up to position %d and change %d, beyond %d and %d", b.dest, b.earlier.position, b.earlier.changes, b.before.Events, b.before.Changes)
	}
	if err := b.take("STORE", "STORE", 4096); err != nil {
		return err
	}
	numbers, err := listSegments(b.opts.FS, b.dir)
	if err != nil {
		return err
	}
	b.progress = progress{logger: b.opts.Logger, what: "backing up", unit: "segments", total: int64(len(numbers))}
	var prev *segment
	done := false
	for n := uint32(1); !done; n++ { // a server may have begun segments since
		if err := b.ctx.Err(); err != nil {
			return err
		}
		if prev, done, err = b.segment(n, prev); errors.Is(err, fs.ErrNotExist) {
			return &CorruptionError{File: segmentName(b.dir, n), Reason: "the segment is missing"}
		}
		if err != nil {
			return err
		}
		b.progress.at(int64(n))
	}
	if b.earlier != nil && (b.earlier.position > b.made.position || b.earlier.changes > b.made.changes) {
		return fmt.Errorf("%s holds a backup up to position %d and change %d, and the log ends before %d and %d: it was cut or restored since, so use another directory",
			b.dest, b.earlier.position, b.earlier.changes, b.made.position, b.made.changes)
	}
	if !b.whole && (b.made.position < b.before.Events || b.made.changes < b.before.Changes) {
		return fmt.Errorf("the log ends before position %d and change %d, and was to be backed up to %d and %d", b.made.position, b.made.changes, b.before.Events, b.before.Changes)
	}
	return b.finish()
}

// segment backs up one segment; done tells that it was the last.
func (b *backup) segment(number uint32, prev *segment) (seg *segment, done bool, err error) {
	seg = &segment{number: number, name: segmentName(b.dir, number), key: b.key}
	if seg.file, err = b.opts.FS.Open(seg.name); err != nil {
		return nil, false, err
	}
	defer seg.file.Close()
	if err := seg.readHeader(b.made.store); err != nil {
		return nil, false, err
	}
	if err := seg.mustContinue(prev); err != nil {
		return nil, false, err
	}
	if err := seg.readSeal(); err != nil {
		return nil, false, err
	}
	if seg.sealed && (b.whole || seg.first+seg.count <= b.before.Events) {
		// It may have later changes of the control state: they are as durable.
		b.made.position = seg.first + seg.count
		return seg, false, b.sealed(seg)
	}
	if b.made.changes < 0 { // the segment before was taken over
		if b.made.changes, err = b.changesAfter(number - 1); err != nil {
			return nil, false, err
		}
	}
	s, err := b.scan(seg, b.before)
	if err != nil {
		return nil, false, err
	}
	b.made.position = s.next
	if s.changes >= 0 {
		b.made.changes = s.changes
	}
	return seg, true, b.tail(seg, s.offset)
}

// changesAfter returns how many appends have changed the control state up to the end of a segment.
func (b *backup) changesAfter(number uint32) (int64, error) {
	for ; ; number-- {
		seg := &segment{number: number, name: segmentName(b.dir, number), key: b.key}
		state, err := b.controlAfter(seg)
		if err != nil {
			return 0, err
		}
		if state != nil {
			return state.changes, nil
		}
	}
}

func (b *backup) controlAfter(seg *segment) (*controlState, error) {
	var err error
	if seg.file, err = b.opts.FS.Open(seg.name); err != nil {
		return nil, err
	}
	defer seg.file.Close()
	if err := seg.readHeader(b.made.store); err != nil {
		return nil, err
	}
	size, err := seg.file.Size()
	if err != nil {
		return nil, err
	}
	return readControl(seg, size)
}

// scan verifies a segment's frames within an extent; the scanner that it returns has come to their end.
func (b *backup) scan(seg *segment, before Extent) (*frameScanner, error) {
	whole := before == Whole
	size, err := seg.file.Size()
	if err != nil {
		return nil, err
	}
	s := newFrameScanner(seg, size)
	s.before = b.made.changes
	var d decoder
	for whole || !s.reached(before) {
		if err := b.ctx.Err(); err != nil {
			return nil, err
		}
		offset := s.offset
		h, frame, bad, err := s.scan()
		switch {
		case err != nil:
			return nil, err
		case bad == "":
		case whole && !seg.sealed:
			return s, b.tornTail(seg, s, tail{offset, bad})
		default:
			return nil, seg.corrupt(offset, bad)
		}
		if h.kind == kindSeal && !seg.sealed && whole {
			return nil, seg.corrupt(offset+sealSize, "bytes behind the seal; if that is from a crash, starting the server mends it")
		}
		if h.kind == kindSeal {
			break
		}
		if err := seg.eachEvent(&d, h, frame, offset, nil); err != nil {
			return nil, err
		}
	}
	if !whole && s.next > before.Events {
		return nil, fmt.Errorf("position %d is within an append", before.Events)
	}
	return s, nil
}

// tornTail checks that what ends a log that nobody has open is what a crash leaves, and not damage
// with acknowledged events behind it.
func (b *backup) tornTail(seg *segment, s *frameScanner, t tail) error {
	number, durable, err := readCheckpoint(b.opts.FS, b.dir)
	if err != nil {
		return err
	}
	if _, err := b.opts.FS.Stat(segmentName(b.dir, seg.number+1)); err == nil {
		return seg.corrupt(t.offset, "the segment is not sealed, and there is one after it; if that is from a crash, starting the server mends it")
	}
	switch {
	case number > seg.number:
		return seg.corrupt(t.offset, t.reason+"; the log was durable beyond this segment")
	case number < seg.number:
		durable = 0
	}
	return checkTail(seg, s, t, durable)
}

// sealed takes a sealed segment, from the earlier backup if that has it.
func (b *backup) sealed(seg *segment) error {
	name := path.Join("log", filepath.Base(seg.name))
	size := seg.end + sealSize
	b.report.Segments++
	to := filepath.Join(b.dest, filepath.FromSlash(name))
	if b.earlier != nil && !(b.opts.Copy && b.sameFile(seg.name, to)) {
		if i := slices.IndexFunc(b.earlier.files, func(f backupFile) bool { return f.name == name }); i >= 0 {
			if err := b.sameSegment(seg, name); err != nil {
				return err
			}
			b.add(b.earlier.files[i])
			b.made.changes = -1 // it was not read
			return nil
		}
	}
	s, err := b.scan(seg, Whole)
	if err != nil {
		return err
	}
	if s.offset != seg.end || s.next != seg.first+seg.count {
		return seg.corrupt(s.offset, "the seal does not match the segment")
	}
	b.made.changes = s.changes
	b.report.Copied++
	made := to + ".new" // an earlier backup may have one of that name
	if err := removeIfExists(b.opts.FS, made); err != nil {
		return err
	}
	f := backupFile{name: name, size: size}
	err = error(vfs.ErrCannotShare)
	if !b.opts.Copy {
		_, err = vfs.Share(b.opts.FS, seg.name, made)
	}
	switch {
	case err == nil:
		b.report.Shared += size
		var got backupFile
		got, err = hashFile(b.ctx, b.opts.FS, b.dest, name+".new")
		f.size, f.sha256 = got.size, got.sha256
	case errors.Is(err, vfs.ErrCannotShare):
		h := sha256.New()
		err = copyFileInto(b.ctx, b.opts.FS, seg.name, made, size, h)
		f.sha256 = hex.EncodeToString(h.Sum(nil))
	}
	if err == nil {
		err = b.opts.FS.Rename(made, to)
	}
	if err == nil {
		b.add(f)
	}
	return err
}

// sameFile tells whether two names are of one file.
func (b *backup) sameFile(one, other string) bool {
	a, err := b.opts.FS.Stat(one)
	if err != nil {
		return false
	}
	c, err := b.opts.FS.Stat(other)
	return err == nil && os.SameFile(a, c)
}

// sameSegment checks that the earlier backup's segment is the store's: the seal holds a checksum
// over the headers of all frames of the log up to there.
func (b *backup) sameSegment(seg *segment, name string) error {
	has := &segment{number: seg.number, name: filepath.Join(b.dest, filepath.FromSlash(name)), key: b.key}
	var err error
	if has.file, err = b.opts.FS.Open(has.name); err != nil {
		return fmt.Errorf("the backup in %s is damaged, use another directory: %w", b.dest, err)
	}
	defer has.file.Close()
	if err = has.readHeader(b.made.store); err == nil {
		err = has.readSeal()
	}
	if err != nil || !has.sealed || has.end != seg.end {
		return fmt.Errorf("the backup in %s is damaged, use another directory: %w", b.dest, errors.Join(err, has.corrupt(0, "it is not what was backed up")))
	}
	if has.first != seg.first || has.count != seg.count || has.baseTime != seg.baseTime || has.chain != seg.chain {
		return fmt.Errorf("the backup in %s has another history: the store was cut or restored since, so use another directory", b.dest)
	}
	return nil
}

// tail writes what the active segment has up to an offset.
func (b *backup) tail(seg *segment, end int64) error {
	dir := b.made.dir()
	if err := b.opts.FS.MkdirAll(filepath.Join(b.dest, dir)); err != nil {
		return err
	}
	to := filepath.Join(b.dest, dir, "tail.seg")
	if err := copyFile(b.ctx, b.opts.FS, seg.name, to, end); err != nil {
		return err
	}
	if err := b.opts.FS.SyncDir(filepath.Dir(to)); err != nil {
		return err
	}
	if err := b.hash(path.Join(dir, "tail.seg")); err != nil {
		return err
	}
	err := b.take(path.Join(dir, "DEFINITIONS"), "DEFINITIONS", maxDefinitions+4096)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // only older stores have them
	}
	return err
}

// take copies a small file of the store's. It is read once: a server may replace it meanwhile.
func (b *backup) take(name, from string, limit int64) error {
	text, err := readCheckedUpTo(b.opts.FS, filepath.Join(b.dir, from), limit)
	if err != nil {
		return err
	}
	if err := writeChecked(b.opts.FS, filepath.Join(b.dest, filepath.FromSlash(name)), text); err != nil {
		return err
	}
	return b.hash(name)
}

// hash enters a file of the backup into its manifest, as it is read back.
func (b *backup) hash(name string) error {
	f, err := hashFile(b.ctx, b.opts.FS, b.dest, name)
	if err == nil {
		b.add(f)
	}
	return err
}

func (b *backup) add(f backupFile) {
	b.made.files = append(b.made.files, f)
	b.report.Bytes += f.size
}

// finish makes the backup what the directory holds, and removes what belonged to the earlier one.
func (b *backup) finish() error {
	fsys := b.opts.FS
	if err := fsys.SyncDir(filepath.Join(b.dest, "log")); err != nil {
		return err
	}
	if err := fsys.SyncDir(b.dest); err != nil {
		return err
	}
	if err := writeChecked(fsys, filepath.Join(b.dest, manifestName), b.made.String()); err != nil {
		return err
	}
	b.report.Position, b.report.Changes = b.made.position, b.made.changes
	names, err := fsys.List(b.dest)
	if err != nil {
		return err
	}
	for _, dir := range names {
		if !strings.HasPrefix(dir, "at-") || dir == b.made.dir() {
			continue
		}
		files, err := fsys.List(filepath.Join(b.dest, dir))
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := fsys.Remove(filepath.Join(b.dest, dir, f)); err != nil {
				return err
			}
		}
		if err := fsys.Remove(filepath.Join(b.dest, dir)); err != nil {
			return err
		}
	}
	return nil
}

// copyFile makes a new, durable file of the first bytes of another.
func copyFile(ctx context.Context, fsys vfs.FS, from, to string, size int64) error {
	return copyFileInto(ctx, fsys, from, to, size, io.Discard)
}

// copyFileInto is copyFile, and writes what it has read to seen.
func copyFileInto(ctx context.Context, fsys vfs.FS, from, to string, size int64, seen io.Writer) error {
	in, err := fsys.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := fsys.Create(to)
	if err != nil {
		return err
	}
	buf := make([]byte, min(size, scanReadSize))
	for at := int64(0); err == nil && at < size; at += int64(len(buf)) {
		buf = buf[:min(size-at, int64(len(buf)))]
		if err = ctx.Err(); err == nil {
			_, err = in.ReadAt(buf, at)
		}
		if err == nil {
			_, err = out.WriteAt(buf, at)
		}
		if err == nil {
			_, err = seen.Write(buf)
		}
	}
	if err == nil {
		err = out.SyncData()
	}
	return errors.Join(err, out.Close())
}

// hashFile reads a file of a backup.
func hashFile(ctx context.Context, fsys vfs.FS, dir, name string) (backupFile, error) {
	f := backupFile{name: name}
	file, err := fsys.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return f, err
	}
	defer file.Close()
	if f.size, err = file.Size(); err != nil {
		return f, err
	}
	h := sha256.New()
	buf := make([]byte, min(f.size, scanReadSize))
	for at := int64(0); at < f.size; at += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		buf = buf[:min(f.size-at, int64(len(buf)))]
		if _, err := file.ReadAt(buf, at); err != nil {
			return f, err
		}
		_, _ = h.Write(buf)
	}
	f.sha256 = hex.EncodeToString(h.Sum(nil))
	return f, nil
}
