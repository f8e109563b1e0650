package consumers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience is how long a round may take before the test gives up on it; far more than it needs.
const patience = 2 * time.Minute

// TestModel: whoever is killed, members or the server, each event is handled, those of a stream in their order, and a relay makes one event of each,
// and no second one.
func TestModel(t *testing.T) {
	rounds := 20
	if harness.Long() {
		rounds = 100
	}
	seed := harness.Seed(t)
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			runModel(t, rand.New(rand.NewPCG(seed, uint64(round))))
		})
	}
}

// model is one history.
type model struct {
	*testing.T
	server  *harness.Server
	streams int
	done    context.Context // all is handled
	end     context.CancelFunc

	mu      sync.Mutex
	handled map[string][]int64 // by stream, the versions in the order in which they were first handled
	grown   *sync.Cond
	times   int // that events were handled
	given   int // events that were
	total   int
}

func runModel(t *testing.T, r *rand.Rand) {
	m := &model{T: t, server: harness.Eventgres(t, harness.WithArgs("--no-analytics")), streams: 1 + r.IntN(12), handled: map[string][]int64{}}
	m.grown = sync.NewCond(&m.mu)
	m.total = 60 + r.IntN(200)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m.done, m.end = context.WithCancel(ctx)
	defer m.end()
	partitions := []int{1, 3, 8, 64}[r.IntN(4)]
	m.must(ctx, fmt.Sprintf("SELECT create_consumer('relay', filter => 'category = ''s''', partitions => %d, lease => '%d ms', max_attempts => 1000)", partitions, 200+r.IntN(600)))
	m.must(ctx, fmt.Sprintf("SELECT create_consumer('work', filter => 'category = ''s''', partitions => %d, lease => '%d ms', max_attempts => 1000)", partitions, 200+r.IntN(600)))

	var group sync.WaitGroup
	for i := range 2 + r.IntN(4) {
		// Relays speak two at a time for one member: what a transaction is given, it alone acknowledges.
		for _, work := range []func(context.Context, *pgx.Conn, *rand.Rand, string) error{m.relay, m.relay, m.work} {
			own := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
			group.Go(func() { m.member(fmt.Sprint("m", i), own, work) })
		}
	}
	own := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
	group.Go(func() { m.write(own) })
	for range r.IntN(3) {
		m.await(m.total * (1 + r.IntN(8)) / 10)
		m.server.Kill()
		m.server.Restart()
	}
	m.await(m.total)
	m.awaitRelay(ctx)
	m.end()
	group.Wait()
	m.check(t.Context())
}

// try runs something with a connection of its own, and again until it succeeds or everything is done.
func (m *model) try(ctx context.Context, f func(*pgx.Conn) error) {
	for m.done.Err() == nil {
		conn, err := pgx.Connect(ctx, m.server.URL())
		if err == nil {
			err = f(conn)
			_ = conn.Close(ctx)
		}
		if err == nil {
			return
		}
	}
}

func (m *model) must(ctx context.Context, sql string) {
	m.Helper()
	conn, err := pgx.Connect(ctx, m.server.URL())
	if err != nil {
		m.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		m.Fatalf("%s: %v", sql, err)
	}
}

// write appends events: each stream's have the versions 0, 1, 2 …
func (m *model) write(r *rand.Rand) {
	for i := 0; i < m.total; {
		n := min(1+r.IntN(20), m.total-i)
		m.try(m.done, func(conn *pgx.Conn) error {
			b := new(pgx.Batch)
			for k := i; k < i+n; k++ {
				// The id makes a second try of what was committed unseen do nothing.
				b.Queue("INSERT INTO events (stream, type, event_id) VALUES ($1, 'T', $2) ON CONFLICT (event_id) DO NOTHING",
					fmt.Sprintf("s-%d", k%m.streams), fmt.Sprintf("00000000-0000-4000-8000-%012d", k))
			}
			return conn.SendBatch(m.done, b).Close()
		})
		i += n
	}
}

// member consumes until everything is done. Now and then it is killed, and another comes.
func (m *model) member(name string, r *rand.Rand, work func(context.Context, *pgx.Conn, *rand.Rand, string) error) {
	if r.IntN(2) == 0 {
		name = "" // the session is the member
	}
	for m.done.Err() == nil {
		m.try(m.done, func(conn *pgx.Conn) error {
			life, kill := context.WithCancel(m.done)
			defer kill()
			steps := r.IntN(30)
			for step := 0; m.done.Err() == nil; step++ {
				if step == steps { // in the middle of what it does then
					timer := time.AfterFunc(time.Duration(r.IntN(3000))*time.Microsecond, kill)
					defer timer.Stop()
				}
				if err := work(life, conn, r, name); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// consume gives events.
func consume(ctx context.Context, q interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, consumer string, batch int, name string,
) ([]event, any, error) {
	var member any
	if name != "" {
		member = name
	}
	rows, err := q.Query(ctx, "SELECT position, stream, version FROM consume($1, $2, '50 ms', $3)", consumer, batch, member)
	if err != nil {
		return nil, member, err
	}
	events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[event])
	return events, member, err
}

type event struct {
	Position int64
	Stream   string
	Version  int64
}

// relay makes an event of each.
func (m *model) relay(ctx context.Context, conn *pgx.Conn, r *rand.Rand, name string) error {
	return ignoring(pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		events, member, err := consume(ctx, tx, "relay", 1+r.IntN(12), name)
		if err != nil || len(events) == 0 {
			return err
		}
		events = events[:1+r.IntN(len(events))]
		for _, e := range events {
			if _, err := tx.Exec(ctx, "INSERT INTO events (stream, type, payload) VALUES ($1, 'R', $2)", "out-"+e.Stream, fmt.Sprint(e.Version)); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "SELECT ack('relay', $1, $2)", events[len(events)-1].Position, member)
		return err
	}))
}

// work handles each, and acknowledges it then.
func (m *model) work(ctx context.Context, conn *pgx.Conn, r *rand.Rand, name string) error {
	events, member, err := consume(ctx, conn, "work", 1+r.IntN(12), name)
	if err != nil || len(events) == 0 {
		return ignoring(err)
	}
	switch at := r.IntN(len(events)); r.IntN(8) {
	case 0: // one of them fails
		m.handle(events[:at])
		_, err = conn.Exec(ctx, "SELECT nack('work', $1, 'it fails', '5 ms', $2)", events[at].Position, member)
	case 1:
		_, err = conn.Exec(ctx, "SELECT leave('work', $1)", member)
	case 2: // a part
		m.handle(events[:at+1])
		_, err = conn.Exec(ctx, "SELECT ack('work', $1, $2)", events[at].Position, member)
	case 3: // all, and nobody is told
		m.handle(events)
	default:
		m.handle(events)
		_, err = conn.Exec(ctx, "SELECT ack('work', $1, $2)", events[len(events)-1].Position, member)
	}
	return ignoring(err)
}

// ignoring leaves out the error that somebody else was faster.
func ignoring(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && (e.Code == "40001" || e.Code == "22023" && strings.Contains(e.Message, "batch")) {
		return nil
	}
	return err
}

func (m *model) handle(events []event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		m.times++
		if !slices.Contains(m.handled[e.Stream], e.Version) {
			m.handled[e.Stream] = append(m.handled[e.Stream], e.Version)
			m.given++
		}
	}
	m.grown.Broadcast()
}

// await waits until so many events were handled.
func (m *model) await(n int) {
	m.Helper()
	defer context.AfterFunc(m.done, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.grown.Broadcast()
	})()
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.given < n && m.done.Err() == nil {
		m.grown.Wait()
	}
	if m.given < n {
		m.Errorf("%d of %d events were handled", m.given, n)
	}
}

// awaitRelay waits until as many events were made.
func (m *model) awaitRelay(ctx context.Context) {
	m.Helper()
	var n int
	m.try(ctx, func(conn *pgx.Conn) error {
		for {
			if err := conn.QueryRow(ctx, "SELECT count(*) FROM events WHERE type = 'R'").Scan(&n); err != nil || n >= m.total {
				return err
			}
		}
	})
	if n < m.total {
		m.Fatalf("%d of %d events were made", n, m.total)
	}
}

// check compares what was done with the log.
func (m *model) check(ctx context.Context) {
	m.Helper()
	conn, err := pgx.Connect(ctx, m.server.URL())
	if err != nil {
		m.Fatal(err)
	}
	defer conn.Close(ctx)
	for i := range m.streams {
		stream := fmt.Sprintf("s-%d", i)
		var want []int64
		for v := range (m.total - i + m.streams - 1) / m.streams {
			want = append(want, int64(v))
		}
		if got := m.handled[stream]; !slices.Equal(got, want) {
			m.Errorf("%s was handled so: %v", stream, got)
		}
		rows, _ := conn.Query(ctx, "SELECT payload::text::bigint FROM events WHERE stream = $1 ORDER BY version", "out-"+stream)
		got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			m.Fatal(err)
		}
		if !slices.Equal(got, want) {
			m.Errorf("of %s was made: %v", stream, got)
		}
	}
	m.Logf("%d events of %d streams, handled %d times", m.total, m.streams, m.times)
}
