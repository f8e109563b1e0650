//go:build unix

package machine

import "golang.org/x/sys/unix"

// DiskOf asks for the file system that a directory is in.
func DiskOf(dir string) (d Disk) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return d
	}
	block := uint64(s.Bsize)
	// Where root alone has room left, some systems count below zero.
	return Disk{Free: uint64(max(int64(s.Bavail), 0)) * block, Size: uint64(s.Blocks) * block, Known: true} //nolint:unconvert // types differ between systems
}

// OpenFiles is how many files and sockets a process may have open.
func OpenFiles() (limit uint64, known bool) {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return 0, false
	}
	return uint64(l.Cur), true //nolint:unconvert // types differ between systems
}
