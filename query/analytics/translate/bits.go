//go:build cgo

package translate

import (
	"strconv"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Bit strings are held as texts of the digits 0 and 1.

func isBits(oid uint32) bool { return oid == pgvalue.OIDBit || oid == pgvalue.OIDVarbit }

// bitOperator compiles & | # << >> and || of bit strings.
func (c *compiler) bitOperator(op string, l, r *ex) *ex {
	switch op {
	case "<<", ">>":
		if r.oid == pgvalue.OIDUnknown {
			r = c.coerce(r, pgvalue.OIDInt4, -1, implicit)
		}
		if r.oid != pgvalue.OIDInt4 && r.oid != pgvalue.OIDInt2 {
			return nil
		}
		by := cast(r.sql, "BIGINT")
		if op == ">>" {
			by = "(- " + by + ")"
		}
		return c.make(call("pg_bits_shift", l.sql, by), pgvalue.OIDBit, l, r)
	case "&", "|", "#", "||":
	default:
		return nil
	}
	for _, e := range []**ex{&l, &r} {
		if (*e).oid == pgvalue.OIDUnknown {
			*e = c.coerce(*e, pgvalue.OIDVarbit, -1, implicit)
		}
		if !isBits((*e).oid) {
			if op == "||" && isText((*e).oid) {
				return c.make("("+c.text(l).sql+" || "+c.text(r).sql+")", pgvalue.OIDText, l, r)
			}
			return nil
		}
	}
	if op == "||" {
		return c.make("("+l.sql+" || "+r.sql+")", pgvalue.OIDVarbit, l, r)
	}
	out := c.make(call("pg_bits_op", "'"+op+"'", l.sql, r.sql), pgvalue.OIDBit, l, r)
	out.fallible = true
	return out
}

// bitsOfInt is a cast of an integer to bit(n), whose length is a part of what it means.
func (c *compiler) bitsOfInt(e *ex, mod int32) *ex {
	width := int(pgvalue.TypeSize(e.oid)) * 8
	out := c.make(call("pg_bits_of_int", cast(e.sql, "BIGINT"), strconv.Itoa(width), strconv.Itoa(int(max(mod, 1)))), pgvalue.OIDBit, e)
	out.mod, out.pos, out.name = mod, e.pos, e.name
	return out
}

// byteOrder compiles ~<~ and its like: texts in the order of their bytes, which in this
// database is the order that < has.
func (c *compiler) byteOrder(op string, l, r *ex) *ex {
	if !isText(l.oid) && l.oid != pgvalue.OIDUnknown || !isText(r.oid) && r.oid != pgvalue.OIDUnknown {
		return nil
	}
	a, b := c.text(l), c.text(r)
	if l.oid == pgvalue.OIDBpchar || r.oid == pgvalue.OIDBpchar { // an untyped literal beside one is one, too
		if l.oid == pgvalue.OIDUnknown {
			a = c.make("rtrim("+a.sql+", ' ')", pgvalue.OIDText, a)
		}
		if r.oid == pgvalue.OIDUnknown {
			b = c.make("rtrim("+b.sql+", ' ')", pgvalue.OIDText, b)
		}
	}
	return c.boolean("("+a.sql+" "+op+" "+b.sql+")", a, b)
}
