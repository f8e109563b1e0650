package transaction

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// sessions is how many are tried.
func sessions(short int) int {
	if os.Getenv("EVENTGRES_LONG") != "" {
		return 50 * short
	}
	return short
}

func random(t *testing.T) *rand.Rand { return rand.New(rand.NewPCG(harness.Seed(t), 0)) }

// selects are statements whose rows are in a settled order. $S is a stream, $T a type, $N a small number.
var selects = []string{
	// Natively and in columns.
	`SELECT stream, version, position, type, payload, metadata, tags, recorded_at = now() AS own FROM events ORDER BY position`,
	`SELECT stream, version, position, upper(type), payload, metadata, tags, recorded_at = now() AS own FROM events ORDER BY position`,
	`SELECT * FROM (SELECT position, type, tags FROM events WHERE stream = '$S') e ORDER BY position`,
	`SELECT type FROM events WHERE stream = '$S' ORDER BY version DESC LIMIT $N`,
	`SELECT count(*), min(version), max(position) FROM events WHERE stream = '$S'`,
	`SELECT count(*), sum((payload->>'n')::int), max(lower(type)) FROM events WHERE stream = '$S'`,
	`SELECT version FROM streams WHERE stream = '$S'`,
	`SELECT stream, category, version, first_position, last_position, updated_at = now() FROM streams ORDER BY first_position`,
	`SELECT stream, version - 1, last_position * 2, created_at <= updated_at FROM streams ORDER BY lower(stream)`,
	`SELECT count(*) FROM streams`,
	`SELECT count(*) FROM events GROUP BY stream_id ORDER BY 1`,
	`SELECT count(*), max(version) FROM events GROUP BY stream_id ORDER BY 1, 2`,
	`SELECT type, count(*), array_agg(version ORDER BY position) FROM events GROUP BY type ORDER BY type`,
	`SELECT type FROM events WHERE type = '$T' ORDER BY position DESC LIMIT $N`,
	`SELECT count(*) FROM events WHERE recorded_at >= now()`,
	`SELECT count(*) FROM events WHERE recorded_at + interval '1 hour' > now() AND type = '$T'`,
	`SELECT min(recorded_at) <= now(), max(recorded_at) <= now() FROM events`,
	// Joins, subqueries, windows, sets, common tables.
	`SELECT e.stream, e.version, s.version FROM events e JOIN streams s USING (stream_id) ORDER BY e.position`,
	`SELECT stream, version, version - lag(version) OVER (PARTITION BY stream ORDER BY version) FROM events ORDER BY position`,
	`WITH mine AS (SELECT * FROM events WHERE recorded_at = now()) SELECT count(*), count(DISTINCT stream) FROM mine`,
	`SELECT s.stream FROM streams s WHERE NOT EXISTS (SELECT FROM events e WHERE e.stream_id = s.stream_id AND e.type = '$T') ORDER BY 1`,
	`SELECT type FROM events WHERE stream = '$S' UNION SELECT type FROM events WHERE type > '$T' ORDER BY 1`,
	`SELECT (SELECT count(*) FROM events), (SELECT max(version) FROM streams)`,
	`SELECT e.type, t.tag FROM events e, unnest(e.tags) WITH ORDINALITY t(tag, i) ORDER BY e.position, t.i`,
	`SELECT k, count(*) FROM events, jsonb_object_keys(payload) k GROUP BY k ORDER BY k`,
	`SELECT count(DISTINCT payload), count(DISTINCT event_id) FROM events`,
	`SELECT count(*) FROM events a NATURAL JOIN events b`,
	`SELECT e.position FROM events e WHERE e.version = (SELECT max(version) FROM events WHERE stream = e.stream) ORDER BY 1`,
	// Without the events.
	`VALUES (1, 'a'), ($N, '$T')`,
	`SELECT typname FROM pg_type WHERE oid IN (20, 25) ORDER BY 1`,
	`SELECT relname FROM pg_class WHERE relname IN ('events', 'streams') ORDER BY 1`,
	`SELECT column_name FROM information_schema.columns WHERE table_name = 'events' AND column_name LIKE 't%' ORDER BY 1`,
	`SELECT g, repeat('$T', g) FROM generate_series(1, $N) g`,
	// A view.
	`SELECT * FROM newest ORDER BY 1`,
	`SELECT count(*) FROM newest WHERE type = '$T'`,
	// Elsewhere.
	`COPY (SELECT type, count(*) FROM events GROUP BY type ORDER BY 1) TO STDOUT`,
	`COPY (SELECT stream, version, type FROM events ORDER BY position) TO STDOUT`,
}

const view = `CREATE VIEW newest AS SELECT stream, version, lower(type) AS type FROM events e WHERE version = (SELECT max(version) FROM events WHERE stream_id = e.stream_id)`

// inserts are statements that append. $P is a payload.
var inserts = []string{
	`INSERT INTO events (stream, type, payload) VALUES ('$S', '$T', '$P')`,
	`INSERT INTO events (stream, type, payload, tags) VALUES ('$S', '$T', '$P', '{a,b}'), ('$R', '$T', NULL, '{NULL,c}')`,
	`INSERT INTO events (stream, type) VALUES ('$S', '$T') RETURNING version, position`,
	`INSERT INTO events (stream, type, metadata) VALUES ('$S', '$T', '$P') RETURNING type, recorded_at = now()`,
	`INSERT INTO events (stream, type, payload) SELECT '$R', type || '+', payload FROM events WHERE stream = '$S' ORDER BY position LIMIT 3`,
	`INSERT INTO events (stream, type) SELECT '$S', t FROM (VALUES ('$T'), ('z')) v(t) ORDER BY t DESC RETURNING type, version`,
	`INSERT INTO events (stream, type, payload) SELECT '$S', 'count', to_jsonb(count(*)) FROM events`,
	// A function that returns a set makes rows of the only one.
	`INSERT INTO events (stream, type) VALUES ('$S', unnest(ARRAY['$T', 'z'])) RETURNING type, version`,
	`INSERT INTO events (stream, type, payload) VALUES ('$S', 'n' || generate_series(1, $N), '$P')`,
	`INSERT INTO events (stream, type) VALUES ('$S', unnest('{}'::text[])) RETURNING version`,
	// A whole row.
	`INSERT INTO events (stream, type) VALUES ('$S', '$T') RETURNING (events).type, events IS NULL, to_jsonb(events)->'version'`,
	`INSERT INTO events AS e (stream, type) VALUES ('$S', '$T') RETURNING length(e::text) > 100, (e).position`,
}

// a script makes the statements of one session.
type script struct {
	*rand.Rand
	open       bool
	savepoints int
	cursors    int
	held       int // the newest cursor WITH HOLD, 0 if there is none
}

func (s *script) fill(text string) string {
	return strings.NewReplacer("$S", s.stream(), "$R", s.stream(), "$T", string(rune('a'+s.IntN(4))), "$N", fmt.Sprint(1+s.IntN(4)),
		"$P", fmt.Sprintf(`{"%c": [1, {"x": null}], "n": %d}`, 'a'+s.IntN(3), s.IntN(100))).Replace(text)
}

func (s *script) stream() string { return fmt.Sprintf("s%d-%d", s.IntN(2), s.IntN(3)) }

func (s *script) next() string {
	if !s.open && s.held > 0 && s.IntN(4) > 0 {
		return fmt.Sprintf("FETCH %s FROM c%d", []string{"1", "2", "ALL", "PRIOR", "FIRST", "LAST", "0"}[s.IntN(7)], s.held)
	}
	if !s.open {
		s.open, s.savepoints, s.cursors, s.held = true, 0, 0, 0
		return []string{"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"}[s.IntN(2)]
	}
	switch n := s.IntN(100); {
	case n < 35:
		return s.fill(inserts[s.IntN(len(inserts))])
	case n < 80:
		return s.fill(selects[s.IntN(len(selects))])
	case n < 84:
		s.savepoints++
		return fmt.Sprintf("SAVEPOINT p%d", s.savepoints)
	case n < 88 && s.savepoints > 0:
		s.savepoints = 1 + s.IntN(s.savepoints)
		s.cursors, s.held = 0, 0 // of those declared since none is left; the others are not asked for any more
		return fmt.Sprintf("ROLLBACK TO SAVEPOINT p%d", s.savepoints)
	case n < 89 && s.savepoints > 0:
		s.savepoints--
		return fmt.Sprintf("RELEASE SAVEPOINT p%d", s.savepoints+1)
	case n < 92:
		text := s.fill(selects[s.IntN(28)])
		s.cursors++
		hold := ""
		if s.IntN(2) == 0 {
			hold, s.held = "WITH HOLD ", s.cursors
		}
		return fmt.Sprintf("CLOSE ALL; DECLARE c%d SCROLL CURSOR %sFOR %s", s.cursors, hold, text)
	case n < 96 && s.cursors > 0:
		return fmt.Sprintf("FETCH %s FROM c%d", []string{"1", "2", "ALL", "PRIOR", "FIRST", "LAST"}[s.IntN(6)], s.cursors)
	case n < 97:
		s.open = false
		return "ROLLBACK"
	case n < 99:
		s.open = false
		return "COMMIT"
	}
	return s.fill(inserts[0])
}

// TestOracle: random sessions answer as PostgreSQL's.
func TestOracle(t *testing.T) {
	r := random(t)
	cluster := harness.Postgres(t)
	s := harness.Eventgres(t)
	own := dial(t, s.URL())
	exec(t, own, view)
	for i := range sessions(4) {
		url := cluster.Database(t)
		other := dial(t, url)
		exec(t, other, view)
		// Each begins with an empty log, which one server has once; so the rest goes to another.
		if i > 0 {
			s = harness.Eventgres(t)
			own = dial(t, s.URL())
			exec(t, own, view)
		}
		sc := &script{Rand: r}
		var past []string
		for range 250 {
			sql := sc.next()
			past = append(past, sql)
			// The same in a text of its own, and in one with others, which is a transaction where none is open.
			want, got := answer(t, other, sql), answer(t, own, sql)
			if got != want {
				t.Fatalf("%s\n\n got %s\nwant %s\n\nafter\n%s", sql, got, want, strings.Join(past, ";\n"))
			}
		}
	}
}

// TestImplicit: what one Query or one Sync holds is a transaction too.
func TestImplicit(t *testing.T) {
	r := random(t)
	s := harness.Eventgres(t)
	own, other := dial(t, s.URL()), dial(t, harness.Postgres(t).Database(t))
	exec(t, own, view)
	exec(t, other, view)
	sc := &script{Rand: r}
	statement := func() string {
		for {
			list := selects
			if sc.IntN(2) == 0 {
				list = inserts
			}
			// The clock's place among times that were recorded before is nobody's to know.
			if text := list[sc.IntN(len(list))]; !strings.Contains(text, "COPY") && !strings.Contains(text, "now()") {
				return sc.fill(text)
			}
		}
	}
	for range sessions(60) {
		var list []string
		for range 2 + sc.IntN(5) {
			list = append(list, statement())
		}
		want := pipeline(t, other, list)
		if got := pipeline(t, own, list); got != want {
			t.Fatalf("in a pipeline\n%s\n\n got %s\nwant %s", strings.Join(list, ";\n"), got, want)
		}
		text := strings.Join(list, "; ")
		want = answer(t, other, text)
		if got := answer(t, own, text); got != want {
			t.Fatalf("in one text\n%s\n\n got %s\nwant %s", text, got, want)
		}
	}
}

func dial(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func exec(t *testing.T, c *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// answer is what a text is answered with, as a text.
func answer(t *testing.T, c *pgconn.PgConn, sql string) string {
	t.Helper()
	var out strings.Builder
	if strings.HasPrefix(sql, "COPY") {
		tag, err := c.CopyTo(t.Context(), &out, sql)
		show(&out, tag.String(), err)
		return out.String()
	}
	results, err := c.Exec(t.Context(), sql).ReadAll()
	for _, r := range results {
		if r.Err == nil {
			rows(&out, r)
		}
	}
	if err != nil {
		show(&out, "", err)
	}
	return out.String()
}

// pipeline runs statements before one Sync.
func pipeline(t *testing.T, c *pgconn.PgConn, list []string) string {
	t.Helper()
	var out strings.Builder
	batch := &pgconn.Batch{}
	for _, sql := range list {
		batch.ExecParams(sql, nil, nil, nil, nil)
	}
	results, err := c.ExecBatch(t.Context(), batch).ReadAll()
	for _, r := range results {
		if r.Err == nil {
			rows(&out, r)
		}
	}
	if err != nil {
		show(&out, "", err)
	}
	return out.String()
}

func rows(out *strings.Builder, r *pgconn.Result) {
	for _, f := range r.FieldDescriptions {
		fmt.Fprintf(out, "%s %d | ", f.Name, f.DataTypeOID)
	}
	for _, row := range r.Rows {
		out.WriteByte('\n')
		for _, v := range row {
			if v == nil {
				v = []byte("NULL")
			}
			fmt.Fprintf(out, "%s | ", v)
		}
	}
	show(out, r.CommandTag.String(), nil)
}

func show(out *strings.Builder, tag string, err error) {
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e):
		fmt.Fprintf(out, "\n%s", e.Code)
	case err != nil:
		fmt.Fprintf(out, "\n%v", err)
	default:
		fmt.Fprintf(out, "\n%s\n", tag)
	}
}

// TestBackAtStart: a cursor that has returned nothing goes back without running its query, which may fail.
func TestBackAtStart(t *testing.T) {
	own, other := dial(t, harness.Eventgres(t).URL()), dial(t, harness.Postgres(t).Database(t))
	exec(t, own, view)
	exec(t, other, view)
	for _, sql := range []string{
		"INSERT INTO events (stream, type, payload) VALUES ('a', 'A', '1')",
		"BEGIN",
		"DECLARE c SCROLL CURSOR FOR SELECT k, count(*) FROM events, jsonb_object_keys(payload) k GROUP BY k ORDER BY k",
		"FETCH PRIOR FROM c", "FETCH ABSOLUTE 0 FROM c", "FETCH RELATIVE -1 FROM c", "FETCH BACKWARD ALL FROM c", "MOVE BACKWARD 5 IN c", "FETCH 0 FROM c", "FETCH NEXT FROM c",
		"ROLLBACK",
	} {
		if got, want := answer(t, own, sql), answer(t, other, sql); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}
