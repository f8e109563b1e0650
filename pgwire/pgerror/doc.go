// Package pgerror is an error as PostgreSQL's protocol carries it: a SQLSTATE, a message, and what stands beside it.
//
// SQLSTATEs have PostgreSQL's names (codes.go); no other package writes one as a literal.
//
// Everything above returns such errors; package pgwire sends them. It must know nothing of values, statements or connections.
package pgerror
