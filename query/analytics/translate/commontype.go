//go:build cgo

package translate

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// unify gives expressions their common type, as UNION, CASE and VALUES do.
func (c *compiler) unify(list []*ex, what string) []*ex {
	oid := c.commonType(list, what)
	out := make([]*ex, len(list))
	for i, e := range list {
		if oid == pgvalue.OIDUnknown {
			out[i] = e
			if e.literal || e.param > 0 {
				out[i] = c.coerce(e, pgvalue.OIDText, -1, implicit)
			}
			continue
		}
		x := c.tryCoerce(e, oid, implicit)
		if x == nil {
			c.failAt(e.pos, pgerror.CannotCoerce, "%s could not convert type %s to %s", what, typeName(e.oid), typeName(oid))
		}
		out[i] = x
	}
	c.evenDimensions(out)
	// Numerics of one scale stay decimals.
	if oid == pgvalue.OIDNumeric {
		scale := commonScale(out)
		for i, e := range out {
			switch {
			case e.null && scale >= 0:
				out[i] = c.decimal(cast("NULL", Physical(oid, scale)), scale, e)
			case scale < 0:
				if x := c.asText(e); x != e {
					x.mod = e.mod
					out[i] = x
				}
			}
		}
	}
	return out
}

// commonMod is the type modifier that all have, -1 if they have not the same: that of CASE,
// COALESCE and their like, once they have one type.
func commonMod(list []*ex) int32 {
	for _, e := range list {
		if e.mod != list[0].mod || e.oid != list[0].oid {
			return -1
		}
	}
	return list[0].mod
}

// commonScale is the scale that all numerics have, textScale if they have not the same.
func commonScale(list []*ex) int {
	scale, any := textScale, false
	for _, e := range list {
		switch {
		case e.null:
		case !any:
			scale, any = e.rep, true
		case e.rep != scale:
			return textScale
		}
	}
	return scale
}

// commonType follows PostgreSQL's select_common_type.
func (c *compiler) commonType(list []*ex, what string) uint32 {
	oid := uint32(pgvalue.OIDUnknown)
	for _, e := range list {
		if e.oid == pgvalue.OIDUnknown || e.oid == oid {
			continue
		}
		switch {
		case oid == pgvalue.OIDUnknown:
			oid = e.oid
		case category(oid) != category(e.oid):
			c.failAt(e.pos, pgerror.DatatypeMismatch, "%s types %s and %s cannot be matched", what, typeName(oid), typeName(e.oid))
		case prefers(oid):
		case c.widens(oid, e.oid) && !c.widens(e.oid, oid):
			oid = e.oid
		case !c.widens(e.oid, oid) && !c.widens(oid, e.oid):
			c.failAt(e.pos, pgerror.DatatypeMismatch, "%s types %s and %s cannot be matched", what, typeName(oid), typeName(e.oid))
		}
	}
	return oid
}

// prefers tells whether a type is its category's preferred one.
func prefers(oid uint32) bool {
	switch oid {
	case pgvalue.OIDFloat8, pgvalue.OIDOid, pgvalue.OIDText, pgvalue.OIDTimestamptz, pgvalue.OIDInterval, pgvalue.OIDBool:
		return true
	}
	return false
}

// widens tells whether one type converts to another by itself.
func (c *compiler) widens(from, to uint32) bool {
	switch {
	case from == to:
		return true
	case isText(from) && isText(to):
		return to != pgvalue.OIDChar
	case isBits(from) && isBits(to):
		return true
	case isNumber(from) && isNumber(to):
		return rank(from) < rank(to)
	case category(from) == catNumber && category(to) == catNumber:
		return (isInteger(from) || isReg(from)) && to == pgvalue.OIDOid || (isInteger(from) || from == pgvalue.OIDOid) && isReg(to)
	case from == pgvalue.OIDDate:
		return to == pgvalue.OIDTimestamp || to == pgvalue.OIDTimestamptz
	case from == pgvalue.OIDTimestamp:
		return to == pgvalue.OIDTimestamptz
	case from == pgvalue.OIDInt2Vector || from == pgvalue.OIDOidVector:
		return to == arrays[elements[from]]
	case from == pgvalue.OIDTime:
		return to == oidTimetz || to == pgvalue.OIDInterval
	}
	return false
}
