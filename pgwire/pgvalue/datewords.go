package pgvalue

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// word takes a word: a month, a zone, today …
func (p *dateText) word(i int, text string) (dateSeen, error) {
	if loc, ok := abbreviations()[text]; ok {
		return p.abbreviation(text, loc), nil
	}
	w := dateWords[shortWord(text)]
	switch w.kind {
	case wordIgnored:
		return 0, nil
	case wordNow:
		p.instant, p.special = time.Now().UnixMicro(), true
		if p.oid != OIDTimestamptz {
			p.instant = wallMicros(time.Now().In(p.session.Location))
		}
		return seenDate | seenTime | seenZone, nil
	case wordToday:
		t := time.Now().In(p.session.Location).AddDate(0, 0, w.value)
		p.year, p.month, p.day = t.Year(), int(t.Month()), t.Day()
		p.special = false
		return seenDate, nil
	case wordZulu:
		p.hour, p.minute, p.second, p.micros = 0, 0, 0, 0
		p.offset, p.zoned = 0, true
		return seenTime | seenZone, nil
	case wordEpoch:
		p.instant, p.special = 0, true
		return 0, nil
	case wordInfinity:
		p.instant, p.special = Infinity, true
		if w.value < 0 {
			p.instant = NegativeInfinity
		}
		return 0, nil
	case wordMonth:
		got := seenMonth
		// A number that was taken for the month is the day.
		if p.seen&seenMonth != 0 && !p.textMonth && p.seen&seenDay == 0 && p.month >= 1 && p.month <= 31 {
			p.day, got = p.month, seenDay
		}
		p.textMonth, p.month = true, w.value
		return got, nil
	case wordDST:
		p.offset += 3600
		return seenModifier, nil
	case wordAMPM:
		p.half = w.value + 1
		return seenHalf, nil
	case wordEra:
		p.bc = w.value == 1
		return seenEra, nil
	case wordWeekday:
		return seenWeekday, nil
	case wordUnit:
		p.unit = w.value
		if w.value == 0 {
			p.unit = -1
		}
		return 0, nil
	case wordT:
		return 0, p.separator(i)
	}
	loc, err := LoadZone(text)
	if err != nil {
		return 0, p.bad()
	}
	p.where = loc
	return seenZone, nil
}

// abbreviation takes a zone by its abbreviation.
func (p *dateText) abbreviation(text string, loc *time.Location) dateSeen {
	if p.where = loc; fixedAbbreviation(text) {
		_, offset := time.Unix(0, 0).In(loc).Zone()
		p.where, p.zoned = nil, true
		if p.offset += offset; !summerAbbreviation(text) {
			return seenZone
		}
	}
	return seenZone | seenDST
}

// separator takes the T between a date and a time.
func (p *dateText) separator(i int) error {
	if p.seen&seenDate != seenDate || i+1 >= len(p.pieces) {
		return p.bad()
	}
	switch p.pieces[i+1].kind {
	case dateNumber, dateTime, dateDate:
		p.unit = 't'
		return nil
	}
	return p.bad()
}

// unitNumber takes the number behind a word such as y in y2001.
func (p *dateText) unitNumber(text string) (dateSeen, error) {
	unit := p.unit
	p.unit = 0
	digits, rest, _ := strings.Cut(text, ".")
	hasFraction := len(rest) > 0 || strings.HasSuffix(text, ".")
	if hasFraction && unit != 'j' && unit != 't' && unit != 's' {
		return 0, p.bad()
	}
	n := atoi(digits)
	switch unit {
	case 'y':
		p.year = n
		return seenYear, nil
	case 'm', 'n':
		// m is months or minutes, by what is known.
		if unit == 'n' || p.seen&seenMonth != 0 && p.seen&seenHour != 0 {
			p.minute = n
			return seenMinute, nil
		}
		p.month = n
		return seenMonth, nil
	case 'd':
		p.day = n
		return seenDay, nil
	case 'h':
		p.hour = n
		return seenHour, nil
	case 's':
		p.second = n
		if hasFraction {
			var err error
			if p.micros, err = p.fraction("." + rest); err != nil {
				return 0, err
			}
		}
		return seenSecond, nil
	case 'j':
		if err := p.julianDay(digits); err != nil {
			return 0, err
		}
		if !hasFraction {
			return seenDate, nil
		}
		f, err := strconv.ParseFloat("0."+rest, 64)
		if err != nil {
			return 0, p.bad()
		}
		total := int64(math.Round(f * microsPerDay))
		p.hour, p.minute = int(total/3_600_000_000), int(total/60_000_000%60)
		p.second, p.micros = int(total/1_000_000%60), int(total%1_000_000)
		return seenDate | seenTime, nil
	case 't':
		got, err := p.runTogether(text, p.seen|seenDate)
		if err == nil && got != seenTime {
			err = p.bad()
		}
		return got, err
	}
	return 0, p.bad()
}

// julianEpoch is the Julian day of 1970-01-01.
const julianEpoch = 2440588

func (p *dateText) julianDay(digits string) error {
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return p.overflow()
	}
	t := time.Unix((n-julianEpoch)*86400, 0).UTC()
	p.year, p.month, p.day, p.julian = t.Year(), int(t.Month()), t.Day(), true
	return nil
}

// validate checks the date's fields, and settles its year.
func (p *dateText) validate() error {
	if p.seen&seenYear != 0 && !p.julian {
		switch {
		case p.bc:
			if p.year <= 0 {
				return p.overflow()
			}
			p.year = 1 - p.year
		case p.shortYear:
			if p.year < 70 {
				p.year += 2000
			} else {
				p.year += 1900
			}
		case p.year <= 0:
			return p.overflow()
		}
	}
	if p.seen&seenDOY != 0 {
		t := time.Date(p.year, 1, p.dayOfYear, 0, 0, 0, 0, time.UTC)
		p.year, p.month, p.day = t.Year(), int(t.Month()), t.Day()
	}
	if p.seen&seenMonth != 0 && (p.month < 1 || p.month > 12) || p.seen&seenDay != 0 && (p.day < 1 || p.day > 31) {
		return p.overflow().WithHint("Perhaps you need a different \"datestyle\" setting.")
	}
	if p.seen&seenDate == seenDate && p.day > daysIn(p.year, p.month) {
		return p.overflow()
	}
	switch {
	case p.half != 0 && p.hour > 12:
		return p.overflow()
	case p.half == 1 && p.hour == 12:
		p.hour = 0
	case p.half == 2 && p.hour != 12:
		p.hour += 12
	}
	return nil
}

// wallMicros is what a clock shows, in µs as if it were UTC.
func wallMicros(t time.Time) int64 {
	_, offset := t.Zone()
	return t.UnixMicro() + int64(offset)*microsPerSecond
}

// unheldYear is the error of what PostgreSQL holds and we do not.
func unheldYear(oid uint32, year int) error {
	return pgerror.Errorf(pgerror.FeatureNotSupported, "a %s in the year %d is not supported", rangeName(oid), year).
		WithDetail("Dates and times are held in microseconds since 1970, which end in %d.", maxYear+1)
}

func (p *dateText) result() (int64, error) {
	if p.year > 10_000_000 {
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "%s out of range: \"%s\"", rangeName(p.oid), p.whole)
	}
	wall := time.Date(p.year, time.Month(p.month), p.day, 0, 0, 0, 0, time.UTC)
	switch last := map[bool]int{true: lastDateYear, false: lastTimestampYear}[p.oid == OIDDate]; {
	case wall.Year() > last || wall.Before(firstDay):
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "%s out of range: \"%s\"", rangeName(p.oid), p.whole)
	case wall.Year() > maxYear:
		return 0, unheldYear(p.oid, wall.Year())
	}
	micros := wall.UnixMicro()
	if p.oid == OIDDate {
		return micros, nil
	}
	micros += (int64(p.hour)*3600+int64(p.minute)*60+int64(p.second))*microsPerSecond + int64(p.micros)
	switch {
	case p.oid != OIDTimestamptz:
		return micros, nil
	case p.where != nil:
		return instant(micros, p.where), nil
	case p.zoned:
		return micros - int64(p.offset)*microsPerSecond, nil
	}
	return instant(micros, p.session.Location), nil
}
