package clients

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// patience bounds one client's whole run; far more than it needs, for machines
// under load.
const patience = 3 * time.Minute

// A target is an empty store for one test's clients.
type target struct {
	url       string
	reference bool // PostgreSQL stands in for the server
}

func newTarget(t *testing.T) target {
	t.Helper()
	switch name := os.Getenv("EVENTGRES_CLIENTS_TARGET"); name {
	case "", "eventgres":
		return target{url: harness.Eventgres(t).URL()}
	case "postgres":
		return reference(t)
	default:
		t.Fatalf("EVENTGRES_CLIENTS_TARGET=%s: want eventgres or postgres", name)
		panic("not reached")
	}
}

func reference(t *testing.T) target {
	t.Helper()
	schema, err := os.ReadFile("testdata/reference.sql")
	if err != nil {
		t.Fatal(err)
	}
	to := target{url: harness.Postgres(t).Database(t), reference: true}
	ctx := testContext(t)
	conn, err := pgconn.Connect(ctx, to.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, string(schema)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return to
}

// notOnReference leaves out what Eventgres promises and PostgreSQL does not.
func (to target) notOnReference(t *testing.T, why string) {
	t.Helper()
	if to.reference {
		t.Skip("differs from PostgreSQL: " + why)
	}
}

// env is the address in the variables that libpq made customary.
func (to target) env(t *testing.T) []string {
	t.Helper()
	config, err := pgconn.ParseConfig(to.url)
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"PGHOST=" + config.Host,
		fmt.Sprintf("PGPORT=%d", config.Port),
		"PGUSER=" + config.User,
		"PGDATABASE=" + config.Database,
		"PGSSLMODE=disable",
	}
}

// connect gives a pgx connection, for what a test wants to know besides.
func (to target) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(testContext(t), to.url)
	if err != nil {
		t.Fatal(err)
	}
	// The test's own context ends before its cleanups run.
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// number is the single number that a query answers.
func (to target) number(t *testing.T, sql string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := to.connect(t).QueryRow(testContext(t), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
