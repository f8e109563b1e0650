package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/postgres"
)

// finding is the run of -find: event ids that clients give, reads by category, type and tags, and decisions that rest on them.
type finding struct {
	*bench
	s     *side
	store string // its directory
	conn  *pgx.Conn
	pid   int // of the server
}

// cpu is the processor time that the server has taken.
func (f *finding) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", f.pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	var user, system int64
	fields := strings.Fields(rest)
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil // ticks
}

// find measures them in one store.
func (b *bench) find(ctx context.Context, out string) (err error) {
	started := time.Now()
	f := &finding{bench: b, s: &side{name: "find", user: "postgres", database: "events", program: b.eventgres}, store: "find"}
	if f.s.port, err = postgres.FreePort(); err != nil {
		return err
	}
	server, err := b.serveStore(f.store, f.s)
	if err != nil {
		return err
	}
	defer server.stop(syscall.SIGTERM)
	f.pid = server.cmd.Process.Pid
	if err := b.answers(ctx, f.s); err != nil {
		return err
	}
	if f.conn, err = pgx.Connect(ctx, f.s.url()); err != nil {
		return err
	}
	defer f.conn.Close(ctx)
	var figures []figure
	for _, m := range []func(context.Context) ([]figure, error){f.load, f.rare, f.common, f.ids, f.tagged, f.decided} {
		list, err := m(ctx)
		if err != nil {
			return err
		}
		for _, x := range list {
			fmt.Fprintf(os.Stderr, "%-76s %s\n", x.workload, x.ours)
		}
		figures = append(figures, list...)
	}
	cells := [][]string{{"workload", "aim", "Eventgres"}}
	for _, x := range figures {
		cells = append(cells, []string{x.workload, x.aim, x.ours})
	}
	text := align(cells)
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return replace(out, "find", b.environment(started)+"\n"+text)
}

// Of the first thousand events some are of a kind that does not come again.
const (
	rareEvents = 20
	loadBatch  = 100_000
)

// load copies the events in: of 20 categories and 10 types, each with a tag of one in a thousand and one of one in 50,000.
func (f *finding) load(ctx context.Context) ([]figure, error) {
	rng := rand.New(rand.NewPCG(1, 2))
	began := time.Now()
	for first := 0; first < f.events; first += loadBatch {
		var text bytes.Buffer
		for i := range min(loadBatch, f.events-first) {
			category, typ, more := fmt.Sprint("c", rng.IntN(20)), types[rng.IntN(len(types))], ""
			if n := first + i; n < 1000 && n%(1000/rareEvents) == 0 {
				category, typ, more = "rarity", "Rare", ",rare"
			}
			fmt.Fprintf(&text, "%s-%d\t%s\t{course:%d,student:%d%s}\t{\"amount\": %d.%02d, \"currency\": \"EUR\", \"customer\": \"c-%d\"}\n",
				category, rng.IntN(f.events/100+1), typ, rng.IntN(1000), rng.IntN(50_000), more, rng.IntN(1000), rng.IntN(100), rng.IntN(5000))
		}
		if _, err := f.conn.PgConn().CopyFrom(ctx, &text, "COPY events (stream, type, tags, payload) FROM STDIN"); err != nil {
			return nil, err
		}
	}
	rate := float64(f.events) / time.Since(began).Seconds()
	if err := f.indexed(); err != nil {
		return nil, err
	}
	keys, err := f.size("*.key")
	if err != nil {
		return nil, err
	}
	ids, err := f.size("*.ids")
	if err != nil {
		return nil, err
	}
	events := float64(f.events)
	return []figure{
		{workload: "COPY, of events with two tags, events/s", ours: number(rate)},
		{workload: "bytes an event: categories, types and tags; filters of ids", aim: "≤ 12", ours: fmt.Sprintf("%.1f; %.1f", float64(keys)/events, float64(ids)/events)},
	}, nil
}

// indexed waits until each sealed segment has its files.
func (f *finding) indexed() error {
	return await("the index", func() error {
		segments, _ := filepath.Glob(filepath.Join(f.path(f.store), "log", "*.seg"))
		keys, _ := filepath.Glob(filepath.Join(f.path(f.store), "index", "*.key"))
		if len(keys) < len(segments)-1 {
			return fmt.Errorf("%d of %d segments have theirs", len(keys), len(segments)-1)
		}
		return nil
	})
}

// size sums up the files of the index with such names.
func (f *finding) size(pattern string) (n int64, err error) {
	names, err := filepath.Glob(filepath.Join(f.path(f.store), "index", pattern))
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return 0, err
		}
		n += info.Size()
	}
	return n, err
}

// rows runs a query and returns how many rows it has, and how long it takes.
func (f *finding) rows(ctx context.Context, sql string, args ...any) (n int, took time.Duration, err error) {
	began := time.Now()
	rows, err := f.conn.Query(ctx, sql, args...)
	if err != nil {
		return 0, 0, err
	}
	for rows.Next() {
		n++
	}
	return n, time.Since(began), rows.Err()
}

func middle(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// rare reads what comes in the first thousand events alone, from the beginning.
func (f *finding) rare(ctx context.Context) (list []figure, err error) {
	for name, where := range map[string]string{"type": "type = $1", "category": "category = $1", "tag": "tags @> ARRAY[$1]"} {
		value := map[string]string{"type": "Rare", "category": "rarity", "tag": "rare"}[name]
		var times []time.Duration
		for range 50 {
			n, took, err := f.rows(ctx, "SELECT * FROM events WHERE "+where, value)
			if err != nil || n != rareEvents {
				return nil, fmt.Errorf("%d rows of a rare %s: %w", n, name, err)
			}
			times = append(times, took)
		}
		first := times[0]
		list = append(list, figure{
			workload: "a rare " + name + ", from the beginning: first, median ms", aim: "≤ 5",
			ours: milliseconds(first) + ", " + milliseconds(middle(times)),
		})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].workload < list[j].workload })
	return list, nil
}

// common reads pages of a type that each tenth event has, beside plain ones.
func (f *finding) common(ctx context.Context) ([]figure, error) {
	var plain, typed []time.Duration
	for i := range 200 {
		from := rand.Int64N(int64(f.events) * 9 / 10)
		where, to := "position >= $1", &plain
		if i%2 == 0 {
			where, to = "type = 'OrderPaid' AND "+where, &typed
		}
		n, took, err := f.rows(ctx, "SELECT * FROM events WHERE "+where+" ORDER BY position LIMIT 1000", from)
		if err != nil || n != 1000 {
			return nil, fmt.Errorf("a page of %d: %w", n, err)
		}
		*to = append(*to, took)
	}
	return []figure{{
		workload: "1,000 events of a type that one in ten has, beside 1,000 in a row: median ms", aim: "≤ 1.3×",
		ours: fmt.Sprintf("%.2f× (%s, %s)", middle(typed).Seconds()/middle(plain).Seconds(), milliseconds(middle(typed)), milliseconds(middle(plain))),
	}}, nil
}

// appended is what came of a run: events a second, and the server's processor time for one.
type appended struct{ rate, cost float64 }

// appends has clients append for a time.
func (f *finding) appends(ctx context.Context, clients int, sql string, args func(rng *rand.Rand) []any) (out appended, err error) {
	var done atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, clients)
	conns := make([]*pgx.Conn, clients)
	for i := range conns {
		if conns[i], err = pgx.Connect(ctx, f.s.url()); err != nil {
			return out, err
		}
		defer conns[i].Close(ctx)
		if _, err := conns[i].Prepare(ctx, "append", sql); err != nil {
			return out, err
		}
	}
	before, err := f.cpu()
	if err != nil {
		return out, err
	}
	began := time.Now()
	for _, c := range conns {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(rand.Uint64(), 0))
			for time.Since(began) < f.time {
				if _, err := c.Exec(ctx, "append", args(rng)...); err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return out, err
	default:
	}
	took := time.Since(began).Seconds()
	after, err := f.cpu()
	n := float64(done.Load())
	return appended{rate: n / took, cost: (after - before).Seconds() / n}, err
}

// variant is a way to append.
type variant struct {
	name, sql string
	args      func(rng *rand.Rand) []any
}

// compare has clients append in turns, and returns the median of the rates of each, and of their ratios to the first: of
// the rates, and of the server's processor time, which other work on the machine changes less.
func (f *finding) compare(ctx context.Context, clients int, variants []variant) (rates, ratios, costs []float64, err error) {
	all := make([]series, len(variants))
	shares := make([]series, len(variants))
	taken := make([]series, len(variants))
	for round := range f.rounds {
		rate := make([]appended, len(variants))
		for i := range variants {
			v := (i + round) % len(variants)
			if rate[v], err = f.appends(ctx, clients, variants[v].sql, variants[v].args); err != nil {
				return nil, nil, nil, err
			}
		}
		for i := range variants {
			all[i] = append(all[i], sample{value: rate[i].rate})
			shares[i] = append(shares[i], sample{value: rate[i].rate / rate[0].rate})
			taken[i] = append(taken[i], sample{value: rate[i].cost / rate[0].cost})
		}
	}
	for i := range variants {
		rates, ratios, costs = append(rates, all[i].median()), append(ratios, shares[i].median()), append(costs, taken[i].median())
	}
	return rates, ratios, costs, nil
}

func newStreamOf(rng *rand.Rand) string { return fmt.Sprintf("c%d-%d", rng.IntN(20), rng.Uint64()) }

const orderPayload = `{"amount": 12.50, "currency": "EUR", "customer": "c-17"}`

// ids appends with ids of the server's, and with the clients' own, random and in the order of time.
func (f *finding) ids(ctx context.Context) (list []figure, err error) {
	given := "INSERT INTO events (event_id, stream, type, payload) VALUES ($1, $2, 'OrderPlaced', $3)"
	variants := []variant{
		{"default", "INSERT INTO events (stream, type, payload) VALUES ($1, 'OrderPlaced', $2)", func(rng *rand.Rand) []any {
			return []any{newStreamOf(rng), orderPayload}
		}},
		{"v4", given, func(rng *rand.Rand) []any {
			var id uuid.UUID
			binary.BigEndian.PutUint64(id[:], rng.Uint64()&^0xF000|0x4000)
			binary.BigEndian.PutUint64(id[8:], rng.Uint64()>>2|1<<63)
			return []any{id.String(), newStreamOf(rng), orderPayload}
		}},
		{"v7", given, func(rng *rand.Rand) []any {
			return []any{uuid.Must(uuid.NewV7()).String(), newStreamOf(rng), orderPayload}
		}},
	}
	for _, clients := range []int{16, 64} {
		rates, ratios, costs, err := f.compare(ctx, clients, variants)
		if err != nil {
			return nil, err
		}
		list = append(list, figure{
			workload: fmt.Sprintf("append with ids of the clients', v4 and v7, ÷ with ours, %d clients", clients), aim: "≥ 0.9",
			ours: fmt.Sprintf("%.2f, %.2f (%s, %s, %s/s); processor %.2f×, %.2f×", ratios[1], ratios[2], number(rates[1]), number(rates[2]), number(rates[0]), costs[1], costs[2]),
		})
	}
	return list, nil
}

// tagged appends with three tags and without.
func (f *finding) tagged(ctx context.Context) (list []figure, err error) {
	variants := []variant{
		{"without", "INSERT INTO events (stream, type, payload) VALUES ($1, 'OrderPlaced', $2)", func(rng *rand.Rand) []any {
			return []any{newStreamOf(rng), orderPayload}
		}},
		{"with", "INSERT INTO events (stream, type, payload, tags) VALUES ($1, 'OrderPlaced', $2, $3)", func(rng *rand.Rand) []any {
			tags := []string{fmt.Sprint("course:", rng.IntN(1000)), fmt.Sprint("student:", rng.IntN(50_000)), fmt.Sprint("order:", rng.Uint32())}
			return []any{newStreamOf(rng), orderPayload, "{" + strings.Join(tags, ",") + "}"}
		}},
	}
	for _, clients := range []int{16, 64} {
		rates, ratios, costs, err := f.compare(ctx, clients, variants)
		if err != nil {
			return nil, err
		}
		list = append(list, figure{
			workload: fmt.Sprintf("append with three tags, one its own, ÷ without, %d clients", clients), aim: "≥ 0.93",
			ours: fmt.Sprintf("%.2f (%s, %s/s); processor %.2f×", ratios[1], number(rates[1]), number(rates[0]), costs[1]),
		})
	}
	return list, nil
}
