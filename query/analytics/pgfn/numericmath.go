package pgfn

import (
	"math"
	"math/big"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Inexact functions choose a scale as PostgreSQL does, which its base 10000 shows
// through, compute with some digits more in binary fixed point, and round once.

func displayScale(scales ...int) int {
	s := 0
	for _, v := range scales {
		s = max(s, v)
	}
	return min(s, maxDisplayScale)
}

func errPower(message string) error {
	return pgerror.Errorf(pgerror.InvalidArgumentForPowerFunction, "%s", message)
}

func errLog(message string) error {
	return pgerror.Errorf(pgerror.InvalidArgumentForLogarithm, "%s", message)
}

// Sqrt is sqrt().
func (n Numeric) Sqrt() (Numeric, error) {
	switch {
	case n.Signum() < 0:
		return Numeric{}, errPower("cannot take square root of a negative number")
	case n.kind != finite:
		return n, nil
	}
	weight, _ := n.base10000()
	return n.sqrtTo(displayScale(minSigDigits-((weight+1)*2-1), int(n.scale))), nil
}

// sqrtTo returns the root of what is not negative, rounded to a scale.
func (n Numeric) sqrtTo(scale int) Numeric {
	u := n.unscaled()
	// One digit more, to round by. The root is rounded down and so is the digit.
	if shift := 2*(scale+1) - int(n.scale); shift >= 0 {
		u = new(big.Int).Mul(u, pow10(shift))
	} else {
		u = new(big.Int).Quo(u, pow10(-shift))
	}
	return fromBig(roundBig(new(big.Int).Sqrt(u), 1), scale)
}

// toFixed returns u·10^-scale with a number of binary digits after the point.
func toFixed(u *big.Int, scale int, prec uint) *big.Int {
	v := new(big.Int).Lsh(u, prec)
	return v.Quo(v, pow10(scale))
}

// fromFixed rounds to a scale; prec is enough for a few digits more.
func fromFixed(v *big.Int, prec uint, scale int) *big.Int {
	u := new(big.Int).Mul(v, pow10(scale))
	return divRound(u, new(big.Int).Lsh(big.NewInt(1), prec))
}

func bitsFor(digits int) uint { return uint(max(digits, 0))*3322/1000 + 64 }

// atanhTwice returns 2·atanh(num/den), which is ln((den+num)/(den-num)).
func atanhTwice(num, den *big.Int, prec uint) *big.Int {
	z := new(big.Int).Lsh(num, prec)
	z.Quo(z, den)
	square := new(big.Int).Mul(z, z)
	square.Rsh(square, prec)
	sum := new(big.Int).Set(z)
	term := new(big.Int)
	for k := int64(3); ; k += 2 {
		z.Mul(z, square)
		// Quo, not Rsh, so that a negative z ends at 0.
		if z.Sign() < 0 {
			z.Neg(z)
			z.Rsh(z, prec)
			z.Neg(z)
		} else {
			z.Rsh(z, prec)
		}
		term.Quo(z, big.NewInt(k))
		if term.Sign() == 0 {
			return sum.Lsh(sum, 1)
		}
		sum.Add(sum, term)
	}
}

func ln2(prec uint) *big.Int { return atanhTwice(big.NewInt(1), big.NewInt(3), prec) }

// lnFixed is the logarithm of what is above 0.
func lnFixed(n Numeric, prec uint) *big.Int {
	num, den := new(big.Int).Set(n.unscaled()), pow10(int(n.scale))
	e := num.BitLen() - den.BitLen()
	if e >= 0 {
		den = new(big.Int).Lsh(den, uint(e))
	} else {
		num.Lsh(num, uint(-e))
	}
	// num/den is above 1/2 and below 2. It should be near 1, and e 0 if the value is.
	if three := new(big.Int).Mul(num, big.NewInt(3)); three.Cmp(new(big.Int).Lsh(den, 2)) > 0 {
		den = new(big.Int).Lsh(den, 1)
		e++
	} else if three.Cmp(new(big.Int).Lsh(den, 1)) < 0 {
		num.Lsh(num, 1)
		e--
	}
	v := atanhTwice(new(big.Int).Sub(num, den), new(big.Int).Add(num, den), prec)
	if e != 0 {
		v.Add(v, new(big.Int).Mul(ln2(prec), big.NewInt(int64(e))))
	}
	return v
}

// expFixed is e^x for an x with prec binary digits; the result is v·2^shift.
func expFixed(x *big.Int, prec uint) (v *big.Int, shift int) {
	two := ln2(prec)
	k := divRound(x, two)
	r := new(big.Int).Sub(x, new(big.Int).Mul(k, two))
	const halvings = 8
	// The squarings double the error each time, which the 64 bits to spare take.
	r.Quo(r, big.NewInt(1<<halvings))
	one := new(big.Int).Lsh(big.NewInt(1), prec)
	sum, term := new(big.Int).Add(one, r), new(big.Int).Set(r)
	for i := int64(2); term.Sign() != 0; i++ {
		term.Mul(term, r)
		term.Quo(term, one)
		term.Quo(term, big.NewInt(i))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
		sum.Rsh(sum, prec)
	}
	return sum, int(k.Int64())
}

// expTo is e^(x) rounded to a scale, for an x in fixed point that is approximately val.
// digits of x are right.
func expTo(x *big.Int, prec uint, scale int) *big.Int {
	v, shift := expFixed(x, prec)
	v.Mul(v, pow10(scale))
	shift -= int(prec)
	if shift >= 0 {
		return v.Lsh(v, uint(shift))
	}
	return divRound(v, new(big.Int).Lsh(big.NewInt(1), uint(-shift)))
}

const log10e = 0.434294481903252

// Exp is exp().
func (n Numeric) Exp() (Numeric, error) {
	switch n.kind {
	case negativeInfinity:
		return Numeric{}, nil
	case positiveInfinity, notANumber:
		return n, nil
	}
	val := n.approximate()
	weight := int(min(max(val*log10e, -maxResultScale), maxResultScale))
	scale := displayScale(minSigDigits-weight, int(n.scale))
	if math.Abs(val) >= maxResultScale*3 {
		if val > 0 {
			return Numeric{}, errOverflow()
		}
		return Numeric{scale: int32(scale)}, nil
	}
	prec := bitsFor(int(val*log10e) + scale + 10)
	return result(expTo(toFixed(n.unscaled(), int(n.scale), prec), prec, scale), scale)
}

// lnWeight is PostgreSQL's estimate of the decimal weight of n's logarithm.
func (n Numeric) lnWeight() int {
	if n.Signum() <= 0 {
		return 0
	}
	if Cmp(n, Numeric{small: 9, scale: 1}) >= 0 && Cmp(n, Numeric{small: 11, scale: 1}) <= 0 {
		x, _ := n.Sub(numericOne)
		x.small = x.Abs().small
		if x.big != nil {
			x = x.Abs()
		}
		weight, first := x.base10000()
		if first == 0 {
			return 0
		}
		return weight*4 + int(math.Log10(float64(first)))
	}
	weight, first := n.base10000()
	d := n.digits()
	digits, exponent := first, weight*4
	// As many digits of base 10000 as there are, up to two.
	if t := n.TrimScale(); t.scale > 0 || !t.endsAt(weight) {
		keep := (d-int(n.scale)-1)&3 + 5
		digits = n.leading(d, keep)
		exponent -= 4
	}
	ln := math.Log(float64(digits)) + float64(exponent)*2.302585092994046
	return int(math.Log10(math.Abs(ln)))
}

// endsAt tells whether the digits of base 10000 below the one of this weight are 0.
func (n Numeric) endsAt(weight int) bool {
	if weight <= 0 {
		return weight == 0
	}
	return new(big.Int).Rem(n.unscaled(), pow10(weight*4)).Sign() == 0
}

func (n Numeric) checkLog() error {
	switch s := n.Signum(); {
	case s < 0:
		return errLog("cannot take logarithm of a negative number")
	case s == 0:
		return errLog("cannot take logarithm of zero")
	}
	return nil
}

// Ln is ln().
func (n Numeric) Ln() (Numeric, error) {
	if n.kind == positiveInfinity || n.IsNaN() {
		return n, nil
	}
	if err := n.checkLog(); err != nil {
		return Numeric{}, err
	}
	scale := displayScale(minSigDigits-n.lnWeight(), int(n.scale))
	prec := bitsFor(scale + 8)
	return fromBig(fromFixed(lnFixed(n, prec), prec, scale), scale), nil
}

// Log is log() with base 10.
func (n Numeric) Log() (Numeric, error) { return LogBase(NumericFromInt(10), n) }

// LogBase is log(base, n).
func LogBase(base, n Numeric) (Numeric, error) {
	if base.IsNaN() || n.IsNaN() {
		return numericNaN, nil
	}
	if base.kind|n.kind != finite && (base.Signum() < 0 || n.Signum() < 0) {
		return Numeric{}, errLog("cannot take logarithm of a negative number")
	}
	for _, v := range [...]Numeric{base, n} {
		if err := v.checkLog(); err != nil {
			return Numeric{}, err
		}
	}
	switch {
	case base.IsInf() && n.IsInf():
		return numericNaN, nil
	case base.IsInf():
		return Numeric{}, nil
	case n.IsInf():
		return n, nil
	}
	baseWeight, weight := base.lnWeight(), n.lnWeight()
	scale := displayScale(minSigDigits-weight+baseWeight, int(base.scale), int(n.scale))
	prec := bitsFor(scale + 24 + max(weight, 0) + max(-baseWeight, 0)*2)
	below := lnFixed(base, prec)
	if below.Sign() == 0 {
		return Numeric{}, errDivision()
	}
	u := new(big.Int).Mul(lnFixed(n, prec), pow10(scale))
	return result(divRound(u, below), scale)
}

// isIntegral tells whether n has no fraction, as infinities have none.
func (n Numeric) isIntegral() bool {
	return n.kind != finite || n.TrimScale().scale == 0
}

func (n Numeric) isOdd() bool {
	t := n.TrimScale()
	return t.kind == finite && t.scale == 0 && t.unscaled().Bit(0) == 1
}

// Power is power(n, m).
func (n Numeric) Power(m Numeric) (Numeric, error) {
	if n.kind|m.kind != finite {
		return powerSpecial(n, m)
	}
	if n.Signum() == 0 && m.Signum() < 0 {
		return Numeric{}, errPower("zero raised to a negative power is undefined")
	}
	if t := m.TrimScale(); t.scale == 0 && t.big == nil && t.small >= math.MinInt32 && t.small <= math.MaxInt32 {
		return n.powerInt(int(t.small))
	}
	if n.Signum() == 0 {
		return Numeric{scale: minSigDigits}, nil
	}
	negative := false
	if n.Signum() < 0 {
		if !m.isIntegral() {
			return Numeric{}, errPower("a negative number raised to a non-integer power yields a complex result")
		}
		negative = m.isOdd()
		n = n.Abs()
	}
	lnWeight := n.lnWeight()
	rough := bitsFor(8 - lnWeight)
	ln := fromBig(fromFixed(lnFixed(n, rough), rough, max(8-lnWeight, 0)), max(8-lnWeight, 0))
	val := ln.approximate() * m.approximate()
	if product, err := ln.Mul(m); err == nil {
		val = product.Round(max(8-lnWeight, 0)).approximate() // with the digits that PostgreSQL keeps
	}
	if math.Abs(val) > maxResultScale*3.01 {
		if val > 0 {
			return Numeric{}, errOverflow()
		}
		return Numeric{scale: maxDisplayScale}, nil
	}
	weight := int(val * log10e)
	scale := displayScale(minSigDigits-weight, int(n.scale), int(m.scale))
	if math.Abs(val) >= maxResultScale*3 {
		if val > 0 {
			return Numeric{}, errOverflow()
		}
		return Numeric{scale: int32(scale)}, nil
	}
	// The exponent's own digits multiply the error of the logarithm.
	prec := bitsFor(scale+weight+16) + uint(m.unscaled().BitLen())
	x := lnFixed(n, prec)
	x.Mul(x, m.unscaled())
	x.Quo(x, pow10(int(m.scale)))
	r, err := result(expTo(x, prec, scale), scale)
	if negative {
		r = r.Neg()
	}
	return r, err
}

// powerInt multiplies, with as many digits as the result's scale needs.
func (n Numeric) powerInt(exponent int) (Numeric, error) {
	scale := displayScale(minSigDigits, int(n.scale))
	switch exponent {
	case 0:
		return result(pow10(scale), scale)
	case 1:
		return n.cutAt(scale, true), nil
	case -1:
		if n.Signum() == 0 {
			return Numeric{}, errDivision()
		}
		return divTo(numericOne, n, scale)
	}
	if n.Signum() == 0 {
		return Numeric{scale: int32(scale)}, nil
	}
	d := n.digits()
	keep := min(d, 16)
	lead := new(big.Int).Quo(n.unscaled(), pow10(d-keep))
	f, _ := new(big.Float).SetInt(lead.Abs(lead)).Float64()
	size := float64(exponent) * (math.Log10(f) + float64(d-keep-int(n.scale)))
	if size > 3*math.MaxInt16*4 {
		return Numeric{}, errOverflow()
	}
	if size+1 < -float64(scale) || size+1 < -maxDisplayScale {
		return Numeric{scale: int32(scale)}, nil
	}
	// A binary float of enough bits: its exponent takes any size.
	prec := bitsFor(scale + int(max(size, 0)) + 20)
	base := new(big.Float).SetPrec(prec).SetInt(n.unscaled())
	base.Quo(base, new(big.Float).SetPrec(prec).SetInt(pow10(int(n.scale))))
	out := new(big.Float).SetPrec(prec).SetInt64(1)
	e := exponent
	if e < 0 {
		e = -e
	}
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			out.Mul(out, base)
		}
		if e > 1 {
			base.Mul(base, base)
		}
	}
	if exponent < 0 {
		out.Quo(big.NewFloat(1).SetPrec(prec), out)
	}
	return n.exactPower(exponent, out, scale)
}

// exactPower rounds an approximate power. What ends in a 5 must be known to be above or
// at the middle, thus small results are computed exactly.
func (n Numeric) exactPower(exponent int, approximate *big.Float, scale int) (Numeric, error) {
	if exponent > 0 && n.digits()*exponent < 4096 {
		u := new(big.Int).Exp(n.unscaled(), big.NewInt(int64(exponent)), nil)
		drop := int(n.scale)*exponent - scale
		if drop > 0 {
			return result(roundBig(u, drop), scale)
		}
		return result(u.Mul(u, pow10(-drop)), scale)
	}
	v := approximate.Mul(approximate, new(big.Float).SetPrec(approximate.Prec()).SetInt(pow10(scale)))
	half := big.NewFloat(0.5)
	if v.Sign() < 0 {
		half.Neg(half)
	}
	u, _ := v.Add(v, half).Int(nil)
	return result(u, scale)
}

// powerSpecial follows POSIX's pow(3).
func powerSpecial(n, m Numeric) (Numeric, error) {
	isOne := n.kind == finite && Cmp(n, numericOne) == 0
	switch {
	case n.IsNaN():
		if m.kind == finite && m.Signum() == 0 {
			return numericOne, nil
		}
		return numericNaN, nil
	case m.IsNaN():
		if isOne {
			return numericOne, nil
		}
		return numericNaN, nil
	case n.Signum() == 0 && m.Signum() < 0:
		return Numeric{}, errPower("zero raised to a negative power is undefined")
	case n.Signum() < 0 && !m.isIntegral():
		return Numeric{}, errPower("a negative number raised to a non-integer power yields a complex result")
	case isOne, m.Signum() == 0:
		return numericOne, nil
	case n.Signum() == 0:
		return Numeric{}, nil
	case m.IsInf():
		c := 1
		if n.kind == finite {
			c = Cmp(n.Abs(), numericOne)
		}
		if c == 0 {
			return numericOne, nil
		}
		if (c > 0) == (m.Signum() > 0) {
			return numericPInf, nil
		}
		return Numeric{}, nil
	case m.Signum() < 0:
		return Numeric{}, nil
	case n.kind == negativeInfinity && m.isOdd():
		return numericNInf, nil
	}
	return numericPInf, nil
}

// GCD is gcd().
func GCD(a, b Numeric) (Numeric, error) {
	if a.kind|b.kind != finite {
		return numericNaN, nil
	}
	scale := int(max(a.scale, b.scale))
	x, y := new(big.Int).Abs(a.rescaled(scale)), new(big.Int).Abs(b.rescaled(scale))
	return result(x.GCD(nil, nil, x, y), scale)
}

// LCM is lcm().
func LCM(a, b Numeric) (Numeric, error) {
	if a.kind|b.kind != finite {
		return numericNaN, nil
	}
	scale := int(max(a.scale, b.scale))
	if a.Signum() == 0 || b.Signum() == 0 {
		return Numeric{scale: int32(scale)}, nil
	}
	x, y := new(big.Int).Abs(a.rescaled(scale)), new(big.Int).Abs(b.rescaled(scale))
	g := new(big.Int).GCD(nil, nil, x, y)
	return result(x.Mul(x.Quo(x, g), y), scale)
}

// Factorial is factorial().
func Factorial(n int64) (Numeric, error) {
	switch {
	case n < 0:
		return Numeric{}, pgerror.Errorf(pgerror.NumericValueOutOfRange, "factorial of a negative number is undefined")
	case n > 32177: // the last that numeric holds
		return Numeric{}, errOverflow()
	}
	return fromBig(new(big.Int).MulRange(1, n), 0), nil
}
