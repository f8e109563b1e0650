//go:build cgo

// Package translate turns a SELECT of PostgreSQL's into SQL that DuckDB runs with
// PostgreSQL's meaning.
//
// The text is parsed with PostgreSQL's own grammar (libpg_query). One walk over the tree
// then does what PostgreSQL's analysis does: it resolves names in their scopes, gives every
// expression a PostgreSQL type, resolves operators and functions by the types of their
// arguments, and says with PostgreSQL's words and SQLSTATE what is wrong. As it goes it writes
// DuckDB's SQL, in which every difference between the two is settled explicitly: null order,
// integer division, numeric scales, time zones, JSON. What DuckDB has no equal for calls a
// function of the worker's own, whose names begin with pg_.
//
// So the types of a statement's columns and parameters are known without asking DuckDB, and
// nothing but what this package writes ever reaches it: a statement that is not a read, a
// function that is not listed, a relation that is not the schema's has no translation.
//
// # How values are held
//
// A PostgreSQL type is held in one DuckDB type (see [Physical]); numeric, which has a scale of
// its own in every value, in one of two: DECIMAL(38, s) where the scale s is known for all
// values, text in PostgreSQL's form where it is not.
//
// # Places
//
// A translation is a list of segments: this package's own words, and places. What a client
// wrote (literals, names that become keys), parameters, and what depends on the session (the
// time zone, now(), the user) are places; [Statement.SQL] writes them when the statement is
// run. Nothing of a client's is ever looked through for them.
package translate
