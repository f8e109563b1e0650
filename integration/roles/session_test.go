package roles

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// as connects as a role.
func as(t *testing.T, server *harness.Server, role string) (*pgx.Conn, error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), "postgres://"+role+":pw@"+server.Address()+"/events?sslmode=disable&default_query_exec_mode=simple_protocol")
	if err == nil {
		t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	}
	return conn, err
}

func must(t *testing.T, server *harness.Server, role string) *pgx.Conn {
	t.Helper()
	conn, err := as(t, server, role)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func run(t *testing.T, conn *pgx.Conn, list ...string) {
	t.Helper()
	for _, sql := range list {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// refused expects an error with a SQLSTATE.
func refused(t *testing.T, conn *pgx.Conn, code, sql string) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql)
	if got := stateOf(err); got != code {
		t.Errorf("%s: %v, want %s", sql, err, code)
	}
}

func stateOf(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// TestFirstRole: the first role ends sessions of names that are none, and nobody else's; new ones must be a role's.
func TestFirstRole(t *testing.T) {
	server := harness.Eventgres(t)
	guest, other, chief := must(t, server, "guest"), must(t, server, "anna"), must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'")
	run(t, guest, "SELECT 1") // acts as the superuser, as it came in
	run(t, chief, "BEGIN", "CREATE ROLE anna LOGIN PASSWORD 'pw'")
	run(t, guest, "SELECT 1")
	run(t, chief, "COMMIT", "SELECT 1")
	refused(t, guest, "57P01", "SELECT 1")
	refused(t, other, "42501", "SELECT count(*) FROM events") // its name is a role's by now
	if _, err := as(t, server, "guest"); stateOf(err) != "28P01" {
		t.Errorf("a name that is no role's comes in: %v", err)
	}
	run(t, chief, "GRANT SELECT ON events TO anna")
	run(t, other, "SELECT count(*) FROM events")
	server.Kill()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	run(t, must(t, server, "anna"), "SELECT count(*) FROM events")
}

// TestOpenSessions: what changes of roles takes effect at the next statement of sessions that are open, also of what they have prepared.
func TestOpenSessions(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE anna LOGIN PASSWORD 'pw'", "CREATE ROLE staff", "GRANT staff TO anna", "GRANT INSERT, SELECT ON events TO staff")
	anna := must(t, server, "anna")
	run(t, anna, "PREPARE native AS SELECT position FROM events WHERE position = 1", "PREPARE worker AS SELECT type, count(*) FROM events GROUP BY 1 HAVING count(*) > 0",
		"PREPARE append AS INSERT INTO events (stream, type) VALUES ('a-1', 't')", "EXECUTE native", "EXECUTE worker", "EXECUTE append")
	run(t, chief, "REVOKE staff FROM anna")
	for _, sql := range []string{
		"EXECUTE native", "EXECUTE worker", "EXECUTE append", "SELECT 1 FROM streams", "COPY events TO STDOUT", "EXPLAIN SELECT * FROM events", "EXPLAIN ANALYZE EXECUTE append",
		"INSERT INTO events (stream, type) SELECT stream, type FROM events", "SELECT * FROM eventgres_health", "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM events",
	} {
		refused(t, anna, "42501", sql)
	}
	run(t, chief, "ALTER ROLE anna SUPERUSER")
	run(t, anna, "EXECUTE native", "EXECUTE worker", "EXECUTE append", "SELECT 1 FROM streams")
	run(t, chief, "ALTER ROLE anna NOSUPERUSER")
	refused(t, anna, "42501", "EXECUTE append")
	var query string
	if err := anna.QueryRow(t.Context(), "SELECT query FROM pg_stat_activity WHERE usename = 'postgres'").Scan(&query); err != nil || query != "<insufficient privilege>" {
		t.Errorf("anna sees of the superuser's session: %q, %v", query, err)
	}
	refused(t, anna, "42501", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'")
	refused(t, anna, "42501", "SELECT pg_reload_conf()")
	refused(t, anna, "42501", "SET log_statement = 'none'")
	refused(t, anna, "42501", "SELECT set_config('log_min_duration_statement', '0', false)")
	refused(t, anna, "42501", "SHOW data_directory")
	refused(t, anna, "42501", "SELECT current_setting('hba_file')")
	refused(t, anna, "42501", "SELECT * FROM pg_ls_waldir()")
	var paths int
	if err := anna.QueryRow(t.Context(), "SELECT count(*) FROM pg_settings WHERE name = 'data_directory' AND setting <> ''").Scan(&paths); err != nil || paths != 0 {
		t.Errorf("pg_settings tells where the data are: %v", err)
	}
	refused(t, anna, "42501", "SELECT pg_stat_statements_reset()")
	var others, hidden int
	const counted = "SELECT count(*), count(*) FILTER (WHERE query = '<insufficient privilege>' AND queryid IS NULL) FROM pg_stat_statements WHERE userid = 10"
	if err := anna.QueryRow(t.Context(), counted).Scan(&others, &hidden); err != nil || others == 0 || hidden != others {
		t.Errorf("of %d statements of the superuser, %d are hidden: %v", others, hidden, err)
	}
	run(t, chief, "DROP ROLE anna")
	refused(t, anna, "57P01", "SELECT 1")
}

// TestGoneRole: who acts as a role that is dropped has not its rights, and not those of the role behind it either.
func TestGoneRole(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE pool LOGIN PASSWORD 'pw'", "CREATE ROLE tenant ROLE pool", "GRANT SELECT ON events TO pool")
	pool := must(t, server, "pool")
	run(t, pool, "SELECT count(*) FROM events", "SET ROLE tenant")
	refused(t, pool, "42501", "SELECT count(*) FROM events")
	run(t, chief, "DROP ROLE tenant")
	refused(t, pool, "42501", "SELECT count(*) FROM events")
	refused(t, pool, "42501", "SELECT count(*) FROM events GROUP BY type")
	run(t, pool, "RESET ROLE", "SELECT count(*) FROM events")

	// Nor is what a view's owner has left behind anybody's way to events.
	run(t, chief, "CREATE ROLE maker ROLE pool", "GRANT CREATE ON SCHEMA public TO maker", "CREATE ROLE other LOGIN PASSWORD 'pw'")
	run(t, pool, "SET ROLE maker", "CREATE VIEW hers AS SELECT * FROM events", "GRANT SELECT ON hers TO other")
	refused(t, must(t, server, "other"), "42501", "SELECT * FROM hers")
	run(t, chief, "GRANT SELECT ON events TO maker")
	run(t, must(t, server, "other"), "SELECT * FROM hers")
}

// TestReplacedView: a cursor over a view of one's own is no way to what the view comes to read.
func TestReplacedView(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "INSERT INTO events (stream, type) VALUES ('a-1', 'secret')", "CREATE ROLE maker LOGIN PASSWORD 'pw'", "GRANT CREATE ON SCHEMA public TO maker")
	maker := must(t, server, "maker")
	for _, query := range []string{"SELECT type AS t FROM events", "SELECT rolname::text AS t FROM pg_authid"} {
		run(t, maker, "CREATE OR REPLACE VIEW hers AS SELECT 'x'::text AS t", "BEGIN", "DECLARE c SCROLL CURSOR FOR SELECT t FROM hers", "FETCH c",
			"CREATE OR REPLACE VIEW hers AS "+query)
		refused(t, maker, "42501", "MOVE ABSOLUTE 0 c")
		run(t, maker, "ROLLBACK")
		other := must(t, server, "maker")
		run(t, maker, "BEGIN", "DECLARE c SCROLL CURSOR FOR SELECT t FROM hers", "FETCH c")
		run(t, other, "CREATE OR REPLACE VIEW hers AS "+query)
		var text string
		if err := maker.QueryRow(t.Context(), "FETCH ABSOLUTE 1 c").Scan(&text); stateOf(err) != "42501" && text != "x" {
			t.Errorf("a cursor told %q, %v", text, err)
		}
		run(t, maker, "ROLLBACK")
	}
}

// TestNamesUsedAgain: whoever acts as a role, or has it for a name, does not act as another that is called so later.
func TestNamesUsedAgain(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE climber LOGIN CREATEROLE PASSWORD 'pw'", "CREATE ROLE own LOGIN PASSWORD 'pw'")
	climber, own := must(t, server, "climber"), must(t, server, "own")
	run(t, climber, "CREATE ROLE dba ROLE climber", "SET ROLE dba")
	run(t, own, "SET ROLE own")
	run(t, chief, "DROP ROLE dba", "CREATE ROLE dba LOGIN SUPERUSER PASSWORD 'pw'", "ALTER ROLE own RENAME TO owned", "CREATE ROLE own SUPERUSER")
	for _, conn := range []*pgx.Conn{climber, own} {
		refused(t, conn, "42501", "SELECT count(*) FROM events")
		refused(t, conn, "42501", "ALTER ROLE climber SUPERUSER")
		var on string
		if err := conn.QueryRow(t.Context(), "SHOW is_superuser").Scan(&on); err != nil || on != "off" {
			t.Errorf("is_superuser is %s, %v", on, err)
		}
	}
}

// TestRevokedMeanwhile: a transaction that has changed something does not keep what is revoked meanwhile.
func TestRevokedMeanwhile(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE readers", "CREATE ROLE anna LOGIN PASSWORD 'pw' IN ROLE readers", "GRANT SELECT ON events TO readers", "GRANT CREATE ON SCHEMA public TO anna")
	anna := must(t, server, "anna")
	run(t, anna, "BEGIN", "ALTER ROLE CURRENT_USER SET application_name = 'x'", "SELECT count(*) FROM events")
	run(t, chief, "REVOKE readers FROM anna")
	refused(t, anna, "40001", "SELECT count(*) FROM events")
	run(t, anna, "ROLLBACK")
	refused(t, anna, "42501", "SELECT count(*) FROM events")
	run(t, chief, "GRANT readers TO anna")
	run(t, anna, "BEGIN", "CREATE VIEW hers AS SELECT 1 AS x", "SELECT count(*) FROM events")
	run(t, chief, "REVOKE SELECT ON events FROM readers")
	refused(t, anna, "42501", "SELECT count(*) FROM events")
	run(t, anna, "ROLLBACK", "BEGIN", "CREATE VIEW hers AS SELECT 1 AS x", "COMMIT")
}

// TestSettingsOfRoles: no setting of a role keeps its sessions out, whether it can still be set or not; and the predefined roles cannot be changed.
func TestSettingsOfRoles(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE temporary", "ALTER ROLE ALL SET timezone = 'Asia/Tokyo'", "ALTER ROLE postgres SET role = 'temporary'", "ALTER ROLE postgres SET datestyle = 'SQL'", "DROP ROLE temporary")
	again := must(t, server, "postgres")
	var zone, style string
	if err := again.QueryRow(t.Context(), "SELECT current_setting('timezone'), current_setting('datestyle')").Scan(&zone, &style); err != nil || zone != "Asia/Tokyo" || style != "SQL, MDY" {
		t.Errorf("a session begins with %s and %s, %v", zone, style, err)
	}
	for _, sql := range []string{"ALTER ROLE eventgres_auth_query SET application_name = 'x'", "ALTER ROLE eventgres_auth_query CREATEDB", "ALTER ROLE eventgres_auth_query RENAME TO x"} {
		refused(t, chief, "42939", sql)
	}
	run(t, chief, "SET ROLE pg_read_all_settings")
	refused(t, chief, "42939", "ALTER ROLE CURRENT_USER SET application_name = 'x'")
}

// TestConnectionLimit: a role has no more sessions than it may.
func TestConnectionLimit(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw' CONNECTION LIMIT 0", "CREATE ROLE anna LOGIN PASSWORD 'pw' CONNECTION LIMIT 2", "ALTER ROLE anna SET application_name = 'hers'")
	one := must(t, server, "anna")
	must(t, server, "anna")
	if _, err := as(t, server, "anna"); stateOf(err) != "53300" {
		t.Errorf("a third session: %v", err)
	}
	var name string
	if err := one.QueryRow(t.Context(), "SELECT current_setting('application_name')").Scan(&name); err != nil || name != "hers" {
		t.Errorf("application_name is %q, %v", name, err)
	}
	must(t, server, "postgres") // no limit is a superuser's
	one.Close(t.Context())
	for { // until the server has seen it go
		if _, err := as(t, server, "anna"); err == nil {
			break
		} else if stateOf(err) != "53300" {
			t.Fatal(err)
		}
	}
}

// TestRestore: what pg_dumpall of PostgreSQL writes of roles can be run here, and then says the same of them.
func TestRestore(t *testing.T) {
	p := newPair(t)
	cluster := harness.Postgres(t)
	for _, sql := range []string{
		"CREATE ROLE anna LOGIN CREATEROLE PASSWORD 'secret' VALID UNTIL '2031-01-01' CONNECTION LIMIT 7", "CREATE ROLE ben NOINHERIT BYPASSRLS", `CREATE ROLE "E f" REPLICATION`,
		"GRANT ben TO anna WITH ADMIN OPTION", `GRANT anna, pg_monitor TO "E f"`, "ALTER ROLE anna SET search_path TO public, pg_catalog", "ALTER ROLE ben SET statement_timeout = '1min'",
		"COMMENT ON ROLE ben IS 'of a kind'",
	} {
		if _, err := p.real.conn.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	dump, err := exec.CommandContext(t.Context(), cluster.Program(t, "pg_dumpall"), "--globals-only", "--dbname", cluster.URL("postgres")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var clean []string
	for line := range strings.Lines(string(dump)) {
		if !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, `\`) && strings.TrimSpace(line) != "" {
			clean = append(clean, line)
		}
	}
	for _, sql := range strings.Split(strings.Join(clean, ""), ";\n") {
		if strings.Contains(sql, "ROLE test") || strings.Contains(sql, "ROLE postgres") { // who are there
			continue
		}
		if got := p.ours.answer(t, sql, false); strings.Contains(got, "ERROR") {
			t.Errorf("%s: %s", sql, got)
		}
	}
	p.state()
}

// TestPage runs what docs/roles.md says.
func TestPage(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	for _, block := range harness.Blocks(harness.Document(t, "docs/roles.md"), "sql") {
		for _, sql := range strings.Split(block, ";\n") {
			run(t, chief, sql)
		}
	}
	if _, err := as(t, server, "anna"); stateOf(err) != "28P01" {
		t.Errorf("anna with another password: %v", err)
	}
	run(t, chief, "SET ROLE anna", "SELECT * FROM order_types", "SELECT * FROM streams")
	refused(t, chief, "42501", "INSERT INTO events (stream, type) VALUES ('a-1', 't')")
}

// TestAlteredSideBySide: who changes himself keeps nobody from changing other roles, nor they him; what hangs together conflicts.
func TestAlteredSideBySide(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE anna LOGIN PASSWORD 'pw'", "CREATE ROLE ben LOGIN PASSWORD 'pw' CREATEROLE")
	anna, ben := must(t, server, "anna"), must(t, server, "ben")
	run(t, anna, "BEGIN", "ALTER ROLE anna SET application_name = 'hers'")
	run(t, chief, "CREATE ROLE cleo", "ALTER ROLE ben CONNECTION LIMIT 7", "ALTER ROLE ALL SET lock_timeout = '3s'")
	run(t, anna, "SELECT 1", "COMMIT")
	run(t, chief, "BEGIN", "GRANT cleo TO ben", "DROP ROLE IF EXISTS nobody")
	run(t, anna, "ALTER ROLE anna SET application_name = 'again'")
	run(t, chief, "COMMIT")
	var told string
	if err := chief.QueryRow(t.Context(), "SELECT string_agg(concat_ws(' ', rolname, rolconnlimit, rolconfig, pg_has_role(rolname, 'cleo', 'MEMBER')), '; ' ORDER BY rolname) FROM pg_roles WHERE rolname IN ('anna', 'ben', 'cleo')").Scan(&told); err != nil {
		t.Fatal(err)
	}
	if want := "anna -1 {application_name=again} f; ben 7 t; cleo -1 t"; told != want {
		t.Errorf("the roles are %s, not %s", told, want)
	}
	// Both change who there is.
	run(t, chief, "BEGIN", "CREATE ROLE dan")
	run(t, ben, "CREATE ROLE emil")
	refused(t, chief, "40001", "COMMIT")
	// Both change one.
	run(t, chief, "BEGIN", "ALTER ROLE anna CONNECTION LIMIT 3")
	run(t, anna, "ALTER ROLE anna RESET ALL")
	refused(t, chief, "40001", "COMMIT")
}

// TestStatementsOfGoneRoles: what is counted of a role is not another's who gets its name, and is counted for as whom it is run.
func TestStatementsOfGoneRoles(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE anna LOGIN PASSWORD 'pw'", "GRANT SELECT ON events TO anna")
	anna := must(t, server, "anna")
	run(t, anna, "SELECT count(*) AS secret FROM events")
	run(t, chief, "SET ROLE anna", "SELECT count(*) AS hers FROM events", "RESET ROLE", "SELECT count(*) AS hers FROM events")
	const ask = "SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%AS secret%' OR userid = 'anna'::regrole AND query LIKE '%AS hers%'"
	counted := func(conn *pgx.Conn) (n int) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), ask).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := counted(anna); n != 2 {
		t.Errorf("she is told of %d of her two statements", n)
	}
	run(t, chief, "DROP OWNED BY anna", "DROP ROLE anna", "CREATE ROLE anna LOGIN PASSWORD 'pw'")
	if n := counted(must(t, server, "anna")); n != 0 {
		t.Errorf("another by her name is told of %d of her statements", n)
	}
}
