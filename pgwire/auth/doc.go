// Package auth decides who a client is: SCRAM-SHA-256 and SCRAM-SHA-256-PLUS as PostgreSQL's server speaks them
// ([Exchange], RFC 5802 and 7677), the verifiers that stand for passwords ([Verifier]), and the rules of who may
// come in from where and how ([Rules], the format of pg_hba.conf; [Maps], that of pg_ident.conf).
//
// It is pure: no sockets, no files, no clock, no roles. Package pgwire asks it while a connection starts. What a
// client sends is bounded before it is looked at, secrets are compared in constant time, and no error says whether a
// role exists or has a password.
package auth
