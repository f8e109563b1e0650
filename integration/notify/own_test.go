package notify

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eventgres/eventgres/integration/harness"
)

// TestConflict: a transaction that fails to commit notifies nobody, and listens to nothing.
func TestConflict(t *testing.T) {
	w := connect(t, harness.Eventgres(t).URL(), "A", "B")
	a, b := w["A"], w["B"]
	a.must("LISTEN x")
	b.must("BEGIN")
	b.must("INSERT INTO events (stream, type) VALUES ('s', 'T') RETURNING version")
	b.must("NOTIFY x")
	b.must("LISTEN y")
	a.must("INSERT INTO events (stream, type) VALUES ('s', 'T')")
	if got := b.query("COMMIT"); !strings.Contains(got[0], "40001") {
		t.Fatal(got)
	}
	a.must("NOTIFY y")
	for _, s := range w {
		if got := s.sync(); len(got) != 1 {
			t.Errorf("%s: %v", s.name, got)
		}
	}
}

// TestOrder: notifications come in the order of the appends that they belong to, and after these can be read.
func TestOrder(t *testing.T) {
	url := harness.Eventgres(t).URL()
	const sessions, each = 6, 60
	listener := connect(t, url, "L")["L"]
	listener.must("LISTEN x")
	var wg sync.WaitGroup
	for i := range sessions {
		s := connect(t, url, "S")["S"]
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range each {
				id := fmt.Sprintf("%d-%d", i, n)
				s.query("BEGIN; INSERT INTO events (stream, type) VALUES ('s-" + fmt.Sprint(i) + "', '" + id + "'); NOTIFY x, '" + id + "'; COMMIT")
			}
		}()
	}
	var told []string
	for range sessions * each {
		line, _ := listener.next()
		_, payload, _ := strings.Cut(line, `"x" `)
		told = append(told, strings.Trim(payload, `"`))
	}
	wg.Wait()
	var want []string
	for _, line := range listener.must("SELECT type FROM events ORDER BY position") {
		if id, ok := strings.CutPrefix(line, "row "); ok {
			want = append(want, id)
		}
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %v\nthe log has %v", told, want)
	}
}

// TestLongNames: the name of a channel is not cut.
func TestLongNames(t *testing.T) {
	w := connect(t, harness.Eventgres(t).URL(), "A")
	name := strings.Repeat("n", 598)
	w["A"].must(`LISTEN "` + name + `é"`)
	w["A"].must(`LISTEN "` + name[:596] + `é"`)
	for sql, want := range map[string]string{
		`NOTIFY "` + name + `x"`:                    "NOTIFY",
		`NOTIFY "` + name[:596] + `é"`:              `told A "` + name[:596] + `é" ""`,
		`SELECT pg_notify('` + name + `xyz', '')`:   "ERROR 22023 channel name too long",
		`LISTEN ` + name + `xyz`:                    "ERROR 22023 channel name too long",
		`LISTEN "` + strings.Repeat("x", 1e6) + `"`: "ERROR 22023 channel name too long",
	} {
		if got := strings.Join(w["A"].query(sql), "\n"); !strings.Contains(got, want) {
			t.Errorf("%.40s: %.400s", sql, got)
		}
	}
}

// TestFull: who takes nothing is ended, whether he has a transaction open or does not read, and costs nobody else anything.
func TestFull(t *testing.T) {
	server := harness.Eventgres(t)
	w := connect(t, server.URL(), "open", "deaf", "other", "N")
	for _, name := range []string{"open", "deaf", "other"} {
		w[name].must("LISTEN x")
	}
	w["open"].must("BEGIN")
	payload := strings.Repeat("p", 7000)
	// The one that does not read keeps what the system's buffers hold beside what the server does.
	for n := 0; n < 20_000 && strings.Count(server.Log(), "takes no notifications") < 2; n += 100 {
		w["N"].must(fmt.Sprintf("SELECT pg_notify('x', v || '%s') FROM generate_series(%d, %d) v", payload, n, n+99))
		w["other"].told(100)
	}
	there := fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE pid IN (%d, %d)", w["open"].conn.PID, w["deaf"].conn.PID)
	for deadline := time.Now().Add(patience); w["N"].must(there)[1] != "row 0"; {
		if time.Now().After(deadline) {
			t.Fatal("they are there still")
		}
	}
	if got := w["open"].query("COMMIT"); !strings.Contains(got[0], "FATAL 53200") {
		t.Errorf("%v", got)
	}
	for {
		line, last := w["deaf"].next()
		if last {
			if !strings.Contains(line, "FATAL 53200") && !strings.HasPrefix(line, "the end") {
				t.Error(line)
			}
			break
		}
	}
	if got := w["other"].must("SELECT 1"); len(got) != 4 {
		t.Errorf("%v", got)
	}
}

// TestEncoding: who has another encoding is told in it, and warned of what it has not.
func TestEncoding(t *testing.T) {
	w := connect(t, harness.Eventgres(t).URL(), "A", "B")
	w["A"].must("SET client_encoding = 'LATIN1'; LISTEN x")
	w["B"].must("NOTIFY x, '€'; NOTIFY x, 'é'")
	got := w["A"].told(2)
	if !strings.HasPrefix(got[0], "WARNING 22P05") || got[1] != `told B "x" "\xe9"` {
		t.Errorf("%q", got)
	}
}

// TestShutdown: a listener that is told nothing is told of the server's end, and of its own.
func TestShutdown(t *testing.T) {
	server := harness.Eventgres(t)
	w := connect(t, server.URL(), "A", "B", "C")
	w["A"].must("LISTEN x")
	w["B"].must("LISTEN x")
	w["C"].must(fmt.Sprintf("SELECT pg_terminate_backend(%d)", w["A"].conn.PID))
	if line, _ := w["A"].next(); !strings.HasPrefix(line, "FATAL 57P01") {
		t.Error(line)
	}
	server.Stop()
	if line, _ := w["B"].next(); !strings.HasPrefix(line, "FATAL 57P01") {
		t.Error(line)
	}
}

// TestWithoutWorker: all of it is there without the analytics worker.
func TestWithoutWorker(t *testing.T) {
	w := connect(t, harness.Eventgres(t, harness.WithArgs("--no-analytics")).URL(), "A", "B")
	w["A"].must("LISTEN x; LISTEN y")
	for sql, want := range map[string]string{
		"SELECT pg_listening_channels()":                                                       "columns pg_listening_channels:25, row x, row y, SELECT 2, ready I",
		"SELECT pg_catalog.pg_listening_channels() AS \"All\"":                                 "columns All:25, row x, row y, SELECT 2, ready I",
		"SELECT pg_notify('x', 'a'), pg_notify('z', 'b')":                                      `columns pg_notify:2278 pg_notify:2278, row  , SELECT 1, told A "x" "a", ready I`,
		"INSERT INTO events (stream, type) VALUES ('s', 'T') RETURNING pg_notify('y', stream)": `columns pg_notify:2278, row , INSERT 0 1, told A "y" "s", ready I`,
	} {
		if got := strings.Join(w["A"].must(sql), ", "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", sql, got, want)
		}
	}
	if got := w["B"].must("SELECT pg_listening_channels()"); len(got) != 3 {
		t.Error(got)
	}
}
