package vfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// syncData is FlushFileBuffers: the file's bytes and metadata, and the drive's cache.
func syncData(f *os.File) error { return windows.FlushFileBuffers(windows.Handle(f.Fd())) }

// syncDir does nothing: Windows has no call that makes a directory's entries durable. What there is
// instead: NTFS writes changes of entries to its journal in their order, and FlushFileBuffers of a
// file that was made, like the rename below, flushes the journal up to it.
func syncDir(*os.File) error { return nil }

// rename is MoveFileEx, which returns once the disk has the change.
func rename(oldName, newName string) error {
	from, err := windows.UTF16PtrFromString(oldName)
	if err == nil {
		var to *uint16
		if to, err = windows.UTF16PtrFromString(newName); err == nil {
			err = windows.MoveFileEx(from, to, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: err}
	}
	return nil
}

// reserve is SetEndOfFile: NTFS gives a file that is neither sparse nor compressed the clusters for
// its whole size, and reads as zeros what was not written.
func reserve(f *os.File, off, n int64) error { return extend(f, off+n) }

// lockFile takes LockFileEx's lock on one byte, far behind the end, which hides nothing of the file
// from those who read it.
func lockFile(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errBusy
	}
	return err
}

// exposed: permissions are lists there, which a file takes over from the directory that it is in.
func exposed(fs.FileInfo) fs.FileMode { return 0 }

// IsFull reports whether an operation failed for lack of space: the disk's, a quota's, or what one
// file may have. The errors of Unix are those of a [Mem].
func IsFull(err error) bool {
	for _, full := range []error{
		windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED, windows.ERROR_FILE_TOO_LARGE,
		syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG,
	} {
		if errors.Is(err, full) {
			return true
		}
	}
	return false
}

// IsDenied reports whether an operation was refused before it did anything.
func IsDenied(err error) bool {
	for _, denied := range []error{windows.ERROR_WRITE_PROTECT, windows.ERROR_ACCESS_DENIED, syscall.EROFS, syscall.EACCES, syscall.EPERM} {
		if errors.Is(err, denied) {
			return true
		}
	}
	return false
}
