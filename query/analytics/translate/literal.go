//go:build cgo

package translate

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// Literal writes a value of a type, in the form it is held in.
func Literal(oid uint32, v *pgvalue.Value) string { return literal(oid, v, quote) }

// literal writes a value of a type; quoted writes a string literal of a text that is not
// ours.
func literal(oid uint32, v *pgvalue.Value, quoted func(text string) string) string {
	to := Physical(oid, textScale)
	switch v.Kind {
	case pgvalue.Null:
		return cast("NULL", to)
	case pgvalue.KindInt:
		if to == "UBIGINT" {
			return cast(quote(strconv.FormatUint(uint64(v.Int), 10)), to)
		}
		if oid == pgvalue.OIDInt4 && v.Int >= 0 {
			return strconv.FormatInt(v.Int, 10)
		}
		return cast(quote(strconv.FormatInt(v.Int, 10)), to)
	case pgvalue.KindBool:
		if v.Bool() {
			return "TRUE"
		}
		return "FALSE"
	case pgvalue.KindTime:
		return timeLiteral(oid, v.Int)
	case pgvalue.KindFloat:
		return floatLiteral(v.Float, to)
	case pgvalue.KindUUID:
		return cast(quote(string(pgvalue.AppendText(nil, pgvalue.OIDUUID, v, pgvalue.UTC))), "UUID")
	case pgvalue.KindBytes:
		if oid == pgvalue.OIDBytea {
			return "unhex(" + quote(hex.EncodeToString(v.Bytes)) + ")"
		}
		return quoted(string(v.Bytes))
	case pgvalue.KindArray:
		nested := ""
		items := make([]string, len(v.Array))
		for i := range v.Array {
			if v.Array[i].Kind == pgvalue.KindArray {
				nested = "[]" + strings.Repeat("[]", levels(&v.Array[i])-1)
				items[i] = literal(oid, &v.Array[i], quoted)
				continue
			}
			items[i] = literal(elements[oid], &v.Array[i], quoted)
		}
		to += nested
		return cast("["+strings.Join(items, ", ")+"]", to)
	}
	if oid == pgvalue.OIDInterval {
		if iv, err := pgfn.ParseInterval(v.Text); err == nil {
			return intervalLiteral(iv)
		}
	}
	return quoted(v.Text)
}

// levels is how deep arrays are nested.
func levels(v *pgvalue.Value) int {
	n := 1
	for len(v.Array) > 0 && v.Array[0].Kind == pgvalue.KindArray {
		v = &v.Array[0]
		n++
	}
	return n
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
	infinite := map[int64]string{pgvalue.Infinity: "'infinity'", pgvalue.NegativeInfinity: "'-infinity'"}[micros]
	switch {
	case infinite != "":
		return cast(infinite, Physical(oid, 0))
	case oid == pgvalue.OIDDate:
		days := micros / 86_400_000_000
		if micros%86_400_000_000 < 0 {
			days--
		}
		return fmt.Sprintf("(DATE '1970-01-01' + CAST(%d AS INTEGER))", days)
	case oid == pgvalue.OIDTime:
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
	out.pos, out.literal, out.text, out.constant = pos, true, text, true
	fail := func(err error) {
		if e, ok := err.(*pgerror.Error); ok && e.Position == 0 {
			copied := *e
			err = c.at(&copied, pos)
		}
		c.fail(err)
	}
	switch oid {
	case pgvalue.OIDInterval:
		iv, err := pgfn.ParseIntervalStyled(text, intervalFields(mod), c.zone().Style.Interval)
		if err != nil {
			fail(err)
		}
		out.sql = c.constantRef(intervalLiteral(iv), []worth{{interval: true, value: iv}})
		return out
	case pgvalue.OIDNumeric:
		n, err := pgfn.ParseNumeric(text)
		if err != nil {
			fail(err)
		}
		return c.numericLiteral(n.String(), out)
	case pgvalue.OIDJSON, pgvalue.OIDJSONB:
		validate := pgfn.Validate
		if oid == pgvalue.OIDJSON {
			validate = pgfn.ValidateText
		}
		if err := validate([]byte(text)); err != nil {
			fail(err)
		}
		if oid == pgvalue.OIDJSONB {
			b, err := pgfn.Normalize(nil, []byte(text))
			if err != nil {
				fail(err)
			}
			text = string(b)
		}
		out.sql = c.held(text)
		return out
	case pgvalue.OIDChar:
		out.sql = c.held(pgfn.CharIn(text))
		return out
	case pgvalue.OIDBit, pgvalue.OIDVarbit:
		bits, err := pgfn.ParseBits(text)
		if err != nil {
			fail(err)
		}
		out.sql = c.held(bits)
		return out
	case pgvalue.OIDJSONPath:
		path, err := pgfn.FormatJSONPath(text)
		if err != nil {
			fail(err)
		}
		out.sql = c.held(path)
		return out
	}
	if oid == oidRegrole { // who the user is depends on the session
		out.sql, out.fallible = call("pg_role_in", c.held(text), placeholder("user")), true
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
		v, err := pgvalue.ParseText(pgvalue.OIDTextArray, text, c.zone())
		if err != nil {
			fail(err)
		}
		items := make([]string, len(v.Array))
		for i, item := range v.Array {
			if item.Kind == pgvalue.Null {
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
	if !pgvalue.KnownType(oid) {
		out.sql = c.held(text)
		return out
	}
	if e := elements[oid]; e == pgvalue.OIDInterval || e == pgvalue.OIDJSONB || e == oidRegrole {
		c.fail(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "array literals of type %s are not supported", typeName(oid)), pos))
	}
	var v pgvalue.Value
	var err error
	if elements[oid] != 0 && oid != pgvalue.OIDInt2Vector && oid != pgvalue.OIDOidVector {
		if v, out.dims, err = pgvalue.ParseNestedArray(oid, text, c.zone()); out.dims == 1 {
			out.dims = 0
		}
	} else {
		v, err = pgvalue.ParseText(oid, text, c.zone())
	}
	if err != nil {
		fail(err)
	}
	out.sql = c.constantRef(literal(oid, &v, c.held), worthOf(oid, &v))
	c.zoned = c.zoned || category(oid) == catTime
	return out
}

// numericLiteral holds a numeric constant as a decimal if it fits.
func (c *compiler) numericLiteral(text string, out *ex) *ex {
	out.oid = pgvalue.OIDNumeric
	digits := strings.TrimLeft(text, "-")
	scale := 0
	if i := strings.IndexByte(digits, '.'); i >= 0 {
		scale = len(digits) - i - 1
	}
	if len(digits) > maxDigits-2 || scale > maxScale || strings.Trim(digits, "0123456789.") != "" {
		out.sql, out.rep = c.held(text), textScale
		return out
	}
	out.sql, out.rep, out.digits = cast(quote(text), fmt.Sprintf("DECIMAL(38,%d)", scale)), scale, len(strings.Replace(digits, ".", "", 1))
	return out
}
