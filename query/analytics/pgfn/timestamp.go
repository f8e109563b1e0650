package pgfn

import (
	"math"
	"strconv"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Times are µs since the Unix epoch, as pgwire has them: a timestamptz in UTC, a
// timestamp and a date as if they were UTC. The infinities are pgwire's.

// Years that fit; PostgreSQL counts from 2000 and goes 30 years further.
const (
	minTime = -210866803200_000_000 // 4714-11-24 BC
	endTime = 9223371244800_000_000 // 294247-01-01
)

func errTimestampRange() error {
	return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "timestamp out of range")
}

func isInfinite(micros int64) bool {
	return micros == pgvalue.Infinity || micros == pgvalue.NegativeInfinity
}

func checkTime(micros int64) (int64, error) {
	if micros < minTime || micros >= endTime {
		return 0, errTimestampRange()
	}
	return micros, nil
}

// civil is a time's fields. Year 0 is 1 BC.
type civil struct {
	year, month, day int
	micros           int64 // of the day
}

// daysOf counts days since the Unix epoch in the proleptic Gregorian calendar.
func daysOf(year, month, day int) int64 {
	// Years begin in March, so that the leap day is the last.
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(int64(year), 400)
	y := int64(year) - era*400
	doy := int64(153*(month-3)+2)/5 + int64(day) - 1
	return era*146097 + y*365 + y/4 - y/100 + doy - 719468
}

func dateOf(days int64) (year, month, day int) {
	days += 719468
	era := floorDiv(days, 146097)
	doe := days - era*146097
	y := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*y + y/4 - y/100)
	m := (5*doy + 2) / 153
	day = int(doy - (153*m+2)/5 + 1)
	month = int(m) + 3
	year = int(y + era*400)
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

func civilOf(micros int64) (c civil) {
	days := floorDiv(micros, microsPerDay)
	c.year, c.month, c.day = dateOf(days)
	c.micros = micros - days*microsPerDay
	return c
}

func (c civil) time() (int64, bool) {
	days := daysOf(c.year, c.month, c.day)
	if days < -1<<32 || days > 1<<32 {
		return 0, false
	}
	v, ok := mulSmall(days, microsPerDay)
	if !ok {
		return 0, false
	}
	sum, ok := addSmall(v, c.micros)
	return sum, ok
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// offsetAt is the zone's offset at an instant, in µs.
func offsetAt(micros int64, loc *time.Location) int64 {
	if loc == time.UTC {
		return 0
	}
	_, offset := time.UnixMicro(micros).In(loc).Zone()
	return int64(offset) * microsPerSecond
}

// ToLocal is what clocks in a zone show at an instant: timestamptz to timestamp.
func ToLocal(micros int64, loc *time.Location) int64 {
	if isInfinite(micros) {
		return micros
	}
	return micros + offsetAt(micros, loc)
}

// FromLocal is when clocks in a zone show a time: timestamp to timestamptz. A time that
// they skip is taken with the offset before the change, one that they show twice with the
// offset after it.
func FromLocal(micros int64, loc *time.Location) int64 {
	if isInfinite(micros) || loc == time.UTC {
		return micros
	}
	before, after := micros, micros
	t := time.UnixMicro(micros - microsPerDay).In(loc)
	_, offset := t.Zone()
	before -= int64(offset) * microsPerSecond
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return before
	}
	boundary := end.UnixMicro()
	_, offset = end.Zone()
	after -= int64(offset) * microsPerSecond
	switch {
	case before < boundary && after < boundary:
		return before
	case before > boundary && after >= boundary:
		return after
	case before > after:
		return before
	}
	return after
}

// AddToTimestamp is timestamp + interval: months, then days, then time.
func AddToTimestamp(micros int64, iv Interval) (int64, error) {
	if isInfinite(micros) {
		return micros, nil
	}
	if iv.Months != 0 || iv.Days != 0 {
		var err error
		if micros, err = addDate(micros, iv); err != nil {
			return 0, err
		}
	}
	sum, ok := addSmall(micros, iv.Micros)
	if !ok {
		return 0, errTimestampRange()
	}
	return checkTime(sum)
}

func addDate(micros int64, iv Interval) (int64, error) {
	c := civilOf(micros)
	if iv.Months != 0 {
		months := int64(c.year)*monthsPerYear + int64(c.month) - 1 + int64(iv.Months)
		year := floorDiv(months, monthsPerYear)
		if year < -5000 || year > 300000 {
			return 0, errTimestampRange()
		}
		c.year, c.month = int(year), int(months-year*monthsPerYear)+1
		c.day = min(c.day, daysIn(c.year, c.month))
	}
	c.year, c.month, c.day = dateOf(daysOf(c.year, c.month, c.day) + int64(iv.Days))
	v, ok := c.time()
	if !ok {
		return 0, errTimestampRange()
	}
	return checkTime(v)
}

// AddToTimestamptz is timestamptz + interval: months and days go by the zone's calendar.
func AddToTimestamptz(micros int64, iv Interval, loc *time.Location) (int64, error) {
	if isInfinite(micros) {
		return micros, nil
	}
	if iv.Months != 0 || iv.Days != 0 {
		local, err := addDate(ToLocal(micros, loc), Interval{Months: iv.Months})
		if err != nil {
			return 0, err
		}
		if iv.Days != 0 {
			if iv.Months != 0 { // through an instant, as PostgreSQL goes
				local = ToLocal(FromLocal(local, loc), loc)
			}
			if local, err = addDate(local, Interval{Days: iv.Days}); err != nil {
				return 0, err
			}
		}
		micros = FromLocal(local, loc)
	}
	return AddToTimestamp(micros, Interval{Micros: iv.Micros})
}

// SubTimestamps is timestamp - timestamp, and the same of timestamptz: days and time.
func SubTimestamps(a, b int64) (Interval, error) {
	if isInfinite(a) || isInfinite(b) {
		return Interval{}, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	d, ok := addSmall(a, -b)
	if !ok {
		return Interval{}, errIntervalRange()
	}
	return Interval{Micros: d}.JustifyHours()
}

// ageCivil is civilOf, to which PostgreSQL 15 takes infinity as the last of all times.
func ageCivil(micros int64) civil {
	if micros == pgvalue.Infinity {
		return civil{year: 294277, month: 1, day: 9, micros: 4*microsPerHour + 54_775_807}
	}
	return civilOf(micros)
}

// Age is age(a, b) of timestamps: years, months and days as the calendar has them.
func Age(a, b int64) (Interval, error) {
	if a == pgvalue.NegativeInfinity || b == pgvalue.NegativeInfinity {
		return Interval{}, errTimestampRange()
	}
	x, y := ageCivil(a), ageCivil(b)
	sign := 1
	if a < b {
		sign = -1
	}
	micros := (x.micros - y.micros) * int64(sign)
	days, months, years := (x.day-y.day)*sign, (x.month-y.month)*sign, (x.year-y.year)*sign
	if micros < 0 {
		micros += microsPerDay
		days--
	}
	for days < 0 {
		if sign < 0 {
			days += daysIn(x.year, x.month)
		} else {
			days += daysIn(y.year, y.month)
		}
		months--
	}
	for months < 0 {
		months += monthsPerYear
		years--
	}
	return Interval{int32(sign * (years*monthsPerYear + months)), int32(sign * days), int64(sign) * micros}, nil
}

// OverlapsTime is (start1, end1) OVERLAPS (start2, end2).
func OverlapsTime(start1, end1, start2, end2 int64) bool {
	if start1 > end1 {
		start1, end1 = end1, start1
	}
	if start2 > end2 {
		start2, end2 = end2, start2
	}
	switch {
	case start1 > start2:
		return start1 < end2
	case start1 < start2:
		return start2 < end1
	}
	return true
}

// DateBin is date_bin(stride, time, origin).
func DateBin(stride Interval, micros, origin int64) (int64, error) {
	if isInfinite(micros) {
		return micros, nil
	}
	if isInfinite(origin) {
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "origin out of range")
	}
	if stride.Months != 0 {
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	width, ok := mulSmall(int64(stride.Days), microsPerDay)
	if ok {
		width, ok = addSmall(width, stride.Micros)
	}
	if !ok {
		return 0, errIntervalRange()
	}
	if width <= 0 {
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff, ok := addSmall(micros, -origin)
	if !ok {
		return 0, errIntervalRange()
	}
	delta := diff - diff%width
	result := origin + delta
	if diff%width < 0 {
		if result, ok = addSmall(result, -width); !ok {
			return 0, errTimestampRange()
		}
	}
	return checkTime(result)
}

// secondsText is C's %02g.
func secondsText(f float64) string {
	s := strconv.FormatFloat(f, 'g', 6, 64)
	if len(s) < 2 {
		s = "0" + s
	}
	return s
}

// MakeDate is make_date; a negative year is BC.
func MakeDate(year, month, day int32) (int64, error) {
	y := int(year)
	if y < 0 {
		y++
	}
	if year == 0 || month < 1 || month > 12 || day < 1 || int(day) > daysIn(y, int(month)) {
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", y, month, day)
	}
	v, ok := civil{year: y, month: int(month), day: int(day)}.time()
	if !ok || v < minTime || v >= endTime {
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", y, month, day)
	}
	return v, nil
}

// MakeTimestamp is make_timestamp.
func MakeTimestamp(year, month, day, hour, minute int32, sec float64) (int64, error) {
	date, err := MakeDate(year, month, day)
	if err != nil {
		return 0, err
	}
	v, err := MakeTime(hour, minute, sec)
	if err != nil {
		return 0, err
	}
	v += date
	if v < minTime || v >= endTime {
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
			year, month, day, hour, minute, secondsText(sec))
	}
	return v, nil
}

// MakeTime is make_time: a time of the day in µs, the day's end included.
func MakeTime(hour, minute int32, sec float64) (int64, error) {
	micros := math.RoundToEven(sec * microsPerSecond)
	if hour < 0 || minute < 0 || minute > 59 || !(micros >= 0 && micros <= microsPerMinute) || hour > 24 ||
		hour == 24 && (minute > 0 || micros > 0) {
		return 0, pgerror.Errorf(pgerror.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", hour, minute, secondsText(sec))
	}
	return int64(hour)*microsPerHour + int64(minute)*microsPerMinute + int64(micros), nil
}

// MakeTimestamptz is make_timestamptz.
func MakeTimestamptz(year, month, day, hour, minute int32, sec float64, loc *time.Location) (int64, error) {
	v, err := MakeTimestamp(year, month, day, hour, minute, sec)
	if err != nil {
		return 0, err
	}
	v = FromLocal(v, loc)
	if v < minTime || v >= endTime {
		return 0, errTimestampRange()
	}
	return v, nil
}
