package timetravel

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestPage: the statements of docs/time-travel.md run, and answer what stands behind them.
func TestPage(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, server.URL(), "")
	asked := 0
	for _, block := range harness.Blocks(harness.Document(t, "docs/time-travel.md"), "sql") {
		for line := range strings.Lines(block) {
			sql, want, answers := strings.Cut(strings.TrimSpace(line), "-- ")
			if strings.TrimSpace(sql) == "" {
				continue
			}
			switch code, refused := strings.CutPrefix(want, "ERROR "); {
			case refused:
				if got := said(t, conn, sql); !strings.HasPrefix(got, code) {
					t.Errorf("%s: %s, the page says %s", sql, got, want)
				}
				if conn.PgConn().TxStatus() != 'I' {
					must(t, conn, "ROLLBACK")
				}
			case answers:
				if got := simple(t, conn, sql); got != want {
					t.Errorf("%s: %s, the page says %s", sql, got, want)
				}
			default:
				must(t, conn, sql)
				continue
			}
			asked++
		}
	}
	if asked < 10 {
		t.Errorf("the page has %d statements with answers", asked)
	}
}
