//go:build cgo

package translate

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// selected is a compiled query.
type selected struct {
	sql      string
	cols     []*outcol
	distinct bool // rows are only there as a whole
	takes    bool // its rows are made of events, or streams, one by one
	filters  bool // its WHERE or HAVING, or that of a query it is made of, decides about rows that are not
}

// outcol is a column of a query's result.
type outcol struct {
	name string
	sql  string // its name in the translation
	e    *ex
	junk bool // for ORDER BY alone
	// instead is a constant that every row has for this column, written in the type that it
	// is assigned to.
	instead string
}

// fieldName is the name in the translation of a row's field.
func (o *outcol) fieldName(i int) string { return fmt.Sprintf("%s_%d", o.sql, i+1) }

func (o *outcol) describe() pgvalue.Column {
	col := pgvalue.Column{Name: o.name, OID: o.e.oid}
	if o.e.column != nil {
		col.TableOID, col.Attr = o.e.column.table, o.e.column.attr
	}
	return col
}

// resolveOutput gives an untyped literal or parameter its type, text.
func (c *compiler) resolveOutput(col *outcol) {
	if col.e.param > 0 {
		c.setParam(col.e.param, pgvalue.OIDText)
		col.e.param = 0
	}
	if col.e.oid == pgvalue.OIDUnknown {
		col.e.oid = pgvalue.OIDText
	}
}

// outermost writes the whole statement: columns in the types that the wire wants.
func (c *compiler) outermost(s *selected) (sql string, fields [][]Field) {
	list := make([]string, len(s.cols))
	fields = make([][]Field, len(s.cols))
	t := c.fresh("t")
	for i, col := range s.cols {
		list[i] = cast(t+"."+col.sql, col.e.physical(col.e.oid))
		if col.instead != "" {
			list[i] = col.instead
		}
	}
	for i, col := range s.cols {
		for k, f := range col.e.fields {
			if !s.distinct && f.oid != pgvalue.OIDRecord {
				fields[i] = append(fields[i], Field{OID: f.oid, Column: len(list)})
				list = append(list, cast(t+"."+col.fieldName(k), f.physical(c.outputOID(f))))
			}
		}
	}
	if len(list) == 0 {
		list = []string{"NULL"}
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (" + s.sql + ") AS " + t, fields
}

// assign makes the columns be of types, as an INSERT assigns them.
func (c *compiler) assign(s *selected, want []uint32) {
	for i, col := range s.cols {
		if i < len(want) && want[i] != 0 && col.e.dims > 1 {
			c.unsupported(col.e.pos, "an array of several dimensions in an event")
		}
		if i >= len(want) || want[i] == 0 || !col.e.literal {
			continue
		}
		literal := *col.e
		literal.oid = pgvalue.OIDUnknown
		e := c.coerce(&literal, want[i], -1, implicit)
		if e.dims > 1 {
			c.unsupported(col.e.pos, "an array of several dimensions in an event")
		}
		col.instead = e.sql
		if want[i] == pgvalue.OIDJSONB && !literal.null {
			col.instead = c.held(literal.text) // stored as it is written
		}
		col.e = &ex{oid: want[i], mod: -1, rep: e.rep, pos: e.pos}
	}
}

func (c *compiler) selectStmt(x *pg.SelectStmt, parent *scope) *selected {
	c.enter()
	defer c.leave()
	if c.queries++; c.queries > maxQueries {
		c.fail(pgerror.Errorf(pgerror.StatementTooComplex, "the statement is too complex").WithDetail("It has more than %d queries, those of views included.", maxQueries))
	}
	saved, query := c.scope, c.query
	c.level++
	c.scope = &scope{parent: parent, depth: c.level, query: &queryState{}, ctes: map[string]*cte{}}
	c.query = c.scope.query
	c.query.operand, c.isOperand = c.isOperand, false
	c.query.source, c.isSource = c.isSource, false
	defer func() {
		c.scope, c.query = saved, query
		c.level--
	}()
	if x.IntoClause != nil {
		c.fail(pgerror.Errorf(pgerror.FeatureNotSupported, "SELECT INTO is not supported"))
	}
	with := c.with(x.WithClause)
	var s *selected
	switch {
	case x.Op != pg.SetOperation_SETOP_NONE && x.Op != pg.SetOperation_SET_OPERATION_UNDEFINED:
		s = c.setOperation(x)
	case len(x.ValuesLists) > 0:
		s = c.values(x)
	default:
		s = c.simple(x)
	}
	if with != "" {
		s.sql = with + s.sql
	}
	return s
}

// with compiles the WITH queries.
func (c *compiler) with(w *pg.WithClause) string {
	if w == nil {
		return ""
	}
	var parts []string
	for _, n := range w.Ctes {
		x := n.GetCommonTableExpr()
		q := x.Ctequery.GetSelectStmt()
		if q == nil {
			c.failAt(x.Location, pgerror.FeatureNotSupported, "a data-modifying statement in WITH is not supported")
		}
		if x.SearchClause != nil || x.CycleClause != nil {
			c.unsupported(x.Location, "SEARCH or CYCLE")
		}
		if _, twice := c.scope.ctes[x.Ctename]; twice {
			c.failAt(x.Location, pgerror.DuplicateAlias, "WITH query name \"%s\" specified more than once", x.Ctename)
		}
		t := &cte{name: x.Ctename, sql: c.fresh("w"), key: cteKey{c.src, x.Location}, links: c.links()}
		inlined := c.inlined[t.key]
		if inlined {
			c.inBody++
		}
		var s *selected
		refers := c.within(c.scope.depth, false, func() {
			if w.Recursive && isUnion(q) {
				s = c.recursive(t, q, x.Aliascolnames)
			} else {
				c.isSource = true
				s = c.subquery(q)
			}
		})
		if refers.outer {
			c.inline(t)
		}
		c.nameCTE(t, s, x)
		if inlined {
			c.inBody--
			if refers.volatile {
				c.unsupported(x.Location, "a volatile function in a WITH query that is used in subqueries of subqueries, or refers to the query around it,")
			}
			t.body = "(" + s.sql + ")"
			if w.Recursive && isUnion(q) {
				t.body = "(WITH RECURSIVE " + t.sql + " AS (" + s.sql + ") SELECT * FROM " + t.sql + ")"
			}
			c.scope.ctes[x.Ctename] = t
			continue
		}
		c.scope.ctes[x.Ctename] = t
		hint := ""
		switch x.Ctematerialized {
		case pg.CTEMaterialize_CTEMaterializeAlways:
			hint = "MATERIALIZED "
		case pg.CTEMaterialize_CTEMaterializeNever:
			hint = "NOT MATERIALIZED "
		}
		if w.Recursive {
			hint = ""
		}
		parts = append(parts, t.sql+" AS "+hint+"("+s.sql+")")
	}
	if len(parts) == 0 {
		return ""
	}
	word := "WITH "
	if w.Recursive {
		word = "WITH RECURSIVE "
	}
	return word + strings.Join(parts, ", ") + " "
}

func isUnion(q *pg.SelectStmt) bool { return q.Op == pg.SetOperation_SETOP_UNION }

func (c *compiler) nameCTE(t *cte, s *selected, x *pg.CommonTableExpr) {
	if len(x.Aliascolnames) > len(s.cols) {
		c.failAt(x.Location, pgerror.InvalidColumnReference, "WITH query \"%s\" has %d columns available but %d columns specified", x.Ctename, len(s.cols), len(x.Aliascolnames))
	}
	t.cols, t.self, t.takes, t.filters = nil, false, s.takes, s.filters
	for i, col := range s.cols {
		c.resolveOutput(col)
		k := &rtcol{name: col.name, sql: col.sql, oid: col.e.oid, mod: col.e.mod, rep: col.e.rep, dims: col.e.dims, table: tableOf(col), attr: attrOf(col)}
		if i < len(x.Aliascolnames) {
			k.name = stringOf(x.Aliascolnames[i])
		}
		t.cols = append(t.cols, k)
	}
}

// recursive compiles a recursive WITH query: the first term settles the types.
func (c *compiler) recursive(t *cte, q *pg.SelectStmt, names []*pg.Node) *selected {
	if len(q.SortClause) > 0 || q.LimitCount != nil || q.LimitOffset != nil {
		c.unsupported(-1, "ORDER BY or LIMIT in a recursive query")
	}
	saved := c.scope
	c.scope = &scope{parent: saved, depth: saved.depth, query: c.query, ctes: map[string]*cte{}}
	defer func() { c.scope = saved }()
	with := c.with(q.WithClause)
	first := c.subquery(q.Larg)
	var list []string
	a := c.fresh("t")
	out := &selected{}
	for i, col := range first.cols {
		c.resolveOutput(col)
		if col.e.dims > 1 {
			c.unsupported(col.e.pos, "an array of several dimensions in a recursive query")
		}
		name := c.fresh("c")
		// A numeric's scale may change from step to step.
		list = append(list, cast(a+"."+col.sql, Physical(col.e.oid, textScale))+" AS "+name)
		e := &ex{sql: name, oid: col.e.oid, mod: col.e.mod, rep: textScale, pos: col.e.pos}
		k := &rtcol{name: col.name, sql: name, oid: e.oid, mod: e.mod, rep: textScale}
		if i < len(names) {
			k.name = stringOf(names[i])
		}
		t.cols = append(t.cols, k)
		out.cols = append(out.cols, &outcol{name: k.name, sql: name, e: e})
	}
	t.self = true
	c.scope.ctes[t.name] = t
	second := c.subquery(q.Rarg)
	out.takes = first.takes || second.takes
	if len(second.cols) != len(first.cols) {
		c.fail(pgerror.Errorf(pgerror.SyntaxError, "each UNION query must have the same number of columns"))
	}
	b := c.fresh("t")
	var steps []string
	for i, col := range second.cols {
		want := out.cols[i].e
		e := *col.e
		e.sql = b + "." + col.sql
		if col.e.literal {
			e.sql = col.e.sql
		}
		if col.e.oid != want.oid && col.e.oid != pgvalue.OIDUnknown && (rank(col.e.oid) > rank(want.oid) || category(col.e.oid) != category(want.oid)) {
			c.failAt(first.cols[i].e.pos, pgerror.DatatypeMismatch, "recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				t.name, i+1, typeName(want.oid), typeName(col.e.oid))
		}
		steps = append(steps, cast(c.asText(c.coerce(&e, want.oid, -1, implicit)).sql, Physical(want.oid, textScale)))
	}
	union := "UNION"
	if q.All {
		union = "UNION ALL"
	}
	for _, col := range out.cols {
		if !q.All && needsKey(col.e) {
			// Rows that are equal and look different would come again and again.
			c.failAt(col.e.pos, pgerror.FeatureNotSupported, "UNION in a recursive query is not supported for columns of type %s", typeName(col.e.oid))
		}
	}
	out.sql = fmt.Sprintf("%sSELECT %s FROM (%s) AS %s %s SELECT %s FROM (%s) AS %s", with,
		strings.Join(list, ", "), first.sql, a, union, strings.Join(steps, ", "), second.sql, b)
	return out
}

// simple compiles a SELECT that is no set operation.
func (c *compiler) simple(x *pg.SelectStmt) *selected {
	q := c.query
	b := &body{x: x}
	if len(x.FromClause) > 0 {
		q.reads = true
		b.from = c.fromClause(x.FromClause)
	}
	bound := q.outer
	if x.WhereClause != nil {
		b.where = c.condition(x.WhereClause, "WHERE", "WHERE").sql
		c.narrow(x.WhereClause, c.scope.items, func(*mention) bool { return true })
	}
	c.namedWindows(x.WindowClause)
	items := c.targets(x.TargetList)
	if len(x.GroupClause) > 0 {
		b.group = c.groupBy(b, items)
	}
	c.compileTargets(b, items)
	if x.HavingClause != nil {
		e := c.condition(x.HavingClause, "", "HAVING")
		b.having, b.vars = e.sql, append(b.vars, e.vars...)
		q.agg = true
	}
	c.orderBy(b, x.SortClause)
	c.distinct(b, x.DistinctClause)
	c.checkGrouping(b)
	if q.far && slices.ContainsFunc(x.GroupClause, func(n *pg.Node) bool { return n.GetGroupingSet() != nil }) {
		// Of no rows DuckDB leaves out the row of the empty set, there alone.
		c.unsupported(locateFirst(x), "GROUPING SETS in a query that refers to one that is not directly around it")
	}
	empty := c.countEmptySets(x)
	if q.agg && ((q.outer || c.operands > 0) && b.group == "" || empty > 0) {
		// Of no rows there is a row, which DuckDB leaves out of some correlated queries if no
		// aggregate makes anything of nothing. A condition of a join around may make it correlated, too.
		if b.having != "" {
			b.having = "(" + b.having + ") AND "
		}
		b.having += "count(*) >= 0"
	}
	if (q.source || q.operand) && !q.agg && (bound || b.from == "" && b.set) && slices.ContainsFunc(b.cols, func(col *outcol) bool { return col.e.outer }) {
		// Of a set that is made of columns of the query around, and stands alone in FROM, DuckDB shows
		// the elements for other columns of that query.
		b.from = strings.TrimSuffix("(SELECT 1) AS "+c.fresh("t")+", "+b.from, ", ")
	}
	s := c.assemble(b)
	s.takes = q.takes && !(q.agg && len(x.GroupClause) == 0)
	s.filters = q.filters || x.WhereClause != nil && !q.takes || x.HavingClause != nil
	return s
}

// body is a SELECT in the making.
type body struct {
	x        *pg.SelectStmt
	from     string
	where    string
	group    string
	having   string
	cols     []*outcol
	sort     []*sortKey
	distinct bool
	on       []string // keys of DISTINCT ON
	onExprs  []*ex
	set      bool // the select list returns sets
	vars     []*varRef
}

// target is an item of the select list, before it is compiled.
type target struct {
	node *pg.Node
	name string
	e    *ex // of an expanded *
}

func (c *compiler) targets(list []*pg.Node) []*target {
	var out []*target
	for _, n := range list {
		r := n.GetResTarget()
		if ref := r.Val.GetColumnRef(); ref != nil {
			if last := ref.Fields[len(ref.Fields)-1]; last.GetAStar() != nil {
				for _, e := range c.starOf(r.Val) {
					out = append(out, &target{name: e.name, e: e})
				}
				continue
			}
		}
		out = append(out, &target{node: r.Val, name: r.Name})
	}
	return out
}

func (c *compiler) compileTargets(b *body, items []*target) {
	for _, t := range items {
		e := t.e
		if e == nil {
			e = c.sessionCall(b, t.node)
		}
		column := c.query.shown[t]
		if column != nil && c.query.operand {
			// Whether it is null in a row of a set without it hangs on how PostgreSQL plans the whole.
			if kept := c.expr(t.node); kept.constant || kept.literal {
				c.unsupported(locate(t.node), "a constant in GROUPING SETS of an operand of a set operation")
			}
		}
		if column != nil {
			held := *column
			held.sql = c.query.groups[column.sql]
			e = &held
		} else if e == nil {
			e = c.expr(t.node)
		} else if e.column != nil && (c.query.groups != nil || c.query.keyed != nil) {
			e = c.reference(e.column, c.scope, e.pos)
		}
		e = c.verifier(b, e)
		name := t.name
		if name == "" && t.node != nil {
			name, _ = figureName(t.node)
		}
		if name == "" {
			name = "?column?"
		}
		b.cols = append(b.cols, &outcol{name: name, sql: c.fresh("c"), e: e})
		b.set = b.set || e.set
	}
}

// checkGrouping: in a query with groups a column must be grouped or aggregated.
func (c *compiler) checkGrouping(b *body) {
	q := c.query
	var vars []*varRef
	agg := q.agg || len(b.x.GroupClause) > 0
	for _, col := range b.cols {
		vars = append(vars, col.e.vars...)
		agg = agg || col.e.agg
	}
	for _, k := range b.sort {
		vars = append(vars, k.e.vars...)
		agg = agg || k.e.agg
	}
	vars = append(vars, b.vars...)
	if !agg || len(vars) == 0 {
		return
	}
	v := vars[0]
	for _, other := range vars {
		if other.pos < v.pos {
			v = other
		}
	}
	full := v.column
	if v.table != "" {
		full = v.table + "." + v.column
	}
	if v.outer {
		c.failAt(v.pos, pgerror.GroupingError, "subquery uses ungrouped column \"%s\" from outer query", full)
	}
	c.failAt(v.pos, pgerror.GroupingError, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", full)
}

// assemble writes the SELECT.
func (c *compiler) assemble(b *body) *selected {
	x := b.x
	limit := c.limits(x, b)
	b.from = c.withImported(b.from)
	// What sorts goes through a column of its own where the rows change above it.
	wrap := b.set && (len(b.sort) > 0 || b.distinct || len(b.on) > 0) || b.distinct || limit.ties != ""
	for _, k := range b.sort {
		wrap = wrap || k.e.volatile // what is shown is what sorts
	}
	order, hidden := c.orderOf(b, wrap)
	var s strings.Builder
	s.WriteString("SELECT ")
	if len(b.on) > 0 {
		s.WriteString("DISTINCT ON (" + strings.Join(b.on, ", ") + ") ")
	} else if b.distinct {
		s.WriteString(b.distinctWord(c))
	}
	s.WriteString(c.selectList(b, hidden))
	b.tail(&s)
	out := &selected{cols: b.cols, distinct: b.distinct || len(b.on) > 0}
	if !wrap {
		s.WriteString(order + limit.sql)
		out.sql = s.String()
		return out
	}
	var names []string
	for _, col := range b.cols {
		names = append(names, col.sql)
		for i := range col.e.fields {
			if !b.distinct && len(b.on) == 0 {
				names = append(names, col.fieldName(i))
			}
		}
	}
	if len(names) == 0 {
		names = []string{"NULL"}
	}
	out.sql = "SELECT " + strings.Join(names, ", ") + " FROM (" + s.String() + ") AS " + c.fresh("t")
	if limit.ties != "" {
		out.sql += " QUALIFY rank() OVER (" + strings.TrimSpace(order) + ") <= " + limit.ties
	}
	out.sql += order + limit.sql
	return out
}

// orderOf writes ORDER BY. Where the rows change above it, hidden columns have what sorts.
func (c *compiler) orderOf(b *body, wrap bool) (order string, hidden []*outcol) {
	if len(b.sort) > 0 {
		var keys []string
		for _, k := range b.sort {
			if k.e.constant {
				continue // it orders nothing, and DuckDB takes a number for a column's place
			}
			by := ""
			if !wrap {
				by = c.sortBy(k.e, false)
			} else {
				col := b.outputOf(k)
				if col == nil {
					if b.distinct {
						c.failAt(k.e.pos, pgerror.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
					}
					col = &outcol{sql: c.fresh("c"), e: k.e, junk: true}
					hidden = append(hidden, col)
				}
				e := *col.e
				e.sql = col.sql
				by = c.sortBy(&e, true)
			}
			keys = append(keys, by+k.direction())
		}
		if len(keys) > 0 {
			order = " ORDER BY " + strings.Join(keys, ", ")
		}
	}
	return order, hidden
}

// selectList writes the columns that a body selects, and hidden ones.
func (c *compiler) selectList(b *body, hidden []*outcol) string {
	if c.options.Rows {
		return "*"
	}
	var list []string
	for _, col := range append(append([]*outcol(nil), b.cols...), hidden...) {
		list = append(list, cast(col.e.sql, col.e.physical(c.outputOID(col.e)))+" AS "+col.sql)
		for i, f := range col.e.fields { // of a row, for whoever takes them from it
			if !b.distinct && len(b.on) == 0 && !col.junk {
				list = append(list, cast(f.sql, f.physical(c.outputOID(f)))+" AS "+col.fieldName(i))
			}
		}
	}
	if len(list) == 0 {
		list = []string{"NULL AS " + c.fresh("c")}
	}
	return strings.Join(list, ", ")
}

// outputOID is the type in which a column leaves the query: an untyped literal is held as
// text.
func (c *compiler) outputOID(e *ex) uint32 {
	if e.oid == pgvalue.OIDUnknown {
		return pgvalue.OIDText
	}
	return e.oid
}

// distinctKey is what DISTINCT ON tells rows apart by. A constant does not: DuckDB takes a number for a
// column's place, and no other literal.
func (c *compiler) distinctKey(e *ex) string {
	if e.constant {
		return "(" + e.sql + " IS NULL)"
	}
	return c.key(e)
}

func (b *body) distinctWord(c *compiler) string {
	var keys []string
	needed := false
	for _, col := range b.cols {
		keys = append(keys, c.distinctKey(col.e))
		needed = needed || needsKey(col.e)
	}
	if needed {
		return "DISTINCT ON (" + strings.Join(keys, ", ") + ") "
	}
	return "DISTINCT "
}

func (b *body) tail(s *strings.Builder) {
	if b.from != "" {
		s.WriteString(" FROM " + b.from)
	}
	if b.where != "" {
		s.WriteString(" WHERE " + b.where)
	}
	if b.group != "" {
		s.WriteString(" GROUP BY " + b.group)
	}
	if b.having != "" {
		s.WriteString(" HAVING " + b.having)
	}
}

// outputOf finds the column of the result that a sort key is.
func (b *body) outputOf(k *sortKey) *outcol {
	if k.output != nil {
		return k.output
	}
	for _, col := range b.cols {
		if col.e.sql == k.e.sql {
			return col
		}
	}
	return nil
}

// distinct compiles DISTINCT and DISTINCT ON.
func (c *compiler) distinct(b *body, list []*pg.Node) {
	if len(list) == 0 {
		return
	}
	if len(list) == 1 && list[0].Node == nil {
		b.distinct = true
		for _, col := range b.cols {
			c.equatable(col.e)
		}
		return
	}
	for i, n := range list {
		e := c.sortExpr(b, n, "DISTINCT ON")
		b.onExprs = append(b.onExprs, e)
		b.on = append(b.on, c.distinctKey(e))
		b.vars = append(b.vars, e.vars...)
		if i < len(b.sort) {
			found := false
			for _, k := range b.sort[:min(len(list), len(b.sort))] {
				found = found || k.e.sql == e.sql
			}
			if !found {
				c.failAt(locate(n), pgerror.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
			}
		}
	}
}

// values compiles VALUES (…), (…).
func (c *compiler) values(x *pg.SelectStmt) *selected {
	var rows [][]*ex
	c.clause = "VALUES"
	for _, n := range x.ValuesLists {
		var row []*ex
		for _, item := range n.GetList().Items {
			if item.GetSetToDefault() != nil {
				c.failAt(item.GetSetToDefault().Location, pgerror.SyntaxError, "DEFAULT is not allowed in this context")
			}
			row = append(row, c.expr(item))
		}
		if len(rows) > 0 && len(row) != len(rows[0]) {
			c.failAt(row[0].pos, pgerror.SyntaxError, "VALUES lists must all be the same length")
		}
		rows = append(rows, row)
	}
	c.clause = ""
	b := &body{x: &pg.SelectStmt{LimitCount: x.LimitCount, LimitOffset: x.LimitOffset, LimitOption: x.LimitOption}}
	t := c.fresh("t")
	var names []string
	r := &rte{alias: "*VALUES*"}
	for i := range rows[0] {
		column := make([]*ex, len(rows))
		for j := range rows {
			column[j] = rows[j][i]
		}
		column = c.unify(column, "VALUES")
		name := c.fresh("c")
		names = append(names, name)
		for j := range rows {
			rows[j][i] = column[j]
		}
		k := &rtcol{name: fmt.Sprintf("column%d", i+1), sql: t + "." + name, oid: column[0].oid, mod: commonMod(column), rep: column[0].rep, dims: column[0].dims, of: r}
		r.cols = append(r.cols, k)
	}
	lists := make([]string, len(rows))
	for j, row := range rows {
		parts := make([]string, len(row))
		for i, e := range row {
			parts[i] = cast(e.sql, e.physical(c.outputOID(e)))
		}
		lists[j] = "(" + strings.Join(parts, ", ") + ")"
	}
	b.from = "(VALUES " + strings.Join(lists, ", ") + ") AS " + t + "(" + strings.Join(names, ", ") + ")"
	c.scope.items = []*fromItem{{rels: []*rte{r}, cols: r.cols}}
	for i, k := range r.cols {
		e := c.plain(k)
		e.pos = rows[0][i].pos
		if len(rows) == 1 && rows[0][i].literal {
			e.literal, e.text, e.null = true, rows[0][i].text, rows[0][i].null
		}
		b.cols = append(b.cols, &outcol{name: k.name, sql: c.fresh("c"), e: e})
	}
	c.orderBy(b, x.SortClause)
	return c.assemble(b)
}

// setOperation compiles UNION, INTERSECT and EXCEPT.
func (c *compiler) setOperation(x *pg.SelectStmt) *selected {
	word := map[pg.SetOperation]string{
		pg.SetOperation_SETOP_UNION: "UNION", pg.SetOperation_SETOP_INTERSECT: "INTERSECT", pg.SetOperation_SETOP_EXCEPT: "EXCEPT",
	}[x.Op]
	sets := c.setQueries
	c.operands++
	l, r := c.operand(x.Larg), c.operand(x.Rarg)
	c.operands--
	c.query.takes, c.query.filters = l.takes || r.takes, l.filters || r.filters
	if c.setQueries > sets && c.query.outer {
		// Of no rows DuckDB leaves out the row of the empty set, there alone.
		c.unsupported(locateFirst(x), "GROUPING SETS in a set operation that refers to the query around it")
	}
	if len(l.cols) != len(r.cols) {
		pos := int32(-1)
		if len(r.cols) > 0 {
			pos = r.cols[0].e.pos
		}
		c.failAt(pos, pgerror.SyntaxError, "each %s query must have the same number of columns", word)
	}
	b := &body{x: &pg.SelectStmt{LimitCount: x.LimitCount, LimitOffset: x.LimitOffset, LimitOption: x.LimitOption}}
	a, z, t := c.fresh("t"), c.fresh("t"), c.fresh("t")
	var left, right []string
	for i := range l.cols {
		for _, col := range [...]*outcol{l.cols[i], r.cols[i]} {
			numbers := slices.ContainsFunc(col.e.fields, func(f *ex) bool { return f.oid == pgvalue.OIDNumeric })
			if col.e.oid == pgvalue.OIDRecord && (needsKey(col.e) || numbers) && !(x.All && word == "UNION") {
				c.unsupported(col.e.pos, "a set operation on rows whose fields can be equal and look different")
			}
		}
		pair := c.unify([]*ex{c.operandColumn(l.cols[i], a), c.operandColumn(r.cols[i], z)}, word)
		name := c.fresh("c")
		to := pair[0].physical(c.outputOID(pair[0]))
		left = append(left, cast(pair[0].sql, to)+" AS "+name)
		right = append(right, cast(pair[1].sql, to)+" AS "+name)
		e := &ex{sql: t + "." + name, oid: pair[0].oid, mod: -1, rep: pair[0].rep, dims: pair[0].dims, pos: l.cols[i].e.pos}
		if l.cols[i].e.mod == r.cols[i].e.mod && l.cols[i].e.oid == e.oid && r.cols[i].e.oid == e.oid {
			e.mod = l.cols[i].e.mod
		}
		b.cols = append(b.cols, &outcol{name: l.cols[i].name, sql: c.fresh("c"), e: e})
	}
	all := ""
	if x.All {
		all = " ALL"
	}
	for _, col := range b.cols {
		if !(x.All && word == "UNION") {
			c.equatable(col.e)
		}
	}
	if keys := c.setKeys(b); keys != nil && !(x.All && word == "UNION") {
		b.from = c.keyedSet(b, word, x.All, keys,
			fmt.Sprintf("SELECT 0 AS side, %s FROM (%s) AS %s UNION ALL SELECT 1, %s FROM (%s) AS %s", orNull(left), l.sql, a, orNull(right), r.sql, z), t)
	} else {
		b.from = fmt.Sprintf("((SELECT %s FROM (%s) AS %s) %s%s (SELECT %s FROM (%s) AS %s)) AS %s",
			orNull(left), l.sql, a, word, all, orNull(right), r.sql, z, t)
	}
	c.scope.items = nil
	c.orderBySet(b, x.SortClause)
	out := c.assemble(b)
	out.takes, out.filters = c.query.takes, c.query.filters
	return out
}

// setKeys are what tells a set operation's rows apart, nil if it is their columns themselves.
func (c *compiler) setKeys(b *body) []string {
	var keys []string
	needed := false
	for _, col := range b.cols {
		needed = needed || needsKey(col.e)
		keys = append(keys, c.key(col.e))
	}
	if !needed {
		return nil
	}
	return keys
}

// keyedSet writes a set operation whose equal rows can look different: both operands' rows,
// each with its side, are grouped by their keys. A group shows what its first rows show.
func (c *compiler) keyedSet(b *body, word string, all bool, keys []string, rows, t string) string {
	var shown, names []string
	for _, col := range b.cols {
		name := strings.TrimPrefix(col.e.sql, t+".")
		shown = append(shown, "arg_min("+col.e.sql+", "+t+".side) AS "+name)
		names = append(names, name)
	}
	left, right := "count(*) FILTER (WHERE "+t+".side = 0)", "count(*) FILTER (WHERE "+t+".side = 1)"
	having := map[string]string{"INTERSECT": " HAVING " + left + " > 0 AND " + right + " > 0", "EXCEPT": " HAVING " + right + " = 0"}[word]
	if all {
		n := map[string]string{"INTERSECT": "least(" + left + ", " + right + ")", "EXCEPT": left + " - " + right}[word]
		shown = append(shown, "unnest(range("+n+"))")
		having = ""
	}
	grouped := fmt.Sprintf("SELECT %s FROM (%s) AS %s GROUP BY %s%s", strings.Join(shown, ", "), rows, t, strings.Join(keys, ", "), having)
	return fmt.Sprintf("(SELECT %s FROM (%s)) AS %s", strings.Join(names, ", "), grouped, t)
}

func orNull(list []string) string {
	if len(list) == 0 {
		return "NULL"
	}
	return strings.Join(list, ", ")
}

// operand compiles an operand of a set operation, which sees what the whole sees.
func (c *compiler) operand(x *pg.SelectStmt) *selected {
	c.isOperand = true
	return c.selectStmt(x, c.scope)
}

// operandColumn is a column of a set operation's operand, seen from outside it.
func (c *compiler) operandColumn(col *outcol, t string) *ex {
	e := *col.e
	e.vars, e.agg, e.window, e.set = nil, false, false, false
	if !(e.literal && e.oid == pgvalue.OIDUnknown) && e.param == 0 {
		e.sql = t + "." + col.sql
	}
	e.column = nil
	return &e
}
