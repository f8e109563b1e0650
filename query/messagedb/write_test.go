package messagedb

import (
	"testing"

	"github.com/eventgres/eventgres/query/syntax"
)

// A SELECT that does more than write one message stages it, and locks its category.
func TestWritesOne(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT write_message($1, $2, $3, $4)":                                                               true,
		"SELECT * FROM write_message($1, $2, $3, $4)":                                                        true,
		"SELECT message_store.write_message(gen_random_uuid()::varchar, 'a-' || $1, 'T', '{}')":              true,
		"SELECT write_message(md5($1::text)::uuid::varchar, coalesce($2, lower('A')), 'T', '{}') AS version": true,
		"SELECT write_message($1, 'a-1', 'T', '{}', NULL, stream_version('a-1'))":                            false,
		"SELECT write_message($1, 'a-' || acquire_lock('a-1'), 'T', '{}')":                                   false,
		"SELECT write_message($1, 'a-' || write_message($1, 'b-1', 'T', '{}'), 'T', '{}')":                   false,
		"SELECT write_message($1, unknown_function($2), 'T', '{}')":                                          false,
		"SELECT write_message($1, $2, $3, $4), 1":                                                            false,
		"SELECT write_message($1, $2, $3, $4) WHERE $5":                                                      false,
		"SELECT stream_version($1)":                                                                          false,
	} {
		st, err := syntax.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := WritesOne(st[0].Statement.(*syntax.SelectStmt)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
