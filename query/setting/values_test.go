package setting

import (
	"errors"
	"testing"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// lone is a host that may act as u alone.
type lone struct{}

func (lone) Report(string, string) {}

func (lone) MayAct(_, name string) error {
	if name != "u" {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "role %s does not exist", name)
	}
	return nil
}

// checked writes what a check makes of a value: what SHOW gives, or !SQLSTATE.
func checked(check func(*Values, string) (string, error), value string) string {
	st := New("u", new(OwnValues), lone{})
	v, err := check(&st, value)
	if err != nil {
		var e *pgerror.Error
		if !errors.As(err, &e) {
			return err.Error()
		}
		return "!" + e.Code
	}
	return v
}

// TestSettingValues: what SET takes and SHOW gives, as PostgreSQL 15.
func TestSettingValues(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"statement_timeout", "0", "0"},
		{"statement_timeout", "1", "1ms"},
		{"statement_timeout", "1000", "1s"},
		{"statement_timeout", " 1500ms ", "1500ms"},
		{"statement_timeout", "1.5s", "1500ms"},
		{"statement_timeout", "90min", "90min"},
		{"statement_timeout", "120 min", "2h"},
		{"statement_timeout", "24h", "1d"},
		{"statement_timeout", "1.6", "2ms"},
		{"statement_timeout", "10000us", "10ms"},
		{"statement_timeout", "-1", "!22023"},
		{"statement_timeout", "2147483647", "2147483647ms"},
		{"statement_timeout", "2147483648", "!22023"},
		{"statement_timeout", "1e300d", "!22023"},
		{"statement_timeout", "5 parsecs", "!22023"},
		{"statement_timeout", "", "!22023"},
		{"statement_timeout", "s", "!22023"},
		{"statement_timeout", "nan", "!22023"},

		{"datestyle", "ISO", "ISO, MDY"},
		{"datestyle", "iso, dmy", "ISO, DMY"},
		{"datestyle", "YMD", "ISO, YMD"},
		{"datestyle", "european,iso", "ISO, DMY"},
		{"datestyle", "german", "German, DMY"},
		{"datestyle", "iso, nosuch", "!22023"},

		{"timezone", "utc", "UTC"},
		{"timezone", "GMT", "GMT"},
		{"timezone", "Europe/Amsterdam", "Europe/Amsterdam"},
		{"timezone", "europe/amsterdam", "Europe/Amsterdam"},
		{"timezone", "america/new_york", "America/New_York"},
		{"timezone", "cet", "CET"},
		{"timezone", "america/port-au-prince", "America/Port-au-Prince"},
		{"timezone", "5.5", "<+05:30>-05:30"},
		{"timezone", "-3", "<-03>+03"},
		{"timezone", "0", "<+00>-00"},
		{"timezone", "<+02>-02", "<+02>-02"},
		{"timezone", "nosuch", "!22023"},
		{"timezone", "../UTC", "!22023"},
		{"timezone", "/etc/localtime", "!22023"},
		{"timezone", "", "!22023"},

		{"client_encoding", "utf8", "UTF8"},
		{"client_encoding", "'utf-8'", "UTF8"},
		{"client_encoding", "unicode", "UTF8"},
		{"client_encoding", "latin1", "LATIN1"},
		{"client_encoding", "UNICODE", "UNICODE"},
		{"client_encoding", "mule_internal", "!0A000"},
		{"client_encoding", "nosuch", "!22023"},

		{"application_name", "a\tb é", "a?b ??"},
		{"session_authorization", "u", "u"},
		{"session_authorization", "v", "!22023"},
		{"role", "u", "u"},
		{"role", "none", "none"},
		{"role", "v", "!22023"},
		{"standard_conforming_strings", "true", "on"},
		{"standard_conforming_strings", "off", "!0A000"},
		{"synchronous_commit", "local", "!0A000"},
		{"default_transaction_read_only", "1", "on"},
		{"default_transaction_read_only", "maybe", "!22023"},
		{"default_transaction_isolation", "REPEATABLE READ", "repeatable read"},
		{"default_transaction_isolation", "SERIALIZABLE", "serializable"},
		{"default_transaction_isolation", "chaos", "!22023"},
		{"extra_float_digits", "3", "3"},
		{"extra_float_digits", "4", "!22023"},
		{"bytea_output", "HEX", "hex"},
		{"bytea_output", "escape", "escape"},
	} {
		if got := checked(Known[c.name].read, c.value); got != c.want {
			t.Errorf("SET %s = %q: got %s, want %s", c.name, c.value, got, c.want)
		}
	}
}

// TestDurations: what SHOW gives reads back as the same duration.
func TestDurations(t *testing.T) {
	for _, millis := range []int64{0, 1, 999, 1000, 60_000, 61_000, 3_600_000, 86_400_000, 90_000_000, 1<<31 - 1} {
		text := showDuration(millis)
		if got := Duration(text); got != time.Duration(millis)*time.Millisecond {
			t.Errorf("%d ms shows as %s, which is %v", millis, text, got)
		}
	}
}

// TestZoneRoundTrip: the zone that SHOW names is the zone that was set.
func TestZoneRoundTrip(t *testing.T) {
	at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	for value, offset := range map[string]int{
		"UTC": 0, "2": 7200, "-3.5": -12600, "Europe/Amsterdam": 7200, "<+05:30>-05:30": 19800, "<-03:30>+03:30": -12600,
	} {
		shown := checked(checkZone, value)
		for _, v := range []string{shown, checked(checkZone, shown)} {
			loc, err := pgvalue.LoadZone(v)
			if err != nil {
				t.Errorf("%s: not a zone", v)
			} else if _, got := at.In(loc).Zone(); got != offset {
				t.Errorf("%s: got %d seconds east, want %d", v, got, offset)
			}
		}
	}
}

// TestKnownSettings: every initial value is one that SET would take and SHOW the same.
func TestKnownSettings(t *testing.T) {
	for name, k := range Known {
		if k.Check == nil || name == "session_authorization" || name == "role" {
			continue
		}
		if got := checked(k.read, k.Initial); got != k.Initial {
			t.Errorf("%s: initially %q, which SHOW would give as %s", name, k.Initial, got)
		}
	}
}
