package harness

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	attributes "github.com/eventgres/eventgres/integration/process"
)

// A process is one run of a program, waited for by a goroutine of its own.
type process struct {
	pid   int
	proc  *os.Process
	log   *log
	ended chan struct{} // closed when state is set
	state *os.ProcessState
}

// launch starts the program with its standard error going to a new log. It is
// killed if the test process dies.
func launch(argv, env []string) (*process, error) {
	p := &process{log: newLog(), ended: make(chan struct{})}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr, cmd.Stdout = p.log, p.log
	// A child of the server that holds its standard error must not keep Wait waiting.
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = attributes.Attributes{EndWith: syscall.SIGKILL}.System()
	started := make(chan error)
	go func() {
		// The parent-death signal is sent when the starting *thread* ends, so
		// that thread stays with the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid, p.proc = cmd.Process.Pid, cmd.Process
		started <- nil
		_ = cmd.Wait() // the state says more than the error
		p.state = cmd.ProcessState
		close(p.ended)
	}()
	return p, <-started
}

// running says whether the process has not ended yet.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}
