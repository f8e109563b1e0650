package pgwire

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/jackc/pgx/v5/pgproto3"
)

// startup is a start-up packet of a version with the given names and values.
func startup(version uint32, fields ...string) string {
	body := pgvalue.Be.AppendUint32(nil, version)
	for _, f := range fields {
		body = append(append(body, f...), 0)
	}
	return packet(string(append(body, 0)))
}

func packet(body string) string {
	return string(pgvalue.Be.AppendUint32(nil, uint32(len(body)+4))) + body
}

func frame(typ byte, body string) string { return string(typ) + packet(body) }

// converse sends bytes to a new connection of a server and returns its answer: a letter
// for each message; errors with their SQLSTATE and message.
func converse(t *testing.T, s *Server, sent string) (string, []byte) {
	t.Helper()
	s.mu.Lock()
	s.defaults()
	s.mu.Unlock()
	m := &memConn{}
	m.in.WriteString(sent)
	c := newConn(s, m)
	c.serve()
	if c.counted {
		s.mu.Lock()
		s.sessions--
		s.mu.Unlock()
	}
	return answer(m.out.Bytes()), m.out.Bytes()
}

func answer(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		if b[0] == 'N' && (len(b) == 1 || len(b) < 5 || pgvalue.Be.Uint32(b[1:]) > 1<<16) { // the refusal of TLS is one byte
			out.WriteByte('N')
			b = b[1:]
			continue
		}
		if len(b) < 5 || len(b) < 1+int(pgvalue.Be.Uint32(b[1:])) {
			return out.String() + " and half a message"
		}
		n := 1 + int(pgvalue.Be.Uint32(b[1:]))
		out.WriteByte(b[0])
		if b[0] == 'E' {
			var e pgproto3.ErrorResponse
			if err := e.Decode(b[5:n]); err != nil {
				return err.Error()
			}
			out.WriteString("(" + e.Severity + " " + e.Code + " " + e.Message + ")")
		}
		b = b[n:]
	}
	return out.String()
}

func TestStartup(t *testing.T) {
	ssl, gss := packet("\x04\xd2\x16\x2f"), packet("\x04\xd2\x16\x30")
	in := startup(protocol30, "user", "u")
	for _, c := range []struct{ name, sent, want string }{
		{"nothing", "", ""},
		{"version 3.0", in, "RSKZ"},
		{"version 3.2", startup(protocol32, "user", "u"), "RSKZ"},
		{"version 3.1", startup(protocol30|1, "user", "u"), "vRSKZ"},
		{"version 3.9", startup(protocol30|9, "user", "u"), "vRSKZ"},
		{"options", startup(protocol30, "user", "u", "_pq_.x", "1"), "vRSKZ"},
		{"version 2.0", startup(2<<16, "user", "u"), "E(FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.2)"},
		{"no user", startup(protocol30, "database", "d"), "E(FATAL 28000 no PostgreSQL user name specified in startup packet)"},
		{"bad text", startup(protocol30, "user", "\xff"), `E(FATAL 22021 invalid byte sequence for encoding "UTF8": 0xff)`},
		{"replication", startup(protocol30, "user", "u", "replication", "database"), "RSKZ"},
		{"physical replication", startup(protocol30, "user", "u", "replication", "on"), "E(FATAL 0A000 physical replication is not supported)"},
		{"replication of what", startup(protocol30, "user", "u", "replication", "table"), `E(FATAL 22023 invalid value for parameter "replication": "table")`},
		{"no replication", startup(protocol30, "user", "u", "replication", "false"), "RSKZ"},
		{"no terminator", packet("\x00\x03\x00\x00user\x00u"), "E(FATAL 08P01 invalid startup packet layout: expected terminator as last byte)"},
		{"too short", packet("abc"), "E(FATAL 08P01 invalid length of startup packet)"},
		{"too long", "\x00\x00\x27\x15" + strings.Repeat("x", 20), "E(FATAL 08P01 invalid length of startup packet)"},
		{"half of it", in[:len(in)-3], ""},
		{"TLS without asking", "\x16\x03\x01" + in, ""},
		{"SSLRequest with more behind", ssl + in, "NE(FATAL 08P01 received unencrypted data after SSL request)"},
		{"SSLRequest alone", ssl, "N"},
		{"GSSENCRequest alone", gss, "N"},
		{"CancelRequest", packet("\x04\xd2\x16\x2e\x00\x00\x00\x01abcd"), ""},
		{"CancelRequest without a key", packet("\x04\xd2\x16\x2e"), ""},
		{"password", in + frame('p', "x\x00"), "RSKZE(FATAL 08P01 unexpected password message)"},
		{"terminate", in + frame('X', "") + frame('Q', "select 1\x00"), "RSKZ"},
	} {
		if got, _ := converse(t, &Server{Handler: echoHandler{}}, c.sent); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// TestCancelKeys: 4 bytes, or 32 from protocol 3.2 on.
func TestCancelKeys(t *testing.T) {
	for version, size := range map[uint32]int{protocol30: 4, protocol32: 32} {
		_, b := converse(t, &Server{Handler: echoHandler{}}, startup(version, "user", "u"))
		i := bytes.IndexByte(b, 'K')
		if got := int(pgvalue.Be.Uint32(b[i+1:])) - 8; got != size {
			t.Errorf("version %d: a key of %d bytes, want %d", version, got, size)
		}
	}
}

func TestMessageLengths(t *testing.T) {
	in := startup(protocol30, "user", "u")
	sync := frame('S', "")
	for _, c := range []struct{ name, sent, want string }{
		{"as long as may be", frame('Q', strings.Repeat("x", 999)+"\x00"), "TDDDCZ"},
		{
			"longer", frame('Q', strings.Repeat("x", 1000)+"\x00") + frame('Q', "x\x00"),
			`E(ERROR 54000 message of type "Q" is too long: 1001 bytes, the limit is 1000)ZTDDDCZ`,
		},
		{
			"longer, extended", frame('P', strings.Repeat("x", 2000)) + frame('B', "") + sync,
			`E(ERROR 54000 message of type "P" is too long: 2000 bytes, the limit is 1000)Z`,
		},
		{"a claim alone", "Q\x3f\xff\xff\xff", `E(ERROR 54000 message of type "Q" is too long: 1073741819 bytes, the limit is 1000)Z`},
		{"more than 1 GiB", "Q\x7f\xff\xff\xff", "E(FATAL 54000 message is too long)"},
		{"less than none", "Q\x00\x00\x00\x03", "E(FATAL 08P01 invalid message length)"},
		{"negative", "Q\xff\xff\xff\xff", "E(FATAL 08P01 invalid message length)"},
		{"a small one, large", "S\x00\x00\x30\x00", "E(FATAL 08P01 invalid message length)"},
		{"unknown", "\x01\x00\x00\x00\x04", "E(FATAL 08P01 invalid frontend message type 1)"},
		{"Query without an end", frame('Q', "x"), "E(ERROR 08P01 insufficient data left in message)Z"},
		{"Query with more", frame('Q', "x\x00y"), "E(ERROR 08P01 invalid message format)Z"},
		{"Describe of nothing", frame('D', "") + sync, "E(ERROR 08P01 insufficient data left in message)Z"},
		{"Bind with a negative size", frame('P', "\x00x\x00\x00\x01\x00\x00\x00\x19") +
			frame('B', "\x00\x00\x00\x00\x00\x01\xff\xff\xff\xf0") + sync, "1E(ERROR 08P01 insufficient data left in message)Z"},
		{"empty", frame('Q', "\x00"), "IZ"},
		{"function call", frame('F', ""), "E(ERROR 0A000 function calls through the protocol are not supported)Z"},
	} {
		got, _ := converse(t, &Server{Handler: echoHandler{}, MaxMessageBytes: 1000}, in+c.sent)
		if got != "RSKZ"+c.want {
			t.Errorf("%s: got %s, want RSKZ%s", c.name, got, c.want)
		}
	}
}

// waitHandler's sessions wait until they are interrupted.
type waitHandler struct {
	echoHandler
	waiting chan struct{} // gets one for each Execute that has begun
}

func (h waitHandler) Connect(ctx context.Context, c *Conn) (Session, error) {
	s, err := h.echoHandler.Connect(ctx, c)
	return waitSession{s.(*echoSession), h}, err
}

type waitSession struct {
	*echoSession
	h waitHandler
}

func (s waitSession) Bind(ctx context.Context, st Statement, v []pgvalue.Value) (Portal, error) {
	p, err := s.echoSession.Bind(ctx, st, v)
	if st.(echoStatement).text == "wait" {
		p = waitPortal{p.(*echoPortal), s.h}
	}
	return p, err
}

type waitPortal struct {
	*echoPortal
	h waitHandler
}

func (p waitPortal) Execute(ctx context.Context, _ *Output, _ int64, _ Lookahead) (Tag, bool, error) {
	p.h.waiting <- struct{}{}
	<-ctx.Done()
	return Tag{}, false, ctx.Err()
}

// client is a raw connection to a server.
type client struct {
	t *testing.T
	net.Conn
}

func listen(t *testing.T, s *Server) (addr string, served chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served = make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	return l.Addr().String(), served
}

// patience is how long anything may take before a test gives up on it; far more than it needs, for machines under load.
const patience = 2 * time.Minute

func dial(t *testing.T, addr string) *client {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &client{t, nc}
}

func (c *client) send(b string) {
	c.t.Helper()
	if _, err := c.Write([]byte(b)); err != nil {
		c.t.Fatal(err)
	}
}

// until reads up to a message of a type, or the end, and returns the last one.
func (c *client) until(typ byte) (body []byte, all string) {
	c.t.Helper()
	var raw []byte
	for {
		header := make([]byte, 5)
		if _, err := io.ReadFull(c, header); err != nil {
			return nil, answer(raw)
		}
		body = make([]byte, pgvalue.Be.Uint32(header[1:])-4)
		if _, err := io.ReadFull(c, body); err != nil {
			c.t.Fatal(err)
		}
		raw = append(append(raw, header...), body...)
		if header[0] == typ {
			return body, answer(raw)
		}
	}
}

func TestMaxConnections(t *testing.T) {
	s := &Server{Handler: echoHandler{}, MaxConnections: 2}
	addr, served := listen(t, s)
	in := startup(protocol30, "user", "u")
	first, second := dial(t, addr), dial(t, addr)
	for _, c := range []*client{first, second} {
		c.send(in)
		c.until('Z')
	}
	third := dial(t, addr)
	third.send(in)
	if _, all := third.until('Z'); all != "E(FATAL 53300 sorry, too many clients already)" {
		t.Errorf("the third: got %s", all)
	}
	second.send(frame('X', ""))
	second.until('-')
	for deadline := time.Now().Add(patience); ; {
		c := dial(t, addr)
		c.send(in)
		_, all := c.until('Z')
		if all == "RSKZ" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after one has left: got %s", all)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, all := first.until('-'); all != "E(FATAL 57P01 terminating connection due to administrator command)" {
		t.Errorf("the first, at the end: got %s", all)
	}
}

// TestShutdown: idle and busy clients are told, and nobody can come any more.
func TestShutdown(t *testing.T) {
	h := waitHandler{waiting: make(chan struct{}, 1)}
	s := &Server{Handler: h}
	addr, served := listen(t, s)
	var clients []*client
	for range 3 {
		c := dial(t, addr)
		c.send(startup(protocol30, "user", "u"))
		c.until('Z')
		clients = append(clients, c)
	}
	clients[0].send(frame('Q', "wait\x00"))
	<-h.waiting
	unstarted := dial(t, addr) // says nothing; Shutdown does not wait for it
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error("serve:", err)
	}
	for i, c := range clients {
		_, all := c.until('-')
		if !strings.HasSuffix(all, "E(FATAL 57P01 terminating connection due to administrator command)") {
			t.Errorf("client %d: got %s", i, all)
		}
	}
	unstarted.until('-')
	if nc, err := net.Dial("tcp", addr); err == nil {
		nc.Close()
		t.Error("the listener is still open")
	}
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Error(err)
	} else if err := s.Serve(l); err != nil {
		t.Error("serve after shutdown:", err)
	}
}

// TestShutdownCuts: a handler that does not listen to its context is cut off from its
// client when Shutdown's time is over.
func TestShutdownCuts(t *testing.T) {
	release, begun := make(chan struct{}), make(chan struct{})
	s := &Server{Handler: stubbornHandler{release, begun}}
	addr, served := listen(t, s)
	c := dial(t, addr)
	c.send(startup(protocol30, "user", "u"))
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	go func() {
		c.until('-') // the end, while the handler still runs
		close(release)
	}()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-served
}

type stubbornHandler struct {
	release, begun chan struct{}
}

func (h stubbornHandler) Connect(context.Context, *Conn) (Session, error) {
	close(h.begun)
	<-h.release
	return nil, pgerror.Errorf("57P01", "released")
}

func TestCancel(t *testing.T) {
	h := waitHandler{waiting: make(chan struct{}, 1)}
	s := &Server{Handler: h}
	addr, served := listen(t, s)
	c := dial(t, addr)
	c.send(startup(protocol32, "user", "u"))
	key, _ := c.until('K')
	c.until('Z')
	cancel := func(key []byte) {
		other := dial(t, addr)
		other.send(packet("\x04\xd2\x16\x2e" + string(key)))
		if _, all := other.until('-'); all != "" { // it is never answered
			t.Errorf("cancel: got %s", all)
		}
	}
	cancel(key) // does nothing to an idle connection
	c.send(frame('Q', "wait\x00"))
	<-h.waiting
	wrong := bytes.Clone(key)
	wrong[len(wrong)-1] ^= 1
	cancel(wrong)
	cancel(key[:len(key)-1])
	cancel(append(bytes.Clone(key), 0))
	s.mu.Lock()
	conn := s.conns[int32(pgvalue.Be.Uint32(key))]
	s.mu.Unlock()
	conn.mu.Lock()
	interrupted := conn.ctx.Err() != nil
	conn.mu.Unlock()
	if interrupted {
		t.Fatalf("a wrong key interrupted the statement: %s", hex.EncodeToString(key))
	}
	cancel(key)
	if _, all := c.until('Z'); all != "TE(ERROR 57014 canceling statement due to user request)Z" {
		t.Errorf("got %s", all)
	}
	c.send(frame('Q', "x\x00"))
	if _, all := c.until('Z'); all != "TDDDCZ" {
		t.Errorf("after it: got %s", all)
	}
	ctx, done := context.WithTimeout(t.Context(), patience)
	defer done()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	<-served
}

// BenchmarkAppendRow encodes a row as a SELECT * FROM events returns it.
func BenchmarkAppendRow(b *testing.B) {
	columns := []pgvalue.Column{
		{OID: pgvalue.OIDInt8},
		{OID: pgvalue.OIDUUID},
		{OID: pgvalue.OIDText},
		{OID: pgvalue.OIDInt8},
		{OID: pgvalue.OIDUUID},
		{OID: pgvalue.OIDText},
		{OID: pgvalue.OIDJSONB},
		{OID: pgvalue.OIDJSONB},
		{OID: pgvalue.OIDTextArray},
		{OID: pgvalue.OIDTimestamptz},
	}
	row := []pgvalue.Value{
		pgvalue.IntValue(1234567), pgvalue.UUIDValue([16]byte{1}), pgvalue.TextValue("order-1234567"), pgvalue.IntValue(7), pgvalue.UUIDValue([16]byte{2}), pgvalue.TextValue("OrderPlaced"),
		pgvalue.BytesValue([]byte(`{"order": 1234567, "items": [{"sku": "A-1", "quantity": 2}], "total": "12.50"}`)),
		{},
		pgvalue.ArrayValue([]pgvalue.Value{pgvalue.TextValue("a"), pgvalue.TextValue("b c")}), pgvalue.TimeValue(1795456801_500_000),
	}
	for name, formats := range map[string][]int16{"text": nil, "binary": {1}} {
		b.Run(name, func(b *testing.B) {
			server := &Server{Handler: echoHandler{}}
			server.defaults()
			c := newConn(server, &memConn{})
			out := Output{c: c, columns: columns, formats: formats}
			b.ReportAllocs()
			for b.Loop() {
				c.out = c.out[:0]
				if err := out.Row(b.Context(), row); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(c.out)))
		})
	}
}

// A client that takes nothing is not waited for without end.
func TestStall(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	s := &Server{}
	s.defaults()
	c := newConn(s, ours)
	c.stall = time.Millisecond
	c.out = append(c.out, 'Z', 0, 0, 0, 5, 'I')
	if err := c.flush(); !errors.Is(err, errDisconnected) {
		t.Errorf("flush to a client that does not read: %v", err)
	}
}
