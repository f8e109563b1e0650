package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestTail: tail shows what was appended and then what is, goes on when the server was killed and is back, and obeys nothing that an event says to a
// terminal.
func TestTail(t *testing.T) {
	server := harness.Eventgres(t)
	must(t, `{"stream":"a-1","type":"Old","payload":{"n":1}}`+"\n", "import", "-", "--url", server.URL())
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	follow := func(args ...string) func() string {
		cmd := exec.CommandContext(ctx, harness.Binary(t), append([]string{"tail", "--url", server.URL()}, args...)...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		lines := bufio.NewScanner(out)
		return func() string {
			if !lines.Scan() {
				t.Fatalf("%v: no line: %v", args, lines.Err())
			}
			return lines.Text()
		}
	}
	all, some := follow("--from", "0"), follow("--json", "--from", "0", "--filter", "type = 'New' -- and no more")
	if line := all(); !strings.HasPrefix(line, "         0  ") || !strings.Contains(line, "  a-1 ") || !strings.HasSuffix(line, `  {"n":1}`) {
		t.Errorf("shown: %q", line)
	}
	must(t, `{"stream":"a-1","type":"\u001b[2J"}`+"\n"+`{"stream":"b-1","type":"New","payload":{"n":2},"tags":["x"]}`+"\n", "import", "-", "--url", server.URL())
	if line := all(); strings.ContainsRune(line, '\x1b') || !strings.Contains(line, " [2J ") {
		t.Errorf("shown: %q", line)
	}
	if line := all(); !strings.HasSuffix(line, `  {"n":2} x`) {
		t.Errorf("shown: %q", line)
	}
	var e struct {
		Position *int64
		Stream   string
		Payload  struct{ N int }
	}
	object := func(line string) {
		t.Helper()
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Position == nil {
			t.Fatalf("%v: %s", err, line)
		}
	}
	if object(some()); *e.Position != 2 || e.Stream != "b-1" || e.Payload.N != 2 {
		t.Errorf("as JSON: %+v", e)
	}
	server.Kill()
	server.Restart()
	must(t, `{"stream":"b-1","type":"New","payload":{"n":3}}`+"\n", "import", "-", "--url", server.URL())
	if line := all(); !strings.HasPrefix(line, "         3  ") {
		t.Errorf("after the server was killed: %q", line)
	}
	if object(some()); *e.Position != 3 || e.Payload.N != 3 {
		t.Errorf("as JSON after the server was killed: %+v", e)
	}
	for _, args := range [][]string{{"--from", "-1"}, {"--from", "yesterday"}, {"--filter", "no_such = 1"}} {
		refused(t, append([]string{"tail", "--url", server.URL()}, args...)...)
	}
}
