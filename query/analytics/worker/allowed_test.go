//go:build cgo

package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

// lockedDB is a database as the worker opens it, with a connection as portals have them.
func lockedDB(t *testing.T) *duck.Conn {
	t.Helper()
	_, c := memoryDB(t)
	w := &Worker{projection: &projection{}}
	for _, err := range []error{register(c, w), c.Exec(projectionSchema), c.Exec("ATTACH ':memory:' AS cat")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// runs tells whether a text gets through the check below the translator.
func runs(c *duck.Conn, sql string) error {
	if err := checkStatement(c, sql); err != nil {
		return err
	}
	rows, err := c.Query(sql)
	if err == nil {
		rows.Close()
	}
	return err
}

// TestApproved: what was looked at is not looked at again, what was refused is, and the texts have a bound.
func TestApproved(t *testing.T) {
	c := lockedDB(t)
	p := &portal{w: &Worker{logger: slog.New(slog.DiscardHandler)}}
	const good, bad = "SELECT 1 AS c1", "SELECT * FROM duckdb_settings()"
	for range 3 {
		if err := p.check(c, good); err != nil {
			t.Fatal(err)
		}
		if err := p.check(c, bad); err == nil {
			t.Fatal("it may run")
		}
	}
	if a := &p.w.approved; !a.has(good) || a.has(bad) || a.has(good+" ") {
		t.Errorf("approved: %v", a.texts)
	}
	a := &approved{}
	a.add(strings.Repeat("x", maxApprovedText+1))
	if len(a.texts) != 0 {
		t.Error("a text is kept that is too long")
	}
	for i := range 10_000 {
		a.add(fmt.Sprintf("%01000d", i))
		size := 0
		for text := range a.texts {
			size += len(text)
		}
		if i%500 == 0 && (size != a.bytes || size > maxApproved) {
			t.Fatalf("%d bytes, counted as %d", size, a.bytes)
		}
	}
	if !a.has(fmt.Sprintf("%01000d", 9999)) {
		t.Error("the last one is not there")
	}
}

// TestRawStatements: raw SQL of DuckDB's that reaches a connection does nothing but read what it may.
func TestRawStatements(t *testing.T) {
	c := lockedDB(t)
	file := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(file, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"CALL enable_logging()", "CALL enable_profiling()", "CALL disable_logging()", "SELECT * FROM enable_logging()", "SELECT * FROM enable_profiling()",
		"PRAGMA enable_profiling", "PRAGMA database_list", "PRAGMA table_info('events')", "PRAGMA memory_limit='1TB'", "SET threads = 1", "SET SESSION threads = 1",
		"RESET threads", "SET VARIABLE x = 1", "USE cat", "ATTACH ':memory:' AS y", "DETACH cat", "COPY events TO '" + file + "'", "COPY (SELECT 1) TO '" + file + "'",
		"EXPORT DATABASE '" + file + "'", "IMPORT DATABASE '" + file + "'", "LOAD json", "INSTALL httpfs", "CHECKPOINT", "FORCE CHECKPOINT", "VACUUM", "ANALYZE",
		"BEGIN", "COMMIT", "ROLLBACK", "CREATE TABLE x (a int)", "CREATE TEMP TABLE x (a int)", "CREATE MACRO f() AS 1", "CREATE VIEW x AS SELECT 1",
		"CREATE SCHEMA x", "CREATE TYPE x AS int", "CREATE SEQUENCE x", "CREATE SECRET (TYPE s3)", "DROP TABLE events", "ALTER TABLE events ADD COLUMN x int",
		"INSERT INTO progress VALUES (1, '', 1, 1, 1)", "UPDATE progress SET position = 0", "DELETE FROM events", "PREPARE x AS SELECT 1", "EXECUTE x", "DEALLOCATE x",
		"EXPLAIN SELECT 1", "EXPLAIN ANALYZE SELECT 1", "SHOW TABLES", "DESCRIBE events", "SUMMARIZE events", "SELECT * FROM (SHOW TABLES) t1", "SELECT * FROM (DESCRIBE events) t1",
		"SELECT * FROM '" + file + "'", `SELECT * FROM "` + file + `"`, "FROM '" + file + "'", "SELECT * FROM read_csv('" + file + "')", "SELECT (SELECT content FROM read_text('" + file + "'))",
		"SELECT * FROM glob('*')", "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_settings", "SELECT * FROM main.duckdb_settings", "SELECT * FROM system.main.duckdb_tables",
		"SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_class", "SELECT * FROM sqlite_master", "SELECT * FROM pragma_database_list",
		"SELECT * FROM query('SELECT 1')", "SELECT * FROM query_table('events')", "SELECT * FROM events", "SELECT * FROM main.other", "TABLE events",
		"SELECT getenv('HOME')", "SELECT getvariable('x')", "SELECT current_setting('threads')", "SELECT nextval('x')", "SELECT setseed(0.5)", "SELECT write_log('x')",
		"SELECT system.main.upper('x')", "SELECT temp.upper('x')", "SELECT 'x'.upper()::varchar, getenv('x')", "WITH x AS (SELECT * FROM duckdb_settings()) SELECT * FROM x",
		"WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings", "SELECT [getvariable(x) for x in ['a']]", "SELECT list_transform(['a'], lambda x: getvariable(x))",
		"SELECT 1 ORDER BY getvariable('x')", "SELECT 1 LIMIT (SELECT count(*) FROM duckdb_settings())", "SELECT count(*) FILTER (WHERE getvariable('a') = '1') FROM main.events",
		"PIVOT main.events ON type USING count(*)", "UNPIVOT main.events ON type INTO NAME a VALUE b", "SELECT 1; SELECT 2", "SELECT 1; SET threads = 1", "SELECT json_serialize_sql('SELECT 1')",
		"SELECT * FROM main.events AS OF x", "VALUES (getvariable('x'))", "SELECT 1 UNION ALL SELECT getvariable('x')", "SELECT sum(1) OVER (PARTITION BY getvariable('x'))",
		"SELECT '\"function_name\":\"upper\"' || getvariable('x')", "SELECT 1 AS \"function_name\" FROM duckdb_settings()", "", ";", "x", "SELECT",
	} {
		if err := runs(c, sql); err == nil {
			t.Errorf("it runs: %s", sql)
		}
	}
	for _, sql := range []string{
		"SELECT count(*), max(type) FROM main.events AS t1 WHERE t1.type ~~ 'a%' GROUP BY t1.stream", "WITH w1 AS (SELECT 1 AS c1) SELECT c1 + 1 FROM w1 AS t2",
		`SELECT '"function_name":"getenv"', '\"schema\":\"x\"' AS "catalog_name"`, "SELECT pg_upper FROM (SELECT upper('x') AS pg_upper) AS t1",
		"WITH RECURSIVE w1 AS (SELECT 1 AS c1 UNION ALL SELECT c1 + 1 FROM w1 WHERE c1 < 3) SELECT sum(c1) FROM w1",
	} {
		if err := runs(c, sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// TestEngineCatalog walks all that the engine lists, by kind: what is not allowed by name is refused below the
// translator too, in each place that a function can stand in.
func TestEngineCatalog(t *testing.T) {
	c := lockedDB(t)
	quoted := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	kinds := column(t, c, "SELECT DISTINCT function_type FROM duckdb_functions() ORDER BY 1")
	if len(kinds) < 6 {
		t.Fatalf("the engine lists %v", kinds)
	}
	for _, kind := range kinds {
		names := engineFunctions(t, c, "function_type = '"+kind+"'")
		refused := 0
		for _, name := range names {
			if allowedCalls[name] && (kind == "scalar" || kind == "aggregate" || kind == "macro" || name == "generate_series" || name == "range" || name == "unnest" || name == "repeat" || name == stagedFunction) {
				continue
			}
			refused++
			for _, form := range []string{"SELECT %s()", "SELECT * FROM %s()", "SELECT * FROM %s('a')", "SELECT (SELECT count(*) FROM %s() AS t1)", "CALL %s()", "PRAGMA %s", "PRAGMA %s('a')", "SELECT 1 WHERE %s(1, 2) IS NULL"} {
				sql := fmt.Sprintf(form, quoted(name))
				err := checkStatement(c, sql)
				var e *pgerror.Error
				if !errors.As(err, &e) || e.Code != "0A000" {
					t.Errorf("%s function %s: it passes the check, or fails in another way: %s: %v", kind, name, sql, err)
				}
			}
		}
		t.Logf("%s: %d of %d are refused", kind, refused, len(names))
	}
	for _, view := range column(t, c, "SELECT DISTINCT view_name FROM duckdb_views()") {
		for _, schema := range []string{"", "main.", "system.main.", "pg_catalog.", "information_schema.", "cat.pg_catalog."} {
			if err := checkStatement(c, "SELECT * FROM "+schema+quoted(view)); err == nil {
				t.Errorf("view %s%s can be read", schema, view)
			}
		}
	}
}

// TestTranslationsAllowed: each of the engine's functions that the translator's source names in a text of SQL
// is allowed.
func TestTranslationsAllowed(t *testing.T) {
	c := lockedDB(t)
	known := map[string]bool{}
	for _, name := range engineFunctions(t, c, "function_type IN ('scalar', 'aggregate', 'macro')") {
		known[name] = true
	}
	files, err := filepath.Glob("../translate/*.go")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	literal, call := regexp.MustCompile("(?s)`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\""), regexp.MustCompile(`([a-z_][a-z_0-9]*)\(`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range literal.FindAllString(string(source), -1) {
			for _, line := range strings.Split(text, "\n") {
				if _, sql, ok := strings.Cut(line, " = "); ok && strings.HasPrefix(text, "`") {
					line = sql
				}
				for _, m := range call.FindAllStringSubmatch(line, -1) {
					if found++; known[m[1]] && !allowedCalls[m[1]] {
						t.Errorf("%s: %s is not allowed", file, m[1])
					}
				}
			}
		}
	}
	if found < 500 {
		t.Errorf("only %d calls are found", found)
	}
}
