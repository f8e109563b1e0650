package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// OS is the operating system's file system. What differs between systems is in os_*.go, one file
// for each: there
//
//	syncData   makes a file's bytes and size durable
//	syncDir    makes a directory's entries durable
//	rename     replaces a name atomically
//	reserve    extends a file and takes the space, errCannotReserve where it cannot take it
//	lockFile   takes an exclusive lock that the process's end gives back, errBusy where another has it
var OS FS = osFS{}

var (
	errCannotReserve = errors.New("the file system does not reserve space")
	errBusy          = errors.New("another process has the lock")
)

type osFS struct{}

type osFile struct{ *os.File }

func open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Create(name string) (File, error) { return open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL) }
func (osFS) Open(name string) (File, error)   { return open(name, os.O_RDONLY) }
func (osFS) OpenReadWrite(name string) (File, error) {
	return open(name, os.O_RDWR)
}
func (osFS) Remove(name string) error              { return os.Remove(name) }
func (osFS) Rename(oldName, newName string) error  { return rename(oldName, newName) }
func (osFS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

func (osFS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

func (o osFS) MkdirAll(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := o.MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	return o.SyncDir(parent)
}

func (osFS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := syncDir(d); err != nil {
		return &fs.PathError{Op: "sync", Path: dir, Err: err}
	}
	return nil
}

func (osFS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = lockFile(f)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, errBusy):
		err = fmt.Errorf("%s: %w", name, ErrLocked)
	default:
		err = &fs.PathError{Op: "lock", Path: name, Err: err}
	}
	f.Close()
	return nil, err
}

func (f osFile) Allocate(off, n int64) error {
	if off < 0 || n <= 0 {
		return &fs.PathError{Op: "allocate", Path: f.Name(), Err: syscall.EINVAL}
	}
	err := reserve(f.File, off, n)
	if errors.Is(err, errCannotReserve) {
		err = extend(f.File, off+n)
	}
	if err != nil {
		return &fs.PathError{Op: "allocate", Path: f.Name(), Err: err}
	}
	return nil
}

// extend makes a file at least size bytes long.
func extend(f *os.File, size int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() >= size {
		return err
	}
	return f.Truncate(size)
}

func (f osFile) SyncData() error {
	if err := syncData(f.File); err != nil {
		return &fs.PathError{Op: "sync", Path: f.Name(), Err: err}
	}
	return nil
}

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
