//go:build unix

package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// keyedLines are events whose ids follow from their numbers. 500 of them are one append.
func keyedLines(from, to int) string {
	var out strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&out, `{"stream":"cut-%d","type":"A","event_id":"5eb8f3a2-0000-4000-8000-%012d"}`+"\n", i%10, i+1)
	}
	return out.String()
}

// reach waits until the log has so many events.
func reach(t *testing.T, server *harness.Server, events int) {
	t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-poll.C {
		if number(t, server, "SELECT count(*) FROM events") >= events {
			return
		}
	}
	t.Fatalf("the log has not got %d events", events)
}

func feed(t *testing.T, in io.Writer, lines string) {
	t.Helper()
	if _, err := io.WriteString(in, lines); err != nil {
		t.Fatal(err)
	}
}

// ^C ends an import between two appends, and what it says is durable is.
func TestInterruptedImport(t *testing.T) {
	server := harness.Eventgres(t)
	c := newCommand(t, "import", "-", "--url", server.URL())
	in := c.start(t)
	feed(t, in, keyedLines(0, 1200))
	reach(t, server, 1000)
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r := c.wait(t)
	if r.status != 1 || !strings.Contains(r.stderr, "eventgres: interrupted; durable: 1000 events, up to line 1000\n") {
		t.Errorf("exit status %d, %s", r.status, r.stderr)
	}
	load(t, server, keyedLines(0, 1200), "imported 200 events, skipped 1000 already there, 10 streams")
}

// A server that is killed leaves an import in doubt about one append at most, and the
// import run again makes it good.
func TestImportLosesServer(t *testing.T) {
	server := harness.Eventgres(t)
	c := newCommand(t, "import", "-", "--url", server.URL())
	in := c.start(t)
	feed(t, in, keyedLines(0, 2000))
	reach(t, server, 1500)
	server.Kill()
	// The import meets the loss when it sends. It may end while it is being fed.
	_, _ = io.WriteString(in, keyedLines(2000, 4000))
	in.Close()
	r := c.wait(t)
	if r.status != 1 || !strings.Contains(r.stderr, "(which may be durable or not)") {
		t.Errorf("exit status %d, %s", r.status, r.stderr)
	}
	server.Restart()
	checkDurable(t, server, r.stderr, 500)
	have := number(t, server, "SELECT count(*) FROM events")
	load(t, server, keyedLines(0, 4000), fmt.Sprintf("imported %d events, skipped %d already there, 10 streams", 4000-have, have))
}

// ^C ends an export, even of a server that has stopped answering.
func TestInterruptedExport(t *testing.T) {
	server := harness.Eventgres(t)
	// More than fits into the buffers between the server and this test.
	const events = 60_000
	must(t, must(t, "", "sample", "--events", fmt.Sprint(events)), "import", "-", "--url", server.URL())
	c := newCommand(t, "export", "--url", server.URL())
	c.Stdout = nil
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("no line")
	}
	freeze(t, server)
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		continue // until the command ends
	}
	r := c.wait(t)
	if r.status != 1 || !strings.Contains(r.stderr, "eventgres: interrupted; the export is incomplete") {
		t.Errorf("exit status %d, %s", r.status, r.stderr)
	}
}

// freeze stops the server's process until the test ends.
func freeze(t *testing.T, server *harness.Server) {
	t.Helper()
	if err := syscall.Kill(server.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(server.PID, syscall.SIGCONT) })
}

// start runs the command with a pipe to its standard input.
func (c *command) start(t *testing.T) io.WriteCloser {
	t.Helper()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return in
}
