//go:build linux

package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// lineOps is how many requests are made of a few streams, before others take their place: the search for an order grows with what is open at the same time.
const (
	lineOps     = 400
	lineStreams = 3
)

// racers make requests at every node, while nodes are killed, stopped and cut off.
type racers struct {
	c      *cluster
	begun  time.Time
	budget atomic.Int64 // requests that are left
	made   atomic.Int64

	mu  sync.Mutex
	ops []porcupine.Operation
}

// A racer makes one request after the other, at nodes of its choice.
type racer struct {
	*racers
	*rand.Rand
	number int
	ids    uint64
	conns  map[*node]*pgconn.PgConn
	seen   map[string]int64 // sizes of streams
	again  *request         // without an answer, to be made once more
}

// TestLinear: appends under the condition of a version, and linearizable reads, at every node, have one order, each between its sending and its answer.
func TestLinear(t *testing.T) {
	t.Parallel()
	count := 2000
	if harness.Long() {
		count = 200_000
	}
	seed := harness.Seed(t)
	c := newCluster(t, "n1", "n2", "n3")
	c.wait = time.Second
	c.through()
	c.startAll()
	c.leader()
	r := &racers{c: c, begun: time.Now()}
	r.budget.Store(int64(count))
	var wg sync.WaitGroup
	for i := range 9 {
		wg.Go(func() {
			x := &racer{racers: r, Rand: rand.New(rand.NewPCG(seed, uint64(i))), number: i, conns: map[*node]*pgconn.PgConn{}, seen: map[string]int64{}}
			if err := x.run(); err != nil {
				t.Errorf("racer %d: %v", i, err)
				r.budget.Store(0)
			}
		})
	}
	raced := make(chan struct{})
	go func() {
		wg.Wait()
		close(raced)
	}()
	faults := r.trouble(rand.New(rand.NewPCG(seed, 99)), raced)
	<-raced
	outcomes := map[kind]int{}
	for _, op := range r.ops {
		outcomes[op.Output.(answer).kind]++
	}
	if outcomes[listed] == 0 || outcomes[stored] == 0 || outcomes[refused] == 0 {
		t.Errorf("outcomes %v", outcomes)
	}
	begun := time.Now()
	if err := explain(r.ops); err != nil {
		t.Error(err)
	}
	t.Logf("%d operations under %v: %d stored, %d refused, %d there already, %d read, %d without an answer; an order was found in %v", len(r.ops), faults,
		outcomes[stored], outcomes[refused], outcomes[skipped], outcomes[listed], outcomes[unknown], time.Since(begun).Round(time.Millisecond))
	c.same()
	c.sound()
}

// trouble makes faults one after the other until the race is over; between them a few more requests are made.
func (r *racers) trouble(random *rand.Rand, raced <-chan struct{}) map[string]int {
	c, made := r.c, map[string]int{}
	for {
		select {
		case <-raced:
			return made
		default:
		}
		leader := c.leader()
		n := leader
		who := "leader"
		if random.IntN(3) == 0 {
			n, who = c.others(leader)[random.IntN(2)], "follower"
		}
		others := c.others(n)
		switch random.IntN(4) {
		case 0:
			made["kill "+who]++
			n.kill()
			r.more(100, raced)
			n.start()
			n.serves()
		case 1:
			made["stop "+who]++
			n.process.signal(syscall.SIGSTOP)
			r.more(100, raced)
			n.process.signal(syscall.SIGCONT)
		case 2:
			made["cut "+who]++
			c.network.sever(join(both(n, others[0]), both(n, others[1]))...)
			r.more(100, raced)
			c.network.heal()
		case 3:
			made["deafen "+who]++
			c.network.sever(way{others[0], n}, way{others[1], n})
			r.more(100, raced)
			c.network.heal()
		}
		r.more(200, raced)
	}
}

// more waits until so many more requests have been made.
func (r *racers) more(count int64, raced <-chan struct{}) {
	goal := r.made.Load() + count
	harness.Await(r.c.T, "requests are made", func() bool {
		select {
		case <-raced:
			return true
		default:
			return r.made.Load() >= goal
		}
	})
}

func (x *racer) run() error {
	defer func() {
		for _, conn := range x.conns {
			conn.Close(context.Background())
		}
	}()
	for {
		left := x.budget.Add(-1)
		if left < 0 {
			return nil
		}
		stream := fmt.Sprintf("line-%d-%d", left/lineOps, x.IntN(lineStreams))
		n := x.c.nodes[x.IntN(len(x.c.nodes))]
		conn, ok := x.connect(n)
		if !ok {
			x.made.Add(1)
			continue
		}
		var err error
		if x.IntN(100) < 40 {
			err = x.read(conn, stream)
		} else {
			err = x.append(conn, stream)
		}
		x.made.Add(1)
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
}

// answerTime is how long an answer is waited for; longer than nodes wait for a leader.
const answerTime = 2 * time.Second

func (x *racer) connect(n *node) (*pgconn.PgConn, bool) {
	if conn := x.conns[n]; conn != nil && !conn.IsClosed() {
		return conn, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTime/4)
	defer cancel()
	conn, err := pgconn.Connect(ctx, n.url())
	if err != nil {
		return nil, false
	}
	if _, err := conn.Exec(ctx, "SET eventgres.read_mode = linearizable").ReadAll(); err != nil {
		conn.Close(context.Background())
		return nil, false
	}
	x.conns[n] = conn
	return conn, true
}

func (x *racer) exec(conn *pgconn.PgConn, sql string, args ...string) (result *pgconn.Result, sent, answered time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	var values [][]byte
	for _, a := range args {
		values = append(values, []byte(a))
	}
	sent = time.Since(x.begun)
	result = conn.ExecParams(ctx, sql, values, nil, nil, nil).Read()
	return result, sent, time.Since(x.begun)
}

func (x *racer) add(in request, out answer, sent, answered time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ops = append(x.ops, operation(x.number, in, out, sent, answered))
}

func (x *racer) read(conn *pgconn.PgConn, stream string) error {
	r, sent, answered := x.exec(conn, "SELECT event_id FROM events WHERE stream = $1 ORDER BY version", stream)
	if r.Err != nil {
		if passing(r.Err) {
			return nil // it has told nothing
		}
		return r.Err
	}
	out := answer{kind: listed, count: int64(len(r.Rows))}
	for _, row := range r.Rows {
		number, err := strconv.ParseUint(strings.ReplaceAll(string(row[0][19:]), "-", ""), 16, 64)
		if err != nil {
			return err
		}
		out.sum = fold(out.sum, number)
	}
	x.seen[stream] = out.count
	x.add(request{stream: stream}, out, sent, answered)
	return nil
}

// append appends an event where the stream is as it was last seen, or makes a request once more that had no answer.
func (x *racer) append(conn *pgconn.PgConn, stream string) error {
	x.ids++
	in := request{stream, uint64(x.number+1)<<32 | x.ids, x.seen[stream]}
	if x.again != nil {
		in, x.again = *x.again, nil
	}
	id := fmt.Sprintf("00000000-0000-0000-%04x-%012x", in.id>>48, in.id&(1<<48-1))
	r, sent, answered := x.exec(conn, "INSERT INTO events (event_id, stream, type, expected_version) VALUES ($1, $2, 'T', $3) ON CONFLICT (event_id) DO NOTHING RETURNING version",
		id, in.stream, strconv.FormatInt(in.count-1, 10))
	var said *pgconn.PgError
	switch {
	case r.Err == nil && len(r.Rows) == 1:
		if version, err := strconv.ParseInt(string(r.Rows[0][0]), 10, 64); err != nil || version != in.count {
			return fmt.Errorf("the event has version %s, and expected to be %d (%v)", r.Rows[0][0], in.count, err)
		}
		x.seen[in.stream] = in.count + 1
		x.add(in, answer{kind: stored}, sent, answered)
	case r.Err == nil:
		x.add(in, answer{kind: skipped}, sent, answered)
	case !errors.As(r.Err, &said) || said.Code == "08007" || said.Code == "57P01":
		x.add(in, answer{kind: unknown}, sent, answered)
		if x.IntN(2) == 0 {
			x.again = &in
		}
	case said.Code == "40001" && strings.Contains(said.Detail, ", actual version "):
		_, text, _ := strings.Cut(said.Detail, ", actual version ")
		var version int64
		if _, err := fmt.Sscanf(text, "%d.", &version); err != nil {
			return fmt.Errorf("detail %q: %w", said.Detail, err)
		}
		x.seen[in.stream] = version + 1
		x.add(in, answer{kind: refused, count: version + 1}, sent, answered)
	case said.Code == "25006" || said.Code == "57P03" || said.Code == "40001":
		// It was certainly not appended.
	default:
		return r.Err
	}
	return nil
}
