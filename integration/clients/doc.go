// Package clients tests Eventgres with the programs and drivers that people
// have: psql, pgbench, pgx, lib/pq, psycopg 2 and 3, node-postgres, pgjdbc and
// PgBouncer. Each appends, meets conflicts, reads back every column type, runs
// transactions, and batches or pipelines where it can.
//
// Clients in other languages are the programs in testdata; they print a line
// for each step, and the .want file beside a program says which. install.sh
// installs what they need; a client that is not there is skipped, or fails its
// test under EVENTGRES_REQUIRE_CLIENTS=1.
//
// EVENTGRES_CLIENTS_TARGET=postgres runs the same tests against PostgreSQL,
// with testdata/reference.sql making up for what its table lacks. That is how to
// tell a wrong test from a wrong server: every expectation here holds there too,
// except where a test says why it cannot.
package clients
