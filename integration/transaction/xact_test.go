package transaction

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestTransactionIDs: a transaction's id says where its events begin, so COMMIT fails with 40001 where they cannot; one that
// appends nothing is never refused, and no snapshot sees a transaction that has not committed.
func TestTransactionIDs(t *testing.T) {
	s := harness.Eventgres(t)
	own, other := dial(t, s.URL()), dial(t, s.URL())
	ask := func(c *pgconn.PgConn, sql string) string {
		row, code := try(t, c, sql)
		return row + code
	}
	for i, told := range []string{"pg_current_xact_id()", "txid_current()", "NULL::xid8"} {
		for _, interfered := range []bool{false, true} {
			ask(own, "BEGIN")
			id := ask(own, "SELECT ("+told+")::text")
			snapshot := ask(own, "SELECT pg_current_snapshot()")
			insert := fmt.Sprintf("INSERT INTO events (stream, type) VALUES ('ids-%d', 'A')", i)
			if i == 2 { // a transaction that appended has one
				ask(own, insert)
				id = ask(own, "SELECT pg_current_xact_id_if_assigned()")
			} else {
				ask(own, insert)
			}
			if got := ask(own, "SELECT pg_xact_status('"+id+"'), pg_visible_in_snapshot('"+id+"', '"+snapshot+"'), txid_status('"+id+"')"); got != "in progress,f,in progress" {
				t.Errorf("of its own id %s a transaction is told %s", id, got)
			}
			if interfered {
				ask(other, "INSERT INTO events (stream, type) VALUES ('other', 'B')")
			}
			got := ask(own, "COMMIT")
			if want := map[bool]string{true: "40001"}[interfered]; got != want {
				t.Fatalf("%s, interfered %v: COMMIT is %s, want %s", told, interfered, got, want)
			}
			if interfered {
				continue
			}
			position := ask(other, "SELECT max(position) FROM events")
			if n, err := strconv.Atoi(position); err != nil || strconv.Itoa(n+3) != id {
				t.Errorf("the id was %s, the event is at %s", id, position)
			}
			if got := ask(other, "SELECT pg_xact_status('"+id+"'), pg_visible_in_snapshot('"+id+"', pg_current_snapshot()), pg_visible_in_snapshot('"+id+"', '"+snapshot+"')"); got != "committed,t,f" {
				t.Errorf("of %s others are told %s", id, got)
			}
		}
	}
	// What a COMMIT that fails undoes.
	ask(own, "SET DateStyle = 'ISO, MDY'")
	ask(own, "BEGIN")
	ask(own, "SET DateStyle = 'SQL, DMY'")
	ask(own, "INSERT INTO events (stream, type) VALUES ('held', 'A')")
	ask(own, "DECLARE c CURSOR WITH HOLD FOR SELECT position FROM events WHERE stream = 'held'")
	ask(other, "INSERT INTO events (stream, type) VALUES ('other', 'B')")
	for _, x := range [][2]string{{"COMMIT", "40001"}, {"FETCH c", "34000"}, {"SHOW DateStyle", "ISO, MDY"}, {"SELECT count(*) FROM events WHERE stream = 'held'", "0"}} {
		if got := ask(own, x[0]); got != x[1] {
			t.Errorf("%s: got %s, want %s", x[0], got, x[1])
		}
	}
	ask(own, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	before, lsn := ask(own, "SELECT pg_current_snapshot()"), ask(own, "SELECT pg_current_wal_lsn()")
	id := ask(own, "SELECT txid_current()")
	ask(other, "INSERT INTO events (stream, type) VALUES ('other', 'B')")
	if after := ask(own, "SELECT pg_current_snapshot()"); after != before {
		t.Errorf("in REPEATABLE READ the snapshot went from %s to %s", before, after)
	}
	if got := ask(own, "SELECT pg_current_wal_lsn() - '"+lsn+"', txid_current() = "+id); got != "1,t" {
		t.Errorf("the log's place moved, and the id stayed: got %s, want 1,t", got)
	}
	if got := ask(own, "COMMIT"); got != "" {
		t.Errorf("a transaction that appended nothing: %s", got)
	}
}
