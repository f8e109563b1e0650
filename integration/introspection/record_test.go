package introspection

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// A recorder stands between a client and a server and remembers each statement, its
// parameters and what was answered. It keeps that in memory: nothing of it is written.
type recorder struct {
	mu        sync.Mutex
	exchanges []*exchange
	err       error
}

// An exchange is one execution of a statement.
type exchange struct {
	sql    string
	params []string
	result pgconn.Result // rows as text
	state  string        // SQLSTATE, if it was refused
	of     *statement    // in the extended protocol
}

// maxFrame bounds what a message may take; a catalog has no row nearly as large.
const maxFrame = 16 << 20

// record puts a recorder in front of a server, and returns it with the server as a client shall see it.
func record(t *testing.T, s *server) (*recorder, *server) {
	t.Helper()
	config, err := pgconn.ParseConfig(s.url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	r := &recorder{}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go r.serve(client, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
		}
	}()
	seen := *s
	seen.url = fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", config.User, listener.Addr(), config.Database)
	return r, &seen
}

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// serve is one connection. Encryption is refused, for it would hide the statements.
func (r *recorder) serve(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		r.fail(err)
		return
	}
	defer server.Close()
	for {
		start, err := startup(client)
		if err != nil {
			return
		}
		if code := binary.BigEndian.Uint32(start[4:]); code == 80877103 || code == 80877104 { // SSLRequest, GSSENCRequest
			if _, err := client.Write([]byte("N")); err != nil {
				return
			}
			continue
		}
		if _, err := server.Write(start); err != nil {
			return
		}
		break
	}
	c := &recorded{recorder: r, types: pgtype.NewMap(), statements: map[string]*statement{}, portals: map[string]*exchange{}, formats: map[*exchange][]int16{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer client.Close()
		pump(server, client, c.answered)
	}()
	pump(client, server, c.asked)
	server.Close()
	<-done
}

func startup(from io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head)
	if n < 8 || n > 10000 {
		return nil, fmt.Errorf("a startup packet of %d bytes", n)
	}
	all := append(head, make([]byte, n-4)...)
	_, err := io.ReadFull(from, all[4:])
	return all, err
}

// pump passes messages on, each after see has seen it.
func pump(from io.Reader, to io.Writer, see func(kind byte, body []byte)) {
	head := make([]byte, 5)
	for {
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		n := binary.BigEndian.Uint32(head[1:])
		if n < 4 || n > maxFrame {
			return
		}
		frame := append(append(make([]byte, 0, n+1), head...), make([]byte, n-4)...)
		if _, err := io.ReadFull(from, frame[5:]); err != nil {
			return
		}
		see(frame[0], frame[5:])
		if _, err := to.Write(frame); err != nil {
			return
		}
	}
}

type statement struct {
	sql    string
	types  []uint32
	fields []pgconn.FieldDescription
}

// An expected is what an answer is still due to: a query, a Describe, an Execute or a Sync.
type expected struct {
	kind      byte // Q D E S
	exchange  *exchange
	statement *statement // what is described
}

// recorded is what one connection has asked and not been answered, and what it has prepared.
type recorded struct {
	*recorder
	types      *pgtype.Map
	statements map[string]*statement
	portals    map[string]*exchange
	formats    map[*exchange][]int16
	due        []expected
}

// asked sees a message of the client's.
func (c *recorded) asked(kind byte, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch kind {
	case 'Q':
		c.expect('Q', &exchange{sql: strings.TrimSuffix(string(body), "\x00")}, nil)
	case 'P':
		var m pgproto3.Parse
		if m.Decode(body) == nil {
			c.statements[m.Name] = &statement{sql: m.Query, types: m.ParameterOIDs}
		}
	case 'B':
		var m pgproto3.Bind
		if m.Decode(body) != nil {
			return
		}
		s := c.statements[m.PreparedStatement]
		if s == nil {
			s = &statement{}
		}
		x := &exchange{sql: s.sql, of: s}
		x.result.FieldDescriptions = s.fields
		for i, p := range m.Parameters {
			var oid uint32
			if i < len(s.types) {
				oid = s.types[i]
			}
			x.params = append(x.params, c.text(p, oid, format(m.ParameterFormatCodes, i)))
		}
		c.portals[m.DestinationPortal], c.formats[x] = x, append([]int16(nil), m.ResultFormatCodes...)
	case 'D':
		var m pgproto3.Describe
		if m.Decode(body) != nil {
			return
		}
		if m.ObjectType == 'S' {
			c.due = append(c.due, expected{kind: 'D', statement: c.statements[m.Name]})
		} else {
			c.due = append(c.due, expected{kind: 'D', exchange: c.portals[m.Name]})
		}
	case 'E':
		var m pgproto3.Execute
		if m.Decode(body) == nil && c.portals[m.Portal] != nil {
			c.expect('E', c.portals[m.Portal], nil)
		}
	case 'S':
		c.due = append(c.due, expected{kind: 'S'})
	}
}

func (c *recorded) expect(kind byte, x *exchange, s *statement) {
	c.due = append(c.due, expected{kind: kind, exchange: x, statement: s})
	c.exchanges = append(c.exchanges, x)
}

// answered sees a message of the server's.
func (c *recorded) answered(kind byte, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.due) == 0 {
		return
	}
	head := c.due[0]
	switch kind {
	case 'T':
		var m pgproto3.RowDescription
		if m.Decode(body) != nil {
			return
		}
		var fields []pgconn.FieldDescription
		for _, f := range m.Fields {
			fields = append(fields, pgconn.FieldDescription{Name: string(f.Name), DataTypeOID: f.DataTypeOID, Format: f.Format})
		}
		if head.statement != nil {
			head.statement.fields = fields
			for _, x := range c.portals { // bound before the answer came
				if x.sql == head.statement.sql && x.result.FieldDescriptions == nil {
					x.result.FieldDescriptions = fields
				}
			}
		}
		if x := head.exchange; x != nil {
			if head.kind == 'Q' && x.result.FieldDescriptions != nil { // the next of several results
				x = &exchange{sql: x.sql + " -- and more"}
				c.due[0].exchange, c.exchanges = x, append(c.exchanges, x)
			}
			x.result.FieldDescriptions = fields
			if x.of != nil {
				x.of.fields = fields // for who executes it again and does not ask
			}
		}
		if head.kind == 'D' {
			c.due = c.due[1:]
		}
	case 'n':
		if head.kind == 'D' {
			c.due = c.due[1:]
		}
	case 'D':
		var m pgproto3.DataRow
		if head.exchange == nil || m.Decode(body) != nil {
			return
		}
		x := head.exchange
		if x.result.FieldDescriptions == nil && x.of != nil {
			x.result.FieldDescriptions = x.of.fields
		}
		row := make([][]byte, len(m.Values))
		for i, v := range m.Values {
			var oid uint32
			if i < len(x.result.FieldDescriptions) {
				oid = x.result.FieldDescriptions[i].DataTypeOID
			}
			if v != nil {
				row[i] = []byte(c.text(v, oid, format(c.formats[x], i)))
			}
		}
		x.result.Rows = append(x.result.Rows, row)
	case 'C', 'I', 's':
		if head.kind == 'E' {
			c.due = c.due[1:]
		}
	case 'E':
		var m pgproto3.ErrorResponse
		if m.Decode(body) != nil {
			return
		}
		// What stood behind it up to the next Sync is not executed.
		for len(c.due) > 0 && c.due[0].kind != 'S' {
			if x := c.due[0].exchange; x != nil && x.state == "" {
				x.state = m.Code
			}
			if c.due[0].kind == 'Q' {
				break
			}
			c.due = c.due[1:]
		}
	case 'Z':
		if head.kind == 'Q' || head.kind == 'S' {
			c.due = c.due[1:]
		}
	}
}

func format(codes []int16, i int) int16 {
	switch {
	case len(codes) == 1:
		return codes[0]
	case i < len(codes):
		return codes[i]
	}
	return 0
}

// text is a value as it would be in text, near enough to compare two servers' with.
func (c *recorded) text(value []byte, oid uint32, format int16) string {
	if value == nil {
		return "∅"
	}
	if format == 0 {
		return string(value)
	}
	if typ, known := c.types.TypeForOID(oid); known {
		if v, err := typ.Codec.DecodeValue(c.types, oid, format, value); err == nil {
			return fmt.Sprint(v)
		}
	}
	return fmt.Sprintf("%x", value)
}

// TestRecorder asks PostgreSQL through a recorder in both protocols, and looks at what it has seen.
func TestRecorder(t *testing.T) {
	r, seen := record(t, postgres(t))
	conn := seen.connect(t)
	ctx := deadline(t)
	if _, err := conn.Exec(ctx, "SELECT 1 AS one").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if res := conn.ExecParams(ctx, "SELECT $1::oid AS o, $2::text", [][]byte{{0, 0, 4, 210}, []byte("b")}, []uint32{oidType, 25}, []int16{1, 0}, []int16{1}).Read(); res.Err != nil {
		t.Fatal(res.Err)
	}
	if res := conn.ExecParams(ctx, "SELECT nothing", nil, nil, nil, nil).Read(); res.Err == nil {
		t.Fatal("nothing is there")
	}
	var got []string
	for _, x := range r.recorded(t) {
		got = append(got, fmt.Sprintf("%s %v %d %s %s", x.sql, x.params, len(x.result.FieldDescriptions), x.result.Rows, x.state))
	}
	want := []string{"SELECT 1 AS one [] 1 [[1]] ", "SELECT $1::oid AS o, $2::text [1234 b] 2 [[1234 b]] ", "SELECT nothing [] 0 [] 42703"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// recorded are the exchanges so far.
func (r *recorder) recorded(t *testing.T) []*exchange {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		t.Fatal(r.err)
	}
	return append([]*exchange(nil), r.exchanges...)
}
