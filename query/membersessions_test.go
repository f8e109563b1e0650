package query

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/engine"
)

// TestLocksEnd: who holds an advisory lock, or waits for one, is ended where the node ceases to lead, even if it leads again at once.
func TestLocksEnd(t *testing.T) {
	for _, again := range []bool{false, true} {
		c := newFakeCluster(true)
		_, addr := serveMember(t, openStore(t, engine.Options{}), c)
		holds, holdsToo, free := connectMember(t, addr, pgx.QueryExecModeExec), connectMember(t, addr, pgx.QueryExecModeExec), connectMember(t, addr, pgx.QueryExecModeExec)
		for _, conn := range []*pgx.Conn{holds, holdsToo, free} {
			for _, sql := range []string{"BEGIN", "SELECT pg_advisory_xact_lock_shared(1)"} {
				if _, err := conn.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := free.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		c.become(again)
		for _, conn := range []*pgx.Conn{holds, holdsToo} {
			if _, err := conn.Exec(t.Context(), "SELECT pg_sleep(3600)"); !hasState(err, "57P01") {
				t.Errorf("it goes on: %v", err)
			}
		}
		if _, err := free.Exec(t.Context(), "SELECT count(*) FROM events"); err != nil {
			t.Errorf("one without locks: %v", err)
		}
		_, err := free.Exec(t.Context(), "SELECT pg_advisory_lock(1)")
		if again && err != nil || !again && !hasState(err, "25006") {
			t.Errorf("it leads again %v: %v", again, err)
		}
	}
}

// TestMute: a node that leads and says for a while nothing of itself has not ceased to.
func TestMute(t *testing.T) {
	c := newFakeCluster(true)
	server := NewMember(openStore(t, engine.Options{}), c, nil)
	conn := connectMember(t, serve(t, server), pgx.QueryExecModeExec)
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock(1)"); err != nil {
		t.Fatal(err)
	}
	stand := func(mute bool) {
		c.mute = mute
		server.stand(t.Context(), server.member.State())
	}
	for _, mute := range []bool{true, false, true, false} {
		stand(mute)
		if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
			t.Fatalf("mute %v: %v", mute, err)
		}
	}
	c.become(true)
	stand(true)
	if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err) // nobody knows it yet
	}
	stand(false)
	if _, err := conn.Exec(t.Context(), "SELECT pg_sleep(3600)"); !hasState(err, "57P01") {
		t.Errorf("another term: %v", err)
	}
}

// TestStatusOfMany: clients in whatever state come to know who leads, however often that changes, and those that connect meanwhile.
func TestStatusOfMany(t *testing.T) {
	c := newFakeCluster(false)
	_, addr := serveMember(t, openStore(t, engine.Options{}), c)
	r := rand.New(rand.NewPCG(7, 8))
	type client struct {
		*statusConn
		knows map[string]string
	}
	var clients []*client
	takes := func(c *client, got map[string]string) {
		for name, v := range got {
			c.knows[name] = v
		}
	}
	ask := func(c *client, sql string) {
		c.Send(&pgproto3.Query{String: sql})
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		takes(c, c.until(isReady))
	}
	statements := []string{
		"SELECT 1", "BEGIN", "COMMIT", "ROLLBACK", "INSERT INTO events (stream, type) VALUES ('s', 'T')", "nonsense", "LISTEN x", "UNLISTEN *", "DISCARD ALL",
		"SET default_transaction_read_only = off", "RESET ALL",
	}
	leads := false
	for range 400 {
		switch n := r.IntN(10); {
		case n < 3:
			leads = !leads
			c.become(leads)
		case n < 4 && len(clients) < 30:
			one := &client{newStatusConn(t, addr), map[string]string{}}
			takes(one, one.until(isReady))
			clients = append(clients, one)
		case len(clients) > 0:
			ask(clients[r.IntN(len(clients))], statements[r.IntN(len(statements))])
		}
	}
	c.become(!leads)
	want := onOff(leads)
	for _, one := range clients {
		ask(one, "ROLLBACK; RESET ALL")
		for one.knows["in_hot_standby"] != want || one.knows["default_transaction_read_only"] != want {
			takes(one, one.until(func(m pgproto3.BackendMessage) bool { _, ok := m.(*pgproto3.ParameterStatus); return ok }))
		}
	}
}

// TestConsumersMove: members and slots are of the node that leads; the one that leads next goes on from what the log says.
func TestConsumersMove(t *testing.T) {
	store := openStore(t, engine.Options{})
	one, two := newFakeCluster(true), newFakeCluster(false)
	_, first := serveMember(t, store, one)
	other, second := serveMember(t, store, two) // the same log, as if it were replicated
	a, b := connectMember(t, first, pgx.QueryExecModeExec), connectMember(t, second, pgx.QueryExecModeExec)
	exec := func(conn *pgx.Conn, sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	positions := func(conn *pgx.Conn) (list []int64) {
		t.Helper()
		rows, err := conn.Query(t.Context(), "SELECT position FROM consume('c', 2, interval '1 hour')")
		if err != nil {
			t.Fatal(err)
		}
		if list, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			t.Fatal(err)
		}
		return list
	}
	exec(a, "SELECT create_consumer('c')")
	exec(a, "SELECT * FROM pg_create_logical_replication_slot('slot', 'wal2json')")
	for range 6 {
		exec(a, "INSERT INTO events (stream, type) VALUES ('s', 'T')")
	}
	if got := fmt.Sprint(positions(a)); got != "[0 1]" {
		t.Fatal(got)
	}
	exec(a, "SELECT ack('c', 1)")
	exec(a, "SELECT * FROM pg_logical_slot_get_changes('slot', NULL, 3)")
	if got := fmt.Sprint(positions(a)); got != "[2 3]" {
		t.Fatal(got)
	}
	one.become(false)
	two.become(true)
	for _, err := a.Exec(t.Context(), "SELECT ack('c', 3)"); !hasState(err, "25006"); {
		t.Fatal(err)
	}
	for !hotStandby(t, b, "off") { // it has taken it in
	}
	if got := fmt.Sprint(positions(b)); got != "[2 3]" {
		t.Errorf("the next leader gives %s", got)
	}
	exec(b, "SELECT ack('c', 3)")
	var n int
	if err := b.QueryRow(t.Context(), "SELECT count(*) FROM pg_logical_slot_peek_changes('slot', NULL, NULL) WHERE data LIKE '%insert%'").Scan(&n); err != nil || n != 3 {
		t.Errorf("%d changes are left of 3: %v", n, err)
	}
	if list := other.slots.List(); len(list) != 1 || list[0].Name != "slot" {
		t.Errorf("slots: %v", list)
	}
}

// hotStandby tells whether a session says so of its node.
func hotStandby(t *testing.T, conn *pgx.Conn, want string) bool {
	t.Helper()
	var got string
	if err := conn.QueryRow(t.Context(), "SHOW in_hot_standby").Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got == want
}

// TestClusterView: the nodes as SQL shows them, and the functions that change them.
func TestClusterView(t *testing.T) {
	c := newFakeCluster(true)
	_, addr := serveMember(t, openStore(t, engine.Options{}), c)
	conn := connectMember(t, addr, pgx.QueryExecModeExec)
	query := func(conn *pgx.Conn, sql string) string {
		t.Helper()
		rows, err := conn.Query(t.Context(), sql)
		if err != nil {
			return told(err)
		}
		list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			values, err := row.Values()
			return strings.TrimSuffix(fmt.Sprintln(values...), "\n"), err
		})
		if err != nil {
			return told(err)
		}
		return strings.Join(list, "\n")
	}
	for _, c := range [][2]string{
		{"SELECT node, role, term, entry, position, applied, lag_events, lag_bytes, lag_seconds FROM eventgres_cluster ORDER BY node", "n1 leader 1 7 3 true 0 0 0\n" +
			"n2 follower 1 7 3 true 0 0 0\nn3 unreachable 1 5 1 false 2 600 1.5"},
		{"SELECT last_contact IS NULL, sync_p99_ms, address, peer_address, damage FROM eventgres_cluster ORDER BY node", "true 1.5 h1:5432 h1:5434 <nil>\n" +
			"false <nil> h2:5432 h2:5434 <nil>\ntrue <nil> <nil> h3:5434 00000001.seg at offset 64"},
		{"SELECT count(*) FROM eventgres_cluster WHERE role = 'leader'", "1"},
		{"SELECT eventgres_cluster_add('n4', 'h4:5434')", ""},
		{"SELECT eventgres_cluster_promote('n4')", ""},
		{"SELECT eventgres_cluster_transfer('n2')", ""},
		{"SELECT eventgres_cluster_remove('none')", "55000 there is no node none"},
		{"SELECT eventgres_cluster_remove(NULL) IS NULL", "true"},
	} {
		if got := query(conn, c[0]); got != c[1] {
			t.Errorf("%s\n%s\nand not\n%s", c[0], got, c[1])
		}
	}
	if got := query(conn, "EXPLAIN SELECT * FROM eventgres_cluster"); !strings.HasPrefix(got, "Cluster Scan on eventgres_cluster ") {
		t.Error(got)
	}
	c.become(false)
	if got := query(conn, "SELECT eventgres_cluster_transfer('n1')"); got != "25006 cannot execute eventgres_cluster_transfer() during recovery"+leaderHint {
		t.Error(got)
	}
	if len(c.calls) != 5 {
		t.Errorf("calls: %q", c.calls)
	}

	single := connectMember(t, serve(t, NewServer(openStore(t, engine.Options{}), nil)), pgx.QueryExecModeExec)
	for _, c := range [][2]string{
		{"SELECT count(*) FROM eventgres_cluster", "0"},
		{"SELECT eventgres_cluster_remove('n1')", "55000 this server is not a member of a cluster"},
		{"SHOW in_hot_standby", "off"},
		{"SELECT pg_is_in_recovery()", "false"},
		{"SET eventgres.read_mode = linearizable", ""},
		{"SELECT count(*) FROM events", "0"},
		{"BEGIN ISOLATION LEVEL SERIALIZABLE", ""},
		{"SELECT count(*) FROM events", "0"},
		{"COMMIT", ""},
	} {
		sql, want := c[0], c[1]
		if got := query(single, sql); got != want {
			t.Errorf("%s\n%s\nand not\n%s", sql, got, want)
		}
	}
}
