package vfs

import (
	"errors"
	"io"
	"io/fs"
	"sync/atomic"
	"syscall"
	"time"
)

// A node is a file or a directory, apart from the names it goes by.
// Everything in it is guarded by the Mem's mutex.
type node struct {
	file                              // of a file
	entries, durable map[string]*node // of a directory: as seen, and as synced; nil for a file
}

func newDir() *node {
	return &node{entries: map[string]*node{}, durable: map[string]*node{}}
}

func (n *node) isDir() bool { return n.entries != nil }

// A file is what processes see, what a power cut leaves at least, and what lies
// between the two. While log holds no lost change, disk with log applied is
// live.
type file struct {
	live, disk content
	log        []change // oldest first; shared with clones, so only ever appended to
}

// A change is one that no successful SyncData has covered yet.
type change struct {
	stamp uint64 // the Mem's clock when it was made
	off   int64
	data  []byte // written at off; empty where only the size changed
	size  int64  // the file's size after it, or keepSize
	cut   bool   // the file was truncated to size: what lay past it is gone
	// lost: a failed SyncData has marked these bytes clean. They may be on the
	// disk or not, and no later SyncData changes that.
	lost bool
}

const keepSize = -1

func (f *file) write(stamp uint64, p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	f.live = f.live.write(p, off)
	f.log = append(f.log, change{stamp: stamp, off: off, data: append([]byte(nil), p...), size: f.live.size})
}

func (f *file) resize(stamp uint64, size int64) {
	if size == f.live.size {
		return
	}
	f.log = append(f.log, change{stamp: stamp, size: size, cut: size < f.live.size})
	f.live = f.live.resize(size)
}

// makeDurable makes the file durable as it is seen.
func (f *file) makeDurable() { f.disk, f.log = f.live, nil }

// sync makes durable the changes that were made up to the moment now, when the
// call began. Later ones stay pending although the kernel might have caught
// them, or an engine that acknowledges what was written during its sync would
// pass.
func (f *file) sync(now uint64) {
	done, lost := 0, false
	for done < len(f.log) && f.log[done].stamp <= now {
		lost = lost || f.log[done].lost
		done++
	}
	if done == len(f.log) && !lost {
		f.makeDurable()
		return
	}
	var kept []change // lost bytes that nothing durable has replaced
	for _, c := range f.log[:done] {
		if c.size != keepSize {
			f.disk.size = max(f.disk.size, c.size)
		}
		switch {
		case c.lost:
			c.size = keepSize
			kept = append(kept, c)
		case c.cut:
			f.disk = f.disk.resize(c.size)
			kept = without(kept, c.size, maxFileSize)
		default:
			f.disk = f.disk.write(c.data, c.off)
			kept = without(kept, c.off, c.off+int64(len(c.data)))
		}
	}
	f.log = append(kept, f.log[done:]...)
}

// fail marks the bytes written up to the moment now as clean, as Linux does
// after it has reported the error. Changes of size are in the file system's
// journal, which the error did not touch, and stay pending.
func (f *file) fail(now uint64) {
	log := make([]change, len(f.log))
	for i, c := range f.log {
		c.lost = c.lost || (c.stamp <= now && len(c.data) > 0)
		log[i] = c
	}
	f.log = log
}

// without removes the bytes from one offset up to another from changes.
func without(changes []change, from, to int64) []change {
	var out []change
	for _, c := range changes {
		end := c.off + int64(len(c.data))
		head, tail := c, c
		if from < end && c.off < to {
			head.data = c.data[:max(0, from-c.off)]
			tail.off, tail.data = to, c.data[min(int64(len(c.data)), to-c.off):]
		} else {
			tail.data = nil
		}
		for _, part := range []change{head, tail} {
			if len(part.data) > 0 {
				out = append(out, part)
			}
		}
	}
	return out
}

// memFile is an open file of a Mem.
type memFile struct {
	mem      *Mem
	node     *node
	name     string // as it was opened
	writable bool
	closed   atomic.Bool
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: syscall.EINVAL}
	}
	if err := f.mem.reading("read", f.name); err != nil {
		return 0, err
	}
	c, err := f.content("read")
	if err != nil || len(p) == 0 {
		return 0, err
	}
	n := c.readAt(p, off)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) Size() (int64, error) {
	if err := f.mem.reading("size", f.name); err != nil {
		return 0, err
	}
	c, err := f.content("size")
	return c.size, err
}

// content returns what the file holds now: a value, to be read without the lock.
func (f *memFile) content(op string) (content, error) {
	err := fs.ErrClosed
	if !f.closed.Load() {
		f.mem.mu.Lock()
		defer f.mem.mu.Unlock()
		if !f.mem.halted {
			return f.node.live, nil
		}
		err = ErrCrashed
	}
	return content{}, &fs.PathError{Op: op, Path: f.name, Err: err}
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	op := Op{Kind: OpWrite, Name: f.name, Offset: off, Length: int64(len(p))}
	if len(p) == 0 {
		return 0, nil // as package os, which makes no system call
	}
	if err := f.check(off, int64(len(p))); err != nil {
		return 0, op.wrap(err)
	}
	_, err := f.mem.begin(op)
	var short *ShortWrite
	if errors.As(err, &short) {
		p = p[:min(len(p), max(0, short.N))]
	} else if err != nil {
		return 0, op.wrap(err)
	}
	if e := f.mem.locked(func() error {
		f.node.write(f.mem.tick(), p, off)
		return nil
	}); e != nil {
		return 0, op.wrap(e)
	}
	return len(p), op.wrap(err)
}

func (f *memFile) Allocate(off, n int64) error {
	op := Op{Kind: OpAllocate, Name: f.name, Offset: off, Length: n}
	if n == 0 {
		return op.wrap(syscall.EINVAL) // as fallocate(2) has it
	}
	if err := f.check(off, n); err != nil {
		return op.wrap(err)
	}
	return f.mem.mutate(op, func(uint64) error {
		f.node.resize(f.mem.tick(), max(f.node.live.size, off+n))
		return nil
	})
}

func (f *memFile) Truncate(size int64) error {
	op := Op{Kind: OpTruncate, Name: f.name, Offset: size}
	if err := f.check(size, 0); err != nil {
		return op.wrap(err)
	}
	return f.mem.mutate(op, func(uint64) error {
		f.node.resize(f.mem.tick(), size)
		return nil
	})
}

func (f *memFile) SyncData() error {
	op := Op{Kind: OpSyncData, Name: f.name}
	if f.closed.Load() {
		return op.wrap(fs.ErrClosed)
	}
	now, err := f.mem.begin(op)
	if e := f.mem.locked(func() error {
		if err != nil {
			f.node.fail(now)
		} else {
			f.node.sync(now)
		}
		return nil
	}); e != nil {
		return op.wrap(e)
	}
	return op.wrap(err)
}

func (f *memFile) Close() error {
	if f.closed.Swap(true) {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	return nil
}

// check returns why n bytes at off cannot be changed through this handle.
func (f *memFile) check(off, n int64) error {
	switch {
	case f.closed.Load():
		return fs.ErrClosed
	case !f.writable:
		return syscall.EBADF
	case off < 0 || n < 0:
		return syscall.EINVAL
	case off > maxFileSize-n:
		return syscall.EFBIG
	}
	return nil
}

// memInfo describes a file. It keeps no times: a crash test must not depend on
// the clock.
type memInfo struct {
	name string
	size int64
	dir  bool
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.dir }
func (i memInfo) Sys() any           { return nil }

func (i memInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
