package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/postgres"
)

// A Cluster is a temporary PostgreSQL server: trust authentication, superusers
// `postgres` and `test`, UTF8, locale C, time zone UTC, and no durability at
// all. Benchmarks against it must say `SET`/ALTER SYSTEM what they need.
type Cluster struct {
	Host   string
	Port   int
	Socket string // directory of the Unix socket
	Bin    string // directory of initdb, postgres, …

	databases atomic.Int64
}

// Postgres is the test process's PostgreSQL, started when first asked for. The
// test is skipped where there is none, unless EVENTGRES_REQUIRE_CLIENTS=1.
func Postgres(t testing.TB) *Cluster {
	t.Helper()
	if len(postgres.Dirs()) == 0 {
		Missing(t, errors.New("no PostgreSQL server is installed"))
	}
	c, err := cluster()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	return c
}

// HasPostgres says whether Postgres can be called without skipping the test.
func HasPostgres() bool { return len(postgres.Dirs()) > 0 }

// URL is the address of a database in the cluster.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("postgres://%s/%s?sslmode=disable&user=test",
		net.JoinHostPort(c.Host, strconv.Itoa(c.Port)), database)
}

// Database makes a database with Schema in it, and returns its URL. It is
// dropped at the test's end.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("events_%d", c.databases.Add(1))
	c.Create(t, name)
	t.Cleanup(func() { c.exec(t, "postgres", "DROP DATABASE "+name+" WITH (FORCE)") })
	return c.URL(name)
}

// Create makes a database of this name with Schema in it, for good.
func (c *Cluster) Create(t testing.TB, name string) {
	t.Helper()
	c.exec(t, "postgres", "CREATE DATABASE "+name)
	c.Apply(t, name)
}

// Apply puts Schema into a database, which may have been done before.
func (c *Cluster) Apply(t testing.TB, database string) {
	t.Helper()
	c.exec(t, database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; "+Schema)
}

func (c *Cluster) exec(t testing.TB, database, sql string) {
	t.Helper()
	if err := execute(c.URL(database), sql); err != nil {
		t.Fatal(err)
	}
}

func execute(url, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql).ReadAll()
	return err
}

var cluster = sync.OnceValues(func() (*Cluster, error) {
	dirs := postgres.Dirs()
	if len(dirs) == 0 {
		return nil, errors.New("not installed")
	}
	port, err := postgres.FreePort()
	if err != nil {
		return nil, err
	}
	dir, owner, err := clusterDir()
	if err != nil {
		return nil, err
	}
	c := &Cluster{Host: "127.0.0.1", Port: port, Socket: dir, Bin: dirs[0]}
	// The guard owns the cluster: whoever ends first, it or the test process,
	// nothing is left.
	if _, err := guard(owner, ownCluster, dir, c.Bin, strconv.Itoa(port)); err != nil {
		return nil, err
	}
	return c, c.await(filepath.Join(dir, "log"))
})

const ownCluster = `
dir=$1 bin=$2 port=$3
trap 'rm -rf "$dir"' EXIT
exec >"$dir/log" 2>&1
"$bin/initdb" --no-sync --auth=trust --username=postgres -E UTF8 --locale=C "$dir/data" || exit
"$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" -c listen_addresses=127.0.0.1 \
	-c timezone=UTC -c log_timezone=UTC -c fsync=off -c synchronous_commit=off \
	-c full_page_writes=off -c autovacuum=off -c max_connections=300 -c shared_buffers=64MB &
trap 'kill -INT $!; wait $!; rm -rf "$dir"' EXIT
cat >/dev/null
`

// clusterDir makes the cluster's directory, of the account that the server runs as.
func clusterDir() (string, *postgres.Owner, error) {
	dir, err := os.MkdirTemp("", "eventgres-pg-")
	if err != nil {
		return "", nil, err
	}
	owner, err := postgres.Own(dir)
	return dir, owner, err
}

// await waits until the cluster takes connections and makes the user and the
// database that an Eventgres URL names.
func (c *Cluster) await(log string) error {
	admin := fmt.Sprintf("postgres://%s:%d/postgres?sslmode=disable&user=postgres", c.Host, c.Port)
	deadline := time.Now().Add(startTime)
	for {
		err := execute(admin, "CREATE ROLE test SUPERUSER LOGIN")
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log)
			return fmt.Errorf("%w\n%s", err, text)
		}
		time.Sleep(20 * time.Millisecond) // between attempts; nothing else tells
	}
	return execute(c.URL("postgres"), "CREATE DATABASE events")
}

// Program is a program of the cluster's own version, psql or pgbench, say.
func (c *Cluster) Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(filepath.Join(c.Bin, name))
	if err != nil {
		Missing(t, err)
	}
	return path
}
