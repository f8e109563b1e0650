package notify

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

var (
	only    = flag.Uint64("script", 0, "run the one script of this seed")
	scripts = flag.Int("scripts", 0, "how many scripts")
)

// step is something that one session does.
type step struct {
	session  string
	sql      []string // of a simple query, or a statement each of a pipeline
	extended bool
}

func (s step) String() string {
	way := ""
	if s.extended {
		way = " (extended)"
	}
	return s.session + way + ": " + strings.Join(s.sql, "; ")
}

// writer makes a script. It knows as much of where sessions are as it needs to leave out what PostgreSQL does by chance: a session that listens
// already, and listens to something more in a block, may there be told of what was committed while the block was open.
type writer struct {
	*rand.Rand
	listens, block, begins map[string]bool
}

func (w *writer) pick(list ...string) string { return list[w.IntN(len(list))] }

var long = strings.Repeat("l", 63)

func (w *writer) channel() string {
	return w.pick("a", "a", "a", "B", `"B"`, `"c c"`, `"d""d"`, "é", long)
}

// wrong are statements that fail.
var wrong = []string{
	"LISTEN", "LISTEN a.b", "LISTEN 'a'", "LISTEN *", "LISTEN select", "UNLISTEN", "NOTIFY", "NOTIFY *", "NOTIFY a, b", "NOTIFY a 'x'", "NOTIFY a,", "NOTIFY a, 1", "NOTIFY a, 'x', 'y'",
	`LISTEN ""`, "SELECT pg_notify('', 'x')", "SELECT pg_notify(NULL, 'x')", "SELECT pg_notify('a')", "SELECT pg_notify('a', 1)", "SELECT 1/0",
	"NOTIFY a, '" + strings.Repeat("p", 8000) + "'", "SELECT pg_notify('a', '" + strings.Repeat("p", 8000) + "')", "SELECT pg_notify('a', repeat('p', 8000))",
}

// statement is one that may stand beside others.
func (w *writer) statement(session string) string {
	switch w.IntN(16) {
	case 0, 1, 2:
		if w.block[session] && w.listens[session] {
			return "SELECT pg_listening_channels()"
		}
		w.begins[session] = true
		if !w.block[session] {
			w.listens[session] = true
		}
		return "LISTEN " + w.channel()
	case 3:
		return "UNLISTEN " + w.channel()
	case 4:
		if !w.block[session] {
			w.listens[session] = false
		}
		return "UNLISTEN *"
	case 5, 6, 7:
		return "NOTIFY " + w.channel()
	case 8, 9, 10:
		return "NOTIFY " + w.channel() + ", " + w.pick("'1'", "'2'", "''", "e'\\n'", "$$'$$", "'"+strings.Repeat("p", 7999)+"'")
	case 11:
		return "SELECT pg_notify(" + w.pick("'a', 'x'", "'B', NULL", "'c c', 'y'", "'a', ''", "'"+long+"', 'l'") + ")"
	case 12:
		return "SELECT pg_notify('a', v) FROM (VALUES ('1'), ('2'), ('1'), (NULL)) t(v)"
	case 13:
		if len(w.block) > 0 { // PostgreSQL's table would have one wait for the other
			return "SELECT 1"
		}
		return "INSERT INTO events (stream, type) VALUES ('s', 't') RETURNING pg_notify('a', stream)"
	case 14:
		return "SELECT * FROM pg_listening_channels()"
	}
	return wrong[w.IntN(len(wrong))]
}

func (w *writer) step() step {
	s := w.pick("A", "B", "C")
	st := step{session: s}
	one := func(sql string) step {
		st.sql = []string{sql}
		return st
	}
	switch k := w.IntN(20); {
	case k < 3:
		w.block[s] = true
		return one(w.pick("BEGIN", "BEGIN READ ONLY", "BEGIN ISOLATION LEVEL REPEATABLE READ"))
	case k < 6:
		w.listens[s] = w.listens[s] || w.begins[s]
		w.begins[s] = false
		delete(w.block, s)
		return one(w.pick("COMMIT", "COMMIT", "ROLLBACK"))
	case k < 8 && w.block[s]:
		return one(w.pick("SAVEPOINT x", "SAVEPOINT x", "ROLLBACK TO x", "RELEASE x"))
	case k == 8 && !w.block[s]:
		w.listens[s] = false
		return one("DISCARD ALL")
	case k == 9 && !w.block[s]:
		st.extended = true
		st.sql = []string{"SELECT pg_notify($1, $2)", w.statement(s), "SELECT pg_notify($1, $2)"}
		return st
	case k == 10 && !w.block[s]:
		// Several transactions in one query.
		for _, part := range []string{"BEGIN", w.pick("COMMIT", "ROLLBACK"), ""} {
			st.sql = append(st.sql, "NOTIFY "+w.channel(), "NOTIFY "+w.channel()+", 'x'")
			if part != "" {
				st.sql = append(st.sql, part)
			}
		}
		return st
	case k == 11:
		for range 2 + w.IntN(3) {
			st.sql = append(st.sql, w.statement(s))
		}
		return st
	}
	st.extended = w.IntN(4) == 0
	return one(w.statement(s))
}

func script(seed uint64) (out []step) {
	w := &writer{rand.New(rand.NewPCG(seed, 7)), map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for range 15 + w.IntN(20) {
		out = append(out, w.step())
	}
	return out
}

// do runs a step; what it answers is the first of the lines, what the other sessions are told by then the others, by session.
func (w world) do(s step, expected map[string][]string) map[string][]string {
	out := map[string][]string{}
	who := w[s.session]
	if s.extended {
		out[s.session] = who.extended(s.sql, [][]byte{[]byte("a"), []byte("parameter")})
	} else {
		out[s.session] = who.query(strings.Join(s.sql, "; "))
	}
	for name, other := range w {
		if name == s.session {
			continue
		}
		if other.status == 'I' && expected != nil {
			// It is told without asking, and when it asks there is no more.
			out[name] = other.told(len(expected[name]) - 1)
		}
		out[name] = append(out[name], other.sync()...)
	}
	return out
}

// TestRandom: sessions are told what PostgreSQL tells them.
func TestRandom(t *testing.T) {
	n := 20
	if *scripts > 0 {
		n = *scripts
	}
	ours, theirs := harness.Eventgres(t).URL(), harness.Postgres(t).Database(t)
	told := 0
	for i := range n {
		number := uint64(i + 1)
		if *only > 0 {
			number = *only
		}
		told += compare(t, number, ours, theirs)
		if t.Failed() || *only > 0 {
			return
		}
	}
	if told < 2*n {
		t.Errorf("%d scripts have %d notifications: they try nothing", n, told)
	}
}

// compare runs a script twice, and returns how many notifications there were.
func compare(t *testing.T, seed uint64, ours, theirs string) (told int) {
	t.Helper()
	steps := script(seed)
	a, b := connect(t, ours, "A", "B", "C"), connect(t, theirs, "A", "B", "C")
	defer a.close()
	defer b.close()
	var done []string
	for _, s := range steps {
		want := b.do(s, nil)
		got := a.do(s, want)
		done = append(done, s.String())
		for _, name := range []string{"A", "B", "C"} {
			for _, line := range want[name] {
				if strings.HasPrefix(line, "told") {
					told++
				}
			}
			if !slices.Equal(got[name], want[name]) {
				t.Errorf("seed %d:\n%s\nsession %s\n got %s\nwant %s", seed, strings.Join(done, "\n"), name,
					strings.Join(got[name], "\n     "), strings.Join(want[name], "\n     "))
			}
		}
		if t.Failed() {
			return told
		}
		if testing.Verbose() && *only > 0 {
			t.Log(s, fmt.Sprint(want))
		}
	}
	return told
}
