package read

import (
	"context"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
)

// aggregate computes the aggregates' values.
func (p *Plan) aggregate(ctx context.Context, portal *Reader) error {
	for _, a := range p.Aggregates {
		a.Reset()
	}
	if p.Rel == nil {
		if ok, err := portal.constantWhere(); err != nil || !ok {
			return err
		}
		return p.AddRow(&portal.E)
	}
	if known, err := p.aggregateFromIndex(ctx, portal); known || err != nil {
		return err
	}
	if p.countsStreams() && portal.Src.Seen == nil {
		return p.countStreams(ctx, portal)
	}
	if p.Edges() {
		return p.aggregateEdges(ctx, portal)
	}
	rows, err := p.openRows(ctx, portal.Src, &portal.E, portal.before, &portal.Known)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		ok, err := rows.Next(ctx, &portal.E.Row)
		if err != nil || !ok {
			return err
		}
		if err := p.AddRow(&portal.E); err != nil {
			return err
		}
	}
}

// AddRow adds the row that e has to the aggregates.
func (p *Plan) AddRow(e *expr.Env) error {
	for _, a := range p.Aggregates {
		if err := a.Add(e); err != nil {
			return err
		}
	}
	return nil
}

// countsStreams tells whether all that is asked for is how many streams there are.
func (p *Plan) countsStreams() bool {
	for _, a := range p.Aggregates {
		if a.Arg != nil {
			return false
		}
	}
	return p.Rel == relation.Streams && p.Access.Kind == AccessLog && p.Residual == nil
}

// countStreams answers that, without a look at each.
func (p *Plan) countStreams(ctx context.Context, portal *Reader) error {
	src := portal.Src
	if err := src.Batch.Check(); err != nil {
		return err
	}
	n, err := src.Index.StreamsBelow(ctx, portal.before)
	for id := range src.Batch.Ranges(portal.E.Staged) {
		if err != nil {
			break
		}
		var there bool
		if _, there, err = src.Index.Stream(ctx, id, portal.before); !there {
			n++ // it has staged events alone
		}
	}
	for _, a := range p.Aggregates {
		a.Value.Int = n
	}
	return err
}

// Edges tells whether the aggregates follow from the first and the last of the rows, which are looked for: the positions and times of
// those that have some keys.
func (p *Plan) Edges() bool {
	if p.Access.Kind != AccessKeys || len(p.Aggregates) == 0 {
		return false
	}
	for _, a := range p.Aggregates {
		if a.Name != "min" && a.Name != "max" || a.Arg == nil || a.Arg.Column != relation.EventPosition && a.Arg.Column != relation.EventRecordedAt {
			return false
		}
	}
	return true
}

// aggregateEdges answers those.
func (p *Plan) aggregateEdges(ctx context.Context, portal *Reader) error {
	for _, a := range p.Aggregates {
		q := *p
		q.Desc = a.Name == "max"
		rows, err := q.openRows(ctx, portal.Src, &portal.E, portal.before, &portal.Known)
		if err != nil {
			return err
		}
		ok, err := rows.Next(ctx, &portal.E.Row)
		if err != nil || !ok {
			return err
		}
		if err := a.Add(&portal.E); err != nil {
			return err
		}
	}
	return nil
}

// FromIndex tells whether the aggregates follow from the first and the last row.
func (p *Plan) FromIndex() bool {
	if p.Rel != relation.Events || p.Residual != nil || p.Access.Kind != AccessLog && p.Access.Kind != AccessStream {
		return false
	}
	for _, a := range p.Aggregates {
		ordered := a.Arg == nil || a.Arg.Column == relation.EventPosition || a.Arg.Column == relation.EventRecordedAt ||
			a.Arg.Column == relation.EventVersion && p.Access.Kind == AccessStream
		if !ordered {
			return false
		}
	}
	return true
}

// aggregateFromIndex answers what follows from the first and the last row alone, when
// nothing but a range of one stream or of the log is asked for.
func (p *Plan) aggregateFromIndex(ctx context.Context, portal *Reader) (bool, error) {
	src, e := portal.Src, &portal.E
	if e.Staged > 0 || src.Seen != nil || !p.FromIndex() {
		return false, nil
	}
	var first, last engine.RecordedEvent
	for i, backward := range []bool{false, true} {
		q := *p
		q.Desc = backward
		source, _, err := q.openEvents(ctx, src, e, portal.before, nil)
		if err != nil {
			return true, err
		}
		if !source.Next(ctx) {
			return true, source.Err() // no rows: the values are as reset
		}
		if i == 0 {
			first = source.Event().Clone()
		} else {
			last = source.Event().Clone()
		}
	}
	count := last.Position - first.Position + 1
	if p.Access.Kind == AccessStream {
		count = last.Version - first.Version + 1
	}
	for _, a := range p.Aggregates {
		e.Row.Event = &first
		if a.Name == "max" {
			e.Row.Event = &last
		}
		if a.Name == "count" {
			a.Value.Int = count
		} else if err := a.Add(e); err != nil {
			return true, err
		}
	}
	return true, nil
}
