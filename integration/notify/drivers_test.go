package notify

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"

	"github.com/eventgres/eventgres/integration/harness"
)

// pgjdbc's place in Debian.
const jdbcJar = "/usr/share/java/postgresql.jar"

// A listener listens to a, says so, and returns what it is told up to "end".
type listener func(t *testing.T, url string, ready func()) []string

// program is a listener that is a program: it prints "ready", and then a line each.
func program(needed string, argv ...string) listener {
	return func(t *testing.T, url string, ready func()) (told []string) {
		path := harness.Need(t, argv[0])
		switch _, err := os.Stat(needed); {
		case strings.HasPrefix(needed, "import "):
			needs(t, argv[0], "-c", needed)
		case err != nil:
			harness.Missing(t, err)
		}
		cmd := exec.CommandContext(t.Context(), path, argv[1:]...)
		at, err := pgconn.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Dir, cmd.Stderr = "testdata", os.Stderr
		cmd.Env = append(os.Environ(), "URL="+url, "PYTHONDONTWRITEBYTECODE=1",
			fmt.Sprintf("JDBC_URL=jdbc:postgresql://%s:%d/%s?user=%s&sslmode=disable", at.Host, at.Port, at.Database, at.User))
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() || lines.Text() != "ready" {
			t.Errorf("it is not ready: %s", lines.Text())
		}
		ready()
		for lines.Scan() {
			told = append(told, lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		return told
	}
}

func withPgx(t *testing.T, url string, ready func()) (told []string) {
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "LISTEN a"); err != nil {
		t.Fatal(err)
	}
	ready()
	for len(told) == 0 || told[len(told)-1] != "a end" {
		n, err := conn.WaitForNotification(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, n.Channel+" "+n.Payload)
	}
	return told
}

func withPq(t *testing.T, url string, ready func()) (told []string) {
	l := pq.NewListener(url, time.Second, time.Minute, func(_ pq.ListenerEventType, err error) {
		if err != nil {
			t.Error(err)
		}
	})
	defer l.Close()
	if err := l.Listen("a"); err != nil {
		t.Fatal(err)
	}
	ready()
	for n := range l.Notify {
		if told = append(told, n.Channel+" "+n.Extra); n.Extra == "end" {
			break
		}
	}
	return told
}

var listeners = map[string]listener{
	"psycopg2":      program("import psycopg2", debianPython, "psycopg2_listen.py"),
	"psycopg":       program("import psycopg", debianPython, "psycopg_listen.py"),
	"asyncpg":       program("import asyncpg", debianPython, "asyncpg_listen.py"),
	"node-postgres": program("testdata/node/node_modules/pg", "node", "node/pg.js"),
	"pg-listen":     program("testdata/node/node_modules/pg-listen", "node", "node/pg-listen.js"),
	"pgjdbc":        program(jdbcJar, "java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jdbcJar, "Listen.java"),
	"pgx":           withPgx,
	"pq":            withPq,
}

// TestDrivers: each listens as it does to PostgreSQL: to the server, and through a pool that leaves it its session.
func TestDrivers(t *testing.T) {
	server := harness.Eventgres(t)
	for name, listen := range listeners {
		t.Run(name, func(t *testing.T) { listens(t, server.URL(), server.URL(), listen) })
	}
	t.Run("PgBouncer", func(t *testing.T) {
		pool := harness.Pool(t, server.URL(), "session", 3)
		for _, name := range []string{"pgx", "psycopg", "node-postgres"} {
			t.Run(name, func(t *testing.T) { listens(t, pool, server.URL(), listeners[name]) })
		}
		// The pool gives the sessions that listened to others, who are told nothing of it.
		s := connect(t, pool, "A", "B", "C")
		for _, one := range s {
			if got := one.must("SELECT pg_listening_channels()"); len(got) != 3 {
				t.Errorf("a session of the pool still listens: %v", got)
			}
		}
	})
}

// listens has a listener listen at one address, and notifies it at another.
func listens(t *testing.T, listening, notifying string, listen listener) {
	t.Helper()
	notifier := connect(t, notifying, "N")["N"]
	var want []string
	got := listen(t, listening, func() {
		for i := range 50 {
			payload := fmt.Sprintf("%d é %s", i, strings.Repeat("x", i*i))
			notifier.must("NOTIFY a, '" + payload + "'")
			want = append(want, "a "+payload)
		}
		notifier.must("BEGIN; NOTIFY a, 'one'; NOTIFY b; NOTIFY a, 'two'; NOTIFY a, 'one'; COMMIT; NOTIFY a, 'end'")
	})
	if want = append(want, "a one", "a two", "a end"); !slices.Equal(got, want) {
		t.Errorf("told %q\nwant %q", got, want)
	}
}
