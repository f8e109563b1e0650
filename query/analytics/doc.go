// Package analytics is the server's side of the analytics worker: it starts the worker as a
// child process and restarts it when it dies ([Supervisor]), tells it how far the log is
// committed, and speaks to it ([Conn]). It links neither DuckDB nor libpg_query; those are in
// the packages below it, which the child alone runs.
package analytics
