//go:build unix

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// rename is rename(2), which replaces what has the new name atomically.
func rename(oldName, newName string) error { return os.Rename(oldName, newName) }

// lockFile takes flock(2)'s lock, which belongs to the open file: it ends with the process, however
// that ends, and a child that is given no descriptor has no part in it.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return errBusy
	}
	return err
}

// uninterrupted repeats a system call that a signal has interrupted.
func uninterrupted(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func exposed(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() & 0o077 }

func (osFS) restrict(dir string) error { return os.Chmod(dir, 0o700) }

// IsFull reports whether an operation failed for lack of space: the disk's, a quota's, or what one
// file may have.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// IsDenied reports whether an operation was refused before it did anything.
func IsDenied(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}
