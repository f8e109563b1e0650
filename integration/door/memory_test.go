//go:build linux

package door

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestVerifiersStay: no verifier is in the worker's memory, whatever was asked.
func TestVerifiersStay(t *testing.T) {
	made, verifier := rolesWithSecrets()
	s := harness.Eventgres(t)
	chief := mustEnter(t, s, "postgres", "")
	mustExec(t, chief, "ALTER ROLE postgres PASSWORD 'pw'")
	for _, sql := range made {
		mustExec(t, chief, sql)
	}
	for _, list := range [][]string{alone, together, nowhere} {
		for _, sql := range list {
			answer(t, chief, sql)
		}
	}
	worker := child(t, s)
	_, keys, _ := strings.Cut(strings.TrimPrefix(verifier, "SCRAM-SHA-256$"), "$")
	stored, _, _ := strings.Cut(keys, ":")
	if remembers(t, worker, stored) {
		t.Error("the worker's memory has a verifier")
	}
	if !remembers(t, worker, "v_group") || !remembers(t, s.PID, stored) {
		t.Error("nothing is found where something is")
	}
}

// child is the server's worker.
func child(t *testing.T, s *harness.Server) int {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for begin := time.Now(); time.Since(begin) < patience; <-poll.C {
		lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.PID))
		if err != nil || lists == nil {
			t.Skip("the system does not tell of children")
		}
		for _, name := range lists {
			children, _ := os.ReadFile(name) // none if the thread has ended
			var pid int
			if _, err := fmt.Sscan(string(children), &pid); err == nil {
				return pid
			}
		}
	}
	t.Fatal("the worker does not run")
	return 0
}

// remembers looks for a text in a process's memory.
func remembers(t *testing.T, pid int, text string) bool {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Skip(err)
	}
	defer memory.Close()
	b := make([]byte, 1<<20)
	found := false
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var begin, end int64
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &begin, &end, &mode); err != nil || !strings.HasPrefix(mode, "rw") {
			continue
		}
		for kept := 0; begin < end && !found; {
			n, err := memory.ReadAt(b[kept:kept+int(min(end-begin, int64(len(b)-kept)))], begin)
			if err != nil || n == 0 {
				break
			}
			found = bytes.Contains(b[:kept+n], []byte(text))
			begin += int64(n)
			kept = copy(b, b[max(kept+n-len(text), 0):kept+n]) // it may lie across
		}
	}
	return found
}
