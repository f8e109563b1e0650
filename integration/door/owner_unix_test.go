//go:build unix

package door

import (
	"io/fs"
	"os"
	"syscall"
)

// chownLike gives a file to another's owner.
func chownLike(name string, other fs.FileInfo) error {
	stat := other.Sys().(*syscall.Stat_t)
	return os.Chown(name, int(stat.Uid), int(stat.Gid))
}
