// Package advisory is the table of advisory locks: locks on numbers that mean something to clients alone.
//
// All sessions share one table, in memory: a session's locks are gone with it, and all with the server. Who waits, and for how
// long, is the session's business; so are the functions that clients call. The package knows no statements and no settings.
package advisory
