// Package messageimport tests events that come from elsewhere with their times: eventgres.import, and eventgres import
// --from-message-db from a Message DB in PostgreSQL.
package messageimport
