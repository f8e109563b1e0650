package messageimport

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// scripts is where npm puts what makes a Message DB.
const scripts = "testdata/node/node_modules/@eventide/message-db/database"

// A source is a Message DB in PostgreSQL.
type source struct {
	url  string
	conn *pgx.Conn
}

// messageDB makes one without messages.
func messageDB(t *testing.T) *source {
	t.Helper()
	cluster, name := harness.MessageDB(t, scripts)
	s := &source{url: cluster.URL(name)}
	s.conn = connect(t, s.url)
	must(t, s.conn, "SET search_path = message_store, public", "SET TimeZone = 'UTC'")
	return s
}

var (
	categories = []string{"account", "account:command", "pay-in", "überweisung", "a:b+c", "x"}
	texts      = []string{`{"a": 1}`, `{}`, `null`, `[1, "\u00e9", {"k": null}]`, `{"ü": "\ud83d\ude00", "n": 12345678901234567890.123456789, "e": 1e3}`, `"text"`, `{"b": {"c": "}"}}`}
)

// fill writes messages as clients do, some of which take theirs back, so that global positions have gaps. Then it changes
// the times: they rise, but for some that are earlier than those before.
func (s *source) fill(t *testing.T, r *rand.Rand, n, size int) {
	t.Helper()
	ctx := t.Context()
	pad := strings.Repeat("x", size)
	for written := 0; written < n; {
		batch := &pgx.Batch{}
		count := 1 + r.IntN(40)
		for range count {
			stream := fmt.Sprintf("%s-%d", categories[r.IntN(len(categories))], r.IntN(30))
			var data, meta *string
			if r.IntN(8) > 0 {
				text := texts[r.IntN(len(texts))]
				if r.IntN(2) == 0 {
					text = fmt.Sprintf(`{"n": %d, "pad": "%s"}`, written, pad[:r.IntN(size+1)])
				}
				data = &text
			}
			if r.IntN(3) > 0 {
				text := texts[r.IntN(len(texts))]
				meta = &text
			}
			batch.Queue("SELECT write_message($1, $2, $3, $4, $5)", uuid.NewString(), stream, []string{"Opened", "Closed", ""}[r.IntN(3)], data, meta)
		}
		tx, err := s.conn.Begin(ctx)
		if err == nil {
			err = tx.SendBatch(ctx, batch).Close()
		}
		if err == nil && r.IntN(6) == 0 {
			err = tx.Rollback(ctx)
		} else if err == nil {
			written += count
			err = tx.Commit(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	must(t, s.conn, fmt.Sprintf(`UPDATE messages SET time = timestamp '2019-01-01' + global_position * interval '1 second'
		- CASE WHEN hashint8(global_position + %d) %% 20 = 0 THEN interval '1 minute 0.000007 second' ELSE '0' END WHERE time > '2020-01-01'`, r.IntN(1000)))
}

// want is what a server has of the messages, in their order: stream, version, id, type, data, metadata and time. before is the time of the event
// before the first; renumbered says whether versions are counted anew.
func (s *source) want(t *testing.T, before time.Time, renumbered bool) (out [][]string) {
	t.Helper()
	next := map[string]int{}
	for _, row := range rows(t, s.conn, "SELECT stream_name, position, id, type, data, metadata, time AT TIME ZONE 'UTC' FROM messages ORDER BY global_position") {
		if version := fmt.Sprint(next[row[0]]); renumbered && row[1] != version {
			meta := `{"$position": ` + row[1] + "}"
			switch {
			case row[5] == "NULL" || row[5] == "{}":
			case strings.HasPrefix(row[5], "{"):
				meta = strings.TrimSuffix(row[5], "}") + `, "$position": ` + row[1] + "}"
			default:
				meta = `{"$metadata": ` + row[5] + `, "$position": ` + row[1] + "}"
			}
			row[1], row[5] = version, meta
		}
		next[row[0]]++
		at, err := time.Parse("2006-01-02 15:04:05.999999Z07", row[6])
		if err != nil {
			t.Fatal(err)
		}
		if at.Before(before) {
			meta := row[5]
			if meta == "NULL" {
				meta = ""
			}
			row[5] = raised(meta, at)
			at = before
		}
		before = at
		row[6] = at.UTC().Format("2006-01-02 15:04:05.999999+00")
		out = append(out, row)
	}
	return out
}

const imported = "SELECT stream, version, event_id, type, payload, metadata, recorded_at FROM events"

// same compares the server's events, as a query tells them, with what is wanted.
func same(t *testing.T, server *pgx.Conn, sql string, want [][]string) {
	t.Helper()
	must(t, server, "SET TimeZone = 'UTC'")
	got := rows(t, server, sql)
	if len(got) != len(want) {
		t.Fatalf("%d events of %d messages", len(got), len(want))
	}
	for i := range want {
		for k := range want[i] {
			if got[i][k] != want[i][k] {
				t.Fatalf("message %d: %q\nis event: %q", i, want[i], got[i])
			}
		}
	}
}
