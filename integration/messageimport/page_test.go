package messageimport

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

const page = "docs/message-db-import.md"

// TestStatements: the page's statements run, and answer what stands behind them.
func TestStatements(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, server.URL())
	asked := 0
	for _, block := range harness.Blocks(harness.Document(t, page), "sql") {
		for line := range strings.Lines(block) {
			sql, want, answers := strings.Cut(strings.TrimSpace(line), "-- ")
			if !answers {
				must(t, conn, sql)
				continue
			}
			asked++
			if refused, ok := strings.CutPrefix(want, "ERROR "); ok {
				if _, err := conn.Exec(t.Context(), sql); code(err) != refused {
					t.Errorf("%s: %v, the page says %s", sql, err, want)
				}
				continue
			}
			var got []string
			for _, row := range rows(t, conn, sql) {
				got = append(got, strings.Join(row, " | "))
			}
			if strings.Join(got, ", ") != want {
				t.Errorf("%s: %s, the page says %s", sql, got, want)
			}
		}
	}
	if asked < 3 {
		t.Errorf("the page has %d statements with answers", asked)
	}
}

// TestCommands: the page's commands run, and print what it says.
func TestCommands(t *testing.T) {
	s := messageDB(t)
	must(t, s.conn, "SELECT write_message(gen_random_uuid()::text, 'a-1', 'T', '{}')", "SELECT write_message(gen_random_uuid()::text, 'a-2', 'T', '{}')",
		"SELECT write_message(gen_random_uuid()::text, 'a-1', 'T', '{}')")
	server := harness.Eventgres(t)
	bin := t.TempDir()
	if err := os.Symlink(harness.Binary(t), filepath.Join(bin, "eventgres")); err != nil {
		t.Fatal(err)
	}
	text := harness.Document(t, page)
	commands := strings.Join(harness.Blocks(text, "sh"), "")
	const address = "postgres://postgres@127.0.0.1:5432/message_store"
	if !strings.Contains(commands, address) {
		t.Fatalf("no command imports from %s:\n%s", address, commands)
	}
	cmd := exec.Command("sh", "-ec", strings.ReplaceAll(commands, address, s.url))
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "EVENTGRES_URL="+server.URL())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seconds := regexp.MustCompile(`[0-9.]+ s;`)
	_, want, _ := strings.Cut(text, "\n```\nimported")
	want, _, _ = strings.Cut("imported"+want, "```")
	if seconds.ReplaceAllString(string(out), "") != seconds.ReplaceAllString(want, "") {
		t.Errorf("%s\nthe page has\n%s", out, want)
	}
}
