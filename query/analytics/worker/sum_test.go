//go:build cgo

package worker

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/query/analytics/limit"
)

// TestSumsCount: sums in Go's memory count towards what all calls may hold, are refused beyond, and are given back whatever
// becomes of their statement.
func TestSumsCount(t *testing.T) {
	_, c := memoryDB(t)
	if err := register(c, &Worker{projection: &projection{}}); err != nil {
		t.Fatal(err)
	}
	sums := func() error {
		rows, err := c.Read("SELECT count(s) FROM (SELECT g, pg_sum(repeat('9', 5000)) AS s FROM range(1000) AS r(g) GROUP BY g)") // 2 MB
		if err == nil {
			rows.Close()
		}
		return err
	}
	left := func() int {
		largeSums.mu.Lock()
		defer largeSums.mu.Unlock()
		return len(largeSums.held)
	}
	for range 3 {
		var others limit.Held
		if err := others.Set(limit.TotalBytes - 1<<20); err != nil {
			t.Fatal(err)
		}
		if err := duckError(sums()); err == nil || !strings.Contains(err.Error(), "out of memory") {
			t.Errorf("sums beyond the bound: %v", err)
		}
		if n := left(); n != 0 {
			t.Errorf("%d sums are left of a statement that failed", n)
		}
		_ = others.Set(0)
		if err := sums(); err != nil {
			t.Errorf("sums within the bound: %v", err)
		}
		if n := left(); n != 0 {
			t.Errorf("%d sums are left", n)
		}
	}
}
