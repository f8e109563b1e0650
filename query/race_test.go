//go:build race

package query

// raced: the race detector runs, which does not know that an answer on the wire comes before what follows it.
const raced = true
