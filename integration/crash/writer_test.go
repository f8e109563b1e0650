package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/eventgres/eventgres/integration/crash/history"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A writer makes one attempt after the other on its own connection.
type writer struct {
	*load
	*rand.Rand
	random       *rand.ChaCha8
	conn         *pgx.Conn
	made         []history.Attempt
	acknowledged func()
}

// run returns an error for what no crash explains. That the server goes away
// is its normal end.
func (w *writer) run(ctx context.Context) error {
	defer func() { w.add(w.made) }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.url)
	if err != nil {
		_, err := classify(err)
		return err
	}
	w.conn = conn
	defer conn.Close(ctx)
	for w.budget.Add(-1) >= 0 && !conn.IsClosed() {
		if err := w.attempt(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w *writer) attempt(ctx context.Context) error {
	a, send := w.propose()
	a.Sent = w.now()
	places, err := send(ctx, &a)
	a.Answered = w.now()
	var unexpected error
	a.Outcome, unexpected = classify(err)
	if a.Outcome == history.Acknowledged {
		a.Places = places
		w.acknowledged()
	}
	w.made = append(w.made, a)
	if unexpected != nil {
		return fmt.Errorf("append to %s: %w", a.Events[0].Stream, unexpected)
	}
	return w.catchUp(ctx, &a)
}

// A sender sends an attempt in one of the ways there are; the places are nil if
// it did not ask for them.
type sender func(ctx context.Context, a *history.Attempt) ([]history.Place, error)

// propose makes up the next attempt. Most expect what the stream's version is
// thought to be; as others think the same, many meet a conflict.
func (w *writer) propose() (history.Attempt, sender) {
	switch n := w.IntN(100); {
	case n < 60:
		return w.expecting(1, 1, 0), w.insert
	case n < 72:
		return w.expecting(1, 2+w.IntN(4), 0), w.insert
	case n < 80:
		return w.expecting(2+w.IntN(2), 1+w.IntN(2), 0), w.insert
	case n < 83:
		return w.expecting(1, 1, 1+w.Int64N(9)), w.insert // ahead of the stream: refused
	case n < 90:
		return w.unconditional(1 + w.IntN(5)), w.insert
	case n < 93:
		return w.expecting(1, 1, 0), w.insertAtVersion
	case n < 98:
		return w.expecting(2, 1+w.IntN(3), 0), w.transaction
	default:
		return w.again()
	}
}

// expecting proposes rows for each of some streams, expecting each stream at
// its known version plus ahead.
func (w *writer) expecting(on, rows int, ahead int64) (a history.Attempt) {
	for _, stream := range w.Perm(streams)[:on] {
		expected := w.versions[stream].Load() + ahead
		for range rows {
			a.Events = append(a.Events, w.event(stream, expected))
		}
	}
	// The rows of different streams are mixed, as they may be.
	w.Shuffle(len(a.Events), func(i, j int) { a.Events[i], a.Events[j] = a.Events[j], a.Events[i] })
	return a
}

func (w *writer) unconditional(rows int) (a history.Attempt) {
	for range rows {
		a.Events = append(a.Events, w.event(w.IntN(streams), history.AnyVersion))
	}
	return a
}

// again proposes event ids that are stored already, as a client does that did
// not hear the answer.
func (w *writer) again() (history.Attempt, sender) {
	for i := len(w.made) - 1; i >= 0; i-- {
		if old := w.made[i]; old.Outcome == history.Acknowledged && !old.Again {
			a := history.Attempt{Again: true}
			for _, e := range old.Events {
				a.Events = append(a.Events, w.event(w.IntN(streams), history.AnyVersion))
				a.Events[len(a.Events)-1].ID = e.ID
			}
			return a, w.insert
		}
	}
	return w.unconditional(1), w.insert
}

func (w *writer) event(stream int, expected int64) history.Proposed {
	id, err := uuid.NewRandomFromReader(w.random)
	if err != nil {
		panic(err) // a generator does not fail
	}
	return history.Proposed{
		ID: id, Stream: w.names[stream], Type: "Moved", Expected: expected, Payload: w.payload(id),
	}
}

// payload is unlike every other, and written in a way that nobody would
// reproduce who parsed it. Few are large, so that some writes take long enough
// for a kill to find them half-way.
func (w *writer) payload(id uuid.UUID) string {
	size := w.IntN(120)
	if w.IntN(400) == 0 {
		size = w.IntN(256 << 10)
	}
	space := strings.Repeat(" ", w.IntN(3))
	return fmt.Sprintf(`{%s"of" :%q,"b":1.%s0,"b":%d,"pad":"%s"}`,
		space, id, strings.Repeat("0", w.IntN(4)), w.IntN(1000), strings.Repeat("ü", size/2))
}

const (
	withExpected = "INSERT INTO events (event_id, stream, type, payload, expected_version) VALUES "
	withVersion  = "INSERT INTO events (event_id, stream, type, payload, version) VALUES "
	placesOf     = " RETURNING position, version"
)

func (w *writer) insert(ctx context.Context, a *history.Attempt) ([]history.Place, error) {
	sql, args := statement(withExpected, a.Events, func(e history.Proposed) any {
		if e.Expected == history.AnyVersion {
			return nil
		}
		return e.Expected
	})
	return w.query(ctx, sql, args)
}

// insertAtVersion gives the version that an event is to have instead of the one before it.
func (w *writer) insertAtVersion(ctx context.Context, a *history.Attempt) ([]history.Place, error) {
	sql, args := statement(withVersion, a.Events, func(e history.Proposed) any { return e.Expected + 1 })
	return w.query(ctx, sql, args)
}

// transaction sends one statement for each event: the first of a stream carries
// the expectation, the others follow it.
func (w *writer) transaction(ctx context.Context, a *history.Attempt) ([]history.Place, error) {
	seen := map[string]bool{}
	return nil, pgx.BeginFunc(ctx, w.conn, func(tx pgx.Tx) error {
		for _, e := range a.Events {
			var expected any
			if !seen[e.Stream] {
				expected = e.Expected
			}
			seen[e.Stream] = true
			sql, args := statement(withExpected, []history.Proposed{e}, func(history.Proposed) any { return expected })
			if _, err := tx.Exec(ctx, sql, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// statement makes an INSERT of a row for each event; last is the value of its last column.
func statement(insert string, events []history.Proposed, last func(history.Proposed) any) (string, []any) {
	var rows []string
	var args []any
	for _, e := range events {
		n := len(args)
		rows = append(rows, fmt.Sprintf("($%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5))
		args = append(args, [16]byte(e.ID), e.Stream, e.Type, e.Payload, last(e))
	}
	return insert + strings.Join(rows, ", "), args
}

func (w *writer) query(ctx context.Context, sql string, args []any) ([]history.Place, error) {
	rows, err := w.conn.Query(ctx, sql+placesOf, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[history.Place])
}

// catchUp takes note of the versions that an answer told, or asks for them
// after a conflict. What anybody was told before the question, the answer has
// to know.
func (w *writer) catchUp(ctx context.Context, a *history.Attempt) error {
	if a.Outcome == history.Unanswered || a.Again {
		return nil
	}
	for i, e := range a.Events {
		var stream int
		if _, err := fmt.Sscanf(e.Stream, "account-%d", &stream); err != nil {
			return err
		}
		if a.Places != nil {
			w.learn(stream, a.Places[i].Version)
			continue
		}
		if err := w.ask(ctx, stream); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) ask(ctx context.Context, stream int) error {
	known := w.versions[stream].Load()
	version := int64(-1)
	rows, err := w.conn.Query(ctx, "SELECT version FROM streams WHERE stream = $1", w.names[stream])
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&version}, func() error { return nil })
	}
	if err != nil {
		_, err := classify(err) // the connection may be lost here too
		return err
	}
	if version < known {
		return fmt.Errorf("stale read: %s at version %d after somebody was told of %d", w.names[stream], version, known)
	}
	w.learn(stream, version)
	return nil
}
