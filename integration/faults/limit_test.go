//go:build linux

package faults

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// fileLimit is how large a file of the limited server may get, in bytes. No
// frame ends there, so the write that meets it is a short one.
const fileLimit = 100_003

// Where a file system does nothing to reserve space, a write is the first to
// meet the limit, and is cut short; otherwise the reservation is.
const reservesNothing = "fallocate:retval=0"

// limited is the command that starts a server with the limit, which can be lifted.
func limited(t *testing.T, limit int) []string {
	t.Helper()
	return []string{harness.Need(t, "prlimit"), fmt.Sprintf("--fsize=%d:unlimited", limit), "--"}
}

// A file may not grow, so that a reservation fails, or a write is cut short: the
// first part of it is in the file. The append is refused and nothing of it stays;
// reads go on, and appends go on when the limit is lifted, or after a restart
// (I1, I2).
func TestShortWrite(t *testing.T) {
	strace(t)
	segments := map[string]string{
		"one segment":                   "268435456",
		"segments that reach the limit": fmt.Sprint(fileLimit),
		"segments a little larger":      fmt.Sprint(fileLimit + 500),
		"segments that fit":             fmt.Sprint(fileLimit / 2),
	}
	for name, segment := range segments {
		for _, short := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, short write %v", name, short), func(t *testing.T) {
				cutShort(t, segment, short)
			})
		}
	}
}

func cutShort(t *testing.T, segment string, short bool) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics", "--segment-bytes", segment))
	server.Stop()
	harness.WithCommand(limited(t, fileLimit)...)(server)
	server.Restart()
	j := newJournal()
	clients := j.connect(t, server, 4, 1000)
	if short {
		tr := attach(t, server, reservesNothing)
		defer func() {
			if n := tr.shortWrites(t); n == 0 && segment == "268435456" {
				t.Error("no write was cut short")
			}
		}()
	}
	run(t, clients, 60)
	j.onlyAnswers(t, diskFull)
	switch n := j.count(diskFull); {
	case n == 0 && segment == "268435456":
		t.Error("nothing was refused")
	case n > 0 && segment == fmt.Sprint(fileLimit/2):
		t.Errorf("%d appends were refused although files stay below the limit", n)
	}
	j.sees(t, server)
	pid := fmt.Sprint(server.PID)
	if out, err := exec.CommandContext(t.Context(), "prlimit", "--fsize=unlimited:unlimited", "--pid", pid).CombinedOutput(); err != nil {
		t.Fatalf("lift the limit: %v\n%s", err, out)
	}
	j.takesAll(t, clients, 10, "the limit was lifted")
	j.sees(t, server)
	server.Kill()
	untraced(server)
	server.Restart()
	j.judge(t, server)
	j.appends(t, server)
	verify(t, server)
}

// The server is killed right after a group of many appends was cut short, of
// which some may have been written whole. Nothing of it is there afterwards (I2).
func TestShortWriteOfGroup(t *testing.T) {
	strace(t)
	largest := 0
	for limit := fileLimit; limit < fileLimit+8000; limit += 997 {
		server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
		server.Stop()
		harness.WithCommand(limited(t, limit)...)(server)
		server.Restart()
		j := newJournal()
		clients := j.connect(t, server, 12, 1000)
		attach(t, server, reservesNothing, "pwrite64:delay_enter=3000")
		var ended sync.WaitGroup
		for _, c := range clients {
			ended.Go(func() {
				for j.count(diskFull) == 0 && c.append(t) == acknowledged {
				}
			})
		}
		ended.Wait()
		j.onlyAnswers(t, diskFull)
		server.Kill()
		untraced(server)
		server.Restart()
		if n := j.judge(t, server); n != j.events() {
			t.Errorf("limit %d: %d events, %d were acknowledged", limit, n, j.events())
		}
		largest = max(largest, j.count(diskFull))
		j.appends(t, server)
		verify(t, server)
	}
	if largest < 3 {
		t.Errorf("%d appends in the largest group prove nothing", largest)
	}
}

// The server is killed as it takes back a write that was cut short, so that a
// torn frame is left, and then killed in its recovery at one call after the
// other, until it comes through (I1, I2, I5).
func TestTornTail(t *testing.T) {
	strace(t)
	for _, call := range []string{"ftruncate", "fdatasync", "pwrite64", "fsync", "renameat"} {
		t.Run(call, func(t *testing.T) {
			server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
			server.Stop()
			// strace first: its own file is not to be limited.
			underTrace(t, server, limited(t, fileLimit), "ftruncate:signal=KILL:when=1", reservesNothing)
			server.Restart()
			j := newJournal()
			run(t, j.connect(t, server, 4, 1000), 60)
			j.onlyAnswers(t, lost)
			if j.count(lost) == 0 {
				t.Fatal("the server was not killed as it took back a write")
			}
			server.Wait()
			kills := 0
			for survived := false; !survived; {
				underTrace(t, server, nil, fmt.Sprintf("%s:signal=KILL:when=%d", call, kills+1))
				err := server.Start()
				if survived = err == nil; !survived {
					if kills++; kills > 20 || !strings.Contains(err.Error(), "signal: killed") {
						t.Fatalf("start %d: %v", kills, err)
					}
				}
			}
			t.Logf("%d recoveries interrupted", kills)
			server.Kill()
			untraced(server)
			server.Restart()
			if n, want := j.judge(t, server), j.events(); n < want {
				t.Errorf("%d events, %d were acknowledged", n, want)
			}
			j.appends(t, server)
			verify(t, server)
		})
	}
}
