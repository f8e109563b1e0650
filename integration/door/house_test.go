package door

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire"
)

// roles are those of a test, on both sides.
type roles map[string]pgwire.Role

// house is the program with a door, started as a user would and told of roles in SQL: rules, roles and a certificate.
type house struct {
	*harness.Server
	port  int
	admin *pgx.Conn
}

// The database that tests knock for, which PostgreSQL has as well.
const database = "events"

// houseRules let the test itself in.
const houseRules = "host all postgres 127.0.0.1/32 trust\n"

func newHouse(t *testing.T, a *authority, rules string, r roles) house {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"hba.conf": houseRules + rules, "ident.conf": testMaps}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := harness.Eventgres(t, harness.WithArgs("--no-analytics", "--hba-file", filepath.Join(dir, "hba.conf"), "--ident-file", filepath.Join(dir, "ident.conf"),
		"--tls-cert", a.path("server.crt"), "--tls-key", a.path("server.key"), "--tls-client-ca", a.path("root.crt")))
	h := house{Server: s, port: s.Port, admin: mustEnter(t, s, "postgres", "")}
	for name, role := range r {
		mustExec(t, h.admin, creates(name, role))
	}
	return h
}

const testMaps = "m alice-cert alice\n"

// creates is the statement that makes a role, of either server.
func creates(name string, role pgwire.Role) string {
	options := []string{`CREATE ROLE "` + name + `"`}
	if role.Login {
		options = append(options, "LOGIN")
	}
	if role.HasPassword {
		options = append(options, "PASSWORD '"+role.Verifier.String()+"'")
	}
	if !role.ValidUntil.IsZero() {
		options = append(options, "VALID UNTIL '"+role.ValidUntil.UTC().Format(time.RFC3339)+"'")
	}
	return strings.Join(options, " ")
}

// furnish gives PostgreSQL the same door.
func (r reference) furnish(t *testing.T, a *authority, rules string, rs roles) {
	t.Helper()
	r.keep(t, "pg_hba.conf")
	r.keep(t, "pg_ident.conf")
	r.write(t, "pg_ident.conf", []byte(testMaps))
	// The test's own connections come in as before.
	r.write(t, "pg_hba.conf", []byte("host all postgres,test 127.0.0.1/32 trust\nhostnossl all postgres,test all trust\n"+rules))
	for name, file := range map[string]string{"ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "ssl_ca_file": "root.crt"} {
		text, err := os.ReadFile(a.path(file))
		if err != nil {
			t.Fatal(err)
		}
		r.make(t, "door."+file, text)
		r.exec(t, fmt.Sprintf("ALTER SYSTEM SET %s = 'door.%s'", name, file))
	}
	r.exec(t, "ALTER SYSTEM SET ssl = on")
	t.Cleanup(func() { r.exec(t, "ALTER SYSTEM RESET ALL"); r.reload(t) })
	for name, role := range rs {
		r.exec(t, creates(name, role))
		t.Cleanup(func() { r.exec(t, `DROP ROLE "`+name+`"`) })
	}
	r.reload(t)
}

func (r reference) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := r.admin.Exec(context.WithoutCancel(t.Context()), sql); err != nil {
		t.Fatalf("%v: %s", err, sql)
	}
}
