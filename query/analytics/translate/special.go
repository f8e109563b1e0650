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

func init() {
	special = map[string]func(*compiler, *pg.FuncCall, string) *ex{
		"extract": (*compiler).extract, "date_part": (*compiler).extract,
		"date_trunc": (*compiler).dateTrunc, "timezone": (*compiler).atTimeZone,
		"to_json": (*compiler).toJSONCall, "to_jsonb": (*compiler).toJSONCall, "row_to_json": (*compiler).toJSONCall, "array_to_json": (*compiler).toJSONCall,
		"json_build_object": (*compiler).buildObject, "jsonb_build_object": (*compiler).buildObject,
		"json_build_array": (*compiler).buildArray, "jsonb_build_array": (*compiler).buildArray,
		"concat": (*compiler).concatCall, "concat_ws": (*compiler).concatCall, "format": (*compiler).formatCall,
		"pg_typeof": (*compiler).typeOfCall, "make_interval": (*compiler).makeInterval,
		"generate_series": (*compiler).generateSeries, "overlaps": (*compiler).overlaps,
		"num_nulls": (*compiler).numNulls, "num_nonnulls": (*compiler).numNulls,
		"array_agg_transfn": nil, "_pg_expandarray": (*compiler).expandArrayRow,
		"aclexplode": (*compiler).recordRow, "pg_get_publication_tables": (*compiler).recordRow, "pg_options_to_table": (*compiler).recordRow, "pg_get_keywords": (*compiler).recordRow,
		"pg_ls_waldir": (*compiler).recordRow, "pg_ls_tmpdir": (*compiler).recordRow, "pg_ls_archive_statusdir": (*compiler).recordRow,
		"pg_ls_logicalsnapdir": (*compiler).recordRow, "pg_ls_logicalmapdir": (*compiler).recordRow,
		"array_position": (*compiler).arrayPosition,
		"quote_literal":  (*compiler).quoteAny, "quote_nullable": (*compiler).quoteAny, "array_fill": (*compiler).arrayFill,
		"pg_get_expr": (*compiler).getExpr, "array_to_string": (*compiler).arrayToString,
	}
}

func (c *compiler) getExpr(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) < 2 {
		return nil
	}
	return c.make(args[0].sql, pgvalue.OIDText, args[0])
}

func (c *compiler) arrayToString(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) < 2 || len(args) > 3 {
		return nil
	}
	if args[0].oid == pgvalue.OIDUnknown {
		args[0] = c.coerce(args[0], arrays[pgvalue.OIDText], -1, implicit)
	}
	if args[0].dims > 1 {
		args[0] = args[0].elements()
	}
	e := elements[args[0].oid]
	if e == 0 {
		return nil
	}
	list := args[0].sql
	if item := c.output(&ex{sql: "x", oid: e, mod: -1, rep: textScale, pos: -1}); item.sql != "x" {
		list = "list_transform(" + list + ", lambda x: " + item.sql + ")"
	}
	parts := []string{list}
	for _, a := range args[1:] {
		parts = append(parts, c.coerce(a, pgvalue.OIDText, -1, implicit).sql)
	}
	name := "pg_join"
	if len(parts) == 3 {
		name = "pg_join_null"
	}
	return c.make(call(name, parts...), pgvalue.OIDText, args...)
}

// quoteAny is quote_literal and quote_nullable, which take any type.
func (c *compiler) quoteAny(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	if len(args) != 1 {
		return nil
	}
	sql := call("pg_quote_literal", c.text(args[0]).sql)
	if name == "quote_nullable" {
		sql = "coalesce(" + sql + ", 'NULL')"
	}
	return c.make(sql, pgvalue.OIDText, args[0])
}

// arrayFill is array_fill of one dimension that begins at 1.
func (c *compiler) arrayFill(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) != 2 {
		return nil
	}
	item, dims := args[0], c.coerce(args[1], arrays[pgvalue.OIDInt4], -1, implicit)
	if item.oid == pgvalue.OIDUnknown && item.param == 0 {
		c.fail(pgerror.Errorf(pgerror.DatatypeMismatch, "could not determine polymorphic type because input has type unknown"))
	}
	item = c.asText(c.coerce(item, item.oid, -1, implicit))
	if arrays[item.oid] == 0 {
		c.unsupported(x.Location, "an array of %s", typeName(item.oid))
	}
	// DuckDB's lambdas see no columns of queries around theirs: the list is made without one.
	sql := fmt.Sprintf("list_resize(CAST([] AS %s), pg_fill_count(%s), %s)", Physical(arrays[item.oid], textScale), dims.sql, item.sql)
	out := c.make("(CASE WHEN "+dims.sql+" IS NULL THEN error('"+marker(pgerror.NullValueNotAllowed, "dimension array or low bound array cannot be null")+"') ELSE "+sql+" END)", arrays[item.oid], item, dims)
	out.fallible = true
	return out
}

func (c *compiler) typeOfCall(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) != 1 {
		return nil
	}
	if args[0].param > 0 {
		args[0] = c.coerce(args[0], pgvalue.OIDText, -1, implicit)
	}
	return c.make(cast(strconv.FormatUint(uint64(args[0].oid), 10), "BIGINT"), pgvalue.OIDRegtype, args[0])
}

func (c *compiler) numNulls(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	var parts []string
	for _, a := range args {
		word := "IS NULL"
		if name == "num_nonnulls" {
			word = "IS NOT NULL"
		}
		parts = append(parts, "CAST("+a.sql+" "+word+" AS INTEGER)")
	}
	return c.make("("+strings.Join(parts, " + ")+")", pgvalue.OIDInt4, args...)
}

func (c *compiler) arrayPosition(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) < 2 || len(args) > 3 || elements[args[0].oid] == 0 {
		return nil
	}
	item := c.coerce(args[1], elements[args[0].oid], -1, implicit)
	item = c.asText(item)
	sql := "CAST(nullif(" + c.arrayPositionOf(args[0], args[0].sql, item) + ", 0) AS INTEGER)"
	if len(args) == 3 {
		from := c.coerce(args[2], pgvalue.OIDInt4, -1, implicit)
		rest := c.arrayPositionOf(args[0], "list_slice("+args[0].sql+", greatest("+from.sql+", 1), len("+args[0].sql+"))", item)
		sql = fmt.Sprintf("(CASE WHEN coalesce(len(%[1]s), 0) = 0 THEN NULL WHEN %[2]s IS NULL THEN error('%[3]s') ELSE CAST(nullif(%[4]s, 0) + greatest(%[2]s, 1) - 1 AS INTEGER) END)",
			args[0].sql, from.sql, marker(pgerror.NullValueNotAllowed, "initial position must not be null"), rest)
	}
	if args[0].oid == pgvalue.OIDInt2Vector || args[0].oid == pgvalue.OIDOidVector { // whose subscripts begin at 0
		sql = "(" + sql + " - 1)"
	}
	return c.make(sql, pgvalue.OIDInt4, args[0], item)
}

// expandArrayRow is (_pg_expandarray(a)) in a select list: a row, of which a field is
// taken.
func (c *compiler) expandArrayRow(x *pg.FuncCall, _ string) *ex {
	cols := c.expandArray(x, nil)
	row := c.make("", pgvalue.OIDRecord, cols[0].e, cols[1].e)
	row.fields, row.names = []*ex{cols[0].e, cols[1].e}, []string{"x", "n"}
	row.sql = "NULL"
	return row
}

// concatCall is concat and concat_ws: nulls are passed over.
func (c *compiler) concatCall(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	if len(args) == 0 || name == "concat_ws" && len(args) < 2 {
		return nil
	}
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = c.output(a).sql
	}
	for i, a := range args {
		args[i] = a.flat()
	}
	return c.make(call(name, texts...), pgvalue.OIDText, args...)
}

func (c *compiler) formatCall(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) == 0 {
		return nil
	}
	texts := make([]string, len(args)-1)
	for i, a := range args[1:] {
		texts[i] = c.output(a).sql
	}
	out := c.make(call("pg_format", c.text(args[0]).sql, "["+strings.Join(texts, ", ")+"]::VARCHAR[]"), pgvalue.OIDText, args...)
	out.fallible = true
	return out
}

// makeInterval takes its arguments by place or by name.
func (c *compiler) makeInterval(x *pg.FuncCall, _ string) *ex {
	names := []string{"years", "months", "weeks", "days", "hours", "mins", "secs"}
	values := []string{"0", "0", "0", "0", "0", "0", "CAST(0 AS DOUBLE)"}
	var parts []*ex
	for i, n := range x.Args {
		at := i
		if named := n.GetNamedArgExpr(); named != nil {
			at = -1
			for j, name := range names {
				if name == named.Name {
					at = j
				}
			}
			n = named.Arg
		}
		if at < 0 || at >= len(names) {
			return nil
		}
		want := uint32(pgvalue.OIDInt4)
		if at == 6 {
			want = pgvalue.OIDFloat8
		}
		e := c.coerce(c.expr(n), want, -1, implicit)
		values[at] = e.sql
		parts = append(parts, e)
	}
	return c.make(call("pg_make_interval", values...), pgvalue.OIDInterval, parts...)
}

func (c *compiler) overlaps(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) != 4 {
		return nil
	}
	known := uint32(pgvalue.OIDTimestamptz) // what a text is: what the others are
	for _, a := range args {
		if a.oid != pgvalue.OIDUnknown && a.oid != pgvalue.OIDInterval && a.oid != pgvalue.OIDDate {
			known = a.oid
		}
	}
	for i, a := range args {
		if a.oid == pgvalue.OIDUnknown {
			args[i] = c.coerce(a, known, -1, implicit)
		}
	}
	end := func(from, to *ex) *ex {
		if to.oid == pgvalue.OIDInterval {
			return c.operator("+", from, to, x.Location)
		}
		return to
	}
	a, b, d, e := args[0], end(args[0], args[1]), args[2], end(args[2], args[3])
	// Half-open periods; an empty one is a point. Of a period with one end that one is known to
	// be in it.
	lo := func(p, q *ex) string { return fmt.Sprintf("least(%s, %s)", p.sql, q.sql) }
	hi := func(p, q *ex) string {
		return fmt.Sprintf("(CASE WHEN %[1]s IS NOT NULL AND %[2]s IS NOT NULL THEN greatest(%[1]s, %[2]s) END)", p.sql, q.sql)
	}
	later := func(start, end, other string) string { // the one that starts later, at start
		return fmt.Sprintf("CASE WHEN %[3]s IS NULL THEN NULL WHEN %[1]s < %[3]s THEN TRUE WHEN %[2]s IS NULL THEN NULL ELSE FALSE END", start, end, other)
	}
	lo1, hi1, lo2, hi2 := lo(a, b), hi(a, b), lo(d, e), hi(d, e)
	sql := fmt.Sprintf("(CASE WHEN %[1]s > %[2]s THEN %[3]s WHEN %[1]s < %[2]s THEN %[4]s WHEN %[5]s IS NULL OR %[6]s IS NULL THEN NULL ELSE TRUE END)",
		lo1, lo2, later(lo1, hi1, hi2), later(lo2, hi2, hi1), hi1, hi2)
	return c.boolean(sql, args...)
}

// generateSeries is a set of numbers or times.
func (c *compiler) generateSeries(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) < 2 || len(args) > 3 {
		return nil
	}
	oid := uint32(pgvalue.OIDUnknown)
	for _, a := range args[:2] {
		if a.oid != pgvalue.OIDUnknown && (oid == pgvalue.OIDUnknown || c.widens(oid, a.oid)) {
			oid = a.oid
		}
	}
	set := func(sql string, oid uint32, parts ...*ex) *ex {
		out := c.make(sql, oid, parts...)
		out.fallible = true
		return c.asSet(out)
	}
	listed := func(list string, oid uint32, parts ...*ex) *ex {
		out := set("unnest("+list+")", oid, parts...)
		out.list = list
		return out
	}
	switch {
	case isInteger(oid) || isNumber(oid):
		if len(args) == 3 && rank(args[2].oid) > rank(oid) {
			oid = args[2].oid
		}
		if oid == pgvalue.OIDInt2 {
			oid = pgvalue.OIDInt4
		}
		if isFloat(oid) {
			return nil
		}
		var parts []*ex
		var texts []string
		for _, a := range args {
			e := c.asText(c.coerce(a, oid, -1, implicit))
			parts, texts = append(parts, e), append(texts, e.sql)
		}
		if len(texts) == 2 {
			texts = append(texts, map[bool]string{true: "'1'", false: "1"}[oid == pgvalue.OIDNumeric])
		}
		if oid == pgvalue.OIDNumeric {
			return listed(call("pg_num_series", texts...), oid, parts...)
		}
		step, err := strconv.Atoi(texts[2])
		for i := range texts {
			texts[i] = cast(texts[i], "BIGINT")
		}
		if err != nil || step == 0 { // it is not known to be something else than 0
			texts[2] = call("pg_step", texts[2], texts[0], texts[1])
		}
		list := call("generate_series", texts...)
		out := set(cast("unnest("+list+")", Physical(oid, 0)), oid, parts...)
		out.list = list
		out.series = !slices.ContainsFunc(parts, func(e *ex) bool { return e.set })
		return out
	case category(oid) == catTime && len(args) == 3:
		if oid == pgvalue.OIDDate {
			oid = pgvalue.OIDTimestamptz
		}
		a, b := c.coerce(args[0], oid, -1, implicit), c.coerce(args[1], oid, -1, implicit)
		step := c.coerce(args[2], pgvalue.OIDInterval, -1, implicit)
		zone := "'=UTC'"
		if oid == pgvalue.OIDTimestamptz {
			zone = placeholder("zone")
		}
		return listed(call("pg_time_series", a.sql, b.sql, step.sql, zone), oid, a, b, step)
	}
	return nil
}
