package live

import (
	"slices"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/syntax"
)

// Plan is a prepared SUBSCRIBE.
type Plan struct {
	read.Plan
	Progress time.Duration // how long nothing is told of what is passed over; 0: for ever
	// Columns are those of its rows: with Progress there is one before the select list's.
	Columns  []pgvalue.Column
	bounds   []read.Comparison // on the position
	required []read.Comparison // what a key is made of, the best first
	position int               // its place among Columns, for rows of progress
}

// The shortest and the longest time between rows of progress: such a row costs a write to the client.
const (
	minProgress = time.Millisecond
	maxProgress = 24 * time.Hour
)

// Compile makes the plan of a SUBSCRIBE.
func (p *Plan) Compile(c *expr.Compiler, st *syntax.SubscribeStmt, path searchpath.Path) error {
	q, ok := st.Query.(*syntax.SelectStmt)
	if !ok {
		u := st.Query.(*syntax.UnsupportedStmt)
		return refused(c, u.What, u.Pos)
	}
	if err := p.checkForm(c, q, path); err != nil {
		return err
	}
	if err := p.Plan.Compile(c, q); err != nil {
		return err
	}
	if p.UsesExpected {
		return relation.ErrInsertOnly
	}
	if p.Sort != nil || p.Desc {
		return refused(c, "ORDER BY anything but position", st.Pos)
	}
	p.Columns = p.Out
	for _, a := range p.Comparisons() {
		switch {
		case a.Column == relation.EventPosition && a.Value != nil && !isInteger(a.Value.OID):
			return c.At(pgerror.Errorf(pgerror.FeatureNotSupported, "position is compared with a bigint in SUBSCRIBE, not with a %s", pgvalue.TypeName(a.Value.OID)).
				WithHint("You might need to add explicit type casts."), q.Where.Position())
		case a.Column == relation.EventPosition && a.Value == nil:
			return refused(c, "a list of positions", q.Where.Position())
		case a.Column == relation.EventPosition:
			p.bounds = append(p.bounds, a)
		case keyKind(a) != AllEvents:
			p.required = append(p.required, a)
		}
	}
	slices.SortStableFunc(p.required, func(a, b read.Comparison) int { return rank(a) - rank(b) })
	return p.compileProgress(c, st)
}

// checkForm refuses what has an end, or needs more than one event.
func (p *Plan) checkForm(c *expr.Compiler, q *syntax.SelectStmt, path searchpath.Path) error {
	if q.Unsupported != nil {
		return refused(c, q.Unsupported.What, q.Unsupported.Pos)
	}
	if q.From == nil {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "SUBSCRIBE needs a SELECT FROM events")
	}
	rel, err := relation.FindRead(q.From, c.Src, path)
	if err != nil {
		return err
	}
	if rel != relation.Events {
		return refused(c, "\""+rel.Name+"\"", q.From.Pos)
	}
	if what, pos := read.NotByRow(q); what != "" {
		return refused(c, what, pos)
	}
	if len(q.Items) == 0 {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "SUBSCRIBE needs a column")
	}
	if len(q.OrderBy) > 1 {
		return refused(c, "ORDER BY anything but position", q.OrderBy[1].Expr.Position())
	}
	for _, o := range q.OrderBy {
		if x, ok := o.Expr.(*syntax.ColumnExpr); !ok || x.Column != "position" || o.Desc {
			return refused(c, "ORDER BY anything but position", o.Expr.Position())
		}
	}
	return p.From(c, rel, q.From)
}

func refused(c *expr.Compiler, what string, pos int) error {
	return c.At(pgerror.Errorf(pgerror.FeatureNotSupported, "%s cannot be followed", what).
		WithHint("SUBSCRIBE takes a SELECT of expressions FROM events with a WHERE, in the order of positions."), pos)
}

func isInteger(oid uint32) bool {
	return oid == pgvalue.OIDInt8 || oid == pgvalue.OIDInt4 || oid == pgvalue.OIDInt2
}

// compileProgress adds the column that tells rows of progress from others.
func (p *Plan) compileProgress(c *expr.Compiler, st *syntax.SubscribeStmt) error {
	if st.Progress == nil {
		return nil
	}
	d, err := st.Progress.Duration()
	if err != nil {
		return c.At(err.(*pgerror.Error), st.Progress.Pos)
	}
	if d < minProgress || d > maxProgress {
		return c.At(pgerror.Errorf(pgerror.InvalidParameterValue, "progress must be between 1 ms and 1 day"), st.Progress.Pos)
	}
	i := p.ItemOf(relation.EventPosition)
	if i < 0 {
		return c.At(pgerror.Errorf(pgerror.InvalidColumnReference, "progress is told in the column position, which the select list has not"), st.Progress.Pos)
	}
	p.Progress, p.position = d, i+1
	p.Columns = append([]pgvalue.Column{{Name: "progress", OID: pgvalue.OIDBool}}, p.Out...)
	return nil
}

// span is where it begins and ends, both inclusive; now is the position after the newest event.
func (p *Plan) span(e *expr.Env, now int64) (read.Span, error) {
	r := read.Span{Lo: -1, Hi: read.MaxInt64}
	var v pgvalue.Value
	for _, b := range p.bounds {
		v = pgvalue.Value{}
		if err := b.Value.Eval(e, &v); err != nil {
			return r, err
		}
		if v.Kind == pgvalue.Null {
			return r, pgerror.Errorf(pgerror.NullValueNotAllowed, "a position to begin or to end with must not be null")
		}
		r.Narrow(b.Op, v.Int)
	}
	begins := slices.ContainsFunc(p.bounds, func(b read.Comparison) bool { return b.Op != "<" && b.Op != "<=" })
	if !begins {
		r.Lo = now
	}
	r.Lo = max(r.Lo, 0)
	return r, nil
}

// key is what all events have in common that the plan wants.
func (p *Plan) key(e *expr.Env) (Key, error) { return firstKey(p.required, e) }

// KeyOf is what all events have in common that meet conditions.
func KeyOf(conditions []read.Comparison, e *expr.Env) (Key, error) {
	list := slices.DeleteFunc(slices.Clone(conditions), func(a read.Comparison) bool { return keyKind(a) == AllEvents })
	slices.SortStableFunc(list, func(a, b read.Comparison) int { return rank(a) - rank(b) })
	return firstKey(list, e)
}

func firstKey(conditions []read.Comparison, e *expr.Env) (Key, error) {
	var v pgvalue.Value
	for _, a := range conditions {
		v = pgvalue.Value{}
		if err := a.Value.Eval(e, &v); err != nil {
			return Key{}, err
		}
		k := Key{Kind: keyKind(a)}
		switch v.Kind {
		case pgvalue.KindUUID:
			k.Stream = v.UUID
		case pgvalue.KindText:
			if k.Text = v.Text; k.Kind == OfStream {
				k = Key{Kind: OfStream, Stream: engine.StreamID(v.Text)}
			}
		case pgvalue.KindArray: // of the tags that @> asks for
			if len(v.Array) == 0 || v.Array[0].Kind != pgvalue.KindText {
				continue
			}
			k.Text = v.Array[0].Text
		default:
			continue // null: nothing meets the condition, and it is cheap to see that
		}
		return k, nil
	}
	return Key{}, nil
}

// keyKind is the kind of key that a condition makes, AllEvents if it makes none.
func keyKind(a read.Comparison) KeyKind {
	switch {
	case a.Value == nil:
	case a.Op == "has":
		return WithTag
	case a.Op != "=":
	case a.Column == relation.EventStream || a.Column == relation.EventStreamID:
		return OfStream
	case a.Column == relation.EventCategory:
		return OfCategory
	case a.Column == relation.EventType:
		return OfType
	}
	return AllEvents
}

// rank puts first what few events have in common.
func rank(a read.Comparison) int {
	switch keyKind(a) {
	case OfStream:
		return 0
	case WithTag:
		return 1
	case OfType:
		return 2
	}
	return 3
}
