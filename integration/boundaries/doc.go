// Package boundaries tests decisions that rest on events of many streams, over the wire, as programs make them: SERIALIZABLE transactions that are tried
// again and guarded INSERTs, in the languages of docs/consistency.md and docs/uniqueness.md and in frameworks, many at once, held against what the log
// says afterwards.
package boundaries
