package wire

import (
	"context"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// A target is a server to talk to.
type target struct {
	name     string // "eventgres" or "postgres"
	address  string
	user     string
	database string
	stop     func() error // asks the server to shut down
	stopped  func()       // waits for its end
}

// startEventgres starts a fresh store.
func startEventgres(t *testing.T, args []string) *target {
	server := harness.Eventgres(t, harness.WithArgs(args...))
	return &target{
		name: "eventgres", address: server.Address(), user: "test", database: "events",
		stop: func() error {
			process, err := os.FindProcess(server.PID)
			if err != nil {
				return err
			}
			return process.Signal(syscall.SIGTERM)
		},
		stopped: func() {
			if status := server.Wait(); status != 0 {
				t.Errorf("exit status %d after SIGTERM", status)
			}
		},
	}
}

// startPostgres makes a database like a fresh store. The cluster is shared by
// all, so arguments are not for it, and instead of shutting down it ends the
// sessions in the same way.
func startPostgres(t *testing.T, args []string) *target {
	if len(args) > 0 {
		t.Fatal("PostgreSQL does not know the arguments of eventgres serve")
	}
	cluster := harness.Postgres(t)
	url := cluster.Database(t)
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return &target{
		name: "postgres", address: net.JoinHostPort(cluster.Host, strconv.Itoa(cluster.Port)),
		user: config.User, database: config.Database,
		stop:    func() error { return terminateSessions(url) },
		stopped: func() {},
	}
}

func terminateSessions(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgconn.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`).ReadAll()
	return err
}
