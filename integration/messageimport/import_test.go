package messageimport

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// run imports, and returns what it says.
func run(t *testing.T, from, to string, args ...string) (out string, err error) {
	t.Helper()
	text, err := importer(t, from, to, args...).CombinedOutput()
	return string(text), err
}

func importer(t *testing.T, from, to string, args ...string) *exec.Cmd {
	return exec.CommandContext(t.Context(), harness.Binary(t), append([]string{"import", "--from-message-db", from, "--url", to}, args...)...)
}

// says checks that an import succeeds and says something.
func says(t *testing.T, from, to, want string, args ...string) {
	t.Helper()
	if out, err := run(t, from, to, args...); err != nil || !strings.Contains(out, want) {
		t.Fatalf("%v, want %q:\n%s", err, want, out)
	}
}

// refused checks that an import fails, says something, and has written nothing.
func refused(t *testing.T, from *source, to *harness.Server, want ...string) {
	t.Helper()
	out, err := run(t, from.url, to.URL())
	for _, text := range want {
		if err == nil || !strings.Contains(out, text) {
			t.Errorf("%v, want %q:\n%s", err, text, out)
		}
	}
	if got := rows(t, connect(t, to.URL()), "SELECT count(*) FROM events")[0][0]; got != "0" {
		t.Errorf("%s events were written", got)
	}
}

// TestImport: what is in a Message DB is in the server afterwards, and what comes to it comes with the next import.
func TestImport(t *testing.T) {
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	s := messageDB(t)
	server := harness.Eventgres(t)
	says(t, s.url, server.URL(), "imported 0 messages of 0 streams")
	s.fill(t, r, 2000, 200)
	conn := connect(t, server.URL())
	says(t, s.url, server.URL(), "0 differences")
	want := s.want(t, time.Time{}, false)
	same(t, conn, imported+" ORDER BY position", want)
	same(t, conn, imported+" WHERE type || '' = type ORDER BY position", want) // of the worker
	// And by Message DB's own interface.
	same(t, conn, "SELECT stream_name, position, id, type, data, metadata, time AT TIME ZONE 'UTC' FROM message_store.messages ORDER BY global_position", want)
	says(t, s.url, server.URL(), "imported 0 messages")
	s.fill(t, r, 300, 200)
	says(t, s.url, server.URL(), fmt.Sprintf("%d were there before", len(want)))
	same(t, conn, imported+" ORDER BY position", s.want(t, time.Time{}, false))

	// The role that clients of Message DB have may not keep others from writing.
	s.fill(t, r, 10, 10)
	says(t, strings.Replace(s.url, "user=test", "user=message_store", 1), server.URL(), "are not waited for")
	same(t, conn, imported+" ORDER BY position", s.want(t, time.Time{}, false))

	// What is not as it was is found, and said.
	must(t, s.conn, `UPDATE messages SET data = '{"changed": true}' WHERE global_position = (SELECT min(global_position) FROM messages)`)
	if out, err := run(t, s.url, server.URL()); err == nil || !strings.Contains(out, "the data are others") || !strings.Contains(out, "1 difference") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWaits: who is writing is waited for, so that no message is missing below another.
func TestWaits(t *testing.T) {
	s := messageDB(t)
	server := harness.Eventgres(t)
	writing := connect(t, s.url)
	must(t, writing, "SET search_path = message_store, public", "BEGIN", "SELECT write_message(gen_random_uuid()::text, 'slow-1', 'T', '{}')")
	must(t, s.conn, "SELECT write_message(gen_random_uuid()::text, 'fast-1', 'T', '{}')")
	cmd := importer(t, s.url, server.URL())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	harness.Await(t, "the import waits", func() bool {
		return rows(t, s.conn, "SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0] == "1"
	})
	must(t, writing, "COMMIT")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	same(t, connect(t, server.URL()), imported+" ORDER BY position", s.want(t, time.Time{}, false))
}

// TestKilled: an import that is killed wherever it is goes on from there, each message once.
func TestKilled(t *testing.T) {
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	s := messageDB(t)
	if harness.Long() {
		million(t, s)
	} else {
		s.fill(t, r, 6000, 4000)
	}
	server := harness.Eventgres(t)
	watching := connect(t, server.URL())
	total := len(rows(t, s.conn, "SELECT id FROM messages"))
	kills := 0
	for at := 0; ; kills++ {
		at += r.IntN(total / 4)
		cmd := importer(t, s.url, server.URL())
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if at >= total {
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			t.Logf("killed %d times:\n%s", kills, out.String())
			break
		}
		must(t, watching, fmt.Sprintf("SELECT wait_for_position(%d)", at))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
	}
	same(t, watching, imported+" ORDER BY position", s.want(t, time.Time{}, false))
}

// million fills a Message DB with a million messages.
func million(t *testing.T, s *source) {
	must(t, s.conn, `INSERT INTO messages (global_position, position, time, stream_name, type, data, metadata)
		SELECT n, (n - 1) / 50000, timestamp '2019-01-01' + n * interval '1 second' - (n % 100 / 99) * interval '1 minute', 'account-' || (n - 1) % 50000, 'T' || n % 7,
			jsonb_build_object('n', n, 'text', repeat('ü', (n % 90)::int)), CASE WHEN n % 3 > 0 THEN jsonb_build_object('correlation', n / 10) END
		FROM generate_series(1, 1000000) n`)
}

// TestIrregularStreams: streams whose positions cannot be versions are listed and refused, or get versions and keep their positions.
func TestIrregularStreams(t *testing.T) {
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	s := messageDB(t)
	s.fill(t, r, 800, 50)
	must(t, s.conn, "SELECT write_message(gen_random_uuid()::text, 'pruned-1', 'T', '{}') FROM generate_series(1, 9)",
		"DELETE FROM messages WHERE stream_name = 'pruned-1' AND position < 4",
		"INSERT INTO messages (stream_name, position, type, metadata) VALUES ('gap-1', 0, 'T', '7'), ('gap-1', 7, 'T', '7'), ('gap-1', 8, 'T', '{}'), ('back-1', 1, 'T', NULL), ('back-1', 0, 'T', '[]')",
		"DELETE FROM messages WHERE hashint8(global_position) % 29 = 0 AND stream_name NOT IN ('pruned-1', 'gap-1', 'back-1')", "UPDATE messages SET time = '2020-01-01' WHERE time > '2020-01-01'")
	server := harness.Eventgres(t)
	refused(t, s, server, "stream pruned-1: 5 messages, positions 4 to 8: does not begin at 0", "stream gap-1: ", "stream back-1: ", "has gaps", "is not in the order of global positions", "--renumber")
	conn := connect(t, server.URL())
	says(t, s.url, server.URL(), "0 differences", "--renumber")
	same(t, conn, imported+" ORDER BY position", s.want(t, time.Time{}, true))
	must(t, s.conn, "INSERT INTO messages (stream_name, position, type, time) VALUES ('gap-1', 9, 'T', '2019-01-01'), ('gap-1', 11, 'T', '2021-01-01')")
	says(t, s.url, server.URL(), "imported 2 messages", "--renumber")
	same(t, conn, imported+" ORDER BY position", s.want(t, time.Time{}, true))
}

// TestImpossible: what the server would not take is said before anything is written.
func TestImpossible(t *testing.T) {
	server := harness.Eventgres(t)
	for name, c := range map[string]struct{ sql, want string }{
		"no name":         {"('', 0, 'T', '{}', now(), gen_random_uuid())", "have a stream without a name"},
		"nil":             {"('s', 0, 'T', '{}', now(), '00000000-0000-0000-0000-000000000000')", "have the nil UUID"},
		"to come":         {"('s', 0, 'T', '{}', now() + interval '1 day', gen_random_uuid())", "still to come"},
		"infinite":        {"('s', 0, 'T', '{}', '-infinity', gen_random_uuid())", "a time that is infinite"},
		"a long name":     {"(repeat('s', 600), 0, 'T', '{}', now(), gen_random_uuid())", "--max-name"},
		"a long type":     {"('s', 0, repeat('T', 300), '{}', now(), gen_random_uuid())", "--max-type"},
		"a large message": {"('s', 0, 'T', jsonb_build_object('a', repeat('x', 1100000)), now(), gen_random_uuid())", "--max-event"},
	} {
		t.Run(name, func(t *testing.T) {
			s := messageDB(t)
			must(t, s.conn, "SELECT write_message(gen_random_uuid()::text, 'a', 'T', '{}')", "INSERT INTO messages (stream_name, position, type, data, time, id) VALUES "+c.sql)
			refused(t, s, server, c.want, "nothing is written", "1 of the messages")
		})
	}
}

// TestAmongOthers: a server that has events, and gets others meanwhile, gets the messages too, in their order.
func TestAmongOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	s := messageDB(t)
	s.fill(t, r, 1500, 3000)
	server := harness.Eventgres(t)
	conn := connect(t, server.URL())
	must(t, conn, "INSERT INTO events (stream, type) VALUES ('own-1', 'T'), ('own-1', 'T')")
	other := connect(t, server.URL())
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := other.Exec(t.Context(), "INSERT INTO events (stream, type) VALUES ('own-1', 'T')"); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	says(t, s.url, server.URL(), "earlier than the event before")
	close(stop)
	<-ended
	want := s.want(t, time.Time{}, false)
	for i, row := range rows(t, conn, "SELECT stream, version, event_id, type, payload FROM events WHERE stream <> 'own-1' ORDER BY position") {
		if strings.Join(row, "|") != strings.Join(want[i][:5], "|") {
			t.Fatalf("event %d: %q, want %q", i, row, want[i])
		}
	}
	// Their own times are in the metadata, every one.
	if got := rows(t, conn, "SELECT count(*) FROM events WHERE stream <> 'own-1' AND (metadata ->> '$recorded_at')::timestamptz < '2020-01-01'")[0][0]; got != fmt.Sprint(len(want)) {
		t.Errorf("%s of %d messages have their time", got, len(want))
	}
}

// TestTheirIds: a server that has ids of messages, and not the messages before them, is not taken for one that has those.
func TestTheirIds(t *testing.T) {
	s := messageDB(t)
	must(t, s.conn, "SELECT write_message(gen_random_uuid()::text, 's-' || n % 3, 'T', '{}') FROM generate_series(1, 8) n")
	for _, ids := range [][]int{{4}, {1, 8}} {
		server := harness.Eventgres(t)
		conn := connect(t, server.URL())
		for _, n := range ids {
			id := rows(t, s.conn, fmt.Sprintf("SELECT id FROM messages WHERE global_position = %d", n))[0][0]
			must(t, conn, "INSERT INTO events (event_id, stream, type) VALUES ('"+id+"', 'x', 'T')")
		}
		if out, err := run(t, s.url, server.URL()); err == nil {
			t.Errorf("%v: %s", ids, out)
		}
		if got := rows(t, conn, "SELECT count(*) FROM events")[0][0]; got != fmt.Sprint(len(ids)) {
			t.Errorf("%v: %s events", ids, got)
		}
	}
}

// TestRights: who may not give times is told so.
func TestRights(t *testing.T) {
	s := messageDB(t)
	server := harness.Eventgres(t)
	admin := connect(t, chief(server))
	must(t, admin, "CREATE ROLE clerk LOGIN", "GRANT SELECT, INSERT ON events TO clerk")
	if out, err := run(t, s.url, as(server, "clerk")); err == nil || !strings.Contains(out, "permission denied to set parameter") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, args := range [][]string{{"import"}, {"import", "--renumber", "x"}, {"import", "--from-message-db", s.url, "x"}} {
		if out, err := exec.Command(harness.Binary(t), args...).CombinedOutput(); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
	if out, err := run(t, harness.Postgres(t).URL("postgres"), chief(server)); err == nil || !strings.Contains(out, "there is no table message_store.messages") {
		t.Errorf("%v\n%s", err, out)
	}
}
