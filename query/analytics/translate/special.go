//go:build cgo

package translate

import (
	"fmt"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
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
		"aclexplode": (*compiler).recordRow, "pg_options_to_table": (*compiler).recordRow, "pg_get_keywords": (*compiler).recordRow,
		"set_config": (*compiler).setConfig, "array_position": (*compiler).arrayPosition,
		"pg_get_expr": (*compiler).getExpr, "array_to_string": (*compiler).arrayToString,
	}
}

func (c *compiler) getExpr(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) < 2 {
		return nil
	}
	return c.make(args[0].sql, pgwire.OIDText, args[0])
}

func (c *compiler) arrayToString(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) < 2 || len(args) > 3 {
		return nil
	}
	if args[0].oid == pgwire.OIDUnknown {
		args[0] = c.coerce(args[0], arrays[pgwire.OIDText], -1, implicit)
	}
	e := elements[args[0].oid]
	if e == 0 {
		return nil
	}
	list := args[0].sql
	if e == pgwire.OIDBool {
		list = "list_transform(" + list + ", lambda x: CASE WHEN x THEN 't' WHEN NOT x THEN 'f' END)"
	} else if item := c.text(&ex{sql: "x", oid: e, mod: -1, rep: textScale, pos: -1}); item.sql != "x" {
		list = "list_transform(" + list + ", lambda x: " + item.sql + ")"
	}
	parts := []string{list}
	for _, a := range args[1:] {
		parts = append(parts, c.coerce(a, pgwire.OIDText, -1, implicit).sql)
	}
	name := "pg_join"
	if len(parts) == 3 {
		name = "pg_join_null"
	}
	return c.make(call(name, parts...), pgwire.OIDText, args...)
}

func (c *compiler) setConfig(x *pg.FuncCall, _ string) *ex {
	if len(x.Args) != 3 {
		return nil
	}
	c.unsupported(x.Location, "set_config in an analytical statement")
	return nil
}

func (c *compiler) typeOfCall(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) != 1 {
		return nil
	}
	if args[0].param > 0 {
		args[0] = c.coerce(args[0], pgwire.OIDText, -1, implicit)
	}
	return c.make(cast(strconv.FormatUint(uint64(args[0].oid), 10), "BIGINT"), oidRegtype, args[0])
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
	return c.make("("+strings.Join(parts, " + ")+")", pgwire.OIDInt4, args...)
}

func (c *compiler) arrayPosition(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) != 2 || elements[args[0].oid] == 0 {
		return nil
	}
	item := c.coerce(args[1], elements[args[0].oid], -1, implicit)
	sql := fmt.Sprintf("CAST(nullif(list_position(%s, %s), 0) AS INTEGER)", args[0].sql, c.asText(item).sql)
	if args[0].oid == oidInt2Vector || args[0].oid == oidOidVector { // whose subscripts begin at 0
		sql = "(" + sql + " - 1)"
	}
	return c.make(sql, pgwire.OIDInt4, args[0], item)
}

// expandArrayRow is (_pg_expandarray(a)) in a select list: a row, of which a field is
// taken.
func (c *compiler) expandArrayRow(x *pg.FuncCall, _ string) *ex {
	cols := c.expandArray(x, nil)
	row := c.make("", oidRecord, cols[0].e, cols[1].e)
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
		// A boolean's output is t and f, where a cast to text says true and false.
		if a.oid == pgwire.OIDBool {
			texts[i] = "(CASE WHEN " + a.sql + " THEN 't' WHEN NOT " + a.sql + " THEN 'f' END)"
			continue
		}
		texts[i] = c.text(a).sql
	}
	return c.make(call(name, texts...), pgwire.OIDText, args...)
}

func (c *compiler) formatCall(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) == 0 {
		return nil
	}
	texts := make([]string, len(args)-1)
	for i, a := range args[1:] {
		if a.oid == pgwire.OIDBool {
			texts[i] = "(CASE WHEN " + a.sql + " THEN 't' WHEN NOT " + a.sql + " THEN 'f' END)"
			continue
		}
		texts[i] = c.text(a).sql
	}
	out := c.make(call("pg_format", c.text(args[0]).sql, "["+strings.Join(texts, ", ")+"]::VARCHAR[]"), pgwire.OIDText, args...)
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
		want := uint32(pgwire.OIDInt4)
		if at == 6 {
			want = pgwire.OIDFloat8
		}
		e := c.coerce(c.expr(n), want, -1, implicit)
		values[at] = e.sql
		parts = append(parts, e)
	}
	return c.make(call("pg_make_interval", values...), pgwire.OIDInterval, parts...)
}

func (c *compiler) overlaps(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) != 4 {
		return nil
	}
	for i, a := range args {
		if a.oid == pgwire.OIDUnknown {
			args[i] = c.coerce(a, pgwire.OIDTimestamptz, -1, implicit)
		}
	}
	end := func(from, to *ex) *ex {
		if to.oid == pgwire.OIDInterval {
			return c.operator("+", from, to, x.Location)
		}
		return to
	}
	a, b, d, e := args[0], end(args[0], args[1]), args[2], end(args[2], args[3])
	lo := func(p, q *ex) string { return fmt.Sprintf("least(%s, %s)", p.sql, q.sql) }
	hi := func(p, q *ex) string { return fmt.Sprintf("greatest(%s, %s)", p.sql, q.sql) }
	// Half-open periods; an empty one is a point.
	sql := fmt.Sprintf("((%[1]s < %[4]s AND %[3]s < %[2]s) OR %[1]s = %[3]s)", lo(a, b), hi(a, b), lo(d, e), hi(d, e))
	return c.boolean(sql, args...)
}

// generateSeries is a set of numbers or times.
func (c *compiler) generateSeries(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) < 2 || len(args) > 3 {
		return nil
	}
	oid := uint32(pgwire.OIDUnknown)
	for _, a := range args[:2] {
		if a.oid != pgwire.OIDUnknown && (oid == pgwire.OIDUnknown || c.widens(oid, a.oid)) {
			oid = a.oid
		}
	}
	set := func(sql string, oid uint32, parts ...*ex) *ex {
		out := c.make(sql, oid, parts...)
		out.set, out.fallible = true, true
		return out
	}
	switch {
	case isInteger(oid) || isNumber(oid):
		if len(args) == 3 && rank(args[2].oid) > rank(oid) {
			oid = args[2].oid
		}
		if oid == pgwire.OIDInt2 {
			oid = pgwire.OIDInt4
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
			texts = append(texts, map[bool]string{true: "'1'", false: "1"}[oid == pgwire.OIDNumeric])
		}
		if oid == pgwire.OIDNumeric {
			return set("unnest("+call("pg_num_series", texts...)+")", oid, parts...)
		}
		for i := range texts {
			texts[i] = cast(texts[i], "BIGINT")
		}
		list := "unnest(generate_series(" + texts[0] + ", " + texts[1] + ", pg_step(" + texts[2] + ")))"
		return set(cast(list, Physical(oid, 0)), oid, parts...)
	case category(oid) == catTime && len(args) == 3:
		if oid == pgwire.OIDDate {
			oid = pgwire.OIDTimestamptz
		}
		a, b := c.coerce(args[0], oid, -1, implicit), c.coerce(args[1], oid, -1, implicit)
		step := c.coerce(args[2], pgwire.OIDInterval, -1, implicit)
		zone := "'UTC'"
		if oid == pgwire.OIDTimestamptz {
			zone = placeholder("zone")
		}
		return set("unnest("+call("pg_time_series", a.sql, b.sql, step.sql, zone)+")", oid, a, b, step)
	}
	return nil
}
