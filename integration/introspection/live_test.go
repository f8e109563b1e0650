package introspection

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/jackc/pgx/v5/pgconn"
)

// A live client is one that looks at the catalog. It runs against both servers, each behind a
// recorder, and what it was answered is compared statement by statement.
type live struct {
	name    string
	program func(t *testing.T) program
	least   int // statements that it asks for at least; fewer, and the test no longer sees what it is for
	long    bool
}

// script runs a program of testdata/programs, after a look whether what it needs is there.
func script(interpreter, file string, probe ...string) func(t *testing.T) program {
	return func(t *testing.T) program {
		argv := []string{harness.Need(t, interpreter)}
		if len(probe) > 0 {
			if err := (program{argv: append(append([]string(nil), argv...), probe...)}).probe(t); err != nil {
				harness.Missing(t, err)
			}
		}
		return program{argv: append(argv, filepath.Join("testdata/programs", file)), allowFailure: true}
	}
}

var lives = []live{
	{name: "psql", least: 100, program: func(t *testing.T) program {
		text, err := os.ReadFile("testdata/programs/psql.commands")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, line := range strings.Split(string(text), "\n") {
			if line != "" && !strings.HasPrefix(line, "#") {
				fmt.Fprintln(&b, strings.TrimLeft(line, "~> "))
			}
		}
		return program{argv: []string{harness.Need(t, "psql"), "-X"}, stdin: b.String(), allowFailure: true}
	}},
	{name: "psql's completion", least: 25, long: true, program: script(debianPython, "complete.py")},
	{name: "pg_dump", least: 30, program: func(t *testing.T) program {
		return program{argv: []string{harness.Need(t, "pg_dump"), "-s"}, allowFailure: true}
	}},
	{name: "pgjdbc", least: 80, program: func(t *testing.T) program {
		if _, err := os.Stat(jdbcJar); err != nil {
			harness.Missing(t, err)
		}
		return program{argv: []string{harness.Need(t, "java"), "-Xmx128m", "-XX:+UseSerialGC", "-cp", jdbcJar, "testdata/programs/Metadata.java"}}
	}},
	{name: "SQLAlchemy and psycopg", least: 60, program: script(debianPython, "reflect.py", "-c", "import psycopg, psycopg2, sqlalchemy")},
	{name: "psqlODBC", least: 30, program: script(debianPython, "odbc.py", "-c", "import pyodbc")},
	{name: "asyncpg", least: 5, program: script(debianPython, "asyncpg_types.py", "-c", "import asyncpg")},
	{name: "Django", least: 8, program: script(debianPython, "inspect_django.py", "-c", "import django, psycopg2")},
	{name: "pgcli", least: 15, program: script(debianPython, "pgcli_complete.py", "-c", "import pgcli, pgspecial")},
	{name: "peewee", least: 3, program: script(debianPython, "peewee_model.py", "-c", "import peewee, playhouse.reflection, psycopg2")},
	{name: "ActiveRecord", least: 15, program: script("ruby", "schema.rb", "-e", "require 'active_record'; require 'pg'")},
	{name: "Sequel", least: 5, program: script("ruby", "sequel_schema.rb", "-e", "require 'sequel'; require 'pg'")},
	{name: "DBI and DBIx::Class", least: 15, program: script("perl", "dbi_info.pl", "-MDBD::Pg", "-MDBIx::Class::Schema::Loader", "-e", "1")},
	{name: "PDO and pgsql of PHP", least: 3, program: script("php", "columns.php", "-r", "exit(extension_loaded('pdo_pgsql') && extension_loaded('pgsql') ? 0 : 1);")},
	{name: "postgres_fdw", least: 4, program: func(t *testing.T) program {
		return program{instead: foreign}
	}},
	node("Knex", "knex.js", "knex", 2), node("Sequelize", "sequelize.js", "sequelize", 5), node("Drizzle", "drizzle.js", "drizzle-kit", 8),
	node("TypeORM", "typeorm.js", "typeorm", 10), node("pg-structure", "pgstructure.js", "pg-structure", 5),
	node("postgres.js", "postgresjs.js", "postgres", 1),
}

// A difference that is meant: part of a statement, and why what is answered is not alike.
type meant struct{ client, part, why string }

// differing are those that we know.
var differing = []meant{
	{"", "pg_get_functiondef", "stream_id is built in: the schema for PostgreSQL has it in another language"},
	{"", `as "Source code"`, "so is its body"},
	{"", `as "Source"`, "so is its body"},
	{"psql's completion", "pg_settings", "rows by LIMIT without an order, and a server's own settings"},
	{"psql's completion", "pg_timezone_names", "rows by LIMIT without an order"},
	{"psql's completion", "FROM pg_catalog.pg_proc p", "rows by LIMIT without an order"},
	{"psql's completion", "pg_available_extensions", "what can be installed is plpgsql alone"},
	{"psql", "s.source <> 'default'", "a server's own settings"},
	{"pg_dump", "EXECUTE dumpFunc", "the body of stream_id"},
	{"pg_dump", "FROM pg_proc p LEFT JOIN pg_init_privs", "the language of stream_id"},
	{"pg_dump", "LEFT JOIN pg_class tc ON", "there are no TOAST tables"},
	{"pg_dump", "SELECT classid, objid, refclassid, refobjid, deptype FROM pg_depend", "nor what depends on them; a view depends on relations, not on columns"},
	{"pg_dump", "pg_get_viewdef", "a view's definition is what was written"},
	{"pgjdbc", "null as class_name, CASE WHEN t.typtype='c'", "it writes the OIDs of information_schema's domains in, which are each cluster's own"},
	{"asyncpg", "SELECT e FROM events e", "a table's row is a record"},
	{"asyncpg", "SELECT s FROM streams s", "a table's row is a record"},
	{"asyncpg", "SELECT o FROM order_totals o", "a table's row is a record"},
	{"asyncpg", "SELECT array_agg(e) FROM events e", "a table's row is a record"},
	{"asyncpg", "WITH RECURSIVE typeinfo_tree", "so it asks for the type of none"},
	{"pgcli", "deptype = 'e' is_extension", "an oidvector as an array begins at 1"},
	{"pgcli", "WITH Words AS", "the words of stream_id's body"},
	{"pgcli", `as "Access privileges", pg_catal`, "PostgreSQL 15 finds an operator ambiguous that pgcli 3.5 asks with; Eventgres does not"},
	{"pgcli", `AS "Access privileges"`, "the same"},
	{"DBI and DBIx::Class", "quote_ident(datname)", "a server has one database, under the name that is asked for"},
	{"Sequelize", "array_agg(a.attnum) as column_indexes", "elements by array_agg without an order"},
	{"pg-structure", "indkey::int[]", "so does an int2vector"},
	{"postgres_fdw", "EXPLAIN", "each server plans in its own way"},
	{"postgres_fdw", "pg_relation_size", "and has files of its own size"},
	{"TypeORM", `"columns"."table_name"`, "it names the relations in the order it got them in, which it had left open"},
	{"TypeORM", `"cnst"."conname"`, "the same"},
	{"TypeORM", `"ix"."indisunique"`, "the same"},
	{"TypeORM", `"con"."conname"`, "the same"},
	{"TypeORM", "pg_catalog.col_description((quote_ident(table_catalog)", "the same"},
}

// node is a program of testdata/node, which npm fills.
func node(name, file, module string, least int) live {
	return live{name: name, least: least, long: name == "Drizzle", program: func(t *testing.T) program {
		bin := harness.Need(t, "node")
		if _, err := os.Stat(filepath.Join("testdata/node/node_modules", module)); err != nil {
			harness.Missing(t, err)
		}
		return program{argv: []string{bin, filepath.Join("testdata/node", file)}, allowFailure: true}
	}}
}

// differences are those to what PostgreSQL answered to the same statement, at any of the times that it was asked. Rows may be
// fewer, for there are system objects that Eventgres does not have; those about our relations must all be there.
func (x *exchange) differences(s *server, reference *server, want []*exchange) string {
	best := ""
	for i, w := range want {
		d := x.against(s, reference, w)
		if d == "" {
			return ""
		}
		if i == 0 {
			best = d
		}
	}
	return best
}

func (x *exchange) against(s, reference *server, want *exchange) string {
	if x.state != "" || want.state != "" {
		if x.state == want.state || want.state == insufficientPrivilege { // Eventgres shows the catalogs to everyone
			return ""
		}
		return fmt.Sprintf("got SQLSTATE %q, want %q\n", x.state, want.state)
	}
	g, w := s.normalise(&x.result), reference.normalise(&want.result)
	if fmt.Sprint(g.columns) != fmt.Sprint(w.columns) {
		return "columns:\n" + diff(g.columns, w.columns)
	}
	if d := diff(sorted(g.rows), sorted(w.rows)); d == "" {
		return ""
	}
	return missing(g.rows, w.rows)
}

// key is a statement and its parameters, with names for the server's own OIDs.
func (x *exchange) key(s *server) string {
	text := s.text(x.sql)
	for _, p := range x.params {
		text += "\n-- " + s.text(p)
	}
	return generatedName.ReplaceAllString(text, "<name>")
}

// generatedName is what clients call their cursors and prepared statements by.
var generatedName = regexp.MustCompile(`SQL_CUR0x[0-9a-f]+|dbdpg_p[0-9]+_[0-9]+|_PLAN0x[0-9a-f]+|__asyncpg_\w+__|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}`)

// TestLive runs the clients.
func TestLive(t *testing.T) {
	reference, tested := postgres(t), target(t)
	statements := 0
	for _, l := range lives {
		t.Run(l.name, func(t *testing.T) {
			if l.long && !harness.Long() {
				t.Skip("EVENTGRES_LONG is not set")
			}
			p := l.program(t)
			r, seen := record(t, reference)
			p.run(t, seen)
			want := map[string][]*exchange{}
			for _, x := range r.recorded(t) {
				want[x.key(reference)] = append(want[x.key(reference)], x)
			}
			r2, seen2 := record(t, tested)
			p.run(t, seen2)
			asked := map[string]bool{}
			for _, x := range r2.recorded(t) {
				key := x.key(tested)
				if asked[key] {
					continue
				}
				asked[key] = true
				d := ""
				if same := want[key]; same == nil {
					d = "it does not ask PostgreSQL so\n"
				} else {
					d = x.differences(tested, reference, same)
				}
				l.report(t, key, d)
			}
			for key := range want {
				if !asked[key] {
					l.report(t, key, "it asks only PostgreSQL so\n")
				}
			}
			if len(asked) < l.least {
				t.Errorf("it has asked %d statements, of at least %d", len(asked), l.least)
			}
			statements += len(asked)
			t.Logf("%d statements", len(asked))
		})
	}
	t.Logf("%d statements of %d clients", statements, len(lives))
}

func (l live) report(t *testing.T, key, difference string) {
	t.Helper()
	if difference == "" {
		return
	}
	for _, m := range differing {
		if (m.client == "" || m.client == l.name) && strings.Contains(key, m.part) {
			return
		}
	}
	if os.Getenv("INTROSPECTION_SUMMARY") == "1" {
		first, _, _ := strings.Cut(difference, "\n")
		difference, key = first, strings.Join(strings.Fields(key), " ")
	}
	t.Errorf("%s\n%s", difference, key)
}

// foreign has postgres_fdw import the schema public of a server into a database of PostgreSQL's, and plan and analyze there.
func foreign(t *testing.T, s *server) {
	config, err := pgconn.ParseConfig(s.url)
	if err != nil {
		t.Fatal(err)
	}
	cluster := harness.Postgres(t)
	above := func(database string) string {
		return strings.Replace(cluster.URL(database), "user=test", "user=postgres", 1)
	}
	admin, err := pgconn.Connect(deadline(t), above("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(deadline(t))
	if _, err := admin.Exec(deadline(t), "DROP DATABASE IF EXISTS importing").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(deadline(t), "CREATE DATABASE importing").ReadAll(); err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.Connect(deadline(t), above("importing"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(deadline(t))
	for _, sql := range []string{
		"CREATE EXTENSION postgres_fdw",
		fmt.Sprintf("CREATE SERVER there FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', port '%d', dbname '%s', use_remote_estimate 'true')", config.Host, config.Port, config.Database),
		fmt.Sprintf("CREATE USER MAPPING FOR postgres SERVER there OPTIONS (user '%s', password_required 'false')", config.User),
		"CREATE SCHEMA theirs", "IMPORT FOREIGN SCHEMA public FROM SERVER there INTO theirs OPTIONS (import_default 'true', import_collate 'true')",
		"SELECT * FROM theirs.events", "SELECT count(*) FROM theirs.streams", "ANALYZE theirs.events",
	} {
		if _, err := conn.Exec(deadline(t), sql).ReadAll(); err != nil {
			t.Logf("%s: %s: %v", s.name, sql, err)
		}
	}
}
