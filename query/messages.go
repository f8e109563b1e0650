package query

import (
	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/advisory"
	"github.com/eventgres/eventgres/query/messagedb"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/staging"
)

// Uses implements [messagedb.Host], with the functions that follow.
func (s *Session) Uses(want privilege.Set) error { return s.may().MessageStore(want) }

func (s *Session) Setting(name string) string { return s.settings.Value(name) }

// UsesSchema tells why the session may not use a schema.
func (s *Session) UsesSchema(string) error { return s.Uses(0) }

func (s *Session) Log() (*engine.ReadIndex, int64, *staging.Batch) {
	return s.server.index, s.before(), &s.tx.Batch
}

// numbered is the key of an advisory lock with a number.
func numbered(n int64) advisory.Key {
	return advisory.Key{High: uint32(uint64(n) >> 32), Low: uint32(n)}
}

// LockCategory locks a category for the transaction. Who appends to it at once, and began before, is let finish: what is told of the category from now on
// stays so until the transaction ends.
func (s *Session) LockCategory(number int64) error {
	if _, err := s.lock("acquire_lock()", numbered(number), advisory.Exclusive, true, true); err != nil {
		return err
	}
	return s.conn.Waiting(func() error {
		s.server.gates.Pass(number)
		return nil
	})
}

// BeginWrite decides whether a message is appended at once: where it is all that the statement does, and the transaction with it.
func (s *Session) BeginWrite(number int64) (bool, error) {
	if last := s.soleWrite; last != nil {
		s.soleWrite = nil
		now, err := s.appendsNow(last)
		if now && err == nil && s.server.advisory.Taken(s.conn, numbered(number), advisory.Exclusive) {
			err = s.LockCategory(number) // whoever has it may write what this one's expectation is about
		}
		if now || err != nil {
			return now, err
		}
	}
	return false, s.LockCategory(number)
}

func (s *Session) Write(e *engine.ProposedEvent, expected *staging.Expectation, now bool) (int64, error) {
	if now {
		return s.writeNow(e, expected)
	}
	var list []staging.Expectation
	if expected != nil {
		list = append(list, *expected)
	}
	if err := s.tx.CheckPin(); err != nil {
		return 0, err
	}
	results, err := s.stage([]engine.ProposedEvent{*e}, list)
	if err != nil {
		return 0, err
	}
	s.tx.Streams[e.StreamID].Pinned, s.tx.messages = true, true
	return results[0].Version, nil
}

// writeNow appends a message. The writer's order is all that is needed, but where somebody has locked the category, who was told what is in it.
func (s *Session) writeNow(e *engine.ProposedEvent, expected *staging.Expectation) (int64, error) {
	number := messagedb.LockOf(e.Stream)
	s.server.gates.Enter(number)
	if s.server.advisory.Taken(s.conn, numbered(number), advisory.Exclusive) {
		s.server.gates.Leave(number)
		if err := s.LockCategory(number); err != nil {
			return 0, err
		}
		s.server.gates.Enter(number)
	}
	defer s.server.gates.Leave(number)
	if s.request == nil {
		s.request = new(engine.AppendRequest)
	}
	r := s.request
	r.Events, r.ProposedAt, r.Conditions = append(s.events[:0], *e), 0, r.Conditions[:0]
	if expected != nil {
		r.Conditions = staging.Conditions(r.Conditions, []staging.Expectation{*expected})
	}
	if err := s.append(s.ctx, r); err != nil {
		s.request, s.events = nil, nil // a cancelled one may be in the queue yet
		return 0, err
	}
	version := r.Results[0].Version
	clear(r.Events)
	s.events, r.Events = r.Events[:0], nil
	return version, nil
}

var _ messagedb.Host = (*Session)(nil)
