//go:build unix

package door

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestTLS: each client with a certificate that the server made, as it trusts it or not.
func TestTLS(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--tls-self-signed"))
	made := filepath.Join(server.Data, "tls", "server.crt")
	other := filepath.Join(harness.Eventgres(t, harness.WithArgs("--tls-self-signed", "--no-analytics")).Data, "tls", "server.crt")
	type attempt struct {
		name, sslmode, root string
		direct, in          bool
	}
	attempts := []attempt{
		{name: "no TLS", sslmode: "disable", in: true},
		{name: "TLS", sslmode: "require", in: true},
		{name: "TLS, checked", sslmode: "verify-full", root: made, in: true},
		{name: "TLS, of another server", sslmode: "verify-full", root: other},
		{name: "direct", sslmode: "verify-full", root: made, direct: true, in: true},
	}
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			c.need(t)
			var knocks []knock
			var list []attempt
			for _, a := range attempts {
				if !a.direct || c.name == "pgx" { // libpq has it from 17 on
					list = append(list, a)
					knocks = append(knocks, knock{host: "localhost", port: server.Port, user: "test", database: "events", sslmode: a.sslmode, root: a.root, direct: a.direct})
				}
			}
			for i, got := range c.knock(t, knocks) {
				if a := list[i]; a.in != (got == "in") || !a.in && !strings.HasPrefix(got, "client ") {
					t.Errorf("%s: %s", a.name, got)
				}
			}
		})
	}
}

// TestShowTLS: a session sees how it is encrypted, and that others may be.
func TestShowTLS(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--tls-self-signed"))
	ask := func(sslmode string) (conn *pgx.Conn, said string) {
		t.Helper()
		config, err := pgx.ParseConfig(fmt.Sprintf("host=localhost port=%d user=test dbname=events sslmode=%s", server.Port, sslmode))
		if err != nil {
			t.Fatal(err)
		}
		conn, err = pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		const sql = "SELECT concat_ws(' ', current_setting('ssl'), s.ssl, s.version, s.cipher, s.bits > 100) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE pid = pg_backend_pid()"
		if err := conn.QueryRow(t.Context(), sql).Scan(&said); err != nil {
			t.Fatal(err)
		}
		return conn, said
	}
	if _, got := ask("disable"); got != "on f" {
		t.Errorf("not encrypted: %s", got)
	}
	conn, got := ask("require")
	if want := "on t TLSv1.3 " + tls.CipherSuiteName(conn.PgConn().Conn().(*tls.Conn).ConnectionState().CipherSuite) + " t"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestReloadTLS: SIGHUP takes a new certificate; while a bad one is there the old one stays, for sessions there are and those that come.
func TestReloadTLS(t *testing.T) {
	first := harness.Eventgres(t, harness.WithArgs("--tls-self-signed", "--no-analytics"))
	other := harness.Eventgres(t, harness.WithArgs("--tls-self-signed", "--no-analytics"))
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	take := func(from *harness.Server, files ...string) {
		t.Helper()
		for _, name := range files {
			source := filepath.Join(from.Data, "tls", map[string]string{cert: "server.crt", key: "server.key"}[name])
			text, err := os.ReadFile(source)
			if err == nil {
				err = os.WriteFile(name, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	take(first, cert, key)
	server := harness.Eventgres(t, harness.WithArgs("--tls-cert", cert, "--tls-key", key, "--no-analytics"))
	trusts := func(by *harness.Server) string {
		return pgxKnock(t, knock{
			host: "localhost", port: server.Port, user: "test", database: "events", sslmode: "verify-full", root: filepath.Join(by.Data, "tls", "server.crt"),
		})
	}
	hangUp := func(log string) {
		t.Helper()
		if err := syscall.Kill(server.PID, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		server.AwaitLog(log)
	}
	if got := trusts(first); got != "in" {
		t.Error(got)
	}
	take(other, cert)
	hangUp("the TLS certificate was not loaded")
	if got := trusts(first); got != "in" {
		t.Errorf("with a bad certificate in the file: %s", got)
	}
	take(other, key)
	hangUp("loaded the TLS certificate")
	if got := trusts(other); got != "in" {
		t.Errorf("with a new certificate: %s", got)
	}
	if got := trusts(first); !strings.HasPrefix(got, "client ") {
		t.Errorf("the old certificate is still in use: %s", got)
	}
}

// TestReloadTLSFiles: a file of settings that names another certificate is taken, one whose certificate cannot be used is not.
func TestReloadTLSFiles(t *testing.T) {
	first := harness.Eventgres(t, harness.WithArgs("--tls-self-signed", "--no-analytics"))
	other := harness.Eventgres(t, harness.WithArgs("--tls-self-signed", "--no-analytics"))
	file := func(of *harness.Server, name string) string { return filepath.Join(of.Data, "tls", name) }
	settings := filepath.Join(t.TempDir(), "eventgres.toml")
	write := func(cert, key string) {
		t.Helper()
		if err := os.WriteFile(settings, fmt.Appendf(nil, "tls_cert = %q\ntls_key = %q\n", cert, key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file(first, "server.crt"), file(first, "server.key"))
	server := harness.Eventgres(t, harness.WithArgs("--config", settings, "--no-analytics"))
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	reload := func(serves *harness.Server) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), "SELECT pg_reload_conf()"); err != nil {
			t.Fatal(err)
		}
		got := pgxKnock(t, knock{
			host: "localhost", port: server.Port, user: "test", database: "events", sslmode: "verify-full", root: file(serves, "server.crt"),
		})
		var shown string
		if err := conn.QueryRow(t.Context(), "SHOW ssl_cert_file").Scan(&shown); err != nil || shown != file(serves, "server.crt") || got != "in" {
			t.Errorf("%s; ssl_cert_file is %s (%v), not %s", got, shown, err, file(serves, "server.crt"))
		}
	}
	write(file(other, "server.crt"), file(first, "server.key")) // which is none of its own
	reload(first)
	write(file(other, "server.crt"), file(other, "server.key"))
	reload(other)
	write("", "") // takes a restart
	reload(other)
	if !strings.Contains(server.Log(), "cannot be changed without restarting the server\" setting=tls_cert") {
		t.Error("nothing is said of TLS that is to end")
	}
}

// TestRefusedTLS: flags that do not go together, and files that cannot be used.
func TestRefusedTLS(t *testing.T) {
	made := harness.Eventgres(t, harness.WithArgs("--tls-self-signed", "--no-analytics"))
	file := func(name string) string { return filepath.Join(made.Data, "tls", name) }
	open := filepath.Join(t.TempDir(), "key")
	text, err := os.ReadFile(file("server.key"))
	if err == nil {
		err = os.WriteFile(open, text, 0o600)
	}
	if err == nil {
		err = os.Chmod(open, 0o644) // whatever the mask
	}
	if err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"belong together":           {"--tls-cert", file("server.crt")},
		"give it or them":           {"--tls-self-signed", "--tls-cert", file("server.crt"), "--tls-key", file("server.key")},
		"no such file":              {"--tls-cert", "/nowhere", "--tls-key", file("server.key")},
		"has group or world access": {"--tls-cert", file("server.crt"), "--tls-key", open},
		"failed to find any PEM":    {"--tls-cert", "/dev/null", "--tls-key", file("server.key")},
	} {
		data := filepath.Join(t.TempDir(), "data")
		out := run(t, nil, "", append([]string{harness.Binary(t), "serve", "--listen", "127.0.0.1:0", "--data", data}, args...)...)
		if !strings.Contains(out, want) {
			t.Errorf("%v: got %s, want %s", args, out, want)
		}
	}
}
