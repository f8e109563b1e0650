package read

import (
	"context"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Condition is what a query asks of the events that it reads, as far as that can be told of one event alone: an event that does not meet it cannot
// change the answer. What cannot be told is left out, and makes the condition wider.
type Condition struct {
	plan  Plan
	cover []keyTerm
	keyed bool // each event that meets it has a key of cover
	part  bool // parts of what was asked are left out
}

// CompileCondition makes it of the parts, which are AND-ed, of a condition on events or streams, as they stand in c's text.
func CompileCondition(c *expr.Compiler, rel *relation.Relation, parts []syntax.Expr) *Condition {
	host := &once{Host: c.Host}
	c.Host, c.Rel, c.Selecting, c.Exact = host, relation.Events, false, true
	out := &Condition{plan: Plan{Rel: relation.Events}}
	var kept []syntax.Expr
	for _, x := range parts {
		if !Lasting(x) || rel == relation.Streams && !ofStream(x) {
			continue
		}
		host.called = false
		if s, err := c.Boolean(x, "AND"); err == nil && s.OID == pgvalue.OIDBool && !host.called {
			kept = append(kept, x)
		}
	}
	out.part = len(kept) < len(parts)
	if err := out.plan.compileParts(c, kept); err != nil {
		return &Condition{plan: Plan{Rel: relation.Events}}
	}
	var best *coverOf
	for _, x := range kept {
		best = better(best, findCover(c, x))
	}
	if best != nil {
		out.cover, out.keyed = best.terms, true
	}
	return out
}

// EveryEvent is the condition that every event meets.
func EveryEvent() *Condition { return &Condition{plan: Plan{Rel: relation.Events}} }

// Parts are the parts of a WHERE that are AND-ed.
func Parts(where syntax.Expr) []syntax.Expr {
	if where == nil {
		return nil
	}
	return flatten(nil, where)
}

// ParseParts reads parts of a condition, each as its text, and returns those that the grammar takes, and a text that they stand in.
func ParseParts(texts []string) (parts []syntax.Expr, src string) {
	where := func(texts []string) syntax.Expr {
		src = "SELECT 1 FROM events WHERE (" + strings.Join(texts, ") AND (") + ")"
		list, err := syntax.Parse(src)
		if err != nil || len(list) != 1 {
			return nil
		}
		st, ok := list[0].Statement.(*syntax.SelectStmt)
		if !ok {
			return nil
		}
		return st.Where
	}
	var kept []string
	for _, text := range texts {
		if where([]string{text}) != nil {
			kept = append(kept, text)
		}
	}
	if len(kept) == 0 {
		return nil, ""
	}
	return Parts(where(kept)), src
}

// once is a host that notes whether a text was read that stands for the moment.
type once struct {
	expr.Host
	called bool
}

// OnlyOnce implements [expr.Host].
func (o *once) OnlyOnce() { o.called = true }

// ofTransaction are the functions beside the immutable that have one value throughout a transaction, and words of the grammar that compute.
var ofTransaction = []string{"now", "current_timestamp", "transaction_timestamp", "coalesce", "nullif", "greatest", "least"}

// ofStream tells of a condition on a stream that is one on its events, too.
func ofStream(x syntax.Expr) bool {
	only := true
	expr.Walk(x, func(x syntax.Expr) {
		if c, ok := x.(*syntax.ColumnExpr); ok {
			only = only && (c.Column == "stream" || c.Column == "stream_id" || c.Column == "category")
		}
	})
	return only
}

// Lasting tells of a condition that says the same of an event until its transaction ends.
func Lasting(x syntax.Expr) bool {
	out := true
	expr.Walk(x, func(x syntax.Expr) {
		if call, ok := x.(*syntax.CallExpr); ok && !expr.Immutable(call.Name) && !slices.Contains(ofTransaction, call.Name) {
			out = false
		}
	})
	return out
}

// Forwards tells whether the plan yields events in the order of positions, so that what comes later comes behind.
func (p *Plan) Forwards() bool {
	return p.Rel == relation.Events && p.Sort == nil && !p.Desc && len(p.Aggregates) == 0 && !p.ByStream
}

// Every tells of a condition that all events meet.
func (d *Condition) Every() bool { return d.plan.where == nil }

// Describe says for EXPLAIN what it is, of a condition that was written so.
func (d *Condition) Describe(where string) string {
	switch {
	case d.Every():
		return "every event"
	case d.part:
		return where + " (in part)"
	}
	return where
}

// Meets tells whether the event that e has as its row meets it. What fails on the event meets it: the query would have failed.
func (d *Condition) Meets(e *expr.Env) bool {
	ok, err := e.Meets(d.plan.where)
	return ok || err != nil
}

// Between reads the committed events from one position up to another, which is left out, that may meet it, and perhaps others.
func (d *Condition) Between(ctx context.Context, src *Source, e *expr.Env, from, before int64) (EventSource, error) {
	return d.plan.Between(ctx, src, e, from, before)
}

// Keys returns keys of which each event that meets the condition has one. ok is false where it need have none.
func (d *Condition) Keys(index *engine.ReadIndex, e *expr.Env) (keys []engine.Key, ok bool) {
	if !d.keyed {
		return nil, false
	}
	for i := range d.cover {
		if keys, ok = d.cover[i].append(keys, index, e); !ok || len(keys) > maxConditionKeys {
			return nil, false
		}
	}
	return keys, true
}

// maxConditionKeys bounds what a condition keeps; beyond it is held against everything that comes.
const maxConditionKeys = 2048

// keyTerm is a list of keys: those of the values of a column.
type keyTerm struct {
	kind  engine.KeyKind
	value *expr.Scalar   // one, or an array of them
	list  []*expr.Scalar // instead
	first bool           // each event has all of them: the first will do
}

func (t *keyTerm) append(keys []engine.Key, index *engine.ReadIndex, e *expr.Env) ([]engine.Key, bool) {
	var v pgvalue.Value
	var values []pgvalue.Value
	for _, s := range t.list {
		v = pgvalue.Value{}
		if err := s.Eval(e, &v); err != nil {
			return nil, false
		}
		values = append(values, v)
	}
	if t.value != nil {
		if err := t.value.Eval(e, &v); err != nil {
			return nil, false
		}
		switch {
		case v.Kind == pgvalue.Null:
			return keys, true
		case v.Kind == pgvalue.KindArray && t.first && len(v.Array) == 0:
			return nil, false // which all lists contain
		case v.Kind == pgvalue.KindArray:
			values = v.Array
		default:
			values = []pgvalue.Value{v}
		}
	}
	for i := range values {
		switch values[i].Kind {
		case pgvalue.KindUUID:
			keys = append(keys, index.StreamKey(values[i].UUID))
		case pgvalue.KindText:
			keys = append(keys, index.Key(t.kind, values[i].Text))
		case pgvalue.Null:
			continue // equal to nothing, and in no list
		default:
			return nil, false
		}
		if t.first {
			break
		}
	}
	return keys, true
}

// coverOf is a list of keys, of which every event has one that meets a condition. rank says how few events each is of, the least first.
type coverOf struct {
	terms []keyTerm
	rank  int
}

func better(a, b *coverOf) *coverOf {
	if a == nil || b != nil && b.rank < a.rank {
		return b
	}
	return a
}

// findCover finds such keys; nil if there are none.
func findCover(c *expr.Compiler, x syntax.Expr) *coverOf {
	b, ok := x.(*syntax.BinaryExpr)
	if ok && b.Op == "and" {
		return better(findCover(c, b.L), findCover(c, b.R))
	}
	if ok && b.Op == "or" {
		l, r := findCover(c, b.L), findCover(c, b.R)
		if l == nil || r == nil {
			return nil
		}
		return &coverOf{append(slices.Clip(l.terms), r.terms...), max(l.rank, r.rank)}
	}
	if ok && b.Op == "&&" {
		return overlapCover(c, b)
	}
	arg := findSarg(c, x)
	if arg == nil {
		return nil
	}
	term := keyTerm{value: arg.value, list: arg.list, first: arg.op == "has"}
	rank := 0
	switch arg.column {
	case relation.EventStream, relation.EventStreamID:
		term.kind, rank = engine.StreamKey, 0
	case relation.EventTags:
		term.kind, rank = engine.TagKey, 1
	case relation.EventType:
		term.kind, rank = engine.TypeKey, 2
	case relation.EventCategory:
		term.kind, rank = engine.CategoryKey, 3
	default:
		return nil
	}
	switch arg.op {
	case "=", "in", "any":
		if arg.column == relation.EventTags {
			return nil // the whole list
		}
	case "has":
	default:
		return nil
	}
	return &coverOf{[]keyTerm{term}, rank}
}

// overlapCover is that of tags && a list.
func overlapCover(c *expr.Compiler, x *syntax.BinaryExpr) *coverOf {
	l, err := c.Compile(x.L)
	if err != nil {
		return nil
	}
	r, err := c.Compile(x.R)
	if err != nil {
		return nil
	}
	if l.Column < 0 {
		l, r = r, l
	}
	arg := hasTag(c, l, r, pgvalue.OIDTextArray)
	if arg == nil {
		return nil
	}
	return &coverOf{[]keyTerm{{kind: engine.TagKey, value: arg.value}}, 1}
}
