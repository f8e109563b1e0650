package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
//	  DEFINITIONS           as of when it was made
//
// The manifest is replaced last, so that a backup into a directory that holds an earlier one
// leaves the earlier one whole until it is done itself; sealed segments are taken over from it.

// BackupReport is what Backup did.
type BackupReport struct {
	StoreID  uuid.UUID
	Position int64 // the backup has the events below it
	Segments int   // sealed ones
	Copied   int   // segments copied, linked or cloned now; the others were there
	Bytes    int64 // of the whole backup
	Shared   int64 // bytes of it that take no room of their own
}

// manifest is the file BACKUP.
type manifest struct {
	store    uuid.UUID
	position int64
	taken    int64 // µs since the Unix epoch
	files    []backupFile
}

type backupFile struct {
	name   string // slash-separated, within the backup
	size   int64
	sha256 string
}

const (
	manifestName   = "BACKUP"
	manifestFormat = "eventgres backup, format 1\nstore %s\nposition %d\ntaken %d\nfiles %d\n"
	// maxManifest bounds what is read of one: a line is about 100 bytes, so that a million
	// segments have room.
	maxManifest = 128 << 20
)

// Backup copies a store's events below a position into a directory, which may hold an earlier backup
// of the store. With a position a server may have the store open; it must have committed what is
// below. With -1 nobody may, and the backup has everything. Sealed segments become reflinks or hard
// links where that is possible. Every frame and record that is copied is verified; segments that
// an earlier backup has are taken over by what their headers and seals say.
func Backup(ctx context.Context, dir, dest string, before int64, options Options) (report BackupReport, err error) {
	o := options.withDefaults()
	if before < 0 {
		lock, err := lockStore(o.FS, dir)
		if err != nil {
			return report, err
		}
		defer lock.Close()
	}
	b := &backup{ctx: ctx, dir: dir, dest: dest, opts: o, before: before}
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
	return nil
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
	before    int64
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
	case err == nil && b.before >= 0 && b.earlier.position > b.before:
		return fmt.Errorf("%s holds a backup up to position %d, beyond %d", b.dest, b.earlier.position, b.before)
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
	if b.earlier != nil && b.earlier.position > b.made.position {
		return fmt.Errorf("%s holds a backup up to position %d, and the log ends before %d: it was cut or restored since, so use another directory", b.dest, b.earlier.position, b.made.position)
	}
	if b.before >= 0 && b.made.position < b.before {
		return fmt.Errorf("the log ends before position %d, and was to be backed up to %d", b.made.position, b.before)
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
	if b.before >= 0 && seg.first >= b.before && number > 1 {
		// The position is where the segment before ends: an empty tail goes on from there.
		return seg, true, b.tail(seg, segmentHeaderSize, seg.first)
	}
	if err := seg.readSeal(); err != nil {
		return nil, false, err
	}
	if seg.sealed && (b.before < 0 || seg.first+seg.count <= b.before) {
		b.made.position = seg.first + seg.count
		return seg, false, b.sealed(seg)
	}
	end, next, err := b.scan(seg)
	if err != nil {
		return nil, false, err
	}
	return seg, true, b.tail(seg, end, next)
}

// scan verifies a segment's frames below the backup's position and returns where they end.
func (b *backup) scan(seg *segment) (end, next int64, err error) {
	size, err := seg.file.Size()
	if err != nil {
		return 0, 0, err
	}
	s := newFrameScanner(seg, size)
	var d decoder
	for b.before < 0 || s.next < b.before {
		if err := b.ctx.Err(); err != nil {
			return 0, 0, err
		}
		offset := s.offset
		h, frame, bad, err := s.scan()
		switch {
		case err != nil:
			return 0, 0, err
		case bad == "":
		case b.before < 0 && !seg.sealed:
			return offset, s.next, b.tornTail(seg, s, tail{offset, bad})
		default:
			return 0, 0, seg.corrupt(offset, bad)
		}
		if h.kind == kindSeal && !seg.sealed && b.before < 0 {
			return 0, 0, seg.corrupt(offset+sealSize, "bytes behind the seal; if that is from a crash, starting the server mends it")
		}
		if h.kind == kindSeal {
			break
		}
		if err := seg.eachEvent(&d, h, frame, offset, nil); err != nil {
			return 0, 0, err
		}
	}
	if b.before >= 0 && s.next > b.before {
		return 0, 0, fmt.Errorf("position %d is within an append", b.before)
	}
	return s.offset, s.next, nil
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
	if b.earlier != nil {
		if i := slices.IndexFunc(b.earlier.files, func(f backupFile) bool { return f.name == name }); i >= 0 {
			if err := b.sameSegment(seg, name); err != nil {
				return err
			}
			b.add(b.earlier.files[i])
			return nil
		}
	}
	end, next, err := b.scan(seg)
	if err != nil {
		return err
	}
	if end != seg.end || next != seg.first+seg.count {
		return seg.corrupt(end, "the seal does not match the segment")
	}
	b.report.Copied++
	to := filepath.Join(b.dest, filepath.FromSlash(name))
	if err := removeIfExists(b.opts.FS, to); err != nil {
		return err
	}
	if _, err := vfs.Share(b.opts.FS, seg.name, to); err == nil {
		b.report.Shared += size
	} else if !errors.Is(err, vfs.ErrCannotShare) {
		return err
	} else if err := copyFile(b.ctx, b.opts.FS, seg.name, to, size); err != nil {
		return err
	}
	return b.hash(name)
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
func (b *backup) tail(seg *segment, end, next int64) error {
	b.made.position = next
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
		return nil // there are none yet
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
	b.report.Position = b.made.position
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

// dir is the directory of what belongs to this backup alone.
func (m *manifest) dir() string { return fmt.Sprintf("at-%d-%d", m.position, m.taken) }

func (m *manifest) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, manifestFormat, m.store, m.position, m.taken, len(m.files))
	for _, f := range m.files {
		fmt.Fprintf(&out, "%s %d %s\n", f.sha256, f.size, f.name)
	}
	return out.String()
}

func readManifest(fsys vfs.FS, dir string) (*manifest, error) {
	name := filepath.Join(dir, manifestName)
	text, err := readCheckedUpTo(fsys, name, maxManifest)
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	var store string
	var n int
	if _, err := fmt.Sscanf(text, manifestFormat, &store, &m.position, &m.taken, &n); err != nil {
		return nil, fmt.Errorf("%s is not of a format this program reads", name)
	}
	if m.store, err = uuid.Parse(store); err != nil {
		return nil, &CorruptionError{File: name, Reason: "cannot be read"}
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")[5:]
	if len(lines) != n {
		return nil, &CorruptionError{File: name, Reason: "cannot be read"}
	}
	for _, line := range lines {
		var f backupFile
		if _, err := fmt.Sscanf(line, "%s %d %s", &f.sha256, &f.size, &f.name); err != nil || !filepath.IsLocal(filepath.FromSlash(f.name)) {
			return nil, &CorruptionError{File: name, Reason: "cannot be read"}
		}
		m.files = append(m.files, f)
	}
	return m, nil
}

// copyFile makes a new, durable file of the first bytes of another.
func copyFile(ctx context.Context, fsys vfs.FS, from, to string, size int64) error {
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
