package query

import (
	"context"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// aggregate is count, min or max over the rows of a SELECT without GROUP BY.
type aggregate struct {
	name  string
	arg   *scalar // nil: count(*)
	value pgwire.Value
}

func isAggregate(x expr) bool {
	call, ok := x.(*callExpr)
	return ok && (call.name == "count" || call.name == "min" || call.name == "max")
}

func hasAggregate(x expr) bool {
	found := false
	walk(x, func(x expr) { found = found || isAggregate(x) })
	return found
}

// aggregateCall compiles count, min or max within a select list.
func (c *compiler) aggregateCall(x *callExpr) (*scalar, error) {
	list := c.aggregates
	c.aggregates = nil // they do not nest
	defer func() { c.aggregates = list }()
	a := &aggregate{name: x.name}
	oid := uint32(pgwire.OIDInt8)
	switch {
	case x.star && x.name == "count":
	case len(x.args) != 1:
		return nil, c.noFunction(x, nil)
	case hasAggregate(x.args[0]):
		return nil, c.at(pgwire.Errorf("42803", "aggregate function calls cannot be nested"), x.args[0].position())
	default:
		var err error
		if a.arg, err = c.compile(x.args[0]); err == nil {
			a.arg, err = c.settle(a.arg, orText(a.arg))
		}
		if err != nil {
			return nil, err
		}
		if x.name != "count" {
			oid = a.arg.oid
			if !isInteger(oid) && oid != pgwire.OIDTimestamptz {
				return nil, c.beyond(x.name+" of "+pgwire.TypeName(oid), x.pos)
			}
		}
	}
	*list = append(*list, a)
	s := derived(oid, x.pos, func(_ *env, v *pgwire.Value) error {
		*v = a.value
		return nil
	})
	s.constant = false
	return s, nil
}

func (a *aggregate) reset() {
	a.value = pgwire.Value{}
	if a.name == "count" {
		a.value = pgwire.IntValue(0)
	}
}

func (a *aggregate) add(e *env) error {
	if a.arg == nil {
		a.value.Int++
		return nil
	}
	var v pgwire.Value
	if err := a.arg.eval(e, &v); err != nil || v.Kind == pgwire.Null {
		return err
	}
	switch {
	case a.name == "count":
		a.value.Int++
	case a.value.Kind == pgwire.Null,
		a.name == "min" && compareValues(&v, &a.value) < 0,
		a.name == "max" && compareValues(&v, &a.value) > 0:
		a.value = v
	}
	return nil
}

// aggregate computes the aggregates' values.
func (p *selectPlan) aggregate(ctx context.Context, portal *selectPortal) error {
	for _, a := range p.aggregates {
		a.reset()
	}
	if p.rel == nil {
		if ok, err := portal.constantWhere(); err != nil || !ok {
			return err
		}
		return p.addRow(&portal.e)
	}
	if known, err := p.aggregateFromIndex(ctx, portal); known || err != nil {
		return err
	}
	if p.countsStreams() {
		return p.countStreams(ctx, portal)
	}
	rows, err := p.openRows(ctx, portal.s, &portal.e, portal.before)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		ok, err := rows.next(ctx, &portal.e.row)
		if err != nil || !ok {
			return err
		}
		if err := p.addRow(&portal.e); err != nil {
			return err
		}
	}
}

func (p *selectPlan) addRow(e *env) error {
	for _, a := range p.aggregates {
		if err := a.add(e); err != nil {
			return err
		}
	}
	return nil
}

// countsStreams tells whether all that is asked for is how many streams there are.
func (p *selectPlan) countsStreams() bool {
	for _, a := range p.aggregates {
		if a.arg != nil {
			return false
		}
	}
	return p.rel == streamsRelation && p.access.kind == accessLog && p.residual == nil
}

// countStreams answers that, without a look at each.
func (p *selectPlan) countStreams(ctx context.Context, portal *selectPortal) error {
	s := portal.s
	if err := s.checkStaged(); err != nil {
		return err
	}
	n, err := s.server.index.StreamsBelow(ctx, portal.before)
	for id, st := range s.tx.streams {
		if err != nil || st.count == 0 {
			continue
		}
		var there bool
		if _, there, err = s.server.index.Stream(ctx, id, portal.before); !there {
			n++ // it has staged events alone
		}
	}
	for _, a := range p.aggregates {
		a.value.Int = n
	}
	return err
}

// fromIndex tells whether the aggregates follow from the first and the last row.
func (p *selectPlan) fromIndex() bool {
	if p.rel != eventsRelation || p.residual != nil || p.access.kind != accessLog && p.access.kind != accessStream {
		return false
	}
	for _, a := range p.aggregates {
		ordered := a.arg == nil || a.arg.column == evPosition || a.arg.column == evRecordedAt ||
			a.arg.column == evVersion && p.access.kind == accessStream
		if !ordered {
			return false
		}
	}
	return true
}

// aggregateFromIndex answers what follows from the first and the last row alone, when
// nothing but a range of one stream or of the log is asked for.
func (p *selectPlan) aggregateFromIndex(ctx context.Context, portal *selectPortal) (bool, error) {
	s, e := portal.s, &portal.e
	if e.staged > 0 || !p.fromIndex() {
		return false, nil
	}
	var first, last engine.RecordedEvent
	for i, backward := range []bool{false, true} {
		q := *p
		q.desc = backward
		source, _, err := q.openEvents(ctx, s, e, portal.before)
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
	if p.access.kind == accessStream {
		count = last.Version - first.Version + 1
	}
	for _, a := range p.aggregates {
		e.row.event = &first
		if a.name == "max" {
			e.row.event = &last
		}
		if a.name == "count" {
			a.value.Int = count
		} else if err := a.add(e); err != nil {
			return true, err
		}
	}
	return true, nil
}
