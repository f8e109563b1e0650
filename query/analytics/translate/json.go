//go:build cgo

package translate

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// json writes a value as JSON text; null is JSON's null.
func (c *compiler) json(e *ex) string {
	if e.param > 0 || e.oid == pgvalue.OIDUnknown {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	return "coalesce(" + c.jsonNotNull(e) + ", 'null')"
}

func (c *compiler) jsonNotNull(e *ex) string {
	switch {
	case e.oid == pgvalue.OIDRecord && len(e.fields) > 0 && e.absent != "":
		return "(CASE WHEN " + e.absent + " THEN NULL ELSE " + c.jsonRow(e) + " END)"
	case e.oid == pgvalue.OIDRecord && len(e.fields) > 0:
		return c.jsonRow(e)
	case e.oid == pgvalue.OIDJSON:
		return e.sql
	case e.oid == pgvalue.OIDJSONB:
		return call("pg_jsonb", e.sql)
	case isInteger(e.oid):
		return cast(e.sql, "VARCHAR")
	case e.oid == pgvalue.OIDNumeric || isFloat(e.oid):
		return call("pg_json_num", c.text(e).sql)
	case e.oid == pgvalue.OIDBool:
		return cast(e.sql, "VARCHAR")
	case e.oid == pgvalue.OIDTimestamptz:
		return call("pg_json_timestamptz", e.sql, placeholder("zone"))
	case e.oid == pgvalue.OIDDate: // in ISO's form, whatever the session's is
		return call("pg_json_string", call("pg_date_text", e.sql))
	case e.oid == pgvalue.OIDTimestamp:
		return call("pg_json_timestamp", e.sql)
	case elements[e.oid] != 0:
		return c.jsonArray(e, ",")
	}
	return call("pg_json_string", c.output(e).sql)
}

// jsonArray writes an array.
func (c *compiler) jsonArray(e *ex, comma string) string {
	item := ""
	if e.dims > 1 {
		inner := *e
		inner.sql, inner.dims, inner.vars = "x", e.dims-1, nil
		item = c.json(&inner)
	} else {
		item = c.json(&ex{sql: "x", oid: elements[e.oid], mod: -1, rep: textScale, pos: -1})
	}
	return "(CASE WHEN " + e.sql + " IS NOT NULL THEN '[' || coalesce(array_to_string(list_transform(" + e.sql + ", lambda x: " + item + "), " + quote(comma) + "), '') || ']' END)"
}

// jsonRow writes a row as an object.
func (c *compiler) jsonRow(e *ex) string { return c.jsonRowWith(e, ",") }

func (c *compiler) jsonRowWith(e *ex, separator string) string {
	var parts []string
	for i, f := range e.fields {
		comma := ""
		if i > 0 {
			comma = separator
		}
		parts = append(parts, c.held(comma+jsonName(e.names[i])+":"), c.json(f))
	}
	return "('{' || " + strings.Join(parts, " || ") + " || '}')"
}

func jsonName(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (c *compiler) toJSONCall(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	if len(args) == 2 && (name == "row_to_json" || name == "array_to_json") {
		return c.prettyJSON(x, name, args)
	}
	if len(args) != 1 {
		return nil
	}
	e := args[0]
	if e.oid == pgvalue.OIDUnknown && e.param == 0 {
		c.fail(pgerror.Errorf(pgerror.DatatypeMismatch, "could not determine polymorphic type because input has type unknown"))
	}
	if name == "row_to_json" && e.oid != pgvalue.OIDRecord || name == "array_to_json" && elements[e.oid] == 0 {
		return nil
	}
	if e.param > 0 {
		e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	}
	sql := c.jsonNotNull(e)
	if name == "to_jsonb" {
		return c.make(call("pg_jsonb", sql), pgvalue.OIDJSONB, e.flat())
	}
	return c.make(sql, pgvalue.OIDJSON, e.flat())
}

// prettyJSON is row_to_json or array_to_json with line feeds between the parts of the first level.
func (c *compiler) prettyJSON(x *pg.FuncCall, name string, args []*ex) *ex {
	pretty := c.coerce(args[1], pgvalue.OIDBool, -1, implicit)
	e := args[0]
	var plain, lines string
	switch {
	case name == "array_to_json" && elements[e.oid] != 0:
		plain, lines = c.jsonNotNull(e), c.jsonArray(e, ",\n ")
	case name == "row_to_json" && e.oid == pgvalue.OIDRecord && len(e.fields) > 0:
		plain, lines = c.jsonNotNull(e), c.jsonRowWith(e, ",\n ")
	default:
		return nil
	}
	return c.make("(CASE WHEN "+pretty.sql+" THEN "+lines+" WHEN NOT "+pretty.sql+" THEN "+plain+" END)", pgvalue.OIDJSON, e, pretty)
}

func (c *compiler) buildObject(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	if len(args)%2 != 0 {
		c.fail(pgerror.Errorf(pgerror.InvalidParameterValue, "argument list must have even number of elements").
			WithHint("The arguments of " + name + "() must consist of alternating keys and values."))
	}
	var parts []string
	for i := 0; i < len(args); i += 2 {
		comma := ""
		if i > 0 {
			comma = "', ' || "
		}
		parts = append(parts, comma+c.jsonKey(args[i])+" || ' : ' || "+c.json(args[i+1]))
	}
	sql := "'{}'"
	if len(parts) > 0 {
		sql = "('{' || " + strings.Join(parts, " || ") + " || '}')"
	}
	return c.built(name, sql, args)
}

// jsonKey writes a value as the name of a field. Times are written as they are in JSON, and what
// is no scalar is refused where it is not null.
func (c *compiler) jsonKey(e *ex) string {
	switch {
	case e.oid == pgvalue.OIDTimestamptz || e.oid == pgvalue.OIDTimestamp || e.oid == pgvalue.OIDDate:
		return call("pg_json_key", "trim("+c.jsonNotNull(e)+", '\"')")
	case e.oid == pgvalue.OIDBpchar: // with its blanks
		return call("pg_json_key", e.sql)
	case e.oid == pgvalue.OIDJSON || e.oid == pgvalue.OIDJSONB || e.oid == pgvalue.OIDRecord || elements[e.oid] != 0 && e.oid != pgvalue.OIDInt2Vector && e.oid != pgvalue.OIDOidVector:
		return "(CASE WHEN " + e.sql + " IS NULL THEN " + call("pg_json_key", cast("NULL", "VARCHAR")) + " ELSE error('" +
			marker(pgerror.InvalidParameterValue, "key value must be scalar, not array, composite, or json") + "') END)"
	}
	return call("pg_json_key", c.text(e).sql)
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
		out = c.make(call("pg_jsonb", sql), pgvalue.OIDJSONB, args...)
	} else {
		out = c.make(sql, pgvalue.OIDJSON, args...)
	}
	out.fallible = true // a key may be null
	return out
}
