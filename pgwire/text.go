package pgwire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseText converts a value's text form, as a literal or a parameter in text format
// has it, to a value of the type with the given OID. loc is the session's time zone
// for timestamps that name none. JSON is not checked. Errors carry PostgreSQL's words
// and SQLSTATE.
func ParseText(oid uint32, s string, loc *Zone) (Value, error) {
	switch oid {
	case OIDText, OIDVarchar, OIDBpchar, OIDName, OIDUnknown, OIDInterval, OIDRegclass, OIDChar:
		return TextValue(s), nil
	case OIDInt8, OIDInt4, OIDInt2, OIDOid, OIDXid:
		return parseInt(oid, s)
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
		t := strings.TrimSpace(s)
		if !validNumeric(t) {
			return Value{}, invalidText(oid, s)
		}
		return TextValue(CanonicalNumeric(t)), nil
	case OIDTimestamptz, OIDTimestamp, OIDDate:
		return parseTime(oid, s, loc)
	case OIDTime:
		return parseTimeOfDay(s)
	}
	if element := ElementType(oid); element != 0 {
		return parseArray(element, s, loc)
	}
	if KnownType(oid) {
		return TextValue(s), nil // names of catalog objects, mostly
	}
	return Value{}, Errorf("0A000", "values of type with OID %d are not supported", oid)
}

func invalidText(oid uint32, s string) *Error {
	return Errorf("22P02", "invalid input syntax for type %s: \"%s\"", TypeName(oid), s)
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
	unsigned := oid == OIDOid || oid == OIDXid
	if err != nil || unsigned && (v < math.MinInt32 || v > math.MaxUint32) {
		return Value{}, Errorf("22003", "value \"%s\" is out of range for type %s", s, TypeName(oid))
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
				return Value{}, Errorf("22023", "invalid hexadecimal digit: \"%c\"", r)
			}
		}
		b, err := hex.DecodeString(h)
		if err != nil {
			return Value{}, Errorf("22023", "invalid hexadecimal data: odd number of digits")
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
			return Value{}, Errorf("22P02", "invalid input syntax for type bytea")
		}
	}
	return BytesValue(out), nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func validNumeric(s string) bool {
	if strings.EqualFold(s, "nan") {
		return true
	}
	_, err := strconv.ParseFloat(s, 64)
	if err != nil && !strings.Contains(err.Error(), "range") {
		return false
	}
	return s != "" && strings.Trim(s, "0123456789.eE+-") == ""
}

// CanonicalNumeric writes a decimal as numeric prints it: digits on both sides of the
// point, no exponent.
func CanonicalNumeric(text string) string {
	if strings.EqualFold(text, "nan") {
		return "NaN"
	}
	text = strings.TrimPrefix(text, "+")
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(text), "e")
	if hasExponent {
		r, ok := new(big.Rat).SetString(text)
		e, err := strconv.Atoi(exponent)
		if !ok || err != nil || e > 1000 || e < -1000 {
			return text
		}
		_, fraction, _ := strings.Cut(mantissa, ".")
		return r.FloatString(max(len(fraction)-e, 0))
	}
	sign := ""
	if strings.HasPrefix(mantissa, "-") {
		sign, mantissa = "-", mantissa[1:]
	}
	whole, fraction, hasFraction := strings.Cut(mantissa, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if hasFraction && fraction != "" {
		whole += "." + fraction
	}
	if strings.Trim(whole, "0.") == "" {
		sign = ""
	}
	return sign + whole
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

func parseFloat(oid uint32, s string) (Value, error) {
	bits := 64
	if oid == OIDFloat4 {
		bits = 32
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(s), bits)
	if errors.Is(err, strconv.ErrRange) || f == 0 && err == nil && underflows(s) {
		return Value{}, Errorf("22003", "\"%s\" is out of range for type %s", s, TypeName(oid))
	}
	if err != nil {
		return Value{}, invalidText(oid, s)
	}
	return FloatValue(f), nil
}

// maxArrayElements bounds an array literal; a value that needs more is too large for
// an event anyway.
const maxArrayElements = 1 << 18

func parseArray(element uint32, s string, loc *Zone) (Value, error) {
	p := arrayParser{s: strings.TrimSpace(s), element: element, loc: loc, whole: s}
	return p.parse()
}

type arrayParser struct {
	s, whole string
	i        int
	element  uint32
	loc      *Zone
}

func (p *arrayParser) malformed(detail string) error {
	return Errorf("22P02", "malformed array literal: \"%s\"", p.whole).WithDetail("%s", detail)
}

func (p *arrayParser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\n\r\v\f", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *arrayParser) parse() (Value, error) {
	if p.s == "" || p.s[0] != '{' {
		return Value{}, p.malformed(`Array value must start with "{" or dimension information.`)
	}
	p.i = 1
	out := []Value{}
	p.space()
	if p.i < len(p.s) && p.s[p.i] == '}' {
		p.i++
		return p.end(out)
	}
	for {
		v, err := p.item()
		if err != nil {
			return Value{}, err
		}
		if out = append(out, v); len(out) > maxArrayElements {
			return Value{}, Errorf("54000", "array has more than %d elements", maxArrayElements)
		}
		p.space()
		if p.i == len(p.s) {
			return Value{}, p.malformed("Unexpected end of input.")
		}
		switch p.s[p.i] {
		case ',':
			p.i++
		case '}':
			p.i++
			return p.end(out)
		default:
			return Value{}, p.malformed("Unexpected array element.")
		}
	}
}

func (p *arrayParser) end(out []Value) (Value, error) {
	p.space()
	if p.i != len(p.s) {
		return Value{}, p.malformed("Junk after closing right brace.")
	}
	return ArrayValue(out), nil
}

func (p *arrayParser) item() (Value, error) {
	p.space()
	if p.i == len(p.s) {
		return Value{}, p.malformed("Unexpected end of input.")
	}
	switch p.s[p.i] {
	case '{':
		return Value{}, Errorf("0A000", "multidimensional arrays are not supported")
	case ',', '}':
		return Value{}, p.malformed(`Unexpected "` + p.s[p.i:p.i+1] + `" character.`)
	case '"':
		text, err := p.quoted()
		if err != nil {
			return Value{}, err
		}
		return ParseText(p.element, text, p.loc)
	}
	var b strings.Builder
	escaped := false
	for p.i < len(p.s) && p.s[p.i] != ',' && p.s[p.i] != '}' {
		c := p.s[p.i]
		switch {
		case c == '{' || c == '"':
			return Value{}, p.malformed(`Unexpected "` + string(c) + `" character.`)
		case c == '\\':
			if p.i++; p.i == len(p.s) {
				return Value{}, p.malformed("Unexpected end of input.")
			}
			escaped = true
		}
		b.WriteByte(p.s[p.i])
		p.i++
	}
	text := strings.TrimRight(b.String(), " \t\n\r\v\f")
	if !escaped && strings.EqualFold(text, "null") {
		return Value{}, nil
	}
	return ParseText(p.element, text, p.loc)
}

func (p *arrayParser) quoted() (string, error) {
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '"':
			p.i++
			return b.String(), nil
		case '\\':
			if p.i++; p.i == len(p.s) {
				return "", p.malformed("Unexpected end of input.")
			}
		}
		b.WriteByte(p.s[p.i])
	}
	return "", p.malformed("Unexpected end of input.")
}

// AppendText appends the text form of a value to dst. The value is not null.
func AppendText(dst []byte, oid uint32, v *Value, loc *Zone) []byte {
	switch v.Kind {
	case KindInt:
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
		return appendFloat(dst, oid, v.Float)
	case KindUUID:
		return appendUUID(dst, v.UUID)
	case KindText:
		return append(dst, v.Text...)
	case KindBytes:
		if oid == OIDBytea {
			dst = append(dst, '\\', 'x')
			return hex.AppendEncode(dst, v.Bytes)
		}
		return append(dst, v.Bytes...)
	case KindArray:
		return appendArray(dst, ElementType(oid), v.Array, loc)
	}
	return dst
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
		return strconv.AppendFloat(dst, f, 'e', -1, bits)
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

func appendArray(dst []byte, element uint32, items []Value, loc *Zone) []byte {
	dst = append(dst, '{')
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if items[i].Kind == Null {
			dst = append(dst, "NULL"...)
			continue
		}
		start := len(dst)
		dst = AppendText(dst, element, &items[i], loc)
		dst = QuoteElement(dst, start)
	}
	return append(dst, '}')
}

// QuoteElement quotes what stands from start on, an element of an array, where it needs it.
func QuoteElement(dst []byte, start int) []byte {
	item := string(dst[start:])
	if !needsQuotes(item) {
		return dst
	}
	dst = append(dst[:start], '"')
	for k := 0; k < len(item); k++ {
		if item[k] == '"' || item[k] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, item[k])
	}
	return append(dst, '"')
}

func needsQuotes(s string) bool {
	return s == "" || strings.EqualFold(s, "null") || strings.ContainsAny(s, "{}\",\\ \t\n\r\v\f")
}

// CheckText returns PostgreSQL's error for bytes that its text cannot hold.
func CheckText(s []byte) error {
	if bytes.IndexByte(s, 0) < 0 && utf8.Valid(s) {
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
	return Errorf("22021", "invalid byte sequence for encoding \"UTF8\": %s", b.String())
}
