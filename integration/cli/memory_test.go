package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// Neither command holds more than a few batches, however much there is.
func TestMemory(t *testing.T) {
	events := 100_000
	if os.Getenv("EVENTGRES_LONG") == "1" {
		events = 1_000_000
	}
	server := harness.Eventgres(t)
	dir := t.TempDir()
	sample, export := filepath.Join(dir, "sample"), filepath.Join(dir, "export")
	toFile(t, sample, "sample", "--events", fmt.Sprint(events))
	for _, step := range []struct {
		says string
		args []string
	}{
		{fmt.Sprintf("imported %d events, skipped 0 ", events), []string{"import", sample}},
		{"", []string{"export", export}},
		{fmt.Sprintf("imported 0 events, skipped %d ", events), []string{"import", export}},
	} {
		r, most := measure(t, append(step.args, "--url", server.URL())...)
		if r.status != 0 || !strings.HasPrefix(r.stdout, step.says) {
			t.Fatalf("%s: exit status %d, %s%s", step.args[0], r.status, r.stdout, r.stderr)
		}
		if most == 0 {
			t.Fatal("its memory was not seen")
		}
		t.Logf("%s of %d events: %d MiB at most", step.args[0], events, most>>20)
		// A stream is remembered for the summary, and there is one to four events.
		if limit := 96<<20 + 40*events; most > limit {
			t.Errorf("%s took %d MiB, more than %d", step.args[0], most>>20, limit>>20)
		}
	}
}

// measure runs a command and returns the most memory it had, in bytes.
func measure(t *testing.T, args ...string) (r result, most int) {
	t.Helper()
	c := newCommand(t, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	sizes := make(chan int)
	go func() { sizes <- peak(c.Process.Pid, ended) }()
	r = c.wait(t)
	close(ended)
	return r, <-sizes
}

// peak looks at a process's peak memory until the process has ended. Its resource usage
// would say it at the end, but that counts what the process had of the test's memory
// before it became eventgres.
func peak(pid int, ended <-chan struct{}) (most int) {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // gone if it has ended
		_, after, _ := strings.Cut(string(status), "VmHWM:")
		var kilobytes int
		if _, err := fmt.Sscanf(after, "%d kB", &kilobytes); err == nil {
			most = max(most, kilobytes<<10)
		}
		select {
		case <-ended:
			return most
		case <-poll.C:
		}
	}
}

func toFile(t *testing.T, path string, args ...string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := newCommand(t, args...)
	c.Stdout = file
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
}
