// Package cursor is SQL's cursors: where one stands among the rows of its query, forward and back, and the rows that one keeps which outlives
// its transaction. What DECLARE and FETCH ask of a session is package query's.
package cursor
