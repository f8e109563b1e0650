package messagedb

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// said is what a statement answers, a line a row, or its error.
func said(t *testing.T, conn *pgx.Conn, sql string) string {
	rows, _ := conn.Query(t.Context(), sql)
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return fmt.Sprint(values), err
	})
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return strings.Join([]string{e.Code, e.Message, e.Detail, e.ConstraintName}, " | ")
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(lines, " ")
}

// TestOverRows: functions are called with columns of messages, by names of all kinds.
func TestOverRows(t *testing.T) {
	both(t, func(t *testing.T, url string) string {
		conn := connect(t, url)
		var out strings.Builder
		for _, sql := range []string{
			"SELECT write_message('00000000-0000-4000-8000-00000000000' || n, 'cc-' || n % 2, 'T', '{}') FROM generate_series(1, 5) AS g(n)",
			"SELECT write_message('00000000-0000-4000-8000-00000000000a', 'aa-1', 'T', '{}')",
			"SELECT stream_name, stream_version(stream_name) FROM messages WHERE category(stream_name) = 'cc' ORDER BY global_position",
			"SELECT stream_version(m.stream_name) FROM messages m ORDER BY m.global_position",
			"SELECT stream_version(a.stream_name) FROM messages a ORDER BY a.global_position",
			"SELECT stream_version(q.s) FROM (SELECT stream_name AS s FROM messages) q ORDER BY q.s",
			"SELECT stream_name, stream_version(stream_name) FROM stream_summary ORDER BY stream_name",
			"SELECT count(*) FROM messages WHERE position = stream_version(stream_name)",
			"SELECT stream_name, array_agg(stream_version(stream_name)) FROM messages GROUP BY stream_name ORDER BY stream_name",
			"SELECT CASE WHEN stream_version(stream_name) > 1 THEN 'long' ELSE 'short' END FROM messages ORDER BY global_position",
			"SELECT write_message(gen_random_uuid()::text, stream_name, 'Z', data, metadata, stream_version(stream_name)) FROM messages WHERE stream_name = 'aa-1'",
			"SELECT write_message(gen_random_uuid()::text, 'aa-2', 'Z', '{}'), stream_version('aa-2')",
			"SELECT position FROM get_category_messages('cc', -9223372036854775808, 1)",
			"SELECT position FROM get_stream_messages('cc-1', -9223372036854775808, 1)",
			"SELECT 1 FROM get_category_messages('rd', 1, 10, NULL, 1, 40000) a, get_stream_messages('rd-1') b",
			"INSERT INTO messages (stream_name, position, type, type) VALUES ('dup-1', 0, 'A', 'B')",
			"INSERT INTO messages (id, stream_name, position, type) VALUES ('00000000-0000-4000-8000-00000000000a', 'cc-1', 0, 'A')",
			"INSERT INTO messages (stream_name, position, type) VALUES ('cc-1', 0, 'A')",
		} {
			fmt.Fprintf(&out, "%s: %s\n", sql, said(t, conn, sql))
		}
		return out.String()
	})
}

// TestExpectationWaits: who expects a version waits for who has the category, and is told of what that has written.
func TestExpectationWaits(t *testing.T) {
	both(t, func(t *testing.T, url string) string {
		first, second := connect(t, url), connect(t, url)
		var out strings.Builder
		for _, expected := range []string{"0", "2", "-1", "NULL"} {
			stream := "held" + strings.Trim(expected, "-") + "-1"
			write := "SELECT write_message(gen_random_uuid()::text, '" + stream + "', 'T', '{}'"
			if _, err := first.Exec(t.Context(), "BEGIN"); err != nil {
				t.Fatal(err)
			}
			said(t, first, write+")")
			answer := make(chan string)
			go func() { answer <- said(t, second, write+", NULL, "+expected+")") }()
			for { // it waits for the lock
				if n := said(t, first, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"); n == "[1]" {
					break
				}
			}
			if _, err := first.Exec(t.Context(), "COMMIT"); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s: %s\n", expected, <-answer)
		}
		return out.String()
	})
}
