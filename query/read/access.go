package read

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// sarg is a condition on one column that an index can serve: column op value, or
// column IN (values).
type sarg struct {
	column int
	op     string // =, <, <=, >, >=, in, any; has, of tags, which no index serves
	value  *expr.Scalar
	list   []*expr.Scalar
}

// findSarg recognises such a condition; nil if x is none.
func findSarg(c *expr.Compiler, x syntax.Expr) *sarg {
	switch x := x.(type) {
	case *syntax.BinaryExpr:
		switch x.Op {
		case "=", "<", "<=", ">", ">=":
			l, r, err := c.Pair(x)
			switch {
			case err != nil:
				return nil
			case l.Column >= 0 && r.Constant:
				return &sarg{column: l.Column, op: x.Op, value: r}
			case r.Column >= 0 && l.Constant:
				return &sarg{column: r.Column, op: map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[x.Op], value: l}
			}
		case "@>", "= any":
			l, err := c.Compile(x.L)
			if err != nil {
				return nil
			}
			r, err := c.Compile(x.R)
			if err != nil {
				return nil
			}
			if x.Op == "@>" {
				return hasTag(c, l, r, pgvalue.OIDTextArray)
			}
			if l.Column < 0 {
				return hasTag(c, r, l, pgvalue.OIDText)
			}
			if r, err = c.Resolve(r, syntax.ArrayOf[l.OID]); err == nil && r.Constant {
				return &sarg{column: l.Column, op: "any", value: r}
			}
		}
	case *syntax.InExpr:
		l, err := c.Compile(x.X)
		if err != nil || l.Column < 0 || x.Not {
			return nil
		}
		a := &sarg{column: l.Column, op: "in"}
		for _, item := range x.List {
			s, err := c.Compile(item)
			if err != nil {
				return nil
			}
			if s, err = c.Resolve(s, l.OID); err != nil || !s.Constant {
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
	AccessLog     accessKind = iota // a range of positions; of streams, all of them
	AccessStream                    // one stream
	accessStreams                   // a list of streams
	AccessEvents                    // a list of event ids
	AccessKeys                      // a range of positions, of it what has some categories, types and tags
)

// access says which way to go to the rows, and which conditions bound it.
type access struct {
	Kind  accessKind
	Key   *sarg   // stream, or list of streams or event ids
	Bound []*sarg // on position, version and recorded_at
	Terms [][]indexTerm
	rel   *relation.Relation
}

func chooseAccess(rel *relation.Relation, args []*sarg) access {
	a := access{rel: rel}
	if rel == nil || rel == relation.Health || rel.Roles || rel.Served {
		return a
	}
	isKey := func(column int) bool {
		if rel == relation.Streams {
			return column == relation.StreamStreamID || column == relation.StreamStream
		}
		return column == relation.EventStreamID || column == relation.EventStream
	}
	for _, arg := range args {
		switch {
		case arg == nil:
		case rel == relation.Events && arg.column == relation.EventEventID && (arg.op == "=" || arg.op == "in" || arg.op == "any"):
			a.Kind, a.Key = AccessEvents, arg
		case isKey(arg.column) && arg.op == "=" && a.Kind != AccessEvents && a.Kind != AccessStream:
			a.Kind, a.Key = AccessStream, arg
		case isKey(arg.column) && (arg.op == "in" || arg.op == "any") && a.Kind == AccessLog:
			a.Kind, a.Key = accessStreams, arg
		}
	}
	for _, arg := range args {
		if arg == nil || arg == a.Key || arg.op == "in" || arg.op == "any" || arg.op == "has" || rel == relation.Streams {
			continue
		}
		if arg.value.OID == pgvalue.OIDNumeric || arg.value.OID == pgvalue.OIDFloat8 || arg.value.OID == pgvalue.OIDFloat4 {
			continue
		}
		switch {
		case arg.column == relation.EventPosition && a.Kind == AccessLog,
			arg.column == relation.EventRecordedAt && a.Kind == AccessLog && arg.value.OID == pgvalue.OIDTimestamptz,
			arg.column == relation.EventVersion && a.Kind == AccessStream:
			a.Bound = append(a.Bound, arg)
		}
	}
	return a
}

// guarantees tells whether every row that the access yields meets the condition.
func (a *access) guarantees(arg *sarg) bool {
	return arg == a.Key || slices.Contains(a.Bound, arg)
}

// How a column's order relates to the order in which rows are read.
const (
	orderNone     = iota
	orderConstant // all rows have the same value
	orderWeak     // the same order, with ties
	orderTotal    // the same order
)

func (a *access) rank(rel *relation.Relation, column int) int {
	if rel.Roles || rel.Served {
		return orderNone
	}
	if rel == relation.Streams {
		switch {
		case a.Kind == AccessStream:
			return orderConstant
		case a.Kind != AccessLog:
			return orderNone // in the order of the list
		case column == relation.StreamFirstPosition:
			return orderTotal
		case column == relation.StreamCreatedAt:
			return orderWeak
		}
		return orderNone
	}
	oneStream := a.Kind == AccessStream
	switch column {
	case relation.EventPosition:
		return orderTotal
	case relation.EventVersion:
		if oneStream {
			return orderTotal
		}
	case relation.EventRecordedAt:
		return orderWeak
	case relation.EventStreamID, relation.EventStream, relation.EventCategory:
		if oneStream {
			return orderConstant
		}
	}
	return orderNone
}

// Span is a range, both ends inclusive.
type Span struct{ Lo, Hi int64 }

func (r *Span) Narrow(op string, v int64) {
	const lowest = -1 << 63
	switch op {
	case "=":
		r.Lo, r.Hi = max(r.Lo, v), min(r.Hi, v)
	case ">":
		if v == MaxInt64 {
			r.Hi = lowest
			return
		}
		r.Lo = max(r.Lo, v+1)
	case ">=":
		r.Lo = max(r.Lo, v)
	case "<":
		if v == lowest {
			r.Hi = lowest
			return
		}
		r.Hi = min(r.Hi, v-1)
	case "<=":
		r.Hi = min(r.Hi, v)
	}
}

const MaxInt64 = 1<<63 - 1

// Bounds evaluates the access's conditions on position or version. empty: no row can
// meet them.
func (a *access) Bounds(ctx context.Context, src *Source, e *expr.Env) (r Span, empty bool, err error) {
	r = Span{0, MaxInt64}
	times := Span{-1 << 62, 1 << 62}
	timed := false
	var v pgvalue.Value
	for _, arg := range a.Bound {
		if err := arg.value.Eval(e, &v); err != nil {
			return r, false, err
		}
		switch {
		case v.Kind == pgvalue.Null:
			return r, true, nil
		case arg.column == relation.EventRecordedAt:
			timed = true
			times.Narrow(arg.op, min(max(v.Int, -1<<62), 1<<62))
		default:
			r.Narrow(arg.op, v.Int)
		}
	}
	if timed {
		// Recorded times never decrease along the log.
		first, err := src.Index.PositionAt(ctx, times.Lo)
		if err != nil {
			return r, false, err
		}
		end, err := src.Index.PositionAt(ctx, times.Hi+1)
		if err != nil {
			return r, false, err
		}
		r.Lo = max(r.Lo, first)
		if times.Hi < 1<<62 {
			r.Hi = min(r.Hi, end-1)
		}
	}
	return r, r.Lo > r.Hi, nil
}

// Keys evaluates the access's list of streams or event ids, without duplicates or
// nulls. names has the stream names, where the condition is on the name.
func (a *access) Keys(e *expr.Env) (ids []uuid.UUID, names map[uuid.UUID]string, err error) {
	var values []pgvalue.Value
	var v pgvalue.Value
	switch a.Key.op {
	case "=", "any":
		if err := a.Key.value.Eval(e, &v); err != nil {
			return nil, nil, err
		}
		if a.Key.op == "=" {
			values = []pgvalue.Value{v}
		} else {
			values = v.Array
		}
	default:
		for _, x := range a.Key.list {
			v = pgvalue.Value{}
			if err := x.Eval(e, &v); err != nil {
				return nil, nil, err
			}
			values = append(values, v)
		}
	}
	seen := map[uuid.UUID]bool{}
	for i := range values {
		var id uuid.UUID
		switch values[i].Kind {
		case pgvalue.KindUUID:
			id = values[i].UUID
		case pgvalue.KindText:
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
