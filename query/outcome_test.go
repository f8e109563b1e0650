package query

import (
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/engine/vfs"
	"github.com/eventgres/eventgres/query/role"
)

// writes are statements that write to the log, each after what makes it possible.
var writes = map[string]struct{ before, sql string }{
	"INSERT":              {"", "INSERT INTO events (stream, type) VALUES ('s', 'T')"},
	"INSERT RETURNING":    {"", "INSERT INTO events (stream, type) VALUES ('s', 'T') RETURNING position"},
	"a guarded INSERT":    {"", "INSERT INTO events (stream, type) SELECT 's', 'T' WHERE NOT EXISTS (SELECT FROM events WHERE type = 'X')"},
	"COMMIT":              {"BEGIN; INSERT INTO events (stream, type) VALUES ('s', 'T')", "COMMIT"},
	"COMMIT SERIALIZABLE": {"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM events; INSERT INTO events (stream, type) VALUES ('s', 'T')", "COMMIT"},
	"EXECUTE":             {"PREPARE p AS INSERT INTO events (stream, type) VALUES ('s', 'T')", "EXECUTE p"},
	"EXPLAIN ANALYZE":     {"", "EXPLAIN ANALYZE INSERT INTO events (stream, type) VALUES ('s', 'T')"},
	"COPY":                {"", "COPY events (stream, type) FROM STDIN"},
	"COPY in a block":     {"BEGIN; INSERT INTO events (stream, type) VALUES ('s', 'T')", "COMMIT"},
	"create_consumer":     {"", "SELECT create_consumer('d')"},
	"alter_consumer":      {"", "SELECT alter_consumer('c', max_attempts => 5)"},
	"drop_consumer":       {"", "SELECT drop_consumer('c')"},
	"reset_consumer":      {"", "SELECT reset_consumer('c', -1)"},
	"ack":                 {"SELECT position FROM consume('c', 1, '0 s')", "SELECT ack('c', 0)"},
	"nack":                {"SELECT position FROM consume('c', 1, '0 s')", "SELECT nack('c', 0, 'no')"},
	"ack in a block":      {"BEGIN; SELECT position FROM consume('c', 1, '0 s'); SELECT ack('c', 0)", "COMMIT"},
	"COMMENT":             {"", "COMMENT ON COLUMN events.type IS 'x'"},
	"CREATE ROLE":         {"", "CREATE ROLE r"},
	"ALTER ROLE":          {"CREATE ROLE r", "ALTER ROLE r LOGIN PASSWORD 'x'"},
	"GRANT":               {"CREATE ROLE r", "GRANT SELECT ON events TO r"},
	"GRANT of a role":     {"CREATE ROLE r; CREATE ROLE q", "GRANT r TO q"},
	"CREATE POLICY":       {"", "CREATE POLICY p ON events USING (type = 'T')"},
	"CREATE PUBLICATION":  {"", "CREATE PUBLICATION p FOR TABLE events"},
	"slot":                {"", "CREATE_REPLICATION_SLOT s LOGICAL pgoutput"},
	"slot's end":          {"CREATE_REPLICATION_SLOT s LOGICAL pgoutput", "DROP_REPLICATION_SLOT s"},
}

// TestUnknownOutcome: where a write fails so that what it wrote may be found after a restart, whoever asked for it is told that he cannot know;
// who comes after is told that nothing was written of his.
func TestUnknownOutcome(t *testing.T) {
	for name, c := range writes {
		for kind, op := range map[string]vfs.OpKind{"write": vfs.OpWrite, "sync": vfs.OpSyncData} {
			t.Run(name+", "+kind, func(t *testing.T) {
				var broken atomic.Bool
				m := vfs.NewMem()
				store, err := engine.Open("/db", engine.Options{FS: m})
				if err != nil {
					t.Fatal(err)
				}
				defer store.Close()
				m.Inject = func(o vfs.Op) error {
					if broken.Load() && o.Kind == op {
						return syscall.EIO
					}
					return nil
				}
				server := NewServer(store, nil)
				roles, err := role.NewStore(store.Control(), "u", slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				server.UseRoles(roles)
				conn, err := pgconn.Connect(t.Context(), "postgres://u@"+serve(t, server)+"/events?sslmode=disable&replication=database")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close(t.Context())
				run := func(sql string) error {
					if strings.HasSuffix(sql, "FROM STDIN") {
						_, err := conn.CopyFrom(t.Context(), strings.NewReader("s\tT\n"), sql)
						return err
					}
					_, err := conn.Exec(t.Context(), sql).ReadAll()
					return err
				}
				for _, sql := range []string{"INSERT INTO events (stream, type) VALUES ('s', 'T'), ('s', 'T')", "SELECT create_consumer('c')", c.before} {
					if err := run(sql); err != nil {
						t.Fatalf("%s: %v", sql, err)
					}
				}
				broken.Store(true)
				var e *pgconn.PgError
				if err := run(c.sql); !errors.As(err, &e) || e.Code != "58030" || !strings.Contains(e.Hint, "may be found after the restart") {
					t.Errorf("%v, hint %v", err, e)
				}
				broken.Store(false)
				_ = run("ROLLBACK")
				if err := run("INSERT INTO events (stream, type) VALUES ('s', 'T')"); !errors.As(err, &e) || e.Code != "58030" || !strings.Contains(e.Hint, "Nothing was appended") {
					t.Errorf("afterwards: %v, hint %v", err, e)
				}
			})
		}
	}
}
