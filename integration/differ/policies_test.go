package differ

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/analytics"
	"github.com/eventgres/eventgres/integration/harness"
)

// readers are roles with the policies by which they see events. A policy of a category is of what the stream's name has before its hyphen on
// PostgreSQL, whose table has no such column.
var readers = []struct{ name, policies string }{
	{"differ_category", `CREATE POLICY differ_category ON events FOR SELECT TO differ_category USING (category IN ('order', 'plain'))`},
	{"differ_type", `CREATE POLICY differ_type ON events TO differ_type USING (type IN ('Opened', 'Added', 'Staged', 'Number'))`},
	{"differ_mixed", `CREATE POLICY differ_mixed ON events FOR SELECT TO differ_mixed USING (tags @> '{a}');
		CREATE POLICY differ_also ON events FOR SELECT TO differ_mixed USING (stream LIKE 'c%' AND current_user = 'differ_mixed');
		CREATE POLICY differ_but ON events AS RESTRICTIVE FOR SELECT TO differ_mixed USING (type <> 'Closed' AND stream_id <> '00000000-0000-4000-8000-000000000001')`},
}

// secure makes the readers and their policies in a database.
func secure(t *testing.T, url string, postgres bool) {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var all []string
	if postgres {
		all = append(all, `ALTER FUNCTION events_number() SECURITY DEFINER`,
			`CREATE FUNCTION true_version(uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT max(version) FROM events WHERE stream_id = $1'`,
			`CREATE OR REPLACE VIEW streams WITH (security_invoker = true) AS SELECT stream_id, max(stream) AS stream, split_part(max(stream), '-', 1) AS category,
				true_version(stream_id) AS version, min(position) AS first_position, max(position) AS last_position, min(recorded_at) AS created_at, max(recorded_at) AS updated_at
				FROM events GROUP BY stream_id`,
			`ALTER TABLE events ENABLE ROW LEVEL SECURITY`, `GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC`)
	}
	for _, r := range readers {
		if !postgres {
			all = append(all, "CREATE ROLE "+r.name+" LOGIN")
		}
		policies := r.policies
		if postgres {
			policies = strings.ReplaceAll(policies, "category IN", "split_part(stream, '-', 1) IN")
		}
		all = append(all, "GRANT SELECT, INSERT ON events TO "+r.name, "GRANT SELECT ON streams TO "+r.name, policies)
	}
	all = append(all, `GRANT CREATE ON SCHEMA public TO PUBLIC`,
		`CREATE POLICY differ_staged ON events FOR INSERT TO PUBLIC WITH CHECK (type = 'Staged')`)
	for _, sql := range all {
		if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// as is a URL for another user.
func as(url, user string) string {
	if before, _, found := strings.Cut(url, "user="); found {
		return before + "user=" + user
	}
	_, host, _ := strings.Cut(url, "@")
	return "postgres://" + user + "@" + host
}

// TestPolicies asks as roles that do not see everything, of PostgreSQL with the same policies.
func TestPolicies(t *testing.T) {
	cluster := harness.Postgres(t)
	admin, err := pgconn.Connect(t.Context(), cluster.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t)
	for _, r := range readers { // roles are the whole cluster's
		if _, err := admin.Exec(t.Context(), "CREATE ROLE "+r.name+" LOGIN").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, r := range readers {
			for _, url := range []string{s.postgres, s.shuffled} {
				if conn, err := pgconn.Connect(ctx, url); err == nil {
					_, _ = conn.Exec(ctx, "DROP OWNED BY "+r.name+" CASCADE").ReadAll()
					conn.Close(ctx)
				}
			}
			if _, err := admin.Exec(ctx, "DROP ROLE "+r.name).ReadAll(); err != nil {
				t.Error(err)
			}
		}
		admin.Close(ctx)
	})
	secure(t, s.postgres, true)
	secure(t, s.shuffled, true)
	secure(t, as(s.eventgres, "postgres"), false)
	r := &Run{Seed: seed(t), Statements: *statements / 5, Generators: []Generator{{"queries", newQuery}}, Log: s.log}
	for _, reader := range readers {
		p := NewPair(as(s.postgres, reader.name), as(s.shuffled, reader.name), as(s.eventgres, reader.name))
		t.Cleanup(p.Close)
		r.Pairs = append(r.Pairs, p)
	}
	if *findingsDir != "" {
		r.Found = func(f *Finding) { write(t, f) }
	}
	r.Ask(t.Context())
	t.Log("\n" + r.Summary())
	for _, f := range r.Findings() {
		t.Errorf("%s", f.Show())
	}
	for _, line := range endsOf(s.log()) {
		t.Errorf("the server's log: %s", line)
	}
}

// hidden are events as the reader of TestHidden does not see them, in two ways.
var hidden = [2][5]string{
	{"secret-%d", "Hidden", `{"a": 0, "k": "x", "b": [1]}`, `{"by": "ann"}`, `{a,h}`},
	{"zecret-%d", "Zidden", `{"a": "no number", "k": 7, "b": "zz"}`, `null`, `{h,NULL,zz}`},
}

// load gives a server events, with hidden ones between them.
func load(t *testing.T, url string, seen [][]*string, hidden [5]string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	insert := func(values ...any) {
		t.Helper()
		sql := "INSERT INTO events (stream_id, stream, event_id, type, payload, metadata, tags) VALUES ($1, $2, $3, $4, $5, $6, $7)"
		if _, err := conn.Exec(t.Context(), sql, append([]any{pgx.QueryExecModeSimpleProtocol}, values...)...); err != nil {
			t.Fatal(err)
		}
	}
	for n, e := range seen {
		insert(e[0], e[1], e[2], e[3], e[4], e[5], e[6])
		if n%2 == 0 {
			insert(nil, fmt.Sprintf(hidden[0], n%3), fmt.Sprintf("00000000-0000-7000-8000-%012x", n), hidden[1], hidden[2], hidden[3], hidden[4])
		}
	}
	for _, sql := range []string{
		`CREATE ROLE reader LOGIN`, `GRANT SELECT, INSERT ON events TO reader`, `GRANT SELECT ON streams TO reader`, `GRANT CREATE ON SCHEMA public TO reader`,
		`CREATE POLICY seen ON events TO reader USING (tags IS NULL OR NOT tags @> '{h}')`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// seen are the events of a server, as texts.
func seen(t *testing.T, url string) (all [][]*string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), "SELECT stream_id::text, stream, event_id::text, type, payload::text, metadata::text, tags::text FROM events ORDER BY position")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		e := make([]*string, 7)
		if err := rows.Scan(&e[0], &e[1], &e[2], &e[3], &e[4], &e[5], &e[6]); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if rows.Err() != nil || len(all) == 0 {
		t.Fatal(len(all), rows.Err())
	}
	return all
}

// told is what a session is told when it asks, or asks for the plan.
func told(ctx context.Context, session *analytics.Session, s *Statement, plan bool) string {
	if !plan {
		return show(ask(ctx, session, s, true, false))
	}
	if s.Way == Cursor || s.Way == View || s.Way == Again || len(s.Params) > 0 {
		return ""
	}
	return show(session.Ask(ctx, &analytics.Case{SQL: "EXPLAIN " + s.SQL()}, analytics.Simple))
}

// show is all of an answer; its rows in an order of their own.
func show(a *analytics.Answer) string {
	b := *a
	b.Rows = slices.Clone(a.Rows)
	slices.SortFunc(b.Rows, func(x, y [][]byte) int { return slices.CompareFunc(x, y, bytes.Compare) })
	var out strings.Builder
	for near := 0; near <= len(b.Rows); near += 10 {
		out.WriteString(b.Show(near))
	}
	return out.String()
}

// TestHidden asks the same of two servers that differ in what is hidden: no answer, no error and no plan tells them apart.
func TestHidden(t *testing.T) {
	all := seen(t, start(t).eventgres)
	var sessions [2]*analytics.Session
	for i := range sessions {
		server := harness.Eventgres(t)
		load(t, as(server.URL(), "postgres"), all, hidden[i])
		sessions[i] = analytics.NewSession(fmt.Sprint("Eventgres ", i), as(server.URL(), "reader"), eventgresTime)
		t.Cleanup(sessions[i].Close)
	}
	r := &Run{Seed: seed(t), Generators: []Generator{{"queries", newTimeless}}}
	asked, refused := 0, 0
	for n := range *statements / 20 {
		s := r.statement(n)
		if s == nil {
			continue
		}
		asked++
		for _, plan := range []bool{false, true} {
			var got [2]string
			for i, session := range sessions {
				got[i] = told(t.Context(), session, s, plan)
			}
			if got[0] != got[1] {
				t.Errorf("%s\n-- the one:\n%s\n-- the other:\n%s", s.Show(), got[0], got[1])
			}
			if strings.HasPrefix(got[0], "ERROR") {
				refused++
			}
		}
	}
	t.Logf("%d statements, %d answers refused", asked, refused)
}
