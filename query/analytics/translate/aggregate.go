//go:build cgo

package translate

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
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
			keys = append(keys, c.key(k.e)+k.direction())
		}
		inner += " ORDER BY " + strings.Join(keys, ", ")
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
	what := "aggregate functions are"
	if x.Over != nil {
		what = "window functions are"
	}
	if c.clause != "" {
		code := "42803"
		if x.Over != nil {
			code = "42P20"
		}
		c.failAt(x.Location, code, "%s not allowed in %s", what, c.clause)
	}
	if x.Over == nil {
		if c.inAggregate > 0 {
			c.failAt(x.Location, "42803", "aggregate function calls cannot be nested")
		}
		c.inAggregate++
	}
	a := &aggCall{name: name, distinct: x.AggDistinct, within: x.AggWithinGroup, pos: x.Location}
	a.args = c.arguments(x)
	for _, n := range x.AggOrder {
		a.order = append(a.order, c.sortKey(n))
	}
	if x.AggFilter != nil {
		clause := c.clause
		c.clause = "FILTER"
		f := c.toBool(c.expr(x.AggFilter), "FILTER")
		c.clause = clause
		a.filter = " FILTER (WHERE " + f.sql + ")"
		a.parts = append(a.parts, f)
	}
	if x.Over == nil {
		c.inAggregate--
	}
	if a.distinct && len(a.args) > 0 && needsKey(a.args[0]) && !distinctByKey[name] {
		c.unsupported(x.Location, "%s(DISTINCT %s)", name, typeName(a.args[0].oid))
	}
	a.parts = append(a.parts, a.args...)
	for _, k := range a.order {
		a.parts = append(a.parts, k.e)
	}
	if x.Over != nil {
		if a.distinct {
			c.failAt(x.Location, "0A000", "DISTINCT is not implemented for window functions")
		}
		if len(a.order) > 0 {
			c.failAt(x.Location, "0A000", "aggregate ORDER BY is not implemented for window functions")
		}
		a.over = c.over(x.Over)
		a.parts = append(a.parts, a.over.parts)
	}
	if x.Over == nil {
		for _, p := range a.parts {
			if p.window {
				c.failAt(p.pos, "42803", "aggregate function calls cannot contain window function calls")
			}
		}
		c.query.agg = true
	}
	e := c.aggregated(a, x)
	e.name = name
	if x.Over != nil {
		e.window = true
		return e.at(x.Location)
	}
	// What an aggregate's arguments refer to is settled; outer columns stay theirs.
	e.vars, e.agg = nil, true
	return e.at(x.Location)
}

func (c *compiler) aggregated(a *aggCall, x *pg.FuncCall) *ex {
	if a.name == "count" {
		switch {
		case x.AggStar || len(a.args) == 0 && x.AggStar:
			return a.result(c, "count(*)"+a.tail(), pgwire.OIDInt8)
		case len(a.args) == 0:
			c.failAt(x.Location, "42809", "count(*) must be used to call a parameterless aggregate function")
		case len(a.args) != 1:
			c.noFunction("count", a.args, x.Location)
		}
		e := a.args[0]
		if e.oid == oidRecord {
			// A row counts, whatever is in it.
			if !a.distinct {
				return a.result(c, "count(*)"+a.tail(), pgwire.OIDInt8)
			}
			return a.result(c, a.of(c, "count", e.sql), pgwire.OIDInt8)
		}
		if e.param > 0 || e.oid == pgwire.OIDUnknown {
			e = c.coerce(e, pgwire.OIDText, -1, implicit)
		}
		by := e.sql
		if a.distinct {
			by = c.key(e)
		}
		return a.result(c, a.of(c, "count", by), pgwire.OIDInt8)
	}
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
	list := "list(" + e.sql + " ORDER BY " + c.key(e) + k.direction() + ")" + a.tail()
	return call("list_select", list, call("pg_unique_index", c.listKeys(list, e)))
}

// listKeys writes the keys of a list of values as bytes.
func (c *compiler) listKeys(list string, e *ex) string {
	item := *e
	item.sql = "x"
	key := c.key(&item)
	switch {
	case e.oid == pgwire.OIDBpchar:
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
		"json_agg": jsonAgg(pgwire.OIDJSON), "jsonb_agg": jsonAgg(pgwire.OIDJSONB),
		"json_object_agg": objectAgg(pgwire.OIDJSON), "jsonb_object_agg": objectAgg(pgwire.OIDJSONB),
		"any_value": anyValue,
	}
}

// one is an aggregate's only argument; nil if it has another number of them.
func (a *aggCall) one(c *compiler) *ex {
	if len(a.args) != 1 || a.within {
		return nil
	}
	if a.args[0].oid == pgwire.OIDUnknown {
		return nil
	}
	return a.args[0]
}

func sumOf(c *compiler, a *aggCall) *ex {
	e := a.one(c)
	if e == nil {
		if len(a.args) == 1 {
			c.fail(c.at(pgwire.Errorf("42725", "function sum(unknown) is not unique").
				WithHint("Could not choose a best candidate function. You might need to add explicit type casts."), a.pos))
		}
		return nil
	}
	switch {
	case e.oid == pgwire.OIDInt2 || e.oid == pgwire.OIDInt4:
		return a.result(c, cast(a.of(c, "sum", e.sql), "BIGINT"), pgwire.OIDInt8)
	case e.oid == pgwire.OIDInt8:
		out := a.result(c, cast(a.of(c, "sum", e.sql), "DECIMAL(38,0)"), pgwire.OIDNumeric)
		out.rep = 0
		return out
	case isFloat(e.oid):
		return a.result(c, cast(a.of(c, "sum", cast(e.sql, "DOUBLE")), Physical(e.oid, 0)), e.oid)
	case e.oid == pgwire.OIDNumeric && e.rep >= 0:
		out := a.result(c, cast(a.of(c, "sum", e.sql), Physical(e.oid, e.rep)), e.oid)
		out.rep = e.rep
		return out
	case e.oid == pgwire.OIDNumeric:
		return a.result(c, a.numericSum(c, e), e.oid)
	case e.oid == pgwire.OIDInterval || e.oid == oidTime:
		if a.distinct {
			c.unsupported(a.pos, "sum(DISTINCT interval)")
		}
		return a.result(c, a.of(c, "pg_interval_sum", c.convert(e, pgwire.OIDInterval, explicit).sql), pgwire.OIDInterval)
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
		sum = call("pg_num_round", sum, a.of(c, "max", call("pg_num_scale", e.sql)))
	}
	return sum
}

func avgOf(c *compiler, a *aggCall) *ex {
	e := a.one(c)
	if e == nil {
		return nil
	}
	switch {
	case isInteger(e.oid), e.oid == pgwire.OIDNumeric && e.rep >= 0:
		sum := cast(a.of(c, "sum", e.sql), "VARCHAR")
		return a.result(c, call("pg_num_avg", sum, a.of(c, "count", e.sql)), pgwire.OIDNumeric)
	case e.oid == pgwire.OIDNumeric:
		return a.result(c, call("pg_num_avg", a.numericSum(c, e), a.of(c, "count", a.summand(e))), pgwire.OIDNumeric)
	case isFloat(e.oid):
		return a.result(c, a.of(c, "avg", cast(e.sql, "DOUBLE")), pgwire.OIDFloat8)
	case e.oid == pgwire.OIDInterval:
		if a.distinct {
			c.unsupported(a.pos, "avg(DISTINCT interval)")
		}
		sum, count := a.of(c, "pg_interval_sum", e.sql), a.of(c, "count", e.sql)
		return a.result(c, call("pg_interval_div", sum, cast("nullif("+count+", 0)", "DOUBLE")), pgwire.OIDInterval)
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
		if e.param > 0 || e.oid == pgwire.OIDUnknown {
			e = c.coerce(e, pgwire.OIDText, -1, implicit)
		}
		switch e.oid {
		case pgwire.OIDBool, pgwire.OIDUUID, pgwire.OIDJSON, pgwire.OIDJSONB, pgwire.OIDBytea, pgwire.OIDXid, oidRecord:
			return nil
		}
		sql := a.of(c, name, e.sql)
		if needsKey(e) {
			sql = a.of(c, "arg_"+name, e.sql, c.key(e))
		}
		oid := e.oid
		if oid == pgwire.OIDVarchar || oid == pgwire.OIDName {
			oid = pgwire.OIDText
		}
		out := a.result(c, sql, oid)
		out.rep = e.rep
		return out
	}
}

func stringAgg(c *compiler, a *aggCall) *ex {
	if len(a.args) != 2 || !isText(a.args[0].oid) && a.args[0].oid != pgwire.OIDUnknown {
		return nil
	}
	if a.distinct && len(a.order) > 0 && a.order[0].e.sql != a.args[0].sql {
		c.failAt(a.order[0].e.pos, "42P10", "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
	}
	v := c.coerce(a.args[0], pgwire.OIDText, -1, implicit)
	if a.distinct && len(a.order) == 0 {
		a.order = []*sortKey{{e: v}} // PostgreSQL sorts to find what is distinct
	}
	s := c.coerce(a.args[1], pgwire.OIDText, -1, implicit)
	if s.literal {
		if s.null {
			return a.result(c, a.of(c, "string_agg", v.sql, "''"), pgwire.OIDText)
		}
		return a.result(c, a.of(c, "string_agg", v.sql, s.sql), pgwire.OIDText)
	}
	if a.distinct {
		c.unsupported(a.pos, "string_agg(DISTINCT …) with a delimiter that is no constant")
	}
	// Each value brings its delimiter along, which stands in front of it unless it is the first.
	filtered := *a
	list := filtered.of(c, "list", "CASE WHEN "+v.sql+" IS NOT NULL THEN [coalesce("+s.sql+", ''), "+v.sql+"] END")
	return a.result(c, call("pg_string_agg", list), pgwire.OIDText)
}

func arrayAgg(c *compiler, a *aggCall) *ex {
	if len(a.args) != 1 {
		return nil
	}
	e := c.asText(a.args[0])
	if e.oid == pgwire.OIDUnknown {
		e = c.coerce(e, pgwire.OIDText, -1, implicit)
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

func boolAgg(name string) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		if len(a.args) != 1 {
			return nil
		}
		e := c.tryCoerce(a.args[0], pgwire.OIDBool, implicit)
		if e == nil {
			return nil
		}
		return a.result(c, a.of(c, name, e.sql), pgwire.OIDBool)
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

// spread is variance and standard deviation; of integers and numerics they are numeric.
func spread(name string) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		e := a.one(c)
		switch {
		case e == nil || !isNumber(e.oid):
			return nil
		case isFloat(e.oid):
			return a.result(c, a.of(c, name, cast(e.sql, "DOUBLE")), pgwire.OIDFloat8)
		}
		if e.oid != pgwire.OIDNumeric || e.rep >= 0 {
			e = c.text(e)
		}
		return a.result(c, call("pg_num_spread", a.list(c, e), quote(name)), pgwire.OIDNumeric)
	}
}

func regression(name string) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		if len(a.args) != 2 {
			return nil
		}
		y, x := c.tryCoerce(a.args[0], pgwire.OIDFloat8, implicit), c.tryCoerce(a.args[1], pgwire.OIDFloat8, implicit)
		if x == nil || y == nil {
			return nil
		}
		if name == "regr_count" {
			return a.result(c, cast(a.of(c, name, y.sql, x.sql), "BIGINT"), pgwire.OIDInt8)
		}
		return a.result(c, "pg_not_nan("+a.of(c, name, y.sql, x.sql)+")", pgwire.OIDFloat8)
	}
}

// ordered is what WITHIN GROUP sorts, as a sorted list without nulls.
func (a *aggCall) ordered(c *compiler, v string) string {
	k := *a.order[0]
	e := *k.e
	e.sql = v
	return "list(" + v + " ORDER BY " + c.key(&e) + k.direction() + ")" + a.withFilter(v+" IS NOT NULL")
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
		c.failAt(a.pos, "42809", "WITHIN GROUP is required for ordered-set aggregate %s", a.name)
	}
	if len(a.order) != 1 {
		return nil
	}
	return a.order[0].e
}

func percentileCont(c *compiler, a *aggCall) *ex {
	v := c.withinGroup(a)
	if v == nil || len(a.args) != 1 {
		return nil
	}
	oid := uint32(pgwire.OIDFloat8)
	if v.oid == pgwire.OIDInterval {
		oid = v.oid
	}
	v = c.tryCoerce(v, oid, implicit)
	if v == nil {
		return nil
	}
	name := "pg_percentile"
	if oid == pgwire.OIDInterval {
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
	list := a.ordered(c, v.sql)
	at := func(fraction string) string {
		if name != "" {
			return call(name, list, fraction)
		}
		return fmt.Sprintf("list_extract(%s, pg_percentile_index(len(%s), %s))", list, list, fraction)
	}
	if elements[a.args[0].oid] != 0 || a.args[0].oid == pgwire.OIDUnknown && strings.HasPrefix(a.args[0].text, "{") {
		f := c.coerce(a.args[0], arrays[pgwire.OIDFloat8], -1, assignment)
		if arrays[oid] == 0 {
			return nil
		}
		return a.result(c, "list_transform("+f.sql+", lambda f: "+at("f")+")", arrays[oid])
	}
	f := c.coerce(a.args[0], pgwire.OIDFloat8, -1, implicit)
	out := a.result(c, at(f.sql), oid)
	out.rep = v.rep
	return out
}

func modeOf(c *compiler, a *aggCall) *ex {
	v := c.withinGroup(a)
	if v == nil || len(a.args) != 0 {
		return nil
	}
	sql := "mode(" + v.sql + " ORDER BY " + c.key(v) + a.order[0].direction() + ")" + a.tail()
	if needsKey(v) {
		list := a.ordered(c, v.sql)
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
		if a.args[0].oid == oidRecord {
			separator = "', ' || chr(10) || ' '"
			if oid == pgwire.OIDJSON {
				separator = "', ' || chr(10) || ' '"
			}
		}
		if oid == pgwire.OIDJSONB {
			separator = "', '"
		}
		list := a.of(c, "list", item)
		if a.distinct && needsKey(a.args[0]) {
			x := *a.args[0]
			x.sql = "x"
			list = "list_transform(" + a.list(c, a.args[0]) + ", lambda x: " + c.json(&x) + ")"
		}
		sql := "('[' || array_to_string(" + list + ", " + separator + ") || ']')"
		if oid == pgwire.OIDJSONB {
			sql = call("pg_jsonb", sql)
		}
		return a.result(c, sql, oid)
	}
}

func objectAgg(oid uint32) aggregate {
	return func(c *compiler, a *aggCall) *ex {
		if len(a.args) != 2 {
			return nil
		}
		item := call("pg_json_key", c.text(a.args[0]).sql) + " || ' : ' || " + c.json(a.args[1])
		list := a.of(c, "list", item)
		sql := "('{ ' || array_to_string(" + list + ", ', ') || ' }')"
		if oid == pgwire.OIDJSONB {
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
