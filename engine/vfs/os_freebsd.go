package vfs

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// syncData is fdatasync(2), which FreeBSD has from 11.1 on.
func syncData(f *os.File) error {
	return uninterrupted(func() error {
		if _, _, err := unix.Syscall(unix.SYS_FDATASYNC, f.Fd(), 0, 0); err != 0 {
			return err
		}
		return nil
	})
}

// syncDir is fsync(2) of the directory.
func syncDir(d *os.File) error {
	return uninterrupted(func() error { return unix.Fsync(int(d.Fd())) })
}

// reserve is posix_fallocate(2), which returns its error instead of setting errno. ZFS, which writes
// every block to a new place and so has nothing to reserve, answers EINVAL. Where a word has 32 bits
// the arguments would be laid out differently; there the file is only extended.
func reserve(f *os.File, off, n int64) error {
	if strconv.IntSize < 64 {
		return errCannotReserve
	}
	err := uninterrupted(func() error {
		result, _, err := unix.Syscall(unix.SYS_POSIX_FALLOCATE, f.Fd(), uintptr(off), uintptr(n))
		if err == 0 {
			err = unix.Errno(result)
		}
		if err != 0 {
			return err
		}
		return nil
	})
	switch err {
	case unix.EINVAL, unix.EOPNOTSUPP, unix.ENOSYS, unix.ENODEV:
		return errCannotReserve
	}
	return err
}
