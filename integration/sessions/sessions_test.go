package sessions

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestSessions: sessions of settings, zones, styles and locks are answered as PostgreSQL answers
// them, message by message.
func TestSessions(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	server := harness.Eventgres(t)
	ours := server.URL()
	theirs := harness.Postgres(t).Database(t)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range readScripts(string(text)) {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".sql")+"/"+s.name, func(t *testing.T) {
				a, b := open(t, ours), open(t, theirs)
				for _, q := range s.queries {
					got, err := outcome(t.Context(), a, q)
					if err != nil {
						t.Fatalf("%s: %v", q, err)
					}
					want, err := outcome(t.Context(), b, q)
					if err != nil {
						t.Fatalf("PostgreSQL, %s: %v", q, err)
					}
					if got, want = mask(got), mask(want); !slices.Equal(got, want) {
						t.Errorf("%s\n got %s\nwant %s", q, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
					}
				}
			})
		}
	}
}

func open(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(t.Context()) })
	return c
}
