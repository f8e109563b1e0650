// Package relation is what there always is beside PostgreSQL's own: events, streams and eventgres_health, their columns, OIDs and values,
// and the declarations of our own functions. The catalog and the projection go by it.
//
// Every other package finds a column here, by its number; a [Row] gives a column's value of an event or a stream. It must know
// nothing of expressions and of how rows are found.
package relation
