package vfs

import "io/fs"

// restricter is a file system that knows whom a directory belongs to.
type restricter interface{ restrict(dir string) error }

// Restrict leaves a directory to its owner alone (0700), where the file system knows such a thing.
func Restrict(fsys FS, dir string) error {
	if r, ok := fsys.(restricter); ok {
		return r.restrict(dir)
	}
	return nil
}

// Exposed returns the permissions that others than its owner have on a file or directory; 0 where the
// system keeps none that say so.
func Exposed(info fs.FileInfo) fs.FileMode { return exposed(info) }
