//go:build linux

package network

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"
)

// What is sent in place of a startup packet: other protocols, and the packet with
// something wrong in it.
var malformedStarts = []struct{ name, text string }{
	{"nothing", ""},
	{"a zero", "\x00"},
	{"HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
	{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\xaa", 200)},
	{"SSH", "SSH-2.0-OpenSSH_9.6\r\n"},
	{"Redis", "*1\r\n$4\r\nPING\r\n"},
	{"all ones", strings.Repeat("\xff", 4096)},
	{"all zeros", strings.Repeat("\x00", 4096)},
	{"a query at once", "Q\x00\x00\x00\x0dSELECT 1\x00"},
	{"a name without a value", "\x00\x00\x00\x0d\x00\x03\x00\x00user\x00"},
	{"no end", "\x00\x00\x00\x10\x00\x03\x00\x00userabcd"},
	{"not UTF-8", "\x00\x00\x00\x12\x00\x03\x00\x00user\x00\xff\xfe\x00\x00"},
	{"a cancel request without a key", "\x00\x00\x00\x08\x04\xd2\x16\x2e"},
	{"a cancel request with a long key", "\x00\x00\x01\x10\x04\xd2\x16\x2e" + strings.Repeat("k", 264)},
	{"GSSAPI asked for twice", "\x00\x00\x00\x08\x04\xd2\x16\x30\x00\x00\x00\x08\x04\xd2\x16\x30"},
	{"TLS asked for, and garbage", "\x00\x00\x00\x08\x04\xd2\x16\x2f" + strings.Repeat("\x99", 100)},
	{"an unknown request", "\x00\x00\x00\x08\x04\xd2\x16\x31"},
}

// What is sent after it.
var malformedMessages = []struct{ name, text string }{
	{"a length of 0", "Q\x00\x00\x00\x00"},
	{"a length of -1", "Q\xff\xff\xff\xff"},
	{"a type of 0", "\x00\x00\x00\x00\x04"},
	{"types of the server", "Z\x00\x00\x00\x05I"},
	{"all ones", strings.Repeat("\xff", 4096)},
	{"all zeros", strings.Repeat("\x00", 4096)},
	{"a query without an end", "Q\x00\x00\x00\x0cSELECT 1"},
	{"a query with zeros in it", "Q\x00\x00\x00\x0fSEL\x00ECT 1\x00\x00"},
	{"a query that is not UTF-8", "Q\x00\x00\x00\x0d\xc3\x28\xff\xfe\xfd\xa0\xa1\x80\x00"},
	{"empty messages of all types", empties("PBEDCHSdcfFpQ")},
	{"a message in a message", "Q\x00\x00\x00\x13Q\x00\x00\x00\x0dSELECT 1\x00\x00"},
	{"Describe of an unknown kind", "D\x00\x00\x00\x06?\x00S\x00\x00\x00\x04"},
	{"Close of an unknown kind", "C\x00\x00\x00\x06?\x00S\x00\x00\x00\x04"},
	{"Execute with -1 rows", "P\x00\x00\x00\x10\x00SELECT 1\x00\x00\x00B\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00E\x00\x00\x00\x09\x00\xff\xff\xff\xffS\x00\x00\x00\x04"},
	{"an unknown format", "P\x00\x00\x00\x10\x00SELECT 1\x00\x00\x00B\x00\x00\x00\x0e\x00\x00\x00\x00\x00\x00\x00\x01\x00\x07S\x00\x00\x00\x04"},
	{"10,000 Syncs", strings.Repeat("S\x00\x00\x00\x04", 10_000)},
	{"10,000 Flushes", strings.Repeat("H\x00\x00\x00\x04", 10_000)},
	{"10,000 errors and no Sync", strings.Repeat("P\x00\x00\x00\x09\x00?\x00\x00\x00", 10_000)},
	{"10,000 statements at once", strings.Repeat("Q\x00\x00\x00\x0dSELECT 1\x00", 10_000)},
}

func empties(kinds string) (text string) {
	for _, kind := range kinds {
		text += string(kind) + "\x00\x00\x00\x04"
	}
	return text
}

// Whatever comes in place of messages, the answer is messages or an end, and soon: the
// client stops sending after it, and waits for the server to close.
func TestMalformed(t *testing.T) {
	s := besiege(t, nil)
	for _, c := range malformedStarts {
		r, err := dial(s.server.Address())
		if err != nil {
			t.Fatal(err)
		}
		if err := r.finish([]byte(c.text), false); err != nil {
			t.Errorf("at the start, %s: %v", c.name, err)
		}
	}
	for _, c := range malformedMessages {
		if err := s.session(nil).finish([]byte(c.text), true); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		r := s.session(nil)
		s.copyIn(r)
		if err := r.finish([]byte(c.text), true); err != nil {
			t.Errorf("within COPY, %s: %v", c.name, err)
		}
	}
	s.bounded(moreMemory)
	s.endure()
	s.lift()
}

// An error that quotes what a client sent is a message nonetheless: a zero in a row does not
// end the field that quotes it, so that the client could write the next, and bytes that are
// not UTF-8 are not sent to one that wants UTF-8.
func TestErrorQuotes(t *testing.T) {
	s := besiege(t, nil)
	var wrong []string
	see := func(name string, want string, err error) {
		var told refusal
		if !errors.As(err, &told) {
			t.Fatalf("%s: want an error, got %v", name, err)
		}
		if told.Code != want || !utf8.ValidString(told.Message) || !utf8.ValidString(told.Where) {
			wrong = append(wrong, fmt.Sprintf("%s: code %q, message %q, where %q", name, told.Code, told.Message, told.Where))
		}
	}
	for _, c := range []struct{ name, row string }{
		{"a zero in COPY", "quoted\x00C00000\tA\t{}\n"},
		{"no UTF-8 in COPY", "quoted\xff\xfe\tA\t{}\n"},
		{"no UTF-8 in a payload in COPY", "quoted\tA\t{\"a\": \"\xc3\x28\"}\n"},
	} {
		r := s.session(nil)
		s.copyIn(r)
		if err := r.send(&pgproto3.CopyData{Data: []byte(c.row)}, &pgproto3.CopyDone{}); err != nil {
			t.Fatal(err)
		}
		see(c.name, "22021", r.ready())
		r.Close()
	}
	for _, c := range []struct {
		name    string
		message pgproto3.FrontendMessage
	}{
		{"a statement's name", &pgproto3.Bind{PreparedStatement: "\xff\xfe"}},
		{"a portal's name", &pgproto3.Execute{Portal: "\xff\xfe"}},
	} {
		r := s.session(nil)
		if err := r.send(c.message, &pgproto3.Sync{}); err != nil {
			t.Fatal(err)
		}
		see("no UTF-8 in "+c.name, "22021", r.ready())
		r.Close()
	}
	s.lift()
	if wrong != nil {
		t.Errorf("bytes that are quoted in an error are not escaped:\n%s", strings.Join(wrong, "\n"))
	}
}

// finish sends the last that there is to send, and reads to the end.
func (r *raw) finish(text []byte, started bool) error {
	defer r.Close()
	r.sendAll(text)
	if !started {
		// SSLRequest and GSSENCRequest are answered by a byte that is no message.
		r.skipRefusals()
	}
	_, err := r.drain()
	return err
}

// sendAll sends beside what is read, as a server that answers before it reads on must not
// be waited for, and closes this direction. That the other side closes first is fine.
func (r *raw) sendAll(text []byte) {
	go func() {
		_, _ = r.Write(text)
		_ = r.Conn.(*net.TCPConn).CloseWrite()
	}()
}

func (r *raw) skipRefusals() {
	first := []byte{'N'}
	for first[0] == 'N' {
		if _, err := io.ReadFull(r.Conn, first); err != nil {
			return // the end, which the next read meets again
		}
	}
	r.front = pgproto3.NewFrontend(io.MultiReader(bytes.NewReader(first), r.Conn), r.Conn)
}
