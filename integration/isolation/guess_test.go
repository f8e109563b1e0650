//go:build linux

package isolation

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/integration/harness"
)

// The addresses of who means harm, and of who does not.
var (
	bad  = net.IPv4(127, 0, 0, 2)
	good = net.IPv4(127, 0, 0, 3)
)

func init() { others[guessingURL] = guessAll }

// guessingURL has this program, run again, guess passwords of a server.
const guessingURL = "EVENTGRES_TEST_GUESSING"

// guarded is a server whose roles have passwords, but for the observer's.
func guarded(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	rules := filepath.Join(t.TempDir(), "hba.conf")
	if err := os.WriteFile(rules, []byte("host all postgres,test 127.0.0.1/32 trust\nhost all all all scram-sha-256\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := harness.Eventgres(t, harness.WithArgs(append(args, "--no-analytics", "--hba-file", rules)...))
	conn, err := pgx.Connect(t.Context(), "postgres://postgres@"+server.Address()+"/events?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{"ALTER ROLE postgres PASSWORD 'pw'", "CREATE ROLE test SUPERUSER LOGIN", "CREATE ROLE app LOGIN PASSWORD 'secret'"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// comeIn connects as app from the good address, twenty times a second at most until the context ends, and tells how often it got in and how long that took.
func comeIn(ctx context.Context, t *testing.T, server *harness.Server) (times int, longest time.Duration) {
	t.Helper()
	config, err := pgx.ParseConfig("postgres://app:secret@" + server.Address() + "/events?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	config.DialFunc = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: good}}).DialContext
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	for ; times == 0 || ctx.Err() == nil; times++ {
		began := time.Now()
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Errorf("an honest client: %v", err)
			return times, longest
		}
		longest = max(longest, time.Since(began))
		_ = conn.Close(t.Context())
		select {
		case <-pace.C:
		case <-ctx.Done():
		}
	}
	return times, longest
}

// guess tries a wrong password, and goes, after the answer or before.
func guess(ctx context.Context, server string, waits bool) error {
	nc, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: bad}}).DialContext(ctx, "tcp", server)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	f := pgproto3.NewFrontend(nc, nc)
	f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "app", "database": "events"}})
	f.Send(&pgproto3.SASLInitialResponse{AuthMechanism: "SCRAM-SHA-256", Data: []byte("n,,n=,r=abc")})
	if err := f.Flush(); err != nil {
		return err
	}
	for {
		m, err := f.Receive()
		if err != nil {
			return err
		}
		if c, ok := m.(*pgproto3.AuthenticationSASLContinue); ok {
			_, nonce, _ := strings.Cut(string(c.Data), "r=")
			nonce, _, _ = strings.Cut(nonce, ",")
			f.Send(&pgproto3.SASLResponse{Data: []byte("c=biws,r=" + nonce + ",p=" + base64.StdEncoding.EncodeToString(make([]byte, 32)))})
			if err := f.Flush(); err != nil || !waits {
				return err
			}
		}
		if e, ok := m.(*pgproto3.ErrorResponse); ok {
			if e.Code != "28P01" {
				return fmt.Errorf("%s %s", e.Code, e.Message)
			}
			return nil
		}
	}
}

// guessAll has 64 attackers guess until the input ends, and prints how often they have.
func guessAll(server string) error {
	ctx, cancel := context.WithCancel(context.Background())
	var attackers sync.WaitGroup
	var tried atomic.Int64
	for i := range 64 {
		attackers.Go(func() {
			for ctx.Err() == nil {
				if guess(ctx, server, i%2 == 0) == nil { // else it had to make room for others
					tried.Add(1)
				}
			}
		})
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	cancel()
	attackers.Wait()
	fmt.Println(tried.Load())
	return err
}

// attack starts a process that guesses, until it is told to end; then it tells how often it has. It takes what others leave of the processors,
// since it would have a machine of its own: how the server treats its connections is measured, not how the system shares two processors.
func attack(t *testing.T, server *harness.Server) (ends func() (tried int)) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(harness.Need(t, "nice"), "-n", "19", program)
	cmd.Env = append(os.Environ(), guessingURL+"="+server.Address())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		in.Close()
		_ = cmd.Wait()
	})
	t.Cleanup(end)
	return func() (tried int) {
		end()
		if _, err := fmt.Sscan(out.String(), &tried); err != nil {
			t.Fatalf("%v: %s", err, &out)
		}
		return tried
	}
}

// observed is how an honest session fares for some time: the best of some rounds in the short form, one round of all that time in the long.
func (o *observer) observed(t *testing.T, enough, long time.Duration) spread {
	t.Helper()
	if !harness.Long() {
		return o.measure(t, enough)
	}
	return o.round(t, long)
}

// TestGuessing: somebody tries passwords at full speed, from one address, each on a connection of its own. So many are looked at and no more;
// who has the right one comes in from elsewhere, and sessions that are there go on as in quiet.
func TestGuessing(t *testing.T) {
	log := filepath.Join(t.TempDir(), "audit")
	server := guarded(t, "--audit-log", log)
	o := newObserver(t, server)
	quiet := o.observed(t, 0, 10*time.Second)
	enough := max(2*quiet.p99, floor)
	began := time.Now()
	ends := attack(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var honest sync.WaitGroup
	var in int
	var longest time.Duration
	honest.Go(func() { in, longest = comeIn(ctx, t, server) })
	got := o.observed(t, enough, time.Minute)
	cancel()
	honest.Wait()
	tried := ends()
	server.Stop() // it has written its log
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	checked := bytes.Count(text, []byte(`"event":"authentication"`))
	seconds := time.Since(began).Seconds()
	t.Logf("%d tried in %.0f s, %d proofs checked; an honest client came in %d times, after %v at most; sessions: quiet %v, beside it %v",
		tried, seconds, checked, in, longest, quiet, got)
	// Of an address 250 connections may be starting, and each proof beyond the first few waits a second for its turn.
	if most := int(10 + 250*(seconds+2)); checked == 0 || checked > most {
		t.Errorf("%d proofs were checked, want %d at most, and some", checked, most)
	}
	if harness.Long() && got.p99 > enough {
		t.Errorf("beside guessing: %v, in quiet %v", got, quiet)
	}
}

// TestSilentSockets: very many connections of one address that say nothing, or begin and say no more, keep out nobody who comes from
// another, and sessions that are there go on as in quiet.
func TestSilentSockets(t *testing.T) {
	n := 1_000
	if harness.Long() {
		n = 10_000
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < uint64(n+200) {
		t.Skipf("%d files may be open, %v", limit.Cur, err)
	}
	server := guarded(t)
	o := newObserver(t, server)
	quiet := o.observed(t, 0, 5*time.Second)
	enough := max(2*quiet.p99, floor)
	begun, err := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "app", "database": "events"}}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	says := [][]byte{nil, begun[:len(begun)/2], begun}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: bad}}
	for i := range n {
		nc, err := dialer.DialContext(t.Context(), "tcp", server.Address())
		if err != nil {
			t.Fatalf("socket %d: %v", i, err)
		}
		defer nc.Close()
		_, _ = nc.Write(says[i%len(says)]) // it may have had to make room
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var honest sync.WaitGroup
	var in int
	var longest time.Duration
	honest.Go(func() { in, longest = comeIn(ctx, t, server) })
	got := o.observed(t, enough, 15*time.Second)
	cancel()
	honest.Wait()
	t.Logf("%d sockets; an honest client came in %d times, after %v at most; sessions: quiet %v, beside them %v", n, in, longest, quiet, got)
	if harness.Long() && got.p99 > enough {
		t.Errorf("beside silent sockets: %v, in quiet %v", got, quiet)
	}
}
