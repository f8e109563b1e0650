//go:build linux

package worker

import (
	"context"
	"fmt"
	"os"
	process "os/exec"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestOrphan: a worker whose server was killed before it served ends, and does not wait until the worker of
// the next server lets go of the projection.
func TestOrphan(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 10)
	number(t, c, "SELECT count(DISTINCT type) FROM events")
	pid := workerPID(t, s)
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		t.Fatal(err)
	}
	arguments := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second) // it would wait for ten
	defer cancel()
	orphan := process.CommandContext(ctx, harness.Binary(t), arguments[1:]...)
	out, err := orphan.CombinedOutput()
	if ctx.Err() != nil || orphan.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, after output %s", err, out)
	}
	number(t, c, "SELECT count(DISTINCT type) FROM events")
	if now := workerPID(t, s); now != pid {
		t.Errorf("the server's own worker is process %d, it was %d", now, pid)
	}
}
