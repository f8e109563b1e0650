// Package consumer hands the events of the log to the members of named consumers, each event to one of them, and keeps how far they are.
//
// Definitions, checkpoints and parked events are control records; who is a member, and who reads which partition, is in memory. What makes a
// member's work count is the condition of its ack, that nobody has moved the checkpoint since: two members that read the same by mistake do
// the work twice, and one of them commits it. It must know nothing of statements and transactions: what a session has to do with consumers is
// its [Seat], and what it asks of the session its [Host].
package consumer
