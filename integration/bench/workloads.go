package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// runner is a workload on one side.
type runner interface {
	run(ctx context.Context, b *bench, s *side) (sample, error)
}

// workload is a line of the table.
type workload struct {
	name    string
	unit    string
	less    bool    // less is better
	aim     float64 // times PostgreSQL; 0: none
	ceiling bool    // runs it too
	share   float64 // of the ceiling, as an aim; 0: none
	duckdb  float64 // times DuckDB alone, at most; 0: it does not run it
	once    bool    // in every round the same: one will do
	run     runner
	samples map[string]series
}

type runFunc func(ctx context.Context, b *bench, s *side) (sample, error)

func (f runFunc) run(ctx context.Context, b *bench, s *side) (sample, error) { return f(ctx, b, s) }

const insertInto = "INSERT INTO events (stream_id, version, type, payload, metadata) VALUES "

// newID sets a variable of pgbench to the number of a stream that nobody else has: of 2⁶² numbers no
// two of a few million that are drawn are likely to be the same.
func newID(name string) string {
	return "\\set " + name + " random(200000000000, 4611686018427387904)\n"
}

// row is an event of the stream that a variable of pgbench numbers.
func row(name, version string) string {
	return fmt.Sprintf("(md5('order-' || :%s)::uuid, %s, 'OrderPlaced', '%s', '%s')", name, version, payload, metadata)
}

var (
	// newStream appends the first event of a new stream.
	newStream = newID("s") + insertInto + row("s", "0") + "\n"
	// literals does so with all values in the text.
	literals = "\\set a random(10000000, 99999999)\n\\set s random(200000000000, 999999999999)\n" +
		insertInto + "(':a-0000-4000-8000-:s', 0, 'OrderPlaced', '" + payload + "', '" + metadata + "')\n"
	// tens appends to a stream of its own, a new one every ten events; v is 9 at the start.
	tens = "\\set v (:v + 1) % 10\n\\if :v = 0\n" + newID("s") + "\\endif\n" + insertInto + row("s", ":v") + "\n"
)

const readStream = `\set s random({first_stream}, {last_stream})
SELECT * FROM events WHERE stream_id = md5('order-' || :s)::uuid ORDER BY version
`

const readPoint = `\set p random(1, {last_event})
SELECT * FROM events WHERE position = :p
`

const readPage = `\set p random(1, {last_page})
SELECT * FROM events WHERE position >= :p ORDER BY position LIMIT 1000
`

// rows is one INSERT of so many events of a new stream.
func rows(n int) string {
	list := make([]string, n)
	for v := range list {
		list[v] = row("s", strconv.Itoa(v))
	}
	return newID("s") + insertInto + strings.Join(list, ", ") + "\n"
}

// three is a transaction over three streams.
func three() string {
	var ids, inserts string
	for _, s := range []string{"a", "b", "c"} {
		ids += newID(s)
		inserts += insertInto + row(s, "0") + ";\n"
	}
	return ids + "BEGIN;\n" + inserts + "COMMIT;\n"
}

// workloads are those that change nothing of what the ones after them read.
func workloads() []*workload {
	return []*workload{
		{name: "append, 1 client", unit: "/s", aim: 1.4, ceiling: true, share: 0.9, run: script{text: newStream, clients: 1, mode: "prepared"}},
		{name: "append, 8 clients", unit: "/s", aim: 1.4, ceiling: true, share: 0.9, run: script{text: newStream, clients: 8, mode: "prepared"}},
		{name: "append, 64 clients", unit: "/s", aim: 3.5, ceiling: true, share: 0.85, run: script{text: newStream, clients: 64, mode: "prepared"}},
		{name: "append, literals in simple protocol, 64 clients", unit: "/s", aim: 3, ceiling: true, run: script{text: literals, clients: 64, mode: "simple"}},
		{name: "read a stream of 20, 16 clients", unit: "/s", aim: 2.5, run: script{text: readStream, clients: 16, mode: "prepared"}},
		{name: "read an event by position, 16 clients", unit: "/s", aim: 1.2, ceiling: true, share: 0.85, run: script{text: readPoint, clients: 16, mode: "prepared"}},
		{name: "read all events, psql", unit: "rows/s", aim: 3, run: runFunc(readAll)},

		{name: "streams of ten events, 1 writer", unit: "/s", run: script{text: tens, clients: 1, mode: "prepared"}},
		{name: "streams of ten events, 8 writers", unit: "/s", run: script{text: tens, clients: 8, mode: "prepared"}},
		{name: "streams of ten events, 64 writers", unit: "/s", run: script{text: tens, clients: 64, mode: "prepared"}},
		{name: "80 % stream reads, 20 % appends, Zipf, 16 clients", unit: "/s", run: program{clients: 16, client: mixed}},
		{name: "expected version with retries, 50 streams, 16 clients", unit: "/s", run: program{clients: 16, client: decide}},
		{name: "conflict storm, one stream, 64 clients", unit: "attempts/s", run: program{clients: 64, client: storm}},
		{name: "INSERT of 10 rows, 8 clients", unit: "events/s", run: script{text: rows(10), clients: 8, mode: "prepared", each: 10}},
		{name: "INSERT of 100 rows, 8 clients", unit: "events/s", run: script{text: rows(100), clients: 8, mode: "prepared", each: 100}},
		{name: "transaction over three streams, 8 clients", unit: "/s", run: script{text: three(), clients: 8, mode: "prepared"}},
		{name: "catch-up in pages of 1,000, 4 clients", unit: "events/s", run: script{text: readPage, clients: 4, mode: "prepared", each: 1000}},
	}
}

// psql runs a statement and leaves out what it prints.
func (b *bench) psql(ctx context.Context, s *side, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "psql"), append(s.args("-XqAt", "-v", "ON_ERROR_STOP=1", "-d", s.database), args...)...)
	cmd.Env = append(os.Environ(), "PGSSLMODE="+s.mode())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("psql on %s: %w\n%s", s.name, err, stderr.Bytes())
	}
	return nil
}

// psqlRate is how many events a second psql moves with a statement over all of them.
func psqlRate(ctx context.Context, b *bench, s *side, sql string) (sample, error) {
	begin := time.Now()
	err := b.psql(ctx, s, "-c", sql)
	return sample{value: float64(b.events) / time.Since(begin).Seconds()}, err
}

func readAll(ctx context.Context, b *bench, s *side) (sample, error) {
	return psqlRate(ctx, b, s, fmt.Sprintf("SELECT * FROM events WHERE position <= %d", b.events))
}

// load copies the events into an empty side.
func load(ctx context.Context, b *bench, s *side) (sample, error) {
	return psqlRate(ctx, b, s, fmt.Sprintf(`\copy events (stream_id, version, type, payload, metadata) from '%s'`, b.path("events.copy")))
}

// loadEvents fills both sides, and measures that. After it PostgreSQL gets once more what
// Eventgres recorded, so that answers can be compared.
func (b *bench) loadEvents(ctx context.Context) (*workload, error) {
	f, err := os.Create(b.path("events.copy"))
	if err != nil {
		return nil, err
	}
	if err := writeEvents(f, 0, b.events); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	w := &workload{name: fmt.Sprintf("COPY %s events in", number(float64(b.events))), unit: "rows/s", aim: 10, once: true, run: runFunc(load)}
	if err := b.measure(ctx, w); err != nil {
		return nil, err
	}
	if err := os.Remove(b.path("events.copy")); err != nil {
		return nil, err
	}
	const columns = "position, stream_id, version, event_id, type, payload, metadata, recorded_at"
	csv := b.path("events.csv")
	if err := b.psql(ctx, b.eg, "-c", "SET timezone = 'UTC'", "-c", fmt.Sprintf(`\copy (SELECT %s FROM events) to '%s' with (format csv)`, columns, csv)); err != nil {
		return nil, err
	}
	return w, b.psql(ctx, b.pg, "-c", "TRUNCATE events", "-c", fmt.Sprintf(`\copy events (%s) from '%s' with (format csv)`, columns, csv),
		"-c", fmt.Sprintf("SELECT setval('events_position_seq', %d)", b.events), "-c", "VACUUM ANALYZE events", "-c", "CHECKPOINT")
}
