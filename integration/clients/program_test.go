package clients

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A program is one run of a client program. It gets the server's address in its environment.
type program struct {
	dir   string
	argv  []string
	env   []string
	stdin string
}

// run gives what the program printed, both streams in their order, and its exit status.
func (p program) run(t *testing.T, to target) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
	cmd.Dir = p.dir
	// The language of messages and the files in a home are the developer's own.
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PSQLRC=/dev/null", "PGAPPNAME=", "PYTHONDONTWRITEBYTECODE=1")
	cmd.Env = append(cmd.Env, to.env(t)...)
	cmd.Env = append(cmd.Env, p.env...)
	cmd.Stdin = strings.NewReader(p.stdin)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatalf("%s: %v\n%s", p.argv[0], err, out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// mustRun fails the test unless the program succeeds.
func (p program) mustRun(t *testing.T, to target) string {
	t.Helper()
	out, status := p.run(t, to)
	if status != 0 {
		t.Fatalf("%s: exit status %d\n%s", strings.Join(p.argv, " "), status, out)
	}
	return out
}

// script runs the program and compares what it prints with a .want file.
func (p program) script(t *testing.T, to target, wantFile string) {
	t.Helper()
	want, err := os.ReadFile(wantFile)
	if err != nil {
		t.Fatal(err)
	}
	out, status := p.run(t, to)
	compare(t, out, string(want))
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// compare shows the first line that differs, and everything that follows in
// what was got: a program that stops half-way prints there why.
func compare(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	gotLines, wantLines := lines(got), lines(want)
	for i := range gotLines {
		if i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Errorf("line %d:\nwant %q\ngot  %q\n\n%s", i+1, at(wantLines, i), gotLines[i],
				strings.Join(gotLines[i:], "\n"))
			return
		}
	}
	t.Errorf("ends after line %d:\nwant %q", len(gotLines), at(wantLines, len(gotLines)))
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(the end)"
}

// needFile is harness.Need for something that is not a program.
func needFile(t *testing.T, path, hint string) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	missing(t, path+" is not there: "+hint)
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("EVENTGRES_REQUIRE_CLIENTS") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// needs skips the test unless the command succeeds: it asks whether a library is there.
func needs(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
		missing(t, strings.Join(argv, " ")+": "+string(bytes.TrimSpace(out)))
	}
}
