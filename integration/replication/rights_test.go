package replication

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// as is the address of a server for a role.
func as(s *harness.Server, role string) string {
	return strings.Replace(s.URL(), "user=test", "user="+role, 1)
}

func connectAs(t *testing.T, s *harness.Server, role string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), as(s, role))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func codeOf(err error) string {
	if e := new(pgconn.PgError); errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// TestRights: who follows needs REPLICATION, SELECT on events, and is sent what policies let him see, as they are before each append.
func TestRights(t *testing.T) {
	s := harness.Eventgres(t)
	root := connectAs(t, s, "postgres")
	for _, sql := range []string{
		"CREATE PUBLICATION p FOR TABLE events", "CREATE ROLE plain LOGIN", "CREATE ROLE cdc LOGIN REPLICATION",
		"GRANT SELECT ON events TO plain", "GRANT SELECT ON events TO cdc",
	} {
		mustExec(t, root, sql)
	}
	if _, err := pgconn.Connect(t.Context(), as(s, "plain")+"&replication=database"); codeOf(err) != "42501" {
		t.Errorf("without REPLICATION: %v", err)
	}
	c, err := pgconn.Connect(t.Context(), as(s, "cdc")+"&replication=database")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := pglogrepl.CreateReplicationSlot(t.Context(), c, "s", "pgoutput", pglogrepl.CreateReplicationSlotOptions{}); err != nil {
		t.Fatal(err)
	}
	f := &follower{t: t, conn: c}
	options := pglogrepl.StartReplicationOptions{PluginArgs: []string{"proto_version '2'", "publication_names 'p'"}}
	if err := pglogrepl.StartReplication(t.Context(), c, "s", 0, options); err != nil {
		t.Fatal(err)
	}
	put := func(types ...string) {
		t.Helper()
		var rows []string
		for i, typ := range types {
			rows = append(rows, fmt.Sprintf("('s-%d', '%s')", i, typ))
		}
		mustExec(t, root, "INSERT INTO events (stream, type) VALUES "+strings.Join(rows, ", "))
	}
	put("open", "secret") // 0, 1
	put("secret")         // 2
	mustExec(t, root, "CREATE POLICY few ON events TO cdc USING (type <> 'secret')")
	put("secret", "open") // 3, 4
	put("secret")         // 5
	put("open")           // 6
	list, err := f.until(patience, func(list []inserted) bool { return len(list) == 4 })
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(list[0].first, list[0].last, list[1].first, list[2].first, list[2].last, list[3].first); got != "0 1 2 4 4 6" {
		t.Errorf("the follower was sent %s: %+v", got, list)
	}
	put("secret") // 7: nothing is sent, and the client is told where it is
	if list, err := f.until(patience, func([]inserted) bool { return f.told == 0x1000008 }); err != nil || len(list) > 0 {
		t.Errorf("behind what it may not see the client was told %s, %v: %v", f.told, list, err)
	}
	mustExec(t, root, "REVOKE SELECT ON events FROM cdc")
	put("open")
	if _, err := f.until(patience, func(list []inserted) bool { return len(list) > 0 }); codeOf(err) != "42501" {
		t.Errorf("without SELECT: %v", err)
	}
	// The slot is free by now, and another's to take.
	awaitInactive(t, root, "s")
}

// TestInUse: a slot is one client's at a time, and a client that says nothing loses it.
func TestInUse(t *testing.T) {
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	mustExec(t, conn, "CREATE PUBLICATION p FOR TABLE events")
	maker := replicate(t, s)
	if _, err := pglogrepl.CreateReplicationSlot(t.Context(), maker, "s", "pgoutput", pglogrepl.CreateReplicationSlotOptions{}); err != nil {
		t.Fatal(err)
	}
	first := follow(t, s, "s", 0, 1)
	err := pglogrepl.StartReplication(t.Context(), replicate(t, s), "s", 0, pglogrepl.StartReplicationOptions{PluginArgs: []string{"proto_version '1'", "publication_names 'p'"}})
	if codeOf(err) != "55006" {
		t.Errorf("a slot in use: %v", err)
	}
	if n := mustGet[int](t, conn, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sent_lsn = '0/1000000'"); n != 1 {
		t.Errorf("pg_stat_replication has %d rows", n)
	}
	if n := mustGet[int](t, conn, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'"); n != 3 {
		t.Errorf("pg_stat_activity has %d walsenders", n)
	}
	// DROP … WAIT waits for whoever has it.
	dropped := make(chan error, 1)
	go func() {
		_, err := maker.Exec(context.Background(), "DROP_REPLICATION_SLOT s WAIT").ReadAll()
		dropped <- err
	}()
	select {
	case err := <-dropped:
		t.Fatalf("it was dropped while in use: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	first.conn.Conn().Close()
	if err := <-dropped; err != nil {
		t.Error(err)
	}

	// Who takes nothing and says nothing is cut off; the server goes on for everybody else.
	silent, err := pgconn.Connect(t.Context(), s.URL()+"&replication=database&options=-c%20wal_sender_timeout%3D300ms")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close(context.Background())
	if _, err := pglogrepl.CreateReplicationSlot(t.Context(), silent, "q", "wal2json", pglogrepl.CreateReplicationSlotOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := pglogrepl.StartReplication(t.Context(), silent, "q", 0, pglogrepl.StartReplicationOptions{}); err != nil {
		t.Fatal(err)
	}
	long := `"` + strings.Repeat("x", 50_000) + `"`
	for range 200 {
		mustExec(t, conn, "INSERT INTO events (stream, type, payload) VALUES ('s', 'T', $1)", long)
	}
	awaitInactive(t, conn, "q")
	if n := mustGet[int64](t, conn, "SELECT count(*) FROM events"); n != 200 {
		t.Errorf("%d events", n)
	}
}

// TestConditions: a subscriber to a publication with a condition and a list of columns has just those, from before and from after it came.
func TestConditions(t *testing.T) {
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	mustExec(t, conn, "CREATE PUBLICATION p FOR TABLE events (position, stream_id, version, event_id, type, recorded_at, stream) WHERE (type = 'Placed' AND stream LIKE 'order-%')")
	for i := range 40 {
		mustExec(t, conn, fmt.Sprintf(`INSERT INTO events (stream, type, payload) VALUES ('order-%d', 'Placed', '1'), ('order-%d', 'Paid', '2'), ('cart-%d', 'Placed', '3')`, i%3, i%4, i%5))
	}
	to := subscriber(t, "conditions")
	subscribe(t, s, to, "sub_conditions", " WITH (binary = true)")
	for i := range 40 {
		mustExec(t, conn, fmt.Sprintf(`INSERT INTO events (stream, type, payload) VALUES ('order-%d', 'Placed', '1'), ('order-%d', 'Paid', '2')`, i%3, i%4))
	}
	mustExec(t, conn, "CREATE VIEW published AS SELECT position, stream_id, stream, version, event_id, type, NULL::jsonb AS payload, NULL::jsonb AS metadata, NULL::text[] AS tags, recorded_at FROM events WHERE type = 'Placed' AND stream LIKE 'order-%'")
	equalTo(t, conn, to, "published")
	// Another publication, with another condition, is followed from the next append on.
	mustExec(t, conn, "ALTER PUBLICATION p SET TABLE events (position, stream_id, version, event_id, type, recorded_at, stream) WHERE (type = 'Paid')")
	head := mustGet[int64](t, conn, "SELECT max(position) FROM events")
	mustExec(t, conn, "INSERT INTO events (stream, type, payload) VALUES ('order-1', 'Placed', '1'), ('order-2', 'Paid', '2')")
	mustExec(t, conn, fmt.Sprintf("CREATE OR REPLACE VIEW published AS SELECT position, stream_id, stream, version, event_id, type, NULL::jsonb AS payload, NULL::jsonb AS metadata, NULL::text[] AS tags, recorded_at FROM events WHERE type = 'Placed' AND stream LIKE 'order-%%' AND position <= %d OR type = 'Paid' AND position > %d", head, head))
	equalTo(t, conn, to, "published")
}

// TestReplicationTaken: a stream ends where its role loses REPLICATION, or is dropped, before the next append is sent.
func TestReplicationTaken(t *testing.T) {
	s := harness.Eventgres(t, harness.WithArgs("--no-analytics"))
	root := connectAs(t, s, "postgres")
	mustExec(t, root, "CREATE PUBLICATION p FOR TABLE events")
	for _, test := range []struct{ role, taken, code string }{
		{"cdc", "ALTER ROLE cdc NOREPLICATION", "42501"},
		{"chief", "ALTER ROLE chief NOSUPERUSER", "42501"},
		{"gone", "DROP ROLE gone", "57P01"},
	} {
		attributes := "SUPERUSER"
		if test.role == "cdc" {
			attributes = "REPLICATION"
		}
		mustExec(t, root, "CREATE ROLE "+test.role+" LOGIN "+attributes)
		if test.role != "gone" {
			mustExec(t, root, "GRANT SELECT ON events TO "+test.role)
		}
		c, err := pgconn.Connect(t.Context(), as(s, test.role)+"&replication=database")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(context.Background())
		if _, err := pglogrepl.CreateReplicationSlot(t.Context(), c, test.role, "pgoutput", pglogrepl.CreateReplicationSlotOptions{}); err != nil {
			t.Fatal(err)
		}
		f := &follower{t: t, conn: c}
		options := pglogrepl.StartReplicationOptions{PluginArgs: []string{"proto_version '2'", "publication_names 'p'"}}
		if err := pglogrepl.StartReplication(t.Context(), c, test.role, 0, options); err != nil {
			t.Fatal(err)
		}
		mustExec(t, root, "INSERT INTO events (stream, type) VALUES ('s', 'T')")
		if _, err := f.until(patience, func(list []inserted) bool { return len(list) == 1 }); err != nil {
			t.Fatalf("%s: %v", test.role, err)
		}
		mustExec(t, root, test.taken)
		mustExec(t, root, "INSERT INTO events (stream, type) VALUES ('s', 'T')")
		if list, err := f.until(patience, func(list []inserted) bool { return len(list) > 0 }); codeOf(err) != test.code || len(list) > 0 {
			t.Errorf("after %s %d appends were sent: %v, expected %s", test.taken, len(list), err, test.code)
		}
	}
}
