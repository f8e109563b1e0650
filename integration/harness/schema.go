package harness

import _ "embed"

// Schema makes a PostgreSQL database look like an Eventgres server: the
// relations, with triggers that number events as the log does.
//
//go:embed schema.sql
var Schema string
