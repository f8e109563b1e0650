// Package timetravel checks that the log is read as of a position the same for ever: by every path, after more appends and restarts, and that
// nothing else can be done there.
package timetravel
