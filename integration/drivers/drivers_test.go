package drivers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience is what one program may take on a machine under load.
const patience = 2 * time.Minute

const debianPython = "/usr/bin/python3" // Debian's modules belong to it

// A driver is a program of testdata, and what runs it.
type driver struct {
	name    string
	argv    []string
	library []string // a command that fails where the driver is not installed
	nightly bool     // it is slow, or much to install
}

var drivers = []driver{
	{name: "Sequel", argv: []string{"ruby", "sequel.rb"}, library: []string{"ruby", "-e", "require 'sequel'; require 'pg'"}},
	{name: "Knex, Objection and Bookshelf", argv: []string{"node", "node/knex.js"}, library: []string{"ls", "node/node_modules"}},
	{name: "Kysely and Postgres.js", argv: []string{"node", "node/pools.js"}, library: []string{"ls", "node/node_modules"}, nightly: true},
	{name: "DBD::Pg", argv: []string{"perl", "dbi.pl"}, library: []string{"perl", "-e", "use DBD::Pg"}},
	{name: "DBIx::Class::Schema::Loader", argv: []string{"perl", "loader.pl"}, library: []string{"perl", "-e", "use DBIx::Class::Schema::Loader; use DBD::Pg"}},
	{name: "PDO", argv: []string{"php", "pdo.php"}, library: []string{"php", "-r", "exit(extension_loaded('pdo_pgsql') && extension_loaded('pgsql') ? 0 : 1);"}},
	{name: "tdbc::postgres", argv: []string{"tclsh", "tdbc.tcl"}, library: []string{"sh", "-c", "echo 'package require tdbc::postgres' | tclsh"}},
	{name: "psqlODBC", argv: []string{debianPython, "odbc.py"}, library: []string{debianPython, "-c", "import glob, pyodbc; glob.glob('/usr/lib/*/odbc/psqlodbcw.so')[0]"}},
	{name: "pg_activity", argv: []string{debianPython, "activity.py"}, library: []string{"pg_activity", "--version"}, nightly: true},
	{name: "asyncpg", argv: []string{debianPython, "async.py"}, library: []string{debianPython, "-c", "import asyncpg"}},
	{name: "pg8000 and PyGreSQL", argv: []string{debianPython, "dbapi.py"}, library: []string{debianPython, "-c", "import pg8000, pgdb"}, nightly: true},
	{name: "peewee and Pony", argv: []string{debianPython, "orms.py"}, library: []string{debianPython, "-c", "import peewee, pony, psycopg2"}, nightly: true},
	{name: "RPostgreSQL", argv: []string{"Rscript", "postgresql.R"}, library: []string{"Rscript", "-e", "library(RPostgreSQL)"}, nightly: true},
	{name: "LibreOffice", argv: []string{debianPython, "office.py"}, library: []string{"sh", "-c", "soffice --version && /usr/bin/python3 -c 'import uno' && ls /usr/lib/libreoffice/program/libpostgresql-sdbclo.so"}, nightly: true},
	{name: "LuaSQL", argv: []string{"lua5.4", "sql.lua"}, library: []string{"lua5.4", "-e", "require 'luasql.postgres'"}, nightly: true},
}

// newcomers save and read in the way of a manual's first page: INSERT … RETURNING *, a sum over
// payloads, COMMIT.
var newcomers = []driver{
	{name: "psycopg", argv: []string{debianPython, "newcomer/first.py"}, library: []string{debianPython, "-c", "import psycopg"}},
	{name: "Django", argv: []string{debianPython, "newcomer/app.py"}, library: []string{debianPython, "-c", "import django, psycopg2"}},
	{
		name: "pgjdbc", argv: []string{"java", "-Xmx96m", "-XX:+UseSerialGC", "-cp", "/usr/share/java/postgresql.jar", "newcomer/Newcomer.java"},
		library: []string{"ls", "/usr/share/java/postgresql.jar"},
	},
	{name: "pgx", argv: []string{"go", "run", "newcomer/first.go"}, library: []string{"go", "version"}},
}

func TestDrivers(t *testing.T)   { compare(t, drivers) }
func TestNewcomers(t *testing.T) { compare(t, newcomers) }

func compare(t *testing.T, drivers []driver) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) {
			if d.nightly && !harness.Long() {
				t.Skip("takes long, or much to install: EVENTGRES_LONG=1")
			}
			harness.Need(t, d.argv[0])
			if out, err := command(t, d.library, "").CombinedOutput(); err != nil {
				harness.Missing(t, fmt.Errorf("%s: %w\n%s", strings.Join(d.library, " "), err, out))
			}
			want, ok := run(t, d.argv, harness.Postgres(t).Database(t))
			if !ok {
				t.Fatalf("the program fails with PostgreSQL:\n%s", want)
			}
			if got, _ := run(t, d.argv, harness.Eventgres(t).URL()); got != want {
				t.Error(difference(got, want))
			}
		})
	}
}

// run is what a program prints on both streams when it talks to a server, and whether it succeeds.
func run(t *testing.T, argv []string, url string) (string, bool) {
	t.Helper()
	out, err := command(t, argv, url).CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("%s: %v\n%s", argv[0], err, out)
	}
	return string(out), err == nil
}

// command is a program that runs in testdata, with libpq's variables for a server.
func command(t *testing.T, argv []string, url string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = "testdata"
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC", "PYTHONDONTWRITEBYTECODE=1", "PSQLRC=/dev/null", "TERM=xterm")
	if url != "" {
		config, err := pgconn.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "PGHOST="+config.Host, fmt.Sprintf("PGPORT=%d", config.Port), "PGUSER="+config.User,
			"PGDATABASE="+config.Database, "PGSSLMODE=disable", "PGAPPNAME=")
	}
	return cmd
}

// difference shows the first line that differs, and what follows.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d:\nwant %s\ngot  %s", i+1, strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""), strings.Join(g[i:], "\n"))
		}
	}
	return fmt.Sprintf("ends after line %d:\nwant %s", len(g), strings.Join(w[len(g):], "\n"))
}

// Nothing in testdata is left out of the list.
func TestEveryProgramRuns(t *testing.T) {
	listed := map[string]bool{}
	for _, d := range append(drivers, newcomers...) {
		for _, arg := range d.argv {
			listed[arg] = true
		}
	}
	for _, pattern := range []string{"*.*", "node/*.js", "newcomer/*"} {
		found, err := filepath.Glob("testdata/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if name := strings.TrimPrefix(path, "testdata/"); !listed[name] {
				t.Errorf("%s is not run", name)
			}
		}
	}
}
