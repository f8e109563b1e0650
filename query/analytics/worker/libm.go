//go:build cgo

package worker

// #cgo LDFLAGS: -lm
// #include <math.h>
import "C"

// libm computes with the C library that PostgreSQL computes with: Go's own functions differ from it
// in the last digit of some results.
type libm struct{}

func (libm) sin(x float64) float64      { return float64(C.sin(C.double(x))) }
func (libm) cos(x float64) float64      { return float64(C.cos(C.double(x))) }
func (libm) tan(x float64) float64      { return float64(C.tan(C.double(x))) }
func (libm) asin(x float64) float64     { return float64(C.asin(C.double(x))) }
func (libm) acos(x float64) float64     { return float64(C.acos(C.double(x))) }
func (libm) atan(x float64) float64     { return float64(C.atan(C.double(x))) }
func (libm) atan2(y, x float64) float64 { return float64(C.atan2(C.double(y), C.double(x))) }
func (libm) sinh(x float64) float64     { return float64(C.sinh(C.double(x))) }
func (libm) cosh(x float64) float64     { return float64(C.cosh(C.double(x))) }
func (libm) tanh(x float64) float64     { return float64(C.tanh(C.double(x))) }
func (libm) asinh(x float64) float64    { return float64(C.asinh(C.double(x))) }
func (libm) acosh(x float64) float64    { return float64(C.acosh(C.double(x))) }
func (libm) atanh(x float64) float64    { return float64(C.atanh(C.double(x))) }
func (libm) exp(x float64) float64      { return float64(C.exp(C.double(x))) }
func (libm) log(x float64) float64      { return float64(C.log(C.double(x))) }
func (libm) log10(x float64) float64    { return float64(C.log10(C.double(x))) }
func (libm) cbrt(x float64) float64     { return float64(C.cbrt(C.double(x))) }
func (libm) pow(x, y float64) float64   { return float64(C.pow(C.double(x), C.double(y))) }
