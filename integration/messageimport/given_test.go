package messageimport

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

// A proposed event of the random test: its time, if one is given, and its metadata.
type proposed struct {
	at       time.Time // zero: none is given
	metadata string    // empty: NULL
}

func (p proposed) time() string {
	if p.at.IsZero() {
		return "DEFAULT"
	}
	return "'" + p.at.Format(time.RFC3339Nano) + "'"
}

func (p proposed) meta() string {
	if p.metadata == "" {
		return "NULL"
	}
	return "'" + p.metadata + "'"
}

// world is a log, and what it should hold.
type world struct {
	t      *testing.T
	r      *rand.Rand
	conn   *pgx.Conn
	newest time.Time // zero: there is no event
	want   []proposed
}

var metadata = []string{"", "{}", "{ }", `{"a": 1}`, `{"a": {}, "b": "}"} `, "null", "[1]", `"x"`, "7", `{"$recorded_at": "x"}`}

func (w *world) event() proposed {
	p := proposed{metadata: metadata[w.r.IntN(len(metadata))]}
	if w.r.IntN(6) > 0 {
		p.at = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(w.r.Int64N(int64(8 * 365 * 24 * time.Hour)))).Truncate(time.Microsecond)
		if w.r.IntN(20) == 0 {
			p.at = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)
		}
	}
	if !w.newest.IsZero() && w.r.IntN(3) > 0 { // close to the newest
		p.at = w.newest.Add(time.Duration(w.r.IntN(2000)-1000) * time.Microsecond)
		if p.at.After(time.Now()) {
			p.at = time.Time{}
		}
	}
	// Once an event has the present time all that follow have it too: not too soon.
	if p.at.IsZero() && len(w.want) < 150 {
		p.at = time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return p
}

func (w *world) events() []proposed {
	out := make([]proposed, 1+w.r.IntN(4))
	for i := range out {
		out[i] = w.event()
	}
	return out
}

func values(list []proposed) string {
	var rows []string
	for _, p := range list {
		rows = append(rows, fmt.Sprintf("('s-%d', 'T', %s, %s)", len(p.metadata)%3, p.meta(), p.time()))
	}
	return strings.Join(rows, ", ")
}

const into = "INSERT INTO events (stream, type, metadata, recorded_at) "

// ways are those in which a client gives a time.
var ways = map[string]func(w *world, list []proposed){
	"INSERT": func(w *world, list []proposed) { must(w.t, w.conn, into+"VALUES "+values(list)) },
	"RETURNING": func(w *world, list []proposed) {
		w.returned(list, rows(w.t, w.conn, into+"VALUES "+values(list)+" RETURNING recorded_at, metadata"))
	},
	"RETURNING of the worker": func(w *world, list []proposed) {
		w.returned(list, rows(w.t, w.conn, into+"VALUES "+values(list)+" RETURNING recorded_at + interval '0', metadata"))
	},
	"VALUES of the worker": func(w *world, list []proposed) {
		for i := range list {
			if !list[i].at.IsZero() {
				must(w.t, w.conn, into+fmt.Sprintf("VALUES ('w', 'T', %s, timestamptz %s + interval '0')", list[i].meta(), list[i].time()))
			} else {
				must(w.t, w.conn, into+"VALUES ('w', repeat('T', 1), "+list[i].meta()+", DEFAULT)")
			}
		}
	},
	"ON CONFLICT": func(w *world, list []proposed) {
		must(w.t, w.conn, into+"VALUES "+values(list)+" ON CONFLICT (event_id) DO NOTHING")
	},
	"INSERT SELECT": func(w *world, list []proposed) {
		list = timed(w, list)
		for i := range list { // a jsonb of a query has a normal form
			list[i].metadata = strings.ReplaceAll(strings.TrimSpace(list[i].metadata), "{ }", "{}")
		}
		must(w.t, w.conn, into+"SELECT 'i', 'T', m::jsonb, r::timestamptz FROM (VALUES "+pairs(list)+") v(n, m, r) ORDER BY n")
		w.add(list)
	},
	"guarded": func(w *world, list []proposed) {
		list = timed(w, list)[:1]
		must(w.t, w.conn, into+"SELECT 'g', 'T', "+list[0].meta()+", "+list[0].time()+" WHERE NOT EXISTS (SELECT FROM events WHERE type = 'none')")
		w.add(list)
	},
	"prepared": func(w *world, list []proposed) {
		list = timed(w, list)
		for _, p := range list {
			var m *string
			if p.metadata != "" {
				m = &p.metadata
			}
			if _, err := w.conn.Exec(w.t.Context(), into+"VALUES ($1, 'T', $2, $3)", "p", m, p.at); err != nil {
				w.t.Fatal(err)
			}
		}
		w.add(list)
	},
	"transaction": func(w *world, list []proposed) {
		must(w.t, w.conn, "BEGIN")
		for i := range list {
			must(w.t, w.conn, "SAVEPOINT s", into+"VALUES "+values([]proposed{w.event()}), "ROLLBACK TO s", into+"VALUES "+values(list[i:i+1]))
		}
		native := rows(w.t, w.conn, "SELECT recorded_at, metadata FROM events ORDER BY position")
		worker := rows(w.t, w.conn, "SELECT recorded_at, metadata FROM (SELECT *, row_number() OVER (ORDER BY position) FROM events) q ORDER BY position")
		if !slices.EqualFunc(native, worker, slices.Equal) {
			w.t.Errorf("in the transaction: %q\nof the worker: %q", native, worker)
		}
		must(w.t, w.conn, "COMMIT")
		if after := rows(w.t, w.conn, "SELECT recorded_at, metadata FROM events ORDER BY position"); !slices.EqualFunc(native, after, slices.Equal) {
			w.t.Errorf("in the transaction: %q\nafter it: %q", native[len(w.want):], after[len(w.want):])
		}
	},
	"COPY text": func(w *world, list []proposed) { w.copy(timed(w, list), "", "\t", `\N`, false) },
	"COPY WHERE": func(w *world, list []proposed) {
		list = timed(w, list)
		var data strings.Builder
		for i, p := range list {
			fmt.Fprintf(&data, "c\tT\t%s\t%s\nc\tT\t{}\t1950-01-0%d\n", cmp.Or(p.metadata, `\N`), p.at.Format(time.RFC3339Nano), i+1)
		}
		w.copyIn(" WHERE recorded_at > '1955-01-01'", data.String())
		w.add(list)
	},
	"COPY csv": func(w *world, list []proposed) { w.copy(timed(w, list), " (FORMAT csv)", ",", "", true) },
	"COPY binary": func(w *world, list []proposed) {
		list = timed(w, list)
		data := append([]byte("PGCOPY\n\xff\r\n\x00"), make([]byte, 8)...)
		be := binary.BigEndian
		for _, p := range list {
			data = be.AppendUint16(data, 4)
			data = append(be.AppendUint32(data, 1), 'b')
			data = append(be.AppendUint32(data, 1), 'T')
			if p.metadata == "" {
				data = be.AppendUint32(data, 0xffffffff)
			} else {
				data = append(append(be.AppendUint32(data, uint32(1+len(p.metadata))), 1), p.metadata...)
			}
			data = be.AppendUint64(be.AppendUint32(data, 8), uint64(p.at.UnixMicro()-time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()))
		}
		w.copyIn(" (FORMAT binary)", string(data)+"\xff\xff")
		w.add(list)
	},
}

// selfAdding are the ways that change the list and add it themselves.
var selfAdding = []string{"INSERT SELECT", "guarded", "prepared", "COPY WHERE", "COPY text", "COPY csv", "COPY binary"}

// timed are events of which all have a time.
func timed(w *world, list []proposed) []proposed {
	for i := range list {
		if list[i].at.IsZero() {
			list[i].at = time.Date(2013, 1, 1, 0, 0, 0, i, time.UTC).Truncate(time.Microsecond)
		}
	}
	return list
}

func pairs(list []proposed) string {
	var out []string
	for i, p := range list {
		out = append(out, fmt.Sprintf("(%d, %s, %s)", i, p.meta(), p.time()))
	}
	return strings.Join(out, ", ")
}

func (w *world) copy(list []proposed, options, separator, null string, quote bool) {
	var data strings.Builder
	for _, p := range list {
		m := p.metadata
		switch {
		case m == "":
			m = null
		case quote:
			m = `"` + strings.ReplaceAll(m, `"`, `""`) + `"`
		}
		data.WriteString(strings.Join([]string{"c", "T", m, p.at.Format(time.RFC3339Nano)}, separator) + "\n")
	}
	w.copyIn(options, data.String())
	w.add(list)
}

func (w *world) copyIn(options, data string) {
	w.t.Helper()
	if _, err := w.conn.PgConn().CopyFrom(w.t.Context(), strings.NewReader(data), "COPY events (stream, type, metadata, recorded_at) FROM STDIN"+options); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) add(list []proposed) { w.want = append(w.want, list...) }

// returned compares what RETURNING told with what is in the log now.
func (w *world) returned(list []proposed, told [][]string) {
	now := rows(w.t, w.conn, "SELECT recorded_at, metadata FROM events ORDER BY position")
	if now = now[len(now)-len(list):]; !slices.EqualFunc(told, now, slices.Equal) {
		w.t.Errorf("RETURNING: %q\nin the log: %q", told, now)
	}
}

// raised is what metadata become, by the rules of the manual.
func raised(metadata string, given time.Time) string {
	member := `"$recorded_at": "` + given.UTC().Format("2006-01-02T15:04:05.000000+00:00") + `"`
	text := strings.TrimSpace(metadata)
	switch {
	case metadata == "":
		return "{" + member + "}"
	case !strings.HasSuffix(text, "}") || strings.HasPrefix(text, `{"$recorded_at":`): // which it cannot have twice
		return `{"$metadata": ` + metadata + ", " + member + "}"
	case strings.TrimSpace(text[1:len(text)-1]) == "":
		return "{" + member + "}"
	}
	return strings.TrimSpace(text[:len(text)-1]) + ", " + member + "}"
}

// check compares the log with what it should hold.
func (w *world) check(sql string) {
	w.t.Helper()
	got := rows(w.t, w.conn, sql)
	if len(got) != len(w.want) {
		w.t.Fatalf("%d events, of %d", len(got), len(w.want))
	}
	newest := time.Time{}
	for i, row := range got {
		at, err := time.Parse("2006-01-02 15:04:05.999999Z07", row[0])
		if err != nil {
			w.t.Fatal(err)
		}
		p := w.want[i]
		want, meta := p.at, p.metadata
		switch {
		case p.at.IsZero() && at.Before(newest):
			w.t.Fatalf("event %d: %s, after %s", i, at, newest)
		case p.at.IsZero():
			want = at
		case i > 0 && p.at.Before(newest):
			want, meta = newest, raised(meta, p.at)
		}
		if meta == "" {
			meta = "NULL"
		}
		if !at.Equal(want) || row[1] != meta {
			w.t.Fatalf("event %d: %s %s, want %s %s", i, row[0], row[1], want, meta)
		}
		newest = at
	}
	w.newest = newest
}

const byPosition = "SELECT recorded_at, metadata FROM events ORDER BY position"

// TestGivenTimes: whichever way a time is given, events have it, or the newest before them and the given one in their metadata;
// in transactions, after restarts, for the worker, and for those who look for a time.
func TestGivenTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(harness.Seed(t), 0))
	server := harness.Eventgres(t)
	var names []string
	for name := range ways {
		names = append(names, name)
	}
	slices.Sort(names)
	w := &world{t: t, r: r}
	begin := func() {
		w.conn = connect(t, server.URL())
		must(t, w.conn, "SET TimeZone = 'UTC'", "SET eventgres.import = on")
	}
	begin()
	for len(w.want) < 300 {
		name := names[r.IntN(len(names))]
		list := w.events()
		ways[name](w, list)
		if !slices.Contains(selfAdding, name) {
			w.add(list)
		}
		w.check(byPosition)
		if t.Failed() {
			t.Fatal(name)
		}
		if r.IntN(25) == 0 {
			server.Restart()
			begin()
			w.check(byPosition)
		}
	}
	w.check("SELECT recorded_at, metadata FROM (SELECT *, row_number() OVER (ORDER BY position) FROM events) q ORDER BY position")
	for _, row := range rows(t, w.conn, "SELECT recorded_at, count(*) FILTER (WHERE position >= 0), min(position) FROM events GROUP BY 1") {
		if got := rows(t, w.conn, "SELECT min(position) FROM events WHERE recorded_at >= '"+row[0]+"'")[0][0]; got != row[2] {
			t.Errorf("the first event at %s is %s, by the index %s", row[0], row[2], got)
		}
	}
	server.Stop()
	if out, err := exec.Command(harness.Binary(t), "verify", "--data", server.Data).CombinedOutput(); err != nil {
		t.Fatalf("verify: %v\n%s", err, out)
	}
}

// TestWhoGivesTimes: who may, and when.
func TestWhoGivesTimes(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, chief(server))
	must(t, conn, "CREATE ROLE clerk LOGIN", "GRANT SELECT, INSERT ON events TO clerk")
	const insert = "INSERT INTO events (stream, type, recorded_at) VALUES ('s', 'T', '2020-01-01')"
	refused := []string{
		insert,
		"INSERT INTO events (stream, type, recorded_at) SELECT 's', 'T', timestamptz '2020-01-01' WHERE NOT EXISTS (SELECT FROM events)",
		"INSERT INTO events (stream, type, recorded_at) SELECT 's', 'T', now() FROM generate_series(1, 2)",
		"INSERT INTO events (stream, type, recorded_at) VALUES ('s', repeat('T', 2), '2020-01-01')",
		"INSERT INTO events (stream, type, recorded_at) VALUES ('s', 'T', NULL)",
		"INSERT INTO events (stream, type, recorded_at) VALUES ('s', 'T', DEFAULT), ('s', 'T', now())",
		"EXPLAIN " + insert,
		"PREPARE p AS " + insert,
		"BEGIN; " + insert,
	}
	off := func(conn *pgx.Conn) {
		t.Helper()
		for _, sql := range refused {
			if _, err := conn.Exec(t.Context(), sql); code(err) != "428C9" {
				t.Errorf("%s: %v", sql, err)
			}
			must(t, conn, "ROLLBACK")
		}
		if got := copied(t, conn, "s\tT\t2020-01-01\n"); got != "428C9" {
			t.Errorf("COPY: %s", got)
		}
	}
	off(conn)
	must(t, conn, "SET eventgres.import = on", "PREPARE p AS "+insert, "EXECUTE p", "SET eventgres.import = off")
	if _, err := conn.Exec(t.Context(), "EXECUTE p"); code(err) != "428C9" {
		t.Errorf("a statement that was prepared before: %v", err)
	}
	must(t, conn, "SET eventgres.import = on")
	off2 := connect(t, as(server, "clerk"))
	off(off2)
	for _, sql := range []string{"SET eventgres.import = on", "SET LOCAL eventgres.import = on", "SELECT set_config('eventgres.import', 'on', false)", "ALTER ROLE clerk SET eventgres.import = on"} {
		if _, err := off2.Exec(t.Context(), sql); code(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	must(t, conn, "BEGIN", "SET LOCAL eventgres.import = on", insert, "ROLLBACK", "RESET eventgres.import")
	off(conn)
	must(t, conn, "BEGIN", "SET LOCAL eventgres.import = on", insert, "COMMIT")
	off(conn)
	// As another role it is still the session's, and what the role may not it still may not.
	must(t, conn, "CREATE POLICY own ON events USING (true) WITH CHECK (stream <> 't')", "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
		"SET eventgres.import = on", "SET ROLE clerk", "BEGIN", insert, "ROLLBACK")
	for sql, want := range map[string]string{strings.Replace(insert, "'s'", "'t'", 1): "42501", insert + " RETURNING payload": ""} {
		if _, err := conn.Exec(t.Context(), "BEGIN; "+sql); code(err) != want {
			t.Errorf("%s: %v", sql, err)
		}
		must(t, conn, "ROLLBACK")
	}
	must(t, conn, "RESET ROLE", "RESET eventgres.import")
	if got := rows(t, conn, "SELECT count(*), min(recorded_at AT TIME ZONE 'UTC') FROM events"); got[0][0] != "2" || got[0][1] != "2020-01-01 00:00:00" {
		t.Errorf("%v", got)
	}
}

// copied is the SQLSTATE of a COPY.
func copied(t *testing.T, conn *pgx.Conn, data string) string {
	t.Helper()
	_, err := conn.PgConn().CopyFrom(context.Background(), strings.NewReader(data), "COPY events (stream, type, recorded_at) FROM STDIN")
	return code(err)
}

// TestTimesThatCannotBe: what no event can have been recorded at appends nothing.
func TestTimesThatCannotBe(t *testing.T) {
	server := harness.Eventgres(t)
	conn := connect(t, server.URL())
	must(t, conn, "SET eventgres.import = on")
	for _, c := range []struct{ code, value string }{
		{"22008", "now() + interval '1 hour'"},
		{"22008", "'infinity'"},
		{"22008", "'-infinity'"},
		{"23502", "NULL"},
		{"22007", "'yesterday or so'"},
		{"42804", "1"},
	} {
		for _, sql := range []string{
			"INSERT INTO events (stream, type, recorded_at) VALUES ('s', 'T', " + c.value + ")",
			"INSERT INTO events (stream, type, recorded_at) VALUES ('s', 'T', DEFAULT), ('s', 'T', " + c.value + ") RETURNING position",
			"BEGIN; INSERT INTO events (stream, type, recorded_at) VALUES ('s', 'T', " + c.value + "); COMMIT",
		} {
			if _, err := conn.Exec(t.Context(), sql); code(err) != c.code {
				t.Errorf("%s: %v, want %s", sql, err, c.code)
			}
			must(t, conn, "ROLLBACK")
		}
	}
	late := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for data, want := range map[string]string{"s\tT\t" + late + "\n": "22008", "s\tT\t-infinity\n": "22008", "s\tT\tx\n": "22007"} {
		if got := copied(t, conn, data); got != want {
			t.Errorf("COPY %q: %s, want %s", data, got, want)
		}
	}
	// A clock that is a little ahead is not refused.
	must(t, conn, "INSERT INTO events (stream, type, recorded_at) VALUES ('s', 'T', now() + interval '500 ms')")
	if _, err := conn.Exec(t.Context(), "INSERT INTO events (stream, type, position) VALUES ('s', 'T', 7)"); code(err) != "428C9" {
		t.Errorf("a position: %v", err)
	}
	if got := rows(t, conn, "SELECT count(*) FROM events")[0][0]; got != "1" {
		t.Errorf("%s events", got)
	}
}
