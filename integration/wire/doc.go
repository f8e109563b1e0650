// Package wire holds conversations with an Eventgres server, message by
// message, as text: what a client sends and what must come back. They are
// written from the protocol's specification and PostgreSQL is their oracle:
// whatever PostgreSQL 15 can do too is run against it as well.
//
//	go test ./integration/wire                        both servers
//	go test ./integration/wire -run Eventgres/cancel  one script
//	go test ./integration/wire -run Postgres -rewrite record what a server answers
//
// # Scripts
//
// A file testdata/NAME.txt is a list of conversations. A conversation begins
// with a title, and each has connections of its own; the server lives as long
// as the file, so conversations use different stream names.
//
//	=== an unknown prepared statement
//	covers extended.26000
//
//	send
//	Bind {"Statement":"nope"}
//	Sync
//
//	until ReadyForQuery
//	ErrorResponse {"Severity":"ERROR","Code":"26000","Message":"~\"nope\""}
//	ReadyForQuery I
//
// Lines that begin with # are comments. Directives stand under the title, or above the first
// title for the whole file:
//
//	covers ID …             points of testdata/checklist.txt that this proves
//	only eventgres: REASON  not run against the other server
//	server ARGUMENT …       a server of its own, `eventgres serve` with these arguments
//
// Then come steps. A step's body is the lines under it up to an empty line.
//
//	connect [NAME] [PARAMETER=VALUE …]   connects and starts up; sets ${NAME.pid}, ${NAME.key}
//	connect eventually NAME …            the same, again while the server refuses with 53300
//	dial [NAME]                          connects, and sends nothing
//	use NAME                             goes on with another connection
//	close                                drops the connection without a word
//	send [by BYTES]                      writes the body's messages at once, or in pieces
//	until KIND … [ignoring KIND …]       reads until these kinds came, in this order
//	receive [ignoring KIND …]            reads as many messages as the body has
//	send times N, receive times N …      the body N times over
//	byte X                               reads one byte, the answer to SSLRequest
//	cancel NAME                          sends CancelRequest until NAME has an answer
//	stop                                 asks the server to shut down (SIGTERM)
//
// Without a connect or dial at first, a conversation has a connection named
// main. At the end each connection that started up is terminated, and must
// have nothing more to say.
//
// # Messages
//
// A message is its name, and one JSON value; a text that begins with none of
// {["  stands for itself.
//
//	Startup {"Version":"3.0","Parameters":[["user","me"]]}
//	Query SELECT 1
//	Parse {"Name":"s","Query":"SELECT $1","ParamOIDs":[25]}
//	Bind {"Portal":"p","Statement":"s","ParamFormats":[1],"Params":["hex:00ff",null],"ResultFormats":[1]}
//	Describe {"Statement":"s"}      Close {"Portal":"p"}
//	Execute {"Portal":"p","MaxRows":2}
//	CopyData "a\tb\n"               CopyFail why
//	CancelRequest {"Pid":"${main.pid}","Key":"${main.key}"}
//	Message {"Type":"?","Body":"hex:00"}
//	Raw hex:00000008 04d2162f       SSLRequest      GSSENCRequest
//
// Bytes that are no text are written as hex. ${repeat:x:3} is xxx.
//
// In an expected message a string is a pattern: "*" is anything but null,
// "~…" a regular expression to be found, "${name}" is remembered where it
// first appears and must be the same later. An object must have the fields
// named, null meaning absent; arrays must agree element by element.
// ErrorResponse must name Severity and Code, and no code of class XX is ever right. An expected
// EOF is the server's end of the connection.
//
//	RowDescription [["version",20],["payload",3802,"binary"]]
//	DataRow ["1",null,"hex:01ff"]
//
// ParameterStatus may come anywhere: those of a step are compared in
// the order of their names. CopyData is compared as one stream, however it is cut.
//
// Where the servers differ on purpose the script says so and why, and each
// has its lines:
//
//	difference no limit of this kind in PostgreSQL
//	eventgres: ErrorResponse {"Severity":"ERROR","Code":"54000"}
//	postgres: CommandComplete INSERT 0 1
package wire
