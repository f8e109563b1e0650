package read

import (
	"context"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/failpoint"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Condition is what a query asks of the events that it reads, as far as that can be told of one event alone: an event that does not meet it cannot
// change the answer. What cannot be told is left out, and makes the condition wider.
type Condition struct {
	plan  Plan
	cover []indexTerm
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
		return EveryEvent()
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
	var kept []string
	for _, text := range texts {
		if x, _, err := syntax.ParseCondition(text); err == nil && x != nil {
			kept = append(kept, text)
		}
	}
	if len(kept) == 0 {
		return nil, ""
	}
	x, src, _ := syntax.ParseCondition("(" + strings.Join(kept, ") AND (") + ")")
	return Parts(x), src
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

// Each calls f with the committed events from one position up to another, which is left out, that may meet it, and perhaps with others.
func (d *Condition) Each(ctx context.Context, src *Source, e *expr.Env, from, before int64, f func(*engine.RecordedEvent) error) error {
	source, err := d.plan.Between(ctx, src, e, from, before)
	if err != nil {
		return err
	}
	for n := 1; source.Next(ctx); n++ {
		if n%RowsPace == 0 {
			if err := e.Look(); err != nil {
				return err
			}
		}
		if err := f(source.Event()); err != nil {
			return err
		}
	}
	return source.Err()
}

// Keys returns keys of which each event that meets the condition has one. ok is false where it need have none.
func (d *Condition) Keys(index *engine.ReadIndex, e *expr.Env) (keys []engine.Key, ok bool) {
	if !d.keyed {
		return nil, false
	}
	for i := range d.cover {
		lists, none, err := d.cover[i].lists(index, e)
		if none {
			continue
		}
		if err != nil || len(lists) == 0 { // every list of tags contains the empty one
			return nil, false
		}
		if keys = append(keys, lists[0]...); len(keys) > maxConditionKeys {
			return nil, false
		}
	}
	return keys, true
}

// maxConditionKeys bounds what a condition keeps; beyond it is held against everything that comes.
const maxConditionKeys = 2048

// coverOf is a list of keys, of which every event has one that meets a condition. rank says how few events each is of, the least first.
type coverOf struct {
	terms []indexTerm
	rank  int
}

var keyRanks = map[engine.KeyKind]int{engine.StreamKey: 0, engine.TagKey: 1, engine.TypeKey: 2, engine.CategoryKey: 3}

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
		if failpoint.On(failpoint.OneBranch) {
			return l
		}
		return &coverOf{append(slices.Clip(l.terms), r.terms...), max(l.rank, r.rank)}
	}
	arg := findSarg(c, x)
	term, ok := termOf(c, x, arg)
	if arg != nil && (arg.column == relation.EventStream || arg.column == relation.EventStreamID) && (arg.op == "=" || arg.op == "in" || arg.op == "any") {
		term, ok = indexTerm{kind: engine.StreamKey, value: arg.value, list: arg.list}, true
	}
	if !ok {
		return nil
	}
	return &coverOf{[]indexTerm{term}, keyRanks[term.kind]}
}
