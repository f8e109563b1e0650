// Package linear checks that appends and reads of a stream are linearizable: that there is
// one order of all of them, each between its sending and its answer, in which the stream
// behaves as the README says. Sixteen clients race for a few hot streams while the test cuts
// their connections between request and reply, kills the server and starts it again. What
// became of a request without an answer nobody knows, so it may take effect at any time
// until the end of the history, or never. Porcupine looks for the order.
//
//	go test ./integration/linear -count 1 -seed 42
//
// repeats the random choices of a run that printed this seed: what is sent, which
// connections are cut and how, and when the server is killed. How the clients interleave is
// up to the machine.
//
// The history is cut into epochs with streams of their own, as the search for an order grows
// with what is open at the same time. After each epoch the log is read as well, for what a
// model of one stream cannot see: gaps between positions, appends to several streams that
// are there in part, and the order of acknowledgements across streams.
//
// Environment:
//
//	EVENTGRES_LONG=1    1,000,000 operations instead of 20,000
package linear
