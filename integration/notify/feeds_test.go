package notify

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/integration/harness"
)

// owned is a server's address for the superuser, who can make roles.
func owned(server *harness.Server, name string) string {
	return strings.Replace(server.URL(), "user=test", "user="+name, 1)
}

// TestFeeds: the server tells of what is appended: to all, in a category, to a stream, the session's own too; what it tells of can be read.
func TestFeeds(t *testing.T) {
	w := connect(t, harness.Eventgres(t).URL(), "A", "B")
	a, b := w["A"], w["B"]
	a.must(`LISTEN events; LISTEN "category:order"; LISTEN "stream:order-1"; LISTEN "stream:nobody"`)
	for _, step := range []struct {
		by   *session
		sql  string
		want []string
	}{
		{b, "INSERT INTO events (stream, type) VALUES ('order-1', 'Placed')", []string{"events 0", "category:order 0", "stream:order-1 0"}},
		{b, "INSERT INTO events (stream, type) VALUES ('order-2', 'Placed')", []string{"events 1", "category:order 1"}},
		{b, "INSERT INTO events (stream, type) VALUES ('invoice-1', 'Sent'), ('order-1', 'Paid'), ('order-2', 'Paid'), ('x', 'y')", []string{"events 5", "category:order 4", "stream:order-1 3"}},
		{b, "BEGIN; INSERT INTO events (stream, type) VALUES ('order-1', 'Lost'); ROLLBACK; INSERT INTO events (stream, type) VALUES ('x', 'y')", []string{"events 6"}},
		{a, "INSERT INTO events (stream, type) VALUES ('order-1', 'Own')", []string{"events 7", "category:order 7", "stream:order-1 7"}},
	} {
		before := 0
		if step.by == a {
			for _, line := range a.must(step.sql) { // maybe before the answer is complete
				if strings.HasPrefix(line, "told") {
					before++
					step.want = without(t, step.want, line)
				}
			}
		} else {
			step.by.must(step.sql)
		}
		for range len(step.want) {
			line, _ := a.next()
			step.want = without(t, step.want, line)
		}
	}
	if got := a.sync(); len(got) != 1 {
		t.Errorf("more: %v", got)
	}
	// In a transaction nothing is told, and behind it what is newest.
	a.must("BEGIN")
	for range 5 {
		b.must("INSERT INTO events (stream, type) VALUES ('order-1', 'More')")
	}
	if got := a.must("SELECT 1"); len(got) != 4 {
		t.Error(got)
	}
	told := map[string]int{}
	for _, line := range a.must("COMMIT") {
		if channel, position, ok := parse(line); ok {
			told[channel] = position
		}
	}
	for channel := range map[string]bool{"events": true, "category:order": true, "stream:order-1": true} {
		if told[channel] != 12 {
			t.Errorf("told %v", told)
		}
	}
	a.must("UNLISTEN *")
	b.must("INSERT INTO events (stream, type) VALUES ('order-1', 'More')")
	if got := a.sync(); len(got) != 1 {
		t.Errorf("who does not listen any more: %v", got)
	}
	a.must(`LISTEN events; SELECT pg_listening_channels()`)
	b.must("INSERT INTO events (stream, type) VALUES ('order-1', 'More')")
	if line, _ := a.next(); line != `told 0 "events" "14"` {
		t.Errorf("who listens again: %s", line)
	}
}

// parse reads what the server has told.
func parse(line string) (channel string, position int, ok bool) {
	rest, ok := strings.CutPrefix(line, `told 0 "`)
	if !ok {
		return "", 0, false
	}
	channel, number, ok := strings.Cut(rest, `" "`)
	position, err := strconv.Atoi(strings.TrimSuffix(number, `"`))
	return channel, position, ok && err == nil
}

// without takes what was told out of what was to be told.
func without(t *testing.T, want []string, line string) []string {
	t.Helper()
	channel, position, _ := parse(line)
	for i, w := range want {
		if w == fmt.Sprintf("%s %d", channel, position) {
			return append(append([]string{}, want[:i]...), want[i+1:]...)
		}
	}
	t.Fatalf("told %q, where %q was to come", line, want)
	return nil
}

// TestFeedsAreTheServers: nobody else notifies on them, whoever he is.
func TestFeedsAreTheServers(t *testing.T) {
	s := connect(t, harness.Eventgres(t).URL(), "A")["A"]
	for _, sql := range []string{
		"NOTIFY events", `NOTIFY "category:x", 'y'`, `NOTIFY "stream:x"`, "SELECT pg_notify('events', '1')", "SELECT pg_notify('stream:' || v, '') FROM (VALUES ('a')) t(v)",
		"INSERT INTO events (stream, type) VALUES ('a', 'b') RETURNING pg_notify('category:a', '1')",
	} {
		if got := strings.Join(s.query(sql), "\n"); !strings.Contains(got, "ERROR 42501 permission denied for channel") {
			t.Errorf("%s: %s", sql, got)
		}
	}
	s.must(`NOTIFY "Events"; NOTIFY "category"; NOTIFY "eventsx"`)
}

// TestFeedsOfRoles: a role is told of what it may see, and of nothing more from the moment on when it may see less.
func TestFeedsOfRoles(t *testing.T) {
	server := harness.Eventgres(t)
	root := connect(t, owned(server, "postgres"), "R")["R"]
	root.must("CREATE ROLE clerk LOGIN; CREATE ROLE blind LOGIN; GRANT SELECT ON events TO clerk")
	root.must("CREATE POLICY clerk ON events TO clerk USING (category = 'order')")
	root.must("CREATE POLICY others ON events TO postgres USING (true)")
	clerk := connect(t, owned(server, "postgres"), "C")["C"]
	clerk.must("SET SESSION AUTHORIZATION clerk")
	if got := connectAs(t, server, "blind").query("LISTEN events"); !strings.HasPrefix(got[0], "ERROR 42501 permission denied for table events") {
		t.Errorf("who may not read: %v", got)
	}
	clerk.must(`LISTEN events; LISTEN "category:salary"; LISTEN mine`)
	tell := func(stream, want string) {
		t.Helper()
		root.must(fmt.Sprintf("INSERT INTO events (stream, type) VALUES ('%s', 'T')", stream))
		root.must("NOTIFY mine") // behind which it has had time to be told of the event, were it told
		for {
			line, _ := clerk.next()
			if channel, position, ok := parse(line); ok {
				if got := fmt.Sprintf("%s %d", channel, position); got != want {
					t.Errorf("%s: told %s, want %q", stream, got, want)
				}
				want = ""
				continue
			}
			if !strings.Contains(line, `"mine"`) {
				t.Errorf("%s: %s", stream, line)
			}
			if want == "" {
				break
			}
			// The server's own may come behind.
			line, _ = clerk.next()
			channel, position, _ := parse(line)
			if got := fmt.Sprintf("%s %d", channel, position); got != want {
				t.Errorf("%s: told %s, want %q", stream, got, want)
			}
			break
		}
	}
	tell("salary-1", "")
	tell("order-1", "events 1")
	tell("salary-1", "")
	root.must("ALTER POLICY clerk ON events USING (category = 'order' AND type <> 'T')")
	tell("order-1", "")
	root.must("ALTER POLICY clerk ON events USING (true)")
	root.must("INSERT INTO events (stream, type) VALUES ('salary-1', 'T')")
	want := map[string]bool{"events 4": true, "category:salary 4": true}
	for range 2 {
		line, _ := clerk.next()
		channel, position, _ := parse(line)
		delete(want, fmt.Sprintf("%s %d", channel, position))
	}
	if len(want) > 0 {
		t.Errorf("not told: %v", want)
	}
	root.must("REVOKE SELECT ON events FROM clerk")
	if line, _ := clerk.next(); !strings.HasPrefix(line, "WARNING 42501 permission denied for table events") {
		t.Errorf("who may not read any more: %s", line)
	}
	if got := strings.Join(clerk.must("SELECT pg_listening_channels()"), " "); !strings.Contains(got, "row mine") || strings.Contains(got, "row events") {
		t.Errorf("it listens to %s", got)
	}
}

func connectAs(t *testing.T, server *harness.Server, role string) *session {
	t.Helper()
	s := connect(t, owned(server, "postgres"), role)[role]
	s.must("SET SESSION AUTHORIZATION " + role)
	return s
}

// TestFeedsModel: whatever is appended in whatever pieces, a listener is told of positions that have what he listens to, each greater than the one
// before, and in the end of the newest.
func TestFeedsModel(t *testing.T) {
	seed := harness.Seed(t)
	url := harness.Eventgres(t).URL()
	rnd := rand.New(rand.NewPCG(seed, 3))
	appender := connect(t, url, "W")["W"]
	channels := []string{"events"}
	for i := range 4 {
		channels = append(channels, fmt.Sprintf("category:c%d", i), fmt.Sprintf("stream:c%d-%d", i, rnd.IntN(3)))
	}
	type listener struct {
		*session
		channels []string
		newest   map[string]int
	}
	var listeners []*listener
	for range 12 {
		l := &listener{session: connect(t, url, "L")["L"], newest: map[string]int{}}
		for range 1 + rnd.IntN(4) {
			channel := channels[rnd.IntN(len(channels))]
			l.must(`LISTEN "` + channel + `"`)
			l.channels = append(l.channels, channel)
		}
		listeners = append(listeners, l)
	}
	var log []string // the streams, by position
	hears := func(l *listener, line string) {
		channel, position, ok := parse(line)
		if !ok {
			return
		}
		if before, told := l.newest[channel]; told && position <= before {
			t.Errorf("seed %d: told of %d behind %d", seed, position, before)
		}
		if position >= len(log) || !has(channel, log[position]) {
			t.Errorf("seed %d: %s tells of %d, which is another's", seed, channel, position)
		}
		l.newest[channel] = position
	}
	for range 80 {
		var rows []string
		for range 1 + rnd.IntN(1+rnd.IntN(20)) {
			stream := fmt.Sprintf("c%d-%d", rnd.IntN(6), rnd.IntN(4))
			rows = append(rows, "('"+stream+"', 'T')")
			log = append(log, stream)
		}
		l := listeners[rnd.IntN(len(listeners))]
		if rnd.IntN(3) == 0 && l.status == 'I' {
			for _, line := range l.must("BEGIN") {
				hears(l, line)
			}
		}
		appender.must("INSERT INTO events (stream, type) VALUES " + strings.Join(rows, ", "))
		if rnd.IntN(3) == 0 {
			for _, line := range l.must("COMMIT") {
				hears(l, line)
			}
		}
	}
	for _, l := range listeners {
		l.send(&pgproto3.Query{String: "COMMIT"})
		for _, channel := range l.channels {
			want := -1
			for position, stream := range log {
				if has(channel, stream) {
					want = position
				}
			}
			for want >= 0 {
				if newest, told := l.newest[channel]; told && newest >= want {
					break
				}
				line, last := l.next()
				if last && !strings.HasPrefix(line, "ready") {
					t.Fatalf("seed %d: %s: %s, and not told of %d", seed, channel, line, want)
				}
				hears(l, line)
			}
		}
	}
}

// has tells whether a channel tells of a stream.
func has(channel, stream string) bool {
	category, _, _ := strings.Cut(stream, "-")
	return channel == "events" || channel == "category:"+category || channel == "stream:"+stream
}
