// Command eventgres is an event store that every PostgreSQL client speaks to.
//
// The commands stand in main.go, the flags of serve in serve.go; each other command has a file of its name. What they do is
// done by the packages engine, pgwire and query, which are put together here.
package main
