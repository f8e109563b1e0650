package policy

import (
	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/privilege"
)

// Filters are those that one session has made, as long as its rights are the same.
type Filters struct {
	seen  map[uint32]*Seen
	added map[string]*Added
}

// Seen is which events somebody sees who reads as a role, 0: the session's own; the policies are those that are about him.
func (f *Filters) Seen(as uint32, host expr.Host, permissive, restrictive []*privilege.Policy) (*Seen, error) {
	if s := f.seen[as]; s != nil {
		return s, nil
	}
	s, err := see(host, permissive, restrictive)
	if err != nil {
		return nil, err
	}
	if f.seen == nil {
		f.seen = map[uint32]*Seen{}
	}
	f.seen[as] = s
	return s, nil
}

// Added is which events the session may append, by the policies of a command: PolicySelect's count for a statement that tells of them.
func (f *Filters) Added(command string, host expr.Host, permissive, restrictive []*privilege.Policy) (*Added, error) {
	if a := f.added[command]; a != nil {
		return a, nil
	}
	a, err := add(host, permissive, restrictive, command == privilege.PolicySelect)
	if err != nil {
		return nil, err
	}
	if f.added == nil {
		f.added = map[string]*Added{}
	}
	f.added[command] = a
	return a, nil
}

// Checks are what events that are to be appended are held against, in turn.
type Checks []*Added

// pace is how many events are checked in between.
const pace = 16

// Check checks events. name is the name of a stream that is there; known: there is one. begins are the streams that are not, whose events have no
// name: what was checked of them holds only if nobody else begins them. err is about the n-th.
func (c Checks) Check(host expr.Host, events []engine.ProposedEvent, name func(id uuid.UUID) (name string, known bool, err error)) (begins []uuid.UUID, n int, err error) {
	e := expr.Env{Host: host}
	names := map[uuid.UUID]string{}
	for i := range events {
		if i%pace == pace-1 {
			if err := host.Pace(); err != nil {
				return nil, i, err
			}
		}
		p := &events[i]
		event := engine.RecordedEvent{StreamID: p.StreamID, Stream: p.Stream, Type: p.Type, Tags: p.Tags}
		if event.Stream == "" {
			known := false
			if event.Stream, known = names[p.StreamID]; !known {
				if event.Stream, known, err = name(p.StreamID); err != nil {
					return nil, i, err
				}
				if !known {
					begins = append(begins, p.StreamID)
				}
			}
		}
		names[p.StreamID] = event.Stream
		for _, a := range c {
			if err := a.check(&e, &event); err != nil {
				return nil, i, err
			}
		}
	}
	return begins, 0, nil
}
