package messageimport

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

const page = "docs/message-db-import.md"

// TestStatements: the page's statements run, and answer what stands behind them.
func TestStatements(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, server.URL())
	asked := 0
	for _, block := range harness.Blocks(harness.Document(t, page), "sql") {
		for line := range strings.Lines(block) {
			sql, want, answers := strings.Cut(strings.TrimSpace(line), "-- ")
			if !answers {
				must(t, conn, sql)
				continue
			}
			asked++
			if refused, ok := strings.CutPrefix(want, "ERROR "); ok {
				if _, err := conn.Exec(t.Context(), sql); code(err) != refused {
					t.Errorf("%s: %v, the page says %s", sql, err, want)
				}
				continue
			}
			var got []string
			for _, row := range rows(t, conn, sql) {
				got = append(got, strings.Join(row, " | "))
			}
			if strings.Join(got, ", ") != want {
				t.Errorf("%s: %s, the page says %s", sql, got, want)
			}
		}
	}
	if asked < 3 {
		t.Errorf("the page has %d statements with answers", asked)
	}
}
