package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// script is a workload that pgbench runs, the same text on every side.
type script struct {
	text    string
	clients int
	mode    string  // of the protocol: simple, extended, prepared
	each    float64 // of what is counted, in a transaction; 0: 1
}

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// run runs the script for a time.
func (p script) run(ctx context.Context, b *bench, s *side) (sample, error) {
	dir, err := os.MkdirTemp(b.dir, "pgbench-")
	if err != nil {
		return sample{}, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(file, []byte(b.expand(p.text)), 0o644); err != nil {
		return sample{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.time+patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "pgbench"), append(s.args(
		"-n", "-D", "v=9", "-f", file, "-c", strconv.Itoa(p.clients), "-j", strconv.Itoa(min(2, p.clients)), "-M", p.mode,
		"-T", strconv.Itoa(int(b.time/time.Second)), "-l", "--log-prefix", filepath.Join(dir, "latency"),
	), s.database)...)
	cmd.Env = append(os.Environ(), "PGSSLMODE="+s.mode())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("pgbench: %w\n%s", err, stderr.Bytes())
	}
	if strings.Contains(stderr.String(), "error") {
		return sample{}, fmt.Errorf("pgbench: %s", stderr.String())
	}
	m := tps.FindSubmatch(out)
	if m == nil {
		return sample{}, fmt.Errorf("pgbench: no tps in %q", out)
	}
	value, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		return sample{}, err
	}
	if p.each > 0 {
		value *= p.each
	}
	latencies, err := readLatencies(filepath.Join(dir, "latency.*"))
	return sample{value: value, latencies: latencies}, err
}

// readLatencies reads pgbench's logs: client, transaction, µs, ….
func readLatencies(pattern string) ([]time.Duration, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			fields := bytes.Fields(lines.Bytes())
			if len(fields) < 3 {
				continue
			}
			us, err := strconv.ParseInt(string(fields[2]), 10, 64)
			if err != nil {
				continue // skipped or failed
			}
			all = append(all, time.Duration(us)*time.Microsecond)
		}
		err = lines.Err()
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// expand fills in what the scripts say of the events that were loaded.
func (b *bench) expand(text string) string {
	return strings.NewReplacer(
		"{last_stream}", strconv.Itoa(firstStream+b.streams()-1), "{first_stream}", strconv.Itoa(firstStream),
		"{streams}", strconv.Itoa(b.streams()), "{last_event}", strconv.Itoa(b.events-1), "{last_page}", strconv.Itoa(max(b.events-1000, 1)),
	).Replace(text)
}
