// Package statements counts what statements did, by who ran them and by what they are but for their constants: pg_stat_statements.
//
// It knows no SQL: who counts a statement gives its fingerprint and, once, a text without constants. All sessions share a [Table], which
// has bounds in entries and bytes; the least used make room.
package statements
