package differ

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/analytics"
	"github.com/eventgres/eventgres/integration/harness"
)

var (
	statements  = flag.Uint64("n", 3000, "how many statements are asked")
	only        = flag.String("only", "", "the one generator to use")
	duration    = flag.Duration("for", 0, "ask no longer than this")
	showAll     = flag.Bool("declared", false, "show what known.go declares, too")
	findingsDir = flag.String("findings", "", "a directory that findings are written to, a file each")
)

// shortSeed is the short form's: what it finds tomorrow it finds because something changed.
const shortSeed = 15

func TestDiffer(t *testing.T) {
	r := &Run{Seed: seed(t), Statements: *statements, Generators: generators(t)}
	for range 3 {
		r.Pairs = append(r.Pairs, newPair(t))
	}
	r.Declared, r.Log = *showAll, started.log
	if *findingsDir != "" {
		r.Found = func(f *Finding) { write(t, f) }
	}
	ctx := t.Context()
	if *duration > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, *duration)
		defer stop()
	}
	r.Ask(ctx)
	t.Log("\n" + r.Summary())
	if text := r.Slowest(); text != "" {
		t.Log("took longest:\n" + text)
	}
	for _, f := range r.Findings() {
		t.Errorf("%s", f.Show())
	}
	// Who is served by the next worker, or asks something that PostgreSQL gives up, does not tell.
	for _, line := range endsOf(started.log()) {
		t.Errorf("the server's log: %s", line)
	}
}

func generators(t *testing.T) []Generator {
	c, err := ReadCatalog(t.Context(), harness.Postgres(t).URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d functions, %d behind operators and indexes, %d operators, %d casts", len(c.Functions), len(c.Internal), len(c.Operators), len(c.Casts))
	all := []Generator{{"queries", newQuery}, {"functions", c.newFunction}, {"operators", c.newOperator}}
	if *only == "" {
		return all
	}
	for _, g := range all {
		if g.Name == *only {
			return []Generator{g}
		}
	}
	t.Fatalf("no generator %q", *only)
	return nil
}

func seed(t *testing.T) uint64 {
	if harness.Long() {
		return harness.Seed(t)
	}
	return harness.SeedOr(t, shortSeed)
}

// servers are those that a test's pairs ask.
type servers struct {
	postgres, shuffled, eventgres string
	log                           func() string // Eventgres'
}

var started *servers

// start starts both servers and gives them the same events.
func start(t *testing.T) *servers {
	t.Helper()
	harness.Postgres(t)
	server := harness.Eventgres(t)
	events, err := os.ReadFile("testdata/events.sql")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), string(events)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	rows := analytics.Copied(t, server)
	return &servers{analytics.NewPostgres(t, rows), analytics.NewPostgres(t, analytics.Shuffled(rows)), server.URL(), server.Log}
}

// sharedServers are started once for a test.
func sharedServers(t *testing.T) *servers {
	if started == nil {
		started = start(t)
		t.Cleanup(func() { started = nil })
	}
	return started
}

func newPair(t *testing.T) *Pair {
	s := sharedServers(t)
	p := NewPair(s.postgres, s.shuffled, s.eventgres)
	t.Cleanup(p.Close)
	return p
}

func write(t *testing.T, f *Finding) {
	name := fmt.Sprintf("%s-%s-%05d.sql", f.Class, f.Generator, f.Number)
	if err := os.WriteFile(filepath.Join(*findingsDir, name), []byte(f.Record()), 0o644); err != nil {
		t.Fatal(err)
	}
}
