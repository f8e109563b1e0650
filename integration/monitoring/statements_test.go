package monitoring

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// session is a client of a server, who fails a test where a statement fails.
type session struct {
	*pgx.Conn
	t *testing.T
}

func open(t *testing.T, url string) *session {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return &session{c, t}
}

func (s *session) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatalf("%.200s: %v", sql, err)
	}
}

// rows are those of a query, each in one text.
func (s *session) rows(sql string, args ...any) []string {
	s.t.Helper()
	rows, err := s.Query(s.t.Context(), sql, args...)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(values), "["), "]"), err
	})
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return list
}

const countedQuery = `SELECT calls, rows, query FROM pg_stat_statements WHERE total_exec_time > 0 AND min_exec_time <= mean_exec_time AND mean_exec_time <= max_exec_time
	AND stddev_exec_time >= 0 AND plans = 0 AND toplevel AND wal_bytes = 0 AND userid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
	AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%' ORDER BY query`

// TestStatements: what a tool finds that looks for pg_stat_statements.
func TestStatements(t *testing.T) {
	s := harness.Eventgres(t)
	c := open(t, s.URL())
	c.exec("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
	if got := c.rows("SELECT extname, extversion, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace ORDER BY 1"); len(got) != 2 || got[0] != "pg_stat_statements 1.10 pg_catalog" {
		t.Errorf("%q", got)
	}
	c.exec("SELECT pg_stat_statements_reset()")
	for i := range 3 {
		c.exec("INSERT INTO events (stream, type, payload) VALUES ($1, 'sesame-type', $2), ('b', 't', '{}')", "a", fmt.Sprintf(`{"sesame": %d}`, i))
		c.exec(fmt.Sprintf("SELECT 'sesame-%d' /* sesame */, %d", i, i), pgx.QueryExecModeSimpleProtocol)
		c.exec("SELECT count(*) FROM events WHERE type LIKE 'sesame%'")
	}
	c.exec("SELECT position FROM events", pgx.QueryExecModeSimpleProtocol)
	c.exec("PREPARE p AS SELECT 'sesame', $1::int", pgx.QueryExecModeSimpleProtocol)
	c.exec("EXECUTE p (4711)", pgx.QueryExecModeSimpleProtocol)
	c.exec("BEGIN; ALTER ROLE postgres PASSWORD 'sesame'; ROLLBACK", pgx.QueryExecModeSimpleProtocol)
	c.exec("SET application_name = sesame", pgx.QueryExecModeSimpleProtocol)
	if _, err := c.CopyFrom(t.Context(), pgx.Identifier{"events"}, []string{"stream", "type"}, pgx.CopyFromRows([][]any{{"sesame", "sesame"}})); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(t.Context(), "SELECT 1/0 AS failed"); err == nil {
		t.Error("no error")
	}
	want := []string{
		"1 0 ALTER ROLE postgres PASSWORD $1", "1 0 BEGIN", "1 0 ROLLBACK", "1 0 SET application_name = $1", `1 1 copy "events" ( "stream", "type" ) from stdin binary`,
		"1 1 SELECT $2, $1::int", "1 6 SELECT position FROM events", "3 3 SELECT $1 , $2", "3 3 SELECT count(*) FROM events WHERE type LIKE $1",
		"3 6 INSERT INTO events (stream, type, payload) VALUES ($1, $3, $2), ($4, $5, $6)",
	}
	got := c.rows(countedQuery, pgx.QueryExecModeSimpleProtocol)
	slices.Sort(got)
	got = slices.DeleteFunc(got, func(row string) bool { return strings.Contains(row, `select "stream"`) }) // pgx's, of COPY's columns
	slices.Sort(want)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, row := range c.rows("SELECT * FROM pg_stat_statements", pgx.QueryExecModeSimpleProtocol) {
		if strings.Contains(row, "sesame") {
			t.Errorf("a constant is kept: %s", row)
		}
	}
	statementsByWhom(t, s)
	statementsOff(t, s)
}

// statementsByWhom: users and databases are counted apart, resets may be of one, and queryids outlive the server.
func statementsByWhom(t *testing.T, s *harness.Server) {
	c := open(t, s.URL())
	c.exec("SELECT pg_stat_statements_reset()")
	c.exec("SELECT 'whose'")
	other := open(t, strings.Replace(s.URL(), "/events", "/other", 1))
	other.exec("SELECT 'whose'")
	const whose = "SELECT count(*), count(DISTINCT dbid), count(DISTINCT queryid), sum(calls) FROM pg_stat_statements WHERE query = 'SELECT $1'"
	if got := c.rows(whose); len(got) != 1 || !strings.HasPrefix(got[0], "2 2 1 ") {
		t.Errorf("%q", got)
	}
	const id = "SELECT queryid FROM pg_stat_statements WHERE query = 'SELECT $1' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
	before := c.rows(id)
	c.exec("SELECT pg_stat_statements_reset(0, oid) FROM pg_database WHERE datname = current_database()")
	if got := c.rows(whose); len(got) != 1 || !strings.HasPrefix(got[0], "1 1 1 ") {
		t.Errorf("%q", got)
	}
	s.Restart()
	c = open(t, s.URL())
	c.exec("SELECT 'after'")
	if after := c.rows(id); len(after) != 1 || after[0] != before[0] {
		t.Errorf("queryid was %q, is %q", before, after)
	}
	if got := c.rows("SELECT dealloc, stats_reset > pg_postmaster_start_time() - interval '1 minute' FROM pg_stat_statements_info"); len(got) != 1 || got[0] != "0 true" {
		t.Errorf("%q", got)
	}
}

// statementsOff: nothing is counted where it is switched off, for a session or in the configuration.
func statementsOff(t *testing.T, s *harness.Server) {
	c := open(t, s.URL())
	c.exec("SET pg_stat_statements.track = none")
	c.exec("SELECT pg_stat_statements_reset()")
	c.exec("SELECT 'uncounted'")
	if got := c.rows("SELECT * FROM pg_stat_statements"); len(got) != 0 {
		t.Errorf("%q", got)
	}
	c.exec("SET pg_stat_statements.track = top")
	c.exec("SELECT 'counted'")
	if got := c.rows("SELECT 1 FROM pg_stat_statements WHERE query = 'SELECT $1'"); len(got) != 1 {
		t.Errorf("%q", got)
	}
	_, err := c.Exec(t.Context(), "SET pg_stat_statements.track = bad")
	if err == nil || !strings.Contains(err.Error(), "22023") {
		t.Errorf("%v", err)
	}
}

// TestExtension: statements about extensions, as psql runs them.
func TestExtension(t *testing.T) {
	s := harness.Eventgres(t)
	psql := harness.Need(t, "psql")
	for _, c := range []struct{ sql, want string }{
		{`CREATE EXTENSION IF NOT EXISTS "pg_stat_statements" WITH SCHEMA public VERSION '1.10' CASCADE`, `NOTICE:  42710: extension "pg_stat_statements" already exists, skipping`},
		{`CREATE EXTENSION pg_stat_statements`, `ERROR:  42710: extension "pg_stat_statements" already exists`},
		{`CREATE EXTENSION postgis`, `ERROR:  0A000: extension "postgis" is not available`},
		{`CREATE EXTENSION plpgsql nonsense`, `ERROR:  42601: syntax error at or near "nonsense"`},
		{`DROP EXTENSION pg_stat_statements`, `ERROR:  0A000: DROP EXTENSION is not possible`},
		{`\dx`, "pg_stat_statements | 1.10"},
		{`\d pg_stat_statements`, "mean_exec_time"},
		{`SELECT count(*) FROM pg_stat_statements WHERE query = 'CREATE EXTENSION IF NOT EXISTS "pg_stat_statements" WITH SCHEMA public VERSION $1 CASCADE'`, "     1\n"},
	} {
		out, _ := exec.CommandContext(t.Context(), psql, "-X", "-v", "VERBOSITY=verbose", "-d", s.URL(), "-c", c.sql).CombinedOutput()
		if !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %s\nwant %s", c.sql, out, c.want)
		}
	}
}

// TestStatementColumns: the views have PostgreSQL's columns.
func TestStatementColumns(t *testing.T) {
	theirs := open(t, harness.Postgres(t).Database(t))
	if _, err := theirs.Exec(t.Context(), "CREATE EXTENSION pg_stat_statements"); err != nil {
		harness.Missing(t, err)
	}
	ours := open(t, harness.Eventgres(t).URL())
	const columns = "SELECT attrelid::regclass::text, attnum, attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid IN ('pg_stat_statements'::regclass, 'pg_stat_statements_info'::regclass) AND attnum > 0 ORDER BY attrelid::regclass::text, attnum"
	want, got := theirs.rows(columns), ours.rows(columns)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
