//go:build linux

package network

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// fill gives a server so many events of half a kilobyte.
func fill(events int) func(*testing.T, *harness.Server) {
	return func(t *testing.T, server *harness.Server) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		conn, err := pgx.Connect(ctx, server.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		const block = 1_000
		rows := strings.Repeat("meter-1\tRead\t{\"pad\": \""+padding(400)+"\"}\n", block)
		source := io.MultiReader(repeat(rows, events/block)...)
		if _, err := conn.PgConn().CopyFrom(ctx, source, "COPY events (stream, type, payload) FROM STDIN"); err != nil {
			t.Fatal(err)
		}
	}
}

func repeat(text string, n int) (readers []io.Reader) {
	for range n {
		readers = append(readers, strings.NewReader(text))
	}
	return readers
}

// The results that are asked for and not read: more than sockets hold.
var results = []struct {
	name     string
	messages []pgproto3.FrontendMessage
}{
	{"native", []pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT * FROM events"}}},
	{"extended", []pgproto3.FrontendMessage{
		&pgproto3.Parse{Query: "SELECT * FROM events"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{},
	}},
	{"copy", []pgproto3.FrontendMessage{&pgproto3.Query{String: "COPY (SELECT * FROM events) TO STDOUT"}}},
	{"analytical", []pgproto3.FrontendMessage{&pgproto3.Query{
		String: "SELECT a.*, length(a.type) + 1 AS n FROM events a JOIN events b ON a.position = b.position",
	}}},
}

const sip = 4 << 10

// Clients ask for results of tens of megabytes. Half of them read a little every now and
// then, half nothing at all. The server holds no result for them, nobody else waits, and
// what they have not read goes with them.
func TestSlowReaders(t *testing.T) {
	for _, result := range results {
		t.Run(result.name, func(t *testing.T) {
			clients := size(20, 80)
			if result.name == "analytical" {
				clients = size(6, 20) // each holds a query of the worker's
			}
			s := besiege(t, fill(50_000))
			if result.name == "analytical" {
				s.awaitWorker()
			}
			begun := make(chan struct{}, clients)
			stop := s.attack(clients, func(ctx context.Context, number int) error {
				r, err := start(s.server, nil)
				if err != nil {
					return err
				}
				defer r.Close()
				return r.readSlowly(ctx, result.messages, number%2 == 0, begun)
			})
			for range clients {
				select {
				case <-begun:
				case <-time.After(patience):
					t.Fatal("the results do not begin")
				}
			}
			s.endure()
			s.bounded(int64(clients)<<20 + moreMemory)
			stop()
			s.lift()
		})
	}
}

// readSlowly asks, and sips at the answer or leaves it, until the test has seen enough.
func (r *raw) readSlowly(ctx context.Context, ask []pgproto3.FrontendMessage, sips bool, begun chan<- struct{}) error {
	if err := r.send(ask...); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, r.Conn, sip); err != nil {
		return err
	}
	begun <- struct{}{}
	// The pace is the attack itself.
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pace.C:
		}
		if !sips {
			continue
		}
		if err := r.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, r.Conn, sip); err != nil {
			return err
		}
	}
}

// awaitWorker waits until analytical statements are answered, and counts what the server
// has with the worker as what it had before.
func (s *siege) awaitWorker() {
	s.t.Helper()
	r := s.session(nil)
	defer r.Close()
	s.await("analytical statements are answered", patience, func() bool {
		_, err := r.ask("SELECT avg(length(type)) FROM events")
		return err == nil
	})
	s.before = s.use()
}

// endless is a statement of the worker's that takes longer than any test.
const endless = `SELECT count(*) FROM events a JOIN events b ON a.position <> b.position
	JOIN events c ON c.position <> b.position WHERE length(a.type || b.type || c.type) < 0`

// Clients are stopped in the middle of their work, again and again: with results unread,
// statements running, rows half-sent, blocks open. Nothing of them stays.
func TestStoppedClients(t *testing.T) {
	s := besiege(t, fill(20_000))
	s.awaitWorker()
	var works [][]byte
	for _, result := range results {
		works = append(works, encode(result.messages...))
	}
	half := encode(&pgproto3.Query{String: "SELECT " + padding(1_000)})
	works = append(works,
		encode(&pgproto3.Query{String: endless}),
		encode(&pgproto3.Query{String: "BEGIN; INSERT INTO events (stream, type) VALUES ('stopped', 'Staged')"}),
		encode(&pgproto3.Query{String: "BEGIN; COPY events (stream, type) FROM STDIN"},
			&pgproto3.CopyData{Data: []byte("stopped\tCopied\nstopp")}),
		encode(&pgproto3.Query{String: "BEGIN; DECLARE c CURSOR FOR SELECT * FROM events; FETCH 10 FROM c"}),
		half[:len(half)/2],
	)
	const rounds = 10
	stop := s.attack(len(works), func(ctx context.Context, number int) error {
		for round := range rounds {
			if err := s.stopAt(works[number], round); err != nil {
				return err
			}
		}
		<-ctx.Done()
		return nil
	})
	s.endure()
	stop()
	s.bounded(int64(len(works))<<20 + moreMemory)
	if got, err := s.session(nil).ask("SELECT count(*) FROM events WHERE stream = 'stopped'"); got != "0" || err != nil {
		t.Errorf("%s events that nobody committed (%v)", got, err)
	}
	s.lift()
}

// stopAt begins a piece of work and goes away, in one of the ways to go.
func (s *siege) stopAt(work []byte, round int) error {
	r, err := start(s.server, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.Write(work); err != nil {
		return err
	}
	if round%2 == 0 { // let it begin to answer, if it answers
		if err := r.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			return err
		}
		if _, err := r.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	if round%3 == 0 {
		return r.reset()
	}
	return nil
}

// The client of a statement that runs for long and has nothing to say is gone.
func TestStoppedSleeper(t *testing.T) {
	s := besiege(t, nil)
	for range 10 {
		r := s.session(nil)
		if err := r.send(&pgproto3.Query{String: "SELECT pg_sleep(600)"}); err != nil {
			t.Fatal(err)
		}
		if err := r.reset(); err != nil {
			t.Fatal(err)
		}
	}
	s.awaitRelease("pg_sleep ends with its client", patience)
	s.lift()
}

// A client asks for a large result and reads none of it. It is cut off when the server has
// waited five minutes for it, so that such clients do not hold their places for ever.
func TestNeverRead(t *testing.T) {
	if !harness.Long() {
		t.Skip("takes five minutes: EVENTGRES_LONG=1; TestStall in pgwire is its short form")
	}
	s := besiege(t, fill(50_000))
	for range 10 {
		r := s.session(nil)
		if err := r.send(query("SELECT * FROM events")); err != nil {
			t.Fatal(err)
		}
	}
	s.awaitRelease("all are cut off", 6*time.Minute)
	s.lift()
}
