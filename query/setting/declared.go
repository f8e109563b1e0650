package setting

import (
	"math"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// ServerVersion is the PostgreSQL version whose behaviour clients are told to expect.
const ServerVersion = "15.8"

// The levels of isolation.
const (
	readCommitted  = "read committed"
	RepeatableRead = "repeatable read"
	Serializable   = "serializable"
)

// Pins tells whether a transaction of a level sees throughout what was there when its first statement began.
func Pins(isolation string) bool { return isolation == RepeatableRead || isolation == Serializable }

// The setting that forces a SELECT onto one path, for tests, and its values.
const (
	Route          = "eventgres.route"
	routeAuto      = "auto"
	RouteNative    = "native"
	RouteAnalytics = "analytics"
)

// FetchWait is how long FETCH waits for the first row of a cursor that follows.
const FetchWait = "eventgres.fetch_wait"

// ReadAfter is the position that statements wait for before they read, and ReadAfterTimeout how long.
const (
	ReadAfter        = "eventgres.read_after"
	ReadAfterTimeout = "eventgres.read_after_timeout"
)

// ReadMode says which appends what is read has, and its values.
const (
	ReadMode     = "eventgres.read_mode"
	readLocal    = "local"
	Linearizable = "linearizable"
)

// AsOf is the position as of which a session reads, and AsOfNow its value where it reads the newest.
const (
	AsOf    = "eventgres.as_of"
	AsOfNow = "now"
)

// Import lets events be given the time when they were recorded elsewhere.
const Import = "eventgres.import"

// What the server is, and cannot be changed.
func init() {
	for _, f := range []struct {
		name, value    string
		report, hidden bool
	}{
		{"server_version", ServerVersion, true, false},
		{"server_version_num", "150008", false, false},
		{"server_encoding", "UTF8", true, false},
		{"integer_datetimes", "on", true, false},
		{"is_superuser", "off", true, true},
		{"in_hot_standby", "off", true, false},
		{"max_identifier_length", "63", false, false},
		{"max_index_keys", "32", false, false},
		{"block_size", "8192", false, false},
		{"lc_collate", "C", false, false},
		{"lc_ctype", "C", false, false},
		{"data_checksums", "on", false, false},
		{"wal_level", "logical", false, false},
		{"fsync", "on", false, false},
	} {
		Declare(Setting{Name: f.name, Initial: f.value, Report: f.report, Hidden: f.hidden, Fixed: true})
	}
}

// What has an effect, which the session adds, or takes one value alone. The others are in list.go.
func init() {
	Declare(
		Setting{Name: "client_encoding", Initial: "UTF8", Report: true, Check: checkEncoding, About: "The encoding of the texts that the client sends and is sent."},
		Setting{Name: "DateStyle", Initial: "ISO, MDY", Report: true, List: true, Check: checkDateStyle, About: "How dates and times are written, and which of day, month and year comes first where one is read."},
		Setting{
			Name: "IntervalStyle", Initial: "postgres", Report: true, Check: oneOf("IntervalStyle", pgvalue.IntervalFormats[:]...),
			About: "How intervals are written.",
		},
		Setting{Name: "TimeZone", Initial: "UTC", Report: true, Check: checkZone, About: "The time zone in which times are written, and read where they name none."},
		Setting{Name: "extra_float_digits", Initial: "1", Check: (&numberSetting{name: "extra_float_digits", low: -15, high: 3}).check, About: "Digits of floating-point numbers: above 0 as many as read back as the same number, else so many fewer than 15 or 6."},
		Setting{Name: "bytea_output", Initial: "hex", Check: oneOf("bytea_output", "escape", "hex"), About: "How bytea is written as text."},
		Setting{Name: "application_name", Report: true, Check: checkApplicationName, About: "What the client is called in pg_stat_activity."},
		Setting{Name: "search_path", Initial: `"$user", public`, List: true, Check: checkSearchPath, About: "The schemas in which names without one are looked for."},
		Setting{Name: "client_min_messages", Initial: "notice", Check: oneOf("client_min_messages", noticeLevels...), About: "The least important messages that the client is sent beside errors."},
		Setting{Name: "statement_timeout", Initial: "0", Check: durationCheck("statement_timeout"), About: "How long a statement may take; 0: as long as it does."},
		Setting{Name: "row_security", Initial: "on", Check: checkBool("row_security"), About: "Whether policies hide rows; off: where they would, a statement fails."},
		Setting{Name: FetchWait, Initial: "1s", Check: durationCheck(FetchWait), About: "How long FETCH waits for the first row of a cursor that follows, which it ends without; 0: not at all."},
		Setting{Name: ReadAfter, Initial: "-1", Check: (&numberSetting{name: ReadAfter, low: -1, high: 1 << 53}).check, About: "A position: statements that read wait until all events up to it can be read here; -1: they do not wait."},
		Setting{Name: ReadAfterTimeout, Initial: "10s", Check: durationCheck(ReadAfterTimeout), About: "How long they wait, before they fail with 57014; 0: without end."},
		Setting{Name: ReadMode, Initial: readLocal, Check: oneOf(ReadMode, readLocal, Linearizable), About: "What is read on a node of a cluster: what it has of the log, or, with linearizable, everything that was acknowledged on any node before the statement began, or the transaction where it is REPEATABLE READ. A single node has it all."},
		Setting{Name: AsOf, Initial: AsOfNow, Check: checkString, About: "A position, or a time, which becomes the position of the last event that was recorded by then: what is read is the log as of it, and nothing is appended; now: all of it."},
		Setting{Name: Import, Superuser: true, Initial: "off", Check: checkBool(Import), About: "Whether INSERT and COPY may give recorded_at, for events that were recorded elsewhere."},
		Setting{Name: "lock_timeout", Initial: "0", Check: durationCheck("lock_timeout"), About: "How long an advisory lock is waited for; 0: without end."},
		Setting{Name: "idle_in_transaction_session_timeout", Initial: "0", Check: durationCheck("idle_in_transaction_session_timeout"), About: "How long a session may be idle in a transaction before it is ended; 0: without end."},
		Setting{Name: "idle_session_timeout", Initial: "0", Check: durationCheck("idle_session_timeout"), About: "How long a session may be idle outside a transaction before it is ended; 0: without end."},
		Setting{Name: "wal_sender_timeout", Initial: "1min", Check: durationCheck("wal_sender_timeout"), About: "How long a client that follows by the replication protocol may say nothing before it is cut off; 0: without end."},
		Setting{Name: "default_transaction_isolation", Initial: readCommitted, Check: checkIsolation("default_transaction_isolation"), About: "The level of isolation that transactions begin with."},
		Setting{Name: "default_transaction_read_only", Initial: "off", Report: true, Check: checkBool("default_transaction_read_only"), About: "Whether transactions begin as ones that may append nothing."},
		Setting{Name: "default_transaction_deferrable", Initial: "off", Check: checkBool("default_transaction_deferrable"), About: "Whether transactions begin as deferrable, which matters to SERIALIZABLE alone."},
		Setting{Name: "transaction_isolation", Initial: readCommitted, Check: checkIsolation("transaction_isolation"), About: "The transaction's level of isolation."},
		Setting{Name: "transaction_read_only", Initial: "off", Check: checkBool("transaction_read_only"), About: "Whether the transaction may append nothing."},
		Setting{Name: "transaction_deferrable", Initial: "off", Check: checkBool("transaction_deferrable"), About: "Whether the transaction is deferrable, which matters to SERIALIZABLE alone."},
		Setting{Name: "log_statement", Superuser: true, Initial: "none", Check: oneOf("log_statement", "none", "ddl", "mod", "all"), About: "Which statements are written to the server's log when they begin: those that define, those that append too, or all."},
		Setting{Name: "log_min_duration_statement", Superuser: true, Initial: "-1", Check: (&numberSetting{name: "log_min_duration_statement", unit: "ms", low: -1, high: math.MaxInt32}).check, About: "How long a statement takes that is written to the server's log when it has ended; -1: none is."},
		Setting{Name: "log_parameter_max_length", Superuser: true, Initial: "0", Check: (&numberSetting{name: "log_parameter_max_length", unit: "B", low: -1, high: 1<<30 - 1}).check, About: "How much of each parameter is written to the server's log beside its statement; 0: nothing of any, -1: all."},
		Setting{
			Name: "pg_stat_statements.track", Superuser: true, Initial: "top", Check: oneOf("pg_stat_statements.track", "none", "top"),
			About: "Which statements are counted for pg_stat_statements: those of clients, or none.",
		},
		Setting{
			Name: Route, Initial: routeAuto, Check: oneOf(Route, routeAuto, RouteNative, RouteAnalytics),
			About: "Which path answers a SELECT: the server's own, the analytics worker's, or whichever fits.",
		},
	)
	Declare(
		Setting{Name: "session_authorization", Report: true, Hidden: true, Check: checkAuthorization, About: "The role that the session is, which a superuser may change."},
		Setting{Name: "role", Initial: "none", Hidden: true, Check: checkRole, About: "The role as which the session acts, one that it is a member of."},
		Setting{Name: "standard_conforming_strings", Initial: "on", Report: true, Only: true, Check: checkBool("standard_conforming_strings"), About: "A backslash in '…' is a backslash."},
		Setting{Name: "backslash_quote", Initial: "safe_encoding", Only: true, Check: oneOf("backslash_quote", "safe_encoding", "on", "off"), About: "Whether \\' stands for a quote in E'…': it does, since clients' texts are UTF-8 by then."},
		Setting{Name: "synchronous_commit", Initial: "on", Only: true, Check: checkSynchronous, About: "An append is acknowledged once it is on disk."},
		Setting{Name: "xmloption", Initial: "content", Only: true, Check: oneOf("xmloption", "content", "document"), About: "What XML is read as, of which there is no type here."},
		Setting{Name: "default_tablespace", Only: true, Check: checkString, About: "There are no tablespaces."},
		Setting{Name: "default_table_access_method", Initial: "heap", Only: true, Check: checkString, About: "Tables cannot be made."},
		Setting{Name: "lc_messages", Initial: "C", Inert: true, Check: checkLocale("lc_messages"), About: oneLocale},
		Setting{Name: "lc_monetary", Initial: "C", Inert: true, Check: checkLocale("lc_monetary"), About: oneLocale},
		Setting{Name: "lc_numeric", Initial: "C", Inert: true, Check: checkLocale("lc_numeric"), About: oneLocale},
		Setting{Name: "lc_time", Initial: "C", Inert: true, Check: checkLocale("lc_time"), About: oneLocale},
	)
}

const oneLocale = "There is one locale, under a few names."
