//go:build linux

package worker

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestTold: where the worker ends, the server's log says what it was asked then, each session's statement
// a bounded part, and a line for each end.
func TestTold(t *testing.T) {
	s := harness.Eventgres(t)
	c, asker := connect(t, s), connect(t, s)
	number(t, asker, `SELECT count(DISTINCT type) FROM events`) // its session is connected with the worker
	const long = `SELECT count(*) AS long_one FROM generate_series(1, 100000000) a, generate_series(1, 1000) b WHERE sqrt(a * b) < 0`
	failed := make(chan error, 1)
	go func() { failed <- run(t.Context(), asker, long+" -- "+strings.Repeat("x", 5000)) }()
	harness.Await(t, "the statement runs", func() bool {
		return number(t, c, `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%long_one%' AND pid <> pg_backend_pid()`) == 1
	})
	pid := workerPID(t, s)
	harness.Await(t, "the worker runs it", func() bool { return busy(t, pid) }) // before, it would be asked of the next worker
	killWorker(t, s)
	wantCode(t, long, <-failed, "58000")
	s.AwaitLog("the analytics worker ended")
	number(t, c, `SELECT count(DISTINCT type) FROM events`)
	told := ""
	for line := range strings.Lines(s.Log()) {
		if strings.Contains(line, "the analytics worker ended") {
			told += line
		}
	}
	if !strings.Contains(told, "signal: killed") || !strings.Contains(told, "AS long_one FROM generate_series") {
		t.Errorf("the log says %s", told)
	}
	if strings.Count(told, "\n") != 1 || len(told) > 2000 {
		t.Errorf("the log says too much: %s", told)
	}
}
