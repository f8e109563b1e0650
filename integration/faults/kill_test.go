//go:build linux

package faults

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// smallSegments are full after a few appends.
var (
	smallSegments    = harness.WithArgs("--no-analytics", "--segment-bytes", "16384")
	unpackedSegments = harness.WithArgs("--no-analytics", "--segment-bytes", "16384", "--unpacked") // to find events in what was written
)

// The server is killed as it enters the Nth call of a kind, from its start on:
// N = 1 may be in the recovery from the kill before. Nobody whose group was not
// written was acknowledged, and after each restart all that was acknowledged is
// in its place (I1, I2, I3, I5, I8).
func TestKilledAtCall(t *testing.T) {
	strace(t)
	few, many := upTo(6), []int{1, 2, 3, 4, 5, 6, 8, 11, 15, 20, 27, 36, 48}
	if harness.Long() {
		few, many = upTo(8), upTo(60) // no more rolls than that in a load
	}
	calls := map[string][]int{
		"pwrite64": many, "fdatasync": many,
		"fsync": few, "renameat": few, "ftruncate": few, "fallocate": few,
	}
	for call, nths := range calls {
		t.Run(call, func(t *testing.T) {
			segments := smallSegments
			if call == "pwrite64" || call == "fdatasync" {
				segments = unpackedSegments
			}
			server := harness.Eventgres(t, segments)
			j, kills := newJournal(), 0
			for _, n := range nths {
				if killAt(t, server, j, call, n) {
					kills++
				}
				if t.Failed() {
					t.Fatalf("after the kill at %s %d", call, n)
				}
			}
			t.Logf("%d kills, %d events acknowledged, %d appends not answered", kills, j.events(), j.count(lost))
			if kills < len(nths)/2 {
				t.Errorf("the server was killed at %d of %d calls only", kills, len(nths))
			}
			verify(t, server)
		})
	}
}

// killAt runs the server until it is killed at the nth call, or has taken a
// number of appends, and judges its successor. It says whether it was killed.
func killAt(t *testing.T, server *harness.Server, j *journal, call string, nth int) (killed bool) {
	t.Helper()
	// A kill in the middle of a load leaves the recovery something to do.
	server.Kill()
	tr, since := underTrace(t, server, nil, fmt.Sprintf("%s:signal=KILL:when=%d", call, nth)), j.now()
	switch err := server.Start(); {
	case err == nil:
		killed = loadUntilKilled(t, server, j)
	case strings.Contains(err.Error(), "signal: killed"):
		killed = true
	default:
		t.Fatalf("start: %v", err)
	}
	if killed {
		j.unacknowledged(t, tr.group(t, call, nth), since)
	}
	untraced(server)
	server.Restart()
	j.judge(t, server)
	// Something unfinished for the next kill of the recovery.
	run(t, j.connect(t, server, 2, 500), 2)
	j.onlyAnswers(t, lost)
	return killed
}

func loadUntilKilled(t *testing.T, server *harness.Server, j *journal) (killed bool) {
	t.Helper()
	var clients []*client
	for range 3 {
		conn, err := dial(t.Context(), server)
		if err != nil {
			break // killed already
		}
		defer conn.Close(t.Context())
		clients = append(clients, j.client(conn, 800))
	}
	before := j.count(lost)
	run(t, clients, 20)
	if j.count(lost) > before || len(clients) < 3 {
		server.Wait()
		return true
	}
	server.Kill()
	return false
}

// The server is killed at each of the first calls of its life, while it makes
// the store; whatever that left behind, the next start makes a store of it.
func TestKilledAtBirth(t *testing.T) {
	strace(t)
	server := harness.Eventgres(t, smallSegments)
	for _, call := range []string{"mkdirat", "fsync", "pwrite64", "fdatasync", "renameat"} {
		survived := false
		for n := 1; !survived; n++ {
			if n > 20 {
				t.Fatalf("20 calls of %s before the store is made", call)
			}
			server.Kill()
			harness.WithData(filepath.Join(t.TempDir(), "data"))(server)
			underTrace(t, server, nil, fmt.Sprintf("%s:signal=KILL:when=%d", call, n))
			err := server.Start()
			if survived = err == nil; survived {
				server.Kill()
			} else if !strings.Contains(err.Error(), "signal: killed") {
				t.Fatalf("%s %d: %v", call, n, err)
			}
			if n == 1 && survived {
				t.Errorf("%s: never called", call)
			}
			untraced(server)
			server.Restart()
			newJournal().appends(t, server)
			if t.Failed() {
				t.Fatalf("after the kill at %s %d", call, n)
			}
		}
	}
}
