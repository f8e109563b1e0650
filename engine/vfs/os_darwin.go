package vfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// fullSync is fcntl(F_FULLFSYNC). Apple's fsync(2) ends in the drive's own cache, which a power cut
// empties; this is the call that makes the drive write it. A file system that has none, such as a
// share on a network, cannot keep what [FS] promises, and the error says so.
func fullSync(f *os.File) error {
	return uninterrupted(func() error {
		_, err := unix.FcntlInt(f.Fd(), unix.F_FULLFSYNC, 0)
		return err
	})
}

func syncData(f *os.File) error { return fullSync(f) }

func syncDir(d *os.File) error { return fullSync(d) }

// reserve is fcntl(F_PREALLOCATE), which takes space behind the end of the file, and ftruncate(2),
// which makes it the file's. What lies before the end is the file's already: the engine leaves no
// holes.
func reserve(f *os.File, off, n int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	more := off + n - info.Size()
	if more <= 0 {
		return nil
	}
	err = uninterrupted(func() error {
		return unix.FcntlFstore(f.Fd(), unix.F_PREALLOCATE, &unix.Fstore_t{
			Flags: unix.F_ALLOCATEALL, Posmode: unix.F_PEOFPOSMODE, Length: more,
		})
	})
	switch err {
	case nil:
		return extend(f, off+n)
	case unix.ENOTSUP, unix.EOPNOTSUPP, unix.ENOSYS, unix.ENOTTY, unix.EINVAL:
		return errCannotReserve
	}
	return err
}
