// Command bench compares Eventgres with PostgreSQL: both durable, on one disk, with the
// same clients, in turns, round by round. A third server, ceiling, shows what the machine
// allows, and DuckDB alone what the analytical path costs over it.
//
//	make bench         all workloads, about 15 minutes
//	make bench-quick   in five minutes
//	make bench-follow   followers: what they see, and what they cost
//	make bench-cluster  three nodes beside a single one
//	make bench-messagedb   Message DB's calls, beside the real one
//	make bench-tls    what TLS costs, beside what it costs PostgreSQL
//	make bench-find   event ids of the clients' own, and reads by category, type and tags
//	make bench-pairs BEFORE=program   only Eventgres, in turns with another build of it
//	make bench-pairs BEFORE=program WITH=roles   the second in use as WITH says: roles, policies, metrics, which can be the same program
//
// It prints one table, and with -out writes it into a Markdown file with the machine, the versions
// and the date. It needs PostgreSQL's server, psql and pgbench, and, as root, the user postgres.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/eventgres/eventgres/integration/postgres"
)

// bench is a run.
type bench struct {
	machine
	events int
	rounds int
	time   time.Duration // of a workload on a side
	only   *regexp.Regexp
	with   string // how the second of a pair is used
	finds  bool   // -find
	calls  bool   // -messagedb
	tls    bool   // -tls

	pg, eg, top, duckdb *side
	egSmall             *side // of -scale: the store of the first stage, beside what became of it
	smallEvents         int
	alone               *child // DuckDB
}

func main() {
	b := &bench{}
	flag.IntVar(&b.events, "events", 1_000_000, "events that are loaded")
	flag.IntVar(&b.rounds, "rounds", 3, "rounds; the table shows medians")
	flag.DurationVar(&b.time, "time", 4*time.Second, "time of a workload on a side in a round, whole seconds")
	only := flag.String("run", "", "regular expression: the workloads to run")
	out := flag.String("out", "", "Markdown file to write the table into, between its marks")
	sizes := flag.String("scale", "", "instead: load so many million events in one store, 1,10,100, and measure at each")
	flag.StringVar(&b.with, "with", "", "how the second program of -before is used: roles, policies or metrics")
	follow := flag.Bool("follow", false, "instead: what followers see, and what they cost")
	flag.BoolVar(&b.finds, "find", false, "instead: event ids of the clients' own, and reads by category, type and tags")
	flag.BoolVar(&b.calls, "messagedb", false, "instead: the calls of Message DB's clients, beside the real one")
	flag.BoolVar(&b.tls, "tls", false, "instead: what TLS costs, beside what it costs PostgreSQL")
	cluster := flag.Bool("cluster", false, "instead: three nodes beside a single one")
	before := flag.String("before", "", "instead: compare with this program of Eventgres, in as many pairs as -rounds says")
	flag.StringVar(&b.dir, "dir", "", "directory for all files; a new one by default")
	flag.Parse()
	if err := b.main(*only, *out, *sizes, *before, *follow, *cluster); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) main(only, out, sizes, before string, follow, cluster bool) (err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if b.only, err = regexp.Compile(only); err != nil {
		return err
	}
	if b.time < time.Second {
		return errors.New("-time is less than a second")
	}
	if b.bin, err = postgresPrograms(); err != nil {
		return err
	}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "eventgres-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
	}
	if err := os.Chmod(b.dir, 0o755); err != nil { // PostgreSQL's user comes in
		return err
	}
	if err := b.build(); err != nil {
		return err
	}
	defer b.stop()
	if sizes != "" {
		return b.scale(ctx, sizes, out)
	}
	b.events = b.events / streamLength * streamLength
	if before != "" {
		return b.pair(ctx, before)
	}
	if b.finds {
		return b.find(ctx, out)
	}
	if b.calls {
		return b.messages(ctx, out)
	}
	if b.tls {
		return b.encrypted(ctx, out)
	}
	if follow {
		return b.follow(ctx, out)
	}
	if cluster {
		return b.cluster(ctx, out)
	}
	started := time.Now()
	done, err := b.compare(ctx)
	fmt.Fprintln(os.Stderr)
	text := table(done)
	fmt.Print(text)
	if err != nil || out == "" {
		return err
	}
	return replace(out, "bench", b.environment(started)+"\n"+text)
}

// newSides finds ports for the servers.
func (b *bench) newSides() error {
	for _, s := range []struct {
		to *(*side)
		side
	}{
		{&b.pg, side{name: "PostgreSQL", user: "postgres", database: "postgres"}},
		{&b.eg, side{name: "Eventgres", user: "postgres", database: "events"}},
		{&b.egSmall, side{name: "Eventgres", user: "postgres", database: "events"}},
		{&b.top, side{name: "ceiling", user: "postgres", database: "events"}},
	} {
		port, err := postgres.FreePort()
		if err != nil {
			return err
		}
		s.port = port
		*s.to = &s.side
	}
	b.duckdb = &side{name: "DuckDB"}
	return nil
}

// serve starts the servers, empty; ours with flags.
func (b *bench) serve(ctx context.Context, flags ...string) error {
	if err := errors.Join(b.newSides(), b.initPostgres()); err != nil {
		return err
	}
	b.eg.flags = flags
	if err := errors.Join(b.startPostgres(b.pg), b.startEventgres(b.eg), b.startCeiling(b.top)); err != nil {
		return err
	}
	for _, s := range []*side{b.pg, b.eg, b.top} {
		if err := b.answers(ctx, s); err != nil {
			return err
		}
	}
	return b.psql(ctx, b.pg, "-c", schema)
}

// answers waits until a server takes connections.
func (b *bench) answers(ctx context.Context, s *side) error {
	return await(s.name, func() error {
		conn, err := s.connect(ctx)
		if err == nil {
			conn.Close(ctx)
		}
		return err
	})
}

// schema is the events table that a service in PostgreSQL would have.
const schema = `CREATE TABLE events (position bigserial PRIMARY KEY, stream_id uuid NOT NULL, version bigint NOT NULL,
	event_id uuid NOT NULL DEFAULT gen_random_uuid(), type text NOT NULL, payload jsonb, metadata jsonb,
	recorded_at timestamptz NOT NULL DEFAULT now(), UNIQUE (stream_id, version), UNIQUE (event_id))`

// compare runs all workloads, those that read before those that append.
func (b *bench) compare(ctx context.Context) (done []*workload, err error) {
	if err := b.serve(ctx); err != nil {
		return nil, err
	}
	loaded, err := b.loadEvents(ctx)
	if err != nil {
		return nil, err
	}
	done = append(done, loaded)
	if b.alone, err = b.startDuckDB("-csv", b.path("events.csv")); err != nil {
		return done, err
	}
	defer func() { b.alone.stop(0) }()
	if _, err := b.alone.line(); err != nil {
		return done, err
	}
	list := analyses()
	for _, w := range list {
		if b.only.MatchString(w.name) {
			if err := w.run.(analysis).compare(ctx, b); err != nil {
				return done, err
			}
		}
	}
	list = append(list, &workload{name: "bytes on disk an event", unit: "B", less: true, aim: 1.5, once: true, run: runFunc(footprint)})
	list = append(list,
		&workload{name: appendsP99, unit: "ms", less: true, run: underQueries(false)},
		&workload{name: appendsP99 + " beside heavy queries", unit: "ms", less: true, run: underQueries(true)},
	)
	list = append(list, workloads()...)
	list = append(list,
		&workload{name: "start, files not cached, to count by type", unit: "ms", less: true, run: runFunc(coldStart)},
		&workload{name: "projection made from nothing", unit: "events/s", run: runFunc(fillProjection)},
	)
	for _, w := range list {
		if !b.only.MatchString(w.name) {
			continue
		}
		if err := b.measure(ctx, w); err != nil {
			return done, fmt.Errorf("%s: %w", w.name, err)
		}
		done = append(done, w)
	}
	return done, nil
}

const appendsP99 = "append, 8 clients, p99"

// settle waits until no side has work left of the turns before: Eventgres' worker still reads what
// was appended, PostgreSQL writes out and vacuums.
func (b *bench) settle(ctx context.Context) error {
	if _, err := countTypes.answer(ctx, b, b.eg); err != nil {
		return err
	}
	conn, err := b.pg.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CHECKPOINT").ReadAll(); err != nil {
		return err
	}
	return await("PostgreSQL's vacuum", func() error {
		r := conn.ExecParams(ctx, "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'", nil, nil, nil, nil).Read()
		if r.Err == nil && len(r.Rows) > 0 {
			return errors.New("it is still running")
		}
		return r.Err
	})
}

// measure runs a workload on all sides that can, in turns.
func (b *bench) measure(ctx context.Context, w *workload) error {
	w.samples = map[string]series{}
	sides := []*side{b.pg, b.eg}
	if w.ceiling {
		sides = append(sides, b.top)
	}
	if _, ok := w.run.(analysis); ok || w.unit == "B" {
		sides = append(sides, b.duckdb)
	}
	rounds := b.rounds
	if w.once {
		rounds = 1
	}
	for i := range rounds {
		for j := range sides {
			s := sides[(i+j)%len(sides)]
			fmt.Fprintf(os.Stderr, "\r\x1b[K%s: round %d of %d, %s", w.name, i+1, rounds, s.name)
			if err := b.settle(ctx); err != nil {
				return err
			}
			v, err := w.run.run(ctx, b, s)
			if err != nil {
				return err
			}
			if v.value > 0 {
				w.samples[s.name] = append(w.samples[s.name], v)
			}
		}
	}
	fmt.Fprint(os.Stderr, "\r\x1b[K")
	var line strings.Builder
	fmt.Fprintf(&line, "%-54s", w.name)
	for _, s := range sides {
		fmt.Fprintf(&line, "  %s %s", s.name, number(w.samples[s.name].median()))
	}
	fmt.Fprintln(os.Stderr, line.String(), w.unit)
	return nil
}
