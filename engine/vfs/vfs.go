// Package vfs is the one door between the engine and the disk: every file the
// engine reads, writes, syncs, renames or lists goes through an [FS].
//
// It exists so that durability can be tested. [OS] is the real thing; [Mem]
// keeps, beside what a running process would see, what a power cut would
// leave: which bytes and which directory entries have been synced.
//
// # What storage must guarantee
//
//   - After SyncData returns nil, the bytes written to the file before the call,
//     and a size that covers them, survive a power cut.
//   - After SyncDir returns nil, creations, renames and removals in that
//     directory before the call survive a power cut.
//   - A write of at most one 512-byte sector, aligned to one, is not torn.
//
// Nothing is assumed about bytes that were written and not synced: any subset of
// their sectors may survive, in any order. A failed SyncData says nothing of the
// bytes before it, and a later SyncData that succeeds says nothing of them
// either (Linux marks the pages clean after reporting the error once).
//
// # What keeps it on each system
//
//	          SyncData          SyncDir      Rename      Lock        Allocate
//	linux     fdatasync         fsync        rename      flock       fallocate
//	darwin    F_FULLFSYNC       F_FULLFSYNC  rename      flock       F_PREALLOCATE
//	freebsd   fdatasync         fsync        rename      flock       posix_fallocate
//	windows   FlushFileBuffers  nothing      MoveFileEx  LockFileEx  SetEndOfFile
//
// On macOS a file system without F_FULLFSYNC is refused, because its fsync ends in the drive's
// cache. On FreeBSD ZFS reserves nothing; an append that finds the disk full is taken back.
// Windows has no call for a directory: there the engine rests on NTFS writing changes of entries
// in their order, and on the flush of a file or of a rename that follows them. So a file that was
// removed may be back after a power cut; nothing that was acknowledged is lost by that.
package vfs

import (
	"errors"
	"io"
	"io/fs"
)

// ErrLocked is returned by [FS.Lock] when another process holds the lock.
var ErrLocked = errors.New("locked by another process")

// A File is an open file. ReadAt and WriteAt may be called concurrently with
// each other; the other methods belong to the file's one owner.
type File interface {
	// ReadAt follows io.ReaderAt: fewer than len(p) bytes come with an error,
	// io.EOF at the end of the file.
	io.ReaderAt
	// WriteAt follows io.WriterAt: fewer than len(p) bytes come with an error.
	// Bytes that were written before the error stay written.
	io.WriterAt
	// Allocate makes the file at least off+n bytes long and reserves space for
	// that range, so that writing into it later neither fails for lack of space
	// nor changes the file's size. New bytes read as zeros. Where the file system
	// cannot reserve, it only extends.
	Allocate(off, n int64) error
	// Truncate sets the file's size in bytes.
	Truncate(size int64) error
	// SyncData makes everything written so far durable (fdatasync).
	SyncData() error
	// Size returns the file's size in bytes.
	Size() (int64, error)
	Close() error
}

// FS is a file system. Names are slash-separated paths as the operating system
// takes them. Errors wrap fs.ErrNotExist, fs.ErrExist and syscall errors
// (ENOSPC, EIO …) so that errors.Is finds them. All methods may be called
// concurrently.
type FS interface {
	// Create makes a new file for reading and writing; it fails with
	// fs.ErrExist where there is one. Durable only after SyncData of the file
	// and SyncDir of its directory.
	Create(name string) (File, error)
	// Open opens a file for reading only.
	Open(name string) (File, error)
	// OpenReadWrite opens an existing file for reading and writing.
	OpenReadWrite(name string) (File, error)
	// Remove deletes a file. Durable after SyncDir.
	Remove(name string) error
	// Rename replaces newName by oldName atomically. Durable after SyncDir.
	Rename(oldName, newName string) error
	// List returns the names (not paths) of the entries of a directory, sorted.
	List(dir string) ([]string, error)
	// Stat describes a file.
	Stat(name string) (fs.FileInfo, error)
	// MkdirAll makes a directory and its parents, and syncs the parents of
	// those it made. The directory is private to the user (0700).
	MkdirAll(dir string) error
	// SyncDir makes the directory's entries durable.
	SyncDir(dir string) error
	// Lock takes an exclusive lock on the file called name, which it creates
	// where it is missing, until the closer is closed or the process ends.
	// It returns ErrLocked at once where another holder has it.
	Lock(name string) (io.Closer, error)
}
