package sqlstates

import "strings"

// Whether the same may be sent again.
const (
	never   = "no"
	anew    = "yes"             // at once, the whole transaction
	later   = "later"           // when its cause is gone
	unclear = "with `event_id`" // whether it took effect is not known, and with an id it cannot do so twice
	nothing = ""                // nothing has failed
)

// A condition is what docs/errors.md says of a code.
type condition struct {
	when    string
	do      string
	again   string
	example string // statements, the last of which meets it, parted by "; "
	run     string // in place of an example that the page shortens
	seen    string // else the file of a test that meets it
}

var conditions = map[string]condition{
	"00000": {when: "A notice, no error", do: "Nothing.", again: nothing, example: "DROP VIEW IF EXISTS nothing"},
	"01000": {
		when: "A warning: what was asked for has no effect, since there is nothing to do it to", do: "See whether another role, process or lock was meant.",
		again: nothing, example: "REVOKE reader FROM orders",
	},
	"01006": {when: "A warning: REVOKE by somebody who may not, or not all of it", do: "Have the owner do it.", again: nothing, example: "SET ROLE reader; REVOKE SELECT ON events FROM orders"},
	"01007": {when: "A warning: GRANT by somebody without the grant option, or not for all of it", do: "Have the owner do it.", again: nothing, example: "SET ROLE reader; GRANT SELECT ON events TO orders"},

	"08007": {
		when: "A node of a cluster has lost its place as the leader while an append was on its way: it may still come to pass; the connection has ended", do: "Connect to the leader, and append the same with the same `event_id`: it happens once.",
		again: unclear, seen: "query/member_test.go",
	},
	"08P01": {
		when: "A message that is none of the protocol's, or not where it stands: a driver's flaw, or something else than a PostgreSQL client", do: "Look at the driver, or at the proxy between.",
		again: never, seen: "integration/wire/testdata/messages.txt",
	},

	"0A000": {
		when: "What cannot be done to events, and SQL that there is not yet: [differences](differences.md)", do: "Append an event that corrects the earlier one; write the query otherwise. The hint says more.",
		again: never, example: "UPDATE events SET type = 'Closed'",
	},

	"0LP01": {when: "Grants that make no sense: of a role to itself, of the grant option to everybody", do: "Grant something else.", again: never, example: "GRANT SELECT ON events TO PUBLIC WITH GRANT OPTION"},

	"21000": {when: "A subquery that stands for one value has several rows", do: "LIMIT it, or use IN.", again: never, example: "SELECT (SELECT position FROM events)"},

	"22003": {when: "A number that its type cannot hold", do: "Compute in a wider type, such as numeric.", again: never, example: "SELECT 2147483647 + 1"},
	"22004": {when: "An argument that must not be null is", do: "coalesce it.", again: never, example: "SELECT jsonb_object(ARRAY[NULL, '1'])"},
	"22007": {when: "A text that is no date or time", do: "Write it as ISO 8601.", again: never, example: "SELECT 'the day before'::timestamptz"},
	"22008": {when: "A date or time that there is not, or that is out of range", do: "Correct it; mind `DateStyle`.", again: never, example: "SELECT '2026-02-30'::date"},
	"22009": {when: "A difference to UTC that no zone has", do: "Correct it.", again: never, example: "SELECT '2026-01-01 00:00+99'::timestamptz"},
	"2200C": {when: "More than two marks in the pattern of SUBSTRING … SIMILAR", do: "Correct the pattern.", again: never, example: `SELECT substring('abc' SIMILAR 'a#"b#"c#"' ESCAPE '#')`},
	"22011": {when: "A part of a text of less than no length", do: "Correct the length.", again: never, example: "SELECT substring('abc', 1, -1)"},
	"22012": {when: "A division by zero", do: "Divide by `nullif(…, 0)`.", again: never, example: "SELECT 1 / 0"},
	"22013": {when: "A window's frame begins or ends a negative number of rows away", do: "Swap PRECEDING and FOLLOWING.", again: never, example: "SELECT count(*) OVER (ORDER BY position ROWS -1 PRECEDING) FROM events"},
	"22014": {when: "ntile of less than one part", do: "Give one or more.", again: never, example: "SELECT ntile(0) OVER () FROM events"},
	"22015": {when: "An interval that is out of range", do: "Correct it.", again: never, example: "SELECT '10000000000 years'::interval"},
	"22016": {when: "nth_value of a row before the first", do: "Count from 1.", again: never, example: "SELECT nth_value(type, 0) OVER () FROM events"},
	"2201B": {when: "A text that is no regular expression", do: "Correct it, or quote what is meant as it stands.", again: never, example: "SELECT 'a' ~ '('"},
	"2201E": {when: "A logarithm of zero or less", do: "Leave such rows out.", again: never, example: "SELECT ln(0)"},
	"2201F": {when: "A power that there is not", do: "Leave such rows out.", again: never, example: "SELECT power(0, -1)"},
	"2201G": {when: "width_bucket of no buckets, or between equal bounds", do: "Correct the arguments.", again: never, example: "SELECT width_bucket(1, 0, 10, 0)"},
	"2201W": {when: "A negative LIMIT", do: "Correct it; null is none.", again: never, example: "SELECT * FROM events LIMIT -1"},
	"2201X": {when: "A negative OFFSET", do: "Correct it.", again: never, example: "SELECT * FROM events OFFSET -1"},
	"22021": {when: "Bytes that are no text in the client's encoding, or a character 0", do: "Set `client_encoding` to what the client sends; bytes go into `payload_bytes`.", again: never, example: `SELECT E'\xff'`},
	"22023": {when: "An argument, option or value of a setting that is not one of those", do: "The message names it, the detail often what there is.", again: never, example: "SET TimeZone = 'Nowhere'"},
	"22025": {when: "A pattern of LIKE that ends with the sign that escapes", do: "Double that sign.", again: never, example: `SELECT 'ab' LIKE 'a\'`},
	"22026": {when: "Bit strings of different lengths are combined", do: "Bring them to one length.", again: never, example: "SELECT B'1' & B'10'"},
	"2202E": {when: "An array's or a bit string's index, or dimensions that do not fit", do: "Correct them.", again: never, example: "SELECT get_bit(B'101', 3)"},
	"2202G": {when: "TABLESAMPLE … REPEATABLE (NULL)", do: "Give a number.", again: never, example: "SELECT * FROM events TABLESAMPLE system (50) REPEATABLE (NULL)"},
	"2202H": {when: "TABLESAMPLE of less than 0 or more than 100 percent", do: "Correct it.", again: never, example: "SELECT * FROM events TABLESAMPLE system (200)"},
	"22031": {when: "A JSON path's datetime() of what is no time", do: "Give the format, or filter first.", again: never, example: `SELECT jsonb_path_query('"x"', '$.datetime()')`},
	"22033": {when: "A strict JSON path with an index that the array has not", do: "Leave out `strict`.", again: never, example: "SELECT jsonb_path_query('[1]', 'strict $[2]')"},
	"22036": {when: "A JSON path's double() of what is no number", do: "Filter with `like_regex` or `type()`.", again: never, example: `SELECT jsonb_path_query('"x"', '$.double()')`},
	"22038": {when: "A JSON path computes with several values at once", do: "Compute in a filter, value by value.", again: never, example: "SELECT jsonb_path_query('[1, 2]', '$[*] + 1')"},
	"22039": {when: "A strict JSON path finds no array where it wants one", do: "Leave out `strict`.", again: never, example: "SELECT jsonb_path_query('1', 'strict $[*]')"},
	"2203A": {when: "A strict JSON path wants a key that is not there", do: "Leave out `strict`.", again: never, example: "SELECT jsonb_path_query('{}', 'strict $.total')"},
	"2203B": {when: "A JSON path computes with what is no number", do: "Filter with `type()`.", again: never, example: `SELECT jsonb_path_query('"x"', '-$')`},
	"2203C": {when: "A JSON path wants an object, and finds something else", do: "Filter with `type()`.", again: never, example: "SELECT jsonb_path_query('1', '$.keyvalue()')"},
	"22P02": {when: "A text that is no JSON, uuid, number or other value of its type", do: "Correct it; the detail says where it stops being one.", again: never, example: "INSERT INTO events (stream, type, payload) VALUES ('account-ada', 'Opened', '{')"},
	"22P03": {when: "A parameter or a row of COPY whose binary form is not its type's", do: "See that the driver and the statement mean the same type; cast in the statement.", again: never, seen: "integration/wire/testdata/binary.txt"},
	"22P04": {when: "COPY's input is not in its format; the context names the line", do: "Correct it. Outside a transaction block the message says how many rows are durable.", again: never, seen: "integration/wire/testdata/copy.txt"},
	"22P05": {when: "A character that the client's encoding has not", do: "`SET client_encoding = 'UTF8'`.", again: never, example: `SET client_encoding = 'LATIN1'; SELECT U&'\4E2D'`},

	"23502": {when: "An event without a type, or without a stream", do: "Give it.", again: never, example: "INSERT INTO events (stream) VALUES ('account-ada')"},
	"23505": {
		when: "An `event_id` that the log has, or a version that the stream has; `constraint_name` says which", do: "An id of one's own: it was appended before, all is well; or `ON CONFLICT DO NOTHING`. A version: read the stream again.",
		again: never, example: "INSERT INTO events (stream, type, version) VALUES ('account-ada', 'Opened', 0)",
	},

	"25001": {when: "What has to come first in a transaction, or outside of one, does not", do: "Send it before.", again: never, example: "BEGIN; SELECT 1; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"},
	"25006": {when: "An append in a transaction that is read only, while `eventgres.as_of` is set, or at a node of a cluster that follows", do: "See who set `default_transaction_read_only`, or `eventgres.as_of`; the hint names the leader.", again: never, example: "BEGIN READ ONLY; INSERT INTO events (stream, type) VALUES ('account-ada', 'Closed')"},
	"25P01": {when: "SAVEPOINT or the like outside a transaction block", do: "BEGIN first; see whether autocommit is on.", again: never, example: "SAVEPOINT a"},
	"25P02": {when: "A statement after one that failed in the same transaction", do: "ROLLBACK, or ROLLBACK TO a savepoint. The first error says what is wrong.", again: never, example: "BEGIN; SELECT 1 / 0; SELECT 1"},
	"25P03": {when: "The session was idle in a transaction for longer than `idle_in_transaction_session_timeout`; it has ended", do: "Connect anew; end transactions sooner.", again: anew, seen: "integration/wire/testdata/timeouts.txt"},

	"26000": {when: "A prepared statement that the session has not: behind a pool, perhaps another session's", do: "Prepare it; behind PgBouncer in transaction mode its `max_prepared_statements`, or have the driver prepare nothing.", again: never, example: "EXECUTE nothing"},

	"28000": {when: "The rules let nobody in like this: no such role, no TLS, an address that no line has", do: "The message says who and from where, as a line of [the rules](security.md#who-may-come-in) would have to.", again: never, seen: "integration/door/server_test.go"},
	"28P01": {when: "A wrong password, or a role that there is not", do: "Correct it. Each attempt waits longer, up to 5 s.", again: never, seen: "integration/door/server_test.go"},

	"2BP01": {when: "DROP of what something depends on, or of a role that owns something or was granted it", do: "`DROP OWNED BY`, `REASSIGN OWNED BY`, or drop what the detail names.", again: never, example: "DROP ROLE reader"},

	"34000": {when: "A cursor that the transaction has not", do: "DECLARE it in the same transaction, or WITH HOLD.", again: never, example: "FETCH FROM nothing"},
	"3B001": {when: "A savepoint that the transaction has not", do: "Name one that it has.", again: never, example: "BEGIN; ROLLBACK TO nothing"},
	"3D000": {when: "A setting for a database that there is not", do: "Name one of pg_database.", again: never, example: "ALTER ROLE reader IN DATABASE nothing SET search_path = public"},
	"3F000": {when: "A schema that there is not", do: "Use public.", again: never, example: "CREATE VIEW nothing.v AS SELECT 1 AS n"},

	"40001": {
		when: "The stream is not at the version that was expected, somebody appended where the transaction had been told a version or a position, or an event was committed that a SERIALIZABLE transaction has read for, or that a guard is about; or the leader of the cluster has changed meanwhile, and nothing was appended", do: "Read the stream again, decide anew, append anew.",
		again: anew, example: "INSERT INTO events (stream, type, expected_version) VALUES ('account-ada', 'Closed', 7)",
	},
	"40P01": {when: "Sessions wait for each other's advisory locks", do: "Take locks in one order everywhere.", again: anew, seen: "integration/sessions/locks_test.go"},

	"42501": {when: "The role may not", do: "[GRANT](roles.md) it, if it should.", again: never, example: "SET ROLE orders; SELECT * FROM events"},
	"42601": {when: "No SQL; the position says where", do: "Correct it.", again: never, example: "SELEKT 1"},
	"42602": {when: "A text that is no name of anything", do: "Correct it; quote what has to be quoted.", again: never, example: "SELECT ''::regclass"},
	"42622": {when: "The name of a replication slot of more than 63 bytes", do: "Give it a shorter one.", again: never, seen: "integration/replication/stream_test.go"},
	"42701": {when: "A column is named twice", do: "Name it once.", again: never, example: "INSERT INTO events (type, type) VALUES ('a', 'b')"},
	"42702": {when: "A column that several relations have", do: "Say of which.", again: never, example: "SELECT type FROM events a, events b"},
	"42703": {when: "A column that there is not", do: "Correct it; the hint may know the one that was meant.", again: never, example: "SELECT name FROM events"},
	"42704": {when: "A role, type, setting, publication or replication slot that there is not", do: "Correct it.", again: never, example: "SET nothing = 1"},
	"42710": {when: "A role, publication or replication slot that is there already", do: "ALTER it.", again: never, example: "CREATE ROLE reader"},
	"42712": {when: "Two relations of one name in FROM", do: "Give one an alias.", again: never, example: "SELECT 1 FROM events a, streams a"},
	"42725": {when: "Several functions or operators fit", do: "Cast the arguments.", again: never, example: "SELECT 'abs'::regproc"},
	"42803": {when: "A column beside an aggregate that GROUP BY has not, or an aggregate where none may be", do: "Group by it, or aggregate it.", again: never, example: "SELECT type, count(*) FROM events"},
	"42804": {when: "A value of a type that does not fit there", do: "Cast it.", again: never, example: "SELECT CASE WHEN 1 THEN 2 END"},
	"42809": {when: "A thing of another kind is meant: a table where a view is wanted, an aggregate where a function is", do: "Name the other.", again: never, example: "DROP VIEW events"},
	"42846": {when: "A cast that there is not", do: "Cast to text first, if its text is meant.", again: never, example: "SELECT true::date"},
	"42883": {when: "A function or operator that there is not, for arguments of these types", do: "Correct it, or cast the arguments.", again: never, example: "SELECT nothing(1)"},
	"428C9": {when: "A value for a column that the server assigns", do: "Leave it out.", again: never, example: "INSERT INTO events (stream, type, position) VALUES ('account-ada', 'Closed', 9)"},
	"42939": {when: "A name that is the server's own, such as those that begin with pg_", do: "Choose another.", again: never, example: "CREATE ROLE pg_mine"},
	"42P01": {when: "A table or view that there is not", do: "There are events, streams, your views and the catalogs.", again: never, example: "SELECT * FROM accounts"},
	"42P02": {when: "A parameter that the statement was given no value for", do: "Bind as many as it names.", again: never, example: "SELECT $1"},
	"42P03": {when: "A cursor or portal that there is", do: "CLOSE it, or choose another name.", again: never, example: "BEGIN; DECLARE c CURSOR FOR SELECT 1; DECLARE c CURSOR FOR SELECT 1"},
	"42P05": {when: "A prepared statement that there is: behind a pool, perhaps another client's", do: "DEALLOCATE it; behind PgBouncer in transaction mode its `max_prepared_statements`, or have the driver prepare nothing.", again: never, example: "PREPARE p AS SELECT 1; PREPARE p AS SELECT 1"},
	"42P07": {when: "A relation that there is", do: "CREATE OR REPLACE it, if it is a view.", again: never, example: "CREATE VIEW events AS SELECT 1 AS n"},
	"42P08": {when: "A parameter that is of one type here and of another there", do: "Cast it everywhere.", again: never, example: "PREPARE p AS INSERT INTO events (stream, type, version) VALUES ($1, 'Closed', $1)"},
	"42P09": {when: "A name of FROM that means two relations", do: "Give one an alias.", again: never, example: "CREATE VIEW tables AS SELECT 1 AS n; SELECT tables.n FROM tables, information_schema.tables"},
	"42P10": {when: "ORDER BY, GROUP BY or ON CONFLICT names what is not in the select list, or no key", do: "Name a column that is.", again: never, example: "SELECT type FROM events ORDER BY 5"},
	"42P11": {when: "A cursor with SCROLL and NO SCROLL", do: "Say one of them.", again: never, example: "BEGIN; DECLARE c SCROLL NO SCROLL CURSOR FOR SELECT 1"},
	"42P16": {when: "CREATE OR REPLACE VIEW would take a column away, or change its type", do: "DROP it first.", again: never, example: "CREATE VIEW v AS SELECT 1 AS a, 2 AS b; CREATE OR REPLACE VIEW v AS SELECT 1 AS a"},
	"42P17": {when: "A view that reads itself", do: "WITH RECURSIVE inside of it.", again: never, example: "CREATE VIEW w AS SELECT 1 AS a; CREATE OR REPLACE VIEW w AS SELECT a FROM w"},
	"42P18": {when: "A value whose type nothing says", do: "Cast it.", again: never, example: "SELECT ARRAY[]"},
	"42P19": {when: "A recursive query that names itself twice, or aggregates itself", do: "Name it once, and aggregate outside it.", again: never, example: "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT a.n FROM t a, t b) SELECT * FROM t"},
	"42P20": {when: "A window function where none may be", do: "Put it into a subquery.", again: never, example: "SELECT type FROM events WHERE row_number() OVER () = 1"},

	"53100": {when: "The disk is full; nothing was appended, reads go on", do: "Make room: appends go on by themselves.", again: later, seen: "integration/faults/load_test.go"},
	"53200": {
		when: "The statement, the connection or all of them together would take more memory than they may; the detail says which", do: "Append in smaller transactions, read through fewer cursors; or `--max-connection-memory`, `--max-memory`, `--worker-memory`.",
		again: later, seen: "integration/worker/memory_test.go",
	},
	"53300": {when: "`--max-connections`, the role's CONNECTION LIMIT, or what is kept for superusers", do: "A pool before the server.", again: later, seen: "integration/wire/testdata/shutdown.txt"},
	"53400": {when: "There are as many replication slots as there may be", do: "Drop one that nobody follows.", again: later, seen: "integration/replication/stream_test.go"},

	"54000": {
		when: "A [limit](../README.md#limits): an event, an append, a message, a name, a list", do: "Send less at once; some limits are flags.",
		again: never, example: "INSERT INTO events (stream, type) VALUES ('account-ada', repeat('x', 300))",
	},
	"54001": {when: "Expressions, queries or JSON nested too deep", do: "Write it flatter.", again: never, example: "SELECT repeat('[', 20000)::jsonb"},
	"54011": {when: "A select list of more than 1,664 columns", do: "Fewer.", again: never, example: "SELECT 1, 1, …", run: "SELECT 1" + strings.Repeat(", 1", 1664)},
	"54023": {when: "A function of more than 100 arguments", do: "Give it an array.", again: never, example: "SELECT concat(1, 1, …)", run: "SELECT concat(1" + strings.Repeat(", 1", 100) + ")"},

	"55000": {when: "What cannot be done to this thing as it is: an INSERT into a view, a cursor read backwards, changes of a cluster by a server that is in none", do: "The hint says what can.", again: never, example: "BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT 1; FETCH BACKWARD FROM c"},
	"55006": {when: "DROP of the role that one is, or of a replication slot that somebody follows; two who follow one", do: "Do it as another superuser; end the other, or DROP_REPLICATION_SLOT … WAIT.", again: never, example: "DROP ROLE postgres"},
	"55P02": {when: "A setting that sessions cannot change", do: "See [settings](settings.md); the server's own are in [configuration](configuration.md).", again: never, example: "SET server_version = '1'"},
	"55P03": {when: "An advisory lock that was not free within `lock_timeout`", do: "Wait longer, or do something else first.", again: anew, seen: "integration/sessions/locks_test.go"},

	"57014": {when: "`statement_timeout`, or somebody cancelled the statement", do: "Nothing was appended. Ask for less, or wait longer.", again: later, example: "SET statement_timeout = 10; SELECT pg_sleep(10)"},
	"57P01": {when: "The server shuts down, somebody ended the session, its role was dropped, or it held an advisory lock or a replication slot when its node ceased to lead", do: "Connect anew. An append that was under way may be there.", again: unclear, seen: "integration/wire/testdata/shutdown.txt"},
	"57P03": {when: "The server starts or ends, or the analytics worker does, while reads by index and appends go on; or the cluster has no leader: nothing was appended", do: "Wait a second.", again: later, seen: "integration/faults/disk_test.go"},
	"57P05": {when: "The session was idle for longer than `idle_session_timeout`; it has ended", do: "Connect anew.", again: anew, seen: "integration/wire/testdata/timeouts.txt"},

	"58000": {when: "The analytics worker ended while it ran the statement", do: "The server's log says why; it starts another.", again: later, seen: "integration/worker/told_test.go"},
	"58030": {when: "A write, a sync or a read failed, or the audit log cannot be written", do: "Look at `eventgres_health` and at the log. After a failed sync appends want a restart.", again: unclear, seen: "integration/faults/load_test.go"},
	"58P01": {when: "An output plugin of a replication slot that there is not", do: "There are pgoutput and wal2json.", again: never, seen: "integration/replication/stream_test.go"},

	"P0001": {
		when: "What a function of [Message DB's](message-db.md) raises: a stream that is not at the expected version, a name that is a category's, or is not", do: "The message says what; read the stream again.",
		again: anew, example: "SELECT message_store.write_message(gen_random_uuid()::varchar, 'account-ada', 'Opened', '{}', NULL, 99)",
	},

	"XX000": {when: "A mistake of ours", do: "Tell us, with the statement and the log.", again: never, seen: "query/analytics/worker/errors_test.go"},
	"XX001": {when: "What the disk returned is not what was written: file and offset are in the message", do: "`eventgres verify`, then [restore](deploying.md#5-backups). Nothing else is affected.", again: never, seen: "integration/sqlstates/damage_test.go"},
}
