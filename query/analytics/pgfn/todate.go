package pgfn

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// dateReader reads a text by a template.
type dateReader struct {
	text   string // the whole
	s      string // what is left
	nodes  []templateNode
	at     int // in nodes
	fixed  bool
	extra  int // characters skipped beyond those of the template
	mode   byte
	values map[string]int // of fields, by a name of ours
	ff     int
	noon   bool // a clock of 12 hours
	digits int  // of the year's pattern
}

func errDate(code, message, detail string) error {
	err := pgerror.Errorf(code, "%s", message)
	if detail != "" {
		err = err.WithDetail("%s", detail)
	}
	return err
}

// ToDate is to_date(text, format), in µs as pgwire has dates. Null, that is false, does
// not occur.
func ToDate(text, format string) (int64, error) {
	c, _, err := readDate(text, format)
	if err != nil {
		return 0, err
	}
	c.micros = 0
	v, ok := c.time()
	if !ok || v < minTime || v >= endTime {
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date out of range: \"%s\"", text)
	}
	return v, nil
}

// ToTimestamp is to_timestamp(text, format), a timestamptz; loc is the session's zone,
// where the text gives none.
func ToTimestamp(text, format string, loc *time.Location) (int64, error) {
	c, zone, err := readDate(text, format)
	if err != nil {
		return 0, err
	}
	v, ok := c.time()
	if !ok {
		return 0, errTimestampRange()
	}
	if zone != nil {
		return checkTime(v - *zone)
	}
	return checkTime(FromLocal(v, loc))
}

// readDate returns the fields and the offset in µs if the text gives one.
func readDate(text, format string) (civil, *int64, error) {
	r := dateReader{text: text, s: text, nodes: dateTemplate(format), values: map[string]int{}}
	if err := r.read(); err != nil {
		return civil{}, nil, err
	}
	return r.result()
}

func (r *dateReader) spaces() {
	for r.s != "" && isSpace(r.s[0]) {
		r.s = r.s[1:]
		r.extra++
	}
}

func (r *dateReader) skipChar() {
	_, n := utf8.DecodeRuneInString(r.s)
	r.s = r.s[n:]
}

func (r *dateReader) read() error {
	for r.at = 0; r.at < len(r.nodes) && r.s != ""; r.at++ {
		n := &r.nodes[r.at]
		if !r.fixed && n.name != "FX" && (n.kind == nodePattern || r.at == 0) {
			r.spaces()
			if r.s == "" && n.kind != nodePattern {
				break
			}
		}
		switch {
		case n.kind == nodeSeparator && !r.fixed:
			r.extra--
			if r.s != "" && (isSpace(r.s[0]) || isSeparator(r.s[0])) {
				r.s = r.s[1:]
				r.extra++
			}
			continue
		case n.kind != nodePattern:
			if !r.fixed && r.extra > 0 {
				r.extra--
			} else {
				r.skipChar()
			}
			continue
		}
		if err := r.pattern(n); err != nil {
			return err
		}
		if !r.fixed {
			r.extra = 0
			r.spaces()
		}
	}
	return nil
}

// set keeps a field, which must not contradict itself.
func (r *dateReader) set(field string, v int, n *templateNode) error {
	if old := r.values[field]; old != 0 && old != v {
		return errDate(pgerror.InvalidDatetimeFormat, `conflicting values for "`+n.key+`" field in formatting string`,
			"This value contradicts a previous setting for the same field type.")
	}
	r.values[field] = v
	return nil
}

// followedByText tells that what follows a number in the template is no digit, so that
// the number may have any length.
func (r *dateReader) followedByText() bool {
	if r.nodes[r.at].ordinal != "" || r.at+1 == len(r.nodes) {
		return true
	}
	n := &r.nodes[r.at+1]
	if n.kind != nodePattern {
		return len(n.text) != 1 || !isDigit(n.text[0])
	}
	switch n.name {
	case "CC", "DDD", "DD", "D", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "HH24", "HH12", "HH", "IDDD", "ID", "IW",
		"IYYY", "IYY", "IY", "I", "J", "MI", "MM", "MS", "Q", "SSSSS", "SSSS", "SS", "US", "WW", "W", "Y,YYY", "YYYY",
		"YYY", "YY", "Y":
		return false
	}
	return true
}

// number reads a number of a field; length is how many digits it took.
func (r *dateReader) number(n *templateNode, digits int) (v, length int, err error) {
	start := r.s
	trimmed := strings.TrimLeft(start, asciiSpace)
	copied := trimmed[:min(digits, len(trimmed))]
	for !utf8.ValidString(copied) {
		copied = copied[:len(copied)-1]
	}
	var big int64
	ok := true
	if n.fill || r.followedByText() {
		var rest string
		big, rest, ok = leadingInt(start)
		r.s = rest
	} else {
		if len(trimmed) < digits {
			return 0, 0, pgerror.Errorf(pgerror.InvalidDatetimeFormat, "source string too short for \"%s\" formatting field", n.key).
				WithDetail("Field requires %d characters, but only %d remain.", digits, len(trimmed)).
				WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		var rest string
		big, rest, ok = leadingInt(copied)
		used := len(copied) - len(rest)
		if used > 0 && used < digits {
			return 0, 0, pgerror.Errorf(pgerror.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", copied, n.key).
				WithDetail("Field requires %d characters, but only %d could be parsed.", digits, used).
				WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		r.s = trimmed[used:]
		if used == 0 {
			r.s = start
		}
	}
	if len(r.s) == len(start) {
		return 0, 0, errDate(pgerror.InvalidDatetimeFormat, `invalid value "`+copied+`" for "`+n.key+`"`, "Value must be an integer.")
	}
	if !ok || big < math.MinInt32 || big > math.MaxInt32 {
		return 0, 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", n.key).
			WithDetail("Value must be in the range %d to %d.", math.MinInt32, math.MaxInt32)
	}
	return int(big), len(start) - len(r.s), nil
}

// search reads one of some words, in any case.
func (r *dateReader) search(n *templateNode, words []string) (int, error) {
	for i, w := range words {
		if len(r.s) >= len(w) && strings.EqualFold(r.s[:len(w)], w) {
			r.s = r.s[len(w):]
			return i, nil
		}
	}
	word := r.s
	if i := strings.IndexAny(word, asciiSpace); i >= 0 {
		word = word[:i]
	}
	return 0, errDate(pgerror.InvalidDatetimeFormat, `invalid value "`+word+`" for "`+n.key+`"`,
		"The given value did not match any of the allowed values for this field.")
}

var (
	shortMonths = shorten(monthNames[:])
	shortDays   = shorten(dayNames[:])
	// With what begins another behind it.
	romanSearch = []string{"XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"}
)

func shorten(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n[:3]
	}
	return out
}

func (r *dateReader) setMode(name string) error {
	mode := byte(0)
	switch name {
	case "IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I":
		mode = 'i'
	case "DDD", "DD", "D", "MM", "MON", "MONTH", "RM", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y":
		mode = 'g'
	}
	if mode == 0 {
		return nil
	}
	if r.mode != 0 && r.mode != mode {
		return pgerror.Errorf(pgerror.InvalidDatetimeFormat, "invalid combination of date conventions").
			WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
	}
	r.mode = mode
	return nil
}

// numericFields are the patterns that set a field to a number of as many digits as the
// pattern has letters.
var numericFields = map[string]string{
	"MI": "mi", "SS": "ss", "SSSS": "ssss", "SSSSS": "ssss", "MM": "mm", "DDD": "ddd", "DD": "dd", "D": "d",
	"WW": "ww", "IW": "ww", "CC": "cc", "YYYY": "year", "IYYY": "year", "W": "w", "J": "j", "Q": "",
}

func (r *dateReader) pattern(n *templateNode) error {
	if err := r.setMode(n.name); err != nil {
		return err
	}
	if field, ok := numericFields[n.name]; ok {
		v, _, err := r.number(n, len(n.name))
		if err == nil && field != "" {
			err = r.set(field, v, n)
		}
		if len(n.name) == 4 && field == "year" {
			r.digits = 4
		}
		r.skipOrdinal(n)
		return err
	}
	switch n.name {
	case "FX":
		r.fixed = true
		return nil
	case "AM", "PM":
		return r.wordField(n, "pm", []string{"am", "pm"}, 0)
	case "A.M.", "P.M.":
		return r.wordField(n, "pm", []string{"a.m.", "p.m."}, 0)
	case "AD", "BC":
		return r.wordField(n, "bc", []string{"ad", "bc"}, 0)
	case "A.D.", "B.C.":
		return r.wordField(n, "bc", []string{"a.d.", "b.c."}, 0)
	case "MONTH":
		return r.wordField(n, "mm", monthNames[:], 1)
	case "MON":
		return r.wordField(n, "mm", shortMonths, 1)
	case "DAY":
		return r.wordField(n, "d", dayNames[:], 1)
	case "DY":
		return r.wordField(n, "d", shortDays, 1)
	case "RM":
		i, err := r.search(n, romanSearch)
		if err != nil {
			return err
		}
		return r.set("mm", monthsPerYear-i, n)
	case "TZ", "OF":
		return pgerror.Errorf(pgerror.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.key)
	case "TZH", "TZM":
		return r.shift(n)
	case "Y,YYY":
		return r.thousands(n)
	}
	return r.otherNumber(n)
}

func (r *dateReader) skipOrdinal(n *templateNode) {
	if n.ordinal != "" {
		r.skipChar()
		r.skipChar()
	}
}

func (r *dateReader) wordField(n *templateNode, field string, words []string, first int) error {
	i, err := r.search(n, words)
	if err != nil {
		return err
	}
	if field == "pm" {
		r.noon = true
	}
	return r.set(field, i+first, n)
}

func (r *dateReader) otherNumber(n *templateNode) error {
	digits, field := len(n.name), ""
	switch n.name {
	case "HH", "HH12", "HH24":
		digits, field = 2, "hh"
	case "MS":
		digits, field = 3, "ms"
	case "US":
		digits, field = 6, "us"
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		digits, field = int(n.name[2]-'0'), "us"
		r.ff = digits
	case "IDDD":
		digits, field = 3, "ddd"
	case "ID":
		digits, field = 1, "d"
	default: // Y, YY, YYY and the same of ISO's years
		field = "year"
	}
	v, length, err := r.number(n, digits)
	if err != nil {
		return err
	}
	if err := r.set(field, v, n); err != nil {
		return err
	}
	switch field {
	case "hh":
		r.noon = r.noon || n.name != "HH24"
	case "ms":
		if length < 3 {
			r.values[field] *= int(pow10Small[3-length])
		}
	case "us":
		if length < 6 {
			r.values[field] *= int(pow10Small[6-length])
		}
	case "d": // Sundays are 1
		if r.values[field]++; r.values[field] > 7 {
			r.values[field] = 1
		}
	case "year":
		r.digits = len(n.name)
		if length < 4 {
			r.values[field] = near2020(v)
		}
	}
	r.skipOrdinal(n)
	return nil
}

// near2020 completes a year of less than four digits.
func near2020(year int) int {
	switch {
	case year < 70:
		return year + 2000
	case year < 100:
		return year + 1900
	case year < 520:
		return year + 2000
	case year < 1000:
		return year + 1000
	}
	return year
}

func (r *dateReader) thousands(n *templateNode) error {
	thousands, rest, ok1 := leadingInt(r.s)
	if len(rest) == len(r.s) || rest == "" || rest[0] != ',' {
		return errDate(pgerror.InvalidDatetimeFormat, `invalid input string for "Y,YYY"`, "")
	}
	rest = rest[1:]
	years, after, ok2 := leadingInt(rest[:min(3, len(rest))])
	used := min(3, len(rest)) - len(after)
	if used == 0 {
		return errDate(pgerror.InvalidDatetimeFormat, `invalid input string for "Y,YYY"`, "")
	}
	r.s = rest[used:]
	year := thousands*1000 + years
	if !ok1 || !ok2 || thousands < -1<<40 || thousands > 1<<40 || year != int64(int32(year)) {
		return errDate(pgerror.DatetimeFieldOverflow, `value for "Y,YYY" in source string is out of range`, "")
	}
	r.digits = 4
	err := r.set("year", int(year), n)
	r.skipOrdinal(n)
	return err
}

func (r *dateReader) shift(n *templateNode) error {
	field := "tzm"
	if n.name == "TZH" {
		field = "tzh"
		r.values["tzsign"] = 1
		switch {
		case r.s != "" && strings.IndexByte("+- ", r.s[0]) >= 0:
			if r.s[0] == '-' {
				r.values["tzsign"] = -1
			}
			r.s = r.s[1:]
		case r.extra > 0 && r.text[:len(r.text)-len(r.s)] != "" && r.text[len(r.text)-len(r.s)-1] == '-':
			r.values["tzsign"] = -1 // it was taken for a separator
		}
	} else if r.values["tzsign"] == 0 {
		r.values["tzsign"] = 1
	}
	v, _, err := r.number(n, 2)
	if err != nil {
		return err
	}
	return r.set(field, v, n)
}
