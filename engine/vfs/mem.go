package vfs

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// ErrCrashed is returned by everything on a [Mem] that was halted, and on its
// open files.
var ErrCrashed = errors.New("file system has crashed")

// Mem is a file system in memory that a test can cut the power of. Beside what
// a running process sees it keeps what has been synced, and [Mem.Crash] makes
// from the two a file system as a power cut could have left it.
//
// What it takes for possible is what ext4 and xfs can leave, and beyond that
// whatever the package comment does not promise:
//
//   - Of the bytes that were not synced any subset of sectors survives; a sector
//     holds what it held at the last sync or after any write since.
//   - The file's size is what it was at the last sync or after any change since,
//     whether the bytes it covers survive or not. A truncation cuts the bytes
//     and the size together or not at all.
//   - An entry of a directory is what it was at the last SyncDir or after any
//     operation since; entries choose independently, even within a directory. A
//     rename happens in both its places or in neither, so that it loses neither
//     the file it moves nor, without putting another there, the one it replaces.
//   - SyncData says nothing of the directory entry, SyncDir nothing of the
//     file's bytes and size.
//   - A sync covers what was done before it began, not what happens during it.
//
// Names are taken relative to one root, which always exists: "a/b" and "/a/b"
// are the same file. All methods may be called concurrently; so may those of
// open files. A directory can only be renamed within its parent (EXDEV), and
// files end at 1 TiB (EFBIG). Open refuses directories (EISDIR).
type Mem struct {
	// Inject, where it is set, is called before each operation that changes
	// something, also one that will then fail by itself. An error makes the
	// operation fail with it and without effect, except that
	//
	//   - *[ShortWrite] for an OpWrite writes a prefix first;
	//   - any error for an OpSyncData makes the dirty bytes clean but not
	//     durable, as on ext4: it is reported once, and a later SyncData that
	//     succeeds does not make up for it. Without a crash they stay readable.
	//
	// It may block, to hold an operation up, and may call any method of the Mem;
	// concurrent operations call it concurrently. Set it before the Mem is
	// shared between goroutines.
	Inject func(op Op) error

	// InjectRead, where it is set, is called before each Open, List, Stat, ReadAt and Size with
	// the file's name. An error makes the call fail with it. It is set and called as Inject is.
	InjectRead func(name string) error

	mu     sync.Mutex
	root   *node
	moves  []move // oldest first
	locks  map[*node]bool
	ops    uint64 // operations begun
	clock  uint64 // changes made: orders them, and tells a sync what came before it
	halted bool
}

// A move is an operation on directory entries that no SyncDir has covered yet.
type move struct {
	stamp   uint64 // the Mem's clock when it was made
	entries []entry
	emptied *node // the directory it removed
}

// An entry says what a name in a directory refers to; nil for nothing.
type entry struct {
	place
	node *node
}

type place struct {
	dir  *node
	name string
}

// NewMem returns an empty file system.
func NewMem() *Mem {
	return &Mem{root: newDir(), locks: map[*node]bool{}}
}

// Ops returns how many operations have begun: the Seq of the last.
func (m *Mem) Ops() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ops
}

// Halt makes every later call on the file system and on its open files fail
// with ErrCrashed and without effect, also those that Inject is holding up, so
// that an engine left running cannot go on. What Halt leaves can still be
// crashed, cloned and inspected.
func (m *Mem) Halt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.halted = true
}

// begin counts an operation and asks Inject, without the lock, whether it shall
// fail. It returns the clock as it was when the operation began.
func (m *Mem) begin(op Op) (now uint64, err error) {
	err = m.locked(func() error {
		m.ops++
		op.Seq, now = m.ops, m.clock
		return nil
	})
	if err == nil && m.Inject != nil {
		err = m.Inject(op)
	}
	return now, err
}

// locked runs do under the lock unless the Mem was halted.
func (m *Mem) locked(do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.halted {
		return ErrCrashed
	}
	return do()
}

// mutate begins an operation and, if Inject lets it, does it.
func (m *Mem) mutate(op Op, do func(now uint64) error) error {
	now, err := m.begin(op)
	if err == nil {
		err = m.locked(func() error { return do(now) })
	}
	return op.wrap(err)
}

// tick returns the stamp of the next change.
func (m *Mem) tick() uint64 {
	m.clock++
	return m.clock
}

// lookup returns the file or directory of that name.
func (m *Mem) lookup(name string) (*node, error) {
	if name == "" {
		return nil, syscall.ENOENT
	}
	n := m.root
	for rest := clean(name)[1:]; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		if !n.isDir() {
			return nil, syscall.ENOTDIR
		}
		if n = n.entries[part]; n == nil {
			return nil, syscall.ENOENT
		}
	}
	return n, nil
}

// slot returns the entry of that name, which may refer to nothing, and an error
// where its directory does not exist.
func (m *Mem) slot(name string) (entry, error) {
	if name == "" {
		return entry{}, syscall.ENOENT
	}
	dir, base := path.Split(clean(name))
	if base == "" {
		return entry{}, syscall.EBUSY // the root
	}
	n, err := m.lookup(dir)
	if err == nil && !n.isDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return entry{}, err
	}
	return entry{place{n, base}, n.entries[base]}, nil
}

func clean(name string) string { return path.Clean("/" + filepath.ToSlash(name)) }

// put sets directory entries, all or none of which survive a crash.
func (m *Mem) put(emptied *node, entries ...entry) {
	for _, e := range entries {
		set(e.dir.entries, e)
	}
	m.moves = append(m.moves, move{m.tick(), entries, emptied})
}

func set(entries map[string]*node, e entry) {
	if e.node == nil {
		delete(entries, e.name)
	} else {
		entries[e.name] = e.node
	}
}

// Create implements [FS].
func (m *Mem) Create(name string) (File, error) {
	f := &memFile{mem: m, node: &node{}, name: name, writable: true}
	err := m.mutate(Op{Kind: OpCreate, Name: name}, func(uint64) error {
		at, err := m.slot(name)
		if err == nil && at.node != nil {
			err = syscall.EEXIST
		}
		if err != nil {
			return err
		}
		at.node = f.node
		m.put(nil, at)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Open implements [FS].
func (m *Mem) Open(name string) (File, error) { return m.open(name, false) }

// OpenReadWrite implements [FS].
func (m *Mem) OpenReadWrite(name string) (File, error) { return m.open(name, true) }

func (m *Mem) open(name string, writable bool) (File, error) {
	if err := m.reading("open", name); err != nil {
		return nil, err
	}
	n, err := m.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.isDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	return &memFile{mem: m, node: n, name: name, writable: writable}, nil
}

// reading asks InjectRead whether a call that only reads shall fail.
func (m *Mem) reading(op, name string) error {
	if m.InjectRead == nil {
		return nil
	}
	if err := m.InjectRead(name); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

// find is lookup for callers without the lock.
func (m *Mem) find(op, name string) (n *node, err error) {
	err = m.locked(func() error {
		n, err = m.lookup(name)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return n, nil
}

// Remove implements [FS]. Open files go on working, as on Unix.
func (m *Mem) Remove(name string) error {
	return m.mutate(Op{Kind: OpRemove, Name: name}, func(uint64) error {
		at, err := m.slot(name)
		if err != nil {
			return err
		}
		var emptied *node
		switch {
		case at.node == nil:
			return syscall.ENOENT
		case len(at.node.entries) > 0:
			return syscall.ENOTEMPTY
		case at.node.isDir():
			emptied = at.node
		}
		at.node = nil
		m.put(emptied, at)
		return nil
	})
}

// Rename implements [FS].
func (m *Mem) Rename(oldName, newName string) error {
	return m.mutate(Op{Kind: OpRename, Name: oldName, NewName: newName}, func(uint64) error {
		from, err := m.slot(oldName)
		if err != nil {
			return err
		}
		to, err := m.slot(newName)
		switch {
		case err != nil:
			return err
		case from.node == nil:
			return syscall.ENOENT
		case to.node != nil && to.node.isDir():
			return syscall.EEXIST // package os says so before it tries
		case from == to:
			return nil
		case from.node.isDir() && from.dir != to.dir:
			return syscall.EXDEV // crashes would have to look out for cycles
		case from.node.isDir() && to.node != nil:
			return syscall.ENOTDIR
		}
		to.node, from.node = from.node, nil
		m.put(nil, to, from)
		return nil
	})
}

// List implements [FS].
func (m *Mem) List(dir string) (names []string, err error) {
	if err := m.reading("list", dir); err != nil {
		return nil, err
	}
	err = m.locked(func() error {
		n, err := m.lookup(dir)
		if err == nil && !n.isDir() {
			err = syscall.ENOTDIR
		}
		if err == nil {
			names = slices.Sorted(maps.Keys(n.entries))
		}
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: err}
	}
	return names, nil
}

// Stat implements [FS]. The modification time is always zero.
func (m *Mem) Stat(name string) (info fs.FileInfo, err error) {
	if err := m.reading("stat", name); err != nil {
		return nil, err
	}
	err = m.locked(func() error {
		n, err := m.lookup(name)
		if err == nil {
			info = memInfo{name: path.Base(clean(name)), size: n.live.size, dir: n.isDir()}
		}
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info, nil
}

// MkdirAll implements [FS]. Like that of [OS] it syncs nothing where the
// directory exists, even if that is not durable yet.
func (m *Mem) MkdirAll(dir string) error {
	op := Op{Kind: OpMkdir, Name: dir}
	n, err := m.find(op.Kind.String(), dir)
	switch {
	case err == nil && !n.isDir():
		return op.wrap(syscall.ENOTDIR)
	case err == nil || dir == "" || errors.Is(err, ErrCrashed):
		return err
	}
	parent := filepath.Dir(dir)
	if err := m.MkdirAll(parent); err != nil {
		return err
	}
	if err := m.mutate(op, func(uint64) error {
		at, err := m.slot(dir)
		if err == nil && at.node == nil {
			at.node = newDir()
			m.put(nil, at)
		}
		return err
	}); err != nil {
		return err
	}
	return m.SyncDir(parent)
}

// SyncDir implements [FS]. When Inject makes it fail, the entries stay as they
// were, not durable, and a later call can make them so: they are in the file
// system's journal, which either takes a write or stops the file system.
func (m *Mem) SyncDir(dir string) error {
	return m.mutate(Op{Kind: OpSyncDir, Name: dir}, func(now uint64) error {
		n, err := m.lookup(dir)
		if err == nil && !n.isDir() {
			err = syscall.ENOTDIR
		}
		if err == nil {
			m.syncDir(n, now)
		}
		return err
	})
}

// syncDir makes durable the moves in dir up to the moment now, and with them
// the earlier ones that they build on, also in other directories: what must
// have been in a place before it could be moved, or moved away from it.
func (m *Mem) syncDir(dir *node, now uint64) {
	dirs, places := map[*node]bool{dir: true}, map[place]bool{}
	var done, rest []move // latest first
	for _, mv := range slices.Backward(m.moves) {
		if mv.stamp > now || !slices.ContainsFunc(mv.entries, func(e entry) bool {
			return dirs[e.dir] || places[e.place]
		}) {
			rest = append(rest, mv)
			continue
		}
		for _, e := range mv.entries {
			places[e.place] = true
		}
		if mv.emptied != nil {
			dirs[mv.emptied] = true
		}
		done = append(done, mv)
	}
	for _, mv := range slices.Backward(done) {
		for _, e := range mv.entries {
			set(e.dir.durable, e)
		}
	}
	slices.Reverse(rest)
	m.moves = rest
}

// Lock implements [FS]. The lock is of this Mem alone: neither a crash nor a
// clone inherits it.
func (m *Mem) Lock(name string) (io.Closer, error) {
	if _, err := m.find("lock", name); errors.Is(err, fs.ErrNotExist) {
		f, err := m.Create(name)
		if err == nil {
			err = f.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	l := &memLock{mem: m}
	err := m.locked(func() (err error) {
		l.node, err = m.lookup(name)
		switch {
		case err != nil:
			return err
		case l.node.isDir():
			return syscall.EISDIR
		case m.locks[l.node]:
			return ErrLocked
		}
		m.locks[l.node] = true
		return nil
	})
	if err != nil {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: err}
	}
	return l, nil
}

type memLock struct {
	mem  *Mem
	node *node // nil once it is released
}

func (l *memLock) Close() error {
	l.mem.mu.Lock()
	defer l.mem.mu.Unlock()
	if l.node == nil {
		return fs.ErrClosed
	}
	delete(l.mem.locks, l.node)
	l.node = nil
	return nil
}
