package door

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// reference is PostgreSQL, and a file of its data directory.
type reference struct {
	*harness.Cluster
	admin *pgx.Conn
}

func postgresFor(t *testing.T) reference {
	t.Helper()
	cluster := harness.Postgres(t)
	ctx := t.Context()
	admin, err := pgx.Connect(ctx, cluster.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close(context.WithoutCancel(ctx)) })
	return reference{cluster, admin}
}

func (r reference) path(file string) string { return filepath.Join(r.Socket, "data", file) }

// keep puts a file back as it was when the test ends.
func (r reference) keep(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(r.path(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.write(t, file, text) })
}

// write changes what is in a file; it stays PostgreSQL's.
func (r reference) write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(r.path(file), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// make makes a file that PostgreSQL alone may read.
func (r reference) make(t *testing.T, file string, text []byte) {
	t.Helper()
	r.write(t, file, text)
	owner, err := os.Stat(r.path("pg_hba.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := chownLike(r.path(file), owner); err != nil {
		t.Fatal(err)
	}
}

// reload waits until connections that come are treated by the files as they are now.
func (r reference) reload(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	var before time.Time
	look := func(sql string) (at time.Time) {
		t.Helper()
		conn, err := pgx.Connect(ctx, r.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if err := conn.QueryRow(ctx, sql).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	before = look("SELECT pg_conf_load_time()")
	r.exec(t, "SELECT pg_reload_conf()")
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for range 1000 {
		if look("SELECT pg_conf_load_time()").After(before) {
			return
		}
		<-poll.C
	}
	t.Fatal("PostgreSQL does not reload")
}
