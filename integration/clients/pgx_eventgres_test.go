package clients

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Design §4: JSON is stored byte for byte as given.
func TestPayloadBytesAreKept(t *testing.T) {
	to := newTarget(t)
	to.notOnReference(t, "jsonb is rewritten there")
	const odd = ` { "b":1,"a" : 2e0, "b": 3,` + "\t" + `"e": "\u00e9é\/" } `
	for _, mode := range pgxModes {
		t.Run(mode.String(), func(t *testing.T) {
			ctx, conn := testContext(t), to.connectMode(t, mode)
			_, err := conn.Exec(ctx, "INSERT INTO events (stream, type, payload) VALUES ($1, 'A', $2)", mode.String(), odd)
			must(t, err)
			var got string
			must(t, conn.QueryRow(ctx, "SELECT payload FROM events WHERE stream = $1", mode.String()).Scan(&got))
			expect(t, "payload", got, odd)
		})
	}
}

// Design §4: the detail of a conflict gives stream, expected and actual version.
func TestConflictDetail(t *testing.T) {
	ctx := testContext(t)
	conn := newTarget(t).connect(t)
	for range 43 {
		_, _, err := appendOne(ctx, conn, "order-17", "Tick", anyVersion)
		must(t, err)
	}
	_, _, err := appendOne(ctx, conn, "order-17", "Late", 31)
	expectState(t, "conflict", err, "40001")
	detail := err.(*pgconn.PgError).Detail
	for _, want := range []string{"order-17", "31", "42"} {
		expectContains(t, "detail", detail, want)
	}
}

// What a transaction was told — a version, a position, a count — holds at
// COMMIT, or COMMIT fails. PostgreSQL would make the other one wait instead.
func TestCommitConflicts(t *testing.T) {
	to := newTarget(t)
	to.notOnReference(t, "the second append waits for the first transaction there")
	cases := []struct {
		name   string
		inside string // run in the transaction, with the stream's name
		stream string // somebody else appends here before the COMMIT
		state  string // of the COMMIT
	}{
		{"version told, same stream", "INSERT INTO events (stream, type) VALUES ($1, 'A') RETURNING version", "same", "40001"},
		{"version told, other stream", "INSERT INTO events (stream, type) VALUES ($1, 'A') RETURNING version", "other", ""},
		{"position told, other stream", "INSERT INTO events (stream, type) VALUES ($1, 'A') RETURNING position", "other", "40001"},
		{"nothing told, same stream", "INSERT INTO events (stream, type) VALUES ($1, 'A')", "same", ""},
		{"expected version, same stream", "INSERT INTO events (stream, type, expected_version) VALUES ($1, 'A', -1)", "same", "40001"},
		{"expected version, other stream", "INSERT INTO events (stream, type, expected_version) VALUES ($1, 'A', -1)", "other", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			streams := map[string]string{"same": "pin-" + c.name, "other": "elsewhere-" + c.name}
			err := commitAround(t, to, c.inside, streams["same"], streams[c.stream])
			want := int64(1)
			if c.state == "" {
				must(t, err)
			} else {
				expectState(t, "commit", err, c.state)
				want = 0
			}
			expect(t, "stored of the transaction",
				to.number(t, "SELECT count(*) FROM events WHERE stream = $1 AND type = 'A'", streams["same"]), want)
		})
	}
}

// commitAround runs a statement in a transaction and commits it after somebody
// else's append; the error is that of the COMMIT.
func commitAround(t *testing.T, to target, inside, stream, elsewhere string) error {
	t.Helper()
	ctx, conn, other := testContext(t), to.connect(t), to.connect(t)
	tx, err := conn.Begin(ctx)
	must(t, err)
	_, err = tx.Exec(ctx, inside, stream)
	must(t, err)
	_, _, err = appendOne(ctx, other, elsewhere, "B", anyVersion)
	must(t, err)
	err = tx.Commit(ctx)
	expect(t, "status after COMMIT", conn.PgConn().TxStatus(), 'I')
	return err
}

// A native SELECT in a transaction sees its own staged appends, and pins them.
func TestStagedAppendsAreSeen(t *testing.T) {
	to := newTarget(t)
	to.notOnReference(t, "the second append waits for the first transaction there")
	ctx, conn := testContext(t), to.connect(t)
	tx, err := conn.Begin(ctx)
	must(t, err)
	_, err = tx.Exec(ctx, "INSERT INTO events (stream, type, payload) VALUES ('seen', 'A', '{}')")
	must(t, err)
	var position, version int64
	must(t, tx.QueryRow(ctx, "SELECT position, version FROM events WHERE stream = 'seen'").Scan(&position, &version))
	expect(t, "place", []int64{position, version}, []int64{0, 0})
	_, _, err = appendOne(ctx, to.connect(t), "seen", "B", anyVersion)
	must(t, err)
	expectState(t, "commit", tx.Commit(ctx), "40001")
	expect(t, "history", history(ctx, t, conn, "seen"), "[0B]")
}

// recorded_at told in a transaction is the transaction's time, which the log may raise.
func TestRecordedAtInTransaction(t *testing.T) {
	to := newTarget(t)
	ctx, conn := testContext(t), to.connect(t)
	var began, told, kept time.Time
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "INSERT INTO events (stream, type) VALUES ('at', 'A') RETURNING now(), recorded_at").Scan(&began, &told)
	})
	must(t, err)
	must(t, conn.QueryRow(ctx, "SELECT recorded_at FROM events WHERE stream = 'at'").Scan(&kept))
	if !told.Equal(began) || kept.Before(told) {
		t.Errorf("the transaction began at %v, was told %v, and the log has %v", began, told, kept)
	}
}

// Two that append to one stream without a word about versions do not disturb each other.
func TestUnconditionalTransactionsInterleave(t *testing.T) {
	to := newTarget(t)
	to.notOnReference(t, "the second append waits for the first transaction there")
	ctx := testContext(t)
	insert := "INSERT INTO events (stream, type) VALUES ('shared', $1)"
	begin := func(kind string) pgx.Tx {
		tx, err := to.connect(t).Begin(ctx)
		must(t, err)
		_, err = tx.Exec(ctx, insert, kind)
		must(t, err)
		return tx
	}
	first, second := begin("A"), begin("B")
	must(t, second.Commit(ctx))
	must(t, first.Commit(ctx))
	expect(t, "history", history(ctx, t, to.connect(t), "shared"), "[0B 1A]")
}
