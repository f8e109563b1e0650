//go:build cgo

package translate

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// Literal writes a value of a type, in the form it is held in.
func Literal(oid uint32, v *pgwire.Value) string {
	to := Physical(oid, textScale)
	switch v.Kind {
	case pgwire.Null:
		return cast("NULL", to)
	case pgwire.KindInt:
		if oid == pgwire.OIDInt4 && v.Int >= 0 {
			return strconv.FormatInt(v.Int, 10)
		}
		return cast(quote(strconv.FormatInt(v.Int, 10)), to)
	case pgwire.KindBool:
		if v.Bool() {
			return "TRUE"
		}
		return "FALSE"
	case pgwire.KindTime:
		return timeLiteral(oid, v.Int)
	case pgwire.KindFloat:
		return floatLiteral(v.Float, to)
	case pgwire.KindUUID:
		return cast(quote(string(pgwire.AppendText(nil, pgwire.OIDUUID, v, pgwire.UTC))), "UUID")
	case pgwire.KindBytes:
		if oid == pgwire.OIDBytea {
			return "unhex(" + quote(hex.EncodeToString(v.Bytes)) + ")"
		}
		return quote(string(v.Bytes))
	case pgwire.KindArray:
		items := make([]string, len(v.Array))
		for i := range v.Array {
			items[i] = Literal(elements[oid], &v.Array[i])
		}
		return cast("["+strings.Join(items, ", ")+"]", to)
	}
	if oid == pgwire.OIDInterval {
		if iv, err := pgfn.ParseInterval(v.Text); err == nil {
			return intervalLiteral(iv)
		}
	}
	return quote(v.Text)
}

func floatLiteral(f float64, to string) string {
	switch {
	case math.IsNaN(f):
		return cast("'nan'", to)
	case math.IsInf(f, 1):
		return cast("'inf'", to)
	case math.IsInf(f, -1):
		return cast("'-inf'", to)
	}
	return cast(quote(strconv.FormatFloat(f, 'g', -1, 64)), to)
}

func timeLiteral(oid uint32, micros int64) string {
	infinite := map[int64]string{pgwire.Infinity: "'infinity'", pgwire.NegativeInfinity: "'-infinity'"}[micros]
	switch {
	case infinite != "":
		return cast(infinite, Physical(oid, 0))
	case oid == pgwire.OIDDate:
		days := micros / 86_400_000_000
		if micros%86_400_000_000 < 0 {
			days--
		}
		return fmt.Sprintf("(DATE '1970-01-01' + CAST(%d AS INTEGER))", days)
	case oid == oidTime:
		return fmt.Sprintf("make_time(%d, %d, CAST(%d AS DOUBLE) / 1000000)", micros/3_600_000_000, micros/60_000_000%60, micros%60_000_000)
	}
	return fmt.Sprintf("make_timestamp(CAST(%d AS BIGINT))", micros)
}

func intervalLiteral(iv pgfn.Interval) string {
	return fmt.Sprintf("(to_months(CAST(%d AS INTEGER)) + to_days(CAST(%d AS INTEGER)) + to_microseconds(CAST(%d AS BIGINT)))",
		iv.Months, iv.Days, iv.Micros)
}

// parseLiteral reads a literal's text as a value of a type, as PostgreSQL does when it
// analyses a statement, and writes it.
func (c *compiler) parseLiteral(text string, oid uint32, mod, pos int32) *ex {
	out := c.make("", oid)
	out.pos, out.literal, out.text = pos, true, text
	fail := func(err error) {
		if e, ok := err.(*pgwire.Error); ok && e.Position == 0 {
			copied := *e
			err = c.at(&copied, pos)
		}
		c.fail(err)
	}
	switch oid {
	case pgwire.OIDInterval:
		iv, err := pgfn.ParseIntervalFields(text, intervalFields(mod))
		if err != nil {
			fail(err)
		}
		out.sql = intervalLiteral(iv)
		return out
	case pgwire.OIDNumeric:
		n, err := pgfn.ParseNumeric(text)
		if err != nil {
			fail(err)
		}
		return c.numericLiteral(n.String(), out)
	case pgwire.OIDJSON, pgwire.OIDJSONB:
		if err := pgfn.Validate([]byte(text)); err != nil {
			fail(err)
		}
		if oid == pgwire.OIDJSONB {
			b, err := pgfn.Normalize(nil, []byte(text))
			if err != nil {
				fail(err)
			}
			text = string(b)
		}
		out.sql = quote(text)
		return out
	case pgwire.OIDChar:
		out.sql = quote(text[:min(len(text), 1)])
		return out
	case oidTimetz:
		c.unsupported(pos, "type time with time zone")
	}
	if oid == oidRegrole { // who the user is depends on the session
		out.sql, out.fallible = call("pg_role_in", quote(text), placeholder("user")), true
		return out
	}
	if isReg(oid) {
		n, err := c.options.Catalog.RegIn(oid, text)
		if err != nil {
			fail(err)
		}
		out.sql = cast(strconv.FormatUint(uint64(n), 10), "BIGINT")
		return out
	}
	if e := elements[oid]; isReg(e) && e != oidRegrole {
		v, err := pgwire.ParseText(pgwire.OIDTextArray, text, c.zone())
		if err != nil {
			fail(err)
		}
		items := make([]string, len(v.Array))
		for i, item := range v.Array {
			if item.Kind == pgwire.Null {
				items[i] = "NULL"
				continue
			}
			n, err := c.options.Catalog.RegIn(e, item.Text)
			if err != nil {
				fail(err)
			}
			items[i] = strconv.FormatUint(uint64(n), 10)
		}
		out.sql = cast("["+strings.Join(items, ", ")+"]", Physical(oid, textScale))
		return out
	}
	if !pgwire.KnownType(oid) {
		out.sql = quote(text)
		return out
	}
	if e := elements[oid]; e == pgwire.OIDInterval || e == pgwire.OIDJSONB || e == oidRegrole {
		c.fail(c.at(pgwire.Errorf("0A000", "array literals of type %s are not supported", typeName(oid)), pos))
	}
	v, err := pgwire.ParseText(oid, text, c.zone())
	if err != nil {
		fail(err)
	}
	out.sql = Literal(oid, &v)
	c.zoned = c.zoned || category(oid) == catTime
	return out
}

// numericLiteral holds a numeric constant as a decimal if it fits.
func (c *compiler) numericLiteral(text string, out *ex) *ex {
	out.oid = pgwire.OIDNumeric
	digits := strings.TrimLeft(text, "-")
	scale := 0
	if i := strings.IndexByte(digits, '.'); i >= 0 {
		scale = len(digits) - i - 1
	}
	if len(digits) > 36 || scale > maxScale || strings.Trim(digits, "0123456789.") != "" {
		out.sql, out.rep = quote(text), textScale
		return out
	}
	out.sql, out.rep = cast(quote(text), fmt.Sprintf("DECIMAL(38,%d)", scale)), scale
	return out
}
