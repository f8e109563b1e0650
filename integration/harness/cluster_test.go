package harness

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestSchema shows that the PostgreSQL tables number events as the log does.
func TestSchema(t *testing.T) {
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, Postgres(t).Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	const rows = `VALUES ('a-1', 'x'), ('b', 'x'), ('a-1', 'y')`
	for range 2 {
		if _, err := conn.Exec(ctx, `INSERT INTO events (stream, type) `+rows); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(ctx, `INSERT INTO events (stream, type, version) VALUES ('a-1', 'z', 3)`); err == nil {
		t.Error("a taken version was accepted")
	}
	expect(t, conn, `SELECT string_agg(position || ':' || stream || '@' || version, ' ' ORDER BY position) FROM events`,
		"0:a-1@0 1:b@0 2:a-1@1 3:a-1@2 4:b@1 5:a-1@3")
	expect(t, conn, `SELECT string_agg(concat_ws(',', stream, category, version, first_position, last_position), ' ' ORDER BY first_position) FROM streams`,
		"a-1,a,3,0,5 b,b,1,1,4")
	if _, err := conn.Exec(ctx, `DELETE FROM events`); err == nil {
		t.Error("a DELETE was accepted")
	}
}

func expect(t *testing.T, conn *pgx.Conn, sql, want string) {
	t.Helper()
	var got string
	if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", sql, got, want)
	}
}

func TestLogFindsAddress(t *testing.T) {
	l := newLog()
	for _, part := range []string{"time=1 level=INFO msg=open address=1\ntime=2 level=INFO msg=list", "ening socket=x address=127.0.0.1:54", "33\nmore\n"} {
		fmt.Fprint(l, part)
	}
	select {
	case got := <-l.listening:
		if got != "127.0.0.1:5433" {
			t.Errorf("got %s", got)
		}
	default:
		t.Error("the address was not found")
	}
}
