package engine

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Errors that an append or an open returns, possibly wrapped.
var (
	// ErrClosed says that the store is closed or closing. The append did not happen.
	ErrClosed = errors.New("the store is closed")
	// ErrPoisoned says that a write or sync failed in a way that leaves unknown what
	// is on disk: no append is accepted until the store is opened anew. An append
	// that was in flight may or may not be found then.
	ErrPoisoned = errors.New("the log is not writable since an I/O error; restart to recover")
	// ErrNotTried comes with ErrPoisoned where that was so before: of the append nothing was written, so it did not happen.
	ErrNotTried = errors.New("nothing was written")
	// ErrDiskFull says that there was no room for the append, which did not happen.
	// Appends succeed again once there is room.
	ErrDiskFull = errors.New("no space left for the log")
	// ErrReadOnly says that the append, which did not happen, was not permitted to write.
	// Appends succeed again once it is permitted.
	ErrReadOnly = errors.New("the log may not be written")
	// ErrAfterFailed says that the append did not happen since the one it was to come after
	// did not.
	ErrAfterFailed = errors.New("the append before it failed")
	// ErrLocked says that another process has the data directory open.
	ErrLocked = errors.New("the data directory is in use by another process")
)

// notTriedError is an ErrPoisoned that is also ErrNotTried.
type notTriedError struct{ cause error }

func (e *notTriedError) Error() string { return e.cause.Error() }

// Unwrap returns both.
func (e *notTriedError) Unwrap() []error { return []error{ErrNotTried, e.cause} }

// CorruptionError says that bytes on disk are not what was written.
type CorruptionError struct {
	File   string // path of the damaged file
	Offset int64  // where in the file, bytes
	Reason string
}

func (e *CorruptionError) Error() string {
	return fmt.Sprintf("corrupt log: %s at offset %d: %s", e.File, e.Offset, e.Reason)
}

// VersionConflictError says that a stream was not at the version the append
// expected. The append did not happen; reading the stream again and retrying is right.
type VersionConflictError struct {
	StreamID uuid.UUID
	Stream   string // name, empty if unnamed
	Expected ExpectedVersion
	Actual   int64 // current version, -1 if the stream does not exist
}

func (e *VersionConflictError) Error() string {
	return fmt.Sprintf("stream %s: expected version %d, actual version %d",
		streamLabel(e.Stream, e.StreamID), e.Expected, e.Actual)
}

// ControlConflictError says that a key of the control state was not at the version that a change
// expected. The append did not happen; reading the key again and retrying is right.
type ControlConflictError struct {
	Key              string
	Expected, Actual int64 // versions; 0 if the key was never written
}

func (e *ControlConflictError) Error() string {
	return fmt.Sprintf("control key %q: expected version %d, actual version %d", e.Key, e.Expected, e.Actual)
}

// VersionTakenError says that the version an event asked for already exists.
// The append did not happen, and never can with that version.
type VersionTakenError struct {
	StreamID uuid.UUID
	Stream   string
	Version  int64
}

func (e *VersionTakenError) Error() string {
	return fmt.Sprintf("stream %s: version %d already exists", streamLabel(e.Stream, e.StreamID), e.Version)
}

// DuplicateEventError says that an event id is already in the log, or twice in the
// append. The append did not happen; it may be a retry of one that did.
type DuplicateEventError struct {
	EventID uuid.UUID
	Event   int // index in AppendRequest.Events of the second one
}

func (e *DuplicateEventError) Error() string {
	return fmt.Sprintf("event id %s already exists", e.EventID)
}

// PositionMovedError says that events were appended after the position that the
// append was conditional on. The append did not happen; a retry is right.
type PositionMovedError struct {
	Expected int64 // the position the append was to start at
	Actual   int64 // the position it would have started at
}

func (e *PositionMovedError) Error() string {
	return fmt.Sprintf("expected the log to end before position %d, it ends before %d", e.Expected, e.Actual)
}

// PremiseError says that a premise of the append does not hold: Err is what the premise itself says.
type PremiseError struct{ Err error }

func (e *PremiseError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *PremiseError) Unwrap() error { return e.Err }

// InvalidEventError says what is wrong with a proposed event.
type InvalidEventError struct {
	Event  int    // index in AppendRequest.Events
	Field  string // "type", "stream", "payload", "metadata", "tags"
	Reason string
	Err    error // a *JSONError where the field is not JSON
}

func (e *InvalidEventError) Error() string {
	return fmt.Sprintf("event %d: %s %s", e.Event, e.Field, e.Reason)
}
func (e *InvalidEventError) Unwrap() error { return e.Err }

// TooLargeError says that an event, an append or one of their parts exceeds a limit.
type TooLargeError struct {
	What  string // "event", "append", "event type", "stream name", "append (events)", "control state" …
	Size  int64  // bytes, or events
	Limit int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s too large: %d, the limit is %d", e.What, e.Size, e.Limit)
}

// UnnamedStreamError says that an event gave a name to a stream that was begun
// without one: a stream's name is settled by its first event.
type UnnamedStreamError struct {
	StreamID uuid.UUID
	Stream   string // the name that was given
}

func (e *UnnamedStreamError) Error() string {
	return fmt.Sprintf("stream %s was begun without a name and cannot be given the name %q", e.StreamID, e.Stream)
}

func streamLabel(name string, id uuid.UUID) string {
	if name != "" {
		return fmt.Sprintf("%q", name)
	}
	return id.String()
}
