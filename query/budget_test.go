package query

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// boundedServer serves on a loopback port with small budgets.
func boundedServer(t *testing.T, connection, total int64) (addr string, server *pgwire.Server, handler *lastSession) {
	t.Helper()
	handler = &lastSession{Server: NewServer(openStore(t, engine.Options{SegmentBytes: 1 << 20}), nil)}
	server = &pgwire.Server{Handler: handler, ConnectionMemory: connection, TotalMemory: total}
	return serveServer(t, server), server, handler
}

// rawClient speaks the protocol message by message.
type rawClient struct {
	t  testing.TB
	nc net.Conn
	f  *pgproto3.Frontend
}

func dialRaw(t testing.TB, addr string) *rawClient {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c := &rawClient{t: t, nc: nc, f: pgproto3.NewFrontend(nc, nc)}
	c.f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "u"}})
	c.until(false)
	return c
}

// until sends what is there and reads up to ReadyForQuery; it returns the SQLSTATEs of errors.
func (c *rawClient) until(sync bool) (codes []string) {
	c.t.Helper()
	if sync {
		c.f.Send(&pgproto3.Sync{})
	}
	_ = c.nc.SetDeadline(time.Now().Add(patience))
	if err := c.f.Flush(); err != nil {
		c.t.Fatal(err)
	}
	for {
		m, err := c.f.Receive()
		if err != nil {
			c.t.Fatal(err)
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			codes = append(codes, m.Code)
		case *pgproto3.ReadyForQuery:
			return codes
		}
	}
}

// leave ends the connection without a word and waits for the server's end of it, which closes once all is given back.
func (c *rawClient) leave() {
	c.t.Helper()
	defer c.nc.Close()
	if err := c.nc.(*net.TCPConn).CloseWrite(); err != nil {
		c.t.Fatal(err)
	}
	_ = c.nc.SetDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, c.nc); err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawClient) query(sql string) []string {
	c.t.Helper()
	c.f.Send(&pgproto3.Query{String: sql})
	return c.until(false)
}

// TestBudgetReturns: whatever a client does, what is counted for it is given back exactly: when it has let go
// of everything, and when it has gone.
func TestBudgetReturns(t *testing.T) {
	histories := 40
	if os.Getenv("EVENTGRES_LONG") != "" {
		histories = 2000
	}
	addr, server, handler := boundedServer(t, 3<<20, 8<<20)
	refused := 0
	for seed := range histories {
		r := rand.New(rand.NewPCG(uint64(seed), 14))
		c := dialRaw(t, addr)
		var history []string
		for range 60 {
			step, codes := randomStep(c, r)
			history = append(history, fmt.Sprint(step, codes))
			for _, code := range codes {
				if code == "53200" {
					refused++
				}
			}
		}
		if r.IntN(4) > 0 { // else it leaves with everything open
			c.query("rollback")
			c.query("discard all")
			if held, want := heldBy(handler); held != want {
				t.Fatalf("history %d: %d bytes are held after DISCARD ALL, %d expected\n%s", seed, held, want, strings.Join(history, "\n"))
			}
		}
		c.leave()
		if used, sessions := server.MemoryUsed(), sessionsOf(handler); used != 0 || sessions > 0 {
			t.Fatalf("history %d: %d bytes of the pool and %d sessions are held after the client has gone\n%s", seed, used, sessions, strings.Join(history, "\n"))
		}
	}
	if refused < histories/4 {
		t.Errorf("only %d of %d steps met the bound: the test does not test it", refused, histories*60)
	}
}

// lastSession is a server that remembers the session that came last.
type lastSession struct {
	*Server
	last atomic.Pointer[Session]
}

func (l *lastSession) Connect(ctx context.Context, c *pgwire.Conn) (pgwire.Session, error) {
	s, err := l.Server.Connect(ctx, c)
	if err == nil {
		l.last.Store(s.(*Session))
	}
	return s, err
}

// heldBy tells what the one session's connection holds, and what it should: its cache, and its settings.
func heldBy(handler *lastSession) (held, want int64) {
	if raced {
		return 0, 0
	}
	s := handler.last.Load()
	return s.conn.Held(), s.cache.held.Held() + s.settings.Size()
}

func sessionsOf(handler *lastSession) int { return len(handler.sessions.List()) }

// randomStep does one of the things that take memory, or give it back.
func randomStep(c *rawClient, r *rand.Rand) (string, []string) {
	name := func(kind string) string {
		if r.IntN(4) == 0 {
			return ""
		}
		return fmt.Sprintf("%s%d", kind, r.IntN(6))
	}
	text := func() string {
		return strings.Repeat("x", []int{3, 300, 30_000, 300_000, 900_000}[r.IntN(5)])
	}
	switch n := r.IntN(24); n {
	case 0, 1, 2:
		sql := []string{
			"select $1::text, '" + text() + "'",
			"select * from events where stream = $1 or type in ('a'" + strings.Repeat(",'b'", r.IntN(5000)) + ")",
			"insert into events (stream, type, payload) values ($1, 'T', '{}') returning position, payload",
			"select type from events where stream <> $1 order by type limit 500",
			"", "this is not SQL",
		}[r.IntN(6)]
		to := name("s")
		if r.IntN(2) == 0 {
			c.f.Send(&pgproto3.Close{ObjectType: 'S', Name: to})
		}
		c.f.Send(&pgproto3.Parse{Name: to, Query: sql})
		return fmt.Sprintf("parse %q %d", to, len(sql)), c.until(true)
	case 3, 4, 5, 6:
		from, to := name("s"), name("p")
		c.f.Send(&pgproto3.Bind{PreparedStatement: from, DestinationPortal: to, Parameters: [][]byte{[]byte(text())}})
		limit := uint32(r.IntN(3))
		if r.IntN(3) > 0 {
			c.f.Send(&pgproto3.Execute{Portal: to, MaxRows: limit})
		}
		return fmt.Sprintf("bind %q to %q", from, to), c.until(true)
	case 7:
		to := name("s")
		c.f.Send(&pgproto3.Close{ObjectType: 'S', Name: to})
		return fmt.Sprintf("close %q", to), c.until(true)
	case 8:
		to := name("p")
		c.f.Send(&pgproto3.Close{ObjectType: 'P', Name: to})
		return fmt.Sprintf("close portal %q", to), c.until(true)
	default:
		sql := []string{
			"begin", "begin", "commit", "rollback", "savepoint a", "savepoint b", "rollback to a", "release a",
			fmt.Sprintf("set app.a%d = '%s'", r.IntN(5), strings.Repeat("v", r.IntN(70_000))),
			fmt.Sprintf("set local app.a%d = '%s'", r.IntN(5), strings.Repeat("w", r.IntN(50_000))),
			fmt.Sprintf("reset app.a%d", r.IntN(5)), "reset all", "discard all", "deallocate all",
			fmt.Sprintf("insert into events (stream, type, payload) values ('%d', 'T', '\"%s\"')", r.IntN(9), text()),
			fmt.Sprintf("declare c%d cursor for select '%s' from events order by type limit 900", r.IntN(4), text()),
			fmt.Sprintf("fetch %d from c%d", r.IntN(9), r.IntN(4)), fmt.Sprintf("close c%d", r.IntN(4)),
			fmt.Sprintf("prepare q%d as select '%s'", r.IntN(4), text()), fmt.Sprintf("execute q%d", r.IntN(4)),
			fmt.Sprintf("deallocate q%d", r.IntN(4)), "select 1/0", "select set_config('app.b', 'c', true)",
			"select '" + text() + "' || '" + text() + "'", "select 1; select 2; select 1/0",
			"select array['" + text() + "', 'b']",
		}
		q := sql[r.IntN(len(sql))]
		return q[:min(len(q), 60)], c.query(q)
	}
}
