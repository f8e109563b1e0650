// Package isolation sets clients on the real binary that do what is expensive, by mistake or not, and
// measures what others notice: how much memory the server takes, and how long an honest session waits. Each kind of load
// is one that a session can bring about by itself: texts and messages of any size, lists of any length, many statements
// in one query, everything that a session may keep, scans.
//
//	go test ./integration/isolation -count 1 -v
//
// prints the figures.
//
// An honest session's 99th percentile must be at most twice what it is in quiet, or below a floor; both are
// the best of several rounds, since what a load does is in every round and what somebody else's program does is
// not. Memory must stay below what the server's flags say, with a headroom for what Go has not collected.
//
// Environment:
//
//	EVENTGRES_LONG=1    the default limits, lists of up to a million elements, and longer rounds
package isolation
