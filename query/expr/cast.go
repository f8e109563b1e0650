package expr

import (
	"errors"
	"math"
	"strconv"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/syntax"
)

// CheckJSON returns PostgreSQL's error if b is not JSON and the type says it should be.
func CheckJSON(oid uint32, b []byte) error {
	if oid != pgvalue.OIDJSON && oid != pgvalue.OIDJSONB || b == nil {
		return nil
	}
	err := engine.ValidateJSON(b)
	if err == nil {
		return nil
	}
	return JsonError(err, b)
}

func JsonError(err error, b []byte) error {
	var je *engine.JSONError
	if !errors.As(err, &je) {
		return pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type json")
	}
	switch je.Kind {
	case engine.JSONUnicode:
		e := pgerror.Errorf(pgerror.UntranslatableCharacter, "unsupported Unicode escape sequence").WithDetail("%s", je.Detail)
		e.Where = jsonContext(b, je)
		return e
	case engine.JSONTooDeep:
		return pgerror.Errorf(pgerror.StatementTooComplex, "stack depth limit exceeded").
			WithHint("JSON may nest " + strconv.Itoa(engine.MaxJSONDepth) + " levels deep.")
	case engine.JSONNumber:
		return pgerror.Errorf(pgerror.NumericValueOutOfRange, "value overflows numeric format")
	case engine.JSONBadUTF8:
		return pgvalue.CheckText(b)
	}
	e := pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type json").WithDetail("%s", je.Detail)
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

func (c *Compiler) cast(x *syntax.CastExpr) (*Scalar, error) {
	if x.Typ.OID == 0 {
		if x.Typ.Name == "uuid[]" || len(x.Typ.Name) > 2 && x.Typ.Name[len(x.Typ.Name)-2:] == "[]" {
			return nil, c.Unsupported("type "+x.Typ.Name, x.Typ.Pos)
		}
		return nil, c.At(pgerror.Errorf(pgerror.UndefinedObject, "type \"%s\" does not exist", x.Typ.Name), x.Typ.Pos)
	}
	to := x.Typ.OID
	if to == pgvalue.OIDJSONB && c.Rel != nil && c.Rel.MessageStore {
		return c.messageJSON(x)
	}
	if c.Selecting && (to == pgvalue.OIDInterval || to == pgvalue.OIDJSONB) ||
		(c.Selecting || c.Exact) && (x.Typ.Mod || to == pgvalue.OIDFloat4 || to == pgvalue.OIDBpchar || to == pgvalue.OIDChar) {
		// What these mean beyond their text the worker knows.
		return nil, c.Unsupported("a cast to "+x.Typ.Name, x.Typ.Pos)
	}
	if to == pgvalue.OIDRegclass {
		return nil, c.Unsupported("type regclass", x.Typ.Pos)
	}
	if a, ok := x.X.(*syntax.ArrayExpr); ok && len(a.Items) == 0 && pgvalue.ElementType(to) != 0 {
		return constScalar(to, pgvalue.ArrayValue([]pgvalue.Value{}), x.Pos), nil
	}
	s, err := c.Compile(x.X)
	if err != nil {
		return nil, err
	}
	if s.OID == pgvalue.OIDUnknown {
		if to == pgvalue.OIDUnknown {
			to = pgvalue.OIDText
		}
		return c.Resolve(s, to)
	}
	out, ok := Convert(s, to, c.Zone)
	if !ok {
		if castKnown(s.OID, to) {
			return nil, c.Unsupported("a cast from "+pgvalue.TypeName(s.OID)+" to "+pgvalue.TypeName(to), x.Pos)
		}
		return nil, c.At(pgerror.Errorf(pgerror.CannotCoerce, "cannot cast type %s to %s", pgvalue.TypeName(s.OID), pgvalue.TypeName(to)), x.Pos)
	}
	return out, nil
}

// messageJSON is a cast to jsonb of data or metadata that a function of Message DB's returns, as its clients write it.
func (c *Compiler) messageJSON(x *syntax.CastExpr) (*Scalar, error) {
	s, err := c.Compile(x.X)
	if err != nil {
		return nil, err
	}
	if !IsText(s.OID) || s.Column < 0 {
		return nil, c.Unsupported("a cast to jsonb", x.Typ.Pos)
	}
	return Derived(pgvalue.OIDJSONB, x.Pos, func(e *Env, v *pgvalue.Value) error {
		if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		text := []byte(v.Text)
		if err := CheckJSON(pgvalue.OIDJSONB, text); err != nil {
			return err
		}
		normal, err := pgfn.Normalize(nil, text)
		*v = pgvalue.BytesValue(normal)
		return err
	}, s), nil
}

// castKnown tells of casts that PostgreSQL has and the native path has not.
func castKnown(from, to uint32) bool {
	isJSON := func(oid uint32) bool { return oid == pgvalue.OIDJSON || oid == pgvalue.OIDJSONB }
	return isJSON(from) && (IsNumber(to) || to == pgvalue.OIDBool) || IsNumber(from) && IsNumber(to) ||
		pgvalue.ElementType(from) != 0 && pgvalue.ElementType(to) != 0
}

// Convert makes a scalar of another type by an explicit cast; false if there is none.
func Convert(s *Scalar, to uint32, zone func() *pgvalue.Zone) (*Scalar, bool) {
	from := s.OID
	same := func() *Scalar {
		out := *s
		out.OID = to
		out.Column = -1
		return &out
	}
	switch {
	case from == to:
		return same(), true
	case IsText(from) && IsText(to), isJSONType(from) && isJSONType(to),
		from == pgvalue.OIDTextArray && to == pgvalue.OIDVarcharArr, from == pgvalue.OIDVarcharArr && to == pgvalue.OIDTextArray:
		return same(), true
	case isInteger(from) && isInteger(to):
		return Derived(to, s.pos, func(e *Env, v *pgvalue.Value) error {
			if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
				return err
			}
			switch { // the same 32 bits
			case to == pgvalue.OIDOid && (from == pgvalue.OIDInt2 || from == pgvalue.OIDInt4):
				v.Int = int64(uint32(v.Int))
			case from == pgvalue.OIDOid && to == pgvalue.OIDInt4:
				v.Int = int64(int32(v.Int))
			}
			return integerRange(v.Int, to)
		}, s), true
	case IsTimeType(from) && IsTimeType(to):
		return timeCast(s, to, zone), true
	case IsText(to):
		return textCast(s, to, zone), true
	case IsText(from):
		out := Derived(to, s.pos, func(e *Env, v *pgvalue.Value) error {
			if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
				return err
			}
			out, err := pgvalue.ParseText(to, v.Text, zone())
			if err == nil {
				err = CheckJSON(to, out.Bytes)
			}
			*v = out
			return err
		}, s)
		out.Checked = isJSONType(to)
		return out, true
	case IsNumber(from) && IsNumber(to):
		return numberCast(s, to), true
	case from == pgvalue.OIDInt4 && to == pgvalue.OIDBool, from == pgvalue.OIDBool && to == pgvalue.OIDInt4:
		return Derived(to, s.pos, func(e *Env, v *pgvalue.Value) error {
			if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
				return err
			}
			if to == pgvalue.OIDBool {
				*v = pgvalue.BoolValue(v.Int != 0)
			} else {
				*v = pgvalue.IntValue(v.Int)
			}
			return nil
		}, s), true
	}
	return nil, false
}

func isJSONType(oid uint32) bool { return oid == pgvalue.OIDJSON || oid == pgvalue.OIDJSONB }

func IsTimeType(oid uint32) bool {
	return oid == pgvalue.OIDTimestamptz || oid == pgvalue.OIDTimestamp || oid == pgvalue.OIDDate
}

// timeCast converts between instants and wall clocks.
func timeCast(s *Scalar, to uint32, zone func() *pgvalue.Zone) *Scalar {
	from := s.OID
	return Derived(to, s.pos, func(e *Env, v *pgvalue.Value) error {
		if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		*v = pgvalue.ConvertTime(*v, from, to, zone())
		return nil
	}, s)
}

func textCast(s *Scalar, to uint32, zone func() *pgvalue.Zone) *Scalar {
	from := s.OID
	return Derived(to, s.pos, func(e *Env, v *pgvalue.Value) error {
		if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		if from == pgvalue.OIDBool { // the cast says true, the output function t
			*v = pgvalue.TextValue(strconv.FormatBool(v.Bool()))
			return nil
		}
		*v = pgvalue.TextValue(string(pgvalue.AppendText(nil, from, v, zone())))
		return nil
	}, s)
}

func numberCast(s *Scalar, to uint32) *Scalar {
	from := s.OID
	return Derived(to, s.pos, func(e *Env, v *pgvalue.Value) error {
		if err := s.Eval(e, v); err != nil || v.Kind == pgvalue.Null {
			return err
		}
		switch {
		case to == pgvalue.OIDFloat8 || to == pgvalue.OIDFloat4:
			return floatCast(v, to)
		case to == pgvalue.OIDNumeric && v.Kind == pgvalue.KindFloat:
			n := pgfn.NumericFromFloat(v.Float)
			if from == pgvalue.OIDFloat4 {
				n = pgfn.NumericFromFloat4(float32(v.Float))
			}
			*v = pgvalue.TextValue(n.String())
		case to == pgvalue.OIDNumeric:
			*v = pgvalue.TextValue(asNumeric(v).String())
		case v.Kind == pgvalue.KindFloat:
			f := math.RoundToEven(v.Float)
			if math.IsNaN(f) || f < -1<<63 || f >= 1<<63 {
				return pgerror.Errorf(pgerror.NumericValueOutOfRange, "%s out of range", pgvalue.TypeName(to))
			}
			*v = pgvalue.IntValue(int64(f))
			return integerRange(v.Int, to)
		default:
			return fromNumeric(v, to)
		}
		return nil
	}, s)
}

// fromNumeric makes an integer of a numeric.
func fromNumeric(v *pgvalue.Value, to uint32) (err error) {
	n := asNumeric(v)
	var i int64
	switch to {
	case pgvalue.OIDInt2:
		var x int16
		x, err = n.Int16()
		i = int64(x)
	case pgvalue.OIDInt4:
		var x int32
		x, err = n.Int32()
		i = int64(x)
	default:
		if i, err = n.Int64(); err == nil {
			err = integerRange(i, to)
		}
	}
	*v = pgvalue.IntValue(i)
	return err
}

// floatCast makes a float of a number; a real holds less than a double precision.
func floatCast(v *pgvalue.Value, to uint32) error {
	f := asFloat(v)
	if v.Kind == pgvalue.KindText {
		var err error
		if f, err = asNumeric(v).Float64(); err != nil {
			return err
		}
		if to == pgvalue.OIDFloat4 && math.IsInf(float64(float32(f)), 0) && !math.IsInf(f, 0) {
			return pgerror.Errorf(pgerror.NumericValueOutOfRange, "\"%s\" is out of range for type real", v.Text)
		}
	}
	if to == pgvalue.OIDFloat4 {
		single := float64(float32(f))
		switch {
		case math.IsInf(single, 0) && !math.IsInf(f, 0):
			return pgerror.Errorf(pgerror.NumericValueOutOfRange, "value out of range: overflow")
		case single == 0 && f != 0:
			return pgerror.Errorf(pgerror.NumericValueOutOfRange, "value out of range: underflow")
		}
		f = single
	}
	*v = pgvalue.FloatValue(f)
	return nil
}

func integerRange(v int64, oid uint32) error {
	ok := true
	switch oid {
	case pgvalue.OIDInt4:
		ok = v >= math.MinInt32 && v <= math.MaxInt32
	case pgvalue.OIDInt2:
		ok = v >= math.MinInt16 && v <= math.MaxInt16
	case pgvalue.OIDOid:
		if v < 0 || v > math.MaxUint32 {
			return pgerror.Errorf(pgerror.NumericValueOutOfRange, "OID out of range")
		}
	case pgvalue.OIDXid:
		ok = v >= 0 && v <= math.MaxUint32
	}
	if !ok {
		return pgerror.Errorf(pgerror.NumericValueOutOfRange, "%s out of range", pgvalue.TypeName(oid))
	}
	return nil
}

// Assign converts a scalar for a column, by the casts PostgreSQL allows in an
// assignment; false if it allows none.
func Assign(s *Scalar, to uint32, zone func() *pgvalue.Zone) (*Scalar, bool) {
	from := s.OID
	ok := from == to || IsText(to) || IsNumber(from) && IsNumber(to) || IsTimeType(from) && IsTimeType(to) ||
		isJSONType(from) && isJSONType(to) ||
		pgvalue.ElementType(from) != 0 && IsText(pgvalue.ElementType(from)) && to == pgvalue.OIDTextArray
	if !ok {
		return nil, false
	}
	if from == to {
		return s, true
	}
	return Convert(s, to, zone)
}
