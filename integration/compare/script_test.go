package compare

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const sample = `# A comment.

-- case: first
-- simple-only: because
-- mask: a b

SELECT 1

  AS a
----
old
[T]

-- params: x | int4:5 | NULL | "NULL"
-- session: b
-- expect-difference: because
SELECT $1
---- stdin crlf
data

more
----
old
---- eventgres
other

-- case: second

;
----
empty
`

func loadSample(t *testing.T, text string) (*Script, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestLoad(t *testing.T) {
	script, err := loadSample(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	if len(script.Cases) != 2 {
		t.Fatalf("%d cases", len(script.Cases))
	}
	first := script.Cases[0]
	if first.Name != "first" || first.SimpleOnly != "because" || !slices.Equal(first.Mask, []string{"a", "b"}) {
		t.Errorf("case: %+v", first)
	}
	if got := first.Steps[0]; got.SQL != "SELECT 1\n\n  AS a" || got.Session != "a" || !slices.Equal(got.Want, []string{"old", "[T]"}) {
		t.Errorf("first step: %+v", got)
	}
	got := first.Steps[1]
	want := []Param{{Text: "x"}, {OID: 23, Text: "5"}, {Null: true, Text: "NULL"}, {Text: "NULL"}}
	if got.Session != "b" || !slices.Equal(got.Params, want) || !slices.Equal(got.WantEventgres, []string{"other"}) {
		t.Errorf("second step: %+v", got)
	}
	if got.Stdin.Form != "crlf" || !slices.Equal(got.Stdin.Lines, []string{"data", "", "more"}) {
		t.Errorf("stdin: %+v", got.Stdin)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, text := range []string{
		"SELECT 1\n----\n",                                      // no case
		"-- case: c\nSELECT 1\n",                                // no answer
		"-- case: c\n-- nosuch: x\nSELECT 1\n----\n",            // no such directive
		"-- case: c\n-- simple-only\nSELECT 1\n----\n",          // no reason
		"-- case: c\n-- expect-difference:\nSELECT 1\n----\n",   // no reason
		"-- case: c\n-- expect-difference: r\nSELECT 1\n----\n", // no other answer
		"-- case: c\nSELECT 1\n----\n---- eventgres\n",          // no difference
		"-- case: c\nSELECT 1\n---- stdin\nx\n",                 // no end of data
		"-- case: c\n-- params: nosuch:1\nSELECT 1\n----\n",     // no such type
		"-- case: c\n-- detail\n",                               // nothing it is about
	} {
		if _, err := loadSample(t, text); err == nil {
			t.Errorf("accepted:\n%s", text)
		}
	}
}

func TestRewrite(t *testing.T) {
	script, err := loadSample(t, "-- case: one\n\nSELECT 1\n----\nold\nolder\n\nSELECT 2\n----\n\n# end\n")
	if err != nil {
		t.Fatal(err)
	}
	steps := script.Cases[0].Steps
	if err := script.Rewrite(map[*Step][]string{steps[0]: {"new"}, steps[1]: {"two", "lines"}}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(script.Name)
	if err != nil {
		t.Fatal(err)
	}
	const want = "-- case: one\n\nSELECT 1\n----\nnew\n\nSELECT 2\n----\ntwo\nlines\n\n# end\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestQuote(t *testing.T) {
	for value, want := range map[string]string{
		"plain": "plain", "two words": "two words", "": `""`, "NULL": `"NULL"`, "a | b": `"a | b"`,
		" x": `" x"`, "a\nb": `"a\nb"`, `"json"`: `"json"`, `"NULL"`: `"\"NULL\""`, `""`: `"\"\""`,
	} {
		if got := quote(value); got != want {
			t.Errorf("quote(%q) = %s, want %s", value, got, want)
		}
	}
}

func TestAgrees(t *testing.T) {
	for _, c := range []struct {
		want, got []string
		agree     bool
	}{
		{[]string{"a"}, []string{"a"}, true},
		{[]string{"a"}, []string{"a", "b"}, false},
		{[]string{"0 | * | x"}, []string{"0 | 17 | x"}, true},
		{[]string{"??-7?"}, []string{"ab-7c"}, true},
		{[]string{"??-7?"}, []string{"ab-4c"}, false},
		{[]string{"ERROR 40001: *"}, []string{"ERROR 40001: moved", "  table events"}, true},
		{[]string{"ERROR 40001: *"}, []string{"ERROR 23505: taken"}, false},
		{[]string{"ERROR 23505: taken"}, []string{"ERROR 23505: taken", "  table events"}, false},
	} {
		if agrees(c.want, c.got) != c.agree {
			t.Errorf("%q and %q: want %v", c.want, c.got, c.agree)
		}
	}
}
