package pgvalue

import "time"

// isoTime reads the form in which programs write times, 2026-11-24T18:00:01.5Z with T or
// a space, up to six digits of fraction and an offset of hours or hours and minutes, and
// nothing else: columns and JSON have it by the million, and the general parser takes five
// times as long. It refuses whatever it is not sure of.
func isoTime(s string, oid uint32, loc *Zone) (micros int64, ok bool) {
	if len(s) < 19 || len(s) > 32 || oid == OIDDate || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	year, month, day := digits2(s, 0)*100+digits2(s, 2), digits2(s, 5), digits2(s, 8)
	hour, minute, second := digits2(s, 11), digits2(s, 14), digits2(s, 17)
	if digits2(s, 0) < 0 || digits2(s, 2) < 0 || year < 1 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	i, fraction := 19, int64(0)
	if i < len(s) && s[i] == '.' {
		i++
		unit := int64(microsPerSecond)
		for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			if unit == 1 {
				return 0, false
			}
			unit /= 10
			fraction += int64(s[i]-'0') * unit
		}
	}
	offset, ok := isoOffset(s[i:], oid, loc)
	if !ok {
		return 0, false
	}
	return (daysOf(year, month, day)*86400+int64(hour*3600+minute*60+second)-offset)*microsPerSecond + fraction, true
}

// isoOffset is the offset at the end of a time, in seconds.
func isoOffset(s string, oid uint32, loc *Zone) (seconds int64, ok bool) {
	if s == "" {
		return 0, oid != OIDTimestamptz || loc.Location == time.UTC
	}
	if oid != OIDTimestamptz {
		return 0, false
	}
	if s == "Z" {
		return 0, true
	}
	if len(s) != 3 && len(s) != 6 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hours, minutes := digits2(s, 1), 0
	if len(s) == 6 {
		if minutes = digits2(s, 4); s[3] != ':' {
			return 0, false
		}
	}
	if hours < 0 || hours > 14 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	seconds = int64(hours*3600 + minutes*60)
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// digits2 is the number that two digits at i form; negative if they are none.
func digits2(s string, i int) int {
	a, b := s[i]-'0', s[i+1]-'0'
	if a > 9 || b > 9 {
		return -1
	}
	return int(a)*10 + int(b)
}

func monthDays(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysOf counts the days from 1970-01-01 to a date of the years from 1 on.
func daysOf(year, month, day int) int64 {
	// Years that begin in March end with the leap day.
	if month < 3 {
		year--
		month += 12
	}
	return int64(365*year+year/4-year/100+year/400+(153*(month-3)+2)/5+day-1) - 719468
}
