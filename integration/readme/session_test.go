package readme

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// The session is run on an empty store, as it is shown, and on one with the sample, as
// a newcomer meets it after `make run`.
func TestSession(t *testing.T) {
	psql := harness.Need(t, "psql")
	input, want := session(t)
	for name, args := range map[string][]string{"empty store": nil, "sample": {"--sample"}} {
		t.Run(name, func(t *testing.T) {
			server := harness.Eventgres(t, harness.WithArgs(args...))
			// -a prints the statements too, so that the transcript is the README's.
			cmd := exec.CommandContext(t.Context(), psql, "-X", "-a",
				"-h", server.Host, "-p", strconv.Itoa(server.Port), "-U", "app", "events")
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PGOPTIONS=", "PGTZ=UTC")
			cmd.Stdin = strings.NewReader(input)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("psql: %v", err)
			}
			compare(t, lines(mask(string(out))), lines(mask(want)))
		})
	}
}

var (
	// events=> events-> events(> events'>, and with a star in a transaction.
	prompt = regexp.MustCompile(`^events[-=('"$][*!]?> ?`)
	// What psql says only where somebody types the rows of a COPY.
	typing = regexp.MustCompile(`^(Enter data to be copied|End with a backslash)`)
)

// session takes the README's session apart: what is typed, and what psql -a prints.
func session(t *testing.T) (input, output string) {
	t.Helper()
	var in, out strings.Builder
	for line := range strings.Lines(strings.Join(blocks(t, "psql"), "")) {
		if p := prompt.FindString(line); p != "" {
			in.WriteString(line[len(p):])
			out.WriteString(line[len(p):])
		} else if row, ok := strings.CutPrefix(line, ">> "); ok {
			in.WriteString(row)
		} else if !typing.MatchString(line) {
			out.WriteString(line)
		}
	}
	return in.String(), out.String()
}

// What differs from run to run: the time, and the position in a store that has events.
var (
	timestamp = regexp.MustCompile(`\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00\b`)
	position  = regexp.MustCompile(`(?m)^(position +\| )\d+$`)
)

func mask(text string) string {
	return position.ReplaceAllString(timestamp.ReplaceAllString(text, "<time>"), "${1}<position>")
}

// compare shows the first line that differs, and what follows it.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := at(got, i), at(want, i)
		if g != w {
			t.Fatalf("README: %s\npsql:   %s\n\n%s", w, g, strings.Join(got[min(i, len(got)):], "\n"))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(the end)"
}
