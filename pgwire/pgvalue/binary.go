package pgvalue

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/jackc/pgx/v5/pgtype"
)

var Be = binary.BigEndian

// Errors of a parameter in binary format, as PostgreSQL's receive functions and Bind
// report them.
var ErrShortBinary = pgerror.Errorf(pgerror.ProtocolViolation, "insufficient data left in message")

func binaryFormatError(parameter int) *pgerror.Error {
	return pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "incorrect binary data format in bind parameter %d", parameter)
}

// fixedSizes are the sizes in bytes of types whose binary form has only one.
var fixedSizes = map[uint32]int{
	OIDInt8: 8, OIDInt4: 4, OIDInt2: 2, OIDOid: 4, OIDXid: 4, OIDBool: 1, OIDUUID: 16, OIDFloat8: 8,
	OIDFloat4: 4, OIDTimestamptz: 8, OIDTimestamp: 8, OIDDate: 4, OIDTime: 8, OIDPgLSN: 8, OIDXid8: 8,
}

// ParseBinary converts a value's binary form to a value of the type with the given
// OID; parameter, counted from 1, is for messages. The value may alias b.
func ParseBinary(oid uint32, b []byte, parameter int) (Value, error) {
	if size, ok := fixedSizes[oid]; ok {
		if len(b) < size {
			return Value{}, ErrShortBinary
		}
		if len(b) > size {
			return Value{}, binaryFormatError(parameter)
		}
	}
	switch oid {
	case OIDInt8, OIDPgLSN, OIDXid8:
		return IntValue(int64(Be.Uint64(b))), nil
	case OIDTime:
		return TimeValue(int64(Be.Uint64(b))), nil
	case OIDInt4:
		return IntValue(int64(int32(Be.Uint32(b)))), nil
	case OIDInt2:
		return IntValue(int64(int16(Be.Uint16(b)))), nil
	case OIDOid, OIDXid:
		return IntValue(int64(Be.Uint32(b))), nil
	case OIDBool:
		return BoolValue(b[0] != 0), nil
	case OIDUUID:
		return UUIDValue([16]byte(b)), nil
	case OIDFloat8:
		return FloatValue(math.Float64frombits(Be.Uint64(b))), nil
	case OIDFloat4:
		return FloatValue(float64(math.Float32frombits(Be.Uint32(b)))), nil
	case OIDTimestamptz, OIDTimestamp:
		return fromPGTime(oid, int64(Be.Uint64(b)))
	case OIDDate:
		return fromPGDate(int32(Be.Uint32(b)))
	case OIDText, OIDVarchar, OIDBpchar, OIDName, OIDUnknown:
		if err := CheckText(b); err != nil {
			return Value{}, err
		}
		return TextValue(string(b)), nil
	case OIDJSON:
		return BytesValue(b), nil
	case OIDJSONB:
		if len(b) == 0 {
			return Value{}, ErrShortBinary
		}
		if b[0] != 1 {
			return Value{}, pgerror.Errorf(pgerror.InternalError, "unsupported jsonb version number %d", b[0]).WithCode(pgerror.InvalidBinaryRepresentation)
		}
		return BytesValue(b[1:]), nil
	case OIDJSONPath:
		if len(b) == 0 {
			return Value{}, ErrShortBinary
		}
		if b[0] != 1 {
			return Value{}, pgerror.Errorf(pgerror.InternalError, "unsupported jsonpath version number %d", b[0]).WithCode(pgerror.InvalidBinaryRepresentation)
		}
		if err := CheckText(b[1:]); err != nil {
			return Value{}, err
		}
		return TextValue(string(b[1:])), nil
	case OIDBytea:
		return BytesValue(b), nil
	case OIDBit, OIDVarbit:
		return fromBinaryBits(b, parameter)
	case OIDPgSnapshot, OIDTxidSnapshot:
		return parseBinarySnapshot(b)
	case OIDInterval:
		var iv pgtype.Interval
		if err := typeMap.Scan(oid, pgtype.BinaryFormatCode, b, &iv); err != nil {
			return Value{}, binaryFormatError(parameter)
		}
		return TextValue(intervalText(iv)), nil
	case OIDNumeric:
		return parseNumericBinary(b, parameter)
	}
	if element := ElementType(oid); element != 0 {
		return parseBinaryArray(element, b, parameter)
	}
	return Value{}, pgerror.Errorf(pgerror.FeatureNotSupported, "values of type with OID %d are not supported in binary format", oid)
}

// intervalText writes an interval's parts, for whoever knows how they go together.
func intervalText(iv pgtype.Interval) string {
	return fmt.Sprintf("%d mons %d days %d microseconds", iv.Months, iv.Days, iv.Microseconds)
}

// typeMap serves the types that are too rare to encode by hand. It is only read.
var typeMap = pgtype.NewMap()

func fromPGTime(oid uint32, v int64) (Value, error) {
	if v == Infinity || v == NegativeInfinity {
		return TimeValue(v), nil
	}
	at := time.UnixMicro(v).Add(pgEpoch * time.Microsecond).UTC()
	switch {
	case at.Year() > lastTimestampYear || at.Before(firstDay):
		return Value{}, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "%s out of range", rangeName(oid))
	case at.Year() > maxYear:
		return Value{}, unheldYear(oid, at.Year())
	}
	return TimeValue(v + pgEpoch), nil
}

func fromPGDate(days int32) (Value, error) {
	switch days {
	case math.MaxInt32:
		return TimeValue(Infinity), nil
	case math.MinInt32:
		return TimeValue(NegativeInfinity), nil
	}
	const held = 106_000_000 // days whose µs an int64 holds
	if year := time.Date(2000, time.January, 1+int(days), 0, 0, 0, 0, time.UTC).Year(); days > held && year <= lastDateYear {
		return Value{}, unheldYear(OIDDate, year)
	}
	if days > held || days < -4_000_000 {
		return Value{}, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date out of range")
	}
	return fromPGTime(OIDDate, int64(days)*microsPerDay)
}

func parseBinaryArray(element uint32, b []byte, parameter int) (Value, error) {
	if len(b) < 12 {
		return Value{}, ErrShortBinary
	}
	dims, flags, got := int32(Be.Uint32(b)), Be.Uint32(b[4:]), Be.Uint32(b[8:])
	b = b[12:]
	switch {
	case dims < 0:
		return Value{}, pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "invalid number of dimensions: %d", dims)
	case dims > 6:
		return Value{}, pgerror.Errorf(pgerror.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (6)", dims)
	case flags > 1:
		return Value{}, pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "invalid array flags")
	case got != element && !(got == OIDVarchar && element == OIDText):
		return Value{}, pgerror.Errorf(pgerror.DatatypeMismatch, "binary data has array element type %d (%s) instead of expected %d (%s)", got, TypeName(got), element, TypeName(element))
	}
	if dims == 0 {
		return ArrayValue([]Value{}), nil
	}
	if dims != 1 {
		return Value{}, pgerror.Errorf(pgerror.FeatureNotSupported, "multidimensional arrays are not supported")
	}
	if len(b) < 8 {
		return Value{}, ErrShortBinary
	}
	n := Be.Uint32(b)
	b = b[8:]
	if n > MaxArrayElements {
		return Value{}, pgerror.Errorf(pgerror.ProgramLimitExceeded, "array has more than %d elements", MaxArrayElements)
	}
	if uint64(n)*4 > uint64(len(b)) { // each has a length of four bytes at least
		return Value{}, ErrShortBinary
	}
	out := make([]Value, 0, n)
	for range n {
		if len(b) < 4 {
			return Value{}, ErrShortBinary
		}
		size := int32(Be.Uint32(b))
		b = b[4:]
		if size == -1 {
			out = append(out, Value{})
			continue
		}
		if size < 0 || int(size) > len(b) {
			return Value{}, pgerror.Errorf(pgerror.InvalidBinaryRepresentation, "insufficient data left in message")
		}
		v, err := ParseBinary(element, b[:size], parameter)
		if err != nil {
			return Value{}, err
		}
		out = append(out, v)
		b = b[size:]
	}
	if len(b) != 0 {
		return Value{}, binaryFormatError(parameter)
	}
	return ArrayValue(out), nil
}

// AppendBinary appends the binary form of a value that is not null.
func AppendBinary(dst []byte, oid uint32, v *Value) []byte {
	switch oid {
	case OIDInt8, OIDTime, OIDPgLSN, OIDXid8:
		return Be.AppendUint64(dst, uint64(v.Int))
	case OIDInt4, OIDOid, OIDXid:
		return Be.AppendUint32(dst, uint32(v.Int))
	case OIDInt2:
		return Be.AppendUint16(dst, uint16(v.Int))
	case OIDBool:
		return append(dst, byte(v.Int))
	case OIDTimestamptz, OIDTimestamp:
		if v.Int == Infinity || v.Int == NegativeInfinity {
			return Be.AppendUint64(dst, uint64(v.Int))
		}
		return Be.AppendUint64(dst, uint64(v.Int-pgEpoch))
	case OIDDate:
		switch v.Int {
		case Infinity:
			return Be.AppendUint32(dst, math.MaxInt32)
		case NegativeInfinity:
			return Be.AppendUint32(dst, 1<<31)
		}
		return Be.AppendUint32(dst, uint32(int32(floorDiv(v.Int-pgEpoch, microsPerDay))))
	case OIDFloat8:
		return Be.AppendUint64(dst, math.Float64bits(v.Float))
	case OIDFloat4:
		return Be.AppendUint32(dst, math.Float32bits(float32(v.Float)))
	case OIDUUID:
		return append(dst, v.UUID[:]...)
	case OIDJSONB:
		return append(append(dst, 1), v.Bytes...)
	case OIDJSONPath:
		return append(append(dst, 1), v.Text...)
	case OIDNumeric, OIDInterval:
		return appendRareBinary(dst, oid, v.Text)
	case OIDBit, OIDVarbit:
		return appendBinaryBits(dst, v.Text)
	case OIDPgSnapshot, OIDTxidSnapshot:
		return appendBinarySnapshot(dst, v.Text)
	case OIDVoid:
		return dst
	}
	if element := ElementType(oid); element != 0 {
		return appendBinaryArray(dst, element, v.Array)
	}
	if v.Kind == KindBytes {
		return append(dst, v.Bytes...)
	}
	return append(dst, v.Text...)
}

// appendRareBinary encodes a numeric or interval from its text form.
func appendRareBinary(dst []byte, oid uint32, text string) []byte {
	if oid == OIDNumeric {
		return appendNumericBinary(dst, text)
	}
	value := new(pgtype.Interval)
	if err := value.Scan(text); err != nil {
		return dst
	}
	if out, err := typeMap.Encode(oid, pgtype.BinaryFormatCode, value, dst); err == nil && out != nil {
		return out
	}
	return dst
}

// Signs of a numeric's binary form.
const (
	numericNegative = 0x4000
	numericNaN      = 0xC000
	numericInfinity = 0xD000
	numericMinusInf = 0xF000
)

// appendNumericBinary encodes a numeric in PostgreSQL's text form: groups of four decimal
// digits, without groups of zeros at either end.
func appendNumericBinary(dst []byte, text string) []byte {
	switch text {
	case "NaN":
		return append(dst, 0, 0, 0, 0, numericNaN>>8, 0, 0, 0)
	case "Infinity":
		return append(dst, 0, 0, 0, 0, numericInfinity>>8, 0, 0, 32)
	case "-Infinity":
		return append(dst, 0, 0, 0, 0, numericMinusInf>>8, 0, 0, 32)
	}
	sign := uint16(0)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = numericNegative, rest
	}
	whole, fraction, _ := strings.Cut(text, ".")
	scale := len(fraction)
	whole = strings.TrimLeft(whole, "0")
	groups := (len(whole) + 3) / 4
	digits := strings.Repeat("0", groups*4-len(whole)) + whole + fraction
	digits += strings.Repeat("0", (4-len(digits)%4)%4)
	weight := groups - 1
	for strings.HasPrefix(digits, "0000") {
		digits = digits[4:]
		weight--
	}
	for strings.HasSuffix(digits, "0000") {
		digits = digits[:len(digits)-4]
	}
	if digits == "" {
		weight, sign = 0, 0
	}
	dst = Be.AppendUint16(dst, uint16(len(digits)/4))
	dst = Be.AppendUint16(dst, uint16(int16(weight)))
	dst = Be.AppendUint16(dst, sign)
	dst = Be.AppendUint16(dst, uint16(scale))
	for ; digits != ""; digits = digits[4:] {
		n := uint16(digits[0]-'0')*1000 + uint16(digits[1]-'0')*100 + uint16(digits[2]-'0')*10 + uint16(digits[3]-'0')
		dst = Be.AppendUint16(dst, n)
	}
	return dst
}

func appendBinaryArray(dst []byte, element uint32, items []Value) []byte {
	dims, nulls := uint32(1), uint32(0)
	if len(items) == 0 {
		dims = 0
	}
	for i := range items {
		if items[i].Kind == Null {
			nulls = 1
		}
	}
	dst = Be.AppendUint32(dst, dims)
	dst = Be.AppendUint32(dst, nulls)
	dst = Be.AppendUint32(dst, element)
	if dims == 0 {
		return dst
	}
	dst = Be.AppendUint32(dst, uint32(len(items)))
	dst = Be.AppendUint32(dst, 1) // lower bound
	for i := range items {
		dst = AppendSized(dst, element, &items[i])
	}
	return dst
}

// AppendSized appends a value with its length before it, as messages and arrays hold
// them; -1 for null.
func AppendSized(dst []byte, oid uint32, v *Value) []byte {
	if v.Kind == Null {
		return Be.AppendUint32(dst, math.MaxUint32)
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = AppendBinary(dst, oid, v)
	Be.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
