package clients

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

var pgbenchModes = []string{"simple", "extended", "prepared"}

// bench is a run of pgbench with four clients of 25 transactions each.
func bench(t *testing.T, mode, script string, args ...string) program {
	argv := []string{harness.Need(t, "pgbench"), "-M", mode, "-f", script, "-c", "4", "-t", "25"}
	return program{dir: "testdata/pgbench", argv: append(argv, args...)}
}

const transactions = 100 // of one bench

var (
	processed = regexp.MustCompile(`number of transactions actually processed: (\d+)/100\b`)
	failed    = regexp.MustCompile(`number of failed transactions: (\d+) `)
)

// figures are the transactions that pgbench says it has done, and those that failed.
func figures(t *testing.T, out string) (done, fails int) {
	t.Helper()
	return figure(t, processed, out), figure(t, failed, out)
}

func figure(t *testing.T, line *regexp.Regexp, out string) int {
	t.Helper()
	m := line.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no line like %v in\n%s", line, out)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func all(t *testing.T, out string) {
	t.Helper()
	if done, fails := figures(t, out); done != transactions || fails != 0 {
		t.Errorf("%d done, %d failed:\n%s", done, fails, out)
	}
}

func TestPgbenchAppend(t *testing.T) {
	for _, mode := range pgbenchModes {
		t.Run(mode, func(t *testing.T) {
			to := newTarget(t)
			all(t, bench(t, mode, "append.sql", "-n").mustRun(t, to))
			expectCount(t, to, transactions)
			// Without -n it tries to VACUUM its own tables first, and goes on without.
			all(t, bench(t, mode, "append.sql").mustRun(t, to))
			expectCount(t, to, 2*transactions)
		})
	}
}

func TestPgbenchRead(t *testing.T) {
	for _, mode := range pgbenchModes {
		t.Run(mode, func(t *testing.T) {
			to := newTarget(t)
			all(t, bench(t, mode, "read.sql", "-n").mustRun(t, to))
			expectCount(t, to, transactions)
		})
	}
}

func TestPgbenchConflict(t *testing.T) {
	for _, mode := range pgbenchModes {
		t.Run(mode, func(t *testing.T) {
			to := newTarget(t)
			out := bench(t, mode, "conflict.sql", "-n").mustRun(t, to)
			if done, fails := figures(t, out); done != 1 || fails != transactions-1 {
				t.Errorf("%d done, %d failed:\n%s", done, fails, out)
			}
			expectCount(t, to, 1)
		})
	}
}

func TestPgbenchRetries(t *testing.T) {
	const seeds = "INSERT INTO events (stream, type, payload) VALUES ('1', 'Seed', '{}'), ('2', 'Seed', '{}'), ('3', 'Seed', '{}')"
	for _, mode := range pgbenchModes {
		t.Run(mode, func(t *testing.T) {
			to := newTarget(t)
			psql(t, "-c", seeds).mustRun(t, to)
			all(t, bench(t, mode, "expected.sql", "-n", "--max-tries=10000").mustRun(t, to))
			expectCount(t, to, transactions+3)
		})
	}
}

func TestPgbenchPipeline(t *testing.T) {
	for _, mode := range []string{"extended", "prepared"} {
		t.Run(mode, func(t *testing.T) {
			to := newTarget(t)
			all(t, bench(t, mode, "pipeline.sql", "-n").mustRun(t, to))
			expectCount(t, to, 5*transactions)
		})
	}
}

// expectCount checks the number of events, and that their positions are that many.
func expectCount(t *testing.T, to target, want int64) {
	t.Helper()
	if got := to.number(t, "SELECT count(*) FROM events"); got != want {
		t.Errorf("%d events stored, want %d", got, want)
	}
	if got := to.number(t, "SELECT max(position) FROM events"); got != want-1 {
		t.Errorf("last position %d, want %d", got, want-1)
	}
}
