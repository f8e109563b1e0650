package pgfn

import (
	"time"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// ZoneOf is the zone that AT TIME ZONE names.
func ZoneOf(text string) (*time.Location, error) {
	loc, err := pgvalue.FindZone(text)
	if err != nil {
		return nil, invalidParameter("time zone \"%s\" not recognized", text)
	}
	return loc, nil
}

// ZoneOfInterval is the zone at an interval's offset from UTC.
func ZoneOfInterval(iv Interval) (*time.Location, error) {
	if iv.Months != 0 || iv.Days != 0 {
		return nil, invalidParameter("interval time zone \"%s\" must not include months or days", iv)
	}
	return time.FixedZone("", int(iv.Micros/microsPerSecond)), nil
}
