//go:build linux

package door

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

const security = "docs/security.md"

// securityBlocks are the page's in a language, of which it has so many.
func securityBlocks(t *testing.T, language string, n int) []string {
	t.Helper()
	blocks := harness.Blocks(harness.Document(t, security), language)
	if len(blocks) != n {
		t.Fatalf("the page has %d blocks of %s, not %d", len(blocks), language, n)
	}
	return blocks
}

// statements are a block's.
func statements(block string) []string {
	list := strings.Split(strings.TrimSpace(block), ";\n")
	list[len(list)-1] = strings.TrimSuffix(list[len(list)-1], ";")
	return list
}

// from connects from an address of this machine, with TLS and a certificate, or without.
func from(t *testing.T, s *harness.Server, address, user, password string, a *authority, certificate string) (*pgx.Conn, error) {
	t.Helper()
	config, err := pgx.ParseConfig(fmt.Sprintf("postgres://localhost:%d/events?sslmode=disable", s.Port))
	if err != nil {
		t.Fatal(err)
	}
	config.User, config.Password = user, password
	config.DialFunc = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	if a != nil {
		roots := x509.NewCertPool()
		roots.AddCert(a.cert)
		config.TLSConfig = &tls.Config{RootCAs: roots, ServerName: "localhost"}
		if certificate != "" {
			pair, err := tls.LoadX509KeyPair(a.path(certificate+".crt"), a.path(certificate+".key"))
			if err != nil {
				t.Fatal(err)
			}
			config.TLSConfig.Certificates = []tls.Certificate{pair}
		}
	}
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err == nil {
		t.Cleanup(func() { c.Close(context.Background()) })
	}
	return c, err
}

// TestHardening: with the page's rules, settings and roles those come in, and do, who should; 127.0.0.2 is the network here.
func TestHardening(t *testing.T) {
	a := newAuthority(t)
	a.sign("server")
	a.sign("orders")
	dir := t.TempDir()
	rules, settings := filepath.Join(dir, "hba.conf"), filepath.Join(dir, "eventgres.toml")
	for file, text := range map[string]string{
		rules: strings.ReplaceAll(securityBlocks(t, "hba", 1)[0], "10.0.0.0/8", "127.0.0.2/32"), settings: strings.ReplaceAll(securityBlocks(t, "toml", 1)[0], "/var/log/eventgres", dir),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := harness.Eventgres(t, harness.WithEnv("EVENTGRES_PASSWORD=secret"), harness.WithArgs("--config", settings, "--hba-file", rules,
		"--tls-cert", a.path("server.crt"), "--tls-key", a.path("server.key"), "--tls-client-ca", a.path("root.crt")))
	chief, err := from(t, s, "127.0.0.1", "postgres", "secret", nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range statements(securityBlocks(t, "sql", 3)[2]) {
		mustExec(t, chief, sql)
	}
	for _, attempt := range []struct {
		who, password, certificate string
		encrypted                  bool
		state                      string
	}{
		{"postgres", "secret", "", true, "28000"},
		{"postgres", "secret", "", false, "28000"},
		{"orders", "a long one", "orders", true, ""},
		{"orders", "a long one", "", true, "28000"},
		{"orders", "wrong", "orders", true, "28P01"},
		{"orders", "a long one", "", false, "28000"},
		{"reports", "another", "", true, ""},
		{"reports", "another", "", false, "28000"},
	} {
		by := a
		if !attempt.encrypted {
			by = nil
		}
		if _, err := from(t, s, "127.0.0.2", attempt.who, attempt.password, by, attempt.certificate); stateOf(err) != attempt.state || (err == nil) != (attempt.state == "") {
			t.Errorf("%+v: %v", attempt, err)
		}
	}
	for _, may := range []struct{ who, password, sql, state string }{
		{"orders", "a long one", "INSERT INTO events (stream, type) VALUES ('order-1', 'Placed')", ""},
		{"orders", "a long one", "SELECT * FROM events", "42501"},
		{"reports", "another", "SELECT n FROM order_counts", ""},
		{"reports", "another", "SELECT * FROM events", "42501"},
		{"reports", "another", "INSERT INTO events (stream, type) VALUES ('order-1', 'Placed')", "42501"},
	} {
		c, err := from(t, s, "127.0.0.1", may.who, may.password, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exec(t.Context(), may.sql); stateOf(err) != may.state {
			t.Errorf("%s, %s: %v", may.who, may.sql, err)
		}
	}
	s.Stop() // with which both logs are whole
	audited, err := os.ReadFile(filepath.Join(dir, "audit.json"))
	if err != nil || !strings.Contains(string(audited), `"authentication"`) || strings.Contains(string(audited), "a long one") {
		t.Errorf("the audit log: %s, %v", audited, err)
	}
	if strings.Contains(s.Log(), "a long one") || !strings.Contains(s.Log(), "orders") {
		t.Error("the log has a password, or no connections")
	}
}

// TestCannotBeHidden: what the page says that everybody learns, and who may append, they do learn.
func TestCannotBeHidden(t *testing.T) {
	blocks := securityBlocks(t, "sql", 3)
	s := harness.Eventgres(t)
	chief := mustEnter(t, s, "postgres", "")
	for _, sql := range []string{
		"INSERT INTO events (stream, type, event_id) VALUES ('account-ada', 'Opened', '0190d5a4-7b2e-7c3d-8e4f-5a6b7c8d9e0f')",
		"CREATE VIEW secret AS SELECT 'a text' AS t", "CREATE ROLE nobody LOGIN", "CREATE ROLE orders LOGIN", "GRANT INSERT ON events TO orders",
	} {
		mustExec(t, chief, sql)
	}
	learnt := func(c *pgx.Conn, sql string) string {
		t.Helper()
		rows, err := c.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			values, err := row.Values()
			return fmt.Sprint(values...), err
		})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		return strings.Join(list, "\n")
	}
	nobody := mustEnter(t, s, "nobody", "")
	want := []string{"0/1000001", "8388608", "orders", "a text"}
	for i, sql := range statements(blocks[0]) {
		if got := learnt(nobody, sql); i >= len(want) || !strings.Contains(got, want[i]) {
			t.Errorf("%s: %s", sql, got)
		}
	}
	orders := mustEnter(t, s, "orders", "")
	appends := statements(blocks[1])
	if len(appends) != 2 {
		t.Fatal(appends)
	}
	if _, err := orders.Exec(t.Context(), appends[0]); stateOf(err) != "40001" {
		t.Errorf("a stream that is there: %v", err)
	}
	if tag, err := orders.Exec(t.Context(), appends[1]); err != nil || tag.RowsAffected() != 0 {
		t.Errorf("an id that is there: %v, %v", tag, err)
	}
	// And nothing of what the page does not name.
	for _, sql := range []string{
		"SELECT * FROM events", "SELECT * FROM streams", "SELECT * FROM secret", "SELECT * FROM pg_authid", "SELECT * FROM pg_hba_file_rules", "SELECT * FROM eventgres_health",
	} {
		if _, err := nobody.Exec(t.Context(), sql); stateOf(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if got := learnt(nobody, "SELECT usename FROM pg_stat_activity WHERE query <> '<insufficient privilege>' AND usename IS NOT NULL"); slices.Contains(strings.Split(got, "\n"), "postgres") {
		t.Errorf("others' statements: %s", got)
	}
}

// TestSecurityCommands runs the page's commands of psql, against a server that has made its certificate.
func TestSecurityCommands(t *testing.T) {
	psql := harness.Need(t, "psql")
	s := harness.Eventgres(t, harness.WithArgs("--tls-self-signed", "--no-analytics"))
	ran := 0
	for line := range strings.Lines(harness.Document(t, security)) {
		command, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "    psql ")
		if !ok {
			continue
		}
		ran++
		command = strings.NewReplacer("port=5433", fmt.Sprintf("port=%d", s.Port), "data/tls", s.Data+"/tls").Replace(command)
		if out := run(t, []string{"HOME=/nonexistent"}, "", "sh", "-c", psql+" -XAtw -U postgres -c 'SELECT 1' "+command); out != "1" {
			t.Errorf("%s: %s", command, out)
		}
	}
	if ran == 0 {
		t.Error("the page has no commands")
	}
}
