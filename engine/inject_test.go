package engine

import (
	"syscall"

	"github.com/eventgres/eventgres/engine/vfs"
)

// injectedError is an error of a kind: the disk fails, is full, or is full in the middle
// of a write.
func injectedError(op vfs.Op, kind int) error {
	switch {
	case kind == 0:
		return syscall.EIO
	case kind == 1 || op.Kind != vfs.OpWrite:
		return syscall.ENOSPC
	}
	return &vfs.ShortWrite{N: int(op.Length / 2), Err: syscall.ENOSPC}
}
