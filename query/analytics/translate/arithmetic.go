//go:build cgo

package translate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// arithmetic compiles + - * / % ^.
func (c *compiler) arithmetic(op string, l, r *ex, pos int32) *ex {
	switch {
	case op == "^" && (l.oid == pgvalue.OIDUnknown && r.oid != pgvalue.OIDNumeric || r.oid == pgvalue.OIDUnknown && l.oid != pgvalue.OIDNumeric):
		// There are two, of which that of float8 is preferred.
		l, r = c.tryCoerce(l, pgvalue.OIDFloat8, implicit), c.tryCoerce(r, pgvalue.OIDFloat8, implicit)
		if l == nil || r == nil {
			return nil
		}
	case l.oid == pgvalue.OIDUnknown && r.oid == pgvalue.OIDUnknown:
		c.ambiguous("unknown "+op+" unknown", pos)
	case l.oid == pgvalue.OIDUnknown && isNumber(r.oid):
		l = c.coerce(l, r.oid, -1, implicit)
	case r.oid == pgvalue.OIDUnknown && isNumber(l.oid):
		r = c.coerce(r, l.oid, -1, implicit)
	}
	if isNumber(l.oid) && isNumber(r.oid) {
		return c.numbers(op, l, r)
	}
	if x := c.lsnArithmetic(op, l, r); x != nil {
		return x
	}
	if x := c.timeArithmetic(op, l, r, pos); x != nil {
		return x
	}
	if op == "-" {
		return c.jsonOperator(op, l, r)
	}
	return nil
}

func (c *compiler) numbers(op string, l, r *ex) *ex {
	oid := l.oid
	if rank(r.oid) > rank(l.oid) {
		oid = r.oid
	}
	if oid == pgvalue.OIDFloat4 && l.oid != r.oid {
		oid = pgvalue.OIDFloat8 // no operator takes float4 and another
	}
	if op == "^" && oid != pgvalue.OIDNumeric {
		oid = pgvalue.OIDFloat8
	}
	if op == "%" && isFloat(oid) {
		return nil
	}
	if oid == pgvalue.OIDNumeric {
		return c.numerics(op, c.asNumeric(l), c.asNumeric(r))
	}
	a, b := c.convert(l, oid, implicit), c.convert(r, oid, implicit)
	sql := fmt.Sprintf("(%s %s %s)", a.sql, op, b.sql)
	fallible := false
	switch {
	case op == "/" && isFloat(oid):
		sql, fallible = divided(finite("("+a.sql+" / "+b.sql+")", a.sql, b.sql, "NOT isinf("+b.sql+")"), b.sql, "NOT isnan("+a.sql+")"), true // NaN / 0 is NaN
	case isFloat(oid) && op == "*":
		sql, fallible = finite(sql, a.sql, b.sql, b.sql+" <> 0"), true
	case isFloat(oid) && op != "^":
		sql, fallible = finite(sql, a.sql, b.sql, ""), true
	case op == "/":
		sql, fallible = divided("("+a.sql+" // "+b.sql+")", b.sql, a.sql+" IS NOT NULL"), true
	case op == "%":
		if n, err := strconv.Atoi(b.sql); err != nil || n == -1 {
			// The least of all by -1 leaves nothing, where DuckDB runs over.
			sql = "(CASE WHEN " + b.sql + " = -1 THEN " + a.sql + " - " + a.sql + " ELSE " + sql + " END)"
		}
		sql, fallible = divided(sql, b.sql, a.sql+" IS NOT NULL"), true
	case op == "^":
		sql = call("pg_power", a.sql, b.sql)
	}
	out := c.make(sql, oid, a, b)
	out.fallible = out.fallible || fallible
	return c.computed(out)
}

// finite guards a float's arithmetic: PostgreSQL takes an infinity that comes of finite
// numbers for an error, and a zero where a is none and the condition small holds.
func finite(sql, a, b, small string) string {
	out := "(CASE WHEN isinf(" + sql + ") AND NOT isinf(" + a + ") AND NOT isinf(" + b + ") THEN error('" +
		marker(pgerror.NumericValueOutOfRange, "value out of range: overflow") + "')"
	if small != "" {
		out += " WHEN " + sql + " = 0 AND " + a + " <> 0 AND " + small + " THEN error('" + marker(pgerror.NumericValueOutOfRange, "value out of range: underflow") + "')"
	}
	return out + " ELSE " + sql + " END)"
}

// divided guards a division, which DuckDB lets yield null: by zero it is an error where what is
// divided is none of those that when leaves out.
func divided(sql, by, when string) string {
	if n, err := strconv.Atoi(by); err == nil && n != 0 {
		return sql
	}
	return "(CASE WHEN " + by + " = 0 AND " + when + " THEN error('" + marker(pgerror.DivisionByZero, "division by zero") + "') ELSE " + sql + " END)"
}

// marker writes an error of ours, whose words are this package's, as what DuckDB's error()
// fails with.
func marker(code, message string) string { return markerWord + code + ":" + message }

const markerWord = "EVG"

// CutMarker takes apart what marker wrote, which begins a message of DuckDB's.
func CutMarker(message string) (code, words string, ok bool) {
	rest, ok := strings.CutPrefix(message, markerWord)
	if !ok || len(rest) < 6 || rest[5] != ':' {
		return "", "", false
	}
	words, _, _ = strings.Cut(rest[6:], "\n") // DuckDB may say where
	return rest[:5], words, true
}

func (c *compiler) numerics(op string, l, r *ex) *ex {
	if l.rep >= 0 && r.rep >= 0 {
		// As decimals where no result can run over what those hold.
		scale := max(l.rep, r.rep)
		switch op {
		case "+", "-":
			if digits := max(l.most()-l.rep, r.most()-r.rep) + 1 + scale; digits <= maxDigits {
				to := Physical(pgvalue.OIDNumeric, scale)
				return c.sized(fmt.Sprintf("(%s %s %s)", cast(l.sql, to), op, cast(r.sql, to)), scale, digits, l, r)
			}
		case "*":
			if digits := l.most() + r.most(); l.rep+r.rep <= maxScale && digits <= maxDigits {
				return c.sized(fmt.Sprintf("(%s * %s)", l.sql, r.sql), l.rep+r.rep, digits, l, r)
			}
		}
	}
	name := map[string]string{"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "^": "power"}[op]
	out := c.make(call("pg_num_"+name, numericText(l), numericText(r)), pgvalue.OIDNumeric, l, r)
	out.fallible = true
	return out
}

func (c *compiler) bits(op string, l, r *ex) *ex {
	if l.oid == pgvalue.OIDUnknown {
		l = c.coerce(l, r.oid, -1, implicit)
	}
	if r.oid == pgvalue.OIDUnknown {
		as := l.oid
		if op == "<<" || op == ">>" { // by a number of places, which is an int4
			as = pgvalue.OIDInt4
		}
		r = c.coerce(r, as, -1, implicit)
	}
	if !isInteger(l.oid) || !isInteger(r.oid) || (op == "<<" || op == ">>") && r.oid == pgvalue.OIDInt8 {
		return nil
	}
	if op == "<<" || op == ">>" {
		return c.make(fmt.Sprintf("CAST(pg_shift(%s, %s, %d, '%s') AS %s)", cast(l.sql, "BIGINT"), cast(r.sql, "BIGINT"), pgvalue.TypeSize(l.oid), op, Physical(l.oid, 0)), l.oid, l, r)
	}
	oid := l.oid
	if rank(r.oid) > rank(oid) {
		oid = r.oid
	}
	a, b := c.convert(l, oid, implicit), c.convert(r, oid, implicit)
	if op == "#" {
		return c.make(call("xor", a.sql, b.sql), oid, a, b)
	}
	return c.make(fmt.Sprintf("(%s %s %s)", a.sql, op, b.sql), oid, a, b)
}

// addend is the interval that is added to a time, or taken from it.
func addend(op string, e *ex) string {
	if op == "-" {
		return call("pg_interval_turned", e.sql)
	}
	return e.sql
}

// timeArithmetic compiles + - * / of dates, times and intervals.
func (c *compiler) timeArithmetic(op string, l, r *ex, pos int32) *ex {
	if op == "+" && (l.oid == pgvalue.OIDUnknown && r.oid == pgvalue.OIDDate || l.oid == pgvalue.OIDDate && r.oid == pgvalue.OIDUnknown) {
		c.ambiguous(typeName(l.oid)+" + "+typeName(r.oid), pos) // a number of days, a time or an interval
	}
	l, r = c.timeOperands(op, l, r)
	make := func(sql string, oid uint32) *ex { return c.make(sql, oid, l, r) }
	if op == "+" && (category(r.oid) == catTime && category(l.oid) != catTime || r.oid == pgvalue.OIDDate && l.oid == pgvalue.OIDTime) {
		l, r = r, l // a sum is the same either way
	}
	switch {
	case l.oid == pgvalue.OIDDate && r.oid == pgvalue.OIDDate && op == "-":
		out := make(call("pg_date_sub", l.sql, r.sql), pgvalue.OIDInt4)
		out.fallible = true
		return out
	case l.oid == pgvalue.OIDDate && (r.oid == pgvalue.OIDInt4 || r.oid == pgvalue.OIDInt2) && (op == "+" || op == "-"):
		days := cast(r.sql, "BIGINT")
		if op == "-" {
			days = "(- " + days + ")"
		}
		out := make(call("pg_date_add", l.sql, days), pgvalue.OIDDate)
		out.fallible = true
		return out
	case l.oid == pgvalue.OIDDate && r.oid == pgvalue.OIDTime && op == "+":
		return make(fmt.Sprintf("(%s + %s)", l.sql, r.sql), pgvalue.OIDTimestamp)
	case r.oid == pgvalue.OIDInterval && (op == "+" || op == "-") && (l.oid == pgvalue.OIDDate || l.oid == pgvalue.OIDTimestamp):
		out := make(call("pg_ts_add", cast(l.sql, "TIMESTAMP"), addend(op, r)), pgvalue.OIDTimestamp)
		out.fallible = true
		return out
	case r.oid == pgvalue.OIDInterval && (op == "+" || op == "-") && l.oid == pgvalue.OIDTimestamptz:
		// Days and months are added in local time.
		return make(call("pg_tz_add", l.sql, addend(op, r), placeholder("zone")), pgvalue.OIDTimestamptz)
	case r.oid == pgvalue.OIDInterval && (op == "+" || op == "-") && l.oid == pgvalue.OIDTime:
		return make(call("pg_time_add", l.sql, addend(op, r)), pgvalue.OIDTime)
	case l.oid == pgvalue.OIDTime && r.oid == pgvalue.OIDTime && op == "-":
		return make(fmt.Sprintf("to_microseconds(pg_time_micros(%s) - pg_time_micros(%s))", l.sql, r.sql), pgvalue.OIDInterval)
	case category(l.oid) == catTime && category(r.oid) == catTime && op == "-" && l.oid != pgvalue.OIDTime && r.oid != pgvalue.OIDTime:
		oid := uint32(pgvalue.OIDTimestamp)
		if l.oid == pgvalue.OIDTimestamptz || r.oid == pgvalue.OIDTimestamptz {
			oid = pgvalue.OIDTimestamptz
		}
		a, b := c.convert(l, oid, implicit), c.convert(r, oid, implicit)
		return make(call("pg_time_sub", a.sql, b.sql), pgvalue.OIDInterval)
	case l.oid == pgvalue.OIDInterval && r.oid == pgvalue.OIDInterval && (op == "+" || op == "-"):
		out := make(call(map[string]string{"+": "pg_interval_add", "-": "pg_interval_sub"}[op], l.sql, r.sql), pgvalue.OIDInterval)
		out.fallible = true
		return out
	case l.oid == pgvalue.OIDInterval && isNumber(r.oid) && (op == "*" || op == "/"):
		f := c.convert(r, pgvalue.OIDFloat8, implicit)
		out := make(call(map[string]string{"*": "pg_interval_mul", "/": "pg_interval_div"}[op], l.sql, f.sql), pgvalue.OIDInterval)
		out.fallible = op == "/"
		return out
	case isNumber(l.oid) && r.oid == pgvalue.OIDInterval && op == "*":
		return make(call("pg_interval_mul", r.sql, c.convert(l, pgvalue.OIDFloat8, implicit).sql), pgvalue.OIDInterval)
	}
	return nil
}

// timeOperands gives untyped operands of times and intervals their types.
func (c *compiler) timeOperands(op string, l, r *ex) (*ex, *ex) {
	// An untyped literal beside a time is an interval, or of the same type where that is subtracted.
	if l.oid == pgvalue.OIDUnknown && category(r.oid) == catTime && (op == "+" || op == "-") {
		l = c.coerce(l, map[string]uint32{"+": pgvalue.OIDInterval, "-": r.oid}[op], -1, implicit)
	}
	if r.oid == pgvalue.OIDUnknown {
		switch {
		case category(l.oid) == catTime && op == "+":
			r = c.coerce(r, pgvalue.OIDInterval, -1, implicit)
		case category(l.oid) == catTime && op == "-":
			r = c.coerce(r, l.oid, -1, implicit)
		case l.oid == pgvalue.OIDInterval && (op == "+" || op == "-"):
			r = c.coerce(r, pgvalue.OIDInterval, -1, implicit)
		case l.oid == pgvalue.OIDInterval:
			r = c.coerce(r, pgvalue.OIDFloat8, -1, implicit)
		}
	}
	if l.oid == pgvalue.OIDUnknown && r.oid == pgvalue.OIDInterval {
		if op == "*" {
			l = c.coerce(l, pgvalue.OIDFloat8, -1, implicit)
		} else {
			l = c.coerce(l, pgvalue.OIDInterval, -1, implicit)
		}
	}
	return l, r
}
