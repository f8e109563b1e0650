package history

import (
	"time"

	"github.com/google/uuid"
)

// An Attempt is one append as its client saw it.
type Attempt struct {
	Events   []Proposed
	Sent     time.Duration // before the first byte of the request was written
	Answered time.Duration // after the answer was read; no meaning when Unanswered
	Outcome  Outcome
	// Places are where the answer said that the events are, in their order;
	// nil if the client did not ask.
	Places []Place
	// Again says that the event ids are those of an earlier, acknowledged
	// attempt: this one may store nothing.
	Again bool
}

// A Proposed is one event of an Attempt.
type Proposed struct {
	ID      uuid.UUID
	Stream  string
	Type    string
	Payload string
	// Expected is the version the stream must have had before the attempt, −1
	// for no stream, or AnyVersion. For an event with an explicit version it is
	// the one before that.
	Expected int64
}

// AnyVersion is the expectation that is always met.
const AnyVersion = -2

// An Outcome is what the client was told.
type Outcome uint8

const (
	Unanswered   Outcome = iota // the connection was lost: stored whole or not at all
	Acknowledged                // stored, for ever
	Refused                     // not stored: a version or an event id stood against it
)

func (o Outcome) String() string {
	return [...]string{"unanswered", "acknowledged", "refused"}[o]
}

// A Place is where an event is.
type Place struct{ Position, Version int64 }

// A Recorded is one event of the log, as a reader got it.
type Recorded struct {
	Place
	ID      uuid.UUID
	Stream  string
	Type    string
	Payload string
}
