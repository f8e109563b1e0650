// Package network sets hostile clients on the real binary, and measures what an honest one
// notices of them. Each test besieges a server of its own: idle sockets by the thousand,
// clients that send a byte a second, messages that claim 2 GiB, peers that are gone without
// a word, readers that do not read, floods of connections, and sessions with their bytes
// mutated. During the siege the server stays up, and a session that was there before
// appends and reads as before; after it, descriptors, threads, goroutines and memory
// are where they were.
//
//	go test ./integration/network -count 1 -v
//
// prints the figures.
//
//	go test ./integration/network -count 1 -run Mutated -seed 42
//
// repeats the mutations of a run that printed this seed.
//
// "As before" means that the 99th percentile of a few hundred operations is at most twice
// what it was in quiet, or below a floor, since twice almost nothing is less than a
// machine's other work costs. Both are the best of several rounds: what a siege does is in
// every round, what somebody else's program does is not.
//
// Environment:
//
//	EVENTGRES_LONG=1    10,000 sockets instead of 1,000, and the waits for the server's deadlines
package network
