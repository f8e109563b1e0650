package live

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestEnds: what has an upper bound ends when that is passed, whatever comes; and FETCH ALL returns all that is committed, also what was a moment ago.
func TestEnds(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	c := as(ctx, t, server, "app")
	for i, where := range []string{"type = 'never'", "stream = 'never'", "category = 'never'", "'never' = ANY(tags)", "true"} {
		f := subscribe(ctx, t, as(ctx, t, server, "app"), fmt.Sprintf("SUBSCRIBE SELECT position FROM events WHERE %s AND position <= %d", where, i*3+1))
		for range 3 {
			execute(ctx, t, c, "INSERT INTO events (stream, type) VALUES ('s', 'other')")
		}
		select {
		case err := <-f.ended:
			if err != nil {
				t.Errorf("%s: %v", where, err)
			}
		case <-time.After(30 * time.Second):
			t.Errorf("%s does not end", where)
		}
	}
	for range 20 { // so many that the dispatcher takes its time
		subscribe(ctx, t, as(ctx, t, server, "app"), "SUBSCRIBE SELECT position FROM events")
	}
	execute(ctx, t, c, "DECLARE c CURSOR WITH HOLD FOR SUBSCRIBE SELECT position FROM events")
	for i := range 200 {
		execute(ctx, t, c, "INSERT INTO events (stream, type) VALUES ('s', 'other')")
		rows, err := c.Query(ctx, "FETCH ALL FROM c", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil || len(got) != 1 {
			t.Fatalf("after append %d FETCH ALL has %v, %v", i, got, err)
		}
	}
}
