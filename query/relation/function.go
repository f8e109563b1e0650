package relation

import "github.com/eventgres/eventgres/pgwire/pgvalue"

// Function is the declaration of a function that PostgreSQL has not: what pg_proc says of it, and what both paths go by when they
// resolve a call. Package expr has its meaning.
type Function struct {
	OID          uint32 // clients keep it
	Schema, Name string
	Args         []uint32
	ArgNames     []string // and those of Out
	Defaults     []string // of the last arguments, in SQL: null, a number or a string
	Result       uint32
	Out          []uint32 // the columns of the rows that it returns; none: it returns one value
	Volatile     byte     // as pg_proc has it: 'i', 's' or 'v'
	Strict       bool     // null in, null out
	Effects      bool     // a call does something, so that where it stands matters
	About        string
	Source       string // in PL/pgSQL, as pg_proc shows it
}

// StreamID is the id of a named stream.
var StreamID = &Function{
	OID: 16600, Schema: "public", Name: "stream_id", Args: []uint32{pgvalue.OIDText}, ArgNames: []string{"name"}, Result: pgvalue.OIDUUID,
	Volatile: 'i', Strict: true, About: "the id of a named stream", Source: streamIDSource,
}

// WaitForPosition is the declaration of wait_for_position.
var WaitForPosition = &Function{
	OID: 16650, Schema: "public", Name: "wait_for_position", Args: []uint32{pgvalue.OIDInt8, pgvalue.OIDInterval}, ArgNames: []string{"pos", "timeout"},
	Defaults: []string{"'00:00:30'"}, Result: pgvalue.OIDBool, Volatile: 'v', Strict: true, Effects: true,
	About: "wait until all events up to a position can be read here; false: they cannot after that time", Source: `
BEGIN
  -- the server itself waits; elsewhere it is told at once
  RETURN pos <= coalesce((SELECT max(e.position) FROM events e), -1);
END`,
}

// BackupStart is the declaration of eventgres_backup_start.
var BackupStart = &Function{
	OID: 16651, Schema: "public", Name: "eventgres_backup_start", Result: pgvalue.OIDJSONB, Volatile: 'v', Effects: true,
	About: "how far the log is committed, for who copies its files", Source: "\nBEGIN\n  -- the server itself does it\nEND",
}

// ExpectVersion and ExpectVersionOfID are the declarations of expect_version, of a stream's name and of its id.
var (
	ExpectVersion     = expectVersion(16660, "stream", pgvalue.OIDText, "s.stream = expect_version.stream")
	ExpectVersionOfID = expectVersion(16661, "stream_id", pgvalue.OIDUUID, "s.stream_id = expect_version.stream_id")
)

func expectVersion(oid uint32, argument string, of uint32, which string) *Function {
	return &Function{
		OID: oid, Schema: "public", Name: "expect_version", Args: []uint32{of, pgvalue.OIDInt8}, ArgNames: []string{argument, "n"}, Result: pgvalue.OIDInt8,
		Volatile: 'v', Strict: true, Effects: true, About: "what the transaction appends rests on a stream's version, -1: that there is none", Source: `
BEGIN
  -- the server itself makes it a condition of COMMIT, too
  IF n IS DISTINCT FROM coalesce((SELECT s.version FROM streams s WHERE ` + which + `), -1) THEN
    RAISE 'the stream is not at the expected version' USING ERRCODE = '40001';
  END IF;
  RETURN n;
END`,
	}
}

// Functions are all of them.
var Functions = []*Function{
	StreamID, AuthQuery, WaitForPosition, BackupStart, ExpectVersion, ExpectVersionOfID, CreateConsumer, DropConsumer, AlterConsumer, ResetConsumer, Consume, Ack, Nack, Leave, Unpark,
	ClusterAdd, ClusterPromote, ClusterRemove, ClusterTransfer,
}

// FunctionIn tells whether one of them is called so. An empty schema is any.
func FunctionIn(schema, name string) bool {
	for _, f := range Functions {
		if f.Name == name && (schema == "" || f.Schema == schema) {
			return true
		}
	}
	return false
}
