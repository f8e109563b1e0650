// Package faults makes the system fail under the real binary: strace lets a
// chosen system call fail or kills the server at it, a limit on the size of
// files cuts a write short, a small tmpfs in a namespace of its own gets full or
// read-only, and clients stop in the middle of what they do.
//
// What clients asked for and were told is kept in the test process, outside of
// the server. Whatever happened, package history then compares all of it with
// the log, event by event: while the server still runs, and again after a
// restart. Where the fault is in the way of a group commit, the trace says whose
// appends were in the group, and none of those may have been acknowledged.
//
// A test is skipped where strace, unshare or the permission to use them is
// missing; with EVENTGRES_REQUIRE_CLIENTS=1 it fails instead. The Debian packages
// are strace and util-linux.
//
// Environment:
//
//	EVENTGRES_LONG=1  every N of a range for "the Nth system call", not a few
package faults
