// Package copyfmt reads and writes the formats of COPY: text, CSV and binary.
//
// [Blocks] cuts what a client sends into whole lines, so that blocks can be read side by side; a [Reader] takes rows off a block, and a
// [Writer] makes lines of rows. It must know nothing of events being appended: what becomes of a row is its caller's.
package copyfmt
