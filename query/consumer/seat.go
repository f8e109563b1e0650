package consumer

import (
	"context"
	"slices"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/policy"
)

// Host is the session that a function is called in.
type Host interface {
	expr.Host
	// Consuming is what the session has to do with consumers, and the consumers.
	Consuming() (*Seat, *Registry)
	// Asking is the context of the statement that runs.
	Asking() context.Context
	// Creator is the role that a consumer which the session makes belongs to, if it may.
	Creator() (role uint32, err error)
	// ActsFor tells whether the session has the rights of a role.
	ActsFor(role uint32) bool
	// Replicates tells whether the session may use replication slots.
	Replicates() bool
	// RoleName is the name of a role.
	RoleName(role uint32) string
	// OwnerSees is which events a role sees, nil: all, with the host that conditions are evaluated in which are the same for everybody who acts for it.
	// known is what it was made of before; where that still holds, so does what was made.
	OwnerSees(role uint32, known Basis) (b Basis, seen *policy.Seen, host expr.Host, err error)
	// Writes checks that the transaction may change something; tag names the function.
	Writes(tag string) error
	// Leads refuses what only the leader of a cluster does.
	Leads(what string) error
	// Changes tells whether the transaction has staged anything.
	Changes() bool
	// Reserve makes sure that the session may hold so many bytes more.
	Reserve(bytes int64) error
	// AppendNow appends at once.
	AppendNow(ctx context.Context, r *engine.AppendRequest) error
	// Sight is the position below which consume sees, and whether it may wait for more; it tells that it has looked.
	Sight() (before int64, waits bool)
	Looked()
	// Await runs a function that waits for events.
	Await(f func() error) error
	// WhilePeer returns a context that ends when the client has gone, beside with ctx. stop must be called.
	WhilePeer(ctx context.Context) (_ context.Context, stop func())
}

// Basis is what a role sees was made of: what there is of roles and of the schema.
type Basis struct{ Roles, Schema any }

// Seat is what one session has to do with consumers: what its transaction changes of them, and where it is a member. The zero value is one of
// a session that has nothing to do with any.
type Seat struct {
	staged  []engine.ControlChange // not changed in place: savepoints keep it
	acks    []acked                // what is to be told when they are committed; the same
	touched []*Member              // members whose lease begins when the transaction ends
	given   []*batch               // what the transaction was given for each of those, nil: nothing
	own     []*Member              // that are the session itself
	altered []*Consumer            // whose members are told when the changes are committed
	of      *Registry              // that what is staged is of
}

// acked is a batch of which something is acknowledged.
type acked struct {
	member *Member
	batch  *batch
	upto   int64
}

// Mark is what a transaction has staged.
type Mark struct {
	staged []engine.ControlChange
	acks   []acked
}

// Mark returns what the transaction has staged so far.
func (s *Seat) Mark() Mark { return Mark{s.staged, s.acks} }

// Rollback goes back to that.
func (s *Seat) Rollback(m Mark) { s.staged, s.acks = m.staged, m.acks }

// Staged are the changes that the transaction makes when it commits.
func (s *Seat) Staged() []engine.ControlChange { return s.staged }

// changeBytes is about what a change takes, with its key and value.
const changeBytes = 256

// Bytes is about what they take.
func (s *Seat) Bytes() int64 { return changeBytes * int64(len(s.staged)) }

// Bytes is about what a mark keeps.
func (m *Mark) Bytes() int64 { return changeBytes * int64(len(m.staged)) }

// Committed tells that they are committed, if there is no error; changes are the append's, which have versions.
func (s *Seat) Committed(changes []engine.ControlChange, err error) {
	if err != nil || s.of == nil {
		return
	}
	for _, a := range s.acks {
		a.member.consumer.committed(a.batch, a.upto, changes)
	}
	for _, c := range s.altered {
		c.registry.all()
		c.mu.Lock()
		c.wake()
		c.mu.Unlock()
	}
	s.of.lessParked(changes)
}

// stage adds changes to the transaction's. A key is changed once in an append: the last value counts, and what the first expected.
func (s *Seat) stage(h Host, changes []engine.ControlChange) error {
	if err := h.Reserve(changeBytes * int64(len(changes))); err != nil {
		return err
	}
	_, s.of = h.Consuming()
	next := slices.Clone(s.staged)
	at := make(map[string]int, len(next))
	for i := range next {
		at[next[i].Key] = i
	}
	for _, c := range changes {
		if i, ok := at[c.Key]; ok {
			c.IfVersion = next[i].IfVersion
			next[i] = c
			continue
		}
		next = append(next, c)
	}
	s.staged = next
	return nil
}

// touch holds a member's lease until the transaction ends.
func (s *Seat) touch(m *Member) {
	if !slices.Contains(s.touched, m) {
		s.touched, s.given = append(s.touched, m), append(s.given, nil)
		m.consumer.hold(m)
	}
}

// gave notes what the transaction was given for a member that it has touched.
func (s *Seat) gave(m *Member, b *batch) { s.given[slices.Index(s.touched, m)] = b }

// has is what the transaction was given for a member, nil if that is nothing.
func (s *Seat) has(m *Member) *batch {
	if i := slices.Index(s.touched, m); i >= 0 {
		return s.given[i]
	}
	return nil
}

// End tells that the transaction has ended.
func (s *Seat) End() {
	if s.staged == nil && s.touched == nil {
		return
	}
	for _, m := range s.touched {
		m.consumer.letGo(m)
	}
	s.staged, s.acks, s.touched, s.given, s.altered = nil, nil, nil, nil, nil
}

// Leave ends the memberships of the session: it ends, or begins anew.
func (s *Seat) Leave() {
	for _, m := range s.own {
		m.consumer.left(m, false)
	}
	s.own = nil
}

// member is the session's own membership of a consumer, or the one that a name speaks for; nil: there is none.
func (s *Seat) member(c *Consumer, name string, named bool) *Member {
	if named {
		return c.named(name)
	}
	for _, m := range s.own {
		if m.consumer == c && !m.over() {
			return m
		}
	}
	return nil
}

// enter notes that the session is a member itself.
func (s *Seat) enter(m *Member) {
	s.own = append(slices.DeleteFunc(s.own, (*Member).over), m)
}
