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
	targets := find(t, `(?m)^([a-z]+):`, harness.Document(t, "Makefile"))
	for _, target := range find(t, "(?m)(?:^|`)make ([a-z]+)", harness.Document(t, "README.md")) {
		if !slices.Contains(targets, target) {
			t.Errorf("the README has `make %s`, which the Makefile has not", target)
		}
	}
}

func TestFlags(t *testing.T) {
	var help strings.Builder
	for _, command := range find(t, "`eventgres ([a-z]+)", harness.Document(t, "README.md")) {
		out, err := exec.CommandContext(t.Context(), harness.Binary(t), command, "--help").CombinedOutput()
		if err != nil {
			t.Errorf("eventgres %s --help: %v\n%s", command, err, out)
		}
		help.Write(out)
	}
	flags := find(t, `(--[a-z-]+)`, help.String())
	for _, flag := range find(t, "[ `](--[a-z-]+)", harness.Document(t, "README.md")) {
		if !slices.Contains(flags, flag) {
			t.Errorf("no command has %s", flag)
		}
	}
}

// TestFiles: what the pages say where things are is there.
func TestFiles(t *testing.T) {
	for _, name := range []string{"docs/architecture.md", "CONTRIBUTING.md"} {
		for _, file := range find(t, "`((?:cmd|engine|pgwire|query|integration|docs)/[A-Za-z0-9_./*-]+)`", harness.Document(t, name)) {
			if m, err := filepath.Glob(filepath.Join(root(t), file)); err != nil || len(m) == 0 {
				t.Errorf("%s names %s, which is not there", name, file)
			}
		}
	}
}

func TestLinks(t *testing.T) {
	for _, name := range []string{"README.md", "docs/architecture.md"} {
		for _, link := range find(t, `\]\(([^)#]+)\)`, harness.Document(t, name)) {
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
	_, table, _ := strings.Cut(harness.Document(t, "README.md"), "### Dependencies")
	told := find(t, "(?m)^\\| `([^`]+)` \\|", table)
	var required []string
	for line := range strings.Lines(harness.Document(t, "go.mod")) {
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

// Imports point one way, as docs/architecture.md draws them: what a package may import of ours, those below it with "/...".
func TestImports(t *testing.T) {
	const module = "github.com/eventgres/eventgres/"
	forms := []string{"pgwire/pgerror", "pgwire/pgvalue"} // errors and values, which all may know
	may := map[string][]string{
		"cmd/...":             {"cmd/...", "query", "query/analytics", "query/analytics/worker", "query/role", "query/audit", "pgwire", "pgwire/auth", "pgwire/pgerror", "pgwire/pgvalue", "engine/..."},
		"engine/...":          {"engine/..."},
		"pgwire/pgerror":      nil,
		"pgwire/charset/...":  {"pgwire/pgerror"},
		"pgwire/pgvalue":      {"pgwire/pgerror"},
		"pgwire/auth":         {"pgwire/pgerror"},
		"pgwire":              append(forms, "pgwire/charset", "pgwire/auth"),
		"query/searchpath":    forms,
		"query/syntax":        append(forms, "query/analytics/pgfn"),
		"query/relation":      append(forms, "query/syntax", "query/searchpath", "engine"),
		"query/expr":          append(forms, "query/syntax", "query/relation", "query/searchpath", "query/analytics/pgfn", "engine"),
		"query/setting":       append(forms, "query/searchpath", "query/analytics/pgfn", "pgwire/charset"),
		"query/copyfmt":       append(forms, "query/syntax", "query/relation", "pgwire/charset"),
		"query/failure":       append(forms, "query/relation", "query/expr", "query/reading", "query/guard", "query/standby", "engine"),
		"query/standby":       append(forms, "query/relation", "query/expr", "query/setting", "engine"),
		"query/guard":         append(forms, "query/failpoint", "query/syntax", "query/searchpath", "query/relation", "query/expr", "query/policy", "query/read", "query/reading", "engine"),
		"query/reading":       append(forms, "query/failpoint", "query/relation", "query/expr", "query/policy", "query/read", "query/syntax", "engine"),
		"query/asof":          append(forms, "query/setting", "engine"),
		"query/cursor":        append(forms, "query/syntax", "query/expr", "query/analytics", "pgwire"),
		"query/staging":       {"query/relation", "engine"},
		"query/policy":        append(forms, "query/syntax", "query/relation", "query/expr", "query/privilege", "engine"),
		"query/read":          append(forms, "query/failpoint", "query/syntax", "query/relation", "query/expr", "query/policy", "query/staging", "engine"),
		"query/live":          append(forms, "query/syntax", "query/searchpath", "query/relation", "query/expr", "query/policy", "query/read", "pgwire", "engine"),
		"query/failpoint":     nil,
		"query/privilege":     nil,
		"query/schema":        append(forms, "query/analytics", "query/privilege", "query/setting", "engine"),
		"query/role":          append(forms, "query/syntax", "query/privilege", "pgwire", "pgwire/auth", "engine"),
		"query/rights":        append(forms, "query/syntax", "query/relation", "query/privilege", "query/role", "query/schema", "query/analytics"),
		"query/replication":   append(forms, "query/syntax", "query/relation", "query/expr", "query/policy", "query/privilege", "query/role", "query/rights", "query/schema", "query/analytics", "pgwire", "engine"),
		"query/advisory":      append(forms, "query/analytics"),
		"query/notify":        append(forms, "query/live", "engine"),
		"query/activity":      append(forms, "query/analytics", "pgwire", "engine/measure"),
		"query/statements":    {"query/analytics"},
		"query/audit":         append(forms, "engine"),
		"query/proposal":      append(forms, "query/syntax", "query/relation", "query/expr", "query/staging", "engine"),
		"query/copyin":        append(forms, "query/syntax", "query/relation", "query/expr", "query/copyfmt", "query/proposal", "engine"),
		"query/consumer":      append(forms, "query/syntax", "query/relation", "query/expr", "query/policy", "query/analytics/pgfn", "query/read", "query/live", "engine"),
		"query/messagedb":     append(forms, "query/syntax", "query/searchpath", "query/relation", "query/expr", "query/privilege", "query/staging", "query/analytics/pgfn", "pgwire", "engine"),
		"query/explain":       append(forms, "query/syntax", "query/relation", "query/expr", "query/read", "query/analytics", "pgwire", "engine"),
		"query/analytics/...": append(forms, "query/failpoint", "query/analytics/...", "query/privilege", "query/relation", "query/searchpath", "pgwire", "pgwire/charset", "pgwire/auth", "engine/..."),
		"query":               append(forms, "query/...", "pgwire", "pgwire/charset", "engine/..."),
	}
	under := func(path, pattern string) bool {
		tree, ok := strings.CutSuffix(pattern, "/...")
		return path == pattern || ok && (path == tree || strings.HasPrefix(path, tree+"/"))
	}
	list := exec.CommandContext(t.Context(), harness.Need(t, "go"), "list", "-f",
		`{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./cmd/...", "./query/...", "./pgwire/...", "./engine/...")
	list.Dir = root(t)
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		packages := strings.Fields(line)
		importer := strings.TrimPrefix(packages[0], module)
		law, found := may[importer]
		for pattern := range may {
			if !found && under(importer, pattern) {
				law, found = may[pattern], true
			}
		}
		if !found {
			t.Errorf("nothing is said of what %s may import", importer)
		}
		for _, imported := range packages[1:] {
			path, ours := strings.CutPrefix(imported, module)
			if ours && !slices.ContainsFunc(law, func(pattern string) bool { return under(path, pattern) }) {
				t.Errorf("%s imports %s", importer, path)
			}
		}
	}
}
