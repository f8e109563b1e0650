//go:build unix

package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	// mayGrow is how much more memory the server may use while the reader reads,
	// in bytes. The result is more than twice as large.
	mayGrow = 64 << 20
	// sip is what the slow reader reads at a time, in bytes.
	sip = 4 << 10
	// sips are taken while the other client appends, one append before each.
	sips = 300
)

// The ways to ask for everything.
var everything = []struct {
	name     string
	messages []pgproto3.FrontendMessage
}{
	{"simple", []pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT * FROM events"}}},
	{"extended", []pgproto3.FrontendMessage{
		&pgproto3.Parse{Query: "SELECT * FROM events"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{},
	}},
	{"copy", []pgproto3.FrontendMessage{&pgproto3.Query{String: "COPY (SELECT * FROM events) TO STDOUT"}}},
	{"cursor", []pgproto3.FrontendMessage{&pgproto3.Query{
		String: "BEGIN; DECLARE c CURSOR FOR SELECT * FROM events; FETCH ALL FROM c; COMMIT",
	}}},
}

// A client asks for everything and reads it slowly, while another one appends.
// The server's memory stays flat: nothing holds a result.
func TestSlowReader(t *testing.T) {
	events, pad := 200_000, 640
	if harness.Long() {
		events, pad = 1_000_000, 320
	}
	server := harness.Eventgres(t)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	fill(ctx, t, server, events, pad)
	for _, way := range everything {
		t.Run(way.name, func(t *testing.T) {
			// What loading took, or the way before, is not what growth is measured from.
			server.Restart()
			readSlowly(ctx, t, server, way.messages)
		})
	}
}

func readSlowly(ctx context.Context, t *testing.T, server *harness.Server, request []pgproto3.FrontendMessage) {
	appender := connect(ctx, t, server)
	appendOne(ctx, t, appender)
	var events int
	if err := appender.QueryRow(ctx, "SELECT count(*) FROM events").Scan(&events); err != nil {
		t.Fatal(err)
	}
	memory := watch(t, server)
	reader := newSlowReader(t, server)
	reader.send(t, request)
	reader.sip(t) // the answer has begun: appends from here on are none of its business
	memory.settle(t)
	slowest := time.Duration(0)
	for range sips {
		slowest = max(slowest, appendOne(ctx, t, appender))
		reader.sip(t)
		memory.sample(t)
	}
	reader.rest(t, events, func() { memory.sample(t) })
	t.Logf("%d events, %d bytes; memory %s; slowest append beside the reader %v",
		events, reader.size, memory, slowest)
	if reader.size < 2*mayGrow {
		t.Errorf("a result of %d bytes proves nothing: make it larger", reader.size)
	}
	if memory.grown() > mayGrow {
		t.Errorf("memory grew by more than %d MiB: %s", mayGrow>>20, memory)
	}
}

// fill appends events on a thousand streams, with payloads of some more than pad bytes.
func fill(ctx context.Context, t *testing.T, server *harness.Server, events, pad int) {
	t.Helper()
	conn := connect(ctx, t, server)
	defer conn.Close(ctx)
	source := &generator{left: events, pad: strings.Repeat("x", pad)}
	tag, err := conn.PgConn().CopyFrom(ctx, source, "COPY events (stream, type, payload) FROM STDIN")
	if err != nil {
		t.Fatal(err)
	}
	if tag.RowsAffected() != int64(events) {
		t.Fatalf("%d rows copied, want %d", tag.RowsAffected(), events)
	}
}

// A generator is a file of COPY's text format that is made as it is read.
type generator struct {
	made, left int
	pad        string
	line       bytes.Buffer
}

func (g *generator) Read(p []byte) (int, error) {
	if g.line.Len() == 0 {
		if g.left == 0 {
			return 0, io.EOF
		}
		fmt.Fprintf(&g.line, "meter-%d\tRead\t{\"n\": %d, \"pad\": \"%s\"}\n", g.made%1000, g.made, g.pad)
		g.made++
		g.left--
	}
	return g.line.Read(p)
}

func connect(ctx context.Context, t *testing.T, server *harness.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func appendOne(ctx context.Context, t *testing.T, conn *pgx.Conn) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := conn.Exec(ctx, "INSERT INTO events (stream, type, payload) VALUES ('beside', 'A', '{}')"); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// A slowReader speaks the protocol on a connection with a small window, so that
// what it has not read the server has not sent.
type slowReader struct {
	conn net.Conn
	read bytes.Buffer // what was sipped and not looked at
	size int64
}

func newSlowReader(t *testing.T, server *harness.Server) *slowReader {
	t.Helper()
	dialer := net.Dialer{Timeout: patience, Control: smallWindow}
	conn, err := dialer.DialContext(t.Context(), "tcp", server.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	r := &slowReader{conn: conn}
	config, err := pgconn.ParseConfig(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	front := pgproto3.NewFrontend(conn, conn)
	front.Send(&pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersion30,
		Parameters:      map[string]string{"user": config.User, "database": config.Database},
	})
	if err := front.Flush(); err != nil {
		t.Fatal(err)
	}
	r.patience(t)
	for {
		message, err := front.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := message.(*pgproto3.ReadyForQuery); ok {
			return r
		}
	}
}

// smallWindow asks for a receive buffer of 32 KiB instead of megabytes.
func smallWindow(_, _ string, c syscall.RawConn) error {
	var failure error
	err := c.Control(func(fd uintptr) {
		failure = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 32<<10)
	})
	return errors.Join(err, failure)
}

func (r *slowReader) patience(t *testing.T) {
	t.Helper()
	if err := r.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
}

func (r *slowReader) send(t *testing.T, request []pgproto3.FrontendMessage) {
	t.Helper()
	front := pgproto3.NewFrontend(r.conn, r.conn)
	for _, message := range request {
		front.Send(message)
	}
	if err := front.Flush(); err != nil {
		t.Fatal(err)
	}
}

// sip reads a little.
func (r *slowReader) sip(t *testing.T) {
	t.Helper()
	r.patience(t)
	n, err := io.CopyN(&r.read, r.conn, sip)
	r.size += n
	if err != nil {
		t.Fatal(err)
	}
}

// rest reads all that is left and checks that every event came once.
func (r *slowReader) rest(t *testing.T, want int, now func()) {
	t.Helper()
	front := pgproto3.NewFrontend(io.MultiReader(&r.read, &counter{r}), r.conn)
	seen := make([]bool, want)
	for rows := 0; ; {
		if rows%10_000 == 0 {
			r.patience(t)
			now()
		}
		message, err := front.Receive()
		if err != nil {
			t.Fatalf("after %d rows: %v", rows, err)
		}
		switch message := message.(type) {
		case *pgproto3.DataRow:
			tick(t, seen, message.Values[0])
			rows++
		case *pgproto3.CopyData:
			position, _, _ := bytes.Cut(message.Data, []byte("\t"))
			tick(t, seen, position)
			rows++
		case *pgproto3.ErrorResponse:
			t.Fatalf("after %d rows: %s %s", rows, message.Code, message.Message)
		case *pgproto3.ReadyForQuery:
			if rows != want {
				t.Errorf("%d rows, want %d", rows, want)
			}
			return
		}
	}
}

// tick notes that a position came.
func tick(t *testing.T, seen []bool, text []byte) {
	t.Helper()
	position, err := strconv.Atoi(string(text))
	if err != nil || position >= len(seen) || seen[position] {
		t.Fatalf("unexpected position %s", text)
	}
	seen[position] = true
}

// A counter counts what is read from the connection.
type counter struct{ *slowReader }

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.conn.Read(p)
	c.size += int64(n)
	return n, err
}
