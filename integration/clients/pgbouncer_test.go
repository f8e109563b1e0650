package clients

import (
	"context"
	"fmt"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5"
)

// pgbouncer starts PgBouncer in front of the target and gives the target behind it. The pool has fewer connections to the server than it has clients.
func pgbouncer(t *testing.T, to target, mode string) target {
	t.Helper()
	to.url = harness.Pool(t, to.url, mode, 2)
	return to
}

// All that pgx can do without statements that the pool would have to remember.
func TestPgbouncerPgx(t *testing.T) {
	runPgx(t, pgbouncer(t, newTarget(t), "transaction"), pgx.QueryExecModeExec)
}

// Twelve clients share two connections, each transaction whole.
func TestPgbouncerTransactionMode(t *testing.T) {
	to := pgbouncer(t, newTarget(t), "transaction")
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			const clients, each = 12, 10
			ended := make(chan error, clients)
			for i := range clients {
				conn := to.connectMode(t, mode)
				go func() { ended <- transfers(testContext(t), conn, mode, i, each) }()
			}
			for range clients {
				must(t, <-ended)
			}
			for i := range clients {
				want := int64(2 * each)
				if got := to.pooledCount(t, transferStream(mode, i)); got != want {
					t.Errorf("client %d: %d events, want %d", i, got, want)
				}
			}
		})
	}
}

func transferStream(mode pgx.QueryExecMode, client int) string {
	return fmt.Sprintf("%s-%d", mode, client)
}

// transfers runs transactions of two appends each, with a conflict in between
// that a savepoint takes back.
func transfers(ctx context.Context, conn *pgx.Conn, mode pgx.QueryExecMode, client, n int) error {
	stream := transferStream(mode, client)
	for range n {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO events (stream, type) VALUES ($1, 'A')", stream); err != nil {
				return err
			}
			if err := conflictInSavepoint(ctx, tx, stream); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO events (stream, type) VALUES ($1, 'B')", stream)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func conflictInSavepoint(ctx context.Context, tx pgx.Tx, stream string) error {
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		_, _, err := appendOne(ctx, tx, stream, "C", int64(7777))
		return err
	})
	if state := sqlState(err); state != "40001" {
		return fmt.Errorf("a conflict inside a transaction: %s", state)
	}
	return nil
}

// pooledCount counts without statements that the pool would have to remember.
func (to target) pooledCount(t *testing.T, stream string) int64 {
	t.Helper()
	return count(testContext(t), t, to.connectMode(t, pgx.QueryExecModeExec), stream)
}

// Between two clients the connection is wiped: settings and statements are gone.
func TestPgbouncerSessionMode(t *testing.T) {
	direct := newTarget(t)
	fresh := statementTimeout(t, direct.connect(t))
	to := pgbouncer(t, direct, "session")
	for range 4 { // more than the pool has connections, so some are used again
		ctx, conn := testContext(t), to.connect(t)
		expect(t, "statement_timeout", statementTimeout(t, conn), fresh)
		_, err := conn.Prepare(ctx, "append", appendSQL) // 42P05 if it were still there
		must(t, err)
		_, err = conn.Exec(ctx, "SET statement_timeout = '7777s'")
		must(t, err)
		_, _, err = appendOne(ctx, conn, "session", "A", anyVersion)
		must(t, err)
		conn.Close(ctx)
	}
}

func statementTimeout(t *testing.T, conn *pgx.Conn) (timeout string) {
	t.Helper()
	must(t, conn.QueryRow(testContext(t), "SHOW statement_timeout").Scan(&timeout))
	return timeout
}

// A client that goes away in the middle of a transaction leaves nothing behind.
func TestPgbouncerClientGone(t *testing.T) {
	to := pgbouncer(t, newTarget(t), "transaction")
	ctx, conn := testContext(t), to.connectMode(t, pgx.QueryExecModeExec)
	tx, err := conn.Begin(ctx)
	must(t, err)
	_, err = tx.Exec(ctx, "INSERT INTO events (stream, type) VALUES ('gone', 'A')")
	must(t, err)
	must(t, conn.PgConn().Conn().Close())
	expect(t, "stored", to.pooledCount(t, "gone"), 0)
}

func TestPgbouncerPsql(t *testing.T) {
	for _, mode := range []string{"transaction", "session"} {
		t.Run(mode, func(t *testing.T) {
			session := psql(t, "-v", "streamname=order-1", "-f", "session.sql")
			session.dir = "testdata/psql"
			to := newTarget(t)
			if mode == "session" {
				session.script(t, pgbouncer(t, to, mode), "testdata/psql/session.want")
				return
			}
			// Session state is not for this mode; transactions are.
			insert := "INSERT INTO events (stream, type) VALUES ('a', 'A') RETURNING version"
			out := tuples(t, "-c", "BEGIN", "-c", insert, "-c", insert, "-c", "COMMIT", "-c", "SELECT count(*) FROM events")
			compare(t, out.mustRun(t, pgbouncer(t, to, mode)), "0\n1\n2\n")
		})
	}
}

func TestPgbouncerPgbench(t *testing.T) {
	to := newTarget(t)
	pooled := pgbouncer(t, to, "transaction")
	for _, mode := range []string{"simple", "extended"} {
		all(t, bench(t, mode, "append.sql", "-n").mustRun(t, pooled))
	}
	expectCount(t, to, 2*transactions)
}
