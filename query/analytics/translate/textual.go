//go:build cgo

package translate

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// concatenate compiles ||.
func (c *compiler) concatenate(l, r *ex) *ex {
	switch {
	case elements[l.oid] != 0 || elements[r.oid] != 0:
		return c.concatenateArrays(l, r)
	case l.oid == pgvalue.OIDJSONB && (r.oid == pgvalue.OIDJSONB || r.oid == pgvalue.OIDUnknown), r.oid == pgvalue.OIDJSONB && l.oid == pgvalue.OIDUnknown:
		l, r = c.coerce(l, pgvalue.OIDJSONB, -1, implicit), c.coerce(r, pgvalue.OIDJSONB, -1, implicit)
		return c.make(call("pg_jsonb_concat", l.sql, r.sql), pgvalue.OIDJSONB, l, r)
	case l.oid == pgvalue.OIDBytea && (r.oid == pgvalue.OIDBytea || r.oid == pgvalue.OIDUnknown), r.oid == pgvalue.OIDBytea && l.oid == pgvalue.OIDUnknown:
		l, r = c.coerce(l, pgvalue.OIDBytea, -1, implicit), c.coerce(r, pgvalue.OIDBytea, -1, implicit)
		return c.make("("+l.sql+" || "+r.sql+")", pgvalue.OIDBytea, l, r)
	case isText(l.oid) || isText(r.oid) || l.oid == pgvalue.OIDUnknown || r.oid == pgvalue.OIDUnknown:
		if !isText(l.oid) && l.oid != pgvalue.OIDUnknown && !isText(r.oid) && r.oid != pgvalue.OIDUnknown {
			return nil
		}
		a, b := c.text(l), c.text(r)
		return c.make("("+a.sql+" || "+b.sql+")", pgvalue.OIDText, a, b)
	}
	return nil
}

func (c *compiler) concatenateArrays(l, r *ex) *ex {
	oid := l.oid
	if elements[oid] == 0 {
		oid = r.oid
	}
	part := func(e *ex) string {
		if elements[e.oid] != 0 {
			return e.sql
		}
		if e.oid == pgvalue.OIDUnknown && e.literal {
			return c.coerce(e, oid, -1, implicit).sql
		}
		x := c.tryCoerce(e, elements[oid], implicit)
		if x == nil {
			return ""
		}
		return "[" + c.asText(x).sql + "]"
	}
	a, b := part(l), part(r)
	if a == "" || b == "" {
		return nil
	}
	// null || array is the array.
	sql := fmt.Sprintf("(CASE WHEN %[1]s IS NULL THEN %[2]s WHEN %[2]s IS NULL THEN %[1]s ELSE list_concat(%[1]s, %[2]s) END)", a, b)
	return c.make(sql, oid, l, r)
}

// matched is what a pattern is matched with: a character(n) with its blanks.
func (c *compiler) matched(e *ex) *ex {
	if e.oid == pgvalue.OIDBpchar {
		return c.output(e)
	}
	return c.text(e)
}

func (c *compiler) like(op string, l, r *ex) *ex {
	if l.oid == pgvalue.OIDBytea && (r.oid == pgvalue.OIDBytea || r.oid == pgvalue.OIDUnknown) && !strings.HasSuffix(op, "*") {
		r = c.coerce(r, pgvalue.OIDBytea, -1, implicit)
		sql := call("pg_bytes_like", l.sql, r.sql)
		if strings.HasPrefix(op, "!") {
			sql = "(NOT " + sql + ")"
		}
		out := c.boolean(sql, l, r)
		out.fallible = true
		return out
	}
	if !isText(l.oid) && l.oid != pgvalue.OIDUnknown || !isText(r.oid) && r.oid != pgvalue.OIDUnknown {
		return nil
	}
	a, b := c.matched(l), c.text(r)
	if p := r.escaped; p != nil {
		return c.likeCall(op, a, b, p[0], ", "+p[1])
	}
	return c.likeCall(op, a, b, b.sql, ", '\\'")
}

func (c *compiler) likeCall(op string, a, b *ex, pattern, escape string) *ex {
	name := "pg_like"
	if strings.HasSuffix(op, "*") {
		name = "pg_ilike"
	}
	sql := name + "(" + a.sql + ", " + pattern + escape + ")"
	if strings.HasPrefix(op, "!") {
		sql = "(NOT " + sql + ")"
	}
	out := c.boolean(sql, a, b)
	out.fallible = !b.literal
	return out
}

func (c *compiler) regexp(op string, l, r *ex) *ex {
	if !isText(l.oid) && l.oid != pgvalue.OIDUnknown || !isText(r.oid) && r.oid != pgvalue.OIDUnknown {
		return nil
	}
	a, b := c.matched(l), c.text(r)
	flags := "''"
	if strings.HasSuffix(op, "*") {
		flags = "'i'"
	}
	sql := call("pg_regexp", a.sql, b.sql, flags)
	if strings.HasPrefix(op, "!") {
		sql = "(NOT " + sql + ")"
	}
	out := c.boolean(sql, a, b)
	out.fallible = !b.literal
	return out
}
