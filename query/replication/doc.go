// Package replication speaks the replication protocol, by which a PostgreSQL subscribes to the log, and tools for change data
// capture do: its commands, slots, publications, and what a walsender sends.
//
// A walsender is a session like any other, which reads the log by whole appends with an [engine.Follower]; it holds up nobody, and
// nobody holds it up. An append is a transaction to those who follow: Begin, its rows, Commit. Package query hands a session over,
// and tells by a [Session] what it may see; what SQL means is not known here.
package replication
