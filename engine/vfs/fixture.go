package vfs

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"syscall"
)

// Names returns the full names of all files, not directories, sorted and
// starting with a slash.
func (m *Mem) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	var walk func(n *node, name string)
	walk = func(n *node, name string) {
		if !n.isDir() {
			names = append(names, name)
		}
		for _, e := range slices.Sorted(maps.Keys(n.entries)) {
			walk(n.entries[e], path.Join(name, e))
		}
	}
	walk(m.root, "/")
	slices.Sort(names)
	return names
}

// ReadFile returns what a file holds, as a process would see it.
func (m *Mem) ReadFile(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.file("read", name)
	if err != nil {
		return nil, err
	}
	p := make([]byte, f.live.size)
	f.live.readAt(p, 0)
	return p, nil
}

// WriteFile makes a file with that data, replacing what it held, and the
// directories it is in, all durable; pending changes of entries in those
// directories become so too. It is no operation: neither counted nor injected.
func (m *Mem) WriteFile(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var at entry
	full := clean(name)
	for i := 1; i <= len(full); i++ {
		if i < len(full) && full[i] != '/' {
			continue
		}
		var err error
		if at, err = m.slot(full[:i]); err != nil {
			return &fs.PathError{Op: "write", Path: name, Err: err}
		}
		if at.node == nil {
			at.node = &node{}
			if i < len(full) {
				at.node = newDir()
			}
			m.put(nil, at)
		}
		m.syncDir(at.dir, m.clock)
	}
	if at.node.isDir() {
		return &fs.PathError{Op: "write", Path: name, Err: syscall.EISDIR}
	}
	at.node.live = content{}.write(data, 0)
	at.node.makeDurable()
	return nil
}

// Corrupt flips the bits of mask in the byte at off, as a disk does on its own:
// the file becomes durable as it is seen, damage included. It fails where the
// file has no such byte.
func (m *Mem) Corrupt(name string, off int64, mask byte) error {
	return m.damage(name, func(c content) (content, error) {
		var b [1]byte
		if off < 0 || c.readAt(b[:], off) == 0 {
			return c, fmt.Errorf("no byte at %d of %d", off, c.size)
		}
		b[0] ^= mask
		return c.write(b[:], off), nil
	})
}

// TruncateFile cuts or extends a file to size bytes behind the engine's back:
// the file becomes durable as it is seen, damage included.
func (m *Mem) TruncateFile(name string, size int64) error {
	return m.damage(name, func(c content) (content, error) {
		if size < 0 || size > maxFileSize {
			return c, syscall.EINVAL
		}
		return c.resize(size), nil
	})
}

func (m *Mem) damage(name string, do func(content) (content, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.file("damage", name)
	if err != nil {
		return err
	}
	if f.live, err = do(f.live); err != nil {
		return &fs.PathError{Op: "damage", Path: name, Err: err}
	}
	f.makeDurable()
	return nil
}

func (m *Mem) file(op, name string) (*file, error) {
	n, err := m.lookup(name)
	if err == nil && n.isDir() {
		err = syscall.EISDIR
	}
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return &n.file, nil
}
