//go:build linux

package worker

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// projectionHarms are ways in which the projection's file can be other than it was left.
func projectionHarms() map[string]func(t *testing.T, data string) {
	file := func(data string) string { return filepath.Join(data, "analytics.duckdb") }
	return map[string]func(*testing.T, string){
		"missing": func(t *testing.T, data string) {
			if err := os.Remove(file(data)); err != nil {
				t.Fatal(err)
			}
		},
		"not a database": func(t *testing.T, data string) {
			if err := os.WriteFile(file(data), bytes.Repeat([]byte("no database"), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"cut short": func(t *testing.T, data string) {
			if err := os.Truncate(file(data), 5000); err != nil {
				t.Fatal(err)
			}
		},
		"of another store": func(t *testing.T, data string) {
			other := harness.Eventgres(t)
			fill(t, connect(t, other), 10)
			number(t, connect(t, other), `SELECT count(DISTINCT type) FROM events`)
			other.Stop()
			b, err := os.ReadFile(file(other.Data))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file(data), b, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
}
