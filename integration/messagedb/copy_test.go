package messagedb

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var times = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?`)

// TestCopy: messages are copied out as Message DB's table is, and what cannot be copied is refused in the same words.
func TestCopy(t *testing.T) {
	byWire(t, func(w *wire) {
		w.exec("SELECT write_message('00000000-0000-4000-8000-000000000001', 'loan-1', 'Opened', '{\"b\": 1, \"a\": \"\\u00e9\"}', NULL, -1)")
		w.exec("SELECT write_message('00000000-0000-4000-8000-000000000002', 'loan-1', 'Closed', NULL, '{}')")
		for _, sql := range []string{
			"COPY messages TO STDOUT",
			"COPY message_store.messages (stream_name, position, \"type\") TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (type))",
			"COPY messages (position, data, id, time) TO STDOUT (DELIMITER '|', NULL 'none')",
			"COPY messages (global_position, id, metadata) TO STDOUT (FORMAT binary)",
			"COPY (TABLE messages) TO STDOUT",
			"COPY messages (colour) TO STDOUT",
			"COPY messages (id, id) TO STDOUT",
			"COPY messages (id) TO STDOUT (FORMAT csv, FORCE_QUOTE (type))",
			"COPY stream_summary TO STDOUT",
			"COPY message_store.category_type_summary (category) TO STDOUT",
			"BEGIN",
			"SELECT write_message('00000000-0000-4000-8000-000000000003', 'loan-1', 'Noted', '{}')",
			"COPY messages (type) TO STDOUT",
			"ROLLBACK",
			"COPY messages (type) TO STDOUT",
			"SET search_path TO public",
			"COPY messages TO STDOUT",
			"COPY message_store.messages (type) TO STDOUT",
		} {
			fmt.Fprintln(&w.text, sql)
			if !strings.HasPrefix(sql, "COPY") {
				w.exec(sql)
				continue
			}
			var out strings.Builder
			tag, err := w.conn.CopyTo(t.Context(), &out, sql)
			if err != nil {
				w.fail(err)
			}
			fmt.Fprintf(&w.text, "%s %q\n", tag, times.ReplaceAllString(out.String(), "<time>"))
		}
	})
}
