package engine

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/eventgres/eventgres/engine/vfs"
)

// ExposedError tells of a data directory that others than its owner may look into or write to.
type ExposedError struct {
	Dir  string
	Mode fs.FileMode
}

func (e *ExposedError) Error() string {
	return fmt.Sprintf("data directory %q has invalid permissions %04o: they should be u=rwx (0700); mend them with: chmod -R go-rwx %s",
		e.Dir, e.Mode, shellQuoted(e.Dir))
}

// shellQuoted writes a name so that a shell takes it for one word.
func shellQuoted(name string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%", r)
	}
	if name != "" && name[0] != '-' && strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// checkPrivate returns an ExposedError where others may reach a data directory. Its files need no look:
// nobody gets to them but through it.
func checkPrivate(fsys vfs.FS, dir string) error {
	info, err := fsys.Stat(dir)
	if err == nil && vfs.Exposed(info) != 0 {
		err = &ExposedError{Dir: dir, Mode: info.Mode().Perm()}
	}
	return err
}

// MakePrivate makes a data directory that nobody else may reach; fsys may be nil.
func MakePrivate(fsys vfs.FS, dir string) error {
	if fsys == nil {
		fsys = vfs.OS
	}
	return makePrivate(fsys, dir)
}

// makePrivate makes a data directory, and makes one that is there and empty the owner's alone.
func makePrivate(fsys vfs.FS, dir string) error {
	if err := fsys.MkdirAll(dir); err != nil {
		return err
	}
	names, err := fsys.List(dir)
	if err != nil {
		return err
	}
	if info, err := fsys.Stat(dir); err == nil && len(names) == 0 && vfs.Exposed(info) != 0 {
		if err := vfs.Restrict(fsys, dir); err != nil {
			return err
		}
	}
	return checkPrivate(fsys, dir)
}
