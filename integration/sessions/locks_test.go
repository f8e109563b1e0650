package sessions

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// waitTime bounds how long a test waits for another session to come as far as it must.
const waitTime = 2 * time.Minute

// pending is a query that runs in another session.
type pending struct{ lines chan []string }

func start(t *testing.T, c *pgconn.PgConn, query string) pending {
	p := pending{make(chan []string, 1)}
	ctx := t.Context()
	go func() {
		lines, err := outcome(ctx, c, query)
		if err != nil {
			lines = append(lines, err.Error())
		}
		p.lines <- lines
	}()
	return p
}

func (p pending) result(t *testing.T) string {
	t.Helper()
	select {
	case lines := <-p.lines:
		return strings.Join(lines, "; ")
	case <-time.After(waitTime):
		t.Fatal("the query does not end")
		return ""
	}
}

func ask(t *testing.T, c *pgconn.PgConn, query string) string {
	t.Helper()
	return start(t, c, query).result(t)
}

// await asks until an answer has a text.
func await(t *testing.T, c *pgconn.PgConn, query, text string) {
	t.Helper()
	harness.Await(t, query+" answers "+text, func() bool { return strings.Contains(ask(t, c, query), text) })
}

func waits(t *testing.T, watcher, c *pgconn.PgConn) {
	t.Helper()
	await(t, watcher, fmt.Sprintf("select wait_event_type, wait_event, state from pg_stat_activity where pid = %d", c.PID()), "Lock | advisory | active")
	await(t, watcher, fmt.Sprintf("select count(*) from pg_locks where pid = %d and not granted and waitstart is not null", c.PID()), "row | 1")
}

func has(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestAdvisoryLocksBetweenSessions: what one session holds another waits for, until it gets it, its time is
// over, it is cancelled, or a deadlock is found; and nothing outlives a session.
func TestAdvisoryLocksBetweenSessions(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"eventgres":  func(t *testing.T) string { return harness.Eventgres(t).URL() },
		"postgresql": func(t *testing.T) string { return harness.Postgres(t).Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			u := url(t)
			a, b, c, watcher := open(t, u), open(t, u), open(t, u), open(t, u)

			ask(t, a, "select pg_advisory_lock(1)")
			p := start(t, b, "select pg_advisory_lock(1)")
			waits(t, watcher, b)
			has(t, ask(t, c, "select pg_try_advisory_lock(1), pg_try_advisory_lock_shared(1), pg_try_advisory_lock(2)"), "row | f | f | t")
			has(t, ask(t, c, "set lock_timeout = '20ms'; select pg_advisory_lock(1)"), "ERROR 55P03 canceling statement due to lock timeout")
			// Of the transaction alone: what takes it back would have to come in time as well.
			has(t, ask(t, c, "set lock_timeout = 0; begin; set local statement_timeout = '20ms'; select pg_advisory_lock(1)"), "ERROR 57014 canceling statement due to statement timeout")
			ask(t, c, "rollback")
			has(t, ask(t, a, "select pg_advisory_unlock(1)"), "row | t")
			has(t, p.result(t), "tag SELECT 1")

			// A reader behind a writer waits for it, though another reader has the lock.
			ask(t, b, "select pg_advisory_unlock(1), pg_advisory_lock_shared(3)")
			writer := start(t, a, "select pg_advisory_lock(3)")
			waits(t, watcher, a)
			has(t, ask(t, c, "select pg_try_advisory_lock_shared(3)"), "row | f")
			// Cancelled from a third session.
			ask(t, watcher, fmt.Sprintf("select pg_cancel_backend(%d)", a.PID()))
			has(t, writer.result(t), "ERROR 57014 canceling statement due to user request")
			has(t, ask(t, c, "select pg_try_advisory_lock_shared(3)"), "row | t")
			ask(t, c, "select pg_advisory_unlock_all()")
			ask(t, b, "select pg_advisory_unlock_all()")

			// A deadlock, over the locks of transactions.
			ask(t, a, "begin; select pg_advisory_xact_lock(4)")
			ask(t, b, "begin; select pg_advisory_xact_lock(5)")
			p = start(t, a, "select pg_advisory_xact_lock(5)")
			waits(t, watcher, a)
			q := start(t, b, "select pg_advisory_xact_lock(4)")
			lost, won := "", ""
			select {
			case lines := <-p.lines:
				lost = strings.Join(lines, "; ")
				won = q.result(t)
			case lines := <-q.lines:
				lost = strings.Join(lines, "; ")
				ask(t, b, "rollback")
				won = p.result(t)
			}
			if strings.Contains(won, "ERROR") {
				lost, won = won, lost
			}
			has(t, lost, "ERROR 40P01 deadlock detected")
			has(t, lost, "waits for ExclusiveLock on advisory lock [")
			has(t, lost, "See server log for query details.")
			ask(t, a, "rollback")
			ask(t, b, "rollback")

			// A transaction that has failed holds nothing since its newest savepoint, though nobody has said ROLLBACK.
			ask(t, a, "begin; select pg_advisory_lock(8), pg_advisory_xact_lock(9); savepoint p; select pg_advisory_xact_lock(10); set statement_timeout = '7s'; select 1/0")
			has(t, ask(t, b, "select pg_try_advisory_xact_lock(8), pg_try_advisory_xact_lock(9), pg_try_advisory_xact_lock(10)"), "row | f | f | t")
			ask(t, a, "rollback to p; set statement_timeout = '6s'; release p; select 1/0")
			has(t, ask(t, b, "select pg_try_advisory_xact_lock(8), pg_try_advisory_xact_lock(9)"), "row | f | t")
			ask(t, a, "rollback")
			has(t, ask(t, a, "show statement_timeout"), "row | 0")
			ask(t, a, "select pg_advisory_unlock_all()")

			// A session that ends, by its own or another's will, holds nothing any more.
			ask(t, a, "select pg_advisory_lock(6)")
			p = start(t, b, "select pg_advisory_lock(6)")
			waits(t, watcher, b)
			has(t, ask(t, watcher, fmt.Sprintf("select pg_terminate_backend(%d, 20000)", a.PID())), "row | t")
			has(t, p.result(t), "tag SELECT 1")
			gone, cancel := context.WithTimeout(t.Context(), waitTime)
			defer cancel()
			if err := b.Close(gone); err != nil {
				t.Error(err)
			}
			await(t, watcher, "select pg_try_advisory_lock(6)", "row | t")
			// Also one that waits.
			d := open(t, u)
			p = start(t, d, "select pg_advisory_lock(6)")
			waits(t, watcher, d)
			if err := d.Conn().Close(); err != nil {
				t.Error(err)
			}
			if name == "eventgres" { // PostgreSQL does not look while it waits
				await(t, watcher, fmt.Sprintf("select count(*) from pg_locks where pid = %d", d.PID()), "row | 0")
			}
			ask(t, watcher, "select pg_advisory_unlock_all()")
		})
	}
}
