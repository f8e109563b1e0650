package monitoring

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

const page = "docs/monitoring.md"

// address is the one that the page's commands speak to.
const address = "127.0.0.1:9433"

// commands are the lines of the page's indented blocks.
func commands(t *testing.T, page string) []string {
	t.Helper()
	var out []string
	fenced := false
	for line := range strings.Lines(harness.Document(t, page)) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if command, ok := strings.CutPrefix(line, "    "); ok && !fenced {
			out = append(out, strings.TrimSpace(command))
		}
	}
	if len(out) == 0 {
		t.Fatal("the page has no commands")
	}
	return out
}

var servedAt = regexp.MustCompile(`msg="serving metrics" http=(\S+)`)

// at is where a server tells its metrics.
func at(t *testing.T, s *harness.Server) string {
	t.Helper()
	m := servedAt.FindStringSubmatch(s.Log())
	if m == nil {
		t.Fatal("the log does not say where metrics are")
	}
	return strings.Replace(m[1], "[::]", "127.0.0.1", 1)
}

// TestCommands runs every command of the page in its order; those that start a server have one started with these flags.
func TestCommands(t *testing.T) {
	harness.Need(t, "curl")
	sh := harness.Need(t, "sh")
	dir := t.TempDir()
	server := harness.Eventgres(t, harness.WithArgs("--http", "127.0.0.1:0"))
	asked := 0
	for _, command := range commands(t, page) {
		if args, ok := strings.CutPrefix(command, "eventgres serve "); ok {
			args = regexp.MustCompile(`:9433\b`).ReplaceAllString(args, ":0")
			args = strings.ReplaceAll(args, "metrics.token", dir+"/metrics.token")
			server = harness.Eventgres(t, harness.WithArgs(strings.Fields(args)...))
			continue
		}
		if strings.HasPrefix(command, "curl ") {
			asked++
		}
		command = strings.ReplaceAll(command, "-h 127.0.0.1 -p 5433", fmt.Sprintf("-h %s -p %d", server.Host, server.Port))
		cmd := exec.CommandContext(t.Context(), sh, "-c", strings.ReplaceAll(command, address, at(t, server)))
		cmd.Dir, cmd.Env = dir, os.Environ()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		} else if strings.HasSuffix(command, "/metrics") && !strings.Contains(string(out), "eventgres_build_info{") {
			t.Errorf("%s tells\n%s", command, out)
		}
	}
	if asked < 4 {
		t.Errorf("%d requests", asked)
	}
}

// TestAll: a server with its worker, a node of a cluster, tells every metric of the page.
func TestAll(t *testing.T) {
	curl, psql := harness.Need(t, "curl"), harness.Need(t, "psql")
	certificates := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), harness.Binary(t), "cluster", "certificates", "--out", certificates, "n1").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server := harness.Eventgres(t, harness.WithArgs("--http", "127.0.0.1:0", "--sample", "--node", "n1", "--cluster", "n1=127.0.0.1:1", "--peer-listen", "127.0.0.1:0",
		"--peer-cert", certificates+"/n1.crt", "--peer-key", certificates+"/n1.key", "--peer-ca", certificates+"/ca.crt"))
	server.AwaitLog("the analytics worker is ready")
	// The worker answers the first; of the second an error is counted; consumers and slots are told of where there are some.
	for _, sql := range []string{
		`SELECT count(DISTINCT type) FROM events`, `SELECT nothing`, `SELECT create_consumer('told')`, `SELECT * FROM pg_create_logical_replication_slot('told', 'pgoutput')`,
	} {
		out, err := exec.CommandContext(t.Context(), psql, "-X", server.URL(), "-c", sql).CombinedOutput()
		if (err != nil) != strings.Contains(sql, "nothing") {
			t.Fatalf("%s: %v\n%s", sql, err, out)
		}
	}
	names := regexp.MustCompile("(?m)^\\| `(eventgres_[a-z_]+)` \\|").FindAllStringSubmatch(harness.Document(t, page), -1)
	if len(names) < 30 {
		t.Fatalf("the page has %d metrics", len(names))
	}
	deadline := time.Now().Add(time.Minute)
	for {
		out, err := exec.CommandContext(t.Context(), curl, "-fsS", "http://"+at(t, server)+"/metrics").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var missing []string
		for _, name := range names {
			if !regexp.MustCompile(`(?m)^` + name[1] + `(_count)?[ {]`).Match(out) {
				missing = append(missing, name[1])
			}
		}
		if !strings.Contains(string(out), `eventgres_statements_total{kind="select",path="analytics"} 1`) {
			missing = append(missing, "the worker's statement")
		}
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not told: %v\n%s", missing, out)
		}
	}
}
