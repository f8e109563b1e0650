//go:build unix

package pgwire

import (
	"io/fs"
	"os"
	"syscall"
)

// openToOthers tells whether others than a file's owner may read it; root's may be read by a group, as those that a
// system's tools keep.
func openToOthers(info fs.FileInfo) bool {
	forbidden := fs.FileMode(0o077)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid == 0 && os.Geteuid() != 0 {
		forbidden = 0o027
	}
	return info.Mode().Perm()&forbidden != 0
}
