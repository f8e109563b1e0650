package timetravel

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// questions are what is asked at each position: what the server answers itself, then what the worker does, then either by the route.
var questions = []string{
	"SELECT position, stream, version, type, payload, tags, recorded_at FROM events ORDER BY position",
	"SELECT position FROM events ORDER BY position DESC LIMIT 5",
	"SELECT count(*), min(position), max(position), max(recorded_at) FROM events",
	"SELECT count(*), max(version) FROM events WHERE stream = 's-1'",
	"SELECT version, position FROM events WHERE stream = 's-1' ORDER BY version DESC LIMIT 3",
	"SELECT version, position FROM events WHERE stream IN ('s-0', 's-2', 't-1') ORDER BY position",
	"SELECT position, type FROM events WHERE category = 't' ORDER BY position",
	"SELECT position FROM events WHERE type = 'A' ORDER BY position DESC LIMIT 3",
	"SELECT count(*), max(position) FROM events WHERE type IN ('A', 'B') AND tags && '{x,z}'",
	"SELECT position FROM events WHERE category = 's' AND type = 'B' OR tags @> '{y}' ORDER BY position",
	"SELECT position, stream FROM events WHERE type IN ('A', 'C') ORDER BY position",
	"SELECT position FROM events WHERE tags @> '{x}' ORDER BY position",
	"SELECT count(*) FROM events WHERE type = 'B'",
	"SELECT position FROM events WHERE position BETWEEN 3 AND 9 ORDER BY position",
	"SELECT * FROM streams ORDER BY stream_id",
	"SELECT stream, version, first_position, last_position, created_at, updated_at FROM streams WHERE stream = 's-1'",
	"SELECT count(*) FROM streams",
	"SELECT type, count(*), max(position) FROM events GROUP BY type ORDER BY type",
	"SELECT s.stream, s.version, s.last_position, s.updated_at, e.type FROM streams s JOIN events e ON e.position = s.last_position ORDER BY s.stream_id",
	"SELECT position, row_number() OVER (PARTITION BY stream_id ORDER BY version DESC) FROM events ORDER BY position",
	"SELECT type, n FROM by_type ORDER BY type",
	"SELECT stream_id, version FROM streams ORDER BY stream_id",
	"SELECT * FROM (SELECT stream_id, count(*) AS n FROM events GROUP BY stream_id) q ORDER BY stream_id",
}

// byStream is answered from memory where nothing orders it.
const byStream = "SELECT stream_id, count(*) FROM events GROUP BY stream_id"

// answers are those to all questions, asked in one of several ways.
func answers(t *testing.T, conn *pgx.Conn, ask func(*testing.T, *pgx.Conn, string) string) []string {
	t.Helper()
	out := make([]string, len(questions))
	for i, sql := range questions {
		out[i] = ask(t, conn, sql)
	}
	return out
}

// grow appends a few events to a few streams, and returns the newest position.
func grow(t *testing.T, conn *pgx.Conn, r *rand.Rand) int64 {
	t.Helper()
	var position int64
	for range 1 + r.IntN(3) {
		var rows []string
		for range 1 + r.IntN(4) {
			tags := [...]string{"NULL", "'{x}'", "'{y,x}'", "'{z}'"}[r.IntN(4)]
			rows = append(rows, fmt.Sprintf("('%c-%d', '%c', '{\"n\": %d}', %s)", "st"[r.IntN(2)], r.IntN(6), "ABC"[r.IntN(3)], r.IntN(100), tags))
		}
		if err := conn.QueryRow(t.Context(), "INSERT INTO events (stream, type, payload, tags) VALUES "+strings.Join(rows, ", ")+" RETURNING position").Scan(&position); err != nil {
			t.Fatal(err)
		}
		position += int64(len(rows)) - 1
	}
	return position
}

// TestHistory: what was answered at a position is answered as of it whenever it is asked again, however it is said, by whichever path.
func TestHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	server := harness.Eventgres(t)
	conn := connect(t, server.URL(), "")
	must(t, conn, "CREATE VIEW by_type AS SELECT type, count(*) AS n FROM events GROUP BY type")
	known := map[int64][]string{-1: answers(t, conn, simple)}
	memory := map[int64]int{-1: 0}
	positions := []int64{-1}
	remember := func() {
		p := grow(t, conn, r)
		known[p] = answers(t, conn, simple)
		memory[p] = strings.Count(simple(t, conn, byStream), "\n") + 1
		positions = append(positions, p)
	}
	rounds := 2
	if harness.Long() {
		rounds = 12
	}
	for round := range rounds {
		for range 3 {
			remember()
		}
		if round == rounds-1 {
			server.Restart()
		}
		conn = connect(t, server.URL(), "")
		for range 2 {
			p := positions[r.IntN(len(positions))]
			checkEveryWay(t, server, r, p, known[p], memory[p])
		}
		if got := simple(t, conn, "SELECT pg_export_snapshot()"); got != fmt.Sprint(positions[len(positions)-1]) {
			t.Errorf("pg_export_snapshot() is %s, the newest position %d", got, positions[len(positions)-1])
		}
	}
}

// sample is how many of the questions are asked in one way.
func sample() int {
	if harness.Long() {
		return len(questions)
	}
	return 3
}

// checkEveryWay asks questions as of a position, in each way of saying it.
func checkEveryWay(t *testing.T, server *harness.Server, r *rand.Rand, p int64, want []string, streams int) {
	t.Helper()
	asks := map[string]func(*testing.T, *pgx.Conn, string) string{"simple": simple, "extended": extended, "copy": copied}
	for way, begin := range map[string]func() *pgx.Conn{
		"SET": func() *pgx.Conn {
			conn := connect(t, server.URL(), "")
			must(t, conn, fmt.Sprintf("SET eventgres.as_of = %d", p))
			return conn
		},
		"options": func() *pgx.Conn { return connect(t, server.URL(), fmt.Sprintf("-c eventgres.as_of=%d", p)) },
		"SET LOCAL": func() *pgx.Conn {
			conn := connect(t, server.URL(), "")
			must(t, conn, "BEGIN", fmt.Sprintf("SET LOCAL eventgres.as_of = '%d'", p))
			return conn
		},
		"set_config": func() *pgx.Conn {
			conn := connect(t, server.URL(), "")
			must(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ", fmt.Sprintf("SELECT set_config('eventgres.as_of', '%d', true)", p))
			return conn
		},
		"SNAPSHOT": func() *pgx.Conn {
			conn := connect(t, server.URL(), "")
			must(t, conn, "BEGIN ISOLATION LEVEL "+[...]string{"REPEATABLE READ", "SERIALIZABLE"}[r.IntN(2)], fmt.Sprintf("SET TRANSACTION SNAPSHOT '%d'", p))
			return conn
		},
	} {
		conn := begin()
		inBlock := conn.PgConn().TxStatus() == 'T'
		all := asks
		if inBlock {
			all = map[string]func(*testing.T, *pgx.Conn, string) string{"simple": simple, "cursor": cursor, "copy": copied}
		}
		route := "auto"
		if r.IntN(2) == 0 {
			route = "analytics"
		}
		must(t, conn, "SET eventgres.route = "+route)
		for ask, f := range all {
			for _, i := range r.Perm(len(questions))[:sample()] {
				if got := f(t, conn, questions[i]); got != want[i] {
					t.Errorf("as of %d by %s, %s, %s: %s\ngot\n%s\nwant\n%s", p, way, ask, route, questions[i], got, want[i])
				}
			}
		}
		if got := simple(t, conn, byStream); got != "" && strings.Count(got, "\n")+1 != streams || got == "" && streams != 0 {
			t.Errorf("as of %d by %s: %d streams, by their events:\n%s", p, way, streams, got)
		}
		if got := simple(t, conn, "SELECT pg_export_snapshot(), count(*) FROM (SELECT length(type) FROM events) q"); got != fmt.Sprintf("%d | %d", p, p+1) {
			t.Errorf("as of %d by %s: the snapshot and how many it sees: %s", p, way, got)
		}
		if got := simple(t, conn, "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM events WHERE position >= 0"); !strings.Contains(got, fmt.Sprintf("rows=%d ", p+1)) {
			t.Errorf("as of %d by %s: EXPLAIN ANALYZE has\n%s", p, way, got)
		}
		if inBlock {
			must(t, conn, "COMMIT")
			if got := simple(t, conn, "SHOW eventgres.as_of"); got != "now" {
				t.Errorf("%s lasts: %s", way, got)
			}
		}
		conn.Close(t.Context())
	}
}

// TestRace: while others append, what a session sees as of a position does not change, and a snapshot that it exports sees what the statement saw.
func TestRace(t *testing.T) {
	server := harness.Eventgres(t)
	stop, done := make(chan struct{}), make(chan error)
	writer := connect(t, server.URL(), "")
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if _, err := writer.Exec(t.Context(), "INSERT INTO events (stream, type) VALUES ('s', 'A'), ('t', 'B')"); err != nil {
				done <- err
				return
			}
		}
	}()
	conn := connect(t, server.URL(), "")
	for range 5 {
		for _, sql := range []string{
			"SELECT pg_export_snapshot() FROM events ORDER BY position DESC LIMIT 1", "SELECT pg_export_snapshot(), count(*) FROM (SELECT length(type) FROM events) q",
		} {
			got := strings.Split(simple(t, conn, sql), " | ")
			if got[0] == "" {
				continue // nothing yet
			}
			p, err := strconv.ParseInt(got[0], 10, 64)
			if err != nil || len(got) > 1 && got[1] != fmt.Sprint(p+1) {
				t.Errorf("%s: %v, %v", sql, got, err)
			}
			must(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ", fmt.Sprintf("SET TRANSACTION SNAPSHOT '%d'", p))
			for _, count := range []string{"SELECT count(*) FROM events", "SELECT sum(n) FROM (SELECT type, count(*) AS n FROM events GROUP BY type) q", "SELECT sum(version + 1) FROM streams"} {
				if got := simple(t, conn, count); got != fmt.Sprint(p+1) {
					t.Errorf("as of %d: %s is %s", p, count, got)
				}
			}
			must(t, conn, "COMMIT")
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
