//go:build linux

package worker

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// tooComplex are statements that would keep PostgreSQL's parser or a planner busy for minutes or
// exhaust a stack: the server refuses them before they reach the worker.
func tooComplex() map[string]string {
	return map[string]string{
		"100,000 UNION ALL":      "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 100_000),
		"1,000,000 operators":    "SELECT 1" + strings.Repeat("+1", 1_000_000) + " FROM events GROUP BY type",
		"10⁶ parentheses":        "SELECT " + strings.Repeat("(", 1_000_000) + "1" + strings.Repeat(")", 1_000_000) + " GROUP BY 1",
		"10⁶ open parentheses":   "SELECT count(*) FROM " + strings.Repeat("(", 1_000_000),
		"10⁵ NOT":                "SELECT " + strings.Repeat("NOT ", 100_000) + "true FROM events GROUP BY 1",
		"10⁵ subqueries":         strings.Repeat("SELECT (", 100_000) + "SELECT 1" + strings.Repeat(")", 100_000),
		"10⁵ joins":              "SELECT 1 FROM events" + strings.Repeat(" CROSS JOIN events", 100_000),
		"10⁵ CASE":               "SELECT " + strings.Repeat("CASE WHEN true THEN ", 100_000) + "1" + strings.Repeat(" END", 100_000) + " FROM events GROUP BY 1",
		"10⁵ brackets":           "SELECT tags" + strings.Repeat("[1]", 100_000) + " FROM events GROUP BY 1",
		"10⁵ array constructors": "SELECT " + strings.Repeat("ARRAY[", 100_000) + "1" + strings.Repeat("]", 100_000),
		"10⁵ minus signs":        "SELECT " + strings.Repeat("- ", 100_000) + "1 FROM events GROUP BY 1",
		"10⁵ casts":              "SELECT 1" + strings.Repeat("::int", 100_000) + " FROM events GROUP BY 1",
		"10⁵ WITH queries":       "WITH " + strings.Repeat("a AS (SELECT 1), ", 100_000) + "b AS (SELECT 1) SELECT 1",
		"10⁶ values":             "SELECT * FROM (VALUES (1)" + strings.Repeat(", (1)", 1_000_000) + ") v",
		"10⁵ columns":            "SELECT 1" + strings.Repeat(", 1", 100_000) + " FROM events GROUP BY 1",
		"10⁵ OR":                 "SELECT type FROM events WHERE type = 'a'" + strings.Repeat(" OR type = 'a'", 100_000) + " GROUP BY 1",
	}
}

// TestComplexText: each statement gets a clean error in bounded time, another session's running query
// goes on, and the worker is the same process afterwards.
func TestComplexText(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 2000)
	number(t, c, `SELECT count(DISTINCT type) FROM events`)
	before := workerPID(t, s)
	other := connect(t, s)
	running := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		running <- run(ctx, other, `SELECT count(*) FROM events a, events b, events c, events d WHERE a.position + b.position + c.position + d.position = -1`)
	}()
	for name, sql := range tooComplex() {
		began, computing := time.Now(), computed(t, s.PID)
		wantCode(t, name, run(t.Context(), c, sql), "54000", "54001", "54011", "42601", "53200")
		if took, busy := time.Since(began), computed(t, s.PID)-computing; took > 10*time.Second && busy > 10*time.Second {
			t.Errorf("%s took %v, %v of a processor", name, took, busy)
		}
	}
	select {
	case err := <-running:
		t.Errorf("another session's query ended: %v", err)
	default:
	}
	cancel()
	<-running
	if after := workerPID(t, s); after != before {
		t.Errorf("the worker was %d and is %d", before, after)
	}
	if n := number(t, c, `SELECT count(DISTINCT type) FROM events`); n != 2 {
		t.Errorf("afterwards: %d types", n)
	}
}

// heavy are statements that are fine to ask and that the worker cannot or must not finish.
func heavy() map[string]struct {
	sql   string
	codes []string
} {
	type h = struct {
		sql   string
		codes []string
	}
	return map[string]h{
		"more memory than there is": {
			`SELECT array_agg(a.payload::text || b.payload::text || c.payload::text) FROM events a, events b, (SELECT * FROM events LIMIT 10) c`,
			[]string{"53200"},
		},
		"endless recursion": {
			`SET statement_timeout = '2s'; WITH RECURSIVE t(n) AS (SELECT 1::bigint UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t`,
			[]string{"57014", "53200"},
		},
		"a join of everything": {
			`SET statement_timeout = '2s'; SELECT count(*) FROM events a, events b, events c WHERE a.position + b.position + c.position = -1`,
			[]string{"57014", "53200"}, // which the others have taken
		},
		"a huge series": {
			`SET statement_timeout = '5s'; SELECT sum(x) FROM generate_series(1, 100000000000) x`,
			[]string{"57014", "53200", "54000"},
		},
		"a huge text": {
			`SELECT repeat('x', 1000000000) FROM events GROUP BY type`,
			[]string{"54000", "53200"},
		},
	}
}

// TestHeavy: a heavy query ends with a clean error in its session, all of them at once, while
// appends go on and the sessions live on.
func TestHeavy(t *testing.T) {
	s := harness.Eventgres(t, harness.WithArgs("--worker-memory", "134217728", "--worker-spill", "67108864"))
	c := connect(t, s)
	fill(t, c, 5000)
	number(t, c, `SELECT count(DISTINCT type) FROM events`)
	var all sync.WaitGroup
	var sessions []*pgx.Conn
	for range 2 {
		for name, h := range heavy() {
			conn := connect(t, s)
			all.Go(func() {
				// Rarely DuckDB has not even the memory to roll back what the shortage ended, and gives up its database:
				// the worker is started anew, and the statements lost that it ran.
				wantCode(t, name, run(t.Context(), conn, h.sql), append(h.codes, "58000")...)
			})
			sessions = append(sessions, conn)
		}
	}
	appended := int64(5000)
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			exec(t, c, `INSERT INTO events (stream, type) VALUES ($1, 'C')`, fmt.Sprint("during-", appended))
			appended++
		}
	}
	for _, session := range append(sessions, c) {
		exec(t, session, `RESET statement_timeout`)
		const count = `SELECT count(DISTINCT position) FROM events`
		if err := run(t.Context(), session, count); err != nil {
			wantCode(t, count, err, "58000")
		}
		if n := number(t, session, count); n != appended {
			t.Errorf("%d events of %d", n, appended)
		}
	}
	if n := strings.Count(s.Log(), "the analytics worker ended"); n > 1 {
		t.Errorf("the worker ended %d times:\n%s", n, s.Log())
	}
}

// TestWorkerDies: killed in the middle of a result, it costs the session one error. What was
// prepared before it died works afterwards, and appends never notice.
func TestWorkerDies(t *testing.T) {
	s := harness.Eventgres(t)
	c, prepared := connect(t, s), connect(t, s)
	fill(t, c, 20_000)
	if _, err := prepared.Prepare(t.Context(), "q", `SELECT type, count(*) FROM events WHERE payload->>'n' <> $1 GROUP BY type ORDER BY type`); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		rows, err := c.Query(t.Context(), `SELECT a.payload FROM events a, events b WHERE a.version <= b.version`)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
		}
		killWorker(t, s)
		for rows.Next() {
		}
		wantCode(t, "the result that was being read", rows.Err(), "58000")
		exec(t, c, `INSERT INTO events (stream, type) VALUES ('after', 'D')`)
		result, err := prepared.Query(t.Context(), "q", "-1")
		if err != nil {
			t.Fatal(err)
		}
		groups := 0
		for result.Next() {
			groups++
		}
		if result.Err() != nil || groups != 2 {
			t.Errorf("round %d: the prepared statement: %d groups, %v", round, groups, result.Err())
		}
	}
}

// TestCancel: a cancel reaches the worker, and the session goes on.
func TestCancel(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 2000)
	for range 5 {
		ended := make(chan error, 1)
		go func() {
			ended <- run(context.Background(), c, `SELECT count(*) FROM events a, events b, events c WHERE a.position + b.position + c.position = -1`)
		}()
		var err error
		harness.Await(t, "the statement ends", func() bool {
			if cancelled := c.PgConn().CancelRequest(t.Context()); cancelled != nil {
				t.Fatal(cancelled)
			}
			select {
			case err = <-ended:
				return true
			default:
				return false
			}
		})
		wantCode(t, "cancelled", err, "57014")
		if n := number(t, c, `SELECT count(DISTINCT type) FROM events`); n != 2 {
			t.Errorf("%d types", n)
		}
	}
}

// TestClientGone: what nobody waits for any more is ended.
func TestClientGone(t *testing.T) {
	s := harness.Eventgres(t)
	c := connect(t, s)
	fill(t, c, 2000)
	pid := workerPID(t, s)
	for name, last := range map[string]string{"without a word": "", "with a Terminate that is not read yet": "X\x00\x00\x00\x04"} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, s)
			ended := make(chan error, 1)
			go func() {
				ended <- run(t.Context(), c, `SELECT count(*) FROM events a, events b, events c WHERE a.position + b.position + c.position = -1`)
			}()
			harness.Await(t, "the worker is busy", func() bool { return busy(t, pid) })
			if _, err := io.WriteString(c.PgConn().Conn(), last); err != nil {
				t.Fatal(err)
			}
			if err := c.PgConn().Conn().Close(); err != nil {
				t.Fatal(err)
			}
			<-ended
			harness.Await(t, "the worker is idle", func() bool { return !busy(t, pid) })
		})
	}
}

// busy tells whether a process uses a processor, over a moment.
func busy(t *testing.T, pid int) bool {
	t.Helper()
	before := computed(t, pid)
	<-time.After(200 * time.Millisecond)
	return computed(t, pid) != before
}

// computed is how long a process has had a processor.
func computed(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, field := range strings.Fields(string(b[strings.LastIndexByte(string(b), ')'):]))[11:13] { // user and system time
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return time.Duration(sum) * 10 * time.Millisecond // it is counted in hundredths of a second
}
