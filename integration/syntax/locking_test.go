package syntax

import (
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestLocking: no clause that locks is taken for one that does not, wherever it stands and whatever
// answers the statement.
func TestLocking(t *testing.T) {
	c := connect(t, harness.Eventgres(t).URL())
	if e := ask(t, c, "INSERT INTO events (stream, type) VALUES ('a', 'b')"); e != nil {
		t.Fatal(e)
	}
	if e := ask(t, c, "CREATE VIEW v AS SELECT version FROM events"); e != nil {
		t.Fatal(e)
	}
	for _, clause := range []string{"FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "FOR KEY SHARE", "FOR UPDATE NOWAIT", "FOR UPDATE SKIP LOCKED", "FOR SHARE FOR UPDATE"} {
		for _, before := range []string{"", "BEGIN; ", "BEGIN; INSERT INTO events (stream, type) VALUES ('a', 'b'); "} {
			for _, sql := range []string{
				"SELECT version FROM events WHERE stream = 'a' " + clause, "SELECT version FROM events WHERE stream = 'a' LIMIT 1 " + clause,
				"SELECT version FROM events " + clause + " LIMIT 1", "SELECT count(*) FROM events, streams " + clause, "SELECT 1 " + clause,
				"SELECT * FROM (SELECT version FROM events " + clause + ") AS s", "SELECT (SELECT version FROM events LIMIT 1 " + clause + ")",
				"SELECT 1 WHERE EXISTS (SELECT 1 FROM events " + clause + ")", "SELECT 1 WHERE 1 IN (SELECT version FROM events " + clause + ")",
				"WITH c AS (SELECT version FROM events " + clause + ") SELECT * FROM c", "WITH c AS (SELECT version FROM events " + clause + ") SELECT 1",
				"(SELECT version FROM events " + clause + ")", "SELECT ARRAY(SELECT version FROM events " + clause + ")",
				"SELECT version FROM v " + clause, "CREATE VIEW w AS SELECT version FROM events " + clause,
				"DECLARE c CURSOR WITH HOLD FOR SELECT version FROM events " + clause, "PREPARE p AS SELECT version FROM events " + clause,
				"EXPLAIN SELECT version FROM events " + clause, "COPY (SELECT version FROM events " + clause + ") TO STDOUT",
				"INSERT INTO events (stream, type) SELECT 'a', type FROM events " + clause,
				"SELECT 1 UNION (SELECT 1 FROM events " + clause + ")",
			} {
				e := ask(t, c, before+sql)
				if e == nil || e.Code != "0A000" {
					t.Errorf("%s: %s", before+sql, said(e))
				} else if e.Hint == "" {
					t.Errorf("%s: %s, and no hint", before+sql, said(e))
				}
			}
		}
	}
}
