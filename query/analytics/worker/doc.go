//go:build cgo

// Package worker is the analytics worker: the child process that answers the SELECTs that
// the server does not answer itself.
//
// It follows the log's files, read-only, up to the positions that the server names, and keeps a
// projection of them in columns, a DuckDB file that can be deleted at any time. It speaks the
// PostgreSQL protocol on a Unix socket in the data directory, to the server alone. A statement
// is translated (package translate), run by DuckDB, and its rows are encoded from DuckDB's
// vectors straight into protocol messages, which the server passes on as they are.
//
// Nothing here can harm the log: the process has it open for reading, and may die at any time.
package worker
