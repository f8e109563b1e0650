// Package analytics asks PostgreSQL 15 and Eventgres the same analytical
// questions about the same events, and tells where they answer differently.
//
// PostgreSQL is the oracle, and it is asked anew in every run: Eventgres gets the
// 8,577 events of shared/data/permits.ndjson and those of testdata/events, and
// PostgreSQL gets a copy of Eventgres' table, ids and times included. Without
// PostgreSQL or the permits the tests are skipped, or fail where
// EVENTGRES_REQUIRE_CLIENTS=1.
//
//	go test ./integration/analytics                                  everything
//	go test ./integration/analytics -run TestCorpusIsDeterministic   PostgreSQL alone
//	go test ./integration/analytics -run 'TestEventgres/joins.sql/self_join'
//	go test ./integration/analytics -v -run TestDifferences          what is meant to differ
//
// harness.Binary builds a server without cgo, and so without the analytics
// worker; $EVENTGRES_BIN names one that has it.
//
// Every case runs three times, in the simple protocol and in the extended one
// with text and with binary results. Compared are the parameters' types, the
// columns with their names, types, sizes and modifiers, every byte of every row, the
// command tag, and of an error the severity, SQLSTATE, message and position.
//
// # The corpus
//
// A file of testdata is a list of cases, a theme a file:
//
//	-- case: rework, the same type twice in a stream
//	SELECT stream, type, count(*) FROM events
//	GROUP BY stream, type HAVING count(*) > 1 ORDER BY stream, type;
//
// Directives stand between a case's name and its statement:
//
//	-- zone: Europe/Amsterdam      the session's TimeZone; UTC without it
//	-- params: text:x | 5 | NULL   parameters; with a type's name, or for the
//	                               server to infer. The case is left out of the
//	                               simple protocol
//	-- unordered: REASON           rows are compared as a multiset
//	-- error: SQLSTATE             the answer is an error; a case that does not say so
//	                               must have rows
//	-- difference: REASON          Eventgres means to answer otherwise: with
//	-- eventgres-error: SQLSTATE   this error, or "none": with other rows
//
// A statement's rows must be in an order that SQL promises: TestCorpusIsDeterministic
// asks PostgreSQL twice, once with the table's rows shuffled and with other plans.
//
// Left out is what PostgreSQL cannot have: the columns that can be named but are
// not in *, the value of stream_id('…'), and whole payloads, which Eventgres keeps byte
// for byte. What a JSON function or operator yields is compared.
//
// TestParameterTypes declares parameters of every type, TestEventgres/snapshots.sql asks about snapshots and places in the log.
//
// testdata/reads.sql and testdata/native/ hold what both of Eventgres' paths can
// answer. TestNativeAndWorker compares one path with the other, once EXPLAIN has shown
// that they are two.
package analytics
