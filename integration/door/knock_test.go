package door

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/harness"
)

// patience bounds one client's whole run; far more than it needs, for machines under load.
const patience = 3 * time.Minute

// knock is a client at the door: what it says it is, and what it wants of the server.
type knock struct {
	host                     string
	port                     int
	user, password, database string
	sslmode, root, cert, key string // files
	binding                  string // channel_binding
	direct                   bool   // TLS without asking; of pgx alone
}

// A client knocks, and returns "in", what the server says, with its SQLSTATE where the client tells it, or "client" and what that says.
type client struct {
	name  string
	need  func(*testing.T)
	knock func(*testing.T, []knock) []string // one after the other
}

var clients = []client{
	{"pgx", func(*testing.T) {}, each(pgxKnock)},
	{"psql", func(t *testing.T) { harness.Need(t, "psql") }, each(psqlKnock)},
	{"psycopg", needPsycopg, psycopgKnocks},
	{"node-postgres", needNode, nodeKnocks},
	{"pgjdbc", needJava, javaKnocks},
	{"Npgsql's start", func(*testing.T) {}, each(npgsqlKnock)},
}

func each(one func(*testing.T, knock) string) func(*testing.T, []knock) []string {
	return func(t *testing.T, knocks []knock) []string {
		t.Helper()
		answers := make([]string, len(knocks))
		for i, k := range knocks {
			answers[i] = one(t, k)
		}
		return answers
	}
}

func (k knock) env() []string {
	env := []string{
		"PGHOST=" + k.host, "PGPORT=" + strconv.Itoa(k.port), "PGUSER=" + k.user, "PGPASSWORD=" + k.password, "PGDATABASE=" + k.database,
		"PGSSLMODE=" + k.sslmode, "PGGSSENCMODE=disable", "PGCONNECT_TIMEOUT=20", "PSQLRC=/dev/null", "HOME=/nonexistent",
	}
	for name, value := range map[string]string{"PGSSLROOTCERT": k.root, "PGSSLCERT": k.cert, "PGSSLKEY": k.key, "PGCHANNELBINDING": k.binding} {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func pgxKnock(t *testing.T, k knock) string {
	t.Helper()
	query := url.Values{"sslmode": {k.sslmode}}
	for name, value := range map[string]string{"sslrootcert": k.root, "sslcert": k.cert, "sslkey": k.key, "channel_binding": k.binding} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if k.direct {
		query.Set("sslnegotiation", "direct")
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(k.user, k.password), Host: net.JoinHostPort(k.host, strconv.Itoa(k.port)), Path: k.database, RawQuery: query.Encode()}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, u.String())
	if err == nil {
		defer conn.Close(ctx)
		var n int
		err = conn.QueryRow(ctx, "SELECT 1").Scan(&n)
		if err == nil {
			return "in"
		}
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code + " " + e.Message
	}
	return "client " + err.Error()
}

// run is what a program prints, which may fail.
func run(t *testing.T, env []string, input string, argv ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}, env...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("%s: %v\n%s", argv[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

// libpq is what comes of an attempt, by libpq's words, which have no SQLSTATE.
func libpq(out string) string {
	if out == "1" || out == "in 1" {
		return "in"
	}
	if _, said, ok := strings.Cut(out, "FATAL:  "); ok {
		said, _, _ = strings.Cut(said, "\n")
		return strings.TrimSpace(said)
	}
	return "client " + out
}

func psqlKnock(t *testing.T, k knock) string {
	t.Helper()
	return libpq(run(t, k.env(), "", harness.Need(t, "psql"), "-XAtwc", "SELECT 1"))
}

const debianPython = "/usr/bin/python3" // Debian's modules belong to it

func needs(t *testing.T, argv ...string) {
	t.Helper()
	harness.Need(t, argv[0])
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		harness.Missing(t, fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out))
	}
}

func needPsycopg(t *testing.T) { needs(t, debianPython, "-c", "import psycopg") }
func needNode(t *testing.T) {
	harness.Need(t, "node")
	needs(t, "ls", "../clients/testdata/node/node_modules/pg")
}
func needJava(t *testing.T) { harness.Need(t, "java"); needs(t, "ls", jdbcJar) }

// batch runs a program once, which answers each line of its input, and so each knock, with a line.
func batch(t *testing.T, knocks []knock, said func(string) string, fields func(knock) map[string]string, env []string, argv ...string) []string {
	t.Helper()
	var input []string
	for _, k := range knocks {
		var line []string
		for name, value := range fields(k) {
			if value != "" {
				line = append(line, name+"="+value)
			}
		}
		input = append(input, strings.Join(line, "\t"))
	}
	out := run(t, env, strings.Join(input, "\n"), argv...)
	answers := strings.Split(out, "\n")
	if len(answers) != len(knocks) {
		t.Fatalf("%d answers to %d attempts:\n%s", len(answers), len(knocks), out)
	}
	for i := range answers {
		answers[i] = said(strings.TrimSpace(answers[i]))
	}
	return answers
}

// conninfo are libpq's names.
func conninfo(k knock) map[string]string {
	return map[string]string{
		"host": k.host, "port": strconv.Itoa(k.port), "user": k.user, "password": k.password, "dbname": k.database, "sslmode": k.sslmode,
		"sslrootcert": k.root, "sslcert": k.cert, "sslkey": k.key, "channel_binding": k.binding,
	}
}

func psycopgKnocks(t *testing.T, knocks []knock) []string {
	t.Helper()
	return batch(t, knocks, libpq, conninfo, []string{"HOME=/nonexistent", "PGGSSENCMODE=disable"}, debianPython, "testdata/connect.py")
}

func nodeKnocks(t *testing.T, knocks []knock) []string {
	t.Helper()
	return batch(t, knocks, answered, conninfo, []string{"NODE_PATH=../clients/testdata/node/node_modules"}, "node", "testdata/connect.js")
}

const jdbcJar = "/usr/share/java/postgresql.jar"

func javaKnocks(t *testing.T, knocks []knock) []string {
	t.Helper()
	return batch(t, knocks, answered, func(k knock) map[string]string {
		return map[string]string{
			"host": k.host, "port": strconv.Itoa(k.port), "database": k.database, "user": k.user, "password": k.password, "sslmode": k.sslmode,
			"sslrootcert": k.root, "sslcert": k.cert, "sslkey": strings.Replace(k.key, ".key", ".pk8", 1), "channelBinding": k.binding,
			"gssEncMode": "disable", "loginTimeout": "20",
		}
	}, nil, "java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jdbcJar, "testdata/Connect.java")
}

func answered(out string) string {
	if out == "in 1" {
		return "in"
	}
	return out
}
