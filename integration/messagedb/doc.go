// Package messagedb holds the server against Message DB: its interface as statements show it, its clients, and, where npm has it, the real one in PostgreSQL.
package messagedb
