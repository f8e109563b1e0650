package door

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire/auth"
)

// rolesWithSecrets make the same roles of either server, with the same verifiers.
func rolesWithSecrets() (made []string, verifier string) {
	verifier = auth.NewVerifier("secret").String()
	return []string{
		"CREATE ROLE v_app LOGIN PASSWORD '" + verifier + "'", "CREATE ROLE v_late LOGIN PASSWORD '" + verifier + "' VALID UNTIL '2001-02-03 04:05:06+00'",
		"CREATE ROLE v_ever LOGIN CREATEDB REPLICATION BYPASSRLS CONNECTION LIMIT 3 PASSWORD '" + verifier + "' VALID UNTIL 'infinity'",
		"CREATE ROLE v_bare LOGIN", "CREATE ROLE v_group NOINHERIT CREATEROLE PASSWORD '" + verifier + "'", "CREATE ROLE v_chief LOGIN SUPERUSER",
		"ALTER ROLE v_app SET statement_timeout = '5s'", "ALTER ROLE v_app SET application_name = 'x y'",
	}, verifier
}

// What the server answers alone, and what it answers with a worker that knows no verifiers.
var (
	alone = []string{
		"SELECT usename, passwd FROM pg_shadow WHERE usename='v_app'",
		"SELECT * FROM pg_shadow WHERE usename LIKE 'v%' AND passwd IS NOT NULL",
		"SELECT usename, usecreatedb, usesuper, userepl, usebypassrls, passwd, valuntil, useconfig FROM pg_catalog.pg_shadow AS s WHERE s.usename LIKE 'v%' ORDER BY s.usename DESC LIMIT 5 OFFSET 1",
		"SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END FROM pg_authid WHERE rolname='v_late' AND rolcanlogin",
		"SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END FROM pg_authid WHERE rolname='v_ever' AND rolcanlogin",
		"SELECT rolname, CASE WHEN rolcanlogin THEN rolpassword WHEN rolinherit THEN 'a' END AS x FROM pg_authid WHERE rolname LIKE 'v%' ORDER BY 1",
		"SELECT rolname, CASE WHEN rolcanlogin THEN 'a' ELSE rolpassword::text END FROM pg_authid WHERE rolname LIKE 'v%' ORDER BY 1",
		"SELECT count(*), count(passwd) FROM pg_shadow WHERE usename LIKE 'v%'",
		"SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolpassword, rolvaliduntil FROM pg_authid WHERE rolname LIKE 'v%' ORDER BY rolname",
		"SELECT rolname FROM pg_authid WHERE rolpassword IS NULL AND rolname = 'pg_monitor'",
		"SELECT usename FROM pg_shadow WHERE passwd = 'x' OR nonesuch",
		"SELECT usename, passwd FROM pg_shadow WHERE usename = 1",
		"SELECT usename, passwd FROM pg_shadow WHERE other.usename = 'v_app'",
		"SELECT CASE WHEN usename THEN passwd END FROM pg_shadow",
	}
	together = []string{
		"SELECT r.rolname, a.rolpassword FROM pg_authid a JOIN pg_roles r USING (oid) WHERE a.rolname LIKE 'v%' ORDER BY 1",
		"SELECT oid > 0, rolname, rolsuper, rolpassword, rolvaliduntil, rolreplication, rolbypassrls, shobj_description(oid, 'pg_authid') AS rolcomment, rolname = current_user AS is_current_user FROM pg_authid WHERE rolname ~ '^v' ORDER BY 2",
		"WITH x AS (SELECT 1 AS one) SELECT s.passwd, one, upper(s.usename::text) FROM x LEFT JOIN pg_shadow s ON s.usename = 'v_app'",
		"SELECT s.passwd FROM (VALUES (1)) AS t (n) LEFT JOIN pg_shadow s ON s.usename = 'nobody'",
		"SELECT upper(usename::text), passwd AS secret FROM pg_shadow AS s (a, b) WHERE a LIKE 'v_app' AND b > 0",
		"SELECT upper(a::text), s.passwd FROM pg_shadow AS s (a, b) WHERE a LIKE 'v_app' AND b > 0",
		"SELECT initcap(rolname::text), rolpassword FROM pg_authid WHERE rolname LIKE 'v%' ORDER BY oid LIMIT 2",
	}
	// Neither: null would be wrong, and silently.
	nowhere = []string{
		"SELECT DISTINCT initcap(usename::text), passwd FROM pg_shadow", "SELECT initcap(passwd) FROM pg_shadow", "SELECT initcap(usename::text) FROM pg_shadow WHERE initcap(passwd) <> ''",
		"SELECT usename FROM pg_shadow JOIN pg_roles ON rolname = usename ORDER BY passwd", "SELECT passwd FROM pg_shadow UNION SELECT 'x'", "SELECT x FROM (SELECT passwd AS x FROM pg_shadow) AS y",
		"SELECT s FROM pg_shadow AS s", "SELECT to_json(s) FROM pg_shadow AS s", "SELECT * FROM (SELECT * FROM pg_authid) AS x", "SELECT (SELECT passwd FROM pg_shadow WHERE usename = 'v_app')",
		"SELECT passwd, initcap(passwd) FROM pg_shadow", "SELECT passwd, count(*) FROM pg_shadow GROUP BY passwd", "SELECT row_to_json(a) FROM pg_authid AS a JOIN pg_shadow ON true",
		"WITH s AS (SELECT * FROM pg_shadow) SELECT passwd FROM s", "SELECT initcap(usename::text), passwd FROM pg_shadow ORDER BY 2",
		"SELECT * FROM eventgres_auth('v_app') AS a JOIN pg_roles ON rolname = usename", "SELECT eventgres_auth('v_app')", "SELECT * FROM eventgres_auth('v_app') WITH ORDINALITY",
		"SELECT pg_authid.rolpassword FROM pg_authid NATURAL JOIN pg_roles GROUP BY 1", "SELECT array_agg(rolpassword) FROM pg_authid", "SELECT 1 WHERE EXISTS (SELECT 1 FROM pg_shadow WHERE initcap(passwd) = '')",
	}
)

// ownOIDs are those of roles that somebody made, which differ.
var ownOIDs = regexp.MustCompile(`"\d{5}"`)

// answer is what a statement returns, with its columns.
func answer(t *testing.T, c *pgx.Conn, sql string) string {
	t.Helper()
	var b strings.Builder
	results, err := c.PgConn().Exec(context.WithoutCancel(t.Context()), sql).ReadAll()
	for _, r := range results {
		for _, f := range r.FieldDescriptions {
			fmt.Fprintf(&b, "%s %d|", f.Name, f.DataTypeOID)
		}
		for _, row := range r.Rows {
			fmt.Fprintf(&b, "\n%q", row)
		}
	}
	if e, ok := err.(*pgconn.PgError); ok {
		return e.Code + " " + e.Message
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return ownOIDs.ReplaceAllString(b.String(), `"OID"`)
}

// TestVerifiers: who may is told of verifiers as PostgreSQL tells of them, wherever the server or its worker can, with the worker and without.
func TestVerifiers(t *testing.T) {
	made, verifier := rolesWithSecrets()
	var want map[string]string
	if harness.HasPostgres() {
		want = map[string]string{}
		r := postgresFor(t)
		for _, sql := range made {
			r.exec(t, sql)
			if name, ok := strings.CutPrefix(sql, "CREATE ROLE "); ok {
				name, _, _ = strings.Cut(name, " ")
				t.Cleanup(func() { r.exec(t, "DROP ROLE "+name) })
			}
		}
		for _, sql := range append(alone, together...) {
			want[sql] = answer(t, r.admin, sql)
		}
	}
	for _, args := range [][]string{nil, {"--no-analytics"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			s := harness.Eventgres(t, harness.WithArgs(append(args, "--superuser", "postgres")...))
			chief := mustEnter(t, s, "postgres", "")
			mustExec(t, chief, "ALTER ROLE postgres PASSWORD 'pw'")
			for _, sql := range append(made, "CREATE ROLE pool LOGIN PASSWORD 'pw' IN ROLE eventgres_auth_query", "CREATE ROLE curious LOGIN PASSWORD 'pw' IN ROLE pg_read_all_data, pg_monitor") {
				mustExec(t, chief, sql)
			}
			pool, curious := mustEnter(t, s, "pool", "pw"), mustEnter(t, s, "curious", "pw")
			list := alone
			if args == nil {
				list = append(list, together...)
			}
			for _, c := range []*pgx.Conn{chief, pool} {
				for _, sql := range list {
					got := answer(t, c, sql)
					if c == pool && strings.Contains(sql, "is_current_user") {
						continue
					}
					if want != nil && got != want[sql] {
						t.Errorf("%s\ngot  %s\nwant %s", sql, got, want[sql])
					}
				}
			}
			for _, sql := range append(list, "SELECT * FROM eventgres_auth('v_app')", "SELECT usename FROM eventgres_auth('nobody')") {
				got := answer(t, curious, sql)
				if !strings.HasPrefix(got, "42") || strings.Contains(got, verifier) { // some are wrong in other ways
					t.Errorf("%s: who may not is told %s", sql, got)
				}
			}
			if args == nil {
				for _, sql := range nowhere {
					if got := answer(t, chief, sql); !strings.HasPrefix(got, "0A000 ") {
						t.Errorf("%s: %s", sql, got)
					}
				}
			}
			for sql, want := range map[string]string{
				"SELECT * FROM eventgres_auth('v_app')":                                   fmt.Sprintf("usename 19|passwd 25|\n[\"v_app\" %q]", verifier),
				"SELECT usename, passwd FROM pg_catalog.eventgres_auth('v_ever'::text) x": fmt.Sprintf("usename 19|passwd 25|\n[\"v_ever\" %q]", verifier),
				"SELECT passwd FROM eventgres_auth('v_late')":                             "passwd 25|\n[\"\"]",
				"SELECT passwd FROM eventgres_auth('v_bare')":                             "passwd 25|\n[\"\"]",
				"SELECT passwd FROM eventgres_auth('v_group')":                            "",
				"SELECT passwd FROM eventgres_auth(NULL)":                                 "",
				"SELECT count(*) FROM eventgres_auth('nobody')":                           "count 20|\n[\"0\"]",
			} {
				if got := answer(t, pool, sql); got != want {
					t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
				}
			}
			prepared(t, pool, verifier)
			mustExec(t, chief, "REVOKE eventgres_auth_query FROM pool")
			if got := answer(t, pool, "SELECT * FROM eventgres_auth('v_app')"); got != "42501 permission denied for function eventgres_auth" {
				t.Errorf("after REVOKE: %s", got)
			}
			if s.Stop(); strings.Contains(s.Log(), verifier[20:]) {
				t.Error("the log tells a verifier")
			}
		})
	}
}

// prepared asks as PgBouncer does, which gives no types.
func prepared(t *testing.T, c *pgx.Conn, verifier string) {
	t.Helper()
	for _, sql := range []string{
		"SELECT usename, passwd FROM pg_shadow WHERE usename=$1", "SELECT usename, passwd FROM eventgres_auth($1)",
		"SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END FROM pg_authid WHERE rolname=$1 AND rolcanlogin",
	} {
		r := c.PgConn().ExecParams(t.Context(), sql, [][]byte{[]byte("v_app")}, nil, nil, nil).Read()
		if r.Err != nil || len(r.Rows) != 1 || string(r.Rows[0][0]) != "v_app" || string(r.Rows[0][1]) != verifier {
			t.Errorf("%s: %v, %q", sql, r.Err, r.Rows)
		}
		d, err := c.PgConn().Prepare(t.Context(), "", sql, nil)
		if err != nil || len(d.ParamOIDs) != 1 || d.ParamOIDs[0] != 19 {
			t.Errorf("%s: %v, %v", sql, err, d)
		}
	}
}
