//go:build cgo

package translate

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire"
)

// nativeParts are the fields that DuckDB's date_part gives as PostgreSQL does.
var nativeParts = map[string]bool{
	"year": true, "month": true, "day": true, "hour": true, "minute": true, "dow": true, "isodow": true, "doy": true,
	"week": true, "quarter": true, "isoyear": true,
}

// extract compiles EXTRACT, whose result is numeric, and date_part, whose is float8.
func (c *compiler) extract(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	if len(args) != 2 {
		return nil
	}
	field, v := args[0], args[1]
	if v.oid == pgwire.OIDUnknown {
		v = c.coerce(v, pgwire.OIDTimestamptz, -1, implicit)
	}
	if category(v.oid) != catTime && v.oid != pgwire.OIDInterval {
		return nil
	}
	f := c.coerce(field, pgwire.OIDText, -1, implicit)
	word := ""
	if f.literal {
		word = strings.ToLower(strings.TrimSpace(f.text))
	}
	if s, ok := partSynonyms[word]; ok {
		word = s
	}
	e := c.part(word, f, v)
	if name == "date_part" {
		out := c.convert(e, pgwire.OIDFloat8, explicit)
		out.name = name
		return out
	}
	return e
}

var partSynonyms = map[string]string{
	"years": "year", "y": "year", "yr": "year", "yrs": "year", "months": "month", "mon": "month", "mons": "month", "days": "day", "d": "day",
	"hours": "hour", "h": "hour", "hr": "hour", "hrs": "hour", "minutes": "minute", "m": "minute", "min": "minute", "mins": "minute",
	"seconds": "second", "s": "second", "sec": "second", "secs": "second", "weeks": "week", "w": "week",
}

func (c *compiler) part(word string, field, v *ex) *ex {
	local := v.sql
	switch v.oid {
	case pgwire.OIDTimestamptz:
		if word != "epoch" {
			local = c.toLocal(v.sql)
		}
	case pgwire.OIDDate:
		if word == "hour" || word == "minute" || strings.Contains(word, "second") || strings.HasPrefix(word, "timezone") {
			c.fail(c.at(pgwire.Errorf("0A000", "unit \"%s\" not supported for type date", word), -1))
		}
		local = cast(v.sql, "TIMESTAMP")
	case pgwire.OIDInterval, oidTime:
		kind := "interval"
		if v.oid == oidTime {
			kind = "time"
		}
		if word == "epoch" {
			return c.decimal(fmt.Sprintf("(CAST(pg_%s_micros(%s) AS DECIMAL(38,0)) * CAST('0.000001' AS DECIMAL(38,6)))", kind, v.sql), 6, v)
		}
		out := c.make(call("pg_extract_"+kind, field.sql, v.sql), pgwire.OIDNumeric, field, v)
		out.fallible = true
		return out
	}
	switch {
	case word == "epoch":
		return c.decimal(fmt.Sprintf("(CAST(epoch_us(%s) AS DECIMAL(38,0)) * CAST('0.000001' AS DECIMAL(38,6)))", local), 6, v)
	case nativeParts[word]:
		return c.decimal(fmt.Sprintf("CAST(date_part('%s', %s) AS DECIMAL(38,0))", word, local), 0, v)
	case word == "second":
		return c.decimal(fmt.Sprintf("(CAST(date_part('microseconds', %s) AS DECIMAL(38,0)) * CAST('0.000001' AS DECIMAL(38,6)))", local), 6, v)
	}
	zone := "'UTC'"
	if v.oid == pgwire.OIDTimestamptz {
		zone = placeholder("zone")
	}
	kind := map[uint32]string{pgwire.OIDTimestamp: "timestamp without time zone", pgwire.OIDTimestamptz: "timestamp with time zone", pgwire.OIDDate: "date"}[v.oid]
	out := c.make(call("pg_extract", field.sql, local, zone, quote(kind)), pgwire.OIDNumeric, field, v)
	out.fallible = true
	return out
}

// nativeTruncs are the fields that DuckDB's date_trunc cuts to as PostgreSQL does.
var nativeTruncs = map[string]bool{
	"microseconds": true, "milliseconds": true, "second": true, "minute": true, "hour": true, "day": true, "week": true,
	"month": true, "quarter": true, "year": true,
}

// subDay are the fields that are shorter than a day.
var subDay = map[string]bool{"microseconds": true, "milliseconds": true, "second": true, "minute": true, "hour": true}

func (c *compiler) dateTrunc(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) < 2 || len(args) > 3 {
		return nil
	}
	field, v := c.coerce(args[0], pgwire.OIDText, -1, implicit), args[1]
	if v.oid == pgwire.OIDUnknown || v.oid == pgwire.OIDDate {
		v = c.coerce(v, pgwire.OIDTimestamptz, -1, implicit)
	}
	word := ""
	if field.literal {
		word = strings.ToLower(strings.TrimSpace(field.text))
		if s, ok := partSynonyms[word]; ok {
			word = s
		}
	}
	cut := func(sql string) string {
		if nativeTruncs[word] {
			return call("date_trunc", quote(word), sql)
		}
		return call("pg_trunc", field.sql, sql)
	}
	fallible := !nativeTruncs[word]
	var out *ex
	switch {
	case v.oid == pgwire.OIDTimestamp && len(args) == 2:
		out = c.make(cut(v.sql), v.oid, field, v)
	case v.oid == pgwire.OIDTimestamptz && len(args) == 2:
		switch {
		case word == "second" || word == "milliseconds" || word == "microseconds":
			out = c.make(cut(v.sql), v.oid, field, v) // no zone's offset has parts of a second
		case subDay[word] || word == "":
			// An hour that comes twice stays the one it is.
			out = c.make(call("pg_trunc_tz", field.sql, v.sql, placeholder("zone")), v.oid, field, v)
			fallible = true
		default:
			out = c.make(c.fromLocal(cut(c.toLocal(v.sql))), v.oid, field, v)
		}
	case v.oid == pgwire.OIDTimestamptz:
		zone := c.coerce(args[2], pgwire.OIDText, -1, implicit)
		out = c.make(call("pg_from_local", cut(call("pg_to_local", v.sql, zone.sql)), zone.sql), v.oid, field, v, zone)
	case v.oid == pgwire.OIDInterval && len(args) == 2:
		out = c.make(call("pg_trunc_interval", field.sql, v.sql), v.oid, field, v)
		fallible = true
	default:
		return nil
	}
	out.fallible = out.fallible || fallible
	return out
}

// atTimeZone compiles x AT TIME ZONE zone, which is timezone(zone, x).
func (c *compiler) atTimeZone(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) != 2 {
		return nil
	}
	zone, v := args[0], args[1]
	if zone.oid == pgwire.OIDInterval {
		zone = c.make("('interval:' || pg_interval_text("+zone.sql+"))", pgwire.OIDText, zone)
	} else {
		zone = c.coerce(zone, pgwire.OIDText, -1, implicit)
	}
	if v.oid == pgwire.OIDUnknown || v.oid == pgwire.OIDDate {
		v = c.coerce(v, pgwire.OIDTimestamptz, -1, implicit)
	}
	var out *ex
	switch v.oid {
	case pgwire.OIDTimestamptz:
		out = c.make(call("pg_to_local", v.sql, zone.sql), pgwire.OIDTimestamp, zone, v)
	case pgwire.OIDTimestamp:
		out = c.make(call("pg_from_local", v.sql, zone.sql), pgwire.OIDTimestamptz, zone, v)
	default:
		return nil
	}
	out.fallible = out.fallible || !zone.literal
	return out
}
