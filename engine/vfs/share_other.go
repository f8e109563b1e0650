//go:build !linux

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

func (osFS) share(from, to string) (link bool, err error) {
	if from, err = filepath.EvalSymlinks(from); err == nil { // link(2) may link the symbolic link itself
		err = os.Link(from, to)
	}
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return true, err
	}
	return false, &fs.PathError{Op: "share", Path: to, Err: errors.Join(ErrCannotShare, err)}
}
