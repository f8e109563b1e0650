package standby_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/query/standby"
)

// late is a follower that has what is acknowledged once it is asked to have it.
type late struct {
	follower
	store *engine.Store
	asked atomic.Int64
}

func (l *late) ReadIndex(ctx context.Context) error {
	l.asked.Add(1)
	return l.store.Writer().Append(ctx, &engine.AppendRequest{Events: []engine.ProposedEvent{engine.NewEvent("s", "T", nil)}})
}

// leader is a node that leads two others.
type leader struct{ follower }

func (leader) Leading() bool { return true }

func (leader) Nodes() []standby.Node {
	return []standby.Node{
		{Name: "n1", Self: true, Role: standby.Leader, Position: 41},
		{Name: "n2", Role: standby.Follower, PeerAddress: "10.0.0.2:5434", Position: 41, LastContact: time.UnixMicro(1e15)},
		{Name: "n3", Role: standby.Learner, PeerAddress: "h3:5434", Position: 3, LagEvents: 38},
		{Name: "n4", Role: standby.Unreachable},
	}
}

// TestStatReplication: at the leader pg_stat_replication shows the nodes that follow.
func TestStatReplication(t *testing.T) {
	_, url := serveStore(t, leader{}, harness.Binary(t))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	const sql = `SELECT concat_ws(' ', application_name, host(client_addr), client_hostname, state, sync_state, sync_priority, replay_lsn, reply_time IS NULL)
		FROM pg_stat_replication ORDER BY application_name`
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{"n2 10.0.0.2 streaming quorum 1 0/100002A f", "n3 h3 catchup async 0 0/1000004 t"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWorker: what the worker answers at a node that follows is what the server does, and linearizable too.
func TestWorker(t *testing.T) {
	c := &late{}
	store, url := serveStore(t, c, harness.Binary(t))
	c.store = store
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range []string{
		"SELECT string_agg(pg_is_in_recovery()::text, '') FROM generate_series(1, 1)",
		"SELECT (min(setting) = 'on' AND count(*) = 3)::text FROM pg_settings WHERE name IN ('in_hot_standby', 'default_transaction_read_only', 'transaction_read_only')",
		"SELECT (current_setting('in_hot_standby') = 'on')::text FROM generate_series(1, 1)",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != "true" {
			t.Errorf("%s: %s, %v", sql, got, err)
		}
	}
	if _, err := conn.Exec(t.Context(), "SET eventgres.read_mode = linearizable"); err != nil {
		t.Fatal(err)
	}
	const sql = "SELECT count(*) FROM events e JOIN events f USING (position) GROUP BY e.stream"
	count := func() (n int64) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for want := int64(1); want <= 5; want++ {
		if got := count(); got != want || c.asked.Load() != want {
			t.Errorf("%d of %d events; asked %d times", got, want, c.asked.Load())
		}
	}
	if _, err := conn.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := count(); got != 6 {
			t.Errorf("%d of 6 events in a transaction", got)
		}
	}
}
