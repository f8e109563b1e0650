package pgwire

import (
	"context"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Handler makes a Session for each connection.
type Handler interface {
	// Connect begins a session for a connection whose start-up packet has been read
	// ([Conn.StartupParameters]); an error ends the connection with it. It sets the
	// parameters that the client is told of ([Conn.SetParameter]).
	Connect(ctx context.Context, c *Conn) (Session, error)
}

// Query is a statement that was parsed, in the Session's own form.
type Query interface {
	// Size is about what it takes in memory, and what a Statement that is made of it takes, in bytes.
	Size() int64
}

// Session is what a connection does with SQL. The connection's goroutine alone calls
// it. Errors should be *Error; any other is reported as an I/O error.
type Session interface {
	// Parse splits a text into its statements; none for an empty one. The text is the
	// Session's from then on.
	Parse(ctx context.Context, sql string) ([]Query, error)
	// Prepare analyses a statement. Parameters whose OID is not given, or 0, get
	// their types inferred. It executes nothing.
	Prepare(ctx context.Context, q Query, parameterOIDs []uint32) (Statement, error)
	// Bind makes a portal of a statement. The values and the bytes in them are the
	// connection's, until Bind returns: what the portal needs of them it copies.
	Bind(ctx context.Context, s Statement, parameters []pgvalue.Value) (Portal, error)
	// Sync ends the implicit transaction, if one is open.
	Sync(ctx context.Context) error
	// Fail is told of every error that was sent to the client, before the next call:
	// it aborts the transaction.
	Fail()
	// Status is the transaction status for ReadyForQuery: 'I', 'T' or 'E'.
	Status() byte
	// Close ends the session.
	Close()
}

// Statement is a prepared statement. Its methods return what Prepare found.
type Statement interface {
	ParameterOIDs() []uint32
	// Columns is nil for a statement that returns no rows.
	Columns() []pgvalue.Column
}

// Portal is a statement with its parameters, ready to run.
type Portal interface {
	Columns() []pgvalue.Column
	// Execute runs the portal, or goes on with it, until max rows were returned (0:
	// all). done is false if there may be more; then it may be called again. last tells
	// whether nothing follows in this implicit transaction, so that a single statement
	// need not stage what it can do at once; it may have to wait for the client to say.
	Execute(ctx context.Context, out *Output, max int64, last Lookahead) (tag Tag, done bool, err error)
	// Close frees what the portal holds.
	Close()
}

// Lookahead tells whether the implicit transaction ends with the statement that is
// being executed. The error is that of a connection that has gone.
type Lookahead func() (bool, error)

// Tag is a command tag.
type Tag struct {
	Command string // "SELECT", "INSERT 0", "BEGIN" …; empty: EmptyQueryResponse
	Rows    int64  // appended, unless negative
}
