package pgvalue

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

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
	micros, err := parseDateText(oid, s, loc)
	if err != nil {
		return Value{}, err
	}
	return TimeValue(micros), nil
}

// Years that a Value's microseconds hold, and PostgreSQL accepts.
const (
	maxYear           = 294246
	lastTimestampYear = 294276 // PostgreSQL's, and of dates
	lastDateYear      = 5874897
)

// firstDay is the first that PostgreSQL accepts: 24 November 4714 BC.
var firstDay = time.Date(-4713, time.November, 24, 0, 0, 0, 0, time.UTC)

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

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// appendTime appends a timestamp as the session's DateStyle has it.
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
	if loc != nil && loc.Style.Date != DateISO {
		return styledTime(dst, oid, t, loc.Style)
	}
	year, month, day := t.Date()
	bc := year <= 0
	if bc {
		year = 1 - year
	}
	dst = AppendPadded(dst, year, 4)
	dst = append(dst, '-')
	dst = AppendPadded(dst, int(month), 2)
	dst = append(dst, '-')
	dst = AppendPadded(dst, day, 2)
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
	dst = AppendPadded(dst, hour, 2)
	dst = append(dst, ':')
	dst = AppendPadded(dst, minute, 2)
	dst = append(dst, ':')
	dst = AppendPadded(dst, second, 2)
	if micros := t.Nanosecond() / 1000; micros > 0 {
		dst = append(dst, '.')
		dst = AppendPadded(dst, micros, 6)
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
	dst = AppendPadded(dst, offset/3600, 2)
	if rest := offset % 3600; rest > 0 {
		dst = append(dst, ':')
		dst = AppendPadded(dst, rest/60, 2)
		if rest%60 > 0 {
			dst = append(dst, ':')
			dst = AppendPadded(dst, rest%60, 2)
		}
	}
	return dst
}

// AppendPadded appends a number that is not negative, with zeros before it up to a width.
func AppendPadded(dst []byte, v, width int) []byte {
	switch { // times have these, some six of them
	case width == 2 && v < 100:
		return append(dst, byte('0'+v/10), byte('0'+v%10))
	case width == 4 && v < 10_000:
		return append(dst, byte('0'+v/1000), byte('0'+v/100%10), byte('0'+v/10%10), byte('0'+v%10))
	case width == 6 && v < 1_000_000:
		return AppendPadded(AppendPadded(dst, v/10_000, 2), v%10_000, 4)
	}
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
	dst = AppendPadded(dst, int(micros/3_600_000_000), 2)
	dst = append(dst, ':')
	dst = AppendPadded(dst, int(micros/60_000_000%60), 2)
	dst = append(dst, ':')
	dst = AppendPadded(dst, int(micros/1_000_000%60), 2)
	if fraction := int(micros % 1_000_000); fraction != 0 {
		dst = append(dst, '.')
		dst = AppendPadded(dst, fraction, 6)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// dated is a time with a day before it, which says nothing of the time.
var dated = regexp.MustCompile(`^([0-9]{4,9})-[0-9]{1,2}-[0-9]{1,2}[ \t]+[0-9]`)

// parseTimeOfDay reads a time without a zone.
func parseTimeOfDay(s string) (Value, error) {
	t := strings.TrimSpace(s)
	invalid := pgerror.Errorf(pgerror.InvalidDatetimeFormat, "invalid input syntax for type time: \"%s\"", s)
	clock := strings.TrimLeft(t, "Tt")
	if !strings.EqualFold(t, "allballs") && (clock == "" || clock[0] < '0' || clock[0] > '9') {
		return Value{}, invalid
	}
	whole := "1970-01-01 " + t
	if m := dated.FindStringSubmatch(t); m != nil {
		whole = t
		if len(m[1]) > 4 { // a year that need not be held, but for whether it is a leap year
			whole = strconv.Itoa(2000+atoi(m[1])%400) + t[len(m[1]):]
		}
	} else if strings.Contains(t, "/") { // a zone whose offset hangs on the day
		return Value{}, invalid
	}
	v, err := parseTime(OIDTimestamp, whole, UTC)
	if e := new(pgerror.Error); errors.As(err, &e) && e.Code == pgerror.DatetimeFieldOverflow {
		return Value{}, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	}
	if err != nil {
		return Value{}, invalid
	}
	if !strings.HasPrefix(whole, "1970-01-01 ") || whole == t {
		v.Int = (v.Int%microsPerDay + microsPerDay) % microsPerDay
	}
	if v.Int < 0 || v.Int > microsPerDay {
		return Value{}, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	}
	return v, nil
}
