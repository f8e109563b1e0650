package readme

import (
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

func root(t *testing.T) string {
	t.Helper()
	dir, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// blocks are the README's fenced blocks in a language, in their order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	found := harness.Blocks(harness.Document(t, "README.md"), language)
	if len(found) == 0 {
		t.Fatalf("the README has no block of %s", language)
	}
	return found
}

// lines are the lines of a text that are not blank, without the spaces at their ends,
// which psql prints and editors remove.
func lines(text string) []string {
	var kept []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}
