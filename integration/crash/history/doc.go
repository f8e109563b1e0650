// Package history judges a log by what its clients saw: they say what they
// asked for and what they were answered, somebody reads the whole log, and
// Check says where the two contradict each other or the promises of the log.
//
// Times are measured on one monotonic clock, the clients' own. An append took
// effect at some instant between Sent and Answered; only that is concluded from
// them, so a slow client or a busy machine never makes a right log look wrong.
package history
