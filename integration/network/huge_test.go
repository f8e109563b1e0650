//go:build linux

package network

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

const twoGiB = 1<<31 - 1

// claim is a message's type with a length that is not true, and a few bytes of it.
func claim(kind byte, length uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind}, length)
	return append(b, "SELECT 1"...)
}

// Every kind of message claims 2 GiB, at the start and after it. The server refuses at
// once, having taken no memory for it.
func TestClaimTwoGiB(t *testing.T) {
	s := besiege(t, nil)
	for _, length := range []uint32{twoGiB, 1 << 30, 1 << 31, 1<<32 - 1} {
		r, err := dial(s.server.Address())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Write(append(binary.BigEndian.AppendUint32(nil, length), 0, 3, 0, 0, 'u')); err != nil {
			t.Fatal(err)
		}
		if _, err := r.drain(); err != nil {
			t.Errorf("a startup packet of %d bytes: %v", length, err)
		}
		r.Close()
	}
	for _, kind := range []byte("QPBEDCSHFdcfpX") {
		r := s.session(nil)
		if _, err := r.Write(claim(kind, twoGiB)); err != nil {
			t.Fatal(err)
		}
		if fatal, err := r.drain(); err != nil || !tooLong(fatal) {
			t.Errorf("a %c of 2 GiB: fatal %q, %v", kind, fatal, err)
		}
		r.Close()
	}
	for _, kind := range []byte("dcfQ") { // within COPY
		r := s.session(nil)
		s.copyIn(r)
		if _, err := r.Write(claim(kind, twoGiB)); err != nil {
			t.Fatal(err)
		}
		if fatal, err := r.drain(); err != nil || !tooLong(fatal) {
			t.Errorf("a %c of 2 GiB within COPY: fatal %q, %v", kind, fatal, err)
		}
		r.Close()
	}
	s.bounded(16 << 20)
	s.endure()
	s.lift()
}

// tooLong: a message above the limit, or one of a kind that is never long.
func tooLong(fatal string) bool { return fatal == "54000" || fatal == "08P01" }

// session opens one; the test ends if it cannot.
func (s *siege) session(parameters map[string]string) *raw {
	s.t.Helper()
	r, err := start(s.server, parameters)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { r.Close() })
	s.mu.Lock()
	s.opened = append(s.opened, r)
	s.mu.Unlock()
	return r
}

// copyIn begins a COPY and reads the server's consent.
func (s *siege) copyIn(r *raw) {
	s.t.Helper()
	if err := r.send(&pgproto3.Query{String: "COPY events (stream, type, payload) FROM STDIN"}); err != nil {
		s.t.Fatal(err)
	}
	message, err := r.front.Receive()
	if _, ok := message.(*pgproto3.CopyInResponse); err != nil || !ok {
		s.t.Fatalf("COPY: %T, %v", message, err)
	}
}

// What is inside a message claims more than there is: two billion bytes of a parameter,
// 65,535 parameters. The message is refused, and the session goes on.
func TestClaimInside(t *testing.T) {
	s := besiege(t, nil)
	r := s.session(nil)
	if err := r.send(&pgproto3.Parse{Name: "s", Query: "SELECT $1::text"}, &pgproto3.Sync{}); err != nil {
		t.Fatal(err)
	}
	if err := r.ready(); err != nil {
		t.Fatal(err)
	}
	body := func(kind byte, body string) []byte {
		b := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
		return append(append(b, body...), encode(&pgproto3.Sync{})...)
	}
	for _, c := range []struct {
		name string
		text []byte
	}{
		{"a parameter of 2 GiB", body('B', "\x00s\x00\x00\x00\x00\x01\x7f\xff\xff\xff")},
		{"a parameter of -2 bytes", body('B', "\x00s\x00\x00\x00\x00\x01\xff\xff\xff\xfe")},
		{"65,535 parameters", body('B', "\x00s\x00\x00\x00\xff\xff\x00\x00\x00\x01x")},
		{"65,535 formats", body('B', "\x00s\x00\xff\xff\x00\x00")},
		{"65,535 types", body('P', "\x00SELECT 1\x00\xff\xff")},
	} {
		if _, err := r.Write(c.text); err != nil {
			t.Fatal(err)
		}
		if err := r.ready(); code(err) != "08P01" {
			t.Errorf("%s: %v", c.name, err)
		}
		if got, err := r.ask("SELECT 1"); err != nil || got != "1" {
			t.Fatalf("after %s: %q, %v", c.name, got, err)
		}
	}
	r.Close()
	s.bounded(16 << 20)
	s.lift()
}

// A hundred sessions announce a message of just under the limit and send little of it.
// Memory is taken for what has come, not for what was announced.
func TestClaimWithinLimit(t *testing.T) {
	s := besiege(t, nil)
	const clients, announced = 100, 64<<20 - 16
	var sessions []*raw
	for i := range clients {
		r := s.session(nil)
		kind := "QPBd"[i%4]
		if kind == 'd' {
			s.copyIn(r)
		}
		if _, err := r.Write(append(claim(kind, announced), padding(1_000)...)); err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, r)
	}
	s.endure()
	s.bounded(64 << 20) // of 6.4 GiB
	for i, r := range sessions {
		if r.closed() {
			t.Error(fmt.Errorf("session %d was closed, its message is within the limit", i))
		}
		r.Close()
	}
	s.lift()
}
