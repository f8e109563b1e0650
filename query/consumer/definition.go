package consumer

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// The control state has a record for each consumer, one for each of its partitions, and one for each event that is parked. Their keys are
// numbers, the least that are free: a key that was ever written is kept for ever.
const (
	definitionPrefix = "consumers/"
	checkpointPrefix = "checkpoints/"
	parkedPrefix     = "parked/"
	// namePrefix is that of the keys which who makes a consumer changes, so that of two who make one of the same name at the same time one fails. A
	// key is for many names: keys are kept for ever, and names are not.
	namePrefix = "consumernames/"
	nameKeys   = 64
)

func nameKey(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprintf("%s%02d", namePrefix, h.Sum64()%nameKeys)
}

func definitionKey(slot int) string { return fmt.Sprintf("%s%05d", definitionPrefix, slot) }

func checkpointKey(slot, partition int) string {
	return fmt.Sprintf("%s%05d/%04d", checkpointPrefix, slot, partition)
}

// parkedKeys is what the keys of a consumer's parked events begin with, and those of one of its partitions.
func parkedKeys(slot int) string { return fmt.Sprintf("%s%05d/", parkedPrefix, slot) }

func parkedKey(slot, partition, n int) string {
	return fmt.Sprintf("%s%04d/%05d", parkedKeys(slot), partition, n)
}

const (
	// maxConsumers bounds what their records and their queues may take together.
	maxConsumers = 1000
	// maxPartitions is more than any store has members; a partition costs some 150 bytes of control state.
	maxPartitions = 1024
	maxAttempts   = 1000
	maxName       = 63 // bytes, as of any name
	minLease      = 100 * time.Millisecond
	maxLease      = 24 * time.Hour
	// maxFilter is as long as a condition that a person writes will ever be.
	maxFilter = 16 << 10
)

// What becomes of the stream of an event that is parked.
const (
	goOn       = "continue"
	parkStream = "stream"
)

// Definition is what a consumer is.
type Definition struct {
	ID          uuid.UUID `json:"id"` // a consumer of the same name that is made later is another
	Name        string    `json:"name"`
	Owner       uint32    `json:"owner"`
	Filter      string    `json:"filter,omitempty"`
	Partitions  int       `json:"partitions"`
	MaxAttempts int       `json:"maxAttempts"`
	Lease       int64     `json:"lease"` // µs
	OnPark      string    `json:"onPark"`
	// Lost: the log was found to end below a checkpoint.
	Lost bool `json:"lost,omitempty"`
}

func (d *Definition) lease() time.Duration { return time.Duration(d.Lease) * time.Microsecond }

// check refuses what cannot be.
func (d *Definition) check() error {
	invalid := func(format string, args ...any) error {
		return pgerror.Errorf(pgerror.InvalidParameterValue, format, args...)
	}
	switch {
	case d.Name == "" || len(d.Name) > maxName:
		return invalid("the name of a consumer has 1 to %d bytes", maxName)
	case d.Partitions < 1 || d.Partitions > maxPartitions:
		return invalid("partitions must be between 1 and %d", maxPartitions)
	case d.MaxAttempts < 1 || d.MaxAttempts > maxAttempts:
		return invalid("max_attempts must be between 1 and %d", maxAttempts)
	case d.lease() < minLease || d.lease() > maxLease:
		return invalid("lease must be between 100 milliseconds and 1 day")
	case d.OnPark != goOn && d.OnPark != parkStream:
		return invalid("on_park must be 'continue' or 'stream'")
	case len(d.Filter) > maxFilter:
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a filter may have %d bytes at most", maxFilter)
	}
	return nil
}

// partitionOf is the partition that a stream belongs to. Checkpoints rest on it: it must never change.
func partitionOf(stream uuid.UUID, partitions int) int {
	h := fnv.New64a()
	_, _ = h.Write(stream[:])
	return int(h.Sum64() % uint64(partitions))
}

// checkpoint is how far a partition is.
type checkpoint struct {
	// Position is that of the last event that was handled: all of the partition up to it.
	Position int64 `json:"position"`
	// At is the first event behind it, if that has failed Attempts times.
	At       int64 `json:"at,omitempty"`
	Attempts int   `json:"attempts,omitempty"`
	// Until is when the partition delivers again, µs since the Unix epoch.
	Until int64 `json:"until,omitempty"`
}

// record is the checkpoint as it is kept. One is written for each partition of each batch.
func (c checkpoint) record() []byte {
	b := strconv.AppendInt(append(make([]byte, 0, 64), `{"position":`...), c.Position, 10)
	for _, f := range [...]struct {
		name  string
		value int64
	}{{`,"at":`, c.At}, {`,"attempts":`, int64(c.Attempts)}, {`,"until":`, c.Until}} {
		if f.value != 0 {
			b = strconv.AppendInt(append(b, f.name...), f.value, 10)
		}
	}
	return append(b, '}')
}

// moved is the checkpoint once everything up to a position was handled.
func (c checkpoint) moved(upto int64) checkpoint {
	if upto < c.Position {
		upto = c.Position
	}
	next := checkpoint{Position: upto}
	if c.Attempts > 0 && c.At > upto {
		next.At, next.Attempts = c.At, c.Attempts
	}
	return next
}

// parked is an event that was given up, or, if Released, that is to be delivered once more.
type parked struct {
	Position int64     `json:"position"`
	Stream   uuid.UUID `json:"stream"`
	Attempts int       `json:"attempts"`
	Reason   string    `json:"reason,omitempty"`
	Time     int64     `json:"time"` // µs since the Unix epoch
	Released bool      `json:"released,omitempty"`

	partition, number int // of its key
	version           int64
}

// maxReason is what is kept of the reason that a program gives for giving up an event.
const maxReason = 1000

// change makes a control record of a value.
func change(key string, value any, ifVersion int64) engine.ControlChange {
	text, _ := json.Marshal(value) // of numbers and texts: it does not fail
	return engine.ControlChange{Key: key, Value: text, IfVersion: ifVersion}
}
