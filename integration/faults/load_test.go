//go:build linux

package faults

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/crash/history"
	"github.com/eventgres/eventgres/integration/harness"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// patience bounds one answer of the server; far more than it needs, for
	// machines under load.
	patience = 2 * time.Minute

	acknowledged = "00000"
	diskFull     = "53100"
	ioError      = "58030"
	lost         = "connection lost"
)

// A journal is what the clients of one store asked for and were told, over all
// the lives of its server.
type journal struct {
	started  time.Time
	mu       sync.Mutex
	attempts []history.Attempt
	codes    []string       // what each attempt was answered
	answers  map[string]int // how often
}

func newJournal() *journal { return &journal{started: time.Now(), answers: map[string]int{}} }

func (j *journal) now() time.Duration { return time.Since(j.started) }

func (j *journal) add(a history.Attempt, code string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.attempts = append(j.attempts, a)
	j.codes = append(j.codes, code)
	j.answers[code]++
}

// count is how often an attempt was answered so.
func (j *journal) count(code string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.answers[code]
}

// events is how many events were acknowledged.
func (j *journal) events() (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.attempts {
		if j.attempts[i].Outcome == history.Acknowledged {
			n += len(j.attempts[i].Events)
		}
	}
	return n
}

// A client makes appends on a connection of its own, to a stream of its own
// that it expects at a version, and to one that all share.
type client struct {
	*journal
	conn    *pgx.Conn
	stream  string
	version int64 // of the own stream; AnyVersion if an answer left it open
	pad     int   // bytes that each payload is made larger by
	made    int
}

// connect gives clients that have never appended before: their streams are new.
func (j *journal) connect(t *testing.T, server *harness.Server, n, pad int) []*client {
	t.Helper()
	var clients []*client
	for range n {
		clients = append(clients, j.client(connect(t, server), pad))
	}
	return clients
}

// noise is text of n characters that no log can pack.
func noise(n int) string {
	b := make([]byte, (n+1)/2)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)[:n]
}

func (j *journal) client(conn *pgx.Conn, pad int) *client {
	return &client{journal: j, conn: conn, pad: pad, stream: "own-" + uuid.NewString(), version: -1}
}

func connect(t *testing.T, server *harness.Server) *pgx.Conn {
	t.Helper()
	conn, err := dial(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func dial(ctx context.Context, server *harness.Server) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return pgx.Connect(ctx, server.URL())
}

// propose makes up an append of one event, and every fourth time of three on
// two streams.
func (c *client) propose() (a history.Attempt) {
	event := func(stream string, expected int64) {
		id := uuid.New()
		a.Events = append(a.Events, history.Proposed{
			ID: id, Stream: stream, Type: "Tried", Expected: expected,
			Payload: fmt.Sprintf(`{"of" :%q, "pad":"%s"}`, mark(id), noise(c.pad)),
		})
	}
	event(c.stream, c.version)
	if c.made++; c.made%4 == 0 {
		event("shared", history.AnyVersion)
		event(c.stream, c.version)
	}
	return a
}

// mark is how an event is found in the trace of the write that holds it.
func mark(id uuid.UUID) string { return "mark:" + id.String() }

// append makes one attempt and returns what it was answered.
func (c *client) append(t *testing.T) string {
	t.Helper()
	return c.send(t, c.propose())
}

func (c *client) send(t *testing.T, a history.Attempt) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a.Sent = c.now()
	places, err := insert(ctx, c.conn, a.Events)
	a.Answered = c.now()
	code := answer(err)
	switch {
	case code == acknowledged:
		a.Outcome, a.Places = history.Acknowledged, places
		c.version = places[len(places)-1].Version
	case ctx.Err() != nil:
		t.Errorf("no answer to an append within %v", patience)
	case code == diskFull: // did not happen, so the version is still right
	default:
		c.version = history.AnyVersion
	}
	c.add(a, code)
	return code
}

func answer(err error) string {
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return acknowledged
	case errors.As(err, &refused):
		return refused.Code
	default:
		return lost
	}
}

func insert(ctx context.Context, conn *pgx.Conn, events []history.Proposed) ([]history.Place, error) {
	var rows []string
	var args []any
	for _, e := range events {
		var expected any
		if e.Expected != history.AnyVersion {
			expected = e.Expected
		}
		n := len(args)
		rows = append(rows, fmt.Sprintf("($%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5))
		args = append(args, [16]byte(e.ID), e.Stream, e.Type, e.Payload, expected)
	}
	got, err := conn.Query(ctx, "INSERT INTO events (event_id, stream, type, payload, expected_version) VALUES "+
		strings.Join(rows, ", ")+" RETURNING position, version", args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(got, pgx.RowToStructByPos[history.Place])
}

// run lets the clients append at the same time, each up to so many times or
// until it is answered something else than the codes to go on after.
func run(t *testing.T, clients []*client, each int, goOn ...string) {
	t.Helper()
	var ended sync.WaitGroup
	for _, c := range clients {
		ended.Go(func() {
			for range each {
				if code := c.append(t); code != acknowledged && !slices.Contains(goOn, code) {
					return
				}
			}
		})
	}
	ended.Wait()
}

// onlyAnswers fails the test for an answer that the fault does not explain.
func (j *journal) onlyAnswers(t *testing.T, codes ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for code, n := range j.answers {
		if code != acknowledged && !slices.Contains(codes, code) {
			t.Errorf("%d appends were answered %s, want only %v", n, code, codes)
		}
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, poll := time.After(patience), time.NewTicker(5*time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
