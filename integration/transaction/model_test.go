package transaction

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// event is one of the model's: its place in its stream and in the log follow from where it lies.
type event struct{ stream, kind string }

// log is the model.
type log []event

func (l log) version(stream string) int {
	n := -1
	for _, e := range l {
		if e.stream == stream {
			n++
		}
	}
	return n
}

// a told question has an answer that the model knows, and tells something that the commit has to keep.
type question struct {
	sql               string
	answer            func(l log, stream string) string
	version, position bool
}

var questions = []question{
	{sql: `SELECT count(*) FROM events WHERE stream = '$S' AND upper(type) > ''`, answer: func(l log, s string) string { return fmt.Sprint(l.version(s) + 1) }},
	{sql: `SELECT count(*) FROM events`, answer: func(l log, _ string) string { return fmt.Sprint(len(l)) }},
	{sql: `SELECT count(DISTINCT event_id), max(lower(type)) FROM events WHERE type = 'none'`, answer: func(log, string) string { return "0,NULL" }},
	{sql: `SELECT typname FROM pg_type WHERE oid = 25`, answer: func(log, string) string { return "text" }},
	{sql: `SELECT count(*) FROM (SELECT event_id, type, payload, recorded_at FROM events) AS anon`, answer: func(l log, _ string) string { return fmt.Sprint(len(l)) }},
	{sql: `SELECT count(*) FROM streams WHERE lower(stream) <> ''`, answer: func(l log, _ string) string {
		seen := map[string]bool{}
		for _, e := range l {
			seen[e.stream] = true
		}
		return fmt.Sprint(len(seen))
	}},
	{version: true, sql: `SELECT coalesce(max(version), -1) FROM events WHERE lower(stream) = '$S'`, answer: func(l log, s string) string { return fmt.Sprint(l.version(s)) }},
	{version: true, sql: `SELECT coalesce(sum(version), -1) FROM streams WHERE lower(stream) = '$S'`, answer: func(l log, s string) string { return fmt.Sprint(l.version(s)) }},
	{version: true, sql: `SELECT coalesce(max(x.v), -1) FROM (SELECT version AS v, stream AS s FROM events) x WHERE lower(x.s) = '$S'`, answer: func(l log, s string) string { return fmt.Sprint(l.version(s)) }},
	{position: true, sql: `SELECT coalesce(max(position), -1) * 2 FROM events`, answer: func(l log, _ string) string { return fmt.Sprint(2 * (len(l) - 1)) }},
	{position: true, sql: `SELECT coalesce(max(last_position), -1) + 1 FROM streams`, answer: func(l log, _ string) string { return fmt.Sprint(len(l)) }},
	{
		version: true, position: true, sql: `SELECT coalesce(max((to_jsonb(e)->>'version')::int), -1) FROM events e WHERE lower(stream) = '$S'`,
		answer: func(l log, s string) string { return fmt.Sprint(l.version(s)) },
	},
}

// TestModel: a transaction reads the log and its own appends, beside somebody who appends, and fails at COMMIT, with
// 40001 and without effect, where what it was told of its own has moved, and nowhere else.
func TestModel(t *testing.T) {
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	s := harness.Eventgres(t)
	own, other := dial(t, s.URL()), dial(t, s.URL())
	var committed log
	moved, kept := 0, 0
	for range sessions(150) {
		tx := modelTransaction{Rand: r, log: &committed, streams: map[string]int{}, position: -1}
		failed := tx.run(t, own, other)
		switch {
		case failed:
			moved++
		case tx.told:
			kept++
		}
		want := fmt.Sprint(len(committed))
		if got := one(t, own, `SELECT count(*) FROM events`); got != want {
			t.Fatalf("%s events, want %s, after\n%s", got, want, strings.Join(tx.past, "\n"))
		}
	}
	t.Logf("%d commits failed, %d that were told something did not", moved, kept)
	if moved == 0 || kept == 0 {
		t.Error("the sessions have not tried both")
	}
}

type modelTransaction struct {
	*rand.Rand
	log      *log
	staged   log
	streams  map[string]int // whose version is pinned, and at what
	position int            // pinned; -1: not
	told     bool
	past     []string
}

func (m *modelTransaction) sees() log { return append(append(log(nil), *m.log...), m.staged...) }

// point is where the transaction was at a savepoint.
type point struct {
	staged, position int
	streams          map[string]int
}

// rollbackTo goes back to a savepoint. What was told since of events that stay staged has been told.
func (m *modelTransaction) rollbackTo(p point) {
	m.staged = m.staged[:p.staged:p.staged]
	if len(m.staged) == 0 || m.position < 0 {
		m.position = p.position
	}
	streams := map[string]int{}
	for k, v := range p.streams {
		streams[k] = v
	}
	for _, e := range m.staged {
		if v, ok := m.streams[e.stream]; ok {
			streams[e.stream] = v
		}
	}
	m.streams = streams
}

// moved tells whether what was told no longer holds.
func (m *modelTransaction) moved() bool {
	if m.position >= 0 && m.position != len(*m.log) {
		return true
	}
	for stream, version := range m.streams {
		if m.log.version(stream) != version {
			return true
		}
	}
	return false
}

func (m *modelTransaction) run(t *testing.T, own, other *pgconn.PgConn) (failed bool) {
	t.Helper()
	var points []point
	say := func(c *pgconn.PgConn, sql string) (string, string) {
		m.past = append(m.past, sql)
		return try(t, c, sql)
	}
	fatal := func(format string, args ...any) {
		t.Helper()
		t.Fatalf(format+"\n\nafter\n%s", append(args, strings.Join(m.past, ";\n"))...)
	}
	say(own, "BEGIN")
	for range 3 + m.IntN(12) {
		stream := fmt.Sprintf("m-%d", m.IntN(4))
		switch n := m.IntN(100); {
		case n < 30:
			if _, code := say(own, fmt.Sprintf(`INSERT INTO events (stream, type) VALUES ('%s', 'own')`, stream)); code == "40001" && m.moved() {
				say(own, "ROLLBACK")
				return true
			} else if code != "" {
				fatal("%s", code)
			}
			m.staged = append(m.staged, event{stream, "own"})
		case n < 75:
			q := questions[m.IntN(len(questions))]
			got, code := say(own, strings.ReplaceAll(q.sql, "$S", stream))
			if code == "40001" && m.moved() {
				say(own, "ROLLBACK")
				return true
			}
			if want := q.answer(m.sees(), stream); got != want || code != "" {
				fatal("%s %s, want %s", got, code, want)
			}
			if len(m.staged) == 0 {
				continue
			}
			m.told = m.told || q.position || q.version
			if q.position {
				m.position = len(*m.log)
			}
			for _, e := range m.staged {
				if _, ok := m.streams[e.stream]; q.version && !ok {
					m.streams[e.stream] = m.log.version(e.stream)
				}
			}
		case n < 85:
			if _, code := say(other, fmt.Sprintf(`INSERT INTO events (stream, type) VALUES ('%s', 'other')`, stream)); code != "" {
				fatal("%s", code)
			}
			*m.log = append(*m.log, event{stream, "other"})
		case n < 93:
			say(own, "SAVEPOINT p")
			streams := map[string]int{}
			for k, v := range m.streams {
				streams[k] = v
			}
			points = append(points, point{len(m.staged), m.position, streams})
		case len(points) > 0:
			say(own, "ROLLBACK TO p")
			p := points[len(points)-1]
			m.rollbackTo(p)
		}
	}
	want := ""
	if m.moved() {
		want = "40001"
	}
	if _, code := say(own, "COMMIT"); code != want {
		fatal("COMMIT: %q, want %q", code, want)
	}
	if want == "" {
		*m.log = append(*m.log, m.staged...)
	}
	return want != ""
}

// try runs a statement and returns its only row, and the code of its error.
func try(t *testing.T, c *pgconn.PgConn, sql string) (row, code string) {
	t.Helper()
	results, err := c.Exec(t.Context(), sql).ReadAll()
	if e := new(pgconn.PgError); errors.As(err, &e) {
		return "", e.Code
	} else if err != nil {
		t.Fatal(err)
	}
	if len(results) == 1 && len(results[0].Rows) == 1 {
		var fields []string
		for _, v := range results[0].Rows[0] {
			if v == nil {
				v = []byte("NULL")
			}
			fields = append(fields, string(v))
		}
		row = strings.Join(fields, ",")
	}
	return row, ""
}

func one(t *testing.T, c *pgconn.PgConn, sql string) string {
	t.Helper()
	row, code := try(t, c, sql)
	if code != "" {
		t.Fatalf("%s: %s", sql, code)
	}
	return row
}

// TestToldOnce: what is staged goes to the worker once, however many statements read it; a session that
// saves many events with a SELECT after each takes time in their number, and no more.
func TestToldOnce(t *testing.T) {
	s := harness.Eventgres(t)
	c := dial(t, s.URL())
	payload := strings.Repeat("x", 4000)
	exec(t, c, "BEGIN")
	for i := range 1000 {
		exec(t, c, fmt.Sprintf(`INSERT INTO events (stream, type, payload) VALUES ('big-%d', 'a', '"%s"')`, i%10, payload))
		if i%10 != 9 {
			continue
		}
		want := fmt.Sprint(i + 1)
		if got := one(t, c, `SELECT count(*) FROM events WHERE length(payload #>> '{}') = 4000`); got != want {
			t.Fatalf("%s of %s", got, want)
		}
	}
	exec(t, c, "COMMIT")
	exec(t, c, "BEGIN")
	for range 15 {
		if err := c.ExecParams(context.Background(), `INSERT INTO events (stream, type, payload_bytes) VALUES ('b', 'a', $1)`, [][]byte{make([]byte, 1<<20-1000)}, nil, []int16{1}, nil).Read().Err; err != nil {
			t.Fatal(err)
		}
	}
	if got := one(t, c, `SELECT count(*), sum(length(payload_bytes)) FROM events WHERE stream = 'b' AND upper(type) = 'A'`); got != fmt.Sprintf("15,%d", 15*(1<<20-1000)) {
		t.Error(got)
	}
	exec(t, c, "ROLLBACK")
}
