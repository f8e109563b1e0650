package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	share   float64 // of the ceiling, as an aim; 0: the ceiling does not run it
	duckdb  float64 // times DuckDB alone, at most; 0: it does not run it
	once    bool    // in every round the same: one will do
	run     runner
	samples map[string]series
}

type runFunc func(ctx context.Context, b *bench, s *side) (sample, error)

func (f runFunc) run(ctx context.Context, b *bench, s *side) (sample, error) { return f(ctx, b, s) }

const eventValues = `'OrderPlaced', '{"order": 4711, "amount": 129.95, "currency": "EUR", "items": 3, "customer": "c-17", "occurred_at": "2026-03-01T12:00:00.000Z"}', '{"user": "u17"}'`

const insertInto = "INSERT INTO events (stream_id, version, type, payload, metadata) VALUES "

// newStream appends the first event of a stream that nobody else has.
const newStream = `\set s random(200000000000, 999999999999)
` + insertInto + `(('` + streamID + `' || :s)::uuid, 0, ` + eventValues + `)
`

const literals = `\set s random(200000000000, 999999999999)
` + insertInto + `('` + streamID + `:s', 0, ` + eventValues + `)
`

// tens appends to a stream of its own, a new one every ten events; v is 9 at the start.
const tens = `\set v (:v + 1) % 10
\if :v = 0
\set s random(200000000000, 999999999999)
\endif
` + insertInto + `(('` + streamID + `' || :s)::uuid, :v, ` + eventValues + `)
`

const readStream = `\set s random({first_stream}, {last_stream})
SELECT * FROM events WHERE stream_id = ('` + streamID + `' || :s)::uuid ORDER BY version
`

const readPoint = `\set p random(1, {last_event})
SELECT * FROM events WHERE position = :p
`

const readPage = `\set p random(1, {last_page})
SELECT * FROM events WHERE position >= :p ORDER BY position LIMIT 1000
`

// rows is one INSERT of so many events of a new stream.
func rows(n int) string {
	var b strings.Builder
	b.WriteString("\\set s random(200000000000, 999999999999)\n" + insertInto)
	for v := range n {
		if v > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(('%s' || :s)::uuid, %d, %s)", streamID, v, eventValues)
	}
	return b.String() + "\n"
}

// three is a transaction over three streams.
func three() string {
	var b strings.Builder
	for _, s := range []string{"a", "b", "c"} {
		fmt.Fprintf(&b, "\\set %s random(200000000000, 999999999999)\n", s)
	}
	b.WriteString("BEGIN;\n")
	for _, s := range []string{"a", "b", "c"} {
		fmt.Fprintf(&b, "%s(('%s' || :%s)::uuid, 0, %s);\n", insertInto, streamID, s, eventValues)
	}
	return b.String() + "COMMIT;\n"
}

// workloads are those that change nothing of what the ones after them read.
func workloads() []*workload {
	return []*workload{
		{name: "append, 1 client", unit: "/s", aim: 1.4, share: 0.9, run: script{text: newStream, clients: 1, mode: "prepared"}},
		{name: "append, 8 clients", unit: "/s", aim: 1.4, share: 0.9, run: script{text: newStream, clients: 8, mode: "prepared"}},
		{name: "append, 64 clients", unit: "/s", aim: 3.5, share: 0.85, run: script{text: newStream, clients: 64, mode: "prepared"}},
		{name: "append, literals in simple protocol, 64 clients", unit: "/s", aim: 3, share: -1, run: script{text: literals, clients: 64, mode: "simple"}},
		{name: "read a stream of 20, 16 clients", unit: "/s", aim: 2.5, run: script{text: readStream, clients: 16, mode: "prepared"}},
		{name: "read an event by position, 16 clients", unit: "/s", aim: 1.2, share: 0.85, run: script{text: readPoint, clients: 16, mode: "prepared"}},
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
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("psql on %s: %w\n%s", s.name, err, stderr.Bytes())
	}
	return nil
}

func readAll(ctx context.Context, b *bench, s *side) (sample, error) {
	begin := time.Now()
	err := b.psql(ctx, s, "-c", fmt.Sprintf("SELECT * FROM events WHERE position <= %d", b.events))
	return sample{value: float64(b.events) / time.Since(begin).Seconds()}, err
}

const copyIn = `\copy events (stream_id, version, type, payload, metadata) from '%s'`

// load copies the events into an empty side.
func load(ctx context.Context, b *bench, s *side) (sample, error) {
	begin := time.Now()
	err := b.psql(ctx, s, "-c", fmt.Sprintf(copyIn, b.path("events.copy")))
	return sample{value: float64(b.events) / time.Since(begin).Seconds()}, err
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
