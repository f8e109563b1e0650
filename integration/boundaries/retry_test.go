package boundaries

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventgres/eventgres/integration/harness"
)

const clients = 16

// A framework makes the decisions of so many clients in one program, which takes the server's address, their number, and the pairs.
type framework struct {
	name    string
	argv    []string
	library []string // a command that fails where it is not installed
}

var frameworks = []framework{
	{"Django", []string{debianPython, "testdata/django_retry.py"}, []string{debianPython, "-c", "import django, psycopg2"}},
	{"SQLAlchemy", []string{debianPython, "testdata/sqlalchemy_retry.py"}, []string{debianPython, "-c", "import sqlalchemy, psycopg2"}},
	{"JDBC", []string{"java", "-Xmx96m", "-XX:+UseSerialGC", "-cp", "/usr/share/java/postgresql.jar", "testdata/Template.java"}, []string{"ls", "/usr/share/java/postgresql.jar"}},
}

// offer are courses of one program's own: one with too few seats, and the others make a student's courses too many.
func offer(prefix string) courses {
	c := courses{}
	for n, seats := range []int{3, 4, 8, 8, 8, 8} {
		c[prefix+strconv.Itoa(n)] = seats
	}
	return c
}

const students = 6

// TestRetry: a loop around the whole transaction keeps the rules, in frameworks as in drivers, with sixteen clients at one boundary.
func TestRetry(t *testing.T) {
	server := harness.Eventgres(t) // SQLAlchemy looks into the catalog
	conn := server.Connect(t)
	for _, f := range frameworks {
		t.Run(f.name, func(t *testing.T) {
			path := harness.Need(t, f.argv[0])
			if out, err := exec.CommandContext(t.Context(), f.library[0], f.library[1:]...).CombinedOutput(); err != nil {
				harness.Missing(t, fmt.Errorf("%s: %w\n%s", f.name, err, out))
			}
			ctx, stop := context.WithTimeout(t.Context(), patience)
			defer stop()
			offered := offer(f.name)
			offered.define(t, conn)
			pairs := offered.pairs(f.name, students)
			cmd := exec.CommandContext(ctx, path, append(append(f.argv[1:len(f.argv):len(f.argv)], server.URL(), strconv.Itoa(clients)), pairs...)...)
			cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
			var wrong strings.Builder
			cmd.Stderr = &wrong
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, wrong.String())
			}
			offered.check(t, conn, pairs, string(out), clients)
		})
	}
	t.Run("pgx", func(t *testing.T) {
		offered := offer("pgx")
		offered.define(t, conn)
		pairs := offered.pairs("pgx", students)
		offered.check(t, conn, pairs, retryPgx(t, server, pairs), clients)
	})
}

// retryPgx is what clients of a pool of pgx say.
func retryPgx(t *testing.T, server *harness.Server, pairs []string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	pool, err := pgxpool.New(ctx, server.URL()+"&pool_max_conns="+strconv.Itoa(clients))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	said := make([]strings.Builder, clients)
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			start := n * len(pairs) / clients
			for i := range pairs {
				pair := pairs[(start+i)%len(pairs)]
				course, student, _ := strings.Cut(pair, "/")
				answer, err := subscribe(ctx, pool, "course:"+course, "student:"+student)
				if err != nil {
					t.Error(err)
					return
				}
				said[n].WriteString(pair + " " + answer + "\n")
			}
		})
	}
	all.Wait()
	var whole strings.Builder
	for n := range said {
		whole.WriteString(said[n].String())
	}
	return whole.String()
}

// subscribe decides, as often as others come between.
func subscribe(ctx context.Context, pool *pgxpool.Pool, course, student string) (answer string, err error) {
	for {
		err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.Serializable}, func(tx pgx.Tx) (err error) {
			answer, err = decide(ctx, tx, course, student)
			return err
		})
		if e := new(pgconn.PgError); !errors.As(err, &e) || e.Code != "40001" {
			return answer, err
		}
	}
}

// decide asks by counts, each of which is a reading.
func decide(ctx context.Context, tx pgx.Tx, course, student string) (string, error) {
	count := func(tags ...string) (n int) {
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM events WHERE type = 'Subscribed' AND tags @> $1", tags).Scan(&n); err != nil {
			return -1
		}
		return n
	}
	var defined struct{ Capacity int }
	if err := tx.QueryRow(ctx, "SELECT payload FROM events WHERE type = 'CourseDefined' AND tags @> ARRAY[$1]", course).Scan(&defined); err != nil {
		return "", err
	}
	switch {
	case count(course, student) != 0:
		return "has a seat already", nil
	case count(course) >= defined.Capacity:
		return "full", nil
	case count(student) >= maxCourses:
		return "too many courses", nil
	}
	_, err := tx.Exec(ctx, "INSERT INTO events (stream, type, tags) VALUES ($1, 'Subscribed', $2)", strings.Replace(course, ":", "-", 1), []string{course, student})
	return subscribed, err
}
