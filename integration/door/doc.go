// Package door tests who may come in, and how: rules, passwords and TLS, beside PostgreSQL's own.
//
// Rules and maps are compared with what PostgreSQL's views show of the same files; verifiers with those it makes; what a client sends
// instead of an honest proof with its answers, message for message; and clients' attempts, with each driver, with what comes of
// them there. The server is the program, started with flags and told of roles in SQL.
package door
