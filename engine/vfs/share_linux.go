package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

func (osFS) share(from, to string) (link bool, err error) {
	if err := reflink(from, to); err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if from, err = filepath.EvalSymlinks(from); err == nil { // link(2) may link the symbolic link itself
		err = os.Link(from, to)
	}
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return true, err
	}
	return false, &fs.PathError{Op: "share", Path: to, Err: errors.Join(ErrCannotShare, err)}
}

func reflink(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = unix.IoctlFileClone(int(out.Fd()), int(in.Fd()))
	if err == nil {
		err = syncData(out)
	}
	err = errors.Join(err, out.Close())
	if err != nil {
		_ = os.Remove(to) // there was none before
	}
	return err
}
