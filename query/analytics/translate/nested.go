//go:build cgo

package translate

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// jsonCall calls a function of a value of JSON and more.
func (c *compiler) jsonCall(oid uint32, name string, l *ex, parts ...*ex) *ex {
	args := []string{l.sql}
	for _, p := range parts {
		args = append(args, p.sql)
	}
	return c.make(call(name, args...), oid, append([]*ex{l}, parts...)...)
}

// defaulted gives an untyped literal or parameter a type.
func (c *compiler) defaulted(e *ex, oid uint32) *ex {
	if e.oid == pgvalue.OIDUnknown {
		return c.coerce(e, oid, -1, implicit)
	}
	return e
}

// jsonOperator compiles the operators of json and jsonb.
func (c *compiler) jsonOperator(op string, l, r *ex) *ex {
	isJSON := func(e *ex) bool { return e.oid == pgvalue.OIDJSONB || e.oid == pgvalue.OIDJSON }
	if !isJSON(l) {
		if !(l.oid == pgvalue.OIDUnknown && r.oid == pgvalue.OIDJSONB && (op == "@>" || op == "<@")) {
			return nil
		}
		l = c.coerce(l, pgvalue.OIDJSONB, -1, implicit)
	}
	// A json value's parts come as they were written.
	raw := ""
	if l.oid == pgvalue.OIDJSON {
		raw = "_raw"
	}
	switch op {
	case "->", "->>":
		k := c.defaulted(r, pgvalue.OIDText)
		oid, name := l.oid, "pg_json_get"+raw
		if op == "->>" {
			oid, name = pgvalue.OIDText, "pg_json_get_text"+raw
		}
		switch {
		case isText(k.oid):
			return c.jsonCall(oid, name, l, k)
		case k.oid == pgvalue.OIDInt4 || k.oid == pgvalue.OIDInt2:
			return c.jsonCall(oid, strings.Replace(name, "get", "index", 1), l, c.convert(k, pgvalue.OIDInt4, implicit))
		}
		return nil
	case "#>", "#>>":
		p := c.defaulted(r, arrays[pgvalue.OIDText])
		if elements[p.oid] != pgvalue.OIDText {
			return nil
		}
		if op == "#>>" {
			return c.jsonCall(pgvalue.OIDText, "pg_json_path_text"+raw, l, p)
		}
		return c.jsonCall(l.oid, "pg_json_path"+raw, l, p)
	}
	return c.jsonbOperator(op, l, r)
}

// jsonbOperator compiles the operators that jsonb alone has.
func (c *compiler) jsonbOperator(op string, l, r *ex) *ex {
	if l.oid != pgvalue.OIDJSONB {
		return nil
	}
	switch op {
	case "@>", "<@":
		if r.oid == pgvalue.OIDUnknown {
			r = c.coerce(r, pgvalue.OIDJSONB, -1, implicit)
		}
		if r.oid != pgvalue.OIDJSONB {
			return nil
		}
		a, b := l, r
		if op == "<@" {
			a, b = r, l
		}
		return c.boolean(call("pg_jsonb_contains", a.sql, b.sql), l, r)
	case "?":
		k := c.defaulted(r, pgvalue.OIDText)
		if !isText(k.oid) {
			return nil
		}
		return c.jsonCall(pgvalue.OIDBool, "pg_jsonb_exists", l, k)
	case "?|", "?&":
		p := c.defaulted(r, arrays[pgvalue.OIDText])
		if elements[p.oid] != pgvalue.OIDText {
			return nil
		}
		return c.jsonCall(pgvalue.OIDBool, map[string]string{"?|": "pg_jsonb_exists_any", "?&": "pg_jsonb_exists_all"}[op], l, p)
	case "-":
		switch {
		case r.oid == pgvalue.OIDUnknown || isText(r.oid):
			return c.jsonCall(pgvalue.OIDJSONB, "pg_jsonb_delete", l, c.defaulted(r, pgvalue.OIDText))
		case r.oid == pgvalue.OIDInt4 || r.oid == pgvalue.OIDInt2:
			out := c.jsonCall(pgvalue.OIDJSONB, "pg_jsonb_delete_index", l, c.convert(r, pgvalue.OIDInt4, implicit))
			out.fallible = true
			return out
		case elements[r.oid] == pgvalue.OIDText:
			return c.jsonCall(pgvalue.OIDJSONB, "pg_jsonb_delete_keys", l, r)
		}
	case "#-":
		out := c.jsonCall(pgvalue.OIDJSONB, "pg_jsonb_delete_path", l, c.defaulted(r, arrays[pgvalue.OIDText]))
		out.fallible = true
		return out
	case "@?":
		r = c.coerce(r, pgvalue.OIDJSONPath, -1, explicit)
		return c.jsonCall(pgvalue.OIDBool, "pg_jsonb_path_exists", l, r, c.make("'{}'", pgvalue.OIDJSONB), c.make("TRUE", pgvalue.OIDBool))
	case "@@":
		r = c.coerce(r, pgvalue.OIDJSONPath, -1, explicit)
		return c.jsonCall(pgvalue.OIDBool, "pg_jsonb_path_match", l, r, c.make("'{}'", pgvalue.OIDJSONB), c.make("TRUE", pgvalue.OIDBool))
	}
	return nil
}

// arrayOperator compiles @> <@ &&.
func (c *compiler) arrayOperator(op string, l, r *ex) *ex {
	if op != "@>" && op != "<@" && op != "&&" {
		return nil
	}
	switch {
	case elements[l.oid] != 0 && r.oid == pgvalue.OIDUnknown:
		r = c.coerce(r, l.oid, -1, implicit)
	case elements[r.oid] != 0 && l.oid == pgvalue.OIDUnknown:
		l = c.coerce(l, r.oid, -1, implicit)
	}
	if elements[l.oid] == 0 || elements[r.oid] == 0 {
		return nil
	}
	if l.oid != r.oid {
		if x := c.tryCoerce(l, r.oid, implicit); x != nil {
			l = x
		} else if x := c.tryCoerce(r, l.oid, implicit); x != nil {
			r = x
		} else {
			return nil
		}
	}
	a, b := c.key(l), c.key(r)
	// Nulls match nothing.
	some := func(list string) string { return "list_filter(" + list + ", lambda x: x IS NOT NULL)" }
	switch op {
	case "&&":
		return c.boolean("list_has_any("+some(a)+", "+some(b)+")", l, r)
	case "<@":
		a, b = b, a
	}
	return c.boolean(fmt.Sprintf("(CASE WHEN %[1]s IS NOT NULL THEN list_count(%[2]s) = len(%[2]s) AND list_has_all(%[1]s, %[2]s) END)", a, b), l, r)
}
