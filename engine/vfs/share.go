package vfs

import (
	"errors"
	"io/fs"
)

// ErrCannotShare is returned by [Share] where the file system can do neither.
var ErrCannotShare = errors.New("the files cannot share their blocks")

// sharer is a file system that can give a file a second name without copying its bytes.
type sharer interface {
	share(from, to string) (link bool, err error)
}

// Share makes a new file with the content of another, without copying: as a reflink where the file
// system has them, else as a hard link, which is the same file under a second name; link tells. It
// returns an error that wraps ErrCannotShare where neither is possible, and fs.ErrExist where
// there is a file of that name. It is durable after SyncDir.
func Share(fsys FS, from, to string) (link bool, err error) {
	if s, ok := fsys.(sharer); ok {
		return s.share(from, to)
	}
	return false, &fs.PathError{Op: "share", Path: to, Err: ErrCannotShare}
}
