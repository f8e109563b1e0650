//go:build cgo

// Command duckdb is DuckDB alone on the events of integration/bench: what the
// analytical path costs over the engine it is made of. It reads them from a CSV file into
// a table like the projection's, and answers the names of queries on standard input with
// the milliseconds each took, until the input ends.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/query/analytics/duck"
)

// table has the projection's types; JSON is VARCHAR with operators.
const table = `
CREATE TABLE events (
	position BIGINT NOT NULL, stream_id UUID NOT NULL, version BIGINT NOT NULL, event_id UUID NOT NULL,
	type VARCHAR NOT NULL, payload JSON, metadata JSON, recorded_at TIMESTAMP NOT NULL)`

// queries are those of the benchmark as DuckDB's users write them.
var queries = map[string]string{
	"count": `SELECT count(*) FROM events`,
	"types": `SELECT type, count(*) FROM events GROUP BY ALL ORDER BY ALL`,
	"hours": `SELECT date_trunc('hour', recorded_at) AS hour, sum((payload->>'amount')::DECIMAL(18,2)) FROM events
		GROUP BY hour ORDER BY hour`,
	"occurred": `SELECT date_trunc('hour', (payload->>'occurred_at')::TIMESTAMP) AS hour, sum((payload->>'amount')::DECIMAL(18,2)) FROM events
		GROUP BY hour ORDER BY hour`,
	"top": `SELECT stream_id, count(*) AS n FROM events GROUP BY stream_id ORDER BY n DESC, stream_id LIMIT 5`,
	// Its avg of intervals is not exact.
	"lag": `SELECT type, to_microseconds(avg(gap)::BIGINT) FROM (
			SELECT type, epoch_us(recorded_at) - lag(epoch_us(recorded_at)) OVER (PARTITION BY stream_id ORDER BY version) AS gap FROM events)
		GROUP BY type ORDER BY type`,
	"pairs": `SELECT a.type, b.type, count(*) FROM events a JOIN events b ON b.stream_id = a.stream_id AND b.version = a.version + 1
		GROUP BY ALL ORDER BY ALL`,
}

func main() {
	path := flag.String("db", "", "database file")
	csv := flag.String("csv", "", "file to load into it, without a header")
	memory := flag.Int("memory", 1024, "memory limit, MiB")
	threads := flag.Int("threads", 2, "threads")
	flag.Parse()
	if err := run(*path, *csv, *memory, *threads); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path, csv string, memory, threads int) error {
	db, err := duck.Open(path, map[string]string{
		"memory_limit": strconv.Itoa(memory) + "MiB", "threads": strconv.Itoa(threads),
		"autoinstall_known_extensions": "false", "checkpoint_threshold": "64MiB",
	})
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	if csv != "" {
		took, err := load(conn, csv)
		if err != nil {
			return err
		}
		fmt.Printf("loaded %.1f\n", took)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name, file, _ := strings.Cut(lines.Text(), " ")
		sql, ok := queries[name]
		if !ok {
			return fmt.Errorf("no query %q; there are %v", name, slices.Sorted(maps.Keys(queries)))
		}
		if file != "" {
			if err := answer(conn, sql, file); err != nil {
				return err
			}
		}
		took, err := measure(conn, sql)
		if err != nil {
			return err
		}
		fmt.Printf("%.3f\n", took)
	}
	return lines.Err()
}

func load(conn *duck.Conn, csv string) (ms float64, err error) {
	begin := time.Now()
	source := "'" + strings.ReplaceAll(csv, "'", "''") + "'"
	if err := conn.Exec(table + "; INSERT INTO events FROM read_csv(" + source + ", header = false); CHECKPOINT"); err != nil {
		return 0, err
	}
	return since(begin), nil
}

func since(begin time.Time) float64 { return float64(time.Since(begin).Microseconds()) / 1000 }

// measure runs a query and reads all it returns.
func measure(conn *duck.Conn, sql string) (ms float64, err error) {
	begin := time.Now()
	rows, err := conn.Read(sql)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for {
		_, n, err := rows.Next()
		if n == 0 || err != nil {
			return since(begin), err
		}
	}
}

// answer writes what a query returns as psql does.
func answer(conn *duck.Conn, sql, file string) (err error) {
	rows, err := conn.Read("SELECT concat_ws('|', *COLUMNS(*)) FROM (" + sql + ")")
	if err != nil {
		return err
	}
	defer rows.Close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for {
		vectors, n, err := rows.Next()
		if n == 0 || err != nil {
			return err
		}
		for i := range n {
			if _, err := fmt.Fprintln(f, vectors[0].Text(i)); err != nil {
				return err
			}
		}
	}
}
