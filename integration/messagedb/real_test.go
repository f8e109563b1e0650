package messagedb

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

var (
	install   sync.Once
	databases atomic.Int64
)

// realOne is the address, for the role message_store, of a Message DB in PostgreSQL that has no messages. Its own scripts have made it.
func realOne(t *testing.T) string {
	t.Helper()
	cluster := harness.Postgres(t)
	scripts := filepath.Join(modules(t), "node_modules/@eventide/message-db/database")
	install.Do(func() {
		cmd := exec.Command(harness.Need(t, "bash"), filepath.Join(scripts, "install.sh"))
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(harness.Need(t, "psql"))+":"+os.Getenv("PATH"), "PGHOST="+cluster.Host,
			fmt.Sprintf("PGPORT=%d", cluster.Port), "PGUSER=postgres", "DATABASE_NAME=message_store")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
	name := fmt.Sprintf("store_%d", databases.Add(1))
	conn := connect(t, cluster.URL("postgres"))
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE message_store"); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(cluster.URL(name), "user=test", "user=message_store", 1)
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
	got := client(t, asStore(harness.Eventgres(t))+"?sslmode=disable")
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Errorf("line %d:\nMessage DB: %s\nEventgres:  %s", i+1, strings.Join(a[min(i, len(a)):min(i+1, len(a))], ""), strings.Join(b[min(i, len(b)):min(i+1, len(b))], ""))
		}
	}
	t.Logf("%d lines", len(a))
}
