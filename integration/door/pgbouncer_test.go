//go:build unix

package door

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// bouncerConfig is docs/clients.md's, with a server's port, one to listen at, and where its files are.
func bouncerConfig(t *testing.T, behind, port int, dir string) string {
	t.Helper()
	blocks := harness.Blocks(harness.Document(t, connecting), "ini")
	if len(blocks) != 1 {
		t.Fatalf("the page has %d configurations of PgBouncer", len(blocks))
	}
	return strings.NewReplacer(
		"host=db.example.com port=5433", fmt.Sprintf("host=localhost port=%d", behind), "listen_port = 6432", fmt.Sprintf("listen_port = %d\nunix_socket_dir =", port),
		"users.txt", dir+"/users", "server.crt", dir+"/server.crt", "server.key", dir+"/server.key", "root.crt", dir+"/root.crt",
	).Replace(blocks[0])
}

// TestPgBouncer: through PgBouncer, with SCRAM and TLS on both sides of it. It has no PLUS.
func TestPgBouncer(t *testing.T) {
	harness.Need(t, "pgbouncer")
	a := newAuthority(t)
	a.sign("server")
	r := roles{"app": matrixRoles()["plus"], "other": matrixRoles()["plus"]}
	const rules = "hostssl all all all scram-sha-256\n"
	port := startBouncer(t, a, newHouse(t, a, rules, r).port)
	beside := postgresPort(t, a, rules, r)
	bouncedThere := startBouncer(t, a, beside)
	for _, k := range []knock{
		{user: "app", password: "secret", sslmode: "verify-full", root: a.path("root.crt")},
		{user: "app", password: "wrong", sslmode: "verify-full", root: a.path("root.crt")},
		{user: "app", password: "secret", sslmode: "disable"},
		{user: "other", password: "stale", sslmode: "require"}, // PgBouncer itself has another password than the server
		{user: "unknown", password: "secret", sslmode: "require"},
	} {
		k.host, k.database = "localhost", database
		k.port = port
		got := withoutPorts(pgxKnock(t, k), k.port)
		k.port = bouncedThere
		if want := withoutPorts(pgxKnock(t, k), k.port); got != want || (k.user == "app" && k.password == "secret" && k.root != "") != (got == "in") {
			t.Errorf("%s with %q, %s: got %s\nwith PostgreSQL behind it %s", k.user, k.password, k.sslmode, got, want)
		}
	}
}

// TestPgBouncerAsks: PgBouncer, which knows the password of one role alone, lets in whom the server knows, by what it is told of them in
// either way, and comes in as them with what they have proved. The server is a program of its own, with the worker and without.
func TestPgBouncerAsks(t *testing.T) {
	harness.Need(t, "pgbouncer")
	a := newAuthority(t)
	a.sign("server")
	made := []string{
		"CREATE ROLE client LOGIN PASSWORD 'secret'", "CREATE ROLE late LOGIN PASSWORD 'secret' VALID UNTIL '2001-01-01'", "CREATE ROLE bare LOGIN", "CREATE ROLE crowd PASSWORD 'secret'",
	}
	knocks := []knock{
		{user: "client", password: "secret", sslmode: "verify-full", root: a.path("root.crt")},
		{user: "client", password: "wrong", sslmode: "require"},
		{user: "client", password: "secret", sslmode: "disable"},
		{user: "bare", password: "secret", sslmode: "require"},
		{user: "unknown", password: "secret", sslmode: "require"},
		{user: "late", password: "secret", sslmode: "require"},
		{user: "crowd", password: "secret", sslmode: "require"},
	}
	answers := func(t *testing.T, behind int, query string) (said []string) {
		t.Helper()
		options := []string{"auth_user = pool"}
		if query != "" {
			options = append(options, "auth_query = "+query)
		}
		port := startBouncer(t, a, behind, options...)
		for _, k := range knocks {
			k.host, k.database, k.port = "localhost", database, port
			said = append(said, withoutPorts(pgxKnock(t, k), port))
		}
		return said
	}
	r := postgresFor(t)
	r.furnish(t, a, "hostssl all all all scram-sha-256\n", nil)
	for _, sql := range append(made, "CREATE ROLE pool LOGIN SUPERUSER PASSWORD 'pw'") {
		r.exec(t, sql)
		t.Cleanup(func() { r.exec(t, "DROP ROLE "+strings.Fields(sql)[2]) })
	}
	want := answers(t, r.Port, "")
	for _, args := range [][]string{nil, {"--no-analytics"}} {
		s := harness.Eventgres(t, harness.WithArgs(append(args, "--tls-cert", a.path("server.crt"), "--tls-key", a.path("server.key"))...))
		chief := mustEnter(t, s, "postgres", "")
		mustExec(t, chief, "ALTER ROLE postgres PASSWORD 'pw'")
		for _, sql := range append(made, "CREATE ROLE pool LOGIN PASSWORD 'pw' IN ROLE eventgres_auth_query") {
			mustExec(t, chief, sql)
		}
		for _, query := range []string{"", "SELECT usename, passwd FROM eventgres_auth($1)"} {
			for i, got := range answers(t, s.Port, query) {
				k := knocks[i]
				if k.user == "late" && query != "" && strings.HasPrefix(got, "28P01") {
					continue // which PgBouncer itself says then
				}
				if got != want[i] || (i == 0) != (got == "in") {
					t.Errorf("%q, %s with %q, %s: got %s\nwith PostgreSQL behind it %s", query, k.user, k.password, k.sslmode, got, want[i])
				}
			}
		}
		mustExec(t, chief, "REVOKE eventgres_auth_query FROM pool")
		if got := answers(t, s.Port, "")[0]; got == "in" {
			t.Error("who may not ask any more lets somebody in")
		}
	}
}

func postgresPort(t *testing.T, a *authority, rules string, rs roles) int {
	t.Helper()
	r := postgresFor(t)
	r.furnish(t, a, rules, rs)
	return r.Port
}

// startBouncer starts PgBouncer before a server, and returns its port.
func startBouncer(t *testing.T, a *authority, behind int, options ...string) int {
	t.Helper()
	files := map[string][]byte{"users": []byte("\"app\" \"secret\"\n\"other\" \"stale\"\n\"pool\" \"pw\"\n")}
	for _, name := range []string{"server.crt", "server.key", "root.crt"} {
		text, err := os.ReadFile(a.path(name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	return harness.PgBouncer(t, files, func(dir string, port int) string {
		return bouncerConfig(t, behind, port, dir) + "\n" + strings.Join(options, "\n") + "\n"
	})
}
