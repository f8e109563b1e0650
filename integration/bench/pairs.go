package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/eventgres/eventgres/integration/postgres"
)

// loadPair copies the events into an empty store of its own, of which nothing is kept.
var loadPair = runFunc(func(ctx context.Context, b *bench, s *side) (v sample, err error) {
	port, err := postgres.FreePort()
	if err != nil {
		return sample{}, err
	}
	empty := &side{name: s.name, port: port, user: s.user, database: s.database, program: s.program}
	dir := "pair-" + s.name
	server, err := b.serveStore(dir, empty)
	if err != nil {
		return sample{}, err
	}
	defer func() {
		server.stop(syscall.SIGTERM)
		err = errors.Join(err, os.RemoveAll(b.path(dir)))
	}()
	if err := b.answers(ctx, empty); err != nil {
		return sample{}, err
	}
	return load(ctx, b, empty)
})

// uses are what the second of a pair may be used with: flags of the server, and what is said to it once it has events, after which the
// clients are another role.
var uses = map[string]struct {
	flags []string
	sql   string
	user  string
}{
	"":        {},
	"metrics": {flags: []string{"--http", "127.0.0.1:0"}},
	"roles":   {sql: "CREATE ROLE app LOGIN; GRANT SELECT, INSERT ON events TO app; GRANT SELECT ON streams TO app", user: "app"},
	"policies": {sql: "CREATE ROLE app LOGIN; GRANT SELECT, INSERT ON events TO app; GRANT SELECT ON streams TO app; " +
		"CREATE POLICY app ON events TO app USING (stream IS NULL OR category <> 'nobody')", user: "app"},
}

// use has a side be used so.
func (b *bench) use(ctx context.Context, s *side, sql, user string) error {
	if sql == "" {
		return nil
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql).ReadAll()
	s.user = user
	return err
}

// pair runs the workloads with two programs of ours in turns: what changed between them is in the ratios
// of neighbours, when the machine itself changes by a half within minutes.
func (b *bench) pair(ctx context.Context, before string) error {
	sides := []*side{
		{name: "before", user: "postgres", database: "events", program: before},
		{name: "after", user: "postgres", database: "events", program: b.eventgres},
	}
	with, ok := uses[b.with]
	if !ok {
		return fmt.Errorf("-with %s is not known", b.with)
	}
	sides[1].flags = with.flags
	f, err := os.Create(b.path("events.copy"))
	if err != nil {
		return err
	}
	if err := errors.Join(writeEvents(f, 0, b.events), f.Close()); err != nil {
		return err
	}
	for _, s := range sides {
		if s.port, err = postgres.FreePort(); err != nil {
			return err
		}
		server, err := b.serveStore(s.name, s)
		if err != nil {
			return err
		}
		defer server.stop(syscall.SIGTERM)
		if err := b.answers(ctx, s); err != nil {
			return err
		}
		if _, err := load(ctx, b, s); err != nil {
			return err
		}
	}
	if err := b.use(ctx, sides[1], with.sql, with.user); err != nil {
		return err
	}
	list := append([]*workload{{name: "COPY", unit: "rows/s", run: loadPair}}, analyses()...)
	fmt.Printf("%-52s  %10s  %10s  %6s  95 %% interval\n", "workload", sides[0].name, sides[1].name, "ratio")
	for _, w := range append(append(list, workloads()...), decisions()...) {
		if !b.only.MatchString(w.name) {
			continue
		}
		w.samples = map[string]series{}
		var ratios []float64 // above 1: better after
		for i := range b.rounds {
			var value [2]float64
			for j := range sides {
				s := sides[(i+j)%2]
				fmt.Fprintf(os.Stderr, "\r\x1b[K%s: pair %d of %d, %s", w.name, i+1, b.rounds, s.name)
				for _, s := range sides { // no work is left of the turn before
					if _, err := countTypes.answer(ctx, b, s); err != nil {
						return err
					}
				}
				v, err := w.run.run(ctx, b, s)
				if err != nil {
					return err
				}
				w.samples[s.name] = append(w.samples[s.name], v)
				value[(i+j)%2] = v.value
			}
			r := value[1] / value[0]
			if w.less {
				r = 1 / r
			}
			ratios = append(ratios, r)
		}
		fmt.Fprint(os.Stderr, "\r\x1b[K")
		slices.Sort(ratios)
		low, high := interval(len(ratios))
		fmt.Printf("%-52s  %10s  %10s  %6.3f  %.3f to %.3f\n", w.name, number(w.samples["before"].median()),
			number(w.samples["after"].median()), median(ratios), ratios[low], ratios[high])
	}
	return nil
}

// interval gives the places in n sorted values between which their median lies with 95 % at least, whatever
// the values' distribution: fewer than 2.5 % of n throws of a coin are so few, or so many, heads. Of fewer than six values it is
// the least and the greatest.
func interval(n int) (low, high int) {
	p := 1.0
	for range n {
		p /= 2 // of no heads
	}
	for sum := p; low < n/2; low++ {
		p *= float64(n-low) / float64(low+1)
		if sum += p; sum > 0.025 {
			break
		}
	}
	return low, n - 1 - low
}
