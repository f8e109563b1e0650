package engine

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine/vfs"
)

// Options configure a store. The zero value is ready to use.
type Options struct {
	// FS is the file system; default vfs.OS.
	FS vfs.FS
	// SegmentBytes is the size at which a segment is sealed; default 256 MiB, at
	// most just under 4 GiB. An append larger than it gets a segment of its own. A store's first segment
	// is sealed at 256 KiB at most, any at about a million events.
	SegmentBytes int64
	Limits       Limits
	// CacheBlocks is the number of 4 KiB index blocks kept in memory; default 8192.
	CacheBlocks int
	// WriterThread leaves all writing to one thread, so that faults can be injected into its system
	// calls alone.
	WriterThread bool
	// Copy has Backup copy every segment: none of the backup's files is the log's under another name.
	Copy bool
	// Unpacked gives new segments no dictionary, so that events can be found in what is written.
	Unpacked bool
	// Synchronous has files be written before an append goes on that are else written beside it, so that the order of operations is always the
	// same: for simulations.
	Synchronous bool
	// Measure has [Store.Stats] tell how long appends and syncs take: three looks at the clock a group.
	Measure bool
	// Logger gets progress of long work and failures; default: discarded.
	Logger *slog.Logger

	replica *Replica // whose store is opened: its log is a replicated one
	begins  bool     // the directory becomes a member's
}

func (o Options) withDefaults() *Options {
	if o.FS == nil {
		o.FS = vfs.OS
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = 256 << 20
	}
	o.SegmentBytes = min(o.SegmentBytes, maxSegmentSize)
	o.Limits = o.Limits.withDefaults()
	if o.CacheBlocks <= 0 {
		o.CacheBlocks = defaultCacheBlocks
	}
	o.CacheBlocks = max(o.CacheBlocks, 2)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &o
}

// Store is an open event store. Close it; only one process can have it open.
type Store struct {
	opts *Options
	dir  string
	lock interface{ Close() error }
	log  *EventLog
	w    *writer
	hub  Hub
}

// Open opens the store in a directory, making it if there is none, and recovers it.
// It returns ErrLocked if another process has it, and a *CorruptionError if anything
// but a torn tail is damaged; then nothing was changed. A directory that others than its owner may
// reach is refused with an [*ExposedError].
func Open(dir string, options Options) (*Store, error) {
	opts := options.withDefaults()
	if err := makePrivate(opts.FS, dir); err != nil {
		return nil, err
	}
	for _, d := range []string{filepath.Join(dir, "log"), filepath.Join(dir, "index")} {
		if err := opts.FS.MkdirAll(d); err != nil {
			return nil, err
		}
	}
	// Directories that are there already may never have been synced.
	for _, d := range []string{filepath.Dir(filepath.Clean(dir)), dir, filepath.Join(dir, "log")} {
		if err := opts.FS.SyncDir(d); err != nil {
			return nil, err
		}
	}
	lock, err := lockDir(opts.FS, dir, lockWait)
	if err != nil {
		return nil, err
	}
	s := &Store{opts: opts, dir: dir, lock: lock}
	if err := s.open(); err != nil {
		if s.w != nil {
			s.w.building.Wait()
		}
		s.closeFiles()
		lock.Close()
		return nil, err
	}
	return s, nil
}

// lockWait is how long a server waits for its data directory. One that is killed while it starts a process
// leaves its lock with that one, until it runs its own program: on a busy machine, milliseconds.
const lockWait = time.Second

// Lock locks a data directory, which no process has open then; fsys may be nil. It returns ErrLocked where one has.
func Lock(fsys vfs.FS, dir string) (io.Closer, error) {
	if fsys == nil {
		fsys = vfs.OS
	}
	return lockDir(fsys, dir, lockWait)
}

// lockDir locks a data directory. It returns ErrLocked where another process keeps it locked for as long as
// is waited.
func lockDir(fsys vfs.FS, dir string, wait time.Duration) (io.Closer, error) {
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		lock, err := fsys.Lock(filepath.Join(dir, "LOCK"))
		switch {
		case !errors.Is(err, vfs.ErrLocked):
			return lock, err
		case time.Since(start) >= wait:
			return nil, fmt.Errorf("%s: %w", dir, ErrLocked)
		}
	}
}

func (s *Store) open() error {
	id, created, err := openIdentity(s.opts.FS, s.dir)
	if err != nil {
		return err
	}
	s.log = &EventLog{
		fs: s.opts.FS, dir: s.dir, store: id.UUID, hash: newIDHash(id.secret), key: id.key(),
		cache: newBlockCache(s.opts.CacheBlocks),
	}
	s.log.streams = newStreamTable(s.log.hash)
	if err := s.replicated(id); err != nil {
		return err
	}
	if id.format < storeFormat {
		// Refused before anything is changed.
		if _, err := readDefinitions(s.opts.FS, s.dir); err != nil {
			return err
		}
	}
	s.w = &writer{
		log: s.log, opts: s.opts, hub: &s.hub, group: newGroup(s.log),
		queue: make(chan *AppendRequest, queueLength), stopped: make(chan struct{}), stopping: make(chan struct{}),
	}
	s.log.derive = s.w.derive
	s.w.become(StateOK, nil)
	o := opening{store: s, created: created, baseTime: id.createdAt}
	if err := o.run(); err != nil {
		return err
	}
	if err := s.upgrade(&id); err != nil {
		return err
	}
	if err := s.log.filterIDs(nil, true); err != nil {
		return err
	}
	s.hub.publish(s.log.committed.Load())
	if s.opts.replica == nil {
		go s.w.run()
	} else {
		close(s.w.stopped)
	}
	s.w.derive(nil)
	return nil
}

// Index returns the read-only view of the store.
func (s *Store) Index() *ReadIndex { return &ReadIndex{log: s.log} }

// Writer returns the handle to append with.
func (s *Store) Writer() *WriterHandle { return &WriterHandle{w: s.w} }

// Hub returns what tells how far the log is committed.
func (s *Store) Hub() *Hub { return &s.hub }

// Limits returns the limits in force.
func (s *Store) Limits() Limits { return s.opts.Limits }

// ID identifies the store.
func (s *Store) ID() uuid.UUID { return s.log.store }

// Close finishes the appends that are under way, refuses new ones, and closes the
// files. Cursors must no longer be used.
func (s *Store) Close() error {
	s.w.close()
	err := s.w.release()
	s.closeFiles()
	return errors.Join(err, s.lock.Close())
}

func (s *Store) closeFiles() {
	if s.log == nil {
		return
	}
	for _, seg := range s.log.segments {
		if seg.file != nil {
			seg.file.Close()
		}
		if idx := seg.idx.Load(); idx != nil {
			idx.file.Close()
		}
		if keys := seg.keys.Load(); keys != nil {
			keys.file.Close()
		}
	}
	s.log.filters.close()
	for _, f := range s.log.dropped {
		f.Close()
	}
}

// release gives reserved space back and records how far the log is durable.
func (w *writer) release() error {
	if w.poison != nil {
		return nil // nothing is known; recovery will find out
	}
	if !w.rolling {
		if err := w.active().file.Truncate(w.end); err != nil {
			return err
		}
		if err := w.active().file.SyncData(); err != nil {
			return err
		}
	}
	return w.checkpoint(w.active().number, w.end)
}

// ReadStoreID returns the id of the store in a directory, which may be open.
func ReadStoreID(dir string) (uuid.UUID, error) {
	id, err := readIdentity(vfs.OS, dir)
	return id.UUID, err
}

// identity is what the file STORE says.
type identity struct {
	uuid.UUID
	format    int
	createdAt int64     // µs since the Unix epoch
	secret    uuid.UUID // known to nobody who has not read the data directory
}

func (id *identity) key() frameKey { return frameKey(crc32.Checksum(id.secret[:], castagnoli)) }

const (
	identityFormat = "eventgres store, format %d\nid %s\ncreated %d\nsecret %s\n"
	// storeFormat says what the directory may hold: 1 has the file DEFINITIONS, 2 control records.
	storeFormat = 2
)

func (id *identity) String() string {
	return fmt.Sprintf(identityFormat, id.format, id.UUID, id.createdAt, id.secret)
}

func parseIdentity(text string) (id identity, err error) {
	var store, secret string
	if _, err := fmt.Sscanf(text, identityFormat, &id.format, &store, &id.createdAt, &secret); err != nil || id.format < 1 || id.format > storeFormat {
		return id, fmt.Errorf("STORE is not of a format this program reads: %q", strings.SplitN(text, "\n", 2)[0])
	}
	if id.UUID, err = uuid.Parse(store); err == nil {
		id.secret, err = uuid.Parse(secret)
	}
	return id, err
}

// readIdentity reads the file STORE of a directory that has one.
func readIdentity(fsys vfs.FS, dir string) (identity, error) {
	text, err := readChecked(fsys, filepath.Join(dir, "STORE"))
	if err != nil {
		return identity{}, err
	}
	return parseIdentity(text)
}

func openIdentity(fsys vfs.FS, dir string) (id identity, created bool, err error) {
	name := filepath.Join(dir, "STORE")
	id, err = readIdentity(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		segments, err := fsys.List(filepath.Join(dir, "log"))
		if err != nil {
			return id, false, err
		}
		for _, s := range segments {
			if strings.HasSuffix(s, ".seg") {
				return id, false, &CorruptionError{File: name, Reason: "the file is missing, and there are segments"}
			}
		}
		id = identity{UUID: uuid.New(), format: storeFormat, createdAt: time.Now().UnixMicro(), secret: uuid.New()}
		return id, true, writeChecked(fsys, name, id.String())
	}
	return id, false, err
}

// writeChecked replaces a small text file atomically and durably; its last line is a
// checksum.
func writeChecked(fsys vfs.FS, name, text string) error {
	tmp := name + ".tmp"
	if err := removeIfExists(fsys, tmp); err != nil {
		return err
	}
	f, err := fsys.Create(tmp)
	if err != nil {
		return err
	}
	b := fmt.Appendf(nil, "%scrc %08x\n", text, crc32.Checksum([]byte(text), castagnoli))
	if failpoint(bugRenameBeforeSync) {
		_, err = f.WriteAt(b, 0)
	} else {
		err = writeAndSync(f, b)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := fsys.Rename(tmp, name); vfs.IsFull(err) {
		return err
	} else if err != nil {
		return &indeterminateError{err}
	}
	if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
		return &indeterminateError{err}
	}
	return nil
}

// indeterminateError says that a file may or may not have been replaced.
type indeterminateError struct{ cause error }

func (e *indeterminateError) Error() string { return e.cause.Error() }
func (e *indeterminateError) Unwrap() error { return e.cause }

func readChecked(fsys vfs.FS, name string) (string, error) { return readCheckedUpTo(fsys, name, 4096) }

// readCheckedUpTo reads a file that writeChecked wrote, of a bounded size.
func readCheckedUpTo(fsys vfs.FS, name string, limit int64) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return "", err
	}
	const trailer = len("crc 00000000\n")
	if size < int64(trailer) || size > limit {
		return "", &CorruptionError{File: name, Reason: "its size is wrong"}
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	text := b[:len(b)-trailer]
	if string(b[len(text):]) != fmt.Sprintf("crc %08x\n", crc32.Checksum(text, castagnoli)) {
		return "", &CorruptionError{File: name, Reason: "checksum"}
	}
	return string(text), nil
}

const checkpointFormat = "durable segment %d offset %d\n"

func (w *writer) checkpoint(segment uint32, offset int64) error {
	if failpoint(bugCheckpointAhead) {
		offset += 100
	}
	return writeChecked(w.log.fs, filepath.Join(w.log.dir, "CHECKPOINT"), fmt.Sprintf(checkpointFormat, segment, offset))
}

// readCheckpoint returns zeros if there is none yet.
func readCheckpoint(fsys vfs.FS, dir string) (segment uint32, offset int64, err error) {
	name := filepath.Join(dir, "CHECKPOINT")
	text, err := readChecked(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	if _, err := fmt.Sscanf(text, checkpointFormat, &segment, &offset); err != nil {
		return 0, 0, &CorruptionError{File: name, Reason: "cannot be read"}
	}
	return segment, offset, nil
}

// listSegments returns the numbers of the segments in a directory, which must be
// 1, 2, 3 …
func listSegments(fsys vfs.FS, dir string) ([]uint32, error) {
	numbers, err := segmentNumbers(fsys, dir)
	for i, n := range numbers {
		if n != uint32(i)+1 {
			return nil, &CorruptionError{File: segmentName(dir, uint32(i)+1), Reason: "the segment is missing"}
		}
	}
	return numbers, err
}

// segmentNumbers returns the numbers of the segments that there are, ascending.
func segmentNumbers(fsys vfs.FS, dir string) ([]uint32, error) {
	names, err := fsys.List(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	var numbers []uint32
	for _, name := range names {
		base, ok := strings.CutSuffix(name, ".seg")
		if !ok {
			if strings.HasSuffix(name, ".seg.tmp") {
				continue // never came to be; replaced when its number comes
			}
			return nil, fmt.Errorf("%s does not belong here", filepath.Join(dir, "log", name))
		}
		n, err := strconv.ParseUint(base, 10, 31)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%s does not belong here", filepath.Join(dir, "log", name))
		}
		numbers = append(numbers, uint32(n))
	}
	slices.Sort(numbers)
	return numbers, nil
}
