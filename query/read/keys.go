package read

import (
	"context"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// indexTerm is a condition on the category, the type or the tags, which the index of keys narrows: the rows that it leaves
// are still compared. A [Condition]'s may be on the stream, too.
type indexTerm struct {
	kind  engine.KeyKind
	each  bool // of an array's elements each must be there; else one
	value *expr.Scalar
	list  []*expr.Scalar // or these
}

// maxKeys bounds the keys of a query: each is looked up in each segment, and of each a page of up to 16 KiB is kept. A longer list is answered by
// reading the log.
const maxKeys = 1024

// indexTerms are those that a row meets which meets x: the rows of one of the items meet all of its terms. either is the one of conjuncts that there are several
// items for, -1: none, and wholly tells that they say all of it.
func indexTerms(c *expr.Compiler, conjuncts []syntax.Expr, args []*sarg) (items [][]indexTerm, either int, wholly bool) {
	common := conjunctTerms(c, conjuncts, args)
	for at, x := range conjuncts {
		branches := disjuncts(nil, x)
		if len(branches) < 2 || len(branches) > maxKeys {
			continue
		}
		items, wholly = make([][]indexTerm, len(branches)), true
		for i, branch := range branches {
			parts := flatten(nil, branch)
			items[i] = conjunctTerms(c, parts, nil)
			if len(items[i]) == 0 {
				items = nil // any row may meet it
				break
			}
			wholly = wholly && len(items[i]) == len(parts)
			items[i] = append(items[i], common...)
		}
		if items != nil {
			return items, at, wholly
		}
	}
	if len(common) == 0 {
		return nil, -1, false
	}
	return [][]indexTerm{common}, -1, false
}

// conjunctTerms are the terms among conditions all of which are met. args are what findSarg knows of them, nil: nothing yet.
func conjunctTerms(c *expr.Compiler, conjuncts []syntax.Expr, args []*sarg) []indexTerm {
	var terms []indexTerm
	for i, x := range conjuncts {
		var arg *sarg
		if args != nil {
			arg = args[i]
		} else {
			arg = findSarg(c, x)
		}
		if t, ok := termOf(c, x, arg); ok {
			terms = append(terms, t)
		}
	}
	return terms
}

// disjuncts splits a condition at its ORs.
func disjuncts(out []syntax.Expr, x syntax.Expr) []syntax.Expr {
	for {
		b, ok := x.(*syntax.BinaryExpr)
		if !ok || b.Op != "or" {
			return append(out, x)
		}
		out = disjuncts(out, b.L)
		x = b.R
	}
}

// termOf recognises such a condition.
func termOf(c *expr.Compiler, x syntax.Expr, arg *sarg) (indexTerm, bool) {
	if arg == nil {
		return arrayTerm(c, x)
	}
	kind := engine.TypeKey
	switch arg.column {
	case relation.EventType:
	case relation.EventCategory:
		kind = engine.CategoryKey
	case relation.EventTags:
		return indexTerm{kind: engine.TagKey, each: true, value: arg.value}, arg.op == "has"
	default:
		return indexTerm{}, false
	}
	if arg.op == "in" {
		for _, s := range arg.list {
			if !exactText(s.OID) {
				return indexTerm{}, false
			}
		}
		return indexTerm{kind: kind, list: arg.list}, true
	}
	exact := arg.op == "=" && exactText(arg.value.OID) || arg.op == "any" && exactText(pgvalue.ElementType(arg.value.OID))
	return indexTerm{kind: kind, value: arg.value}, exact
}

// exactText tells of types whose values are equal to a text where they have the same characters.
func exactText(oid uint32) bool {
	return oid == pgvalue.OIDText || oid == pgvalue.OIDVarchar || oid == pgvalue.OIDName
}

// arrayTerm recognises tags && array and array <@ tags.
func arrayTerm(c *expr.Compiler, x syntax.Expr) (indexTerm, bool) {
	b, ok := x.(*syntax.BinaryExpr)
	if !ok || b.Op != "&&" && b.Op != "<@" {
		return indexTerm{}, false
	}
	l, err := c.Compile(b.L)
	if err != nil {
		return indexTerm{}, false
	}
	r, err := c.Compile(b.R)
	if err != nil {
		return indexTerm{}, false
	}
	if b.Op == "<@" || r.Column == relation.EventTags {
		l, r = r, l
	}
	arg := hasTag(c, l, r, pgvalue.OIDTextArray)
	if arg == nil {
		return indexTerm{}, false
	}
	return indexTerm{kind: engine.TagKey, each: b.Op == "<@", value: arg.value}, true
}

// lists are the keys that an event must have which meets the term, one of each list. none: no event meets it.
func (t *indexTerm) lists(ix *engine.ReadIndex, e *expr.Env) (lists [][]engine.Key, none bool, err error) {
	var keys []engine.Key
	add := func(v *pgvalue.Value) {
		switch v.Kind {
		case pgvalue.KindText:
			keys = append(keys, ix.Key(t.kind, v.Text))
		case pgvalue.KindUUID:
			keys = append(keys, ix.StreamKey(v.UUID))
		}
	}
	var v pgvalue.Value
	for _, s := range t.list {
		v = pgvalue.Value{}
		if err := s.Eval(e, &v); err != nil {
			return nil, false, err
		}
		add(&v)
	}
	if t.value == nil {
		return [][]engine.Key{keys}, len(keys) == 0, nil
	}
	if err := t.value.Eval(e, &v); err != nil {
		return nil, false, err
	}
	switch {
	case v.Kind == pgvalue.Null:
		return nil, true, nil
	case v.Kind == pgvalue.KindText || v.Kind == pgvalue.KindUUID:
		add(&v)
		return [][]engine.Key{keys}, false, nil
	}
	for i := range v.Array {
		if t.each && v.Array[i].Kind == pgvalue.Null {
			return nil, true, nil // which no list has
		}
		add(&v.Array[i])
	}
	if !t.each {
		return [][]engine.Key{keys}, len(keys) == 0, nil
	}
	for _, key := range keys {
		lists = append(lists, []engine.Key{key})
	}
	return lists, false, nil
}

// Query is what the index of keys is asked for. ok is false where that would not help: there are too many keys, or none
// that a row must have.
func (a *access) Query(ix *engine.ReadIndex, e *expr.Env) (q engine.Query, ok bool, err error) {
	n := 0
	for _, item := range a.Terms {
		x := engine.QueryItem{}
		empty := false
		for i := range item {
			lists, none, err := item[i].lists(ix, e)
			if err != nil {
				return nil, false, err
			}
			empty = empty || none
			x = append(x, lists...)
			for _, list := range lists {
				n += len(list)
			}
		}
		switch {
		case n > maxKeys:
			return nil, false, nil
		case empty:
		case len(x) == 0:
			return nil, false, nil
		default:
			q = append(q, x)
		}
	}
	return q, true, nil
}

// seenQuery is what the index of keys is asked for who does not see all events, where nothing else narrows a read. ok is false where policies say nothing of
// categories, types and tags. What it yields is held against them yet.
func seenQuery(src *Source, e *expr.Env) (q engine.Query, ok bool) {
	if src.Seen == nil {
		return nil, false
	}
	x, c := src.Seen.Condition(e.Host)
	conjuncts := Parts(x)
	args := make([]*sarg, len(conjuncts))
	for i := range conjuncts {
		args[i] = findSarg(c, conjuncts[i])
	}
	a := access{}
	if a.Terms, _, _ = indexTerms(c, conjuncts, args); a.Terms == nil {
		return nil, false
	}
	q, ok, err := a.Query(src.Index, e)
	return q, ok && err == nil
}

// Found estimates how many events a plan looks at that goes by keys; -1 if it does not. known, which may be nil, remembers what it looks up.
func (p *Plan) Found(ctx context.Context, src *Source, e *expr.Env, known *engine.Lookups) (int64, error) {
	if p.Access.Kind == AccessStream || p.Access.Kind == accessStreams {
		return p.inStreams(ctx, src, e)
	}
	q, ok, err := p.Access.Query(src.Index, e)
	if err != nil || !ok {
		return -1, err
	}
	r, empty, err := p.Access.Bounds(ctx, src, e)
	if err != nil || empty {
		return 0, err
	}
	return src.Index.Estimate(ctx, q, r.Lo, min(r.Hi, MaxInt64-1)+1, known)
}

// inStreams tells how many events a plan looks at that goes by streams, at most.
func (p *Plan) inStreams(ctx context.Context, src *Source, e *expr.Env) (n int64, err error) {
	ids, _, err := p.Access.Keys(e)
	if err != nil || len(ids) > MaxMerge {
		return -1, err
	}
	r, empty, err := p.Access.Bounds(ctx, src, e)
	if err != nil || empty {
		return 0, err
	}
	for _, id := range ids {
		newest := src.Index.StreamVersion(id)
		if p.Access.Kind == AccessStream {
			newest = min(newest, r.Hi) - r.Lo
		}
		n += max(0, newest+1)
	}
	return n, nil
}
