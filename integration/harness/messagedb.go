package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/eventgres/eventgres/integration/postgres"
)

var messageDB struct {
	once sync.Once
	err  error
}

// MessageDB makes a database of the test process's PostgreSQL that is a Message DB without messages, a copy of one that its own
// scripts have made. The test is skipped where they are not.
func MessageDB(t testing.TB, scripts string) (c *Cluster, name string) {
	t.Helper()
	c = Postgres(t)
	if _, err := os.Stat(filepath.Join(scripts, "install.sh")); err != nil {
		Missing(t, fmt.Errorf("%w: run install.sh", err))
	}
	Need(t, "bash")
	programs := filepath.Dir(Need(t, "psql"))
	messageDB.once.Do(func() {
		messageDB.err = postgres.InstallMessageDB(context.Background(), scripts, programs, c.Host, c.Port)
	})
	if messageDB.err != nil {
		t.Fatal(messageDB.err)
	}
	name = fmt.Sprintf("message_db_%d", c.databases.Add(1))
	c.exec(t, "postgres", "CREATE DATABASE "+name+" TEMPLATE "+postgres.MessageDB)
	return c, name
}
