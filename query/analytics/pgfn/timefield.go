package pgfn

import (
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// specialUnits are fields that no interval is written with.
var specialUnits = map[string]timeUnit{
	"dow": unitDow, "isodow": unitIsodow, "doy": unitDoy, "isoyear": unitIsoyear,
	"j": unitJulian, "jd": unitJulian, "julian": unitJulian, "epoch": unitEpoch,
	// Words that are known, but are no fields of anything.
	"allballs": unitAgo, "infinity": unitAgo, "-infinity": unitAgo, "now": unitAgo, "today": unitAgo,
	"tomorrow": unitAgo, "yesterday": unitAgo,
}

func fieldUnit(field string) timeUnit {
	name := strings.ToLower(field)
	if u := lookupUnit(name); u != unitNone {
		if u == unitAgo {
			return unitNone
		}
		return u
	}
	return specialUnits[name]
}

func errUnit(field, typ string) error {
	return pgerror.Errorf(pgerror.InvalidParameterValue, "unit \"%s\" not recognized for type %s", strings.ToLower(field), typ)
}

func errUnitUnsupported(field, typ string) *pgerror.Error {
	return pgerror.Errorf(pgerror.FeatureNotSupported, "unit \"%s\" not supported for type %s", strings.ToLower(field), typ)
}

// perMillion is v µs as seconds with six decimals.
func perMillion(v int64) Numeric { return Numeric{small: v, scale: 6} }

// isoMonday is the day on which the week of a day begins, in days since the epoch.
func isoMonday(days int64) int64 { return days - weekday(days+6) }

// weekday is 0 on Sundays.
func weekday(days int64) int64 {
	d := (days + 4) % 7
	if d < 0 {
		d += 7
	}
	return d
}

// isoWeek is the year and number of a day's ISO week.
func isoWeek(days int64) (year, week int) {
	thursday := isoMonday(days) + 3
	year, _, _ = dateOf(thursday)
	return year, int(thursday-daysOf(year, 1, 1))/7 + 1
}

// shownYear has no year 0.
func shownYear(year int) int {
	if year > 0 {
		return year
	}
	return year - 1
}

// part is how many groups of n years a year is in, as centuries are counted.
func part(year, n int) int {
	if year > 0 {
		return (year + n - 1) / n
	}
	return -((n - 1 - (year - 1)) / n)
}

func decade(year int) int {
	if year >= 0 {
		return year / 10
	}
	return -((8 - (year - 1)) / 10)
}

// ExtractTime is extract(field from ...) of a time of day, in µs.
func ExtractTime(field string, micros int64) (Numeric, bool, error) {
	const typ = "time without time zone"
	switch fieldUnit(field) {
	case unitNone:
		return Numeric{}, false, errUnit(field, typ)
	case unitHour, unitMinute, unitSecond, unitMillisecond, unitMicrosecond:
		n, ok, err := Extract(field, micros%microsPerDay, 1083, time.UTC)
		if micros == microsPerDay && fieldUnit(field) == unitHour {
			n = NumericFromInt(24)
		}
		return n, ok, err
	case unitEpoch:
		return perMillion(micros), true, nil
	}
	return Numeric{}, false, errUnitUnsupported(field, typ)
}

// Extract is extract(field from ...) of a timestamp, timestamptz or date, which the OID
// tells; loc is the session's zone, for timestamptz. Null, that is false, are fields of
// infinities that do not grow with time.
func Extract(field string, micros int64, oid uint32, loc *time.Location) (Numeric, bool, error) {
	typ := pgvalue.TypeName(oid)
	unit := fieldUnit(field)
	if unit == unitNone {
		return Numeric{}, false, errUnit(field, typ)
	}
	date := oid == pgvalue.OIDDate
	if isInfinite(micros) {
		return extractInfinite(field, unit, micros > 0, oid)
	}
	var offset int64
	if oid == pgvalue.OIDTimestamptz {
		offset = offsetAt(micros, loc)
	}
	c := civilOf(micros + offset)
	v := 0
	switch days := daysOf(c.year, c.month, c.day); unit {
	case unitEpoch:
		if date {
			return NumericFromInt(micros / microsPerSecond), true, nil
		}
		return perMillion(micros), true, nil
	case unitJulian:
		n := NumericFromInt(days + 2440588)
		if date {
			return n, true, nil
		}
		f, err := NumericFromInt(c.micros).Div(NumericFromInt(microsPerDay))
		if err == nil {
			n, err = n.Add(f)
		}
		return n, true, err
	case unitDay:
		v = c.day
	case unitMonth:
		v = c.month
	case unitQuarter:
		v = (c.month-1)/3 + 1
	case unitWeek:
		_, v = isoWeek(days)
	case unitYear:
		v = shownYear(c.year)
	case unitIsoyear:
		v, _ = isoWeek(days)
		v = shownYear(v)
	case unitDecade:
		v = decade(c.year)
	case unitCentury:
		v = part(c.year, 100)
	case unitMillennium:
		v = part(c.year, 1000)
	case unitDow:
		v = int(weekday(days))
	case unitIsodow:
		v = int((weekday(days)+6)%7) + 1
	case unitDoy:
		v = int(days-daysOf(c.year, 1, 1)) + 1
	default:
		if date {
			return Numeric{}, false, errUnitUnsupported(field, typ)
		}
		return extractClock(field, unit, c.micros, offset/microsPerSecond, oid)
	}
	return NumericFromInt(int64(v)), true, nil
}

func extractClock(field string, unit timeUnit, micros, offset int64, oid uint32) (Numeric, bool, error) {
	zone := oid == pgvalue.OIDTimestamptz
	v := int64(0)
	switch {
	case unit == unitMicrosecond:
		v = micros % microsPerMinute
	case unit == unitMillisecond:
		return Numeric{small: micros % microsPerMinute, scale: 3}, true, nil
	case unit == unitSecond:
		return perMillion(micros % microsPerMinute), true, nil
	case unit == unitMinute:
		v = micros / microsPerMinute % 60
	case unit == unitHour:
		v = micros / microsPerHour
	case unit == unitTimezone && zone:
		v = offset
	case unit == unitTimezoneHour && zone:
		v = offset / 3600
	case unit == unitTimezoneMinute && zone:
		v = offset / 60 % 60
	default:
		return Numeric{}, false, errUnitUnsupported(field, pgvalue.TypeName(oid))
	}
	return NumericFromInt(v), true, nil
}

func extractInfinite(field string, unit timeUnit, positive bool, oid uint32) (Numeric, bool, error) {
	switch unit {
	case unitYear, unitDecade, unitCentury, unitMillennium, unitJulian, unitIsoyear, unitEpoch:
		if positive {
			return numericPInf, true, nil
		}
		return numericNInf, true, nil
	case unitDay, unitMonth, unitQuarter, unitWeek, unitDow, unitIsodow, unitDoy:
		return Numeric{}, false, nil
	}
	if oid == pgvalue.OIDDate || unit == unitAgo {
		return Numeric{}, false, errUnitUnsupported(field, pgvalue.TypeName(oid))
	}
	return Numeric{}, false, nil
}

// ExtractInterval is extract(field from interval).
func ExtractInterval(field string, iv Interval) (Numeric, error) {
	unit := fieldUnit(field)
	v := int64(0)
	switch unit {
	case unitMicrosecond:
		v = iv.Micros % microsPerMinute
	case unitMillisecond:
		return Numeric{small: iv.Micros % microsPerMinute, scale: 3}, nil
	case unitSecond:
		return perMillion(iv.Micros % microsPerMinute), nil
	case unitMinute:
		v = iv.Micros / microsPerMinute % 60
	case unitHour:
		v = iv.Micros / microsPerHour
	case unitDay:
		v = int64(iv.Days)
	case unitMonth:
		v = int64(iv.Months % monthsPerYear)
	case unitQuarter:
		v = int64(iv.Months%monthsPerYear/3 + 1)
	case unitYear:
		v = int64(iv.Months / monthsPerYear)
	case unitDecade:
		v = int64(iv.Months / monthsPerYear / 10)
	case unitCentury:
		v = int64(iv.Months / monthsPerYear / 100)
	case unitMillennium:
		v = int64(iv.Months / monthsPerYear / 1000)
	case unitEpoch:
		// A year has 365.25 days here, in quarters of a day to keep to integers.
		quarters := 1461*int64(iv.Months/monthsPerYear) + 120*int64(iv.Months%monthsPerYear) + 4*int64(iv.Days)
		return perMillion(iv.Micros).Add(NumericFromInt(quarters * (secondsPerDay / 4)))
	case unitNone, unitAgo:
		return Numeric{}, errUnit(field, "interval")
	default:
		return Numeric{}, errUnitUnsupported(field, "interval")
	}
	return NumericFromInt(v), nil
}

// DatePart is date_part(field, ...), as Extract takes it.
func DatePart(field string, micros int64, oid uint32, loc *time.Location) (float64, bool, error) {
	n, ok, err := Extract(field, micros, oid, loc)
	return n.approximate(), ok, err
}

// DatePartInterval is date_part(field, interval).
func DatePartInterval(field string, iv Interval) (float64, error) {
	n, err := ExtractInterval(field, iv)
	if err == nil && fieldUnit(field) == unitEpoch {
		// In floating point throughout, which shows in the last digits.
		f := float64(iv.Micros) / microsPerSecond
		f += 365.25 * secondsPerDay * float64(iv.Months/monthsPerYear)
		f += daysPerMonth * secondsPerDay * float64(iv.Months%monthsPerYear)
		return f + secondsPerDay*float64(iv.Days), nil
	}
	return n.approximate(), err
}

const (
	timestampType   = "timestamp without time zone"
	timestamptzType = "timestamp with time zone"
)

// Trunc is date_trunc(field, timestamp).
func Trunc(field string, micros int64) (int64, error) {
	if isInfinite(micros) {
		return micros, nil
	}
	v, _, err := truncate(field, micros, timestampType)
	return v, err
}

// TruncTz is date_trunc(field, timestamptz) in a zone, the session's or one that is named.
func TruncTz(field string, micros int64, loc *time.Location) (int64, error) {
	if isInfinite(micros) {
		return micros, nil
	}
	offset := offsetAt(micros, loc)
	v, date, err := truncate(field, micros+offset, timestamptzType)
	switch {
	case err != nil:
		return 0, err
	case date:
		return FromLocal(v, loc), nil // the offset may be another there
	}
	return v - offset, nil
}

// truncate also tells whether the unit is a day or longer.
func truncate(field string, micros int64, typ string) (v int64, date bool, err error) {
	unit := fieldUnit(field)
	cut := func(n int64) (int64, bool, error) { return floorDiv(micros, n) * n, false, nil }
	switch unit {
	case unitNone, unitEpoch, unitDow, unitIsodow, unitDoy, unitIsoyear, unitJulian, unitAgo:
		return 0, false, errUnit(field, typ)
	case unitMicrosecond:
		return micros, false, nil
	case unitMillisecond:
		return cut(1000)
	case unitSecond:
		return cut(microsPerSecond)
	case unitMinute:
		return cut(microsPerMinute)
	case unitHour:
		return cut(microsPerHour)
	}
	days := floorDiv(micros, microsPerDay)
	year, month, _ := dateOf(days)
	switch unit {
	case unitDay:
		v = days
	case unitWeek:
		v = isoMonday(days)
	case unitMonth:
		v = daysOf(year, month, 1)
	case unitQuarter:
		v = daysOf(year, (month-1)/3*3+1, 1)
	case unitYear:
		v = daysOf(year, 1, 1)
	case unitDecade:
		v = daysOf(decade(year)*10, 1, 1)
	case unitCentury:
		v = daysOf(groupStart(year, 100), 1, 1)
	case unitMillennium:
		v = daysOf(groupStart(year, 1000), 1, 1)
	default:
		return 0, false, errUnitUnsupported(field, typ)
	}
	v, err = checkTime(v * microsPerDay)
	return v, true, err
}

// groupStart is the first year of a century or millennium.
func groupStart(year, n int) int {
	if year > 0 {
		return (year+n-1)/n*n - (n - 1)
	}
	return -((n-1-(year-1))/n)*n + 1
}

// TruncInterval is date_trunc(field, interval).
func TruncInterval(field string, iv Interval) (Interval, error) {
	cutMonths := func(n int32) (Interval, error) { return Interval{Months: iv.Months / n * n}, nil }
	cutTime := func(n int64) (Interval, error) {
		iv.Micros = iv.Micros / n * n
		return iv, nil
	}
	switch fieldUnit(field) {
	case unitMillennium:
		return cutMonths(12000)
	case unitCentury:
		return cutMonths(1200)
	case unitDecade:
		return cutMonths(120)
	case unitYear:
		return cutMonths(12)
	case unitQuarter:
		return cutMonths(3)
	case unitMonth:
		return cutMonths(1)
	case unitDay:
		iv.Micros = 0
		return iv, nil
	case unitHour:
		return cutTime(microsPerHour)
	case unitMinute:
		return cutTime(microsPerMinute)
	case unitSecond:
		return cutTime(microsPerSecond)
	case unitMillisecond:
		return cutTime(1000)
	case unitMicrosecond:
		return iv, nil
	case unitNone, unitEpoch, unitDow, unitIsodow, unitDoy, unitIsoyear, unitJulian, unitAgo:
		return Interval{}, errUnit(field, "interval")
	case unitWeek:
		return Interval{}, errUnitUnsupported(field, "interval").WithDetail("Months usually have fractional weeks.")
	}
	return Interval{}, errUnitUnsupported(field, "interval")
}
