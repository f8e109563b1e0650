// Package activity is what the server knows of its sessions while they are there: what each does, for pg_stat_activity, and how
// many transactions each has ended, for pg_stat_database, and which statements it has run, for metrics.
//
// A session's own goroutine writes its entry, and any may read it. The package knows no statements; it does not know what a
// session is beyond its connection.
package activity
