//go:build linux

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// traced are the system calls that the trace shows whatever is injected: they
// tell which appends a group commit held.
const traced = "pwrite64,fdatasync"

// A trace is strace at work on a server, and what it wrote down.
type trace struct {
	file string
	cmd  *exec.Cmd // nil if strace started the server
}

// strace is the path of strace, if it may trace here.
func strace(t *testing.T) string {
	t.Helper()
	path := harness.Need(t, "strace")
	if out, err := exec.CommandContext(t.Context(), path, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		harness.Missing(t, fmt.Errorf("strace may not trace: %w\n%s", err, out))
	}
	return path
}

// options are strace's: follow threads, write all of the data that is written,
// and inject each of faults, such as "fdatasync:error=EIO:when=3". strace counts
// for each thread; the writer keeps one to itself.
func (tr *trace) options(faults ...string) []string {
	options := []string{"-f", "-qq", "-s", "4194304", "-o", tr.file, "-e", "signal=none"}
	calls := traced
	for _, fault := range faults {
		call, _, _ := strings.Cut(fault, ":")
		calls += "," + call
		options = append(options, "-e", "inject="+fault)
	}
	return append(options, "-e", "trace="+calls)
}

// underTrace makes the server start under strace the next time, through a
// command if there is one. strace is the server's grandchild then, so that the
// server's signals and end are its own.
func underTrace(t *testing.T, server *harness.Server, command []string, faults ...string) *trace {
	t.Helper()
	tr := &trace{file: filepath.Join(t.TempDir(), "trace")}
	tracer := append([]string{strace(t), "-D"}, tr.options(faults...)...)
	harness.WithCommand(append(tracer, command...)...)(server)
	return tr
}

// untraced makes the server start by itself again.
func untraced(server *harness.Server) { harness.WithCommand()(server) }

// attach lets strace trace the running server, and waits until it has all threads.
func attach(t *testing.T, server *harness.Server, faults ...string) *trace {
	t.Helper()
	tr := &trace{file: filepath.Join(t.TempDir(), "trace")}
	tr.cmd = exec.Command(strace(t), append(tr.options(faults...), "-p", fmt.Sprint(server.PID))...)
	var said bytes.Buffer
	tr.cmd.Stderr = &said
	if err := tr.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.detach(t) })
	eventually(t, "strace has attached", func() bool { return tr.tracesAll(server.PID) })
	return tr
}

// tracesAll says whether strace is the tracer of all of the process's threads.
func (tr *trace) tracesAll(pid int) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(status), fmt.Sprintf("TracerPid:\t%d\n", tr.cmd.Process.Pid)) {
			return false
		}
	}
	return len(files) > 0
}

// detach ends the injection; the server goes on.
func (tr *trace) detach(t *testing.T) {
	t.Helper()
	if tr.cmd == nil {
		return
	}
	_ = tr.cmd.Process.Signal(syscall.SIGINT)
	var state *exec.ExitError
	// It ends itself with the signal; that the server has ended before is fine.
	if err := tr.cmd.Wait(); err != nil && !errors.As(err, &state) {
		t.Errorf("strace: %v", err)
	}
	tr.cmd = nil
}

var (
	callLine = regexp.MustCompile(`^([0-9]+) +([a-z0-9_]+)\(`)
	markText = regexp.MustCompile(`mark:[0-9a-f-]{36}`)
)

// group gives the marks of the events that the nth call of a thread was about:
// what this thread had written since the sync before, if the call is a sync, and
// what it was to write if it is a write. Called when strace has ended.
func (tr *trace) group(t *testing.T, call string, nth int) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(tr.file)
	if err != nil {
		t.Fatal(err)
	}
	marks := map[string]bool{}
	calls, pending := map[string]int{}, map[string][]string{}
	for line := range strings.Lines(string(text)) {
		m := callLine.FindStringSubmatch(line)
		if m == nil {
			continue // the second half of a call, or the end of a thread
		}
		thread := m[1]
		if m[2] == "pwrite64" {
			written := markText.FindAllString(line, -1)
			if call == "pwrite64" {
				pending[thread] = nil
			}
			pending[thread] = append(pending[thread], written...)
		}
		if m[2] == call {
			if calls[thread]++; calls[thread] == nth {
				for _, mark := range pending[thread] {
					marks[mark] = true
				}
			}
		}
		if m[2] == "fdatasync" {
			pending[thread] = nil
		}
	}
	return marks
}

// injected says whether a call has been made to fail.
func (tr *trace) injected(t *testing.T) bool {
	t.Helper()
	text, err := os.ReadFile(tr.file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(text, []byte("(INJECTED)"))
}

var writeLine = regexp.MustCompile(`(?s) pwrite64\(.*, ([0-9]+), [0-9]+\) += ([0-9]+)\n`)

// shortWrites counts the writes that wrote less than they were given.
func (tr *trace) shortWrites(t *testing.T) (n int) {
	t.Helper()
	text, err := os.ReadFile(tr.file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if m := writeLine.FindStringSubmatch(line); m != nil && m[1] != m[2] {
			n++
		}
	}
	return n
}

// unacknowledged fails the test if an event of the group was acknowledged, and
// returns how many appends the group held. Only appends sent since then are
// looked at: a recovery writes the last group before it again.
func (j *journal) unacknowledged(t *testing.T, group map[string]bool, since time.Duration) int {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for i := range j.attempts {
		a := &j.attempts[i]
		if a.Sent < since || !group[mark(a.Events[0].ID)] {
			continue
		}
		n++
		if j.codes[i] == acknowledged {
			t.Errorf("acknowledged at %v although its group failed: event %s at %v", a.Answered, a.Events[0].ID, a.Places)
		}
	}
	return n
}
