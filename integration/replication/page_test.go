package replication

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// client is a program that follows, whose lines come as it writes them.
type client struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	bad   strings.Builder
}

func start(t *testing.T, dir, program string, args ...string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c := &client{t: t, cmd: exec.CommandContext(ctx, program, args...)}
	c.cmd.Dir, c.cmd.Stderr = dir, &c.bad
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// all is what the client still writes, and waits for its end.
func (c *client) all() string {
	c.t.Helper()
	var b strings.Builder
	for c.lines.Scan() {
		b.WriteString(c.lines.Text() + "\n")
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Fatalf("%v\n%s%s", err, b.String(), c.bad.String())
	}
	return b.String()
}

// statements are those of a block.
func statements(block string) (list []string) {
	for s := range strings.SplitSeq(block, ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// TestPage: the statements, commands and programs of docs/replication.md do what it says.
func TestPage(t *testing.T) {
	s := harness.Eventgres(t)
	page := harness.Document(t, "docs/replication.md")
	sql := harness.Blocks(page, "sql")
	if len(sql) != 5 {
		t.Fatalf("the page has %d blocks of SQL", len(sql))
	}
	conn := connectAs(t, s, "postgres")
	for _, st := range statements(sql[0]) {
		mustExec(t, conn, st)
	}
	appendEvents(t, conn, 3)
	to := emptyDatabase(t, "page")
	address := strings.NewReplacer("host=127.0.0.1 port=5432", fmt.Sprintf("host=%s port=%d", s.Host, s.Port))
	for _, st := range statements(sql[1]) {
		mustExec(t, to(), address.Replace(st))
	}
	unsubscribe(t, to, "s")
	equal(t, conn, to, "")
	for _, st := range append(statements(sql[2]), statements(sql[3])...) {
		mustExec(t, conn, st)
	}
	if got := mustGet[string](t, conn, "SELECT string_agg(slot_name, ' ') FROM pg_replication_slots WHERE active"); got != "s" {
		t.Errorf("slots: %s", got)
	}
	if n := mustGet[int](t, conn, "SELECT count(*) FROM pg_stat_replication WHERE application_name = 's' AND state = 'streaming'"); n != 1 {
		t.Errorf("pg_stat_replication has %d rows of the subscriber", n)
	}

	dir := t.TempDir()
	port := strings.NewReplacer("-p 5432", fmt.Sprintf("-p %d", s.Port), "pg_recvlogical", harness.Postgres(t).Program(t, "pg_recvlogical"), "0/1000003", "0/1000006")
	commands := strings.Split(strings.TrimSpace(harness.Blocks(page, "sh")[0]), "\n")
	for i, command := range commands {
		if i == 1 {
			appendEvents(t, conn, 3)
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", port.Replace(command))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "events.json")); err != nil || strings.Count(string(text), "\n") != 5 {
		t.Errorf("events.json: %v\n%s", err, text)
	}
	for _, st := range append(append([]string{"BEGIN"}, statements(sql[4])...), "ROLLBACK") { // with a password everybody would need one
		mustExec(t, conn, st)
	}
}

// emptyDatabase is subscriber without the table.
func emptyDatabase(t *testing.T, name string) func() *pgx.Conn {
	t.Helper()
	to := subscriber(t, name)
	mustExec(t, to(), "DROP TABLE events")
	return to
}

// TestPython runs the page's program in Python.
func TestPython(t *testing.T) {
	python := harness.Need(t, "/usr/bin/python3")
	if err := exec.Command(python, "-c", "import psycopg2").Run(); err != nil {
		harness.Missing(t, err)
	}
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	file := filepath.Join(t.TempDir(), "follow.py")
	if err := os.WriteFile(file, []byte(harness.Blocks(harness.Document(t, "docs/replication.md"), "python")[0]), 0o644); err != nil {
		t.Fatal(err)
	}
	c := start(t, "", python, file, fmt.Sprintf("host=%s port=%d user=test dbname=events", s.Host, s.Port))
	await(t, conn, "SELECT count(*) = 1 FROM pg_replication_slots WHERE active")
	appendEvents(t, conn, 2)
	out := c.all()
	if got := actions(out); got != "B0 1C" {
		t.Errorf("%s\n%s", got, out)
	}
	awaitConfirmed(t, conn, "py", 0x1000002)
}

// actions are what a text of wal2json's format 2 tells of: B, the positions of rows, C.
func actions(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		switch m := action.FindStringSubmatch(line); {
		case m == nil:
		case m[1] == "I":
			b.WriteString(position.FindStringSubmatch(line)[1] + " ")
		default:
			b.WriteString(m[1])
		}
	}
	return strings.ReplaceAll(b.String(), " C", "C")
}

var (
	action   = regexp.MustCompile(`^\{"action":"(.)"`)
	position = regexp.MustCompile(`"name":"position","type":"bigint","value":([0-9]+)`)
)

// TestNode runs the page's program in JavaScript.
func TestNode(t *testing.T) {
	node := harness.Need(t, "node")
	dir, err := filepath.Abs("testdata/node")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules/pg-logical-replication")); err != nil {
		harness.Missing(t, err)
	}
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	mustExec(t, conn, "CREATE PUBLICATION p FOR TABLE events")
	if _, err := replicate(t, s).Exec(t.Context(), "CREATE_REPLICATION_SLOT node LOGICAL pgoutput (SNAPSHOT 'nothing')").ReadAll(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "follow.js")
	if err := os.WriteFile(file, []byte(harness.Blocks(harness.Document(t, "docs/replication.md"), "javascript")[0]), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NODE_PATH", filepath.Join(dir, "node_modules"))
	c := start(t, "", node, file, s.URL())
	appendEvents(t, conn, 2)
	if out := c.all(); out != "0 Placed\n1 Placed\n" {
		t.Errorf("node has written\n%s", out)
	}
}

// TestJDBC follows a slot with pgjdbc, and goes on behind what it has confirmed.
func TestJDBC(t *testing.T) {
	const jar = "/usr/share/java/postgresql.jar"
	java := harness.Need(t, "java")
	if _, err := os.Stat(jar); err != nil {
		harness.Missing(t, err)
	}
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	url := fmt.Sprintf("jdbc:postgresql://%s/events", s.Address())
	args := []string{"-Xmx96m", "-XX:+UseSerialGC", "-cp", jar, "testdata/java/Stream.java", url}
	c := start(t, "", java, append(args, "2", "make")...)
	if !c.lines.Scan() || c.lines.Text() != "started" {
		rest, _ := io.ReadAll(strings.NewReader(c.all()))
		t.Fatalf("pgjdbc: %s%s", c.lines.Text(), rest)
	}
	appendEvents(t, conn, 2)
	appendEvents(t, conn, 1)
	if got := actions(c.all()); got != "B0 1CB2C" {
		t.Errorf("pgjdbc was sent %s", got)
	}
	appendEvents(t, conn, 1)
	if got := actions(start(t, "", java, append(args, "1")...).all()); got != "B3C" {
		t.Errorf("pgjdbc was sent %s when it came back", got)
	}
}
