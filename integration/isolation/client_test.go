package isolation

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// patience is how long anything may take before a test gives up on it.
const patience = 3 * time.Minute

// A rawClient speaks the protocol message by message, so that it can send what no driver does.
type rawClient struct {
	nc net.Conn
	f  *pgproto3.Frontend
}

func dial(server *harness.Server) (*rawClient, error) {
	nc, err := net.Dial("tcp", server.Address())
	if err != nil {
		return nil, err
	}
	c := &rawClient{nc: nc, f: pgproto3.NewFrontend(nc, nc)}
	c.f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "u", "database": "events"}})
	if _, err := c.answer(); err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// answer sends what was gathered and reads up to ReadyForQuery. It returns the errors' SQLSTATEs; err is the
// connection's end.
func (c *rawClient) answer() (codes []string, err error) {
	_ = c.nc.SetDeadline(time.Now().Add(patience))
	if err := c.f.Flush(); err != nil {
		return nil, err
	}
	for {
		m, err := c.f.Receive()
		if err != nil {
			return codes, err
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			codes = append(codes, m.Code)
		case *pgproto3.CopyInResponse:
			c.f.Send(&pgproto3.CopyFail{Message: "not meant"})
			if err := c.f.Flush(); err != nil {
				return nil, err
			}
		case *pgproto3.ReadyForQuery:
			return codes, nil
		}
	}
}

func (c *rawClient) query(sql string) ([]string, error) {
	c.f.Send(&pgproto3.Query{String: sql})
	return c.answer()
}

// An honest session appends an event and reads it, again and again.
type honest struct {
	conn *pgx.Conn
	made int64
}

// The honest session is a process of its own, so that it waits for the server and not for the load's goroutines:
// this program, run again.
const honestURL = "EVENTGRES_TEST_HONEST"

func TestMain(m *testing.M) {
	for name, run := range others {
		if url := os.Getenv(name); url != "" {
			if err := run(url); err != nil {
				fmt.Println("failed:", err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// others are what this program does when it is run again, by the variable that has a server's address.
var others = map[string]func(url string) error{honestURL: beHonest}

// beHonest measures for as long as each line of its input says.
func beHonest(url string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	h := &honest{conn: conn}
	for range 50 { // statements are prepared, caches are warm
		if err := h.work(ctx, nil); err != nil {
			return err
		}
	}
	for {
		var round time.Duration
		if _, err := fmt.Scanln(&round); err != nil {
			return nil
		}
		var times []time.Duration
		for began := time.Now(); time.Since(began) < round || len(times) < 2*least; {
			if err := h.work(ctx, &times); err != nil {
				return err
			}
		}
		slices.Sort(times)
		fmt.Printf("%d %d\n", times[len(times)/2], times[len(times)*99/100])
	}
}

// An observer asks the honest session's process.
type observer struct {
	in  io.Writer
	out *bufio.Reader
}

func newObserver(t *testing.T, server *harness.Server) *observer {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), honestURL+"="+server.URL())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	return &observer{in: in, out: bufio.NewReader(out)}
}

func (h *honest) work(ctx context.Context, times *[]time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	var version int64
	err := h.conn.QueryRow(ctx, `INSERT INTO events (stream, type, payload, expected_version)
		VALUES ('honest-1', 'Counted', '{"n": 1}', $1) RETURNING version`, h.made-1).Scan(&version)
	if err != nil || version != h.made {
		return fmt.Errorf("the honest session's append %d: version %d: %w", h.made, version, err)
	}
	appended := time.Now()
	var payload string
	err = h.conn.QueryRow(ctx, "SELECT payload FROM events WHERE stream = 'honest-1' AND version = $1", h.made).Scan(&payload)
	if err != nil || payload != `{"n": 1}` {
		return fmt.Errorf("the honest session's read of %d: %q: %w", h.made, payload, err)
	}
	h.made++
	if times != nil {
		*times = append(*times, appended.Sub(start), time.Since(appended))
	}
	return nil
}

const (
	floor  = 10 * time.Millisecond
	rounds = 8   // at most
	least  = 100 // appends and reads of a round
)

// roundTime is how long a round is at least.
func roundTime() time.Duration {
	if harness.Long() {
		return 3 * time.Second
	}
	return 500 * time.Millisecond
}

// spread is of appends and reads together.
type spread struct{ p50, p99 time.Duration }

func (s spread) String() string {
	return fmt.Sprintf("p50 %v p99 %v", s.p50.Round(10*time.Microsecond), s.p99.Round(10*time.Microsecond))
}

// measure is the best of some rounds, and goes on while it is not enough.
func (o *observer) measure(t *testing.T, enough time.Duration) spread {
	t.Helper()
	best := spread{time.Hour, time.Hour}
	for range rounds {
		if got := o.round(t, roundTime()); got.p99 < best.p99 {
			best = got
		}
		if best.p99 <= enough {
			break
		}
	}
	return best
}

// round is one round.
func (o *observer) round(t *testing.T, long time.Duration) (got spread) {
	t.Helper()
	if _, err := fmt.Fprintln(o.in, int64(long)); err != nil {
		t.Fatal(err)
	}
	line, err := o.out.ReadString('\n')
	if err != nil {
		t.Fatal(line, err)
	}
	if _, err := fmt.Sscan(line, &got.p50, &got.p99); err != nil {
		t.Fatal(line, err)
	}
	return got
}

// memory is what the server's process has of its own, and the most that it ever had.
func memory(pid int) (now, peak int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "RssAnon: %d kB", &kilobytes); n == 1 {
			now = kilobytes << 10
		}
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); n == 1 {
			peak = kilobytes << 10
		}
	}
	if now == 0 {
		return 0, 0, errors.New("no figures in /proc")
	}
	return now, peak, nil
}

// computed is how long the server's process and its worker's have had a processor: on a machine that does other things a
// statement waits for one, and that is not what it is judged by.
func computed(t *testing.T, pid int) time.Duration {
	t.Helper()
	pids := []string{strconv.Itoa(pid)}
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, name := range children {
		list, _ := os.ReadFile(name) // gone if the thread has ended
		pids = append(pids, strings.Fields(string(list))...)
	}
	var sum int64
	for _, p := range pids {
		text, _ := os.ReadFile("/proc/" + p + "/stat") // gone if the worker has ended
		_, behind, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(behind); len(fields) > 12 {
			for _, field := range fields[11:13] { // user and system time, in hundredths of a second
				n, err := strconv.ParseInt(field, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				sum += n
			}
		}
	}
	return time.Duration(sum) * 10 * time.Millisecond
}

// forgetPeak makes the most that the process ever had what it has now.
func forgetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
