package query

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/engine"
)

// TestWalsenders has several clients follow a slot each, of a log of small segments that grows, and end as they like: say that they have enough, go away, cancel,
// be terminated. Each goes on from what the server has of it, and comes to have every append whole, in order.
func TestWalsenders(t *testing.T) {
	store := openStore(t, engine.Options{SegmentBytes: 16 << 10})
	server := NewServer(store, nil)
	addr := serve(t, server)
	c := &consumerTest{T: t, addr: addr}
	c.conn = c.connect()
	c.exec("CREATE PUBLICATION p FOR TABLE events WHERE (type = 'T')")
	const appends, clients = 300, 4
	for i := range clients {
		made := walsenderConn(t, addr)
		if _, err := pglogrepl.CreateReplicationSlot(t.Context(), made, fmt.Sprint("s", i), "pgoutput", pglogrepl.CreateReplicationSlotOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var want []int64 // the first positions of the appends that are published
	var all sync.WaitGroup
	got := make([][]int64, clients)
	for i := range clients {
		all.Add(1)
		go func() {
			defer all.Done()
			got[i] = walsenderClient(t, server, addr, i)
		}()
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range appends {
		n := 1 + r.IntN(5)
		typ := "T"
		if r.IntN(4) == 0 {
			typ = "U"
		} else {
			want = append(want, store.Index().GlobalPosition()+1)
		}
		events := make([]engine.ProposedEvent, n)
		for i := range events {
			events[i] = engine.NewEvent(fmt.Sprint("s", r.IntN(3)), typ, fmt.Appendf(nil, `"%0*d"`, 1+r.IntN(200), i))
		}
		if err := store.Writer().Append(t.Context(), &engine.AppendRequest{Events: events}); err != nil {
			t.Fatal(err)
		}
	}
	c.exec("INSERT INTO events (stream, type) VALUES ('last', 'T')")
	want = append(want, store.Index().GlobalPosition())
	all.Wait()
	for i, list := range got {
		if fmt.Sprint(list) != fmt.Sprint(want) {
			t.Errorf("client %d was sent\n%v\nand not\n%v", i, list, want)
		}
	}
}

func walsenderConn(t *testing.T, addr string) *pgconn.PgConn {
	conn, err := pgconn.Connect(t.Context(), "postgres://"+addr+"/events?sslmode=disable&user=test&replication=database")
	if err != nil {
		t.Error(err)
		return nil
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// walsenderClient follows a slot in many connections, until the last event has come, and returns the appends that it has got: of those that came
// twice, since it had not confirmed them, each once.
func walsenderClient(t *testing.T, server *Server, addr string, i int) (list []int64) {
	r := rand.New(rand.NewPCG(uint64(i), 5))
	for {
		conn := walsenderConn(t, addr)
		if conn == nil {
			return list
		}
		err := pglogrepl.StartReplication(t.Context(), conn, fmt.Sprint("s", i), 0, pglogrepl.StartReplicationOptions{PluginArgs: []string{"proto_version '1'", "publication_names 'p'"}})
		if e := new(pgconn.PgError); errors.As(err, &e) && e.Code == "55006" {
			conn.Close(context.Background()) // the one before has not ended yet
			continue
		}
		if err != nil {
			t.Error(err)
			return list
		}
		left := 1 + r.IntN(60) // transactions
		first, last, err := int64(-1), false, error(nil)
		for ; left > 0 && !last && err == nil; left-- {
			first, last, err = nextTransaction(t, conn, r)
			if err == nil && (len(list) == 0 || first > list[len(list)-1]) {
				list = append(list, first)
			}
		}
		if last || err != nil {
			if !last {
				t.Error(err)
			}
			conn.Close(context.Background())
			return list
		}
		switch r.IntN(4) {
		case 0:
			conn.Conn().Close()
		case 1:
			_ = conn.CancelRequest(context.Background())
		case 2:
			if e := server.sessions.Find(int64(conn.PID())); e != nil {
				e.Conn.Terminate()
			}
		default:
			if _, err := pglogrepl.SendStandbyCopyDone(context.Background(), conn); err != nil {
				t.Error(err)
			}
		}
		conn.Close(context.Background())
	}
}

// nextTransaction reads a transaction, and returns its first position and whether it is the last event's. Now and then it confirms it.
func nextTransaction(t *testing.T, conn *pgconn.PgConn, r *rand.Rand) (first int64, last bool, err error) {
	first = -1
	for {
		m, err := conn.ReceiveMessage(t.Context())
		if err != nil {
			return first, last, err
		}
		data, ok := m.(*pgproto3.CopyData)
		if !ok {
			return first, last, fmt.Errorf("a %T came", m)
		}
		if data.Data[0] != 'w' {
			continue
		}
		at := pglogrepl.LSN(binary.BigEndian.Uint64(data.Data[1:]))
		switch data.Data[25] {
		case 'I':
			if first < 0 {
				first = int64(at) - 0x1000000
			}
			last = last || bytes.Contains(data.Data, []byte("last"))
		case 'C':
			if r.IntN(3) == 0 {
				err = pglogrepl.SendStandbyStatusUpdate(t.Context(), conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: at, ReplyRequested: r.IntN(2) == 0})
			}
			return first, last, err
		}
	}
}

// TestWal2jsonTellsWhere: who is sent rows without the ends of their appends is told behind each append that it has all of it, and may confirm it.
func TestWal2jsonTellsWhere(t *testing.T) {
	c := newConsumerTest(t)
	conn := walsenderConn(t, c.addr)
	if _, err := pglogrepl.CreateReplicationSlot(t.Context(), conn, "s", "wal2json", pglogrepl.CreateReplicationSlotOptions{}); err != nil {
		t.Fatal(err)
	}
	options := pglogrepl.StartReplicationOptions{PluginArgs: []string{`"format-version" '2'`, `"include-transaction" 'false'`}}
	if err := pglogrepl.StartReplication(t.Context(), conn, "s", 0, options); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		c.exec("INSERT INTO events (stream, type) VALUES ('s', 'A'), ('s', 'B')")
		rows, told := 0, pglogrepl.LSN(0)
		end := pglogrepl.LSN(0x1000000 + 2*(i+1))
		for rows < 2 || told < end {
			m, err := conn.ReceiveMessage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			data, ok := m.(*pgproto3.CopyData)
			switch {
			case !ok:
				t.Fatalf("a %T came", m)
			case data.Data[0] == 'w':
				rows++
			case data.Data[0] == 'k':
				if told = pglogrepl.LSN(binary.BigEndian.Uint64(data.Data[1:])); rows == 2 && told < end {
					t.Fatalf("behind append %d the client is told that it is at %s, expected %s", i, told, end)
				}
			}
		}
	}
}

// TestFollowersEnd: who has never followed, or does not any more, is not counted as a follower, for whom the log is read.
func TestFollowersEnd(t *testing.T) {
	server := NewServer(openStore(t, engine.Options{}), nil)
	c := &consumerTest{T: t, addr: serve(t, server)}
	c.conn = c.connect()
	const subscribe = " CURSOR WITH HOLD FOR SUBSCRIBE SELECT position FROM events"
	want := func(n int, what string) {
		t.Helper()
		if got := server.live.Stats().Followers; got != n {
			t.Fatalf("%s: %d followers, expected %d", what, got, n)
		}
	}
	want(0, "at the begin")
	fails(t, c.conn, "25P01", "DECLARE x CURSOR FOR SUBSCRIBE SELECT position FROM events")
	want(0, "outside of a transaction")
	c.exec("DECLARE a" + subscribe)
	want(1, "a cursor")
	fails(t, c.conn, "42P03", "DECLARE a"+subscribe)
	want(1, "another of the name")
	for i := 1; i < 16; i++ {
		c.exec(fmt.Sprintf("DECLARE a%d%s", i, subscribe))
	}
	fails(t, c.conn, "", "DECLARE one_more"+subscribe)
	want(16, "one too many")
	fails(t, c.conn, "22004", "DECLARE x CURSOR WITH HOLD FOR SUBSCRIBE SELECT position FROM events WHERE position > NULL::bigint")
	want(16, "one that cannot begin")
	c.exec("BEGIN")
	c.exec("CLOSE a1")
	c.exec("DECLARE b" + subscribe)
	c.exec("ROLLBACK")
	want(15, "one whose transaction was rolled back")
	c.exec("CLOSE ALL")
	want(0, "all are closed")
	pc := c.conn.PgConn()
	for i, sql := range []string{"SUBSCRIBE SELECT position FROM events", "DECLARE x" + subscribe} {
		name := fmt.Sprint("p", i)
		pc.Frontend().SendParse(&pgproto3.Parse{Name: name, Query: sql})
		pc.Frontend().SendBind(&pgproto3.Bind{PreparedStatement: name, DestinationPortal: name})
	}
	pc.Frontend().SendSync(&pgproto3.Sync{})
	if err := pc.Frontend().Flush(); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := pc.ReceiveMessage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, ready := m.(*pgproto3.ReadyForQuery); ready {
			break
		}
	}
	want(0, "what was bound and not executed")
}
