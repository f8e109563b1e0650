// Package sessions runs whole sessions against Eventgres and against a real PostgreSQL, and
// compares everything that a client is told: tags, columns, rows, errors, notices and changes of
// parameters. It holds what clients SET, LOCK and SHOW, where integration/analytics holds what
// they SELECT.
package sessions
