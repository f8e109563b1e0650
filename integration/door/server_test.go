package door

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// enter connects to a server as a role; the error is what it says to that.
func enter(t *testing.T, s *harness.Server, user, password string) (*pgx.Conn, error) {
	t.Helper()
	config, err := pgx.ParseConfig(fmt.Sprintf("postgres://%s:%d/events", s.Host, s.Port))
	if err != nil {
		t.Fatal(err)
	}
	config.User, config.Password = user, password
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err == nil {
		t.Cleanup(func() { c.Close(t.Context()) })
	}
	return c, err
}

func mustEnter(t *testing.T, s *harness.Server, user, password string) *pgx.Conn {
	t.Helper()
	c, err := enter(t, s, user, password)
	if err != nil {
		t.Fatalf("%s: %v", user, err)
	}
	return c
}

func mustExec(t *testing.T, c *pgx.Conn, sql string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// stateOf is the SQLSTATE of an error, empty for none.
func stateOf(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// TestFirstPassword: until the superuser has a password, whoever is on the machine comes in by any name; from then on a password is
// asked for, also after kill -9. What was rolled back was never set.
func TestFirstPassword(t *testing.T) {
	s := harness.Eventgres(t)
	anybody := mustEnter(t, s, "anybody", "")
	mustExec(t, anybody, "BEGIN; ALTER USER postgres PASSWORD 'lost'; ROLLBACK")
	mustExec(t, anybody, "BEGIN; SAVEPOINT a; ALTER USER postgres PASSWORD 'lost'; ROLLBACK TO a; COMMIT")
	mustEnter(t, s, "somebody", "")
	mustExec(t, anybody, "BEGIN; INSERT INTO events (stream, type, payload) VALUES ('s-1', 't', '{}'); ALTER ROLE postgres WITH ENCRYPTED PASSWORD 'first'; COMMIT")
	for range 2 {
		for _, c := range []struct{ user, password, want string }{
			{"postgres", "first", ""}, {"postgres", "lost", "28P01"}, {"anybody", "first", "28P01"}, {"anybody", "", "28P01"},
		} {
			if _, err := enter(t, s, c.user, c.password); !strings.HasPrefix(stateOf(err), c.want) || (c.want == "") != (err == nil) {
				if c.password == "" && err != nil {
					continue // the client itself has none to give
				}
				t.Errorf("%s with %q: %v, want %q", c.user, c.password, err, c.want)
			}
		}
		s.Kill()
		s.Restart()
	}
	superuser := mustEnter(t, s, "postgres", "first")
	mustExec(t, superuser, "ALTER ROLE CURRENT_USER PASSWORD NULL")
	mustEnter(t, s, "anybody", "")
}

// TestPasswordExpires: VALID UNTIL is the password's.
func TestPasswordExpires(t *testing.T) {
	s := harness.Eventgres(t)
	c := mustEnter(t, s, "postgres", "")
	mustExec(t, c, "ALTER ROLE postgres PASSWORD 'p' VALID UNTIL 'infinity'")
	mustEnter(t, s, "postgres", "p")
	mustExec(t, c, "ALTER ROLE postgres VALID UNTIL '2001-02-03 04:05:06+00'")
	if _, err := enter(t, s, "postgres", "p"); stateOf(err) != "28P01" {
		t.Errorf("an expired password: %v", err)
	}
}

// TestAlterRole: what ALTER ROLE says to what cannot be done.
func TestAlterRole(t *testing.T) {
	s := harness.Eventgres(t)
	c := mustEnter(t, s, "anybody", "")
	for sql, want := range map[string]string{
		"ALTER ROLE nobody PASSWORD 'x'":                "42704",
		"ALTER ROLE public PASSWORD 'x'":                "42704",
		"ALTER ROLE none PASSWORD 'x'":                  "42939",
		"ALTER ROLE postgres NOSUPERUSER":               "42501",
		"ALTER ROLE postgres NOLOGIN":                   "42501",
		"ALTER ROLE postgres PASSWORD 'x' PASSWORD 'y'": "42601",
		"ALTER ROLE postgres PASSWORD x":                "42601",
		"ALTER ROLE postgres SILLY":                     "42601",
		"ALTER ROLE postgres UNENCRYPTED PASSWORD 'x'":  "0A000",
		"ALTER ROLE postgres VALID UNTIL 'never ever'":  "22007",
		"ALTER ROLE postgres CONNECTION LIMIT -2":       "22023",
		"ALTER ROLE postgres RENAME TO x":               "0A000",
		"ALTER ROLE postgres SET work_man = '1MB'":      "42704",
		"ALTER ROLE postgres PASSWORD 'md5" + md5 + "'": "0A000",
		"BEGIN READ ONLY; ALTER ROLE postgres LOGIN":    "25006",
		"ALTER USER postgres WITH SUPERUSER LOGIN":      "",
		"ALTER USER CURRENT_USER CONNECTION LIMIT -1":   "",
		"ALTER ROLE postgres":                           "",
		"ALTER USER MAPPING FOR postgres SERVER s":      "0A000",
		"ALTER ROLE ALL SET work_mem = 'some'":          "22023",
	} {
		_, err := c.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		if got := stateOf(err); got != want {
			t.Errorf("%s: %v, want %q", sql, err, want)
		}
		mustExec(t, c, "ROLLBACK")
	}
	if _, err := enter(t, s, "anybody else", ""); err != nil {
		t.Errorf("one of them has set a password: %v", err)
	}
}

const md5 = "0123456789abcdef0123456789abcdef"

// TestPasswordsAreSecret: a password is in no answer, no log and no file, whichever statement it stands beside.
func TestPasswordsAreSecret(t *testing.T) {
	const secret = "wherever0you0look"
	s := harness.Eventgres(t)
	c, other := mustEnter(t, s, "postgres", ""), mustEnter(t, s, "postgres", "")
	for _, sql := range []string{
		"ALTER ROLE postgres PASSWORD '" + secret + "'",
		"SELECT 1; ALTER ROLE postgres ENCRYPTED PASSWORD E'" + secret + "'; SELECT count(*) FROM events GROUP BY type",
		"ALTER ROLE postgres UNENCRYPTED PASSWORD '" + secret + "'",
		"ALTER ROLE nobody PASSWORD '" + secret + "'",
		"BEGIN; ALTER ROLE postgres PASSWORD $$" + secret + "$$; COMMIT",
	} {
		_, err := c.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("an error tells it: %v", err)
		}
		var query string
		if err := other.QueryRow(t.Context(), "SELECT query FROM pg_stat_activity WHERE pid = $1", c.PgConn().PID()).Scan(&query); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(query, secret) {
			t.Errorf("pg_stat_activity tells it: %s", query)
		}
	}
	var query string
	if _, err := c.Exec(t.Context(), "ALTER ROLE postgres PASSWORD '"+secret+"'"); err != nil { // in the extended protocol
		t.Fatal(err)
	}
	if err := other.QueryRow(t.Context(), "SELECT query FROM pg_stat_activity WHERE pid = $1", c.PgConn().PID()).Scan(&query); err != nil {
		t.Fatal(err)
	}
	if want := "ALTER ROLE postgres PASSWORD '********'"; query != want {
		t.Errorf("pg_stat_activity shows %q, want %q", query, want)
	}
	s.Stop()
	if strings.Contains(s.Log(), secret) {
		t.Error("the log tells it")
	}
	files := 0
	err := filepath.Walk(s.Data, func(path string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), secret) {
			t.Errorf("%s has it", path)
		}
		return err
	})
	if err != nil || files < 3 {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestGivenPassword: the superuser's password can come from a file or the environment, once; the worker does not inherit it.
func TestGivenPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := harness.Eventgres(t, harness.WithArgs("--superuser", "chief", "--superuser-password-file", file), harness.WithEnv("EVENTGRES_PASSWORD=overruled"))
	c := mustEnter(t, s, "chief", "from a file")
	mustExec(t, c, "ALTER ROLE chief PASSWORD 'changed'")
	if err := os.WriteFile(file, []byte("later\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	s.Restart()
	s.AwaitLog("the one that was given at the start is ignored")
	mustEnter(t, s, "chief", "changed")

	s = harness.Eventgres(t, harness.WithEnv("EVENTGRES_PASSWORD=from the environment"))
	mustEnter(t, s, "postgres", "from the environment")
	if children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.PID)); err == nil {
		for _, child := range strings.Fields(string(children)) {
			if environ, err := os.ReadFile("/proc/" + child + "/environ"); err == nil && strings.Contains(string(environ), "from the environment") {
				t.Error("the worker has inherited the password")
			}
		}
	}
}

// notStarted starts a server that must not start, and returns what it says.
func notStarted(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), harness.Binary(t), append([]string{"serve", "--no-analytics"}, args...)...).CombinedOutput()
	if err == nil {
		t.Fatalf("it started: %s", out)
	}
	return string(out)
}

// TestBeyondLoopback: nobody else's machine reaches a server that cannot tell who they are.
func TestBeyondLoopback(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	everywhere := []string{"--data", data, "--listen", "0.0.0.0:0"}
	with := func(args ...string) []string { return append(append([]string(nil), everywhere...), args...) }
	if said := notStarted(t, everywhere...); !strings.Contains(said, "has no password") {
		t.Error(said)
	}
	if said := notStarted(t, with("--allow-insecure")...); !strings.Contains(said, "has no password") {
		t.Error(said)
	}
	passwd := exec.CommandContext(t.Context(), harness.Binary(t), "passwd", "--data", data)
	passwd.Stdin = strings.NewReader("offline\n")
	if out, err := passwd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if said := notStarted(t, everywhere...); !strings.Contains(said, "nothing is encrypted") {
		t.Error(said)
	}
	trusting := filepath.Join(dir, "trusting.conf")
	if err := os.WriteFile(trusting, []byte("host all all 127.0.0.1/32 trust\nhost all all 10.0.0.0/8 trust\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := notStarted(t, with("--tls-self-signed", "--hba-file", trusting)...); !strings.Contains(said, "line 2 of "+trusting+" trusts") {
		t.Error(said)
	}
	s := harness.Eventgres(t, harness.WithData(data), harness.WithArgs("--listen", "0.0.0.0:0", "--allow-insecure"))
	mustEnter(t, s, "postgres", "offline")
	s.Stop()
	s = harness.Eventgres(t, harness.WithData(data), harness.WithArgs("--listen", "0.0.0.0:0", "--tls-self-signed"))
	mustEnter(t, s, "postgres", "offline")
	for _, address := range addresses(t) {
		c, err := pgx.Connect(t.Context(), fmt.Sprintf("postgres://postgres:offline@%s/events?sslmode=disable", net.JoinHostPort(address, fmt.Sprint(s.Port))))
		if stateOf(err) != "28000" || c != nil {
			t.Errorf("from %s, without encryption: %v", address, err)
		}
		c, err = pgx.Connect(t.Context(), fmt.Sprintf("postgres://postgres:offline@%s/events?sslmode=require", net.JoinHostPort(address, fmt.Sprint(s.Port))))
		if err != nil {
			t.Errorf("from %s, encrypted: %v", address, err)
			continue
		}
		c.Close(t.Context())
	}
	s.Stop()
	rules := filepath.Join(dir, "rules.conf")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("host all all 127.0.0.1/32 scram-sha-256\n")
	s = harness.Eventgres(t, harness.WithData(data), harness.WithArgs("--listen", "0.0.0.0:0", "--tls-self-signed", "--hba-file", rules))
	write("host all all 0.0.0.0/0 trust\n") // with which it would not start
	hangUp(t, s.PID)
	s.AwaitLog("the rules were not taken")
	if _, err := enter(t, s, "postgres", "wrong"); stateOf(err) != "28P01" {
		t.Errorf("after rules that trust everybody: %v", err)
	}
}

// addresses are those of this machine that are not loopback's; there may be none.
func addresses(t *testing.T) (list []string) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			list = append(list, n.IP.String())
		}
	}
	return list
}

// TestRulesAreReloaded: SIGHUP takes a file of rules as a whole, or leaves those before.
func TestRulesAreReloaded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hba.conf")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("host all postgres 127.0.0.1/32 trust\n")
	s := harness.Eventgres(t, harness.WithArgs("--hba-file", file))
	mustEnter(t, s, "postgres", "")
	if _, err := enter(t, s, "other", ""); stateOf(err) != "28000" {
		t.Errorf("nobody's rule: %v", err)
	}
	write("host all postgres 127.0.0.1/32 trust\nhost all other 127.0.0.1/32 trusted\n")
	hangUp(t, s.PID)
	s.AwaitLog("the rules were not taken")
	shown(t, mustEnter(t, s, "postgres", ""), "pg_hba_file_rules",
		`[1,"host",["all"],["postgres"],"127.0.0.1","255.255.255.255","trust",null,null]`,
		`[2,null,null,null,null,null,null,null,"invalid authentication method \"trusted\""]`)
	write("host all postgres 127.0.0.1/32 reject\nhost all other 127.0.0.1/32 trust\n")
	hangUp(t, s.PID)
	s.AwaitLog("took the rules anew")
	mustEnter(t, s, "other", "")
	if _, err := enter(t, s, "postgres", ""); stateOf(err) != "28000" || !strings.Contains(err.Error(), "pg_hba.conf rejects connection") {
		t.Errorf("one who is rejected: %v", err)
	}
}

// shown compares the rows of a relation, each as a JSON list, in their order.
func shown(t *testing.T, c *pgx.Conn, relation string, want ...string) {
	t.Helper()
	rows, err := c.Query(t.Context(), "SELECT * FROM "+relation+" ORDER BY line_number")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		if err != nil {
			return "", err
		}
		text, err := json.Marshal(values)
		return string(text), err
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %v\n%s\nwant\n%s", relation, err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRulesAreShown: the rules that hold without a file, and maps.
func TestRulesAreShown(t *testing.T) {
	s := harness.Eventgres(t)
	c := mustEnter(t, s, "postgres", "")
	shown(t, c, "pg_hba_file_rules",
		`[1,"local",["all"],["all"],null,null,"trust",null,null]`,
		`[2,"host",["all"],["all"],"127.0.0.0","255.0.0.0","trust",null,null]`,
		`[3,"host",["all"],["all"],"::1","ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff","trust",null,null]`)
	shown(t, c, "pg_hba_file_rules()",
		`[1,"local",["all"],["all"],null,null,"trust",null,null]`,
		`[2,"host",["all"],["all"],"127.0.0.0","255.0.0.0","trust",null,null]`,
		`[3,"host",["all"],["all"],"::1","ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff","trust",null,null]`)
	shown(t, c, "pg_ident_file_mappings")
	mustExec(t, c, "ALTER ROLE postgres PASSWORD 'x'")
	shown(t, c, "pg_hba_file_rules",
		`[1,"local",["all"],["all"],null,null,"peer",["map=owner"],null]`,
		`[2,"local",["all"],["all"],null,null,"scram-sha-256",null,null]`,
		`[3,"host",["all"],["all"],"127.0.0.1","255.255.255.255","scram-sha-256",null,null]`,
		`[4,"host",["all"],["all"],"::1","ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff","scram-sha-256",null,null]`,
		`[5,"hostssl",["all"],["all"],"all",null,"scram-sha-256",null,"hostssl record cannot match because SSL is disabled"]`)

	dir := t.TempDir()
	for name, text := range map[string]string{"hba": "local all all peer map=m\nhost all all ::1/128 trust\nhost all all samehost trust\n", "ident": "m root postgres\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = harness.Eventgres(t, harness.WithArgs("--hba-file", filepath.Join(dir, "hba"), "--ident-file", filepath.Join(dir, "ident")))
	c = mustEnter(t, s, "postgres", "")
	shown(t, c, "pg_ident_file_mappings", `[1,"m","root","postgres",null]`)
	if err := os.WriteFile(filepath.Join(dir, "ident"), []byte("m root\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shown(t, c, "pg_ident_file_mappings", `[1,null,null,null,"missing entry at end of line"]`)
	var file string
	if err := c.QueryRow(t.Context(), "SHOW hba_file").Scan(&file); err != nil || file != filepath.Join(dir, "hba") {
		t.Errorf("hba_file is %q, %v", file, err)
	}
}

// TestPsqlPassword: psql's \password, which makes the verifier itself.
func TestPsqlPassword(t *testing.T) {
	harness.Need(t, "psql")
	s := harness.Eventgres(t)
	psql := func(password, input string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "psql", "-X", "-w", "-v", "ON_ERROR_STOP=1", "-h", s.Host, "-p", fmt.Sprint(s.Port), "-U", "postgres", "-d", "events")
		cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := psql("", "\\password\nby psql\nby psql\n"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := psql("by psql", "SELECT 'in as ' || current_user;"); err != nil || !strings.Contains(out, "in as postgres") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := psql("by nobody", "SELECT 1;"); err == nil {
		t.Errorf("with another password: %s", out)
	}
}
