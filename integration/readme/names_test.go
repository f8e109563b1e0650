package readme

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// find gives the first group of every match in a text, each once, in order.
func find(t *testing.T, pattern, text string) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("nothing matches %s", pattern)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestMakeTargets(t *testing.T) {
	targets := find(t, `(?m)^([a-z]+):`, document(t, "Makefile"))
	for _, target := range find(t, "(?m)(?:^|`)make ([a-z]+)", document(t, "README.md")) {
		if !slices.Contains(targets, target) {
			t.Errorf("the README has `make %s`, which the Makefile has not", target)
		}
	}
}

func TestFlags(t *testing.T) {
	var help strings.Builder
	for _, command := range find(t, "`eventgres ([a-z]+)", document(t, "README.md")) {
		out, err := exec.CommandContext(t.Context(), harness.Binary(t), command, "--help").CombinedOutput()
		if err != nil {
			t.Errorf("eventgres %s --help: %v\n%s", command, err, out)
		}
		help.Write(out)
	}
	flags := find(t, `(--[a-z-]+)`, help.String())
	for _, flag := range find(t, "[ `](--[a-z-]+)", document(t, "README.md")) {
		if !slices.Contains(flags, flag) {
			t.Errorf("no command has %s", flag)
		}
	}
}

func TestLinks(t *testing.T) {
	for _, name := range []string{"README.md", "docs/architecture.md"} {
		for _, link := range find(t, `\]\(([^)#]+)\)`, document(t, name)) {
			if strings.Contains(link, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root(t), path.Dir(name), link)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The table of dependencies is what go.mod requires directly.
func TestDependencies(t *testing.T) {
	_, table, _ := strings.Cut(document(t, "README.md"), "### Dependencies")
	told := find(t, "(?m)^\\| `([^`]+)` \\|", table)
	var required []string
	for line := range strings.Lines(document(t, "go.mod")) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) == 2 && strings.Contains(fields[0], "/") && fields[0] != "module" && strings.HasPrefix(fields[1], "v") {
			required = append(required, fields[0])
		}
	}
	slices.Sort(required)
	if !slices.Equal(told, required) {
		t.Errorf("README: %v\ngo.mod: %v", told, required)
	}
}

// Imports point one way, as docs/architecture.md draws them.
func TestImports(t *testing.T) {
	const module = "github.com/eventgres/eventgres/"
	may := map[string][]string{
		"cmd":    {"cmd", "query", "pgwire", "engine"},
		"query":  {"query", "pgwire", "engine"},
		"pgwire": {"pgwire"},
		"engine": {"engine"},
	}
	list := exec.CommandContext(t.Context(), harness.Need(t, "go"), "list", "-f",
		`{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./cmd/...", "./query/...", "./pgwire/...", "./engine/...")
	list.Dir = root(t)
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	house := func(importPath string) string {
		top, _, _ := strings.Cut(strings.TrimPrefix(importPath, module), "/")
		return top
	}
	for line := range strings.Lines(string(out)) {
		packages := strings.Fields(line)
		for _, imported := range packages[1:] {
			if strings.HasPrefix(imported, module) && !slices.Contains(may[house(packages[0])], house(imported)) {
				t.Errorf("%s imports %s", packages[0], imported)
			}
		}
	}
}
