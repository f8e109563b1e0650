package reading

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/failpoint"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/read"
)

// Host is the session that has read, as far as readings need it.
type Host interface {
	expr.Host
	// Still has the session give way to nobody while it is true: what is evaluated then keeps all appends waiting. What takes long fails.
	Still(bool)
	// Acting is as whom it acts.
	Acting() string
}

// StillSteps bounds what is evaluated for one append while it keeps all others waiting: so many times 20 to 100 µs, as [expr.Host]'s Pace is called.
const StillSteps = 200

// ErrTooLong is what it fails with then.
var ErrTooLong = pgerror.Concurrent("What the append rests on takes too long to be held against what came meanwhile.")

// Reading is what one SELECT has asked of events. It is one session's, and is evaluated in its goroutine, or while that waits.
type Reading struct {
	host      Host
	source    *read.Source
	condition *read.Condition
	env       expr.Env
	seen      *policy.Seen  // what whoever was told of events sees; nil: all
	own       *policy.Seen  // what the session itself sees; nil: all
	zone      *pgvalue.Zone // of the session when it read: in another, the condition may mean something else
	acting    string        // as whom it read: somebody else may see other events
	statement string
	from      int64 // the position before which it has seen
	keys      []engine.Key
	keyed     bool
}

// Conflict says that an event that others have committed is one that a transaction has read for.
type Conflict struct {
	Position  int64
	StreamID  uuid.UUID
	Stream    string
	Type      string
	Statement string // the beginning of it
	Hidden    bool   // the session does not see the event
}

func (c *Conflict) Error() string { return "an event was committed that the transaction has read for" }

// What a reading takes, beside its parameters and keys, and how much of its statement is kept to be told.
const (
	readingBytes   = 400
	statementBytes = 200
)

// Terms are what a reading is made of.
type Terms struct {
	Host      Host
	Source    *read.Source
	Condition *read.Condition
	Params    []pgvalue.Value // copied
	Seen      *policy.Seen    // what whoever was told of events sees; nil: all
	Own       *policy.Seen    // what the session itself sees; nil: all
	// Statement is the text; its beginning is kept.
	Statement string
	From      int64 // the position before which it has seen
}

// New makes a reading.
func New(t *Terms) *Reading {
	r := &Reading{
		host: t.Host, source: t.Source, condition: t.Condition, env: expr.Env{Host: t.Host, Params: copied(t.Params)}, seen: t.Seen, own: t.Own,
		zone: t.Host.Zone(), acting: t.Host.Acting(), from: t.From, statement: beginning(t.Statement),
	}
	if s := r.seen; s != nil && (s.Settings || s.Session) { // it may see other events by the time of the commit
		r.seen = nil
	}
	r.keys, r.keyed = r.condition.Keys(t.Source.Index, &r.env)
	if failpoint.On(failpoint.OneKey) && len(r.keys) > 0 {
		r.keys = r.keys[:1]
	}
	if failpoint.On(failpoint.LateSnapshot) {
		r.from = t.Source.Index.GlobalPosition() + 1
	}
	return r
}

// copied are values that stay as they are whatever becomes of the portal that they were bound to.
func copied(params []pgvalue.Value) []pgvalue.Value {
	out := slices.Clone(params)
	for i := range out {
		out[i].Bytes = slices.Clone(out[i].Bytes)
	}
	return out
}

// beginning is the beginning of a statement, on one line.
func beginning(text string) string {
	if len(text) > statementBytes {
		text = strings.ToValidUTF8(text[:statementBytes], "") + "…"
	}
	return strings.Join(strings.Fields(text), " ")
}

// Bytes is what it takes.
func (r *Reading) Bytes() int64 {
	size := int64(readingBytes + len(r.statement) + 8*len(r.keys))
	for i := range r.env.Params {
		size += r.env.Params[i].Size()
	}
	return size
}

// Keys implements [engine.Premise].
func (r *Reading) Keys() ([]engine.Key, bool) { return r.keys, r.keyed }

// CatchUp implements [engine.Premise].
func (r *Reading) CatchUp(ctx context.Context, from, before int64) error {
	return r.condition.Each(ctx, r.source, &r.env, from, before, r.look)
}

// Add implements [engine.Premise].
func (r *Reading) Add(e *engine.RecordedEvent) error {
	r.host.Still(true)
	defer r.host.Still(false)
	return r.look(e)
}

// look fails with a *Conflict if an event meets it.
func (r *Reading) look(e *engine.RecordedEvent) error {
	if r.meets(e) {
		return r.conflict(e)
	}
	return nil
}

// Holds implements [engine.Premise].
func (r *Reading) Holds() error { return nil }

// meets tells whether an event may have changed the answer.
func (r *Reading) meets(e *engine.RecordedEvent) bool {
	r.env.NextRow()
	r.env.Row.Event = e
	if failpoint.On(failpoint.TooWide) && r.keyed {
		return true
	}
	return r.sees(e) && (r.host.Zone() != r.zone || r.condition.Meets(&r.env))
}

func (r *Reading) sees(e *engine.RecordedEvent) bool {
	if r.seen == nil || r.host.Acting() != r.acting {
		return true
	}
	ok, err := r.seen.Sees(&r.env, e)
	return ok || err != nil
}

func (r *Reading) conflict(e *engine.RecordedEvent) *Conflict {
	c := &Conflict{Position: e.Position, StreamID: e.StreamID, Stream: strings.Clone(e.Stream), Type: strings.Clone(e.Type), Statement: r.statement}
	if r.own != nil {
		ok, err := r.own.Sees(&r.env, e)
		c.Hidden = !ok || err != nil
	}
	return c
}
