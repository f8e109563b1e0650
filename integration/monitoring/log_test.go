package monitoring

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestStatementLog: which statements come to the log, with what; and that nothing does unless it is asked for.
func TestStatementLog(t *testing.T) {
	s := harness.Eventgres(t)
	c, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	const insert = "INSERT INTO events (stream, type, payload) VALUES ($1, 't', '{}')"
	exec("SELECT 'silent'")
	exec(insert, "silent-1")
	exec("SET log_statement = ddl")
	exec("SELECT 'below ddl'")
	exec(insert, "below-1")
	exec("CREATE VIEW logged AS SELECT 1 AS one")
	exec("SET log_statement = mod")
	exec("SELECT 'below mod'")
	exec("COPY (SELECT 'copied out') TO STDOUT")
	exec(insert, "unasked-1")
	exec("SET log_parameter_max_length = 4")
	exec(insert, "asked-1")
	exec("SET log_statement = 'all'")
	exec("SELECT 'all of them'; SELECT 'two of them'")
	exec("ALTER ROLE postgres PASSWORD NULL")
	exec("BEGIN; ALTER ROLE postgres PASSWORD 'hidden'; ROLLBACK")
	exec("SELECT '" + strings.Repeat("long", 10_000) + "'")
	exec("SET log_statement = none")
	exec("SET log_min_duration_statement = '1h'")
	exec("SELECT 'soon over'")
	exec("SET log_min_duration_statement = 0")
	exec("SELECT 'timed'")
	exec("SET log_min_duration_statement = -1")
	exec("SELECT 'last'")
	s.Stop()
	log := s.Log()
	for _, want := range []string{
		`msg=statement`, "CREATE VIEW logged AS", "statement=\"" + insert, "parameters=[aske...]", "all of them", "ALTER ROLE postgres PASSWORD NULL",
		"PASSWORD '********'", "msg=duration", "SELECT 'timed'", "ms=", "longlonglong", "...", "user=", "database=", "pid=",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s", want)
		}
	}
	for _, not := range []string{
		"silent", "below", "copied out", "unasked-1", "asked-1", "hidden", "soon over", "last", strings.Repeat("long", 5000),
	} {
		if strings.Contains(log, not) {
			t.Errorf("the log has %.40s", not)
		}
	}
}

// TestSessionLog: sessions in the log, and what the configuration says of statements, at the start and for sessions that are there when
// it is read anew.
func TestSessionLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "eventgres.toml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("log_connections = true\nlog_disconnections = true\nlog_statement = 'ddl'\nlog_min_duration_statement = 3600000\n")
	s := harness.Eventgres(t, harness.WithArgs("--config", file))
	c, err := pgx.Connect(t.Context(), s.URL()+"&application_name=logged")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	show := func(name, want string) {
		t.Helper()
		var got string
		if err := c.QueryRow(t.Context(), "SHOW "+name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", name, got, err, want)
		}
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	show("log_statement", "ddl")
	show("log_min_duration_statement", "1h")
	show("log_connections", "on")
	exec("SELECT 'before'")
	write("log_statement = 'all'\n")
	exec("SELECT pg_reload_conf()")
	s.AwaitLog("a setting was changed")
	exec("SELECT 'behind'")
	show("log_statement", "all")
	show("log_min_duration_statement", "-1")
	exec("SET log_statement = none")
	write("log_statement = 'mod'\n")
	exec("SELECT pg_reload_conf()")
	exec("INSERT INTO events (stream, type, payload) VALUES ('own', 't', '{}')")
	exec("RESET log_statement")
	exec("INSERT INTO events (stream, type, payload) VALUES ('again', 't', '{}')")
	c.Close(t.Context())
	if c, err = pgx.Connect(t.Context(), s.URL()); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	log := s.Log()
	for _, want := range []string{"connection authorized", "application=logged", "method=trust", "SELECT 'behind'", "'again'"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s", want)
		}
	}
	for _, not := range []string{"SELECT 'before'", "'own'", "disconnection pid"} {
		if strings.Contains(log, not) {
			t.Errorf("the log has %s", not)
		}
	}
	if n := strings.Count(log, "connection authorized"); n != 1 {
		t.Errorf("%d sessions are in the log", n)
	}
	write("log_disconnections = true\n")
	s.Restart()
	if c, err = pgx.Connect(t.Context(), s.URL()); err != nil {
		t.Fatal(err)
	}
	c.Close(t.Context())
	s.AwaitLog("msg=disconnection")
}
