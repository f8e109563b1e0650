package door

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/auth"
	"github.com/eventgres/eventgres/query"
)

// roles are those of a test, on both sides.
type roles map[string]pgwire.Role

func (r roles) Lookup(name string) (pgwire.Role, bool) { role, ok := r[name]; return role, ok }
func (r roles) Member(name, of string) bool            { return name == "member" && of == "group" }

// house is a server with a door: rules, roles and a certificate, in this process until roles can be made from outside.
type house struct {
	port  int
	guard *pgwire.Guard
}

// The database that tests knock for, which PostgreSQL has as well.
const database = "events"

func newHouse(t *testing.T, a *authority, rules string, r roles, log ...slog.Handler) house {
	t.Helper()
	store, err := engine.Open(t.TempDir()+"/data", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	encryption, err := pgwire.LoadTLS(pgwire.TLSFiles{Cert: a.path("server.crt"), Key: a.path("server.key"), ClientCA: a.path("root.crt")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps := auth.ParseMaps([]byte(testMaps))
	options := pgwire.GuardOptions{Roles: r, Superuser: "postgres"}
	if log != nil {
		options.Logger = slog.New(log[0])
	}
	guard, err := pgwire.NewGuard(options,
		auth.ParseRules([]byte(rules), auth.RulesOptions{TLS: true, ClientCA: true, Maps: maps}), maps)
	if err != nil {
		t.Fatal(err)
	}
	server := &pgwire.Server{Handler: query.NewServer(store, slog.New(slog.DiscardHandler)), TLS: encryption, Authenticator: guard}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		<-served
	})
	return house{l.Addr().(*net.TCPAddr).Port, guard}
}

const testMaps = "m alice-cert alice\n"

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
		r.exec(t, strings.Join(options, " "))
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
