package differ

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventgres/eventgres/integration/analytics"
	"github.com/eventgres/eventgres/integration/harness"
)

var smithQueries = flag.Int("sqlsmith", 400, "how many statements of sqlsmith's are asked")

// TestSqlsmith gives the server what sqlsmith makes of PostgreSQL's catalog: hardly any
// statement of these means something, and none may end the worker, lose its connection, or
// bring about an error that no client can cause.
//
// sqlsmith reads the server's catalog and only writes what it would ask: who asks it here
// sees every answer.
func TestSqlsmith(t *testing.T) {
	program := harness.Need(t, "sqlsmith")
	s := sharedServers(t)
	n := *smithQueries
	if harness.Long() {
		n = max(n, 10000)
	}
	number := seed(t)
	cmd := exec.CommandContext(t.Context(), program, "--target="+libpq(t, s.eventgres), "--dry-run", "--exclude-catalog",
		fmt.Sprintf("--max-queries=%d", n), fmt.Sprintf("--seed=%d", number%(1<<31)))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	session := analytics.NewSession("Eventgres", s.eventgres, eventgresTime)
	t.Cleanup(session.Close)
	counts := map[string]int{}
	asked := 0
	for sql := range statementsOf(out) {
		asked++
		answer := session.Ask(t.Context(), &analytics.Case{SQL: sql}, analytics.Simple)
		if answer.Err == nil {
			counts["answered"]++
			continue
		}
		counts[answer.Code()]++
		if broken(answer) {
			t.Errorf("statement %d of sqlsmith's seed %d:\n%s\n%s", asked, number%(1<<31), sql, answer.Show(0))
		}
	}
	_ = cmd.Wait() // its status is no matter once it has written enough
	t.Logf("%d statements of sqlsmith's: %v", asked, counts)
	if asked < n/2 {
		t.Errorf("sqlsmith made %d statements of %d", asked, n)
	}
}

// libpq is a URL's key words, which is what sqlsmith's library takes.
func libpq(t *testing.T, url string) string {
	t.Helper()
	c, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("host=%s port=%d user=%s dbname=%s", c.Host, c.Port, c.User, c.Database)
}

// sample is a clause that sqlsmith gives every fourth table.
var sample = regexp.MustCompile(`(?i) tablesample \w+ \([0-9.]+\)`)

var harmless = regexp.MustCompile(`(?i)^\s*(select|with|values)\b`)

// statementsOf reads sqlsmith's statements, each of which ends in a semicolon at the end
// of a line. Only reads are asked: what it would write is not in a form that events take.
func statementsOf(r io.Reader) func(func(string) bool) {
	return func(yield func(string) bool) {
		var b strings.Builder
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			b.WriteString(lines.Text() + "\n")
			if !strings.HasSuffix(strings.TrimSpace(lines.Text()), ";") {
				continue
			}
			sql := sample.ReplaceAllString(strings.TrimSpace(b.String()), "")
			b.Reset()
			if harmless.MatchString(sql) && !yield(sql) {
				return
			}
		}
	}
}

// TestSqlsmithsStatements shows how sqlsmith's output is cut.
func TestSqlsmithsStatements(t *testing.T) {
	got := slices.Collect(statementsOf(strings.NewReader("select\n  1;\ndelete from x;\nWITH a as (select 1)\nselect 2 ;\n")))
	if len(got) != 2 || !strings.HasPrefix(got[1], "WITH") {
		t.Errorf("%q", got)
	}
}
