package pgfn

import (
	"strconv"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// AppendInterval appends iv as an IntervalStyle shows it.
func AppendInterval(dst []byte, iv Interval, style pgvalue.IntervalFormat) []byte {
	switch style {
	case pgvalue.IntervalVerbose:
		return appendVerbose(dst, iv)
	case pgvalue.IntervalSQL:
		return appendSQLInterval(dst, iv)
	case pgvalue.IntervalISO:
		return appendISOInterval(dst, iv)
	}
	return appendPostgres(dst, iv)
}

// clockParts are an interval's hours, minutes, seconds and µs, each with the interval's sign.
func clockParts(micros int64) (hours, minutes, seconds, fraction int64) {
	return micros / microsPerHour, micros / microsPerMinute % 60, micros / microsPerSecond % 60, micros % microsPerSecond
}

// appendFraction appends the digits of a fraction of a second, without zeros at the end.
func appendFraction(dst []byte, micros int64) []byte {
	if micros == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendPadded(dst, uint64(max(micros, -micros)), 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendVerbose writes "@ 1 year 2 mons -3 days ago".
func appendVerbose(dst []byte, iv Interval) []byte {
	dst = append(dst, '@')
	first, before := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if first {
			before, first = v < 0, false
		}
		if before {
			v = -v
		}
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, v, 10)
		dst = append(append(dst, ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
	}
	hours, minutes, seconds, fraction := clockParts(iv.Micros)
	part(int64(iv.Months/monthsPerYear), "year")
	part(int64(iv.Months%monthsPerYear), "mon")
	part(int64(iv.Days), "day")
	part(hours, "hour")
	part(minutes, "min")
	if seconds != 0 || fraction != 0 {
		negative := seconds < 0 || fraction < 0
		if first {
			before, first = negative, false
			negative = false
		} else if before {
			negative = !negative
		}
		dst = append(dst, ' ')
		if negative {
			dst = append(dst, '-')
		}
		dst = strconv.AppendInt(dst, max(seconds, -seconds), 10)
		dst = appendFraction(dst, fraction)
		dst = append(dst, " sec"...)
		if max(seconds, -seconds) != 1 || fraction != 0 {
			dst = append(dst, 's')
		}
	}
	switch {
	case first:
		dst = append(dst, " 0"...)
	case before:
		dst = append(dst, " ago"...)
	}
	return dst
}

// appendSQLInterval writes 1-2, 3 4:05:06 and, where that would not do, +1-2 -3 +4:05:06.
func appendSQLInterval(dst []byte, iv Interval) []byte {
	negative := iv.Months < 0 || iv.Days < 0 || iv.Micros < 0
	positive := iv.Months > 0 || iv.Days > 0 || iv.Micros > 0
	hasMonths, hasDay := iv.Months != 0, iv.Days != 0 || iv.Micros != 0
	if !hasMonths && !hasDay {
		return append(dst, '0')
	}
	months, days, micros := int64(iv.Months), int64(iv.Days), iv.Micros
	sign := func(v int64) {
		if v < 0 {
			dst = append(dst, '-')
		} else {
			dst = append(dst, '+')
		}
	}
	number := func(v int64) { dst = strconv.AppendUint(dst, magnitude(v), 10) }
	clock := func() {
		u := magnitude(micros)
		dst = strconv.AppendUint(dst, u/microsPerHour, 10)
		dst = append(dst, ':')
		dst = appendPadded(dst, u/microsPerMinute%60, 2)
		dst = append(dst, ':')
		dst = appendPadded(dst, u/microsPerSecond%60, 2)
		dst = appendFraction(dst, int64(u%microsPerSecond))
	}
	yearMonth := func() {
		number(months / monthsPerYear)
		dst = append(dst, '-')
		number(months % monthsPerYear)
	}
	if negative && positive || hasMonths && hasDay {
		sign(months)
		yearMonth()
		dst = append(dst, ' ')
		sign(days)
		number(days)
		dst = append(dst, ' ')
		sign(micros)
		clock()
		return dst
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case hasMonths:
		yearMonth()
	case days != 0:
		number(days)
		dst = append(dst, ' ')
		clock()
	default:
		clock()
	}
	return dst
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// appendISOInterval writes P1Y2M3DT4H5M6S.
func appendISOInterval(dst []byte, iv Interval) []byte {
	if iv == (Interval{}) {
		return append(dst, "PT0S"...)
	}
	dst = append(dst, 'P')
	part := func(v int64, unit byte) {
		if v != 0 {
			dst = append(strconv.AppendInt(dst, v, 10), unit)
		}
	}
	hours, minutes, seconds, fraction := clockParts(iv.Micros)
	part(int64(iv.Months/monthsPerYear), 'Y')
	part(int64(iv.Months%monthsPerYear), 'M')
	part(int64(iv.Days), 'D')
	if iv.Micros != 0 {
		dst = append(dst, 'T')
	}
	part(hours, 'H')
	part(minutes, 'M')
	if seconds != 0 || fraction != 0 {
		if seconds < 0 || fraction < 0 {
			dst = append(dst, '-')
		}
		dst = strconv.AppendInt(dst, max(seconds, -seconds), 10)
		dst = append(appendFraction(dst, fraction), 'S')
	}
	return dst
}

// ParseIntervalStyled is ParseIntervalFields in a session with an IntervalStyle: with sql_standard a
// minus sign in front, and no other, is the whole interval's.
func ParseIntervalStyled(text string, fields IntervalFields, style pgvalue.IntervalFormat) (Interval, error) {
	return parseInterval(text, fields, style == pgvalue.IntervalSQL)
}

// leadingMinus tells whether a text's first number alone has a sign, and it is a minus.
func leadingMinus(tokens []intervalToken) bool {
	for i, t := range tokens {
		if signed := t.text[0] == '-' || t.text[0] == '+'; signed != (i == 0) || i == 0 && t.text[0] == '+' {
			return false
		}
	}
	return len(tokens) > 0
}

func (s *intervalSum) allNegative() {
	s.years, s.months, s.days, s.micros = min(s.years, -s.years), min(s.months, -s.months), min(s.days, -s.days), min(s.micros, -s.micros)
}
