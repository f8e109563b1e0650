// Package replica makes several machines one store: etcd's Raft orders the entries of an [engine.Replica], whose log is the Raft log.
//
// A [Node] is what one machine does, without threads, a clock or a network: it is given ticks, messages and appends, and says what is to be sent. So a
// simulation can run several in one process, from one seed. [Run] drives one with real ones.
//
// A leader evaluates a commit group when everything in its log is applied and its newest entry is of its own term; one group is on its way at a time, so
// that losing the leadership undoes nothing. Every node writes each entry once and syncs it once. Nothing that one node alone knows goes into the log.
//
// The package knows neither SQL nor clients.
package replica
