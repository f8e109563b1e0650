package read

import (
	"context"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
)

// Comparison is a condition that every row meets: a column compared with a value.
type Comparison struct {
	Column int
	Op     string // =, <, <=, >, >=; has, for the tags; in and any for lists, which have no value here
	Value  *expr.Scalar
}

// Comparisons are those of the plan's WHERE.
func (p *Plan) Comparisons() []Comparison {
	out := make([]Comparison, len(p.args))
	for i, a := range p.args {
		out[i] = Comparison{a.column, a.op, a.value}
	}
	return out
}

// Meets tells whether the row that e has meets WHERE.
func (p *Plan) Meets(e *expr.Env) (bool, error) { return e.Meets(p.where) }

// MeetsRest tells whether it meets WHERE but for the bounds on the position, which are among Comparisons.
func (p *Plan) MeetsRest(e *expr.Env) (bool, error) { return e.Meets(p.unbounded) }

// Row evaluates the select list for the row that e has.
func (p *Plan) Row(e *expr.Env, values []pgvalue.Value) error {
	for i, s := range p.items {
		if err := s.Eval(e, &values[i]); err != nil {
			return err
		}
		if s.Column < 0 {
			if err := e.SpendOn(&values[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// ItemOf is the place in the select list of a column that stands there alone, -1 if it does not.
func (p *Plan) ItemOf(column int) int {
	for i, s := range p.items {
		if s.Column == column {
			return i
		}
	}
	return -1
}

// Between reads, in the order of positions, the events from one position up to another, which is left out, that may meet the plan's
// WHERE, and perhaps others.
func (p *Plan) Between(ctx context.Context, src *Source, e *expr.Env, from, before int64) (EventSource, error) {
	options := engine.Forward(from)
	options.Before = before
	if p.Access.Kind == AccessKeys && before-from > fewEvents {
		q, ok, err := p.Access.Query(src.Index, e)
		if err != nil {
			return nil, err
		}
		if ok {
			return src.Index.Find(q, options, nil), nil
		}
	}
	if p.Access.Kind == AccessLog || p.Access.Kind == AccessKeys {
		return src.Index.ReadAll(options), nil
	}
	ids, _, err := p.Access.Keys(e)
	if err != nil {
		return nil, err
	}
	if len(ids) > MaxMerge {
		return src.Index.ReadAll(options), nil
	}
	m := &mergeSource{}
	switch {
	case len(ids) == 0:
		return &engine.Cursor{}, nil
	case p.Access.Kind == AccessEvents:
		return eventsByID(ctx, e.Look, src.Index, ids, options)
	case len(ids) == 1:
		return streamFrom(src.Index, ids[0], options)
	}
	for _, id := range ids {
		c, err := streamFrom(src.Index, id, options)
		if err != nil {
			return nil, err
		}
		m.sources = append(m.sources, c)
	}
	return m, nil
}

// fewEvents are read one by one rather than looked for.
const fewEvents = 64

// streamFrom reads a stream's events from a position on, which is the options' From.
func streamFrom(index *engine.ReadIndex, id uuid.UUID, o engine.ReadOptions) (EventSource, error) {
	version, err := index.VersionBelow(id, o.From)
	o.From = version + 1
	return index.ReadStream(id, o), err
}

// hasTag recognises a tag that every row has: 'tag' = ANY(tags) and tags @> ARRAY['tag'].
func hasTag(c *expr.Compiler, array, value *expr.Scalar, oid uint32) *sarg {
	if array.Column != relation.EventTags || c.Rel != relation.Events {
		return nil
	}
	value, err := c.Resolve(value, oid)
	if err != nil || !value.Constant || value.OID != oid && !(oid == pgvalue.OIDText && exactText(value.OID)) {
		return nil
	}
	return &sarg{column: relation.EventTags, op: "has", value: value}
}
