//go:build linux

package network

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5"
)

const (
	// floor is a latency that is good enough whatever it was in quiet: what two processors
	// cost a round trip that others use as well. The short form runs beside the tests of another
	// package, which may begin to take both just then: there it is what nobody would call service.
	floor      = 10 * time.Millisecond
	floorShort = 500 * time.Millisecond
	// A measurement is the best of some rounds of so many appends and as many reads.
	roundsMeasured = 3
	eachMeasured   = 200
	// An attack is measured for more rounds as long as no round was good enough.
	roundsAtMost = 8
)

// A victim is an honest session, there before the attackers came.
type victim struct {
	conn *pgx.Conn
	made int64 // events on its stream
}

const victimStream = "honest-1"

func newVictim(t *testing.T, server *harness.Server) *victim {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	v := &victim{conn: conn}
	for range 50 { // statements are prepared, caches are warm
		v.work(t)
	}
	return v
}

// work appends an event and reads it. It says how long each took.
func (v *victim) work(t *testing.T) (append, read time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	start := time.Now()
	var version int64
	err := v.conn.QueryRow(ctx, `INSERT INTO events (stream, type, payload, expected_version)
		VALUES ($1, 'Counted', '{"n": 1}', $2) RETURNING version`, victimStream, v.made-1).Scan(&version)
	append = time.Since(start)
	if err != nil || version != v.made {
		t.Fatalf("the honest session's append %d: version %d, %v", v.made, version, err)
	}
	start = time.Now()
	var payload string
	err = v.conn.QueryRow(ctx, "SELECT payload FROM events WHERE stream = $1 AND version = $2",
		victimStream, v.made).Scan(&payload)
	read = time.Since(start)
	if err != nil || payload != `{"n": 1}` {
		t.Fatalf("the honest session's read of %d: %q, %v", v.made, payload, err)
	}
	v.made++
	return append, read
}

type figures struct{ append, read spread }

func (f figures) String() string { return fmt.Sprintf("append %v, read %v", f.append, f.read) }

// within says whether a victim fared well enough, compared with how it was in quiet.
func (f figures) within(quiet figures) bool {
	return f.inBounds(quiet, time.Duration(size(int(floorShort), int(floor))))
}

func (f figures) inBounds(quiet figures, least time.Duration) bool {
	return f.append.p99 <= max(2*quiet.append.p99, least) && f.read.p99 <= max(2*quiet.read.p99, least)
}

type spread struct{ p50, p99 time.Duration }

func (s spread) String() string {
	return fmt.Sprintf("p50 %v p99 %v", s.p50.Round(10*time.Microsecond), s.p99.Round(10*time.Microsecond))
}

// measure gives the best of each figure in some rounds, and goes on while it is not enough,
// for a while. Both functions may be nil; each is called now and then between.
func (v *victim) measure(t *testing.T, enough func(figures) bool, each func()) figures {
	t.Helper()
	const worst = time.Hour
	best := figures{append: spread{worst, worst}, read: spread{worst, worst}}
	for round := range roundsAtMost {
		if round >= roundsMeasured && (enough == nil || enough(best)) {
			break
		}
		var appends, reads []time.Duration
		for i := range eachMeasured {
			a, r := v.work(t)
			appends, reads = append(appends, a), append(reads, r)
			if each != nil && i%50 == 0 {
				each()
			}
		}
		best.append.better(appends)
		best.read.better(reads)
	}
	return best
}

func (s *spread) better(times []time.Duration) {
	slices.Sort(times)
	s.p50 = min(s.p50, times[len(times)/2])
	s.p99 = min(s.p99, times[len(times)*99/100])
}
