package harness

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Document is the text of a file of the repository, by its path from the root.
func Document(t testing.TB, path string) string {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// Blocks are a document's fenced blocks in a language, in their order.
func Blocks(document, language string) (found []string) {
	for _, m := range fence.FindAllStringSubmatch(document, -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	return found
}
