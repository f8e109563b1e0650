package live

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/integration/harness"
)

var (
	followersFlag = flag.Int("followers", 12, "followers")
	writersFlag   = flag.Int("writers", 8, "writers")
	timeFlag      = flag.Duration("time", 6*time.Second, "how long they write")
	killsFlag     = flag.Int("kills", 2, "how often the server is killed meanwhile")
)

// filters are conditions of followers. Those with a key are found by it, the others see every event.
var filters = []string{
	"", "stream = 'a-1'", "stream_id = stream_id('b-2')", "category = 'a'", "type = 't1'", "'x' = ANY(tags)", "tags @> ARRAY['y','x']", "type = 't1' AND category = 'b'",
	"stream IN ('a-1', 'c-3')", "type LIKE '%2'", "type IN ('t0', 't3')", "(payload->>'n')::int % 3 = 0", "payload @> '{\"k\": 1}'", "category = 'a' AND payload ? 'k'", "tags && ARRAY['x','z']",
	"NOT (type = 't1')", "tags IS NULL", "version = 0", "position % 7 = 2", "type = 'never'", "category = 'b' AND version > 3", "stream = 'a-1' AND tags @> ARRAY['x']",
}

// model is the run: writers append, and followers follow, until all is written.
type model struct {
	*testing.T
	url     string
	seed    uint64
	written atomic.Bool  // nothing is appended any more
	last    atomic.Int64 // the newest position, once written
	down    sync.RWMutex // held while the server is killed and started
}

// follower has seen the positions got, of those from start on that its filter keeps; next is where it goes on.
type follower struct {
	*model
	r           *rand.Rand
	filter      string
	start, next int64
	got         []int64
	forms       map[string]int
}

// TestFollowers: each follower sees every event that its filter keeps, once and in order, whatever form it follows in and whatever becomes of it.
func TestFollowers(t *testing.T) {
	server := harness.Eventgres(t)
	m := &model{T: t, url: server.URL(), seed: harness.Seed(t)}
	ctx, stop := context.WithTimeout(t.Context(), *timeFlag+4*time.Minute)
	defer stop()
	writing, end := context.WithTimeout(ctx, *timeFlag)
	defer end()
	var writers, following sync.WaitGroup
	for w := range *writersFlag {
		writers.Go(func() { m.write(writing, rand.New(rand.NewPCG(m.seed, uint64(w)))) })
	}
	list := make([]*follower, *followersFlag)
	for i := range list {
		r := rand.New(rand.NewPCG(m.seed, uint64(1000+i)))
		list[i] = &follower{model: m, r: r, filter: filters[(i+r.IntN(2)*r.IntN(len(filters)))%len(filters)], forms: map[string]int{}}
		following.Go(func() { list[i].follow(ctx) })
	}
	for range *killsFlag {
		pause(writing, *timeFlag/time.Duration(*killsFlag+1))
		m.down.Lock()
		server.Kill()
		server.Restart()
		m.url = server.URL()
		m.down.Unlock()
	}
	writers.Wait()
	c := m.connect(ctx)
	var last int64
	if err := c.QueryRow(ctx, "SELECT max(position) FROM events").Scan(&last); err != nil {
		t.Fatal(err)
	}
	m.last.Store(last)
	m.written.Store(true)
	following.Wait()
	forms := map[string]int{}
	for i, f := range list {
		f.compare(ctx, c, i)
		for form, n := range f.forms {
			forms[form] += n
		}
	}
	t.Logf("%d events, episodes %v", last+1, forms)
}

func pause(ctx context.Context, d time.Duration) {
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	<-ctx.Done()
}

// connect connects once the server is there.
func (m *model) connect(ctx context.Context) *pgx.Conn {
	for {
		m.down.RLock()
		url := m.url
		m.down.RUnlock()
		c, err := pgx.Connect(ctx, url)
		if err == nil {
			return c
		}
		if ctx.Err() != nil {
			m.Fatal(err)
		}
		pause(ctx, 10*time.Millisecond) // the port is nobody's yet
	}
}

// write appends random events until the time is over.
func (m *model) write(ctx context.Context, r *rand.Rand) {
	c := m.connect(context.WithoutCancel(ctx))
	for ctx.Err() == nil {
		var b strings.Builder
		b.WriteString("INSERT INTO events (stream, type, payload, tags) VALUES ")
		for i := range 1 + r.IntN(5) {
			if i > 0 {
				b.WriteString(", ")
			}
			payload, tags := fmt.Sprintf(`{"n": %d}`, r.IntN(1000)), "NULL"
			if r.IntN(3) == 0 {
				payload = fmt.Sprintf(`{"n": %d, "k": %d, "fill": "%s"}`, r.IntN(1000), r.IntN(2), strings.Repeat("x", r.IntN(2000)))
			}
			if r.IntN(2) == 0 {
				tags = []string{"'{x}'", "'{x,y}'", "'{z}'", "'{}'"}[r.IntN(4)]
			}
			fmt.Fprintf(&b, "('%c-%d', 't%d', '%s', %s)", 'a'+r.IntN(3), r.IntN(4), r.IntN(4), payload, tags)
		}
		if _, err := c.Exec(context.WithoutCancel(ctx), b.String()); err != nil {
			c = m.connect(context.WithoutCancel(ctx))
		}
		pause(ctx, time.Duration(r.IntN(3))*time.Millisecond)
	}
}

// follow follows in one form after the other.
func (f *follower) follow(ctx context.Context) {
	first := true
	forms := []func(context.Context, *pgx.Conn) error{f.copyOut, f.stream, f.held, f.block, f.portal}
	for ctx.Err() == nil {
		c := f.connect(ctx)
		if first {
			err := c.QueryRow(ctx, "SELECT coalesce(max(position) + 1, 0) FROM events").Scan(&f.start)
			if err != nil {
				continue
			}
			if f.r.IntN(2) == 0 {
				f.start = f.r.Int64N(f.start + 1)
			}
			f.next, first = f.start, false
		}
		over := f.written.Load()
		err := forms[f.r.IntN(len(forms))](ctx, c)
		c.Close(ctx)
		if e := new(pgconn.PgError); errors.As(err, &e) && e.Code != "57014" && e.Code != "57P01" && e.Code != "57P03" {
			f.Errorf("%s: %v", f.filter, err)
			return
		}
		if over && f.next > f.last.Load() {
			return
		}
	}
	f.Errorf("%q: %v at %d of %d", f.filter, ctx.Err(), f.next, f.last.Load())
}

// sql is the statement that goes on, to the end if all is written.
func (f *follower) sql(columns string) string {
	s := fmt.Sprintf("SUBSCRIBE SELECT %s FROM events WHERE position >= %d", columns, f.next)
	if f.r.IntN(2) == 0 {
		s = fmt.Sprintf("SUBSCRIBE TO SELECT %s FROM events WHERE %d < position", columns, f.next-1)
	}
	if f.filter != "" {
		s += " AND (" + f.filter + ")"
	}
	if f.written.Load() {
		s += fmt.Sprintf(" AND position <= %d", f.last.Load())
	}
	return s
}

func (f *follower) saw(position int64) {
	if n := len(f.got); position < f.next || n > 0 && f.got[n-1] >= position {
		f.Errorf("%q: %d behind %d", f.filter, position, f.next)
	}
	f.got = append(f.got, position)
	f.next = position + 1
	if f.r.IntN(200) == 0 {
		pause(context.Background(), time.Duration(f.r.IntN(20))*time.Millisecond)
	}
}

// reached is where a form that ended by itself has come to.
func (f *follower) reached(over bool) {
	if over {
		f.next = max(f.next, f.last.Load()+1)
	}
}

// disturb cancels the statement, terminates the session or closes the connection at some time, unless it ends before.
func (f *follower) disturb(ctx context.Context, c *pgx.Conn) (stop func()) {
	if f.written.Load() {
		return func() {}
	}
	after, how := time.Duration(f.r.IntN(400))*time.Millisecond, f.r.IntN(3)
	ended, finished := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		pause(ended, after)
		for how == 0 && ended.Err() == nil { // one that comes before the statement has no effect
			_ = c.PgConn().CancelRequest(ctx)
			pause(ended, 50*time.Millisecond)
		}
		if ended.Err() != nil {
			return
		}
		switch how {
		case 1:
			other, err := pgx.Connect(ctx, c.Config().ConnString())
			if err == nil {
				_, _ = other.Exec(ctx, "SELECT pg_terminate_backend($1)", c.PgConn().PID())
				other.Close(ctx)
			}
		default:
			c.PgConn().Conn().Close()
		}
	}()
	return func() { finished(); <-done }
}

// copyOut is COPY (SUBSCRIBE …) TO STDOUT.
func (f *follower) copyOut(ctx context.Context, c *pgx.Conn) error {
	f.forms["copy"]++
	defer f.disturb(ctx, c)()
	over := f.written.Load()
	pr, pw := io.Pipe()
	read := make(chan struct{})
	go func() {
		defer close(read)
		var line []byte
		for b := make([]byte, 4096); ; {
			n, err := pr.Read(b)
			for _, x := range b[:n] {
				if x != '\n' {
					line = append(line, x)
					continue
				}
				position, err := strconv.ParseInt(string(line), 10, 64)
				if err != nil {
					f.Error(err)
				}
				f.saw(position)
				line = line[:0]
			}
			if err != nil {
				return
			}
		}
	}()
	_, err := c.PgConn().CopyTo(ctx, pw, "COPY ("+f.sql("position")+") TO STDOUT")
	pw.Close()
	<-read
	f.reached(over && err == nil)
	return err
}

// stream is the statement itself, with parameters and in binary.
func (f *follower) stream(ctx context.Context, c *pgx.Conn) error {
	f.forms["stream"]++
	defer f.disturb(ctx, c)()
	over := f.written.Load()
	rows, err := c.Query(ctx, f.sql("position, payload, type || $1"), "!")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var position int64
		if err := rows.Scan(&position, nil, nil); err != nil {
			return err
		}
		f.saw(position)
	}
	f.reached(over && rows.Err() == nil)
	return rows.Err()
}

// fetch takes rows from a cursor until it is disturbed. A FETCH that fails gives no rows.
func (f *follower) fetch(ctx context.Context, c *pgx.Conn, n int) error {
	for range n {
		what := []string{"10", "1", "NEXT", "ALL", "FORWARD 100"}[f.r.IntN(5)]
		rows, err := c.Query(ctx, "FETCH "+what+" FROM c WITH (timeout = '0.05s')", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r [2]any, err error) { return r, row.Scan(&r[0], &r[1]) })
		if err != nil {
			return err
		}
		for _, row := range all {
			if row[0] == true { // a row of progress
				if f.next > row[1].(int64)+1 {
					f.Errorf("%q: progress to %d behind %d", f.filter, row[1], f.next)
				}
				f.next = row[1].(int64) + 1
				continue
			}
			f.saw(row[1].(int64))
		}
	}
	return nil
}

// held is a cursor WITH HOLD, which goes on after a cancelled FETCH.
func (f *follower) held(ctx context.Context, c *pgx.Conn) error {
	f.forms["held"]++
	if _, err := c.Exec(ctx, "DECLARE c CURSOR WITH HOLD FOR "+f.sql("position")+" WITH (progress = '5ms')"); err != nil {
		return err
	}
	defer f.disturb(ctx, c)()
	for range 3 {
		err := f.fetch(ctx, c, 1+f.r.IntN(10))
		if e := new(pgconn.PgError); errors.As(err, &e) && e.Code == "57014" {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// block is a cursor in a transaction.
func (f *follower) block(ctx context.Context, c *pgx.Conn) error {
	f.forms["block"]++
	if _, err := c.Exec(ctx, "BEGIN; DECLARE c NO SCROLL CURSOR FOR "+f.sql("position")+" WITH (progress = '20ms')"); err != nil {
		return err
	}
	defer f.disturb(ctx, c)()
	if err := f.fetch(ctx, c, 1+f.r.IntN(20)); err != nil {
		return err
	}
	_, err := c.Exec(ctx, []string{"COMMIT", "ROLLBACK"}[f.r.IntN(2)])
	return err
}

// compare compares what a follower has seen with the log.
func (f *follower) compare(ctx context.Context, c *pgx.Conn, i int) {
	sql := fmt.Sprintf("SELECT position FROM events WHERE position BETWEEN %d AND %d", f.start, f.last.Load())
	if f.filter != "" {
		sql += " AND (" + f.filter + ")"
	}
	rows, err := c.Query(ctx, sql+" ORDER BY position")
	if err != nil {
		f.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		f.Fatal(err)
	}
	if slices.Equal(f.got, want) {
		return
	}
	n := 0
	for n < len(want) && n < len(f.got) && f.got[n] == want[n] {
		n++
	}
	f.Errorf("follower %d, %q from %d: %d events, not %d; they differ at %d: %v, not %v", i, f.filter, f.start, len(f.got), len(want), n,
		f.got[n:min(n+5, len(f.got))], want[n:min(n+5, len(want))])
}

func pgconnError(m *pgproto3.ErrorResponse) error {
	return &pgconn.PgError{Code: m.Code, Message: m.Message}
}
