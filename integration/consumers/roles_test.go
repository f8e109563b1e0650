package consumers

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// as connects as a role.
func as(t *testing.T, server *harness.Server, role string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	config.User = role
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func refused(t *testing.T, conn *pgx.Conn, want, sql string) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql)
	var e *pgconn.PgError
	if !errors.As(err, &e) || !strings.HasPrefix(e.Code+" "+e.Message, want) {
		t.Errorf("%s: %v, expected %s", sql, err, want)
	}
}

func given(t *testing.T, conn *pgx.Conn, want string) {
	t.Helper()
	rows, _ := conn.Query(t.Context(), "SELECT type FROM consume('c', 100, '0', 'm')")
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(list, ""); got != want {
		t.Errorf("given %q, expected %q", got, want)
	}
}

// TestRoles: a consumer gives what its owner sees, to whoever has the owner's role.
func TestRoles(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	chief := as(t, server, "postgres")
	for _, sql := range []string{
		"CREATE ROLE owner LOGIN", "CREATE ROLE helper LOGIN", "CREATE ROLE stranger LOGIN", "GRANT owner TO helper",
		"GRANT SELECT ON events TO stranger",
	} {
		run(t, chief, sql)
	}
	owner, helper, stranger := as(t, server, "owner"), as(t, server, "helper"), as(t, server, "stranger")
	refused(t, owner, "42501 permission denied for table events", "SELECT create_consumer('c')")
	run(t, chief, "GRANT SELECT ON events TO owner")
	refused(t, owner, "42501 permission denied for schema public", "SELECT create_consumer('c')")
	run(t, chief, "GRANT CREATE ON SCHEMA public TO owner")
	run(t, owner, "SELECT create_consumer('c')")
	for _, kind := range []string{"a", "b", "c", "a", "b", "c"} {
		run(t, chief, "INSERT INTO events (stream, type) VALUES ('s', $1)", kind)
	}
	for _, sql := range []string{
		"SELECT * FROM consume('c', 1, '0')", "SELECT ack('c', 1)", "SELECT nack('c', 1, 'why')", "SELECT leave('c')", "SELECT unpark('c', 1)",
		"SELECT alter_consumer('c', filter => 'true')", "SELECT reset_consumer('c', 1)", "SELECT drop_consumer('c')",
	} {
		refused(t, stranger, "42501 must be owner of consumer c", sql)
	}
	var n int
	if err := stranger.QueryRow(t.Context(), "SELECT count(*) FROM eventgres_consumers").Scan(&n); err != nil || n != 0 {
		t.Errorf("a stranger is told of %d consumers: %v", n, err)
	}
	given(t, owner, "abcabc")
	given(t, chief, "abcabc") // and whoever asks, the same
	run(t, chief, "CREATE POLICY p ON events FOR SELECT TO owner USING (type <> 'b')")
	given(t, chief, "acac")
	given(t, helper, "acac")
	run(t, helper, "SELECT alter_consumer('c', filter => 'type <> ''c''')")
	given(t, owner, "aa")
	run(t, chief, "DROP POLICY p ON events")
	run(t, chief, "ALTER TABLE events DISABLE ROW LEVEL SECURITY")
	given(t, helper, "abab")
	run(t, chief, "REVOKE SELECT ON events FROM owner")
	refused(t, chief, "42501", "SELECT * FROM consume('c', 1, '0', 'm')")
	refused(t, owner, "42501", "SELECT * FROM consume('c', 1, '0', 'm')")
	run(t, chief, "GRANT SELECT ON events TO owner")
	given(t, owner, "abab")
	run(t, chief, "REVOKE CREATE ON SCHEMA public FROM owner")
	run(t, chief, "REVOKE SELECT ON events FROM owner")
	refused(t, chief, "2BP01", "DROP ROLE owner")
	run(t, chief, "SELECT drop_consumer('c')")
	run(t, chief, "DROP ROLE owner")
}

// TestRevokedWhileItWaits: who waits is told at once that the owner sees nothing any more, and of what is seen since.
func TestRevokedWhileItWaits(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	chief := as(t, server, "postgres")
	run(t, chief, "CREATE ROLE owner LOGIN")
	run(t, chief, "GRANT SELECT ON events TO owner")
	run(t, chief, "GRANT CREATE ON SCHEMA public TO owner")
	owner := as(t, server, "owner")
	run(t, owner, "SELECT create_consumer('c')")
	done := make(chan error, 1)
	go func() {
		_, err := owner.Exec(t.Context(), "SELECT * FROM consume('c', 1, '1 hour')")
		done <- err
	}()
	waiting := func() (n int) {
		if err := chief.QueryRow(t.Context(), "SELECT members FROM eventgres_consumers").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for waiting() == 0 {
	}
	run(t, chief, "REVOKE SELECT ON events FROM owner")
	var e *pgconn.PgError
	if err := <-done; !errors.As(err, &e) || e.Code != "42501" {
		t.Error(err)
	}
}

// TestUnparkedHidden: an event that was parked, and that the owner may not see any more, is not given when it is to be delivered once more; nor one that
// the filter does not let pass any more.
func TestUnparkedHidden(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	chief := as(t, server, "postgres")
	for _, sql := range []string{"CREATE ROLE owner LOGIN", "GRANT SELECT ON events TO owner", "GRANT CREATE ON SCHEMA public TO owner"} {
		run(t, chief, sql)
	}
	owner := as(t, server, "owner")
	run(t, owner, "SELECT create_consumer('c', max_attempts => 1, partitions => 1)")
	for _, kind := range []string{"a", "b", "c"} {
		run(t, chief, "INSERT INTO events (stream, type) VALUES ('s', $1)", kind)
	}
	given(t, owner, "abc")
	run(t, owner, "SELECT nack('c', 1, 'why', member => 'm')")
	given(t, owner, "c")
	run(t, owner, "SELECT unpark('c', 1)")
	given(t, owner, "bc")
	run(t, chief, "CREATE POLICY p ON events FOR SELECT TO owner USING (type <> 'b')")
	run(t, chief, "ALTER TABLE events ENABLE ROW LEVEL SECURITY")
	given(t, owner, "c")
	run(t, chief, "DROP POLICY p ON events")
	run(t, chief, "ALTER TABLE events DISABLE ROW LEVEL SECURITY")
	given(t, owner, "bc")
	run(t, owner, "SELECT alter_consumer('c', filter => 'type <> ''b''')")
	given(t, owner, "c")
	run(t, owner, "SELECT alter_consumer('c', filter => '')")
	given(t, owner, "bc")
}
