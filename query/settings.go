package query

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// setting describes one of PostgreSQL's settings that the front knows.
type setting struct {
	name    string // as SHOW's column has it
	initial string
	report  bool // clients are told of it and of every change
	fixed   bool // cannot be changed
	// check validates a value and returns it as SHOW gives it.
	check func(s *Session, value string) (string, error)
	about string // for SHOW ALL
}

func fixedSetting(name, value string) setting {
	return setting{name: name, initial: value, fixed: true}
}

var knownSettings = map[string]*setting{}

func init() {
	report := func(st setting) setting {
		st.report = true
		return st
	}
	for _, st := range []setting{
		report(fixedSetting("server_version", ServerVersion)),
		fixedSetting("server_version_num", "150008"),
		report(fixedSetting("server_encoding", "UTF8")),
		report(fixedSetting("integer_datetimes", "on")),
		report(fixedSetting("is_superuser", "off")),
		report(fixedSetting("in_hot_standby", "off")),
		fixedSetting("max_identifier_length", "63"), fixedSetting("max_index_keys", "32"),
		fixedSetting("block_size", "8192"), fixedSetting("lc_collate", "C"), fixedSetting("lc_ctype", "C"),
		fixedSetting("data_checksums", "on"), fixedSetting("wal_level", "replica"), fixedSetting("fsync", "on"),
		report(setting{name: "client_encoding", initial: "UTF8", check: checkEncoding}),
		report(setting{name: "DateStyle", initial: "ISO, MDY", check: checkDateStyle}),
		report(setting{name: "IntervalStyle", initial: "postgres", check: oneOf("IntervalStyle", "postgres", "postgres_verbose", "sql_standard", "iso_8601")}),
		report(setting{name: "TimeZone", initial: "UTC", check: checkZone}),
		report(setting{name: "standard_conforming_strings", initial: "on", check: onlyOn("standard_conforming_strings")}),
		report(setting{name: "application_name", check: checkApplicationName}),
		report(setting{name: "session_authorization", check: checkAuthorization}),
		report(setting{name: "default_transaction_read_only", initial: "off", check: checkBool("default_transaction_read_only")}),
		{name: "default_transaction_isolation", initial: readCommitted, check: checkIsolation("default_transaction_isolation")},
		{name: "default_transaction_deferrable", initial: "off", check: checkBool("default_transaction_deferrable")},
		{name: "transaction_isolation", initial: readCommitted, check: checkIsolation("transaction_isolation")},
		{name: "transaction_read_only", initial: "off", check: checkBool("transaction_read_only")},
		{name: "transaction_deferrable", initial: "off", check: checkBool("transaction_deferrable")},
		{name: "statement_timeout", initial: "0", check: checkDuration("statement_timeout")},
		{name: "lock_timeout", initial: "0", check: checkDuration("lock_timeout")},
		{name: "idle_in_transaction_session_timeout", initial: "0", check: checkDuration("idle_in_transaction_session_timeout")},
		{name: "idle_session_timeout", initial: "0", check: checkDuration("idle_session_timeout")},
		{name: "extra_float_digits", initial: "1", check: checkInt("extra_float_digits", -15, 3)},
		{name: "search_path", initial: `"$user", public`},
		{name: "bytea_output", initial: "hex", check: oneOf("bytea_output", "hex")},
		{name: "client_min_messages", initial: "notice", check: oneOf("client_min_messages",
			"debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log", "notice", "warning", "error")},
		{name: "synchronous_commit", initial: "on", check: onlyOn("synchronous_commit")},
		{name: "row_security", initial: "on", check: checkBool("row_security")},
		{name: "jit", initial: "off", check: checkBool("jit")},
		{name: "role", initial: "none"},
		{name: "lc_messages", initial: "C"},
		{name: "lc_monetary", initial: "C"},
		{name: "lc_numeric", initial: "C"},
		{name: "lc_time", initial: "C"},
		{name: "work_mem", initial: "4MB"},
		{name: "xmloption", initial: "content"},
		{name: "escape_string_warning", initial: "on", check: checkBool("escape_string_warning")},
		{name: "backslash_quote", initial: "safe_encoding"},
		{name: "check_function_bodies", initial: "on", check: checkBool("check_function_bodies")},
		{name: "geqo", initial: "on", check: checkBool("geqo")},
		{name: "enable_seqscan", initial: "on", check: checkBool("enable_seqscan")},
		{name: "constraint_exclusion", initial: "partition"},
		{name: "default_tablespace"},
		{name: "default_table_access_method", initial: "heap"},
		{name: "plan_cache_mode", initial: "auto"},
		{
			name: routeSetting, initial: routeAuto, check: oneOf(routeSetting, routeAuto, routeNative, routeAnalytics),
			about: "Which path answers a SELECT: the front's own, the analytics worker's, or whichever fits.",
		},
	} {
		knownSettings[strings.ToLower(st.name)] = &st
	}
}

// settings are a session's values. They follow transactions.
type settings struct {
	values map[string]string // by lower-case name, where it is not the initial one
	// local has what SET LOCAL replaced until the transaction ends.
	local map[string]string
	// startup has the values that RESET goes back to.
	startup map[string]string
}

func newSettings(s *Session) settings {
	return settings{
		values: map[string]string{}, local: map[string]string{},
		startup: map[string]string{"session_authorization": s.user},
	}
}

func (st *settings) clone() settings {
	return settings{values: maps.Clone(st.values), local: maps.Clone(st.local), startup: st.startup}
}

func (st *settings) value(name string) string {
	if v, ok := st.values[name]; ok {
		return v
	}
	return st.initial(name)
}

func (st *settings) initial(name string) string {
	if v, ok := st.startup[name]; ok {
		return v
	}
	if k := knownSettings[name]; k != nil {
		return k.initial
	}
	return ""
}

// report tells the client of all settings it is told of.
func (st *settings) report(c *pgwire.Conn) {
	for _, name := range slices.Sorted(maps.Keys(knownSettings)) {
		st.apply(name, c)
	}
}

// apply makes a setting's value effective.
func (st *settings) apply(name string, c *pgwire.Conn) {
	v := st.value(name)
	if k := knownSettings[name]; k != nil && k.report {
		c.SetParameter(k.name, v)
	}
	switch name {
	case "timezone":
		if loc, ok := loadZone(v); ok {
			c.Zone = &pgwire.Zone{Name: v, Location: loc}
		}
	case "statement_timeout":
		c.StatementTimeout = parseShownDuration(v)
	case "idle_session_timeout":
		c.IdleTimeout = parseShownDuration(v)
	case "idle_in_transaction_session_timeout":
		c.IdleInTransactionTimeout = parseShownDuration(v)
	}
}

// restore goes back to earlier values.
func (st *settings) restore(to settings, c *pgwire.Conn) {
	changed := map[string]bool{}
	for name, v := range st.values {
		if old, ok := to.values[name]; !ok || old != v {
			changed[name] = true
		}
	}
	for name := range to.values {
		if _, ok := st.values[name]; !ok {
			changed[name] = true
		}
	}
	*st = to.clone()
	for name := range changed {
		st.apply(name, c)
	}
}

// endLocal undoes SET LOCAL.
func (st *settings) endLocal(c *pgwire.Conn) {
	for name, v := range st.local {
		delete(st.local, name)
		st.values[name] = v
		st.apply(name, c)
	}
}

// maxCustomSettings bounds the settings a session may make up, such as app.tenant.
const maxCustomSettings = 1000

// set gives a setting a value; nil values mean its default.
func (s *Session) set(name string, values []string, local bool) error {
	k := knownSettings[name]
	if k == nil && !strings.Contains(name, ".") {
		return pgwire.Errorf("42704", "unrecognized configuration parameter \"%s\"", name)
	}
	if k != nil && k.fixed {
		return pgwire.Errorf("55P02", "parameter \"%s\" cannot be changed", k.name)
	}
	if k == nil && len(s.settings.values) > maxCustomSettings {
		return pgwire.Errorf("54000", "a session may have %d settings of its own at most", maxCustomSettings)
	}
	v := s.settings.initial(name)
	if values != nil {
		v = strings.Join(values, ", ")
		if k != nil && len(values) > 1 && name != "search_path" && name != "datestyle" {
			return pgwire.Errorf("22023", "SET %s takes only one argument", k.name)
		}
		if k != nil && k.check != nil {
			var err error
			if v, err = k.check(s, v); err != nil {
				return err
			}
		}
	}
	switch name {
	case "transaction_isolation":
		return s.setIsolation(v)
	case "transaction_read_only":
		return s.setReadOnly(v == "on")
	case "transaction_deferrable":
		return nil
	}
	s.tx.keepSettings(s)
	if local {
		if _, ok := s.settings.local[name]; !ok {
			s.settings.local[name] = s.settings.value(name)
		}
	} else {
		delete(s.settings.local, name)
	}
	s.settings.values[name] = v
	s.settings.apply(name, s.conn)
	return nil
}

func (s *Session) setIsolation(level string) error {
	t := &s.tx
	if t.isolation == level {
		return nil
	}
	if t.began {
		return pgwire.Errorf("25001", "SET TRANSACTION ISOLATION LEVEL must be called before any query")
	}
	t.isolation = level
	return nil
}

func (s *Session) setReadOnly(readOnly bool) error {
	if s.tx.readOnly && !readOnly && s.tx.began {
		return pgwire.Errorf("25001", "transaction read-write mode must be set before any query")
	}
	s.tx.readOnly = readOnly
	return nil
}

// show returns a setting's value.
func (s *Session) show(name string) (string, error) {
	switch name {
	case "transaction_isolation":
		return s.tx.isolation, nil
	case "transaction_read_only":
		if s.tx.readOnly {
			return "on", nil
		}
		return "off", nil
	}
	if knownSettings[name] == nil {
		_, set := s.settings.values[name]
		if _, began := s.settings.startup[name]; !set && !began {
			return "", pgwire.Errorf("42704", "unrecognized configuration parameter \"%s\"", name)
		}
	}
	return s.settings.value(name), nil
}

// applyStartup takes the settings of the start-up packet.
func (s *Session) applyStartup(params map[string]string) error {
	take := func(name, value string) error {
		name = strings.ToLower(name)
		if err := s.set(name, []string{value}, false); err != nil {
			return err
		}
		if v, ok := s.settings.values[name]; ok {
			s.settings.startup[name] = v
			delete(s.settings.values, name)
			s.settings.apply(name, s.conn)
		}
		return nil
	}
	words := splitOptions(params["options"])
	for i := 0; i < len(words); i++ {
		text, ok := strings.CutPrefix(words[i], "-c")
		if long, isLong := strings.CutPrefix(words[i], "--"); isLong {
			text, ok = long, true
		}
		if ok && text == "" && i+1 < len(words) {
			i++
			text = words[i]
		}
		name, value, hasValue := strings.Cut(text, "=")
		if !ok || !hasValue {
			return pgwire.Errorf("42601", "invalid command-line argument for server process: %s", words[i])
		}
		if err := take(strings.ReplaceAll(name, "-", "_"), value); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		switch name {
		case "user", "database", "options", "replication":
			continue
		}
		if err := take(name, params[name]); err != nil {
			return err
		}
	}
	return nil
}

// splitOptions splits at spaces; a backslash keeps the next character.
func splitOptions(s string) []string {
	var words []string
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n':
			if in {
				words = append(words, b.String())
				b.Reset()
				in = false
			}
			continue
		case c == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
		in = true
	}
	if in {
		words = append(words, b.String())
	}
	return words
}

func invalidSetting(name, value string) *pgwire.Error {
	return pgwire.Errorf("22023", "invalid value for parameter \"%s\": \"%s\"", name, value)
}

func checkEncoding(_ *Session, value string) (string, error) {
	// As PostgreSQL compares names: letters and digits alone. asyncpg sends quotes.
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(value))
	switch name {
	case "utf8", "unicode":
		return "UTF8", nil
	case "sqlascii", "latin1", "win1252", "latin9", "euckr", "sjis":
		return "", pgwire.Errorf("0A000", "client encoding %s is not supported", value).WithHint("Use UTF8.")
	}
	return "", invalidSetting("client_encoding", value)
}

func checkDateStyle(s *Session, value string) (string, error) {
	order := "MDY"
	if _, o, ok := strings.Cut(s.settings.value("datestyle"), ", "); ok {
		order = o
	}
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch strings.ToUpper(word) {
		case "ISO":
		case "MDY", "US", "NONEURO", "NONEUROPEAN":
			order = "MDY"
		case "DMY", "EURO", "EUROPEAN":
			order = "DMY"
		case "YMD":
			order = "YMD"
		case "POSTGRES", "SQL", "GERMAN":
			return "", pgwire.Errorf("0A000", "DateStyle %s is not supported", word).WithHint("Use ISO.")
		case "DEFAULT":
		default:
			return "", invalidSetting("DateStyle", value).WithDetail("Unrecognized key word: \"%s\".", strings.ToLower(word))
		}
	}
	return "ISO, " + order, nil
}

func loadZone(value string) (*time.Location, bool) {
	if strings.EqualFold(value, "utc") || strings.EqualFold(value, "gmt") || strings.EqualFold(value, "default") {
		return time.UTC, true
	}
	// A number of hours east of UTC; an interval such as <+02>-02 is the POSIX form.
	if hours, err := strconv.ParseFloat(value, 64); err == nil && hours >= -15 && hours <= 15 {
		return time.FixedZone(value, int(hours*3600)), true
	}
	if offset, ok := posixOffset(value); ok {
		return time.FixedZone(value, offset), true
	}
	if value == "" || strings.EqualFold(value, "local") {
		return nil, false
	}
	loc, err := time.LoadLocation(value)
	if err != nil {
		// Names are not case sensitive in PostgreSQL.
		if loc, err = time.LoadLocation(titleZone(value)); err != nil {
			loc, err = time.LoadLocation(strings.ToUpper(value))
		}
	}
	if err != nil {
		loc, err = pgfn.ZoneOf(value) // -03:30 and other ways to write an offset
	}
	return loc, err == nil
}

// posixOffset reads <+02>-02, as SHOW gives a zone that was set by its offset. The
// sign of POSIX zones points west.
func posixOffset(value string) (seconds int, ok bool) {
	i := strings.IndexByte(value, '>')
	if !strings.HasPrefix(value, "<") || i < 0 {
		return 0, false
	}
	hours, rest, _ := strings.Cut(value[i+1:], ":")
	h, err := strconv.Atoi(hours)
	if err != nil {
		return 0, false
	}
	m := 0
	if rest != "" {
		if m, err = strconv.Atoi(rest); err != nil {
			return 0, false
		}
	}
	if strings.HasPrefix(hours, "-") {
		m = -m
	}
	return -(h*3600 + m*60), true
}

func titleZone(value string) string {
	b := []byte(strings.ToLower(value))
	for i := range b {
		if (i == 0 || b[i-1] == '/' || b[i-1] == '_' || b[i-1] == '-') && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	// The words within names that are small: Port-au-Prince, Isle_of_Man, Dar_es_Salaam.
	return strings.NewReplacer("-Au-", "-au-", "_Of_", "_of_", "_Es_", "_es_").Replace(string(b))
}

func checkZone(_ *Session, value string) (string, error) {
	loc, ok := loadZone(value)
	if !ok {
		return "", invalidSetting("TimeZone", value)
	}
	if hours, err := strconv.ParseFloat(value, 64); err == nil {
		sign, back := "+", "-"
		if hours < 0 {
			sign, back, hours = "-", "+", -hours
		}
		text := func(sign string) string {
			out := sign + twoDigits(int(hours))
			if m := int(hours*60) % 60; m != 0 {
				out += ":" + twoDigits(m)
			}
			return out
		}
		return "<" + text(sign) + ">" + text(back), nil
	}
	if strings.EqualFold(value, "utc") || strings.EqualFold(value, "gmt") {
		return strings.ToUpper(value), nil
	}
	if value != "" && (value[0] == '+' || value[0] == '-') {
		return value, nil
	}
	return loc.String(), nil
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func checkApplicationName(_ *Session, value string) (string, error) {
	b := []byte(value)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b[:min(len(b), 63)]), nil
}

func checkAuthorization(s *Session, value string) (string, error) {
	if value != s.user {
		return "", pgwire.Errorf("42501", "permission denied to set session authorization")
	}
	return value, nil
}

func checkBool(name string) func(*Session, string) (string, error) {
	return func(_ *Session, value string) (string, error) {
		v, err := pgwire.ParseText(pgwire.OIDBool, value, pgwire.UTC)
		if err != nil {
			return "", pgwire.Errorf("22023", "parameter \"%s\" requires a Boolean value", name)
		}
		if v.Bool() {
			return "on", nil
		}
		return "off", nil
	}
}

// onlyOn is for settings whose other values the store does not offer.
func onlyOn(name string) func(*Session, string) (string, error) {
	return func(s *Session, value string) (string, error) {
		v, err := checkBool(name)(s, value)
		if err == nil && v != "on" || name == "synchronous_commit" && slices.Contains([]string{"local", "remote_write", "remote_apply"}, strings.ToLower(value)) {
			return "", pgwire.Errorf("0A000", "%s = %s is not supported", name, value)
		}
		return v, err
	}
}

func oneOf(name string, values ...string) func(*Session, string) (string, error) {
	return func(_ *Session, value string) (string, error) {
		v := strings.ToLower(value)
		if slices.Contains(values, v) {
			return v, nil
		}
		switch name + " " + v {
		case "bytea_output escape":
			return "", pgwire.Errorf("0A000", "%s = %s is not supported", name, value)
		}
		return "", invalidSetting(strings.ToLower(name), value)
	}
}

func checkInt(name string, low, high int) func(*Session, string) (string, error) {
	return func(_ *Session, value string) (string, error) {
		v, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil {
			return "", invalidSetting(name, value)
		}
		if v < low || v > high {
			return "", pgwire.Errorf("22023", "%d is outside the valid range for parameter \"%s\" (%d .. %d)", v, name, low, high)
		}
		return strconv.Itoa(v), nil
	}
}

func checkIsolation(name string) func(*Session, string) (string, error) {
	return func(_ *Session, value string) (string, error) {
		switch v := strings.ToLower(value); v {
		case readCommitted, repeatableRead, "read uncommitted":
			return v, nil
		case "serializable":
			return "", pgwire.Errorf("0A000", "SERIALIZABLE is not supported yet").
				WithHint("Use REPEATABLE READ, and expected_version for what the append relies on.")
		}
		return "", invalidSetting(name, value)
	}
}

var durationUnits = []struct {
	unit   string
	millis int64
}{{"d", 86_400_000}, {"h", 3_600_000}, {"min", 60_000}, {"s", 1000}, {"ms", 1}}

// checkDuration takes milliseconds, or a number with a unit.
func checkDuration(name string) func(*Session, string) (string, error) {
	return func(_ *Session, value string) (string, error) {
		t := strings.TrimSpace(value)
		unit := int64(1)
		t, micros := strings.CutSuffix(t, "us")
		number := strings.TrimRight(t, "abcdefghijklmnopqrstuvwxyz")
		if suffix := t[len(number):]; suffix != "" {
			i := slices.IndexFunc(durationUnits, func(u struct {
				unit   string
				millis int64
			},
			) bool {
				return u.unit == suffix
			})
			if i < 0 {
				return "", invalidSetting(name, value).WithHint(`Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
			}
			unit = durationUnits[i].millis
		}
		if micros {
			number += "e-3"
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			return "", invalidSetting(name, value)
		}
		millis := f * float64(unit)
		if math.IsNaN(millis) {
			return "", invalidSetting(name, value)
		}
		if millis < 0 || millis > 1<<31-1 {
			return "", pgwire.Errorf("22023", "%d ms is outside the valid range for parameter \"%s\" (0 .. 2147483647)", int64(millis), name)
		}
		return showDuration(int64(millis + 0.5)), nil
	}
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

func parseShownDuration(v string) time.Duration {
	number := strings.TrimRight(v, "abcdefghijklmnopqrstuvwxyz")
	n, _ := strconv.ParseInt(number, 10, 64)
	for _, u := range durationUnits {
		if u.unit == v[len(number):] {
			return time.Duration(n*u.millis) * time.Millisecond
		}
	}
	return 0
}
