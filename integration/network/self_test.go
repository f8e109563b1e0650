//go:build linux

package network

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A server of the test's own that answers a connection with this and closes it.
func answering(t *testing.T, text string) *raw {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, _ = conn.Write([]byte(text))
			conn.Close()
		}
	}()
	r, err := dial(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// What the tests would report of a server's answers, and what they would not.
func TestDrainSelf(t *testing.T) {
	refused, err := (&pgproto3.ErrorResponse{Severity: "FATAL", Code: "08P01", Message: "no"}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	mute, err := (&pgproto3.ErrorResponse{Severity: "ERROR", Code: "1", Message: "no"}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text, fatal string
		fine              bool
	}{
		{"nothing", "", "", true},
		{"an answer", "Z\x00\x00\x00\x05I", "", true},
		{"a refusal", string(refused), "08P01", true},
		{"an error with half a code", string(mute), "", false},
		{"no message", "\x00\x00\x00\x00\x00\x00", "", false},
		{"a message of the client", "Q\x00\x00\x00\x0dSELECT 1\x00", "", false},
		{"a row that is cut", "D\x00\x00\x00\x08\x00\x01\x00\x00", "", false},
	} {
		fatal, err := answering(t, c.text).drain()
		if fatal != c.fatal || (err == nil) != c.fine {
			t.Errorf("%s: fatal %q, %v", c.name, fatal, err)
		}
	}
}

// A network that has stopped passes nothing on, an end neither.
func TestProxySelf(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p := newProxy(t, listener.Addr().String())
	client, err := dial(p.address())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	got := make([]byte, 1)
	pass := func(from, to net.Conn, within time.Duration) error {
		if _, err := from.Write([]byte("x")); err != nil {
			return err
		}
		if err := to.SetReadDeadline(time.Now().Add(within)); err != nil {
			return err
		}
		_, err := to.Read(got)
		return err
	}
	if err := errors.Join(pass(client, server, patience), pass(server, client, patience)); err != nil {
		t.Fatal(err)
	}
	const never = 100 * time.Millisecond
	p.freeze()
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		if err := pass(way[0], way[1], never); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a byte passed the network that has stopped: %v", err)
		}
	}
	client.Conn.Close()
	if err := pass(server, server, never); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an end passed the network that has stopped: %v", err)
	}
	p.close()
	if err := server.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(got); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is still there: %v", err)
	}
}

// What is too much after an attack, and what percentiles are.
func TestFiguresSelf(t *testing.T) {
	before := usage{descriptors: 10, threads: 5, memory: 10 << 20}
	if err := before.beyond(before); err != nil {
		t.Error(err)
	}
	excess := usage{descriptors: 20, threads: 500, memory: 500 << 20}.beyond(before)
	for _, word := range []string{"descriptors", "threads", "MiB"} {
		if excess == nil || !strings.Contains(excess.Error(), word) {
			t.Errorf("%v says nothing of %s", excess, word)
		}
	}
	times := make([]time.Duration, 200)
	for i := range times {
		times[len(times)-1-i] = time.Duration(i)
	}
	s := spread{time.Hour, time.Hour}
	s.better(times)
	if s.p50 != 100 || s.p99 != 198 {
		t.Errorf("%d and %d", s.p50, s.p99)
	}
}

// Twice as slow is well enough, more is not, be it appends or reads.
func TestWithinSelf(t *testing.T) {
	quiet := figures{append: spread{p99: floor}, read: spread{p99: floor / 10}}
	for _, c := range []struct {
		append, read time.Duration
		fine         bool
	}{
		{2 * floor, floor, true}, {2*floor + 1, floor, false}, {floor, floor + 1, false},
	} {
		now := figures{append: spread{p99: c.append}, read: spread{p99: c.read}}
		if now.inBounds(quiet, floor) != c.fine {
			t.Errorf("%v beside %v: want %v", now, quiet, c.fine)
		}
	}
}

// A mutant differs from what it was made of, most of the time.
func TestMutantSelf(t *testing.T) {
	same := 0
	const all = 1_000
	for n := range all {
		text := encode(validSessions[n%len(validSessions)]...)
		was := string(text)
		m := &mutant{Rand: random(1, n), text: text}
		m.mutate()
		if string(m.text) == was {
			same++
		}
	}
	if same > all/4 {
		t.Errorf("%d of %d mutants are what they were", same, all)
	}
}
