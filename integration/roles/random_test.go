package roles

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// side is one of the two servers.
type side struct {
	name    string
	conn    *pgconn.PgConn
	notices []string
}

func connect(t *testing.T, name, url string) *side {
	t.Helper()
	s := &side{name: name}
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if strings.Contains(n.Message, " for column ") {
			return // there are no privileges on columns here
		}
		s.notices = append(s.notices, n.Severity+" "+n.Code+" "+n.Message)
	}
	if s.conn, err = pgconn.ConnectConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close(context.WithoutCancel(t.Context())) })
	return s
}

var deniedRelation = regexp.MustCompile(`^permission denied for (table|view) .*`)

// answer is all that a statement brings: tags, rows, notices and the error.
func (s *side) answer(t *testing.T, sql string, rows bool) string {
	t.Helper()
	s.notices = nil
	results, err := s.conn.Exec(t.Context(), s.told(sql)).ReadAll()
	var out []string
	for _, r := range results {
		line := r.CommandTag.String()
		if line == "" {
			continue // the rows of RETURNING were described, and then it failed
		}
		if rows {
			for _, row := range r.Rows {
				line += "\n  " + string(slices.Concat(joined(row)...))
			}
		}
		out = append(out, line)
	}
	if strings.HasPrefix(sql, "DROP OWNED") { // PostgreSQL warns in the order in which it finds things
		slices.Sort(s.notices)
	}
	out = append(out, s.notices...)
	if err != nil {
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			t.Fatalf("%s: %s: %v", s.name, sql, err)
		}
		message := e.Message
		if strings.HasPrefix(sql, "WITH") { // of two relations that may not be read PostgreSQL's planner has decided which comes first
			message = deniedRelation.ReplaceAllString(message, "permission denied for one of them")
		}
		out = append(out, fmt.Sprintf("%s %s %s | %s | %s", e.Severity, e.Code, message, e.Detail, e.Hint))
	}
	return strings.Join(out, "\n")
}

func joined(row [][]byte) (out [][]byte) {
	for i, v := range row {
		if i > 0 {
			out = append(out, []byte("|"))
		}
		out = append(out, v)
	}
	return out
}

// pair is Eventgres and PostgreSQL, told the same.
type pair struct {
	t          *testing.T
	ours, real *side
	said       []string
}

func newPair(t *testing.T) *pair {
	t.Helper()
	cluster := harness.Postgres(t)
	url := cluster.Database(t)
	server := harness.Eventgres(t)
	ours := "postgres://postgres@" + server.Address() + "/events?sslmode=disable"
	p := &pair{t: t, ours: connect(t, "Eventgres", ours), real: connect(t, "PostgreSQL", strings.Replace(url, "user=test", "user=postgres", 1))}
	// The trigger reads events, which an INSERT needs no right to here.
	for _, sql := range []string{
		"REASSIGN OWNED BY test TO postgres", "ALTER SCHEMA public OWNER TO pg_database_owner", "GRANT USAGE ON SCHEMA public TO PUBLIC", "ALTER FUNCTION events_number() SECURITY DEFINER",
	} {
		if _, err := p.real.conn.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { // roles belong to the whole cluster
		ctx := context.WithoutCancel(t.Context())
		for _, sql := range []string{"ROLLBACK", "RESET SESSION AUTHORIZATION", "RESET ROLE", "ALTER ROLE postgres RESET ALL", "ALTER ROLE ALL RESET ALL", asMade} {
			_, _ = p.real.conn.Exec(ctx, sql).ReadAll()
		}
		for _, name := range names {
			_, _ = p.real.conn.Exec(ctx, "DROP OWNED BY "+name+" CASCADE").ReadAll()
		}
		for _, name := range names {
			_, _ = p.real.conn.Exec(ctx, "DROP ROLE IF EXISTS "+name).ReadAll()
		}
	})
	return p
}

// asMade makes the superuser what he was, whatever statements have made of him.
const asMade = "UPDATE pg_authid SET rolinherit = true, rolcreaterole = true, rolcreatedb = true, rolreplication = true, rolbypassrls = true, " +
	"rolconnlimit = -1, rolvaliduntil = NULL WHERE oid = 10"

// both tells both, and compares.
func (p *pair) both(sql string, rows bool) {
	p.t.Helper()
	p.said = append(p.said, sql)
	ours, real := p.ours.answer(p.t, sql, rows), p.real.answer(p.t, sql, rows)
	if ours != real {
		history := p.said[max(0, len(p.said)-60):]
		p.t.Fatalf("%s\nours:\n%s\nPostgreSQL:\n%s\nafter:\n%s;", sql, ours, real, strings.Join(history, ";\n"))
	}
}

// state compares what the catalogs say, and what the functions that tell of privileges do.
func (p *pair) state() {
	p.t.Helper()
	const known = " rolname !~ '^(pg_|eventgres)|^test$' "
	for _, sql := range []string{
		"SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil, rolconfig FROM pg_roles WHERE" + known + "ORDER BY 1",
		"SELECT usename, usesuper, usecreatedb, valuntil FROM pg_user WHERE usename <> 'test' ORDER BY 1",
		"SELECT r.rolname, m.rolname, g.rolname, a.admin_option FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member LEFT JOIN pg_roles g ON g.oid = a.grantor ORDER BY 1, 2",
		"SELECT relname, pg_get_userbyid(relowner), relacl::text, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1",
		"SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname = 'public'",
		"SELECT rolname, relname, " + asked("oid", "c.oid", "SELECT", "INSERT", "UPDATE", "SELECT WITH GRANT OPTION", "INSERT WITH GRANT OPTION, TRIGGER WITH GRANT OPTION", "TRIGGER, TRUNCATE, REFERENCES") +
			" FROM pg_roles r, pg_class c WHERE" + known + "AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1, 2",
		"SELECT rolname, has_schema_privilege(rolname, 'public', 'CREATE'), has_schema_privilege(oid, 'public', 'USAGE'), has_schema_privilege(oid, 'pg_catalog', 'CREATE'), has_schema_privilege(rolname, 'public', 'CREATE WITH GRANT OPTION')," +
			" has_database_privilege(oid, current_database(), 'CREATE'), has_table_privilege(oid, 'pg_authid', 'SELECT'), has_table_privilege(rolname, 'pg_class', 'SELECT') FROM pg_roles WHERE" + known + "ORDER BY 1",
		"SELECT a.rolname, b.rolname, pg_has_role(a.oid, b.oid, 'USAGE'), pg_has_role(a.rolname, b.rolname, 'MEMBER'), pg_has_role(a.oid, b.oid, 'MEMBER WITH ADMIN OPTION') FROM pg_roles a, pg_roles b WHERE a." + strings.TrimSpace(known) + " ORDER BY 1, 2",
		"SELECT rolname, shobj_description(r.oid, 'pg_authid'), d.description FROM pg_roles r LEFT JOIN pg_shdescription d ON d.objoid = r.oid AND d.classoid = 'pg_authid'::regclass WHERE" + known + "ORDER BY 1",
		"SELECT rolname, p, has_function_privilege(rolname, p, 'EXECUTE'), has_function_privilege(r.oid, p, 'EXECUTE WITH GRANT OPTION') FROM pg_roles r," +
			" unnest(ARRAY['lower(text)', 'pg_reload_conf()', 'pg_ls_waldir()', 'pg_stat_reset()']) AS p WHERE" + known + "ORDER BY 1, 2",
		"SELECT has_table_privilege('public', 'events', 'SELECT'), has_table_privilege('public', 'streams', 'INSERT')",
	} {
		if strings.Contains(sql, " b WHERE") { // a role of ours is not there
			sql = strings.Replace(sql, " ORDER BY", " AND b.rolname NOT IN ('eventgres_auth_query', 'test') ORDER BY", 1)
		}
		p.both(sql, true)
	}
}

func asked(role, relation string, privileges ...string) string {
	var list []string
	for _, privilege := range privileges {
		list = append(list, fmt.Sprintf("has_table_privilege(r.%s, %s, '%s')", role, relation, privilege))
	}
	return strings.Join(list, ", ")
}

// names are of the roles that statements are about, and views of the views.
var (
	names = []string{"anna", "ben", "cleo", "dan", `"E f"`, "gus"}
	views = []string{"v1", "v2", `"v 3"`}
)

// maker makes random statements.
type maker struct{ *rand.Rand }

func (m maker) of(list ...string) string { return list[m.IntN(len(list))] }

func (m maker) name() string { return m.of(names...) }

// members are roles that may be granted another; here the predefined may not.
func (m maker) members() string {
	list := []string{m.of(m.name(), m.name(), m.name(), "CURRENT_USER", "SESSION_USER", "nobody", "postgres", "public")}
	for m.IntN(4) == 0 {
		list = append(list, m.name())
	}
	return strings.Join(list, ", ")
}

// spec is a role as statements name it.
func (m maker) spec() string {
	switch m.IntN(14) {
	case 0:
		return "CURRENT_USER"
	case 1:
		return m.of("SESSION_USER", "CURRENT_ROLE")
	case 2:
		return m.of("nobody", "postgres", "pg_monitor", "pg_read_all_data", "public", "pg_write_all_data")
	}
	return m.name()
}

func (m maker) specs() string {
	list := []string{m.spec()}
	for m.IntN(4) == 0 {
		list = append(list, m.spec())
	}
	return strings.Join(list, ", ")
}

func (m maker) maybe(n int, text string) string {
	if m.IntN(n) == 0 {
		return " " + text
	}
	return ""
}

func (m maker) relation() string {
	switch m.IntN(6) {
	case 0, 1:
		return m.of("events", "public.events")
	case 2:
		return "streams"
	case 3:
		return m.of("nothing", "public.nothing", "events")
	}
	return m.of(views...)
}

func (m maker) options() string {
	out := ""
	for range m.IntN(3) {
		out += " " + m.of("SUPERUSER", "NOSUPERUSER", "CREATEROLE", "NOCREATEROLE", "CREATEDB", "LOGIN", "NOLOGIN", "INHERIT", "NOINHERIT", "NOINHERIT",
			"REPLICATION", "BYPASSRLS", "CONNECTION LIMIT 3", "CONNECTION LIMIT -1", "CONNECTION LIMIT -2", "VALID UNTIL '2030-01-02 03:04:05+00'",
			"VALID UNTIL 'infinity'", "VALID UNTIL 'soon'", "PASSWORD NULL", "PASSWORD 'x'", "PASSWORD ''", "SYSID 4")
	}
	return out
}

func (m maker) privileges() string {
	switch m.IntN(5) {
	case 0:
		return m.of("ALL", "ALL PRIVILEGES")
	case 1:
		return m.of("SELECT, INSERT", "INSERT, UPDATE", "USAGE", "EXECUTE", "nonsense", "SELECT, TRIGGER, DELETE, TRUNCATE, REFERENCES", "CREATE")
	}
	return m.of("SELECT", "SELECT", "INSERT", "UPDATE")
}

// statement is a random one.
func (m maker) statement() string {
	switch m.IntN(24) {
	case 0, 1:
		return "CREATE " + m.of("ROLE", "USER", "GROUP") + " " + m.of(m.name(), m.name(), m.name(), "pg_x", "public") + m.options() +
			m.maybe(4, "IN ROLE "+m.spec()) + m.maybe(5, "ROLE "+m.members()) + m.maybe(6, "ADMIN "+m.members())
	case 2:
		options := m.options()
		if strings.Contains(options, "NOSUPERUSER") || strings.Contains(options, "NOLOGIN") { // which the bootstrap superuser cannot lose here
			return "ALTER ROLE " + m.name() + options
		}
		return "ALTER " + m.of("ROLE", "USER") + " " + m.spec() + options
	case 3:
		return "ALTER ROLE " + m.name() + " RENAME TO " + m.of(m.name(), "pg_y")
	case 4:
		return "ALTER ROLE " + m.of(m.spec(), "ALL") + " " + m.of("SET statement_timeout TO '5s'", "SET search_path TO public, x", "SET \"app.x\" = 'y'", "RESET ALL", "RESET statement_timeout", "SET statement_timeout TO DEFAULT", "SET nonsense = 1")
	case 5:
		return "DROP " + m.of("ROLE", "USER", "GROUP") + m.maybe(3, "IF EXISTS") + " " + m.of(m.specs(), m.name())
	case 6, 7, 8:
		return "GRANT " + m.name() + m.maybe(5, ", "+m.name()) + " TO " + m.members() + m.maybe(3, "WITH ADMIN OPTION") + m.maybe(8, "GRANTED BY "+m.spec())
	case 9:
		return "REVOKE" + m.maybe(4, "ADMIN OPTION FOR") + " " + m.of(m.name(), m.name(), "pg_monitor", "pg_database_owner") + " FROM " + m.specs()
	case 10:
		return "ALTER GROUP " + m.name() + " " + m.of("ADD", "DROP") + " USER " + m.members()
	case 11, 12, 13:
		return "GRANT " + m.privileges() + " ON " + m.relations() + " TO " + m.specs() + m.maybe(3, "WITH GRANT OPTION") + m.maybe(9, "GRANTED BY "+m.spec())
	case 14, 15:
		return "REVOKE" + m.maybe(4, "GRANT OPTION FOR") + " " + m.privileges() + " ON " + m.relations() + " FROM " + m.specs() + m.maybe(4, "CASCADE")
	case 16:
		return m.of("GRANT ", "REVOKE ") + m.of("CREATE", "USAGE", "ALL", "SELECT") + " ON SCHEMA " + m.of("public", "public", "public", "nowhere")
	case 17:
		n := m.IntN(len(views)) // no view uses itself
		return "CREATE" + m.maybe(2, "OR REPLACE") + " VIEW " + views[n] + m.maybe(3, "WITH (security_invoker=true)") + " AS SELECT count(*) AS n FROM " + m.of("events", "streams", m.of(append(views[:n:n], "events")...))
	case 18:
		return "DROP VIEW " + m.maybe(3, "IF EXISTS") + " " + m.of(views...) + m.maybe(4, "CASCADE")
	case 19:
		return "ALTER VIEW " + m.maybe(3, "IF EXISTS") + " " + m.of(views...) + " OWNER TO " + m.spec()
	case 20:
		return m.of("REASSIGN OWNED BY "+m.specs()+" TO "+m.spec(), "DROP OWNED BY "+m.specs()+m.maybe(2, "CASCADE"))
	case 21:
		return m.of("COMMENT ON VIEW "+m.of(views...)+" IS 'x'", "COMMENT ON ROLE "+m.name()+" IS 'y'", "COMMENT ON TABLE events IS 'z'", "COMMENT ON COLUMN events.type IS 'z'")
	}
	return m.uses()
}

func (m maker) relations() string {
	if m.IntN(8) == 0 {
		return m.of("ALL TABLES IN SCHEMA public", "SCHEMA public", "ALL TABLES IN SCHEMA nowhere")
	}
	return m.maybe(4, "TABLE") + " " + m.relation() + m.maybe(6, ", "+m.relation())
}

// uses is a statement that needs privileges.
func (m maker) uses() string {
	switch m.IntN(8) {
	case 0, 1:
		return "SELECT count(*) >= 0 FROM " + m.relation()
	case 2:
		return "SELECT 1 FROM events WHERE false"
	case 3:
		return "INSERT INTO events (stream, type) VALUES ('a-1', 't')" + m.maybe(2, m.of("RETURNING 1", "RETURNING version >= 0", "ON CONFLICT DO NOTHING", "ON CONFLICT (event_id) DO NOTHING"))
	case 4:
		return "INSERT INTO events (stream, type) SELECT 'b-1', 'u' FROM " + m.relation() + " LIMIT 0"
	case 5:
		return "WITH x AS (SELECT 1 AS y FROM " + m.relation() + " LIMIT 1) SELECT count(*) >= 0 FROM x, " + m.relation()
	case 6:
		return m.of("SELECT 1 FROM pg_authid LIMIT 1", "SELECT 1 FROM pg_shadow LIMIT 1", "SELECT 1 FROM pg_roles LIMIT 1", "SELECT count(*) >= 0 FROM pg_hba_file_rules")
	}
	return "COPY (SELECT 1 FROM " + m.relation() + " WHERE false) TO STDOUT"
}

// TestRandomStatements has both servers told the same random statements, by one role and another.
func TestRandomStatements(t *testing.T) {
	statements, each := 400, 40
	if harness.Long() {
		statements = 20_000
	}
	// The short form repeats one history: what another one finds is for whoever looks for it, with -seed or in the long form.
	seed := harness.SeedOr(t, 1)
	if harness.Long() {
		seed = harness.Seed(t)
	}
	m := maker{rand.New(rand.NewPCG(seed, 1))}
	p := newPair(t)
	for _, sql := range []string{"CREATE ROLE anna", "CREATE USER ben CREATEROLE", "CREATE ROLE cleo IN ROLE anna", `CREATE ROLE "E f" ROLE cleo`, "CREATE ROLE dan"} {
		p.both(sql, false)
	}
	for i := range statements {
		p.act(m)
		p.both(m.statement(), true)
		if i%each == each-1 {
			p.both("ROLLBACK", false)
			p.both("RESET ROLE", false)
			p.both("RESET SESSION AUTHORIZATION", false)
			p.state()
		}
	}
}

// act has the sessions act as another role at times, or in a transaction.
func (p *pair) act(m maker) {
	switch m.IntN(12) {
	case 0, 1, 2:
		p.both("RESET SESSION AUTHORIZATION", false)
		p.both("RESET ROLE", false)
	case 3, 4:
		p.both("SET SESSION AUTHORIZATION "+m.name(), false)
		p.both("SELECT current_user, session_user, current_setting('is_superuser')", true)
	case 5, 6:
		p.both("SET ROLE "+m.of(m.name(), m.name(), m.name(), "none"), false)
		p.both("SELECT current_user, session_user, current_setting('role')", true)
	case 7:
		p.both(m.of("BEGIN", "ROLLBACK", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s"), false)
	}
}
