//go:build unix

package pgwire

import (
	"math"

	"golang.org/x/sys/unix"
)

// maxFiles is how many descriptors the process may have.
func maxFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}
