package differ

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

var rewrite = flag.Bool("rewrite", false, "write docs/differences.md (with -run TestDifferencesPage)")

// TestDifferencesPage fails where the page is not what the declarations say.
func TestDifferencesPage(t *testing.T) {
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	want, err := page(root)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "docs/differences.md")
	if *rewrite {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/differences.md is stale: go test ./integration/differ -run TestDifferencesPage -rewrite")
	}
}

// TestKnownHaveReasons keeps the list honest about itself.
func TestKnownHaveReasons(t *testing.T) {
	names := map[string]bool{}
	for _, k := range declared {
		if k.Name == "" || k.Reason == "" || len(k.Classes) == 0 || names[k.Name] {
			t.Errorf("%q lacks a name of its own, a reason or a class", k.Name)
		}
		names[k.Name] = true
	}
}
