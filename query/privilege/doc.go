// Package privilege is what roles are and what they may do, as pure data: roles with their attributes and memberships, and the lists of
// privileges that things have, with PostgreSQL's rules of who may pass on what.
//
// Server and worker read the same from it: what the server allows is what has_table_privilege and \dp say. No secret is in it:
// passwords are package role's. It knows no statements, and where anything is kept.
package privilege
