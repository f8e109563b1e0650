package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/crash/history"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	writers = 64
	streams = 50
	// patience bounds one answer of the server; far more than it needs, for
	// machines under load.
	patience = 60 * time.Second
)

// A load is many writers on few streams. It outlives the server: after a crash
// the next writers go on where the log is.
type load struct {
	url     string
	started time.Time // the origin of all times in the attempts
	names   [streams]string
	// versions are the highest that anybody was told of each stream.
	versions [streams]atomic.Int64
	budget   atomic.Int64 // attempts that may still be made
	mu       sync.Mutex
	attempts []history.Attempt
	definer  definer
}

func newLoad(url string) *load {
	l := &load{url: url, started: time.Now()}
	for i := range l.names {
		l.names[i] = fmt.Sprintf("account-%d", i)
		l.versions[i].Store(-1)
	}
	return l
}

func (l *load) now() time.Duration { return time.Since(l.started) }

// learn raises what is known of a stream's version.
func (l *load) learn(stream int, version int64) {
	for {
		known := l.versions[stream].Load()
		if version <= known || l.versions[stream].CompareAndSwap(known, version) {
			return
		}
	}
}

// run lets all writers make attempts until the budget is used up or the server
// is gone. Progress gets a value when the first append is acknowledged.
func (l *load) run(ctx context.Context, seed uint64, budget int64, progress chan<- struct{}) error {
	l.budget.Store(budget)
	ended := make(chan error, writers+1)
	go func() { ended <- l.definer.run(ctx, l) }()
	var first sync.Once
	for i := range writers {
		w := &writer{load: l, random: rand.NewChaCha8(seedBytes(seed, uint64(i)))}
		w.Rand = rand.New(w.random)
		w.acknowledged = func() { first.Do(func() { progress <- struct{}{} }) }
		go func() { ended <- w.run(ctx) }()
	}
	var failures []error
	for range writers + 1 {
		failures = append(failures, <-ended)
	}
	return errors.Join(failures...)
}

func seedBytes(seed, writer uint64) (b [32]byte) {
	copy(b[:], fmt.Sprintf("%016x%016x", seed, writer))
	return b
}

// add keeps a writer's attempts when it ends.
func (l *load) add(attempts []history.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, attempts...)
}

// outcomes counts the attempts by what became of them.
func (l *load) outcomes() map[history.Outcome]int {
	n := map[history.Outcome]int{}
	for _, a := range l.attempts {
		n[a.Outcome]++
	}
	return n
}

// classify says what an error of an append means. Every error that is no answer
// about this append leaves it open; one that the load cannot have caused is
// given back.
func classify(err error) (history.Outcome, error) {
	var answer *pgconn.PgError
	switch {
	case err == nil:
		return history.Acknowledged, nil
	case !errors.As(err, &answer), answer.Code == "57P01": // connection lost; server shutting down
		return history.Unanswered, nil
	case answer.Code == "40001" || answer.Code == "23505":
		return history.Refused, nil
	default:
		return history.Unanswered, err
	}
}

// readLog reads all events in the order of positions.
func readLog(ctx context.Context, conn *pgx.Conn) ([]history.Recorded, error) {
	rows, err := conn.Query(ctx, "SELECT position, version, event_id, stream, type, payload FROM events ORDER BY position")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e history.Recorded, err error) {
		err = row.Scan(&e.Position, &e.Version, (*[16]byte)(&e.ID), &e.Stream, &e.Type, &e.Payload)
		return e, err
	})
}

// judge reads the log and fails the test for everything that is wrong with it.
func (l *load) judge(ctx context.Context, t *testing.T) []history.Recorded {
	t.Helper()
	conn, err := pgx.Connect(ctx, l.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	log, err := readLog(ctx, conn)
	if err != nil {
		t.Fatalf("read the log: %v", err)
	}
	for _, v := range history.Check(l.attempts, log) {
		t.Error(v)
	}
	l.definer.judge(ctx, t, conn)
	return log
}
