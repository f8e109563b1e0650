package syntax

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// statements that both take, of every kind that Eventgres takes. None may change what the next rests on.
var statements = []string{
	"SELECT 1", "SELECT * FROM events", "SELECT version FROM events e WHERE position = 1 ORDER BY position DESC LIMIT 1 OFFSET 2",
	"SELECT version FROM events ORDER BY position USING >", "SELECT 1 FOR READ ONLY", "SELECT version FROM events FETCH FIRST 2 ROWS ONLY",
	"SELECT count(*) FROM events GROUP BY type", "VALUES (1)", "TABLE streams", "WITH a AS (SELECT 1) SELECT * FROM a", "(SELECT 1)",
	"SELECT 1 UNION SELECT 2", "SELECT DISTINCT type FROM events",
	"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION READ ONLY", "COMMIT", "END", "ROLLBACK", "ABORT",
	"PREPARE p AS SELECT 1", "DEALLOCATE ALL", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "CLOSE ALL",
	"EXPLAIN (ANALYZE) SELECT 1", "EXPLAIN SELECT 1",
	"SET application_name = 'a'", "SET application_name TO DEFAULT", "SET TIME ZONE LOCAL", "SET NAMES 'utf8'", "SET ROLE none",
	"SET SESSION AUTHORIZATION DEFAULT", "SET LOCAL SESSION AUTHORIZATION DEFAULT", "SET LOCAL ROLE none", "SET TRANSACTION READ ONLY",
	"SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "SET CONSTRAINTS ALL DEFERRED",
	"SHOW timezone", "SHOW ALL", "RESET timezone", "RESET ALL", "DISCARD PLANS", "DISCARD ALL",
	"VACUUM", "VACUUM FULL FREEZE VERBOSE ANALYZE", "VACUUM (FULL, ANALYZE false)", "VACUUM (PARALLEL 2)", "VACUUM VERBOSE",
	"ANALYZE", "ANALYSE VERBOSE", "ANALYZE (SKIP_LOCKED)", "CHECKPOINT",
	"UNLISTEN *", "UNLISTEN a", "LISTEN a", "NOTIFY a", "NOTIFY a, 'b'",
	"CREATE OR REPLACE VIEW junk_view (b) WITH (security_barrier) AS SELECT 1", "COMMENT ON VIEW junk_view IS 'x'",
	"DROP VIEW IF EXISTS no_view CASCADE",
}

// junk is put behind each of them.
var junk = []string{
	"junk junk junk", "INTO 'x'", ") x", "] x", "'text' 'text'", "42 42", ", ,", "= =", ":= 3", "FOR junk", "SELECT SELECT", "(junk", "(junk) (junk)", "FROM FROM",
	"WITH junk junk", "USING junk junk", "AND AND", "ON ON", "TO TO", "NULL NULL", "$1 $1", "; junk",
}

// TestJunk: what PostgreSQL finds to be no statement, Eventgres does too, at the same token.
func TestJunk(t *testing.T) {
	theirs, ours := connect(t, harness.Postgres(t).Database(t)), connect(t, harness.Eventgres(t).URL())
	refused, differ := 0, 0
	for _, statement := range statements {
		for _, j := range append([]string{""}, junk...) {
			sql := strings.TrimSpace(statement + " " + j)
			if strings.HasSuffix(sql, "type $1 $1") {
				continue // libpg_query takes a parameter after a word for a literal of that type: an error, later
			}
			want, got := ask(t, theirs, sql), ask(t, ours, sql)
			wrong := false
			switch {
			case want != nil && want.Code == "42601":
				refused++
				wrong = got == nil || got.Code != want.Code || got.Position != want.Position || got.Message != want.Message
			case got != nil && got.Code == "42601":
				wrong = true
			case j == "":
				wrong = (want == nil) != (got == nil)
			}
			if wrong {
				differ++
				t.Errorf("%s\n  PostgreSQL: %s\n  Eventgres:  %s", sql, said(want), said(got))
			}
		}
	}
	t.Logf("%d texts, %d refused by PostgreSQL, %d differences", len(statements)*(1+len(junk)), refused, differ)
}

func connect(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// ask runs a text and returns its error; what it has left open is closed.
func ask(t *testing.T, c *pgconn.PgConn, sql string) *pgconn.PgError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := c.Exec(ctx, sql).ReadAll()
	var e *pgconn.PgError
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, after := range []string{"ROLLBACK", "DEALLOCATE ALL", "CLOSE ALL"} {
		if _, err := c.Exec(ctx, after).ReadAll(); err != nil {
			t.Fatalf("%s, after %s: %v", after, sql, err)
		}
	}
	return e
}

func said(e *pgconn.PgError) string {
	if e == nil {
		return "accepted"
	}
	return fmt.Sprintf("%s %s, at %d", e.Code, e.Message, e.Position)
}
