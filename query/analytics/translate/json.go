//go:build cgo

package translate

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
)

// json writes a value as JSON text; null is JSON's null.
func (c *compiler) json(e *ex) string {
	if e.param > 0 || e.oid == pgwire.OIDUnknown {
		e = c.coerce(e, pgwire.OIDText, -1, implicit)
	}
	return "coalesce(" + c.jsonNotNull(e) + ", 'null')"
}

func (c *compiler) jsonNotNull(e *ex) string {
	switch {
	case e.oid == oidRecord && len(e.fields) > 0:
		return c.jsonRow(e)
	case e.oid == pgwire.OIDJSON:
		return e.sql
	case e.oid == pgwire.OIDJSONB:
		return call("pg_jsonb", e.sql)
	case isInteger(e.oid):
		return cast(e.sql, "VARCHAR")
	case e.oid == pgwire.OIDNumeric || isFloat(e.oid):
		return call("pg_json_num", c.text(e).sql)
	case e.oid == pgwire.OIDBool:
		return cast(e.sql, "VARCHAR")
	case e.oid == pgwire.OIDTimestamptz:
		return call("pg_json_timestamptz", e.sql, placeholder("zone"))
	case e.oid == pgwire.OIDTimestamp:
		return call("pg_json_timestamp", e.sql)
	case elements[e.oid] != 0:
		item := c.json(&ex{sql: "x", oid: elements[e.oid], mod: -1, rep: textScale, pos: -1})
		return "('[' || coalesce(array_to_string(list_transform(" + e.sql + ", lambda x: " + item + "), ','), '') || ']')"
	}
	return call("pg_json_string", c.text(e).sql)
}

// jsonRow writes a row as an object.
func (c *compiler) jsonRow(e *ex) string {
	var parts []string
	for i, f := range e.fields {
		comma := ""
		if i > 0 {
			comma = ","
		}
		parts = append(parts, quote(comma+jsonName(e.names[i])+":"), c.json(f))
	}
	return "('{' || " + strings.Join(parts, " || ") + " || '}')"
}

func jsonName(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (c *compiler) toJSONCall(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	if len(args) != 1 {
		return nil
	}
	e := args[0]
	if e.oid == pgwire.OIDUnknown && e.param == 0 {
		c.fail(pgwire.Errorf("42804", "could not determine polymorphic type because input has type unknown"))
	}
	if name == "row_to_json" && e.oid != oidRecord || name == "array_to_json" && elements[e.oid] == 0 {
		return nil
	}
	if e.param > 0 {
		e = c.coerce(e, pgwire.OIDText, -1, implicit)
	}
	sql := c.jsonNotNull(e)
	if name == "to_jsonb" {
		return c.make(call("pg_jsonb", sql), pgwire.OIDJSONB, e)
	}
	return c.make(sql, pgwire.OIDJSON, e)
}

func (c *compiler) buildObject(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	if len(args)%2 != 0 {
		c.fail(pgwire.Errorf("22023", "argument list must have even number of elements").
			WithHint("The arguments of " + name + "() must consist of alternating keys and values."))
	}
	var parts []string
	for i := 0; i < len(args); i += 2 {
		comma := ""
		if i > 0 {
			comma = "', ' || "
		}
		parts = append(parts, comma+call("pg_json_key", c.text(args[i]).sql)+" || ' : ' || "+c.json(args[i+1]))
	}
	sql := "'{}'"
	if len(parts) > 0 {
		sql = "('{' || " + strings.Join(parts, " || ") + " || '}')"
	}
	return c.built(name, sql, args)
}

func (c *compiler) buildArray(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	var parts []string
	for _, a := range args {
		parts = append(parts, c.json(a))
	}
	sql := "'[]'"
	if len(parts) > 0 {
		sql = "('[' || " + strings.Join(parts, " || ', ' || ") + " || ']')"
	}
	return c.built(name, sql, args)
}

func (c *compiler) built(name, sql string, args []*ex) *ex {
	var out *ex
	if strings.HasPrefix(name, "jsonb") {
		out = c.make(call("pg_jsonb", sql), pgwire.OIDJSONB, args...)
	} else {
		out = c.make(sql, pgwire.OIDJSON, args...)
	}
	out.fallible = true // a key may be null
	return out
}
