package standby_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/role"
	"github.com/eventgres/eventgres/query/standby"
)

// follower is a cluster that another node leads.
type follower struct{ standby.Cluster }

func (follower) Leading() bool                     { return false }
func (follower) Leader() (name, address string)    { return "n2", "h2:5432" }
func (follower) Changed() <-chan struct{}          { return nil }
func (follower) Nodes() []standby.Node             { return nil }
func (follower) ReadIndex(_ context.Context) error { return nil }

// serve serves a node, and returns its URL.
func serve(t *testing.T, c standby.Cluster) string {
	t.Helper()
	_, url := serveStore(t, c, "")
	return url
}

// serveStore is serve, with an analytics worker of a program unless that is empty.
func serveStore(t *testing.T, c standby.Cluster, program string) (*engine.Store, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := engine.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := role.NewStore(store.Control(), "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	handler := query.NewMember(store, c, nil)
	handler.UseRoles(roles)
	if program != "" {
		worker := analytics.Start(analytics.Options{
			Command: []string{program, "worker"}, Dir: dir, Logger: slog.New(slog.DiscardHandler),
			Watch: store.Hub().Wait, Committed: func() int64 { return store.Index().GlobalPosition() + 1 },
		})
		handler.UseWorker(worker)
		t.Cleanup(worker.Close)
	}
	server := &pgwire.Server{Handler: handler}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	attending, stop := context.WithCancel(context.Background())
	var attended sync.WaitGroup
	attended.Go(func() { handler.Attend(attending) })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		stop()
		attended.Wait()
		if err := errors.Join(server.Shutdown(ctx), <-served, store.Close()); err != nil {
			t.Error(err)
		}
	})
	return store, "postgres://postgres@" + l.Addr().String() + "/postgres?sslmode=disable"
}

// schema is what the statements are about.
const schema = `CREATE TABLE events (position bigint, stream text, type text);

CREATE VIEW v AS SELECT 1 AS a;

CREATE ROLE x;

`

// TestHotStandby: what a node that follows answers is what PostgreSQL's hot standby does, which is asked the same.
func TestHotStandby(t *testing.T) {
	theirs, err := pgconn.Connect(t.Context(), harness.HotStandby(t, schema))
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close(context.Background())
	ours, err := pgconn.Connect(t.Context(), serve(t, follower{}))
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close(context.Background())
	const insert = "INSERT INTO events (stream, type) VALUES ('s', 'T')"
	for _, sql := range []string{
		"SHOW in_hot_standby", "SHOW transaction_read_only", "SELECT pg_is_in_recovery()",
		insert, "EXPLAIN ANALYZE " + insert, "BEGIN; " + insert, "SET default_transaction_read_only = off; " + insert, "RESET default_transaction_read_only",
		"BEGIN READ ONLY; " + insert, "COPY events (stream, type) FROM STDIN", "BEGIN; COPY events (stream, type) FROM STDIN",
		"CREATE VIEW w AS SELECT 1", "CREATE OR REPLACE VIEW v AS SELECT 1 AS a", "DROP VIEW v", "DROP VIEW IF EXISTS nothing", "COMMENT ON TABLE events IS 'x'",
		"ALTER VIEW v OWNER TO x",
		"CREATE ROLE y", "ALTER ROLE x CREATEDB", "ALTER ROLE x SET timezone = 'UTC'", "ALTER ROLE x RENAME TO y", "DROP ROLE x", "DROP ROLE IF EXISTS nobody",
		"GRANT SELECT ON events TO x", "REVOKE SELECT ON events FROM x", "GRANT pg_monitor TO x", "REVOKE pg_monitor FROM x", "COMMENT ON ROLE x IS 'y'",
		"REASSIGN OWNED BY x TO postgres", "DROP OWNED BY x",
		"CREATE POLICY p ON events USING (true)", "ALTER TABLE events ENABLE ROW LEVEL SECURITY", "DROP POLICY p ON events",
		"CREATE PUBLICATION p FOR TABLE events", "ALTER PUBLICATION p ADD TABLE events", "DROP PUBLICATION p",
		"BEGIN READ WRITE", "START TRANSACTION READ WRITE", "BEGIN; SET TRANSACTION READ WRITE", "SET TRANSACTION READ WRITE", "BEGIN; SET transaction_read_only = off",
		"BEGIN; SET TRANSACTION READ ONLY; SET TRANSACTION READ WRITE", "BEGIN; SAVEPOINT a; SET TRANSACTION READ WRITE", "BEGIN; SELECT count(*) FROM events; SET TRANSACTION READ WRITE",
		"SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; SHOW transaction_read_only", "RESET ALL",
		"BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
		"SET default_transaction_isolation = serializable", "SHOW default_transaction_isolation", "SELECT count(*) FROM events", "BEGIN; SELECT count(*) FROM events",
		"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events; COMMIT", "RESET default_transaction_isolation",
		"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events; SAVEPOINT a; RELEASE a; COMMIT",
		"BEGIN; LOCK TABLE events IN ACCESS SHARE MODE; LOCK TABLE events IN ROW SHARE MODE; LOCK TABLE events IN ROW EXCLUSIVE MODE; COMMIT",
		"BEGIN; LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE", "BEGIN; LOCK TABLE events IN SHARE MODE", "BEGIN; LOCK TABLE events", "LOCK TABLE events",
		"UNLISTEN *", "NOTIFY x", "SELECT pg_notify('x', 'y')", "VACUUM", "ANALYZE", "CHECKPOINT", "DISCARD ALL", "SET in_hot_standby = off",
		"BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT; FETCH ALL FROM c; CLOSE c",
		"SELECT * FROM pg_create_logical_replication_slot('s', 'pgoutput')",
	} {
		want, got := answer(t, theirs, sql), answer(t, ours, sql)
		if got != want {
			t.Errorf("%s\n%s\nand not\n%s", sql, got, want)
		}
	}
}

// answer is what a statement comes to: its rows, tags and errors. The hint that names the leader is left out.
func answer(t *testing.T, conn *pgconn.PgConn, sql string) string {
	t.Helper()
	var out []string
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	for _, r := range results {
		for _, row := range r.Rows {
			out = append(out, string(row[0]))
		}
		if r.CommandTag.String() != "" { // it has failed, after its columns were told, or before
			out = append(out, r.CommandTag.String())
		}
	}
	if e := new(pgconn.PgError); errors.As(err, &e) {
		out = append(out, e.Code+" "+e.Message)
		for _, text := range []string{e.Detail, e.Hint} {
			if text != "" && text != "The leader is node n2, at h2:5432." {
				out = append(out, text)
			}
		}
	} else if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	out = append(out, fmt.Sprintf("in a transaction: %c", conn.TxStatus()))
	if conn.TxStatus() != 'I' {
		if _, err := conn.Exec(t.Context(), "ROLLBACK").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(out, "\n")
}
