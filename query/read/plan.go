package read

import (
	"slices"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Plan says how rows are read: by which way, which of them, in which order, and what is made of them.
type Plan struct {
	Rel   *relation.Relation // nil: SELECT without FROM
	items []*expr.Scalar
	Out   []pgvalue.Column

	where     *expr.Scalar // all of it
	args      []*sarg      // conditions of it on one column, each of which every row meets
	unbounded *expr.Scalar // of it, what is no bound on the position
	Residual  *expr.Scalar // what access does not guarantee; nil: nothing
	Access    access
	Condition string // WHERE as it was written
	served    []servedPart
	Desc      bool
	Sort      []sortKey // if rows cannot be read in the order that is asked for
	Limit     *expr.Scalar
	offset    *expr.Scalar

	Aggregates []*expr.Aggregate // if any, there is one row
	ByStream   bool              // GROUP BY stream_id: there is a row a stream
	KeysOnly   bool              // it asks all streams for no more than their ids and versions
	SmallSort  bool              // LIMIT and OFFSET leave so few rows that sorting keeps little

	usesPosition, usesVersion, UsesExpected bool
	UsesSecret                              bool           // it names verifiers, which the server alone knows
	Args                                    []*expr.Scalar // of the function that the relation is
	value                                   *expr.Scalar   // the relation's one value
}

// Compile makes the plan of a SELECT whose relation is known.
func (p *Plan) Compile(c *expr.Compiler, st *syntax.SelectStmt) error {
	if st.GroupBy != nil {
		if !groupsByStream(c, st) {
			return c.Unsupported("GROUP BY", st.GroupBy.Position())
		}
		p.ByStream, c.ByStream = true, true
	}
	aggregated := false
	for _, item := range st.Items {
		aggregated = aggregated || expr.HasAggregate(item.Expr)
	}
	if aggregated && !p.ByStream {
		c.Aggregates = &p.Aggregates
	}
	var err error
	if p.items, p.Out, err = expr.CompileItems(c, st.Items); err != nil {
		return err
	}
	c.Aggregates = nil
	if err := p.compileWhere(c, st); err != nil {
		return err
	}
	if err := p.compileOrder(c, st); err != nil {
		return err
	}
	c.ByStream = false
	if p.Limit, err = compileCount(c, st.Limit, "LIMIT"); err != nil {
		return err
	}
	if p.offset, err = compileCount(c, st.Offset, "OFFSET"); err != nil {
		return err
	}
	p.SmallSort = atMost(st.Limit, maxSortedRows) && (st.Offset == nil || atMost(st.Offset, maxSortedRows))
	return p.noteUses(c, st)
}

// maxSortedRows bounds the rows that are sorted here although the worker could: they are kept in memory.
const maxSortedRows = 1000

// atMost tells of a LIMIT or OFFSET that is a number no greater than n.
func atMost(x syntax.Expr, n int64) bool {
	l, ok := x.(*syntax.Literal)
	if !ok || l.Kind != syntax.TokInteger {
		return false
	}
	v, err := strconv.ParseInt(l.Text, 10, 64)
	return err == nil && v <= n
}

func (p *Plan) noteUses(c *expr.Compiler, st *syntax.SelectStmt) error {
	if p.Rel == nil || p.Rel == relation.Health || p.Rel.Served {
		return nil
	}
	used := expr.Mentioned(c, p.items, st.Items)
	used = expr.AppendMentioned(used, p.Rel, st.Where)
	for _, o := range st.OrderBy {
		used = expr.AppendMentioned(used, p.Rel, o.Expr)
	}
	if p.Rel.Roles {
		p.UsesSecret = p.Rel.Secrets(used)
		return nil
	}
	for _, i := range used {
		switch {
		case p.Rel == relation.Events:
			p.UsesExpected = p.UsesExpected || i == relation.EventExpectedVersion
			p.usesPosition = p.usesPosition || i == relation.EventPosition
			p.usesVersion = p.usesVersion || i == relation.EventVersion
		default:
			p.usesPosition = p.usesPosition || i == relation.StreamFirstPosition || i == relation.StreamLastPosition
			p.usesVersion = p.usesVersion || i == relation.StreamVersion
		}
	}
	p.KeysOnly = p.ByStream || p.Rel == relation.Streams && p.Access.Kind == AccessLog &&
		!slices.ContainsFunc(used, func(i int) bool { return i != relation.StreamStreamID && i != relation.StreamVersion })
	return nil
}

func (p *Plan) compileWhere(c *expr.Compiler, st *syntax.SelectStmt) error {
	if st.Where == nil {
		return nil
	}
	if expr.HasAggregate(st.Where) {
		return c.At(pgerror.Errorf(pgerror.GroupingError, "aggregate functions are not allowed in WHERE"), st.Where.Position())
	}
	p.Condition = st.WhereText
	return p.compileParts(c, flatten(nil, st.Where))
}

// compileParts compiles what WHERE consists of, and finds the way to the rows.
func (p *Plan) compileParts(c *expr.Compiler, conjuncts []syntax.Expr) error {
	compiled := make([]*expr.Scalar, len(conjuncts))
	args := make([]*sarg, len(conjuncts))
	for i, x := range conjuncts {
		what := "WHERE"
		if len(conjuncts) > 1 {
			what = "AND"
		}
		s, err := c.Boolean(x, what)
		if err != nil {
			return err
		}
		compiled[i] = s
		if p.Rel != nil {
			args[i] = findSarg(c, x)
		}
	}
	p.where = Conjunction(compiled)
	p.Access = chooseAccess(p.Rel, args)
	either, wholly := -1, false
	if p.Rel == relation.Events && p.Access.Kind == AccessLog {
		if p.Access.Terms, either, wholly = indexTerms(c, conjuncts, args); p.Access.Terms != nil {
			p.Access.Kind = AccessKeys
		}
	}
	var rest, unbounded []*expr.Scalar
	for i, s := range compiled {
		if args[i] != nil {
			p.args = append(p.args, args[i])
		}
		if args[i] == nil || args[i].column != relation.EventPosition {
			unbounded = append(unbounded, s)
		}
		guaranteed := args[i] != nil && p.Access.guarantees(args[i])
		if !guaranteed {
			rest = append(rest, s)
		}
		part := servedPart{access: guaranteed, filter: !guaranteed}
		if p.Access.Kind == AccessKeys && !guaranteed {
			_, part.access = termOf(c, conjuncts[i], args[i])
			part.filter = !part.access
			if i == either {
				part = servedPart{true, !wholly}
			}
		}
		p.served = append(p.served, part)
	}
	p.Residual, p.unbounded = Conjunction(rest), Conjunction(unbounded)
	return nil
}

// servedPart says of a part of WHERE who looks at it: the access, what filters its rows, or both.
type servedPart struct{ access, filter bool }

// Split says of the condition, as it was written, what the access is asked for, and what is looked at of each row that it yields. Where the parts cannot be told
// apart in the text it is both.
func (p *Plan) Split() (access, filter string) {
	if p.Condition == "" {
		return "", ""
	}
	parts, n := syntax.Conjuncts(p.Condition), 0
	for _, part := range parts {
		n += part.N
	}
	if n == len(p.served) {
		var byAccess, byFilter []string
		at := p.served
		for _, part := range parts {
			if slices.ContainsFunc(at[:part.N], func(s servedPart) bool { return s.access }) {
				byAccess = append(byAccess, part.Text)
			}
			if slices.ContainsFunc(at[:part.N], func(s servedPart) bool { return s.filter }) {
				byFilter = append(byFilter, part.Text)
			}
			at = at[part.N:]
		}
		return strings.Join(byAccess, " AND "), strings.Join(byFilter, " AND ")
	}
	if p.Access.Key != nil || len(p.Access.Bound) > 0 || p.Access.Kind == AccessKeys {
		access = p.Condition
	}
	if p.Residual != nil {
		filter = p.Condition
	}
	return access, filter
}

// flatten splits a condition at its ANDs.
func flatten(out []syntax.Expr, x syntax.Expr) []syntax.Expr {
	for {
		b, ok := x.(*syntax.BinaryExpr)
		if !ok || b.Op != "and" {
			return append(out, x)
		}
		out = flatten(out, b.L)
		x = b.R
	}
}

// Conjunction is all of a list of conditions, nil of none.
func Conjunction(list []*expr.Scalar) *expr.Scalar {
	if len(list) == 0 {
		return nil
	}
	if len(list) == 1 {
		return list[0]
	}
	return expr.Derived(pgvalue.OIDBool, 0, func(e *expr.Env, v *pgvalue.Value) error {
		unknown := false
		for _, s := range list {
			if err := s.Eval(e, v); err != nil {
				return err
			}
			if v.Kind == pgvalue.Null {
				unknown = true
			} else if !v.Bool() {
				return nil
			}
		}
		*v = pgvalue.BoolValue(true)
		if unknown {
			*v = pgvalue.Value{}
		}
		return nil
	}, list...)
}

// compileCount compiles LIMIT or OFFSET.
func compileCount(c *expr.Compiler, x syntax.Expr, what string) (*expr.Scalar, error) {
	if x == nil {
		return nil, nil
	}
	rel := c.Rel
	c.Rel = nil
	defer func() { c.Rel = rel }()
	var column syntax.Expr
	expr.Walk(x, func(y syntax.Expr) {
		if _, ok := y.(*syntax.ColumnExpr); ok && column == nil {
			column = y
		}
	})
	if column != nil {
		return nil, c.At(pgerror.Errorf(pgerror.InvalidColumnReference, "argument of %s must not contain variables", what), column.Position())
	}
	s, err := c.CompileAs(x, pgvalue.OIDInt8)
	if err != nil {
		return nil, err
	}
	if !expr.IsNumber(s.OID) {
		return nil, c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "argument of %s must be type bigint, not type %s", what, pgvalue.TypeName(s.OID)), x.Position())
	}
	s, _ = expr.Convert(s, pgvalue.OIDInt8, c.Zone)
	return s, nil
}

// compileOrder accepts the orders in which rows can be read, and tells the direction.
func (p *Plan) compileOrder(c *expr.Compiler, st *syntax.SelectStmt) error {
	if len(st.OrderBy) == 0 {
		return nil
	}
	total, native, first := false, true, true
	var keys []sortKey
	for _, item := range st.OrderBy {
		if item.Unsupported != nil {
			return syntax.UnsupportedError(c.Src, item.Unsupported)
		}
		key, err := p.orderKey(c, item.Expr)
		if err != nil {
			return err
		}
		if !sortable(key.OID) {
			return c.Unsupported("ORDER BY "+pgvalue.TypeName(key.OID), item.Expr.Position())
		}
		nullsFirst := item.Desc
		if item.NullsFirst != nil {
			nullsFirst = *item.NullsFirst
		}
		keys = append(keys, sortKey{key, item.Desc, nullsFirst})
		if p.Rel == nil || total {
			continue // the order is total already
		}
		rank := p.Access.rank(p.Rel, key.Column)
		switch {
		case rank == orderConstant:
			continue
		case rank == orderNone, !first && p.Desc != item.Desc:
			native = false
		}
		if first {
			p.Desc, first = item.Desc, false
		}
		total = rank == orderTotal
	}
	if !native && len(p.Aggregates) == 0 {
		p.Sort, p.Desc = keys, false
	}
	return nil
}

// orderKey finds what an ORDER BY item stands for: an item of the select list, or an
// expression.
func (p *Plan) orderKey(c *expr.Compiler, x syntax.Expr) (*expr.Scalar, error) {
	if l, ok := x.(*syntax.Literal); ok && l.Kind == syntax.TokInteger {
		v, err := pgvalue.ParseText(pgvalue.OIDInt8, l.Text, pgvalue.UTC)
		if err != nil || v.Int < 1 || v.Int > int64(len(p.items)) {
			return nil, c.At(pgerror.Errorf(pgerror.InvalidColumnReference, "ORDER BY position %s is not in select list", l.Text), l.Pos)
		}
		return p.items[v.Int-1], nil
	}
	if l, ok := x.(*syntax.Literal); ok && l.Kind != syntax.TokIdent {
		return nil, c.At(pgerror.Errorf(pgerror.SyntaxError, "non-integer constant in ORDER BY"), l.Pos)
	}
	if ref, ok := x.(*syntax.ColumnExpr); ok && ref.Table == "" {
		found := -1
		for i := range p.Out {
			if p.Out[i].Name != ref.Column {
				continue
			}
			if found >= 0 && (p.items[i].Column < 0 || p.items[i].Column != p.items[found].Column) {
				return nil, c.At(pgerror.Errorf(pgerror.AmbiguousColumn, "ORDER BY \"%s\" is ambiguous", ref.Column), ref.Pos)
			}
			found = max(found, i)
		}
		if found >= 0 {
			return p.items[found], nil
		}
	}
	if len(p.Aggregates) > 0 {
		c.Aggregates = &p.Aggregates
		defer func() { c.Aggregates = nil }()
	}
	s, err := c.Compile(x)
	if err != nil {
		return nil, err
	}
	return c.Resolve(s, expr.OrText(s))
}
