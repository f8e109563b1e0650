package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// figure is a line of the table of -follow.
type figure struct{ workload, ours, theirs, aim string }

// follow measures what followers cost and what they see, beside PostgreSQL where it has the like.
func (b *bench) follow(ctx context.Context, out string) error {
	started := time.Now()
	b.postgresFlags = []string{"-c", "wal_level=logical"} // else nothing can be streamed from it
	if err := b.serve(ctx, "--max-connections", "1200"); err != nil {
		return err
	}
	if _, err := b.loadEvents(ctx); err != nil {
		return err
	}
	var figures []figure
	for _, m := range []struct {
		name    string
		measure func(context.Context) (figure, error)
	}{
		{"wake-up", b.wakeUp},
		{"catch-up", b.catchUp},
		{"pgoutput", b.pgoutput},
		{"idle", b.idleFollowers},
		{"everything", b.everything},
		{"consumers", b.consumers},
		{"relay", b.relay},
	} {
		if !b.only.MatchString(m.name) {
			continue
		}
		f, err := m.measure(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%-60s %s\n", f.workload, f.ours)
		figures = append(figures, f)
	}
	cells := [][]string{{"workload", "aim", "Eventgres", "PostgreSQL"}}
	for _, f := range figures {
		cells = append(cells, []string{f.workload, f.aim, f.ours, f.theirs})
	}
	text := align(cells)
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return replace(out, "follow", b.environment(started)+"\n"+text)
}

// stamps are when each of a run's events was acknowledged and when a follower had it, by its number.
type stamps struct {
	acknowledged, seen []atomic.Int64
	left               atomic.Int64 // that are still to be seen
	done               chan struct{}
}

func newStamps(n, followers int) *stamps {
	s := &stamps{acknowledged: make([]atomic.Int64, n), seen: make([]atomic.Int64, n*followers), done: make(chan struct{})}
	s.left.Store(int64(n * followers))
	return s
}

func (s *stamps) saw(follower, n int) {
	s.seen[follower*len(s.acknowledged)+n].Store(time.Now().UnixNano())
	if s.left.Add(-1) == 0 {
		close(s.done)
	}
}

// delays are how long after the acknowledgement each was seen, at least nothing.
func (s *stamps) delays() series {
	var out sample
	for i := range s.seen {
		out.latencies = append(out.latencies, max(0, time.Duration(s.seen[i].Load()-s.acknowledged[i%len(s.acknowledged)].Load())))
	}
	return series{out}
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }

// numbered has each line that is written to it seen by a follower.
type numbered struct {
	s        *stamps
	follower int
	line     []byte
}

func (w *numbered) Write(b []byte) (int, error) {
	for _, x := range b {
		if x != '\n' {
			w.line = append(w.line, x)
			continue
		}
		if n, err := strconv.Atoi(string(w.line)); err == nil {
			w.s.saw(w.follower, n)
		}
		w.line = w.line[:0]
	}
	return len(b), nil
}

// pace calls f n times, so many a second.
func pace(ctx context.Context, n int, rate float64, f func(i int) error) error {
	begin := time.Now()
	for i := range n {
		if wait := time.Until(begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}

const insertNumbered = "INSERT INTO events (stream_id, version, type, payload) VALUES (gen_random_uuid(), 0, 'Followed', $1)"

// subscribe follows the events of a run in the background until the connection is closed.
func subscribe(ctx context.Context, s *side, where string, to io.Writer) (*pgconn.PgConn, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	go func() {
		_, _ = c.CopyTo(ctx, to, "COPY (SUBSCRIBE SELECT payload->>'n' FROM events WHERE "+where+") TO STDOUT")
	}()
	return c, nil
}

// followingNow waits until so many sessions wait for events.
func (b *bench) followingNow(ctx context.Context, n int) error {
	c, err := b.eg.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	return await("the followers", func() error {
		r := c.ExecParams(ctx, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'EventsFollow'", nil, nil, nil, nil).Read()
		if r.Err != nil {
			return r.Err
		}
		if got, _ := strconv.Atoi(string(r.Rows[0][0])); got < n {
			return fmt.Errorf("%d of %d follow", got, n)
		}
		return nil
	})
}

// wakeUp is how long after the acknowledgement an event is at a follower: in PostgreSQL, at one that LISTENs and SELECTs.
func (b *bench) wakeUp(ctx context.Context) (f figure, err error) {
	f = figure{workload: "commit acknowledged to event at a follower, 1,000/s: p50 / p99 ms", aim: "≤ 0.30 / 3.00"}
	n := int(1000 * b.time.Seconds())
	run := func(s *side, follow func(*stamps) (func(), error), sql string) (string, error) {
		stamps := newStamps(n, 1)
		stop, err := follow(stamps)
		if err != nil {
			return "", err
		}
		defer stop()
		c, err := pgx.Connect(ctx, s.url())
		if err != nil {
			return "", err
		}
		defer c.Close(ctx)
		err = pace(ctx, n, 1000, func(i int) error {
			_, err := c.Exec(ctx, sql, fmt.Sprintf(`{"n": %d}`, i))
			stamps.acknowledged[i].Store(time.Now().UnixNano())
			return err
		})
		if err != nil {
			return "", err
		}
		<-stamps.done
		d := stamps.delays()
		return milliseconds(d.percentile(50)) + " / " + milliseconds(d.percentile(99)), nil
	}
	f.ours, err = run(b.eg, func(st *stamps) (func(), error) {
		c, err := subscribe(ctx, b.eg, "type = 'Followed'", &numbered{s: st})
		if err != nil {
			return nil, err
		}
		return func() { c.Close(ctx) }, b.followingNow(ctx, 1)
	}, insertNumbered)
	if err != nil {
		return f, err
	}
	f.theirs, err = run(b.pg, func(st *stamps) (func(), error) { return b.listen(ctx, st) }, "WITH i AS ("+insertNumbered+") SELECT pg_notify('followed', '')")
	return f, err
}

// listen follows in PostgreSQL: a notification, and then a SELECT of what is new.
func (b *bench) listen(ctx context.Context, st *stamps) (stop func(), err error) {
	c, err := pgx.Connect(ctx, b.pg.url())
	if err != nil {
		return nil, err
	}
	var last int64
	if err := c.QueryRow(ctx, "SELECT max(position) FROM events").Scan(&last); err != nil {
		return nil, err
	}
	if _, err := c.Exec(ctx, "LISTEN followed"); err != nil {
		return nil, err
	}
	go func() {
		for ctx.Err() == nil {
			if _, err := c.WaitForNotification(ctx); err != nil {
				return
			}
			rows, err := c.Query(ctx, "SELECT position, (payload->>'n')::int FROM events WHERE position > $1 ORDER BY position", last)
			if err != nil {
				return
			}
			for rows.Next() {
				var n int
				if rows.Scan(&last, &n) == nil {
					st.saw(0, n)
				}
			}
		}
	}()
	return func() { c.Close(ctx) }, nil
}

// catchUp is how fast a follower reads what was appended before, beside a COPY of the same rows.
func (b *bench) catchUp(ctx context.Context) (f figure, err error) {
	f = figure{workload: "catch-up by COPY (SUBSCRIBE …), of a COPY of the same rows", aim: "≥ 0.90×"}
	where := fmt.Sprintf(" FROM events WHERE position >= 0 AND position < %d) TO STDOUT", b.events)
	const columns = "SELECT position, stream_id, version, type, payload, metadata, recorded_at"
	var plain, followed series
	for range b.rounds {
		for sql, to := range map[string]*series{"COPY (" + columns + where: &plain, "COPY (SUBSCRIBE " + columns + where: &followed} {
			c, err := b.eg.connect(ctx)
			if err != nil {
				return f, err
			}
			begin := time.Now()
			tag, err := c.CopyTo(ctx, io.Discard, sql)
			c.Close(ctx)
			if err != nil || tag.RowsAffected() != int64(b.events) {
				return f, fmt.Errorf("%s: %d rows: %w", sql, tag.RowsAffected(), err)
			}
			*to = append(*to, sample{value: float64(b.events) / time.Since(begin).Seconds()})
		}
	}
	f.ours = fmt.Sprintf("%.2f× (%s of %s rows/s)", followed.median()/plain.median(), number(followed.median()), number(plain.median()))
	return f, nil
}

// memory is what the server's process has in memory, in bytes.
func (b *bench) memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.server.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return kib << 10, err
}

// idleFollowers is what appends lose beside a thousand followers of streams to which nobody appends, and what each takes.
func (b *bench) idleFollowers(ctx context.Context) (f figure, err error) {
	const followers = 1000
	f = figure{workload: "append, 64 clients, beside 1,000 idle followers of a stream each; memory a follower", aim: "≥ 0.95×; ≤ 24 KiB"}
	appends := script{text: newStream, clients: 64, mode: "prepared"}
	var without, with series
	measure := func(to *series) error {
		s, err := appends.run(ctx, b, b.eg)
		*to = append(*to, s)
		return err
	}
	var size int64
	for range b.rounds {
		if err := measure(&without); err != nil {
			return f, err
		}
		before, err := b.memory()
		if err != nil {
			return f, err
		}
		var list []*pgconn.PgConn
		for i := range followers {
			c, err := subscribe(ctx, b.eg, fmt.Sprintf("stream = 'idle-%d'", i), io.Discard)
			if err != nil {
				return f, err
			}
			list = append(list, c)
		}
		if err := b.followingNow(ctx, followers); err != nil {
			return f, err
		}
		after, err := b.memory()
		if err != nil {
			return f, err
		}
		size = max(size, (after-before)/followers)
		err = measure(&with)
		for _, c := range list {
			c.Close(ctx)
		}
		if err != nil {
			return f, err
		}
	}
	f.ours = fmt.Sprintf("%.2f× (%s of %s/s); %d KiB", with.median()/without.median(), number(with.median()), number(without.median()), size>>10)
	return f, nil
}

// everything is when a hundred followers of everything have each of 2,000 events a second, and what an append takes meanwhile.
func (b *bench) everything(ctx context.Context) (f figure, err error) {
	const followers, rate = 100, 2000
	f = figure{workload: "100 followers of everything, 2,000 events/s: p99 ms; append p99 ms, quiet and beside them", aim: "≤ 50; ≤ 2× or 10"}
	n := int(rate * b.time.Seconds())
	offer := func(st *stamps) (time.Duration, error) {
		var took sample
		var mu sync.Mutex
		var wg sync.WaitGroup
		var failed error
		for w := range 4 {
			wg.Go(func() {
				c, err := pgx.Connect(ctx, b.eg.url())
				if err == nil {
					defer c.Close(ctx)
					err = pace(ctx, n/4, rate/4, func(i int) error {
						begin := time.Now()
						_, err := c.Exec(ctx, insertNumbered, fmt.Sprintf(`{"n": %d}`, i*4+w))
						st.acknowledged[i*4+w].Store(time.Now().UnixNano())
						mu.Lock()
						defer mu.Unlock()
						took.latencies = append(took.latencies, time.Since(begin))
						return err
					})
				}
				if err != nil {
					failed = err
				}
			})
		}
		wg.Wait()
		return series{took}.percentile(99), failed
	}
	quiet, err := offer(newStamps(n, 1))
	if err != nil {
		return f, err
	}
	st := newStamps(n, followers)
	for i := range followers {
		c, err := subscribe(ctx, b.eg, "type = 'Followed' OR type <> 'Followed'", &numbered{s: st, follower: i})
		if err != nil {
			return f, err
		}
		defer c.Close(ctx)
	}
	if err := b.followingNow(ctx, followers); err != nil {
		return f, err
	}
	beside, err := offer(st)
	if err != nil {
		return f, err
	}
	<-st.done
	f.ours = fmt.Sprintf("%s; %s, %s", milliseconds(st.delays().percentile(99)), milliseconds(quiet), milliseconds(beside))
	return f, nil
}
