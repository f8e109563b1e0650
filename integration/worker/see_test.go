//go:build linux

package worker

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"github.com/eventgres/eventgres/integration/harness"
)

var rounds = flag.Int("rounds", 1000, "appends that are counted at once (10,000 in the long form)")

// TestReadYourWrites: an analytical count right after an append, in the same session and in
// another, while others append, is never behind.
func TestReadYourWrites(t *testing.T) {
	s := harness.Eventgres(t)
	c, other := connect(t, s), connect(t, s)
	stop := make(chan struct{})
	var load sync.WaitGroup
	for w := range 4 {
		writer := connect(t, s)
		load.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := writer.Exec(context.Background(), `INSERT INTO events (stream, type) VALUES ($1, 'Load')`, fmt.Sprintf("load-%d-%d", w, i/10)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	const count = `SELECT count(*) FROM events e JOIN (VALUES ('Mine')) v(t) ON e.type = v.t`
	for i := range *rounds {
		exec(t, c, `INSERT INTO events (stream, type) VALUES ('mine', 'Mine')`)
		reader := c
		if i%2 == 1 {
			reader = other
		}
		if n := number(t, reader, count); n != int64(i)+1 {
			t.Fatalf("after append %d the count is %d", i+1, n)
		}
	}
	close(stop)
	load.Wait()
}

// TestRepeatableRead: both paths see the position of the transaction's first statement.
func TestRepeatableRead(t *testing.T) {
	s := harness.Eventgres(t)
	c, other := connect(t, s), connect(t, s)
	fill(t, c, 100)
	tx, err := c.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	const native, analytic = `SELECT count(*) FROM events`, `SELECT count(DISTINCT position) FROM events`
	for i := range 10 {
		if n, a := number(t, c, native), number(t, c, analytic); n != 100 || a != 100 {
			t.Fatalf("round %d: native %d, analytical %d", i, n, a)
		}
		if n := number(t, c, `SELECT sum(version + 1)::bigint FROM streams`); n != 100 {
			t.Fatalf("round %d: the streams' versions add up to %d", i, n)
		}
		exec(t, other, `INSERT INTO events (stream, type) VALUES ('s-1', 'New'), ('t', 'New')`)
	}
	if n := number(t, other, analytic); n != 120 {
		t.Errorf("outside: %d", n)
	}
}

// TestStaged: an analytical SELECT sees what its transaction has staged, and only that one does.
func TestStaged(t *testing.T) {
	s := harness.Eventgres(t)
	c, other := connect(t, s), connect(t, s)
	fill(t, c, 10)
	const byType = `SELECT count(*) FROM (SELECT type FROM events GROUP BY type) t`
	exec(t, c, `BEGIN; INSERT INTO events (stream, type) VALUES ('x', 'Staged')`)
	if n, m := number(t, c, byType), number(t, other, byType); n != 3 || m != 2 {
		t.Errorf("there are %d types inside and %d outside", n, m)
	}
	exec(t, c, `ROLLBACK`)
	if n := number(t, c, byType); n != 2 {
		t.Errorf("there are %d types after ROLLBACK", n)
	}
	exec(t, c, `BEGIN; INSERT INTO events (stream, type) VALUES ('x', 'Staged')`)
	// One that the native path can answer too sees it.
	if n := number(t, c, `SELECT count(*) FROM events WHERE type = 'Staged'`); n != 1 {
		t.Errorf("sees %d staged events", n)
	}
	exec(t, c, `COMMIT`)
}

// TestProjectionIsDisposable: it is rebuilt where it is missing, damaged or another store's.
func TestProjectionIsDisposable(t *testing.T) {
	s := harness.Eventgres(t)
	fill(t, connect(t, s), 5000)
	const sum = `SELECT sum((payload->>'n')::bigint)::bigint FROM events`
	want := number(t, connect(t, s), sum)
	for name, harm := range projectionHarms() {
		t.Run(name, func(t *testing.T) {
			s.Stop()
			harm(t, s.Data)
			s.Restart()
			if got := number(t, connect(t, s), sum); got != want {
				t.Errorf("the sum is %d instead of %d", got, want)
			}
		})
	}
}

// TestProjectionLocked: a predecessor that still has the file is waited for, and the file kept.
func TestProjectionLocked(t *testing.T) {
	s := harness.Eventgres(t)
	fill(t, connect(t, s), 1000)
	const sum = `SELECT sum((payload->>'n')::bigint)::bigint FROM events`
	want := number(t, connect(t, s), sum)
	s.Stop()
	f, err := os.OpenFile(filepath.Join(s.Data, "analytics.duckdb"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	harness.Await(t, "the worker meets the lock", func() bool { return strings.Contains(s.Log(), "let go of the projection") })
	lock.Type = unix.F_UNLCK
	if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	if got := number(t, connect(t, s), sum); got != want {
		t.Errorf("the sum is %d instead of %d", got, want)
	}
	after, err := os.Stat(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) {
		t.Error("the projection was made anew")
	}
}

// TestActivity: pg_stat_activity shows the sessions and what they do.
func TestActivity(t *testing.T) {
	s := harness.Eventgres(t)
	c, other := connect(t, s), connect(t, s)
	of := func(pid uint32) (state, query string, within bool) {
		t.Helper()
		if err := c.QueryRow(t.Context(), `SELECT state, query, xact_start IS NOT NULL FROM pg_stat_activity WHERE pid = $1`, pid).Scan(&state, &query, &within); err != nil {
			t.Fatal(err)
		}
		return state, query, within
	}
	want := func(wantState, wantQuery string, wantWithin bool) {
		t.Helper()
		if state, query, within := of(other.PgConn().PID()); state != wantState || query != wantQuery || within != wantWithin {
			t.Errorf("%s, %q, in a transaction: %v", state, query, within)
		}
	}
	exec(t, other, `SELECT count(*) FROM events`)
	want("idle", `SELECT count(*) FROM events`, false)
	exec(t, other, `BEGIN`)
	exec(t, other, `INSERT INTO events (stream, type) VALUES ('a', 'A')`)
	want("idle in transaction", `INSERT INTO events (stream, type) VALUES ('a', 'A')`, true)
	wantCode(t, "mistake", run(t.Context(), other, `SELECT 1 / 0`), "22012")
	want("idle in transaction (aborted)", `SELECT 1 / 0`, true)
	exec(t, other, `ROLLBACK`)
	want("idle", `ROLLBACK`, false)
	if state, query, _ := of(c.PgConn().PID()); state != "active" || !strings.Contains(query, "pg_stat_activity") {
		t.Errorf("its own session: %s, %q", state, query)
	}
	ended := make(chan error, 1)
	go func() { ended <- run(t.Context(), other, `SELECT pg_sleep(30)`) }()
	harness.Await(t, "the other is active", func() bool {
		state, query, _ := of(other.PgConn().PID())
		return state == "active" && query == `SELECT pg_sleep(30)`
	})
	if err := other.PgConn().CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "cancelled", <-ended, "57014")
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	harness.Await(t, "the other is gone", func() bool { return number(t, c, `SELECT count(*) FROM pg_stat_activity`) == 1 })
	if n := number(t, c, `SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() AND backend_type = 'client backend'`); n != 1 {
		t.Errorf("%d sessions of this user in this database", n)
	}
}
