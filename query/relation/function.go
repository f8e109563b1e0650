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

// Functions are all of them.
var Functions = []*Function{
	StreamID, AuthQuery, WaitForPosition, CreateConsumer, DropConsumer, AlterConsumer, ResetConsumer, Consume, Ack, Nack, Leave, Unpark,
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
