package setting

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/searchpath"
)

func invalidSetting(name, value string) *pgerror.Error {
	return pgerror.Errorf(pgerror.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", name, value)
}

func checkString(_ *Values, value string) (string, error) { return value, nil }

func checkSearchPath(st *Values, value string) (string, error) {
	_, err := searchpath.Read(value, st.user)
	return value, err
}

func checkEncoding(_ *Values, value string) (string, error) {
	e := charset.Lookup(value)
	switch {
	case e == nil:
		return "", invalidSetting("client_encoding", value)
	case !e.Convertible():
		return "", pgerror.Errorf(pgerror.FeatureNotSupported, "invalid value for parameter \"client_encoding\": \"%s\"", value).
			WithDetail("Conversion between %s and UTF8 is not supported.", e.Name)
	case value == "UNICODE": // which PostgreSQL keeps for drivers that compare
		return value, nil
	}
	return e.Name, nil
}

func checkApplicationName(_ *Values, value string) (string, error) {
	b := []byte(value)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b[:min(len(b), 63)]), nil
}

func checkAuthorization(st *Values, value string) (string, error) {
	return value, st.host.MayAct("session_authorization", value)
}

// checkRole lets SET ROLE go back to what the session is, and to what that may be.
func checkRole(st *Values, value string) (string, error) {
	if value == "none" {
		return value, nil
	}
	return value, st.host.MayAct("role", value)
}

func checkBool(name string) func(*Values, string) (string, error) {
	return func(_ *Values, value string) (string, error) {
		v, err := pgvalue.ParseText(pgvalue.OIDBool, value, pgvalue.UTC)
		if err != nil {
			return "", pgerror.Errorf(pgerror.InvalidParameterValue, "parameter \"%s\" requires a Boolean value", name)
		}
		if v.Bool() {
			return "on", nil
		}
		return "off", nil
	}
}

func oneOf(name string, values ...string) func(*Values, string) (string, error) {
	return func(_ *Values, value string) (string, error) {
		for _, v := range values {
			if strings.EqualFold(v, value) {
				return v, nil
			}
		}
		return "", invalidSetting(strings.ToLower(name), value).WithHint("Available values: " + strings.Join(values, ", ") + ".")
	}
}

func checkIsolation(name string) func(*Values, string) (string, error) {
	return func(_ *Values, value string) (string, error) {
		switch v := strings.ToLower(value); v {
		case readCommitted, RepeatableRead, Serializable, "read uncommitted":
			return v, nil
		}
		return "", invalidSetting(name, value)
	}
}

var durationUnits = []struct {
	unit   string
	millis int64
}{{"d", 86_400_000}, {"h", 3_600_000}, {"min", 60_000}, {"s", 1000}, {"ms", 1}}

// durationCheck takes milliseconds, or a number with a unit.
func durationCheck(name string) func(*Values, string) (string, error) {
	return (&numberSetting{name: name, unit: "ms", high: 1<<31 - 1}).check
}

// showDuration uses the largest unit that loses nothing, as SHOW does.
func showDuration(millis int64) string {
	if millis == 0 {
		return "0"
	}
	for _, u := range durationUnits {
		if millis%u.millis == 0 {
			return strconv.FormatInt(millis/u.millis, 10) + u.unit
		}
	}
	return ""
}

func Duration(v string) time.Duration {
	number := strings.TrimRight(v, "abcdefghijklmnopqrstuvwxyz")
	n, _ := strconv.ParseInt(number, 10, 64)
	for _, u := range durationUnits {
		if u.unit == v[len(number):] {
			return time.Duration(n*u.millis) * time.Millisecond
		}
	}
	return 0
}

// Bytes is a number of bytes that a check has written; -1 stays.
func Bytes(v string) int {
	number := strings.TrimRight(v, "kMGTB")
	n, _ := strconv.Atoi(number)
	for _, u := range memoryUnits {
		if u.name == v[len(number):] {
			return n * int(u.scale)
		}
	}
	return n
}

// noticeLevels are client_min_messages', the least important first.
var noticeLevels = []string{"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"}

// Sends tells whether client_min_messages lets a message of a level through.
func Sends(least, level string) bool {
	return slices.Index(noticeLevels, level) >= slices.Index(noticeLevels, least)
}

// checkLocale takes the one locale that there is, by its names.
func checkLocale(name string) func(*Values, string) (string, error) {
	return func(_ *Values, value string) (string, error) {
		english := name == "lc_messages" && strings.HasPrefix(value, "en_") // which all messages are in
		if value != "C" && value != "POSIX" && !english && (value != "" || name == "lc_messages") {
			return "", invalidSetting(name, value)
		}
		return value, nil
	}
}

func checkSynchronous(st *Values, value string) (string, error) {
	if v, err := checkBool("synchronous_commit")(st, value); err == nil {
		return v, nil
	}
	return oneOf("synchronous_commit", "local", "remote_write", "remote_apply", "on", "off")(st, value)
}
