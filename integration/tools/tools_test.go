package tools

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience is what one program may take on a machine under load.
const patience = 2 * time.Minute

// run runs a program with libpq's variables for a server, and returns what it printed on
// both streams and whether it succeeded.
func run(t *testing.T, url, program string, args ...string) (string, bool) {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, harness.Need(t, program), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PSQLRC=/dev/null", "TERM=xterm", "PGHOST="+config.Host, fmt.Sprintf("PGPORT=%d", config.Port),
		"PGUSER="+config.User, "PGDATABASE="+config.Database, "PGSSLMODE=disable")
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

func mustRun(t *testing.T, url, program string, args ...string) string {
	t.Helper()
	out, ok := run(t, url, program, args...)
	if !ok {
		t.Fatalf("%s %s failed:\n%s", program, strings.Join(args, " "), out)
	}
	return out
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// table is what psql prints of a query, without its ornaments.
func table(t *testing.T, url, sql string) string {
	t.Helper()
	return mustRun(t, url, "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql)
}

// sampled starts a server with the sample and some events that are hard to carry.
func sampled(t *testing.T) *harness.Server {
	t.Helper()
	s := harness.Eventgres(t, harness.WithArgs("--sample"))
	table(t, s.URL(), `INSERT INTO events (stream, type, payload, metadata, tags) VALUES
		('odd-1', E'tab\there', E'{"text": "a\\nb\\\\c\\"d"}', '{"a":1}', '{"x y","z\"w",""}'),
		(E'odd\n2', E'back\\slash', 'null', NULL, '{}'), ('odd-3', 'é', '[1.50, 1e3]', '"x"', NULL);
		INSERT INTO events (stream_id, type) VALUES ('5eb8f3a2-0000-4000-8000-000000000001', 'Unnamed');
		CREATE VIEW by_type AS SELECT type, count(*) AS n FROM events GROUP BY type`)
	return s
}

const everything = `SELECT position, stream_id, stream, version, event_id, type, payload::text, metadata::text, tags FROM events ORDER BY position`

func TestDump(t *testing.T) {
	server := sampled(t)
	dump := mustRun(t, server.URL(), "pg_dump")

	t.Run("into PostgreSQL", func(t *testing.T) {
		cluster := harness.Postgres(t)
		url := cluster.Database(t)
		table(t, url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
		file := filepath.Join(t.TempDir(), "dump.sql")
		if err := os.WriteFile(file, []byte(dump), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, ok := run(t, url, "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", file); !ok {
			t.Fatalf("the dump cannot be restored:\n%s", out)
		}
		normal := strings.NewReplacer("payload::text", "payload", "metadata::text", "metadata").Replace(everything)
		if got, want := table(t, url, normal), table(t, server.URL(), strings.NewReplacer("payload::text", "payload::json::jsonb", "metadata::text", "metadata::json::jsonb").Replace(everything)); got != want {
			t.Error(difference(got, want))
		}
		byType := "SELECT * FROM public.by_type ORDER BY type"
		if got, want := table(t, url, byType), table(t, server.URL(), byType); got != want {
			t.Error(difference(got, want))
		}
	})

	t.Run("into Eventgres", func(t *testing.T) {
		fresh := harness.Eventgres(t)
		cmd := exec.CommandContext(t.Context(), harness.Binary(t), "import", "--from-dump", "-", "--url", fresh.URL())
		cmd.Stdin = strings.NewReader(dump)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("import --from-dump: %v\n%s", err, out)
		}
		if got, want := table(t, fresh.URL(), everything), table(t, server.URL(), everything); got != want {
			t.Error(difference(got, want))
		}
	})
}

// difference shows the first line that differs.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d of %d and %d:\ngot  %s\nwant %s", i+1, len(g), len(w), g[i], strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""))
		}
	}
	return fmt.Sprintf("%d lines are missing", len(w)-len(g))
}

// A PostgreSQL reads and appends through postgres_fdw, with the server's own estimates, and
// through dblink.
func TestForeignServer(t *testing.T) {
	server := sampled(t)
	url := harness.Postgres(t).Database(t)
	for _, estimate := range []string{"false", "true"} {
		t.Run("use_remote_estimate "+estimate, func(t *testing.T) {
			schema := "remote_" + estimate
			table(t, url, fmt.Sprintf(`CREATE EXTENSION IF NOT EXISTS postgres_fdw;
				CREATE SERVER %[1]s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '%[2]d', dbname 'events', use_remote_estimate '%[3]s', batch_size '100');
				CREATE USER MAPPING FOR CURRENT_USER SERVER %[1]s OPTIONS (user 'app', password_required 'false');
				CREATE SCHEMA %[1]s; IMPORT FOREIGN SCHEMA public FROM SERVER %[1]s INTO %[1]s`, schema, server.Port, estimate))
			for _, sql := range []string{
				"SELECT count(*), max(position) FROM %s",
				"SELECT type, count(*) FROM %s GROUP BY type ORDER BY count(*) DESC, type LIMIT 5",
				"SELECT version, type FROM %s WHERE stream = 'odd-1' ORDER BY version",
				"SELECT e.type, f.type FROM %s e JOIN %[1]s f ON f.position = e.position + 1 WHERE e.position < 20 ORDER BY e.position",
				"SELECT count(*) FROM %s WHERE recorded_at > timestamptz '2000-01-01' AND type LIKE 'O%%'",
			} {
				got, want := table(t, url, fmt.Sprintf(sql, schema+".events")), table(t, server.URL(), fmt.Sprintf(sql, "events"))
				if got != want {
					t.Errorf("%s\n%s", sql, difference(got, want))
				}
			}
			before := table(t, server.URL(), "SELECT count(*) FROM events")
			table(t, url, fmt.Sprintf("CREATE FOREIGN TABLE %s.append (stream text, type text, payload jsonb) SERVER %s OPTIONS (schema_name 'public', table_name 'events');"+
				"INSERT INTO %s.append SELECT 'fdw-%s', 'Came', jsonb_build_object('n', g) FROM generate_series(1, 250) g", schema, schema, schema, estimate))
			if got := table(t, server.URL(), fmt.Sprintf("SELECT count(*), max(version) FROM events WHERE stream = 'fdw-%s'", estimate)); got != "250|249\n" {
				t.Errorf("of 250 events that were appended through it there are %s (%s before)", got, before)
			}
		})
	}
	t.Run("dblink", func(t *testing.T) {
		got := table(t, url, fmt.Sprintf(`CREATE EXTENSION dblink;
			SELECT * FROM dblink('host=127.0.0.1 port=%d dbname=events user=app', 'SELECT count(*) FROM events') AS t(n bigint)`, server.Port))
		if want := table(t, server.URL(), "SELECT count(*) FROM events"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// unlike are actions of check_postgres that end otherwise here, and why. They meet no error.
var unlike = map[string]string{
	"hitratio":     "there is no cache of blocks, but the kernel's: nothing is counted, and so there is no ratio",
	"last_vacuum":  "there is nothing to vacuum: no table ever was",
	"last_analyze": "there are no statistics to gather: no table was ever analyzed",
}

// check_postgres says the same of both servers, where it speaks of what both have.
func TestCheckPostgres(t *testing.T) {
	server := sampled(t)
	reference := harness.Postgres(t).Database(t)
	for _, action := range []string{
		"connection", "backends", "database_size", "table_size", "index_size", "relation_size", "total_relation_size", "indexes_size", "locks", "query_time", "txn_time",
		"txn_idle", "version --warning=15.1", "timesync", "settings_checksum", "disabled_triggers", "hitratio", "commitratio", "bloat",
		"last_vacuum", "last_autovacuum", "last_analyze", "autovac_freeze", "txn_wraparound", "sequence", "prepared_txns", "dbstats", "wal_files", "archive_ready",
		"custom_query --query=SELECT/**/1/**/AS/**/result --warning=5",
	} {
		t.Run(strings.Fields(action)[0], func(t *testing.T) {
			args := append([]string{"--action=" + strings.Fields(action)[0]}, strings.Fields(action)[1:]...)
			want, wantOK := run(t, reference, "check_postgres", args...)
			got, ok := run(t, server.URL(), "check_postgres", args...)
			word := func(out string) string { return strings.Join(strings.Fields(out + " - - -")[:2], " ") }
			if _, known := unlike[strings.Fields(action)[0]]; !known && ok != wantOK && word(got) != word(want) {
				t.Errorf("got\n%s\nPostgreSQL's is\n%s", got, want)
			}
			if strings.Contains(got, "ERROR:") && !strings.Contains(want, "ERROR:") {
				t.Errorf("it meets an error: %s", got)
			}
		})
	}
}

// outcome is what a statement answers in the simple protocol, its error included.
func outcome(t *testing.T, c *pgx.Conn, sql string) string {
	t.Helper()
	results, err := c.PgConn().Exec(t.Context(), sql).ReadAll()
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code + " " + refused.Message
	} else if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range results {
		for _, row := range r.Rows {
			for _, v := range row {
				out = append(out, fmt.Sprintf("%q", v))
			}
		}
	}
	return strings.Join(out, " ")
}

// What monitoring asks of the catalogs' functions has PostgreSQL's answer.
func TestMonitoringFunctions(t *testing.T) {
	url := harness.Postgres(t).Database(t)
	server, reference := connect(t, strings.Replace(harness.Eventgres(t).URL(), "user=test", "user=app", 1)), connect(t, url)
	// As here, the session's role owns the database and is no superuser.
	table(t, url, "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN CREATE ROLE app; END IF; END$$; GRANT USAGE ON SCHEMA public TO app; "+
		"DO $$BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO app', current_database()); END$$")
	if _, err := reference.Exec(t.Context(), "SET SESSION AUTHORIZATION app"); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT lastval()",
		"SELECT age('3'::xid) < 1000, age('0'::xid), age('2'::xid), age(NULL::xid), mxid_age('0'::xid)",
		"SELECT max(age(datfrozenxid)) BETWEEN 0 AND 1000000, max(mxid_age(datminmxid)) BETWEEN 0 AND 1000000 FROM pg_database",
		"SELECT pg_stat_get_last_vacuum_time('events'::regclass), pg_stat_get_last_autovacuum_time('events'::regclass), pg_stat_get_last_analyze_time('events'::regclass), pg_stat_get_last_autoanalyze_time('events'::regclass)",
		"SELECT pg_has_role('app', 'USAGE'), pg_has_role('app'::name, 'MEMBER'), pg_has_role('app', 'postgres', 'MEMBER'), pg_has_role('postgres', 'app', 'usage')",
		"SELECT pg_has_role(r.oid, 'USAGE'), pg_has_role('app', r.oid, 'MEMBER'), pg_has_role(r.oid, 'app', 'MEMBER'), pg_has_role(r.oid, r.oid, 'MEMBER'), " +
			"pg_has_role(r.oid, current_user, 'usage') FROM pg_roles r WHERE rolname IN ('app', 'postgres', 'pg_database_owner', 'pg_monitor') ORDER BY rolname",
		"SELECT pg_has_role('app', 'MEMBER WITH ADMIN OPTION'), pg_has_role('app', 'app', ' member , usage with grant option'), pg_has_role(NULL, 'USAGE')",
		"SELECT pg_has_role('nobody', 'USAGE')", "SELECT pg_has_role('app', 'SELECT')", "SELECT pg_has_role('app', 'pg_monitor', 'USAGE,')",
		"SELECT pg_has_role('pg_monitor', 'pg_database_owner', 'USAGE'), pg_has_role('app', 'pg_database_owner', 'USAGE')",
		"SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.relation = 'pg_locks'::regclass",
		"SELECT obj_description('events'::regclass), obj_description(0::oid)",
		"SELECT obj_description('events'::regclass) FROM pg_class LIMIT 1",
		"PREPARE q4(int, text) AS SELECT $1, $2; SELECT name, statement, parameter_types::text, from_sql, prepare_time <= clock_timestamp() FROM pg_prepared_statements",
		"EXECUTE q4(1, 'x'); DEALLOCATE q4; SELECT count(*) FROM pg_prepared_statements",
		"BEGIN; DECLARE c CURSOR FOR SELECT 1; SELECT count(*) FROM pg_cursors; ROLLBACK",
		"BEGIN; DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT 1; DECLARE d SCROLL CURSOR FOR SELECT 2; " +
			"SELECT name, statement, is_holdable, is_binary, is_scrollable, creation_time <= clock_timestamp() FROM pg_cursors ORDER BY name; COMMIT",
		"SELECT name, statement FROM pg_cursors", "CLOSE c; SELECT count(*) FROM pg_cursors",
	} {
		if got, want := outcome(t, server, sql), outcome(t, reference, sql); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
		}
	}
	// The portal of the extended protocol is a cursor too.
	var of [2]string
	for i, c := range []*pgx.Conn{server, reference} {
		if err := c.QueryRow(t.Context(), "SELECT name || '|' || statement || '|' || is_scrollable FROM pg_cursors", pgx.QueryExecModeExec).Scan(&of[i]); err != nil {
			t.Fatal(err)
		}
	}
	if of[0] != of[1] {
		t.Errorf("got %s, want %s", of[0], of[1])
	}
	for _, sql := range []string{"BEGIN; INSERT INTO events (stream, type) VALUES ('counted', 'A'), ('counted', 'B'); COMMIT", "SELECT 1/0", "BEGIN; SELECT 1; ROLLBACK"} {
		outcome(t, server, sql)
	}
	for sql, want := range map[string]string{
		"SELECT numbackends, xact_commit > 0, xact_rollback >= 2, tup_inserted, stats_reset < now() FROM pg_stat_database WHERE datname = current_database()": `"1" "t" "t" "2" "t"`,
		"SELECT datname, xact_commit, xact_rollback, tup_inserted FROM pg_stat_database WHERE datname LIKE 'template_' ORDER BY datname":                      `"template0" "0" "0" "0" "template1" "0" "0" "0"`,
		"SELECT relname, n_tup_ins, n_live_tup FROM pg_stat_user_tables WHERE relname = 'events'":                                                             `"events" "2" "2"`,
		"SELECT count(*) > 0, min(size) >= 0, max(modification) > '2020-01-01' FROM pg_ls_waldir()":                                                           `"t" "t" "t"`,
		"SELECT pg_database_size('template0'), pg_database_size(1::oid), pg_database_size(current_database()) > 0":                                            `"0" "0" "t"`,
		"SELECT host(client_addr), client_addr::text, client_addr FROM pg_stat_activity WHERE pid = pg_backend_pid()":                                         `"127.0.0.1" "127.0.0.1/32" "127.0.0.1"`,
		"SELECT pg_current_wal_lsn() - '0/1000000'::pg_lsn = max(position) + 1 FROM events":                                                                   `"t"`,
	} {
		if got := outcome(t, server, sql); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
		}
	}
}
