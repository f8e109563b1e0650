// Package failure is the engine's errors as PostgreSQL's: what a client is told of an append or a read that failed, with its SQLSTATE.
package failure
