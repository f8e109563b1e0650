// Package compare runs scripts of SQL against PostgreSQL 15 and against
// Eventgres, and tells where they answer differently.
//
// PostgreSQL is the oracle. Its answers are recorded in the scripts, so that
// the comparison also runs where no PostgreSQL is installed: TestPostgres
// checks the record, TestEventgres compares the server with it, and
//
//	go test ./integration/compare -run TestPostgres -rewrite
//
// records anew. Every case runs three times on a fresh store: in the simple
// protocol, in the extended protocol with one Sync and text, and in the
// extended protocol as drivers use it, prepared first and then bound with
// binary parameters and results. The answers must be the same in all three.
//
// # Scripts
//
// A script in testdata is a list of cases, a case a list of steps, and a step a
// statement, a line of four dashes, and the answer up to an empty line:
//
//	-- case: versions count from zero
//
//	INSERT INTO events (stream, type) VALUES ('a', 'x'), ('a', 'y') RETURNING version
//	----
//	version int8
//	0
//	1
//	INSERT 0 2
//
// An answer has the columns with their types, the rows, the command tag, or
// else the error with its SQLSTATE and position; then any ParameterStatus, and
// [T] or [E] if the session is left in a transaction or in a failed one. Rows
// are cut at " | ", and a value that could be misread is quoted as in Go.
// Lines that begin with # are comments. Directives stand before what they are
// about, a case's before its first step:
//
//	-- case: NAME
//	-- simple-only: REASON            one of the two protocols only
//	-- extended-only: REASON
//	-- eventgres-only: REASON         no oracle: the answers are written by hand
//	-- mask: COLUMN …                 print * for values of these columns
//
// and a step's before its statement:
//
//	-- session: NAME                  another connection, from here on
//	-- params: VALUE | OID:VALUE      parameters; NULL, or text; $1 first. The
//	                                  step is left out of the simple protocol,
//	                                  and the case with it
//	-- max-rows: N                    fetch N rows an Execute; extended only
//	-- detail                         print the error's detail too
//	-- message-differs: REASON        compare an error by SQLSTATE alone
//	-- expect-difference: REASON      Eventgres answers otherwise, as written by
//	                                  hand under "---- eventgres", where * stands
//	                                  for anything and ? for a character
//
// What a COPY FROM STDIN reads stands between the statement and the answer,
// under "---- stdin", or "---- stdin crlf", or "---- stdin binary" with a tuple
// a line, whose fields are written like typed parameters. "---- stdin fail"
// ends in CopyFail.
package compare
