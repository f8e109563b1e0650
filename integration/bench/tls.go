package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/eventgres/eventgres/integration/postgres"
)

// encrypted measures what TLS costs a workload, on PostgreSQL and on Eventgres in the same turns. Each has one server, with ssl on; what
// changes is whether the clients ask for it. So a ratio is of one program, one store and one moment.
func (b *bench) encrypted(ctx context.Context, out string) error {
	started := time.Now()
	if err := b.serveEncrypted(ctx); err != nil {
		return err
	}
	if _, err := b.loadEvents(ctx); err != nil {
		return err
	}
	plain := []*side{b.pg, b.eg}
	var tls []*side
	for _, s := range plain {
		t := *s
		t.tls = true
		tls = append(tls, &t)
	}
	cells := [][]string{{
		"workload", "unit", "PostgreSQL", "with TLS", "ratio", "Eventgres", "with TLS", "ratio",
		"lost beyond PostgreSQL's, aim at most 5 points", "95 % interval",
	}}
	for _, w := range workloads() {
		if !b.only.MatchString(w.name) {
			continue
		}
		line, err := b.encryptedPairs(ctx, w, append(plain, tls...))
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		fmt.Fprintln(os.Stderr, line)
		cells = append(cells, line)
	}
	text := align(cells)
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return replace(out, "tls", b.environment(started)+"\n"+text)
}

// serveEncrypted starts both servers with one certificate, which Eventgres makes.
func (b *bench) serveEncrypted(ctx context.Context) error {
	if err := errors.Join(b.newSides(), b.initPostgres()); err != nil {
		return err
	}
	b.eg.flags = []string{"--tls-self-signed"}
	if err := errors.Join(b.startEventgres(b.eg), b.answers(ctx, b.eg)); err != nil {
		return err
	}
	certificate, key := b.path("pg.crt"), b.path("pg.key")
	for from, to := range map[string]string{"server.crt": certificate, "server.key": key} {
		text, err := os.ReadFile(filepath.Join(b.path("eg"), "tls", from))
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err == nil {
			_, err = postgres.Own(to)
		}
		if err != nil {
			return err
		}
	}
	b.postgresFlags = []string{"-c", "ssl=on", "-c", "ssl_cert_file=" + certificate, "-c", "ssl_key_file=" + key}
	if err := errors.Join(b.startPostgres(b.pg), b.answers(ctx, b.pg)); err != nil {
		return err
	}
	return b.psql(ctx, b.pg, "-c", schema)
}

// encryptedPairs runs a workload on sides, the plain ones of both servers and then those with TLS, in turns.
func (b *bench) encryptedPairs(ctx context.Context, w *workload, sides []*side) ([]string, error) {
	rates := make([]series, len(sides))
	var lost []float64
	kept := make([]series, 2)
	for i := range b.rounds {
		for j := range sides {
			at := (i + j) % len(sides)
			fmt.Fprintf(os.Stderr, "\r\x1b[K%s: round %d of %d, %s", w.name, i+1, b.rounds, sides[at].name)
			v, err := w.run.run(ctx, b, sides[at])
			if err != nil {
				return nil, err
			}
			rates[at] = append(rates[at], v)
		}
		for s := range kept {
			kept[s] = append(kept[s], sample{value: rates[2+s][i].value / rates[s][i].value})
		}
		lost = append(lost, kept[0][i].value-kept[1][i].value)
	}
	fmt.Fprint(os.Stderr, "\r\x1b[K")
	slices.Sort(lost)
	low, high := interval(len(lost))
	points := func(v float64) string { return fmt.Sprintf("%+.1f", 100*v) }
	line := []string{w.name, w.unit}
	for s := range kept {
		line = append(line, number(rates[s].median()), number(rates[2+s].median()), fmt.Sprintf("%.3f", kept[s].median()))
	}
	return append(line, points(median(lost)), points(lost[low])+" to "+points(lost[high])), nil
}
