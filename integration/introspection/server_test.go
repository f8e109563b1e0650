package introspection

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
)

// patience bounds one statement, or one program's run; far more than they need,
// for machines under load.
const patience = 2 * time.Minute

// orderTotals is the view that is made on both servers.
const orderTotals = `CREATE VIEW order_totals AS SELECT stream, count(*) AS n, max(recorded_at) AS last FROM events GROUP BY stream`

// definitions are what the servers say that the view is: PostgreSQL prints what
// it understood, Eventgres what was written.
var definitions = strings.NewReplacer(
	" SELECT events.stream,\n    count(*) AS n,\n    max(events.recorded_at) AS last\n   FROM events\n  GROUP BY events.stream", "<definition of order_totals>",
	" SELECT stream, count(*) AS n, max(recorded_at) AS last FROM events GROUP BY stream", "<definition of order_totals>",
)

// A server is one of the two that are asked. Both have a database events and a
// user test.
type server struct {
	name  string
	url   string
	oids  map[string]string // by placeholder, "" where the server has no such object
	names map[string]string // of OIDs ≥ firstOID
	// above is the address for what PostgreSQL lets only a superuser read. In
	// Eventgres everybody may read it: there are no secrets in it.
	above string
}

// postgres is PostgreSQL with the schema as Eventgres shows it: triggers and
// their functions are how PostgreSQL imitates a log, and not to be seen.
func postgres(t *testing.T) *server {
	t.Helper()
	s := &server{name: "PostgreSQL", url: harness.Postgres(t).URL("events")}
	s.above = strings.Replace(s.url, "user=test", "user=postgres", 1)
	prepare.Do(func() {
		// Schema goes into the database as it comes, not through Cluster.Apply:
		// the schema public keeps its OID, owner and comment.
		for _, sql := range []string{
			harness.Schema + `; DROP FUNCTION events_number() CASCADE; DROP FUNCTION events_immutable() CASCADE; ` +
				`COMMENT ON FUNCTION stream_id IS 'the id of a named stream'; ` + ownFunctions() + orderTotals,
			`VACUUM events`, // pg_class.relhastriggers stays until then
			// Identity columns without sequences, since the log is what numbers.
			`SET allow_system_table_mods = on; UPDATE pg_attribute SET attidentity = CASE attname WHEN 'position' THEN 'a' ELSE 'd' END ` +
				`WHERE attrelid = 'events'::regclass AND attname IN ('position', 'version')`,
			// What PostgreSQL says in sentences of its own is not to be had elsewhere: Eventgres has its names, numbers and types.
			`DELETE FROM pg_description WHERE objoid < 16384; DELETE FROM pg_shdescription; ` +
				`UPDATE information_schema.sql_features SET comments = NULL; UPDATE information_schema.sql_sizing SET comments = NULL; ` +
				`UPDATE information_schema.sql_implementation_info SET comments = NULL`,
			`ALTER ROLE test NOSUPERUSER`, // as Eventgres' user, who owns what is in public and no more
		} {
			if err := s.exec(t, sql); err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
		}
	})
	s.learn(t)
	return s
}

var prepare sync.Once

// ownFunctions makes the functions that act on consumers, as far as the catalog tells of them.
func ownFunctions() string {
	var b strings.Builder
	for _, f := range relation.Functions {
		if !f.Effects {
			continue
		}
		args, types := make([]string, len(f.Args)), make([]string, len(f.Args))
		for i, oid := range f.Args {
			types[i] = pgvalue.TypeName(oid)
			args[i] = f.ArgNames[i] + " " + types[i]
			if n := i - len(f.Args) + len(f.Defaults); n >= 0 {
				args[i] += " DEFAULT " + f.Defaults[n]
			}
		}
		returns, rows := pgvalue.TypeName(f.Result), ""
		if f.Out != nil {
			columns := make([]string, len(f.Out))
			for i, oid := range f.Out {
				columns[i] = strconv.Quote(f.ArgNames[len(f.Args)+i]) + " " + pgvalue.TypeName(oid)
			}
			returns, rows = "TABLE("+strings.Join(columns, ", ")+")", " ROWS 1"
		}
		fmt.Fprintf(&b, "CREATE FUNCTION %s(%s) RETURNS %s LANGUAGE plpgsql%s AS $$%s$$; COMMENT ON FUNCTION %s(%s) IS '%s'; ",
			f.Name, strings.Join(args, ", "), returns, rows, f.Source, f.Name, strings.Join(types, ", "), strings.ReplaceAll(f.About, "'", "''"))
	}
	return b.String()
}

// target is the server under test.
func target(t *testing.T) *server {
	t.Helper()
	switch name := os.Getenv("EVENTGRES_CLIENTS_TARGET"); {
	case name == "" || name == "eventgres":
	case name == "postgres":
		return postgres(t)
	case strings.HasPrefix(name, "postgres://"): // a server with the relations in it
		s := &server{name: name, url: name}
		s.learn(t)
		return s
	default:
		t.Fatalf("EVENTGRES_CLIENTS_TARGET=%s: want eventgres, postgres or an address", name)
	}
	s := &server{name: "Eventgres", url: harness.Eventgres(t).URL()}
	if err := s.exec(t, orderTotals); err != nil {
		t.Errorf("%s: %s: %v", s.name, orderTotals, err) // the other relations are there all the same
	}
	s.learn(t)
	return s
}

func (s *server) exec(t *testing.T, sql string) error {
	t.Helper()
	_, err := s.connect(t).Exec(deadline(t), sql).ReadAll()
	return err
}

func (s *server) connect(t *testing.T) *pgconn.PgConn {
	t.Helper()
	return s.dial(t, s.url)
}

func (s *server) dial(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(deadline(t), url)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	// The test's own context ends before its cleanups run.
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// firstOID is the first OID that PostgreSQL gives to what users make; those
// below are the same on every server.
const firstOID = 16384

// placeholders are the objects that statements may name by OID.
var placeholders = map[string]string{
	"public":             "'public'::regnamespace",
	"role test":          "(SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)",
	"function stream_id": "'public.stream_id(text)'::regprocedure",
	"database":           "(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())",
}

func init() {
	for _, relation := range []string{"events", "streams", "order_totals"} {
		placeholders[relation] = "'public." + relation + "'::regclass"
		placeholders["type "+relation] = "'public." + relation + "'::regtype"
		placeholders["type _"+relation] = "'public._" + relation + "'::regtype"
	}
	for _, index := range []string{"events_pkey", "events_stream_id_version_key", "events_event_id_key", "events_category_idx", "events_type_idx", "events_tags_idx"} {
		placeholders[index] = "'public." + index + "'::regclass"
		placeholders["constraint "+index] = "(SELECT c.oid FROM pg_catalog.pg_constraint c WHERE c.conname = '" + index + "')"
	}
}

// objects are the queries that name what has an OID of its own.
var objects = []string{
	`SELECT oid, 'role ' || rolname FROM pg_catalog.pg_roles`,
	`SELECT oid, 'database ' || datname FROM pg_catalog.pg_database`,
	`SELECT oid, 'schema ' || nspname FROM pg_catalog.pg_namespace`,
	`SELECT oid, 'relation ' || relname FROM pg_catalog.pg_class`,
	`SELECT oid, 'type ' || typname FROM pg_catalog.pg_type`,
	`SELECT oid, 'function ' || proname FROM pg_catalog.pg_proc`,
	`SELECT oid, 'constraint ' || conname FROM pg_catalog.pg_constraint`,
	`SELECT d.oid, 'default of ' || c.relname || '.' || d.adnum FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid`,
	`SELECT r.oid, 'rule of ' || c.relname FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class`,
}

// learn asks for the OIDs. What the server cannot answer stays unknown: the
// cases that need it say so.
func (s *server) learn(t *testing.T) {
	t.Helper()
	conn := s.connect(t)
	s.oids, s.names = map[string]string{}, map[string]string{}
	for name, expression := range placeholders {
		s.oids[name] = ""
		results, err := conn.Exec(deadline(t), "SELECT "+expression+"::oid").ReadAll()
		if err == nil && len(results) == 1 && len(results[0].Rows) == 1 {
			s.oids[name] = string(results[0].Rows[0][0])
		}
	}
	for _, sql := range objects {
		results, err := conn.Exec(deadline(t), sql).ReadAll()
		if err != nil || len(results) != 1 {
			continue
		}
		for _, row := range results[0].Rows {
			if oid := string(row[0]); atLeast(oid, firstOID) {
				s.names[oid] = string(row[1])
			}
		}
	}
	for oid, name := range s.names {
		s.names[oid] = toastName.ReplaceAllStringFunc(name, s.toast)
	}
}

// A toast table and its type are named for the OID of their table.
var toastName = regexp.MustCompile(`pg_toast_[0-9]+`)

func (s *server) toast(name string) string {
	oid := strings.TrimPrefix(name, "pg_toast_")
	if table, known := s.names[oid]; known {
		return "pg_toast_of_" + strings.TrimPrefix(table, "relation ")
	}
	return name
}
