package pgvalue

import (
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// TestDateText: dates and times in the forms that people write, by each order of a date's fields. What
// is expected is what PostgreSQL 15 answers.
func TestDateText(t *testing.T) {
	for _, c := range []struct {
		order DateOrder
		oid   uint32
		text  string
		want  string
	}{
		{MDY, OIDDate, "03/04/2024", "2024-03-04"},
		{DMY, OIDDate, "03/04/2024", "2024-04-03"},
		{YMD, OIDDate, "03/04/05", "2003-04-05"},
		{MDY, OIDDate, "31/12/2024", `22008 date/time field value out of range: "31/12/2024"`},
		{MDY, OIDDate, "99-Jan-08", `22008 date/time field value out of range: "99-Jan-08"`},
		{YMD, OIDDate, "99-Jan-08", "1999-01-08"},
		{MDY, OIDDate, "08-Jan-99", "1999-01-08"},
		{MDY, OIDDate, "January 8, 99 BC", "0099-01-08 BC"},
		{MDY, OIDDate, "1999.008", "1999-01-08"},
		{MDY, OIDDate, "20240701", "2024-07-01"},
		{MDY, OIDDate, "J2451187", "1999-01-08"},
		{MDY, OIDDate, "d4m2y2001", "2001-02-04"},
		{MDY, OIDDate, "99-08-Jan", `22007 invalid input syntax for type date: "99-08-Jan"`},
		{MDY, OIDDate, "0000-01-01", `22008 date/time field value out of range: "0000-01-01"`},
		{MDY, OIDTimestamp, "20240701T120000", "2024-07-01 12:00:00"},
		{MDY, OIDTimestamp, "3:04 pm on Monday July 1 2024", "2024-07-01 15:04:00"},
		{MDY, OIDTimestamp, "2024-01-01 12:61", `22008 date/time field value out of range: "2024-01-01 12:61"`},
		{MDY, OIDTimestamp, "04:05:06 1999-01-08", `22007 invalid input syntax for type timestamp: "04:05:06 1999-01-08"`},
		{MDY, OIDTimestamp, "+infinity", `22007 invalid input syntax for type timestamp: "+infinity"`},
		{MDY, OIDTimestamptz, "2024-07-01 12:00 CET", "2024-07-01 11:00:00+00"},
		{MDY, OIDTimestamptz, "1999-07-08 12:00 MET DST", "1999-07-08 10:00:00+00"},
		{MDY, OIDTimestamptz, "2024-07-01 12:00 America/New_York", "2024-07-01 16:00:00+00"},
		{MDY, OIDTimestamptz, "2024-07-01 12:00 GMT+3", "2024-07-01 15:00:00+00"},
		{MDY, OIDTimestamptz, "2024-07-01 120000-0530", "2024-07-01 17:30:00+00"},
		{MDY, OIDTimestamptz, "2024-07-01 12:00 foo/bar", `22023 time zone "foo/bar" not recognized`},
		{MDY, OIDTimestamptz, "2024-07-01 12:00 +16", `22009 time zone displacement out of range: "2024-07-01 12:00 +16"`},
	} {
		z := *UTC
		z.Style.Order = c.order
		v, err := ParseText(c.oid, c.text, &z)
		got := ""
		if e, ok := err.(*pgerror.Error); ok {
			got = e.Code + " " + e.Message
		} else {
			got = string(AppendText(nil, c.oid, &v, UTC))
		}
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}

func FuzzDateText(f *testing.F) {
	for _, s := range []string{"03/04/2024", "now", "J2451187-8", "y2001m02d04h12mm30s15.5", "2024-07-01T120000Z", "met dst", "+1:2:3:4"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		for _, oid := range []uint32{OIDDate, OIDTimestamp, OIDTimestamptz} {
			_, _ = ParseText(oid, s, UTC)
		}
	})
}
