package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// program is a workload that needs more than a script: clients that read errors and try
// again.
type program struct {
	clients int
	// client is called again and again, by one goroutine a client. It returns how many of what
	// is counted it did.
	client func(ctx context.Context, c *client) (int, error)
}

// client is one of a program's, with a connection of its own.
type client struct {
	*pgx.Conn
	bench  *bench
	side   *side
	random *rand.Rand
	zipf   *rand.Zipf
	run    uint64 // the same for all clients of a run
	round  int
}

func (p program) run(ctx context.Context, b *bench, s *side) (sample, error) {
	var wg sync.WaitGroup
	var done atomic.Int64
	var mu sync.Mutex
	var out sample
	var failed error
	run := rand.Uint64()
	ctx, cancel := context.WithTimeout(ctx, b.time+patience)
	defer cancel()
	connected := make(chan struct{}, p.clients)
	begin := make(chan struct{})
	var end time.Time
	for i := range p.clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			latencies, err := p.one(ctx, b, s, run, i, connected, begin, &end, &done)
			mu.Lock()
			defer mu.Unlock()
			out.latencies = append(out.latencies, latencies...)
			if err != nil {
				failed = err
			}
		}()
	}
	for range p.clients {
		<-connected
	}
	start := time.Now()
	end = start.Add(b.time)
	close(begin)
	wg.Wait()
	out.value = float64(done.Load()) / time.Since(start).Seconds()
	return out, failed
}

// one runs a client to the end of the time.
func (p program) one(ctx context.Context, b *bench, s *side, run uint64, number int, connected chan<- struct{}, begin <-chan struct{},
	end *time.Time, done *atomic.Int64,
) ([]time.Duration, error) {
	conn, err := pgx.Connect(ctx, s.url())
	connected <- struct{}{}
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	c := &client{Conn: conn, bench: b, side: s, run: run, random: rand.New(rand.NewPCG(run, uint64(number)))}
	c.zipf = rand.NewZipf(c.random, 1.1, 1, uint64(b.streams()-1))
	<-begin
	var latencies []time.Duration
	for at := time.Now(); at.Before(*end); c.round++ {
		n, err := p.client(ctx, c)
		if err != nil {
			return latencies, fmt.Errorf("%s: %w", s.name, err)
		}
		done.Add(int64(n))
		now := time.Now()
		latencies = append(latencies, now.Sub(at))
		at = now
	}
	return latencies, nil
}

// stream is the id of a stream that was loaded, some much more often than others.
func (c *client) stream() uuid.UUID {
	// Neighbours in popularity are not neighbours in the log.
	return streamID(firstStream + int(c.zipf.Uint64()*7919)%c.bench.streams())
}

// hot is the id of one of a few streams of this run.
func (c *client) hot(of int) uuid.UUID {
	return streamID(int(c.run%800_000_000_000) + 200_000_000_000 + c.random.IntN(of))
}

const (
	insertVersion = insertInto + `($1, $2, 'OrderNoted', $3, $4)`
	insertNext    = `INSERT INTO events (stream_id, version, type, payload, metadata)
		SELECT $1, coalesce(max(version), -1) + 1, 'OrderNoted', $2, $3 FROM events WHERE stream_id = $1`
	insertAny     = `INSERT INTO events (stream_id, type, payload, metadata) VALUES ($1, 'OrderNoted', $2, $3)`
	selectStream  = `SELECT * FROM events WHERE stream_id = $1 ORDER BY version`
	selectVersion = `SELECT coalesce(max(version), -1) FROM events WHERE stream_id = $1`
	payload       = `{"order": 4711, "amount": 129.95, "currency": "EUR", "items": 3, "customer": "c-17", "occurred_at": "2026-03-01T12:00:00.000Z"}`
	metadata      = `{"user": "u17"}`
)

// isConflict tells of an append that somebody else was before.
func isConflict(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "23505" || e.Code == "40001")
}

// mixed reads a stream of the log, by popularity, and now and then appends to it. The
// version is the server's to choose: PostgreSQL looks it up and is asked again if two
// found the same.
func mixed(ctx context.Context, c *client) (int, error) {
	id := c.stream()
	if c.random.IntN(100) < 80 {
		rows, err := c.Query(ctx, selectStream, id)
		if err != nil {
			return 0, err
		}
		rows.Close() // reads to the end
		return 1, rows.Err()
	}
	sql := insertAny
	if c.side.name == "PostgreSQL" {
		sql = insertNext
	}
	for {
		_, err := c.Exec(ctx, sql, id, payload, metadata)
		if !isConflict(err) {
			return 1, err
		}
	}
}

// decide appends to one of 50 streams what rests on its state: it looks the version up, and
// begins again if somebody was faster.
func decide(ctx context.Context, c *client) (int, error) {
	id := c.hot(50)
	for {
		var version int64
		if err := c.QueryRow(ctx, selectVersion, id).Scan(&version); err != nil {
			return 0, err
		}
		_, err := c.Exec(ctx, insertVersion, id, version+1, payload, metadata)
		if !isConflict(err) {
			return 1, err
		}
	}
}

// storm is an attempt to append the next event of one stream that all clients want to
// append; what is counted is attempts, refused or not.
func storm(ctx context.Context, c *client) (int, error) {
	_, err := c.Exec(ctx, insertVersion, c.hot(1), c.round, payload, metadata)
	if isConflict(err) {
		err = nil
	}
	return 1, err
}
