package readme

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// generated tells a file that a program wrote, as go/ast's IsGenerated does.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// TestOrigins: CONTRIBUTING says where each generated file and each folder testdata comes from, and nothing that is not there.
func TestOrigins(t *testing.T) {
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	listed := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	listed.Dir = root
	out, err := listed.Output()
	if err != nil {
		t.Skip("not a repository of git")
	}
	_, section, found := strings.Cut(harness.Document(t, "CONTRIBUTING.md"), "## Where generated and recorded files come from")
	if !found {
		t.Fatal("CONTRIBUTING.md does not say where files come from")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	said := map[string]bool{}
	for _, row := range strings.Split(section, "\n") {
		cells := strings.Split(row, "|")
		if len(cells) != 5 {
			continue
		}
		for i, name := range strings.Split(cells[1], "`") {
			if i%2 == 1 {
				said[name] = true
				if _, err := os.Stat(filepath.Join(root, name)); err != nil {
					t.Errorf("CONTRIBUTING.md lists %s, which is not there", name)
				}
			}
		}
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		// What lies in a listed folder is said.
		within := false
		for dir := name; dir != "."; dir = path.Dir(dir) {
			within = within || said[dir]
		}
		if within {
			continue
		}
		if strings.Contains("/"+name, "/testdata/") {
			t.Errorf("%s: CONTRIBUTING.md does not say where it comes from", name)
			continue
		}
		if strings.HasSuffix(name, ".go") {
			text, err := os.ReadFile(filepath.Join(root, name))
			if err == nil && generated.Match(bytes.ReplaceAll(text, []byte("\r"), nil)) {
				t.Errorf("%s is generated: CONTRIBUTING.md does not say from what", name)
			}
		}
	}
}
