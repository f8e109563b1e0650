package guard

import (
	"context"
	"errors"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/failpoint"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/reading"
	"github.com/eventgres/eventgres/query/relation"
)

// What an append is refused with: the guard is not true by now; it has to be asked again.
var (
	ErrUntrue = errors.New("the guard is not true")
	ErrStale  = errors.New("the guard has to be asked again")
)

// Host is the session that asks.
type Host interface {
	reading.Host
	// Source is what it reads of a relation, as far as it may.
	Source(rel *relation.Relation) (*read.Source, error)
}

// Terms are what a guard is asked with.
type Terms struct {
	Host   Host
	Params []pgvalue.Value
	Types  []uint32 // of the parameters
	Before int64    // the position before which events are seen
	Staged int      // events of its transaction that are seen
}

// Ask tells whether the guard is true. From then on the plan is a premise of what is appended, which is shown the events from Before on.
func (p *Plan) Ask(ctx context.Context, t *Terms) (bool, error) {
	p.terms, p.env, p.stale, p.asked = *t, expr.Env{Host: t.Host, Params: t.Params}, false, false
	p.keys, p.keyed = p.keys[:0], true
	if ok, err := p.env.Meets(p.before); !ok || err != nil {
		return false, err
	}
	p.asked = true
	for _, q := range p.asks {
		if err := p.ask(ctx, q); err != nil {
			return false, err
		}
		keys, ok := q.condition.Keys(q.source.Index, &p.env)
		p.keys, p.keyed = append(p.keys, keys...), p.keyed && ok
	}
	return p.env.Meets(p.where)
}

// ask answers one query.
func (p *Plan) ask(ctx context.Context, q *question) (err error) {
	t := &p.terms
	if q.source, err = t.Host.Source(q.plan.Rel); err != nil {
		return err
	}
	if t.Host.Zone() != p.zone && q.condition == nil {
		q.condition = read.EveryEvent() // literals would be read as something else now
	}
	if q.condition == nil {
		c := expr.Knowing(p.src, t.Host, q.alias, t.Types)
		q.condition = read.CompileCondition(c, q.plan.Rel, read.Parts(q.where))
	}
	r := read.Reader{Plan: &q.plan, Src: q.source, E: expr.Env{Host: t.Host, Params: t.Params}}
	if err := r.Open(ctx, t.Before, t.Staged); err != nil {
		return err
	}
	if q.found, err = r.Next(ctx); err == nil && !q.exists {
		q.value = r.Values[0]
	}
	return err
}

// Keys implements [engine.Premise].
func (p *Plan) Keys() ([]engine.Key, bool) { return p.keys, p.keyed }

// CatchUp implements [engine.Premise].
func (p *Plan) CatchUp(ctx context.Context, from, before int64) error {
	for _, q := range p.asks {
		add := func(e *engine.RecordedEvent) error { return p.add(q, e) }
		if err := q.condition.Each(ctx, q.source, &p.env, from, before, add); err != nil {
			return err
		}
	}
	return nil
}

// Add implements [engine.Premise].
func (p *Plan) Add(e *engine.RecordedEvent) error {
	p.terms.Host.Still(true)
	defer p.terms.Host.Still(false)
	for _, q := range p.asks {
		if p.add(q, e) != nil {
			return ErrStale // what fails is told where it is asked, or goes on for long
		}
	}
	return nil
}

// add adds an event to an answer.
func (p *Plan) add(q *question, e *engine.RecordedEvent) error {
	if failpoint.On(failpoint.GuardNotAdded) {
		return nil
	}
	p.env.NextRow()
	p.env.Row.Event = e
	if q.source.Seen != nil {
		if ok, err := q.source.Seen.Sees(&p.env, e); !ok || err != nil {
			return err
		}
	}
	if !q.follows() {
		p.stale = p.stale || q.condition.Meets(&p.env)
		return nil
	}
	ok, err := q.plan.Meets(&p.env)
	if !ok || err != nil {
		return err
	}
	if q.exists {
		q.found = true
		return nil
	}
	return q.plan.AddRow(&p.env)
}

// Holds implements [engine.Premise].
func (p *Plan) Holds() error {
	if p.stale {
		return ErrStale
	}
	p.terms.Host.Still(true)
	defer p.terms.Host.Still(false)
	for _, q := range p.asks {
		if q.exists || !q.follows() {
			continue
		}
		if q.row == nil {
			q.row = make([]pgvalue.Value, 1)
		}
		if err := q.plan.Row(&p.env, q.row); err != nil {
			return err
		}
		q.value = q.row[0]
	}
	if ok, err := p.env.Meets(p.where); !ok || err != nil {
		if err == nil {
			err = ErrUntrue
		}
		return err
	}
	return nil
}

// Readings are the queries as conditions on what a transaction has read, own is what the session itself sees; nil: all.
func (p *Plan) Readings(own *policy.Seen) []*reading.Reading {
	var out []*reading.Reading
	if !p.asked {
		return nil
	}
	for _, q := range p.asks {
		out = append(out, reading.New(&reading.Terms{
			Host: p.terms.Host, Source: q.source, Condition: q.condition, Params: p.terms.Params, Seen: q.source.Seen, Own: own, Statement: "WHERE " + p.Text, From: p.terms.Before,
		}))
	}
	return out
}
