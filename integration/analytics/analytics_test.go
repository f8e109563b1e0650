package analytics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// corpus is what both servers are asked.
const corpus = "testdata/*.sql"

// minimum is how many cases there must be, so that a parser that finds none is noticed.
const minimum = 450

// TestEventgres compares Eventgres with PostgreSQL.
func TestEventgres(t *testing.T) {
	files := load(t, corpus)
	requirePostgres(t)
	server := NewEventgres(t)
	oracle := session(t, "PostgreSQL", NewPostgres(t, Copied(t, server)))
	subject := session(t, "Eventgres", server.URL())
	eachCase(t, files, func(t *testing.T, c *Case, mode Mode) {
		if c.Difference != "" {
			refused(t, c, mode, subject)
			return
		}
		same(t, c, mode, oracle, subject)
	})
}

// otherPlans make PostgreSQL group, join and sort in its other ways, so that rows
// whose order is left open come in another one.
var otherPlans = []string{
	"SET enable_hashagg = off", "SET enable_hashjoin = off", "SET enable_indexscan = off",
	"SET enable_bitmapscan = off", "SET enable_indexonlyscan = off",
}

// TestCorpusIsDeterministic compares PostgreSQL with itself, on rows stored in
// another order and with other plans: a case that fails here asks for an order, or
// for one of several equal rows, that SQL does not promise.
func TestCorpusIsDeterministic(t *testing.T) {
	files := load(t, corpus)
	requirePostgres(t)
	events := Copied(t, NewEventgres(t))
	oracle := session(t, "PostgreSQL", NewPostgres(t, events))
	subject := session(t, "PostgreSQL, shuffled", NewPostgres(t, Shuffled(events)), otherPlans...)
	eachCase(t, files, func(t *testing.T, c *Case, mode Mode) { same(t, c, mode, oracle, subject) })
}

// TestDifferences lists what Eventgres means to answer otherwise, for a reader of
// `go test -v -run TestDifferences`, and counts the cases.
func TestDifferences(t *testing.T) {
	cases := 0
	for _, f := range load(t, corpus) {
		t.Logf("%s: %d cases", f.Name, len(f.Cases))
		cases += len(f.Cases)
		for _, c := range f.Cases {
			if c.Difference != "" {
				t.Logf("%s:%d: %s: %s (%s)", f.Name, c.Line, c.Name, c.Difference, c.EventgresError)
			}
		}
	}
	t.Logf("%d cases", cases)
	if cases < minimum {
		t.Errorf("%d cases, fewer than %d", cases, minimum)
	}
}

func load(t *testing.T, pattern string) []*File {
	t.Helper()
	files, err := Load(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// requirePostgres asks for the oracle before anything else is started.
func requirePostgres(t *testing.T) {
	t.Helper()
	version := connect(t, harness.Postgres(t).URL("postgres")).ParameterStatus("server_version")
	if !strings.HasPrefix(version, "15.") {
		t.Skipf("the corpus is PostgreSQL 15's, this is %s", version)
	}
}

func session(t *testing.T, server, url string, setup ...string) *Session {
	t.Helper()
	s := NewSession(server, url, setup...)
	t.Cleanup(s.Close)
	return s
}

// eachCase runs every case in every mode as a subtest.
func eachCase(t *testing.T, files []*File, run func(*testing.T, *Case, Mode)) {
	t.Helper()
	for _, f := range files {
		t.Run(f.Name, func(t *testing.T) {
			for _, c := range f.Cases {
				t.Run(c.Name, func(t *testing.T) {
					for _, mode := range c.Modes() {
						t.Run(string(mode), func(t *testing.T) { run(t, c, mode) })
					}
				})
			}
		})
	}
}

// same asks both sessions and wants one answer.
func same(t *testing.T, c *Case, mode Mode, oracle, subject *Session) {
	t.Helper()
	want, got := ask(t, oracle, c, mode), ask(t, subject, c, mode)
	if code := want.Code(); code != c.Error {
		t.Errorf("line %d: %s answers with SQLSTATE %q, the case is about %q\n%s\n%s", c.Line, oracle.server,
			code, c.Error, c.SQL, indent(want.Show(0)))
		return
	}
	if c.Unordered != "" {
		want, got = want.sorted(), got.sorted()
	}
	if difference := Difference(want, got); difference != "" {
		near := 0
		fmt.Sscanf(difference, "row %d", &near)
		t.Errorf("line %d: %s\n%s\n%s:\n%s%s:\n%s", c.Line, difference, c.SQL,
			oracle.server, indent(want.Show(near)), subject.server, indent(got.Show(near)))
	}
}

// noError stands for the SQLSTATE of a case whose rows differ on purpose.
const noError = "none"

// refused wants the error of a case that differs on purpose.
func refused(t *testing.T, c *Case, mode Mode, subject *Session) {
	t.Helper()
	got := ask(t, subject, c, mode)
	if c.EventgresError == noError && got.Err == nil {
		return // its rows are others, for the reason that is given
	}
	if got.Err == nil || got.Err.Code != c.EventgresError {
		t.Errorf("line %d: not the error %s that Eventgres means to answer with: %s\n%s\n%s", c.Line,
			c.EventgresError, c.Difference, c.SQL, indent(got.Show(0)))
	}
}

func ask(t *testing.T, s *Session, c *Case, mode Mode) *Answer {
	t.Helper()
	answer, err := s.Run(t.Context(), c, mode)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func indent(text string) string {
	return "\t" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n\t") + "\n"
}
