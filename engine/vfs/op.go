package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// OpKind is a kind of operation that changes the file system.
type OpKind uint8

// The operations that are counted and passed to [Mem.Inject].
const (
	OpCreate   OpKind = iota + 1 // Create, and Lock where the file is missing
	OpWrite                      // WriteAt of at least one byte
	OpAllocate                   // Allocate
	OpTruncate                   // Truncate
	OpSyncData                   // SyncData
	OpRename                     // Rename
	OpRemove                     // Remove
	OpSyncDir                    // SyncDir, also within MkdirAll
	OpMkdir                      // each directory that MkdirAll makes
)

var opNames = [...]string{
	OpCreate: "create", OpWrite: "write", OpAllocate: "allocate", OpTruncate: "truncate", OpSyncData: "syncdata",
	OpRename: "rename", OpRemove: "remove", OpSyncDir: "syncdir", OpMkdir: "mkdir",
}

func (k OpKind) String() string {
	if k == 0 || int(k) >= len(opNames) {
		return fmt.Sprintf("OpKind(%d)", uint8(k))
	}
	return opNames[k]
}

// An Op is an operation that changes the file system.
type Op struct {
	Kind    OpKind
	Name    string // as the caller gave it; of an open file, as it was opened
	NewName string // of OpRename
	Offset  int64  // of OpWrite and OpAllocate; of OpTruncate the new size
	Length  int64  // of OpWrite and OpAllocate
	Seq     uint64 // 1 for the first operation of the Mem
}

func (op Op) String() string {
	s := fmt.Sprintf("%d %s %s", op.Seq, op.Kind, op.Name)
	switch op.Kind {
	case OpRename:
		s += " " + op.NewName
	case OpWrite, OpAllocate:
		s += fmt.Sprintf(" [%d,%d)", op.Offset, op.Offset+op.Length)
	case OpTruncate:
		s += fmt.Sprintf(" %d", op.Offset)
	}
	return s
}

// wrap says what failed, the way package os does.
func (op Op) wrap(err error) error {
	var short *ShortWrite
	if errors.As(err, &short) {
		if err = short.Err; err == nil {
			err = io.ErrShortWrite
		}
	}
	switch {
	case err == nil:
		return nil
	case op.Kind == OpRename:
		return &os.LinkError{Op: op.Kind.String(), Old: op.Name, New: op.NewName, Err: err}
	}
	return &fs.PathError{Op: op.Kind.String(), Path: op.Name, Err: err}
}

// ShortWrite is returned by [Mem.Inject] to make a WriteAt write its first N
// bytes (at most all) and then fail with Err, io.ErrShortWrite if nil.
type ShortWrite struct {
	N   int
	Err error
}

func (e *ShortWrite) Error() string { return fmt.Sprintf("short write of %d bytes: %v", e.N, e.Err) }
func (e *ShortWrite) Unwrap() error { return e.Err }
