package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// analysis is a query that PostgreSQL, Eventgres and DuckDB alone are asked; duckdb/main.go
// has DuckDB's under its name.
type analysis struct{ name, sql string }

var (
	countAll   = analysis{"count", "SELECT count(*) FROM events"}
	countTypes = analysis{"types", "SELECT type, count(*) FROM events GROUP BY type ORDER BY type"}
	sumHours   = analysis{"hours", "SELECT date_trunc('hour', recorded_at) AS hour, sum((payload->>'amount')::numeric) FROM events GROUP BY 1 ORDER BY 1"}
	sumJSON    = analysis{"occurred", "SELECT date_trunc('hour', (payload->>'occurred_at')::timestamptz) AS hour, sum((payload->>'amount')::numeric) FROM events GROUP BY 1 ORDER BY 1"}
	topStreams = analysis{"top", "SELECT stream_id, count(*) AS n FROM events GROUP BY stream_id ORDER BY n DESC, stream_id LIMIT 5"}
	gaps       = analysis{"lag", "SELECT type, avg(gap) FROM (SELECT type, recorded_at - lag(recorded_at) OVER (PARTITION BY stream_id ORDER BY version) AS gap FROM events) g GROUP BY type ORDER BY type"}
	pairs      = analysis{"pairs", "SELECT a.type, b.type, count(*) FROM events a JOIN events b ON b.stream_id = a.stream_id AND b.version = a.version + 1 GROUP BY 1, 2 ORDER BY 1, 2"}
)

func analyses() []*workload {
	return []*workload{
		{name: "count(*)", unit: "ms", less: true, aim: 1000, run: countAll},
		{name: "count by type", unit: "ms", less: true, aim: 6, duckdb: 1.3, run: countTypes},
		{name: "sum of a JSON field by hour", unit: "ms", less: true, aim: 1.3, duckdb: 1.3, run: sumHours},
		{name: "sum of a JSON field by hour of another", unit: "ms", less: true, run: sumJSON},
		{name: "top 5 streams by count", unit: "ms", less: true, aim: 15, duckdb: 1.3, run: topStreams},
		{name: "average gap within streams, by type", unit: "ms", less: true, run: gaps},
		{name: "consecutive types, self-join", unit: "ms", less: true, run: pairs},
	}
}

func (a analysis) run(ctx context.Context, b *bench, s *side) (sample, error) {
	if s == b.duckdb {
		ms, err := b.askDuckDB(a.name, "")
		return sample{value: ms}, err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return sample{}, err
	}
	defer conn.Close(ctx)
	var best series
	for i := range 4 {
		begin := time.Now()
		result := conn.ExecParams(ctx, a.sql, nil, nil, nil, nil).Read()
		if result.Err != nil {
			return sample{}, fmt.Errorf("%s: %w", s.name, result.Err)
		}
		if i > 0 { // the first opens what the session needs
			best = append(best, sample{value: float64(time.Since(begin)) / float64(time.Millisecond)})
		}
	}
	return sample{value: best.median()}, nil
}

func (s *side) connect(ctx context.Context) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig(s.url())
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["timezone"] = "UTC"
	return pgconn.ConnectConfig(ctx, config)
}

// answer is what a side says, a line a row, as psql -At prints it.
func (a analysis) answer(ctx context.Context, b *bench, s *side) (string, error) {
	if s == b.duckdb {
		file := b.path("duckdb.answer")
		if _, err := b.askDuckDB(a.name, file); err != nil {
			return "", err
		}
		text, err := os.ReadFile(file)
		return string(text), err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, a.sql).ReadAll()
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.name, err)
	}
	var text strings.Builder
	for _, row := range results[0].Rows {
		for i, v := range row {
			if i > 0 {
				text.WriteByte('|')
			}
			text.Write(v)
		}
		text.WriteByte('\n')
	}
	return text.String(), nil
}

// compare fails if the three do not say the same.
func (a analysis) compare(ctx context.Context, b *bench) error {
	want, err := a.answer(ctx, b, b.pg)
	if err != nil {
		return err
	}
	for _, s := range []*side{b.eg, b.duckdb} {
		got, err := a.answer(ctx, b, s)
		if err != nil {
			return err
		}
		expected := want
		if s == b.duckdb {
			expected = strings.ReplaceAll(want, "+00|", "|") // its times have no zone
		}
		if a == gaps && s == b.duckdb {
			continue // its averages are rounded otherwise
		}
		if got != expected {
			return fmt.Errorf("%s: %s answers %.200q, PostgreSQL %.200q", a.name, s.name, got, expected)
		}
	}
	return nil
}

// askDuckDB runs a query of duckdb/main.go and returns how long it took, in ms.
func (b *bench) askDuckDB(name, file string) (float64, error) {
	if _, err := fmt.Fprintln(b.alone.in, strings.TrimSpace(name+" "+file)); err != nil {
		return 0, err
	}
	line, err := b.alone.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(line, 64)
}

// underQueries is appends by 8 clients, to new streams, and the p99 of them, while another
// client runs heavy queries in a loop.
func underQueries(heavy bool) runFunc {
	return func(ctx context.Context, b *bench, s *side) (sample, error) {
		stop := func() error { return nil }
		if heavy {
			var err error
			if stop, err = loop(ctx, s); err != nil {
				return sample{}, err
			}
		}
		out, err := script{text: newStream, clients: 8, mode: "prepared"}.run(ctx, b, s)
		if err := stop(); err != nil {
			return sample{}, err
		}
		out.value = float64(series{out}.percentile(99)) / float64(time.Millisecond)
		return out, err
	}
}

// loop runs heavy queries until stop is called, which returns what went wrong with them.
func loop(ctx context.Context, s *side) (stop func() error, err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	var over atomic.Bool
	ended := make(chan error, 1)
	go func() {
		defer conn.Close(ctx)
		for i := 0; !over.Load(); i++ {
			heavy := [...]analysis{pairs, sumJSON}[i%2]
			if r := conn.ExecParams(ctx, heavy.sql, nil, nil, nil, nil).Read(); r.Err != nil {
				ended <- fmt.Errorf("%s: %w", s.name, r.Err)
				return
			}
		}
		ended <- nil
	}()
	return func() error {
		over.Store(true)
		return <-ended
	}, nil
}

// untilAnswer starts a side and returns the time until it has answered an analytical query
// over all events.
func (b *bench) untilAnswer(ctx context.Context, s *side, start func(*side) error) (time.Duration, error) {
	begin := time.Now()
	if err := start(s); err != nil {
		return 0, err
	}
	err := await(s.name, func() error {
		_, err := countTypes.answer(ctx, b, s)
		return err
	})
	return time.Since(begin), err
}

// coldStart is from the start of a server, with nothing of its files in the system's cache,
// to its answer.
func coldStart(ctx context.Context, b *bench, s *side) (sample, error) {
	stop, start := b.stopPostgres, b.startPostgres
	if s == b.eg {
		stop, start = b.stopEventgres, b.startEventgres
	}
	stop()
	if err := uncache(b.path("pg"), b.path("eg")); err != nil {
		return sample{}, err
	}
	took, err := b.untilAnswer(ctx, s, start)
	return sample{value: float64(took) / float64(time.Millisecond)}, err
}

// fillProjection is from the start of Eventgres without its projection to its answer.
func fillProjection(ctx context.Context, b *bench, s *side) (sample, error) {
	if s != b.eg {
		return sample{}, nil
	}
	b.stopEventgres()
	if err := os.RemoveAll(b.path("eg/analytics.duckdb")); err != nil {
		return sample{}, err
	}
	took, err := b.untilAnswer(ctx, s, b.startEventgres)
	if err != nil {
		return sample{}, err
	}
	// Other workloads have appended too.
	text, err := countAll.answer(ctx, b, s)
	if err != nil {
		return sample{}, err
	}
	events, err := strconv.Atoi(strings.TrimSpace(text))
	return sample{value: float64(events) / took.Seconds()}, err
}

// footprint is the bytes that an event takes, with all that is kept of it.
func footprint(ctx context.Context, b *bench, s *side) (sample, error) {
	each := func(bytes int64) float64 { return float64(bytes) / float64(b.events) }
	switch s {
	case b.pg:
		conn, err := s.connect(ctx)
		if err != nil {
			return sample{}, err
		}
		defer conn.Close(ctx)
		r := conn.ExecParams(ctx, "SELECT pg_total_relation_size('events')", nil, nil, nil, nil).Read()
		if r.Err != nil {
			return sample{}, r.Err
		}
		bytes, err := strconv.ParseInt(string(r.Rows[0][0]), 10, 64)
		return sample{value: each(bytes)}, err
	case b.eg:
		log, index := diskBytes(b.path("eg/log")), diskBytes(b.path("eg/index"))
		projection := diskBytes(b.path("eg/analytics.duckdb*"))
		return sample{value: each(log + index + projection), note: fmt.Sprintf("log %s, index %s, projection %s",
			number(each(log)), number(each(index)), number(each(projection)))}, nil
	}
	return sample{value: each(diskBytes(b.path("alone.duckdb")))}, nil
}
