//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"github.com/eventgres/eventgres/integration/crash/history"
	"github.com/eventgres/eventgres/integration/harness"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const columns = "SELECT position, version, event_id, stream, type, payload FROM events "

// judge reads the whole log on a new connection, in every way that has a path
// of its own, and fails the test for all that contradicts what the clients were
// told. It returns the number of events.
func (j *journal) judge(t *testing.T, server *harness.Server) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		t.Fatalf("connect to read: %v", err)
	}
	defer conn.Close(ctx)
	log, err := read(ctx, conn, columns+"ORDER BY position")
	if err != nil {
		t.Fatalf("read the log: %v", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, v := range history.Check(j.attempts, log) {
		t.Error(v)
	}
	j.absent(t, log)
	counted(ctx, t, conn, len(log))
	streams(ctx, t, conn, log)
	j.positions(ctx, t, conn, log)
	return len(log)
}

// sees is judge for a server that has not been restarted: there are the
// acknowledged events and no other, as nothing is seen before it is durable. It
// wants an answer to every append.
func (j *journal) sees(t *testing.T, server *harness.Server) {
	t.Helper()
	if n, want := j.judge(t, server), j.events(); n != want {
		t.Errorf("%d events can be read, %d were acknowledged", n, want)
	}
}

func read(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]history.Recorded, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e history.Recorded, err error) {
		err = row.Scan(&e.Position, &e.Version, (*[16]byte)(&e.ID), &e.Stream, &e.Type, &e.Payload)
		return e, err
	})
}

// absent looks for events of appends that were refused because the disk was
// full: those did not happen.
func (j *journal) absent(t *testing.T, log []history.Recorded) {
	t.Helper()
	refused := map[uuid.UUID]bool{}
	for i, code := range j.codes {
		for _, e := range j.attempts[i].Events {
			refused[e.ID] = code == diskFull
		}
	}
	for _, e := range log {
		if refused[e.ID] {
			t.Errorf("position %d: its append was refused with %s", e.Position, diskFull)
		}
	}
}

func counted(ctx context.Context, t *testing.T, conn *pgx.Conn, want int) {
	t.Helper()
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM events").Scan(&n); err != nil || n != want {
		t.Errorf("count(*): %d, %v; %d events were read", n, err, want)
	}
}

// streams reads each stream for itself.
func streams(ctx context.Context, t *testing.T, conn *pgx.Conn, log []history.Recorded) {
	t.Helper()
	want := map[string][]history.Recorded{}
	for _, e := range log {
		want[e.Stream] = append(want[e.Stream], e)
	}
	for stream, events := range want {
		got, err := read(ctx, conn, columns+"WHERE stream = $1 ORDER BY version", stream)
		if err != nil || !slices.Equal(got, events) {
			t.Errorf("stream %s: %d events, %v; in the log are %d, or they differ", stream, len(got), err, len(events))
		}
	}
}

// positions reads every acknowledged event by the position that the answer gave.
func (j *journal) positions(ctx context.Context, t *testing.T, conn *pgx.Conn, log []history.Recorded) {
	t.Helper()
	var batch pgx.Batch
	for _, a := range j.attempts {
		for i, place := range a.Places {
			batch.Queue(columns+"WHERE position = $1", place.Position).Query(func(rows pgx.Rows) error {
				for rows.Next() {
					var e history.Recorded
					if err := rows.Scan(&e.Position, &e.Version, (*[16]byte)(&e.ID), &e.Stream, &e.Type, &e.Payload); err != nil {
						return err
					}
					if e.ID == a.Events[i].ID && e.Payload == a.Events[i].Payload && e.Place == place {
						return nil
					}
				}
				return errors.Join(rows.Err(), fmt.Errorf("not as acknowledged: %v", place))
			})
		}
	}
	if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
		t.Errorf("read by position, of %d: %v", len(log), err)
	}
}

// survives kills the server and starts it again: the log is what it was, and goes on. The
// command is what verify runs within.
func (j *journal) survives(t *testing.T, server *harness.Server, command ...string) {
	t.Helper()
	server.Kill()
	server.Restart()
	j.judge(t, server)
	j.appends(t, server)
	verify(t, server, command...)
}

// takesAll wants every client's appends to be acknowledged, now that something is over.
func (j *journal) takesAll(t *testing.T, clients []*client, each int, when string) {
	t.Helper()
	before, want := j.count(acknowledged), each*len(clients)
	run(t, clients, each)
	if n := j.count(acknowledged) - before; n != want {
		t.Errorf("%d of %d appends were acknowledged when %s", n, want, when)
	}
}

// appends proves that the server takes appends, and that all of the log is in
// order behind them.
func (j *journal) appends(t *testing.T, server *harness.Server) {
	t.Helper()
	for _, c := range j.connect(t, server, 2, 10) {
		for range 4 {
			if code := c.append(t); code != acknowledged {
				t.Errorf("append after the fault: %s", code)
			}
		}
		c.conn.Close(t.Context())
	}
	j.judge(t, server)
}

// verify asks the offline check for its opinion of the data directory.
func verify(t *testing.T, server *harness.Server, command ...string) {
	t.Helper()
	if server.Running() {
		if status := server.Stop(); status != 0 {
			t.Errorf("exit status %d after SIGTERM", status)
		}
	}
	argv := append(command, harness.Binary(t), "verify", "--data", server.Data)
	if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Errorf("eventgres verify: %v\n%s", err, out)
	}
}
