package guard

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/read"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/syntax"
)

// Plan is a prepared guard, and what it was answered last. One session's goroutine uses it, or the writer while that waits.
type Plan struct {
	Text   string       // WHERE as it was written
	before *expr.Scalar // what asks no query: it is decided once; nil: nothing
	where  *expr.Scalar
	asks   []*question
	src    string
	terms  Terms
	env    expr.Env
	keys   []engine.Key
	keyed  bool
	stale  bool
	asked  bool          // its queries were, the last time
	zone   *pgvalue.Zone // by which its literals were read
}

// question is a query of a guard: EXISTS, or an aggregate.
type question struct {
	plan   read.Plan
	exists bool
	where  syntax.Expr
	alias  string
	// condition is what it asks of single events, once the types of parameters are known.
	condition *read.Condition

	source *read.Source
	found  bool          // the answer to EXISTS
	value  pgvalue.Value // or that of the aggregate
	row    []pgvalue.Value
}

// maxQuestions bounds a guard's queries: each is asked, and held against every event that comes.
const maxQuestions = 64

// Compile makes the plan of a guard of which FROM has nothing. Errors of what it does not know are 0A000: the worker may know more.
func Compile(c *expr.Compiler, st *syntax.SelectStmt, path searchpath.Path) (*Plan, error) {
	p := &Plan{Text: st.WhereText, src: c.Src, zone: c.Zone()}
	selecting := c.Selecting
	c.Selecting, c.Exact = false, true
	c.Subquery = func(x *syntax.UnsupportedExpr) (*expr.Scalar, error) { return p.compile(c, x, path) }
	defer func() { c.Selecting, c.Exact, c.Subquery = selecting, false, nil }()
	var before, where []*expr.Scalar
	for _, part := range read.Parts(st.Where) {
		count := len(p.asks)
		s, err := c.Boolean(part, "AND")
		if err != nil {
			return nil, err
		}
		if len(p.asks) == count {
			before = append(before, s)
			continue
		}
		if !read.Lasting(part) {
			return nil, c.Unsupported("a function beside a query whose value may change", part.Position())
		}
		where = append(where, s)
	}
	if where == nil {
		return nil, c.Unsupported("a guard without a query", st.Where.Position())
	}
	p.before, p.where = read.Conjunction(before), read.Conjunction(where)
	return p, nil
}

// Parse reads the query of an INSERT that selects constants under a condition.
func Parse(c *expr.Compiler, st *syntax.InsertStmt) (*syntax.SelectStmt, error) {
	other := c.Unsupported("INSERT … SELECT", st.From.Pos)
	if st.With != nil {
		return nil, other
	}
	list, err := syntax.Parse(strings.Repeat(" ", st.From.Pos) + c.Src[st.From.Pos:st.From.End])
	if err != nil {
		return nil, err
	}
	q, ok := list[0].Statement.(*syntax.SelectStmt)
	if !ok || q.Unsupported != nil || q.From != nil || q.Where == nil || q.GroupBy != nil || q.OrderBy != nil || q.Limit != nil || q.Offset != nil || q.Locking != nil {
		return nil, other
	}
	asks := false
	expr.Walk(q.Where, func(x syntax.Expr) {
		u, ok := x.(*syntax.UnsupportedExpr)
		asks = asks || ok && u.To > 0
	})
	for _, item := range q.Items {
		asks = asks && !expr.HasAggregate(item.Expr)
	}
	if !asks {
		return nil, other
	}
	return q, nil
}

// Before is the position before which the guard has seen events.
func (p *Plan) Before() int64 { return p.terms.Before }

// compile compiles a query that stands in the guard.
func (p *Plan) compile(c *expr.Compiler, x *syntax.UnsupportedExpr, path searchpath.Path) (*expr.Scalar, error) {
	q := &question{exists: x.What == syntax.ExistsQuery}
	st, err := parse(c, x)
	if err != nil {
		return nil, err
	}
	if len(p.asks) == maxQuestions {
		return nil, c.Unsupported("a guard of more than "+strconv.Itoa(maxQuestions)+" queries", x.Pos)
	}
	subquery, rel, alias, effects := c.Subquery, c.Rel, c.Alias, c.Effects
	c.Subquery, c.Effects = nil, false
	defer func() { c.Subquery, c.Rel, c.Alias, c.Effects = subquery, rel, alias, c.Effects || effects }()
	from, err := relation.FindRead(st.From, c.Src, path)
	if err != nil {
		return nil, err
	}
	if from != relation.Events && from != relation.Streams {
		return nil, c.Unsupported("a guard about "+from.Name, x.Pos)
	}
	if err := q.plan.From(c, from, st.From); err != nil {
		return nil, err
	}
	if err := q.plan.Compile(c, st); err != nil {
		return nil, err
	}
	if q.plan.ByStream || q.plan.UsesExpected || c.Effects || !q.exists && (len(q.plan.Aggregates) == 0 || len(q.plan.Out) != 1) {
		return nil, c.Unsupported("such a query in a guard", x.Pos)
	}
	if st.Where != nil && !read.Lasting(st.Where) {
		return nil, c.Unsupported("a function whose value may change, in a guard", x.Pos)
	}
	q.where, q.alias = st.Where, c.Alias
	p.asks = append(p.asks, q)
	oid := uint32(pgvalue.OIDBool)
	if !q.exists {
		oid = q.plan.Out[0].OID
	}
	s := expr.Derived(oid, x.Pos, func(_ *expr.Env, v *pgvalue.Value) error {
		*v = q.answer()
		return nil
	})
	s.Constant = false // its value changes with what comes
	return s, nil
}

// parse reads the query, in the text that it stands in.
func parse(c *expr.Compiler, x *syntax.UnsupportedExpr) (*syntax.SelectStmt, error) {
	list, err := syntax.Parse(strings.Repeat(" ", x.From) + c.Src[x.From:x.To])
	if err != nil {
		return nil, err
	}
	st, ok := list[0].Statement.(*syntax.SelectStmt)
	if !ok || st.Unsupported != nil || st.From == nil || st.From.Called || st.GroupBy != nil || st.Offset != nil || st.WithTies || st.Locking != nil {
		return nil, c.Unsupported(x.What, x.Pos)
	}
	st.OrderBy = nil     // it asks the same without
	if st.Limit != nil { // EXISTS (… LIMIT 1) asks the same without
		l, ok := st.Limit.(*syntax.Literal)
		if !ok || l.Kind != syntax.TokInteger || l.Text == "0" || strings.HasPrefix(l.Text, "-") || x.What != syntax.ExistsQuery {
			return nil, c.Unsupported("LIMIT in a guard", st.Limit.Position())
		}
		st.Limit = nil
	}
	return st, nil
}

// answer is the query's value.
func (q *question) answer() pgvalue.Value {
	if q.exists {
		return pgvalue.BoolValue(q.found)
	}
	return q.value
}

// follows tells whether each event that comes can be added to the answer.
func (q *question) follows() bool { return q.plan.Rel == relation.Events }
