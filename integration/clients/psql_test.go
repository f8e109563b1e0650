package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// psql is a run of psql with unaligned output and no habits of the user's own.
func psql(t *testing.T, args ...string) program {
	return program{argv: append([]string{harness.Need(t, "psql"), "-X", "-A"}, args...)}
}

// tuples is psql with rows alone.
func tuples(t *testing.T, args ...string) program {
	return psql(t, append([]string{"-q", "-t"}, args...)...)
}

func TestPsqlSession(t *testing.T) {
	session := psql(t, "-v", "streamname=order-1", "-f", "session.sql")
	session.dir = "testdata/psql"
	session.script(t, newTarget(t), "testdata/psql/session.want")
}

func TestPsqlStar(t *testing.T) {
	to := newTarget(t)
	to.notOnReference(t, "its table has columns in * that Eventgres only lets be named")
	out := psql(t, "-c", "SELECT * FROM events", "-c", "SELECT * FROM streams").mustRun(t, to)
	compare(t, out, `position|stream_id|stream|version|event_id|type|payload|metadata|tags|recorded_at
(0 rows)
stream_id|stream|category|version|first_position|last_position|created_at|updated_at
(0 rows)
`)
}

// What a person sees of an error, and what psql shows of it on request.
func TestPsqlErrorFields(t *testing.T) {
	to := newTarget(t)
	const id = "0190d5a4-7b2e-7c3d-8e4f-5a6b7c8d9e0f"
	insert := "INSERT INTO events (event_id, stream, type, payload) VALUES ('" + id + "', 'a-1', 'A', '{}')"
	out, status := psql(t, "-v", "VERBOSITY=verbose", "-c", insert, "-c", insert).run(t, to)
	if status != 1 {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{
		"ERROR:  23505: ", "SCHEMA NAME:  public", "TABLE NAME:  events", "CONSTRAINT NAME:  events_event_id_key",
		id, // in the detail
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out, _ = psql(t, "-v", "VERBOSITY=verbose", "-c", "SELECT colour\nFROM events").run(t, to)
	for _, want := range []string{"ERROR:  42703: ", "LINE 1: SELECT colour", "\n               ^"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// -c with several statements is one transaction; so is -1 with several -c.
func TestPsqlTransactionsOfCommands(t *testing.T) {
	to := newTarget(t)
	insert := func(stream string) string {
		return "INSERT INTO events (stream, type, payload) VALUES ('" + stream + "', 'A', '{}')"
	}
	count := func(stream string) string {
		return tuples(t, "-c", "SELECT count(*) FROM events WHERE stream = '"+stream+"'").mustRun(t, to)
	}
	psql(t, "-c", insert("both")+"; "+insert("both")).mustRun(t, to)
	if got := count("both"); got != "2\n" {
		t.Errorf("two statements in one -c: count %q", got)
	}
	if _, status := psql(t, "-c", insert("one")+"; SELECT colour FROM events").run(t, to); status == 0 {
		t.Error("the error was not reported")
	}
	if got := count("one"); got != "0\n" {
		t.Errorf("a failed -c left its first statement: count %q", got)
	}
	if _, status := psql(t, "-1", "-v", "ON_ERROR_STOP=1", "-c", insert("dash"), "-c", "SELEC 1").run(t, to); status == 0 {
		t.Error("the error was not reported")
	}
	if got := count("dash"); got != "0\n" {
		t.Errorf("a failed -1 left its first command: count %q", got)
	}
	psql(t, "-1", "-c", insert("dash"), "-c", insert("dash")).mustRun(t, to)
	if got := count("dash"); got != "2\n" {
		t.Errorf("-1: count %q", got)
	}
}

func TestPsqlCopyFiles(t *testing.T) {
	to := newTarget(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out.csv")
	const events = "stream,type,payload\nfile-1,A,\"{\"\"n\"\": 1}\"\nfile-1,\"B \"\"b\"\"\nb\",\"\"\"ü\"\"\"\n"
	if err := os.WriteFile(in, []byte(events), 0o600); err != nil {
		t.Fatal(err)
	}
	load := psql(t, "-c", `\copy events (stream, type, payload) from '`+in+`' (format csv, header)`)
	compare(t, load.mustRun(t, to), "COPY 2\n")
	query := "SELECT stream, type, payload FROM events WHERE stream = 'file-1' ORDER BY version"
	psql(t, "-c", `\copy (`+query+`) to '`+out+`' (format csv, header)`).mustRun(t, to)
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, string(got), events)
}

// psql reads a result of any size in portions when told to.
func TestPsqlFetchCount(t *testing.T) {
	to := newTarget(t)
	const rows = 20_000
	loadLarge(t, to, "large-1", rows)
	out := tuples(t, "-v", "FETCH_COUNT=777", "-c",
		"SELECT version FROM events WHERE stream = 'large-1' ORDER BY version").mustRun(t, to)
	got := lines(out)
	if len(got) != rows || got[0] != "0" || got[rows-1] != "19999" {
		t.Errorf("%d rows, from %s to %s", len(got), got[0], got[len(got)-1])
	}
}
