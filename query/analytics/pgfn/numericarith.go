package pgfn

import (
	"math/big"
	"math/bits"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

func errDivision() error { return pgerror.Errorf(pgerror.DivisionByZero, "division by zero") }

func addSmall(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func mulSmall(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	hi, lo := bits.Mul64(Numeric{small: a}.magnitude(), Numeric{small: b}.magnitude())
	if hi != 0 || lo > 1<<63-1 {
		return 0, false // the one value that fits nevertheless takes the slow path
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

// rescaled returns n's unscaled value with a scale not less than its own.
func (n Numeric) rescaled(scale int) *big.Int {
	u := n.unscaled()
	if d := scale - int(n.scale); d > 0 {
		u = new(big.Int).Mul(u, pow10(d))
	}
	return u
}

// rescaledSmall is rescaled as long as an int64 holds the result.
func (n Numeric) rescaledSmall(scale int32) (int64, bool) {
	d := scale - n.scale
	if n.big != nil || int(d) >= len(pow10Small) {
		return 0, false
	}
	if d == 0 {
		return n.small, true
	}
	return mulSmall(n.small, pow10Small[d])
}

// Add returns n + m.
func (n Numeric) Add(m Numeric) (Numeric, error) {
	if n.kind|m.kind != finite {
		return addSpecial(n, m), nil
	}
	scale := max(n.scale, m.scale)
	if a, ok := n.rescaledSmall(scale); ok {
		if b, ok := m.rescaledSmall(scale); ok {
			if c, ok := addSmall(a, b); ok {
				return Numeric{small: c, scale: scale}, nil
			}
		}
	}
	return result(new(big.Int).Add(n.rescaled(int(scale)), m.rescaled(int(scale))), int(scale))
}

func addSpecial(n, m Numeric) Numeric {
	switch {
	case n.IsNaN() || m.IsNaN():
		return numericNaN
	case n.IsInf() && m.IsInf() && n.kind != m.kind:
		return numericNaN
	case n.IsInf():
		return n
	}
	return m
}

// Sub returns n - m.
func (n Numeric) Sub(m Numeric) (Numeric, error) { return n.Add(m.Neg()) }

// Mul returns n·m.
func (n Numeric) Mul(m Numeric) (Numeric, error) {
	if n.kind|m.kind != finite {
		return mulSpecial(n, m), nil
	}
	scale := int(n.scale + m.scale)
	if n.big == nil && m.big == nil && scale <= maxScale {
		if c, ok := mulSmall(n.small, m.small); ok {
			return Numeric{small: c, scale: int32(scale)}, nil
		}
	}
	u := new(big.Int).Mul(n.unscaled(), m.unscaled())
	if scale > maxScale {
		u, scale = roundBig(u, scale-maxScale), maxScale
	}
	return result(u, scale)
}

func mulSpecial(n, m Numeric) Numeric {
	sign := n.Signum() * m.Signum()
	switch {
	case n.IsNaN() || m.IsNaN() || sign == 0:
		return numericNaN
	case sign < 0:
		return numericNInf
	}
	return numericPInf
}

// roundBig divides u by 10^drop and rounds half away from zero.
func roundBig(u *big.Int, drop int) *big.Int {
	if drop <= 0 {
		return u
	}
	if drop > bigDigits(u) {
		return new(big.Int)
	}
	return divRound(u, pow10(drop))
}

// divRound divides and rounds half away from zero.
func divRound(u, by *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(u, by, new(big.Int))
	if r.Lsh(r, 1).CmpAbs(by) >= 0 {
		step := int64(u.Sign() * by.Sign())
		q.Add(q, big.NewInt(step))
	}
	return q
}

// base10000 returns the weight and the value of the first digit in base 10000, in which
// PostgreSQL computes and which some of its choices of scale follow. Both are 0 for 0.
func (n Numeric) base10000() (weight, first int) {
	d := n.digits()
	if d == 0 {
		return 0, 0
	}
	exponent := d - int(n.scale) - 1 // of the first decimal digit
	weight = exponent >> 2           // rounds down
	keep := exponent&3 + 1           // decimal digits in the first of base 10000
	return weight, n.leading(d, keep)
}

// leading returns the first keep decimal digits of d, with zeros if there are fewer.
func (n Numeric) leading(d, keep int) int {
	if keep > d {
		return int(n.unscaledAbs64()) * int(pow10Small[keep-d])
	}
	if n.big == nil {
		if d-keep < len(pow10Small) {
			return int(n.magnitude() / uint64(pow10Small[d-keep]))
		}
		return 0 // not reached: d is at most 19 and keep at least 1
	}
	q := new(big.Int).Quo(n.big, pow10(d-keep))
	return int(q.Abs(q).Int64())
}

func (n Numeric) unscaledAbs64() int64 { return int64(n.magnitude()) }

// divScale is PostgreSQL's select_div_scale.
func divScale(n, m Numeric) int {
	w1, f1 := n.base10000()
	w2, f2 := m.base10000()
	weight := w1 - w2
	if f1 <= f2 {
		weight--
	}
	return min(max(minSigDigits-weight*4, int(n.scale), int(m.scale), 0), maxDisplayScale)
}

// divTo returns n/m rounded to a scale; m is not 0.
func divTo(n, m Numeric, scale int) (Numeric, error) {
	shift := scale + int(m.scale) - int(n.scale)
	if n.big == nil && m.big == nil && shift >= 0 && shift < len(pow10Small) {
		// The dividend in 128 bits.
		hi, lo := bits.Mul64(n.magnitude(), uint64(pow10Small[shift]))
		by := m.magnitude()
		if hi < by {
			q, r := bits.Div64(hi, lo, by)
			if r >= by-r {
				q++
			}
			if q < 1<<63 {
				v := int64(q)
				if (n.small < 0) != (m.small < 0) {
					v = -v
				}
				return Numeric{small: v, scale: int32(scale)}, nil
			}
		}
	}
	u, by := n.unscaled(), m.unscaled()
	if shift >= 0 {
		u = new(big.Int).Mul(u, pow10(shift))
	} else {
		by = new(big.Int).Mul(by, pow10(-shift))
	}
	return result(divRound(u, by), scale)
}

// Div returns n/m with the scale that PostgreSQL chooses.
func (n Numeric) Div(m Numeric) (Numeric, error) {
	if n.kind|m.kind != finite {
		return divSpecial(n, m)
	}
	if m.Signum() == 0 {
		return Numeric{}, errDivision()
	}
	return divTo(n, m, divScale(n, m))
}

func divSpecial(n, m Numeric) (Numeric, error) {
	switch {
	case n.IsNaN() || m.IsNaN():
		return numericNaN, nil
	case n.IsInf() && m.IsInf():
		return numericNaN, nil
	case m.IsInf():
		return Numeric{}, nil
	case m.Signum() == 0:
		return Numeric{}, errDivision()
	}
	return mulSpecial(n, m), nil
}

// IntDiv is div(): the quotient truncated to an integer.
func (n Numeric) IntDiv(m Numeric) (Numeric, error) {
	if n.kind|m.kind != finite {
		return divSpecial(n, m)
	}
	if m.Signum() == 0 {
		return Numeric{}, errDivision()
	}
	scale := int(max(n.scale, m.scale))
	return result(new(big.Int).Quo(n.rescaled(scale), m.rescaled(scale)), 0)
}

// Mod returns n % m, with n's sign.
func (n Numeric) Mod(m Numeric) (Numeric, error) {
	switch {
	case n.IsNaN() || m.IsNaN():
		return numericNaN, nil
	case n.IsInf():
		if m.Signum() == 0 {
			return Numeric{}, errDivision()
		}
		return numericNaN, nil
	case m.IsInf():
		return n, nil
	case m.Signum() == 0:
		return Numeric{}, errDivision()
	}
	scale := max(n.scale, m.scale)
	if a, ok := n.rescaledSmall(scale); ok {
		if b, ok := m.rescaledSmall(scale); ok {
			return Numeric{small: a % b, scale: scale}, nil
		}
	}
	return result(new(big.Int).Rem(n.rescaled(int(scale)), m.rescaled(int(scale))), int(scale))
}

// Neg returns -n.
func (n Numeric) Neg() Numeric {
	switch {
	case n.kind == positiveInfinity:
		return numericNInf
	case n.kind == negativeInfinity:
		return numericPInf
	case n.big != nil || n.small == -1<<63:
		return fromBig(new(big.Int).Neg(n.unscaled()), int(n.scale))
	}
	n.small = -n.small
	return n
}

// Abs returns |n|.
func (n Numeric) Abs() Numeric {
	if n.Signum() < 0 {
		return n.Neg()
	}
	return n
}

// Sign is sign(): -1, 0 or 1, and NaN of NaN.
func (n Numeric) Sign() Numeric {
	if n.IsNaN() {
		return n
	}
	return Numeric{small: int64(n.Signum())}
}

// Round rounds half away from zero to a number of digits after the point, or before it
// if that is negative.
func (n Numeric) Round(digits int) Numeric { return n.cut(digits, true) }

// Trunc is Round toward zero.
func (n Numeric) Trunc(digits int) Numeric { return n.cut(digits, false) }

func (n Numeric) cut(digits int, round bool) Numeric {
	if n.kind != finite {
		return n
	}
	digits = min(max(digits, -maxIntegerDigits-1), maxScale)
	return n.cutAt(digits, round)
}

func (n Numeric) cutAt(digits int, round bool) Numeric {
	drop := int(n.scale) - digits
	if drop <= 0 {
		if v, ok := n.rescaledSmall(int32(digits)); ok {
			return Numeric{small: v, scale: int32(digits)}
		}
		return fromBig(n.rescaled(digits), digits)
	}
	scale := max(digits, 0)
	if n.big == nil && digits >= 0 {
		if drop >= len(pow10Small) { // rounds up only from 5e18, which roundBig knows
			if !round || drop > len(pow10Small) {
				return Numeric{scale: int32(scale)}
			}
		} else {
			by := pow10Small[drop]
			q, r := n.small/by, n.small%by
			if round {
				switch half := by / 2; {
				case r >= half:
					q++
				case r <= -half:
					q--
				}
			}
			return Numeric{small: q, scale: int32(scale)}
		}
	}
	var u *big.Int
	switch {
	case round:
		u = roundBig(n.unscaled(), drop)
	case drop >= n.digits():
		u = new(big.Int)
	default:
		u = new(big.Int).Quo(n.unscaled(), pow10(drop))
	}
	if digits < 0 {
		u = new(big.Int).Mul(u, pow10(-digits))
	}
	return fromBig(u, scale)
}

// Floor returns the greatest integer not above n.
func (n Numeric) Floor() Numeric { return n.integral(-1) }

// Ceil returns the least integer not below n.
func (n Numeric) Ceil() Numeric { return n.integral(1) }

func (n Numeric) integral(direction int) Numeric {
	if n.kind != finite || n.scale == 0 {
		return n
	}
	t := n.Trunc(0)
	if n.Signum() == direction && Cmp(t, n) != 0 {
		t = fromBig(new(big.Int).Add(t.unscaled(), big.NewInt(int64(direction))), 0)
	}
	return t
}

// MinScale is the least scale that holds the value, false for NaN and infinities.
func (n Numeric) MinScale() (int, bool) {
	t := n.TrimScale()
	return int(t.scale), t.kind == finite
}

// TrimScale drops zeros at the end of the fraction.
func (n Numeric) TrimScale() Numeric {
	if n.kind != finite || n.scale == 0 {
		return n
	}
	if n.Signum() == 0 {
		return Numeric{}
	}
	if n.big == nil {
		for n.scale > 0 && n.small%10 == 0 {
			n.small /= 10
			n.scale--
		}
		return n
	}
	text := n.big.String()
	zeros := 0
	for zeros < int(n.scale) && text[len(text)-1-zeros] == '0' {
		zeros++
	}
	if zeros == 0 {
		return n
	}
	return fromBig(new(big.Int).Quo(n.big, pow10(zeros)), int(n.scale)-zeros)
}

// Fit is the cast to numeric(precision, scale).
func (n Numeric) Fit(precision, scale int) (Numeric, error) {
	overflow := func(detail string, args ...any) (Numeric, error) {
		return Numeric{}, pgerror.Errorf(pgerror.NumericValueOutOfRange, "numeric field overflow").WithDetail(detail, args...)
	}
	switch {
	case n.IsNaN():
		return n, nil
	case n.IsInf():
		return overflow("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	r := n.cutAt(scale, true)
	whole := precision - scale
	if r.Signum() != 0 && r.integerDigits() > whole {
		bound := "1"
		if whole != 0 {
			bound = "10^" + NumericFromInt(int64(whole)).String()
		}
		return overflow("A field with precision %d, scale %d must round to an absolute value less than %s.",
			precision, scale, bound)
	}
	return r, nil
}
