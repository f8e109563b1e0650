package live

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestStalled: clients that take nothing of what they follow keep neither appends nor other followers waiting, and cost the server no more than what is
// in their buffers, however much is appended.
func TestStalled(t *testing.T) {
	const stalled, rounds, each, size = 20, 60, 20, 64 << 10 // 75 MiB, which 20 queues would have 20 times
	server := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	for range stalled {
		c := as(ctx, t, server, "app")
		front := c.PgConn().Frontend()
		front.Send(&pgproto3.Query{String: "COPY (SUBSCRIBE SELECT position, payload FROM events) TO STDOUT"})
		if err := front.Flush(); err != nil {
			t.Fatal(err)
		}
		if m, err := front.Receive(); err != nil {
			t.Fatal(err)
		} else if _, ok := m.(*pgproto3.CopyOutResponse); !ok {
			t.Fatalf("answered with %T", m)
		}
	}
	honest := subscribe(ctx, t, as(ctx, t, server, "app"), "SUBSCRIBE SELECT position FROM events WHERE position >= 0")
	writer := as(ctx, t, server, "app")
	memory := func() int64 {
		t.Helper()
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.PID))
		if err != nil {
			harness.Missing(t, err)
		}
		_, rest, _ := strings.Cut(string(text), "RssAnon:")
		kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return kib << 10
	}
	var before int64
	for round := range rounds {
		execute(ctx, t, writer, fmt.Sprintf("INSERT INTO events (stream, type, payload) VALUES %s",
			strings.TrimSuffix(strings.Repeat(fmt.Sprintf("('s-%d', 'x', '\"%s\"'),", round, strings.Repeat("x", size)), each), ",")))
		for i := range each {
			honest.shows(t, int64(round*each+i))
		}
		if round == rounds/3 {
			before = memory()
		}
	}
	if more := memory() - before; more > 160<<20 {
		t.Errorf("%d MiB more than at a third of the way", more>>20)
	}
}
