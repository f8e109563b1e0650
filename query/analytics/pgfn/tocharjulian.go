package pgfn

// julianDay is the day that an interval's fields would be as a date, by PostgreSQL's
// arithmetic in 32 bits, which runs over: to_char shows what that makes of an interval.
type julianDay struct {
	year, day int32
}

func (t *charTime) julian() julianDay {
	year := int32(t.year)
	return julianDay{year, julianOf(year, int32(t.month), int32(t.day))}
}

func julianOf(year, month, day int32) int32 {
	if month > 2 {
		month++
		year += 4800
	} else {
		month += 13
		year += 4799
	}
	century := year / 100
	days := year*365 - 32167
	days += year/4 - century + century/4
	return days + 7834*month/256 + day
}

// isoStart is the Monday with which an ISO year begins.
func isoStart(year int32) int32 {
	fourth := julianOf(year, 1, 4)
	weekday := fourth % 7
	if weekday < 0 {
		weekday += 7
	}
	return fourth - weekday
}

// iso is the ISO year, how many before or after the calendar's, and the week.
func (j julianDay) iso() (years, week int32) {
	start := isoStart(j.year)
	if j.day < start {
		start = isoStart(j.year - 1)
		years--
	}
	week = (j.day-start)/7 + 1
	if week >= 52 {
		if next := isoStart(j.year + 1); j.day >= next {
			return years + 1, (j.day-next)/7 + 1
		}
	}
	return years, week
}

func (j julianDay) isoWeek() int {
	_, week := j.iso()
	return int(week)
}

func (j julianDay) isoYear() int {
	years, _ := j.iso()
	return int(j.year + years)
}

func (j julianDay) isoYearDay() int {
	return int(j.day - isoStart(int32(j.isoYear())) + 1)
}
