//go:build unix

package web

import "golang.org/x/sys/unix"

// diskOf asks for the file system that a directory is in.
func diskOf(dir string) (d disk) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return d
	}
	block := uint64(s.Bsize)
	// Where root alone has room left, some systems count below zero.
	return disk{free: uint64(max(int64(s.Bavail), 0)) * block, size: uint64(s.Blocks) * block, known: true} //nolint:unconvert // types differ between systems
}
