package pgfn

import (
	"math"
	"strconv"
	"strings"
)

// isoNumber takes what strtod does.
func isoNumber(s string) (v int64, fraction float64, rest string, status intervalStatus) {
	n := 0
	if n < len(s) && s[n] == '-' {
		n++
	}
	digits := func() int {
		first := n
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		return n - first
	}
	count := digits()
	if n < len(s) && s[n] == '.' {
		n++
		count += digits()
	}
	if count == 0 {
		return 0, 0, s, intervalBad
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		mark := n
		n++
		if n < len(s) && (s[n] == '+' || s[n] == '-') {
			n++
		}
		if digits() == 0 {
			n = mark
		}
	}
	f, err := strconv.ParseFloat(s[:n], 64)
	switch {
	case err != nil:
		return 0, 0, s, intervalBad
	case f < -1e15 || f > 1e15:
		return 0, 0, s, intervalOverflow
	}
	whole := math.Trunc(f)
	return int64(whole), f - whole, s[n:], intervalOK
}

// decodeISO reads ISO 8601's two formats of durations.
func (s *intervalSum) decodeISO(text string) intervalStatus {
	if len(text) < 2 || text[0] != 'P' {
		return intervalBad
	}
	text = text[1:]
	date, field := true, false
	for text != "" {
		if text[0] == 'T' {
			date, field = false, false
			text = text[1:]
			continue
		}
		start := text
		v, fraction, rest, status := isoNumber(text)
		if status != intervalOK {
			return status
		}
		designator := byte(0)
		if rest != "" {
			designator, rest = rest[0], rest[1:]
		}
		if unit := isoUnit(designator, date); unit != unitNone {
			if !s.add(v, fraction, unit) {
				return intervalOverflow
			}
			text, field = rest, true
			continue
		}
		width := strings.TrimPrefix(start, "-")
		width = width[:len(width)-len(strings.TrimLeft(width, "0123456789"))]
		if date {
			text, status = s.alternativeDate(v, fraction, rest, designator, len(width) == 8, field)
			if status == intervalOK && designator == 0 {
				return intervalOK
			}
			date = false
		} else {
			text, status = s.alternativeTime(v, fraction, rest, designator, len(width) == 6, field)
		}
		if status != intervalOK {
			return status
		}
		field = false
	}
	return intervalOK
}

func isoUnit(designator byte, date bool) timeUnit {
	switch {
	case date && designator == 'Y':
		return unitYear
	case date && designator == 'M':
		return unitMonth
	case date && designator == 'W':
		return unitWeek
	case date && designator == 'D':
		return unitDay
	case !date && designator == 'H':
		return unitHour
	case !date && designator == 'M':
		return unitMinute
	case !date && designator == 'S':
		return unitSecond
	}
	return unitNone
}

// addAll adds numbers of units.
func (s *intervalSum) addAll(fraction float64, last timeUnit, values map[timeUnit]int64) intervalStatus {
	for unit, v := range values {
		f := 0.0
		if unit == last {
			f = fraction
		}
		if !s.add(v, f, unit) {
			return intervalOverflow
		}
	}
	return intervalOK
}

// alternativeDate reads yyyymmdd or yyyy-mm-dd, of which the first number has been read.
func (s *intervalSum) alternativeDate(v int64, fraction float64, rest string, next byte, basic, field bool) (string, intervalStatus) {
	if (next == 'T' || next == 0) && basic && !field {
		return rest, s.addAll(fraction, unitDay, map[timeUnit]int64{
			unitYear: v / 10000, unitMonth: v / 100 % 100, unitDay: v % 100,
		})
	}
	if field || next != 'T' && next != 0 && next != '-' {
		return rest, intervalBad
	}
	for _, unit := range []timeUnit{unitYear, unitMonth, unitDay} {
		if unit != unitYear {
			var status intervalStatus
			if v, fraction, rest, status = isoNumber(rest); status != intervalOK {
				return rest, status
			}
			next = 0
			if rest != "" {
				next, rest = rest[0], rest[1:]
			}
		}
		if !s.add(v, fraction, unit) {
			return rest, intervalOverflow
		}
		if next == 'T' || next == 0 {
			return rest, intervalOK
		}
		if next != '-' || unit == unitDay {
			return rest, intervalBad
		}
	}
	return rest, intervalOK
}

// alternativeTime reads hhmmss or hh:mm:ss, of which the first number has been read.
func (s *intervalSum) alternativeTime(v int64, fraction float64, rest string, next byte, basic, field bool) (string, intervalStatus) {
	if next == 0 && basic && !field {
		return rest, s.addAll(fraction, unitSecond, map[timeUnit]int64{
			unitHour: v / 10000, unitMinute: v / 100 % 100, unitSecond: v % 100,
		})
	}
	if field || next != 0 && next != ':' {
		return rest, intervalBad
	}
	for _, unit := range []timeUnit{unitHour, unitMinute, unitSecond} {
		if unit != unitHour {
			var status intervalStatus
			if v, fraction, rest, status = isoNumber(rest); status != intervalOK {
				return rest, status
			}
			next = 0
			if rest != "" {
				next, rest = rest[0], rest[1:]
			}
		}
		if !s.add(v, fraction, unit) {
			return rest, intervalOverflow
		}
		if next == 0 {
			return rest, intervalOK
		}
		if next != ':' || unit == unitSecond {
			return rest, intervalBad
		}
	}
	return rest, intervalOK
}
