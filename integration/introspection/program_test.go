package introspection

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// A program is a client that prints what it finds, in sections of a heading
// "== what it did" and lines.
type program struct {
	argv  []string
	env   []string
	stdin string
	// allowFailure: it may end with an error of its own, as long as it ends so on both servers; what it asked is what is compared.
	allowFailure bool
	instead      func(t *testing.T, s *server) // in place of a program
}

// probe says why the program cannot run.
func (p program) probe(t *testing.T) error {
	if out, err := exec.CommandContext(t.Context(), p.argv[0], p.argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// run gives what the program printed, both streams in their order.
func (p program) run(t *testing.T, s *server) string {
	t.Helper()
	if p.instead != nil {
		p.instead(t, s)
		return ""
	}
	config, err := pgconn.ParseConfig(s.url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
	// The language of messages and the files in a home are the developer's own.
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PSQLRC=/dev/null", "PGAPPNAME=", "PYTHONDONTWRITEBYTECODE=1",
		"PGHOST="+config.Host, fmt.Sprintf("PGPORT=%d", config.Port), "PGUSER="+config.User,
		"PGDATABASE="+config.Database, "PGSSLMODE=disable")
	cmd.Env = append(cmd.Env, p.env...)
	cmd.Stdin = strings.NewReader(p.stdin)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if _, ended := err.(*exec.ExitError); ended && p.allowFailure && ctx.Err() == nil {
		t.Logf("%s: %v: %.2000s", s.name, err, out)
	} else if err != nil {
		t.Fatalf("%s: %s: %v\n%s", s.name, strings.Join(p.argv, " "), err, clip(string(out)))
	}
	return string(out)
}

// A section is what a program printed under one heading.
type section struct {
	heading string
	lines   []string
}

func (s *server) sections(out string) []section {
	var found []section
	out = definitions.Replace(out) // before it is cut into lines
	for _, line := range strings.Split(strings.TrimRight(out, "\n"), "\n") {
		heading, begins := strings.CutPrefix(line, "== ")
		switch {
		case begins:
			found = append(found, section{heading: heading})
		case len(found) > 0 && !extension(line):
			last := &found[len(found)-1]
			last.lines = append(last.lines, s.line(line))
		}
	}
	return found
}

// line is a line of a table: values with | between them.
func (s *server) line(line string) string {
	line = strings.ReplaceAll(line, s.port(), "<port>")
	values := strings.Split(line, "|")
	for i, value := range values {
		values[i] = s.text(value)
	}
	return strings.Join(values, "|")
}

// port is where the server listens, as clients print it: behind a colon or in quotes.
func (s *server) port() string {
	config, err := pgconn.ParseConfig(s.url)
	if err != nil {
		return "no port"
	}
	return fmt.Sprint(config.Port)
}

// compareSections runs the program on both servers and compares each section as
// how says of its heading: one of question's ways, or own, which wants an answer,
// whatever it is.
func (p program) compareSections(t *testing.T, how func(heading string) string) {
	t.Helper()
	reference, tested := postgres(t), target(t)
	want, got := reference.sections(p.run(t, reference)), tested.sections(p.run(t, tested))
	if len(want) == 0 {
		t.Fatal("the program printed nothing")
	}
	by := map[string][]string{}
	for _, s := range got {
		by[s.heading] = s.lines
	}
	for _, s := range want {
		t.Run(s.heading, func(t *testing.T) {
			if d := differ(how(s.heading), by[s.heading], s.lines); d != "" {
				t.Errorf("%s\n%s", s.heading, d)
			}
		})
	}
}

func differ(how string, got, want []string) string {
	switch how {
	case "columns":
		// A psql table has a title and its columns on top; an error stands there too.
		return diff(got[:min(2, len(got))], want[:min(2, len(want))])
	case "contains":
		return missing(noCount(got), noCount(want))
	case "rows":
		return diff(sorted(noComma(got)), sorted(noComma(want)))
	case "own":
		// A program's error begins with !.
		if len(got) == 0 || strings.HasPrefix(got[0], "!") {
			return fmt.Sprintf("got %q", got)
		}
		return ""
	default:
		return diff(got, want)
	}
}

// noComma leaves out what tells the last of several from the others.
func noComma(lines []string) []string {
	kept := make([]string, len(lines))
	for i, line := range lines {
		kept[i] = strings.TrimRight(line, ", ")
	}
	return kept
}

// noCount leaves out the line of psql's that counts rows.
func noCount(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if !strings.HasSuffix(line, " rows)") && line != "(1 row)" {
			kept = append(kept, line)
		}
	}
	return kept
}
