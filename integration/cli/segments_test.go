package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// A load is read and packed by several goroutines while it fills segment after segment: it comes out as
// it went in, and so it does after a restart.
func TestCopyOverSegments(t *testing.T) {
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics", "--segment-bytes", "100000"))
	const events = 40_000
	var in strings.Builder
	note := make([]byte, 1500) // what does not pack: many segments, and many blocks of rows
	for i := range note {
		note[i] = byte(i * i * 31 >> 3)
	}
	payload := func(n int) string {
		return fmt.Sprintf(`{"order": %d, "amount": %d.50, "currency": "EUR", "note": "%x"}`, n*7919, n%1000, note[n%1000:n%1000+500])
	}
	for n := range events {
		fmt.Fprintf(&in, "order-%d\tOrder%d\t%s\n", n%500, n%7, payload(n))
	}
	conn, err := pgconn.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.CopyFrom(t.Context(), strings.NewReader(in.String()), "COPY events (stream, type, payload) FROM STDIN"); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
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
		if out := must(t, "", "verify", "--data", server.Data); !strings.Contains(out, "40000") && !strings.Contains(out, "40,000") {
			t.Errorf("verify:\n%s", out)
		}
		server.Restart()
	}
}
