package roles

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/integration/harness"
)

// policies are names that statements give to policies.
var policies = []string{"p1", "p2", "p3", `"P 4"`}

// condition is a random one of a policy. What PostgreSQL's table has not, {category}, each writes in its own way.
func (m maker) condition() string {
	one := func() string {
		return m.of("{category} IN ('a', 'b')", "{category} = 'c'", "stream LIKE 'b-%'", "type = 't'", "type <> 'u'", "tags @> '{x}'", "'y' = ANY (tags)", "tags IS NULL",
			"stream_id = stream_id('a-1')", "true", "false", "NULL", "current_user = 'anna'", "type = current_setting('app.type', true)", "tags && ARRAY['x', 'z']", "stream IS NOT NULL", "stream || type <> 'b-1t'", "tags @> ARRAY[type, 'x']", "stream LIKE 'b%' OR type > 't'", "coalesce(stream, '') <> 'c-2'")
	}
	switch m.IntN(5) {
	case 0:
		return one() + m.of(" AND ", " OR ") + one()
	case 1:
		return "NOT (" + one() + ")"
	case 2:
		return m.of("1", "nothing = 1", "count(*) > 0", "stream", "type = 1", one())
	}
	return one()
}

// policy is a random statement about policies.
func (m maker) policy() string {
	using, check := m.maybe(2, "USING ("+m.condition()+")"), m.maybe(3, "WITH CHECK ("+m.condition()+")")
	to := m.maybe(2, "TO "+m.specs())
	on := " ON " + m.of("events", "events", "events", "public.events", "events", "streams", "nothing")
	name := m.of(policies...)
	switch m.IntN(9) {
	case 0, 1, 2, 3:
		return "CREATE POLICY " + name + on + m.maybe(4, "AS "+m.of("PERMISSIVE", "RESTRICTIVE", "RESTRICTIVE", "odd")) + m.maybe(2, "FOR "+m.of("SELECT", "INSERT", "ALL", "SELECT")) + to + using + check
	case 4, 5:
		return "ALTER POLICY " + name + on + m.of(to+using+check, to+using+check, " RENAME TO "+m.of(policies...))
	case 6:
		return "DROP POLICY" + m.maybe(3, "IF EXISTS") + " " + name + on
	case 7:
		return "ALTER TABLE" + m.maybe(4, "IF EXISTS") + " " + m.of("events", "events", "events", "nothing") + " " + m.of("ENABLE", "ENABLE", "ENABLE", "DISABLE", "NO FORCE") + " ROW LEVEL SECURITY"
	}
	return m.of("COMMENT ON POLICY "+name+" ON events IS 'x'", "SET row_security = off", "SET row_security = on", "SET app.type = 't'", "RESET app.type")
}

// rows is a random statement that tells who sees what.
func (m maker) rows() string {
	stream := m.of("'a-1'", "'b-1'", "'b-2'", "'c-2'", "'d'", "NULL")
	switch m.IntN(12) {
	case 0, 1:
		return "SELECT stream, type, version FROM events ORDER BY position" + m.maybe(3, "DESC") + m.maybe(4, "LIMIT 3")
	case 2:
		return "SELECT stream, version, first_position, last_position FROM streams ORDER BY stream, first_position"
	case 3:
		return "SELECT count(*), min(position), max(position) FROM events" + m.maybe(2, "WHERE stream = "+stream)
	case 4:
		return "SELECT type, count(*) FROM " + m.of("events", "v1", "v2") + " GROUP BY type ORDER BY type"
	case 5:
		return "SELECT count(*) FROM events GROUP BY stream_id ORDER BY 1"
	case 6:
		return "COPY (SELECT stream, type FROM events ORDER BY position) TO STDOUT"
	case 7:
		return "SELECT count(*) FROM events e JOIN streams s USING (stream_id) WHERE s.version >= e.version"
	case 8:
		return "SELECT row_security_active('events'), row_security_active('streams'::regclass)"
	case 9:
		if m.IntN(2) == 0 {
			return "SELECT count(*) FROM events AS e TABLESAMPLE bernoulli (100) WHERE version >= 0"
		}
		return "INSERT INTO events (stream, type, tags) SELECT stream, 'n', tags FROM events WHERE position < 3"
	}
	id := m.of("stream_id("+stream+")", "NULL")
	if stream == "NULL" {
		id = m.of("stream_id('a-1')", "stream_id('c-2')", "'00000000-0000-4000-8000-000000000001'", "'00000000-0000-4000-8000-000000000002'")
	}
	return "INSERT INTO events (stream, stream_id, type, tags) VALUES (" + stream + ", " + id + ", " + m.of("'t'", "'u'", "'n'") + ", " + m.of("NULL", "'{x}'", "'{y,z}'") + ")" +
		m.maybe(3, m.of("RETURNING stream, version", "RETURNING 1", "ON CONFLICT DO NOTHING", "ON CONFLICT (event_id) DO NOTHING"))
}

// told is a statement as a server is told it.
func (s *side) told(sql string) string {
	if s.name == "PostgreSQL" {
		return strings.ReplaceAll(sql, "{category}", "split_part(stream, '-', 1)")
	}
	return strings.ReplaceAll(sql, "{category}", "category")
}

// TestRandomPolicies has both servers told the same random statements about policies, and about rows that they hide, by one role and another.
func TestRandomPolicies(t *testing.T) {
	statements, each := 500, 50
	if harness.Long() {
		statements = 20_000
	}
	seed := harness.SeedOr(t, 1)
	if harness.Long() {
		seed = harness.Seed(t)
	}
	m := maker{rand.New(rand.NewPCG(seed, 2))}
	p := newPair(t)
	p.real.must(t, `CREATE FUNCTION true_version(uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT max(version) FROM events WHERE stream_id = $1'`)
	p.real.must(t, `DROP VIEW streams; CREATE VIEW streams WITH (security_invoker = true) AS SELECT stream_id, max(stream) AS stream, true_version(stream_id) AS version, min(position) AS first_position, max(position) AS last_position FROM events GROUP BY stream_id`)
	for _, sql := range []string{
		"CREATE ROLE anna", "CREATE ROLE ben", "CREATE ROLE cleo IN ROLE anna", `CREATE ROLE "E f" BYPASSRLS`, "CREATE ROLE dan SUPERUSER",
		`GRANT SELECT, INSERT ON events TO anna, ben, "E f"`, `GRANT SELECT ON streams TO anna, ben, "E f"`, "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
		"CREATE POLICY kept ON events FOR INSERT TO dan WITH CHECK (true)", // the first one enables them here
		"CREATE VIEW v1 AS SELECT * FROM events", "CREATE VIEW v2 WITH (security_invoker = true) AS SELECT * FROM events", "ALTER VIEW v1 OWNER TO anna", `GRANT SELECT ON v1, v2 TO anna, ben, "E f"`,
		"INSERT INTO events (stream, type, tags) VALUES ('a-1', 't', '{x}'), ('b-1', 't', NULL), ('b-1', 'u', '{y,x}'), ('c-2', 't', '{}'), ('b-2', 'u', '{z,NULL}'), ('a-1', 'n', NULL)",
		"INSERT INTO events (stream_id, type) VALUES ('00000000-0000-4000-8000-000000000001', 't')",
	} {
		p.both(sql, false)
	}
	for i := range statements {
		switch m.IntN(8) {
		case 0, 1:
			p.both("RESET ROLE", false)
			p.both(m.policy(), false)
		case 2:
			p.both("SET ROLE "+m.of(m.name(), m.name(), "none"), false)
			p.both(m.policy(), false)
		case 3:
			p.both(m.of("BEGIN", "ROLLBACK", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s"), false)
		default:
			p.both("SET ROLE "+m.of(names[:5]...), false)
			p.both(m.rows(), true)
		}
		if i%each == each-1 {
			for _, sql := range []string{
				"ROLLBACK", "RESET ROLE", "RESET row_security",
				"SELECT polname, polcmd, polpermissive, (SELECT array_agg(coalesce(rolname, 'public') ORDER BY n) FROM unnest(polroles) WITH ORDINALITY AS u (r, n) LEFT JOIN pg_roles ON pg_roles.oid = r), polqual IS NULL, polwithcheck IS NULL, obj_description(oid, 'pg_policy') FROM pg_policy ORDER BY 1",
				"SELECT schemaname, tablename, policyname, permissive, cmd, qual IS NULL, with_check IS NULL FROM pg_policies ORDER BY 3",
				"SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'events'",
				"SELECT rowsecurity FROM pg_tables WHERE tablename = 'events'",
			} {
				p.both(sql, true)
			}
		}
	}
}

func (s *side) must(t *testing.T, sql string) {
	t.Helper()
	if _, err := s.conn.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// wire is a session of which a test sends each message itself.
type wire struct {
	t *testing.T
	*pgproto3.Frontend
}

// until reads to a message of a kind, and returns the error that came before, if any did.
func (w *wire) until(kind pgproto3.BackendMessage) (code string) {
	w.t.Helper()
	for {
		m, err := w.Receive()
		if err != nil {
			w.t.Fatal(err)
		}
		if e, ok := m.(*pgproto3.ErrorResponse); ok {
			code = e.Code + " " + e.Message + " " + e.Detail
		}
		if reflect.TypeOf(m) == reflect.TypeOf(kind) {
			return code
		}
	}
}

func (w *wire) run(sql string) string {
	w.t.Helper()
	w.send(&pgproto3.Query{String: sql})
	return w.until(&pgproto3.ReadyForQuery{})
}

func (w *wire) send(list ...pgproto3.FrontendMessage) {
	w.t.Helper()
	for _, m := range list {
		w.Send(m)
	}
	if err := w.Flush(); err != nil {
		w.t.Fatal(err)
	}
}

// TestPoliciesInConflict: a transaction whose changes of roles or views do not go together with somebody else's appends nothing unchecked, though that
// is taken back before it commits.
func TestPoliciesInConflict(t *testing.T) {
	for name, c := range map[string]struct{ own, other, back string }{
		"role": {"ALTER ROLE bill SET application_name = 'his'", "ALTER ROLE bill SET application_name = 'x'", "ALTER ROLE bill RESET application_name"},
		"view": {"CREATE VIEW w AS SELECT 1 AS x", "CREATE VIEW w AS SELECT 2 AS x", "DROP VIEW w"},
	} {
		t.Run(name, func(t *testing.T) {
			server := harness.Eventgres(t)
			chief := must(t, server, "postgres")
			run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE bill LOGIN PASSWORD 'pw'", "GRANT SELECT, INSERT ON events TO bill", "GRANT CREATE ON SCHEMA public TO bill",
				"CREATE POLICY billing ON events TO bill USING (category = 'invoice')")
			other := must(t, server, "bill")
			raw, err := must(t, server, "bill").PgConn().Hijack()
			if err != nil {
				t.Fatal(err)
			}
			w := &wire{t, raw.Frontend}
			w.run("BEGIN")
			w.run(c.own)
			w.send(&pgproto3.Query{String: "COPY events (stream, type) FROM STDIN"})
			w.until(&pgproto3.CopyInResponse{})
			run(t, other, c.other)
			w.send(&pgproto3.CopyData{Data: []byte("secret-1\tHidden\n")}, &pgproto3.CopyDone{})
			if code := w.until(&pgproto3.ReadyForQuery{}); !strings.HasPrefix(code, "40001") {
				t.Errorf("the rows are answered with %q", code)
			}
			run(t, other, c.back)
			w.run("COMMIT")
			var n int
			if err := chief.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil || n != 0 {
				t.Errorf("%d events were appended, %v", n, err)
			}
		})
	}
}

// TestHiddenStreamAtCommit: who gave the id alone is not told the stream's name when he commits.
func TestHiddenStreamAtCommit(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE anna LOGIN PASSWORD 'pw'", "GRANT SELECT, INSERT ON events TO anna", "CREATE POLICY seen ON events FOR SELECT TO anna USING (type = 'Seen')",
		"CREATE POLICY adds ON events FOR INSERT TO anna WITH CHECK (true)", "INSERT INTO events (stream, type) VALUES ('secret-2', 'Hidden')")
	raw, err := must(t, server, "anna").PgConn().Hijack()
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t, raw.Frontend}
	for _, sql := range []string{
		"INSERT INTO events (stream_id, type, version) VALUES (stream_id('secret-2'), 'Seen', 1) ON CONFLICT DO NOTHING",
		"INSERT INTO events (stream_id, type, version) VALUES (stream_id('secret-2'), 'Seen', 2)",
		"INSERT INTO events (stream_id, type, expected_version) VALUES (stream_id('secret-2'), 'Seen', 2)",
	} {
		w.run("BEGIN")
		failed := w.run(sql)
		run(t, chief, "INSERT INTO events (stream, type) VALUES ('secret-2', 'Hidden')")
		failed += w.run("COMMIT")
		if failed == "" || strings.Contains(failed, "secret") {
			t.Errorf("%s: %q", sql, failed)
		}
	}
}

// TestPolicyZone: a condition means the same in every time zone, and on every path.
func TestPolicyZone(t *testing.T) {
	server := harness.Eventgres(t)
	chief := must(t, server, "postgres")
	run(t, chief, "INSERT INTO events (stream, type) VALUES ('a-1', 't')", "CREATE ROLE r", "GRANT SELECT ON events, streams TO r", "CREATE POLICY p ON events TO r USING (now()::text LIKE '%+00')",
		"SET ROLE r", "SET TimeZone = 'Asia/Tokyo'")
	for _, route := range []string{"native", "analytics"} {
		run(t, chief, "SET eventgres.route = "+route)
		for _, sql := range []string{"SELECT count(*) FROM events", "SELECT count(*) FROM streams"} {
			var n int
			if err := chief.QueryRow(t.Context(), sql).Scan(&n); err != nil || n != 1 {
				t.Errorf("%s, %s: %d, %v", route, sql, n, err)
			}
		}
	}
	run(t, chief, "RESET ROLE")
	refused(t, chief, "0A000", "CREATE POLICY q ON events USING (now() > '2026-01-01')")
}
