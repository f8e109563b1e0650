package boundaries

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

const debianPython = "/usr/bin/python3" // Debian's modules belong to it

// shared is a program that lies beside the repository, where it does.
func shared(t *testing.T, name string) string {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "..", "shared", "dcb", name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	return path
}

// TestScenarios: each scenario of consistency by query has the outcome that its file says, in both protocols. All of them take minutes, which
// EVENTGRES_LONG=1 has them take; else some do.
func TestScenarios(t *testing.T) {
	script := shared(t, "run.py")
	python := harness.Need(t, debianPython)
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import psycopg").CombinedOutput(); err != nil {
		harness.Missing(t, &exec.Error{Name: string(out), Err: err})
	}
	for _, protocol := range []string{"simple", "extended"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithTimeout(t.Context(), 3*patience)
			defer stop()
			server := harness.Eventgres(t)
			cmd := exec.CommandContext(ctx, python, script, server.URL(), "--protocol", protocol)
			if !harness.Long() {
				cmd.Args = append(cmd.Args, "--only", "^(A0|C0|K0)")
			}
			cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
