// Package tools runs whole sessions of programs that are PostgreSQL's or were made for it,
// from their first byte: pg_dump, postgres_fdw and dblink in a PostgreSQL, check_postgres,
// pg_activity. None of their statements stands here; what they print is compared with
// what they print of a PostgreSQL with the same events, or read as an operator would.
package tools
