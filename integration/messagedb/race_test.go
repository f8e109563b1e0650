package messagedb

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
)

// versions is how many versions of a stream are raced for.
const versions = 150

var lost = regexp.MustCompile(`^P0001 Wrong expected version: (-?\d+) \(Stream: race-1, Stream Version: (\d+)\)$`)

// A racer connects, and then tries each version once. It tells of each in a line: "won EXPECTED POSITION" or "lost EXPECTED SQLSTATE MESSAGE".
type racer func(t *testing.T, url string) (start func() string)

// process is a racer in a process of its own.
func process(p program, args ...string) racer {
	return func(t *testing.T, url string) func() string {
		p.need(t)
		cmd := p.command(t, url, append(args, "race-1", strconv.Itoa(versions))...)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		if line, err := lines.ReadString('\n'); line != "ready\n" {
			t.Fatalf("%q, %v", line, errors.Join(err, cmd.Wait(), errors.New(said.String())))
		}
		return func() string {
			_, err := io.WriteString(in, "go\n")
			told, failed := io.ReadAll(lines)
			if err := errors.Join(err, failed, cmd.Wait()); err != nil {
				return err.Error() + "\n" + said.String()
			}
			return string(told)
		}
	}
}

// inGo is a racer through database/sql: with a prepared statement, as gomdb has one, or in a transaction.
func inGo(driver string, block bool) racer {
	return func(t *testing.T, url string) func() string {
		db, err := sql.Open(driver, url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		write, err := db.PrepareContext(t.Context(), "SELECT write_message($1, $2, $3, $4, $5, $6)")
		if err != nil {
			t.Fatal(err)
		}
		return func() string {
			var b strings.Builder
			for expected := int64(-1); expected < versions-1; expected++ {
				position, err := try(t.Context(), db, write, expected, block)
				if err != nil {
					fmt.Fprintln(&b, "lost", expected, told(err))
				} else {
					fmt.Fprintln(&b, "won", expected, position)
				}
			}
			return b.String()
		}
	}
}

func try(ctx context.Context, db *sql.DB, write *sql.Stmt, expected int64, block bool) (position int64, err error) {
	args := []any{uuid.NewString(), "race-1", "Go", []byte("{}"), nil, expected}
	if !block {
		err := write.QueryRowContext(ctx, args...).Scan(&position)
		return position, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	if err := tx.StmtContext(ctx, write).QueryRowContext(ctx, args...).Scan(&position); err != nil {
		return 0, errors.Join(err, tx.Rollback())
	}
	return position, tx.Commit()
}

// told is an error of either driver by its SQLSTATE and words.
func told(err error) string {
	var a *pq.Error
	var b *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &a):
		return string(a.Code) + " " + a.Message
	case errors.As(err, &b):
		return b.Code + " " + b.Message
	}
	return err.Error()
}

var racers = map[string]racer{
	"psycopg 2": process(program{"psycopg 2", []string{debianPython, "testdata/python/race.py"}, []string{debianPython, "-c", "import psycopg2"}}, "psycopg2"),
	"psycopg 3": process(program{"psycopg 3", []string{debianPython, "testdata/python/race.py"}, []string{debianPython, "-c", "import psycopg"}}, "psycopg"),
	"Ruby's pg": process(program{"Ruby's pg", []string{"ruby", "testdata/ruby/race.rb"}, []string{"ruby", "-e", "require 'pg'"}}, "pg"),
	"lib/pq":    inGo("postgres", false),
	"pgx":       inGo("pgx", true),
}

// TestRace: of two clients that write to one stream at each version, exactly one wins it, and the other gets the error by which clients of Message DB's
// know that.
func TestRace(t *testing.T) {
	for _, pair := range [][2]string{
		{"psycopg 2", "psycopg 2"},
		{"psycopg 3", "psycopg 3"},
		{"Ruby's pg", "Ruby's pg"},
		{"lib/pq", "lib/pq"},
		{"pgx", "pgx"},
		{"psycopg 2", "lib/pq"},
		{"Ruby's pg", "psycopg 3"},
		{"pgx", "Ruby's pg"},
	} {
		t.Run(pair[0]+" and "+pair[1], func(t *testing.T) {
			url := ours(t)
			first, second := racers[pair[0]](t, url), racers[pair[1]](t, url)
			other := make(chan string)
			go func() { other <- second() }()
			one := first()
			two := <-other
			won := make([]int, versions)
			a, b := count(t, pair[0], one, won), count(t, pair[1], two, won)
			for v, n := range won {
				if n != 1 {
					t.Errorf("%d won version %d", n, v)
				}
			}
			var version int64
			if err := connect(t, url).QueryRow(t.Context(), "SELECT stream_version('race-1')").Scan(&version); err != nil || version != versions-1 {
				t.Errorf("the stream is at %d, %v", version, err)
			}
			t.Logf("%d to %d", a, b)
		})
	}
}

// count adds which versions a racer has won, and fails the test if it tells of a loss in other words than Message DB's, or of a version that nobody can have had.
func count(t *testing.T, name, told string, won []int) (n int) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(told, "\n"), "\n")
	if len(lines) != versions {
		t.Fatalf("%s: %s", name, told)
	}
	for i, line := range lines {
		expected := i - 1
		if line == fmt.Sprintf("won %d %d", expected, i) {
			won[i]++
			n++
			continue
		}
		m := lost.FindStringSubmatch(strings.TrimPrefix(line, fmt.Sprintf("lost %d ", expected)))
		if m == nil || m[1] != strconv.Itoa(expected) {
			t.Fatalf("%s: %s", name, line)
		}
		if now, err := strconv.Atoi(m[2]); err != nil || now <= expected || now >= versions {
			t.Errorf("%s: %s", name, line)
		}
	}
	return n
}
