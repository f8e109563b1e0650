//go:build linux

package worker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// texts are every character of one byte, some of more, and what has been taken for
// something else than text.
func texts() []string {
	out := []string{
		"\x01p1\x01", "\x01p9\x01", "\x01user\x01", "' || version() || '", "EVG#0000000000000000", "EVG22012:division by zero", "\x1fdetail\x1fhint",
		"%s", "$1", "@zone@", "'", "''", `"`, `\`, "--", "/*", ";", "\u2028", "\U0010fffd", "\ufeff", "ÿ", "þ",
	}
	// The others many to a text: what one character does, it does among others.
	var many strings.Builder
	for r := rune(1); r < 0x100; r++ {
		if many.WriteRune(r); many.Len() >= 32 {
			out = append(out, many.String())
			many.Reset()
		}
	}
	return append(out, many.String())
}

// TestBytes: whatever characters a client writes, as a literal, a parameter, an identifier,
// in a view or as its own name, come back as they were, through the worker.
func TestBytes(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	literal := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	ident := func(s string) string { return pgx.Identifier{s}.Sanitize() }
	for i, text := range texts() {
		sql := fmt.Sprintf("SELECT %s || $1 AS %s, (SELECT max(%s)) FROM (VALUES (1)) AS t(%s) WHERE %s = $1 GROUP BY 1",
			literal(text), ident(text), literal(text), ident(text), literal(text))
		rows, err := c.Query(t.Context(), sql, text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if name := rows.FieldDescriptions()[0].Name; name != text {
			t.Errorf("%q comes back as the name %q", text, name)
		}
		var joined, again string
		if _, err := pgx.ForEachRow(rows, []any{&joined, &again}, func() error { return nil }); err != nil || joined != text+text || again != text {
			t.Errorf("%q comes back as %q and %q: %v", text, joined, again, err)
		}
		view := fmt.Sprintf("v%d", i)
		exec(t, c, fmt.Sprintf("CREATE VIEW %s AS SELECT %s::text || max('') AS %s", view, literal(text), ident(text)))
		if err := c.QueryRow(t.Context(), "SELECT upper('') || x.v FROM "+view+" AS x(v)").Scan(&joined); err != nil || joined != text {
			t.Errorf("%q comes back from a view as %q: %v", text, joined, err)
		}
		exec(t, c, "DROP VIEW "+view)
		// An error's words too, and they are the server's own.
		err = c.QueryRow(t.Context(), "SELECT x::int FROM (VALUES ($1)) AS t(x)", text).Scan(&joined)
		wantCode(t, text, err, "22P02")
		if want := fmt.Sprintf("invalid input syntax for type integer: \"%s\"", text); err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	config, err := pgx.ParseConfig(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts() {
		if strings.ContainsAny(text, "\x00") || len(text) > 60 {
			continue
		}
		named := config.Copy()
		named.User, named.Database = text, text
		named.RuntimeParams["application_name"] = "app"
		c, err := pgx.ConnectConfig(t.Context(), named)
		if err != nil {
			t.Fatalf("%q as a login name: %v", text, err)
		}
		var user, database, active string
		err = c.QueryRow(t.Context(), "SELECT max(current_user::text), max(current_database()::text), (SELECT usename FROM pg_stat_activity WHERE pid = pg_backend_pid()) FROM (VALUES (1)) AS t(x)").Scan(&user, &database, &active)
		if err != nil || user != text || database != text || active != text {
			t.Errorf("%q as a login name comes back as %q, %q, %q: %v", text, user, database, active, err)
		}
		c.Close(t.Context())
	}
}
