// Package harness starts what the integration tests talk to: the real eventgres
// binary, a throw-away PostgreSQL to compare it with, and the client programs
// that happen to be installed.
//
//	server := harness.Eventgres(t)        // a fresh store, stopped at the test's end
//	conn, err := pgx.Connect(ctx, server.URL())
//
//	cluster := harness.Postgres(t)        // shared by the whole test process
//	url := cluster.Database(t)            // with the tables of schema.sql in it
//
// Environment:
//
//	EVENTGRES_BIN              test this binary instead of building one
//	EVENTGRES_REQUIRE_CLIENTS  1: a missing program fails the test instead of skipping it
//
// Nothing outlives the test process, however that ends: a server carries a
// parent-death signal, and whatever is shared by all tests is owned by a
// shell that waits for the end of a pipe only the test process holds.
package harness
