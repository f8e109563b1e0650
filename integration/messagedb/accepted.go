package messagedb

// A Difference is what is meant to be otherwise than in Message DB: TestAccepted holds it against both, and docs/differences.md tells of it.
type Difference struct {
	Name   string
	SQL    []string // statements of a session, the last of which is answered otherwise
	Role   string   // who asks; empty: message_store
	Code   string   // the SQLSTATE that Eventgres answers; empty: rows
	Input  string   // what COPY reads
	Reason string
	Cases  []string // cases of the acceptance suite that show it

	Answered bool // Message DB refuses
}

const one = "SELECT write_message('00000000-0000-4000-8000-00000000000a', "

// Accepted is the list. The store of each has two messages in stream loan-1, one in loan-2, and one in member-1.
var Accepted = []Difference{
	{
		Name: "a condition that closes the parenthesis around it", Code: "42601", Cases: []string{"stream-condition-closes-the-parenthesis"},
		SQL:    []string{"SET message_store.sql_condition = on", "SELECT count(*) FROM get_stream_messages('loan-1', condition => 'false) OR (true')"},
		Reason: "Message DB pastes the text into its query, which then reads every stream; here it is one expression over the messages of the stream",
	},
	{
		Name: "the setting behind RESET", Code: "P0001", Cases: []string{"stream-condition-after-reset"},
		SQL: []string{
			"SET message_store.sql_condition = on", "RESET message_store.sql_condition",
			"SELECT position FROM get_stream_messages('loan-1', condition => 'position = 0')",
		},
		Reason: "RESET leaves an empty text behind, which Message DB takes for on; here it turns conditions off",
	},
	{
		Name: "the setting with a word that says neither", Code: "P0001", Cases: []string{"stream-condition-any-other-word"},
		SQL: []string{
			"SET message_store.sql_condition = nonsense",
			"SELECT position FROM get_stream_messages('loan-1', condition => 'position = 0')",
		},
		Reason: "only on, true, 1 and yes turn conditions on",
	},
	{
		Name: "a condition in a function beside others", Code: "0A000",
		SQL: []string{
			"SET message_store.sql_condition = on",
			"SELECT a.position FROM get_stream_messages('loan-1', condition => 'position = 0') a, get_stream_messages('loan-2') b",
		},
		Reason: "conditions are known where the function stands alone in FROM",
	},
	{
		Name: "write_message in a CTE", Code: "0A000",
		SQL:    []string{"WITH w AS (" + one + "'loan-1', 'Renewed', '{}') AS p) SELECT p FROM w"},
		Reason: "a SELECT writes in its own list or FROM; there each row of a query may write a message, in one append",
	},
	{
		Name: "write_message beside OFFSET", Code: "0A000",
		SQL:    []string{one + "'loan-1', 'Renewed', '{}') FROM generate_series(1, 1) OFFSET 1"},
		Reason: "Message DB writes for the rows that are passed over, too, which nobody means: select the rows in a subquery",
	},
	{
		Name: "stream_version beside write_message, for rows", Code: "0A000",
		SQL:    []string{one + "'loan-1', 'Renewed', '{}'), stream_version('loan-1') FROM generate_series(1, 1)"},
		Reason: "what is written for each row is not seen by the query that the rows come from",
	},
	{
		Name:   "global positions behind a write that failed",
		SQL:    []string{one + "'loan-1', 'Renewed', '{}')", one + "'loan-1', 'Renewed', '{}')", "SELECT write_message('00000000-0000-4000-8000-00000000000b', 'loan-1', 'Closed', '{}')", "SELECT max(global_position) FROM messages"},
		Reason: "what fails, or is taken back, uses up a number of Message DB's sequence; here positions have no gaps",
	},
	{
		Name: "a position with a gap before it", Code: "40001",
		SQL:    []string{"INSERT INTO messages (stream_name, position, type) VALUES ('loan-1', 7, 'Renewed')"},
		Reason: "versions of a stream have no gaps",
	},
	{
		Name: "INSERT INTO messages from a query", Code: "0A000",
		SQL:    []string{"INSERT INTO messages (stream_name, position, type) SELECT 'loan-3', 0, 'Opened'"},
		Reason: "VALUES alone are inserted; write_message takes the rows of a query, and INSERT INTO events too",
	},
	{
		Name: "ON CONFLICT with messages", Code: "0A000",
		SQL:    []string{"INSERT INTO messages (stream_name, position, type) VALUES ('loan-1', 0, 'Renewed') ON CONFLICT DO NOTHING"},
		Reason: "INSERT INTO events has it",
	},
	{
		Name: "COPY into messages", Code: "0A000", Input: "loan-3\t0\tOpened\n",
		SQL:    []string{"COPY messages (stream_name, position, type) FROM STDIN"},
		Reason: "events are copied into; the import takes messages out of a Message DB by itself",
	},
	{
		Name: "to change or remove messages", Role: "postgres", Code: "0A000",
		SQL:    []string{"CREATE ROLE message_store LOGIN", "DELETE FROM message_store.messages WHERE stream_name = 'loan-2'"},
		Reason: "events are immutable, for superusers too; role message_store is told 42501 by both",
	},
	{
		Name: "a name without a character", Code: "22023",
		SQL:    []string{one + "'', 'Renewed', '{}')"},
		Reason: "a stream that has no name is no stream of messages",
	},
	{
		Name: "long names", Code: "54000",
		SQL:    []string{one + "repeat('x', 600) || '-1', 'Renewed', '{}')"},
		Reason: "names of streams have 512 bytes at most, of types 256; Message DB takes what fits into a row of its index",
	},
	{
		Name: "the nil UUID as an id", Code: "22023",
		SQL:    []string{"SELECT write_message('00000000-0000-0000-0000-000000000000', 'loan-1', 'Renewed', '{}')"},
		Reason: "events do not have it",
	},
	{
		Name: "qualified calls of who does not search the schema", Role: "postgres", Answered: true,
		SQL:    []string{"SELECT position, type FROM message_store.get_stream_messages('loan-1')"},
		Reason: "Message DB's functions look for messages by the caller's search path, and fail without it",
	},
}
