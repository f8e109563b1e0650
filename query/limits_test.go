package query

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/syntax"
)

// withinTime fails a test whose f takes longer than any of these statements may: they
// are a few megabytes at most. The bound is generous, for slow machines and for -race.
func withinTime(t *testing.T, what string, f func()) {
	t.Helper()
	began := time.Now()
	f()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("%s took %v", what, took)
	}
}

func sqlstate(err error) string {
	var e *pgerror.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// TestNesting: nesting is an error that tells so, from a bound on, however deep it is;
// and never a crash or a long wait.
func TestNesting(t *testing.T) {
	for _, c := range []struct {
		name                string
		head, open, in, end string
	}{
		{"parentheses", "select ", "(", "1", ")"},
		{"calls", "select ", "f(", "1", ")"},
		{"casts", "select ", "cast(", "1", " as int)"},
		{"not", "select ", "not ", "true", ""},
		{"minus", "select ", "- ", "a", ""},
		{"arrays", "select ", "array[", "1", "]"},
		{"case", "select ", "case when ", "a", " then 1 end"},
		{"in", "select ", "1 in (", "1", ")"},
		{"subscripts", "select ", "a[", "1", "]"},
		{"equals", "select ", "a = (", "1", ")"},
		{"and", "select ", "a and (", "b", ")"},
		{"postfix", "select 1", "::int", "", ""},
		{"values", "insert into events values (", "(", "1", "))"},
		{"limit", "select 1 limit ", "(", "1", ")"},
	} {
		for depth := 100; depth <= 1_000_000; depth *= 10 {
			tail := strings.Repeat(c.end, depth)
			if c.name == "values" {
				tail = strings.Repeat(")", depth) + ")"
			}
			src := c.head + strings.Repeat(c.open, depth) + c.in + tail
			withinTime(t, fmt.Sprintf("%s, %d deep", c.name, depth), func() {
				_, err := syntax.Parse(src)
				switch {
				case depth == 100 && err != nil:
					t.Errorf("%s, %d deep: %v", c.name, depth, err)
				case depth > 1000 && sqlstate(err) != "54001":
					t.Errorf("%s, %d deep: got %s, want 54001", c.name, depth, sqlstate(err))
				}
			})
		}
	}
}

// TestSkippedNesting: what the native path only passes over may nest as it likes.
func TestSkippedNesting(t *testing.T) {
	for depth := 100; depth <= 1_000_000; depth *= 10 {
		parens := strings.Repeat("(", depth) + "1" + strings.Repeat(")", depth)
		for _, head := range []string{"values ", "select exists ", "update events set a = ", "select array"} {
			withinTime(t, head, func() {
				if _, err := syntax.Parse(head + parens); err != nil {
					t.Errorf("%s, %d deep: %v", head, depth, err)
				}
			})
		}
		withinTime(t, "comments", func() {
			if _, err := syntax.Parse("select 1" + strings.Repeat("/*", depth) + strings.Repeat("*/", depth)); err != nil {
				t.Error(err)
			}
		})
		withinTime(t, "prepare", func() {
			if _, err := syntax.Parse(strings.Repeat("explain ", depth) + "select 1"); sqlstate(err) != "42601" {
				t.Errorf("explain: got %v", err)
			}
		})
	}
}

// TestManyOperators: a chain of operators is a tree as deep, so it is bounded too.
func TestManyOperators(t *testing.T) {
	for _, op := range []string{" + ", " and ", " or ", " || ", " -> "} {
		for _, n := range []int{5_000, 100_000} {
			src := "select 1" + strings.Repeat(op+"1", n)
			withinTime(t, op, func() {
				_, err := syntax.Parse(src)
				if n == 5_000 && err != nil || n == 100_000 && sqlstate(err) != "54001" {
					t.Errorf("%d of%s: got %v", n, op, err)
				}
			})
		}
	}
}

// TestLongChainCompiles: what the parser accepts does not exhaust the compiler.
func TestLongChainCompiles(t *testing.T) {
	for _, op := range []string{" + ", " || 'a' || "} {
		withinTime(t, op, func() {
			if got := evalText("1" + strings.Repeat(op+"1", 3_000)); strings.HasPrefix(got, "!") {
				t.Errorf("%s: %s", op, got)
			}
		})
	}
}

func TestListBounds(t *testing.T) {
	for _, c := range []struct {
		name, head, item, tail string
		limit                  int
	}{
		{"IN", "select 1 in (", "1", ")", syntax.MaxList},
		{"VALUES", "insert into events values ", "(1)", "", syntax.MaxRows},
	} {
		list := func(n int) string {
			return c.head + strings.Repeat(c.item+",", n-1) + c.item + c.tail
		}
		withinTime(t, c.name, func() {
			if _, err := syntax.Parse(list(c.limit)); err != nil {
				t.Errorf("%s at the limit: %v", c.name, err)
			}
			if _, err := syntax.Parse(list(c.limit + 1)); sqlstate(err) != "54000" {
				t.Errorf("%s above the limit: got %v, want 54000", c.name, err)
			}
		})
	}
	if _, err := syntax.Parse(strings.Repeat("begin;", syntax.MaxStatements)); err != nil {
		t.Errorf("statements at the limit: %v", err)
	}
	if _, err := syntax.Parse(strings.Repeat("begin;", syntax.MaxStatements+1)); sqlstate(err) != "54000" {
		t.Errorf("statements above the limit: got %v, want 54000", err)
	}
}
