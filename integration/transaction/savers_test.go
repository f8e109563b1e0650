package transaction

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestSavers: eight who save as object mappers do, with the event's id as the key, do not get into each other's way,
// on streams of their own and on one.
func TestSavers(t *testing.T) {
	s := harness.Eventgres(t)
	var all sync.WaitGroup
	const rounds = 25
	for w := range 8 {
		c, err := pgx.Connect(t.Context(), s.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(context.Background())
		all.Go(func() {
			for i := range rounds {
				stream := "shared"
				if i%2 == 0 {
					stream = fmt.Sprintf("saver-%d", w)
				}
				if err := save(c, stream, i); err != nil {
					t.Errorf("saver %d, round %d: %v", w, i, err)
					return
				}
			}
		})
	}
	all.Wait()
	c := dial(t, s.URL())
	if got, want := one(t, c, `SELECT count(*), count(DISTINCT event_id), count(DISTINCT position) FROM events WHERE upper(type) = 'SAVED'`), fmt.Sprintf("%[1]d,%[1]d,%[1]d", 8*rounds*2); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := one(t, c, `SELECT count(*) FROM (SELECT recorded_at < lag(recorded_at) OVER (ORDER BY position) AS back FROM events) x WHERE back`); got != "0" {
		t.Errorf("%s times decrease along the log", got)
	}
}

// save saves two events in one transaction, with what mappers ask in between.
func save(c *pgx.Conn, stream string, n int) error {
	ctx := context.Background()
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	var now time.Time
	if err := tx.QueryRow(ctx, `SELECT now()`).Scan(&now); err != nil {
		return err
	}
	for k := range 2 {
		id := uuid.New()
		var saved uuid.UUID
		var recorded time.Time
		err := tx.QueryRow(ctx, `INSERT INTO events (event_id, stream, type, payload) VALUES ($1, $2, 'saved', $3) RETURNING event_id, recorded_at`,
			id, stream, map[string]int{"n": n}).Scan(&saved, &recorded)
		if err != nil {
			return err
		}
		if saved != id || !recorded.Equal(now) {
			return fmt.Errorf("RETURNING %s, %s; want %s, %s", saved, recorded, id, now)
		}
		var mine, sum int
		if err := tx.QueryRow(ctx, `SELECT count(*), sum((payload->>'n')::int) FROM events WHERE recorded_at = $1 AND event_id = ANY($2)`, now, []uuid.UUID{id}).Scan(&mine, &sum); err != nil {
			return err
		}
		if mine != 1 || sum != n {
			return fmt.Errorf("%d of its own with the sum %d in round %d, event %d", mine, sum, n, k)
		}
		var name string
		if err := tx.QueryRow(ctx, `SELECT typname FROM pg_catalog.pg_type WHERE oid = $1`, 25).Scan(&name); err != nil {
			return err
		}
		var created time.Time
		if err := tx.QueryRow(ctx, `SELECT updated_at FROM streams WHERE stream = $1`, stream).Scan(&created); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}
