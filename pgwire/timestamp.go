package pgwire

import (
	"strconv"
	"strings"
	"time"
)

// Zone is a session's time zone.
type Zone struct {
	Name string // as SHOW gives it
	*time.Location
}

// UTC is the zone sessions begin with.
var UTC = &Zone{Name: "UTC", Location: time.UTC}

// pgEpoch is 2000-01-01 UTC, from which the binary formats count, in µs since the
// Unix epoch.
const pgEpoch = 946684800_000_000

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86400 * microsPerSecond
)

func parseTime(oid uint32, s string, loc *Zone) (Value, error) {
	if micros, ok := isoTime(s, oid, loc); ok {
		return TimeValue(micros), nil
	}
	t := strings.TrimSpace(s)
	switch strings.ToLower(t) {
	case "infinity", "+infinity":
		return TimeValue(Infinity), nil
	case "-infinity":
		return TimeValue(NegativeInfinity), nil
	case "epoch":
		return TimeValue(0), nil
	case "now":
		return TimeValue(time.Now().UnixMicro()), nil
	case "today", "tomorrow", "yesterday":
		now := time.Now().In(loc.Location)
		days := map[string]int{"today": 0, "tomorrow": 1, "yesterday": -1}[strings.ToLower(t)]
		return TimeValue(time.Date(now.Year(), now.Month(), now.Day()+days, 0, 0, 0, 0, loc.Location).UnixMicro()), nil
	}
	p := timeParser{s: t, oid: oid, whole: s}
	micros, err := p.parse(loc)
	if err != nil {
		return Value{}, err
	}
	return TimeValue(micros), nil
}

// Years that a Value's microseconds hold, and PostgreSQL accepts.
const (
	maxYear = 294246
	minYear = -4712 // 4713 BC
)

func rangeName(oid uint32) string {
	if oid == OIDDate {
		return "date"
	}
	return "timestamp"
}

// instant is when a clock in a zone shows a wall time, given in µs as if it were UTC. As
// in PostgreSQL a time that the clocks skip is taken with the offset before the change,
// and one that they repeat with the offset after it.
func instant(wall int64, where *time.Location) int64 {
	offsetAt := func(micros int64) int64 {
		_, offset := time.UnixMicro(micros).In(where).Zone()
		return int64(offset) * microsPerSecond
	}
	before, after := offsetAt(wall-microsPerDay), offsetAt(wall+microsPerDay)
	if before == after {
		if direct := offsetAt(wall - before); direct != before {
			return wall - direct // two changes within two days
		}
		return wall - before
	}
	fits := func(offset int64) bool { return offsetAt(wall-offset) == offset }
	switch {
	case fits(before) && !fits(after):
		return wall - before
	case fits(after) && !fits(before):
		return wall - after
	}
	if fits(after) {
		return wall - after // repeated
	}
	return wall - before // skipped
}

// ConvertTime casts between timestamptz, timestamp and date, as the session's zone has
// them.
func ConvertTime(v Value, from, to uint32, zone *Zone) Value {
	if v.Int == Infinity || v.Int == NegativeInfinity || from == to {
		return v
	}
	if from == OIDTimestamptz {
		_, offset := time.UnixMicro(v.Int).In(zone.Location).Zone()
		v.Int += int64(offset) * microsPerSecond
	}
	if to == OIDDate {
		v.Int = floorDiv(v.Int, microsPerDay) * microsPerDay
	}
	if to == OIDTimestamptz {
		v.Int = instant(v.Int, zone.Location)
	}
	return v
}

// timeParser takes ISO 8601 dates and times, as programs write them.
type timeParser struct {
	s, whole string
	oid      uint32
}

func (p *timeParser) invalid() error {
	name := TypeName(p.oid)
	return Errorf("22007", "invalid input syntax for type %s: \"%s\"", name, p.whole)
}

func (p *timeParser) outOfRange() error {
	return Errorf("22008", "date/time field value out of range: \"%s\"", p.whole)
}

// number takes digits, min to max of them.
func (p *timeParser) number(minDigits, maxDigits int) (int, bool) {
	n := 0
	for n < len(p.s) && n < maxDigits && p.s[n] >= '0' && p.s[n] <= '9' {
		n++
	}
	if n < minDigits {
		return 0, false
	}
	v, err := strconv.Atoi(p.s[:n])
	p.s = p.s[n:]
	return v, err == nil
}

func (p *timeParser) skip(c byte) bool {
	if p.s != "" && p.s[0] == c {
		p.s = p.s[1:]
		return true
	}
	return false
}

func (p *timeParser) parse(loc *Zone) (int64, error) {
	year, ok1 := p.number(4, 6)
	ok := ok1 && p.skip('-')
	month, ok2 := p.number(1, 2)
	ok = ok && ok2 && p.skip('-')
	day, ok3 := p.number(1, 2)
	if !ok || !ok3 {
		return 0, p.invalid()
	}
	bc := strings.HasSuffix(p.s, " BC")
	p.s = strings.TrimSuffix(p.s, " BC")
	hour, minute, second, micros, err := p.clock()
	if err != nil {
		return 0, err
	}
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || year == 0 ||
		hour > 24 || minute > 59 || second > 60 || hour == 24 && minute+second+micros > 0 {
		return 0, p.outOfRange()
	}
	where, err := p.zone(loc)
	if err != nil {
		return 0, err
	}
	if p.oid != OIDTimestamptz {
		where = time.UTC
	}
	if p.oid == OIDDate {
		hour, minute, second, micros = 0, 0, 0, 0
	}
	if bc {
		year = 1 - year
	}
	wall := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if wall.Year() > maxYear || wall.Year() < minYear {
		return 0, Errorf("22008", "%s out of range: \"%s\"", rangeName(p.oid), p.whole)
	}
	return instant(wall.UnixMicro()+int64(micros), where), nil
}

func (p *timeParser) clock() (hour, minute, second, micros int, err error) {
	if p.s == "" || !p.skip('T') && !p.skip(' ') {
		return 0, 0, 0, 0, nil
	}
	var ok bool
	if hour, ok = p.number(1, 2); !ok || !p.skip(':') {
		return 0, 0, 0, 0, p.invalid()
	}
	if minute, ok = p.number(2, 2); !ok {
		return 0, 0, 0, 0, p.invalid()
	}
	if p.skip(':') {
		if second, ok = p.number(2, 2); !ok {
			return 0, 0, 0, 0, p.invalid()
		}
		if p.skip('.') {
			micros, ok = p.fraction()
			if !ok {
				return 0, 0, 0, 0, p.invalid()
			}
		}
	}
	return hour, minute, second, micros, nil
}

// fraction takes the digits after the point, rounded to µs.
func (p *timeParser) fraction() (micros int, ok bool) {
	n := 0
	for n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		n++
	}
	digits := p.s[:n]
	p.s = p.s[n:]
	if n == 0 {
		return 0, true
	}
	if n > 7 {
		digits = digits[:7]
	}
	v, err := strconv.Atoi(digits + strings.Repeat("0", 7-len(digits)))
	return (v + 5) / 10, err == nil
}

func (p *timeParser) zone(loc *Zone) (*time.Location, error) {
	s := strings.TrimSpace(p.s)
	switch {
	case s == "":
		return loc.Location, nil
	case strings.EqualFold(s, "z"), strings.EqualFold(s, "utc"), strings.EqualFold(s, "gmt"):
		return time.UTC, nil
	case s[0] != '+' && s[0] != '-':
		if l, err := time.LoadLocation(s); err == nil && len(s) > 2 {
			return l, nil
		}
		return nil, p.invalid()
	}
	sign := 1
	if s[0] == '-' {
		sign = -1
	}
	p.s = s[1:]
	hours, ok := p.number(1, 2)
	minutes, seconds := 0, 0
	if ok && p.s != "" {
		colon := p.skip(':')
		if minutes, ok = p.number(2, 2); ok && p.s != "" && p.skip(':') == colon {
			seconds, ok = p.number(2, 2)
		}
	}
	if !ok || p.s != "" {
		return nil, p.invalid()
	}
	if hours > 15 || minutes > 59 || seconds > 59 {
		return nil, Errorf("22009", "time zone displacement out of range: \"%s\"", p.whole)
	}
	return time.FixedZone("", sign*(hours*3600+minutes*60+seconds)), nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// appendTime appends a timestamp as PostgreSQL does with DateStyle ISO.
func appendTime(dst []byte, oid uint32, micros int64, loc *Zone) []byte {
	switch micros {
	case Infinity:
		return append(dst, "infinity"...)
	case NegativeInfinity:
		return append(dst, "-infinity"...)
	}
	where := time.UTC
	if oid == OIDTimestamptz {
		where = loc.Location
	}
	t := time.UnixMicro(micros).In(where)
	year, month, day := t.Date()
	bc := year <= 0
	if bc {
		year = 1 - year
	}
	dst = appendPadded(dst, year, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, int(month), 2)
	dst = append(dst, '-')
	dst = appendPadded(dst, day, 2)
	if oid != OIDDate {
		dst = appendClock(dst, t)
		if oid == OIDTimestamptz {
			dst = appendOffset(dst, t)
		}
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendClock(dst []byte, t time.Time) []byte {
	hour, minute, second := t.Clock()
	dst = append(dst, ' ')
	dst = appendPadded(dst, hour, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, minute, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, second, 2)
	if micros := t.Nanosecond() / 1000; micros > 0 {
		dst = append(dst, '.')
		dst = appendPadded(dst, micros, 6)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

func appendOffset(dst []byte, t time.Time) []byte {
	_, offset := t.Zone()
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, sign)
	dst = appendPadded(dst, offset/3600, 2)
	if rest := offset % 3600; rest > 0 {
		dst = append(dst, ':')
		dst = appendPadded(dst, rest/60, 2)
		if rest%60 > 0 {
			dst = append(dst, ':')
			dst = appendPadded(dst, rest%60, 2)
		}
	}
	return dst
}

func appendPadded(dst []byte, v, width int) []byte {
	for w := 10; width > 1; width-- {
		if v < w {
			dst = append(dst, '0')
		}
		w *= 10
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

// AppendTime appends a time of day, in µs, as PostgreSQL writes it.
func AppendTime(dst []byte, micros int64) []byte {
	dst = appendPadded(dst, int(micros/3_600_000_000), 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, int(micros/60_000_000%60), 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, int(micros/1_000_000%60), 2)
	if fraction := int(micros % 1_000_000); fraction != 0 {
		dst = append(dst, '.')
		dst = appendPadded(dst, fraction, 6)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// parseTimeOfDay reads a time without a zone.
func parseTimeOfDay(s string) (Value, error) {
	v, err := parseTime(OIDTimestamp, "1970-01-01 "+s, UTC)
	if err != nil || v.Int < 0 || v.Int > 86_400_000_000 {
		return Value{}, Errorf("22007", "invalid input syntax for type time: \"%s\"", s)
	}
	return v, nil
}
