// Package sqlstates makes docs/errors.md of the codes that pgwire/pgerror declares and of what is said here of each: who meets it, what to
// do, and whether to try again. A test fails for a code of which nothing is said, runs every example and compares the code that comes, and
// asks PostgreSQL what each code is called there.
//
//	go test ./integration/sqlstates -run TestPage -rewrite
package sqlstates
