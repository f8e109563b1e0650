//go:build cgo

package translate

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// typeOf resolves a type's name to its OID and modifier.
func (c *compiler) typeOf(t *pg.TypeName) (oid uint32, mod int32) {
	name := stringOf(t.Names[len(t.Names)-1])
	if len(t.Names) > 1 {
		schema := stringOf(t.Names[0])
		if d, ok := domains[name]; ok && schema == "information_schema" {
			if len(t.ArrayBounds) > 0 {
				c.unsupported(t.Location, "type %s[]", name)
			}
			return d.oid, d.mod
		}
		if schema != "pg_catalog" {
			c.failAt(t.Location, pgerror.UndefinedObject, "type \"%s.%s\" does not exist", schema, name)
		}
	}
	array := len(t.ArrayBounds) > 0
	if len(name) > 1 && name[0] == '_' && typeNames[name[1:]] != 0 {
		array, name = true, name[1:]
	}
	oid = typeNames[name]
	if oid == 0 && (otherTypes[name] || c.isType(name)) {
		c.unsupported(t.Location, "type %s", name)
	}
	if oid == 0 {
		full := name
		if array {
			full += "[]"
		}
		c.failAt(t.Location, pgerror.UndefinedObject, "type \"%s\" does not exist", full)
	}
	if oid == oidTimetz {
		c.unsupported(t.Location, "type time with time zone")
	}
	mod = c.modifier(oid, t)
	if array {
		if arrays[oid] == 0 {
			c.unsupported(t.Location, "type %s[]", typeName(oid))
		}
		oid = arrays[oid]
	}
	return oid, mod
}

// domains are those of information_schema: the types that they are made of.
var domains = map[string]struct {
	oid uint32
	mod int32
}{
	"cardinal_number": {pgvalue.OIDInt4, -1}, "character_data": {pgvalue.OIDVarchar, -1}, "sql_identifier": {pgvalue.OIDName, -1},
	"time_stamp": {pgvalue.OIDTimestamptz, 2}, "yes_or_no": {pgvalue.OIDVarchar, 7},
}

// isType tells whether the catalog has a type of a name.
func (c *compiler) isType(name string) bool {
	if strings.Trim(name, "0123456789") == "" {
		return false // which would be read as an OID
	}
	oid, err := c.options.Catalog.RegIn(pgvalue.OIDRegtype, ident(name))
	return err == nil && oid != 0
}

// otherTypes are PostgreSQL's that have no translation.
var otherTypes = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`money inet cidr macaddr macaddr8 point line lseg box path polygon circle tsvector
		tsquery xml int4range int8range numrange tsrange tstzrange daterange int4multirange
		int8multirange nummultirange tsmultirange tstzmultirange datemultirange tid regconfig regdictionary regcollation refcursor`) {
		m[n] = true
	}
	return m
}()

// modifier reads what stands in parentheses behind a type.
func (c *compiler) modifier(oid uint32, t *pg.TypeName) int32 {
	var n []int32
	for _, m := range t.Typmods {
		k := m.GetAConst()
		if k == nil || k.GetIval() == nil && k.Isnull {
			c.failAt(t.Location, pgerror.SyntaxError, "type modifiers must be simple constants or identifiers")
		}
		n = append(n, k.GetIval().GetIval())
	}
	switch {
	case len(n) == 0:
		return -1
	case oid == pgvalue.OIDNumeric:
		scale := int32(0)
		if len(n) > 1 {
			scale = n[1]
		}
		if n[0] < 1 || n[0] > 1000 {
			c.failAt(t.Location, pgerror.InvalidParameterValue, "NUMERIC precision %d must be between 1 and 1000", n[0])
		}
		if scale < -1000 || scale > 1000 {
			c.failAt(t.Location, pgerror.InvalidParameterValue, "NUMERIC scale %d must be between -1000 and 1000", scale)
		}
		return (n[0]<<16 | scale&0x7ff) + 4
	case oid == pgvalue.OIDVarchar || oid == pgvalue.OIDBpchar:
		if n[0] < 1 {
			c.failAt(t.Location, pgerror.InvalidParameterValue, "length for type %s must be at least 1", map[bool]string{true: "varchar", false: "char"}[oid == pgvalue.OIDVarchar])
		}
		return n[0] + 4
	case isBits(oid):
		if n[0] < 1 {
			c.failAt(t.Location, pgerror.InvalidParameterValue, "length for type %s must be at least 1", map[bool]string{true: "bit", false: "varbit"}[oid == pgvalue.OIDBit])
		}
		return n[0]
	case category(oid) == catTime && oid != pgvalue.OIDDate:
		return n[0]
	case oid == pgvalue.OIDInterval:
		fields, precision := n[0], int32(0xffff)
		if len(n) > 1 {
			precision = n[1]
		}
		return fields<<16 | precision
	}
	c.failAt(t.Location, pgerror.SyntaxError, "type modifier is not allowed for type \"%s\"", typeName(oid))
	return -1
}

// intervalFields are those that an interval's type modifier restricts it to.
func intervalFields(mod int32) pgfn.IntervalFields {
	if mod < 0 {
		return pgfn.AllFields
	}
	return pgfn.IntervalFields(mod >> 16)
}
