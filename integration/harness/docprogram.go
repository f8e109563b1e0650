package harness

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	debianPython = "/usr/bin/python3" // Debian's psycopg belongs to it
	jdbcJar      = "/usr/share/java/postgresql.jar"
	nodeClient   = "integration/clients/testdata/node" // has node_modules
)

// Program is the command that runs a program of a document: in go, python, js or java.
func Program(t *testing.T, language, source string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	switch language {
	case "go":
		return goProgram(t, dir, source)
	case "python":
		python := Need(t, debianPython)
		if out, err := exec.CommandContext(t.Context(), python, "-c", "import psycopg").CombinedOutput(); err != nil {
			Missing(t, fmt.Errorf("psycopg: %w\n%s", err, out))
		}
		return exec.Command(python, write(t, dir, "program.py", source))
	case "js":
		node := Need(t, "node")
		dir := filepath.Join(moduleRoot(t), nodeClient)
		if _, err := os.Stat(filepath.Join(dir, "node_modules/pg")); err != nil {
			Missing(t, err)
		}
		// A program on standard input finds modules from the working directory.
		cmd := exec.Command(node, "--input-type=module", "-")
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader([]byte(source))
		return cmd
	case "ts":
		return tsProgram(t, dir, source)
	case "java":
		java := Need(t, "java")
		if _, err := os.Stat(jdbcJar); err != nil {
			Missing(t, err)
		}
		return exec.Command(java, "-Xmx96m", "-XX:+UseSerialGC", "-cp", jdbcJar, write(t, dir, "Program.java", source))
	}
	t.Fatalf("a program in %s", language)
	return nil
}

// goProgram builds the source as a file of this module.
func goProgram(t *testing.T, dir, source string) *exec.Cmd {
	t.Helper()
	file, binary := write(t, dir, "main.go", source), filepath.Join(dir, "program")
	build := exec.CommandContext(t.Context(), Need(t, "go"), "build", "-o", binary, file)
	build.Dir = moduleRoot(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary)
	cmd.Dir = dir
	return cmd
}

// tsProgram checks the types of the source, strictly, and compiles it.
func tsProgram(t *testing.T, dir, source string) *exec.Cmd {
	t.Helper()
	node := Need(t, "node")
	modules := filepath.Join(moduleRoot(t), nodeClient, "node_modules")
	compiler := filepath.Join(modules, "typescript/bin/tsc")
	if _, err := os.Stat(compiler); err != nil {
		Missing(t, err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "package.json", `{"type": "module"}`)
	build := exec.CommandContext(t.Context(), node, compiler, "--strict", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2023", "--types", "node", "--skipLibCheck", write(t, dir, "program.ts", source))
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(node, filepath.Join(dir, "program.js"))
	cmd.Dir = dir
	return cmd
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
