package messagedb

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// realOne is the address, for the role message_store, of a Message DB in PostgreSQL that has no messages.
func realOne(t *testing.T) string {
	t.Helper()
	cluster, name := harness.MessageDB(t, filepath.Join(modules(t), "node_modules/@eventide/message-db/database"))
	return strings.Replace(cluster.URL(name), "user=test", "user=message_store", 1)
}

// ours is the same of an empty Eventgres.
func ours(t *testing.T) string {
	t.Helper()
	return asStore(harness.Eventgres(t)) + "?sslmode=disable"
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

// both fails the test unless a client notes the same with Message DB itself and with Eventgres, each of them empty.
func both(t *testing.T, client func(t *testing.T, url string) string) {
	t.Helper()
	want := client(t, realOne(t))
	got := client(t, ours(t))
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Errorf("line %d:\nMessage DB: %s\nEventgres:  %s", i+1, strings.Join(a[min(i, len(a)):min(i+1, len(a))], ""), strings.Join(b[min(i, len(b)):min(i+1, len(b))], ""))
		}
	}
	t.Logf("%d lines", len(a))
}
