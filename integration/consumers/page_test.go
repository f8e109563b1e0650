package consumers

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

const page = "docs/consumers.md"

// words is a text without what does not count in it.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// pageRelay is the loop of the page.
func pageRelay(ctx context.Context, conn *pgx.Conn, done func() bool) error {
	type event struct {
		Position int64
		Stream   string
	}
	for {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			rows, _ := tx.Query(ctx, "SELECT position, stream FROM consume('relay', 100, '100 milliseconds')")
			events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[event])
			if err != nil || len(events) == 0 {
				return err
			}
			for _, e := range events {
				_, err := tx.Exec(ctx, "INSERT INTO events (stream, type, payload) VALUES ($1, 'Seen', $2)", "seen-"+e.Stream, strconv.FormatInt(e.Position, 10))
				if err != nil {
					return err
				}
			}
			_, err = tx.Exec(ctx, "SELECT ack('relay', $1)", events[len(events)-1].Position)
			return err
		})
		if e := new(pgconn.PgError); errors.As(err, &e) && e.Code == "40001" {
			continue // somebody else has done it
		}
		if err != nil || done() {
			return err
		}
	}
}

// TestPageRelay: the page's loop is the one here, and does what the page says.
func TestPageRelay(t *testing.T) {
	own, err := os.ReadFile("page_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range harness.Blocks(harness.Document(t, page), "go") {
		if !strings.Contains(words(string(own)), words(block)) {
			t.Fatalf("the page has another program:\n%s", block)
		}
	}
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	conn := dial(t, server)
	for i := range 250 {
		run(t, conn, "INSERT INTO events (stream, type) VALUES ($1, 'OrderPlaced')", "order-"+strconv.Itoa(i%7))
	}
	run(t, conn, "SELECT create_consumer('relay', filter => 'category = ''order''')")
	seen := func() (n int) {
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM events WHERE type = 'Seen'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := pageRelay(t.Context(), conn, func() bool { return seen() >= 250 }); err != nil {
		t.Fatal(err)
	}
	if n := seen(); n != 250 {
		t.Errorf("%d events were made of 250", n)
	}
}

func dial(t *testing.T, server *harness.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// TestPage runs the statements of the page, in their order. What they name is there: 42 orders and an event that failed.
func TestPage(t *testing.T) {
	server := harness.Eventgres(t)
	conn := dial(t, server)
	for range 42 {
		run(t, conn, "INSERT INTO events (stream, type) VALUES ('order-1', 'OrderPlaced')")
	}
	run(t, conn, "SELECT create_consumer('totals')")
	for i, block := range harness.Blocks(harness.Document(t, page), "sql") {
		switch {
		case strings.Contains(block, "nack("):
			run(t, conn, "SELECT reset_consumer('mailer', 10)")
			run(t, conn, "SELECT alter_consumer('mailer', max_attempts => 1)")
			run(t, conn, "SELECT position FROM consume('mailer', 100, '0')")
		case strings.Contains(block, "unpark("):
			var n int
			if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM eventgres_parked_events WHERE position = 17").Scan(&n); err != nil || n != 1 {
				t.Fatalf("%d events are parked: %v", n, err)
			}
		}
		for _, sql := range strings.SplitAfter(block, ";") {
			if strings.TrimSpace(sql) == "" {
				continue
			}
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("block %d: %s: %v", i, sql, err)
			}
		}
	}
	var position int64
	var attempt int
	if err := conn.QueryRow(t.Context(), "SELECT position, attempt FROM consume('mailer', 1, '0')").Scan(&position, &attempt); err != nil || position != 17 || attempt != 1 {
		t.Errorf("what was unparked is delivered as position %d, attempt %d: %v", position, attempt, err)
	}
}
