package syntax

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/parse.txt anew, from what the parser does")

// TestParse reads testdata/parse.txt: a text, a line of four dashes, and a line for each
// of its statements as printStatement writes it, or the error; then an empty line. Lines
// that begin with # before a text are comments.
func TestParse(t *testing.T) {
	const file = "testdata/parse.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
		head, want, ok := strings.Cut(block, "\n----")
		if !ok { // a comment, or a text without an answer yet
			head, want = block, ""
		}
		src := head
		for strings.HasPrefix(src, "#") {
			_, src, _ = strings.Cut(src, "\n")
		}
		if src == "" {
			out.WriteString(block + "\n\n")
			continue
		}
		got := parseAnswer(src)
		if strings.TrimPrefix(want, "\n") != got && !*rewrite {
			t.Errorf("%s\ngot:\n%s\nwant:%s", src, got, want)
		}
		out.WriteString(head + "\n----\n" + got + "\n\n")
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func errorText(err error) string {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return "error without a SQLSTATE: " + err.Error()
	}
	return fmt.Sprintf("%s at %d: %s", e.Code, e.Position, e.Message)
}

func parseAnswer(src string) string {
	list, err := Parse(src)
	if err != nil {
		return errorText(err)
	}
	var lines []string
	for _, p := range list {
		line := printStatement(p.Statement)
		if p.Params > 0 {
			line += fmt.Sprintf(" params=%d", p.Params)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// TestParseExtents: a statement lies where its text does, without what separates it from
// its neighbours.
func TestParseExtents(t *testing.T) {
	src := " select 'é' ; ;/* c */ begin;select 1 -- end"
	list, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list {
		got = append(got, src[p.Pos:p.End])
	}
	if text := strings.Join(got, "|"); text != "select 'é'|begin|select 1" {
		t.Errorf("got %s", text)
	}
}

func TestQuoteName(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "a_1": "a_1", "1a": `"1a"`, "A": `"A"`, `a"b`: `"a""b"`, "": `""`, "select": `"select"`, "$user": `"$user"`,
	} {
		if got := QuoteName(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}
