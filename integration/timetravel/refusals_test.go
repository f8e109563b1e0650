package timetravel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// same are conversations of which PostgreSQL says the same, snapshot for snapshot: $p is one that each of them has exported itself.
var same = [][]string{
	{"BEGIN", "SET TRANSACTION SNAPSHOT '$p'"},
	{"BEGIN ISOLATION LEVEL READ UNCOMMITTED", "SET TRANSACTION SNAPSHOT '$p'"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION SNAPSHOT '$p'", "SELECT 1 AS one", "SET TRANSACTION SNAPSHOT '$p'"},
	{"BEGIN ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION SNAPSHOT '$p'", "COMMIT"},
	{"BEGIN", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION SNAPSHOT '$p'", "SHOW transaction_isolation", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1 AS one", "SET TRANSACTION SNAPSHOT '$p'"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SAVEPOINT a", "SET TRANSACTION SNAPSHOT '$p'"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SHOW server_version_num", "SET application_name = 'x'", "SET TRANSACTION SNAPSHOT '$p'", "COMMIT"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION SNAPSHOT 'x y'"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION SNAPSHOT '99999999999999999999'"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION SNAPSHOT 5"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION SNAPSHOT"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SET SESSION TRANSACTION SNAPSHOT '$p'", "COMMIT"},
	{"BEGIN", "SET LOCAL TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SHOW transaction_isolation", "COMMIT"},
	{"SET TRANSACTION SNAPSHOT '$p'"},
	{"SET default_transaction_isolation = 'repeatable read'", "SET TRANSACTION SNAPSHOT '$p'", "SET TRANSACTION SNAPSHOT 'x'", "RESET default_transaction_isolation"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET TRANSACTION SNAPSHOT '$p'", "SET TRANSACTION READ WRITE"},
	{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION SNAPSHOT '$p'", "COMMIT AND CHAIN", "SHOW transaction_isolation", "SET TRANSACTION SNAPSHOT '$p'", "COMMIT"},
}

// TestSnapshotAsPostgreSQL: what is said of snapshots is what PostgreSQL says.
func TestSnapshotAsPostgreSQL(t *testing.T) {
	url := harness.Postgres(t).URL("postgres")
	server := harness.Eventgres(t)
	run := func(url string) (out []string) {
		holder := connect(t, url, "")
		must(t, holder, "BEGIN ISOLATION LEVEL SERIALIZABLE")
		p := one(t, holder, "SELECT pg_export_snapshot()")
		for _, statements := range same {
			conn := connect(t, url, "")
			for _, sql := range statements {
				got := said(t, conn, strings.ReplaceAll(sql, "$p", p))
				out = append(out, fmt.Sprintf("%s: %s", sql, got))
			}
			conn.Close(t.Context())
		}
		return out
	}
	want, got := run(url), run(server.URL())
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("PostgreSQL: %s\nEventgres:  %s", want[i], got[i])
		}
	}
}

// TestRefusals: what cannot be done in the past is refused with its SQLSTATE, and does nothing.
func TestRefusals(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, chief(server), "")
	must(t, conn, "INSERT INTO events (stream, type) VALUES ('s', 'A'), ('s', 'B'), ('t', 'A')", "CREATE VIEW v AS SELECT type FROM events", "SELECT create_consumer('c')",
		"CREATE ROLE r", "SET eventgres.as_of = 1")
	before := one(t, conn, "SELECT events, changes FROM eventgres_health")
	for _, c := range []struct{ code, sql string }{
		{"25006", "INSERT INTO events (stream, type) VALUES ('s', 'A')"},
		{"25006", "INSERT INTO events (stream, type) SELECT 's', type FROM events"},
		{"25006", "INSERT INTO events (stream, type) VALUES ('s', 'A') RETURNING position"},
		{"25006", "EXPLAIN ANALYZE INSERT INTO events (stream, type) VALUES ('s', 'A')"},
		{"25006", "BEGIN; INSERT INTO events (stream, type) VALUES ('s', 'A'); COMMIT"},
		{"25006", "COPY events (stream, type) FROM STDIN"},
		{"25006", "SELECT ack('c', 0)"},
		{"25006", "SELECT nack('c', 0, 'no')"},
		{"25006", "SELECT create_consumer('d')"},
		{"25006", "SELECT drop_consumer('c')"},
		{"25006", "CREATE VIEW w AS SELECT 1"},
		{"25006", "CREATE OR REPLACE VIEW v AS SELECT type FROM events"},
		{"25006", "DROP VIEW v"},
		{"25006", "COMMENT ON VIEW v IS 'x'"},
		{"25006", "CREATE ROLE q"},
		{"25006", "ALTER ROLE r LOGIN"},
		{"25006", "DROP ROLE r"},
		{"25006", "GRANT SELECT ON events TO r"},
		{"25006", "CREATE POLICY p ON events USING (true)"},
		{"25006", "ALTER TABLE events ENABLE ROW LEVEL SECURITY"},
		{"25006", "CREATE PUBLICATION p FOR TABLE events"},
		{"0A000", "SUBSCRIBE TO SELECT * FROM events"},
		{"0A000", "BEGIN; DECLARE c CURSOR FOR SUBSCRIBE TO SELECT * FROM events"},
		{"0A000", "SELECT * FROM consume('c', 10, '0')"},
		{"25001", "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '0'"},
		{"25001", "BEGIN; SELECT 1; SET LOCAL eventgres.as_of = 0"},
		{"25001", "BEGIN; SELECT 1; SET eventgres.as_of = 'now'"},
		{"25001", "BEGIN; SELECT 1; RESET eventgres.as_of"},
		{"25001", "BEGIN; SELECT 1; RESET ALL"},
		{"25001", "BEGIN; SELECT 1; SELECT set_config('eventgres.as_of', '0', true)"},
		{"25001", "BEGIN; SET LOCAL eventgres.as_of = now; CREATE VIEW w AS SELECT 1; SET LOCAL eventgres.as_of = 0"},
		{"25001", "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL eventgres.as_of = now; SET TRANSACTION SNAPSHOT '0'; SET LOCAL eventgres.as_of = 0"},
		{"22023", "SET eventgres.as_of = 3"},
		{"22023", "SET eventgres.as_of = -2"},
		{"22023", "SET eventgres.as_of = '99999999999999999999'"},
		{"22023", "SET eventgres.as_of = '+1'"},
		{"22023", "SET eventgres.as_of = '1.5'"},
		{"22023", "SET eventgres.as_of = 'then'"},
		{"22023", "SET eventgres.as_of = 'infinity'"},
		{"22023", "SET eventgres.as_of = 'tomorrow'"},
		{"22023", "SET eventgres.as_of = '2026-02-30'"},
		{"22023", "SET eventgres.as_of TO 1, 2"},
	} {
		if got := said(t, conn, c.sql); !strings.HasPrefix(got, c.code+" ") {
			t.Errorf("%s: %s, want %s", c.sql, got, c.code)
		}
		if conn.PgConn().TxStatus() != 'I' {
			must(t, conn, "ROLLBACK")
		}
		if got := one(t, conn, "SHOW eventgres.as_of"); got != "1" {
			t.Fatalf("%s: as_of is %s", c.sql, got)
		}
	}
	// What only looks is not.
	must(t, conn, "SELECT * FROM v", "EXPLAIN INSERT INTO events (stream, type) VALUES ('s', 'A')", "SELECT consumer FROM eventgres_consumers", "LISTEN x", "BEGIN; SAVEPOINT a; SET LOCAL eventgres.as_of = 0; ROLLBACK TO a; COMMIT",
		"SELECT wait_for_position(1)", "COPY (SELECT * FROM events) TO STDOUT")
	if got := one(t, conn, "SELECT events, changes FROM eventgres_health"); got != before {
		t.Errorf("something was written: %s, before %s", got, before)
	}
	// And a transaction may leave the past.
	must(t, conn, "BEGIN; SET LOCAL eventgres.as_of = 'now'; INSERT INTO events (stream, type) VALUES ('s', 'C'); COMMIT")
	if got := one(t, conn, "SHOW eventgres.as_of") + " " + one(t, conn, "SELECT count(*) FROM events"); got != "1 2" {
		t.Errorf("behind it: %s", got)
	}
	must(t, conn, "DISCARD ALL")
	if got := one(t, conn, "SHOW eventgres.as_of") + " " + one(t, conn, "SELECT count(*) FROM events"); got != "now 4" {
		t.Errorf("behind DISCARD ALL: %s", got)
	}
}

// TestSnapshotWrites: a transaction that sees an old snapshot may append, and sees what it has appended.
func TestSnapshotWrites(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, server.URL(), "")
	must(t, conn, "INSERT INTO events (stream, type) VALUES ('s', 'A'), ('s', 'B'), ('t', 'A')")
	must(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION SNAPSHOT '0'", "INSERT INTO events (stream, type) VALUES ('u', 'New')")
	for sql, want := range map[string]string{
		"SELECT string_agg(type, ',' ORDER BY type) FROM events":      "A,New",
		"SELECT count(*) FROM events":                                 "2",
		"SELECT pg_export_snapshot()":                                 "0",
		"SELECT string_agg(stream, ',' ORDER BY stream) FROM streams": "s,u",
	} {
		if got := one(t, conn, sql); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	must(t, conn, "COMMIT")
	if got := one(t, conn, "SELECT position, version FROM events WHERE stream = 'u'"); got != "3 | 0" {
		t.Errorf("it came to %s", got)
	}
}

// TestDecision: a decision that was taken by what a snapshot showed holds only if nothing has come since that its reads would have returned.
func TestDecision(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, server.URL(), "")
	for _, c := range []struct {
		between string // what comes between the requests
		want    string
	}{
		{"", "COMMIT"},
		{"INSERT INTO events (stream, type, tags) VALUES ('x', 'Enrolled', '{course:2}')", "COMMIT"},
		{"INSERT INTO events (stream, type, tags) VALUES ('x', 'Enrolled', '{course:1,student:7}')", "40001"},
	} {
		p := one(t, conn, "SELECT pg_export_snapshot()")
		if c.between != "" {
			must(t, conn, c.between)
		}
		must(t, conn, "BEGIN ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION SNAPSHOT '"+p+"'", "SELECT count(*) FROM events WHERE tags @> '{course:1}'",
			"INSERT INTO events (stream, type, tags) VALUES ('y', 'Enrolled', '{course:3}')")
		if got := said(t, conn, "COMMIT"); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q between: %s, want %s", c.between, got, c.want)
		}
	}
}

// TestReplicationRefused: a walsender that looks at the past follows nothing.
func TestReplicationRefused(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, chief(server), "")
	must(t, conn, "INSERT INTO events (stream, type) VALUES ('s', 'A')")
	config, err := pgx.ParseConfig(chief(server) + "&replication=database")
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["eventgres.as_of"] = "0"
	walsender, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer walsender.Close(t.Context())
	if got := said(t, walsender, "CREATE_REPLICATION_SLOT x TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT"); strings.HasPrefix(got, "2") || strings.HasPrefix(got, "0") {
		t.Error(got)
	}
	if got := said(t, walsender, `START_REPLICATION SLOT x LOGICAL 0/0 (proto_version '1', publication_names 'p')`); !strings.HasPrefix(got, "0A000 ") {
		t.Error(got)
	}
}
