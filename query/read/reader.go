package read

import (
	"context"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/policy"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/staging"
)

// Source is what is read: the log, and what the session's transaction has staged.
type Source struct {
	Index  *engine.ReadIndex
	Batch  *staging.Batch
	Health func() *relation.HealthRow
	Roles  func(rel *relation.Relation, name string) [][]pgvalue.Value // the rows of a relation of roles; name is a function's argument
	// Served opens the rows of a relation that the server makes; args are a function's.
	Served func(h expr.Host, rel *relation.Relation, args []pgvalue.Value) (next func() ([]pgvalue.Value, error), err error)
	// Seen tells which events, and streams, whoever reads sees; nil: all.
	Seen *policy.Seen
}

// Reader yields the rows of a plan.
type Reader struct {
	Plan   *Plan
	Src    *Source
	E      expr.Env
	Hold   func(bytes int64) error // counts what is kept to be sorted
	rows   rowSource
	Values []pgvalue.Value
	before int64 // the position before which it sees
	skip   int64 // of OFFSET, still to be skipped
	left   int64 // of LIMIT
	Opened bool
	sorted *sorter        // if the plan sorts
	Known  engine.Lookups // what the index of keys was asked for to plan it
	// AtEnd, if set, is called when the end of the committed events is met.
	AtEnd func() error
	Ended bool
}

// Open goes to the first of the rows that were before a position, and of the first staged events.
func (p *Reader) Open(ctx context.Context, before int64, staged int) error {
	p.before, p.E.Staged = before, staged
	p.Values = make([]pgvalue.Value, len(p.Plan.items))
	p.Opened, p.Ended, p.sorted = false, false, nil
	var err error
	if p.left, err = p.count(p.Plan.Limit, pgerror.InvalidRowCountInLimitClause, "LIMIT"); err != nil {
		return err
	}
	if p.left < 0 {
		p.left = 1<<63 - 1
	}
	if p.skip, err = p.count(p.Plan.offset, pgerror.InvalidRowCountInResultOffsetClause, "OFFSET"); err != nil {
		return err
	}
	if p.Plan.Rel == nil || len(p.Plan.Aggregates) > 0 {
		p.rows, p.Opened = &singleRow{}, true
		return nil
	}
	p.rows, err = p.Plan.openRows(ctx, p.Src, &p.E, before, &p.Known)
	if p.AtEnd != nil {
		watchEnd(p.rows, p.AtEnd)
	}
	p.Opened = err == nil
	return err
}

// count evaluates LIMIT or OFFSET; -1 for null.
func (p *Reader) count(x *expr.Scalar, code, what string) (int64, error) {
	if x == nil {
		return -1, nil
	}
	var v pgvalue.Value
	if err := x.Eval(&p.E, &v); err != nil || v.Kind == pgvalue.Null {
		return -1, err
	}
	if v.Int < 0 {
		return 0, pgerror.Errorf(code, "%s must not be negative", what)
	}
	return v.Int, nil
}

// Next moves to the next row of the result and puts it into values.
func (p *Reader) Next(ctx context.Context) (bool, error) {
	if p.Plan.Sort != nil {
		return p.nextSorted(ctx)
	}
	for p.left > 0 {
		p.E.NextRow()
		ok, err := p.rows.Next(ctx, &p.E.Row)
		if err != nil {
			return false, err
		}
		if !ok {
			p.Ended = true
			return false, nil
		}
		if len(p.Plan.Aggregates) > 0 {
			if err := p.Plan.aggregate(ctx, p); err != nil {
				return false, err
			}
		}
		if p.Plan.Rel == nil && len(p.Plan.Aggregates) == 0 {
			if ok, err := p.constantWhere(); err != nil || !ok {
				p.Ended = true
				return false, err
			}
		}
		if p.skip > 0 {
			p.skip--
			continue
		}
		for i, s := range p.Plan.items {
			v := &p.Values[i]
			if err := s.Eval(&p.E, v); err != nil {
				return false, err
			}
			if s.Column < 0 {
				if err := p.E.SpendOn(v); err != nil {
					return false, err
				}
			}
		}
		p.left--
		return true, nil
	}
	p.Ended = true
	return false, nil
}

// constantWhere evaluates WHERE of a SELECT without FROM.
func (p *Reader) constantWhere() (bool, error) {
	if p.Plan.Rel != nil || p.Plan.where == nil {
		return true, nil
	}
	var v pgvalue.Value
	err := p.Plan.where.Eval(&p.E, &v)
	return v.Kind == pgvalue.KindBool && v.Bool(), err
}

// rowSource yields the rows of a relation that a statement's WHERE keeps.
type rowSource interface {
	Next(ctx context.Context, r *relation.Row) (bool, error)
}

// singleRow is the one row of SELECT without FROM, and of aggregates.
type singleRow struct{ done bool }

func (s *singleRow) Next(context.Context, *relation.Row) (bool, error) {
	was := s.done
	s.done = true
	return !was, nil
}
