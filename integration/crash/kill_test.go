package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/crash/history"
	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// A store lives through this many kills, then a new one begins: long enough
	// for recoveries to build on each other, short enough that reading the whole
	// log after each stays cheap.
	roundsPerStore = 20
	// roundBudget bounds a round's attempts for the same reason.
	roundBudget = 4_000
	// Kills come within this time after the first acknowledgement.
	killWithin = 150 * time.Millisecond
	// Starts that are to be interrupted are killed within this time.
	interruptWithin = 40 * time.Millisecond
	retriesPerRound = 20
)

func rounds(t *testing.T) int {
	if text := os.Getenv("EVENTGRES_CRASH_ROUNDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("EVENTGRES_CRASH_ROUNDS=%s: want a positive number", text)
		}
		return n
	}
	switch {
	case harness.Long():
		return 200
	case testing.Short():
		return 3
	default:
		return 10
	}
}

// The server is killed at random moments under load, and sometimes again while
// it starts. After each restart the whole log agrees with everything that the
// writers were ever told (I1, I2, I3, I5, I8).
func TestKill(t *testing.T) {
	seed := harness.Seed(t)
	for left, store := rounds(t), uint64(0); left > 0 && !t.Failed(); store++ {
		n := min(left, roundsPerStore)
		left -= n
		t.Run(fmt.Sprintf("store %d", store), func(t *testing.T) {
			runStore(t, rand.New(rand.NewPCG(seed, store)), n)
		})
	}
}

// runStore runs the rounds of one data directory.
func runStore(t *testing.T, random *rand.Rand, rounds int) {
	// Every other store rolls its segments all the time.
	segment := "268435456"
	if random.IntN(2) == 0 {
		segment = "131072"
	}
	server := harness.Eventgres(t, harness.WithArgs("--segment-bytes", segment))
	l := newLoad(server.URL())
	kept := func() {
		if t.Failed() {
			keep(t, server)
		}
	}
	defer kept()
	for round := range rounds {
		start := time.Now()
		killUnderLoad(t, server, l, random)
		interrupted := interruptStarts(t, server, random)
		server.Restart()
		l.url = server.URL() // the port may be another
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		log := l.judge(ctx, t)
		if t.Failed() {
			t.Fatalf("after kill %d of this store", round+1)
		}
		l.relearn(log)
		retried := l.retry(ctx, t)
		n := l.outcomes()
		t.Logf("kill %d: %v; %d acknowledged, %d refused, %d unanswered (%d retried) in all; %d events; %d starts interrupted",
			round+1, time.Since(start).Round(time.Millisecond), n[history.Acknowledged], n[history.Refused],
			n[history.Unanswered], retried, len(log), interrupted)
	}
	if n := l.outcomes(); n[history.Acknowledged] == 0 || n[history.Unanswered] == 0 {
		t.Errorf("%d acknowledged, %d unanswered: the kills missed the load", n[history.Acknowledged], n[history.Unanswered])
	}
	if l.definer.changes == 0 {
		t.Error("the control state was never changed")
	}
	verify(t, server)
}

// killUnderLoad starts the writers, kills the server at a random moment after
// the first acknowledgement, and waits for the writers to notice.
func killUnderLoad(t *testing.T, server *harness.Server, l *load, random *rand.Rand) {
	t.Helper()
	seed := random.Uint64()
	after := time.Duration(random.Int64N(int64(killWithin)))
	acknowledged, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() { ended <- l.run(t.Context(), seed, roundBudget, acknowledged) }()
	select {
	case <-acknowledged:
	case err := <-ended:
		t.Fatalf("nothing was acknowledged: %v", errors.Join(err, t.Context().Err()))
	}
	// Waiting for nothing but the time is the point here: no event that could be
	// waited for instead is as independent of what the server does.
	<-time.After(after)
	server.Kill()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// interruptStarts kills the server in some of its starts, often before it has
// finished to recover, and says how many times.
func interruptStarts(t *testing.T, server *harness.Server, random *rand.Rand) int {
	t.Helper()
	n := max(0, random.IntN(5)-2)
	for range n {
		cmd := exec.Command(harness.Binary(t), "serve", "--data", server.Data, "--listen", "127.0.0.1:0")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(random.Int64N(int64(interruptWithin)))) // a random moment, as above
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, or it had refused to start: then the next start tells
	}
	return n
}

// relearn takes the versions from the log: it may hold appends that nobody was told of.
func (l *load) relearn(log []history.Recorded) {
	last := map[string]int64{}
	for _, e := range log {
		last[e.Stream] = e.Version
	}
	for i, name := range l.names {
		if version, ok := last[name]; ok {
			l.learn(i, version)
		}
	}
}

// retry sends some unanswered appends again, with their event ids, as a client
// would: those that are stored are refused for their ids, the others are stored
// now. It tells how many were sent.
func (l *load) retry(ctx context.Context, t *testing.T) int {
	t.Helper()
	conn, err := pgx.Connect(ctx, l.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	w := &writer{load: l, conn: conn}
	retried := 0
	for i := range l.attempts {
		a := &l.attempts[i]
		if a.Outcome != history.Unanswered || a.Again || retried == retriesPerRound {
			continue
		}
		retried++
		if err := w.sendAgain(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	return retried
}

// sendAgain retries without expectations: whether they still hold is not what
// the answer is to depend on.
func (w *writer) sendAgain(ctx context.Context, a *history.Attempt) error {
	again := history.Attempt{Events: append([]history.Proposed(nil), a.Events...)}
	for i := range again.Events {
		again.Events[i].Expected = history.AnyVersion
	}
	var stored int
	const lookUp = "SELECT count(*) FROM events WHERE event_id = $1"
	if err := w.conn.QueryRow(ctx, lookUp, [16]byte(a.Events[0].ID)).Scan(&stored); err != nil {
		return err
	}
	places, err := w.insert(ctx, &again)
	var answer *pgconn.PgError
	switch {
	case err == nil && stored == 0:
		a.Events, a.Places = again.Events, places
	case stored == 1 && errors.As(err, &answer) && answer.ConstraintName == "events_event_id_key":
	default:
		return fmt.Errorf("retry of an unanswered append that %d events are stored of: %w", stored, err)
	}
	a.Outcome, a.Answered = history.Acknowledged, w.now()
	return nil
}

// verify asks the offline check for its opinion of the data directory.
func verify(t *testing.T, server *harness.Server) {
	t.Helper()
	if status := server.Stop(); status != 0 {
		t.Errorf("exit status %d after SIGTERM", status)
	}
	out, err := exec.CommandContext(t.Context(), harness.Binary(t), "verify", "--data", server.Data).CombinedOutput()
	if err != nil {
		t.Errorf("eventgres verify: %v\n%s", err, out)
	}
}

// keep saves the data directory of a failed test from being removed.
func keep(t *testing.T, server *harness.Server) {
	t.Helper()
	if server.Running() {
		server.Kill()
	}
	dir, err := os.MkdirTemp("", "eventgres-crash-")
	if err == nil {
		err = os.CopyFS(dir, os.DirFS(server.Data))
	}
	t.Logf("the data directory is kept in %s (%v)", dir, err)
}
