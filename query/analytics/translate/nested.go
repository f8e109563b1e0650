//go:build cgo

package translate

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// jsonOperator compiles the operators of json and jsonb.
func (c *compiler) jsonOperator(op string, l, r *ex) *ex {
	isJSON := func(e *ex) bool { return e.oid == pgwire.OIDJSONB || e.oid == pgwire.OIDJSON }
	if !isJSON(l) {
		if !(l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDJSONB && (op == "@>" || op == "<@")) {
			return nil
		}
		l = c.coerce(l, pgwire.OIDJSONB, -1, implicit)
	}
	make := func(oid uint32, name string, parts ...*ex) *ex {
		args := []string{l.sql}
		for _, p := range parts {
			args = append(args, p.sql)
		}
		return c.make(call(name, args...), oid, append([]*ex{l}, parts...)...)
	}
	asText := func() *ex {
		if r.oid == pgwire.OIDUnknown {
			return c.coerce(r, pgwire.OIDText, -1, implicit)
		}
		return r
	}
	asPath := func() *ex {
		if r.oid == pgwire.OIDUnknown {
			return c.coerce(r, arrays[pgwire.OIDText], -1, implicit)
		}
		return r
	}
	// A json value's parts come as they were written.
	raw := ""
	if l.oid == pgwire.OIDJSON {
		raw = "_raw"
	}
	switch op {
	case "->", "->>":
		k := asText()
		oid, name := l.oid, "pg_json_get"+raw
		if op == "->>" {
			oid, name = pgwire.OIDText, "pg_json_get_text"+raw
		}
		switch {
		case isText(k.oid):
			return make(oid, name, k)
		case k.oid == pgwire.OIDInt4 || k.oid == pgwire.OIDInt2:
			return make(oid, strings.Replace(name, "get", "index", 1), c.convert(k, pgwire.OIDInt4, implicit))
		}
		return nil
	case "#>", "#>>":
		p := asPath()
		if elements[p.oid] != pgwire.OIDText {
			return nil
		}
		if op == "#>>" {
			return make(pgwire.OIDText, "pg_json_path_text"+raw, p)
		}
		return make(l.oid, "pg_json_path"+raw, p)
	}
	if l.oid != pgwire.OIDJSONB {
		return nil
	}
	switch op {
	case "@>", "<@":
		if r.oid == pgwire.OIDUnknown {
			r = c.coerce(r, pgwire.OIDJSONB, -1, implicit)
		}
		if r.oid != pgwire.OIDJSONB {
			return nil
		}
		a, b := l, r
		if op == "<@" {
			a, b = r, l
		}
		return c.boolean(call("pg_jsonb_contains", a.sql, b.sql), l, r)
	case "?":
		k := asText()
		if !isText(k.oid) {
			return nil
		}
		return make(pgwire.OIDBool, "pg_jsonb_exists", k)
	case "?|", "?&":
		p := asPath()
		if elements[p.oid] != pgwire.OIDText {
			return nil
		}
		return make(pgwire.OIDBool, map[string]string{"?|": "pg_jsonb_exists_any", "?&": "pg_jsonb_exists_all"}[op], p)
	case "-":
		switch {
		case r.oid == pgwire.OIDUnknown || isText(r.oid):
			return make(pgwire.OIDJSONB, "pg_jsonb_delete", asText())
		case r.oid == pgwire.OIDInt4 || r.oid == pgwire.OIDInt2:
			out := make(pgwire.OIDJSONB, "pg_jsonb_delete_index", c.convert(r, pgwire.OIDInt4, implicit))
			out.fallible = true
			return out
		case elements[r.oid] == pgwire.OIDText:
			return make(pgwire.OIDJSONB, "pg_jsonb_delete_keys", r)
		}
	case "#-":
		return make(pgwire.OIDJSONB, "pg_jsonb_delete_path", asPath())
	case "@?":
		r = c.coerce(r, oidJSONPath, -1, explicit)
		return make(pgwire.OIDBool, "pg_jsonb_path_exists", r, c.make("'{}'", pgwire.OIDJSONB), c.make("TRUE", pgwire.OIDBool))
	case "@@":
		r = c.coerce(r, oidJSONPath, -1, explicit)
		return make(pgwire.OIDBool, "pg_jsonb_path_match", r, c.make("'{}'", pgwire.OIDJSONB), c.make("TRUE", pgwire.OIDBool))
	}
	return nil
}

// arrayOperator compiles @> <@ &&.
func (c *compiler) arrayOperator(op string, l, r *ex) *ex {
	if op != "@>" && op != "<@" && op != "&&" {
		return nil
	}
	switch {
	case elements[l.oid] != 0 && r.oid == pgwire.OIDUnknown:
		r = c.coerce(r, l.oid, -1, implicit)
	case elements[r.oid] != 0 && l.oid == pgwire.OIDUnknown:
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
	return c.boolean(fmt.Sprintf("(list_count(%[2]s) = len(%[2]s) AND list_has_all(%[1]s, %[2]s))", a, b), l, r)
}
