package query

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// sarg is a condition on one column that an index can serve: column op value, or
// column IN (values).
type sarg struct {
	column int
	op     string // =, <, <=, >, >=, in, any
	value  *scalar
	list   []*scalar
}

// sarg recognises such a condition; nil if x is none.
func (c *compiler) sarg(x expr) *sarg {
	switch x := x.(type) {
	case *binaryExpr:
		switch x.op {
		case "=", "<", "<=", ">", ">=":
			l, r, err := c.pair(x)
			switch {
			case err != nil:
				return nil
			case l.column >= 0 && r.constant:
				return &sarg{column: l.column, op: x.op, value: r}
			case r.column >= 0 && l.constant:
				return &sarg{column: r.column, op: map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[x.op], value: l}
			}
		case "= any":
			l, err := c.compile(x.l)
			if err != nil || l.column < 0 {
				return nil
			}
			r, err := c.compile(x.r)
			if err != nil {
				return nil
			}
			if r, err = c.settle(r, arrayOf[l.oid]); err == nil && r.constant {
				return &sarg{column: l.column, op: "any", value: r}
			}
		}
	case *inExpr:
		l, err := c.compile(x.x)
		if err != nil || l.column < 0 || x.not {
			return nil
		}
		a := &sarg{column: l.column, op: "in"}
		for _, item := range x.list {
			s, err := c.compile(item)
			if err != nil {
				return nil
			}
			if s, err = c.settle(s, l.oid); err != nil || !s.constant {
				return nil
			}
			a.list = append(a.list, s)
		}
		return a
	}
	return nil
}

// accessKind is the way to the rows.
type accessKind uint8

const (
	accessLog     accessKind = iota // a range of positions; of streams, all of them
	accessStream                    // one stream
	accessStreams                   // a list of streams
	accessEvents                    // a list of event ids
)

// access says which way to go to the rows, and which conditions bound it.
type access struct {
	kind  accessKind
	key   *sarg   // stream, or list of streams or event ids
	bound []*sarg // on position, version and recorded_at
	rel   *relation
}

func chooseAccess(rel *relation, args []*sarg) access {
	a := access{rel: rel}
	if rel == nil || rel == healthRelation {
		return a
	}
	isKey := func(column int) bool {
		if rel == streamsRelation {
			return column == stStreamID || column == stStream
		}
		return column == evStreamID || column == evStream
	}
	for _, arg := range args {
		switch {
		case arg == nil:
		case rel == eventsRelation && arg.column == evEventID && (arg.op == "=" || arg.op == "in" || arg.op == "any"):
			a.kind, a.key = accessEvents, arg
		case isKey(arg.column) && arg.op == "=" && a.kind != accessEvents && a.kind != accessStream:
			a.kind, a.key = accessStream, arg
		case isKey(arg.column) && (arg.op == "in" || arg.op == "any") && a.kind == accessLog:
			a.kind, a.key = accessStreams, arg
		}
	}
	for _, arg := range args {
		if arg == nil || arg == a.key || arg.op == "in" || arg.op == "any" || rel == streamsRelation {
			continue
		}
		if arg.value.oid == pgwire.OIDNumeric || arg.value.oid == pgwire.OIDFloat8 || arg.value.oid == pgwire.OIDFloat4 {
			continue
		}
		switch {
		case arg.column == evPosition && a.kind == accessLog,
			arg.column == evRecordedAt && a.kind == accessLog && arg.value.oid == pgwire.OIDTimestamptz,
			arg.column == evVersion && a.kind == accessStream:
			a.bound = append(a.bound, arg)
		}
	}
	return a
}

// guarantees tells whether every row that the access yields meets the condition.
func (a *access) guarantees(arg *sarg) bool {
	return arg == a.key || slices.Contains(a.bound, arg)
}

// How a column's order relates to the order in which rows are read.
const (
	orderNone     = iota
	orderConstant // all rows have the same value
	orderWeak     // the same order, with ties
	orderTotal    // the same order
)

func (a *access) rank(rel *relation, column int) int {
	if rel == streamsRelation {
		switch {
		case a.kind == accessStream:
			return orderConstant
		case a.kind != accessLog:
			return orderNone // in the order of the list
		case column == stFirstPosition:
			return orderTotal
		case column == stCreatedAt:
			return orderWeak
		}
		return orderNone
	}
	oneStream := a.kind == accessStream
	switch column {
	case evPosition:
		return orderTotal
	case evVersion:
		if oneStream {
			return orderTotal
		}
	case evRecordedAt:
		return orderWeak
	case evStreamID, evStream, evCategory:
		if oneStream {
			return orderConstant
		}
	}
	return orderNone
}

// span is a range, both ends inclusive.
type span struct{ lo, hi int64 }

func (r *span) narrow(op string, v int64) {
	const lowest = -1 << 63
	switch op {
	case "=":
		r.lo, r.hi = max(r.lo, v), min(r.hi, v)
	case ">":
		if v == maxInt64 {
			r.hi = lowest
			return
		}
		r.lo = max(r.lo, v+1)
	case ">=":
		r.lo = max(r.lo, v)
	case "<":
		if v == lowest {
			r.hi = lowest
			return
		}
		r.hi = min(r.hi, v-1)
	case "<=":
		r.hi = min(r.hi, v)
	}
}

const maxInt64 = 1<<63 - 1

// bounds evaluates the access's conditions on position or version. empty: no row can
// meet them.
func (a *access) bounds(ctx context.Context, s *Session, e *env) (r span, empty bool, err error) {
	r = span{0, maxInt64}
	times := span{-1 << 62, 1 << 62}
	timed := false
	var v pgwire.Value
	for _, arg := range a.bound {
		if err := arg.value.eval(e, &v); err != nil {
			return r, false, err
		}
		switch {
		case v.Kind == pgwire.Null:
			return r, true, nil
		case arg.column == evRecordedAt:
			timed = true
			times.narrow(arg.op, min(max(v.Int, -1<<62), 1<<62))
		default:
			r.narrow(arg.op, v.Int)
		}
	}
	if timed {
		// Recorded times never decrease along the log.
		first, err := s.server.index.PositionAt(ctx, times.lo)
		if err != nil {
			return r, false, err
		}
		end, err := s.server.index.PositionAt(ctx, times.hi+1)
		if err != nil {
			return r, false, err
		}
		r.lo = max(r.lo, first)
		if times.hi < 1<<62 {
			r.hi = min(r.hi, end-1)
		}
	}
	return r, r.lo > r.hi, nil
}

// keys evaluates the access's list of streams or event ids, without duplicates or
// nulls. names has the stream names, where the condition is on the name.
func (a *access) keys(e *env) (ids []uuid.UUID, names map[uuid.UUID]string, err error) {
	var values []pgwire.Value
	var v pgwire.Value
	switch a.key.op {
	case "=", "any":
		if err := a.key.value.eval(e, &v); err != nil {
			return nil, nil, err
		}
		if a.key.op == "=" {
			values = []pgwire.Value{v}
		} else {
			values = v.Array
		}
	default:
		for _, x := range a.key.list {
			v = pgwire.Value{}
			if err := x.eval(e, &v); err != nil {
				return nil, nil, err
			}
			values = append(values, v)
		}
	}
	seen := map[uuid.UUID]bool{}
	for i := range values {
		var id uuid.UUID
		switch values[i].Kind {
		case pgwire.KindUUID:
			id = values[i].UUID
		case pgwire.KindText:
			id = engine.StreamID(values[i].Text)
			if names == nil {
				names = map[uuid.UUID]string{}
			}
			names[id] = values[i].Text
		default:
			continue
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, names, nil
}
