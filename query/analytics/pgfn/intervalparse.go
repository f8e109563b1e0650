package pgfn

import (
	"math"
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// timeUnit is a unit that text may name.
type timeUnit uint8

const (
	unitNone timeUnit = iota
	unitMicrosecond
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitQuarter
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitTimezone
	unitTimezoneHour
	unitTimezoneMinute
	unitDow
	unitIsodow
	unitDoy
	unitIsoyear
	unitJulian
	unitEpoch
	unitAgo
)

// units are the names of units; ten bytes of a name count.
var units = map[string]timeUnit{
	"ago": unitAgo,
	"us":  unitMicrosecond, "usec": unitMicrosecond, "usecs": unitMicrosecond, "usecond": unitMicrosecond,
	"useconds": unitMicrosecond, "microsecon": unitMicrosecond,
	"ms": unitMillisecond, "msec": unitMillisecond, "msecs": unitMillisecond, "msecond": unitMillisecond,
	"mseconds": unitMillisecond, "millisecon": unitMillisecond,
	"s": unitSecond, "sec": unitSecond, "secs": unitSecond, "second": unitSecond, "seconds": unitSecond,
	"m": unitMinute, "min": unitMinute, "mins": unitMinute, "minute": unitMinute, "minutes": unitMinute,
	"h": unitHour, "hr": unitHour, "hrs": unitHour, "hour": unitHour, "hours": unitHour,
	"d": unitDay, "day": unitDay, "days": unitDay,
	"w": unitWeek, "week": unitWeek, "weeks": unitWeek,
	"mon": unitMonth, "mons": unitMonth, "month": unitMonth, "months": unitMonth,
	"qtr": unitQuarter, "quarter": unitQuarter,
	"y": unitYear, "yr": unitYear, "yrs": unitYear, "year": unitYear, "years": unitYear,
	"dec": unitDecade, "decs": unitDecade, "decade": unitDecade, "decades": unitDecade,
	"c": unitCentury, "cent": unitCentury, "century": unitCentury, "centuries": unitCentury,
	"mil": unitMillennium, "mils": unitMillennium, "millennia": unitMillennium, "millennium": unitMillennium,
	"timezone": unitTimezone, "timezone_h": unitTimezoneHour, "timezone_m": unitTimezoneMinute,
}

func lookupUnit(name string) timeUnit {
	if len(name) > 10 {
		name = name[:10]
	}
	return units[name]
}

// dateWords are the words of dates that a digit may follow without a space; any other word
// takes it in, as the name of a zone could.
var dateWords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`ad allballs am apr april at aug august bc d dec december dow doy dst epoch
		feb february fri friday h infinity isodow isoyear j jan january jd jul julian july jun june m mar march
		may mm mon monday nov november now oct october on pm s sat saturday sep sept september sun sunday t thu
		thur thurs thursday today tomorrow tue tues tuesday wed wednesday weds y yesterday`) {
		m[w] = true
	}
	return m
}()

type intervalToken struct {
	text string
	kind byte // 'n' number or date, 't' time, 'z' signed, 's' word
}

// intervalTokens splits text as PostgreSQL does for all its times.
func intervalTokens(s string) ([]intervalToken, bool) {
	var out []intervalToken
	i := 0
	while := func(more func(byte) bool) {
		for i < len(s) && more(s[i]) {
			i++
		}
	}
	at := func(set string) bool { return i < len(s) && strings.IndexByte(set, s[i]) >= 0 }
	for i < len(s) {
		start := i
		kind := byte('n')
		switch c := s[i]; {
		case isSpace(c):
			i++
			continue
		case isDigit(c):
			while(isDigit)
			i, kind = numberEnd(s, i)
		case c == '.':
			i++
			while(isDigit)
		case isLetter(c):
			kind = 's'
			while(isLetter)
			if at("-/.") || at("+0123456789") && !dateWords[strings.ToLower(s[start:i])] {
				kind = 'n'
				while(func(c byte) bool {
					return isLetter(c) || isDigit(c) || strings.IndexByte("+-/_.:", c) >= 0
				})
			}
		case c == '+' || c == '-':
			i++
			while(isSpace)
			first := i
			switch {
			case i < len(s) && (isDigit(s[i]) || s[i] == '.'):
				kind = 'z'
				while(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
			case i < len(s) && isLetter(s[i]):
				kind = 's'
				while(isLetter)
			default:
				return nil, false
			}
			out = append(out, intervalToken{strings.ToLower(string(c) + s[first:i]), kind})
			if len(out) > 25 {
				return nil, false
			}
			continue
		case c < 0x80 && c > ' ':
			i++ // punctuation only separates
			continue
		default:
			return nil, false
		}
		if out = append(out, intervalToken{strings.ToLower(s[start:i]), kind}); len(out) > 25 {
			return nil, false
		}
	}
	return out, true
}

// numberEnd is where a token ends whose digits end at i, and its kind: a time has a colon.
func numberEnd(s string, i int) (end int, kind byte) {
	kind = 'n'
	while := func(more func(byte) bool) {
		for i < len(s) && more(s[i]) {
			i++
		}
	}
	at := func(set string) bool { return i < len(s) && strings.IndexByte(set, s[i]) >= 0 }
	switch {
	case at(":"):
		kind = 't'
		while(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
	case at("-/."):
		delimiter := s[i]
		i++
		if i < len(s) && isDigit(s[i]) {
			while(isDigit)
			if i < len(s) && s[i] == delimiter {
				while(func(c byte) bool { return isDigit(c) || c == delimiter })
			}
		} else {
			while(func(c byte) bool { return isLetter(c) || isDigit(c) || c == delimiter })
		}
	}
	return i, kind
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// intervalStatus tells how reading an interval went.
type intervalStatus uint8

const (
	intervalOK intervalStatus = iota
	intervalBad
	intervalOverflow
)

// intervalSum adds up what text says.
type intervalSum struct {
	years, months, days int32
	micros              int64
	fields              IntervalFields
}

func (s *intervalSum) addTo(to *int32, v, scale int64) bool {
	if v != int64(int32(v)) {
		return false
	}
	v *= scale
	if v != int64(int32(v)) {
		return false
	}
	var ok bool
	*to, ok = add32(*to, int32(v))
	return ok
}

func (s *intervalSum) addMicros(v int64, fraction float64, scale int64) bool {
	v, ok := mulSmall(v, scale)
	return ok && s.plusMicros(v) && s.fractionMicros(fraction, scale)
}

func (s *intervalSum) plusMicros(v int64) bool {
	sum, ok := addSmall(s.micros, v)
	s.micros = sum
	return ok
}

func (s *intervalSum) fractionMicros(fraction float64, scale int64) bool {
	fraction *= float64(scale)
	v := int64(fraction)
	switch fraction -= float64(v); {
	case fraction > 0.5:
		v++
	case fraction < -0.5:
		v--
	}
	return s.plusMicros(v)
}

func (s *intervalSum) fractionDays(fraction float64, scale int64) bool {
	fraction *= float64(scale)
	days := int64(fraction)
	return s.addTo(&s.days, days, 1) && s.fractionMicros(fraction-float64(days), microsPerDay)
}

func (s *intervalSum) addYears(v int64, fraction float64, scale int64) bool {
	months := int64(math.RoundToEven(fraction * float64(scale) * monthsPerYear))
	return s.addTo(&s.years, v, scale) && s.addTo(&s.months, months, 1)
}

// add takes a number of units in.
func (s *intervalSum) add(v int64, fraction float64, unit timeUnit) bool {
	switch unit {
	case unitMicrosecond:
		return s.addMicros(v, fraction, 1)
	case unitMillisecond:
		return s.addMicros(v, fraction, 1000)
	case unitSecond:
		return s.addMicros(v, fraction, microsPerSecond)
	case unitMinute:
		return s.addMicros(v, fraction, microsPerMinute)
	case unitHour:
		return s.addMicros(v, fraction, microsPerHour)
	case unitDay:
		return s.addTo(&s.days, v, 1) && s.fractionMicros(fraction, microsPerDay)
	case unitWeek:
		return s.addTo(&s.days, v, 7) && s.fractionDays(fraction, 7)
	case unitMonth:
		return s.addTo(&s.months, v, 1) && s.fractionDays(fraction, daysPerMonth)
	case unitYear:
		return s.addYears(v, fraction, 1)
	case unitDecade:
		return s.addYears(v, fraction, 10)
	case unitCentury:
		return s.addYears(v, fraction, 100)
	case unitMillennium:
		return s.addYears(v, fraction, 1000)
	}
	return false
}

// IntervalFields are the fields that an interval's type is restricted to, as in INTERVAL DAY
// TO MINUTE: a bit each.
type IntervalFields int32

// The bits are those of PostgreSQL's type modifiers.
const (
	FieldMonth  IntervalFields = 1 << 1
	FieldYear   IntervalFields = 1 << 2
	FieldDay    IntervalFields = 1 << 3
	FieldHour   IntervalFields = 1 << 10
	FieldMinute IntervalFields = 1 << 11
	FieldSecond IntervalFields = 1 << 12
	AllFields   IntervalFields = 0x7fff
)

// smallest is the unit of the smallest field, which a number without a unit is of.
func (f IntervalFields) smallest() timeUnit {
	switch {
	case f == AllFields || f&FieldSecond != 0:
		return unitSecond
	case f&FieldMinute != 0:
		return unitMinute
	case f&FieldHour != 0:
		return unitHour
	case f&FieldDay != 0:
		return unitDay
	case f&FieldMonth != 0:
		return unitMonth
	case f&FieldYear != 0:
		return unitYear
	}
	return unitSecond
}

// Restrict cuts off what is smaller than the smallest field.
func (f IntervalFields) Restrict(iv Interval) Interval {
	unit := f.smallest()
	switch unit {
	case unitYear:
		iv.Months = iv.Months / monthsPerYear * monthsPerYear
		iv.Days, iv.Micros = 0, 0
	case unitMonth:
		iv.Days, iv.Micros = 0, 0
	case unitDay:
		iv.Micros = 0
	case unitHour:
		iv.Micros = iv.Micros / microsPerHour * microsPerHour
	case unitMinute:
		iv.Micros = iv.Micros / microsPerMinute * microsPerMinute
	}
	return iv
}

// ParseInterval is interval's input function.
func ParseInterval(text string) (Interval, error) { return ParseIntervalFields(text, AllFields) }

// ParseIntervalFields is interval's input function for a type that is restricted to fields:
// they say what a number without a unit means. It does not cut anything off.
func ParseIntervalFields(text string, fields IntervalFields) (Interval, error) {
	return parseInterval(text, fields, false)
}

func parseInterval(text string, fields IntervalFields, standard bool) (Interval, error) {
	sum := intervalSum{fields: fields}
	status := intervalBad
	if tokens, ok := intervalTokens(text); ok {
		if status = sum.decode(tokens); status == intervalOK && standard && leadingMinus(tokens) {
			sum.allNegative()
		}
	}
	if status == intervalBad {
		sum = intervalSum{fields: fields}
		status = sum.decodeISO(text)
	}
	switch status {
	case intervalBad:
		return Interval{}, pgerror.Errorf(pgerror.InvalidDatetimeFormat, "invalid input syntax for type interval: \"%s\"", text)
	case intervalOverflow:
		return Interval{}, pgerror.Errorf(pgerror.IntervalFieldOverflow, "interval field value out of range: \"%s\"", text)
	}
	months := int64(sum.years)*monthsPerYear + int64(sum.months)
	if months != int64(int32(months)) {
		return Interval{}, errIntervalRange()
	}
	return Interval{int32(months), sum.days, sum.micros}, nil
}

// decode reads tokens backwards, so that units come before their numbers.
func (s *intervalSum) decode(tokens []intervalToken) intervalStatus {
	unit := unitNone
	seen := 0
	before := false
	for i := len(tokens) - 1; i >= 0; i-- {
		t := tokens[i]
		mask := 0
		if t.kind == 's' {
			u := lookupUnit(t.text)
			switch u {
			case unitNone:
				return intervalBad
			case unitAgo:
				before = true
				unit = unitAgo
			default:
				unit = u
			}
			continue
		}
		var status intervalStatus
		const clockMask = 1<<unitHour | 1<<unitMinute | 1<<unitSecond | 1<<unitMillisecond | 1<<unitMicrosecond
		isClock := t.kind == 't'
		if t.kind == 't' {
			if status = s.clock(t.text, false); status != intervalOK {
				return status
			}
		} else if t.kind == 'z' && strings.Contains(t.text[1:], ":") {
			isClock = s.clock(t.text[1:], t.text[0] == '-') == intervalOK
		}
		if isClock {
			mask = clockMask
			unit = unitDay
		} else {
			if unit == unitNone {
				unit = s.fields.smallest()
			}
			var fraction float64
			if unit, fraction, status = s.number(t.text, unit); status != intervalOK {
				return status
			}
			mask = 1 << unit
			if unit == unitSecond && fraction != 0 {
				mask = 1<<unitSecond | 1<<unitMillisecond | 1<<unitMicrosecond
			}
			if unit == unitHour {
				unit = unitDay
			}
		}
		if seen&mask != 0 {
			return intervalBad
		}
		seen |= mask
	}
	if seen == 0 {
		return intervalBad
	}
	if before {
		if s.micros == math.MinInt64 || s.days == math.MinInt32 || s.months == math.MinInt32 || s.years == math.MinInt32 {
			return intervalOverflow
		}
		s.micros, s.days, s.months, s.years = -s.micros, -s.days, -s.months, -s.years
	}
	return intervalOK
}

// leadingInt is strtol: its digits, what follows, and whether it fits.
func leadingInt(s string) (v int64, rest string, ok bool) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	first := i
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	digits := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == digits {
		return 0, s, true
	}
	v, err := strconv.ParseInt(s[first:i], 10, 64)
	return v, s[i:], err == nil
}

// number takes a number, or years and months, of a unit.
func (s *intervalSum) number(text string, unit timeUnit) (timeUnit, float64, intervalStatus) {
	v, rest, ok := leadingInt(text)
	if !ok {
		return unit, 0, intervalOverflow
	}
	var fraction float64
	switch {
	case rest == "":
	case rest[0] == '-':
		months, rest, ok := leadingInt(rest[1:])
		switch {
		case !ok || months < 0 || months >= monthsPerYear:
			return unit, 0, intervalOverflow
		case rest != "":
			return unit, 0, intervalBad
		}
		if text[0] == '-' {
			months = -months
		}
		if v, ok = mulSmall(v, monthsPerYear); ok {
			v, ok = addSmall(v, months)
		}
		if !ok {
			return unit, 0, intervalOverflow
		}
		unit = unitMonth
	case rest[0] == '.':
		if len(rest) > 1 {
			f, err := strconv.ParseFloat(rest, 64)
			if err != nil {
				return unit, 0, intervalBad
			}
			fraction = f
		}
		if text[0] == '-' {
			fraction = -fraction
		}
	default:
		return unit, 0, intervalBad
	}
	if unit < unitMicrosecond || unit > unitMillennium || unit == unitQuarter {
		return unit, 0, intervalBad
	}
	if !s.add(v, fraction, unit) {
		return unit, 0, intervalOverflow
	}
	return unit, fraction, intervalOK
}

// clock takes hh:mm, hh:mm:ss or mm:ss.fff.
func (s *intervalSum) clock(text string, negative bool) intervalStatus {
	hours, rest, ok := leadingInt(text)
	if !ok {
		return intervalOverflow
	}
	if rest == "" || rest[0] != ':' {
		return intervalBad
	}
	minutes, rest, ok := leadingInt(rest[1:])
	if !ok || minutes != int64(int32(minutes)) {
		return intervalOverflow
	}
	var seconds int64
	var fraction float64
	fractional := func() bool {
		if rest == "." {
			return true
		}
		f, err := strconv.ParseFloat(rest, 64)
		fraction = math.RoundToEven(f * microsPerSecond)
		return err == nil && strings.Trim(rest[1:], "0123456789") == ""
	}
	switch {
	case rest == "":
		if s.fields == FieldMinute|FieldSecond {
			hours, minutes, seconds = 0, hours, minutes
		}
	case rest[0] == '.':
		if hours != int64(int32(hours)) {
			return intervalOverflow
		}
		if !fractional() {
			return intervalBad
		}
		hours, minutes, seconds = 0, hours, minutes
	case rest[0] == ':':
		if seconds, rest, ok = leadingInt(rest[1:]); !ok || seconds != int64(int32(seconds)) {
			return intervalOverflow
		}
		if rest != "" && (rest[0] != '.' || !fractional()) {
			return intervalBad
		}
	default:
		return intervalBad
	}
	if hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60 {
		return intervalOverflow
	}
	var t intervalSum
	if !t.addMicros(hours, 0, microsPerHour) ||
		!t.plusMicros(minutes*microsPerMinute+seconds*microsPerSecond+int64(fraction)) {
		return intervalOverflow
	}
	if negative {
		t.micros = -t.micros
	}
	s.micros = t.micros // a clock stands for the whole time
	return intervalOK
}
