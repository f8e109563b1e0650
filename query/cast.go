package query

import (
	"errors"
	"math"
	"math/big"
	"strconv"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// checkJSON returns PostgreSQL's error if b is not JSON and the type says it should be.
func checkJSON(oid uint32, b []byte) error {
	if oid != pgwire.OIDJSON && oid != pgwire.OIDJSONB || b == nil {
		return nil
	}
	err := engine.ValidateJSON(b)
	if err == nil {
		return nil
	}
	return jsonError(err, b)
}

func jsonError(err error, b []byte) error {
	var je *engine.JSONError
	if !errors.As(err, &je) {
		return pgwire.Errorf("22P02", "invalid input syntax for type json")
	}
	switch je.Kind {
	case engine.JSONUnicode:
		e := pgwire.Errorf("22P05", "unsupported Unicode escape sequence").WithDetail("%s", je.Detail)
		e.Where = jsonContext(b, je)
		return e
	case engine.JSONTooDeep:
		return pgwire.Errorf("54001", "stack depth limit exceeded").
			WithHint("JSON may nest " + strconv.Itoa(engine.MaxJSONDepth) + " levels deep.")
	case engine.JSONBadUTF8:
		return pgwire.CheckText(b)
	}
	e := pgwire.Errorf("22P02", "invalid input syntax for type json").WithDetail("%s", je.Detail)
	e.Where = jsonContext(b, je)
	return e
}

// jsonContext is the line of an error, up to it, as PostgreSQL shows it.
func jsonContext(b []byte, je *engine.JSONError) string {
	line, start := 1, 0
	for i := 0; i < je.Offset && i < len(b); i++ {
		if b[i] == '\n' {
			line, start = line+1, i+1
		}
	}
	end := min(je.End, len(b))
	const context = 50
	prefix, suffix := "", ""
	if end-start > context {
		start, prefix = end-context, "..."
		for start < end && b[start]&0xC0 == 0x80 {
			start++
		}
	}
	if end < len(b) && b[end] != '\n' && b[end] != '\r' {
		suffix = "..."
	}
	return "JSON data, line " + strconv.Itoa(line) + ": " + prefix + string(b[start:end]) + suffix
}

func (c *compiler) cast(x *castExpr) (*scalar, error) {
	if x.typ.oid == 0 {
		if x.typ.name == "uuid[]" || len(x.typ.name) > 2 && x.typ.name[len(x.typ.name)-2:] == "[]" {
			return nil, c.beyond("type "+x.typ.name, x.typ.pos)
		}
		return nil, c.at(pgwire.Errorf("42704", "type \"%s\" does not exist", x.typ.name), x.typ.pos)
	}
	to := x.typ.oid
	if c.selecting && (x.typ.mod || to == pgwire.OIDInterval || to == pgwire.OIDFloat4 || to == pgwire.OIDJSONB || to == pgwire.OIDBpchar || to == pgwire.OIDChar) {
		// What these mean beyond their text the worker knows.
		return nil, c.beyond("a cast to "+x.typ.name, x.typ.pos)
	}
	if to == pgwire.OIDRegclass {
		return nil, c.beyond("type regclass", x.typ.pos)
	}
	if a, ok := x.x.(*arrayExpr); ok && len(a.items) == 0 && pgwire.ElementType(to) != 0 {
		return constScalar(to, pgwire.ArrayValue([]pgwire.Value{}), x.pos), nil
	}
	s, err := c.compile(x.x)
	if err != nil {
		return nil, err
	}
	if s.oid == pgwire.OIDUnknown {
		if to == pgwire.OIDUnknown {
			to = pgwire.OIDText
		}
		return c.settle(s, to)
	}
	out, ok := convert(s, to, c.zone)
	if !ok {
		if castKnown(s.oid, to) {
			return nil, c.beyond("a cast from "+pgwire.TypeName(s.oid)+" to "+pgwire.TypeName(to), x.pos)
		}
		return nil, c.at(pgwire.Errorf("42846", "cannot cast type %s to %s", pgwire.TypeName(s.oid), pgwire.TypeName(to)), x.pos)
	}
	return out, nil
}

// castKnown tells of casts that PostgreSQL has and the native path has not.
func castKnown(from, to uint32) bool {
	isJSON := func(oid uint32) bool { return oid == pgwire.OIDJSON || oid == pgwire.OIDJSONB }
	return isJSON(from) && (isNumber(to) || to == pgwire.OIDBool) || isNumber(from) && isNumber(to) ||
		pgwire.ElementType(from) != 0 && pgwire.ElementType(to) != 0
}

// convert makes a scalar of another type by an explicit cast; false if there is none.
func convert(s *scalar, to uint32, zone func() *pgwire.Zone) (*scalar, bool) {
	from := s.oid
	same := func() *scalar {
		out := *s
		out.oid = to
		out.column = -1
		return &out
	}
	switch {
	case from == to:
		return same(), true
	case isText(from) && isText(to), isJSONType(from) && isJSONType(to),
		from == pgwire.OIDTextArray && to == pgwire.OIDVarcharArr, from == pgwire.OIDVarcharArr && to == pgwire.OIDTextArray:
		return same(), true
	case isInteger(from) && isInteger(to):
		return derived(to, s.pos, func(e *env, v *pgwire.Value) error {
			if err := s.eval(e, v); err != nil || v.Kind == pgwire.Null {
				return err
			}
			return integerRange(v.Int, to)
		}, s), true
	case isTimeType(from) && isTimeType(to):
		return timeCast(s, to, zone), true
	case isText(to):
		return textCast(s, to, zone), true
	case isText(from):
		return derived(to, s.pos, func(e *env, v *pgwire.Value) error {
			if err := s.eval(e, v); err != nil || v.Kind == pgwire.Null {
				return err
			}
			out, err := pgwire.ParseText(to, v.Text, zone())
			if err == nil {
				err = checkJSON(to, out.Bytes)
			}
			*v = out
			return err
		}, s), true
	case isNumber(from) && isNumber(to):
		return numberCast(s, to), true
	case from == pgwire.OIDInt4 && to == pgwire.OIDBool, from == pgwire.OIDBool && to == pgwire.OIDInt4:
		return derived(to, s.pos, func(e *env, v *pgwire.Value) error {
			if err := s.eval(e, v); err != nil || v.Kind == pgwire.Null {
				return err
			}
			if to == pgwire.OIDBool {
				*v = pgwire.BoolValue(v.Int != 0)
			} else {
				*v = pgwire.IntValue(v.Int)
			}
			return nil
		}, s), true
	}
	return nil, false
}

func isJSONType(oid uint32) bool { return oid == pgwire.OIDJSON || oid == pgwire.OIDJSONB }

func isTimeType(oid uint32) bool {
	return oid == pgwire.OIDTimestamptz || oid == pgwire.OIDTimestamp || oid == pgwire.OIDDate
}

// timeCast converts between instants and wall clocks.
func timeCast(s *scalar, to uint32, zone func() *pgwire.Zone) *scalar {
	from := s.oid
	return derived(to, s.pos, func(e *env, v *pgwire.Value) error {
		if err := s.eval(e, v); err != nil || v.Kind == pgwire.Null {
			return err
		}
		*v = pgwire.ConvertTime(*v, from, to, zone())
		return nil
	}, s)
}

func textCast(s *scalar, to uint32, zone func() *pgwire.Zone) *scalar {
	from := s.oid
	return derived(to, s.pos, func(e *env, v *pgwire.Value) error {
		if err := s.eval(e, v); err != nil || v.Kind == pgwire.Null {
			return err
		}
		if from == pgwire.OIDBool { // the cast says true, the output function t
			*v = pgwire.TextValue(strconv.FormatBool(v.Bool()))
			return nil
		}
		*v = pgwire.TextValue(string(pgwire.AppendText(nil, from, v, zone())))
		return nil
	}, s)
}

func numberCast(s *scalar, to uint32) *scalar {
	return derived(to, s.pos, func(e *env, v *pgwire.Value) error {
		if err := s.eval(e, v); err != nil || v.Kind == pgwire.Null {
			return err
		}
		switch {
		case to == pgwire.OIDFloat8 || to == pgwire.OIDFloat4:
			*v = pgwire.FloatValue(asFloat(v))
		case to == pgwire.OIDNumeric && v.Kind == pgwire.KindInt:
			*v = pgwire.TextValue(strconv.FormatInt(v.Int, 10))
		case to == pgwire.OIDNumeric:
			*v = pgwire.TextValue(pgwire.CanonicalNumeric(strconv.FormatFloat(v.Float, 'g', 15, 64)))
		case v.Kind == pgwire.KindFloat:
			f := math.RoundToEven(v.Float)
			if math.IsNaN(f) || math.Abs(f) >= 1<<63 {
				return pgwire.Errorf("22003", "%s out of range", pgwire.TypeName(to))
			}
			*v = pgwire.IntValue(int64(f))
			return integerRange(v.Int, to)
		default:
			n, ok := roundRat(asRat(v))
			if !ok {
				return pgwire.Errorf("22003", "%s out of range", pgwire.TypeName(to))
			}
			*v = pgwire.IntValue(n)
			return integerRange(n, to)
		}
		return nil
	}, s)
}

// roundRat rounds half away from zero, as numeric does.
func roundRat(r *big.Rat) (int64, bool) {
	n, ok := new(big.Int).SetString(r.FloatString(0), 10)
	if !ok || !n.IsInt64() {
		return 0, false
	}
	return n.Int64(), true
}

func integerRange(v int64, oid uint32) error {
	ok := true
	switch oid {
	case pgwire.OIDInt4:
		ok = v >= math.MinInt32 && v <= math.MaxInt32
	case pgwire.OIDInt2:
		ok = v >= math.MinInt16 && v <= math.MaxInt16
	case pgwire.OIDOid, pgwire.OIDXid:
		ok = v >= 0 && v <= math.MaxUint32
	}
	if !ok {
		return pgwire.Errorf("22003", "%s out of range", pgwire.TypeName(oid))
	}
	return nil
}

// assign converts a scalar for a column, by the casts PostgreSQL allows in an
// assignment; false if it allows none.
func assign(s *scalar, to uint32, zone func() *pgwire.Zone) (*scalar, bool) {
	from := s.oid
	ok := from == to || isText(to) || isNumber(from) && isNumber(to) || isTimeType(from) && isTimeType(to) ||
		isJSONType(from) && isJSONType(to) ||
		pgwire.ElementType(from) != 0 && isText(pgwire.ElementType(from)) && to == pgwire.OIDTextArray
	if !ok {
		return nil, false
	}
	if from == to {
		return s, true
	}
	return convert(s, to, zone)
}
