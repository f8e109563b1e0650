// Package read is the native way to rows: which conditions an index serves, in which order rows come, what is filtered, sorted, grouped
// and counted.
//
// A [Plan] is made of a SELECT's tree, and a [Reader] yields its rows as of a position, with what the transaction has staged behind
// them. It reads a [Source]: the log's index, the batch, the state of health. It must know nothing of sessions, portals or the worker.
package read
