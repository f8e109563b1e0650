package roles

import "testing"

// TestTold: what is said of roles, which functions they may call, and when row_security = off is found, as PostgreSQL has it.
func TestTold(t *testing.T) {
	p := newPair(t)
	for _, sql := range []string{
		"CREATE ROLE anna LOGIN", "CREATE ROLE ben", "COMMENT ON ROLE anna IS 'of a kind'", "COMMENT ON ROLE nobody IS 'x'",
		"SELECT r.rolname, d.description FROM pg_shdescription d JOIN pg_roles r ON r.oid = d.objoid WHERE d.classoid = 'pg_authid'::regclass",
		"SELECT shobj_description('anna'::regrole, 'pg_authid'), shobj_description('ben'::regrole, 'pg_authid'), shobj_description('anna'::regrole, 'pg_class')",
		"COMMENT ON ROLE anna IS NULL",
		"SELECT count(*) FROM pg_shdescription WHERE classoid = 'pg_authid'::regclass",
		"SELECT has_function_privilege('anna', 'pg_reload_conf()', 'EXECUTE'), has_function_privilege('anna', 'lower(text)', 'execute')",
		"SELECT has_function_privilege('nobody', 'lower(text)', 'EXECUTE')",
		"SELECT has_function_privilege('public', 'lower(text)', 'EXECUTE'), has_function_privilege('public', 'pg_reload_conf()', 'EXECUTE')",
		"SELECT has_function_privilege('anna', 'lower(text)', 'SELECT')",
		"SELECT has_function_privilege('anna', 'lower(text)', 'EXECUTE, UPDATE')",
		"SELECT has_function_privilege('anna', 'pg_stat_reset()', 'EXECUTE'), has_function_privilege('anna', 'pg_terminate_backend(int,bigint)', 'EXECUTE, EXECUTE WITH GRANT OPTION')",
		"SELECT has_function_privilege('postgres', 'pg_reload_conf()', 'EXECUTE'), has_function_privilege('postgres', 'lower(text)', 'EXECUTE WITH GRANT OPTION')",
		"SELECT has_function_privilege('anna', 999999999, 'EXECUTE'), has_function_privilege('pg_monitor', 'pg_ls_waldir()', 'EXECUTE')",
		"GRANT pg_monitor TO ben",
		"SELECT has_function_privilege('ben', 'pg_ls_waldir()', 'EXECUTE'), has_function_privilege('anna', 'pg_ls_waldir()', 'EXECUTE')",
		"GRANT SELECT, INSERT ON events TO anna", "SET client_min_messages = warning", "CREATE POLICY p ON events USING (type = 'A')", "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
		"SET ROLE anna", "PREPARE before AS SELECT type FROM events", "SET row_security = off",
		"PREPARE q AS SELECT type FROM events", "EXECUTE q", "EXECUTE before", "SELECT count(*) FROM events", "EXPLAIN SELECT type FROM events", "EXPLAIN SELECT count(*) FROM events GROUP BY type",
		"PREPARE i AS INSERT INTO events (type) VALUES ('A')", "EXPLAIN INSERT INTO events (type) VALUES ('A')",
		"SELECT 1 AS one WHERE false AND EXISTS (SELECT 1 FROM events)", "BEGIN", "DECLARE c CURSOR FOR SELECT type FROM events", "ROLLBACK",
		"SELECT has_function_privilege('pg_reload_conf()', 'EXECUTE'), has_function_privilege('lower(text)', 'EXECUTE')",
		"SET row_security = on", "EXECUTE before", "RESET ROLE", "SET row_security = off", "SELECT count(*) FROM events", "RESET row_security",
		"DROP POLICY p ON events", "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
	} {
		p.both(sql, true)
	}
}
