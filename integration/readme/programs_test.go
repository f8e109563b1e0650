package readme

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

const (
	debianPython = "/usr/bin/python3" // Debian's psycopg belongs to it
	jdbcJar      = "/usr/share/java/postgresql.jar"
	nodeClient   = "integration/clients/testdata/node" // has node_modules
)

// Each program begins a stream, and says so when it finds it begun.
func TestPrograms(t *testing.T) {
	server := harness.Eventgres(t)
	for _, program := range []struct {
		language, containing string
		command              func(t *testing.T, source string) *exec.Cmd
		conflict             string // what the second run prints
	}{
		{"go", "pgx.Connect", goProgram, "expected version -1, actual version 0"},
		{"go", "engine.Open", goProgram, "was opened before; version 0"},
		{"python", "psycopg", pythonProgram, "expected version -1, actual version 0"},
		{"js", "pg.Client", nodeProgram, "expected version -1, actual version 0"},
		{"java", "DriverManager", javaProgram, "expected version -1, actual version 0"},
	} {
		t.Run(program.language+" "+program.containing, func(t *testing.T) {
			source := strings.ReplaceAll(block(t, program.language, program.containing), "127.0.0.1:5433", server.Address())
			cmd := program.command(t, source)
			if first := run(t, cmd); first != "0 Opened\n" {
				t.Errorf("the first run prints\n%s", first)
			}
			second := run(t, cmd)
			if !strings.Contains(second, program.conflict) || !strings.HasSuffix(second, "\n0 Opened\n") {
				t.Errorf("the second run prints\n%s", second)
			}
		})
	}
}

// block is the one block of a language with something in it.
func block(t *testing.T, language, containing string) string {
	t.Helper()
	for _, b := range blocks(t, language) {
		if strings.Contains(b, containing) {
			return b
		}
	}
	t.Fatalf("no block of %s has %s in it", language, containing)
	return ""
}

// run runs a command that may be run again, and gives what it prints.
func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	again := exec.CommandContext(t.Context(), cmd.Path, cmd.Args[1:]...)
	again.Dir, again.Env = cmd.Dir, cmd.Env
	if source, ok := cmd.Stdin.(*bytes.Reader); ok {
		_, _ = source.Seek(0, 0)
		again.Stdin = source
	}
	out, err := again.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// goProgram builds the source as a file of this module.
func goProgram(t *testing.T, source string) *exec.Cmd {
	dir := t.TempDir()
	file, binary := write(t, dir, "main.go", source), filepath.Join(dir, "program")
	build := exec.CommandContext(t.Context(), harness.Need(t, "go"), "build", "-o", binary, file)
	build.Dir = root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary)
	cmd.Dir = dir
	return cmd
}

func pythonProgram(t *testing.T, source string) *exec.Cmd {
	python := harness.Need(t, debianPython)
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import psycopg").CombinedOutput(); err != nil {
		missing(t, "psycopg: "+string(out))
	}
	return exec.Command(python, write(t, t.TempDir(), "program.py", source))
}

func nodeProgram(t *testing.T, source string) *exec.Cmd {
	node := harness.Need(t, "node")
	dir := filepath.Join(root(t), nodeClient)
	if _, err := os.Stat(filepath.Join(dir, "node_modules/pg")); err != nil {
		missing(t, err.Error())
	}
	// A program on standard input finds modules from the working directory.
	cmd := exec.Command(node, "--input-type=module", "-")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader([]byte(source))
	return cmd
}

func javaProgram(t *testing.T, source string) *exec.Cmd {
	java := harness.Need(t, "java")
	if _, err := os.Stat(jdbcJar); err != nil {
		missing(t, err.Error())
	}
	file := write(t, t.TempDir(), "Accounts.java", source)
	return exec.Command(java, "-Xmx96m", "-XX:+UseSerialGC", "-cp", jdbcJar, file)
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// missing is what harness.Need does for a program that is not installed.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("EVENTGRES_REQUIRE_CLIENTS") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}
