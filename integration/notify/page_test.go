package notify

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// Debian's psycopg belongs to Debian's Python.
const debianPython = "/usr/bin/python3"

// nodeModules has node-postgres and pg-listen.
const nodeModules = "testdata/node"

// TestPage: the programs of docs/listen.md run, and its statements.
func TestPage(t *testing.T) {
	server := harness.Eventgres(t)
	page := harness.Document(t, "docs/listen.md")
	for language, run := range map[string]func(*testing.T, string) *exec.Cmd{"python": python, "js": node, "go": golang} {
		for _, source := range harness.Blocks(page, language) {
			t.Run(language, func(t *testing.T) {
				cmd := run(t, strings.ReplaceAll(source, "127.0.0.1:5433", server.Address()))
				out, err := cmd.CombinedOutput()
				lines := strings.Split(strings.TrimSpace(string(out)), "\n")
				if err != nil || len(lines) != 2 || !strings.HasPrefix(lines[0], "told ") || lines[1] != "read Placed" {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
	s := connect(t, server.URL(), "A")["A"]
	for _, block := range harness.Blocks(page, "sql") {
		for _, statement := range strings.Split(strings.TrimSpace(block), "\n") {
			s.must(statement)
		}
	}
}

func python(t *testing.T, source string) *exec.Cmd {
	t.Helper()
	needs(t, debianPython, "-c", "import psycopg")
	return exec.CommandContext(t.Context(), debianPython, "-c", source)
}

func node(t *testing.T, source string) *exec.Cmd {
	t.Helper()
	path := harness.Need(t, "node")
	if _, err := os.Stat(filepath.Join(nodeModules, "node_modules/pg")); err != nil {
		harness.Missing(t, err)
	}
	cmd := exec.CommandContext(t.Context(), path, "--input-type=module", "-")
	cmd.Dir, cmd.Stdin = nodeModules, bytes.NewReader([]byte(source))
	return cmd
}

// golang builds the source as a file of this module.
func golang(t *testing.T, source string) *exec.Cmd {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), harness.Need(t, "go"), "build", "-o", binary, file)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exec.CommandContext(t.Context(), binary)
}

// needs skips the test unless a command succeeds: it asks whether a library is there.
func needs(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), harness.Need(t, argv[0]), argv[1:]...).CombinedOutput(); err != nil {
		t.Logf("%s", out)
		harness.Missing(t, err)
	}
}
