package live

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

const page = "docs/following.md"

// TestPage: each program of docs/following.md prints what was appended and what is, and its COPY does in psql.
func TestPage(t *testing.T) {
	server := harness.Eventgres(t)
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	c := as(ctx, t, server, "app")
	run := func(sql string) { execute(ctx, t, c, sql) }
	run("INSERT INTO events (stream, type) VALUES ('order-1', 'Placed'), ('order-1', 'Paid')")
	var programs []printer
	start := func(name string, cmd *exec.Cmd) { programs = append(programs, startPrinter(ctx, t, name, cmd)) }
	for _, language := range []string{"go", "python", "js", "java"} {
		for _, source := range harness.Blocks(harness.Document(t, page), language) {
			start(language, harness.Program(t, language, strings.ReplaceAll(source, "127.0.0.1:5433", server.Address())))
		}
	}
	sql := harness.Blocks(harness.Document(t, page), "sql")
	if len(sql) != 1 || len(programs) < 4 {
		t.Fatalf("%d statements and %d programs", len(sql), len(programs))
	}
	copying := strings.Replace(sql[0], "category = 'order'", "position >= 0 AND category = 'order'", 1)
	// Into a pipe psql writes when it has some KiB; on a terminal, as this has it do, with each line.
	start("psql", exec.Command(harness.Need(t, "stdbuf"), "-oL", harness.Need(t, "psql"), "-X", "-d", server.URL(), "-c", copying))
	same(t, programs, func() { run("INSERT INTO events (stream, type) VALUES ('order-2', 'Placed')") })
}

// printer is a program that prints a line for each event.
type printer struct {
	name string
	next func() string // the next line
}

func startPrinter(ctx context.Context, t *testing.T, name string, cmd *exec.Cmd) printer {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	return printer{name, func() string {
		if !lines.Scan() {
			_ = cmd.Wait()
			t.Fatalf("%s ends: %v\n%s", name, lines.Err(), said.String())
		}
		return lines.Text()
	}}
}

// same checks that each program prints the two events that there are, and a third when that is appended.
func same(t *testing.T, programs []printer, third func()) {
	t.Helper()
	for i, want := range []string{"0 order-1 Placed", "1 order-1 Paid", "2 order-2 Placed"} {
		if i == 2 {
			third()
		}
		for _, p := range programs {
			if got := strings.TrimSuffix(strings.ReplaceAll(p.next(), "\t", " "), ` \N`); got != want {
				t.Errorf("%s prints %q, not %q", p.name, got, want)
			}
		}
	}
}
