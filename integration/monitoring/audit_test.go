package monitoring

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// audited are the lines of an audit log, each in one text: event, user, class, what, count, rows, positions, categories, outcome.
func audited(t *testing.T, path string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var l struct {
			Event, User, Address, Class, What, Outcome string
			Time                                       time.Time
			Count, Rows                                int
			Appended                                   *struct{ First, Last int }
			Categories                                 []string
			Open                                       bool `json:"in_transaction"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if l.Time.IsZero() || l.User != "" && l.Address != "127.0.0.1" {
			t.Errorf("%s", line)
		}
		words := []string{l.Event, l.User, l.Class, l.What, fmt.Sprint(l.Count, " ", l.Rows), l.Outcome}
		if l.Appended != nil {
			words = append(words, fmt.Sprint(l.Appended.First, "-", l.Appended.Last, " ", l.Categories))
		}
		if l.Open {
			words = append(words, "open")
		}
		list = append(list, strings.Join(words, "|"))
	}
	return list
}

// TestAudit: what a session does, what it changes and who is turned away, without secrets.
func TestAudit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.json")
	s := harness.Eventgres(t, harness.WithArgs("--audit-log", path))
	c := open(t, s.URL())
	fails := func(sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err == nil {
			t.Errorf("%s does not fail", sql)
		}
	}
	simple := func(sql string) { t.Helper(); c.exec(sql, pgx.QueryExecModeSimpleProtocol) }
	simple("INSERT INTO events (stream, type, payload) VALUES ('order-1', 't', '{\"sesame\": 1}'), ('invoice-1', 't', '{}')")
	simple("INSERT INTO events (stream, type) VALUES ('order-1', 't')")
	fails("INSERT INTO events (stream, type, expected_version) VALUES ('order-1', 'sesame', 7)")
	simple("SELECT 'sesame' FROM events")
	simple("SELECT 'sesame' FROM events WHERE position = 0")
	fails("SELECT nothing FROM events")
	if _, err := c.PgConn().CopyFrom(t.Context(), strings.NewReader("copied-1,t\ncopied-1,t\n"), "COPY events (stream, type) FROM STDIN (FORMAT csv)"); err != nil {
		t.Fatal(err)
	}
	simple("CREATE VIEW v AS SELECT 'sesame' AS a")
	simple("BEGIN")
	simple("ALTER ROLE postgres PASSWORD 'sesame'")
	simple("INSERT INTO events (stream, type) VALUES ('staged-1', 't')")
	simple("ROLLBACK")
	simple("BEGIN")
	simple("INSERT INTO events (stream, type) VALUES ('staged-1', 't')")
	simple("COMMIT")
	fails("DROP VIEW nosuch")
	pipelined(t, c)
	const changes = "change|test|define|CREATE VIEW v AS SELECT $1 AS a|1 0|ok\n" +
		"change|test|define|ALTER ROLE postgres PASSWORD $1|1 0|ok|open\n" +
		"change|test|transaction|ROLLBACK|1 0|ok\n" +
		"change|test|define|DROP VIEW nosuch|1 0|42P01\n" +
		"change|test|define|CREATE VIEW piped AS SELECT $1 AS a|1 0|ok|open\n" +
		"change|test|transaction|COMMIT|1 0|ok|6-6 [piped]\n" +
		"change|test|define|CREATE VIEW failed AS SELECT $1 AS a|1 0|ok|open\n" +
		"change|test|transaction|ROLLBACK|1 0|ok"
	if got := strings.Join(audited(t, path), "\n"); got != changes {
		t.Errorf("got\n%s\nwant\n%s", got, changes)
	}
	simple("ALTER ROLE postgres PASSWORD 'open sesame'")
	if _, err := pgx.Connect(t.Context(), strings.Replace(s.URL(), "user=test", "user=mallory&password=sesame", 1)); err == nil {
		t.Error("mallory came in")
	}
	c.Close(context.Background())
	s.Stop()
	got := audited(t, path)
	want := []string{
		"change|test|define|ALTER ROLE postgres PASSWORD $1|1 0|ok", "authentication|mallory|||0 0|28P01",
		"statements|test|insert||6 7|ok|0-2 [order invoice]", "statements|test|insert||1 0|40001", "statements|test|select||6 8|ok", "statements|test|select||1 0|42703", "statements|test|select||1 0|22012",
		"statements|test|copy||1 2|ok|3-4 [copied]", "statements|test|transaction||3 0|ok|5-7 [staged piped]",
	}
	for _, line := range want {
		if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+line+"\n") {
			t.Errorf("there is no %s in\n%s", line, strings.Join(got, "\n"))
		}
	}
	if text, _ := os.ReadFile(path); strings.Contains(string(text), "sesame") {
		t.Errorf("secrets are told:\n%s", text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if strings.Contains(s.Log(), "CREATE VIEW") {
		t.Error("it is in the server's log")
	}
}

// pipelined has a pipeline commit what its statements did, at its end, and another fail.
func pipelined(t *testing.T, c *session) {
	t.Helper()
	for _, list := range [][]string{
		{"CREATE VIEW piped AS SELECT 1 AS a", "INSERT INTO events (stream, type) VALUES ('piped-1', 't')", "SELECT 1"},
		{"INSERT INTO events (stream, type) VALUES ('piped-2', 't')", "SELECT 2", "SELECT 3"},
		{"CREATE VIEW failed AS SELECT 1 AS a", "SELECT 4", "SELECT 1/0"},
	} {
		p := c.PgConn().StartPipeline(t.Context())
		for _, sql := range list {
			p.SendQueryParams(sql, nil, nil, nil, nil)
		}
		if err := p.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); (err != nil) != strings.Contains(list[2], "/0") {
			t.Fatal(err)
		}
	}
}

// TestAuditFailure: while the log cannot be written nothing changes, reads go on, and it is over when it can be.
func TestAuditFailure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "audit.json")
	s := harness.Eventgres(t, harness.WithArgs("--audit-log", path, "--audit-failure", "refuse"))
	c := open(t, s.URL())
	c.exec("INSERT INTO events (stream, type) VALUES ('before-1', 't')")
	c.exec("BEGIN")
	c.exec("INSERT INTO events (stream, type) VALUES ('staged-1', 't')")
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	c.exec("SELECT pg_reload_conf()")
	refused := func(sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "58030") || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	refused("COMMIT")
	refused("INSERT INTO events (stream, type) VALUES ('during-1', 't')")
	refused("CREATE VIEW during AS SELECT 1 AS a")
	refused("ALTER ROLE postgres PASSWORD 'x'")
	if _, err := c.PgConn().CopyFrom(t.Context(), strings.NewReader("during-1,t\n"), "COPY events (stream, type) FROM STDIN (FORMAT csv)"); err == nil || !strings.Contains(err.Error(), "58030") {
		t.Errorf("COPY: %v", err)
	}
	if got := c.rows("SELECT stream FROM events ORDER BY position"); len(got) != 1 || got[0] != "before-1" {
		t.Errorf("%q", got)
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	c.exec("INSERT INTO events (stream, type) VALUES ('after-1', 't')")
	c.Close(context.Background())
	s.Stop()
	text := strings.Join(audited(t, path), "\n")
	for _, want := range []string{"change|test|define|CREATE VIEW during AS SELECT $1 AS a|1 0|58030", "resumed||||0 0|ok", "statements|test|insert||1 0|58030"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	if log := s.Log(); strings.Count(log, "the audit log cannot be written") != 1 || strings.Count(log, "the audit log can be written again") != 1 {
		t.Errorf("the server's log:\n%s", log)
	}
}

// TestAuditPage runs the commands of docs/audit.md.
func TestAuditPage(t *testing.T) {
	sh, dir := harness.Need(t, "sh"), t.TempDir()
	harness.Need(t, "psql")
	var server *harness.Server
	for _, command := range commands(t, "docs/audit.md") {
		if args, ok := strings.CutPrefix(command, "eventgres serve "); ok {
			server = harness.Eventgres(t, harness.WithArgs(strings.Fields(strings.ReplaceAll(args, "audit.json", dir+"/audit.json"))...))
			continue
		}
		cmd := exec.CommandContext(t.Context(), sh, "-c", strings.ReplaceAll(command, "-h 127.0.0.1 -p 5433", fmt.Sprintf("-h %s -p %d", server.Host, server.Port)))
		cmd.Dir, cmd.Env = dir, os.Environ()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
}
