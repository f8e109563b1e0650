package pgfn

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

var (
	monthNames = [...]string{
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
		"November", "December",
	}
	dayNames    = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	romanMonths = [...]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}
)

// charTime is what a template may show.
type charTime struct {
	year, month, day     int
	hour, minute, second int64
	fraction             int64
	weekday, yearDay     int
	zone                 string
	offset               int // seconds east
	interval             bool
}

// ToCharTimestamp is to_char(timestamp, format) of what the zone's clocks show. zone is
// the abbreviation and offset the seconds east of a timestamptz; both are empty for a
// timestamp. Null, that is false, are infinities and an empty format.
func ToCharTimestamp(format string, local int64, zone string, offset int) (string, bool) {
	if format == "" || isInfinite(local) {
		return "", false
	}
	c := civilOf(local)
	days := daysOf(c.year, c.month, c.day)
	t := charTime{
		year: c.year, month: c.month, day: c.day,
		weekday: int(weekday(days)), yearDay: int(days-daysOf(c.year, 1, 1)) + 1,
		zone: zone, offset: offset,
	}
	t.clock(c.micros)
	s, err := t.format(format)
	return s, err == nil
}

// ToCharInterval is to_char(interval, format). Null, that is false, is an empty format.
func ToCharInterval(format string, iv Interval) (string, bool, error) {
	if format == "" {
		return "", false, nil
	}
	t := charTime{
		year: int(iv.Months / monthsPerYear), month: int(iv.Months % monthsPerYear), day: int(iv.Days),
		interval: true,
	}
	t.yearDay = int(int32((t.year*monthsPerYear+t.month)*daysPerMonth + t.day)) // of 32 bits, as PostgreSQL's
	t.clock(iv.Micros)
	s, err := t.format(format)
	return s, err == nil, err
}

func (t *charTime) clock(micros int64) {
	t.hour = micros / microsPerHour
	t.minute = micros / microsPerMinute % 60
	t.second = micros / microsPerSecond % 60
	t.fraction = micros % microsPerSecond
}

func (t *charTime) format(format string) (string, error) {
	var b strings.Builder
	nodes := dateTemplate(format)
	for i := range nodes {
		n := &nodes[i]
		if n.kind != nodePattern {
			b.WriteString(n.text)
			continue
		}
		if t.interval && !validForInterval(n.name) {
			return "", pgerror.Errorf(pgerror.InvalidDatetimeFormat, "invalid format specification for an interval value").
				WithHint("Intervals are not tied to specific calendar dates.")
		}
		if s, ok := t.number(n); ok {
			b.WriteString(s)
			if n.ordinal != "" {
				b.WriteString(ordinalSuffix(s, n.ordinal))
			}
			continue
		}
		b.WriteString(t.word(n))
	}
	return b.String(), nil
}

// weeks is which week a day is in, in 32 bits, which an interval's days leave.
func weeks(day int) int64 { return int64((int32(day)-1)/7 + 1) }

func validForInterval(name string) bool {
	switch name {
	case "TZ", "TZH", "TZM", "OF", "AD", "BC", "A.D.", "B.C.", "MONTH", "MON", "DAY", "DY", "D", "ID":
		return false
	}
	return true
}

// padded is C's %0*d.
func padded(v int64, width int) string {
	s := strconv.FormatInt(v, 10)
	for sign := strings.TrimRight(s, "0123456789"); len(s) < width; {
		s = sign + "0" + s[len(sign):]
	}
	return s
}

// number gives the patterns that are numbers; width counts for what is not FM, one more
// if it is negative.
func (t *charTime) number(n *templateNode) (string, bool) {
	pad := func(v int64, width int, wider bool) (string, bool) {
		if n.fill {
			width = 0
		} else if wider {
			width++
		}
		return padded(v, width), true
	}
	signed := func(v int64, width int) (string, bool) { return pad(v, width, v < 0) }
	plain := func(v int64, width int) (string, bool) { return pad(v, width, false) }
	switch n.name {
	case "HH", "HH12":
		h := t.hour % 12
		if h == 0 {
			h = 12
		}
		return pad(h, 2, t.hour < 0)
	case "HH24":
		return signed(t.hour, 2)
	case "MI":
		return signed(t.minute, 2)
	case "SS":
		return signed(t.second, 2)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		digits := int(n.name[2] - '0')
		return padded(t.fraction/pow10Small[6-digits], digits), true
	case "MS":
		return padded(t.fraction/1000, 3), true
	case "US":
		return padded(t.fraction, 6), true
	case "SSSS", "SSSSS":
		return strconv.FormatInt(t.hour*3600+t.minute*60+t.second, 10), true
	case "MM":
		return signed(int64(t.month), 2)
	case "DDD":
		return plain(int64(t.yearDay), 3)
	case "IDDD":
		if t.interval {
			return plain(int64(t.julian().isoYearDay()), 3)
		}
		days := daysOf(t.year, t.month, t.day)
		year, _ := isoWeek(days)
		return plain(days-isoMonday(daysOf(year, 1, 4))+1, 3)
	case "DD":
		return plain(int64(t.day), 2)
	case "D":
		return strconv.Itoa(t.weekday + 1), true
	case "ID":
		return strconv.Itoa((t.weekday+6)%7 + 1), true
	case "WW":
		return plain(weeks(t.yearDay), 2)
	case "IW":
		if t.interval {
			return plain(int64(t.julian().isoWeek()), 2)
		}
		_, week := isoWeek(daysOf(t.year, t.month, t.day))
		return plain(int64(week), 2)
	case "W":
		return strconv.FormatInt(weeks(t.day), 10), true
	case "Q":
		if t.month == 0 {
			return "", false
		}
		return strconv.Itoa((t.month-1)/3 + 1), true
	case "J":
		if t.interval {
			return strconv.Itoa(int(t.julian().day)), true
		}
		return strconv.FormatInt(daysOf(t.year, t.month, t.day)+2440588, 10), true
	case "CC":
		return t.century(n.fill), true
	}
	return t.yearNumber(n.name, pad)
}

func (t *charTime) century(fill bool) string {
	v := t.year / 100
	if !t.interval {
		if t.year > 0 {
			v = (t.year-1)/100 + 1
		} else { // year 0 is 1 BC
			v = t.year/100 - 1
		}
	}
	width := 0
	if !fill && v >= -99 && v <= 99 {
		width = 2
		if v < 0 {
			width = 3
		}
	}
	return padded(int64(v), width)
}

func (t *charTime) yearNumber(name string, pad func(int64, int, bool) (string, bool)) (string, bool) {
	year := t.year
	switch {
	case name[0] == 'I' && strings.Trim(name[1:], "Y") == "" && t.interval:
		year = t.julian().isoYear()
	case name[0] == 'I' && strings.Trim(name[1:], "Y") == "":
		year, _ = isoWeek(daysOf(t.year, t.month, t.day))
	case strings.Trim(name, "Y,") != "":
		return "", false
	}
	shown := func(year int) int64 {
		if !t.interval && year <= 0 {
			return int64(1 - year)
		}
		return int64(year)
	}
	v, wider := shown(year), shown(t.year) < 0 // the calendar's year decides, even for ISO's
	switch name {
	case "Y,YYY":
		return strconv.FormatInt(v/1000, 10) + "," + padded(v-v/1000*1000, 3), true
	case "YYYY", "IYYY":
		return pad(v, 4, wider)
	}
	width := len(name)
	return pad(v%pow10Small[width], width, wider && width > 1)
}

// word gives the patterns that are words, and those of zones.
func (t *charTime) word(n *templateNode) string {
	cased := func(s string) string {
		switch {
		case n.key == n.name:
			return strings.ToUpper(s)
		case n.key == strings.ToLower(n.key):
			return strings.ToLower(s)
		}
		return s
	}
	fill := func(s string, width int) string {
		if n.fill || n.bare {
			width = 0
		}
		return s + strings.Repeat(" ", max(width-len(s), 0))
	}
	switch n.name {
	case "AM", "PM", "A.M.", "P.M.":
		s := "AM"
		if h := t.hour % 24; h >= 12 {
			s = "PM"
		}
		if len(n.name) > 2 {
			s = s[:1] + ".M."
		}
		return cased(s)
	case "AD", "BC", "A.D.", "B.C.":
		s := [2]string{"AD", "A.D."}
		if t.year <= 0 {
			s = [2]string{"BC", "B.C."}
		}
		return cased(s[len(n.name)/4])
	case "MONTH":
		return fill(cased(monthNames[t.month-1]), 9)
	case "MON":
		return cased(monthNames[t.month-1][:3])
	case "DAY":
		return fill(cased(dayNames[t.weekday]), 9)
	case "DY":
		return cased(dayNames[t.weekday][:3])
	case "RM":
		return t.roman(cased, fill)
	case "TZ":
		if n.key == "tz" {
			return strings.ToLower(t.zone)
		}
		return t.zone
	case "TZH", "OF", "TZM":
		return t.shift(n)
	}
	return ""
}

func (t *charTime) shift(n *templateNode) string {
	sign, offset := "+", t.offset
	if offset < 0 {
		sign, offset = "-", -offset
	}
	hours, minutes := int64(offset/3600), int64(offset%3600/60)
	switch n.name {
	case "TZM":
		return padded(minutes, 2)
	case "TZH":
		return sign + padded(hours, 2)
	}
	width := 2
	if n.fill {
		width = 0
	}
	s := sign + padded(hours, width)
	if offset%3600 != 0 {
		s += ":" + padded(minutes, 2)
	}
	return s
}

func (t *charTime) roman(cased func(string) string, fill func(string, int) string) string {
	m := t.month
	switch {
	case m == 0 && t.year == 0:
		return ""
	case m == 0 && t.year > 0: // whole years of an interval
		m = 12
	case m == 0:
		m = 1
	case m < 0:
		m += 13
	}
	return fill(cased(romanMonths[m-1]), 4)
}
