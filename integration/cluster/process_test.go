//go:build linux

package cluster

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	attributes "github.com/eventgres/eventgres/integration/process"
)

// patience bounds what is waited for: machines may be slow, and other tests run beside.
const patience = 2 * time.Minute

// A process is one run of the program.
type process struct {
	pid   int
	out   output
	ended chan struct{} // closed when state is set
	state *os.ProcessState
}

// launch runs the program; it is killed if the test process dies.
func launch(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{ended: make(chan struct{})}
	p.out.grown = make(chan struct{})
	cmd := exec.Command(harness.Binary(t), args...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &p.out, &p.out, 5*time.Second
	cmd.SysProcAttr = attributes.Attributes{EndWith: syscall.SIGKILL}.System()
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // its end would be the program's
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // the state says more
			p.state = cmd.ProcessState
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) signal(s syscall.Signal) { _ = syscall.Kill(p.pid, s) }

// await waits until the program has said a text, or has ended.
func (p *process) await(t *testing.T, text string) {
	t.Helper()
	if !p.says(text, patience) {
		t.Fatalf("the program does not say %q:\n%s", text, p.out.String())
	}
}

func (p *process) says(text string, limit time.Duration) bool {
	late := time.After(limit)
	for {
		said, grown := p.out.has(text)
		if said {
			return true
		}
		select {
		case <-grown:
		case <-p.ended:
			said, _ := p.out.has(text)
			return said
		case <-late:
			return false
		}
	}
}

// end waits for the end and returns the exit status; −1: a signal ended it.
func (p *process) end(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.signal(syscall.SIGABRT) // it tells what it does
		t.Fatalf("the program does not end:\n%s", p.out.String())
	}
	return p.state.ExitCode()
}

// output is what a program says.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // closed when there is more
}

// kept bounds it: a program that complains in a loop must not exhaust the test.
const kept = 4 << 20

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() < kept {
		o.text.Write(b)
	}
	close(o.grown)
	o.grown = make(chan struct{})
	return len(b), nil
}

func (o *output) has(text string) (bool, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Contains(o.text.Bytes(), []byte(text)), o.grown
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run runs a command of the program to its end.
func run(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	p := launch(t, args...)
	status = p.end(t)
	return strings.TrimSpace(p.out.String()), status
}
