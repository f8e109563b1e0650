package catalog

import (
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// FormatType is format_type(oid, typmod): the SQL name of a type. hasTypmod is
// false where the typmod is NULL. An OID of 0 is "-", and one that no type has
// "???", as in PostgreSQL; for the latter ok is false.
func (c *Catalog) FormatType(oid uint32, typmod int64, hasTypmod bool) (text string, ok bool) {
	if oid == 0 {
		return "-", true
	}
	typ := c.lookups().types[oid]
	if typ == nil {
		return "???", false
	}
	suffix := ""
	if typ.element != 0 && typ.subscript == arraySubscript && typ.storage != "p" { // not so int2vector
		suffix = "[]"
		typ = c.lookups().types[typ.element]
	}
	return c.formatElement(typ, typmod, hasTypmod) + suffix, true
}

// formatElement formats a type that is not an array.
func (c *Catalog) formatElement(typ *typeInfo, typmod int64, hasTypmod bool) string {
	given := hasTypmod && typmod >= 0
	switch typ.oid {
	case 1560: // bit without a length would be bit(1)
		if given {
			return fmt.Sprintf("bit(%d)", typmod)
		}
		if hasTypmod {
			return `"bit"`
		}
		return "bit"
	case pgvalue.OIDBool:
		return "boolean"
	case 1042:
		if given {
			return fmt.Sprintf("character(%d)", typmod-4)
		}
		if hasTypmod { // character without a length would be character(1)
			return "bpchar"
		}
		return "character"
	case pgvalue.OIDFloat4:
		return "real"
	case pgvalue.OIDFloat8:
		return "double precision"
	case pgvalue.OIDInt2:
		return "smallint"
	case pgvalue.OIDInt4:
		return "integer"
	case pgvalue.OIDInt8:
		return "bigint"
	case pgvalue.OIDNumeric:
		if given {
			precision, scale := (typmod-4)>>16&0xffff, (typmod-4)&0x7ff
			return fmt.Sprintf("numeric(%d,%d)", precision, (scale^1024)-1024)
		}
		return "numeric"
	case 1186:
		if given {
			return "interval" + intervalFields(typmod)
		}
		return "interval"
	case 1083:
		return "time" + precision(typmod, given) + " without time zone"
	case 1266:
		return "time" + precision(typmod, given) + " with time zone"
	case 1114:
		return "timestamp" + precision(typmod, given) + " without time zone"
	case pgvalue.OIDTimestamptz:
		return "timestamp" + precision(typmod, given) + " with time zone"
	case 1562:
		return "bit varying" + precision(typmod, given)
	case 1043:
		return "character varying" + precision(typmod-4, given)
	}
	name := QuoteIdentifier(typ.name)
	if !c.TypeVisible(typ.oid) {
		name = QuoteIdentifier(c.lookups().schemas[typ.namespace]) + "." + name
	}
	if given { // no type left has one that means anything else
		return fmt.Sprintf("%s(%d)", name, typmod)
	}
	return name
}

func precision(typmod int64, given bool) string {
	if !given {
		return ""
	}
	return fmt.Sprintf("(%d)", typmod)
}

// intervalFields is what intervaltypmodout says.
func intervalFields(typmod int64) string {
	const month, year, day, hour, minute, second = 1 << 1, 1 << 2, 1 << 3, 1 << 10, 1 << 11, 1 << 12
	fields := map[int64]string{
		year: " year", month: " month", day: " day", hour: " hour", minute: " minute", second: " second",
		year | month: " year to month", day | hour: " day to hour", day | hour | minute: " day to minute",
		day | hour | minute | second: " day to second", hour | minute: " hour to minute",
		hour | minute | second: " hour to second", minute | second: " minute to second",
	}[typmod>>16&0x7fff]
	if p := typmod & 0xffff; p != 0xffff {
		fields += fmt.Sprintf("(%d)", p)
	}
	return fields
}

// QuoteIdentifier is quote_ident.
func QuoteIdentifier(name string) string {
	plain := name != "" && !keywords[name]
	for i := 0; i < len(name) && plain; i++ {
		b := name[i]
		plain = b == '_' || b >= 'a' && b <= 'z' || i > 0 && b >= '0' && b <= '9'
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
