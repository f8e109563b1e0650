//go:build cgo

package translate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// fromClause reads FROM into the current scope and returns its SQL.
func (c *compiler) fromClause(list []*pg.Node) string {
	var parts []string
	for _, n := range list {
		item := c.fromNode(n)
		c.checkNames(item)
		if both, ok := c.expanded(item.expansion, c.scope.items, strings.Join(parts, ", ")); ok {
			parts = []string{both}
		} else {
			parts = append(parts, item.sql)
		}
		c.scope.items = append(c.scope.items, item)
	}
	return strings.Join(parts, ", ")
}

// checkNames: a table's name may stand in FROM once.
func (c *compiler) checkNames(item *fromItem) {
	for _, r := range item.rels {
		for _, other := range c.scope.items {
			for _, o := range other.rels {
				if o.alias == r.alias && r.alias != "" && o.schema == r.schema {
					c.fail(pgerror.Errorf(pgerror.DuplicateAlias, "table name \"%s\" specified more than once", r.alias))
				}
			}
		}
	}
}

func (c *compiler) fromNode(n *pg.Node) *fromItem {
	c.enter()
	defer c.leave()
	switch x := n.Node.(type) {
	case *pg.Node_RangeVar:
		return c.table(x.RangeVar)
	case *pg.Node_RangeSubselect:
		return c.subselect(x.RangeSubselect)
	case *pg.Node_RangeFunction:
		if v := tableOfFunction(x.RangeFunction); v != nil {
			return c.table(v)
		}
		if item := c.messageTable(x.RangeFunction); item != nil {
			return item
		}
		return c.rangeFunction(x.RangeFunction)
	case *pg.Node_JoinExpr:
		return c.join(x.JoinExpr)
	case *pg.Node_RangeTableSample:
		return c.tableSample(x.RangeTableSample)
	}
	c.unsupported(-1, "this item in FROM")
	return nil
}

// functionTables are functions in FROM that return what a system view does.
var functionTables = map[string]string{
	"pg_show_all_settings": "pg_settings", "pg_timezone_names": "pg_timezone_names", "pg_timezone_abbrevs": "pg_timezone_abbrevs",
	"pg_available_extensions": "pg_available_extensions", "pg_available_extension_versions": "pg_available_extension_versions",
	"pg_cursor": "pg_cursors", "pg_prepared_statement": "pg_prepared_statements", "pg_lock_status": "pg_locks",
	"pg_get_replication_slots": "pg_replication_slots", "pg_stat_get_activity": "pg_stat_activity", "pg_hba_file_rules": "pg_hba_file_rules", "pg_ident_file_mappings": "pg_ident_file_mappings",
}

func tableOfFunction(f *pg.RangeFunction) *pg.RangeVar {
	if len(f.Functions) != 1 || f.Ordinality {
		return nil
	}
	call := f.Functions[0].GetList().Items[0].GetFuncCall()
	if call == nil || functionTables[stringOf(call.Funcname[len(call.Funcname)-1])] == "" {
		return nil
	}
	name := stringOf(call.Funcname[len(call.Funcname)-1])
	v := &pg.RangeVar{Schemaname: "pg_catalog", Relname: functionTables[name], Alias: f.Alias, Location: call.Location}
	if v.Alias == nil {
		v.Alias = &pg.Alias{Aliasname: name}
	}
	return v
}

// aliased makes the item of a table with an alias, which may rename columns.
func (c *compiler) aliased(sql string, r *rte, a *pg.Alias) *fromItem {
	if a != nil {
		r.alias = a.Aliasname
		if len(a.Colnames) > len(visible(r.cols)) {
			c.fail(pgerror.Errorf(pgerror.InvalidColumnReference, "table \"%s\" has %d columns available but %d columns specified", r.alias, len(visible(r.cols)), len(a.Colnames)))
		}
		for i, n := range a.Colnames {
			visible(r.cols)[i].name = stringOf(n)
		}
	}
	return &fromItem{sql: sql, rels: []*rte{r}, cols: r.cols}
}

func visible(cols []*rtcol) []*rtcol {
	out := cols[:0:0]
	for _, k := range cols {
		if !k.hidden {
			out = append(out, k)
		}
	}
	return out
}

func (c *compiler) table(v *pg.RangeVar) *fromItem {
	if v.Schemaname == "" {
		if t := c.findCTE(v.Relname); t != nil {
			return c.cteTable(t, v)
		}
	}
	rel, ok := c.options.Catalog.Relation(v.Schemaname, v.Relname)
	if !ok {
		full := v.Relname
		if v.Schemaname != "" {
			full = v.Schemaname + "." + v.Relname
		}
		c.failAt(v.Location, pgerror.UndefinedTable, "relation \"%s\" does not exist", full)
	}
	if rel.Guarded {
		c.guard(Read{rel.Schema, rel.Name, c.as})
	}
	t := c.fresh("t")
	if c.relations++; c.relations > maxRelations {
		c.fail(pgerror.Errorf(pgerror.StatementTooComplex, "the statement is too complex").WithDetail("It has more than %d relations, those of views included.", maxRelations))
	}
	r := &rte{alias: rel.Name, schema: rel.Schema, oid: rel.OID}
	if v.Alias != nil {
		r.schema = ""
	}
	if rel.View != "" {
		return c.view(rel, r, t, v.Alias)
	}
	for i := range rel.Columns {
		k := &rel.Columns[i]
		col := &rtcol{name: k.Name, base: k.Name, sql: t + "." + ident(k.Name), oid: k.OID, mod: k.Mod, rep: textScale, table: rel.OID, attr: k.Attr, hidden: k.Hidden, of: r, note: k.Note}
		if k.SQL != "" {
			col.sql = strings.ReplaceAll(k.SQL, "%s", t)
		}
		if k.Name == rel.Key {
			r.key = col
		}
		r.cols = append(r.cols, col)
	}
	c.mention(rel, r)
	return c.aliased(c.place(rel)+" AS "+t, r, v.Alias)
}

// place is what stands for a relation in FROM.
func (c *compiler) place(rel *Relation) string {
	if rel.ByRole {
		return placeholder(RowsPlace(rel.Name, c.as))
	}
	return rel.SQL
}

// RowsPlace is the name to which the session binds the rows of a relation that not everybody sees alike; as is whoever reads it, as [Read] has it.
func RowsPlace(relation string, as uint32) string {
	if as == 0 {
		return relation
	}
	return relation + " " + strconv.FormatUint(uint64(as), 10)
}

// guard notes that the statement reads what not everybody may.
func (c *compiler) guard(r Read) {
	if !slices.Contains(c.reads, r) {
		c.reads = append(c.reads, r)
	}
}

func (c *compiler) cteTable(t *cte, v *pg.RangeVar) *fromItem {
	if t.self && t.used {
		c.failAt(v.Location, pgerror.InvalidRecursion, "recursive reference to query \"%s\" must not appear more than once", t.name)
	}
	t.used = true
	c.query.takes, c.query.filters = c.query.takes || t.takes, c.query.filters || t.filters
	c.query.recurs = c.query.recurs || t.self
	if !t.self && (c.inBody > 0 || c.links()-t.links > 1) {
		c.inline(t)
	}
	alias := c.fresh("t")
	r := &rte{alias: v.Relname}
	for _, k := range t.cols {
		col := *k
		col.sql, col.of = alias+"."+k.sql, r
		r.cols = append(r.cols, &col)
	}
	if t.body != "" {
		if c.relations++; c.relations > maxRelations {
			c.fail(pgerror.Errorf(pgerror.StatementTooComplex, "the statement is too complex").WithDetail("It has more than %d relations, those of views included.", maxRelations))
		}
		return c.aliased(t.body+" AS "+alias, r, v.Alias)
	}
	return c.aliased(t.sql+" AS "+alias, r, v.Alias)
}

// maxViews bounds views that use views.
const maxViews = 32

// What a statement may hold with its views: views of views grow by powers, and DuckDB's planner
// takes minutes over tens of thousands.
const (
	maxQueries   = 1000
	maxRelations = 500
)

// view puts a view's query in its place. It sees nothing of the query around it.
func (c *compiler) view(rel *Relation, r *rte, t string, a *pg.Alias) *fromItem {
	if c.inView++; c.inView > maxViews {
		c.fail(pgerror.Errorf(pgerror.StatementTooComplex, "views are nested too deep"))
	}
	scope, src, zone, schemas, as := c.scope, c.src, c.options.Zone, c.options.Catalog, c.as
	c.as = rel.Owner // 0 of one with security_invoker, whichever view it stands in
	c.options.Catalog = schemas.In(rel.ViewPath)
	c.scope, c.src = nil, rel.View
	if z, err := pgvalue.ZoneOfKey(rel.ViewZone); err == nil && rel.ViewZone != "" {
		c.options.Zone = z // its author's
	}
	foreign := c.foreign
	if c.options.Zone != zone && c.options.Zone.Key() != zone.Key() {
		c.foreign++ // literals mean something else there
	}
	s := c.selectStmt(c.parse(rel.View), nil)
	c.foreign = foreign
	c.query.takes, c.query.filters = c.query.takes || s.takes, c.query.filters || s.filters
	for _, col := range s.cols {
		c.resolveOutput(col)
	}
	c.scope, c.src, c.options.Zone, c.options.Catalog, c.as = scope, src, zone, schemas, as
	c.inView--
	for i, col := range s.cols[:min(len(s.cols), len(rel.Columns))] {
		k := &rtcol{name: rel.Columns[i].Name, sql: t + "." + col.sql, oid: col.e.oid, mod: col.e.mod, rep: col.e.rep, dims: col.e.dims, table: rel.OID, attr: int16(i + 1), of: r}
		r.cols = append(r.cols, k)
	}
	return c.aliased("("+s.sql+") AS "+t, r, a)
}

func (c *compiler) subselect(x *pg.RangeSubselect) *fromItem {
	if x.Alias == nil {
		c.missingAlias(x.Subquery.GetSelectStmt())
	}
	var s *selected
	items, hidden := c.scope.items, c.scope.hidden
	if !x.Lateral {
		c.scope.items, c.scope.hidden = nil, append(slices.Clip(hidden), items...) // what stands left of it is not seen
	}
	if x.Lateral {
		c.isSource = true
		refers := c.within(c.scope.depth, true, func() { s = c.subquery(x.Subquery.GetSelectStmt()) })
		c.refuseVolatile(refers, locateFirst(x.Subquery.GetSelectStmt()))
	} else {
		c.isSource = true
		s = c.subquery(x.Subquery.GetSelectStmt())
	}
	c.scope.items, c.scope.hidden = items, hidden
	c.query.takes, c.query.filters = c.query.takes || s.takes, c.query.filters || s.filters
	t := c.fresh("t")
	r := &rte{}
	for _, col := range s.cols {
		c.resolveOutput(col)
		k := &rtcol{
			name: col.name, sql: t + "." + col.sql, oid: col.e.oid, mod: col.e.mod, rep: col.e.rep, digits: col.e.digits, dims: col.e.dims, of: r,
			table: tableOf(col), attr: attrOf(col),
		}
		for i, f := range col.e.fields {
			if f.oid == pgvalue.OIDUnknown {
				f.oid = pgvalue.OIDText
			}
			k.fields = append(k.fields, &rtcol{name: col.e.names[i], sql: t + "." + col.fieldName(i), oid: f.oid, mod: f.mod, rep: f.rep, of: r})
		}
		r.cols = append(r.cols, k)
	}
	lateral := ""
	if x.Lateral {
		lateral = "LATERAL "
	}
	return c.aliased(lateral+"("+s.sql+") AS "+t, r, x.Alias)
}

// missingAlias: PostgreSQL 15 wants a name for a query in FROM, which later ones do not.
func (c *compiler) missingAlias(q *pg.SelectStmt) {
	what, at := "subquery", int32(-1)
	if len(q.ValuesLists) > 0 {
		what = "VALUES"
		at = locate(q.ValuesLists[0].GetList().Items[0])
	} else if len(q.TargetList) > 0 {
		at = q.TargetList[0].GetResTarget().Location
	}
	// It points at the parenthesis.
	word := map[string]string{"subquery": "select", "VALUES": "values"}[what]
	if at > 0 {
		at = int32(strings.LastIndex(strings.ToLower(c.src[:at]), word))
	}
	if at > 0 {
		at = int32(strings.LastIndexByte(c.src[:at], '('))
	}
	c.fail(c.at(pgerror.Errorf(pgerror.SyntaxError, "%s in FROM must have an alias", what).
		WithHint(fmt.Sprintf("For example, FROM (%s ...) [AS] foo.", strings.ToUpper(word))), at))
}

// subquery compiles a query within the current scope.
func (c *compiler) subquery(x *pg.SelectStmt) *selected {
	query, clause, inAggregate, inWindow, imports := c.query, c.clause, c.inAggregate, c.inWindow, c.imports
	c.clause, c.inAggregate, c.inWindow, c.imports = "", 0, 0, 0
	s := c.selectStmt(x, c.scope)
	c.query, c.clause, c.inAggregate, c.inWindow, c.imports = query, clause, inAggregate, inWindow, imports
	return s
}

func (c *compiler) join(x *pg.JoinExpr) *fromItem {
	var l, r *fromItem
	twice := c.emptyTwice
	sides := c.within(c.scope.depth-1, false, func() {
		l = c.fromNode(x.Larg)
		c.scope.items = append(c.scope.items, l) // LATERAL on the right sees the left
		r = c.fromNode(x.Rarg)
		c.checkNames(r)
		c.scope.items = c.scope.items[:len(c.scope.items)-1]
	})
	if x.Jointype == pg.JoinType_JOIN_INNER {
		if both, ok := c.expanded(r.expansion, []*fromItem{l}, l.sql); ok {
			l.sql, r.sql = both, "(SELECT 1) AS "+c.fresh("t") // what is left to join
		}
	}
	word := map[pg.JoinType]string{
		pg.JoinType_JOIN_INNER: "INNER JOIN", pg.JoinType_JOIN_LEFT: "LEFT JOIN",
		pg.JoinType_JOIN_RIGHT: "RIGHT JOIN", pg.JoinType_JOIN_FULL: "FULL JOIN",
	}[x.Jointype]
	if word == "" {
		c.unsupported(-1, "this join")
	}
	item := &fromItem{rels: append(append([]*rte(nil), l.rels...), r.rels...)}
	on, byHand, lateral := "TRUE", false, false
	using := usingOf(x, l, r)
	switch {
	case len(using) > 0:
		on = c.using(x, l, r, item, using)
	default:
		item.cols = append(append([]*rtcol(nil), l.cols...), r.cols...)
		if x.Quals != nil {
			on, byHand = c.joinCondition(x, item)
			lateral = x.Rarg.GetRangeSubselect().GetLateral() || x.Rarg.GetRangeFunction() != nil
		}
	}
	c.narrowJoin(x, l, r, item)
	c.markSides(x.Jointype, l, r)
	if x.Jointype == pg.JoinType_JOIN_FULL {
		byHand = byHand || sides.outer
		if byHand && sides.volatile { // each side is written twice
			c.unsupported(-1, "FULL JOIN of what a volatile function makes with what refers to the queries around it")
		}
	}
	byHand = byHand && (lateral || x.Jointype != pg.JoinType_JOIN_INNER) || lateral && x.Jointype == pg.JoinType_JOIN_LEFT && on != "(TRUE)"
	if byHand && c.emptyTwice > twice {
		c.unsupported(-1, "more than one empty grouping set in a side of a join on such a condition")
	}
	switch {
	case byHand && x.Jointype == pg.JoinType_JOIN_INNER:
		n, t := c.rename(columnsOf(l, r)), c.fresh("t")
		item.sql = "(SELECT " + n.selectList(c) + " FROM " + l.sql + ", " + r.sql + " WHERE " + on + ") AS " + t
		n.seen(t)
	case byHand:
		item.sql = c.joinByHand(word, l, r, on)
	default:
		item.sql = "(" + l.sql + " " + word + " " + r.sql + " ON " + on + ")"
	}
	if x.Jointype == pg.JoinType_JOIN_INNER && x.Quals == nil && len(using) == 0 {
		item.sql = "(" + l.sql + " CROSS JOIN " + r.sql + ")"
	}
	if x.JoinUsingAlias != nil {
		j := &rte{alias: x.JoinUsingAlias.Aliasname, cols: item.cols[:len(using)]}
		item.rels = append(item.rels, j)
	}
	if x.Alias != nil {
		return c.aliasedJoin(item, x.Alias)
	}
	return item
}

// markSides marks the rows of the sides that a join makes rows without.
func (c *compiler) markSides(kind pg.JoinType, l, r *fromItem) {
	switch kind {
	case pg.JoinType_JOIN_LEFT:
		r.sql = c.marked(r)
	case pg.JoinType_JOIN_RIGHT:
		l.sql = c.marked(l)
	case pg.JoinType_JOIN_FULL:
		l.sql, r.sql = c.marked(l), c.marked(r)
	}
}

// aliasedJoin is a join under a name of its own.
func (c *compiler) aliasedJoin(item *fromItem, alias *pg.Alias) *fromItem {
	j := &rte{}
	for _, k := range item.cols {
		if !k.hidden {
			col := *k
			j.cols = append(j.cols, &col)
		}
	}
	return c.aliased(item.sql, j, alias)
}

// usingOf are the columns of USING, or those that NATURAL means.
func usingOf(x *pg.JoinExpr, l, r *fromItem) []*pg.Node {
	using := x.UsingClause
	if x.IsNatural {
		using = nil
		for _, k := range l.cols {
			if !k.hidden && columnNamed(r.cols, k.name) != nil {
				using = append(using, pg.MakeStrNode(k.name))
			}
		}
	}
	return using
}

// joinCondition compiles ON, and tells whether it refers to the queries around or asks one.
func (c *compiler) joinCondition(x *pg.JoinExpr, item *fromItem) (on string, byHand bool) {
	beside, hidden := c.scope.items, c.scope.hidden
	c.scope.items, c.scope.hidden = []*fromItem{item}, append(slices.Clip(hidden), beside...) // it sees its two sides alone
	links := c.sublinks
	refers := c.within(c.scope.depth-1, false, func() { on = c.condition(x.Quals, "JOIN conditions", "JOIN/ON").sql })
	byHand = refers.outer || c.sublinks > links
	c.scope.items, c.scope.hidden = beside, hidden
	return on, byHand
}

// locateFirst is where a query begins that something is wrong with.
func locateFirst(q *pg.SelectStmt) int32 {
	if len(q.TargetList) > 0 {
		return q.TargetList[0].GetResTarget().Location
	}
	return -1
}

func columnNamed(cols []*rtcol, name string) *rtcol {
	for _, k := range cols {
		if k.name == name {
			return k
		}
	}
	return nil
}

// using compiles the condition of USING and merges its columns.
func (c *compiler) using(x *pg.JoinExpr, l, r *fromItem, item *fromItem, names []*pg.Node) string {
	var on []string
	merged := map[string]bool{}
	for _, n := range names {
		name := stringOf(n)
		merged[name] = true
		a, b := c.usingColumn(l, name, "left"), c.usingColumn(r, name, "right")
		ea, eb := c.plain(a), c.plain(b)
		on = append(on, c.operator("=", ea, eb, -1).sql)
		col := *a
		if x.Jointype == pg.JoinType_JOIN_RIGHT {
			col = *b
		}
		if x.Jointype == pg.JoinType_JOIN_FULL || a.oid != b.oid {
			e := c.coalesce([]*ex{ea, eb}, "JOIN/USING", -1)
			col = rtcol{name: name, sql: e.sql, oid: e.oid, mod: e.mod, rep: e.rep, dims: e.dims, of: a.of}
		}
		item.cols = append(item.cols, &col)
	}
	for _, side := range []*fromItem{l, r} {
		for _, k := range side.cols {
			if !merged[k.name] {
				item.cols = append(item.cols, k)
			}
		}
	}
	return strings.Join(on, " AND ")
}

func (c *compiler) usingColumn(item *fromItem, name, side string) *rtcol {
	var found *rtcol
	for _, k := range item.cols {
		if k.name == name {
			if found != nil {
				c.fail(pgerror.Errorf(pgerror.AmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name, side))
			}
			found = k
		}
	}
	if found == nil {
		c.fail(pgerror.Errorf(pgerror.UndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name, side))
	}
	return found
}

// plain makes an expression of a column outside any query.
func (c *compiler) plain(k *rtcol) *ex {
	c.note(k)
	return &ex{sql: k.sql, oid: k.oid, mod: k.mod, rep: k.rep, digits: k.digits, dims: k.dims, pos: -1, name: k.name, column: k}
}

// rangeFunction compiles a function in FROM.
func (c *compiler) rangeFunction(x *pg.RangeFunction) *fromItem {
	t := c.fresh("t")
	r := &rte{}
	var inner, names []string
	var all []*outcol
	clause := c.clause
	c.clause = "functions in FROM"
	for _, n := range x.Functions {
		list := n.GetList()
		call := list.Items[0]
		defs := x.Coldeflist
		if len(list.Items) > 1 && list.Items[1] != nil && list.Items[1].GetList() != nil {
			defs = list.Items[1].GetList().Items
		}
		cols := c.tableFunction(call, defs, len(x.Functions) > 1 || x.Ordinality)
		for _, col := range cols {
			name := c.fresh("c")
			names, all = append(names, name), append(all, col)
			inner = append(inner, col.e.sql+" AS "+name)
			r.cols = append(r.cols, &rtcol{name: col.name, sql: t + "." + name, oid: col.e.oid, mod: col.e.mod, rep: col.e.rep, dims: col.e.dims, of: r})
		}
		if r.alias == "" {
			r.alias = functionName(call)
		}
	}
	c.clause = clause
	if x.Ordinality {
		name := c.fresh("c")
		inner, names = append(inner, name), append(names, name)
		r.cols = append(r.cols, &rtcol{name: "ordinality", sql: t + "." + name, oid: pgvalue.OIDInt8, mod: -1, of: r})
		base := "SELECT " + strings.Join(inner[:len(inner)-1], ", ")
		if sql := c.seriesSource(all, names); sql != "" {
			base = sql
		}
		w := c.fresh("t")
		sql := fmt.Sprintf("(SELECT %s, row_number() OVER () AS %s FROM (%s) AS %s)", strings.Join(names[:len(names)-1], ", "), name, base, w)
		item := c.functionAlias("LATERAL "+sql+" AS "+t, r, x.Alias)
		item.expansion = c.expansionOf(all, r, names, true)
		return item
	}
	if sql := c.seriesSource(all, names); sql != "" {
		return c.functionAlias("LATERAL ("+sql+") AS "+t, r, x.Alias)
	}
	item := c.functionAlias("LATERAL (SELECT "+strings.Join(inner, ", ")+") AS "+t, r, x.Alias)
	item.expansion = c.expansionOf(all, r, names, false)
	return item
}

// functionAlias: the alias of a function with one column names the column too.
func (c *compiler) functionAlias(sql string, r *rte, a *pg.Alias) *fromItem {
	scalar := len(r.cols) == 1 || len(r.cols) == 2 && r.cols[1].name == "ordinality"
	r.scalar = len(r.cols) == 1
	if a != nil && scalar && len(a.Colnames) == 0 && r.cols[0].name == r.alias {
		r.cols[0].name = a.Aliasname
	}
	return c.aliased(sql, r, a)
}

func functionName(n *pg.Node) string {
	if f := n.GetFuncCall(); f != nil {
		return stringOf(f.Funcname[len(f.Funcname)-1])
	}
	return "function"
}

func stringOf(n *pg.Node) string {
	if s := n.GetString_(); s != nil {
		return s.Sval
	}
	return ""
}

func tableOf(col *outcol) uint32 {
	if col.e.column != nil {
		return col.e.column.table
	}
	return 0
}

func attrOf(col *outcol) int16 {
	if col.e.column != nil {
		return col.e.column.attr
	}
	return 0
}
