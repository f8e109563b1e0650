// Package crash tests the real binary under load: 64 writers racing for 50
// streams, kill −9 at random moments under that load, and a reader that takes
// its time. What the writers were told is kept in the test process, and package
// history judges the log by it.
//
//	go test ./integration/crash -count 1 -seed 42
//
// repeats the random choices of a run that printed this seed: what is appended
// where, and when the server is killed. How the writers interleave is up to the
// machine.
//
// Environment:
//
//	EVENTGRES_LONG=1          the sizes that the project promises instead of quick ones
//	EVENTGRES_CRASH_ROUNDS    how often the server is killed (10; 200 in the long form)
package crash
