package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// assigned is what the server adds to an event that is imported without it.
var assigned = regexp.MustCompile(`,"version":\d+,"event_id":"[0-9a-f-]{36}"`)

func withoutAssigned(export string) string { return assigned.ReplaceAllString(export, "") }

// What goes in comes out, byte for byte and in order, and stays: after a kill, in the
// same store imported again, and in another one.
func TestRoundTrip(t *testing.T) {
	for _, test := range []struct{ name, lines string }{
		{"sample", must(t, "", "sample")},
		{"permits", permits(t)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.lines == "" {
				t.Skip("../shared/data/permits.ndjson is not there")
			}
			t.Parallel()
			roundTrip(t, test.lines)
		})
	}
}

// permits are real events, which are not part of this repository.
func permits(t *testing.T) string {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "../shared/data/permits.ndjson"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func roundTrip(t *testing.T, lines string) {
	events := strings.Count(lines, "\n")
	streams := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\{"stream":"([^"]*)"`).FindAllStringSubmatch(lines, -1) {
		streams[m[1]] = true
	}
	server := harness.Eventgres(t)
	fresh := fmt.Sprintf("imported %d events, skipped 0 already there, %d streams", events, len(streams))
	load(t, server, lines, fresh)
	export := dump(t, server)
	equal(t, "export", withoutAssigned(export), lines)
	checkVersions(t, export)
	if n := number(t, server, "SELECT count(*) FROM streams"); n != len(streams) {
		t.Errorf("%d streams, want %d", n, len(streams))
	}

	server.Kill()
	server.Restart()
	equal(t, "after a kill", dump(t, server), export)

	load(t, server, export, fmt.Sprintf("imported 0 events, skipped %d already there, %d streams", events, len(streams)))
	equal(t, "imported again", dump(t, server), export)

	other := harness.Eventgres(t)
	load(t, other, export, fresh)
	equal(t, "another store", dump(t, other), export)
}

// checkVersions checks that each stream's versions are 0, 1, 2 … in the order of the log.
func checkVersions(t *testing.T, export string) {
	t.Helper()
	next := map[string]int{}
	for line := range strings.Lines(export) {
		var stream string
		var version int
		if _, err := fmt.Sscanf(line, `{"stream":%q,"version":%d,`, &stream, &version); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if version != next[stream] {
			t.Fatalf("stream %s: version %d where %d was due", stream, version, next[stream])
		}
		next[stream]++
	}
}

// Lines that a careless importer or exporter would change. They come out as they went in.
var oddLines = []string{
	`{"stream":"odd-1","type":"space kept","payload":{ "b" : 1.50 ,	"a":[ ],"a":1e5 },"metadata":[1 , 2]}`,
	`{"stream":"odd-1","type":"no payload"}`,
	`{"stream":"odd-1","type":"null payload","payload":null,"metadata":null}`,
	`{"stream":"odd-1","type":"scalars","payload":"x","metadata":0}`,
	`{"stream":"odd-1","type":"no tags","payload":{},"tags":[]}`,
	`{"stream":"odd-1","type":"tags","payload":{},"tags":["","null","a,b","{\"}","ü","<&>\\"]}`,
	`{"stream":"odd-1","type":"escapes","payload":"\u00fc\/\ud83d\ude00\n<&>` + "\u2028" + `"}`,
	`{"stream":"od\"d\\ \n\t\u0001 ü😀","type":"\"<&>\u001f"}`,
	`{"stream":"odd-1","type":"opaque","payload_base64":"AAH/eyI="}`,
	`{"stream":"odd-1","type":"opaque and empty","payload_base64":""}`,
	`{"stream":"odd-1","type":"opaque, but could be JSON","payload_base64":"e30="}`,
	`{"stream_id":"5eb8f3a2-0000-4000-8000-00000000abcd","type":"unnamed"}`,
	`{"stream":"odd-1","type":"deep","payload":` + strings.Repeat(`[`, 4999) + `{"\"]":"["}` + strings.Repeat(`]`, 4999) + `}`,
	`{"stream":"odd-1","type":"large","payload":"` + strings.Repeat("0123456789abcdef", 60_000) + `"}`,
}

func TestOddEvents(t *testing.T) {
	lines := strings.Join(oddLines, "\n") + "\n"
	server := harness.Eventgres(t)
	// Through both ways to append: COPY, and with the ids INSERT.
	load(t, server, lines, fmt.Sprintf("imported %d events, skipped 0 already there, 3 streams", len(oddLines)))
	export := dump(t, server)
	equal(t, "by COPY", withoutAssigned(export), lines)
	other := harness.Eventgres(t)
	load(t, other, export, fmt.Sprintf("imported %d events, skipped 0 already there, 3 streams", len(oddLines)))
	equal(t, "by INSERT", dump(t, other), export)
}

// The space around a payload and what the log assigns are not the event's.
func TestLenientLines(t *testing.T) {
	server := harness.Eventgres(t)
	load(t, server, "\r\n"+
		` { "category":"x", "type" : "A" , "position":7, "payload" : {"a": 1} , "recorded_at":"yesterday", "tags":null, "stream":"l-1"}`+"\r\n\n"+
		`{"stream":"l-1","stream_id":null,"version":null,"event_id":null,"type":"B"}`,
		"imported 2 events, skipped 0 already there, 1 stream")
	equal(t, "export", withoutAssigned(dump(t, server)),
		`{"stream":"l-1","type":"A","payload":{"a": 1}}`+"\n"+`{"stream":"l-1","type":"B"}`+"\n")
}

// JSON that came by SQL with line ends in it is still one line of the export.
func TestPayloadOfManyLines(t *testing.T) {
	server := harness.Eventgres(t)
	number(t, server, "INSERT INTO events (stream, type, payload, metadata) VALUES"+
		" ('m-1', 'A', E'{\\r\\n  \"a b\": [1, 2]\\n}', E' {\"kept\": \"as it is\"} ') RETURNING version")
	export := dump(t, server)
	equal(t, "export", withoutAssigned(export),
		`{"stream":"m-1","type":"A","payload":{"a b":[1,2]},"metadata": {"kept": "as it is"} }`+"\n")
	load(t, server, export, "imported 0 events, skipped 1 already there, 1 stream")
}

// Events with ids and events without take different ways; they still arrive in order.
func TestMixedLines(t *testing.T) {
	var lines strings.Builder
	for i := range 5000 {
		id := ""
		// Long runs of each kind, then short ones.
		if i < 2500 && i/900%2 == 1 || i >= 2500 && i%3 == 0 {
			id = fmt.Sprintf(`"event_id":"5eb8f3a2-0000-4000-8000-%012d",`, i)
		}
		fmt.Fprintf(&lines, `{"stream":"mix-%d",%s"type":"T","payload":%d}`+"\n", i%7, id, i)
	}
	server := harness.Eventgres(t)
	load(t, server, lines.String(), "imported 5000 events, skipped 0 already there, 7 streams")
	export := dump(t, server)
	checkVersions(t, export)
	n := 0
	for line := range strings.Lines(export) {
		if !strings.HasSuffix(line, fmt.Sprintf(`"payload":%d}`+"\n", n)) {
			t.Fatalf("event %d is %s", n, line)
		}
		n++
	}
	given := regexp.MustCompile(`(?m)^.*"event_id".*\n`)
	known := strings.Join(given.FindAllString(lines.String(), -1), "")
	load(t, server, known, fmt.Sprintf("imported 0 events, skipped %d already there, 7 streams", strings.Count(known, "\n")))
}

func TestFiles(t *testing.T) {
	server := harness.Eventgres(t)
	t.Setenv("EVENTGRES_URL", server.URL())
	in := write(t, "in.ndjson", `{"stream":"f-1","type":"A"}`+"\n")
	must(t, "", "import", in)
	out := write(t, "out.ndjson", "what was there before\nis gone\n")
	must(t, "", "export", out)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "export", withoutAssigned(string(text)), `{"stream":"f-1","type":"A"}`+"\n")
}

func TestEmpty(t *testing.T) {
	server := harness.Eventgres(t)
	load(t, server, "", "imported 0 events, skipped 0 already there, 0 streams")
	r := eventgres(t, "", "export", "--url", server.URL())
	if r.status != 0 || r.stdout != "" || !strings.HasPrefix(r.stderr, "exported 0 events in ") {
		t.Errorf("status %d, %q, %q", r.status, r.stdout, r.stderr)
	}
}

func TestSampleSize(t *testing.T) {
	if n := strings.Count(must(t, "", "sample", "--events", "123"), "\n"); n != 123 {
		t.Errorf("%d events, want 123", n)
	}
}
