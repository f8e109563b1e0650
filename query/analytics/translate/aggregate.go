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

// aggregate compiles a call of an aggregate: its parts are put together by a.
type aggregate func(c *compiler, a *aggCall) *ex

// aggCall is a call of an aggregate.
type aggCall struct {
	name     string
	args     []*ex
	order    []*sortKey // of its input
	within   bool       // WITHIN GROUP: order is what is aggregated
	distinct bool
	filter   string     // FILTER (…)
	where    string     // what is in it
	over     overClause // OVER (…)
	pos      int32
	parts    []*ex
}

// of writes a DuckDB aggregate with what the call says of its input.
func (a *aggCall) of(c *compiler, name string, args ...string) string {
	inner := strings.Join(args, ", ")
	if a.distinct {
		inner = "DISTINCT " + inner
	}
	// Our own aggregates are sums, which no order changes; DuckDB would sort with one state for
	// many rows (see wholePartition).
	if len(a.order) > 0 && !a.within && !strings.HasPrefix(name, "pg_") {
		var keys []string
		for _, k := range a.order {
			if !k.e.constant { // which orders nothing, and DuckDB takes for a place
				keys = append(keys, "("+c.sortBy(k.e, false)+")"+k.direction())
			}
		}
		if len(keys) > 0 {
			inner += " ORDER BY " + strings.Join(keys, ", ")
		}
	}
	over := a.over.sql
	if strings.HasPrefix(name, "pg_") {
		over = a.over.own
	}
	return name + "(" + inner + ")" + a.filter + over
}

// tail is what stands behind an aggregate of DuckDB's.
func (a *aggCall) tail() string { return a.filter + a.over.sql }

func (a *aggCall) result(c *compiler, sql string, oid uint32) *ex {
	return c.make(sql, oid, a.parts...)
}

func (c *compiler) aggregateCall(x *pg.FuncCall, name string) *ex {
	c.checkAggregatePlace(x)
	if x.Over == nil {
		if c.inAggregate > 0 {
			c.failAt(x.Location, pgerror.GroupingError, "aggregate function calls cannot be nested")
		}
		c.inAggregate++
	}
	a := &aggCall{name: name, distinct: x.AggDistinct, within: x.AggWithinGroup, pos: x.Location}
	a.args = c.arguments(x)
	subqueries := c.sublinks
	for _, n := range x.AggOrder {
		a.order = append(a.order, c.sortKey(n))
	}
	subqueries = c.sublinks - subqueries
	if x.AggFilter != nil {
		clause := c.clause
		c.clause = "FILTER"
		f := c.toBool(c.expr(x.AggFilter), "FILTER")
		c.clause = clause
		a.filter = " FILTER (WHERE " + f.sql + ")"
		a.parts = append(a.parts, f)
		a.guard(f)
	}
	if x.Over == nil {
		c.inAggregate--
	}
	if a.distinct && len(a.args) > 0 && needsKey(a.args[0]) && !distinctByKey[name] {
		c.unsupported(x.Location, "%s(DISTINCT %s)", name, typeName(a.args[0].oid))
	}
	c.checkDistinctOrder(a, subqueries)
	a.parts = append(a.parts, a.args...)
	for _, k := range a.order {
		a.parts = append(a.parts, k.e)
	}
	if x.Over != nil {
		if a.distinct {
			c.failAt(x.Location, pgerror.FeatureNotSupported, "DISTINCT is not implemented for window functions")
		}
		if len(a.order) > 0 {
			c.failAt(x.Location, pgerror.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
		}
		a.over = c.over(x.Over)
		a.parts = append(a.parts, a.over.parts)
	}
	if x.Over == nil {
		c.checkAggregateParts(a)
	}
	if x.Over == nil {
		c.inAggregate++ // what its arguments become is its own too, and not what GROUP BY names
	}
	e := c.aggregated(a, x)
	if x.Over == nil {
		c.inAggregate--
	}
	e.name = name
	if x.Over != nil {
		e.window = true
		return e.at(x.Location)
	}
	// What an aggregate's arguments refer to is settled; outer columns stay theirs.
	e.vars, e.agg = nil, true
	return e.at(x.Location)
}

// checkAggregatePlace refuses an aggregate's or a window function's call where it may not stand.
func (c *compiler) checkAggregatePlace(x *pg.FuncCall) {
	what := "aggregate functions are"
	if x.Over != nil {
		what = "window functions are"
	}
	if c.clause != "" {
		code := pgerror.GroupingError
		if x.Over != nil {
			code = pgerror.WindowingError
		}
		c.failAt(x.Location, code, "%s not allowed in %s", what, c.clause)
	}
}

// checkDistinctOrder refuses to order by what DISTINCT leaves out.
func (c *compiler) checkDistinctOrder(a *aggCall, subqueries int) {
	if a.distinct && !a.within {
		for _, k := range a.order {
			if !slices.ContainsFunc(a.args, func(e *ex) bool { return e.sql == k.e.sql && (!e.literal || e.oid == k.e.oid) }) {
				if subqueries > 0 { // which are not compared here
					c.unsupported(k.e.pos, "ORDER BY a subquery in an aggregate with DISTINCT")
				}
				c.failAt(k.e.pos, pgerror.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
			}
		}
	}
}

// checkAggregateParts refuses what an aggregate that is no window function's may not be made of.
func (c *compiler) checkAggregateParts(a *aggCall) {
	for _, p := range a.parts {
		if p.window {
			c.failAt(p.pos, pgerror.GroupingError, "aggregate function calls cannot contain window function calls")
		}
	}
	if a.borrowed() {
		if c.query.reads || c.imports > 0 {
			c.unsupported(a.pos, "an aggregate of an outer query's columns in a query with FROM")
		}
	} else {
		if c.query.recurs {
			c.failAt(a.pos, pgerror.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
		}
		c.query.agg = true
	}
}

// guard has what could fail computed of the rows that FILTER lets through alone: DuckDB computes an
// aggregate's arguments of all.
func (a *aggCall) guard(f *ex) {
	guarded := func(e *ex) *ex {
		if !e.fallible || e.constant || e.null || e.literal || e.param > 0 {
			return e
		}
		out := *e
		out.sql, out.column = "(CASE WHEN "+f.sql+" THEN "+e.sql+" END)", nil
		out.fields = nil
		for _, field := range e.fields {
			inner := *field
			inner.sql = "(CASE WHEN " + f.sql + " THEN " + field.sql + " END)"
			out.fields = append(out.fields, &inner)
		}
		return &out
	}
	for i, e := range a.args {
		a.args[i] = guarded(e)
	}
	for i, k := range a.order {
		by := *k
		by.e = guarded(k.e)
		a.order[i] = &by
	}
	a.where = f.sql
}

// borrowed tells of an aggregate that is of a query around: it names no columns but that one's.
func (a *aggCall) borrowed() bool {
	outer := false
	for _, p := range a.parts {
		if len(p.vars) > 0 {
			return false
		}
		outer = outer || p.outer || p.taken
	}
	return outer
}

func (c *compiler) aggregated(a *aggCall, x *pg.FuncCall) *ex {
	if a.name == "count" {
		switch {
		case x.AggStar || len(a.args) == 0 && x.AggStar:
			return a.result(c, "count(*)"+a.tail(), pgvalue.OIDInt8)
		case len(a.args) == 0:
			c.failAt(x.Location, pgerror.WrongObjectType, "count(*) must be used to call a parameterless aggregate function")
		case len(a.args) != 1:
			c.noFunction("count", a.args, x.Location)
		}
		e := a.args[0]
		if e.oid == pgvalue.OIDRecord {
			// A row counts, whatever is in it.
			switch {
			case !a.distinct && len(e.fields) > 0 && a.borrowed(): // its column says whose it is
				one := "CASE WHEN " + e.fields[0].sql + " IS NULL THEN 1 ELSE 1 END"
				if e.absent != "" {
					one = "CASE WHEN NOT " + e.absent + " THEN 1 END"
				}
				return a.result(c, a.of(c, "count", one), pgvalue.OIDInt8)
			case !a.distinct && len(e.fields) > 0 && e.absent == "":
				return a.result(c, "count(*)"+a.tail(), pgvalue.OIDInt8)
			case !a.distinct && e.absent != "":
				return a.result(c, a.of(c, "count", "CASE WHEN "+e.absent+" THEN NULL ELSE 1 END"), pgvalue.OIDInt8)
			}
			by := e.sql
			if a.distinct {
				by = c.key(e)
			}
			return a.result(c, a.of(c, "count", by), pgvalue.OIDInt8)
		}
		if e.param > 0 || e.oid == pgvalue.OIDUnknown {
			e = c.coerce(e, pgvalue.OIDText, -1, implicit)
		}
		by := e.sql
		if a.distinct {
			by = c.key(e)
		}
		return a.result(c, a.of(c, "count", by), pgvalue.OIDInt8)
	}
	a.typed(c, x)
	out := aggregates[a.name](c, a)
	if out == nil {
		c.noFunction(a.name, a.args, x.Location)
	}
	return out
}

// distinctByKey are the aggregates that know values that are equal and look different for
// one, or to which it makes no difference.
var distinctByKey = map[string]bool{
	"count": true, "sum": true, "avg": true, "min": true, "max": true, "array_agg": true, "json_agg": true, "jsonb_agg": true,
	"stddev": true, "stddev_samp": true, "stddev_pop": true, "variance": true, "var_samp": true, "var_pop": true,
}

// list writes the list of an aggregate's input, in its order.
func (a *aggCall) list(c *compiler, e *ex) string {
	if !a.distinct || !needsKey(e) {
		return a.of(c, "list", e.sql)
	}
	// Sorted, equal values are neighbours: the first of each stays.
	k := &sortKey{e: e}
	if len(a.order) > 0 {
		k = a.order[0]
	}
	list := "list(" + e.sql + " ORDER BY " + c.sortBy(e, false) + k.direction() + ")" + a.tail()
	return call("list_select", list, call("pg_unique_index", c.listKeys(list, e)))
}

// listKeys writes the keys of a list of values as bytes.
func (c *compiler) listKeys(list string, e *ex) string {
	item := *e
	item.sql = "x"
	key := c.key(&item)
	switch {
	case e.oid == pgvalue.OIDBpchar:
		key = call("encode", key)
	case elements[e.oid] != 0:
		key = call("encode", cast(key, "VARCHAR"))
	}
	return "list_transform(" + list + ", lambda x: " + key + ")"
}

var aggregates map[string]aggregate

func init() {
	aggregates = map[string]aggregate{
		"sum": sumOf, "avg": avgOf, "min": extreme("min"), "max": extreme("max"),
		"string_agg": stringAgg, "array_agg": arrayAgg,
		"bool_and": boolAgg("bool_and"), "every": boolAgg("bool_and"), "bool_or": boolAgg("bool_or"),
		"bit_and": bitAgg("bit_and"), "bit_or": bitAgg("bit_or"), "bit_xor": bitAgg("bit_xor"),
		"stddev": spread("stddev_samp"), "stddev_samp": spread("stddev_samp"), "stddev_pop": spread("stddev_pop"),
		"variance": spread("var_samp"), "var_samp": spread("var_samp"), "var_pop": spread("var_pop"),
		"corr": regression("corr"), "covar_pop": regression("covar_pop"), "covar_samp": regression("covar_samp"),
		"regr_avgx": regression("regr_avgx"), "regr_avgy": regression("regr_avgy"), "regr_count": regression("regr_count"),
		"regr_intercept": regression("regr_intercept"), "regr_r2": regression("regr_r2"), "regr_slope": regression("regr_slope"),
		"regr_sxx": regression("regr_sxx"), "regr_sxy": regression("regr_sxy"), "regr_syy": regression("regr_syy"),
		"percentile_cont": percentileCont, "percentile_disc": percentileDisc, "mode": modeOf,
		"json_agg": jsonAgg(pgvalue.OIDJSON), "jsonb_agg": jsonAgg(pgvalue.OIDJSONB),
		"json_object_agg": objectAgg(pgvalue.OIDJSON), "jsonb_object_agg": objectAgg(pgvalue.OIDJSONB),
		"any_value": anyValue,
	}
}

// one is an aggregate's only argument; nil if it has another number of them.
func (a *aggCall) one(c *compiler) *ex {
	if len(a.args) != 1 || a.within {
		return nil
	}
	if a.args[0].oid == pgvalue.OIDUnknown {
		return nil
	}
	return a.args[0]
}

// countDigits is how many digits a sum has more than what it is of, of a trillion rows.
const countDigits = 12

func sumOf(c *compiler, a *aggCall) *ex {
	e := a.one(c)
	if e == nil {
		if len(a.args) == 1 {
			c.fail(c.at(pgerror.Errorf(pgerror.AmbiguousFunction, "function sum(unknown) is not unique").
				WithHint("Could not choose a best candidate function. You might need to add explicit type casts."), a.pos))
		}
		return nil
	}
	switch {
	case e.oid == pgvalue.OIDInt2 || e.oid == pgvalue.OIDInt4:
		return a.result(c, cast(a.of(c, "sum", e.sql), "BIGINT"), pgvalue.OIDInt8)
	case e.oid == pgvalue.OIDInt8:
		out := a.result(c, cast(a.of(c, "sum", e.sql), "DECIMAL(38,0)"), pgvalue.OIDNumeric)
		out.rep, out.digits = 0, 19+countDigits
		return out
	case isFloat(e.oid):
		name := "pg_float_sum"
		if e.oid == pgvalue.OIDFloat4 {
			name = "pg_real_sum"
		}
		return a.result(c, cast(a.floats(c, name, e), Physical(e.oid, 0)), e.oid)
	case e.oid == pgvalue.OIDNumeric && e.rep >= 0 && e.most()+countDigits <= maxDigits:
		out := a.result(c, cast(a.of(c, "sum", e.sql), Physical(e.oid, e.rep)), e.oid)
		out.rep, out.digits = e.rep, e.most()+countDigits
		return out
	case e.oid == pgvalue.OIDNumeric:
		return a.result(c, a.numericSum(c, c.asText(e)), e.oid)
	case e.oid == pgvalue.OIDInterval || e.oid == pgvalue.OIDTime:
		if a.distinct {
			c.unsupported(a.pos, "sum(DISTINCT interval)")
		}
		return a.result(c, a.of(c, "pg_interval_sum", c.convert(e, pgvalue.OIDInterval, explicit).sql), pgvalue.OIDInterval)
	}
	return nil
}

// summand is what a sum of numerics adds up: pg_sum reads texts just as pg_num does, so that
// pg_num before it would only write each number for pg_sum to read.
func (a *aggCall) summand(e *ex) string {
	if a.distinct {
		return call("pg_num_trim", e.sql) // 1.0 and 1.00 are one number
	}
	if e.unread != "" && e.sql == call("pg_num", e.unread) {
		return e.unread
	}
	return e.sql
}

// numericSum is the sum of numerics of any scales. That of distinct ones is shown with the scale
// that they have.
func (a *aggCall) numericSum(c *compiler, e *ex) string {
	sum := a.of(c, "pg_sum", a.summand(e))
	if a.distinct {
		sum = call("pg_num_round", sum, "coalesce("+a.of(c, "max", call("pg_num_scale", e.sql))+", 0)") // NaN has none
	}
	return sum
}

func avgOf(c *compiler, a *aggCall) *ex {
	e := a.one(c)
	if e == nil {
		return nil
	}
	switch {
	case isInteger(e.oid), e.oid == pgvalue.OIDNumeric && e.rep >= 0 && e.most()+countDigits <= maxDigits:
		sum := cast(a.of(c, "sum", e.sql), "VARCHAR")
		return a.result(c, call("pg_num_avg", sum, a.of(c, "count", e.sql)), pgvalue.OIDNumeric)
	case e.oid == pgvalue.OIDNumeric:
		e = c.asText(e)
		return a.result(c, call("pg_num_avg", a.numericSum(c, e), a.of(c, "count", a.summand(e))), pgvalue.OIDNumeric)
	case isFloat(e.oid):
		return a.result(c, a.floats(c, "pg_avg", e), pgvalue.OIDFloat8)
	case e.oid == pgvalue.OIDInterval:
		if a.distinct {
			c.unsupported(a.pos, "avg(DISTINCT interval)")
		}
		sum, count := a.of(c, "pg_interval_sum", e.sql), a.of(c, "count", e.sql)
		return a.result(c, call("pg_interval_div", sum, cast("nullif("+count+", 0)", "DOUBLE")), pgvalue.OIDInterval)
	}
	return nil
}

// extreme is min and max.
func extreme(name string) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		if len(a.args) != 1 {
			return nil
		}
		e := a.args[0]
		if e.param > 0 || e.oid == pgvalue.OIDUnknown {
			e = c.coerce(e, pgvalue.OIDText, -1, implicit)
		}
		switch e.oid {
		case pgvalue.OIDBool, pgvalue.OIDUUID, pgvalue.OIDJSON, pgvalue.OIDJSONB, pgvalue.OIDBytea, pgvalue.OIDXid, pgvalue.OIDRecord, pgvalue.OIDPgSnapshot, pgvalue.OIDTxidSnapshot, pgvalue.OIDBit, pgvalue.OIDVarbit, pgvalue.OIDCid:
			return nil
		}
		sql := a.of(c, name, e.sql)
		if needsKey(e) {
			sql = a.of(c, "arg_"+name, e.sql, c.key(e))
		}
		oid := e.oid
		switch { // as PostgreSQL, which has none of these types
		case oid == pgvalue.OIDVarchar || oid == pgvalue.OIDName || oid == pgvalue.OIDChar:
			oid = pgvalue.OIDText
		case isReg(oid):
			oid = pgvalue.OIDOid
		}
		out := a.result(c, sql, oid)
		out.rep = e.rep
		return out
	}
}

// bytesAgg is string_agg of byteas.
func bytesAgg(c *compiler, a *aggCall) *ex {
	v := a.args[0]
	s := c.tryCoerce(a.args[1], pgvalue.OIDBytea, implicit)
	if s == nil {
		return nil
	}
	if a.distinct {
		c.unsupported(a.pos, "string_agg(DISTINCT bytea)")
	}
	list := a.of(c, "list", "CASE WHEN "+v.sql+" IS NOT NULL THEN [coalesce("+s.sql+", ''::BLOB), "+v.sql+"] END")
	return a.result(c, call("pg_bytes_agg", list), pgvalue.OIDBytea)
}

func stringAgg(c *compiler, a *aggCall) *ex {
	if len(a.args) == 2 && a.args[0].oid == pgvalue.OIDBytea {
		return bytesAgg(c, a)
	}
	if len(a.args) != 2 || !isText(a.args[0].oid) && a.args[0].oid != pgvalue.OIDUnknown {
		return nil
	}
	v := c.coerce(a.args[0], pgvalue.OIDText, -1, implicit)
	if a.distinct && len(a.order) == 0 {
		a.order = []*sortKey{{e: v}} // PostgreSQL sorts to find what is distinct
	}
	s := c.coerce(a.args[1], pgvalue.OIDText, -1, implicit)
	if s.literal {
		if s.null {
			return a.result(c, a.of(c, "string_agg", v.sql, "''"), pgvalue.OIDText)
		}
		return a.result(c, a.of(c, "string_agg", v.sql, s.sql), pgvalue.OIDText)
	}
	if a.distinct {
		c.unsupported(a.pos, "string_agg(DISTINCT …) with a delimiter that is no constant")
	}
	// Each value brings its delimiter along, which stands in front of it unless it is the first.
	filtered := *a
	list := filtered.of(c, "list", "CASE WHEN "+v.sql+" IS NOT NULL THEN [coalesce("+s.sql+", ''), "+v.sql+"] END")
	return a.result(c, call("pg_string_agg", list), pgvalue.OIDText)
}

func arrayAgg(c *compiler, a *aggCall) *ex {
	if len(a.args) != 1 {
		return nil
	}
	e := c.asText(a.args[0])
	if e.oid == pgvalue.OIDUnknown {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	if elements[e.oid] != 0 && e.oid != pgvalue.OIDInt2Vector && e.oid != pgvalue.OIDOidVector {
		return c.arrayOfArrays(a, e)
	}
	oid := arrays[e.oid]
	if oid == 0 {
		c.unsupported(a.pos, "an array of %s", typeName(e.oid))
	}
	if a.distinct && len(a.order) == 0 {
		// PostgreSQL sorts to find what is distinct.
		a.order = []*sortKey{{e: e}}
	}
	return a.result(c, a.list(c, e), oid)
}

// arrayOfArrays is array_agg of arrays, which become one of a dimension more.
func (c *compiler) arrayOfArrays(a *aggCall, e *ex) *ex {
	if a.distinct {
		c.unsupported(a.pos, "array_agg(DISTINCT array)")
	}
	for i, p := range a.parts {
		if p.dims > 1 {
			a.parts[i] = p.flat()
		}
	}
	list := a.of(c, "list", e.sql)
	lens := "list_transform(" + list + ", lambda x: len(x))"
	sql := fmt.Sprintf("(CASE WHEN list_count(%[1]s) < len(%[1]s) THEN error('%[3]s') WHEN list_min(%[2]s) = 0 THEN error('%[4]s') "+
		"WHEN list_min(%[2]s) <> list_max(%[2]s) THEN error('%[5]s') ELSE %[1]s END)", list, lens,
		marker(pgerror.NullValueNotAllowed, "cannot accumulate null arrays"), marker(pgerror.ArraySubscriptError, "cannot accumulate empty arrays"),
		marker(pgerror.ArraySubscriptError, "cannot accumulate arrays of different dimensionality"))
	out := a.result(c, sql, e.oid)
	out.dims, out.fallible = max(e.dims, 1)+1, true
	return out
}

func boolAgg(name string) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		if len(a.args) != 1 {
			return nil
		}
		e := c.tryCoerce(a.args[0], pgvalue.OIDBool, implicit)
		if e == nil {
			return nil
		}
		return a.result(c, a.of(c, name, e.sql), pgvalue.OIDBool)
	}
}

func bitAgg(name string) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		e := a.one(c)
		if e == nil || !isInteger(e.oid) {
			return nil
		}
		return a.result(c, a.of(c, name, e.sql), e.oid)
	}
}

// floats is an aggregate over float8s, whose sum depends on the order in which they are added, and whether
// it overflows too. Where there is one, they are made a list in it first: of distinct values it is their own,
// since PostgreSQL sorts to find them.
func (a *aggCall) floats(c *compiler, name string, e *ex) string {
	x := cast(e.sql, "DOUBLE")
	if a.over.sql != "" || !a.distinct && len(a.order) == 0 {
		return a.of(c, name, x)
	}
	sorted := *a
	if len(a.order) == 0 && !e.constant {
		by := *e
		by.sql, by.oid = x, pgvalue.OIDFloat8
		sorted.order = []*sortKey{{e: &by}}
	}
	return call("pg_float_fold", quote(name), sorted.of(c, "list", x))
}

// spread is variance and standard deviation; of integers and numerics they are numeric.
func spread(name string) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		e := a.one(c)
		switch {
		case e == nil || !isNumber(e.oid):
			return nil
		case isFloat(e.oid):
			return a.result(c, a.floats(c, "pg_"+name, e), pgvalue.OIDFloat8)
		}
		if e.oid != pgvalue.OIDNumeric || e.rep >= 0 {
			e = c.text(e)
		}
		return a.result(c, call("pg_num_spread", a.list(c, e), quote(name)), pgvalue.OIDNumeric)
	}
}

// ordered is what WITHIN GROUP sorts, as a sorted list without nulls.
func (a *aggCall) ordered(c *compiler, v *ex) string {
	return "list(" + v.sql + " ORDER BY " + c.sortBy(v, false) + a.order[0].direction() + ")" + a.withFilter(v.sql+" IS NOT NULL")
}

// withFilter adds a condition to the call's FILTER.
func (a *aggCall) withFilter(cond string) string {
	if inner, ok := strings.CutPrefix(a.filter, " FILTER (WHERE "); ok {
		cond = "(" + cond + ") AND (" + strings.TrimSuffix(inner, ")") + ")"
	}
	return " FILTER (WHERE " + cond + ")" + a.over.sql
}

func (c *compiler) withinGroup(a *aggCall) *ex {
	if !a.within {
		c.failAt(a.pos, pgerror.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", a.name)
	}
	if len(a.order) != 1 {
		return nil
	}
	return a.order[0].e
}

// typed refuses a literal without a type, where any type is taken.
func (a *aggCall) typed(c *compiler, x *pg.FuncCall) {
	if a.name != "mode" && a.name != "percentile_disc" || len(a.order) != 1 {
		return
	}
	k := x.AggOrder[0].GetSortBy().Node.GetAConst()
	if k != nil && (k.Isnull || k.GetSval() != nil) {
		c.fail(pgerror.Errorf(pgerror.DatatypeMismatch, "could not determine polymorphic type because input has type unknown"))
	}
}

func percentileCont(c *compiler, a *aggCall) *ex {
	v := c.withinGroup(a)
	if v == nil || len(a.args) != 1 {
		return nil
	}
	oid := uint32(pgvalue.OIDFloat8)
	if v.oid == pgvalue.OIDInterval {
		oid = v.oid
	}
	v = c.tryCoerce(v, oid, implicit)
	if v == nil {
		return nil
	}
	name := "pg_percentile"
	if oid == pgvalue.OIDInterval {
		name = "pg_percentile_interval"
	}
	return c.percentile(a, name, v, oid)
}

func percentileDisc(c *compiler, a *aggCall) *ex {
	v := c.withinGroup(a)
	if v == nil || len(a.args) != 1 {
		return nil
	}
	return c.percentile(a, "", v, v.oid)
}

// percentile compiles both kinds, of one fraction or of an array of them.
func (c *compiler) percentile(a *aggCall, name string, v *ex, oid uint32) *ex {
	list := a.ordered(c, v)
	at := func(fraction string) string {
		if name != "" {
			return call(name, "coalesce("+list+", [])", fraction) // a fraction that is none is an error over nothing, too
		}
		return fmt.Sprintf("list_extract(%s, pg_percentile_index(coalesce(len(%s), 0), %s))", list, list, fraction)
	}
	if elements[a.args[0].oid] != 0 || a.args[0].oid == pgvalue.OIDUnknown && strings.HasPrefix(a.args[0].text, "{") {
		f := c.coerce(a.args[0], arrays[pgvalue.OIDFloat8], -1, assignment)
		if arrays[oid] == 0 {
			return nil
		}
		return a.result(c, "(CASE WHEN len("+list+") > 0 THEN list_transform("+f.sql+", lambda f: "+at("f")+") END)", arrays[oid])
	}
	f := c.coerce(a.args[0], pgvalue.OIDFloat8, -1, implicit)
	out := a.result(c, at(f.sql), oid)
	out.rep = v.rep
	return out
}

func modeOf(c *compiler, a *aggCall) *ex {
	v := c.withinGroup(a)
	if v == nil || len(a.args) != 0 {
		return nil
	}
	sql := "mode(" + v.sql + " ORDER BY " + c.sortBy(v, false) + a.order[0].direction() + ")" + a.tail()
	if isFloat(v.oid) { // by what they are, of which DuckDB's NaN and -0 have several
		sql = cast("mode("+cast("("+v.sql+" + 0)", "VARCHAR")+" ORDER BY "+v.sql+a.order[0].direction()+")"+a.tail(), Physical(v.oid, 0))
	}
	if v.constant { // which DuckDB does not sort by
		sql = "any_value(" + v.sql + ")" + a.tail()
	} else if needsKey(v) {
		list := a.ordered(c, v)
		sql = call("list_extract", list, call("pg_mode_index", c.listKeys(list, v)))
	}
	out := a.result(c, sql, v.oid)
	out.rep = v.rep
	return out
}

func jsonAgg(oid uint32) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		if len(a.args) != 1 {
			return nil
		}
		item := c.json(a.args[0])
		separator := "', '"
		e := a.args[0]
		lines, absent := oid == pgvalue.OIDJSON && e.oid == pgvalue.OIDRecord, e.absent // each row begins one, which a null does not
		if oid == pgvalue.OIDJSON && elements[e.oid] != 0 && e.oid != pgvalue.OIDInt2Vector && e.oid != pgvalue.OIDOidVector {
			lines, absent = true, "("+e.sql+" IS NULL)" // so does each array
		}
		if lines && absent == "" {
			separator, lines = "', ' || chr(10) || ' '", false
		}
		if lines {
			item = "(CASE WHEN " + absent + " THEN 'null' ELSE chr(10) || ' ' || " + item + " END)"
		}
		list := a.of(c, "list", item)
		if a.distinct {
			list = a.distinctJSON(c)
		}
		sql := "('[' || array_to_string(" + list + ", " + separator + ") || ']')"
		if lines {
			sql = "('[' || ltrim(array_to_string(" + list + ", " + separator + "), chr(10) || ' ') || ']')"
		}
		if oid == pgvalue.OIDJSONB {
			sql = call("pg_jsonb", sql)
		}
		return a.result(c, sql, oid)
	}
}

// distinctJSON writes the list of the JSON of distinct values, sorted as PostgreSQL finds them.
func (a *aggCall) distinctJSON(c *compiler) string {
	e := c.resolved(a.args[0])
	c.equatable(e)
	if len(e.fields) > 0 {
		c.unsupported(a.pos, "%s(DISTINCT record)", a.name)
	}
	if len(a.order) == 0 {
		a.order = []*sortKey{{e: e}}
	}
	x := *e
	x.sql = "x"
	return "list_transform(" + a.list(c, e) + ", lambda x: " + c.json(&x) + ")"
}

// resolved gives an untyped literal or parameter the type text.
func (c *compiler) resolved(e *ex) *ex {
	if e.param > 0 || e.oid == pgvalue.OIDUnknown {
		return c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	return e
}

func objectAgg(oid uint32) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		if len(a.args) != 2 {
			return nil
		}
		item := c.jsonKey(a.args[0]) + " || ' : ' || " + c.json(a.args[1])
		if a.where != "" { // a name of NULL fails
			item = "CASE WHEN " + a.where + " THEN " + item + " END"
		}
		list := a.of(c, "list", item)
		sql := "('{ ' || array_to_string(" + list + ", ', ') || ' }')"
		if oid == pgvalue.OIDJSONB {
			sql = call("pg_jsonb", sql)
		}
		out := a.result(c, sql, oid)
		out.fallible = true
		return out
	}
}

func anyValue(c *compiler, a *aggCall) *ex {
	// PostgreSQL 15 has none.
	return nil
}
