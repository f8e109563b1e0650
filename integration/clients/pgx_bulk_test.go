package clients

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgx describes the columns by preparing a SELECT of them, then sends binary.
func pgxCopy(ctx context.Context, t *testing.T, c pgxClient) {
	name, id := c.stream("copy"), uuid.New()
	cols := []string{"event_id", "stream", "type", "payload", "metadata", "tags"}
	rows := [][]any{
		{id, name, "Ünï", payload, metadata, tags},
		{uuid.New(), name, "Bare", map[string]any{"n": 1}, nil, nil},
	}
	n, err := c.CopyFrom(ctx, pgx.Identifier{"events"}, cols, pgx.CopyFromRows(rows))
	must(t, err)
	expect(t, "rows", n, 2)
	var e recorded
	must(t, c.QueryRow(ctx, "SELECT "+columns+" FROM events WHERE event_id = $1", id.String()).Scan(e.fields(&e.tags)...))
	e.check(t, name, id)

	again := [][]any{{uuid.New(), name, "New", "{}", nil, nil}, {id, name, "Old", "{}", nil, nil}}
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"events"}, cols, pgx.CopyFromRows(again))
		return err
	})
	expectState(t, "an id again", err, "23505 events_event_id_key")
	expect(t, "history", history(ctx, t, c.Conn, name), "[0Ünï 1Bare]")
}

// A batch is a pipeline with one Sync: also without BEGIN one transaction.
func pgxBatch(ctx context.Context, t *testing.T, c pgxClient) {
	name := c.stream("batch")
	batch := &pgx.Batch{}
	for i := range int64(30) {
		batch.Queue(appendSQL, name, "Tick", "{}", i-1).QueryRow(func(row pgx.Row) error {
			var position, version int64
			err := row.Scan(&position, &version)
			expect(t, "version", version, i)
			return err
		})
		batch.Queue("SELECT count(*) FROM events WHERE stream = $1", name).QueryRow(func(row pgx.Row) error {
			var n int64
			err := row.Scan(&n)
			expect(t, "count", n, i+1)
			return err
		})
	}
	must(t, c.SendBatch(ctx, batch).Close())
	expect(t, "stored", count(ctx, t, c, name), 30)
}

func pgxFailedBatch(ctx context.Context, t *testing.T, c pgxClient) {
	name := c.stream("failed-batch")
	batch := &pgx.Batch{}
	for _, expected := range []int64{-1, 0, 7, 1} {
		batch.Queue(appendSQL, name, "Tick", "{}", expected)
	}
	err := c.SendBatch(ctx, batch).Close()
	expectState(t, "batch", err, "40001")
	expect(t, "stored", count(ctx, t, c, name), 0)
}

// Many statements in flight, each with a Sync, so each a transaction of its
// own: those in between that fail take nothing with them.
func TestPgxPipeline(t *testing.T) {
	ctx := testContext(t)
	conn := newTarget(t).connect(t)
	_, err := conn.Prepare(ctx, "append", appendSQL)
	must(t, err)
	pipeline := conn.PgConn().StartPipeline(ctx)
	for i := range 100 {
		expected := []byte(nil)
		if i%10 == 5 {
			expected = []byte("7777")
		}
		args := [][]byte{[]byte("pipeline"), []byte("Tick"), []byte("{}"), expected}
		pipeline.SendQueryPrepared("append", args, nil, nil)
		must(t, pipeline.Sync())
	}
	done, refused := drain(t, pipeline)
	must(t, pipeline.Close())
	expect(t, "appended", done, 90)
	expect(t, "refused", refused, 10)
	expect(t, "stored", count(ctx, t, conn, "pipeline"), 90)
}

// drain reads all answers of a pipeline whose statements may meet conflicts.
func drain(t *testing.T, pipeline *pgconn.Pipeline) (done, refused int) {
	t.Helper()
	for {
		results, err := pipeline.GetResults()
		if results == nil && err == nil {
			return done, refused
		}
		if reader, ok := results.(*pgconn.ResultReader); ok && err == nil {
			if err = reader.Read().Err; err == nil {
				done++
			}
		}
		if err != nil {
			expectState(t, "in the pipeline", err, "40001")
			refused++
		}
	}
}
