package pgfn

import (
	"math"
	"math/bits"
	"strconv"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Cmp compares as SQL does: -Infinity is below all, NaN above all and equal to itself.
func Cmp(a, b Numeric) int {
	if a.kind|b.kind != finite {
		return compareInts(rank(a), rank(b))
	}
	if a.big == nil && b.big == nil {
		if a.scale == b.scale {
			return compareInts(a.small, b.small)
		}
		if x, y := a.Signum(), b.Signum(); x != y {
			return compareInts(int64(x), int64(y))
		}
		if c, ok := cmpSmall(a, b); ok {
			return c
		}
	}
	if x, y := a.Signum(), b.Signum(); x != y || x == 0 {
		return compareInts(int64(x), int64(y))
	}
	if x, y := a.integerDigits(), b.integerDigits(); x != y {
		return compareInts(int64(x), int64(y)) * a.Signum()
	}
	scale := int(max(a.scale, b.scale))
	return a.rescaled(scale).Cmp(b.rescaled(scale))
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// rank orders what is not finite around what is.
func rank(n Numeric) int64 {
	switch n.kind {
	case negativeInfinity:
		return -1
	case positiveInfinity:
		return 1
	case notANumber:
		return 2
	}
	return 0
}

// cmpSmall compares two values of one sign with different scales in 128 bits.
func cmpSmall(a, b Numeric) (int, bool) {
	if a.scale > b.scale {
		c, ok := cmpSmall(b, a)
		return -c, ok
	}
	d := b.scale - a.scale
	if int(d) >= len(pow10Small) {
		return 0, false
	}
	hi, lo := bits.Mul64(a.magnitude(), uint64(pow10Small[d]))
	other := b.magnitude()
	c := 0
	switch {
	case hi > 0 || lo > other:
		c = 1
	case lo < other:
		c = -1
	}
	if a.small < 0 {
		c = -c
	}
	return c, true
}

// First bytes of sort keys.
const (
	keyNInf     = 0x01
	keyNegative = 0x02
	keyZero     = 0x03
	keyPositive = 0x04
	keyPInf     = 0x05
	keyNaN      = 0x06
)

// SortKey appends bytes that compare as the values do, whatever their scales; equal
// values have equal keys. No key is the beginning of another.
func (n Numeric) SortKey(dst []byte) []byte {
	switch n.kind {
	case negativeInfinity:
		return append(dst, keyNInf)
	case positiveInfinity:
		return append(dst, keyPInf)
	case notANumber:
		return append(dst, keyNaN)
	}
	sign := n.Signum()
	if sign == 0 {
		return append(dst, keyZero)
	}
	var buf [24]byte
	digits := buf[:0]
	if n.big != nil {
		if digits = n.big.Append(digits, 10); sign < 0 {
			digits = digits[1:]
		}
	} else {
		digits = strconv.AppendUint(digits, n.magnitude(), 10)
	}
	exponent := uint32(len(digits)-int(n.scale)) + 1<<23
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	start := len(dst) + 1
	dst = append(dst, keyPositive, byte(exponent>>16), byte(exponent>>8), byte(exponent))
	// Two digits a byte, from 1 so that the 0 at the end is below them.
	for i := 0; i < len(digits); i += 2 {
		pair := (digits[i] - '0') * 10
		if i+1 < len(digits) {
			pair += digits[i+1] - '0'
		}
		dst = append(dst, pair+1)
	}
	dst = append(dst, 0)
	if sign < 0 {
		dst[start-1] = keyNegative
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

// WidthBucketFloat is width_bucket of float8s. PostgreSQL multiplies before it divides, and
// takes a product or a span that is too large as it comes.
func WidthBucketFloat(operand, low, high float64, count int32) (int32, error) {
	invalid := func(message string) (int32, error) {
		return 0, pgerror.Errorf(pgerror.InvalidArgumentForWidthBucketFunction, "%s", message)
	}
	switch {
	case count <= 0:
		return invalid("count must be greater than zero")
	case math.IsNaN(operand) || math.IsNaN(low) || math.IsNaN(high):
		return invalid("operand, lower bound, and upper bound cannot be NaN")
	case math.IsInf(low, 0) || math.IsInf(high, 0):
		return invalid("lower and upper bounds must be finite")
	case low == high:
		return invalid("lower bound cannot equal upper bound")
	}
	if low > high {
		operand, low, high = -operand, -low, -high
	}
	switch {
	case operand < low:
		return 0, nil
	case operand >= high && count == 1<<31-1:
		return 0, pgerror.Errorf(pgerror.NumericValueOutOfRange, "integer out of range")
	case operand >= high:
		return count + 1, nil
	}
	bucket := float64(count)*(operand-low)/(high-low) + 1
	if !(bucket > -1<<31-1 && bucket < 1<<31) {
		return -1 << 31, nil // what the processor makes of a number that is no int4
	}
	return int32(bucket), nil
}

// WidthBucket is width_bucket(operand, low, high, count).
func WidthBucket(operand, low, high Numeric, count int32) (int32, error) {
	invalid := func(message string) (int32, error) {
		return 0, pgerror.Errorf(pgerror.InvalidArgumentForWidthBucketFunction, "%s", message)
	}
	switch {
	case count <= 0:
		return invalid("count must be greater than zero")
	case operand.IsNaN() || low.IsNaN() || high.IsNaN():
		return invalid("operand, lower bound, and upper bound cannot be NaN")
	case low.IsInf() || high.IsInf():
		return invalid("lower and upper bounds must be finite")
	}
	order := Cmp(low, high)
	if order == 0 {
		return invalid("lower bound cannot equal upper bound")
	}
	above := func() (int32, error) {
		if count == 1<<31-1 {
			return 0, pgerror.Errorf(pgerror.NumericValueOutOfRange, "integer out of range")
		}
		return count + 1, nil
	}
	if order > 0 {
		operand, low, high = operand.Neg(), low.Neg(), high.Neg()
	}
	if Cmp(operand, low) < 0 {
		return 0, nil
	}
	if Cmp(operand, high) >= 0 {
		return above()
	}
	offset, err := operand.Sub(low)
	if err != nil {
		return 0, err
	}
	width, err := high.Sub(low)
	if err != nil {
		return 0, err
	}
	if offset, err = offset.Mul(NumericFromInt(int64(count))); err != nil {
		return 0, err
	}
	q, err := offset.Div(width)
	if err != nil {
		return 0, err
	}
	// As in PostgreSQL 15, a quotient that rounds up to the count is above the last bucket.
	bucket, err := q.Floor().Int64()
	if err == nil && bucket >= 1<<31-1 {
		err = pgerror.Errorf(pgerror.NumericValueOutOfRange, "integer out of range")
	}
	return int32(bucket + 1), err
}
