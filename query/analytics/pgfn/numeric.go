package pgfn

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Limits of PostgreSQL's numeric.
const (
	maxIntegerDigits = 131072 // before the point
	maxScale         = 16383  // after it
	minSigDigits     = 16     // at least as many significant digits in inexact results
	maxDisplayScale  = 1000   // of inexact results
	maxResultScale   = 2000   // past a third of which powers of e overflow
)

type numericKind uint8

const (
	finite numericKind = iota
	negativeInfinity
	positiveInfinity
	notANumber
)

// Numeric is PostgreSQL's numeric: a decimal with the number of digits after the point
// that it is shown with, an infinity, or NaN. The zero Numeric is 0. Numerics are values:
// nothing changes one.
type Numeric struct {
	big   *big.Int // the unscaled value if it does not fit small; never changed
	small int64
	scale int32 // digits after the point, which PostgreSQL calls dscale
	kind  numericKind
}

var (
	numericNaN  = Numeric{kind: notANumber}
	numericPInf = Numeric{kind: positiveInfinity}
	numericNInf = Numeric{kind: negativeInfinity}
	numericOne  = Numeric{small: 1}
)

// pow10Small are the powers of ten that an int64 holds.
var pow10Small = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

var bigTen = big.NewInt(10)

func pow10(n int) *big.Int {
	if n < len(pow10Small) {
		return big.NewInt(pow10Small[n])
	}
	return new(big.Int).Exp(bigTen, big.NewInt(int64(n)), nil)
}

func errOverflow() error {
	return pgerror.Errorf(pgerror.NumericValueOutOfRange, "value overflows numeric format")
}

// fromBig takes u over.
func fromBig(u *big.Int, scale int) Numeric {
	if u.IsInt64() {
		return Numeric{small: u.Int64(), scale: int32(scale)}
	}
	return Numeric{big: u, scale: int32(scale)}
}

// result is fromBig with the check that PostgreSQL makes of every result.
func result(u *big.Int, scale int) (Numeric, error) {
	n := fromBig(u, scale)
	if n.big != nil && n.integerDigits() > maxIntegerDigits {
		return Numeric{}, errOverflow()
	}
	return n, nil
}

// unscaled returns n's unscaled value, which the caller does not change.
func (n Numeric) unscaled() *big.Int {
	if n.big != nil {
		return n.big
	}
	return big.NewInt(n.small)
}

// digits counts the decimal digits of the unscaled value, 0 for 0.
func (n Numeric) digits() int {
	if n.big != nil {
		return bigDigits(n.big)
	}
	u := n.magnitude()
	if u == 0 {
		return 0
	}
	// 1233/4096 is just above log10(2).
	d := bits.Len64(u) * 1233 >> 12
	if d < 19 && u >= uint64(pow10Small[d]) || d == 19 && u >= 1e19 {
		d++
	}
	return d
}

func bigDigits(u *big.Int) int {
	if u.Sign() == 0 {
		return 0
	}
	d := int(float64(u.BitLen()-1) * math.Log10(2))
	if u.CmpAbs(pow10(d)) >= 0 {
		d++
		if u.CmpAbs(pow10(d)) >= 0 {
			d++
		}
	}
	return d
}

// integerDigits counts the digits before the point; less than 0 if the value begins
// with zeros after it.
func (n Numeric) integerDigits() int { return n.digits() - int(n.scale) }

func (n Numeric) magnitude() uint64 {
	if n.small < 0 {
		return -uint64(n.small)
	}
	return uint64(n.small)
}

// Signum is -1, 0 or 1; NaN is above all, thus 1.
func (n Numeric) Signum() int {
	switch {
	case n.kind == negativeInfinity:
		return -1
	case n.kind != finite:
		return 1
	case n.big != nil:
		return n.big.Sign()
	case n.small < 0:
		return -1
	case n.small > 0:
		return 1
	}
	return 0
}

// IsNaN tells whether n is NaN.
func (n Numeric) IsNaN() bool { return n.kind == notANumber }

// IsInf tells whether n is an infinity.
func (n Numeric) IsInf() bool { return n.kind == positiveInfinity || n.kind == negativeInfinity }

// Scale is the number of digits after the point, false for NaN and infinities.
func (n Numeric) Scale() (int, bool) { return int(n.scale), n.kind == finite }

// NumericFromInt returns v with scale 0.
func NumericFromInt(v int64) Numeric { return Numeric{small: v} }

// NumericFromBigInt returns v with scale 0.
func NumericFromBigInt(v *big.Int) Numeric { return fromBig(new(big.Int).Set(v), 0) }

// NumericFromUnscaled returns u·10^-scale.
func NumericFromUnscaled(u *big.Int, scale int) Numeric {
	u = new(big.Int).Set(u)
	if scale < 0 {
		u.Mul(u, pow10(min(-scale, maxIntegerDigits)))
		scale = 0
	}
	return fromBig(u, scale)
}

// NumericFromFloat is the cast of float8 to numeric, which keeps 15 significant digits.
func NumericFromFloat(f float64) Numeric { return numericFromFloat(f, 15) }

// NumericFromFloat4 is the cast of float4 to numeric, which keeps 6 significant digits.
func NumericFromFloat4(f float32) Numeric { return numericFromFloat(float64(f), 6) }

func numericFromFloat(f float64, digits int) Numeric {
	switch {
	case math.IsNaN(f):
		return numericNaN
	case math.IsInf(f, 1):
		return numericPInf
	case math.IsInf(f, -1):
		return numericNInf
	}
	var buf [40]byte
	n, _ := parseDecimal(strconv.AppendFloat(buf[:0], f, 'g', digits, 64))
	return n
}

// ParseNumeric is numeric's input function.
func ParseNumeric(s string) (Numeric, error) {
	n, status := parseDecimal(s)
	switch status {
	case parsed:
		return n, nil
	case tooLarge:
		return Numeric{}, errOverflow()
	}
	t := strings.Trim(s, asciiSpace)
	sign := ""
	if t != "" && (t[0] == '+' || t[0] == '-') {
		sign, t = t[:1], t[1:]
	}
	switch {
	case sign == "" && strings.EqualFold(t, "nan"):
		return numericNaN, nil
	case !strings.EqualFold(t, "inf") && !strings.EqualFold(t, "infinity"):
		return Numeric{}, pgerror.Errorf(pgerror.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", s)
	case sign == "-":
		return numericNInf, nil
	}
	return numericPInf, nil
}

// asciiSpace is what C's isspace takes.
const asciiSpace = " \t\n\v\f\r"

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

type parseStatus uint8

const (
	parsed parseStatus = iota
	malformed
	tooLarge
)

// parseDecimal takes what PostgreSQL does, but NaN and infinities. It allocates nothing
// if the digits fit an int64.
func parseDecimal[T string | []byte](s T) (Numeric, parseStatus) {
	i, end, negative := leadingSign(s)
	start, point := i, -1
	var u uint64
	significant := 0
	for ; i < end; i++ {
		c := s[i]
		if isDigit(c) {
			if u != 0 || c != '0' {
				significant++
			}
			if significant <= 18 {
				u = u*10 + uint64(c-'0')
			}
			continue
		}
		if c != '.' || point >= 0 {
			break
		}
		point = i
	}
	last := i
	count, scale := last-start, 0
	if point >= 0 {
		count--
		scale = last - point - 1
	}
	if count == 0 {
		return Numeric{}, malformed
	}
	exponent := 0
	if i < end && (s[i] == 'e' || s[i] == 'E') {
		var status parseStatus
		if exponent, i, status = parseExponent(s, i+1, end); status != parsed {
			return Numeric{}, status
		}
	}
	if i < end {
		return Numeric{}, malformed
	}
	if exponent == 0 && significant <= 18 && scale <= maxScale {
		v := int64(u)
		if negative {
			v = -v
		}
		return Numeric{small: v, scale: int32(scale)}, parsed
	}
	shift, scale := shifted(significant, scale-exponent)
	if scale > maxScale || significant+shift-scale > maxIntegerDigits {
		return Numeric{}, tooLarge
	}
	if significant+shift <= 18 {
		v := int64(u) * pow10Small[shift]
		if negative {
			v = -v
		}
		return Numeric{small: v, scale: int32(scale)}, parsed
	}
	digits := string(s[start:last])
	if point >= 0 {
		digits = string(s[start:point]) + string(s[point+1:last])
	}
	return longDecimal(digits, shift, scale, negative)
}

// leadingSign passes over the space around a number and its sign: its digits are from i to end.
func leadingSign[T string | []byte](s T) (i, end int, negative bool) {
	end = len(s)
	for i < end && isSpace(s[i]) {
		i++
	}
	for end > i && isSpace(s[end-1]) {
		end--
	}
	if i < end && (s[i] == '-' || s[i] == '+') {
		negative = s[i] == '-'
		i++
	}
	return i, end, negative
}

// shifted makes a scale that is not below 0, and says by how many digits the unscaled value grows for it.
func shifted(significant, given int) (shift, scale int) {
	scale = given
	if scale < 0 {
		shift, scale = -scale, 0
	}
	if significant == 0 {
		shift = 0
	}
	return shift, scale
}

// longDecimal is a number of more digits than an int64 holds.
func longDecimal(digits string, shift, scale int, negative bool) (Numeric, parseStatus) {
	v, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return Numeric{}, malformed
	}
	if shift > 0 {
		v.Mul(v, pow10(shift))
	}
	if negative {
		v.Neg(v)
	}
	return fromBig(v, scale), parsed
}

// parseExponent is strtol, which takes white space before the sign.
func parseExponent[T string | []byte](s T, i, end int) (exponent, next int, status parseStatus) {
	for i < end && isSpace(s[i]) {
		i++
	}
	negative := false
	if i < end && (s[i] == '-' || s[i] == '+') {
		negative = s[i] == '-'
		i++
	}
	first := i
	for ; i < end && isDigit(s[i]); i++ {
		if exponent < math.MaxInt32 {
			exponent = exponent*10 + int(s[i]-'0')
		}
	}
	switch {
	case i == first, i < end:
		return 0, i, malformed
	case exponent >= math.MaxInt32/2:
		return 0, i, tooLarge
	case negative:
		exponent = -exponent
	}
	return exponent, i, parsed
}

// String is numeric's output function.
func (n Numeric) String() string {
	var buf [48]byte
	return string(n.AppendTo(buf[:0]))
}

// AppendTo appends the text form of n to dst.
func (n Numeric) AppendTo(dst []byte) []byte {
	switch n.kind {
	case notANumber:
		return append(dst, "NaN"...)
	case positiveInfinity:
		return append(dst, "Infinity"...)
	case negativeInfinity:
		return append(dst, "-Infinity"...)
	}
	start := len(dst)
	if n.big != nil {
		dst = n.big.Append(dst, 10)
	} else {
		dst = strconv.AppendInt(dst, n.small, 10)
	}
	if n.scale == 0 {
		return dst
	}
	if dst[start] == '-' {
		start++
	}
	scale := int(n.scale)
	missing := scale + 1 - (len(dst) - start) // zeros before the first digit
	if missing > 0 {
		for range missing {
			dst = append(dst, '0')
		}
		copy(dst[start+missing:], dst[start:len(dst)-missing])
		for i := range missing {
			dst[start+i] = '0'
		}
	}
	dst = append(dst, 0)
	point := len(dst) - 1 - scale
	copy(dst[point+1:], dst[point:len(dst)-1])
	dst[point] = '.'
	return dst
}

// integer rounds n half away from zero, for a cast to the type of this name.
func (n Numeric) integer(name string, low, high int64) (int64, error) {
	switch n.kind {
	case notANumber:
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "cannot convert NaN to %s", name)
	case positiveInfinity, negativeInfinity:
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "cannot convert infinity to %s", name)
	}
	if n.scale > 0 {
		n = n.Round(0)
	}
	if n.big != nil || n.small < low || n.small > high {
		return 0, pgerror.Errorf(pgerror.NumericValueOutOfRange, "%s out of range", name)
	}
	return n.small, nil
}

// Int64 is the cast to bigint.
func (n Numeric) Int64() (int64, error) {
	return n.integer("bigint", math.MinInt64, math.MaxInt64)
}

// Int32 is the cast to integer.
func (n Numeric) Int32() (int32, error) {
	v, err := n.integer("integer", math.MinInt32, math.MaxInt32)
	return int32(v), err
}

// Int16 is the cast to smallint.
func (n Numeric) Int16() (int16, error) {
	v, err := n.integer("smallint", math.MinInt16, math.MaxInt16)
	return int16(v), err
}

// Float64 is the cast to double precision.
func (n Numeric) Float64() (float64, error) {
	f := n.approximate()
	if n.kind == finite && (math.IsInf(f, 0) || f == 0 && n.Signum() != 0) {
		return 0, pgerror.Errorf(pgerror.NumericValueOutOfRange, "\"%s\" is out of range for type double precision", n)
	}
	return f, nil
}

// approximate is Float64 that gives infinities and zeros for what is out of range.
func (n Numeric) approximate() float64 {
	switch n.kind {
	case notANumber:
		return math.NaN()
	case positiveInfinity:
		return math.Inf(1)
	case negativeInfinity:
		return math.Inf(-1)
	}
	// Both sides are exact, thus the division rounds once.
	if n.big == nil && n.magnitude() <= 1<<53 && n.scale < int32(len(pow10Small)) && n.scale <= 15 {
		return float64(n.small) / float64(pow10Small[n.scale])
	}
	f, _ := strconv.ParseFloat(n.String(), 64)
	return f
}
