package notify

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// BenchmarkWake: how long after a commit is acknowledged who listens is told of it; and how long after an append he has read the event of which he was
// told. The harness's PostgreSQL has no durability, which matters to neither.
//
//	go test ./integration/notify -run - -bench Wake -benchtime 5000x
func BenchmarkWake(b *testing.B) {
	servers := map[string]string{"Eventgres": harness.Eventgres(b).URL(), "PostgreSQL": harness.Postgres(b).Database(b)}
	for name, url := range servers {
		b.Run(name+"/told", func(b *testing.B) { wakes(b, url, "LISTEN x", "NOTIFY x", false) })
		b.Run(name+"/read", func(b *testing.B) {
			wakes(b, url, "LISTEN x", "BEGIN; INSERT INTO events (stream, type) VALUES ('s', 'T'); NOTIFY x; COMMIT", true)
		})
	}
	b.Run("Eventgres/own/read", func(b *testing.B) {
		wakes(b, servers["Eventgres"], `LISTEN "stream:s"`, "INSERT INTO events (stream, type) VALUES ('s', 'T')", true)
	})
}

func wakes(b *testing.B, url, listen, commit string, reads bool) {
	ctx := b.Context()
	listener, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close(ctx)
	if _, err := listener.Exec(ctx, listen); err != nil {
		b.Fatal(err)
	}
	notifier, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer notifier.Close(ctx)
	told := make(chan time.Time)
	go func() {
		defer close(told)
		for range b.N {
			if _, err := listener.WaitForNotification(ctx); err != nil {
				b.Error(err)
				return
			}
			if reads {
				if _, err := listener.Exec(ctx, "SELECT position, type FROM events WHERE stream = 's' ORDER BY version DESC LIMIT 1"); err != nil {
					b.Error(err)
				}
			}
			told <- time.Now()
		}
	}()
	waits := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		if _, err := notifier.Exec(ctx, commit); err != nil {
			b.Fatal(err)
		}
		acknowledged := time.Now()
		waits = append(waits, max(0, (<-told).Sub(acknowledged)))
	}
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkListeners: what a session that listens and is told nothing takes of the server's memory, beside one that does not listen.
//
//	go test ./integration/notify -run - -bench Listeners -benchtime 1000x
func BenchmarkListeners(b *testing.B) {
	for _, listen := range []string{"SELECT 1", "LISTEN x", `LISTEN "stream:%d"`} {
		b.Run(strings.Fields(listen)[0], func(b *testing.B) {
			server := harness.Eventgres(b, harness.WithArgs("--no-analytics", "--max-connections", fmt.Sprint(b.N+10)))
			before := resident(b, server)
			for i := range b.N {
				conn, err := pgx.Connect(b.Context(), server.URL())
				if err != nil {
					b.Fatal(err)
				}
				defer conn.Close(b.Context())
				sql := listen
				if strings.Contains(sql, "%d") {
					sql = fmt.Sprintf(listen, i)
				}
				if _, err := conn.Exec(b.Context(), sql); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(resident(b, server)-before)/float64(b.N), "KiB/session")
		})
	}
}

// resident is what the server has in memory, in KiB.
func resident(b *testing.B, server *harness.Server) (kib int) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.PID))
	if err != nil {
		b.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, _ = fmt.Sscan(rest, &kib)
		}
	}
	return kib
}
