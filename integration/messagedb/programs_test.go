package messagedb

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

const debianPython = "/usr/bin/python3" // Debian's modules belong to it

// A program is one of testdata, and the command that fails where its driver is missing.
type program struct {
	name          string
	argv, library []string
}

var programs = []program{
	{"psycopg 2", []string{debianPython, "testdata/python/two.py"}, []string{debianPython, "-c", "import psycopg2"}},
	{"psycopg 3", []string{debianPython, "testdata/python/three.py"}, []string{debianPython, "-c", "import psycopg"}},
	{"Ruby's pg", []string{"ruby", "testdata/ruby/eventide.rb"}, []string{"ruby", "-e", "require 'pg'"}},
}

// TestPrograms: what clients of Message DB's for Python and Ruby ask is answered through their drivers as Message DB answers.
func TestPrograms(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			p.need(t)
			both(t, func(t *testing.T, url string) string {
				out, err := p.command(t, url).CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				return string(out)
			})
		})
	}
}

func (p program) need(t *testing.T) {
	harness.Need(t, p.argv[0])
	if out, err := exec.CommandContext(t.Context(), p.library[0], p.library[1:]...).CombinedOutput(); err != nil {
		harness.Missing(t, fmt.Errorf("%s: %w\n%s", strings.Join(p.library, " "), err, out))
	}
}

func (p program) command(t *testing.T, url string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), p.argv[0], append(p.argv[1:], args...)...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url, "PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8", "PYTHONUTF8=1")
	return cmd
}
