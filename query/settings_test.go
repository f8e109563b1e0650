package query

import (
	"slices"
	"testing"
	"time"
)

// checked writes what a check makes of a value: what SHOW gives, or !SQLSTATE.
func checked(check func(*Session, string) (string, error), value string) string {
	s := &Session{user: "u"}
	s.settings = newSettings(s)
	v, err := check(s, value)
	if err != nil {
		return "!" + sqlstate(err)
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
		{"datestyle", "german", "!0A000"},
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
		{"client_encoding", "latin1", "!0A000"},
		{"client_encoding", "nosuch", "!22023"},

		{"application_name", "a\tb é", "a?b ??"},
		{"session_authorization", "u", "u"},
		{"session_authorization", "v", "!42501"},
		{"standard_conforming_strings", "true", "on"},
		{"standard_conforming_strings", "off", "!0A000"},
		{"synchronous_commit", "local", "!0A000"},
		{"default_transaction_read_only", "1", "on"},
		{"default_transaction_read_only", "maybe", "!22023"},
		{"default_transaction_isolation", "REPEATABLE READ", "repeatable read"},
		{"default_transaction_isolation", "serializable", "!0A000"},
		{"default_transaction_isolation", "chaos", "!22023"},
		{"extra_float_digits", "3", "3"},
		{"extra_float_digits", "4", "!22023"},
		{"bytea_output", "HEX", "hex"},
		{"bytea_output", "escape", "!0A000"},
	} {
		if got := checked(knownSettings[c.name].check, c.value); got != c.want {
			t.Errorf("SET %s = %q: got %s, want %s", c.name, c.value, got, c.want)
		}
	}
}

// TestDurations: what SHOW gives reads back as the same duration.
func TestDurations(t *testing.T) {
	for _, millis := range []int64{0, 1, 999, 1000, 60_000, 61_000, 3_600_000, 86_400_000, 90_000_000, 1<<31 - 1} {
		text := showDuration(millis)
		if got := parseShownDuration(text); got != time.Duration(millis)*time.Millisecond {
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
		for _, v := range []string{value, shown} {
			loc, ok := loadZone(v)
			if !ok {
				t.Errorf("%s: not a zone", v)
			} else if _, got := at.In(loc).Zone(); got != offset {
				t.Errorf("%s: got %d seconds east, want %d", v, got, offset)
			}
		}
	}
}

func TestSplitOptions(t *testing.T) {
	for options, want := range map[string][]string{
		"":                            nil,
		"  ":                          nil,
		"-c a=b":                      {"-c", "a=b"},
		" -ca=b\t--c-d=e ":            {"-ca=b", "--c-d=e"},
		`-c search_path=a,\ b\\c`:     {"-c", `search_path=a, b\c`},
		`-c a=\`:                      {"-c", `a=\`},
		`-c application_name=x\ y -c`: {"-c", "application_name=x y", "-c"},
	} {
		if got := splitOptions(options); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", options, got, want)
		}
	}
}

func TestQuoteName(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "a_1": "a_1", "1a": `"1a"`, "A": `"A"`, `a"b`: `"a""b"`, "": `""`, "select": `"select"`, "$user": `"$user"`,
	} {
		if got := quoteName(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

// TestKnownSettings: every initial value is one that SET would take and SHOW the same.
func TestKnownSettings(t *testing.T) {
	for name, k := range knownSettings {
		if k.check == nil || name == "session_authorization" {
			continue
		}
		if got := checked(k.check, k.initial); got != k.initial {
			t.Errorf("%s: initially %q, which SHOW would give as %s", name, k.initial, got)
		}
	}
}
