package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stage is what was measured of a store with so many events.
type stage struct {
	events   int
	streams  int     // with those that the append workloads began
	loaded   float64 // events/s, from the stage before
	columns  map[string]series
	small    map[string]series // of the store of the first stage, in turns with those
	resident int64             // bytes, of the server without its worker, at the end
	opened   series
	disk     int64 // bytes
}

// growing are the workloads whose rates must not depend on how long the log is.
var growing = []struct {
	name string
	run  script
}{
	{"append, 8 clients, /s", script{text: newStream, clients: 8, mode: "prepared"}},
	{"append, 64 clients, /s", script{text: newStream, clients: 64, mode: "prepared"}},
	{"stream of 20, 16 clients, /s", script{text: readStream, clients: 16, mode: "prepared"}},
	{"event by position, 16 clients, /s", script{text: readPoint, clients: 16, mode: "prepared"}},
}

// scale loads one store with more and more events, and measures at each size.
func (b *bench) scale(ctx context.Context, sizes, out string) error {
	if err := b.newSides(); err != nil {
		return err
	}
	if err := b.startEventgres(b.eg); err != nil {
		return err
	}
	if err := b.answering(ctx); err != nil {
		return err
	}
	started := time.Now()
	b.events = 0 // the store is empty, whatever -events says
	var stages []*stage
	defer func() { b.small.stop(syscall.SIGTERM) }()
	for size := range strings.SplitSeq(sizes, ",") {
		millions, err := strconv.ParseFloat(size, 64)
		if err != nil {
			return err
		}
		st, err := b.grow(ctx, int(millions*1e6)/streamLength*streamLength)
		if err != nil {
			return err
		}
		if b.smallEvents == 0 {
			if err := b.keepSmall(ctx); err != nil {
				return err
			}
		}
		stages = append(stages, st)
		fmt.Fprint(os.Stderr, "\n", growthTable(stages))
	}
	text := growthTable(stages)
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return replace(out, "scale", b.environment(started)+"\n"+text)
}

// grow appends what the store lacks to hold so many events, and measures.
func (b *bench) grow(ctx context.Context, events int) (*stage, error) {
	st := &stage{events: events, columns: map[string]series{}, small: map[string]series{}}
	begin := time.Now()
	if err := b.fill(ctx, b.events, events); err != nil {
		return nil, err
	}
	st.loaded = float64(events-b.events) / time.Since(begin).Seconds()
	b.events = events
	// The worker has the whole log before anything is measured beside it.
	if _, err := countTypes.answer(ctx, b, b.eg); err != nil {
		return nil, err
	}
	if err := b.measureGrowth(ctx, st); err != nil {
		return nil, err
	}
	st.disk = diskBytes(b.path("eg"))
	var err error
	if st.streams, err = b.countStreams(ctx); err != nil {
		return nil, err
	}
	resident, err := residentBytes(b.server.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	for range b.rounds {
		b.stopEventgres()
		begin := time.Now()
		if err := b.startEventgres(b.eg); err != nil {
			return nil, err
		}
		if err := b.answering(ctx); err != nil {
			return nil, err
		}
		st.opened = append(st.opened, sample{value: time.Since(begin).Seconds()})
	}
	again, err := residentBytes(b.server.cmd.Process.Pid)
	st.resident = max(resident, again)
	return st, err
}

// measureGrowth runs the workloads on the store, and in turns with it on the one of the first stage: the
// machine is not the same from one quarter of an hour to the next.
func (b *bench) measureGrowth(ctx context.Context, st *stage) error {
	dirs := []string{"eg/log", "eg/index"}
	if b.smallEvents > 0 {
		dirs = append(dirs, "small/log", "small/index")
	}
	for range b.rounds {
		for _, g := range growing {
			// What the system has in memory of the files is what fits, not what was used last.
			if err := b.readOnce(dirs); err != nil {
				return err
			}
			v, err := g.run.run(ctx, b, b.eg)
			if err != nil {
				return err
			}
			st.columns[g.name] = append(st.columns[g.name], v)
			if b.smallEvents == 0 {
				continue
			}
			events := b.events
			b.events = b.smallEvents
			v, err = g.run.run(ctx, b, b.egSmall)
			b.events = events
			if err != nil {
				return err
			}
			for _, s := range []*side{b.eg, b.egSmall} { // the worker reads what was appended
				if _, err := countTypes.answer(ctx, b, s); err != nil {
					return err
				}
			}
			st.small[g.name] = append(st.small[g.name], v)
		}
	}
	return nil
}

// readOnce reads all files in directories.
func (b *bench) readOnce(dirs []string) error {
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(b.path(dir), "*"))
		if err != nil {
			return err
		}
		for _, path := range paths {
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, f)
			f.Close()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// keepSmall copies the store as it is, to be measured beside it when it is large.
func (b *bench) keepSmall(ctx context.Context) error {
	b.stopEventgres()
	err := os.Mkdir(b.path("small"), 0o700)
	if err == nil {
		err = os.CopyFS(b.path("small"), os.DirFS(b.path("eg")))
	}
	if err != nil {
		return err
	}
	if b.small, err = b.serveStore("small", b.egSmall); err != nil {
		return err
	}
	if err := b.startEventgres(b.eg); err != nil {
		return err
	}
	b.smallEvents = b.events
	return b.answering(ctx)
}

// countStreams is how many streams Eventgres has.
func (b *bench) countStreams(ctx context.Context) (n int, err error) {
	conn, err := b.eg.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	r := conn.ExecParams(ctx, "SELECT count(*) FROM streams", nil, nil, nil, nil).Read()
	if r.Err != nil || len(r.Rows) != 1 {
		return 0, fmt.Errorf("the number of streams: %w", errors.Join(r.Err))
	}
	return strconv.Atoi(string(r.Rows[0][0]))
}

// answering waits until Eventgres reads an event.
func (b *bench) answering(ctx context.Context) error {
	return await("Eventgres", func() error {
		conn, err := b.eg.connect(ctx)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		return conn.ExecParams(ctx, "SELECT * FROM events WHERE position = 0", nil, nil, nil, nil).Read().Err
	})
}

// fill copies the events of the numbers from..to.
func (b *bench) fill(ctx context.Context, from, to int) error {
	conn, err := b.eg.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	written := make(chan error, 1)
	go func() {
		err := writeEvents(&progress{w: w, what: fmt.Sprintf("to %s events", number(float64(to)))}, from/streamLength, to-from)
		written <- errors.Join(err, w.Close())
	}()
	_, err = conn.CopyFrom(ctx, r, "COPY events (stream_id, version, type, payload, metadata) FROM STDIN")
	r.Close() // the writer sees it if the copy failed
	if err != nil {
		return err
	}
	return <-written
}

// progress says every few seconds how many bytes went through.
type progress struct {
	w     *os.File
	what  string
	bytes int64
	next  time.Time
}

func (p *progress) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.bytes += int64(n)
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(5 * time.Second)
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s: %s MiB", p.what, number(float64(p.bytes>>20)))
	}
	return n, err
}

// growthTable has a column a size.
func growthTable(stages []*stage) string {
	cells := [][]string{{"", "aim"}}
	add := func(name, aim string, f func(*stage) string) {
		row := []string{name, aim}
		for _, st := range stages {
			row = append(row, f(st))
		}
		cells = append(cells, row)
	}
	for _, st := range stages {
		cells[0] = append(cells[0], fmt.Sprintf("%s M events", number(float64(st.events)/1e6)))
	}
	for _, g := range growing {
		add(g.name, "within 20 %", func(st *stage) string {
			v := st.columns[g.name]
			if len(st.small) == 0 {
				return number(v.median())
			}
			small := st.small[g.name]
			return fmt.Sprintf("%s (%s of %s)", number(v.median()), percent(ratio(v, small, false)), number(small.median()))
		})
	}
	add("COPY to this size, events/s", "", func(st *stage) string { return number(st.loaded) })
	add("memory of the server, MiB", "256 + 40 B a stream", func(st *stage) string {
		limit := 256 + float64(st.streams)*40/(1<<20)
		return fmt.Sprintf("%s (limit %s)", number(float64(st.resident)/(1<<20)), number(limit))
	})
	add("streams, with those of the appends", "", func(st *stage) string { return number(float64(st.streams)) })
	add("start to first answer, s", "2", func(st *stage) string { return number(st.opened.median()) })
	add("disk, all of it, GiB", "", func(st *stage) string { return number(float64(st.disk) / (1 << 30)) })
	return align(cells) + fmt.Sprintf("\nOf %d processors, with the worker's projection kept up; the log also holds what the append workloads added. "+
		"In brackets: the store of the first column, in turns with this one. Before each rate the files of log and index were read once.\n", runtime.NumCPU())
}
