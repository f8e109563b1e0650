package query

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/engine"
)

const (
	clients = 6  // of each kind
	rounds  = 25 // that each client does
)

// TestConcurrentClients runs the whole stack in one process with clients of every kind
// at once. It is there for the race detector; what it checks of the events is that each
// acknowledged append is there once, and nothing else.
func TestConcurrentClients(t *testing.T) {
	store := openStore(t, engine.Options{SegmentBytes: 1 << 20})
	addr := serve(t, NewServer(store, nil))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	var mu sync.Mutex
	acknowledged := map[string]int64{} // events by type
	var wg sync.WaitGroup
	for kind, work := range map[string]func(context.Context, *pgx.Conn, int) (int64, error){
		"counter": count, "transaction": transact, "copy": load, "cursor": scroll, "cancel": cancelSleep, "settings": configure,
	} {
		for i := range clients {
			wg.Go(func() {
				n, err := runClient(ctx, addr, i, work)
				if err != nil {
					t.Errorf("%s client %d: %v", kind, i, err)
				}
				mu.Lock()
				acknowledged[kind] += n
				mu.Unlock()
			})
		}
	}
	wg.Wait()
	checkEvents(ctx, t, addr, acknowledged)
}

// openStore makes a store, which is closed when the test has ended.
func openStore(t testing.TB, options engine.Options) *engine.Store {
	t.Helper()
	store, err := engine.Open(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return store
}

func runClient(ctx context.Context, addr string, i int, work func(context.Context, *pgx.Conn, int) (int64, error)) (int64, error) {
	// Every other client speaks the simple protocol.
	mode := pgx.QueryExecModeCacheStatement
	if i%2 == 1 {
		mode = pgx.QueryExecModeSimpleProtocol
	}
	conn, err := connect(ctx, addr, mode)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.Background())
	return work(ctx, conn, i)
}

func connect(ctx context.Context, addr string, mode pgx.QueryExecMode) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig("postgres://u@" + addr + "/d?sslmode=disable")
	if err != nil {
		return nil, err
	}
	config.DefaultQueryExecMode = mode
	return pgx.ConnectConfig(ctx, config)
}

// checkEvents compares what was appended with what clients were told.
func checkEvents(ctx context.Context, t *testing.T, addr string, acknowledged map[string]int64) {
	t.Helper()
	conn, err := connect(ctx, addr, pgx.QueryExecModeExec)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(ctx, "select position, stream, version, type from events order by position")
	if err != nil {
		t.Fatal(err)
	}
	found, versions, next := map[string]int64{}, map[string]int64{}, int64(0)
	var position, version int64
	var stream, typ string
	_, err = pgx.ForEachRow(rows, []any{&position, &stream, &version, &typ}, func() error {
		if position != next || version != versions[stream] {
			return fmt.Errorf("event at %d of stream %s at %d; expected %d and %d", position, stream, version, next, versions[stream])
		}
		next++
		versions[stream]++
		found[typ]++
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for kind, n := range acknowledged {
		if found[kind] != n {
			t.Errorf("%s: %d events, %d were acknowledged", kind, found[kind], n)
		}
	}
}

func hasState(err error, state string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == state
}

// count appends to two streams that all counters share, each time at the version it has
// read; who comes too late tries again.
func count(ctx context.Context, conn *pgx.Conn, i int) (n int64, err error) {
	stream := fmt.Sprintf("counter-%d", i%2)
	for n < rounds {
		var version int64
		if err := conn.QueryRow(ctx, "select coalesce(max(version), -1) from events where stream = $1", stream).Scan(&version); err != nil {
			return n, err
		}
		var got int64
		err := conn.QueryRow(ctx, `insert into events (stream, type, payload, expected_version) values ($1, 'counter', $2, $3) returning version`,
			stream, fmt.Sprintf(`{"client": %d}`, i), version).Scan(&got)
		switch {
		case hasState(err, "40001"):
		case err != nil:
			return n, err
		case got != version+1:
			return n, fmt.Errorf("version %d after %d", got, version)
		default:
			n++
		}
	}
	return n, nil
}

// transact stages appends to two streams, sees them, and commits or rolls back.
func transact(ctx context.Context, conn *pgx.Conn, i int) (n int64, err error) {
	stream := fmt.Sprintf("transaction-%d", i)
	for round := range rounds {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return n, err
		}
		for _, s := range []string{stream, "shared"} {
			if _, err := tx.Exec(ctx, "insert into events (stream, type) values ($1, 'transaction')", s); err != nil {
				return n, err
			}
		}
		if _, err := tx.Exec(ctx, "savepoint a; insert into events (stream, type) values ('undone', 'undone'); rollback to a"); err != nil {
			return n, err
		}
		var seen int64
		if err := tx.QueryRow(ctx, "select count(*) from events where stream = $1", stream).Scan(&seen); err != nil {
			return n, err
		}
		if seen != n/2+1 {
			return n, fmt.Errorf("the transaction sees %d events, and %d were committed before it", seen, n/2)
		}
		if round%5 == 4 {
			if err := tx.Rollback(ctx); err != nil {
				return n, err
			}
			continue
		}
		if err := tx.Commit(ctx); err != nil {
			return n, err
		}
		n += 2
	}
	return n, nil
}

// load copies rows in, in binary or as text.
func load(ctx context.Context, conn *pgx.Conn, i int) (n int64, err error) {
	stream := fmt.Sprintf("copy-%d", i)
	for range rounds {
		rows := make([][]any, 20)
		for k := range rows {
			rows[k] = []any{stream, "copy", `{"k": 1}`}
		}
		copied := int64(0)
		if i%2 == 0 {
			copied, err = conn.CopyFrom(ctx, pgx.Identifier{"events"}, []string{"stream", "type", "payload"}, pgx.CopyFromRows(rows))
		} else {
			var tag pgconn.CommandTag
			tag, err = conn.PgConn().CopyFrom(ctx, strings.NewReader(strings.Repeat(stream+"\tcopy\t\\N\n", 20)), "copy events (stream, type, payload) from stdin")
			copied = tag.RowsAffected()
		}
		if err != nil {
			return n, err
		}
		n += copied
	}
	return n, nil
}

// scroll reads the growing log with a cursor, and with COPY, each at one snapshot.
func scroll(ctx context.Context, conn *pgx.Conn, _ int) (int64, error) {
	for range rounds / 5 {
		tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
		if err != nil {
			return 0, err
		}
		var want, got int64
		if err := tx.QueryRow(ctx, "select count(*) from events").Scan(&want); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, "declare c cursor for select position, payload, recorded_at from events order by position"); err != nil {
			return 0, err
		}
		for {
			tag, err := tx.Exec(ctx, "fetch 100 from c")
			if err != nil {
				return 0, err
			}
			if got += tag.RowsAffected(); tag.RowsAffected() == 0 {
				break
			}
		}
		tag, err := conn.PgConn().CopyTo(ctx, &strings.Builder{}, "copy (select * from events) to stdout (format csv)")
		if err != nil {
			return 0, err
		}
		if got != want || tag.RowsAffected() != want {
			return 0, fmt.Errorf("count(*) is %d, the cursor gave %d, COPY %d", want, got, tag.RowsAffected())
		}
		if err := tx.Commit(ctx); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// cancelSleep cancels a statement from another connection. A request that comes before
// the statement has begun does nothing, so it is repeated until the statement ends.
func cancelSleep(ctx context.Context, conn *pgx.Conn, _ int) (int64, error) {
	for range rounds / 5 {
		ended := make(chan error, 1)
		go func() {
			_, err := conn.Exec(ctx, "select pg_sleep(60)")
			ended <- err
		}()
		var err error
		for waiting := true; waiting; {
			if err := conn.PgConn().CancelRequest(ctx); err != nil {
				return 0, err
			}
			select {
			case err = <-ended:
				waiting = false
			case <-time.After(10 * time.Millisecond):
			}
		}
		if !hasState(err, "57014") {
			return 0, fmt.Errorf("cancelled, and got %w", err)
		}
	}
	return 0, nil
}

// configure sets and shows, with errors and named statements in between.
func configure(ctx context.Context, conn *pgx.Conn, i int) (int64, error) {
	name := fmt.Sprintf("client %d", i)
	for range rounds {
		if _, err := conn.Exec(ctx, "set application_name = '"+name+"'; set time zone 'Europe/Amsterdam'"); err != nil && !hasState(err, "42601") {
			return 0, err
		}
		for _, sql := range []string{"set application_name = '" + name + "'", "prepare p as select 1", "execute p", "deallocate p"} {
			if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				return 0, err
			}
		}
		if _, err := conn.Exec(ctx, "select nosuch"); !hasState(err, "42703") {
			return 0, fmt.Errorf("select nosuch: %w", err)
		}
		var got string
		if err := conn.QueryRow(ctx, "show application_name").Scan(&got); err != nil || got != name {
			return 0, fmt.Errorf("show: %q, %w", got, err)
		}
	}
	return 0, nil
}
