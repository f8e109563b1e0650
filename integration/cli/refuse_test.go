package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

const (
	one   = `{"stream":"bad-1","type":"A"}` + "\n"
	keyed = `{"stream":"bad-1","type":"A","event_id":"5eb8f3a2-0000-4000-8000-000000000001"}` + "\n"
)

func long(what string, size int) string { return strings.Repeat(what, size/len(what)) }

// Of a bad line the number is told, and all lines before it are durable, none after it.
func TestBadLines(t *testing.T) {
	for name, tt := range map[string]struct {
		lines   string
		message string // with what is durable
	}{
		"unknown key":       {one + `{"stream":"bad-1","typ":"A"}` + "\n" + one, `line 2: unknown key "typ"; durable: 1 event, up to line 1`},
		"not JSON":          {one + "\n" + one + "oops\n", `line 4: not a JSON object; durable: 2 events, up to line 3`},
		"cut off":           {`{"stream":"bad-1"`, `line 1: the line ends where "," or "}" was expected; nothing was imported`},
		"stream id differs": {one + `{"stream":"bad-1","stream_id":"5eb8f3a2-0000-4000-8000-000000000001","type":"A"}` + "\n" + one, `line 2: stream_id 5eb8f3a2-0000-4000-8000-000000000001 is not the id of stream "bad-1" (SQLSTATE 22023): `},
		"type too long": {
			long(one, 3000*len(one)) + `{"stream":"bad-1","type":"` + long("x", 257) + `"}` + "\n" + long(one, 3000*len(one)),
			`line 3001: event type too large: 257, the limit is 256 (SQLSTATE 54000); durable: 3000 events, up to line 3000`,
		},
		"name too long, with an id": {
			keyed + long(one, 298*len(one)) + `{"stream":"` + long("x", 513) + `","type":"A"}` + "\n" + one,
			`line 300: stream name too large: 513, the limit is 512 (SQLSTATE 54000); durable: 299 events, up to line 299`,
		},
		"event too large":   {one + `{"stream":"bad-1","type":"A","payload":"` + long("x", 2<<20) + `"}` + "\n", `line 2: event too large: `},
		"version missing":   {one + `{"stream":"bad-1","version":2,"type":"A"}` + "\n", `line 2: `},
		"version taken":     {one + `{"stream":"bad-1","version":0,"type":"A"}` + "\n", `(SQLSTATE 23505)`},
		"version taken, id": {one + strings.ReplaceAll(keyed, `,"event_id"`, `,"version":0,"event_id"`), `(SQLSTATE 23505)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := harness.Eventgres(t)
			r := eventgres(t, tt.lines, "import", "-", "--url", server.URL())
			if r.status != 1 || !strings.Contains(r.stderr, tt.message) || !strings.HasPrefix(r.stderr, "eventgres: line ") || r.stdout != "" {
				t.Errorf("exit status %d\ngot  %s\nwant %s\n%s", r.status, r.stderr, tt.message, r.stdout)
			}
			checkDurable(t, server, r.stderr, 0)
		})
	}
}

// checkDurable compares what an import that failed has told with the log, which may
// hold at most this many events more.
func checkDurable(t *testing.T, server *harness.Server, stderr string, more int) {
	t.Helper()
	told := 0
	_, after, _ := strings.Cut(stderr, "; durable: ")
	fmt.Sscanf(after, "%d event", &told)
	if n := number(t, server, "SELECT count(*) FROM events"); n < told || n > told+more {
		t.Errorf("%d events in the log, and the import said: %s", n, stderr)
	}
}

func TestNoServer(t *testing.T) {
	for _, command := range []string{"import", "export"} {
		// Port 1 is one that nobody listens at.
		r := eventgres(t, one, command, "-", "--url", "postgres://127.0.0.1:1/events")
		if r.status != 1 || !strings.Contains(r.stderr, "connection refused") {
			t.Errorf("%s: exit status %d, %s", command, r.status, r.stderr)
		}
	}
}

func TestNoFile(t *testing.T) {
	if r := eventgres(t, "", "import", "/nowhere.ndjson"); r.status != 1 || !strings.Contains(r.stderr, "/nowhere.ndjson: no such file") {
		t.Errorf("exit status %d, %s", r.status, r.stderr)
	}
}

// An export that cannot be written says so.
func TestFullDisk(t *testing.T) {
	server := harness.Eventgres(t)
	load(t, server, one, "imported 1 event, skipped 0 already there, 1 stream")
	r := eventgres(t, "", "export", "/dev/full", "--url", server.URL())
	if r.status != 1 || !strings.Contains(r.stderr, "no space left on device; the export is incomplete") {
		t.Errorf("exit status %d, %s", r.status, r.stderr)
	}
}
