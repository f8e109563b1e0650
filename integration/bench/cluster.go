package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/postgres"
)

// trio is three nodes on this machine.
type trio struct {
	b     *bench
	sides [3]*side
	peers [3]int
	nodes [3]*child
}

// cluster measures three nodes beside a single one, on the same processors.
func (b *bench) cluster(ctx context.Context, out string) error {
	started := time.Now()
	if err := b.newSides(); err != nil {
		return err
	}
	b.eg.flags = []string{"--max-connections", "400", "--no-analytics"}
	if err := b.startEventgres(b.eg); err != nil {
		return err
	}
	t, err := b.newTrio(ctx)
	if err != nil {
		return err
	}
	defer t.stop()
	var figures []figure
	for _, m := range []struct {
		name    string
		measure func(context.Context) (figure, error)
	}{
		{"append 1", func(ctx context.Context) (figure, error) { return t.beside(ctx, 1, 1, "≥ 0.4×") }},
		{"append 64", func(ctx context.Context) (figure, error) { return t.beside(ctx, 64, 1, "≥ 0.6×") }},
		{"append 256", func(ctx context.Context) (figure, error) { return t.beside(ctx, 256, 1, "≥ 0.7×") }},
		{"append of ten", func(ctx context.Context) (figure, error) {
			return t.beside(ctx, 64, 10, "≥ 100,000 events/s or 0.6×")
		}},
		{"read", t.reads},
		{"transfer", t.transfers},
		{"kill", t.kills},
	} {
		if !b.only.MatchString(m.name) {
			continue
		}
		f, err := m.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(os.Stderr, "%-70s %s\n", f.workload, f.ours)
		figures = append(figures, f)
	}
	cells := [][]string{{"workload", "aim", "three nodes"}}
	for _, f := range figures {
		cells = append(cells, []string{f.workload, f.aim, f.ours})
	}
	text := align(cells)
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return replace(out, "cluster", b.environment(started)+"\n"+text)
}

func (b *bench) newTrio(ctx context.Context) (*trio, error) {
	t := &trio{b: b}
	for i := range t.sides {
		port, err := postgres.FreePort()
		if err != nil {
			return nil, err
		}
		t.sides[i] = &side{name: fmt.Sprint("n", i+1), port: port, user: "postgres", database: "events"}
		if t.peers[i], err = postgres.FreePort(); err != nil {
			return nil, err
		}
	}
	if out, err := exec.CommandContext(ctx, b.eventgres, "cluster", "certificates", "--out", b.path("certificates"), "n1", "n2", "n3").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	for i := range t.nodes {
		if err := t.start(i); err != nil {
			return nil, err
		}
	}
	return t, await("a leader", func() error {
		_, err := t.leader(ctx)
		return err
	})
}

func (t *trio) start(i int) (err error) {
	var members []string
	for n, port := range t.peers {
		members = append(members, fmt.Sprintf("n%d=127.0.0.1:%d", n+1, port))
	}
	name := t.sides[i].name
	file := filepath.Join(t.b.path("certificates"), name)
	t.nodes[i], err = start(t.b.path(name+".log"), nil, t.b.eventgres, "serve", "--node", name, "--cluster", strings.Join(members, ","),
		"--data", t.b.path(name), "--listen", "127.0.0.1:"+strconv.Itoa(t.sides[i].port), "--max-connections", "400", "--no-analytics",
		"--peer-cert", file+".crt", "--peer-key", file+".key", "--peer-ca", filepath.Join(t.b.path("certificates"), "ca.crt"))
	return err
}

func (t *trio) stop() {
	for _, n := range t.nodes {
		n.stop(syscall.SIGTERM)
	}
}

// url names all nodes; it leads to the one that takes appends.
func (t *trio) url() string {
	var hosts, ports []string
	for _, s := range t.sides {
		hosts, ports = append(hosts, "127.0.0.1"), append(ports, strconv.Itoa(s.port))
	}
	return fmt.Sprintf("host=%s port=%s user=postgres dbname=events sslmode=disable target_session_attrs=read-write connect_timeout=1",
		strings.Join(hosts, ","), strings.Join(ports, ","))
}

// leader is the number of the node that leads.
func (t *trio) leader(ctx context.Context) (int, error) {
	conn, err := pgconn.Connect(ctx, t.url())
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	r := conn.ExecParams(ctx, "SELECT node FROM eventgres_cluster WHERE role = 'leader'", nil, nil, nil, nil).Read()
	if r.Err != nil || len(r.Rows) != 1 {
		return 0, errors.Join(r.Err, errors.New("no leader"))
	}
	n, err := strconv.Atoi(strings.TrimPrefix(string(r.Rows[0][0]), "n"))
	return n - 1, err
}

// writing counts the appends of clients for a while.
func writing(ctx context.Context, url string, clients, events int, during time.Duration) (perSecond float64, err error) {
	row := "('b-' || $1, 'Thing', '{\"some\":\"payload of a usual size\",\"and\":[1,2,3]}')"
	sql := "INSERT INTO events (stream, type, payload) VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", events), ", ")
	sql = strings.ReplaceAll(sql, "'b-' || $1", "$1")
	var done atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, clients)
	until := time.Now().Add(during)
	for c := range clients {
		wg.Go(func() {
			conn, err := pgconn.Connect(ctx, url)
			if err != nil {
				failed <- err
				return
			}
			defer conn.Close(ctx)
			if _, err := conn.Prepare(ctx, "a", sql, nil); err != nil {
				failed <- err
				return
			}
			for n := 0; time.Now().Before(until); n++ {
				stream := []byte(fmt.Sprintf("b-%d-%d", c, n%50))
				if r := conn.ExecPrepared(ctx, "a", [][]byte{stream}, nil, nil).Read(); r.Err != nil {
					failed <- r.Err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
	}
	return float64(done.Load()) / during.Seconds(), nil
}

// beside compares appends with those of a single node, in turns.
func (t *trio) beside(ctx context.Context, clients, events int, aim string) (figure, error) {
	f := figure{workload: fmt.Sprintf("append, %d clients, beside a single node", clients), aim: aim}
	if events > 1 {
		f.workload = fmt.Sprintf("append of %d events, %d clients, beside a single node", events, clients)
	}
	var ours, alone, ratios []float64
	for range t.b.rounds {
		a, err := writing(ctx, t.b.eg.url(), clients, events, t.b.time)
		if err != nil {
			return f, err
		}
		o, err := writing(ctx, t.url(), clients, events, t.b.time)
		if err != nil {
			return f, err
		}
		ours, alone, ratios = append(ours, o*float64(events)), append(alone, a*float64(events)), append(ratios, o/a)
	}
	slices.Sort(ours)
	slices.Sort(alone)
	slices.Sort(ratios)
	f.ours = fmt.Sprintf("%.2f× (%s of %s/s)", median(ratios), number(median(ours)), number(median(alone)))
	return f, nil
}

// reads measures reads at a follower that see everything acknowledged.
func (t *trio) reads(ctx context.Context) (figure, error) {
	f := figure{workload: "linearizable read of an event at a follower: p50 / p99 ms", aim: "≤ 1"}
	leader, err := t.leader(ctx)
	if err != nil {
		return f, err
	}
	conn, err := pgconn.Connect(ctx, t.sides[(leader+1)%3].url())
	if err != nil {
		return f, err
	}
	defer conn.Close(ctx)
	if r := conn.ExecParams(ctx, "SET eventgres.read_mode = linearizable", nil, nil, nil, nil).Read(); r.Err != nil {
		return f, r.Err
	}
	if _, err := conn.Prepare(ctx, "r", "SELECT type FROM events WHERE position = 0", nil); err != nil {
		return f, err
	}
	var took []time.Duration
	for until := time.Now().Add(t.b.time); time.Now().Before(until); {
		begin := time.Now()
		if r := conn.ExecPrepared(ctx, "r", nil, nil, nil).Read(); r.Err != nil {
			return f, r.Err
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	f.ours = milliseconds(took[len(took)/2]) + " / " + milliseconds(took[len(took)*99/100])
	return f, nil
}

// pause has one client append without end, and takes the longest time between two acknowledgements around what disturb does.
func (t *trio) pause(ctx context.Context, disturb func(context.Context) error) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var acknowledged atomic.Int64 // time of the newest
	var longest atomic.Int64
	var after atomic.Int64 // acknowledgements since
	go func() {
		var conn *pgconn.PgConn
		for ctx.Err() == nil {
			var err error
			if conn == nil {
				if conn, err = pgconn.Connect(ctx, t.url()); err != nil {
					continue
				}
			}
			r := conn.ExecParams(ctx, "INSERT INTO events (stream, type) VALUES ('pause-1', 'Beat')", nil, nil, nil, nil).Read()
			if r.Err != nil {
				conn.Close(ctx)
				conn = nil
				continue
			}
			now := time.Now().UnixNano()
			if last := acknowledged.Swap(now); last != 0 {
				longest.Store(max(longest.Load(), now-last))
			}
			after.Add(1)
		}
	}()
	beats := func(n int64) error {
		for from := after.Load(); after.Load() < from+n; {
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	if err := beats(100); err != nil {
		return 0, err
	}
	longest.Store(0)
	if err := disturb(ctx); err != nil {
		return 0, err
	}
	if err := beats(100); err != nil {
		return 0, err
	}
	return time.Duration(longest.Load()), nil
}

func (t *trio) transfers(ctx context.Context) (figure, error) {
	f := figure{workload: "planned transfer: pause of one client, median / max ms of 10", aim: "≤ 50"}
	return f, t.disturbed(ctx, &f, 10, func(ctx context.Context, leader int) error {
		conn, err := pgconn.Connect(ctx, t.url())
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		return conn.ExecParams(ctx, fmt.Sprintf("SELECT eventgres_cluster_transfer('n%d')", (leader+1)%3+1), nil, nil, nil, nil).Read().Err
	}, nil)
}

func (t *trio) kills(ctx context.Context) (figure, error) {
	f := figure{workload: "leader killed with -9: pause of one client, median / max ms of 10", aim: "≤ 1,000 / 2,000"}
	return f, t.disturbed(ctx, &f, 10, func(_ context.Context, leader int) error {
		return t.nodes[leader].cmd.Process.Kill()
	}, func(leader int) error {
		_ = t.nodes[leader].cmd.Wait()
		return t.start(leader)
	})
}

// disturbed measures pauses around so many disturbances of whoever leads.
func (t *trio) disturbed(ctx context.Context, f *figure, times int, disturb func(context.Context, int) error, mend func(int) error) error {
	var pauses []float64
	for range times {
		leader, err := t.leader(ctx)
		if err != nil {
			return err
		}
		p, err := t.pause(ctx, func(ctx context.Context) error { return disturb(ctx, leader) })
		if err != nil {
			return err
		}
		pauses = append(pauses, 1000*p.Seconds())
		if mend != nil {
			if err := mend(leader); err != nil {
				return err
			}
		}
		if err := await("every node", func() error { return t.level(ctx) }); err != nil {
			return err
		}
	}
	slices.Sort(pauses)
	f.ours = fmt.Sprintf("%.0f / %.0f", median(pauses), pauses[len(pauses)-1])
	return nil
}

// level tells whether every node is heard of and has nearly everything.
func (t *trio) level(ctx context.Context) error {
	conn, err := pgconn.Connect(ctx, t.url())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	r := conn.ExecParams(ctx, "SELECT node FROM eventgres_cluster WHERE role <> 'unreachable' AND lag_events < 1000", nil, nil, nil, nil).Read()
	if r.Err != nil || len(r.Rows) != 3 {
		return errors.Join(r.Err, fmt.Errorf("%d nodes are there", len(r.Rows)))
	}
	return nil
}
