package live

import (
	"context"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Host is the session that follows.
type Host interface {
	expr.Host
	// Sees tells which events it sees now, nil: all. It fails if the session may follow none any more.
	Sees() (*policy.Seen, error)
	// Await runs f, which waits for events.
	Await(f func() error) error
	// WhilePeer returns a context that ends when the client has gone, beside with ctx. stop must be called.
	WhilePeer(ctx context.Context) (_ context.Context, stop func())
}

// Portal is a SUBSCRIBE with its parameters. It knows where it is: whoever has read a row and goes back (Back) reads it again.
type Portal struct {
	// Values is the row that Next went to, until the next call.
	Values   []pgvalue.Value
	idle     func() error // sends what was read, before it waits; nil: there is nothing to send
	head     func() int64 // the position behind the newest event
	plan     *Plan
	host     Host
	env      expr.Env
	follower *Follower
	last     int64 // the position with which it ends
	seen     *policy.Seen
	looked   int       // events
	told     int64     // below here the client knows of everything
	spoke    time.Time // when it was told something
}

// Open makes a portal, which begins now, or where the plan says. The parameters are the portal's.
func (d *Dispatcher) Open(plan *Plan, host Host, params []pgvalue.Value) (*Portal, error) {
	p := &Portal{plan: plan, host: host, env: expr.Env{Host: host, Params: params}, Values: make([]pgvalue.Value, len(plan.Columns)), spoke: time.Now()}
	p.head = func() int64 { return d.index.GlobalPosition() + 1 }
	span, err := plan.span(&p.env, p.head())
	if err != nil {
		return nil, err
	}
	key, err := plan.key(&p.env)
	if err != nil {
		return nil, err
	}
	if span.Lo > span.Hi {
		span.Hi = span.Lo - 1
	}
	if span.Hi < read.MaxInt64 {
		key = Key{} // whatever comes tells it that its end has passed
	}
	p.last, p.told = span.Hi, span.Lo
	src := &read.Source{Index: d.index}
	p.follower = d.Follow(key, span.Lo, func(ctx context.Context, from, before int64) (Events, error) {
		return plan.Between(ctx, src, &p.env, from, before)
	})
	return p, nil
}

// Columns are those of its rows.
func (p *Portal) Columns() []pgvalue.Column { return p.plan.Columns }

// Current is the row that Next went to.
func (p *Portal) Current() []pgvalue.Value { return p.Values }

// Close ends it.
func (p *Portal) Close() { p.follower.Close() }

// Open looks whether the session may follow; where the portal is does not change.
func (p *Portal) Open(context.Context) error { return p.look() }

// Over tells whether it has passed its last position.
func (p *Portal) Over() bool { return p.follower.Position() > p.last }

// look takes notice of what there is by now, and then of what the session sees.
func (p *Portal) look() (err error) {
	p.follower.Look()
	p.seen, err = p.host.Sees()
	return err
}

// Next waits for the next row; there is none where it is over.
func (p *Portal) Next(ctx context.Context) (bool, error) { return p.step(ctx, time.Time{}) }

// step goes to the next row, and waits for one until a time, zero: as long as it takes.
func (p *Portal) step(ctx context.Context, until time.Time) (bool, error) {
	for {
		if ok, err := p.there(ctx); ok || err != nil || p.Over() {
			return ok, err
		}
		now := time.Now()
		if !until.IsZero() && !now.Before(until) {
			return false, nil
		}
		if p.due(now) {
			return true, nil
		}
		if p.idle != nil {
			if err := p.idle(); err != nil {
				return false, err
			}
		}
		if err := p.wait(ctx, until); err != nil {
			return false, err
		}
		if err := p.look(); err != nil {
			return false, err
		}
	}
}

// wait waits until there may be something, or it is time for a row of progress, or the time is over.
func (p *Portal) wait(ctx context.Context, until time.Time) error {
	waiting := ctx
	if p.plan.Progress > 0 {
		if due := p.spoke.Add(p.plan.Progress); until.IsZero() || due.Before(until) {
			until = due
		}
	}
	if !until.IsZero() {
		var stop context.CancelFunc
		waiting, stop = context.WithDeadline(ctx, until)
		defer stop()
	}
	err := p.host.Await(func() error { return p.follower.Wait(waiting) })
	if err != nil && ctx.Err() == nil {
		return nil // it is time
	}
	return err
}

// there goes to the next row of what there is.
func (p *Portal) there(ctx context.Context) (bool, error) {
	p.env.NextRow()
	for {
		e, err := p.follower.Next(ctx)
		if err != nil || e == nil {
			return false, err
		}
		if e.Position > p.last {
			p.follower.Back(e.Position)
			return false, nil
		}
		if p.looked++; p.looked%read.RowsPace == 0 {
			if err := p.pace(); err != nil {
				return false, err
			}
			if p.looked%(64*read.RowsPace) == 0 && p.due(time.Now()) {
				p.follower.Back(e.Position) // that one comes behind the row of progress
				return true, nil
			}
		}
		if ok, err := p.wants(e); err != nil {
			return false, err
		} else if !ok {
			continue
		}
		row := p.Values
		if p.plan.Progress > 0 {
			row[0] = pgvalue.BoolValue(false)
			row = row[1:]
			p.spoke = time.Now()
		}
		p.told = e.Position + 1
		return true, p.plan.Row(&p.env, row)
	}
}

// pace gives way, and looks again at what the session sees.
func (p *Portal) pace() (err error) {
	if err := p.env.Look(); err != nil {
		return err
	}
	p.seen, err = p.host.Sees()
	return err
}

func (p *Portal) wants(e *engine.RecordedEvent) (bool, error) {
	p.env.Row = relation.Row{Event: e}
	if p.seen != nil {
		if ok, err := p.seen.Sees(&p.env, e); err != nil || !ok {
			return false, err
		}
	}
	return p.plan.MeetsRest(&p.env)
}

// due makes a row of progress if it is time for one and it has something to tell.
func (p *Portal) due(now time.Time) bool {
	if p.plan.Progress == 0 || now.Before(p.spoke.Add(p.plan.Progress)) {
		return false
	}
	p.spoke = now
	reached := p.follower.Position()
	if reached <= p.told {
		return false
	}
	p.told = reached
	clear(p.Values)
	p.Values[0] = pgvalue.BoolValue(true)
	p.Values[p.plan.position] = pgvalue.IntValue(reached - 1)
	return true
}

// Stream has rows reach the client before more are waited for: out is where whoever calls Next puts them. The context ends, beside with ctx, when the
// client has gone. stop must be called.
func (p *Portal) Stream(ctx context.Context, out *pgwire.Output) (_ context.Context, stop func()) {
	p.idle = out.Flush
	_ = out.Flush() // that it has begun; an error shows in the next
	return p.host.WhilePeer(ctx)
}

// Execute returns rows without end, or, with a limit, those that there are once there is one.
func (p *Portal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "SELECT"}
	ctx, stop := p.Stream(ctx, out)
	defer stop()
	err := p.look()
	for err == nil && (limit == 0 || tag.Rows < limit) {
		var until time.Time
		if limit > 0 && tag.Rows > 0 {
			until = time.Unix(1, 0) // it does not wait
		}
		var ok bool
		if ok, err = p.step(ctx, until); err != nil || !ok {
			return tag, p.Over(), err
		}
		err = out.Row(ctx, p.Values)
		tag.Rows++
	}
	return tag, false, err
}

// Fetch does what FETCH says, and calls each with every row. It waits for the first as long as the statement says, or as long as wait. After an
// error it is where it was before, so that no row is lost of which the client may not have heard.
func (p *Portal) Fetch(ctx context.Context, st *syntax.FetchStmt, wait time.Duration, each func([]pgvalue.Value) error) (n int64, err error) {
	count := st.Count
	switch {
	case st.How == "FORWARD" && st.All:
		count = -1
	case st.How == "FORWARD" && count > 0, st.How == "RELATIVE" && count == 1:
	default:
		return 0, pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "a cursor that follows can only scan forward")
	}
	if st.Timeout != nil {
		if wait, err = st.Timeout.Duration(); err != nil {
			return 0, err
		}
		if wait < 0 {
			return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "timeout must not be negative")
		}
	}
	ctx, stop := p.host.WhilePeer(ctx)
	defer stop()
	at, told := p.follower.Position(), p.told
	defer func() {
		if err != nil {
			p.follower.Back(at)
			p.told = told
		}
	}()
	p.follower.Reach(p.head()) // what is committed now, though the dispatcher may not know of it yet
	if err := p.look(); err != nil {
		return 0, err
	}
	p.idle = nil
	until := time.Now().Add(wait)
	for n != count {
		var ok bool
		if n > 0 || count < 0 || wait == 0 {
			ok, err = p.there(ctx)
		} else {
			ok, err = p.step(ctx, until)
		}
		if err == nil && ok {
			err = each(p.Values)
		}
		if err != nil || !ok {
			return n, err
		}
		n++
	}
	return n, nil
}
