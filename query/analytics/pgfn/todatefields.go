package pgfn

import (
	"strconv"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

func (r *dateReader) outOfRange() error {
	return pgerror.Errorf(pgerror.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", r.text)
}

// result puts the fields together.
func (r *dateReader) result() (civil, *int64, error) {
	v := r.values
	c := civil{month: 1, day: 1}
	hour, minute, second := 0, 0, 0
	if x := v["ssss"]; x != 0 {
		hour, minute, second = x/3600, x%3600/60, x%60
	}
	for field, to := range map[string]*int{"ss": &second, "mi": &minute, "hh": &hour} {
		if v[field] != 0 {
			*to = v[field]
		}
	}
	if r.noon {
		if hour < 1 || hour > 12 {
			return c, nil, pgerror.Errorf(pgerror.InvalidDatetimeFormat, "hour \"%s\" is invalid for the 12-hour clock", strconv.Itoa(hour)).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		hour %= 12
		if v["pm"] != 0 {
			hour += 12
		}
	}
	if err := r.date(&c); err != nil {
		return c, nil, err
	}
	micros := v["ms"]*1000 + v["us"]
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || micros < 0 || micros > 999999 {
		return c, nil, r.outOfRange()
	}
	c.micros = int64(hour)*microsPerHour + int64(minute)*microsPerMinute + int64(second)*microsPerSecond + int64(micros)
	if v["tzsign"] == 0 {
		return c, nil, nil
	}
	if v["tzh"] < 0 || v["tzh"] > 15 || v["tzm"] < 0 || v["tzm"] > 59 {
		return c, nil, pgerror.Errorf(pgerror.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", r.text)
	}
	zone := int64(v["tzsign"]) * (int64(v["tzh"])*microsPerHour + int64(v["tzm"])*microsPerMinute)
	return c, &zone, nil
}

func (r *dateReader) date(c *civil) error {
	v := r.values
	hasYear, hasMonth, hasDay := r.year(c), false, false
	whole := func(days int64) {
		c.year, c.month, c.day = dateOf(days)
		hasYear, hasMonth, hasDay = true, true, true
	}
	for _, n := range v { // what a 32-bit integer holds may be too much for what follows
		if n > 1<<30 || n < -1<<30 {
			return r.outOfRange()
		}
	}
	if j := v["j"]; j != 0 {
		whole(int64(j) - 2440588)
	}
	dayOfYear, day := v["ddd"], v["dd"]
	if week := v["ww"]; week != 0 {
		if r.mode == 'i' {
			d := isoMonday(daysOf(c.year, 1, 4)) + int64(week-1)*7
			if wd := v["d"]; wd > 1 {
				d += int64(wd - 2)
			} else if wd == 1 {
				d += 6
			}
			whole(d)
		} else {
			dayOfYear = (week-1)*7 + 1
		}
	}
	if w := v["w"]; w != 0 {
		day = (w-1)*7 + 1
	}
	if day != 0 {
		c.day, hasDay = day, true
	}
	if v["mm"] != 0 {
		c.month, hasMonth = v["mm"], true
	}
	if dayOfYear != 0 && (c.month <= 1 || c.day <= 1) {
		if c.year == 0 && v["bc"] == 0 {
			return errDate(pgerror.InvalidDatetimeFormat, "cannot calculate day of year without year information", "")
		}
		if r.mode == 'i' {
			whole(isoMonday(daysOf(c.year, 1, 4)) - 1 + int64(dayOfYear))
		} else {
			r.fromDayOfYear(c, dayOfYear)
			hasMonth, hasDay = true, true
		}
	}
	if hasMonth && (c.month < 1 || c.month > 12) || hasDay && (c.day < 1 || c.day > 31) ||
		hasYear && hasMonth && hasDay && c.day > daysIn(c.year, c.month) {
		return r.outOfRange()
	}
	return nil
}

// fromDayOfYear sets the month and the day that are not set.
func (r *dateReader) fromDayOfYear(c *civil, dayOfYear int) {
	month, before := 1, 0
	for ; month <= monthsPerYear; month++ {
		if dayOfYear <= before+daysIn(c.year, month) {
			break
		}
		before += daysIn(c.year, month)
	}
	if c.month <= 1 {
		c.month = month
	}
	if c.day <= 1 {
		c.day = dayOfYear - before
	}
}

// year sets the year from a year and a century.
func (r *dateReader) year(c *civil) bool {
	year, century, bc := r.values["year"], r.values["cc"], r.values["bc"] != 0
	if bc {
		century = -century
	}
	switch {
	case year != 0 && century != 0 && r.digits <= 2:
		if c.year = year % 100; c.year != 0 {
			if century >= 0 {
				c.year += (century - 1) * 100
			} else {
				c.year = (century+1)*100 - c.year + 1
			}
		} else if c.year = century * 100; century < 0 {
			c.year++
		}
	case year != 0:
		if c.year = year; bc {
			c.year = -c.year
		}
		if c.year < 0 {
			c.year++
		}
	case century > 0:
		c.year = (century-1)*100 + 1
	case century < 0:
		c.year = century*100 + 1
	default:
		return false
	}
	return true
}
