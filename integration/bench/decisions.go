package main

import (
	"context"
	"fmt"
)

// Decisions about boundaries of their own: nobody else has the tag, so none may be refused.
const (
	seat  = "INSERT INTO events (stream, type, tags) VALUES ('seat-' || :s, 'Booked', ARRAY['seat:' || :s])"
	taken = "SELECT count(*) FROM events WHERE tags @> ARRAY['seat:' || :s] AND type = 'Booked'"
)

// decisions are the ways to append what rests on a question, after one that rests on nothing.
func decisions() []*workload {
	of := func(name, text string) *workload {
		return &workload{name: name, unit: "/s", run: script{text: newID("s") + text, clients: 16, mode: "prepared"}}
	}
	return []*workload{
		of("append of an event with a tag, 16 clients", seat+";\n"),
		of("decision by guarded INSERT, own tags, 16 clients", "INSERT INTO events (stream, type, tags) SELECT 'seat-' || :s, 'Booked', ARRAY['seat:' || :s] "+
			"WHERE NOT EXISTS (SELECT 1 FROM events WHERE tags @> ARRAY['seat:' || :s] AND type = 'Booked');\n"),
		of("transaction of a SELECT and an INSERT, own tags, 16 clients", "BEGIN ISOLATION LEVEL REPEATABLE READ;\n"+taken+";\n"+seat+";\nCOMMIT;\n"),
		of("decision in SERIALIZABLE, own tags, 16 clients", "BEGIN ISOLATION LEVEL SERIALIZABLE;\n"+taken+";\n"+seat+";\nCOMMIT;\n"),
	}
}

// decided measures them in turns: rates, and the server's processor time for one.
func (f *finding) decided(ctx context.Context) (list []figure, err error) {
	all := decisions()
	rates, costs := make([]series, len(all)), make([]series, len(all))
	for round := range f.rounds {
		for i := range all {
			at := (i + round) % len(all)
			before, err := f.cpu()
			if err != nil {
				return nil, err
			}
			v, err := all[at].run.run(ctx, f.bench, f.s)
			if err != nil {
				return nil, err
			}
			after, err := f.cpu()
			if err != nil {
				return nil, err
			}
			rates[at] = append(rates[at], v)
			costs[at] = append(costs[at], sample{value: (after - before).Seconds() * 1e6 / (v.value * f.time.Seconds())})
		}
	}
	for i, w := range all {
		list = append(list, figure{workload: w.name, ours: fmt.Sprintf("%s/s; %.0f µs of the processor", number(rates[i].median()), costs[i].median())})
	}
	return list, nil
}
