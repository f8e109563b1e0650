//go:build linux

package network

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
	"golang.org/x/sys/unix"
)

const (
	// What the server may have more than before when the attackers are gone.
	moreDescriptors = 4
	moreMemory      = 48 << 20
	moreGoroutines  = 4
	// Go keeps the threads that it once needed. They must be few, not one a connection.
	moreThreads = 24
)

// A usage is what the server's process has.
type usage struct {
	descriptors, threads int
	memory               int64 // its own, without pages of files
}

func (u usage) String() string {
	return fmt.Sprintf("%d descriptors, %d threads, %d MiB", u.descriptors, u.threads, u.memory>>20)
}

func (u usage) beyond(before usage) error {
	var found []error
	if u.descriptors > before.descriptors+moreDescriptors {
		found = append(found, fmt.Errorf("%d descriptors, %d before", u.descriptors, before.descriptors))
	}
	if u.threads > before.threads+moreThreads {
		found = append(found, fmt.Errorf("%d threads, %d before", u.threads, before.threads))
	}
	if u.memory > before.memory+moreMemory {
		found = append(found, fmt.Errorf("%d MiB, %d before", u.memory>>20, before.memory>>20))
	}
	return errors.Join(found...)
}

// use looks at the process, and remembers the most of everything.
func (s *siege) use() usage {
	s.t.Helper()
	u, err := look(s.server.PID)
	if err != nil {
		s.t.Fatalf("the server is gone: %v\n%s", err, s.server.Log())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.worst.descriptors = max(s.worst.descriptors, u.descriptors)
	s.worst.threads = max(s.worst.threads, u.threads)
	s.worst.memory = max(s.worst.memory, u.memory)
	return u
}

func look(pid int) (u usage, err error) {
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return u, err
	}
	u.descriptors = len(fds)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "RssAnon: %d kB", &kilobytes); n == 1 {
			u.memory = kilobytes << 10
		}
		_, _ = fmt.Sscanf(line, "Threads: %d", &u.threads)
	}
	if u.memory == 0 || u.threads == 0 {
		return u, fmt.Errorf("no figures in /proc/%d/status", pid)
	}
	return u, nil
}

// connections counts the sockets at a port that a server has not closed.
func connections(port int) (n int, err error) {
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // no IPv6
		}
		if err != nil {
			return 0, err
		}
		local := fmt.Sprintf(":%04X", port)
		for line := range strings.Lines(string(text)) {
			const address, state, inode = 1, 3, 9
			f := strings.Fields(line)
			if len(f) <= inode || !strings.HasSuffix(f[address], local) || f[inode] == "0" {
				continue
			}
			if f[state] == "01" || f[state] == "08" { // established; closed by the other side
				n++
			}
		}
	}
	return n, nil
}

// lastCount ends the server with a signal upon which Go prints every goroutine, and
// compares their number with that of a server that was never attacked.
func (s *siege) lastCount() {
	s.t.Helper()
	want := quietGoroutines(s.t)
	if got := goroutines(s.t, s.server); got > want+moreGoroutines {
		s.t.Errorf("%d goroutines after the attack, %d in a server that was not attacked", got, want)
	} else {
		s.t.Logf("goroutines: %d, %d in a server that was not attacked", got, want)
	}
}

// Every goroutine but those of Go's own, of which there are more or less.
var goroutineLine = regexp.MustCompile(`(?m)^created by (?:[^r\n]|r[^u\n])`)

func goroutines(t *testing.T, server *harness.Server) int {
	t.Helper()
	if err := syscall.Kill(server.PID, syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	server.Wait()
	n := len(goroutineLine.FindAllString(server.Log(), -1))
	if n == 0 {
		t.Fatalf("no goroutines in the log:\n%s", server.Log())
	}
	return n
}

var quiet struct {
	sync.Once
	goroutines int
}

func quietGoroutines(t *testing.T) int {
	quiet.Do(func() {
		s := &siege{t: t, server: harness.Eventgres(t)}
		s.victim = newVictim(t, s.server)
		s.awaitWorker() // until it runs it does not notice that the server is gone
		quiet.goroutines = goroutines(t, s.server)
	})
	return quiet.goroutines
}

// descriptorsFor raises the limits of both processes, so that it is the server's own
// limits that the attack meets. Where that is not allowed the test is skipped.
func (s *siege) descriptorsFor(sockets int) {
	s.t.Helper()
	need := uint64(sockets) + 1000
	for _, pid := range []int{0, s.server.PID} {
		if err := raise(pid, need); err != nil {
			s.t.Skipf("%d descriptors: %v", need, err)
		}
	}
}

func raise(pid int, need uint64) error {
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &limit); err != nil {
		return err
	}
	if limit.Cur >= need {
		return nil
	}
	limit.Cur, limit.Max = max(limit.Cur, need), max(limit.Max, need)
	return unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil)
}
