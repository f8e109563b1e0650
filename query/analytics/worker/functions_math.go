//go:build cgo

package worker

import (
	"math"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

func errInputRange() error {
	return pgerror.Errorf(pgerror.NumericValueOutOfRange, "input is out of range")
}

func errFloatHigh() error {
	return pgerror.Errorf(pgerror.NumericValueOutOfRange, "value out of range: overflow")
}

func errFloatLow() error {
	return pgerror.Errorf(pgerror.NumericValueOutOfRange, "value out of range: underflow")
}

// float1 is a function of a double precision that is NaN of NaN. may tells which others it takes;
// an infinity that comes of a finite argument is an overflow, unless endless.
func float1(name string, f func(float64) float64, may func(x float64) bool, endless bool) *duck.Function {
	return double1(name, func(x float64) (float64, error) {
		switch {
		case math.IsNaN(x):
			return x, nil
		case may != nil && !may(x):
			return 0, errInputRange()
		}
		y := f(x)
		if math.IsInf(y, 0) && !math.IsInf(x, 0) && !endless {
			return 0, errFloatHigh()
		}
		return y, nil
	})
}

func isFinite(x float64) bool  { return !math.IsInf(x, 0) }
func withinOne(x float64) bool { return x >= -1 && x <= 1 }

func mathFunctions() []*duck.Function {
	var m libm
	d := newDegrees(m)
	return []*duck.Function{
		float1("pg_sin", m.sin, isFinite, false), float1("pg_cos", m.cos, isFinite, false),
		float1("pg_tan", m.tan, isFinite, true),
		float1("pg_cot", func(x float64) float64 { return 1 / m.tan(x) }, isFinite, true),
		float1("pg_asin", m.asin, withinOne, false), float1("pg_acos", m.acos, withinOne, false),
		float1("pg_atan", m.atan, nil, false),
		float1("pg_sinh", m.sinh, nil, true), float1("pg_tanh", m.tanh, nil, false), float1("pg_asinh", m.asinh, nil, true),
		float1("pg_cosh", m.cosh, nil, true),
		float1("pg_acosh", m.acosh, func(x float64) bool { return x >= 1 }, true),
		float1("pg_atanh", m.atanh, withinOne, true),
		float1("pg_sind", d.sin, isFinite, false), float1("pg_cosd", d.cos, isFinite, false),
		float1("pg_tand", d.tan, isFinite, true), float1("pg_cotd", d.cot, isFinite, true),
		float1("pg_asind", d.asin, withinOne, false), float1("pg_acosd", d.acos, withinOne, false),
		float1("pg_atand", d.atan, nil, false),
		float1("pg_cbrt", m.cbrt, nil, false),
		double1("pg_degrees", func(x float64) (float64, error) { return scaledFloat(x, x/radiansPerDegree) }),
		double1("pg_radians", func(x float64) (float64, error) { return scaledFloat(x, x*radiansPerDegree) }),
		double1("pg_exp", func(x float64) (float64, error) {
			if math.IsNaN(x) || math.IsInf(x, 1) {
				return x, nil
			}
			if math.IsInf(x, -1) {
				return 0, nil
			}
			return scaledFloat(1, m.exp(x))
		}),
		double2("pg_atan2", m.atan2),
		double2("pg_atan2d", func(y, x float64) float64 { return d.ofAtan(m.atan2(y, x)) }),
		function("pg_power", tDouble, types(tDouble, tDouble), power),
		double1("pg_sqrt", func(x float64) (float64, error) {
			if x < 0 {
				return 0, pgerror.Errorf(pgerror.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
			}
			return math.Sqrt(x), nil
		}),
		double1("pg_ln", logarithm(m.log)), double1("pg_log10", logarithm(m.log10)),
	}
}

// scaledFloat checks a result that is neither endless nor zero of what is not.
func scaledFloat(x, y float64) (float64, error) {
	switch {
	case math.IsInf(y, 0) && !math.IsInf(x, 0):
		return 0, errFloatHigh()
	case y == 0 && x != 0:
		return 0, errFloatLow()
	}
	return y, nil
}

func double2(name string, f func(a, b float64) float64) *duck.Function {
	return function(name, tDouble, types(tDouble, tDouble), func(in []vector, i int, out *writer) error {
		out.SetDouble(i, f(in[0].Double(i), in[1].Double(i)))
		return nil
	})
}

func logarithm(f func(float64) float64) func(float64) (float64, error) {
	return func(x float64) (float64, error) {
		switch {
		case x == 0:
			return 0, pgerror.Errorf(pgerror.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
		case x < 0:
			return 0, pgerror.Errorf(pgerror.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
		}
		return f(x), nil
	}
}

func power(in []vector, i int, out *writer) error {
	a, b := in[0].Double(i), in[1].Double(i)
	x := libm{}.pow(a, b)
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
	case a == 0 && b < 0:
		return pgerror.Errorf(pgerror.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	case a < 0 && b != math.Floor(b) && !math.IsInf(b, 0):
		return pgerror.Errorf(pgerror.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	case math.IsInf(a, 0) || math.IsInf(b, 0):
	case math.IsInf(x, 0):
		return errFloatHigh()
	case x == 0 && a != 0:
		return errFloatLow()
	}
	out.SetDouble(i, x)
	return nil
}

// radiansPerDegree is a variable, so that products with it are rounded as C rounds them.
var radiansPerDegree = 0.0174532925199432957692

// degrees are the trigonometric functions of degrees. As PostgreSQL's they are exact where their
// results are round: each is a ratio to what the C library gives for a round angle.
type degrees struct {
	libm
	sin30, lessCos60, asinHalf, acosHalf, atanOne, tan45, cot45 float64
}

func newDegrees(m libm) *degrees {
	d := &degrees{
		sin30: m.sin(30 * radiansPerDegree), lessCos60: 1 - m.cos(60*radiansPerDegree),
		asinHalf: m.asin(0.5), acosHalf: m.acos(0.5), atanOne: m.atan(1),
	}
	d.tan45 = d.sinQuarter(45) / d.cosQuarter(45)
	d.cot45 = d.cosQuarter(45) / d.sinQuarter(45)
	return d
}

func (d *degrees) sinTo30(x float64) float64 { return d.libm.sin(x*radiansPerDegree) / d.sin30 / 2 }
func (d *degrees) cosTo60(x float64) float64 {
	return 1 - (1-d.libm.cos(x*radiansPerDegree))/d.lessCos60/2
}

// sinQuarter and cosQuarter are of angles from 0 to 90.
func (d *degrees) sinQuarter(x float64) float64 {
	if x <= 30 {
		return d.sinTo30(x)
	}
	return d.cosTo60(90 - x)
}

func (d *degrees) cosQuarter(x float64) float64 {
	if x <= 60 {
		return d.cosTo60(x)
	}
	return d.sinTo30(90 - x)
}

// quarter brings an angle to the first quarter: flips counts what turned it, a sign of x, a half
// turn, and a quarter.
func quarter(x float64) (angle float64, negative, half, right bool) {
	x = math.Mod(x, 360)
	if x < 0 {
		x, negative = -x, true
	}
	if x > 180 {
		x, half = 360-x, true
	}
	if x > 90 {
		x, right = 180-x, true
	}
	return x, negative, half, right
}

func signed(x float64, negative ...bool) float64 {
	sign := 1.0
	for _, n := range negative {
		if n {
			sign = -sign
		}
	}
	return sign * x
}

func (d *degrees) sin(x float64) float64 {
	x, negative, half, _ := quarter(x)
	return signed(d.sinQuarter(x), negative, half)
}

func (d *degrees) cos(x float64) float64 {
	x, _, _, right := quarter(x)
	return signed(d.cosQuarter(x), right)
}

func (d *degrees) tan(x float64) float64 {
	x, negative, half, right := quarter(x)
	return positiveZero(signed(d.sinQuarter(x)/d.cosQuarter(x)/d.tan45, negative, half, right))
}

func (d *degrees) cot(x float64) float64 {
	x, negative, half, right := quarter(x)
	return positiveZero(signed(d.cosQuarter(x)/d.sinQuarter(x)/d.cot45, negative, half, right))
}

func positiveZero(x float64) float64 {
	if x == 0 {
		return 0
	}
	return x
}

func (d *degrees) asinPositive(x float64) float64 {
	if x <= 0.5 {
		return d.libm.asin(x) / d.asinHalf * 30
	}
	return 90 - d.libm.acos(x)/d.acosHalf*60
}

func (d *degrees) asin(x float64) float64 {
	if x < 0 {
		return -d.asinPositive(-x)
	}
	return d.asinPositive(x)
}

func (d *degrees) acos(x float64) float64 {
	switch {
	case x < 0:
		return 90 + d.asinPositive(-x)
	case x <= 0.5:
		return 90 - d.libm.asin(x)/d.asinHalf*30
	}
	return d.libm.acos(x) / d.acosHalf * 60
}

func (d *degrees) ofAtan(x float64) float64 { return x / d.atanOne * 45 }

func (d *degrees) atan(x float64) float64 { return d.ofAtan(d.libm.atan(x)) }
