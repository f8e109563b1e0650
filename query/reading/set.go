package reading

import (
	"slices"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/read"
)

// Bounds on what a transaction keeps of its readings. Beyond either the oldest become one, of every event: the transaction may then fail because of events that
// it has not read for, and never commits wrongly.
const (
	maxReadings     = 1024
	maxReadingBytes = 256 << 10
)

// Set is what a transaction has read. The zero value is empty.
type Set struct {
	list  []*Reading
	bytes int64
}

// Add adds a reading.
func (s *Set) Add(r *Reading) {
	if s.has(r) {
		return
	}
	s.list, s.bytes = append(s.list, r), s.bytes+r.Bytes()
	for len(s.list) > 1 && (len(s.list) > maxReadings || s.bytes > maxReadingBytes) {
		s.merge()
	}
}

// lookBack is how many readings a new one is compared with: those of a statement that is run in a loop.
const lookBack = 4

// has tells whether it is one of the last few once more.
func (s *Set) has(r *Reading) bool {
	for _, o := range s.list[max(0, len(s.list)-lookBack):] {
		if o.condition == r.condition && o.zone == r.zone && o.acting == r.acting && o.from <= r.from && o.seen == r.seen && slices.EqualFunc(o.env.Params, r.env.Params, sameValue) {
			return true
		}
	}
	return false
}

func sameValue(a, b pgvalue.Value) bool {
	return a.Kind == b.Kind && a.UUID == b.UUID && a.Int == b.Int && a.Float == b.Float && a.Text == b.Text && string(a.Bytes) == string(b.Bytes) &&
		slices.EqualFunc(a.Array, b.Array, sameValue)
}

// merge makes the two oldest one of every event.
func (s *Set) merge() {
	a, b := s.list[0], s.list[1]
	every := &Reading{host: a.host, source: a.source, condition: read.EveryEvent(), env: a.env, own: a.own, zone: a.zone, acting: a.acting, from: min(a.from, b.from), statement: a.statement}
	every.env.Params = nil
	s.bytes += every.Bytes() - a.Bytes() - b.Bytes()
	s.list = s.list[1:]
	s.list[0] = every
}

// Empty tells whether nothing was read.
func (s *Set) Empty() bool { return len(s.list) == 0 }

// Conditions appends what an append rests on.
func (s *Set) Conditions(out []engine.Condition) []engine.Condition {
	for _, r := range s.list {
		out = r.Condition(out)
	}
	return out
}

// Condition appends the reading as what an append rests on.
func (r *Reading) Condition(out []engine.Condition) []engine.Condition {
	return append(out, engine.Condition{Kind: engine.PremiseHolds, Position: r.from, Premise: r})
}

// Mark returns the set as it is, for a savepoint.
func (s *Set) Mark() Set { return Set{slices.Clone(s.list), s.bytes} }

// Marked is what a copy of it takes beside the readings.
func (s *Set) Marked() int64 { return 8 * int64(len(s.list)) }

// Bytes is what it takes.
func (s *Set) Bytes() int64 { return s.bytes }
