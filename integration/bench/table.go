package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// table writes the results in Markdown, with columns that also line up as text.
func table(done []*workload) string {
	cells := [][]string{{
		"workload", "unit", "PostgreSQL", "spread", "Eventgres", "spread", "×", "aim",
		"ceiling", "share", "aim", "PostgreSQL p50 / p99 / p99.9 ms", "Eventgres p50 / p99 / p99.9 ms",
	}}
	for _, w := range done {
		pg, eg, top := w.samples["PostgreSQL"], w.samples["Eventgres"], w.samples["ceiling"]
		row := []string{w.name, w.unit, measured(pg), pg.spread(), measured(eg), eg.spread(), times(ratio(eg, pg, w.less)), times(w.aim), "", "", ""}
		if len(top) > 0 {
			row[8], row[9] = measured(top), percent(ratio(eg, top, w.less))
			row[10] = percent(w.share)
		}
		if alone := w.samples["DuckDB"]; len(alone) > 0 {
			row[8] = "DuckDB " + measured(alone)
			row[9] = times(ratio(alone, eg, w.less))
			if w.duckdb > 0 {
				row[10] = "≤ " + times(w.duckdb)
			}
		}
		if w.unit == "ms" {
			row = append(row, "", "")
		} else {
			row = append(row, pg.latency(), eg.latency())
		}
		cells = append(cells, row)
	}
	text := align(cells)
	for _, w := range done {
		for _, s := range w.samples["Eventgres"] {
			if s.note != "" {
				text += fmt.Sprintf("\n%s: %s.\n", w.name, s.note)
			}
		}
	}
	if heavy := growth(done); heavy != "" {
		text += "\n" + heavy + "\n"
	}
	return text
}

// growth says how many times its p99 an append has beside heavy queries.
func growth(done []*workload) string {
	find := func(name string) *workload {
		if i := slices.IndexFunc(done, func(w *workload) bool { return w.name == name }); i >= 0 {
			return done[i]
		}
		return nil
	}
	quiet, loaded := find(appendsP99), find(appendsP99+" beside heavy queries")
	if quiet == nil || loaded == nil {
		return ""
	}
	r := func(name string) string { return times(ratio(loaded.samples[name], quiet.samples[name], false)) }
	return fmt.Sprintf("Beside heavy queries the p99 of an append is %s what it is without (aim: at most 3×); PostgreSQL's is %s.", r("Eventgres"), r("PostgreSQL"))
}

func measured(s series) string {
	if len(s) == 0 {
		return ""
	}
	return number(s.median())
}

func times(v float64) string {
	switch {
	case v == 0:
		return ""
	case v >= 100:
		return number(v) + "×"
	}
	return fmt.Sprintf("%.2f×", v)
}

func percent(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

// align makes a Markdown table; the first row is its head, the first two columns are text.
func align(cells [][]string) string {
	width := make([]int, len(cells[0]))
	for _, row := range cells {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	for r, row := range cells {
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i < 2 {
				cell += space
			} else {
				cell = space + cell
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
		if r > 0 {
			continue
		}
		for i := range row {
			if i < 2 {
				b.WriteString("|" + strings.Repeat("-", width[i]+2))
			} else {
				b.WriteString("|" + strings.Repeat("-", width[i]+1) + ":")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// environment says where and how it was measured.
func (b *bench) environment(started time.Time) string {
	output := func(argv ...string) string {
		out, err := exec.Command(argv[0], argv[1:]...).Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(out))
	}
	cpu, memory := "unknown processor", "unknown memory"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, after, ok := bytes.Cut(text, []byte("model name\t: ")); ok {
			line, _, _ := bytes.Cut(after, []byte("\n"))
			cpu = string(line)
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kb int64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kb); err == nil {
			memory = fmt.Sprintf("%d GiB", (kb+(1<<19))>>20)
		}
	}
	return fmt.Sprintf("%s; %d × %s, %s; Linux %s, %s.\n%s; Eventgres %s, %s; both with default settings.\n%d events in %d streams; %d rounds, %v a workload and side; median, and the least and the greatest.\n",
		started.UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), cpu, memory, output("uname", "-r"),
		output("stat", "-f", "-c", "%T", b.dir), output(b.bin+"/postgres", "--version"),
		output("git", "describe", "--always", "--dirty", "--tags"), runtime.Version(), b.events, b.streams(), b.rounds, b.time)
}

// replace puts text between the marks of a block of a Markdown file.
func replace(path, mark, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+mark+": begin -->\n", "<!-- "+mark+": end -->"
	head, rest, ok := strings.Cut(string(old), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no marks %q", path, mark)
	}
	return os.WriteFile(path, []byte(head+begin+text+end+tail), 0o644)
}
