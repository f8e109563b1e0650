package explain

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
)

// typeCounts is how many events there are of each type, as the worker's projection had it: what EXPLAIN estimates with.
type typeCounts struct {
	events int64 // there were so many
	most   map[string]int64
	types  int64 // how many types there are, of which most has the most frequent
}

const (
	// maxTypeCounts bounds the types that are kept; of the others their mean is taken. A type has at most 256 bytes.
	maxTypeCounts = 1000
	// countsAwaited is how long the first EXPLAIN waits for them; no later one does.
	countsAwaited = 250 * time.Millisecond
	// countsTimeout bounds the worker's counting, and countsPause is how often it is asked at most.
	countsTimeout = 30 * time.Second
	countsPause   = time.Second
)

// TypeStatistics keeps the newest typeCounts. They are asked for when an EXPLAIN finds them missing or old, by one
// goroutine at a time; who explains nothing pays nothing.
type TypeStatistics struct {
	Index   *engine.ReadIndex
	Worker  *analytics.Supervisor // nil: nothing is known
	Logger  *slog.Logger
	Version string // of the server, as version() tells it

	mu      sync.Mutex
	counts  *typeCounts   // nil: none yet
	running chan struct{} // closed when those that are asked for are there; nil: none are
	asked   time.Time
}

// known returns what is known of types; nil: nothing is.
func (t *TypeStatistics) known(ctx context.Context) *typeCounts {
	if t.Worker == nil {
		return nil
	}
	t.mu.Lock()
	next := t.Index.GlobalPosition() + 1
	if t.running == nil && (t.counts == nil || t.counts.events != next) && time.Since(t.asked) >= countsPause {
		t.running, t.asked = make(chan struct{}), time.Now()
		go t.count(next, t.running)
	}
	counts, running := t.counts, t.running
	t.mu.Unlock()
	if counts != nil || running == nil {
		return counts
	}
	timer := time.NewTimer(countsAwaited)
	defer timer.Stop()
	select {
	case <-running:
	case <-timer.C:
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}

func (t *TypeStatistics) count(before int64, done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), countsTimeout)
	defer cancel()
	counts, err := t.ask(ctx, before)
	if err != nil {
		t.Logger.Debug("types are not counted", "error", err)
	}
	t.mu.Lock()
	if err == nil {
		t.counts = counts
	}
	t.running = nil
	t.mu.Unlock()
	close(done)
}

func (t *TypeStatistics) ask(ctx context.Context, before int64) (*typeCounts, error) {
	c, err := t.Worker.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	zone := pgvalue.UTC.Key()
	d, err := c.Prepare(ctx, analytics.Preparation{Zone: zone},
		"SELECT type, count(*), count(*) OVER () FROM events GROUP BY type ORDER BY 2 DESC LIMIT "+strconv.Itoa(maxTypeCounts))
	if err != nil {
		return nil, err
	}
	out := &typeCounts{events: before, most: map[string]int64{}}
	run := analytics.Run{Before: before, Next: before, Zone: zone, Version: t.Version, Rows: map[uint32]analytics.RowFilter{0: {All: true}}}
	_, err = c.Run(ctx, d, run, nil, nil, func(body []byte) error {
		fields, err := pgwire.ReadRow(body)
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(fields[1]), 10, 64)
		if err != nil {
			return err
		}
		out.most[string(fields[0])] = n
		out.types, err = strconv.ParseInt(string(fields[2]), 10, 64)
		return err
	})
	return out, err
}

// share is the part of the events that a type is of.
func (t *typeCounts) share(name string) float64 {
	switch n, ok := t.most[name]; {
	case t.events == 0:
		return 0
	case ok:
		return float64(n) / float64(t.events)
	case t.types <= int64(len(t.most)):
		return 0 // a type that there is not
	}
	rest := t.events
	for _, n := range t.most {
		rest -= n
	}
	return float64(rest) / float64(t.types-int64(len(t.most))) / float64(t.events)
}

// mean is that of a type of which is not known which it is.
func (t *typeCounts) mean() float64 { return 1 / float64(max(1, t.types)) }
