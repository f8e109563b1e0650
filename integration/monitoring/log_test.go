package monitoring

import (
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
