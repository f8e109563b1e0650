package compare

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

var rewrite = flag.Bool("rewrite", false, "record PostgreSQL's answers in the scripts (with -run TestPostgres)")

// TestPostgres checks that the scripts say what PostgreSQL 15 answers.
func TestPostgres(t *testing.T) {
	p := newPostgres(t)
	for _, script := range load(t) {
		t.Run(filepath.Base(script.Name), func(t *testing.T) {
			got := map[*Step][]string{}
			for _, c := range script.Cases {
				if c.EventgresOnly == "" {
					t.Run(c.Name, func(t *testing.T) { p.record(t, c, got) })
				}
			}
			if *rewrite {
				if err := script.Rewrite(got); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestEventgres checks that Eventgres answers as the scripts say. A case that writes wants a server of its own for each mode, and is played in one of its
// modes, another in each run; in all of them where EVENTGRES_LONG is 1.
func TestEventgres(t *testing.T) {
	seed := harness.Seed(t)
	for _, script := range load(t) {
		t.Run(filepath.Base(script.Name), func(t *testing.T) {
			// One server does for all the cases of a script that only ask.
			empty := sync.OnceValue(func() *harness.Server { return harness.Eventgres(t) })
			for _, c := range script.Cases {
				modes := c.modes()
				if c.writes() && !harness.Long() {
					one := rand.New(rand.NewPCG(seed, uint64(c.Line))).IntN(len(modes))
					modes = modes[one : one+1]
				}
				t.Run(c.Name, func(t *testing.T) { compare(t, c, modes, empty) })
			}
		})
	}
}

// TestDifferences lists what Eventgres means to do otherwise, for a reader of
// `go test -v -run TestDifferences`.
func TestDifferences(t *testing.T) {
	cases := 0
	for _, script := range load(t) {
		name := filepath.Base(script.Name)
		for _, c := range script.Cases {
			cases++
			if c.EventgresOnly != "" {
				t.Logf("%s:%d: %s: Eventgres only: %s", name, c.Line, c.Name, c.EventgresOnly)
			}
			for _, s := range c.Steps {
				switch {
				case s.Difference != "":
					t.Logf("%s:%d: %s: %s", name, s.Line, c.Name, s.Difference)
				case s.MessageDiffers != "":
					t.Logf("%s:%d: %s: another message: %s", name, s.Line, c.Name, s.MessageDiffers)
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

func load(t *testing.T) []*Script {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	scripts := make([]*Script, len(paths))
	for i, path := range paths {
		if scripts[i], err = Load(path); err != nil {
			t.Fatal(err)
		}
	}
	return scripts
}

// A postgres is the database that is the oracle, emptied before each case.
type postgres struct {
	url   string
	admin *pgconn.PgConn
}

func newPostgres(t *testing.T) *postgres {
	t.Helper()
	cluster := harness.Postgres(t)
	// Both servers are asked for their database's name.
	cluster.Apply(t, "events")
	p := &postgres{url: cluster.URL("events")}
	var err error
	if p.admin, err = pgconn.Connect(t.Context(), p.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.admin.Close(context.Background()) })
	if version := p.admin.ParameterStatus("server_version"); !strings.HasPrefix(version, "15.") {
		t.Skipf("the scripts are PostgreSQL 15's, this is %s", version)
	}
	return p
}

func (p *postgres) record(t *testing.T, c *Case, got map[*Step][]string) {
	for _, mode := range c.modes() {
		// As a replica, for the trigger that forbids TRUNCATE.
		sql := "SET session_replication_role = replica; TRUNCATE events; RESET session_replication_role"
		if _, err := p.admin.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
		play(t, p.url, c, mode, func(s *Step, lines []string) {
			if *rewrite {
				s.Want = recorded(t, s, got, mode, lines)
				return
			}
			check(t, c, mode, s, s.Want, lines)
		})
	}
}

// recorded keeps the first mode's answer; the others must give the same.
func recorded(t *testing.T, s *Step, got map[*Step][]string, mode Mode, lines []string) []string {
	if first, ok := got[s]; ok {
		if !slices.Equal(first, lines) {
			t.Errorf("line %d: %s: PostgreSQL answers\n%s\nand before\n%s", s.Line, mode, indent(lines), indent(first))
		}
		return first
	}
	got[s] = lines
	return lines
}

// compare runs a case on Eventgres in modes: on the empty store, or on a new one for each if it writes.
func compare(t *testing.T, c *Case, modes []Mode, empty func() *harness.Server) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			start := empty
			if c.writes() {
				start = func() *harness.Server { return harness.Eventgres(t) }
			}
			play(t, start().URL(), c, mode, func(s *Step, lines []string) {
				want := s.Want
				if s.Difference != "" {
					want = s.WantEventgres
				}
				check(t, c, mode, s, want, lines)
			})
		})
	}
}

// play runs a case's steps and hands on each answer.
func play(t *testing.T, url string, c *Case, mode Mode, take func(*Step, []string)) {
	t.Helper()
	sessions := map[string]*Session{}
	defer func() {
		for _, s := range sessions {
			s.Close()
		}
	}()
	for _, step := range c.Steps {
		if sessions[step.Session] == nil {
			s, err := Open(t.Context(), url, mode)
			if err != nil {
				t.Fatal(err)
			}
			sessions[step.Session] = s
		}
		take(step, sessions[step.Session].Run(step, c.Mask))
	}
}

func check(t *testing.T, c *Case, mode Mode, s *Step, want, got []string) {
	t.Helper()
	if s.MessageDiffers != "" {
		want, got = codes(want), codes(got)
	}
	if !agrees(want, got) {
		t.Errorf("line %d, %s: %s\n%s\n  got\n%s\n  want\n%s", s.Line, mode, c.Name, indent(strings.Split(s.SQL, "\n")), indent(got), indent(want))
	}
}

var wholeError = regexp.MustCompile(`^(ERROR \w{5})( at \d+)?: .*`)

// codes leaves of errors what a program can test.
func codes(lines []string) []string {
	var kept []string
	for _, line := range withoutNames(lines) {
		kept = append(kept, wholeError.ReplaceAllString(line, "$1"))
	}
	return kept
}

// agrees compares answers line by line. An error whose end the script leaves
// open says nothing of the table or constraint either.
func agrees(want, got []string) bool {
	open := slices.ContainsFunc(want, func(line string) bool {
		return strings.HasPrefix(line, "ERROR ") && strings.HasSuffix(line, "*")
	})
	if open {
		got = withoutNames(got)
	}
	return slices.EqualFunc(want, got, matches)
}

// withoutNames drops the schema, table, column and constraint of errors.
func withoutNames(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "  detail: ")
	})
}

// matches compares a line with the script's, in which * stands for anything and
// ? for any character.
func matches(want, got string) bool {
	if want == got || !strings.ContainsAny(want, "*?") {
		return want == got
	}
	pattern := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(want))
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}

func indent(lines []string) string {
	return fmt.Sprintf("\t%s", strings.Join(lines, "\n\t"))
}
