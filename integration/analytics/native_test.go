package analytics

import (
	"bytes"
	"testing"
)

// TestNativeAndWorker asks Eventgres the same on either path, which must mean the
// same: the reads of the corpus, and those that PostgreSQL has no columns for.
func TestNativeAndWorker(t *testing.T) {
	files := append(load(t, "testdata/reads.sql"), load(t, "testdata/native/*.sql")...)
	server := NewEventgres(t)
	native := session(t, "native path", server.URL(), "SET eventgres.route = 'native'")
	worker := session(t, "analytics worker", server.URL(), "SET eventgres.route = 'analytics'")
	requireTwoPaths(t, native, worker)
	eachCase(t, files, func(t *testing.T, c *Case, mode Mode) { same(t, c, mode, native, worker) })
}

// requireTwoPaths fails where the setting changes nothing. Any name with a dot can be
// SET, so a server that does not know this one takes it too, and a path compared with
// itself is always right. EXPLAIN names the path.
func requireTwoPaths(t *testing.T, native, worker *Session) {
	t.Helper()
	c := &Case{SQL: "EXPLAIN SELECT count(*) FROM events"}
	a, b := ask(t, native, c, Simple), ask(t, worker, c, Simple)
	if a.Err == nil && b.Err == nil && bytes.Equal(a.text(), b.text()) {
		t.Fatalf("%s takes the same path whatever eventgres.route says, so there is nothing to compare:\n%s", c.SQL, indent(a.Show(0)))
	}
}
