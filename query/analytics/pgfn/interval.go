package pgfn

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
	microsPerDay    = 24 * microsPerHour
	secondsPerDay   = 86400
	daysPerMonth    = 30 // where months must be compared with days
	monthsPerYear   = 12
)

// Interval is PostgreSQL's interval: months, days and time are kept apart, as neither
// have a fixed length.
type Interval struct {
	Months, Days int32
	Micros       int64
}

func errIntervalRange() error {
	return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "interval out of range")
}

func add32(a, b int32) (int32, bool) {
	c := int64(a) + int64(b)
	return int32(c), c == int64(int32(c))
}

// Add returns iv + o.
func (iv Interval) Add(o Interval) (Interval, error) {
	months, ok1 := add32(iv.Months, o.Months)
	days, ok2 := add32(iv.Days, o.Days)
	micros, ok3 := addSmall(iv.Micros, o.Micros)
	if !ok1 || !ok2 || !ok3 {
		return Interval{}, errIntervalRange()
	}
	return Interval{months, days, micros}, nil
}

// Neg returns -iv.
func (iv Interval) Neg() (Interval, error) {
	if iv.Months == math.MinInt32 || iv.Days == math.MinInt32 || iv.Micros == math.MinInt64 {
		return Interval{}, errIntervalRange()
	}
	return Interval{-iv.Months, -iv.Days, -iv.Micros}, nil
}

// Sub returns iv - o.
func (iv Interval) Sub(o Interval) (Interval, error) {
	months, days := int64(iv.Months)-int64(o.Months), int64(iv.Days)-int64(o.Days)
	micros := iv.Micros - o.Micros
	if months != int64(int32(months)) || days != int64(int32(days)) || (micros < iv.Micros) != (o.Micros > 0) {
		return Interval{}, errIntervalRange()
	}
	return Interval{int32(months), int32(days), micros}, nil
}

// Turned is -iv where it is taken from a time: the smallest part of a kind stays itself, which is out of
// any finite time's range.
func (iv Interval) Turned() Interval { return Interval{-iv.Months, -iv.Days, -iv.Micros} }

// roundMicros rounds a number of days or seconds to six digits, which hides what binary
// fractions are off by.
func roundMicros(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }

// scaled builds an interval from parts that have been multiplied or divided: fractions of
// months become days of 30 a month, and fractions of days become time, but nothing goes up.
func (iv Interval) scaled(months, days, micros float64) (Interval, error) {
	whole := func(f float64) (int32, bool) {
		return int32(f), f >= math.MinInt32 && f < -math.MinInt32
	}
	m, ok1 := whole(months)
	d, ok2 := whole(days)
	if !ok1 || !ok2 {
		return Interval{}, errIntervalRange()
	}
	monthDays := roundMicros((months - float64(m)) * daysPerMonth)
	seconds := roundMicros((days - float64(d) + monthDays - math.Trunc(monthDays)) * secondsPerDay)
	if math.Abs(seconds) >= secondsPerDay {
		extra := int32(seconds / secondsPerDay)
		if d, ok1 = add32(d, extra); !ok1 {
			return Interval{}, errIntervalRange()
		}
		seconds -= float64(extra) * secondsPerDay
	}
	if d, ok1 = add32(d, int32(monthDays)); !ok1 {
		return Interval{}, errIntervalRange()
	}
	t := math.RoundToEven(micros + seconds*microsPerSecond)
	if !(t >= math.MinInt64 && t < -math.MinInt64) {
		return Interval{}, errIntervalRange()
	}
	return Interval{m, d, int64(t)}, nil
}

// MulFloat returns iv · factor.
func (iv Interval) MulFloat(factor float64) (Interval, error) {
	return iv.scaled(float64(iv.Months)*factor, float64(iv.Days)*factor, float64(iv.Micros)*factor)
}

// DivFloat returns iv / divisor.
func (iv Interval) DivFloat(divisor float64) (Interval, error) {
	if divisor == 0 {
		return Interval{}, errDivision()
	}
	return iv.scaled(float64(iv.Months)/divisor, float64(iv.Days)/divisor, float64(iv.Micros)/divisor)
}

// Comparable is the length by which intervals compare, with months of 30 days and days of
// 24 hours: days, and µs below one.
func (iv Interval) Comparable() (days, micros int64) {
	days = int64(iv.Months)*daysPerMonth + int64(iv.Days)
	whole := floorDiv(iv.Micros, microsPerDay)
	return days + whole, iv.Micros - whole*microsPerDay
}

// Duration is the length as Comparable has it, cut at 100 years, which a Duration holds.
func (iv Interval) Duration() time.Duration {
	const most = 100 * 365
	days, micros := iv.Comparable()
	return time.Duration(max(-most, min(days, most)))*24*time.Hour + time.Duration(micros)*time.Microsecond
}

// Cmp compares lengths.
func (iv Interval) Cmp(o Interval) int {
	d1, m1 := iv.Comparable()
	d2, m2 := o.Comparable()
	if d1 != d2 {
		return compareInts(d1, d2)
	}
	return compareInts(m1, m2)
}

// SortKey appends 16 bytes that compare as the lengths do.
func (iv Interval) SortKey(dst []byte) []byte {
	days, micros := iv.Comparable()
	dst = binary.BigEndian.AppendUint64(dst, uint64(days)^1<<63)
	return binary.BigEndian.AppendUint64(dst, uint64(micros))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// carry gives two parts of an interval one sign.
func carry(high *int32, low *int64, unit int64) {
	switch {
	case *high > 0 && *low < 0:
		*low += unit
		*high--
	case *high < 0 && *low > 0:
		*low -= unit
		*high++
	}
}

// JustifyHours is justify_hours: 24 hours become a day.
func (iv Interval) JustifyHours() (Interval, error) {
	whole := iv.Micros / microsPerDay
	iv.Micros -= whole * microsPerDay
	var ok bool
	if iv.Days, ok = add32(iv.Days, int32(whole)); !ok {
		return Interval{}, errIntervalRange()
	}
	carry(&iv.Days, &iv.Micros, microsPerDay)
	return iv, nil
}

// JustifyDays is justify_days: 30 days become a month.
func (iv Interval) JustifyDays() (Interval, error) {
	whole := iv.Days / daysPerMonth
	days := int64(iv.Days - whole*daysPerMonth)
	var ok bool
	if iv.Months, ok = add32(iv.Months, whole); !ok {
		return Interval{}, errIntervalRange()
	}
	carry(&iv.Months, &days, daysPerMonth)
	iv.Days = int32(days)
	return iv, nil
}

// JustifyInterval is justify_interval: both, and one sign throughout.
func (iv Interval) JustifyInterval() (Interval, error) {
	months, days := int64(iv.Months), int64(iv.Days)
	days += iv.Micros / microsPerDay
	iv.Micros %= microsPerDay
	months += days / daysPerMonth
	days %= daysPerMonth
	switch {
	case months > 0 && (days < 0 || days == 0 && iv.Micros < 0):
		days += daysPerMonth
		months--
	case months < 0 && (days > 0 || days == 0 && iv.Micros > 0):
		days -= daysPerMonth
		months++
	}
	if months != int64(int32(months)) {
		return Interval{}, errIntervalRange()
	}
	iv.Months, iv.Days = int32(months), int32(days)
	carry(&iv.Days, &iv.Micros, microsPerDay)
	return iv, nil
}

// MakeInterval is make_interval. As in PostgreSQL 15 what does not fit
// wraps around.
func MakeInterval(years, months, weeks, days, hours, mins int32, secs float64) (Interval, error) {
	if math.IsInf(secs, 0) || math.IsNaN(secs) {
		return Interval{}, errIntervalRange()
	}
	s := math.RoundToEven(secs * microsPerSecond)
	if s < math.MinInt64 || s >= -math.MinInt64 {
		s = math.MinInt64 // as the hardware that PostgreSQL runs on has it
	}
	return Interval{
		Months: years*monthsPerYear + months,
		Days:   weeks*7 + days,
		Micros: int64(hours)*microsPerHour + int64(mins)*microsPerMinute + int64(s),
	}, nil
}

// String is interval's output function.
func (iv Interval) String() string { return string(appendPostgres(nil, iv)) }

// appendPostgres appends iv as IntervalStyle postgres shows it.
func appendPostgres(dst []byte, iv Interval) []byte {
	empty, negative := true, false
	part := func(v int32, unit string) {
		if v == 0 {
			return
		}
		if !empty {
			dst = append(dst, ' ')
		}
		if negative && v > 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, int64(v), 10)
		dst = append(append(dst, ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		empty, negative = false, v < 0
	}
	part(iv.Months/monthsPerYear, "year")
	part(iv.Months%monthsPerYear, "mon")
	part(iv.Days, "day")
	if !empty && iv.Micros == 0 {
		return dst
	}
	if !empty {
		dst = append(dst, ' ')
	}
	u := uint64(iv.Micros)
	switch {
	case iv.Micros < 0:
		dst = append(dst, '-')
		u = -u
	case negative:
		dst = append(dst, '+')
	}
	return appendClock(dst, u)
}

// appendClock appends hours, at least two digits of them, minutes and seconds.
func appendClock(dst []byte, micros uint64) []byte {
	dst = appendPadded(dst, micros/microsPerHour, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, micros/microsPerMinute%60, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, micros/microsPerSecond%60, 2)
	if fraction := micros % microsPerSecond; fraction > 0 {
		dst = append(dst, '.')
		dst = appendPadded(dst, fraction, 6)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

func appendPadded(dst []byte, v uint64, width int) []byte {
	digits := 1
	if v > 0 {
		digits = len(strconv.AppendUint(make([]byte, 0, bits.UintSize), v, 10))
	}
	for ; digits < width; digits++ {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, v, 10)
}
