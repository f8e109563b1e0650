package replication

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// table is events as a subscriber has it: the columns that `\d events` shows.
const table = `CREATE TABLE events (
	position bigint PRIMARY KEY, stream_id uuid NOT NULL, stream text, version bigint NOT NULL, event_id uuid NOT NULL, type text NOT NULL,
	payload jsonb, metadata jsonb, tags text[], recorded_at timestamptz NOT NULL, UNIQUE (stream_id, version), UNIQUE (event_id))`

// subscriber makes a database of the real PostgreSQL with a table for what comes, and returns a connection to it.
func subscriber(t *testing.T, name string) (connect func() *pgx.Conn) {
	t.Helper()
	c := harness.Postgres(t)
	admin, err := pgx.Connect(t.Context(), c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	mustExec(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		if text, _ := os.ReadFile(filepath.Join(c.Socket, "log")); t.Failed() {
			t.Logf("log of PostgreSQL:\n%s", text[max(0, len(text)-8000):])
		}
	})
	connect = func() *pgx.Conn {
		deadline := time.Now().Add(patience)
		for { // it may be recovering from a crash
			conn, err := pgx.Connect(context.Background(), c.URL(name)) // at the test's end, too
			if err == nil {
				t.Cleanup(func() { conn.Close(context.Background()) })
				return conn
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
	}
	conn := connect()
	mustExec(t, conn, table)
	return connect
}

// rowsOf are the rows of events, as texts.
func rowsOf(t *testing.T, conn *pgx.Conn, from string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT position || ' ' || stream_id || ' ' || coalesce(stream, '-') || ' ' || version || ' ' || event_id || ' ' || type || ' ' ||
		coalesce(payload::text, '-') || ' ' || coalesce(metadata::text, '-') || ' ' || coalesce(tags::text, '-') || ' ' || extract(epoch FROM recorded_at)
		FROM `+from+` ORDER BY position`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// equal waits until the subscriber has as many rows as the publisher, and compares all.
func equal(t *testing.T, from *pgx.Conn, to func() *pgx.Conn, where string) {
	t.Helper()
	equalTo(t, from, to, "events "+where)
}

func equalTo(t *testing.T, from *pgx.Conn, to func() *pgx.Conn, what string) {
	t.Helper()
	want := rowsOf(t, from, what)
	deadline := time.Now().Add(patience)
	conn := to()
	n := 0
	for n != len(want) {
		if time.Now().After(deadline) {
			t.Fatalf("the subscriber has %d rows of %d after %v", n, len(want), patience)
		}
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil {
			conn = to()
		}
	}
	if got := rowsOf(t, conn, "events"); !slices.Equal(got, want) {
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("row %d:\n%s\nwant\n%s", i, got[i], want[i])
			}
		}
	}
}

// subscribe makes a subscription, which is dropped at the test's end, with its slot, while both are there.
func subscribe(t *testing.T, s *harness.Server, to func() *pgx.Conn, name, options string) {
	t.Helper()
	mustExec(t, to(), fmt.Sprintf("CREATE SUBSCRIPTION %s CONNECTION 'host=%s port=%d user=test dbname=events' PUBLICATION p%s", name, s.Host, s.Port, options))
	unsubscribe(t, to, name)
}

// unsubscribe drops a subscription at the test's end.
func unsubscribe(t *testing.T, to func() *pgx.Conn, name string) {
	t.Helper()
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), to().Config().ConnString())
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), "DROP SUBSCRIPTION "+name); err != nil {
			t.Error(err)
		}
	})
}

// TestSubscription has a PostgreSQL subscribe to a server that has events, with a copy of what is there and without, while others append and
// either side is killed: in the end it has every event once.
func TestSubscription(t *testing.T) {
	for name, options := range map[string]string{"copied": "", "streamed": " WITH (copy_data = false)"} {
		t.Run(name, func(t *testing.T) {
			s := harness.Eventgres(t)
			conn := s.Connect(t)
			mustExec(t, conn, "CREATE PUBLICATION p FOR TABLE events")
			there := int64(-1)
			for range 20 {
				there = appendEvents(t, conn, 25)
			}
			where := fmt.Sprintf("WHERE position > %d", there)
			if name == "copied" {
				where = ""
			}
			to := subscriber(t, name)
			subscribe(t, s, to, "sub_"+name, options)
			for round := range 4 {
				for range 10 {
					appendEvents(t, conn, 10)
				}
				switch round {
				case 0:
					equal(t, conn, to, where)
				case 1:
					s.Kill()
					s.Restart()
					conn = s.Connect(t)
				case 2:
					killSubscriber(t, to)
				}
			}
			equal(t, conn, to, where)
		})
	}
}

// killSubscriber kills the process that applies what comes, whose end makes PostgreSQL end all of its own and recover.
func killSubscriber(t *testing.T, to func() *pgx.Conn) {
	t.Helper()
	conn := to()
	deadline := time.Now().Add(patience)
	for {
		var pid *int
		err := conn.QueryRow(t.Context(), "SELECT pid FROM pg_stat_subscription WHERE relid IS NULL").Scan(&pid)
		if err == nil && pid != nil {
			process, err := os.FindProcess(*pid)
			if err != nil {
				t.Fatal(err)
			}
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody applies what comes: %v", err)
		}
	}
}
