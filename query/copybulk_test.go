package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/engine"
)

// bulkRows is more than fits into a few blocks and chunks.
const bulkRows = 30_000

// bulkLine is a row of bulk data, with an escape in some.
func bulkLine(i int) string {
	note := strings.Repeat("x", i%150)
	if i%97 == 0 {
		note += `\\"`
	}
	return fmt.Sprintf("s-%d\tT%d\t{\"i\": %d, \"note\": \"%s\"}\n", i%700, i%7, i, note)
}

// bulkCopy copies lines into a new store and returns the tag or the error, and what is stored.
func bulkCopy(t *testing.T, sql string, line func(i int) string) (tag string, stored [][3]string, copied error) {
	t.Helper()
	store := openStore(t, engine.Options{SegmentBytes: 4 << 20})
	addr := serve(t, NewServer(store, nil))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := connect(ctx, addr, pgx.QueryExecModeExec)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	r, w := io.Pipe()
	go func() {
		for i := range bulkRows {
			if _, err := io.WriteString(w, line(i)); err != nil {
				return // the COPY has ended
			}
		}
		w.Close()
	}()
	command, copied := conn.PgConn().CopyFrom(ctx, r, sql)
	r.Close()
	rows, err := conn.Query(ctx, "SELECT stream, type, coalesce(payload::text, '') FROM events ORDER BY position")
	if err != nil {
		t.Fatal(err)
	}
	stored, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e [3]string, err error) {
		return e, row.Scan(&e[0], &e[1], &e[2])
	})
	if err != nil {
		t.Fatal(err)
	}
	return command.String(), stored, copied
}

// TestCopyBulk: rows that are read side by side are stored in order, once each.
func TestCopyBulk(t *testing.T) {
	tag, stored, err := bulkCopy(t, "COPY events (stream, type, payload) FROM STDIN", bulkLine)
	if err != nil || tag != fmt.Sprintf("COPY %d", bulkRows) || len(stored) != bulkRows {
		t.Fatalf("%s, %v, %d stored", tag, err, len(stored))
	}
	for i, e := range stored {
		fields := strings.SplitN(strings.TrimSuffix(bulkLine(i), "\n"), "\t", 3)
		want := [3]string{fields[0], fields[1], strings.ReplaceAll(fields[2], `\\`, `\`)}
		if e != want {
			t.Fatalf("event %d is %q, not %q", i, e, want)
		}
	}
}

// TestCopyBulkError: what is wrong with a row is told with its line, what is durable is a beginning
// of the data, and as much as is said.
func TestCopyBulkError(t *testing.T) {
	const bad = 25_000
	first := "1e0a6b1c-5a63-4f1e-9c53-4a2f4f1d1e01"
	for name, c := range map[string]struct {
		sql  string
		line func(i int) string
		code string
		says string // in Where
	}{
		"syntax": {"COPY events (stream, type, payload) FROM STDIN", func(i int) string {
			if i == bad {
				return "s\tT\t{\n"
			}
			return bulkLine(i)
		}, "22P02", fmt.Sprintf("COPY events, line %d, column payload: \"{\"", bad+1)},
		"fields": {"COPY events (stream, type, payload) FROM STDIN (header)", func(i int) string {
			if i == bad {
				return "s\n"
			}
			return bulkLine(i)
		}, "22P04", fmt.Sprintf("COPY events, line %d: \"s\"", bad+1)},
		"short rows": {"COPY events (stream, type) FROM STDIN", func(i int) string {
			if i == bad {
				return "s\n"
			}
			return fmt.Sprintf("%d\tT\n", i%10)
		}, "22P04", fmt.Sprintf("COPY events, line %d: \"s\"", bad+1)},
		"short rows expect": {"COPY events (stream, type, expected_version) FROM STDIN", func(i int) string {
			if i == bad {
				return "0\tT\t5\n"
			}
			return fmt.Sprintf("%d\tT\t-1\n", i%10)
		}, "22023", fmt.Sprintf("COPY events, line %d: \"0\tT\t5\"", bad+1)},
		"duplicate": {"COPY events (stream, type, event_id) FROM STDIN", func(i int) string {
			id := fmt.Sprintf("1e0a6b1c-5a63-4f1e-9c53-4a2f%08d", i)
			if i == 0 || i == bad {
				id = first
			}
			return fmt.Sprintf("s-%d\tT\t%s\n", i%10, id)
		}, "23505", ""},
		"expected versions differ": {"COPY events (stream, type, expected_version) FROM STDIN", func(i int) string {
			if i == bad {
				return "s-0\tT\t5\n"
			}
			return fmt.Sprintf("s-%d\t%s\t-1\n", i%10, strings.Repeat("T", 100))
		}, "22023", fmt.Sprintf("COPY events, line %d: \"s-0\tT\t5\"", bad+1)},
	} {
		t.Run(name, func(t *testing.T) {
			_, stored, err := bulkCopy(t, c.sql, c.line)
			e := new(pgconn.PgError)
			if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Where, c.says) {
				t.Fatalf("%v, at %q; want %s at %q", err, e.Where, c.code, c.says)
			}
			if want := fmt.Sprintf("%d rows are durable", len(stored)); !strings.Contains(e.Detail, want) {
				t.Errorf("detail %q, but %s", e.Detail, want)
			}
			skip := 0
			if strings.Contains(c.sql, "header") {
				skip = 1
			}
			if len(stored) == 0 || len(stored) > bad-skip {
				t.Fatalf("%d events are stored", len(stored))
			}
			for i, e := range stored {
				if stream, _, _ := strings.Cut(c.line(i+skip), "\t"); e[0] != stream {
					t.Fatalf("event %d is of stream %s, not %s", i, e[0], stream)
				}
			}
		})
	}
}

// TestCopyBulkEnd: nothing behind an end marker is read, be it in another block.
func TestCopyBulkEnd(t *testing.T) {
	const end = 12_345
	tag, stored, err := bulkCopy(t, "COPY events (stream, type, payload) FROM STDIN", func(i int) string {
		switch {
		case i == end:
			return "\\.\n"
		case i > end:
			return "no\n"
		}
		return bulkLine(i)
	})
	if want := fmt.Sprintf("COPY %d", end); err != nil || tag != want || len(stored) != end {
		t.Errorf("%s, %v, %d stored; want %s", tag, err, len(stored), want)
	}
}
