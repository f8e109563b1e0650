package query

import (
	"context"
	"slices"
	"strconv"

	"github.com/eventgres/eventgres/pgwire"
)

// selectPlan is a prepared SELECT that the native path answers.
type selectPlan struct {
	src    string    // the text it came in
	rel    *relation // nil: SELECT without FROM
	items  []*scalar
	out    []pgwire.Column
	params []uint32

	where     *scalar // all of it
	residual  *scalar // what access does not guarantee; nil: nothing
	access    access
	condition string // WHERE as it was written
	desc      bool
	sort      []sortKey // if rows cannot be read in the order that is asked for
	limit     *scalar
	offset    *scalar

	aggregates []*aggregate // if any, there is one row
	byStream   bool         // GROUP BY stream_id: there is a row a stream
	narrow     bool         // it asks all streams for no more than their ids and versions
	few        bool         // LIMIT and OFFSET leave so few rows that sorting keeps little

	usesPosition, usesVersion, usesTime, usesExpected bool
	filtersTime                                       bool // WHERE names recorded_at
}

func (p *selectPlan) ParameterOIDs() []uint32  { return p.params }
func (p *selectPlan) Columns() []pgwire.Column { return p.out }

func (s *Session) prepareSelect(c *compiler, st *selectStmt) (plan, error) {
	p := &selectPlan{}
	c.selecting = s.worker() != nil
	if st.from != nil {
		rel, err := findRelation(st.from, c.src)
		if err != nil {
			return nil, err
		}
		p.rel, c.rel, c.alias = rel, rel, rel.name
		if st.from.alias != "" {
			c.alias = st.from.alias
		}
	}
	if st.beyond != nil {
		return nil, beyondError(c.src, st.beyond)
	}
	if st.withTies {
		return nil, c.beyond("WITH TIES", 0)
	}
	if err := p.compile(c, st); err != nil {
		return nil, err
	}
	var err error
	p.params, err = c.finishParams()
	return p, err
}

func (p *selectPlan) compile(c *compiler, st *selectStmt) error {
	if st.groupBy != nil {
		if !groupsByStream(c, st) {
			return c.beyond("GROUP BY", st.groupBy.position())
		}
		p.byStream, c.byStream = true, true
	}
	aggregated := false
	for _, item := range st.items {
		aggregated = aggregated || hasAggregate(item.expr)
	}
	if aggregated && !p.byStream {
		c.aggregates = &p.aggregates
	}
	var err error
	if p.items, p.out, err = compileItems(c, st.items); err != nil {
		return err
	}
	c.aggregates = nil
	if err := p.compileWhere(c, st); err != nil {
		return err
	}
	if err := p.compileOrder(c, st); err != nil {
		return err
	}
	c.byStream = false
	if p.limit, err = compileCount(c, st.limit, "LIMIT"); err != nil {
		return err
	}
	if p.offset, err = compileCount(c, st.offset, "OFFSET"); err != nil {
		return err
	}
	p.few = atMost(st.limit, maxFewRows) && (st.offset == nil || atMost(st.offset, maxFewRows))
	return p.noteUses(c, st)
}

// maxFewRows bounds the rows that are sorted here although the worker could: they are kept in memory.
const maxFewRows = 1000

// atMost tells of a LIMIT or OFFSET that is a number no greater than n.
func atMost(x expr, n int64) bool {
	l, ok := x.(*literal)
	if !ok || l.kind != tokInteger {
		return false
	}
	v, err := strconv.ParseInt(l.text, 10, 64)
	return err == nil && v <= n
}

func (p *selectPlan) noteUses(c *compiler, st *selectStmt) error {
	if p.rel == nil || p.rel == healthRelation {
		return nil
	}
	used := mentioned(c, p.items, st.items)
	for _, i := range appendMentioned(nil, p.rel, st.where) {
		if i == evRecordedAt && p.rel == eventsRelation {
			p.filtersTime = true
			continue
		}
		used = append(used, i)
	}
	for _, o := range st.orderBy {
		used = appendMentioned(used, p.rel, o.expr)
	}
	for _, i := range used {
		switch {
		case p.rel == eventsRelation:
			p.usesExpected = p.usesExpected || i == evExpectedVersion
			p.usesPosition = p.usesPosition || i == evPosition
			p.usesVersion = p.usesVersion || i == evVersion
			p.usesTime = p.usesTime || i == evRecordedAt
		default:
			p.usesPosition = p.usesPosition || i == stFirstPosition || i == stLastPosition
			p.usesVersion = p.usesVersion || i == stVersion
			p.usesTime = p.usesTime || i == stCreatedAt || i == stUpdatedAt
		}
	}
	p.narrow = p.byStream || p.rel == streamsRelation && p.access.kind == accessLog &&
		!slices.ContainsFunc(used, func(i int) bool { return i != stStreamID && i != stVersion })
	return nil
}

func (p *selectPlan) compileWhere(c *compiler, st *selectStmt) error {
	if st.where == nil {
		return nil
	}
	if hasAggregate(st.where) {
		return c.at(pgwire.Errorf("42803", "aggregate functions are not allowed in WHERE"), st.where.position())
	}
	p.condition = st.whereText
	conjuncts := flatten(nil, st.where)
	compiled := make([]*scalar, len(conjuncts))
	args := make([]*sarg, len(conjuncts))
	for i, x := range conjuncts {
		what := "WHERE"
		if len(conjuncts) > 1 {
			what = "AND"
		}
		s, err := c.boolean(x, what)
		if err != nil {
			return err
		}
		compiled[i] = s
		if p.rel != nil {
			args[i] = c.sarg(x)
		}
	}
	p.where = conjunction(compiled)
	p.access = chooseAccess(p.rel, args)
	var rest []*scalar
	for i, s := range compiled {
		if args[i] == nil || !p.access.guarantees(args[i]) {
			rest = append(rest, s)
		}
	}
	p.residual = conjunction(rest)
	return nil
}

// flatten splits a condition at its ANDs.
func flatten(out []expr, x expr) []expr {
	for {
		b, ok := x.(*binaryExpr)
		if !ok || b.op != "and" {
			return append(out, x)
		}
		out = flatten(out, b.l)
		x = b.r
	}
}

func conjunction(list []*scalar) *scalar {
	if len(list) == 0 {
		return nil
	}
	if len(list) == 1 {
		return list[0]
	}
	return derived(pgwire.OIDBool, 0, func(e *env, v *pgwire.Value) error {
		unknown := false
		for _, s := range list {
			if err := s.eval(e, v); err != nil {
				return err
			}
			if v.Kind == pgwire.Null {
				unknown = true
			} else if !v.Bool() {
				return nil
			}
		}
		*v = pgwire.BoolValue(true)
		if unknown {
			*v = pgwire.Value{}
		}
		return nil
	}, list...)
}

// compileCount compiles LIMIT or OFFSET.
func compileCount(c *compiler, x expr, what string) (*scalar, error) {
	if x == nil {
		return nil, nil
	}
	rel := c.rel
	c.rel = nil
	defer func() { c.rel = rel }()
	var column expr
	walk(x, func(y expr) {
		if _, ok := y.(*columnExpr); ok && column == nil {
			column = y
		}
	})
	if column != nil {
		return nil, c.at(pgwire.Errorf("42P10", "argument of %s must not contain variables", what), column.position())
	}
	s, err := c.compileAs(x, pgwire.OIDInt8)
	if err != nil {
		return nil, err
	}
	if !isNumber(s.oid) {
		return nil, c.at(pgwire.Errorf("42804", "argument of %s must be type bigint, not type %s", what, pgwire.TypeName(s.oid)), x.position())
	}
	s, _ = convert(s, pgwire.OIDInt8, c.zone)
	return s, nil
}

// compileOrder accepts the orders in which rows can be read, and tells the direction.
func (p *selectPlan) compileOrder(c *compiler, st *selectStmt) error {
	if len(st.orderBy) == 0 {
		return nil
	}
	settled, native, first := false, true, true
	var keys []sortKey
	for _, item := range st.orderBy {
		key, err := p.orderKey(c, item.expr)
		if err != nil {
			return err
		}
		if !sortable(key.oid) {
			return c.beyond("ORDER BY "+pgwire.TypeName(key.oid), item.expr.position())
		}
		nullsFirst := item.desc
		if item.nullsFirst != nil {
			nullsFirst = *item.nullsFirst
		}
		keys = append(keys, sortKey{key, item.desc, nullsFirst})
		if p.rel == nil || settled {
			continue // the order is total already
		}
		rank := p.access.rank(p.rel, key.column)
		switch {
		case rank == orderConstant:
			continue
		case rank == orderNone, !first && p.desc != item.desc:
			native = false
		}
		if first {
			p.desc, first = item.desc, false
		}
		settled = rank == orderTotal
	}
	if !native && len(p.aggregates) == 0 {
		p.sort, p.desc = keys, false
	}
	return nil
}

// orderKey finds what an ORDER BY item stands for: an item of the select list, or an
// expression.
func (p *selectPlan) orderKey(c *compiler, x expr) (*scalar, error) {
	if l, ok := x.(*literal); ok && l.kind == tokInteger {
		v, err := pgwire.ParseText(pgwire.OIDInt8, l.text, pgwire.UTC)
		if err != nil || v.Int < 1 || v.Int > int64(len(p.items)) {
			return nil, c.at(pgwire.Errorf("42P10", "ORDER BY position %s is not in select list", l.text), l.pos)
		}
		return p.items[v.Int-1], nil
	}
	if l, ok := x.(*literal); ok && l.kind != tokIdent {
		return nil, c.at(pgwire.Errorf("42601", "non-integer constant in ORDER BY"), l.pos)
	}
	if ref, ok := x.(*columnExpr); ok && ref.table == "" {
		found := -1
		for i := range p.out {
			if p.out[i].Name != ref.column {
				continue
			}
			if found >= 0 && (p.items[i].column < 0 || p.items[i].column != p.items[found].column) {
				return nil, c.at(pgwire.Errorf("42702", "ORDER BY \"%s\" is ambiguous", ref.column), ref.pos)
			}
			found = max(found, i)
		}
		if found >= 0 {
			return p.items[found], nil
		}
	}
	if len(p.aggregates) > 0 {
		c.aggregates = &p.aggregates
		defer func() { c.aggregates = nil }()
	}
	s, err := c.compile(x)
	if err != nil {
		return nil, err
	}
	return c.settle(s, orText(s))
}

func (p *selectPlan) bind(s *Session, params []pgwire.Value) (pgwire.Portal, error) {
	kept, _ := keepValues(nil, nil, params)
	return &selectPortal{plan: p, s: s, params: kept}, nil
}

// selectPortal runs a selectPlan, a part at a time if it is asked to.
type selectPortal struct {
	plan   *selectPlan
	s      *Session
	params []pgwire.Value
	e      env
	rows   rowSource
	values []pgwire.Value
	skip   int64 // of OFFSET, still to be skipped
	left   int64 // of LIMIT
	opened bool
	sorted *sorter // if the plan sorts
	ended  bool
	// before is the snapshot, kept for a cursor that goes back.
	before int64
	staged int // events the transaction had staged by then
}

func (p *selectPortal) Columns() []pgwire.Column { return p.plan.out }
func (p *selectPortal) Close()                   {}

func (p *selectPortal) current() []pgwire.Value { return p.values }

// open prepares the rows as of now, or of an earlier opening.
func (p *selectPortal) open(ctx context.Context) error {
	if p.plan.usesExpected {
		// It can be prepared, since clients learn the types for COPY that way.
		return errInsertOnly
	}
	if !p.opened {
		p.before, p.staged = p.s.before(), len(p.s.tx.staged)
		p.opened = true
	}
	p.e = env{session: p.s, params: p.params, staged: min(p.staged, len(p.s.tx.staged))}
	p.values = make([]pgwire.Value, len(p.plan.items))
	p.ended, p.sorted = false, nil
	var err error
	if p.left, err = p.count(p.plan.limit, "2201W", "LIMIT"); err != nil {
		return err
	}
	if p.left < 0 {
		p.left = 1<<63 - 1
	}
	if p.skip, err = p.count(p.plan.offset, "2201X", "OFFSET"); err != nil {
		return err
	}
	if p.plan.rel == nil || len(p.plan.aggregates) > 0 {
		p.rows = &singleRow{}
		return nil
	}
	p.rows, err = p.plan.openRows(ctx, p.s, &p.e, p.before)
	return err
}

// count evaluates LIMIT or OFFSET; -1 for null.
func (p *selectPortal) count(x *scalar, code, what string) (int64, error) {
	if x == nil {
		return -1, nil
	}
	var v pgwire.Value
	if err := x.eval(&p.e, &v); err != nil || v.Kind == pgwire.Null {
		return -1, err
	}
	if v.Int < 0 {
		return 0, pgwire.Errorf(code, "%s must not be negative", what)
	}
	return v.Int, nil
}

func (p *selectPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: "SELECT"}
	if p.rows == nil {
		if err := p.open(ctx); err != nil {
			return tag, false, err
		}
	}
	for !p.ended {
		if limit > 0 && tag.Rows == limit {
			return tag, false, nil
		}
		ok, err := p.next(ctx)
		if err != nil {
			return tag, false, err
		}
		if !ok {
			break
		}
		if err := out.Row(ctx, p.values); err != nil {
			return tag, false, err
		}
		tag.Rows++
	}
	return tag, true, nil
}

// next moves to the next row of the result and puts it into values.
func (p *selectPortal) next(ctx context.Context) (bool, error) {
	if p.plan.sort != nil {
		return p.nextSorted(ctx)
	}
	for p.left > 0 {
		ok, err := p.rows.next(ctx, &p.e.row)
		if err != nil {
			return false, err
		}
		if !ok {
			p.ended = true
			return false, nil
		}
		if len(p.plan.aggregates) > 0 {
			if err := p.plan.aggregate(ctx, p); err != nil {
				return false, err
			}
		}
		if p.plan.rel == nil && len(p.plan.aggregates) == 0 {
			if ok, err := p.constantWhere(); err != nil || !ok {
				p.ended = true
				return false, err
			}
		}
		if p.skip > 0 {
			p.skip--
			continue
		}
		for i, s := range p.plan.items {
			if err := s.eval(&p.e, &p.values[i]); err != nil {
				return false, err
			}
		}
		p.left--
		return true, nil
	}
	p.ended = true
	return false, nil
}

// constantWhere evaluates WHERE of a SELECT without FROM.
func (p *selectPortal) constantWhere() (bool, error) {
	if p.plan.rel != nil || p.plan.where == nil {
		return true, nil
	}
	var v pgwire.Value
	err := p.plan.where.eval(&p.e, &v)
	return v.Kind == pgwire.KindBool && v.Bool(), err
}

// rowSource yields the rows of a relation that a statement's WHERE keeps.
type rowSource interface {
	next(ctx context.Context, r *row) (bool, error)
}

// singleRow is the one row of SELECT without FROM, and of aggregates.
type singleRow struct{ done bool }

func (s *singleRow) next(context.Context, *row) (bool, error) {
	was := s.done
	s.done = true
	return !was, nil
}
