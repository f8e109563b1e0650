//go:build cgo

package translate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// arithmetic compiles + - * / % ^.
func (c *compiler) arithmetic(op string, l, r *ex, pos int32) *ex {
	switch {
	case l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDUnknown:
		c.fail(c.at(pgwire.Errorf("42725", "operator is not unique: unknown %s unknown", op).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts."), pos))
	case l.oid == pgwire.OIDUnknown && isNumber(r.oid):
		l = c.coerce(l, r.oid, -1, implicit)
	case r.oid == pgwire.OIDUnknown && isNumber(l.oid):
		r = c.coerce(r, l.oid, -1, implicit)
	}
	if isNumber(l.oid) && isNumber(r.oid) {
		return c.numbers(op, l, r)
	}
	if x := c.timeArithmetic(op, l, r); x != nil {
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
	if oid == pgwire.OIDFloat4 && l.oid != r.oid {
		oid = pgwire.OIDFloat8 // no operator takes float4 and another
	}
	if op == "^" && oid != pgwire.OIDNumeric {
		oid = pgwire.OIDFloat8
	}
	if op == "%" && isFloat(oid) {
		return nil
	}
	if oid == pgwire.OIDNumeric {
		return c.numerics(op, c.asNumeric(l), c.asNumeric(r))
	}
	a, b := c.convert(l, oid, implicit), c.convert(r, oid, implicit)
	sql := fmt.Sprintf("(%s %s %s)", a.sql, op, b.sql)
	fallible := false
	switch {
	case op == "/" && isFloat(oid):
		sql, fallible = divided(finite("("+a.sql+" / "+b.sql+")", a.sql, b.sql, "NOT isinf("+b.sql+")"), b.sql), true
	case isFloat(oid) && op == "*":
		sql, fallible = finite(sql, a.sql, b.sql, b.sql+" <> 0"), true
	case isFloat(oid) && op != "^":
		sql, fallible = finite(sql, a.sql, b.sql, ""), true
	case op == "/":
		sql, fallible = divided("("+a.sql+" // "+b.sql+")", b.sql), true
	case op == "%":
		sql, fallible = divided(sql, b.sql), true
	case op == "^":
		sql = call("pg_power", a.sql, b.sql)
	}
	out := c.make(sql, oid, a, b)
	out.fallible = out.fallible || fallible
	return out
}

// finite guards a float's arithmetic: PostgreSQL takes an infinity that comes of finite
// numbers for an error, and a zero where a is none and the condition small holds.
func finite(sql, a, b, small string) string {
	out := "(CASE WHEN isinf(" + sql + ") AND NOT isinf(" + a + ") AND NOT isinf(" + b + ") THEN error('" +
		marker("22003", "value out of range: overflow") + "')"
	if small != "" {
		out += " WHEN " + sql + " = 0 AND " + a + " <> 0 AND " + small + " THEN error('" + marker("22003", "value out of range: underflow") + "')"
	}
	return out + " ELSE " + sql + " END)"
}

// divided guards a division: DuckDB's yields null.
func divided(sql, by string) string {
	if n, err := strconv.Atoi(by); err == nil && n != 0 {
		return sql
	}
	return "(CASE WHEN " + by + " = 0 THEN error('" + marker("22012", "division by zero") + "') ELSE " + sql + " END)"
}

// marker writes an error of ours so that it is found in DuckDB's.
func marker(code, message string) string { return "EVG" + code + ":" + message }

func (c *compiler) numerics(op string, l, r *ex) *ex {
	if l.rep >= 0 && r.rep >= 0 {
		scale := max(l.rep, r.rep)
		switch op {
		case "+", "-":
			to := Physical(pgwire.OIDNumeric, scale)
			return c.decimal(fmt.Sprintf("(%s %s %s)", cast(l.sql, to), op, cast(r.sql, to)), scale, l, r)
		case "*":
			if l.rep+r.rep <= maxScale {
				return c.decimal(fmt.Sprintf("(%s * %s)", l.sql, r.sql), l.rep+r.rep, l, r)
			}
		}
	}
	name := map[string]string{"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "^": "power"}[op]
	out := c.make(call("pg_num_"+name, numericText(l), numericText(r)), pgwire.OIDNumeric, l, r)
	out.fallible = true
	return out
}

func (c *compiler) bits(op string, l, r *ex) *ex {
	if l.oid == pgwire.OIDUnknown {
		l = c.coerce(l, r.oid, -1, implicit)
	}
	if r.oid == pgwire.OIDUnknown {
		r = c.coerce(r, l.oid, -1, implicit)
	}
	if !isInteger(l.oid) || !isInteger(r.oid) {
		return nil
	}
	if op == "<<" || op == ">>" {
		return c.make(fmt.Sprintf("CAST(pg_shift(%s, %s, %d, '%s') AS %s)", cast(l.sql, "BIGINT"), cast(r.sql, "BIGINT"), pgwire.TypeSize(l.oid), op, Physical(l.oid, 0)), l.oid, l, r)
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

// timeArithmetic compiles + - * / of dates, times and intervals.
func (c *compiler) timeArithmetic(op string, l, r *ex) *ex {
	// An untyped literal beside a time is an interval, or of the same type where that is subtracted.
	if l.oid == pgwire.OIDUnknown && category(r.oid) == catTime {
		l = c.coerce(l, map[string]uint32{"+": pgwire.OIDInterval, "-": r.oid}[op], -1, implicit)
	}
	if r.oid == pgwire.OIDUnknown {
		switch {
		case category(l.oid) == catTime && op == "+":
			r = c.coerce(r, pgwire.OIDInterval, -1, implicit)
		case category(l.oid) == catTime && op == "-":
			want := l.oid
			if r.literal && !looksLikeTime(r.text) {
				want = pgwire.OIDInterval
			}
			if r.param > 0 {
				want = l.oid
			}
			r = c.coerce(r, want, -1, implicit)
		case l.oid == pgwire.OIDInterval && (op == "+" || op == "-"):
			r = c.coerce(r, pgwire.OIDInterval, -1, implicit)
		case l.oid == pgwire.OIDInterval:
			r = c.coerce(r, pgwire.OIDFloat8, -1, implicit)
		}
	}
	if l.oid == pgwire.OIDUnknown && r.oid == pgwire.OIDInterval {
		if op == "*" {
			l = c.coerce(l, pgwire.OIDFloat8, -1, implicit)
		} else {
			l = c.coerce(l, pgwire.OIDInterval, -1, implicit)
		}
	}
	make := func(sql string, oid uint32) *ex { return c.make(sql, oid, l, r) }
	if op == "+" && (category(r.oid) == catTime && category(l.oid) != catTime || r.oid == pgwire.OIDDate && l.oid == oidTime) {
		l, r = r, l // a sum is the same either way
	}
	infix := fmt.Sprintf("(%s %s %s)", l.sql, op, r.sql)
	switch {
	case l.oid == pgwire.OIDDate && r.oid == pgwire.OIDDate && op == "-":
		return make(cast(fmt.Sprintf("date_diff('day', %s, %s)", r.sql, l.sql), "INTEGER"), pgwire.OIDInt4)
	case l.oid == pgwire.OIDDate && (r.oid == pgwire.OIDInt4 || r.oid == pgwire.OIDInt2) && (op == "+" || op == "-"):
		return make(fmt.Sprintf("(%s %s %s)", l.sql, op, cast(r.sql, "INTEGER")), pgwire.OIDDate)
	case l.oid == pgwire.OIDDate && r.oid == oidTime && op == "+":
		return make(fmt.Sprintf("(%s + %s)", l.sql, r.sql), pgwire.OIDTimestamp)
	case r.oid == pgwire.OIDInterval && (op == "+" || op == "-") && (l.oid == pgwire.OIDDate || l.oid == pgwire.OIDTimestamp):
		return make(fmt.Sprintf("(%s %s %s)", cast(l.sql, "TIMESTAMP"), op, r.sql), pgwire.OIDTimestamp)
	case r.oid == pgwire.OIDInterval && (op == "+" || op == "-") && l.oid == pgwire.OIDTimestamptz:
		// Days and months are added in local time.
		return make(call("pg_tz_add", l.sql, map[string]string{"+": r.sql, "-": "(- " + r.sql + ")"}[op], placeholder("zone")), pgwire.OIDTimestamptz)
	case r.oid == pgwire.OIDInterval && (op == "+" || op == "-") && l.oid == oidTime:
		return make(call("pg_time_add", l.sql, map[string]string{"+": r.sql, "-": "(- " + r.sql + ")"}[op]), oidTime)
	case l.oid == oidTime && r.oid == oidTime && op == "-":
		return make(fmt.Sprintf("to_microseconds(pg_time_micros(%s) - pg_time_micros(%s))", l.sql, r.sql), pgwire.OIDInterval)
	case category(l.oid) == catTime && category(r.oid) == catTime && op == "-" && l.oid != oidTime && r.oid != oidTime:
		oid := uint32(pgwire.OIDTimestamp)
		if l.oid == pgwire.OIDTimestamptz || r.oid == pgwire.OIDTimestamptz {
			oid = pgwire.OIDTimestamptz
		}
		a, b := c.convert(l, oid, implicit), c.convert(r, oid, implicit)
		return make(call("pg_time_sub", a.sql, b.sql), pgwire.OIDInterval)
	case l.oid == pgwire.OIDInterval && r.oid == pgwire.OIDInterval && (op == "+" || op == "-"):
		return make(infix, pgwire.OIDInterval)
	case l.oid == pgwire.OIDInterval && isNumber(r.oid) && (op == "*" || op == "/"):
		f := c.convert(r, pgwire.OIDFloat8, implicit)
		out := make(call(map[string]string{"*": "pg_interval_mul", "/": "pg_interval_div"}[op], l.sql, f.sql), pgwire.OIDInterval)
		out.fallible = op == "/"
		return out
	case isNumber(l.oid) && r.oid == pgwire.OIDInterval && op == "*":
		return make(call("pg_interval_mul", r.sql, c.convert(l, pgwire.OIDFloat8, implicit).sql), pgwire.OIDInterval)
	}
	return nil
}

// looksLikeTime tells a timestamp's text from an interval's.
func looksLikeTime(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) >= 8 && (s[4] == '-' || strings.Count(s, "-") >= 2) || s == "now" || s == "today" || s == "yesterday" || s == "tomorrow" || s == "epoch"
}
