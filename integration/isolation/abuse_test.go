package isolation

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// The short form's limits, so that a test meets them with little memory.
const (
	connectionMemory = 64 << 20
	totalMemory      = 256 << 20
	headroom         = 320 << 20 // of what Go has not collected, of parsing, and of the program itself
)

// seeded is a server with events for scans: 60,000 in the short form.
func seeded(t *testing.T) *harness.Server {
	t.Helper()
	args := []string{"--no-analytics"}
	if !harness.Long() {
		args = append(args, "--max-connection-memory", fmt.Sprint(connectionMemory), "--max-memory", fmt.Sprint(totalMemory))
	}
	server := harness.Eventgres(t, harness.WithArgs(args...))
	c, err := dial(server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.nc.Close()
	n := 30
	if harness.Long() {
		n = 100
	}
	for i := range n {
		sql := repeated("insert into events (stream, type, payload) values ", fmt.Sprintf(`('scanned-%d', 'Scanned', '{"n": 1, "text": "the quick brown fox"}')`, i), ",", "", 2000)
		if codes, err := c.query(sql); err != nil || len(codes) > 0 {
			t.Fatal(codes, err)
		}
	}
	return server
}

// TestAbuse puts each load on the server in turn. Nobody loses a connection, the server's memory and, in the
// long form, an honest session's latency stay within bounds, and the memory comes back.
func TestAbuse(t *testing.T) {
	server := seeded(t)
	h := newObserver(t, server)
	quiet := h.measure(t, 0)
	enough := max(2*quiet.p99, floor)
	t.Logf("%-45s %v", "quiet", quiet)
	limit := int64(totalMemory + totalMemory/4 + headroom) // the garbage is a quarter at least
	if harness.Long() {
		limit = 1<<30 + 1<<28 + 2*headroom
	}
	for _, l := range loads() {
		if !harness.Long() && !inShort[l.name] {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			before, _, err := memory(server.PID)
			if err != nil {
				t.Fatal(err)
			}
			if err := forgetPeak(server.PID); err != nil {
				t.Fatal(err)
			}
			stop := l.begin(t, server)
			got := h.measure(t, enough)
			goes := stop()
			_, peak, err := memory(server.PID)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%-45s %v, %d MiB at most, %d goes", l.name, got, peak>>20, goes)
			// The short form runs beside other tests, which take their share of the processors: it tells the
			// latency, and the long form, which runs alone, judges it.
			if harness.Long() && got.p99 > enough {
				t.Errorf("beside %s: %v, in quiet %v", l.name, got, quiet)
			}
			if peak > before+limit {
				t.Errorf("%s: the server took %d MiB, %d before", l.name, peak>>20, before>>20)
			}
		})
	}
}

// begin starts the load; stop ends it and tells how often a client has done it. It is stopped only after each client has
// done it once.
func (l *load) begin(t *testing.T, server *harness.Server) (stop func() int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var goes atomic.Int64
	for i := range l.clients {
		c, err := dial(server)
		if err != nil {
			cancel()
			t.Fatal(err)
		}
		wg.Go(func() {
			defer c.nc.Close()
			for first := true; first || ctx.Err() == nil; first = false {
				if err := l.once(c, i); err != nil {
					t.Errorf("%s: client %d has lost its connection: %v", l.name, i, err)
					return
				}
				goes.Add(1)
			}
		})
	}
	return func() int64 {
		cancel()
		wg.Wait()
		return goes.Load()
	}
}

// TestStatementTimeout: whatever a statement does, its timeout ends it soon, counted from when it came.
func TestStatementTimeout(t *testing.T) {
	server := seeded(t)
	const timeout, late = 200 * time.Millisecond, 3 * time.Second
	for _, l := range loads() {
		if !l.single {
			continue // each of its messages has a time of its own
		}
		c, err := dial(server)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.query(fmt.Sprintf("set statement_timeout = %d", timeout.Milliseconds())); err != nil {
			t.Fatal(err)
		}
		began, computing := time.Now(), computed(t, server.PID)
		if err := l.once(c, 0); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
		if took, busy := time.Since(began), computed(t, server.PID)-computing; took > timeout+late && busy > timeout+late {
			t.Errorf("%s: took %v, %v of a processor, with a timeout of %v", l.name, took, busy, timeout)
		}
		c.nc.Close()
	}
}
