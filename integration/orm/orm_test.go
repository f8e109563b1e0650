package orm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventgres/eventgres/integration/harness"
)

const (
	savers = 8
	saves  = 5 // transactions of each

	// patience is what eight programs may take to start and end on a machine under load.
	patience = 5 * time.Minute

	debianPython = "/usr/bin/python3" // Debian's modules belong to it
)

// An orm is a program of the page.
type orm struct {
	name       string
	language   string
	containing string // what tells its block from others
	command    func(t *testing.T, source string) *exec.Cmd
}

var orms = []orm{
	{"SQLAlchemy", "python", "from sqlalchemy", python("sqlalchemy")},
	{"Django", "python", "import django", python("django")},
	{"ActiveRecord", "ruby", "ActiveRecord::Base", script("ruby", "save.rb")},
	{"Eloquent", "php", "Eloquent", script("php", "save.php")},
	{"DBIx::Class", "perl", "DBIx::Class", script("perl", "save.pl")},
	{"Sequelize", "js", "from 'sequelize'", node},
	{"Drizzle", "js", "drizzle-orm", node},
	{"MikroORM", "js", "@mikro-orm", node},
	{"Prisma", "js", "@prisma/adapter-pg", prisma},
	{"GORM", "go", "gorm.io/gorm", golang},
	{"bun", "go", "uptrace/bun", golang},
}

func TestSavers(t *testing.T) {
	page := harness.Document(t, "docs/orm.md")
	server := harness.Eventgres(t)
	for _, o := range orms {
		t.Run(o.name, func(t *testing.T) {
			cmd := o.command(t, block(t, page, o.language, o.containing))
			before := count(t, server)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var all sync.WaitGroup
			for range savers {
				all.Go(func() {
					saver := exec.CommandContext(ctx, cmd.Path, append(cmd.Args[1:len(cmd.Args):len(cmd.Args)], fmt.Sprint(saves))...)
					saver.Dir = cmd.Dir
					saver.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1",
						fmt.Sprintf("DATABASE_URL=postgresql://app@127.0.0.1:%d/events", server.Port))
					out, err := saver.CombinedOutput()
					if want := fmt.Sprintf("saved %d\n", saves); err != nil || string(out) != want {
						t.Errorf("a saver ended with %v and said\n%s", err, out)
					}
				})
			}
			all.Wait()
			if got := count(t, server) - before; got != savers*saves {
				t.Errorf("%d events are in the log, %d were saved", got, savers*saves)
			}
		})
	}
}

func count(t *testing.T, s *harness.Server) (n int) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// block is the page's one block of a language with something in it.
func block(t *testing.T, page, language, containing string) string {
	t.Helper()
	for _, b := range harness.Blocks(page, language) {
		if strings.Contains(b, containing) {
			return b
		}
	}
	t.Fatalf("no block of %s has %s in it", language, containing)
	return ""
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func python(module string) func(t *testing.T, source string) *exec.Cmd {
	return func(t *testing.T, source string) *exec.Cmd {
		interpreter := harness.Need(t, debianPython)
		if out, err := exec.CommandContext(t.Context(), interpreter, "-c", "import psycopg2, "+module).CombinedOutput(); err != nil {
			harness.Missing(t, errors.New(string(out)))
		}
		return exec.Command(interpreter, write(t, t.TempDir(), "save.py", source))
	}
}

// script is a program of an interpreter whose libraries are the machine's. One that they
// are missing for says so itself, and fails.
func script(interpreter, name string) func(t *testing.T, source string) *exec.Cmd {
	library := map[string][]string{
		"ruby": {"-e", "require 'active_record'; require 'pg'"},
		"perl": {"-e", "use DBIx::Class; use DBD::Pg"},
		"php":  {"-r", "require '/usr/share/php/Illuminate/Database/autoload.php'; extension_loaded('pdo_pgsql') || exit(1);"},
	}[interpreter]
	return func(t *testing.T, source string) *exec.Cmd {
		path := harness.Need(t, interpreter)
		if out, err := exec.CommandContext(t.Context(), path, library...).CombinedOutput(); err != nil {
			harness.Missing(t, fmt.Errorf("%s: %w: %s", interpreter, err, out))
		}
		return exec.Command(path, write(t, t.TempDir(), name, source))
	}
}

// modules makes a directory in which programs find what npm installed.
func modules(t *testing.T) string {
	t.Helper()
	installed := filepath.Join(root(t), "integration/orm/testdata/node/node_modules")
	if _, err := os.Stat(installed); err != nil {
		harness.Missing(t, err)
	}
	dir := t.TempDir()
	if err := os.Symlink(installed, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func node(t *testing.T, source string) *exec.Cmd {
	path := harness.Need(t, "node")
	cmd := exec.Command(path, write(t, modules(t), "save.mjs", source))
	return cmd
}

// prisma makes the client of the page's model first.
func prisma(t *testing.T, source string) *exec.Cmd {
	path, dir := harness.Need(t, "node"), modules(t)
	write(t, dir, "schema.prisma", block(t, harness.Document(t, "docs/orm.md"), "prisma", "model Event"))
	generate := exec.CommandContext(t.Context(), path, filepath.Join(dir, "node_modules/prisma/build/index.js"), "generate", "--schema", "schema.prisma")
	generate.Dir = dir
	// It looks for a program of its own that it has no use for here, and would download it.
	generate.Env = append(os.Environ(), "DATABASE_URL=postgresql://app@127.0.0.1/events", "CHECKPOINT_DISABLE=1", "PRISMA_HIDE_UPDATE_MESSAGE=1",
		"PRISMA_SCHEMA_ENGINE_BINARY="+path, "PRISMA_ENGINES_CHECKSUM_IGNORE_MISSING=1")
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("prisma generate: %v\n%s", err, out)
	}
	return exec.Command(path, write(t, dir, "save.mjs", source))
}

// golang builds the program in the module that has the ORMs: the server's own has no need
// of them.
func golang(t *testing.T, source string) *exec.Cmd {
	binary := filepath.Join(t.TempDir(), "save")
	build := exec.CommandContext(t.Context(), harness.Need(t, "go"), "build", "-o", binary, write(t, t.TempDir(), "main.go", source))
	build.Dir = filepath.Join(root(t), "integration/orm/testdata/go")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exec.Command(binary)
}
