// Package rights is what one session may do now: as whom it acts, by the roles and the schema that it sees, and what statements that pass
// privileges on make of the schema.
//
// It decides, and keeps nothing: roles are package role's, what is granted on things is in the schema, and where the session asks is its own
// choice. It knows statements' trees, and no sockets.
package rights
