// Package asof is time travel: what the identifiers of SET TRANSACTION SNAPSHOT and the values of eventgres.as_of mean, which are positions of the
// log, and what cannot be done in the past. It knows the log alone; what a session sees at a position is package query's.
package asof
