package live

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// as connects as a role.
func as(ctx context.Context, t *testing.T, server *harness.Server, role string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	config.User = role
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func execute(ctx context.Context, t *testing.T, c *pgx.Conn, sql string) {
	t.Helper()
	if _, err := c.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// followed are the rows of a SUBSCRIBE that runs, and its error when it has ended.
type followed struct {
	positions chan int64
	ended     chan error
}

func subscribe(ctx context.Context, t *testing.T, c *pgx.Conn, sql string) *followed {
	t.Helper()
	f := &followed{make(chan int64, 1000), make(chan error, 1)}
	rows, err := c.Query(ctx, sql, pgx.QueryExecModeExec) // with a statement of its own it would wait for the first row
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer rows.Close()
		for rows.Next() {
			var position int64
			if err := rows.Scan(&position); err != nil {
				f.ended <- err
				return
			}
			f.positions <- position
		}
		f.ended <- rows.Err()
	}()
	return f
}

// shows waits for a position that must be the next.
func (f *followed) shows(t *testing.T, want int64) {
	t.Helper()
	select {
	case got := <-f.positions:
		if got != want {
			t.Fatalf("position %d, not %d", got, want)
		}
	case err := <-f.ended:
		t.Fatalf("ended: %v", err)
	case <-time.After(30 * time.Second):
		t.Fatalf("position %d does not come", want)
	}
}

// ends waits for the end with a code; nothing may come before.
func (f *followed) ends(t *testing.T, code string) {
	t.Helper()
	select {
	case got := <-f.positions:
		t.Fatalf("position %d in place of the end", got)
	case err := <-f.ended:
		if e := new(pgconn.PgError); !errors.As(err, &e) || e.Code != code {
			t.Fatalf("ended with %v, not %s", err, code)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
	}
}

// TestRights: who loses SELECT is shown nothing from there on, whether he waits or reads; whose policies are narrowed sees less of what comes, and more
// when they are widened; a role that is dropped sees nothing any more.
func TestRights(t *testing.T) {
	server := harness.Eventgres(t)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	admin := as(ctx, t, server, "postgres")
	execute(ctx, t, admin, "CREATE ROLE anna LOGIN; GRANT SELECT ON events TO anna; CREATE ROLE bert LOGIN; GRANT SELECT ON events TO bert")
	next := int64(0)
	appendTo := func(stream string) int64 {
		t.Helper()
		execute(ctx, t, admin, fmt.Sprintf("INSERT INTO events (stream, type) VALUES ('%s', 'x')", stream))
		next++
		return next - 1
	}
	anna := subscribe(ctx, t, as(ctx, t, server, "anna"), "SUBSCRIBE SELECT position FROM events")
	keyed := subscribe(ctx, t, as(ctx, t, server, "anna"), "SUBSCRIBE SELECT position FROM events WHERE category = 'b'")
	bert := subscribe(ctx, t, as(ctx, t, server, "bert"), "SUBSCRIBE SELECT position FROM events WHERE category = 'a'")
	cursor := as(ctx, t, server, "bert")
	execute(ctx, t, cursor, "DECLARE c CURSOR WITH HOLD FOR SUBSCRIBE SELECT position FROM events WHERE position >= 0")
	fetch := func(want ...int64) {
		t.Helper()
		rows, err := cursor.Query(ctx, "FETCH ALL FROM c", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("the cursor has %v, %v; not %v", got, err, want)
		}
	}
	a0 := appendTo("a-1")
	anna.shows(t, a0)
	bert.shows(t, a0)
	b1 := appendTo("b-1")
	anna.shows(t, b1)
	keyed.shows(t, b1)
	fetch(a0, b1)

	execute(ctx, t, admin, "CREATE POLICY p ON events TO anna USING (category = 'b'); CREATE POLICY q ON events TO bert USING (true); ALTER TABLE events ENABLE ROW LEVEL SECURITY")
	bert.shows(t, appendTo("a-1"))
	b3 := appendTo("b-1")
	anna.shows(t, b3) // and nothing of a-1
	keyed.shows(t, b3)
	execute(ctx, t, admin, "DROP POLICY q ON events")
	appendTo("c-1") // which bert does not follow: by the next policy he might see it, if he came so late
	b5 := appendTo("b-1")
	anna.shows(t, b5) // so she is past the one before, too
	keyed.shows(t, b5)
	fetch() // nothing that came since the last, whenever it was appended
	execute(ctx, t, admin, "CREATE POLICY q ON events TO bert USING (category IN ('a', 'c')); ALTER POLICY p ON events USING (true)")
	a6 := appendTo("a-1")
	anna.shows(t, a6)
	bert.shows(t, a6)
	fetch(a6)

	execute(ctx, t, admin, "REVOKE SELECT ON events FROM anna")
	anna.ends(t, "42501")
	keyed.ends(t, "42501")
	appendTo("b-1")
	execute(ctx, t, admin, "REVOKE SELECT ON events FROM bert")
	bert.ends(t, "42501")
	if _, err := cursor.Exec(ctx, "FETCH ALL FROM c"); err == nil {
		t.Error("the cursor can be read without the right to")
	}
	execute(ctx, t, admin, "GRANT SELECT ON events TO anna")
	again := subscribe(ctx, t, as(ctx, t, server, "anna"), "SUBSCRIBE SELECT position FROM events")
	again.shows(t, appendTo("c-1"))
	execute(ctx, t, admin, "DROP POLICY p ON events; REVOKE ALL ON events FROM anna; DROP ROLE anna")
	select {
	case err := <-again.ended:
		if err == nil {
			t.Error("a role that is no more follows to an end")
		}
	case <-time.After(30 * time.Second):
		t.Error("a role that is no more goes on following")
	}
}
