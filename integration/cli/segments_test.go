package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// A load is read and packed by several goroutines while it fills segment after segment: it comes out as
// it went in, and so it does after a restart.
func TestImportOverSegments(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics", "--segment-bytes", "100000"))
	const events = 30_000
	var in strings.Builder
	payload := func(n int) string {
		return fmt.Sprintf(`{"order": %d, "amount": %d.50, "currency": "EUR", "note": "%x"}`, n*7919, n%1000, n*n)
	}
	for n := range events {
		fmt.Fprintf(&in, `{"stream":"order-%d","type":"Order%d","payload":%s}`+"\n", n%500, n%7, payload(n))
	}
	must(t, in.String(), "import", "-", "--url", server.URL())
	for range 2 {
		out := must(t, "", "export", "--url", server.URL())
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if len(lines) != events {
			t.Fatalf("%d events instead of %d", len(lines), events)
		}
		for n, line := range lines {
			var e struct {
				Stream, Type string
				Payload      json.RawMessage
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			if e.Stream != fmt.Sprintf("order-%d", n%500) || e.Type != fmt.Sprintf("Order%d", n%7) || string(e.Payload) != payload(n) {
				t.Fatalf("event %d: %s", n, line)
			}
		}
		server.Stop()
		if out := must(t, "", "verify", "--data", server.Data); !strings.Contains(out, "30000") && !strings.Contains(out, "30,000") {
			t.Errorf("verify:\n%s", out)
		}
		server.Restart()
	}
}
