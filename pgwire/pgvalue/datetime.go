package pgvalue

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// dateSeen tells which fields a text has given.
type dateSeen uint16

const (
	seenYear dateSeen = 1 << iota
	seenMonth
	seenDay
	seenDOY
	seenHour
	seenMinute
	seenSecond
	seenZone
	seenDST
	seenWeekday
	seenHalf
	seenEra
	seenModifier

	seenDate = seenYear | seenMonth | seenDay
	seenTime = seenHour | seenMinute | seenSecond
)

// dateText reads the text of a date or time as PostgreSQL does, in any of its forms.
type dateText struct {
	whole   string
	oid     uint32
	session *Zone
	pieces  []datePiece

	seen                 dateSeen
	year, month, day     int
	dayOfYear            int
	hour, minute, second int
	micros               int

	textMonth, shortYear, julian, bc bool
	half                             int  // 1: am, 2: pm
	zoned                            bool // an offset was given
	offset                           int  // east, in seconds
	where                            *time.Location
	unit                             int // the word before, such as y in y2001; t before a time
	instant                          int64
	special                          bool // instant is all there is to say
}

func (p *dateText) bad() error {
	name := TypeName(p.oid)
	if p.oid == OIDTimestamp {
		name = "timestamp"
	}
	return pgerror.Errorf(pgerror.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", name, p.whole)
}

func (p *dateText) overflow() *pgerror.Error {
	return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", p.whole)
}

// parseDateText reads a date or a time stamp that isoTime does not take.
func parseDateText(oid uint32, s string, session *Zone) (int64, error) {
	p := dateText{whole: s, oid: oid, session: session}
	var ok bool
	if p.pieces, ok = datePieces(s); !ok {
		return 0, p.bad()
	}
	for i := range p.pieces {
		got, err := p.piece(i)
		if err != nil {
			return 0, err
		}
		if p.seen&got != 0 {
			return 0, p.bad()
		}
		p.seen |= got
	}
	if err := p.validate(); err != nil {
		return 0, err
	}
	if p.special {
		if p.oid == OIDDate && p.instant != Infinity && p.instant != NegativeInfinity {
			return floorDiv(p.instant, microsPerDay) * microsPerDay, nil
		}
		return p.instant, nil
	}
	if p.seen&seenDate != seenDate || p.seen&seenModifier != 0 && !p.zoned {
		return 0, p.bad()
	}
	return p.result()
}

// piece takes a piece, and returns the fields that it gives.
func (p *dateText) piece(i int) (dateSeen, error) {
	text := p.pieces[i].text
	switch p.pieces[i].kind {
	case dateDate:
		return p.joined(text)
	case dateTime:
		if p.unit != 0 && p.unit != 't' {
			return 0, p.bad()
		}
		p.unit = 0
		return seenTime, p.clock(text)
	case dateZone:
		return seenZone, p.displacement(text)
	case dateNumber:
		if p.unit != 0 {
			return p.unitNumber(text)
		}
		dot := strings.IndexByte(text, '.')
		switch {
		case dot >= 0 && p.seen&seenDate == 0:
			return p.date(text)
		case dot > 2, len(text) >= 6 && (p.seen&seenDate == 0 || p.seen&seenTime == 0):
			return p.runTogether(text, p.seen)
		}
		return p.number(text, p.seen)
	}
	return p.word(i, text)
}

// joined takes a piece with separators: a date, or a zone behind one.
func (p *dateText) joined(text string) (dateSeen, error) {
	if p.unit == 'j' {
		end := spanDigits(text, 0)
		p.unit = 0
		if end == 0 {
			return 0, p.bad()
		}
		if err := p.julianDay(text[:end]); err != nil {
			return 0, err
		}
		return seenDate | seenTime | seenZone, p.displacement(text[end:])
	}
	if p.unit == 0 && p.seen&(seenMonth|seenDay) != seenMonth|seenDay {
		return p.date(text)
	}
	if p.unit == 0 && !isDigit(text[0]) {
		loc, err := LoadZone(text)
		if err != nil {
			return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "time zone \"%s\" not recognized", text)
		}
		p.where = loc
		return seenZone, nil
	}
	// A time that is run together, and an offset: 120000-0530.
	if p.unit != 0 && p.unit != 't' {
		return 0, p.bad()
	}
	p.unit = 0
	dash := strings.IndexByte(text, '-')
	if p.seen&seenTime == seenTime || dash < 0 {
		return 0, p.bad()
	}
	if err := p.displacement(text[dash:]); err != nil {
		return 0, err
	}
	got, err := p.runTogether(text[:dash], p.seen)
	return got | seenZone, err
}

// date takes a date whose fields are separated.
func (p *dateText) date(text string) (dateSeen, error) {
	var fields []string
	for i := 0; i < len(text); {
		for i < len(text) && !isDigit(text[i]) && !isLetter(text[i]) {
			i++
		}
		if i == len(text) {
			return 0, p.bad() // it ends with a separator
		}
		start := i
		if isDigit(text[i]) {
			i = spanDigits(text, i)
		} else {
			for i < len(text) && isLetter(text[i]) {
				i++
			}
		}
		fields = append(fields, text[start:i])
		i++ // the separator
	}
	var got dateSeen
	take := func(mask dateSeen) error {
		if (p.seen|got)&mask != 0 {
			return p.bad()
		}
		got |= mask
		return nil
	}
	for i, f := range fields {
		if !isLetter(f[0]) {
			continue
		}
		w := dateWords[shortWord(f)]
		if w.kind == wordIgnored {
			fields[i] = ""
			continue
		}
		if w.kind != wordMonth || take(seenMonth) != nil {
			return 0, p.bad()
		}
		p.month, p.textMonth = w.value, true
		fields[i] = ""
	}
	for _, f := range fields {
		if f == "" {
			continue
		}
		mask, err := p.number(f, p.seen|got)
		if err == nil {
			err = take(mask)
		}
		if err != nil {
			return 0, err
		}
	}
	if (p.seen|got)&^(seenDOY|seenZone) != seenDate {
		return 0, p.bad()
	}
	return got, nil
}

// number takes a number by what is known already.
func (p *dateText) number(text string, seen dateSeen) (dateSeen, error) {
	digits := text[:spanDigits(text, 0)]
	if digits == "" {
		return 0, p.bad()
	}
	v, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return 0, p.overflow()
	}
	n := int(v)
	if rest := text[len(digits):]; rest != "" {
		if rest[0] != '.' {
			return 0, p.bad()
		}
		if len(digits) > 2 {
			return p.runTogether(text, seen|seenDate)
		}
		if p.micros, err = p.fraction(rest); err != nil {
			return 0, err
		}
	}
	if len(text) == 3 && seen&seenDate == seenYear && n >= 1 && n <= 366 {
		p.dayOfYear = n
		return seenDOY | seenMonth | seenDay, nil
	}
	return p.ordered(text, n, seen)
}

// ordered takes a number as the year, month or day, by the order that DateStyle gives.
func (p *dateText) ordered(text string, n int, seen dateSeen) (dateSeen, error) {
	order := p.session.Style.Order
	field := seenDay
	switch seen & seenDate {
	case 0:
		switch {
		case len(text) >= 3 || order == YMD:
			field = seenYear
		case order == MDY:
			field = seenMonth
		}
	case seenYear, seenDay:
		field = seenMonth
	case seenMonth:
		if p.textMonth && (len(text) >= 3 || order == YMD) {
			field = seenYear
		}
	case seenYear | seenMonth:
		if p.textMonth && len(text) >= 3 && p.shortYear {
			// What came first was the day.
			p.day, p.year, p.shortYear = p.year, n, false
			return seenDay, nil
		}
	case seenMonth | seenDay:
		field = seenYear
	case seenDate:
		return p.runTogether(text, seen)
	default:
		return 0, p.bad()
	}
	switch field {
	case seenYear:
		p.year, p.shortYear = n, len(text) <= 2
	case seenMonth:
		p.month = n
	default:
		p.day = n
	}
	return field, nil
}

// runTogether takes 20240701, 240701, 120000 and 1200, by what is known already.
func (p *dateText) runTogether(text string, seen dateSeen) (dateSeen, error) {
	digits, rest, hasFraction := strings.Cut(text, ".")
	if hasFraction {
		var err error
		if p.micros, err = p.fraction("." + rest); err != nil {
			return 0, err
		}
	} else if at := len(digits); seen&seenDate != seenDate && at >= 6 {
		p.day, p.month, p.year = atoi(digits[at-2:]), atoi(digits[at-4:at-2]), atoi(digits[:at-4])
		p.shortYear = at-4 == 2
		return seenDate, nil
	}
	if seen&seenTime == seenTime || len(digits) != 6 && len(digits) != 4 {
		return 0, p.bad()
	}
	p.hour, p.minute, p.second = atoi(digits[:2]), atoi(digits[2:4]), 0
	if len(digits) == 6 {
		p.second = atoi(digits[4:])
	}
	return seenTime, nil
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return math.MaxInt32
	}
	return n
}

// fraction is what follows the point, with it, in µs.
func (p *dateText) fraction(text string) (int, error) {
	if text == "." {
		return 0, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || spanDigits(text, 1) != len(text) {
		return 0, p.bad()
	}
	return int(math.RoundToEven(f * 1e6)), nil
}

// colons takes up to three numbers with colons between; digits is the length of the last.
func (p *dateText) colons(text string) (v [3]int, n, digits int, rest string, err error) {
	for rest = text; n < 3; rest = rest[1:] {
		digits = spanDigits(rest, 0)
		if digits == 0 && n == 0 {
			return v, n, 0, rest, p.bad()
		}
		value, err := strconv.ParseInt("0"+rest[:digits], 10, 32)
		if err != nil {
			return v, n, digits, rest, p.overflow()
		}
		v[n], rest = int(value), rest[digits:]
		if n++; n == 3 || rest == "" || rest[0] != ':' {
			break
		}
	}
	return v, n, digits, rest, nil
}

// clock takes 12:34, 12:34:56.7 and 34:56.7.
func (p *dateText) clock(text string) error {
	v, n, _, rest, err := p.colons(text)
	if err != nil {
		return err
	}
	if n < 2 || rest != "" && rest[0] != '.' {
		return p.bad()
	}
	p.micros = 0
	if rest != "" {
		if p.micros, err = p.fraction(rest); err != nil {
			return err
		}
		if n == 2 { // minutes and seconds
			v = [3]int{0, v[0], v[1]}
		}
	}
	p.hour, p.minute, p.second = v[0], v[1], v[2]
	total := int64(p.hour)*3600 + int64(p.minute)*60 + int64(p.second)
	if p.minute > 59 || p.second > 60 || total > 86400 || total == 86400 && p.micros > 0 {
		return p.overflow()
	}
	return nil
}

// maxDisplacement is the largest offset in hours.
const maxDisplacement = 15

// displacement takes an offset: +hh, +hhmm, +hh:mm[:ss].
func (p *dateText) displacement(text string) error {
	if text == "" || text[0] != '+' && text[0] != '-' {
		return p.bad()
	}
	v, n, digits, rest, err := p.colons(text[1:])
	if n == 1 && digits > 2 && rest == "" {
		v[0], v[1] = v[0]/100, v[0]%100
	}
	if e, ok := err.(*pgerror.Error); ok && e.Code == pgerror.DatetimeFieldOverflow || v[0] > maxDisplacement || v[1] > 59 || v[2] > 59 {
		return pgerror.Errorf(pgerror.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", p.whole)
	}
	if err != nil || rest != "" {
		return p.bad()
	}
	p.offset, p.zoned = v[0]*3600+v[1]*60+v[2], true
	if text[0] == '-' {
		p.offset = -p.offset
	}
	return nil
}
