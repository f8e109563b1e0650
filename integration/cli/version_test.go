package cli

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	module "github.com/eventgres/eventgres"
	"github.com/eventgres/eventgres/integration/harness"
)

// TestVersion: the program, and version() on both paths, say what the changelog says.
func TestVersion(t *testing.T) {
	if got := eventgres(t, "", "version").stdout; got != "eventgres "+module.Version+"\n" {
		t.Errorf("eventgres version: %s", got)
	}
	conn, err := pgx.Connect(t.Context(), harness.Eventgres(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{"SELECT version()", "SELECT max(version()) FROM generate_series(1, 2)"} {
		var got string
		if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil || !strings.HasSuffix(got, " (Eventgres "+module.Version+")") {
			t.Errorf("%s: %s, %v", sql, got, err)
		}
	}
}
