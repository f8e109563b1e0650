//go:build cgo

package translate

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// concatenate compiles ||.
func (c *compiler) concatenate(l, r *ex) *ex {
	switch {
	case elements[l.oid] != 0 || elements[r.oid] != 0:
		return c.concatenateArrays(l, r)
	case l.oid == pgwire.OIDJSONB && (r.oid == pgwire.OIDJSONB || r.oid == pgwire.OIDUnknown), r.oid == pgwire.OIDJSONB && l.oid == pgwire.OIDUnknown:
		l, r = c.coerce(l, pgwire.OIDJSONB, -1, implicit), c.coerce(r, pgwire.OIDJSONB, -1, implicit)
		return c.make(call("pg_jsonb_concat", l.sql, r.sql), pgwire.OIDJSONB, l, r)
	case l.oid == pgwire.OIDBytea && (r.oid == pgwire.OIDBytea || r.oid == pgwire.OIDUnknown):
		r = c.coerce(r, pgwire.OIDBytea, -1, implicit)
		return c.make("("+l.sql+" || "+r.sql+")", pgwire.OIDBytea, l, r)
	case isText(l.oid) || isText(r.oid) || l.oid == pgwire.OIDUnknown || r.oid == pgwire.OIDUnknown:
		if !isText(l.oid) && l.oid != pgwire.OIDUnknown && !isText(r.oid) && r.oid != pgwire.OIDUnknown {
			return nil
		}
		a, b := c.text(l), c.text(r)
		return c.make("("+a.sql+" || "+b.sql+")", pgwire.OIDText, a, b)
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
		if e.oid == pgwire.OIDUnknown && e.literal {
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

func (c *compiler) like(op string, l, r *ex) *ex {
	if l.oid == pgwire.OIDBytea {
		c.unsupported(l.pos, "LIKE of bytea")
	}
	if !isText(l.oid) && l.oid != pgwire.OIDUnknown || !isText(r.oid) && r.oid != pgwire.OIDUnknown {
		return nil
	}
	a, b := c.text(l), c.text(r)
	escape := ""
	if i := strings.Index(b.sql, "pg_like_escape("); i == 0 {
		inner := strings.TrimSuffix(strings.TrimPrefix(b.sql, "pg_like_escape("), ")")
		escape = ", " + inner[strings.LastIndex(inner, ", ")+2:]
		inner = inner[:strings.LastIndex(inner, ", ")]
		return c.likeCall(op, a, b, inner, escape)
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
	if !isText(l.oid) && l.oid != pgwire.OIDUnknown || !isText(r.oid) && r.oid != pgwire.OIDUnknown {
		return nil
	}
	a, b := c.text(l), c.text(r)
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
