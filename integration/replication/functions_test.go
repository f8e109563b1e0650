package replication

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestFunctions makes a slot, looks at its changes, takes them, and drops it, in SQL alone.
func TestFunctions(t *testing.T) {
	s := harness.Eventgres(t)
	conn := s.Connect(t)
	appendEvents(t, conn, 1)
	if got := mustGet[string](t, conn, "SELECT lsn FROM pg_create_logical_replication_slot('s', 'wal2json')"); got != "0/1000001" {
		t.Errorf("the slot begins at %s", got)
	}
	appendEvents(t, conn, 2)
	appendEvents(t, conn, 1)
	changes := func(f, arguments string) string {
		t.Helper()
		rows, err := conn.Query(t.Context(), "SELECT data FROM "+f+"("+arguments+")")
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s(%s): %v", f, arguments, err)
		}
		text := ""
		for _, line := range list {
			text += line + "\n"
		}
		return actions(text)
	}
	for _, x := range []struct{ f, arguments, want string }{
		{"pg_logical_slot_peek_changes", "'s', NULL, NULL, 'format-version', '2'", "B1 2CB3C"},
		{"pg_logical_slot_peek_changes", "'s', NULL, 1, 'format-version', '2'", "B1 2C"},
		{"pg_logical_slot_get_changes", "'s', '0/1000003', NULL, 'format-version', '2'", "B1 2C"},
		{"pg_logical_slot_get_changes", "'s', NULL, NULL, 'format-version', '2'", "B3C"},
		{"pg_logical_slot_get_changes", "'s', NULL, NULL, 'format-version', '2'", ""},
	} {
		if got := changes(x.f, x.arguments); got != x.want {
			t.Errorf("%s(%s): %s, want %s", x.f, x.arguments, got, x.want)
		}
	}
	if _, err := conn.Exec(t.Context(), "SELECT * FROM pg_logical_slot_get_changes('none', NULL, NULL)"); codeOf(err) != "42704" {
		t.Error(err)
	}
	mustExec(t, conn, "SELECT pg_drop_replication_slot('s')")
	if _, err := conn.Exec(t.Context(), "SELECT pg_drop_replication_slot('s')"); codeOf(err) != "42704" {
		t.Error(err)
	}
}
