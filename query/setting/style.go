package setting

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// Zone is the session's time zone and style, of all settings that have a part in it.
func (st *Values) Zone() *pgvalue.Zone {
	style, _, _ := pgvalue.ReadDateStyle(st.Value("datestyle"), pgvalue.Style{})
	style.Interval = pgvalue.IntervalFormat(max(0, slices.Index(pgvalue.IntervalFormats[:], st.Value("intervalstyle"))))
	if digits, err := strconv.Atoi(st.Value("extra_float_digits")); err == nil {
		style.FloatDigits = int8(min(digits-1, 0))
	}
	style.ByteaEscape = st.Value("bytea_output") == "escape"
	name := st.Value("timezone")
	if name == "UTC" && style == (pgvalue.Style{}) {
		return pgvalue.UTC
	}
	loc, err := pgvalue.LoadZone(name)
	if err != nil {
		loc = time.UTC // it was checked when it was set
	}
	return pgvalue.NewZone(name, loc, style)
}

func checkDateStyle(st *Values, value string) (string, error) {
	style, _, _ := pgvalue.ReadDateStyle(st.Value("datestyle"), pgvalue.Style{})
	_, shown, err := pgvalue.ReadDateStyle(value, style)
	return shown, err
}

// checkZone takes a zone's name, a POSIX specification, hours east of UTC, or an interval.
func checkZone(_ *Values, value string) (string, error) {
	var seconds float64
	rest, isInterval := cutFold(value, "interval")
	if isInterval {
		rest = strings.TrimLeft(rest, " \t\n\r\v\f")
		if len(rest) < 2 || rest[0] != '\'' || rest[len(rest)-1] != '\'' {
			return "", invalidSetting("TimeZone", value)
		}
		iv, err := pgfn.ParseInterval(rest[1 : len(rest)-1])
		switch {
		case err != nil:
			return "", err
		case iv.Months != 0:
			return "", invalidSetting("TimeZone", value).WithDetail("Cannot specify months in time zone interval.")
		case iv.Days != 0:
			return "", invalidSetting("TimeZone", value).WithDetail("Cannot specify days in time zone interval.")
		}
		seconds = float64(iv.Micros / 1_000_000)
	}
	hours, isHours := zoneHours(value)
	if !isInterval && !isHours {
		loc, err := pgvalue.LoadZone(value)
		switch {
		case pgvalue.IsLeapZone(err):
			return "", pgerror.Errorf(pgerror.InvalidParameterValue, "time zone \"%s\" appears to use leap seconds", value).
				WithDetail("PostgreSQL does not support leap seconds.")
		case err != nil:
			return "", invalidSetting("TimeZone", value)
		}
		return loc.String(), nil
	}
	if isHours {
		seconds = hours * 3600
	}
	loc, ok := pgvalue.OffsetZone(seconds)
	if !ok {
		return "", invalidSetting("TimeZone", value).WithDetail("UTC timezone offset is out of range.")
	}
	return loc.String(), nil
}

// zoneHours reads a number of hours, as strtod does.
func zoneHours(value string) (float64, bool) {
	t := strings.TrimLeft(value, " \t\n\r\v\f")
	if t == "" || strings.Contains(t, "_") {
		return 0, false
	}
	if f, err := strconv.ParseFloat(t, 64); err == nil {
		return f, true
	}
	n, err := strconv.ParseInt(t, 0, 32)
	return float64(n), err == nil && strings.Contains(strings.ToLower(t), "0x")
}

func cutFold(s, prefix string) (rest string, found bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
