//go:build linux

package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestLockedDown: no statement reaches a file, the network or the engine's configuration.
func TestLockedDown(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 10)
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("a\nsecret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "written")
	for _, sql := range []string{
		"SELECT * FROM '" + secret + "'",
		`SELECT * FROM "` + secret + `"`,
		"SELECT * FROM read_csv('" + secret + "')",
		"SELECT * FROM read_csv_auto('" + secret + "')",
		"SELECT * FROM read_text('" + secret + "')",
		"SELECT * FROM read_blob('" + secret + "')",
		"SELECT * FROM read_json('" + secret + "')",
		"SELECT * FROM read_parquet('" + secret + "')",
		"SELECT * FROM parquet_scan('" + secret + "')",
		"SELECT * FROM glob('/*')",
		"SELECT * FROM sniff_csv('" + secret + "')",
		"SELECT * FROM duckdb_settings()",
		"SELECT * FROM duckdb_secrets()",
		"SELECT * FROM duckdb_functions()",
		"SELECT * FROM pragma_database_list",
		"SELECT * FROM query('SELECT 1')",
		"SELECT * FROM query_table('events')",
		"SELECT getenv('HOME')",
		"SELECT current_setting('memory_limit')",
		"SELECT getvariable('x')",
		"SELECT pg_read_file('" + secret + "')",
		"SELECT pg_ls_dir('/')",
		"SELECT lo_import('" + secret + "')",
		"SELECT pg_json_get_text('{}', 'a')",
		"SELECT pg_reg_in('events', '2205')",
		"SELECT * FROM main.events",
		"SELECT * FROM progress",
		"SELECT * FROM cat.main.pg_class",
		"COPY (SELECT 1) TO '" + target + "'",
		"COPY events TO '" + target + "'",
		"COPY events FROM '" + secret + "'",
		"COPY (SELECT 1) TO PROGRAM 'touch " + target + "'",
		"ATTACH '" + target + "'",
		"ATTACH '" + target + "' AS other",
		"INSTALL httpfs",
		"LOAD httpfs",
		"LOAD '" + secret + "'",
		"PRAGMA database_list",
		"PRAGMA enable_external_access",
		"SET memory_limit = '1TB'",
		"SET enable_external_access = true",
		"SET threads = 100",
		"EXPORT DATABASE '" + target + "'",
		"IMPORT DATABASE '" + target + "'",
		"CALL pragma_version()",
		"CHECKPOINT; CREATE TABLE x (a int)",
		"CREATE TABLE x AS SELECT 1",
		"SELECT 1 INTO x",
		"WITH x AS (INSERT INTO events (stream, type) VALUES ('a', 'b') RETURNING 1) SELECT * FROM x",
		"WITH x AS (DELETE FROM events RETURNING 1) SELECT * FROM x",
		"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"CREATE MACRO f() AS 1",
		"DO $$ BEGIN END $$",
		"SELECT 1; INSTALL httpfs",
		"SELECT a -> a + 1 FROM (VALUES (1)) v(a)",
		"SELECT [x FOR x IN [1, 2]]",
		"SELECT COLUMNS(*) FROM events",
		"SELECT * EXCLUDE (type) FROM events",
		"FROM events",
		"PIVOT events ON type USING count(*)",
		"SUMMARIZE events",
		"DESCRIBE events",
		"SHOW TABLES",
		"SELECT nextval('x')",
	} {
		err := run(t.Context(), c, sql)
		if err == nil {
			t.Errorf("it runs: %s", sql)
			continue
		}
		if text := err.Error(); strings.Contains(text, "secret\n") || strings.Contains(text, "duckdb:") {
			t.Errorf("%s: %s", sql, text)
		}
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("a file was written")
	}
	if n := number(t, c, `SELECT count(DISTINCT stream) FROM events`); n != 10 {
		t.Errorf("%d streams", n)
	}
}
