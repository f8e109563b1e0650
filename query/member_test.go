package query

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/query/standby"
)

// fakeCluster is a cluster whose leader a test says.
type fakeCluster struct {
	mu      sync.Mutex
	leading bool
	nobody  bool // leads
	mute    bool // the node says nothing of itself
	term    uint64
	changed chan struct{}
	calls   []string

	asked atomic.Int64 // of ReadIndex
	read  atomic.Pointer[func(ctx context.Context) error]
}

func newFakeCluster(leading bool) *fakeCluster {
	return &fakeCluster{leading: leading, term: 1, changed: make(chan struct{})}
}

// become changes who leads, in the next term.
func (c *fakeCluster) become(leading bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leading = leading
	c.term++
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *fakeCluster) Leading() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leading
}

func (c *fakeCluster) Leader() (name, address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.nobody:
		return "", ""
	case c.leading:
		return "n1", "h1:5432"
	}
	return "n2", "h2:5432"
}

func (c *fakeCluster) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *fakeCluster) ReadIndex(ctx context.Context) error {
	c.asked.Add(1)
	if f := c.read.Load(); f != nil {
		return (*f)(ctx)
	}
	return nil
}

func (c *fakeCluster) Nodes() []standby.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mute {
		return nil
	}
	one, other := standby.Leader, standby.Follower
	if !c.leading {
		one, other = other, one
	}
	return []standby.Node{
		{Name: "n1", Role: one, Self: true, ID: 1, Address: "h1:5432", PeerAddress: "h1:5434", Term: c.term, Applied: 7, Position: 3, SyncP99: 1500 * time.Microsecond},
		{Name: "n2", Role: other, ID: 2, Address: "h2:5432", PeerAddress: "h2:5434", Term: c.term, Applied: 7, Position: 3, LastContact: time.UnixMicro(1e15)},
		{Name: "n3", Role: standby.Unreachable, ID: 3, PeerAddress: "h3:5434", Term: 1, Applied: 5, Position: 1, LagEvents: 2, LagBytes: 600, LagSeconds: 1.5, Damage: "00000001.seg at offset 64"},
	}
}

func (c *fakeCluster) call(what string, names ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, what+" "+strings.Join(names, " "))
	switch {
	case !c.leading:
		return &engine.NotLeaderError{Name: "n2", Address: "h2:5432"}
	case names[0] == "none":
		return errors.New("there is no node none")
	}
	return nil
}

func (c *fakeCluster) Add(_ context.Context, name, peer string) error {
	return c.call("add", name, peer)
}

func (c *fakeCluster) Promote(_ context.Context, name string) error { return c.call("promote", name) }

func (c *fakeCluster) Remove(_ context.Context, name string) error { return c.call("remove", name) }

func (c *fakeCluster) Transfer(_ context.Context, name string) error { return c.call("transfer", name) }

// serveMember serves a member of a cluster, and returns its address.
func serveMember(t *testing.T, store *engine.Store, c *fakeCluster) (*Server, string) {
	t.Helper()
	server := NewMember(store, c, nil)
	ctx, cancel := context.WithCancel(context.Background())
	attended := make(chan struct{})
	go func() {
		defer close(attended)
		server.Attend(ctx)
	}()
	addr := serve(t, server)
	t.Cleanup(func() {
		cancel()
		<-attended
	})
	return server, addr
}

// connectMember connects as superuser, and closes at the end.
func connectMember(t *testing.T, addr string, mode pgx.QueryExecMode) *pgx.Conn {
	t.Helper()
	conn, err := connect(t.Context(), addr, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// told is an error as a client has it.
func told(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	text := e.Code + " " + e.Message
	if e.Detail != "" {
		text += " | " + e.Detail
	}
	if e.Hint != "" {
		text += " | " + e.Hint
	}
	return text
}

const leaderHint = " | The leader is node n2, at h2:5432."

// TestFollower: what a node that follows says to statements, which is what PostgreSQL's hot standby says, with who leads as a hint.
func TestFollower(t *testing.T) {
	store := openStore(t, engine.Options{})
	if err := store.Writer().Append(t.Context(), &engine.AppendRequest{Events: []engine.ProposedEvent{engine.NewEvent("s", "T", nil)}}); err != nil {
		t.Fatal(err)
	}
	_, addr := serveMember(t, store, newFakeCluster(false))
	const readOnly, during = "25006 cannot execute %s in a read-only transaction" + leaderHint, "25006 cannot execute %s during recovery" + leaderHint
	const write = "0A000 cannot set transaction read-write mode during recovery" + leaderHint
	const serializable = "0A000 cannot use serializable mode in a hot standby | "
	const byDefault = serializable + "\"default_transaction_isolation\" is set to \"serializable\". | You can use \"SET default_transaction_isolation = 'repeatable read'\" to change the default."
	cases := []struct{ sql, want string }{
		{"SELECT count(*) FROM events", ""},
		{"INSERT INTO events (stream, type) VALUES ('s', 'T')", fmt.Sprintf(readOnly, "INSERT")},
		{"INSERT INTO events (stream, type) VALUES ('s', 'T') RETURNING position", fmt.Sprintf(readOnly, "INSERT")},
		{"EXPLAIN ANALYZE INSERT INTO events (stream, type) VALUES ('s', 'T')", fmt.Sprintf(readOnly, "INSERT")},
		{"EXPLAIN INSERT INTO events (stream, type) VALUES ('s', 'T')", ""},
		{"COPY events (stream, type) FROM STDIN", fmt.Sprintf(during, "COPY")},
		{"CREATE VIEW v AS SELECT 1", fmt.Sprintf(readOnly, "CREATE VIEW")},
		{"DROP VIEW v", fmt.Sprintf(readOnly, "DROP VIEW")},
		{"COMMENT ON TABLE events IS 'x'", fmt.Sprintf(readOnly, "COMMENT")},
		{"CREATE PUBLICATION p FOR TABLE events", fmt.Sprintf(readOnly, "CREATE PUBLICATION")},
		{"BEGIN; INSERT INTO events (stream, type) VALUES ('s', 'T'); COMMIT", fmt.Sprintf(readOnly, "INSERT")},
		{"SELECT create_consumer('c')", fmt.Sprintf(readOnly, "create_consumer()")},
		{"SELECT ack('c', 1)", fmt.Sprintf(readOnly, "ack()")},
		{"SELECT * FROM consume('c', 1, NULL)", fmt.Sprintf(during, "consume()")},
		{"SELECT message_store.write_message('8c5d1a1e-0000-4000-8000-000000000001', 's-1', 'T', '{}')", fmt.Sprintf(readOnly, "INSERT")},
		{"SELECT message_store.acquire_lock('s-1')", fmt.Sprintf(during, "acquire_lock()")},
		{"SELECT message_store.stream_version('s-1')", ""},
		{"BEGIN READ WRITE", write},
		{"BEGIN; SET TRANSACTION READ WRITE", write},
		{"BEGIN; SET transaction_read_only = off", write},
		{"BEGIN; SAVEPOINT a; SET TRANSACTION READ WRITE", "25001 cannot set transaction read-write mode inside a read-only transaction"},
		{"BEGIN; SELECT 1 FROM events; SET TRANSACTION READ WRITE", "25001 transaction read-write mode must be set before any query"},
		{"SET default_transaction_read_only = off; INSERT INTO events (stream, type) VALUES ('s', 'T')", fmt.Sprintf(readOnly, "INSERT")},
		{"BEGIN ISOLATION LEVEL SERIALIZABLE", serializable + "You can use REPEATABLE READ instead."},
		{"BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", serializable + "You can use REPEATABLE READ instead."},
		{"SET default_transaction_isolation = serializable", ""},
		{"SHOW default_transaction_isolation", ""},
		{"SELECT count(*) FROM events", byDefault},
		{"RESET default_transaction_isolation", ""},
		{"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events; COMMIT", ""},
		{"BEGIN; LOCK TABLE events IN ACCESS SHARE MODE; LOCK TABLE events IN ROW EXCLUSIVE MODE; COMMIT", ""},
		{"BEGIN; LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE", fmt.Sprintf(during, "LOCK TABLE")},
		{"LOCK TABLE events IN SHARE MODE", fmt.Sprintf(during, "LOCK TABLE")},
		{"SELECT pg_advisory_lock(1)", fmt.Sprintf(during, "pg_advisory_lock()")},
		{"SELECT pg_try_advisory_xact_lock_shared(1, 2)", fmt.Sprintf(during, "pg_try_advisory_xact_lock_shared()")},
		{"SELECT pg_advisory_unlock_all()", ""},
		{"LISTEN x", ""},
		{"UNLISTEN *", ""},
		{"NOTIFY x", fmt.Sprintf(during, "NOTIFY")},
		{"SELECT pg_notify('x', '')", fmt.Sprintf(during, "NOTIFY")},
		{"VACUUM", fmt.Sprintf(during, "VACUUM")},
		{"ANALYZE events", fmt.Sprintf(during, "ANALYZE")},
		{"CHECKPOINT", ""},
		{"DISCARD ALL", ""},
		{"SELECT * FROM pg_create_logical_replication_slot('s', 'wal2json')", "0A000 logical decoding cannot be used while in recovery" + leaderHint},
		{"SELECT pg_drop_replication_slot('s')", "0A000 logical decoding cannot be used while in recovery" + leaderHint},
		{"SET in_hot_standby = off", "55P02 parameter \"in_hot_standby\" cannot be changed"},
		{"SELECT wait_for_position(0, '0')", ""},
		{"SET eventgres.read_after = 0", ""},
		{"SELECT 1 FROM events", ""},
		{"RESET ALL", ""},
	}
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
		conn := connectMember(t, addr, mode)
		for _, c := range cases {
			var err error
			if parts := strings.Split(c.sql, "; "); mode == pgx.QueryExecModeExec {
				for _, sql := range parts {
					if _, err = conn.Exec(t.Context(), sql); err != nil {
						break
					}
				}
			} else {
				_, err = conn.Exec(t.Context(), c.sql)
			}
			if got := told(err); got != c.want && (c.want != "" || err != nil) {
				t.Errorf("%s\n%s\nand not\n%s", c.sql, got, c.want)
			}
			if conn.PgConn().TxStatus() != 'I' {
				if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
					t.Fatal(err)
				}
			}
		}
		for sql, want := range map[string]string{
			"SHOW in_hot_standby": "on", "SHOW default_transaction_read_only": "on", "SHOW transaction_read_only": "on",
			"SELECT current_setting('in_hot_standby')": "on", "SELECT current_setting('transaction_read_only')": "on", "SELECT pg_is_in_recovery()::text": "true",
		} {
			var got string
			if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s, %v", sql, got, err)
			}
		}
		for _, name := range []string{"in_hot_standby", "default_transaction_read_only"} {
			if got := conn.PgConn().ParameterStatus(name); got != "on" {
				t.Errorf("%s is %q to the client", name, got)
			}
		}
	}
	if n := store.Index().GlobalPosition(); n != 0 {
		t.Errorf("something was appended: %d", n)
	}
}

// TestLeaderOf: a member that leads answers as a single node does.
func TestLeaderOf(t *testing.T) {
	store := openStore(t, engine.Options{})
	_, addr := serveMember(t, store, newFakeCluster(true))
	conn := connectMember(t, addr, pgx.QueryExecModeExec)
	for _, sql := range []string{
		"INSERT INTO events (stream, type) VALUES ('s', 'T')", "BEGIN READ WRITE", "INSERT INTO events (stream, type) VALUES ('s', 'T')", "COMMIT",
		"SELECT create_consumer('c')", "SELECT * FROM consume('c', 1, NULL)", "SELECT ack('c', 0)", "SELECT pg_advisory_lock(1)", "NOTIFY x", "VACUUM",
		"BEGIN ISOLATION LEVEL SERIALIZABLE", "SELECT count(*) FROM events", "COMMIT",
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for _, sql := range []string{"SHOW in_hot_standby", "SHOW default_transaction_read_only", "SHOW transaction_read_only"} {
		var got string
		if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != "off" {
			t.Errorf("%s: %s, %v", sql, got, err)
		}
	}
}

// statusConn is a client that asks for nothing, and is told of parameters.
type statusConn struct {
	t  *testing.T
	nc net.Conn
	*pgproto3.Frontend
}

func newStatusConn(t *testing.T, addr string) *statusConn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	c := &statusConn{t, nc, pgproto3.NewFrontend(nc, nc)}
	c.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "u", "database": "d"}})
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return c
}

// until reads messages up to one of a kind, or until a parameter is told, and returns what parameters were told of.
func (c *statusConn) until(end func(m pgproto3.BackendMessage) bool) map[string]string {
	c.t.Helper()
	list := map[string]string{}
	for {
		m, err := c.Receive()
		if err != nil {
			c.t.Fatal(err)
		}
		if p, ok := m.(*pgproto3.ParameterStatus); ok {
			list[p.Name] = p.Value
		}
		if end(m) {
			return list
		}
	}
}

func isReady(m pgproto3.BackendMessage) bool { _, ok := m.(*pgproto3.ReadyForQuery); return ok }

// TestStatus: a client is told who leads when it connects, and each time that it changes, whether it asks for something or not; within a
// transaction, once that is over.
func TestStatus(t *testing.T) {
	c := newFakeCluster(false)
	_, addr := serveMember(t, openStore(t, engine.Options{}), c)
	asks := connectMember(t, addr, pgx.QueryExecModeExec)
	idle, listens, busy := newStatusConn(t, addr), newStatusConn(t, addr), newStatusConn(t, addr)
	both := func(got map[string]string, want string) {
		t.Helper()
		for _, name := range []string{"in_hot_standby", "default_transaction_read_only"} {
			if got[name] != want {
				t.Errorf("%s is %q, not %q", name, got[name], want)
			}
		}
	}
	for _, conn := range []*statusConn{idle, listens, busy} {
		both(conn.until(isReady), "on")
	}
	ask := func(c *statusConn, sql string) map[string]string {
		t.Helper()
		c.Send(&pgproto3.Query{String: sql})
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		return c.until(isReady)
	}
	ask(listens, "LISTEN x")
	ask(listens, "UNLISTEN x") // and it is told all the same
	ask(busy, "BEGIN")
	for range 3 {
		for _, leads := range []bool{true, false} {
			c.become(leads)
			for _, conn := range []*statusConn{idle, listens} {
				got := map[string]string{}
				for len(got) < 2 {
					for name, v := range conn.until(func(m pgproto3.BackendMessage) bool { _, ok := m.(*pgproto3.ParameterStatus); return ok }) {
						got[name] = v
					}
				}
				both(got, onOff(!leads))
			}
		}
	}
	both(ask(busy, "ROLLBACK"), "") // it has known so all along
	ask(busy, "BEGIN")
	c.become(true)
	for !hotStandby(t, asks, "off") { // the server knows it
	}
	both(ask(busy, "COMMIT"), "off")
}

// TestTargetSession: drivers find the node that they look for among several.
func TestTargetSession(t *testing.T) {
	leads, follows := newFakeCluster(true), newFakeCluster(false)
	_, one := serveMember(t, openStore(t, engine.Options{}), follows)
	_, two := serveMember(t, openStore(t, engine.Options{}), leads)
	for attrs, want := range map[string]string{"read-write": "off", "primary": "off", "standby": "on", "prefer-standby": "on", "read-only": "on"} {
		conn, err := pgconn.Connect(t.Context(), "postgres://u@"+one+","+two+"/d?sslmode=disable&target_session_attrs="+attrs)
		if err != nil {
			t.Errorf("%s: %v", attrs, err)
			continue
		}
		if got := conn.ParameterStatus("in_hot_standby"); got != want {
			t.Errorf("%s: in_hot_standby is %s", attrs, got)
		}
		conn.Close(t.Context())
	}
	leads.become(false)
	if _, err := pgconn.Connect(t.Context(), "postgres://u@"+one+","+two+"/d?sslmode=disable&target_session_attrs=read-write"); err == nil {
		t.Error("a node was found that takes appends, and none does")
	}
}

// TestLeaderChanges: a transaction that began at the leader cannot go on where that has changed.
func TestLeaderChanges(t *testing.T) {
	c := newFakeCluster(true)
	replica := openReplica(t, func() error {
		if c.Leading() {
			return nil
		}
		return &engine.NotLeaderError{Name: "n2", Address: "h2:5432"}
	}, engine.ErrNotAppended)
	_, addr := serveMember(t, replica.Store, c)
	conn := connectMember(t, addr, pgx.QueryExecModeExec)
	exec := func(sql, want string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); told(err) != want && (want != "" || err != nil) {
			t.Errorf("%s\n%s\nand not\n%s", sql, told(err), want)
		}
	}
	const insert = "INSERT INTO events (stream, type) VALUES ('s', 'T')"
	exec("BEGIN", "")
	exec(insert, "")
	c.become(false)
	exec("COMMIT", "40001 the transaction was not committed: this node is no longer the leader | The leader is node n2, at h2:5432. The transaction might succeed if retried there.")
	exec("SHOW transaction_read_only", "")
	c.become(true)
	exec("BEGIN", "")
	c.become(false)
	exec(insert, "25006 cannot execute INSERT in a read-only transaction"+leaderHint)
	exec("ROLLBACK", "")
	c.become(true)
	exec(insert, "40001 "+engine.ErrNotAppended.Error()+" | The transaction might succeed if retried.")
}

// openReplica opens the store of a node whose appends a gate refuses, or a protocol that has only this to say.
func openReplica(t *testing.T, gate func() error, answer error) *engine.Replica {
	t.Helper()
	dir := t.TempDir()
	store, err := engine.Open(dir, engine.Options{})
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	replica, err := engine.OpenReplica(dir, engine.Options{}, engine.ReplicaBase{Segment: 1})
	if err != nil {
		t.Fatal(err)
	}
	replica.Gate(func(context.Context) error { return gate() })
	ended := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case q := <-replica.Queue():
				replica.Refuse(q, answer)
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-ended
		if err := replica.Close(); err != nil {
			t.Error(err)
		}
	})
	return replica
}

// TestRefusals: what the engine of a node says of an append is an error that tells whether it may be tried again.
func TestRefusals(t *testing.T) {
	const insert = "INSERT INTO events (stream, type) VALUES ('s', 'T')"
	for _, c := range []struct {
		gate, answer error
		code         string
		fatal        bool
	}{
		{gate: &engine.NotLeaderError{Name: "n2"}, code: "25006"},
		{gate: engine.ErrNoLeader, code: "57P03"},
		{answer: engine.ErrNotAppended, code: "40001"},
		{answer: engine.ErrOutcomeUnknown, code: "08007", fatal: true},
	} {
		replica := openReplica(t, func() error { return c.gate }, c.answer)
		_, addr := serveMember(t, replica.Store, newFakeCluster(true))
		for i, how := range []func(conn *pgx.Conn) error{
			func(conn *pgx.Conn) error { _, err := conn.Exec(t.Context(), insert); return err },
			func(conn *pgx.Conn) error {
				_, err := conn.PgConn().CopyFrom(t.Context(), strings.NewReader("s,T\n"), "COPY events (stream, type) FROM STDIN (FORMAT csv)")
				return err
			},
			func(conn *pgx.Conn) error {
				_, err := conn.Exec(t.Context(), "BEGIN")
				if err == nil {
					_, err = conn.Exec(t.Context(), insert)
				}
				if err == nil {
					_, err = conn.Exec(t.Context(), "COMMIT")
				}
				return err
			},
			func(conn *pgx.Conn) error {
				_, err := conn.Exec(t.Context(), "SELECT create_consumer('c')")
				return err
			},
			func(conn *pgx.Conn) error {
				_, err := conn.Exec(t.Context(), "CREATE PUBLICATION p FOR TABLE events")
				return err
			},
		} {
			for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
				conn := connectMember(t, addr, mode)
				err := how(conn)
				want := c.code
				if want == "25006" && i >= 2 { // the transaction, which was one that may append, is to be tried again
					want = "40001"
				}
				var e *pgconn.PgError
				if !errors.As(err, &e) || e.Code != want || (e.Severity == "FATAL") != c.fatal {
					t.Errorf("%s, way %d: %v", want, i, err)
				}
				if _, err := conn.Exec(t.Context(), "SELECT count(*) FROM events"); (err != nil) != c.fatal {
					t.Errorf("%s, way %d, then: %v", want, i, err)
				}
			}
		}
	}
}

// TestLeaderless: while nobody leads, an append waits for who will, which the refusal names; 57P03 where nobody does.
func TestLeaderless(t *testing.T) {
	c := newFakeCluster(false)
	c.nobody = true
	_, addr := serveMember(t, openStore(t, engine.Options{}), c)
	none := func(context.Context) error { return engine.ErrNoLeader }
	c.read.Store(&none)
	conn := connectMember(t, addr, pgx.QueryExecModeExec)
	const insert = "INSERT INTO events (stream, type) VALUES ('s', 'T')"
	for _, sql := range []string{insert, "SELECT create_consumer('c')", "COMMENT ON TABLE events IS 'x'"} {
		if _, err := conn.Exec(t.Context(), sql); told(err) != "57P03 the cluster has no leader | Most of its nodes do not reach each other. | Nothing was appended. Retry later." {
			t.Errorf("%s: %s", sql, told(err))
		}
	}
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock(1)"); told(err) != "25006 cannot execute pg_advisory_lock() during recovery | The cluster has no leader now." {
		t.Error(told(err))
	}
	elected := func(context.Context) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.nobody = false
		return nil
	}
	c.read.Store(&elected)
	if _, err := conn.Exec(t.Context(), insert); told(err) != "25006 cannot execute INSERT in a read-only transaction"+leaderHint {
		t.Error(told(err))
	}
}

// TestLinearizable: with eventgres.read_mode = linearizable what is read has what the cluster has acknowledged before, a transaction's snapshot what
// it had at its first statement.
func TestLinearizable(t *testing.T) {
	store := openStore(t, engine.Options{})
	c := newFakeCluster(false)
	_, addr := serveMember(t, store, c)
	arrives := func(context.Context) error { // what was acknowledged elsewhere
		return store.Writer().Append(context.Background(), &engine.AppendRequest{Events: []engine.ProposedEvent{engine.NewEvent("s", "T", nil)}})
	}
	c.read.Store(&arrives)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
		conn := connectMember(t, addr, mode)
		count := func(sql string) (n int64) {
			t.Helper()
			if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		exec := func(sql string) {
			t.Helper()
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
		for _, sql := range []string{"SELECT count(*) FROM events", "SELECT version + 1 FROM streams WHERE stream = 's'", "SELECT position + 1 FROM events ORDER BY position DESC LIMIT 1"} {
			asked := c.asked.Load()
			exec("SET eventgres.read_mode = local")
			before := store.Index().GlobalPosition() + 1
			if before > 0 && count(sql) != before || c.asked.Load() != asked {
				t.Fatalf("%s: a local read asked, or did not see all", sql)
			}
			exec("SET eventgres.read_mode = linearizable")
			if got := count(sql); got != before+1 || c.asked.Load() != asked+1 {
				t.Fatalf("%s: %d of %d events, asked %d times", sql, got, before+1, c.asked.Load()-asked)
			}
			exec("BEGIN ISOLATION LEVEL REPEATABLE READ")
			for range 3 {
				if got := count(sql); got != before+2 {
					t.Fatalf("%s in a transaction: %d of %d events", sql, got, before+2)
				}
			}
			exec("COMMIT")
			if n := c.asked.Load() - asked; n != 2 {
				t.Errorf("%s: asked %d times", sql, n)
			}
		}
	}
	none := func(context.Context) error { return engine.ErrNoLeader }
	c.read.Store(&none)
	conn := connectMember(t, addr, pgx.QueryExecModeExec)
	if _, err := conn.Exec(t.Context(), "SET eventgres.read_mode = linearizable"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT count(*) FROM events"); !hasState(err, "57P03") {
		t.Errorf("without a leader: %v", err)
	}
	if _, err := conn.Exec(t.Context(), "SHOW eventgres.read_mode"); err != nil {
		t.Errorf("what reads nothing waits: %v", err)
	}
	hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	c.read.Store(&hangs)
	if _, err := conn.Exec(t.Context(), "SET statement_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT count(*) FROM events"); !hasState(err, "57014") {
		t.Errorf("a leader that says nothing: %v", err)
	}
}
