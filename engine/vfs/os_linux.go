package vfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData is fdatasync(2): the bytes, and of the metadata what it takes to read them back.
func syncData(f *os.File) error {
	return uninterrupted(func() error { return unix.Fdatasync(int(f.Fd())) })
}

// syncDir is fsync(2) of the directory.
func syncDir(d *os.File) error {
	return uninterrupted(func() error { return unix.Fsync(int(d.Fd())) })
}

// reserve is fallocate(2).
func reserve(f *os.File, off, n int64) error {
	err := uninterrupted(func() error { return unix.Fallocate(int(f.Fd()), 0, off, n) })
	if err == unix.EOPNOTSUPP || err == unix.ENOSYS {
		return errCannotReserve
	}
	return err
}
