package query

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/syntax"
)

// lists are the productions of the server's grammar that are lists, or chains. Each is made longer and longer:
// head, then n times item with separators between, then tail.
var lists = []struct{ name, head, item, separator, tail string }{
	{"select list", "select ", "1", ",", ""},
	{"select list of columns", "select ", "position", ",", " from events"},
	{"aliases", "select ", "1 as a", ",", ""},
	{"FROM", "select 1 from ", "events", ",", ""},
	{"JOIN", "select 1 from events ", "cross join events", " ", ""},
	{"ARRAY", "select array[", "1", ",", "]"},
	{"ARRAY of texts", "select array[", "'a'", ",", "]"},
	{"IN", "select 1 in (", "1", ",", ")"},
	{"NOT IN", "select * from events where stream not in (", "'a'", ",", ")"},
	{"IN of parameters", "select 1 in (", "$1", ",", ")"},
	{"= ANY (ARRAY)", "select 1 = any (array[", "1", ",", "])"},
	{"coalesce", "select coalesce(", "1", ",", ")"},
	{"coalesce of null", "select coalesce(", "null", ",", ")"},
	{"greatest", "select greatest(", "1", ",", ")"},
	{"arguments", "select f(", "1", ",", ")"},
	{"arguments of a known function", "select lower(", "'a'", ",", ")"},
	{"named arguments", "select f(", "a => 1", ",", ")"},
	{"concat", "select concat(", "'a'", ",", ")"},
	{"ORDER BY in an aggregate", "select array_agg(1 order by ", "1", ",", ")"},
	{"row", "select (", "1", ",", ")"},
	{"ROW", "select row(", "1", ",", ")"},
	{"CASE", "select case ", "when true then 1", " ", " end"},
	{"CASE of a subject", "select case 1 ", "when 1 then 1", " ", " end"},
	{"AND", "select 1 from events where ", "position = 1", " and ", ""},
	{"OR", "select 1 from events where ", "position = 1", " or ", ""},
	{"NOT", "select ", "not", " ", " true"},
	{"||", "select ", "'a'", " || ", ""},
	{"+", "select ", "1", " + ", ""},
	{"*", "select ", "1", " * ", ""},
	{"->", "select payload from events where ", "payload", " -> ", ""},
	{"unary minus", "select ", "-", " ", " 1"},
	{"signs", "select 1 ", "+", "", " 1"},
	{"signs of an operator", "select 1 ", "@-", "", " 1"},
	{"signs that are passed over", "values ", "+", "", ""},
	{"casts", "select 1", "::int", "", ""},
	{"subscripts", "select a", "[1]", "", ""},
	{"IS NULL", "select 1 ", "is null", " ", ""},
	{"LIKE", "select 'a' ", "like 'a'", " ", ""},
	{"BETWEEN", "select 1 ", "between 1 and 2", " and 1 ", ""},
	{"COLLATE", "select 'a' ", `collate "C"`, " ", ""},
	{"AT TIME ZONE", "select now() ", "at time zone 'UTC'", " ", ""},
	{"parentheses", "select ", "(", "", "1"},
	{"names", "select ", "a", ".", ""},
	{"names of relations", "select 1 from ", "a", ".", ""},
	{"strings that go on", "select ", "'a'", "\n", ""},
	{"typed literals", "select ", "date '2026-01-01'", ",", ""},
	{"array types", "select 1::int", "[]", "", ""},
	{"type modifiers", "select 1::numeric(", "1", ",", ")"},
	{"ORDER BY", "select 1 from events order by ", "position", ",", ""},
	{"ORDER BY numbers", "select 1 from events order by ", "1", ",", ""},
	{"GROUP BY", "select 1 from events group by ", "type", ",", ""},
	{"LIMIT", "select 1 ", "limit 1", " ", ""},
	{"UNION", "", "select 1", " union ", ""},
	{"VALUES", "values ", "(1)", ",", ""},
	{"VALUES of a row", "values (", "1", ",", ")"},
	{"WITH", "with ", "a as (select 1)", ",", " select 1"},
	{"INSERT rows", "insert into events (stream, type) values ", "('a', 'A')", ",", ""},
	{"INSERT columns", "insert into events (", "stream", ",", ") values (1)"},
	{"INSERT of a row", "insert into events values (", "1", ",", ")"},
	{"INSERT DEFAULT", "insert into events values (", "default", ",", ")"},
	{"ON CONFLICT", "insert into events (stream, type) values ('a', 'A') on conflict (", "event_id", ",", ") do nothing"},
	{"RETURNING", "insert into events (stream, type) values ('a', 'A') returning ", "position", ",", ""},
	{"EXECUTE", "execute p(", "1", ",", ")"},
	{"PREPARE", "prepare p(", "int", ",", ") as select 1"},
	{"nested PREPARE", "", "prepare p as", " ", " select 1"},
	{"EXPLAIN options", "explain (", "costs off", ",", ") select 1"},
	{"EXPLAIN", "", "explain", " ", " select 1"},
	{"COPY columns", "copy events (", "stream", ",", ") from stdin"},
	{"COPY options", "copy events from stdin (", "format text", ",", ")"},
	{"COPY old options", "copy events from stdin ", "csv", " ", ""},
	{"COPY option lists", "copy events from stdin (force_null (", "stream", ",", "))"},
	{"SET", "set search_path to ", "a", ",", ""},
	{"SET names", "set ", "a", ".", " = 1"},
	{"BEGIN", "begin ", "read only", ",", ""},
	{"SET TRANSACTION", "set transaction ", "read only", " ", ""},
	{"DROP VIEW", "drop view ", "a", ",", ""},
	{"CREATE VIEW", "create view v (", "a", ",", ") as select 1"},
	{"COMMENT", "comment on column ", "a", ".", " is 'a'"},
	{"DELETE", "delete from ", "only", " ", " events"},
	{"statements", "", "begin", ";", ""},
	{"semicolons", "", ";", "", ""},
	{"comments", "select 1 ", "/* a */", "", ""},
	{"nested comments", "select 1 ", "/*", "", ""},
	{"line comments", "select 1 ", "--", "\n", ""},
	{"parameters", "select ", "$1", "+", ""},
	{"dollar quotes", "select ", "$a$a$a$", "||", ""},
	{"escapes", "select E'", `\\`, "", "'"},
	{"quotes", "select '", "''", "", "'"},
	{"quoted names", `select "`, `""`, "", `"`},
	{"quoted names without end", `select "`, `""`, "", ``},
	{"spaces", "select 'a'", " ", "", "'b'"},
	{"spaces after strings", "select ", "'a'        ", ",", ""},
}

// TestListsAreBounded: a list of any length is parsed and planned, or refused, in time and memory in proportion to
// its text, and what is refused is refused for its size or its form.
func TestListsAreBounded(t *testing.T) {
	sizes := []int{1_000, 100_000}
	if os.Getenv("EVENTGRES_LONG") != "" {
		sizes = []int{1_000, 10_000, 100_000, 1_000_000}
	}
	for _, c := range lists {
		for _, n := range sizes {
			src := c.head + strings.Repeat(c.item+c.separator, n-1) + c.item + c.tail
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			err := analyseAll(src)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			// Far more than it takes, for machines under load and -race: 10 µs and 2 KiB a byte would be 3 s
			// and 600 MB for 300,000.
			if limit := 2*time.Second + time.Duration(len(src))*5*time.Microsecond; took > limit {
				t.Errorf("%s, %d elements: took %v", c.name, n, took)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20+uint64(len(src))*600 {
				t.Errorf("%s, %d elements, %d bytes: allocated %d MiB", c.name, n, len(src), got>>20)
			}
			switch code := sqlstate(err); {
			case err == nil:
			case strings.HasPrefix(code, "42"), strings.HasPrefix(code, "54"), code == "0A000", strings.HasPrefix(code, "22"):
			default:
				t.Errorf("%s, %d elements: %v", c.name, n, err)
			}
		}
	}
}

// analyseAll parses a text and compiles what can be compiled without a store.
func analyseAll(src string) error {
	list, err := syntax.Parse(src)
	if err != nil {
		return err
	}
	for _, p := range list {
		c := &expr.Compiler{Src: p.Src}
		switch st := p.Statement.(type) {
		case *syntax.InsertStmt:
			_, err = new(Session).prepareInsert(c, st)
		case *syntax.SelectStmt:
			_, err = new(Session).prepareSelect(c, st)
		default:
			err = syntax.CheckComplexity(p.Src, p.Pos, p.End, func() error { return nil })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TestParserLooksUp: a statement that is cancelled, or takes too long, ends while it is parsed, wherever in it.
func TestParserLooksUp(t *testing.T) {
	for _, c := range lists {
		src := c.head + strings.Repeat(c.item+c.separator, 1_000_000/max(1, len(c.item+c.separator))) + c.item + c.tail
		looks := 0
		_, err := syntax.ParseMetered(src, &syntax.Meter{Pace: func(int) error {
			if looks++; looks == 3 {
				return context.Canceled
			}
			return nil
		}})
		var known *pgerror.Error
		switch {
		case err == context.Canceled:
			if looks != 3 {
				t.Errorf("%s: looked up %d times after it was cancelled", c.name, looks-3)
			}
		case err == nil && looks < 3: // a few long tokens
		case fmt.Sprintf("%T", err) != fmt.Sprintf("%T", known):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestOperatorRuns: the operators of a run of signs are those of PostgreSQL 15, however long it is.
func TestOperatorRuns(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"+-+", "+ - +"},
		{"*-", "* -"},
		{"*-*", "*-*"},
		{"=-=", "=-="},
		{"=--=", "="},
		{"@-", "@-"},
		{"<->", "<->"},
		{"<>-", "<> -"},
		{"!=-", "!=-"},
		{"+/* a */-", "+ -"},
		{"-+*+-", "-+* + -"},
	} {
		l := &syntax.Lexer{Src: c.src}
		var got []string
		for {
			tok, err := l.Next()
			if err != nil || tok.Kind == syntax.TokEOF {
				break
			}
			got = append(got, tok.Text)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.src, s, c.want)
		}
	}
}

// TestLongStrings: strings that are read a piece at a time are what they are, wherever a quote or an escape stands.
func TestLongStrings(t *testing.T) {
	for _, n := range []int{0, 1, syntax.LookBytes - 2, syntax.LookBytes - 1, syntax.LookBytes, syntax.LookBytes + 1, 3 * syntax.LookBytes} {
		x := strings.Repeat("é", n/2) + strings.Repeat("x", n%2)
		for _, c := range []struct{ src, want string }{
			{"'" + x + "'", x},
			{"'" + x + "''" + x + "'", x + "'" + x},
			{"'" + x + "'\n'" + x + "'", x + x},
			{"'" + x + "''" + x + "' \n '" + x + "'''", x + "'" + x + x + "'"},
			{"E'" + x + `\n` + x + "'", x + "\n" + x},
			{"E'" + x + `\'` + x + "''" + x + "'", x + "'" + x + "'" + x},
			{"E'" + x + `\\'`, x + `\`},
			{"E'" + x + "'\n'" + x + `\t'`, x + x + "\t"},
		} {
			l := &syntax.Lexer{Src: c.src + " "}
			tok, err := l.Next()
			if err != nil || tok.Text != c.want || l.I != len(c.src) {
				t.Errorf("%d, %.20q: got %d bytes, %v, want %d; read %d of %d", n, c.src, len(tok.Text), err, len(c.want), l.I, len(c.src))
			}
		}
		for _, src := range []string{"'" + x, "'" + x + "''", "E'" + x + `\'`, "E'" + x + `\`} {
			if _, err := (&syntax.Lexer{Src: src}).Next(); sqlstate(err) != "42601" {
				t.Errorf("%d, %.20q: %v", n, src, err)
			}
		}
	}
}
