package pgvalue

import (
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// ParseText converts a value's text form, as a literal or a parameter in text format
// has it, to a value of the type with the given OID. loc is the session's time zone
// for timestamps that name none. JSON is not checked. Errors carry PostgreSQL's words
// and SQLSTATE.
func ParseText(oid uint32, s string, loc *Zone) (Value, error) {
	switch oid {
	case OIDText, OIDVarchar, OIDBpchar, OIDName, OIDUnknown, OIDInterval, OIDRegclass, OIDChar:
		return TextValue(s), nil
	case OIDInt8, OIDInt4, OIDInt2, OIDOid:
		return parseInt(oid, s)
	case OIDXid, OIDCid:
		return IntValue(int64(uint32(ParseXid8(s)))), nil
	case OIDBool:
		return parseBool(s)
	case OIDUUID:
		id, ok := ParseUUID(s)
		if !ok {
			return Value{}, invalidText(oid, s)
		}
		return UUIDValue(id), nil
	case OIDJSON, OIDJSONB:
		return BytesValue([]byte(s)), nil
	case OIDBytea:
		return parseBytea(s)
	case OIDFloat8, OIDFloat4:
		return parseFloat(oid, s)
	case OIDNumeric:
		return parseNumeric(s)
	case OIDTimestamptz, OIDTimestamp, OIDDate:
		return parseTime(oid, s, loc)
	case OIDTime:
		return parseTimeOfDay(s)
	case OIDBit, OIDVarbit:
		return parseBits(s)
	case OIDPgLSN:
		lsn, err := ParseLSN(s)
		return IntValue(int64(lsn)), err
	case OIDXid8:
		return IntValue(int64(ParseXid8(s))), nil
	case OIDPgSnapshot, OIDTxidSnapshot:
		snapshot, err := ParseSnapshot(s)
		return TextValue(snapshot.String()), err
	}
	if oid == OIDInt2Vector || oid == OIDOidVector {
		return parseVector(ElementType(oid), s)
	}
	if element := ElementType(oid); element != 0 {
		return parseArray(element, s, loc)
	}
	if KnownType(oid) {
		return TextValue(s), nil // names of catalog objects, mostly
	}
	return Value{}, pgerror.Errorf(pgerror.FeatureNotSupported, "values of type with OID %d are not supported", oid)
}

func invalidText(oid uint32, s string) *pgerror.Error {
	return pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", TypeName(oid), s)
}

func parseInt(oid uint32, s string) (Value, error) {
	if v, ok := fewDigits(s); ok && oid != OIDInt2 {
		return IntValue(v), nil
	}
	t := strings.Trim(s, " \t\n\r\v\f")
	bits := 64
	switch oid {
	case OIDInt4:
		bits = 32
	case OIDInt2:
		bits = 16
	}
	digits := strings.TrimLeft(t, "+-")
	if digits == "" || len(t)-len(digits) > 1 || strings.Trim(digits, "0123456789") != "" {
		return Value{}, invalidText(oid, s)
	}
	v, err := strconv.ParseInt(t, 10, bits)
	unsigned := oid == OIDOid
	if err != nil || unsigned && (v < math.MinInt32 || v > math.MaxUint32) {
		return Value{}, pgerror.Errorf(pgerror.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, TypeName(oid))
	}
	if unsigned {
		v = int64(uint32(v))
	}
	return IntValue(v), nil
}

// fewDigits is the value of up to nine digits, which any integer type but smallint holds.
func fewDigits(s string) (v int64, ok bool) {
	if len(s) == 0 || len(s) > 9 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + int64(d)
	}
	return v, true
}

func parseBool(s string) (Value, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	if t == "" {
		return Value{}, invalidText(OIDBool, s)
	}
	for _, word := range [...]string{"true", "yes"} {
		if strings.HasPrefix(word, t) {
			return BoolValue(true), nil
		}
	}
	for _, word := range [...]string{"false", "no"} {
		if strings.HasPrefix(word, t) {
			return BoolValue(false), nil
		}
	}
	switch t {
	case "on", "1":
		return BoolValue(true), nil
	case "off", "of", "0":
		return BoolValue(false), nil
	}
	return Value{}, invalidText(OIDBool, s)
}

// ParseUUID takes every form PostgreSQL does: any case, in braces or not, with
// hyphens after any group of four digits or none.
func ParseUUID(s string) (id [16]byte, ok bool) {
	if len(s) >= 2 && s[0] == '{' && s[len(s)-1] == '}' {
		s = s[1 : len(s)-1]
	}
	i := 0
	for b := range 16 {
		if i+2 > len(s) {
			return id, false
		}
		hi, lo := HexDigit(s[i]), HexDigit(s[i+1])
		if hi < 0 || lo < 0 {
			return id, false
		}
		id[b] = byte(hi<<4 | lo)
		i += 2
		if b%2 == 1 && b < 15 && i < len(s) && s[i] == '-' {
			i++
		}
	}
	return id, i == len(s)
}

// HexDigit is the value of a hexadecimal digit, -1 if c is none.
func HexDigit(c byte) int { return int(hexDigits[c]) }

var hexDigits = func() (t [256]int8) {
	for c := range t {
		t[c] = -1
		if i := strings.IndexByte("0123456789abcdef", byte(c)); i >= 0 {
			t[c] = int8(i)
		} else if i := strings.IndexByte("ABCDEF", byte(c)); i >= 0 {
			t[c] = int8(i) + 10
		}
	}
	return t
}()

func parseBytea(s string) (Value, error) {
	if h, ok := strings.CutPrefix(s, `\x`); ok {
		h = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "").Replace(h)
		for i := 0; i < len(h); i++ {
			if HexDigit(h[i]) < 0 {
				r, _ := utf8.DecodeRuneInString(h[i:])
				return Value{}, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid hexadecimal digit: \"%c\"", r)
			}
		}
		b, err := hex.DecodeString(h)
		if err != nil {
			return Value{}, pgerror.Errorf(pgerror.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		return BytesValue(b), nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return Value{}, pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return BytesValue(out), nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// maxNumericDigits is how many digits PostgreSQL's numeric holds before the point.
const maxNumericDigits = 131072

// parseNumeric takes a numeric's text, and holds it as numeric prints it.
func parseNumeric(s string) (Value, error) {
	t := strings.Trim(s, " \t\n\r\v\f")
	rest := strings.TrimLeft(t, "+-")
	switch {
	case len(t)-len(rest) > 1:
		return Value{}, invalidText(OIDNumeric, s)
	case strings.EqualFold(t, "nan"):
		return TextValue("NaN"), nil
	case strings.EqualFold(rest, "infinity"), strings.EqualFold(rest, "inf"):
		if t[0] == '-' {
			return TextValue("-Infinity"), nil
		}
		return TextValue("Infinity"), nil
	}
	mantissa, exponent := rest, 0
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		digits := strings.TrimPrefix(strings.TrimPrefix(rest[i+1:], "+"), "-")
		e, err := strconv.Atoi(rest[i+1:])
		if err != nil && !errors.Is(err, strconv.ErrRange) || len(rest[i+1:])-len(digits) > 1 || !allDigits(digits) {
			return Value{}, invalidText(OIDNumeric, s)
		}
		mantissa, exponent = rest[:i], min(max(e, -1<<20), 1<<20)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return Value{}, invalidText(OIDNumeric, s)
	}
	out, ok := shiftPoint(whole, fraction, exponent)
	if !ok {
		return Value{}, pgerror.Errorf(pgerror.NumericValueOutOfRange, "value overflows numeric format")
	}
	if t[0] == '-' && strings.Trim(out, "0.") != "" {
		out = "-" + out
	}
	return TextValue(out), nil
}

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// shiftPoint moves the point between digits; false if numeric does not hold the result.
func shiftPoint(whole, fraction string, exponent int) (string, bool) {
	digits := whole + fraction
	point := len(whole) + exponent // from the digits' beginning
	if significant := strings.TrimLeft(digits, "0"); significant == "" {
		point = min(point, len(digits))
	} else if point-(len(digits)-len(significant)) > maxNumericDigits {
		return "", false
	}
	scale := max(len(digits)-point, 0)
	if scale > maxNumericScale {
		return "", false
	}
	switch {
	case point <= 0:
		digits, point = strings.Repeat("0", 1-point)+digits, 1
	case point > len(digits):
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, fraction = strings.TrimLeft(digits[:point], "0"), digits[point:]
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole, true
}

// underflows tells whether a number's text that reads as zero says something else.
func underflows(s string) bool {
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	if hex := strings.Contains(mantissa, "0x"); hex {
		mantissa, _, _ = strings.Cut(strings.ToLower(s), "p")
		mantissa = strings.Replace(mantissa, "0x", "", 1)
	}
	return strings.ContainsAny(mantissa, "123456789abcdef")
}

// asC writes a number's text as strconv reads it, where it is not what C's strtod does: that takes no
// underscores, a sign before NaN, and hexadecimal digits without an exponent.
func asC(s string) string {
	unsigned := strings.TrimLeft(s, "+-")
	switch {
	case strings.Contains(s, "_"):
		return ""
	case len(s)-len(unsigned) == 1 && strings.EqualFold(unsigned, "nan"):
		return unsigned
	case len(unsigned) > 2 && unsigned[0] == '0' && unsigned[1]|' ' == 'x' && !strings.ContainsAny(unsigned, "pP"):
		return s + "p0"
	}
	return s
}

func parseFloat(oid uint32, s string) (Value, error) {
	bits := 64
	if oid == OIDFloat4 {
		bits = 32
	}
	f, err := strconv.ParseFloat(asC(strings.Trim(s, " \t\n\v\f\r")), bits)
	if errors.Is(err, strconv.ErrRange) || f == 0 && err == nil && underflows(s) {
		return Value{}, pgerror.Errorf(pgerror.NumericValueOutOfRange, "\"%s\" is out of range for type %s", s, TypeName(oid))
	}
	if err != nil {
		return Value{}, invalidText(oid, s)
	}
	return FloatValue(f), nil
}

// OIDs of a command's number, and of the catalogs' own kind of arrays, whose text is their numbers with blanks between.

// AppendText appends the text form of a value to dst. The value is not null.
func AppendText(dst []byte, oid uint32, v *Value, loc *Zone) []byte {
	switch v.Kind {
	case KindInt:
		switch oid {
		case OIDPgLSN:
			return AppendLSN(dst, uint64(v.Int))
		case OIDXid8:
			return strconv.AppendUint(dst, uint64(v.Int), 10)
		}
		return strconv.AppendInt(dst, v.Int, 10)
	case KindBool:
		if v.Int != 0 {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case KindTime:
		if oid == OIDTime {
			return AppendTime(dst, v.Int)
		}
		return appendTime(dst, oid, v.Int, loc)
	case KindFloat:
		if loc != nil && loc.Style.FloatDigits < 0 {
			return styledFloat(dst, oid, v.Float, int(loc.Style.FloatDigits)+1)
		}
		return appendFloat(dst, oid, v.Float)
	case KindUUID:
		return appendUUID(dst, v.UUID)
	case KindText:
		return append(dst, v.Text...)
	case KindBytes:
		if oid == OIDBytea {
			if loc != nil && loc.Style.ByteaEscape {
				return escapedBytea(dst, v.Bytes)
			}
			dst = append(dst, '\\', 'x')
			return hex.AppendEncode(dst, v.Bytes)
		}
		return append(dst, v.Bytes...)
	case KindArray:
		if oid == OIDInt2Vector || oid == OIDOidVector {
			for i := range v.Array {
				if i > 0 {
					dst = append(dst, ' ')
				}
				dst = strconv.AppendInt(dst, v.Array[i].Int, 10)
			}
			return dst
		}
		return appendArray(dst, ElementType(oid), v.Array, loc)
	}
	return dst
}

// exactIntegers are where whole numbers begin that a float of 32 or 64 bits does not hold.
var exactIntegers = [2]float64{1 << 24, 1 << 53}

// onBound tells whether the shortest text that reads as f lies just between f and its neighbour.
// It is read as f, whose last bit is 0; PostgreSQL never relies on that, and writes more digits.
func onBound(text string, f float64, bits int) bool {
	shown, ok := new(big.Rat).SetString(text)
	if !ok {
		return false
	}
	for _, to := range [2]float64{math.Inf(-1), math.Inf(1)} {
		next := math.Nextafter(f, to)
		if bits == 32 {
			next = float64(math.Nextafter32(float32(f), float32(to)))
		}
		if math.IsInf(next, 0) {
			continue
		}
		bound := new(big.Rat).Add(new(big.Rat).SetFloat64(f), new(big.Rat).SetFloat64(next))
		if bound.Cmp(new(big.Rat).Add(shown, shown)) == 0 {
			return true
		}
	}
	return false
}

// appendInside writes f with as few digits as lie nearer to it than to its neighbours.
func appendInside(dst []byte, f float64, bits int) []byte {
	start := len(dst)
	for digits := 0; ; digits++ {
		dst = strconv.AppendFloat(dst[:start], f, 'e', digits, bits)
		if back, err := strconv.ParseFloat(string(dst[start:]), bits); digits > 16 || err == nil && back == f && !onBound(string(dst[start:]), f, bits) {
			return dst
		}
	}
}

func appendFloat(dst []byte, oid uint32, f float64) []byte {
	bits, large := 64, 1e15
	if oid == OIDFloat4 {
		bits, large = 32, 1e6
	}
	switch {
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= large) {
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
		if a >= exactIntegers[bits/64] && a < 1e41 && onBound(string(dst[start:]), f, bits) {
			return appendInside(dst[:start], f, bits)
		}
		return dst
	}
	return strconv.AppendFloat(dst, f, 'f', -1, bits)
}

func appendUUID(dst []byte, id [16]byte) []byte {
	dst = hex.AppendEncode(dst, id[0:4])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[4:6])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[6:8])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[8:10])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, id[10:16])
}

// CheckText returns PostgreSQL's error for bytes that its text cannot hold.
func CheckText(s []byte) error {
	if IndexByte(s, 0) < 0 && utf8.Valid(s) {
		return nil
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c != 0 && c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		if c == 0 || r == utf8.RuneError && n <= 1 {
			return badEncoding(s[i:])
		}
		i += n
	}
	return nil
}

func badEncoding(s []byte) error {
	// As many bytes as the first announces, as pg_utf_mblen counts them.
	n := 1
	switch c := s[0]; {
	case c&0xe0 == 0xc0:
		n = 2
	case c&0xf0 == 0xe0:
		n = 3
	case c&0xf8 == 0xf0:
		n = 4
	}
	var b strings.Builder
	for i, c := range s[:min(n, len(s))] {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("0x")
		b.WriteString(hex.EncodeToString([]byte{c}))
	}
	return pgerror.Errorf(pgerror.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", b.String())
}
