//go:build cgo

package translate

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// nativeParts are the fields that DuckDB's date_part gives as PostgreSQL does.
var nativeParts = map[string]bool{
	"month": true, "day": true, "hour": true, "minute": true, "dow": true, "isodow": true, "doy": true, "week": true, "quarter": true,
}

// extract compiles EXTRACT, whose result is numeric, and date_part, whose is float8.
func (c *compiler) extract(x *pg.FuncCall, name string) *ex {
	args := c.arguments(x)
	if len(args) != 2 {
		return nil
	}
	field, v := args[0], args[1]
	if v.oid == pgvalue.OIDUnknown {
		v = c.coerce(v, pgvalue.OIDTimestamptz, -1, implicit)
	}
	if category(v.oid) != catTime && v.oid != pgvalue.OIDInterval {
		return nil
	}
	f := c.coerce(field, pgvalue.OIDText, -1, implicit)
	word := ""
	if f.literal {
		word = strings.ToLower(strings.TrimSpace(f.text))
	}
	if s, ok := partSynonyms[word]; ok {
		word = s
	}
	if name == "date_part" && v.oid == pgvalue.OIDDate {
		v = c.convert(v, pgvalue.OIDTimestamp, implicit) // there is no date_part of a date
	}
	e := c.part(word, f, v)
	if name == "date_part" {
		out := c.convert(e, pgvalue.OIDFloat8, explicit)
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

// endless are the fields that an infinity has; of the others it has none.
var endless = map[string]bool{"year": true, "isoyear": true, "epoch": true}

func (c *compiler) part(word string, field, v *ex) *ex {
	local := v.sql
	switch v.oid {
	case pgvalue.OIDTimestamptz:
		if word != "epoch" {
			local = c.toLocal(v.sql)
		}
	case pgvalue.OIDDate:
		if word == "hour" || word == "minute" || strings.Contains(word, "second") || strings.HasPrefix(word, "timezone") {
			c.fail(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "unit \"%s\" not supported for type date", word), -1))
		}
		local = cast(v.sql, "TIMESTAMP")
	case pgvalue.OIDInterval, pgvalue.OIDTime:
		kind := "interval"
		if v.oid == pgvalue.OIDTime {
			kind = "time"
		}
		if word == "epoch" {
			return c.sized(fmt.Sprintf("(CAST(pg_%s_micros(%s) AS DECIMAL(38,0)) * CAST('0.000001' AS DECIMAL(38,6)))", kind, v.sql), 6, 20, v)
		}
		out := c.make(call("pg_extract_"+kind, field.sql, v.sql), pgvalue.OIDNumeric, field, v)
		out.fallible = true
		return out
	}
	known := func(sql string, scale int) *ex {
		if endless[word] {
			// A decimal holds no infinity.
			sql = "(CASE WHEN isinf(" + local + ") THEN error('" + marker(pgerror.FeatureNotSupported, "extract("+word+") of infinity is not supported") + "') ELSE " + sql + " END)"
		}
		out := c.sized(sql, scale, 20, v)
		out.fallible = out.fallible || endless[word]
		return out
	}
	micros := func(sql string) string {
		return "(CAST(" + sql + " AS DECIMAL(38,0)) * CAST('0.000001' AS DECIMAL(38,6)))"
	}
	switch {
	case len(v.vars) == 0: // a constant, or the worker's own time: with its infinities
	case word == "epoch" && v.oid == pgvalue.OIDDate:
		return known("CAST(epoch_us("+local+") // 1000000 AS DECIMAL(38,0))", 0)
	case word == "epoch":
		return known(micros("epoch_us("+local+")"), 6)
	case word == "year" || word == "isoyear": // there is no year 0
		part := fmt.Sprintf("date_part('%s', %s)", word, local)
		return known("CAST("+part+" - (CASE WHEN "+part+" <= 0 THEN 1 ELSE 0 END) AS DECIMAL(38,0))", 0)
	case nativeParts[word]:
		return known(fmt.Sprintf("CAST(date_part('%s', %s) AS DECIMAL(38,0))", word, local), 0)
	case word == "second":
		return known(micros("date_part('microseconds', "+local+")"), 6)
	}
	zone := "'=UTC'"
	if v.oid == pgvalue.OIDTimestamptz {
		// The instant, not the clock's time: that comes twice where clocks go back.
		zone, local = placeholder("zone"), v.sql
	}
	kind := map[uint32]string{pgvalue.OIDTimestamp: "timestamp without time zone", pgvalue.OIDTimestamptz: "timestamp with time zone", pgvalue.OIDDate: "date"}[v.oid]
	out := c.make(call("pg_extract", field.sql, local, zone, quote(kind)), pgvalue.OIDNumeric, field, v)
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
	field, v := c.coerce(args[0], pgvalue.OIDText, -1, implicit), args[1]
	if v.oid == pgvalue.OIDUnknown || v.oid == pgvalue.OIDDate {
		v = c.coerce(v, pgvalue.OIDTimestamptz, -1, implicit)
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
	case v.oid == pgvalue.OIDTimestamp && len(args) == 2:
		out = c.make(cut(v.sql), v.oid, field, v)
	case v.oid == pgvalue.OIDTimestamptz && len(args) == 2:
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
	case v.oid == pgvalue.OIDTimestamptz:
		zone := c.namedZone(args[2])
		if subDay[word] || !nativeTruncs[word] { // an hour that comes twice stays the one it is
			out = c.make(call("pg_trunc_tz", field.sql, v.sql, zone.sql), v.oid, field, v, zone)
			fallible = true
			break
		}
		out = c.make(call("pg_from_local", cut(call("pg_to_local", v.sql, zone.sql)), zone.sql), v.oid, field, v, zone)
	case v.oid == pgvalue.OIDInterval && len(args) == 2:
		out = c.make(call("pg_trunc_interval", field.sql, v.sql), v.oid, field, v)
		fallible = true
	default:
		return nil
	}
	out.fallible = out.fallible || fallible
	return out
}

// What the texts of zones begin with that a statement names, or gives the offset of: the
// session's own begins otherwise, and no client's text is taken for one.
const (
	NamedZone    = ":"
	IntervalZone = "i"
)

// namedZone marks the text that names a zone.
func (c *compiler) namedZone(e *ex) *ex {
	e = c.coerce(e, pgvalue.OIDText, -1, implicit)
	out := c.make("('"+NamedZone+"' || "+e.sql+")", pgvalue.OIDText, e)
	out.literal, out.text = e.literal, e.text
	return out
}

// atTimeZone compiles x AT TIME ZONE zone, which is timezone(zone, x).
func (c *compiler) atTimeZone(x *pg.FuncCall, _ string) *ex {
	args := c.arguments(x)
	if len(args) != 2 {
		return nil
	}
	zone, v := args[0], args[1]
	if zone.oid == pgvalue.OIDInterval {
		zone = c.make("('"+IntervalZone+"' || pg_interval_text("+zone.sql+"))", pgvalue.OIDText, zone)
	} else {
		zone = c.namedZone(zone)
	}
	if v.oid == pgvalue.OIDUnknown || v.oid == pgvalue.OIDDate {
		v = c.coerce(v, pgvalue.OIDTimestamptz, -1, implicit)
	}
	var out *ex
	switch v.oid {
	case pgvalue.OIDTimestamptz:
		out = c.make(call("pg_to_local", v.sql, zone.sql), pgvalue.OIDTimestamp, zone, v)
	case pgvalue.OIDTimestamp:
		out = c.make(call("pg_from_local", v.sql, zone.sql), pgvalue.OIDTimestamptz, zone, v)
	default:
		return nil
	}
	out.fallible = out.fallible || !zone.literal
	return out
}
