// Package copyin makes proposed events of the rows of COPY FROM: of blocks of whole lines side by side, or of a stream of rows one
// after another, with the condition that says which rows are taken.
//
// It appends nothing, and knows no session: what it makes, in chunks, the portal of COPY appends.
package copyin
