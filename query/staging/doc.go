// Package staging is what a transaction has staged: events that COMMIT appends as one, and what the client was told of them.
//
// A [Batch] gives events their versions and places as they will be, and pins what it told: a version or a position becomes a
// condition of the append. A [Mark] is where it was, for savepoints. It must know nothing of sessions or statements.
package staging
