// Package door tests who may come in, and how: rules, passwords and TLS, beside PostgreSQL's own.
//
// Rules and maps are compared with what PostgreSQL's views show of the same files; verifiers with those it makes; what a client sends
// instead of an honest proof with its answers, message for message; and clients' attempts, with each driver, with what comes of
// them there. Until roles can be made from outside, the server of these tests is one in their own process, with roles of the test.
package door
