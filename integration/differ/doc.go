// Package differ asks PostgreSQL 15 and Eventgres the same random questions, and tells
// where they answer differently.
//
//	go test ./integration/differ                         the short form: a fixed seed, a few thousand statements
//	make differ N=100000 SEED=7                          the long form; without SEED one is chosen and printed
//	go test ./integration/differ -run TestDiffer -v -n 5000 -only functions -seed 7
//	EVENTGRES_SEED=7 go test ./integration/differ        other statements, which follow from the number as all tests' choices do
//	go test ./integration/differ -findings dir           writes what it finds, a file each
//	go test ./integration/differ -run TestAgain -again dir   asks these once more
//
// Statement i of a seed is the same in every run, whatever -n and -only are.
//
// # What is asked
//
// Three generators take turns. "queries" makes SELECTs over events, streams and small
// VALUES tables from a grammar (query.go) and templates of expressions (templates.go).
// "functions" and "operators" call what pg_proc, pg_operator and pg_cast of the running
// PostgreSQL list, over a pool of values (values.go): constants, columns, parameters of a
// stated type and parameters of unknown type. Each statement is asked in one protocol,
// with text or binary results, under some settings, and some of them on the native path,
// on the worker, inside a transaction behind a staged INSERT, or through a cursor
// (statement.go).
//
// # What is compared
//
// Column names, type OIDs, sizes and modifiers; rows, in their order where ORDER BY fixes
// it; SQLSTATEs, and messages apart. Where the two differ, PostgreSQL is asked again
// with other plans and with the rows in another order, and the statement is left out
// if PostgreSQL does not agree with itself. What differs is shrunk (shrink.go) and sorted
// into classes (judge.go):
//
//	silent    both answer, and differ                                  fails
//	lost      the worker died, the connection ended, no answer in time,
//	          an internal error (58000, XX000)                         fails
//	answered  Eventgres answers what PostgreSQL refuses                fails
//	refused   Eventgres refuses what PostgreSQL answers: 0A000 is
//	          counted, any other SQLSTATE                              fails
//	code      both refuse, with other SQLSTATEs                        counted
//	message   both refuse, with other messages or positions            counted
//	digits    floats that differ in the last digits                    counted
//
// unless known.go declares it, with a reason. docs/differences.md is made from that list
// and those of the other comparisons; TestDifferencesPage fails where it is stale
// (-rewrite writes it).
//
// testdata/corpus holds statements that once differed and were mended; each run asks them
// first.
//
// TestPolicies asks a fifth as many as roles to whom policies show some events, on both servers. TestHidden asks a
// twentieth of two servers that differ in what no policy shows: no answer, error or plan may tell them apart.
package differ
