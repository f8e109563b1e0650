package sqlstates

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

var rewrite = flag.Bool("rewrite", false, "write docs/errors.md anew, from the declarations")

func all(t *testing.T) (root string, codes []code) {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	codes, err = declared(root)
	if err != nil || len(codes) < 100 {
		t.Fatalf("%d codes are declared, %v", len(codes), err)
	}
	return root, codes
}

// TestPage: docs/errors.md has every code that is declared, and what is said of it.
func TestPage(t *testing.T) {
	root, codes := all(t)
	want, err := page(codes)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docs/errors.md")
	if *rewrite {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("docs/errors.md is stale (%v): go test ./integration/sqlstates -run TestPage -rewrite", err)
	}
}

// TestConditions: what is said is whole, of codes that there are, and met by an example or by a test that is named.
func TestConditions(t *testing.T) {
	root, codes := all(t)
	names := map[string]string{}
	for _, c := range codes {
		names[c.state] = c.name
	}
	for state, c := range conditions {
		if names[state] == "" || c.when == "" || c.do == "" || (c.example == "") == (c.seen == "") {
			t.Errorf("%s is not declared, or something is missing of what is said", state)
		}
		if c.seen != "" {
			text, err := os.ReadFile(filepath.Join(root, c.seen))
			if err != nil || !strings.Contains(string(text), state) && !strings.Contains(string(text), "pgerror."+names[state]) {
				t.Errorf("%s does not meet %s (%v)", c.seen, state, err)
			}
		}
	}
}

// connect returns a connection of the superuser, and where the SQLSTATEs of its notices go.
func connect(t *testing.T, url string) (*pgconn.PgConn, *string) {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.User = "postgres"
	told := new(string)
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { *told = n.Code }
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn, told
}

// met is the SQLSTATE of the last of several statements: of its error, else of its notice.
func met(t *testing.T, url, statements string) string {
	t.Helper()
	conn, told := connect(t, url)
	defer conn.Close(t.Context())
	var err error
	for _, sql := range strings.Split(statements, "; ") {
		*told = ""
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, err = conn.Exec(ctx, sql).ReadAll()
		cancel()
	}
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		return refused.Code
	case err != nil:
		return err.Error()
	}
	return *told
}

// TestExamples: each example meets its code.
func TestExamples(t *testing.T) {
	server := harness.Eventgres(t)
	server.AwaitLog("the analytics worker is ready")
	conn, _ := connect(t, server.URL())
	for _, sql := range []string{
		"INSERT INTO events (stream, type) VALUES ('account-ada', 'Opened'), ('account-ada', 'Deposited')",
		"CREATE ROLE reader", "CREATE ROLE orders LOGIN", "GRANT SELECT ON events TO reader",
	} {
		if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	_, codes := all(t)
	for _, c := range codes {
		said := conditions[c.state]
		if said.example == "" {
			continue
		}
		statements := said.example
		if said.run != "" {
			statements = said.run
		}
		if got := met(t, server.URL(), statements); got != c.state {
			t.Errorf("%s meets %s, not %s", said.example, got, c.state)
		}
	}
}

// TestNames: PostgreSQL calls each code as the page does. It knows no names of what is no error.
func TestNames(t *testing.T) {
	conn, _ := connect(t, harness.Postgres(t).URL("postgres"))
	_, codes := all(t)
	for _, c := range codes {
		if strings.HasPrefix(c.state, "00") || strings.HasPrefix(c.state, "01") {
			continue
		}
		_, err := conn.Exec(t.Context(), "DO $$ BEGIN RAISE "+c.condition()+"; END $$").ReadAll()
		var raised *pgconn.PgError
		if !errors.As(err, &raised) || raised.Code != c.state {
			t.Errorf("%s, %s: %v", c.state, c.condition(), err)
		}
	}
}
