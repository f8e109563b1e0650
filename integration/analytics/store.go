package analytics

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// eventColumns are the columns of * in its order.
const eventColumns = "position, stream_id, stream, version, event_id, type, payload, metadata, tags, recorded_at"

// permits is the path of the real events, beside the checkout.
func permits(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs("../../../shared/data/permits.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		harness.Missing(t, fmt.Errorf("the real events, shared/data/permits.ndjson beside the checkout, are not here: %w", err))
	}
	return path
}

// NewEventgres starts a server with the corpus' events in it.
func NewEventgres(t testing.TB) *harness.Server {
	t.Helper()
	path := permits(t)
	server := harness.Eventgres(t)
	out, err := exec.CommandContext(t.Context(), harness.Binary(t), "import", path, "--url", server.URL()).CombinedOutput()
	if err != nil {
		t.Fatalf("eventgres import: %v\n%s", err, out)
	}
	paths, err := filepath.Glob("testdata/events/*.sql")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no testdata/events: %v", err)
	}
	for _, path := range paths {
		sql, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		execute(t, server.URL(), string(sql))
	}
	return server
}

// Copied is the server's whole table in COPY's text format, a line an event.
func Copied(t testing.TB, server *harness.Server) [][]byte {
	t.Helper()
	conn := connect(t, server.URL())
	var data bytes.Buffer
	sql := "COPY (SELECT " + eventColumns + " FROM events ORDER BY position) TO STDOUT"
	if _, err := conn.CopyTo(t.Context(), &data, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return slices.Collect(bytes.Lines(data.Bytes()))
}

// NewPostgres makes a database that holds these events, and returns its URL.
func NewPostgres(t testing.TB, events [][]byte) string {
	t.Helper()
	url := harness.Postgres(t).Database(t)
	conn := connect(t, url)
	// As a replica, for the trigger that numbers events.
	if _, err := conn.Exec(t.Context(), "SET session_replication_role = replica").ReadAll(); err != nil {
		t.Fatal(err)
	}
	sql := "COPY events (" + eventColumns + ") FROM STDIN"
	tag, err := conn.CopyFrom(t.Context(), bytes.NewReader(bytes.Join(events, nil)), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if tag.RowsAffected() != int64(len(events)) {
		t.Fatalf("%s: %s of %d events", sql, tag, len(events))
	}
	if _, err := conn.Exec(t.Context(), "VACUUM ANALYZE events").ReadAll(); err != nil {
		t.Fatal(err)
	}
	return url
}

// Shuffled is the events in another order, the same one in every run.
func Shuffled(events [][]byte) [][]byte {
	events = slices.Clone(events)
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events
}

func connect(t testing.TB, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func execute(t testing.TB, url, sql string) {
	t.Helper()
	if _, err := connect(t, url).Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
