// Package replication drives the replication protocol of a running server with the clients that people have for it: PostgreSQL's own
// subscriber, pg_recvlogical, and drivers.
package replication

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

func mustExec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func mustGet[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) (v T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// replicate connects for the replication protocol.
func replicate(t *testing.T, s *harness.Server) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), s.URL()+"&replication=database")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// inserted is an append as a client has received it.
type inserted struct {
	first, last int64 // positions, by the rows
	rows        int
	xid         uint32
	end         pglogrepl.LSN
}

// follower reads transactions of pgoutput.
type follower struct {
	t       *testing.T
	conn    *pgconn.PgConn
	columns []string
	current *inserted
	told    pglogrepl.LSN // the newest place of a keepalive
}

func follow(t *testing.T, s *harness.Server, slot string, at pglogrepl.LSN, version int) *follower {
	t.Helper()
	f := &follower{t: t, conn: replicate(t, s)}
	err := pglogrepl.StartReplication(t.Context(), f.conn, slot, at, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{fmt.Sprintf("proto_version '%d'", version), "publication_names 'p'"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// until reads appends until enough says so, or nothing comes within a time.
func (f *follower) until(limit time.Duration, enough func(list []inserted) bool) (list []inserted, err error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), limit)
	defer cancel()
	for !enough(list) {
		m, err := f.conn.ReceiveMessage(ctx)
		if err != nil {
			return list, err
		}
		if e, is := m.(*pgproto3.ErrorResponse); is {
			return list, pgconn.ErrorResponseToPgError(e)
		}
		data, is := m.(*pgproto3.CopyData)
		if !is {
			return list, fmt.Errorf("a %T came", m)
		}
		if data.Data[0] == pglogrepl.PrimaryKeepaliveMessageByteID {
			k, err := pglogrepl.ParsePrimaryKeepaliveMessage(data.Data[1:])
			if err != nil {
				return list, err
			}
			f.told = max(f.told, k.ServerWALEnd)
			continue
		}
		x, err := pglogrepl.ParseXLogData(data.Data[1:])
		if err != nil {
			return list, err
		}
		logical, err := pglogrepl.Parse(x.WALData)
		if err != nil {
			return list, err
		}
		if whole := f.take(x, logical); whole != nil {
			list = append(list, *whole)
		}
	}
	return list, nil
}

// take adds a message to the append that it belongs to, and returns the append when it is whole.
func (f *follower) take(x pglogrepl.XLogData, m pglogrepl.Message) *inserted {
	f.t.Helper()
	switch m := m.(type) {
	case *pglogrepl.BeginMessage:
		if f.current != nil {
			f.t.Fatal("a Begin within a transaction")
		}
		f.current = &inserted{first: -1, xid: m.Xid}
	case *pglogrepl.RelationMessage:
		f.columns = nil
		for _, c := range m.Columns {
			f.columns = append(f.columns, c.Name)
		}
	case *pglogrepl.InsertMessage:
		position := int64(-1)
		if _, err := fmt.Sscan(string(m.Tuple.Columns[0].Data), &position); err != nil {
			f.t.Fatal(err)
		}
		if f.current.first < 0 {
			f.current.first = position
		} else if position <= f.current.last {
			f.t.Fatalf("position %d behind %d", position, f.current.last)
		}
		f.current.last, f.current.rows = position, f.current.rows+1
		if want := pglogrepl.LSN(0x1000000 + position); x.WALStart != want || x.ServerWALEnd != want {
			f.t.Fatalf("position %d came at %s, %s", position, x.WALStart, x.ServerWALEnd)
		}
	case *pglogrepl.CommitMessage:
		whole := f.current
		f.current = nil
		whole.end = m.TransactionEndLSN
		if m.TransactionEndLSN != m.CommitLSN+1 || x.WALStart != m.TransactionEndLSN {
			f.t.Fatalf("a Commit of %s, which ends at %s, came at %s", m.CommitLSN, m.TransactionEndLSN, x.WALStart)
		}
		return whole
	}
	return nil
}

// confirm tells the server that all is safe up to a place.
func (f *follower) confirm(at pglogrepl.LSN) {
	f.t.Helper()
	if err := pglogrepl.SendStandbyStatusUpdate(f.t.Context(), f.conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: at, WALFlushPosition: at, WALApplyPosition: at}); err != nil {
		f.t.Fatal(err)
	}
}

// append appends so many events at once, and returns the position of the last.
func appendEvents(t *testing.T, conn *pgx.Conn, n int) int64 {
	t.Helper()
	var b strings.Builder
	b.WriteString("INSERT INTO events (stream, type, payload, tags) VALUES ")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `('order-%d', 'Placed', '{"n": %d, "text": "a\"b ü"}', '{a,"b c"}')`, i%7, i)
	}
	b.WriteString(" RETURNING position")
	rows, err := conn.Query(t.Context(), b.String())
	if err != nil {
		t.Fatal(err)
	}
	positions, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	return positions[n-1]
}

// TestStream follows a slot while others append, and goes on after the connection and the server were cut off, each time from what it has
// confirmed: it gets every append whole, in order, and none that it has confirmed.
func TestStream(t *testing.T) {
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	mustExec(t, conn, "CREATE PUBLICATION p FOR TABLE events")
	appendEvents(t, conn, 3)
	made, err := pglogrepl.CreateReplicationSlot(t.Context(), replicate(t, s), "s", "pgoutput", pglogrepl.CreateReplicationSlotOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if made.SlotName != "s" || made.ConsistentPoint != "0/1000003" || made.OutputPlugin != "pgoutput" {
		t.Errorf("CREATE_REPLICATION_SLOT: %+v", made)
	}
	next, head := int64(3), int64(3) // the position behind what was confirmed, and behind all
	confirmed := pglogrepl.LSN(0)
	for round := range 6 {
		var sizes []int
		for i := range 20 {
			sizes = append(sizes, 1+(i*i+round)%50)
		}
		for _, n := range sizes {
			head += int64(n)
		}
		f := follow(t, s, "s", confirmed, 1+round%4)
		writing := make(chan struct{})
		go func() {
			defer close(writing)
			for _, n := range sizes {
				appendEvents(t, conn, n)
			}
		}()
		list, err := f.until(patience, func(list []inserted) bool { return len(list) > 0 && list[len(list)-1].last == head-1 })
		<-writing
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		at := list[0].first
		if at > next {
			t.Fatalf("round %d begins at %d, after %d", round, at, next)
		}
		for _, a := range list {
			if a.first != at || a.last-a.first+1 != int64(a.rows) || a.xid != uint32(3+a.first) {
				t.Fatalf("round %d: %+v came at %d", round, a, at)
			}
			at = a.last + 1
		}
		if round > 0 && list[0].end <= confirmed {
			t.Fatalf("round %d: %+v was confirmed", round, list[0])
		}
		// Half of it is confirmed; what was not comes again.
		middle := list[len(list)/2]
		changes := mustGet[int64](t, conn, "SELECT changes FROM eventgres_health")
		f.confirm(middle.end)
		confirmed, next = 0, middle.last+1
		awaitConfirmed(t, conn, "s", middle.end)
		switch round % 3 {
		case 0:
			f.conn.Close(t.Context())
		case 1:
			f.conn.Conn().Close()
			confirmed = middle.end // the client's own word counts, too
		default:
			await(t, conn, "SELECT changes > $1 FROM eventgres_health", changes) // it is in the log
			s.Kill()
			s.Restart()
			conn = s.Connect(t)
		}
		awaitInactive(t, conn, "s")
	}
}

// awaitConfirmed waits until the server knows that a client has all up to a place.
func awaitConfirmed(t *testing.T, conn *pgx.Conn, slot string, at pglogrepl.LSN) {
	t.Helper()
	await(t, conn, "SELECT confirmed_flush_lsn = $2::text::pg_lsn FROM pg_replication_slots WHERE slot_name = $1", slot, at.String())
}

func awaitInactive(t *testing.T, conn *pgx.Conn, slot string) {
	t.Helper()
	await(t, conn, "SELECT NOT active FROM pg_replication_slots WHERE slot_name = $1", slot)
}

// await asks until the answer is true.
func await(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	harness.Await(t, fmt.Sprint(sql, args), func() bool { return mustGet[bool](t, conn, sql, args...) })
}

// recvlogical is a running pg_recvlogical.
type recvlogical struct {
	cmd  *exec.Cmd
	out  string
	text strings.Builder
}

func receive(t *testing.T, s *harness.Server, out string, args ...string) *recvlogical {
	t.Helper()
	r := &recvlogical{out: out}
	args = append([]string{"-h", s.Host, "-p", fmt.Sprint(s.Port), "-U", "test", "-d", "events", "-S", "recv"}, args...)
	r.cmd = exec.CommandContext(t.Context(), harness.Postgres(t).Program(t, "pg_recvlogical"), args...)
	r.cmd.Stdout, r.cmd.Stderr = &r.text, &r.text
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *recvlogical) wait(t *testing.T) {
	t.Helper()
	if err := r.cmd.Wait(); err != nil {
		t.Fatalf("pg_recvlogical: %v\n%s", err, &r.text)
	}
}

// TestRecvlogical has pg_recvlogical make a slot, follow it to a place, go on behind that, and drop it.
func TestRecvlogical(t *testing.T) {
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	out := filepath.Join(t.TempDir(), "out")
	receive(t, s, out, "--create-slot", "-P", "wal2json").wait(t)
	appendEvents(t, conn, 5)
	appendEvents(t, conn, 2)
	start := func(end string) {
		receive(t, s, out, "--start", "--no-loop", "-o", "format-version=2", "-o", "include-lsn=1", "-f", out, "--endpos", end, "-F", "1", "-s", "1").wait(t)
	}
	start("0/1000005")
	appendEvents(t, conn, 1)
	start("0/1000008")
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(text)) {
		var m struct {
			Action  string
			Columns []struct {
				Name  string
				Value any
			}
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		got.WriteString(m.Action)
		if m.Action == "I" {
			fmt.Fprint(&got, m.Columns[0].Value)
		}
	}
	if want := "BI0I1I2I3I4CBI5I6CBI7C"; got.String() != want {
		t.Errorf("pg_recvlogical has written %s, want %s", got.String(), want)
	}
	receive(t, s, out, "--drop-slot").wait(t)
	if n := mustGet[int](t, conn, "SELECT count(*) FROM pg_replication_slots"); n != 0 {
		t.Errorf("%d slots are left", n)
	}
}

// TestRefused: what cannot be done is refused with PostgreSQL's codes, and the session goes on.
func TestRefused(t *testing.T) {
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	mustExec(t, conn, "CREATE PUBLICATION p FOR TABLE events")
	c := replicate(t, s)
	run := func(sql string) string {
		_, err := c.Exec(t.Context(), sql).ReadAll()
		if e := new(pgconn.PgError); errors.As(err, &e) {
			return e.Code
		}
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return ""
	}
	for _, x := range []struct{ sql, code string }{
		{"IDENTIFY_SYSTEM", ""},
		{"SHOW wal_level", ""},
		{"SELECT 1", ""},
		{"identify_system", "42601"},
		{`CREATE_REPLICATION_SLOT "a" LOGICAL pgoutput (SNAPSHOT 'nothing')`, ""},
		{`CREATE_REPLICATION_SLOT "a" LOGICAL pgoutput`, "42710"},
		{`CREATE_REPLICATION_SLOT "A" LOGICAL pgoutput`, "42602"},
		{`CREATE_REPLICATION_SLOT "b" LOGICAL nothing_such`, "58P01"},
		{`CREATE_REPLICATION_SLOT "` + strings.Repeat("b", 64) + `" LOGICAL pgoutput`, "42622"},
		{`CREATE_REPLICATION_SLOT "b" PHYSICAL`, "0A000"},
		{`CREATE_REPLICATION_SLOT "b" LOGICAL pgoutput (SNAPSHOT 'some')`, "22023"},
		{`CREATE_REPLICATION_SLOT "b" LOGICAL pgoutput (SNAPSHOT 'use')`, "25P01"},
		{`CREATE_REPLICATION_SLOT "b" LOGICAL pgoutput (TWO_PHASE true)`, "0A000"},
		{`CREATE_REPLICATION_SLOT "b" LOGICAL pgoutput (`, "42601"},
		{`START_REPLICATION SLOT "none" LOGICAL 0/0 (proto_version '1', publication_names 'p')`, "42704"},
		{`START_REPLICATION SLOT "a" LOGICAL 0/0`, "22023"},
		{`START_REPLICATION SLOT "a" LOGICAL 0/0 (proto_version '5', publication_names 'p')`, "0A000"},
		{`START_REPLICATION SLOT "a" LOGICAL 0/0 (proto_version '1', publication_names 'p', thing 'x')`, "22023"},
		{`START_REPLICATION SLOT "a" LOGICAL 5/0 (proto_version '1', publication_names 'p')`, "55000"},
		{`START_REPLICATION 0/0`, "0A000"},
		{"TIMELINE_HISTORY 1", "0A000"},
		{"BASE_BACKUP", "0A000"},
		{`READ_REPLICATION_SLOT "a"`, "0A000"},
		{`READ_REPLICATION_SLOT "none"`, ""},
		{`DROP_REPLICATION_SLOT "none"`, "42704"},
		{`DROP_REPLICATION_SLOT "a"`, ""},
	} {
		if code := run(x.sql); code != x.code {
			t.Errorf("%s: %q, want %q", x.sql, code, x.code)
		}
	}
	for i := range 100 {
		if code := run(fmt.Sprintf("CREATE_REPLICATION_SLOT t%d TEMPORARY LOGICAL pgoutput (SNAPSHOT 'nothing')", i)); code != "" {
			t.Fatalf("slot %d: %s", i, code)
		}
	}
	if code := run("CREATE_REPLICATION_SLOT t100 TEMPORARY LOGICAL pgoutput (SNAPSHOT 'nothing')"); code != "53400" {
		t.Errorf("one slot too many: %q", code)
	}
	if n := mustGet[int](t, conn, "SELECT count(*) FROM pg_replication_slots"); n != 0 {
		t.Errorf("%d temporary slots are left behind an error", n)
	}
	if _, err := pgconn.Connect(t.Context(), s.URL()+"&replication=true"); err == nil || !strings.Contains(err.Error(), "0A000") {
		t.Errorf("physical replication: %v", err)
	}
}
