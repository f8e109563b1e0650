package worker

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience is how long a condition may take to hold; far more than it needs, for machines under load: the worker has the
// lowest priority.
const patience = 3 * time.Minute

// until asks again and again until what it asks for is so.
func until(t *testing.T, ask func() error) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

var planned = regexp.MustCompile(`rows=(\d+)`)

// TestEstimatesByType: EXPLAIN knows how many events there are of a type, on either path, and does not wait for the worker to
// count them anew.
func TestEstimatesByType(t *testing.T) {
	s := harness.Eventgres(t)
	c, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	fill := func(kind string, n int) {
		t.Helper()
		if _, err := c.Exec(t.Context(), fmt.Sprintf("INSERT INTO events (stream, type) SELECT 's-' || i %% 10, '%s' FROM generate_series(1, %d) i", kind, n)); err != nil {
			t.Fatal(err)
		}
	}
	rows := func(sql string, args ...any) string {
		t.Helper()
		var line string
		if err := c.QueryRow(t.Context(), "EXPLAIN "+sql, args...).Scan(&line); err != nil {
			t.Fatal(err)
		}
		return planned.FindStringSubmatch(line)[1]
	}
	fill("Common", 900)
	fill("Rare", 90)
	fill("It''s", 10)
	for _, x := range []struct {
		sql, want string
		args      []any
	}{
		{"SELECT * FROM events WHERE type = 'Rare'", "90", nil},
		{"SELECT * FROM events WHERE 'Rare'::text = type", "90", nil},
		{"SELECT * FROM events WHERE type = $1", "10", []any{"It's"}},
		{"SELECT * FROM events WHERE type IN ('Rare', 'It''s')", "100", nil},
		{"SELECT * FROM events WHERE type <> 'Common'", "100", nil},
		{"SELECT * FROM events WHERE type = 'Rare' OR type = 'Common'", "990", nil},
		{"SELECT * FROM events WHERE type = 'None'", "1", nil},
		{"SELECT lower(type) FROM events WHERE type = 'Rare'", "90", nil},
		{"SELECT lower(type) FROM events WHERE type = $1", "900", []any{"Common"}},
		{"SELECT type, count(*) FROM events GROUP BY type", "3", nil},
	} {
		until(t, func() error { // the worker may take its time to count
			if got := rows(x.sql, x.args...); got != x.want {
				return fmt.Errorf("%s: %s rows, want %s", x.sql, got, x.want)
			}
			return nil
		})
	}
	fill("Rare", 910)
	until(t, func() error {
		if got := rows("SELECT * FROM events WHERE type = 'Rare'"); got != "1000" {
			return fmt.Errorf("of 1000 rows it knows %s", got)
		}
		return nil
	})
}
