package query

import (
	"errors"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/syntax"
)

// acceptedStatements are of every kind that the parser takes whole; none may be followed by more.
var acceptedStatements = []string{
	"SELECT 1", "SELECT * FROM events", "SELECT * FROM events e WHERE position = 1 ORDER BY position DESC LIMIT 1 OFFSET 2",
	"SELECT * FROM events ORDER BY position USING >", "SELECT * FROM events FOR UPDATE OF events NOWAIT",
	"SELECT * FROM events FOR SHARE SKIP LOCKED", "SELECT 1 FOR READ ONLY", "SELECT * FROM events FETCH FIRST 2 ROWS ONLY",
	"INSERT INTO events (stream, type) VALUES ('a', 'b')", "INSERT INTO events DEFAULT VALUES",
	"INSERT INTO events (stream) VALUES ('a') ON CONFLICT (event_id) DO NOTHING", "INSERT INTO events (stream) VALUES ('a') RETURNING 1 AS x",
	"COPY events FROM STDIN", "COPY events (stream) TO STDOUT WITH (FORMAT csv)", "COPY (SELECT 1) TO STDOUT",
	"BEGIN", "BEGIN ISOLATION LEVEL SERIALIZABLE", "START TRANSACTION READ ONLY", "COMMIT", "COMMIT AND CHAIN", "END", "ROLLBACK", "ABORT",
	"SAVEPOINT a", "RELEASE a", "ROLLBACK TO a",
	"PREPARE p AS SELECT 1", "PREPARE p (int) AS SELECT 1", "EXECUTE p", "EXECUTE p (1)", "DEALLOCATE p", "DEALLOCATE ALL",
	"DECLARE c CURSOR FOR SELECT 1", "FETCH c", "FETCH ALL FROM c", "MOVE c", "CLOSE c", "CLOSE ALL",
	"EXPLAIN SELECT 1", "EXPLAIN (ANALYZE) SELECT 1",
	"SET application_name = 'a'", "SET application_name TO DEFAULT", "SET TIME ZONE LOCAL", "SET NAMES 'utf8'", "SET ROLE none", "SET ROLE 'a'",
	"SET SESSION AUTHORIZATION DEFAULT", "SET LOCAL SESSION AUTHORIZATION a", "SET TRANSACTION READ ONLY",
	"SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS a, b.c IMMEDIATE",
	"SHOW timezone", "SHOW ALL", "RESET timezone", "RESET ALL", "DISCARD ALL", "DISCARD PLANS",
	"VACUUM", "VACUUM FULL FREEZE VERBOSE ANALYZE events (position), streams", "VACUUM (FULL, ANALYZE false) events", "VACUUM (PARALLEL 2)",
	"ANALYZE", "ANALYSE VERBOSE events", "ANALYZE (SKIP_LOCKED) events (stream, type)", "CHECKPOINT",
	"UNLISTEN *", "UNLISTEN a", "LISTEN a", "NOTIFY a", "NOTIFY a, 'b'",
	"DROP VIEW a", "DROP VIEW IF EXISTS a, b CASCADE", "COMMENT ON VIEW a IS 'x'", "COMMENT ON TABLE events IS NULL",
	"CREATE VIEW a (b) WITH (security_barrier) AS SELECT 1",
}

// Whatever follows a statement that is complete is a syntax error, and it is the token that does not fit
// which is told. (What PostgreSQL takes after each of them, integration/syntax finds.)
func TestNothingFollows(t *testing.T) {
	for _, sql := range acceptedStatements {
		if _, err := syntax.Parse(sql); err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		for _, junk := range []string{") junk", "] x", "'text'", "$1", "INTO 'x' junk", "42 junk", "junk junk junk", ":= 3", "FOR junk", "SELECT SELECT"} {
			list, err := syntax.Parse(sql + " " + junk)
			if err == nil && !handedOn(list) {
				t.Errorf("%s: accepted", sql+" "+junk)
				continue
			}
			var e *pgerror.Error
			if err != nil && (!errors.As(err, &e) || e.Code != "42601" || e.Position == 0) {
				t.Errorf("%s: %v", sql+" "+junk, err)
			}
		}
	}
}

// handedOn: the text goes to the worker's parser, which is PostgreSQL's.
func handedOn(list []*syntax.Parsed) bool {
	for _, p := range list {
		switch s := p.Statement.(type) {
		case *syntax.UnsupportedStmt:
			return true
		case *syntax.SelectStmt:
			return s.Unsupported != nil
		case *syntax.CopyStmt:
			return s.Unsupported != nil || s.Text != nil && s.Text.Unsupported != nil
		case *syntax.InsertStmt:
			return s.From != nil || s.Conflict != nil && s.Conflict.Unsupported != nil
		case *syntax.CreateViewStmt:
			return true
		case *syntax.PrepareStmt:
			return handedOn([]*syntax.Parsed{s.Body})
		case *syntax.DeclareStmt:
			return handedOn([]*syntax.Parsed{s.Body})
		case *syntax.ExplainStmt:
			return handedOn([]*syntax.Parsed{s.Body})
		}
	}
	return false
}

func TestUpkeepSyntax(t *testing.T) {
	for sql, near := range map[string]string{
		"VACUUM INTO 'x'": "INTO", "CHECKPOINT junk": "junk", "UNLISTEN a.b": ".", "SET CONSTRAINTS ALL junk": "junk", "SET ROLE DEFAULT": "DEFAULT",
		"SET ROLE a, b": ",", "SET SESSION AUTHORIZATION 1": "1", "ANALYZE events,": "end of input", "VACUUM ANALYZE FULL": "FULL",
		"VACUUM (FULL) ANALYZE": "ANALYZE",
	} {
		_, err := syntax.Parse(sql)
		if err == nil || !strings.Contains(err.Error(), near) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
