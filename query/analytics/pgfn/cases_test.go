package pgfn

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Each line of a table is a function, its arguments, and what PostgreSQL 15.18 with UTF8,
// locale C and time zone UTC answered: a value as text, null, or an error.
var caseFiles = flag.String("cases", "testdata/*.jsonl", "tables of cases")

type testCase struct {
	F string    `json:"f"`
	A []*string `json:"a"`
	W *string   `json:"w"`
	E string    `json:"e"` // SQLSTATE, message, | detail
}

// caseArgs are a case's arguments; what does not parse is a fault of the table.
type caseArgs []*string

func (a caseArgs) s(i int) string {
	if i >= len(a) || a[i] == nil {
		return ""
	}
	return *a[i]
}
func (a caseArgs) b(i int) []byte { return []byte(a.s(i)) }
func (a caseArgs) int(i int) int {
	v, err := strconv.Atoi(a.s(i))
	if err != nil {
		panic(err)
	}
	return v
}
func (a caseArgs) bool(i int) bool { return a.s(i) == "true" }
func (a caseArgs) list(from int) []string {
	out := []string{}
	for i := from; i < len(a); i++ {
		out = append(out, a.s(i))
	}
	return out
}

// caseFunc returns text, or nil for null.
type caseFunc func(a caseArgs) (*string, error)

var caseFuncs = map[string]caseFunc{}

func register(funcs map[string]caseFunc) bool {
	for name, f := range funcs {
		caseFuncs[name] = f
	}
	return true
}

func text(s string) *string { return &s }

func errorText(err error) string {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return "not a pgwire.Error: " + err.Error()
	}
	s := e.Code + " " + e.Message
	if e.Detail != "" {
		s += " | " + e.Detail
	}
	return s
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob(*caseFiles)
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { runCases(t, file) })
	}
}

func runCases(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<26)
	for n := 1; lines.Scan(); n++ {
		var c testCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s:%d: %v", file, n, err)
		}
		call := caseFuncs[c.F]
		if call == nil {
			t.Fatalf("%s:%d: no function %s", file, n, c.F)
		}
		got, err := call(c.A)
		show := func(s *string) string {
			if s == nil {
				return "null"
			}
			return strconv.Quote(*s)
		}
		args := make([]string, len(c.A))
		for i, a := range c.A {
			args[i] = show(a)
		}
		where := c.F + "(" + strings.Join(args, ", ") + ")"
		switch {
		case err != nil && errorText(err) != c.E:
			t.Errorf("%d: %s: error %s, want %s%s", n, where, errorText(err), c.E, show(c.W))
		case err != nil:
		case c.E != "":
			t.Errorf("%d: %s = %s, want error %s", n, where, show(got), c.E)
		case show(got) != show(c.W):
			t.Errorf("%d: %s = %s, want %s", n, where, show(got), show(c.W))
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
