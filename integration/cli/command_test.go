package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience bounds one command's run; far more than it needs, for machines under load.
const patience = 3 * time.Minute

// A result is what a command that has ended left behind.
type result struct {
	stdout, stderr string
	status         int
}

// A command is a run of eventgres.
type command struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

func newCommand(t *testing.T, args ...string) *command {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	c := &command{Cmd: exec.CommandContext(ctx, harness.Binary(t), args...)}
	c.Stdout, c.Stderr = &c.stdout, &c.stderr
	return c
}

func (c *command) wait(t *testing.T) result {
	t.Helper()
	err := c.Wait()
	if c.ProcessState == nil || !c.ProcessState.Exited() {
		t.Fatalf("eventgres %s: %v\n%s", strings.Join(c.Args[1:], " "), err, &c.stderr)
	}
	return result{c.stdout.String(), c.stderr.String(), c.ProcessState.ExitCode()}
}

// eventgres runs a command to its end.
func eventgres(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	c := newCommand(t, args...)
	c.Stdin = strings.NewReader(stdin)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c.wait(t)
}

// must runs a command that has to succeed, and returns what it wrote.
func must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	r := eventgres(t, stdin, args...)
	if r.status != 0 {
		t.Fatalf("eventgres %s: exit status %d\n%s", strings.Join(args, " "), r.status, r.stderr)
	}
	return r.stdout
}

// load imports lines, and checks the summary up to the time it took.
func load(t *testing.T, server *harness.Server, lines, summary string) {
	t.Helper()
	got := must(t, lines, "import", "-", "--url", server.URL())
	if !strings.HasPrefix(got, summary+", in ") {
		t.Errorf("import: %swant    %s", got, summary)
	}
}

func dump(t *testing.T, server *harness.Server) string {
	t.Helper()
	return must(t, "", "export", "--url", server.URL())
}

// number is the number that a query answers.
func number(t *testing.T, server *harness.Server, sql string) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// equal compares texts of many lines, and shows the first that differs.
func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s: line %d differs\ngot  %s\nwant %s", what, i+1, g[i], w[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d", what, len(g)-1, len(w)-1)
}

// write makes a file of this text.
func write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
