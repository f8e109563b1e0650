package readme

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// Each program begins a stream, and says so when it finds it begun.
func TestPrograms(t *testing.T) {
	server := harness.Eventgres(t)
	for _, program := range []struct {
		language, containing string
		conflict             string // what the second run prints
	}{
		{"go", "pgx.Connect", "expected version -1, actual version 0"},
		{"go", "engine.Open", "was opened before; version 0"},
		{"python", "psycopg", "expected version -1, actual version 0"},
		{"js", "pg.Client", "expected version -1, actual version 0"},
		{"java", "DriverManager", "expected version -1, actual version 0"},
	} {
		t.Run(program.language+" "+program.containing, func(t *testing.T) {
			source := strings.ReplaceAll(block(t, program.language, program.containing), "127.0.0.1:5433", server.Address())
			cmd := harness.Program(t, program.language, source)
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
