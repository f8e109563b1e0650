package engine

import (
	"bytes"
	"crypto/sha1"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/google/uuid"
)

// StreamNamespace is the UUIDv5 namespace of stream names. It never changes:
// clients may compute stream ids themselves.
var StreamNamespace = uuid.MustParse("e7e4716e-9a1d-5b4c-8f3a-5d0c2b6a9f10")

// StreamID returns the id of the stream with the given name: the UUIDv5 of the
// name under [StreamNamespace].
func StreamID(name string) uuid.UUID {
	// As uuid.NewSHA1, without its allocations: this runs once an event.
	var buf [16 + 112]byte
	data := append(append(buf[:0], StreamNamespace[:]...), name...)
	sum := sha1.Sum(data)
	var id uuid.UUID
	copy(id[:], sum[:16])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ExpectedVersion is what the caller of an append believes a stream's current
// version to be.
type ExpectedVersion int64

const (
	// NoStream expects that the stream does not exist.
	NoStream ExpectedVersion = -1
	// AnyVersion expects nothing.
	AnyVersion ExpectedVersion = -2
)

// ProposedEvent is an event to be appended.
type ProposedEvent struct {
	// StreamID names the stream. Where Stream is given it may be left zero.
	StreamID uuid.UUID
	// Stream is the stream's name; empty for an unnamed stream, or to append by
	// id to a stream that has a name already.
	Stream string
	// EventID must be unique over the whole history. Zero: a UUIDv7 is made.
	EventID uuid.UUID
	// Type is up to Limits.TypeBytes bytes of UTF-8. It may be empty, as a column may.
	Type string
	// Payload is JSON, or with Opaque any bytes. Nil is no payload. It is stored
	// byte for byte.
	Payload []byte
	Opaque  bool
	// Metadata is JSON or nil.
	Metadata []byte
	// Tags may be nil (none given), which differs from empty.
	Tags []string
	// Version is the version that this event must get, or AnyVersion. The zero
	// value asks for version 0, so set it; NewEvent does.
	Version ExpectedVersion
	// SkipDuplicate leaves the event out, rather than failing the append, where
	// its id is in the log already.
	SkipDuplicate bool
	// SkipTaken likewise, where the Version that it must get is another event's.
	SkipTaken bool
	// Timed: the event was recorded elsewhere, at GivenAt, µs since the Unix epoch. That becomes its recorded time where no
	// event before it in the log has a later one. Otherwise its time is that one's, and its metadata have the time that
	// was given, as [RaisedMetadata] says.
	Timed   bool
	GivenAt int64

	generatedID bool
	// What was found to be JSON; another slice is checked again.
	jsonPayload, jsonMetadata checkedBytes
	// What a Packer made of it, empty if it is not worth packing, and what of.
	packed   []byte
	packedOf packedContent
}

// checkedBytes remembers which bytes were checked, by where they are.
type checkedBytes struct {
	at *byte
	n  int
}

func identityOf(b []byte) checkedBytes { return checkedBytes{unsafe.SliceData(b), len(b)} }

// NullTag stands among Tags for a null, which an SQL array may hold. No text is equal
// to it: it is not UTF-8.
const NullTag = "\xff"

// NewEvent returns a proposal of an event of the given type with a JSON payload
// for the named stream.
func NewEvent(stream, eventType string, payload []byte) ProposedEvent {
	return ProposedEvent{Stream: stream, Type: eventType, Payload: payload, Version: AnyVersion}
}

// RecordedEvent is an event in the log. Its byte slices belong to the cursor that
// returned it, until the cursor moves; Clone makes a copy to keep.
type RecordedEvent struct {
	Position   int64
	StreamID   uuid.UUID
	Stream     string // name, empty if unnamed
	Version    int64
	EventID    uuid.UUID
	Type       string
	Payload    []byte // nil if none
	Opaque     bool   // the payload is not JSON
	Metadata   []byte // nil if none
	Tags       []string
	RecordedAt int64 // µs since the Unix epoch, UTC
	// AppendFirst and AppendLast are the positions of the first and the last event of the append that it came in. A
	// [Follower] tells them, which reads whole appends; a [Cursor] leaves them 0.
	AppendFirst, AppendLast int64 `json:"-"`
}

// Time returns RecordedAt as a time in UTC.
func (e *RecordedEvent) Time() time.Time { return time.UnixMicro(e.RecordedAt).UTC() }

// Clone returns a copy that shares no memory with a cursor.
func (e *RecordedEvent) Clone() RecordedEvent {
	c := *e
	if e.Payload != nil {
		c.Payload = append([]byte{}, e.Payload...)
	}
	if e.Metadata != nil {
		c.Metadata = append([]byte{}, e.Metadata...)
	}
	if e.Tags != nil {
		c.Tags = append([]string{}, e.Tags...)
	}
	return c
}

// Category returns the name up to its first '-', or the whole name.
func Category(stream string) string {
	for i := 0; i < len(stream); i++ {
		if stream[i] == '-' {
			return stream[:i]
		}
	}
	return stream
}

// Limits bound what one append may hold. Zero fields take the default.
type Limits struct {
	EventBytes  int // stored size of one event; default 1 MiB
	AppendBytes int // stored size of one append; default 16 MiB
	TypeBytes   int // default 256
	NameBytes   int // stream name; default 512
}

// maxAppendEvents bounds an append whose events are tiny, so that the writer
// holds no other append up for long and a frame's count stays far below 2³².
const maxAppendEvents = 1 << 18

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.EventBytes, 1<<20)
	def(&l.AppendBytes, 16<<20)
	def(&l.TypeBytes, 256)
	def(&l.NameBytes, 512)
	// A record's length takes four bytes at most, a segment's offsets 32 bits.
	l.EventBytes = min(l.EventBytes, 128<<20)
	l.AppendBytes = min(l.AppendBytes, 1<<30)
	return l
}

// Validate checks the event against the limits, its JSON and its UTF-8, settles its
// StreamID, and returns an *InvalidEventError, a *TooLargeError or nil. Append calls it
// on every event; bytes that it has found to be JSON are not looked at again.
func (e *ProposedEvent) Validate(limits Limits) error {
	limits = limits.withDefaults()
	if err := e.validateNames(limits); err != nil {
		return err
	}
	for _, tag := range e.Tags {
		if tag != NullTag && !validText(tag) {
			return &InvalidEventError{Field: "tags", Reason: "is not valid UTF-8 text"}
		}
	}
	if e.Payload != nil && !e.Opaque && e.jsonPayload != identityOf(e.Payload) {
		if err := e.SetPayload(e.Payload); err != nil {
			return &InvalidEventError{Field: "payload", Reason: err.Error(), Err: err}
		}
	}
	if e.Metadata != nil && e.jsonMetadata != identityOf(e.Metadata) {
		if err := e.SetMetadata(e.Metadata); err != nil {
			return &InvalidEventError{Field: "metadata", Reason: err.Error(), Err: err}
		}
	}
	if size := e.StoredSize(); size > limits.EventBytes {
		return &TooLargeError{What: "event", Size: int64(size), Limit: int64(limits.EventBytes)}
	}
	return nil
}

// SetPayload sets a payload of JSON, unless it is none: then it returns a *JSONError. Validate does
// not look at these bytes again.
func (e *ProposedEvent) SetPayload(json []byte) error {
	if err := ValidateJSON(json); err != nil {
		return err
	}
	e.SetCheckedPayload(json)
	return nil
}

// SetMetadata sets the metadata as SetPayload does the payload.
func (e *ProposedEvent) SetMetadata(json []byte) error {
	if err := ValidateJSON(json); err != nil {
		return err
	}
	e.SetCheckedMetadata(json)
	return nil
}

// SetCheckedPayload sets a payload that ValidateJSON took, and that nobody has changed since.
func (e *ProposedEvent) SetCheckedPayload(json []byte) {
	e.Payload, e.Opaque, e.jsonPayload = json, false, identityOf(json)
}

// SetCheckedMetadata sets the metadata as SetCheckedPayload does the payload.
func (e *ProposedEvent) SetCheckedMetadata(json []byte) {
	e.Metadata, e.jsonMetadata = json, identityOf(json)
}

// Clone has bytes of its own, which are known to be JSON where those of e are.
func (e *ProposedEvent) Clone() ProposedEvent {
	out := *e
	out.Payload, out.Metadata = bytes.Clone(e.Payload), bytes.Clone(e.Metadata)
	if e.jsonPayload == identityOf(e.Payload) {
		out.jsonPayload = identityOf(out.Payload)
	}
	if e.jsonMetadata == identityOf(e.Metadata) {
		out.jsonMetadata = identityOf(out.Metadata)
	}
	return out
}

// GiveID makes an event id, if there is none, and tells whether it did: then it cannot be in the log.
// Append does it too; whoever needs to know the id before calls it.
func (e *ProposedEvent) GiveID() bool {
	if e.EventID != (uuid.UUID{}) {
		return false
	}
	e.EventID = eventID(reserveIDs(1, time.Now()))
	return true
}

func (e *ProposedEvent) validateNames(limits Limits) error {
	switch {
	case len(e.Type) > limits.TypeBytes:
		return &TooLargeError{What: "event type", Size: int64(len(e.Type)), Limit: int64(limits.TypeBytes)}
	case !validText(e.Type):
		return &InvalidEventError{Field: "type", Reason: "is not valid UTF-8 text"}
	case len(e.Stream) > limits.NameBytes:
		return &TooLargeError{What: "stream name", Size: int64(len(e.Stream)), Limit: int64(limits.NameBytes)}
	case !validText(e.Stream):
		return &InvalidEventError{Field: "stream", Reason: "is not valid UTF-8 text"}
	}
	if e.Stream == "" {
		if e.StreamID == (uuid.UUID{}) {
			return &InvalidEventError{Field: "stream", Reason: "is missing"}
		}
		return nil
	}
	id := StreamID(e.Stream)
	if e.StreamID != (uuid.UUID{}) && e.StreamID != id {
		return &InvalidEventError{Field: "stream_id", Reason: "is not the id of stream " + e.Stream}
	}
	e.StreamID = id
	return nil
}

// StoredSize is an upper bound of the size in bytes that the event takes in the log.
func (e *ProposedEvent) StoredSize() int {
	n := maxRecordOverhead + len(e.Stream) + len(e.Type) + len(e.Payload) + len(e.Metadata)
	if e.Timed {
		n += maxRaised
	}
	for _, tag := range e.Tags {
		n += 5 + len(tag)
	}
	return n
}

// validText: PostgreSQL's text is UTF-8 without NUL, and so is ours.
func validText(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			return false
		}
	}
	return utf8.ValidString(s)
}
