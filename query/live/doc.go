// Package live follows the log: what was appended before, and then what is appended, without a gap and without a double.
//
// A position is all that a follower has to remember. The Dispatcher reads what is new once for everybody, keeps the newest
// of it in memory, and wakes those who may want it. A Follower yields events from a position on: from the Dispatcher's memory
// where it is near the end of the log, from the log's files where it is not. So who is slow costs nothing but the place where he is.
// Plan and Portal are SUBSCRIBE: a SELECT of events that has no end.
//
// The package knows neither connections nor transactions; sessions hand it what it asks of them (Host).
package live
