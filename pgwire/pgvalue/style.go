package pgvalue

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Style is how a session writes values as text, and the order in which it reads dates. The
// zero value is how sessions begin.
type Style struct {
	Date     DateFormat
	Order    DateOrder
	Interval IntervalFormat
	// FloatDigits is extra_float_digits less one: below 0 floats are rounded.
	FloatDigits int8
	ByteaEscape bool
}

// DateFormat is the first word of DateStyle.
type DateFormat uint8

// The formats of dates.
const (
	DateISO DateFormat = iota
	DateSQL
	DatePostgres
	DateGerman
)

// DateOrder is the second word of DateStyle: the order of a date's fields.
type DateOrder uint8

// The orders of dates.
const (
	MDY DateOrder = iota
	DMY
	YMD
)

// IntervalFormat is IntervalStyle.
type IntervalFormat uint8

// The formats of intervals.
const (
	IntervalPostgres IntervalFormat = iota
	IntervalVerbose
	IntervalSQL
	IntervalISO
)

// Names of the formats and orders, as SHOW gives them.
var (
	DateFormats     = [...]string{"ISO", "SQL", "Postgres", "German"}
	DateOrders      = [...]string{"MDY", "DMY", "YMD"}
	IntervalFormats = [...]string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}
)

// String writes a style so that ParseStyle reads it.
func (s Style) String() string {
	escape := byte('0')
	if s.ByteaEscape {
		escape = '1'
	}
	return string([]byte{'0' + byte(s.Date), '0' + byte(s.Order), '0' + byte(s.Interval), byte('t' + s.FloatDigits), escape})
}

// ParseStyle reads what String wrote.
func ParseStyle(text string) (s Style, ok bool) {
	if len(text) != 5 {
		return s, false
	}
	s = Style{
		Date: DateFormat(text[0] - '0'), Order: DateOrder(text[1] - '0'), Interval: IntervalFormat(text[2] - '0'),
		FloatDigits: int8(text[3]) - 't', ByteaEscape: text[4] == '1',
	}
	return s, s.Date <= DateGerman && s.Order <= YMD && s.Interval <= IntervalISO
}

// styledFloat writes a float with fewer digits than tell it from all others.
func styledFloat(dst []byte, oid uint32, f float64, extra int) []byte {
	bits, digits := 64, 15
	if oid == OIDFloat4 {
		bits, digits = 32, 6
	}
	switch {
	case math.IsInf(f, 0), math.IsNaN(f):
		return appendFloat(dst, oid, f)
	}
	return strconv.AppendFloat(dst, f, 'g', max(digits+extra, 1), bits)
}

// escapedBytea writes bytes as bytea_output = escape does.
func escapedBytea(dst, b []byte) []byte {
	for _, c := range b {
		switch {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < ' ' || c > '~':
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// styledTime appends a timestamp or a date as a DateStyle other than ISO has it.
func styledTime(dst []byte, oid uint32, t time.Time, style Style) []byte {
	year, month, day := t.Date()
	bc := year <= 0
	if bc {
		year = 1 - year
	}
	two := func(sep byte, a, b int) {
		dst = AppendPadded(dst, a, 2)
		dst = append(dst, sep)
		dst = AppendPadded(dst, b, 2)
		dst = append(dst, sep)
	}
	switch {
	case style.Date == DatePostgres && oid != OIDDate:
		dst = append(dst, t.Weekday().String()[:3]...)
		dst = append(dst, ' ')
		if style.Order == DMY {
			dst = AppendPadded(dst, day, 2)
			dst = append(append(append(dst, ' '), month.String()[:3]...), ' ')
		} else {
			dst = append(append(dst, month.String()[:3]...), ' ')
			dst = append(AppendPadded(dst, day, 2), ' ')
		}
		dst = appendClock(dst[:len(dst)-1], t) // which begins with a space
		dst = append(dst, ' ')
	case style.Date == DateGerman:
		two('.', day, int(month))
	case style.Order == DMY:
		two(map[DateFormat]byte{DateSQL: '/', DatePostgres: '-'}[style.Date], day, int(month))
	default:
		two(map[DateFormat]byte{DateSQL: '/', DatePostgres: '-'}[style.Date], int(month), day)
	}
	dst = AppendPadded(dst, year, 4)
	if oid != OIDDate {
		if style.Date != DatePostgres {
			dst = appendClock(dst, t)
		}
		if oid == OIDTimestamptz {
			name, _ := t.Zone()
			dst = append(append(dst, ' '), name[:min(len(name), 10)]...)
		}
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// ReadDateStyle reads a value of DateStyle on top of the style that is set, and says it as SHOW does.
func ReadDateStyle(value string, style Style) (Style, string, error) {
	haveFormat, haveOrder, conflict := false, false, false
	format := func(f DateFormat) {
		conflict = conflict || haveFormat && style.Date != f
		style.Date, haveFormat = f, true
	}
	order := func(o DateOrder) {
		conflict = conflict || haveOrder && style.Order != o
		style.Order, haveOrder = o, true
	}
	for word := range strings.SplitSeq(value, ",") {
		word = strings.TrimSpace(word)
		if len(word) > 1 && word[0] == '"' && word[len(word)-1] == '"' {
			word = word[1 : len(word)-1]
		} else if word == "" && strings.TrimSpace(value) != "" || strings.ContainsAny(word, " \t\n\r") {
			return style, "", pgerror.Errorf(pgerror.InvalidParameterValue, "invalid value for parameter \"DateStyle\": \"%s\"", value).WithDetail("List syntax is invalid.")
		}
		word = strings.ToLower(word)
		switch {
		case word == "":
		case word == "iso":
			format(DateISO)
		case word == "sql":
			format(DateSQL)
		case strings.HasPrefix(word, "postgres"):
			format(DatePostgres)
		case word == "german":
			format(DateGerman)
			if !haveOrder {
				style.Order = DMY
			}
		case word == "ymd":
			order(YMD)
		case word == "dmy" || strings.HasPrefix(word, "euro"):
			order(DMY)
		case word == "mdy" || word == "us" || strings.HasPrefix(word, "noneuro"):
			order(MDY)
		case word == "default":
			if !haveFormat {
				style.Date = DateISO
			}
			if !haveOrder {
				style.Order = MDY
			}
		default:
			return style, "", pgerror.Errorf(pgerror.InvalidParameterValue, "invalid value for parameter \"DateStyle\": \"%s\"", value).WithDetail("Unrecognized key word: \"%s\".", word)
		}
	}
	if conflict {
		return style, "", pgerror.Errorf(pgerror.InvalidParameterValue, "invalid value for parameter \"DateStyle\": \"%s\"", value).WithDetail("Conflicting \"datestyle\" specifications.")
	}
	return style, DateFormats[style.Date] + ", " + DateOrders[style.Order], nil
}
