// Package cli tests the commands that are clients of a server, as a user runs them:
// import, export and sample.
//
// Environment:
//
//	EVENTGRES_LONG=1    a million events instead of a hundred thousand where memory is measured
package cli
