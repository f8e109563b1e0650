// Package catalog describes the schema of an Eventgres server to those who
// look for it in PostgreSQL's catalogs: psql, drivers, BI tools.
//
// The columns of the relations of schema public are those of package relation; their constraints,
// indexes and comments are told here, in schema.go; the views come with a [State]. From these pg_catalog and
// information_schema are computed as tables of rows, which the analytics
// worker loads into its engine and serves like any other table. What is the
// same in every database (types, functions, operators) is data that package
// gen has read from a PostgreSQL 15, as are the columns of the system
// relations. Of PostgreSQL's the data has names, numbers, types and OIDs. Its sentences are not
// ours to give: a system object has no description, no function a body, no system view a definition.
//
// OIDs are stable, because clients keep them: PostgreSQL's own for what
// PostgreSQL has, and fixed numbers from 16384 on for what is ours. A view has
// the OID that its creator gave it.
//
// # How values are represented
//
// A row holds nil, bool, int64 (all integers, OIDs, and transaction ids),
// float64, string, []any (arrays, and int2vector and oidvector), and int64
// microseconds since the Unix epoch for timestamps. A column of type
// pg_node_tree holds the SQL text that pg_get_expr would make of it.
//
// # What depends on the session
//
// Rows are shared by all sessions, so where PostgreSQL has the name of the
// database or of the user they hold [CurrentDatabase] or [CurrentUser], to be
// replaced by who reads. [Table.Session] names the columns where that happens.
//
// # Roles
//
// Role postgres (OID 10) is the bootstrap superuser, and owns the system
// relations. The session's user, whatever its name, is role 16384, which owns
// everything in schema public: there are no roles yet, so whoever is connected
// may do what can be done.
package catalog
